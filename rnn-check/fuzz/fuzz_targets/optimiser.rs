//! Steps of any rule, with any settings, numbers and rates; clipping and schedules before them.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use recurrent::kernels::Scalar;
use recurrent::optim::{
    Adadelta, Adagrad, Adam, Decay, Momentum, Optimiser, RmsProp, Rule, Schedule, Sgd, clip_norm, clip_value,
};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    kind: u8,
    settings: [f64; 4],
    json: &'a str,
    limit: f64,
    rate: f64,
    parameters: Vec<f64>,
    gradients: Vec<f64>,
    ends: [u64; 2],
}

fuzz_target!(|input: Input<'_>| {
    train::<f32>(&input);
    train::<f64>(&input);
    let _ = serde_json::from_str::<Schedule>(input.json).map(|schedule| walk(&schedule, &input.ends));
    let [rate, end, ..] = input.settings;
    let [warm_up, steps] = input.ends;
    walk(&Schedule::Cosine { rate, end, warm_up, steps }, &input.ends);
    walk(&Schedule::Step { rate, factor: end, every: warm_up }, &input.ends);
});

fn walk(schedule: &Schedule, steps: &[u64]) {
    if schedule.check::<f64>().is_ok() {
        for &step in steps {
            let rate = schedule.rate(step);
            assert!(!rate.is_nan(), "{schedule:?} at {step}");
        }
    }
}

fn train<T: Scalar + serde::de::DeserializeOwned>(input: &Input<'_>) {
    let numbers = |values: &[f64]| values.iter().map(|&value| T::from_f64(value)).collect::<Vec<_>>();
    let (mut parameters, mut gradients) = (numbers(&input.parameters), numbers(&input.gradients));
    gradients.resize(parameters.len(), T::ONE);
    let Ok(mut optimiser) = Optimiser::<T>::new(rule(input), parameters.len()) else { return };
    let finite = |values: &[T]| values.iter().all(|value| value.is_finite());
    for step in 0..4 {
        let clean = finite(&parameters) && finite(&gradients);
        match step % 3 {
            0 => _ = clip_norm(&mut gradients, input.limit),
            1 => _ = clip_value(&mut gradients, input.limit),
            _ => {}
        }
        let (before, kept) = (parameters.clone(), optimiser.clone());
        let stepped = optimiser.step(&mut parameters, &gradients, input.rate);
        if stepped.is_err() {
            assert!(parameters == before || !clean, "a refused step has changed the parameters");
            assert!(optimiser == kept || !clean, "a refused step has changed the moments");
        }
    }
    let _ = optimiser.check(parameters.len());
}

fn rule(input: &Input<'_>) -> Rule {
    if let Ok(rule) = serde_json::from_str(input.json) {
        return rule;
    }
    let [a, b, c, d] = input.settings;
    match input.kind % 5 {
        0 => {
            let kind = if input.kind < 128 { Momentum::Heavy } else { Momentum::Nesterov };
            Rule::Sgd(Sgd { momentum: a, weight_decay: b, kind })
        }
        1 => {
            Rule::RmsProp(RmsProp { smoothing: a, epsilon: b, momentum: c, weight_decay: d, centred: input.kind < 128 })
        }
        2 => Rule::Adagrad(Adagrad { rate_decay: a, epsilon: b, initial: c, weight_decay: d }),
        3 => Rule::Adadelta(Adadelta { smoothing: a, epsilon: b, weight_decay: d }),
        _ => {
            let decay = if input.kind < 128 { Decay::Gradient } else { Decay::Decoupled };
            Rule::Adam(Adam { beta1: a, beta2: b, epsilon: c, weight_decay: d, decay })
        }
    }
}
