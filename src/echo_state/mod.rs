//! `y_t = W_out [1, x_t, h_t]`: echo-state networks, of which the readout alone is trained, by linear regression.
//!
//! ```text
//! h_t = (1 − α) h_{t−1} + α tanh(W_in [1, x_t] + W h_{t−1})     drawn once: W sparse, with a given spectral radius
//! W_out = argmin Σ_{t > washout} ‖y_t − W_out [1, x_t, h_t]‖² + λ ‖W_out‖²
//! ```
//!
//! Jaeger 2001; leaky units Jaeger et al. 2007; advice on every setting in Lukoševičius 2012. Numbers are f64, since a regression by sums of
//! squares loses twice the digits of its condition. Everything follows from the configuration and its seed, with the same bits whatever features are on.
//!
//! ```
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::echo_state::{EchoState, EchoStateConfig, nrmse};
//!
//! // Go on with a sine from its own output alone.
//! let sine: Vec<f64> = (0..700).map(|t| (0.3 * f64::from(t)).sin()).collect();
//! let mut network = EchoState::new(&EchoStateConfig::new(1, 1, 60, 1))?;
//! network.fit(&[(&sine[..500], &sine[1..501])], 100, 1e-8)?;
//! let mut h = network.start();
//! let y = network.run(&mut h, &sine[..501])?;
//! let generated = network.generate(&mut h, &y[500..], 100)?;
//! assert!(nrmse(&generated, &sine[502..602], 1)? < 0.01);
//! # Ok(())
//! # }
//! ```

mod reservoir;
mod ridge;

pub use ridge::Ridge;

use crate::error::{Error, Result, check_len, checked_product};
use crate::finite::check_finite;
use crate::memory::{reserve, zeros};
use reservoir::Reservoir;
use rnn_kernels::Scalar;
use serde::{Deserialize, Serialize};

/// What an echo-state network is made of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EchoStateConfig {
    /// `K`, the width of `x`.
    pub inputs: usize,
    /// `O`, the width of `y`.
    pub outputs: usize,
    /// `H`, the number of units.
    pub units: usize,
    /// How many units each unit sees, from 1 to `H`.
    pub connections: usize,
    /// The largest modulus of an eigenvalue of `W`: how long echoes last. 0 is no recurrence.
    pub spectral_radius: f64,
    /// `α` in `(0, 1]`: which share of its state a unit renews at a step.
    pub leak: f64,
    /// Weights of the input are from `U(−s, s)`.
    pub input_scale: f64,
    /// Biases are from `U(−b, b)`. Without any, 0, a reservoir is an odd function of its input, which is better at repeating it.
    pub bias_scale: f64,
    /// What all weights are drawn from.
    pub seed: u64,
}

impl EchoStateConfig {
    /// 10 connections or as many as there are units, a spectral radius of 0.9, no leak, input weights and biases up to 1.
    #[must_use]
    pub fn new(inputs: usize, outputs: usize, units: usize, seed: u64) -> Self {
        let (connections, spectral_radius, leak) = (units.min(10), 0.9, 1.0);
        Self { inputs, outputs, units, connections, spectral_radius, leak, input_scale: 1.0, bias_scale: 1.0, seed }
    }

    fn check(&self) -> Result<()> {
        let fault = |name: &str, expected: &str, found: &dyn ToString| {
            Err(Error::config(format!("echo_state.{name}"), expected, found.to_string()))
        };
        let sizes = [("inputs", self.inputs), ("outputs", self.outputs), ("units", self.units)];
        for (name, size) in sizes {
            if size == 0 {
                return fault(name, "at least 1", &0);
            }
        }
        if self.connections == 0 || self.connections > self.units {
            return fault("connections", "from 1 to the number of units", &self.connections);
        }
        if !(self.leak > 0.0 && self.leak <= 1.0) {
            return fault("leak", "a number in (0, 1]", &self.leak);
        }
        let scales = [("spectral_radius", self.spectral_radius), ("input_scale", self.input_scale)];
        for (name, size) in scales.into_iter().chain([("bias_scale", self.bias_scale)]) {
            if !(size >= 0.0 && size.is_finite()) {
                return fault(name, "a finite number ≥ 0", &size);
            }
        }
        Ok(())
    }
}

/// An echo-state network; its readout is 0 until it is [fitted](Self::fit).
///
/// # Memory
///
/// `H (1 + K + 2 · connections) + O (1 + K + H)` numbers; while it is made, two matrices `H²` beside them, whose eigenvalues take about
/// `10 H³` operations.
#[derive(Clone, Debug, PartialEq)]
pub struct EchoState {
    config: EchoStateConfig,
    reservoir: Reservoir,
    /// `[O, 1 + K + H]`.
    readout: Vec<f64>,
}

impl EchoState {
    /// The network of a configuration.
    ///
    /// # Errors
    /// [`Error::Config`] if a setting is out of range, or the connections drawn have no cycle and so no spectral radius above 0;
    /// [`Error::Overflow`] or [`Error::Memory`] if it does not fit.
    pub fn new(config: &EchoStateConfig) -> Result<Self> {
        config.check()?;
        let reservoir = Reservoir::draw(config)?;
        let readout =
            zeros("readout", checked_product("readout", &[config.outputs, 1 + config.inputs + config.units])?)?;
        Ok(Self { config: *config, reservoir, readout })
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &EchoStateConfig {
        &self.config
    }

    /// `W [H, H]`, written out.
    ///
    /// # Errors
    /// [`Error::Memory`] if it does not fit.
    pub fn recurrent_weights(&self) -> Result<Vec<f64>> {
        self.reservoir.dense()
    }

    /// `W_out [O, 1 + K + H]`.
    #[must_use]
    pub fn readout(&self) -> &[f64] {
        &self.readout
    }

    /// `W_out = readout`, such as one that was kept with the configuration.
    ///
    /// # Errors
    /// [`Error::Len`] or [`Error::NotFinite`]; nothing is changed then.
    pub fn set_readout(&mut self, readout: &[f64]) -> Result<()> {
        check_len("readout [O, 1 + K + H]", self.readout.len(), readout.len())?;
        check_finite("readout", readout)?;
        self.readout.copy_from_slice(readout);
        Ok(())
    }

    /// `h_0 = 0`.
    #[must_use]
    pub fn start(&self) -> Vec<f64> {
        vec![0.0; self.config.units]
    }

    /// The readout of some examples `x [T, K]`, `y [T, O]`, each from `h_0 = 0`; its first `washout` steps, which still depend on where it
    /// began, do not count. `λ` is the weight of the readout's squares, [`Ridge`].
    ///
    /// # Errors
    /// [`Error::Len`], [`Error::Shape`] or [`Error::NotFinite`] if an example does not fit or has a number that is not finite; those of
    /// [`Ridge::solve`]. The readout is unchanged then.
    pub fn fit(&mut self, examples: &[(&[f64], &[f64])], washout: usize, lambda: f64) -> Result<()> {
        let EchoStateConfig { inputs, outputs, .. } = self.config;
        let mut sums = Ridge::new(1 + inputs + self.config.units, outputs)?;
        let mut seen = Seen::new(self)?;
        for (k, (x, y)) in examples.iter().enumerate() {
            let steps = self.check_input(&format!("x of example {k} [T, K]"), x)?;
            check_len(&format!("y of example {k} [T, O]"), checked_product("y [T, O]", &[steps, outputs])?, y.len())?;
            check_finite(&format!("y of example {k}"), y)?;
            let mut h = self.start();
            for (t, (x, y)) in x.chunks_exact(inputs).zip(y.chunks_exact(outputs)).enumerate() {
                seen.step(&self.reservoir, x, &mut h);
                if t >= washout {
                    sums.add(&seen.z, y)?;
                }
            }
        }
        let readout = sums.solve(lambda)?;
        check_finite("readout", &readout)?;
        self.readout = readout;
        Ok(())
    }

    /// `y [T, O]` of `x [T, K]`; the state `h [H]` moves in place.
    ///
    /// # Errors
    /// [`Error::Len`] or [`Error::NotFinite`] if input or state do not fit; [`Error::Memory`] if the outputs do not.
    pub fn run(&self, h: &mut [f64], x: &[f64]) -> Result<Vec<f64>> {
        let steps = self.check_input("x [T, K]", x)?;
        self.check_state(h)?;
        let (mut seen, mut y) = (Seen::new(self)?, Vec::new());
        reserve("outputs", &mut y, checked_product("outputs", &[steps, self.config.outputs])?)?;
        for x in x.chunks_exact(self.config.inputs) {
            seen.step(&self.reservoir, x, h);
            y.extend(self.read(&seen.z));
        }
        Ok(y)
    }

    /// `steps` outputs `[steps, O]`, each the input of the next step: the first is that of `x [K]`. The state moves in place.
    ///
    /// # Errors
    /// [`Error::Kind`] unless outputs are as wide as inputs; [`Error::NotFinite`] if an output is not finite; those of [`run`](Self::run).
    pub fn generate(&self, h: &mut [f64], x: &[f64], steps: usize) -> Result<Vec<f64>> {
        let EchoStateConfig { inputs, outputs, .. } = self.config;
        if inputs != outputs {
            let found = format!("{outputs} outputs and {inputs} inputs");
            return Err(Error::kind("generate", "outputs as wide as inputs", found));
        }
        check_len("x [K]", inputs, x.len())?;
        check_finite("x [K]", x)?;
        self.check_state(h)?;
        let (mut seen, mut y) = (Seen::new(self)?, Vec::new());
        reserve("outputs", &mut y, checked_product("outputs", &[steps, outputs])?)?;
        for t in 0..steps {
            let before = if t == 0 { x } else { &y[(t - 1) * outputs..] };
            seen.step(&self.reservoir, before, h);
            y.extend(self.read(&seen.z));
            check_finite("outputs", &y[t * outputs..])?;
        }
        Ok(y)
    }

    fn read<'a>(&'a self, z: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        self.readout.chunks_exact(z.len()).map(move |row| row.iter().zip(z).map(|(w, z)| w * z).sum())
    }

    /// `T`.
    fn check_input(&self, what: &str, x: &[f64]) -> Result<usize> {
        let steps = x.len() / self.config.inputs;
        check_len(what, steps * self.config.inputs, x.len())?;
        check_finite(what, x)?;
        Ok(steps)
    }

    fn check_state(&self, h: &[f64]) -> Result<()> {
        check_len("state [H]", self.config.units, h.len())?;
        check_finite("state", h)
    }
}

/// What the readout sees, `z = [1, x, h]`, and scratch.
#[derive(Debug)]
struct Seen {
    z: Vec<f64>,
    pre: Vec<f64>,
}

impl Seen {
    fn new(network: &EchoState) -> Result<Self> {
        let EchoStateConfig { inputs, units, .. } = network.config;
        Ok(Self { z: zeros("readout", 1 + inputs + units)?, pre: zeros("reservoir", units)? })
    }

    fn step(&mut self, reservoir: &Reservoir, x: &[f64], h: &mut [f64]) {
        reservoir.step(x, h, &mut self.pre);
        self.z[0] = 1.0;
        self.z[1..=x.len()].copy_from_slice(x);
        self.z[1 + x.len()..].copy_from_slice(h);
    }
}

/// `√(Σ (y − t)² / Σ (t − t̄)²)` over `[T, O]`, `t̄` the mean of each output: 0 is perfect, 1 as good as the mean.
///
/// # Errors
/// [`Error::Len`] if the lengths differ or are no multiple of `O`, [`Error::Range`] if no target varies.
pub fn nrmse(y: &[f64], targets: &[f64], outputs: usize) -> Result<f64> {
    check_len("nrmse: y", targets.len(), y.len())?;
    let steps = targets.len().checked_div(outputs).unwrap_or(0);
    check_len("nrmse: targets [T, O]", steps * outputs, targets.len())?;
    let (mut error, mut spread) = (0.0, 0.0);
    for o in 0..outputs {
        let at = |data: &'_ [f64]| data.iter().skip(o).step_by(outputs).copied().collect::<Vec<_>>();
        let (y, t) = (at(y), at(targets));
        #[allow(clippy::cast_precision_loss)] // no series has 2⁵³ steps
        let mean = t.iter().sum::<f64>() / steps as f64;
        error += y.iter().zip(&t).map(|(y, t)| (y - t) * (y - t)).sum::<f64>();
        spread += t.iter().map(|t| (t - mean) * (t - mean)).sum::<f64>();
    }
    match spread > 0.0 {
        true => Ok(Scalar::sqrt(error / spread)),
        false => Err(Error::range("nrmse: spread of the targets", "above 0", spread)),
    }
}
