//! What an optimiser refuses, and that a refusal changes nothing.

use recurrent::optim::{Adadelta, Adagrad, Adam, Decay, Momentum, Optimiser, RmsProp, Rule, Sgd};
use recurrent::rng::Rng;
use recurrent::{Error, NonFinite, Scalar};

fn rules() -> [Rule; 9] {
    [
        Rule::Sgd(Sgd::default()),
        Rule::Sgd(Sgd { momentum: 0.9, weight_decay: 0.01, kind: Momentum::Heavy }),
        Rule::Sgd(Sgd { momentum: 0.5, weight_decay: 0.0, kind: Momentum::Nesterov }),
        Rule::RmsProp(RmsProp { momentum: 0.5, ..RmsProp::default() }),
        Rule::Adam(Adam::default()),
        Rule::Adam(Adam { weight_decay: 0.1, decay: Decay::Decoupled, ..Adam::default() }),
        Rule::RmsProp(RmsProp { centred: true, weight_decay: 0.1, ..RmsProp::default() }),
        Rule::Adagrad(Adagrad { rate_decay: 0.5, initial: 0.25, ..Adagrad::default() }),
        Rule::Adadelta(Adadelta::default()),
    ]
}

/// An optimiser two steps into its walk, with its parameters.
fn walked<T: Scalar>(rule: Rule) -> (Optimiser<T>, Vec<T>) {
    let mut optimiser = Optimiser::new(rule, 300).unwrap();
    let mut params = vec![T::from_f64(0.5); 300];
    for g in [1.0, -0.25] {
        optimiser.step(&mut params, &[T::from_f64(g); 300], 0.125).unwrap();
    }
    (optimiser, params)
}

/// The message of a step that is refused and leaves everything as it was.
fn refused<T: Scalar>(optimiser: &mut Optimiser<T>, params: &mut [T], gradients: &[T], rate: f64) -> String {
    let bits = |params: &[T]| params.iter().map(|p| p.to_f64().to_bits()).collect::<Vec<_>>();
    let (before, params_before) = (format!("{optimiser:?}"), bits(params));
    let error = optimiser.step(params, gradients, rate).expect_err("it should be refused").to_string();
    assert_eq!((format!("{optimiser:?}"), bits(params)), (before, params_before), "{error}");
    error
}

#[test]
fn an_optimiser_beyond_the_address_space_is_an_error() {
    for rule in rules() {
        assert!(matches!(Optimiser::<f64>::new(rule, usize::MAX), Err(Error::Overflow { .. })));
    }
}

#[test]
fn an_optimiser_beyond_memory_is_an_error() {
    for rule in rules() {
        assert!(matches!(Optimiser::<f64>::new(rule, 1 << 45), Err(Error::Memory { .. }))); // 2⁴⁸ bytes
    }
}

#[test]
fn a_gradient_that_is_not_finite_is_refused_and_changes_nothing() {
    fn all<T: Scalar>() {
        for (rule, bad) in rules().into_iter().flat_map(|r| [f64::NAN, f64::INFINITY, -f64::INFINITY].map(|b| (r, b))) {
            for at in [0, 7, 255, 256, 299] {
                let (mut optimiser, mut params) = walked::<T>(rule);
                let mut gradients = vec![T::ONE; 300];
                gradients[at] = T::from_f64(bad);
                let error = refused(&mut optimiser, &mut params, &gradients, 0.125);
                let expected = format!("optimiser: gradients: expected finite numbers, found {bad} at flat index {at}");
                assert_eq!(error, expected);
            }
        }
    }
    all::<f32>();
    all::<f64>();
}

#[test]
fn a_parameter_that_is_not_finite_is_refused() {
    for rule in rules() {
        let (mut optimiser, mut params) = walked::<f32>(rule);
        params[256] = f32::NAN;
        let error = refused(&mut optimiser, &mut params, &[1.0; 300], 0.125);
        assert_eq!(error, "optimiser: parameters: expected finite numbers, found NaN at flat index 256");
    }
}

#[test]
fn a_rate_that_is_negative_or_not_finite_is_refused_and_changes_nothing() {
    for (rule, rate) in rules().into_iter().flat_map(|r| [f64::NAN, f64::INFINITY, -1.0].map(|rate| (r, rate))) {
        let (mut optimiser, mut params) = walked::<f32>(rule);
        let error = refused(&mut optimiser, &mut params, &[1.0; 300], rate);
        assert_eq!(error, format!("optimiser: rate: expected a finite number ≥ 0, found {rate}"));
    }
}

#[test]
fn a_rate_is_examined_in_the_number_type_of_the_parameters() {
    for rule in rules() {
        let (mut optimiser, mut params) = walked::<f32>(rule);
        let error = refused(&mut optimiser, &mut params, &[1.0; 300], 1e39);
        assert_eq!(error, "optimiser: rate: expected a finite number ≥ 0, found 1e39, which is inf in f32");
        let error = refused(&mut optimiser, &mut params, &[1.0; 300], -1e-300);
        assert_eq!(error, format!("optimiser: rate: expected a finite number ≥ 0, found {}", -1e-300));
    }
}

/// A schedule may end at 0, and at what is 0 in `f32`.
#[test]
fn a_rate_that_is_0_in_the_number_type_moves_moments_and_no_parameters() {
    for rule in rules() {
        let (mut optimiser, mut params) = walked::<f32>(rule);
        let (before, moved) = (params.clone(), optimiser.moments().next().unwrap().1.to_vec());
        optimiser.step(&mut params, &[1.0; 300], 1e-60).unwrap();
        assert_eq!(params, before);
        assert_ne!(optimiser.moments().next().unwrap().1, moved);
    }
}

#[test]
fn a_finite_gradient_whose_square_is_not_is_refused_and_the_next_step_is_as_if_it_had_not_been() {
    for rule in rules() {
        let (mut optimiser, mut params) = walked::<f32>(rule);
        let mut gradients = [1.0; 300];
        gradients[41] = 1e21;
        if matches!(rule, Rule::Sgd(_)) {
            optimiser.step(&mut params, &gradients, 0.125).unwrap();
            continue;
        }
        let (mut untouched, mut expected) = (optimiser.clone(), params.clone());
        let error = refused(&mut optimiser, &mut params, &gradients, 0.125);
        let name = if matches!(rule, Rule::Adagrad(_)) { "sum" } else { "square" };
        let place = format!("optimiser: moment {name} after the step");
        assert_eq!(error, format!("{place}: expected finite numbers, found inf at flat index 41"));
        optimiser.step(&mut params, &[2.0; 300], 0.125).unwrap();
        untouched.step(&mut expected, &[2.0; 300], 0.125).unwrap();
        assert_eq!((optimiser, params), (untouched, expected));
    }
}

#[test]
fn a_velocity_or_a_parameter_that_overflows_is_refused() {
    let momentum = Rule::Sgd(Sgd { momentum: 0.9, ..Sgd::default() });
    let mut optimiser = Optimiser::<f32>::new(momentum, 1).unwrap();
    let mut params = [0.0];
    optimiser.step(&mut params, &[3e38], 1e-3).unwrap();
    let error = refused(&mut optimiser, &mut params, &[3e38], 1e-3);
    assert!(error.starts_with("optimiser: moment velocity after the step"), "{error}");
    let error = refused(&mut optimiser, &mut params, &[1.0], 1e30);
    assert!(error.starts_with("optimiser: parameters after the step"), "{error}");
}

/// Whatever the sizes: if the step that examines nothing ends in finite numbers, the one that does takes it and has the
/// same bits, and if not, it is refused.
#[test]
fn a_step_is_refused_exactly_where_a_number_of_it_is_not_finite() {
    let mut rng = Rng::seed(31);
    let mut outcomes = [0; 2];
    let epsilons = [1e-8, 1e-30, 1e-38, 1e30];
    for case in 0..30_000 {
        let epsilon = epsilons[case / 36 % 4];
        let rule = match rules()[case % 9] {
            Rule::RmsProp(rule) => Rule::RmsProp(RmsProp { epsilon, ..rule }),
            Rule::Adam(rule) => Rule::Adam(Adam { epsilon, ..rule }),
            Rule::Adagrad(rule) => Rule::Adagrad(Adagrad { epsilon, ..rule }),
            Rule::Adadelta(rule) => Rule::Adadelta(Adadelta { epsilon, ..rule }),
            sgd => sgd,
        };
        // Sizes over the whole range of f32, with half of the cases near its end.
        let mut number = || {
            let exponent = if rng.below(2) == 0 { 60.0 * rng.normal() } else { 120.0 + 4.0 * rng.normal() };
            f32::from_f64(rng.normal() * exponent.exp2())
        };
        let finite = |x: f32| if x.is_finite() { x } else { 1.0 };
        let mut optimiser = Optimiser::new(rule, 2).unwrap();
        let rate = [1e-3, 1.0, 1e10, 1e37][case / 9 % 4];
        // Parameters of their own for every step, so that moments are large where nothing else is.
        for _ in 0..3 {
            let [mut params, gradients] = [[(); 2]; 2].map(|pair| pair.map(|()| finite(number())));
            let (mut free, mut free_params) = (optimiser.clone(), params);
            free.step_with(&mut free_params, &gradients, rate, NonFinite::Allow).unwrap();
            let sound = free_params.iter().chain(free.moments().flat_map(|(_, m)| m)).all(|x| x.is_finite());
            outcomes[usize::from(sound)] += 1;
            if sound {
                optimiser.step(&mut params, &gradients, rate).unwrap();
                assert_eq!((&optimiser, params.map(f32::to_bits)), (&free, free_params.map(f32::to_bits)));
            } else {
                refused(&mut optimiser, &mut params, &gradients, rate);
            }
        }
    }
    assert!(outcomes.iter().all(|&count| count > 7500), "{outcomes:?}");
}

#[test]
fn numbers_that_are_not_finite_are_taken_where_they_are_allowed() {
    for rule in rules() {
        let (mut optimiser, mut params) = walked::<f32>(rule);
        let mut gradients = [1.0; 300];
        gradients[3] = f32::NAN;
        optimiser.step_with(&mut params, &gradients, 0.125, NonFinite::Allow).unwrap();
        assert!(params[3].is_nan() && params[2].is_finite() && optimiser.steps() == 3);
        // The weight has no way back, and the default says so.
        let error = refused(&mut optimiser, &mut params, &[1.0; 300], 0.125);
        assert_eq!(error, "optimiser: parameters: expected finite numbers, found NaN at flat index 3");
        params.fill(0.5);
        let error = refused(&mut optimiser, &mut params, &[1.0; 300], 0.125);
        assert!(error.starts_with("optimiser: moment ") && error.ends_with("found NaN at flat index 3"), "{error}");
        optimiser.step_with(&mut params, &[1.0; 300], f64::NAN, NonFinite::Allow).unwrap();
        assert!(params.iter().all(|p| p.is_nan()));
    }
}

#[test]
fn settings_are_examined_in_the_number_type_they_are_used_in() {
    let adam = Adam::default();
    let rms = RmsProp::default();
    let cases = [
        (Rule::Adam(Adam { epsilon: 1e-46, ..adam }), "epsilon: expected a finite number > 0, found 1e-46, which is 0"),
        (
            Rule::Adam(Adam { beta1: 0.99999999, ..adam }),
            "beta1: expected a number in [0, 1), found 9.9999999e-1, which is 1",
        ),
        (
            Rule::Adam(Adam { beta2: 0.99999999, ..adam }),
            "beta2: expected a number in [0, 1), found 9.9999999e-1, which is 1",
        ),
        (
            Rule::Adam(Adam { weight_decay: 1e39, ..adam }),
            "weight_decay: expected a finite number ≥ 0, found 1e39, which is inf",
        ),
        (
            Rule::RmsProp(RmsProp { epsilon: 1e39, ..rms }),
            "epsilon: expected a finite number > 0, found 1e39, which is inf",
        ),
        (
            Rule::RmsProp(RmsProp { smoothing: 0.99999999, ..rms }),
            "smoothing: expected a number in [0, 1), found 9.9999999e-1, which is 1",
        ),
        (
            Rule::Adagrad(Adagrad { epsilon: 1e-46, ..Adagrad::default() }),
            "epsilon: expected a finite number > 0, found 1e-46, which is 0",
        ),
        (
            Rule::Adagrad(Adagrad { rate_decay: 1e39, ..Adagrad::default() }),
            "rate_decay: expected a finite number ≥ 0, found 1e39, which is inf",
        ),
        (
            Rule::Adadelta(Adadelta { smoothing: 0.99999999, ..Adadelta::default() }),
            "smoothing: expected a number in [0, 1), found 9.9999999e-1, which is 1",
        ),
        (
            Rule::Sgd(Sgd { momentum: 0.99999999, ..Sgd::default() }),
            "momentum: expected a number in [0, 1), found 9.9999999e-1, which is 1",
        ),
    ];
    for (rule, message) in cases {
        let error = Optimiser::<f32>::new(rule, 1).unwrap_err().to_string();
        assert_eq!(error, format!("optimiser: {message} in f32"));
        let double = Optimiser::<f64>::new(rule, 1).unwrap();
        // A file may say it is of the other number type.
        let stored: Optimiser<f32> = serde_json::from_str(&serde_json::to_string(&double).unwrap()).unwrap();
        assert_eq!(stored.check(1).unwrap_err().to_string(), error);
    }
}

/// An optimiser as a file may have it, which nobody has checked.
fn stored(steps: u64, moments: &str) -> Optimiser<f64> {
    let rule = r#""rule":{"adam":{"beta1":0.9,"beta2":0.99,"epsilon":1e-8,"weight_decay":0.0,"decay":"gradient"}}"#;
    serde_json::from_str(&format!(r#"{{{rule},"steps":{steps},"params":2,"moments":{moments}}}"#)).unwrap()
}

#[test]
fn a_count_of_steps_that_cannot_be_is_an_error_and_never_overflows() {
    let moments = "[[0.5,0.5],[0.5,0.5]]";
    for steps in [u64::MAX, (1 << 53) + 1] {
        let mut optimiser = stored(steps, moments);
        let message = format!("optimiser: steps: expected at most 2⁵³, found {steps}");
        assert_eq!(optimiser.check(2).unwrap_err().to_string(), message);
        assert_eq!(refused(&mut optimiser, &mut [0.0; 2], &[1.0; 2], 0.1), message);
    }
    let mut optimiser = stored((1 << 53) - 1, moments);
    optimiser.step(&mut [0.0; 2], &[1.0; 2], 0.1).unwrap();
    optimiser.check(2).unwrap();
    refused(&mut optimiser, &mut [0.0; 2], &[1.0; 2], 0.1);
}

#[test]
fn moments_of_another_number_or_length_are_refused_by_a_step_that_nobody_checked_for() {
    for moments in ["[]", "[[0.5,0.5]]", "[[0.5,0.5],[0.5]]", "[[0.5,0.5],[0.5,0.5],[0.5,0.5]]"] {
        refused(&mut stored(3, moments), &mut [0.0; 2], &[1.0; 2], 0.1);
    }
}

#[test]
fn a_negative_square_that_nobody_checked_for_is_refused_where_its_root_would_be_no_number() {
    let mut optimiser = stored(3, "[[0.5,0.5],[0.5,-0.5]]");
    let error = refused(&mut optimiser, &mut [0.0; 2], &[0.25; 2], 0.1);
    assert_eq!(error, "optimiser: parameters after the step: expected finite numbers, found NaN at flat index 1");
}

#[test]
fn a_step_of_adadelta_that_overflows_though_its_numbers_are_moderate_is_refused() {
    let rule = r#""rule":{"adadelta":{"smoothing":0.9,"epsilon":1e-6,"weight_decay":0.0}}"#;
    let json = format!(r#"{{{rule},"steps":3,"params":1,"moments":[[0.0],[1e30]]}}"#);
    let mut optimiser: Optimiser<f32> = serde_json::from_str(&json).unwrap();
    // √(10³⁰)/√(0.1 · 10³⁰) · 10¹⁵ = 3 · 10¹⁵, times 10²⁴.
    let error = refused(&mut optimiser, &mut [0.0], &[1e15], 1e24);
    assert_eq!(error, "optimiser: parameters after the step: expected finite numbers, found -inf at flat index 0");
    optimiser.step(&mut [0.0], &[1e15], 1e20).unwrap();
}

#[test]
fn a_mean_over_a_square_of_zero_is_refused_where_a_small_epsilon_takes_it_beyond_the_number_type() {
    let mut optimiser = stored(3, "[[0.5,0.5],[0.5,0.5]]");
    let json = serde_json::to_string(&optimiser)
        .unwrap()
        .replace("1e-8", "1e-38")
        .replace("[[0.5,0.5],[0.5,0.5]]", "[[1,1],[0,0]]");
    let mut small: Optimiser<f32> = serde_json::from_str(&json).unwrap();
    small.check(2).unwrap();
    // 10 · 0.9 / (1 − 0.9⁴) / 10⁻³⁸ = 2.6 · 10³⁹.
    let error = refused(&mut small, &mut [0.0; 2], &[0.0; 2], 10.0);
    assert_eq!(error, "optimiser: parameters after the step: expected finite numbers, found -inf at flat index 0");
    optimiser.step(&mut [0.0; 2], &[0.0; 2], 10.0).unwrap();
}
