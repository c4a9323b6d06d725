//! Clipping and schedules at the ends of their ranges.

use recurrent::optim::{Adam, Optimiser, Rule, Schedule, clip_norm, clip_value, clip_value_with, norm};
use recurrent::rng::Rng;
use recurrent::{NonFinite, Scalar};

#[test]
fn clipping_by_value_refuses_what_is_not_finite_unless_it_is_allowed() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut g = [3.0, bad, -3.0];
        let error = clip_value(&mut g, 2.0).unwrap_err().to_string();
        assert_eq!(error, format!("gradients: expected finite numbers, found {bad} at flat index 1"));
        assert_eq!((g[0], g[2]), (3.0, -3.0));
        assert_eq!(clip_value_with(&mut g, 2.0, NonFinite::Allow).unwrap(), if bad.is_nan() { 2 } else { 3 });
        assert_eq!((g[0], g[2], g[1].is_nan()), (2.0, -2.0, bad.is_nan()));
    }
}

#[test]
fn a_limit_that_is_nothing_in_the_number_type_of_the_gradients_is_an_error() {
    for limit in [1e-46, 0.0, -0.0, -1.0, f64::NAN] {
        let mut g = [3.0_f32, -1e-45];
        assert!(clip_norm(&mut g, limit).is_err() && clip_value(&mut g, limit).is_err(), "{limit}");
        assert_eq!(g, [3.0, -1e-45]);
    }
    let mut g = [3.0_f64];
    assert_eq!((clip_norm(&mut g, 1e-46).unwrap(), g), (3.0, [1e-46]));
}

#[test]
fn an_infinite_limit_and_one_beyond_the_number_type_clip_nothing() {
    for limit in [f64::INFINITY, 1e39] {
        let mut g = [3.0_f32, -4.0, f32::from_bits(1)];
        assert_eq!((clip_norm(&mut g, limit).unwrap(), clip_value(&mut g, limit).unwrap()), (5.0, 0));
        assert_eq!(g, [3.0, -4.0, f32::from_bits(1)]);
    }
    let mut g = [f64::MAX; 3];
    assert_eq!((clip_norm(&mut g, f64::INFINITY).unwrap(), g), (f64::INFINITY, [f64::MAX; 3]));
}

#[test]
fn gradients_of_no_length_are_clipped_to_themselves() {
    assert_eq!((clip_norm::<f32>(&mut [], 1.0).unwrap(), clip_value::<f32>(&mut [], 1.0).unwrap()), (0.0, 0));
    assert_eq!(clip_norm(&mut [0.0_f64, -0.0], f64::MIN_POSITIVE).unwrap(), 0.0);
    let mut none = Optimiser::<f32>::new(Rule::Adam(Adam::default()), 0).unwrap();
    none.step(&mut [], &[], 0.1).unwrap();
}

/// Over the whole range of sizes, subnormals included: elements within the limit, signs and smaller elements as they
/// were, the norm within the limit.
#[test]
fn clipped_gradients_lie_within_their_limit() {
    fn all<T: Scalar>(smallest: f64, exponents: f64) {
        let mut rng = Rng::seed(32);
        for case in 0..5000 {
            let g: Vec<T> = (0..1 + case % 9)
                .map(|_| T::from_f64(rng.normal() * (exponents * (2.0 * rng.uniform() - 1.0)).exp2()))
                .map(|x| if x.is_finite() { x } else { T::ONE })
                .collect();
            let limit = T::from_f64((exponents * (2.0 * rng.uniform() - 1.0)).exp2());
            if !(limit > T::ZERO && limit.is_finite()) {
                continue;
            }
            let mut by_value = g.clone();
            let changed = clip_value(&mut by_value, limit.to_f64()).unwrap();
            assert_eq!(changed, g.iter().filter(|g| g.abs() > limit).count());
            for (&g, &clipped) in g.iter().zip(&by_value) {
                assert!(
                    clipped
                        == if g.abs() <= limit {
                            g
                        } else if g > T::ZERO {
                            limit
                        } else {
                            -limit
                        }
                );
            }
            let mut by_norm = g.clone();
            let before = clip_norm(&mut by_norm, limit.to_f64()).unwrap();
            assert!(before == norm(g.iter().copied()));
            if before <= limit.to_f64() {
                assert!(by_norm == g);
                continue;
            }
            // Three roundings of f64 and one of T for each element, a smallest number where they round to a subnormal, and
            // (⌈len/16⌉/2 + 4) 2⁻⁵³ for each of the two norms.
            #[allow(clippy::cast_precision_loss)]
            let len = g.len() as f64;
            let relative = T::EPSILON.to_f64() + ((len / 16.0).ceil() / 2.0 + 6.0) * f64::EPSILON;
            let most = limit.to_f64() * (1.0 + relative) + len.sqrt() * smallest;
            assert!(norm(by_norm.iter().copied()) <= most, "{g:?} to {limit:?}: {by_norm:?}");
            assert!(g.iter().zip(&by_norm).all(|(g, c)| c.to_f64() * g.to_f64() >= 0.0 && c.abs() <= g.abs()));
        }
    }
    all::<f32>(f64::from(f32::from_bits(1)), 149.0);
    all::<f64>(f64::from_bits(1), 1074.0);
}

#[test]
fn rates_of_a_schedule_that_passes_its_check_are_finite_and_not_negative() {
    let rates =
        [0.0, f64::from_bits(1), 1e-46, 1e-3, f64::from(f32::MAX), 1e39, f64::MAX, f64::INFINITY, f64::NAN, -1.0];
    let lengths = [0, 1, 2, 1000, 1 << 53, u64::MAX - 1, u64::MAX];
    let parts = [f64::from_bits(1), 1e-300, 0.5, 1.0, 1e300, f64::MAX, 0.0, -1.0, f64::NAN];
    let mut schedules = Vec::new();
    for rate in rates {
        schedules.push(Schedule::Constant { rate });
        for by in parts {
            schedules.push(Schedule::Exponential { rate, factor: by });
            schedules.extend(lengths.map(|every| Schedule::Step { rate, factor: by, every }));
            schedules.extend(lengths.map(|start| Schedule::InverseTime { rate, start, halving: by }));
        }
        for (end, warm_up) in rates.into_iter().flat_map(|end| lengths.map(|w| (end, w))) {
            schedules.extend(lengths.map(|steps| Schedule::Cosine { rate, end, warm_up, steps }));
        }
    }
    let mut passed = [0; 2];
    for schedule in &schedules {
        let (single, double) = (schedule.check::<f32>().is_ok(), schedule.check::<f64>().is_ok());
        assert!(double || !single, "{schedule:?}");
        passed[0] += usize::from(single);
        passed[1] += usize::from(double);
        for &length in &lengths {
            for step in [length.saturating_sub(1), length, length / 2] {
                let rate = schedule.rate(step); // of no panic, whatever the settings
                assert!(!double || (rate.is_finite() && rate >= 0.0), "{schedule:?} at {step}: {rate}");
                assert!(!single || f32::from_f64(rate).is_finite(), "{schedule:?} at {step}: {rate}");
            }
        }
    }
    assert!(passed[0] > 1000 && passed[1] > passed[0] && passed[1] < schedules.len(), "{passed:?}");
}

#[test]
fn the_rate_of_a_schedule_is_examined_in_the_number_type_it_is_used_in() {
    let error = Schedule::Constant { rate: 1e39 }.check::<f32>().unwrap_err().to_string();
    assert_eq!(error, "schedule: rate: expected a finite number ≥ 0, found 1e39, which is inf in f32");
    Schedule::Constant { rate: 1e39 }.check::<f64>().unwrap();
}
