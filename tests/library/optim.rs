//! Optimisers, clipping and schedules against hand-computed steps.

use recurrent::NonFinite;
use recurrent::optim::{
    Adadelta, Adagrad, Adam, Decay, Momentum, Optimiser, RmsProp, Rule, Schedule, Sgd, WarmUp, clip_norm, clip_value,
    norm,
};

/// The largest relative error of one rounding, `u`.
const U: f64 = f64::EPSILON / 2.0;

/// The single parameter after each of the steps along `gradients`, from 1, at rate ½.
fn path(rule: Rule, gradients: &[f64]) -> Vec<f64> {
    let mut optimiser = Optimiser::new(rule, 1).unwrap();
    let mut params = [1.0];
    let walk = |&g: &f64| {
        optimiser.step(&mut params, &[g], 0.5).unwrap();
        params[0]
    };
    gradients.iter().map(walk).collect()
}

#[test]
fn sgd_follows_the_gradient() {
    assert_eq!(path(Rule::Sgd(Sgd::default()), &[1.0, -2.0, 0.0]), [0.5, 1.5, 1.5]);
}

#[test]
fn momentum_gathers_velocity_and_nesterov_looks_ahead() {
    let heavy = Sgd { momentum: 0.5, ..Sgd::default() };
    // v = 1, 2.5, 1.25
    assert_eq!(path(Rule::Sgd(heavy), &[1.0, 2.0, 0.0]), [0.5, -0.75, -1.375]);
    // g + v/2 = 1.5, 3.25, 0.625
    let nesterov = Sgd { kind: Momentum::Nesterov, ..heavy };
    assert_eq!(path(Rule::Sgd(nesterov), &[1.0, 2.0, 0.0]), [0.25, -1.375, -1.6875]);
}

#[test]
fn weight_decay_pulls_towards_zero() {
    let rule = Sgd { weight_decay: 0.5, ..Sgd::default() };
    assert_eq!(path(Rule::Sgd(rule), &[0.0, 0.0]), [0.75, 0.5625]);
}

#[test]
fn rms_prop_divides_by_the_root_mean_square() {
    // α = ¾: s = ¼·4² = 4, then ¾·4 + ¼·2² = 4; steps ½·4/(2 + ε) and ½·2/(2 + ε).
    let rule = RmsProp { smoothing: 0.75, epsilon: 2.0, ..RmsProp::default() };
    assert_eq!(path(Rule::RmsProp(rule), &[4.0, 2.0]), [0.5, 0.25]);
}

#[test]
fn a_centred_rms_prop_divides_by_the_root_of_the_variance() {
    // α = ½: m = 2, then 1; s = 8, then 4; s − m² = 4, then 3: steps ½·4/(2 + ε), and of no gradient none.
    let rule = RmsProp { smoothing: 0.5, epsilon: 2.0, centred: true, ..RmsProp::default() };
    assert_eq!(path(Rule::RmsProp(rule), &[4.0, 0.0]), [0.5, 0.5]);
    // m = 2, 3, s = 8, 12, s − m² = 4, 3.
    let mut optimiser = Optimiser::new(Rule::RmsProp(rule), 1).unwrap();
    optimiser.step(&mut [0.0_f64], &[4.0], 0.5).unwrap();
    let of_moment = |name| optimiser.moments().find(|(other, _)| *other == name).map(|(_, values)| values[0]);
    assert_eq!([of_moment("mean"), of_moment("square")], [Some(2.0), Some(8.0)]);
    let second = 0.5 - 0.5 * 4.0 / (3.0_f64.sqrt() + 2.0);
    let found = path(Rule::RmsProp(rule), &[4.0, 4.0])[1];
    assert!((found - second).abs() <= 4.0 * U, "{found} ≠ {second}");
}

#[test]
fn moments_of_a_centred_rms_prop_are_the_means_of_squares_velocities_and_gradients() {
    let rule = Rule::RmsProp(RmsProp { smoothing: 0.75, epsilon: 1.0, centred: true, ..RmsProp::default() });
    let mut optimiser = Optimiser::new(rule, 1).unwrap();
    optimiser.step(&mut [0.0], &[-4.0], 0.1).unwrap();
    // s = ¼ · 16, m = ¼ · (−4), and then v = −4/(√(4 − 1) + 1).
    let moments: Vec<_> = optimiser.moments().map(|(name, moment)| (name, moment[0])).collect();
    assert_eq!((moments[0], moments[2]), (("square", 4.0), ("mean", -1.0)));
    assert!((moments[1].1 + 4.0 / (3.0_f64.sqrt() + 1.0)).abs() <= 8.0 * U, "{moments:?}");
}

#[test]
fn a_variance_that_rounding_makes_negative_is_none() {
    // The mean and the mean square of a gradient that does not change come as near to it and its square as they can.
    let rule = Rule::RmsProp(RmsProp { smoothing: 0.3, epsilon: 1.0, centred: true, ..RmsProp::default() });
    let mut negative = 0;
    for g in (1..100).map(|k| f64::from(k) / 10.0) {
        let mut optimiser = Optimiser::new(rule, 1).unwrap();
        let mut params = [0.0];
        for _ in 0..200 {
            optimiser.step(&mut params, &[g], 1e-3).unwrap();
        }
        let [s, m] =
            ["square", "mean"].map(|name| optimiser.moments().find(|(moment, _)| *moment == name).unwrap().1[0]);
        negative += usize::from(s - m * m < 0.0);
        assert!(params[0].is_finite());
    }
    assert!(negative > 0, "a case with s < m²");
}

#[test]
fn adagrad_divides_by_the_root_of_the_sum_of_squares() {
    // s = 9, then 25: steps ½·3/(3 + ε) and ½/(1 + 1)·4/(5 + ε).
    let rule = Adagrad { epsilon: 3.0, rate_decay: 1.0, ..Adagrad::default() };
    assert_eq!(path(Rule::Adagrad(rule), &[3.0, 4.0]), [0.75, 0.625]);
    // s = 7 + 9.
    let rule = Adagrad { initial: 7.0, epsilon: 2.0, ..Adagrad::default() };
    assert_eq!(path(Rule::Adagrad(rule), &[3.0]), [0.75]);
}

#[test]
fn adadelta_divides_the_root_mean_square_of_its_steps_by_that_of_gradients() {
    // ρ = ¾, ε = 1: s = ¼·12 = 3, Δ = √1/√4 · √12; u = ¼·3.
    let rule = Adadelta { smoothing: 0.75, epsilon: 1.0, ..Adadelta::default() };
    let g = 12.0_f64.sqrt();
    let first = 1.0 - 0.5 * 0.5 * g;
    // s = ¾·3, Δ = 0, u = ¾·¾; then s = ¾·9/4 + ¼·1 beside that u.
    let third = first - 0.5 * (1.0 + 9.0 / 16.0_f64).sqrt() / (1.0 + 27.0 / 16.0 + 0.25_f64).sqrt();
    let found = path(Rule::Adadelta(rule), &[g, 0.0, 1.0]);
    for (found, expected) in found.iter().zip([first, first, third]) {
        assert!((found - expected).abs() <= 8.0 * U, "{found} ≠ {expected}");
    }
}

#[test]
fn the_first_step_of_adam_is_the_rate_whatever_the_gradient() {
    for g in [1e-3, 7.0, 1e6] {
        let found = path(Rule::Adam(Adam::default()), &[g])[0];
        let expected = 1.0 - 0.5 * g / (g + 1e-8);
        // Of a step of ½: 3 roundings above the bar (1 − β₁ is the same number twice), 5 below (those of s count half
        // under the root), the division, and half a u for the difference: 5 u. Of what is expected: 1½ u.
        assert!((found - expected).abs() <= 6.5 * U, "{g}: {found} ≠ {expected}");
    }
}

#[test]
fn adam_corrects_the_bias_of_both_moments() {
    let rule = Adam { beta1: 0.5, beta2: 0.75, epsilon: 1.0, ..Adam::default() };
    // m = 2, 1; m̂ = 4, 4/3; s = 4, 3; ŝ = 16, 48/7.
    let second = 0.6 - 0.5 * (4.0 / 3.0) / ((48.0_f64 / 7.0).sqrt() + 1.0);
    let found = path(Rule::Adam(rule), &[4.0, 0.0]);
    // At first all but 2/5 and the difference is exact: ½ u. Then 7 roundings of a step of 0.19 and the difference, 2 u on
    // top; and 1½ u of what is expected.
    assert!((found[0] - 0.6).abs() <= U && (found[1] - second).abs() <= 4.0 * U, "{found:?}");
}

#[test]
fn decoupled_decay_does_not_enter_the_moments() {
    let rule = Adam { weight_decay: 0.5, decay: Decay::Decoupled, ..Adam::default() };
    assert_eq!(path(Rule::Adam(rule), &[0.0, 0.0]), [0.75, 0.5625]);
    let coupled = path(Rule::Adam(Adam { decay: Decay::Gradient, ..rule }), &[0.0])[0];
    // g = ½, so that ε = 10⁻⁸ takes ½ · ε/(½ + ε) from the step, 10⁻⁸ but for its square.
    assert!((coupled - 0.5).abs() < 1e-8 + 8.0 * U, "a coupled decay is normalised to the rate: {coupled}");
}

#[test]
fn wrong_lengths_and_settings_are_errors_and_change_nothing() {
    let mut optimiser = Optimiser::new(Rule::Adam(Adam::default()), 2).unwrap();
    let before = optimiser.clone();
    let mut params = [1.0, 2.0];
    let error = optimiser.step(&mut params, &[1.0], 0.1).unwrap_err().to_string();
    assert_eq!(error, "optimiser: gradients: expected 2 elements, found 1");
    let error = optimiser.step(&mut [1.0], &[1.0, 2.0], 0.1).unwrap_err().to_string();
    assert_eq!(error, "optimiser: parameters: expected 2 elements, found 1");
    #[allow(clippy::reversed_empty_ranges)] // that is what is refused
    for range in [0..3, 2..1] {
        let rates = [(range.clone(), 0.1)];
        let error = optimiser.step_in(&mut params, &[1.0, 2.0], &rates, NonFinite::Refuse).unwrap_err().to_string();
        assert_eq!(error, format!("optimiser: parameters: expected a range within 0..2, found {range:?}"));
    }
    assert_eq!((&optimiser, params), (&before, [1.0, 2.0]));
    // A rate of 0 is one, whatever is refused.
    for non_finite in [NonFinite::Refuse, NonFinite::Allow] {
        before.clone().step_with(&mut params, &[1.0, 2.0], 0.0, non_finite).unwrap();
        assert_eq!(params, [1.0, 2.0]);
    }
    let error = Optimiser::<f32>::new(Rule::Adam(Adam { beta2: 1.0, ..Adam::default() }), 2).unwrap_err();
    assert_eq!(error.to_string(), "optimiser: beta2: expected a number in [0, 1), found 1");
    assert!(Optimiser::<f32>::new(Rule::Sgd(Sgd { momentum: f64::NAN, ..Sgd::default() }), 2).is_err());
}

#[test]
fn a_stored_optimiser_is_examined_before_use() {
    let stored = |json: &str| serde_json::from_str::<Optimiser<f64>>(json).unwrap().check(2);
    let rule = r#""rule":{"rms_prop":{"smoothing":0.9,"epsilon":1e-8,"momentum":0.0,"weight_decay":0.0}}"#;
    let with = |moments: &str| stored(&format!(r#"{{{rule},"steps":3,"params":2,"moments":{moments}}}"#));
    with("[[1.0,2.0],[-3.0,0.0]]").unwrap();
    for (moments, message) in [
        ("[[1.0,2.0]]", "optimiser: moments: expected 2 elements, found 1"),
        ("[[1.0,2.0],[1.0]]", "optimiser: moment velocity: expected 2 elements, found 1"),
        ("[[1.0,-2.0],[1.0,1.0]]", "optimiser: moment square[1]: expected at least 0, found -2"),
    ] {
        assert_eq!(with(moments).unwrap_err().to_string(), message);
    }
    let of_two = Optimiser::<f64>::new(Rule::Sgd(Sgd::default()), 2).unwrap();
    let error = of_two.check(3).unwrap_err().to_string();
    assert_eq!(error, "optimiser: parameters: expected 3 elements, found 2");
    let mut beyond = Optimiser::new(Rule::Sgd(Sgd { momentum: 0.5, ..Sgd::default() }), 2).unwrap();
    beyond.step_with(&mut [0.0, 0.0], &[1.0, f64::INFINITY], 0.1, NonFinite::Allow).unwrap();
    let error = beyond.check(2).unwrap_err().to_string();
    assert_eq!(error, "optimiser: moment velocity: expected finite numbers, found inf at flat index 1");
}

#[test]
fn clipping_by_norm_keeps_the_direction_and_returns_the_norm_before() {
    let mut g = [3.0_f32, -4.0];
    assert_eq!(clip_norm(&mut g, 10.0).unwrap(), 5.0);
    assert_eq!(g, [3.0, -4.0]);
    assert_eq!(clip_norm(&mut g, 0.5).unwrap(), 5.0);
    assert_eq!(g, [0.3, -0.4]);
    // The quotient is rounded first, and then each product: 3 · 0.2 is not 3/5 in f64.
    let mut g = [3.0_f64, -4.0];
    clip_norm(&mut g, 1.0).unwrap();
    assert_eq!(g, [3.0 * 0.2, -4.0 * 0.2]);
    assert_ne!(g[0], 0.6);
}

#[test]
fn norms_survive_the_ends_of_the_range() {
    let large = 2.0_f64.powi(1000);
    assert_eq!(norm([3.0 * large, 4.0 * large].into_iter()), 5.0 * large);
    assert_eq!(norm([3e-320_f64, 4e-320].into_iter()), 5e-320);
    assert_eq!(norm([0.0_f64; 3].into_iter()), 0.0);
    assert!(norm([1.0, f64::NAN].into_iter()).is_nan());
    let mut g = [f64::MAX, -f64::MAX];
    assert_eq!(clip_norm(&mut g, 1.0).unwrap(), f64::INFINITY);
    // (1/2 + 4) u of the norm, 2 for the quotient and the product with the limit, 1 of what is expected, of 0.71.
    assert!((g[0] - 0.5_f64.sqrt()).abs() <= 0.71 * 7.5 * U && g[1] == -g[0], "{g:?}");
}

#[test]
fn norms_of_many_elements_are_within_the_bound_of_sixteen_partial_sums() {
    // ‖(x, …, x)‖ = √len · x.
    let x = 1.0_f32 + f32::EPSILON;
    for len in [1, 15, 16, 17, 1000, 100_003] {
        #[allow(clippy::cast_precision_loss)] // a small length
        let (count, exact) = (len as f64, (len as f64).sqrt() * f64::from(x));
        let bound = ((count / 16.0).ceil() / 2.0 + 4.0) * U;
        let found = norm((0..len).map(|_| x));
        // Two roundings of what is expected.
        assert!((found / exact - 1.0).abs() <= bound + 2.0 * U, "{len}: {found} ≠ {exact}");
        let mut g = vec![x; len];
        assert_eq!(clip_norm(&mut g, f64::MAX).unwrap(), found, "the bits of `norm`");
        // Every element counts once, wherever it lies.
        for at in [0, len / 2, len - 1] {
            let mut g = vec![0.0_f32; len];
            g[at] = -3.0;
            assert_eq!(clip_norm(&mut g, 1.5).unwrap(), 3.0);
            assert_eq!((g[at], g.iter().filter(|g| **g != 0.0).count()), (-1.5, 1));
        }
    }
}

#[test]
fn gradients_without_a_direction_are_reported_and_untouched() {
    let mut g = [1.0_f32, 2.0, f32::INFINITY];
    let error = clip_norm(&mut g, 0.5).unwrap_err().to_string();
    assert_eq!(error, "gradients: expected finite numbers, found inf at flat index 2");
    assert_eq!(g, [1.0, 2.0, f32::INFINITY]);
    assert!(clip_norm(&mut [1.0_f64], 0.0).is_err());
    assert!(clip_norm(&mut [1.0_f64], f64::NAN).is_err());
}

#[test]
fn clipping_by_value_touches_only_what_is_beyond() {
    let mut g = [0.5, -3.0, 2.0];
    assert_eq!(clip_value(&mut g, 2.0).unwrap(), 1);
    assert_eq!(g, [0.5, -2.0, 2.0]);
}

#[test]
fn schedules_have_their_values_at_the_corners() {
    let at = |schedule: Schedule, steps: &[u64]| steps.iter().map(|&k| schedule.rate(k)).collect::<Vec<_>>();
    assert_eq!(at(Schedule::Constant { rate: 0.5 }, &[0, u64::MAX]), [0.5, 0.5]);
    let stairs = Schedule::Step { rate: 1.0, factor: 0.5, every: 10 };
    assert_eq!(at(stairs, &[0, 9, 10, 29]), [1.0, 1.0, 0.5, 0.25]);
    assert_eq!(at(Schedule::Exponential { rate: 8.0, factor: 0.5 }, &[0, 1, 4]), [8.0, 4.0, 0.5]);
    let cosine = Schedule::Cosine { rate: 1.0, end: 0.25, warm_up: 4, steps: 12 };
    assert_eq!(at(cosine, &[0, 3, 4, 12, 1000]), [0.25, 1.0, 1.0, 0.25, 0.25]);
    assert_eq!(cosine.rate(8), 0.625); // cos(π/2) is 6 · 10⁻¹⁷ and vanishes beside 1
    let inverse = Schedule::InverseTime { rate: 1.0, start: 5, halving: 10.0 };
    assert_eq!(at(inverse, &[0, 5, 15, 35]), [1.0, 1.0, 0.5, 0.25]);
    let no_warm_up = Schedule::Cosine { rate: 1.0, end: 0.0, warm_up: 0, steps: 0 };
    assert_eq!(at(no_warm_up, &[0, 1]), [0.0, 0.0]);
}

#[test]
fn a_warm_up_goes_in_front_of_any_schedule() {
    let at = |rates: WarmUp, steps: &[u64]| steps.iter().map(|&k| rates.rate(k)).collect::<Vec<_>>();
    let stairs = Schedule::Step { rate: 1.0, factor: 0.5, every: 2 };
    assert_eq!(at(stairs.warm_up(4), &[0, 1, 2, 3, 4, 5, 6]), [0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 0.5]);
    assert_eq!(at(stairs.warm_up(0), &[0, 1, 2]), [1.0, 1.0, 0.5]);
    // A cosine has the same one of its own.
    let [own, before] = [4, 0].map(|warm_up| Schedule::Cosine { rate: 1.0, end: 0.25, warm_up, steps: 8 + warm_up });
    let steps: Vec<u64> = (0..16).collect();
    assert_eq!(at(before.warm_up(4), &steps), at(own.warm_up(0), &steps));
    let largest = Schedule::Constant { rate: f64::MAX }.warm_up(u64::MAX);
    largest.check::<f64>().unwrap();
    assert!([0, 1 << 53, u64::MAX - 1, u64::MAX].iter().all(|&step| largest.rate(step) <= f64::MAX));
    let json = r#"{"steps":4,"then":{"step":{"rate":1.0,"factor":0.5,"every":2}}}"#;
    assert_eq!(serde_json::from_str::<WarmUp>(json).unwrap(), stairs.warm_up(4));
}

#[test]
fn a_run_that_is_too_short_for_its_schedule_is_an_error_with_both_numbers() {
    let cosine = Schedule::Cosine { rate: 1.0, end: 0.0, warm_up: 10, steps: 100 };
    let constant = Schedule::Constant { rate: 1.0 };
    cosine.check_run(100).unwrap();
    assert!(cosine.check_run(99).is_err());
    constant.check_run(0).unwrap();
    constant.warm_up(7).check_run(7).unwrap();
    cosine.warm_up(7).check_run(107).unwrap();
    let refused = |rates: WarmUp, updates| rates.check_run(updates).unwrap_err().to_string();
    let expected = |what: &str, updates, found| {
        format!("schedule: steps of the {what}: expected at most {updates}, the updates of the run, found {found}")
    };
    assert_eq!(refused(cosine.warm_up(0), 99), expected("cosine", 99, 100));
    assert_eq!(refused(constant.warm_up(7), 6), expected("warm-up", 6, 7));
    assert_eq!(refused(cosine.warm_up(7), 106), expected("warm-up and the cosine", 106, 107));
    let never = Schedule::Cosine { rate: 1.0, end: 0.0, warm_up: 200, steps: 100 };
    assert_eq!(refused(never.warm_up(0), 150), expected("cosine", 150, 200));
}

#[test]
fn schedules_out_of_range_are_errors() {
    assert!(Schedule::Constant { rate: f64::NAN }.check::<f64>().is_err());
    for (factor, valid) in [(0.0, false), (0.5, true), (1.0, true), (1.5, false), (f64::NAN, false)] {
        assert_eq!(Schedule::Exponential { rate: 1.0, factor }.check::<f64>().is_ok(), valid, "{factor}");
    }
    let error = Schedule::Step { rate: 1.0, factor: 0.5, every: 0 }.check::<f64>().unwrap_err().to_string();
    assert_eq!(error, "schedule: every: expected at least 1, found 0");
}
