//! The networks of the example `gradient_flow` do what theory says.

#[allow(dead_code)]
#[path = "../../examples/gradient_flow/cases.rs"]
mod cases;
#[allow(dead_code)]
#[path = "../../examples/gradient_flow/fade.rs"]
mod fade;
#[allow(dead_code)]
#[path = "../../examples/gradient_flow/families.rs"]
mod families;

use cases::{Measured, RADII, closed_form, forget_biases, largest_deviation, linear, measure, radii};
use fade::{Fade, Verdict as Became};
use recurrent::gradient_flow::{Estimate, GradientFlow, Verdict};
use recurrent::kernels::SeqRef;
use recurrent::network::{Config, Cotangents, Network, RecurrentSpec, Workspace};
use recurrent::optim::norm;
use recurrent::rng::Rng;
use recurrent::{Batch, Cells, Direction, Error, IGNORE, Targets};
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
        let cases = [radii(64), forget_biases(64)].concat();
        let measured: Vec<_> = cases.iter().map(|case| measure(case, STEPS, seed).unwrap()).collect();
        let left = |name: &str| {
            let found = measured.iter().find(|case| case.name == name);
            found.unwrap_or_else(|| panic!("no case {name:?}")).norms[0]
        };
        // Near the origin tanh is the identity: ρ²⁰⁰ but for the transients of a matrix that is not normal.
        assert!((1e-13..1e-6).contains(&left("tanh, ρ = 0.9")), "seed {seed}");
        assert!((1e-3..1e2).contains(&left("tanh, ρ = 1")), "seed {seed}");
        assert!((1e5..1e11).contains(&left("tanh, ρ = 1.1")), "seed {seed}");
        assert!(left("lstm, bias 5") > 1e6 * left("lstm, bias 1"), "seed {seed}");
    }
}

#[test]
fn no_step_back_grows_more_than_the_largest_singular_value_allows() {
    let mut checked = 0;
    for case in radii(24) {
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
fn step_by_step_it_is_the_gradient_by_all_states_of_a_whole_pass() {
    for cell in ["lstm", "slstm", "mlstm", "lru"] {
        let case = cases::by_name(cell, 8);
        let network = Network::<f64, Naive>::with_backend(&case.config, 3, Naive).unwrap();
        let mut rng = Rng::seed(!3);
        let x: Vec<f64> = (0..6 * 8).map(|_| rng.normal()).collect();
        let mut d_y = vec![0.0; 6 * 8];
        d_y[5 * 8..].iter_mut().for_each(|v| *v = rng.normal());
        let size = norm(d_y.iter().copied());
        let (mut workspace, batch) = (Workspace::new(), Batch::features(&x, [6, 1, 8]).unwrap());
        network.forward(&mut workspace, &batch, &mut network.state(1).unwrap()).unwrap();
        let cotangents = Cotangents { output: Some(SeqRef::new(&d_y, 6, 1, 8)), state: None };
        network.backward(&mut workspace, cotangents, &mut network.gradients().unwrap()).unwrap();
        let whole = norm(workspace.d_state().unwrap().as_slice().iter().copied()) / size;
        let found = measure(&case, 6, 3).unwrap().norms[0];
        // The same products in the same order, but for the scale of v.
        assert!((found / whole - 1.0).abs() < 1e-12, "{cell}: {found:e}, {whole:e}");
    }
}

#[test]
fn every_cell_of_the_registry_is_on_the_page() {
    let families = families::families(8);
    let names: Vec<&str> = families.iter().flat_map(|family| family.cases.iter().map(|case| &*case.name)).collect();
    let missing: Vec<_> = Cells::new().names().filter(|name| !names.contains(name)).map(String::from).collect();
    assert_eq!(missing, [""; 0]);
    for case in families.iter().flat_map(|family| &family.cases) {
        let norms = measure(case, 4, 1).unwrap().norms;
        assert!(norms.len() == 5 && norms[4] == 1.0 && norms.iter().all(|norm| norm.is_finite()), "{}", case.name);
    }
}

#[test]
fn a_fade_is_the_factor_of_a_step_in_the_long_run_and_the_median_of_its_seeds() {
    let seed = |norms: Vec<f64>| Measured { name: "a".into(), norms, conditions: None };
    // Half a step, but for a quarter at first that does not count; in time order.
    let halves = |scale: f64| seed((0..=16).rev().map(|d| if d < 4 { 1.0 } else { scale * 0.5_f64.powi(d) }).collect());
    let fade = Fade::of(&[halves(1.0), halves(9.0), halves(4.0)]);
    assert!((fade.factor - 0.5).abs() < 1e-12 && (fade.half_life.unwrap() - 1.0).abs() < 1e-12, "{fade:?}");
    assert_eq!(
        (fade.least[16], fade.median[16], fade.most[16]),
        (0.5_f64.powi(16), 4.0 * 0.5_f64.powi(16), 9.0 * 0.5_f64.powi(16))
    );
    let became = |last: f64| Fade::of(&[seed(vec![last, 1.0, 1.0, 1.0, 1.0])]).verdict;
    assert_eq!(
        [1e-7, 1e-5, 1e5, 1e7].map(became),
        [Became::Vanished, Became::Lasted, Became::Lasted, Became::Exploded]
    );
    // A gradient that ends at a step is no matter of factors.
    assert_eq!(Fade::of(&[seed(vec![0.0, 0.0, 0.5, 1.0, 1.0])]).factor, 0.0);
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
