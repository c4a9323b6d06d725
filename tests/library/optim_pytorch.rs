//! Six steps of each optimiser against PyTorch's, in f64: `|a − b| ≤ 10⁻¹² · max(1, |b|)`.

use recurrent::optim::{Adam, Decay, Momentum, Optimiser, RmsProp, Rule, Sgd};
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
        }),
        "adam" | "adamw" => {
            let [beta1, beta2] = numbers(&settings["betas"]).try_into().expect("two betas");
            let decay = if name == "adam" { Decay::Gradient } else { Decay::Decoupled };
            Rule::Adam(Adam { beta1, beta2, epsilon: number("eps", f64::NAN), weight_decay, decay })
        }
        other => panic!("no optimiser {other}"),
    }
}

/// The first place where a walk leaves PyTorch's: `step` updates parameters from gradients at a rate.
pub(crate) fn first_disagreement(
    mut walker: impl FnMut(Rule, usize) -> Box<dyn FnMut(&mut [f64], &[f64], f64)>,
) -> Option<String> {
    let document: Value = serde_json::from_str(include_str!("../data/optimisers.json")).unwrap();
    let rates = numbers(&document["rates"]);
    let gradients: Vec<_> = document["gradients"].as_array().unwrap().iter().map(numbers).collect();
    let cases = document["cases"].as_array().unwrap();
    assert_eq!((cases.len(), rates.len(), gradients.len()), (8, 6, 6));
    for case in cases {
        let name = case["optimiser"].as_str().unwrap();
        let mut params = numbers(&document["start"]);
        let mut step = walker(rule(name, &case["settings"]), params.len());
        for (k, expected) in case["params"].as_array().unwrap().iter().map(numbers).enumerate() {
            step(&mut params, &gradients[k], rates[k]);
            for (i, (&a, &b)) in params.iter().zip(&expected).enumerate() {
                let agrees = (a - b).abs() <= 1e-12 * b.abs().max(1.0); // false for NaN
                if !agrees {
                    return Some(format!("{name} {}: step {k}, element {i}: {a} ≠ {b}", case["settings"]));
                }
            }
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
