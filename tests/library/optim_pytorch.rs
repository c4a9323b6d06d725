//! Each optimiser against PyTorch's, in f64, over six wild steps and over 2000 tame ones: `|a − b| ≤ 2 e_θ`.

use crate::optim_bound::Walk;
use recurrent::optim::{Adadelta, Adagrad, Adam, Decay, Momentum, Optimiser, RmsProp, Rule, Sgd};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("an array").iter().map(|x| x.as_f64().expect("a number")).collect()
}

fn rule(name: &str, settings: &Value) -> Rule {
    let number = |key: &str, default: f64| settings.get(key).map_or(default, |x| x.as_f64().expect("a number"));
    let weight_decay = number("weight_decay", 0.0);
    match name {
        "sgd" => {
            let kind = if settings.get("nesterov").is_some() { Momentum::Nesterov } else { Momentum::Heavy };
            Rule::Sgd(Sgd { momentum: number("momentum", 0.0), kind, weight_decay })
        }
        "rms_prop" => Rule::RmsProp(RmsProp {
            smoothing: number("alpha", f64::NAN),
            epsilon: number("eps", f64::NAN),
            momentum: number("momentum", 0.0),
            weight_decay,
            centred: settings.get("centered").is_some(),
        }),
        "adam" | "adamw" => {
            let [beta1, beta2] = numbers(&settings["betas"]).try_into().expect("two betas");
            let decay = if name == "adam" { Decay::Gradient } else { Decay::Decoupled };
            Rule::Adam(Adam { beta1, beta2, epsilon: number("eps", f64::NAN), weight_decay, decay })
        }
        "adagrad" => Rule::Adagrad(Adagrad {
            rate_decay: number("lr_decay", 0.0),
            initial: number("initial_accumulator_value", 0.0),
            epsilon: number("eps", f64::NAN),
            weight_decay,
        }),
        "adadelta" => Rule::Adadelta(Adadelta {
            smoothing: number("rho", f64::NAN),
            epsilon: number("eps", f64::NAN),
            weight_decay,
        }),
        other => panic!("no optimiser {other}"),
    }
}

/// Gradients and rates, and PyTorch's parameters after some of the steps, counted from 1.
struct Document {
    start: Vec<f64>,
    rates: Vec<f64>,
    gradients: Vec<Vec<f64>>,
    kept: Vec<usize>,
    cases: Vec<Value>,
}

fn documents() -> [Document; 2] {
    let short: Value = serde_json::from_str(include_str!("../data/optimisers.json")).unwrap();
    let short = Document {
        start: numbers(&short["start"]),
        rates: numbers(&short["rates"]),
        gradients: short["gradients"].as_array().unwrap().iter().map(numbers).collect(),
        kept: (1..=6).collect(),
        cases: short["cases"].as_array().unwrap().clone(),
    };
    let long: Value = serde_json::from_str(include_str!("../data/optimisers_long.json")).unwrap();
    // `gradient` and `rate` of optimisers.py: exact in f64.
    let gradient = |k: i32, i: i32| f64::from((k * (37 + 10 * i) + k * k) % 1024 - 480 - 16 * i) / 512.0;
    let long = Document {
        start: numbers(&long["start"]),
        rates: (1..=2000).map(|k: i32| f64::from(k % 8 + 1) / 2048.0).collect(),
        gradients: (1..=2000).map(|k| (0..7).map(|i| gradient(k, i)).collect()).collect(),
        kept: serde_json::from_value(long["kept"].clone()).unwrap(),
        cases: long["cases"].as_array().unwrap().clone(),
    };
    [short, long]
}

/// The first place where a walk leaves PyTorch's: `step` updates parameters from gradients at a rate.
pub(crate) fn first_disagreement(
    mut walker: impl FnMut(Rule, usize) -> Box<dyn FnMut(&mut [f64], &[f64], f64)>,
) -> Option<String> {
    for Document { start, rates, gradients, kept, cases } in documents() {
        assert_eq!((cases.len(), rates.len(), kept.last().copied()), (19, gradients.len(), Some(gradients.len())));
        for case in cases {
            let name = case["optimiser"].as_str().unwrap();
            let rule = rule(name, &case["settings"]);
            let mut params = start.clone();
            let mut walks: Vec<_> = params.iter().map(|&p| Walk::new(rule, p)).collect();
            let mut step = walker(rule, params.len());
            let expected: Vec<_> = case["params"].as_array().unwrap().iter().map(numbers).collect();
            assert_eq!(expected.len(), kept.len());
            let mut expected = kept.iter().zip(expected).peekable();
            let mut worst = [0.0_f64; 2];
            for (k, (gradients, &rate)) in (1..).zip(gradients.iter().zip(&rates)) {
                step(&mut params, gradients, rate);
                walks.iter_mut().zip(gradients).for_each(|(walk, &g)| walk.step(g, rate));
                let Some((_, expected)) = expected.next_if(|(kept, _)| **kept == k) else { continue };
                for (i, ((&a, &b), walk)) in params.iter().zip(&expected).zip(&walks).enumerate() {
                    let agrees = (a - b).abs() <= walk.most(); // false for NaN
                    if !agrees {
                        return Some(format!("{name} {}: step {k}, element {i}: {a} ≠ {b}", case["settings"]));
                    }
                    worst = [worst[0].max((a - b).abs() / walk.most()), worst[1].max(walk.most())];
                }
            }
            println!("{name} {}: {:.3} of the bound, {:.1e} at most", case["settings"], worst[0], worst[1]);
        }
    }
    None
}

#[test]
fn every_optimiser_walks_as_in_pytorch() {
    let found = first_disagreement(|rule, params| {
        let mut optimiser = Optimiser::new(rule, params).unwrap();
        Box::new(move |params, gradients, rate| optimiser.step(params, gradients, rate).unwrap())
    });
    assert_eq!(found, None);
}
