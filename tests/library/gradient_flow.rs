//! The networks of the example `gradient_flow` do what theory says.

#[allow(dead_code)]
#[path = "../../examples/gradient_flow/cases.rs"]
mod cases;

use cases::{RADII, cases, closed_form, largest_deviation, linear, measure};
use recurrent::gradient_flow::{Estimate, GradientFlow, Verdict};
use recurrent::network::{Config, Network, RecurrentSpec, Workspace};
use recurrent::{Batch, Direction, Error, IGNORE, Targets};
use rnn_backend_naive::Naive;
use std::sync::Arc;

const STEPS: usize = 200;

#[test]
fn linear_networks_follow_their_closed_form() {
    for (radius, seed) in RADII.into_iter().zip(3..) {
        let measured = measure(&linear(radius, 32), STEPS, seed).unwrap();
        assert_eq!(measured.norms.len(), STEPS + 1);
        // Each step rounds a product of length H: 200 · γ(32) ≈ 200 · 32 · 2⁻⁵³ = 7 · 10⁻¹³.
        let deviation = largest_deviation(&measured.norms, &closed_form(radius, STEPS));
        assert!(deviation < 7e-13, "ρ = {radius}: {deviation:e}");
    }
}

#[test]
fn the_verdict_on_linear_networks_is_what_happens() {
    let verdict = |radius| measure(&linear(radius, 32), 1, 5).unwrap().conditions.unwrap().verdict();
    assert!(matches!(verdict(0.9), Verdict::Vanishes { .. }));
    assert!(matches!(verdict(1.0), Verdict::Bounded { .. }));
    assert!(matches!(verdict(1.1), Verdict::LinearExplodes { .. }));
}

#[test]
fn below_above_and_at_the_critical_radius_gradients_vanish_explode_and_last() {
    for seed in 1..6 {
        let measured: Vec<_> = cases(64).iter().map(|case| measure(case, STEPS, seed).unwrap()).collect();
        let left = |name: &str| {
            let found = measured.iter().find(|case| case.name == name);
            found.unwrap_or_else(|| panic!("no case {name:?}")).norms[0]
        };
        // Near the origin tanh is the identity: ρ²⁰⁰ but for the transients of a matrix that is not normal.
        assert!((1e-13..1e-6).contains(&left("tanh, ρ = 0.9")), "seed {seed}");
        assert!((1e-3..1e2).contains(&left("tanh, ρ = 1")), "seed {seed}");
        assert!((1e5..1e11).contains(&left("tanh, ρ = 1.1")), "seed {seed}");
        assert!(left("LSTM, forget bias 5") > 1e6 * left("LSTM, forget bias 1"), "seed {seed}");
    }
}

#[test]
fn no_step_back_grows_more_than_the_largest_singular_value_allows() {
    let mut checked = 0;
    for case in cases(24) {
        let measured = measure(&case, 50, 7).unwrap();
        if let Some(conditions) = measured.conditions {
            let Estimate { value, error, .. } = conditions.largest_singular_value;
            // A computed step back is off by γ(24 + 2) |W|ᵀ |d|, at most 26 u · √24 σ_max ‖d‖ = 1.5 · 10⁻¹⁴; slopes and
            // norms add 30 u, 4 · 10⁻¹⁵.
            let most = (value + error) * (1.0 + 2e-14);
            checked += 1;
            assert!(measured.norms.windows(2).all(|pair| pair[0] <= most * pair[1]), "{}", measured.name);
        }
    }
    assert!(checked >= 3, "only {checked} cases have conditions");
}

#[test]
fn the_flow_of_one_prediction_is_that_of_its_loss_alone() {
    let config = Config::one_hot(3).recurrent(RecurrentSpec::lstm(4).layers(2)).softmax(3);
    let network = Network::<f64, Naive>::with_backend(&config, 2, Arc::new(Naive)).unwrap();
    let (symbols, mut workspace) = ([0, 2, 1, 1, 2], Workspace::new());
    let flows = network.last_symbol_flows(&mut workspace, &symbols).unwrap();
    // It records traces, and records no more afterwards than before.
    assert!(matches!(workspace.trace(0, Direction::Forward), Err(Error::Order { .. })));
    workspace.record_traces(true);
    let (mut state, mut gradients) = (network.state(1).unwrap(), network.gradients().unwrap());
    let (batch, targets) = (Batch::symbols(&symbols[..4], [4, 1]).unwrap(), [IGNORE, IGNORE, IGNORE, 2]);
    let targets = Targets::Classes(&targets);
    network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).unwrap();
    let by_hand =
        |layer| GradientFlow::of(workspace.trace(layer, Direction::Forward).unwrap(), Direction::Forward).unwrap();
    let named: Vec<_> = flows.iter().map(|(layer, flow)| (&*layer.label, &*layer.cell, flow.clone())).collect();
    assert_eq!(named, [("rnn.l0", "lstm", by_hand(0)), ("rnn.l1", "lstm", by_hand(1))]);
    assert!(flows[1].1.norms()[4] > 0.0 && flows[1].1.norms().len() == 5);
    for short in [&symbols[..0], &symbols[..1]] {
        assert!(matches!(network.last_symbol_flows(&mut workspace, short), Err(Error::Len { .. })));
    }
    // Tracing is still on.
    network.last_symbol_flows(&mut workspace, &symbols).unwrap();
    assert!(workspace.trace(1, Direction::Forward).is_ok());
}
