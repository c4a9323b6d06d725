//! The networks compared, and what one backward pass through each of them does to a gradient.

use recurrent::gradient_flow::{Conditions, GradientFlow};
use recurrent::init::{BiasScheme, Init, Scheme};
use recurrent::network::{Config, Cotangents, Network, RecurrentSpec, Workspace};
use recurrent::rng::Rng;
use recurrent::{Activation, Batch, Bias, Direction, Error, NonFinite, Result};
use rnn_backend_naive::Naive;

/// Spectral radii below, at and above the critical one.
pub const RADII: [f64; 3] = [0.9, 1.0, 1.1];
const FEATURES: usize = 4;
/// Standard deviation of an input that stirs a network.
const LIVELY: f64 = 0.1;
/// And of one so faint that tanh stays nearly linear, even after 200 steps of growth by 1.1.
const FAINT: f64 = 1e-10;

/// A network and its name.
#[derive(Clone, Debug)]
pub struct Case {
    pub name: String,
    config: Config,
    input: f64,
}

/// What became of a gradient.
#[derive(Clone, Debug)]
pub struct Measured {
    pub name: String,
    /// `‖∂L/∂h_t‖` for `t = 0 … T`, with `‖∂L/∂h_T‖ = 1`.
    pub norms: Vec<f64>,
    /// What theory says, for the cells it is about.
    pub conditions: Option<Conditions>,
}

/// Elman networks with tanh at the three radii and one far above, an LSTM with two forget-gate biases, a GRU.
pub fn cases(hidden: usize) -> Vec<Case> {
    let tanh = |radius: f64, what: &str, input: f64| {
        let init = Init { recurrent: Scheme::SpectralRadius { radius }, bias: BiasScheme::Zero, ..Init::default() };
        elman(format!("tanh, ρ = {radius}{what}"), Activation::Tanh, hidden, init, input)
    };
    let gated = |name: &str, layer: RecurrentSpec, forget_bias: Option<f64>| Case {
        name: name.into(),
        config: Config::features(FEATURES)
            .recurrent(layer)
            .init(Init { forget_bias: forget_bias.map(Into::into), ..Init::default() }),
        input: LIVELY,
    };
    let mut cases = RADII.map(|radius| tanh(radius, "", FAINT)).to_vec();
    // Where the states grow until tanh bends them back, its slope takes from the gradient what the radius gives.
    cases.push(tanh(1.5, ", saturating", LIVELY));
    cases.push(gated("LSTM, forget bias 1", RecurrentSpec::lstm(hidden), Some(1.0)));
    cases.push(gated("LSTM, forget bias 5", RecurrentSpec::lstm(hidden), Some(5.0)));
    cases.push(gated("GRU", RecurrentSpec::gru(hidden), None));
    cases
}

/// `h_t = ρ Q h_{t−1} + W x_t` with an orthogonal `Q`.
pub fn linear(radius: f64, hidden: usize) -> Case {
    let init = Init { recurrent: Scheme::Orthogonal { gain: radius }, ..Init::default() };
    elman(format!("linear, ρ = {radius}"), Activation::Identity, hidden, init, LIVELY)
}

fn elman(name: String, activation: Activation, hidden: usize, init: Init, input: f64) -> Case {
    let layer = RecurrentSpec::elman(hidden, activation).bias(Bias::Input);
    let config = Config::features(FEATURES).recurrent(layer).init(init);
    Case { name, config, input }
}

/// `‖∂L/∂h_t‖` when `L = v · h_T` with a random unit vector `v`, over `steps` steps of random input.
pub fn measure(case: &Case, steps: usize, seed: u64) -> Result<Measured> {
    let network = Network::<f64, Naive>::with_backend(&case.config, seed, Naive)?;
    let mut rng = Rng::seed(!seed);
    let x: Vec<f64> = (0..steps * FEATURES).map(|_| case.input * rng.normal()).collect();
    let batch = Batch::features(&x, [steps, 1, FEATURES])?;
    let mut workspace = Workspace::new();
    workspace.record_traces(true);
    // A gradient that explodes beyond every number is a result here.
    workspace.on_non_finite(NonFinite::Allow);
    network.forward(&mut workspace, &batch, &mut network.state(1)?)?;

    let mut d_state = network.state(1)?;
    {
        let (mut v, _) = d_state.layer_mut(0, Direction::Forward)?;
        let v = v.row_mut(0);
        v.iter_mut().for_each(|v| *v = rng.normal());
        let size = v.iter().map(|v| v * v).sum::<f64>().sqrt();
        v.iter_mut().for_each(|v| *v /= size);
    }
    let cotangents = Cotangents { output: None, state: Some(&d_state) };
    network.backward(&mut workspace, cotangents, &mut network.gradients()?)?;
    let flow = GradientFlow::of(workspace.trace(0, Direction::Forward)?, Direction::Forward)?;
    let conditions = conditions(&network)?;
    Ok(Measured { name: case.name.clone(), norms: flow.norms().to_vec(), conditions })
}

/// The conditions of a network that they are about.
fn conditions(network: &Network<f64, Naive>) -> Result<Option<Conditions>> {
    match network.conditions(0, Direction::Forward) {
        Err(Error::Kind { .. }) => Ok(None),
        found => found.map(Some),
    }
}

/// `ρ^{T−t}`: what a linear network with `W_hh = ρ Q` makes of a unit gradient.
pub fn closed_form(radius: f64, steps: usize) -> Vec<f64> {
    let mut powers: Vec<f64> = std::iter::successors(Some(1.0), |power| Some(power * radius)).take(steps + 1).collect();
    powers.reverse();
    powers
}

/// `max_t |measured_t / expected_t − 1|`.
pub fn largest_deviation(measured: &[f64], expected: &[f64]) -> f64 {
    measured.iter().zip(expected).map(|(found, expected)| (found / expected - 1.0).abs()).fold(0.0, f64::max)
}
