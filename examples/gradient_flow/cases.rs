//! The networks compared, and what a backward pass through each of them does to a gradient.

use recurrent::gradient_flow::Conditions;
use recurrent::init::{BiasScheme, ForgetBias, Init, Scheme};
use recurrent::kernels::SeqRef;
use recurrent::network::{CellSpec, Config, Cotangents, Network, RecurrentSpec, State, Workspace};
use recurrent::optim::norm;
use recurrent::rng::Rng;
use recurrent::{Activation, Batch, Bias, Direction, Error, NonFinite, Result};
use rnn_backend_naive::Naive;

/// Spectral radii below, at and above the critical one.
pub const RADII: [f64; 3] = [0.9, 1.0, 1.1];
/// Standard deviation of an input so faint that tanh stays nearly linear, even after 200 steps of growth by 1.1.
const FAINT: f64 = 1e-10;

/// A network and its name.
#[derive(Clone, Debug)]
pub struct Case {
    pub name: String,
    pub config: Config,
    /// Features of the input, and their standard deviation.
    input: (usize, f64),
}

/// What became of a gradient.
#[derive(Clone, Debug)]
pub struct Measured {
    pub name: String,
    /// `‖∂L/∂s_t‖` for `t = 0 … T`, with `‖∂L/∂h_T‖ = 1`; `s` is all that a cell hands from step to step: `h`, `h` and `c`, ….
    pub norms: Vec<f64>,
    /// What theory says, for the cells it is about.
    pub conditions: Option<Conditions>,
}

/// Of this name: a layer of `hidden` units whose input is as wide and of deviation 1.
pub fn case(name: impl Into<String>, layer: RecurrentSpec, init: Init) -> Case {
    let features = layer.hidden;
    Case { name: name.into(), config: Config::features(features).recurrent(layer).init(init), input: (features, 1.0) }
}

/// Elman networks with tanh at the three radii near the origin, and one far above whose states grow until tanh bends them back: its slope
/// takes from the gradient what the radius gives.
pub fn radii(hidden: usize) -> Vec<Case> {
    let tanh = |radius: f64, what: &str, input: f64| {
        let init = Init { recurrent: Scheme::SpectralRadius { radius }, bias: BiasScheme::Zero, ..Init::default() };
        elman(format!("tanh, ρ = {radius}{what}"), Activation::Tanh, hidden, init, input)
    };
    let faint = RADII.map(|radius| tanh(radius, "", FAINT));
    faint.into_iter().chain([tanh(1.5, ", saturating", 0.1)]).collect()
}

/// LSTM whose forget gates keep three quarters of the state, and more than 0.99.
pub fn forget_biases(hidden: usize) -> Vec<Case> {
    let lstm =
        |bias: f64| case(format!("lstm, bias {bias}"), RecurrentSpec::lstm(hidden), Init::default().forget_bias(bias));
    vec![lstm(1.0), lstm(5.0)]
}

/// A cell whose units keep their state from 2 to 200 steps at first.
pub fn chrono(name: &str, hidden: usize) -> Case {
    let init = Init::default().forget_bias(ForgetBias::Chrono(200.0));
    case(format!("{name}, chrono"), RecurrentSpec::new(name, hidden), init)
}

/// `h_t = ρ Q h_{t−1} + W x_t` with an orthogonal `Q`.
pub fn linear(radius: f64, hidden: usize) -> Case {
    let init = Init { recurrent: Scheme::Orthogonal { gain: radius }, ..Init::default() };
    elman(format!("linear, {radius} Q"), Activation::Identity, hidden, init, 0.1)
}

/// A cell of the registry with initial weights as they are drawn, its heads narrow enough for so many units.
pub fn by_name(name: &str, hidden: usize) -> Case {
    let head = [16, 8, 4, 2].into_iter().find(|head| hidden.is_multiple_of(*head)).unwrap_or(1);
    let cell = CellSpec::new(name);
    let cell = match name {
        "mlstm" => cell.with("head", head),
        "gated_delta" => cell.with("key", head).with("value", head),
        _ => cell,
    };
    case(name, RecurrentSpec::new(cell, hidden), Init::default())
}

fn elman(name: String, activation: Activation, hidden: usize, init: Init, deviation: f64) -> Case {
    let layer = RecurrentSpec::elman(hidden, activation).bias(Bias::Input);
    Case { input: (4, deviation), config: Config::features(4).recurrent(layer).init(init), name }
}

/// `‖∂L/∂s_t‖` when `L = v · h_T` with a random unit vector `v`, over `steps` steps of random input.
///
/// Step by step, since the trace of a whole pass is that of `h` alone.
pub fn measure(case: &Case, steps: usize, seed: u64) -> Result<Measured> {
    let network = Network::<f64, Naive>::with_backend(&case.config, seed, Naive)?;
    let (mut rng, (features, deviation)) = (Rng::seed(!seed), case.input);
    let x: Vec<f64> = (0..steps * features).map(|_| deviation * rng.normal()).collect();
    let batch = Batch::features(&x, [steps, 1, features])?;
    let mut workspace = Workspace::new();
    // A gradient that explodes beyond every number is a result here.
    workspace.on_non_finite(NonFinite::Allow);
    let (mut states, mut state, mut width) = (vec![], network.state(1)?, 0);
    for t in 0..steps {
        states.push(state.clone());
        width = network.forward(&mut workspace, &batch.window(t, t + 1)?, &mut state)?.cols();
    }
    let mut v: Vec<f64> = (0..width).map(|_| rng.normal()).collect();
    let size = norm(v.iter().copied());
    v.iter_mut().for_each(|v| *v /= size);

    let mut gradients = network.gradients()?;
    let mut norms = vec![1.0];
    let mut d_state: Option<State<f64>> = None;
    for (t, before) in states.iter().enumerate().rev() {
        network.forward(&mut workspace, &batch.window(t, t + 1)?, &mut before.clone())?;
        let output = d_state.is_none().then(|| SeqRef::new(&v, 1, 1, width));
        network.backward(&mut workspace, Cotangents { output, state: d_state.as_ref() }, &mut gradients)?;
        let d = workspace.d_state()?;
        norms.push(norm(d.as_slice().iter().copied()));
        d_state = Some(d.clone());
    }
    norms.reverse();
    let conditions = conditions(&network)?;
    Ok(Measured { name: case.name.clone(), norms, conditions })
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
