//! `h_t = (1 − α) h_{t−1} + α tanh(W_in [1, x_t] + W h_{t−1})`: a fixed, sparse, random recurrent layer of leaky units.

use super::EchoStateConfig;
use crate::error::{Error, Result, checked_product};
use crate::gradient_flow::spectral_radius;
use crate::memory::{reserve, zeros};
use crate::rng::Rng;
use rnn_kernels::{MatRef, Scalar};

/// The weights, which are drawn once and not trained.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reservoir {
    inputs: usize,
    units: usize,
    leak: f64,
    /// `[H, 1 + K]`.
    w_in: Vec<f64>,
    /// `[H, connections]`: which units each unit sees, and how much.
    from: Vec<usize>,
    w: Vec<f64>,
    connections: usize,
}

impl Reservoir {
    /// `W` has `connections` weights in every row, at places drawn without repetition, from `U(−1, 1)` and then scaled to the spectral
    /// radius; `W_in` is from `U(−s, s)`, its first column, the biases, from `U(−b, b)`.
    pub fn draw(config: &EchoStateConfig) -> Result<Self> {
        let EchoStateConfig { inputs, units, connections, spectral_radius: radius, .. } = *config;
        let mut rng = Rng::seed(config.seed);
        let uniform = |rng: &mut Rng| 2.0 * rng.uniform() - 1.0;
        let mut w_in = zeros("reservoir", checked_product("reservoir", &[units, inputs.saturating_add(1)])?)?;
        for (k, w) in w_in.iter_mut().enumerate() {
            let scale = if k % (1 + inputs) == 0 { config.bias_scale } else { config.input_scale };
            *w = scale * uniform(&mut rng);
        }
        let count = checked_product("reservoir", &[units, connections])?;
        let (mut from, mut w) = (Vec::new(), zeros("reservoir", count)?);
        let (mut order, mut dense) = (Vec::new(), zeros("reservoir", checked_product("reservoir", &[units, units])?)?);
        reserve("reservoir", &mut from, count)?;
        reserve("reservoir", &mut order, units)?;
        order.extend(0..units);
        for i in 0..units {
            // The first of a shuffle, and no more of it.
            for k in 0..connections {
                order.swap(k, k + rng.below(units - k));
                from.push(order[k]);
                w[i * connections + k] = uniform(&mut rng);
                dense[i * units + order[k]] = w[i * connections + k];
            }
        }
        let found = spectral_radius(MatRef::new(&dense, units, units))?.value;
        let scale = radius / found;
        if radius > 0.0 && !scale.is_finite() {
            let expected = "weights with a spectral radius above 0; more connections have one";
            return Err(Error::config("echo_state.connections", expected, connections));
        }
        w.iter_mut().for_each(|w| *w *= if radius > 0.0 { scale } else { 0.0 });
        Ok(Self { inputs, units, leak: config.leak, w_in, from, w, connections })
    }

    /// One step of `h [H]`, in place; `pre [H]` is scratch.
    pub fn step(&self, x: &[f64], h: &mut [f64], pre: &mut [f64]) {
        for (i, pre) in pre.iter_mut().enumerate() {
            let row = &self.w_in[i * (1 + self.inputs)..][..1 + self.inputs];
            let places = i * self.connections..(i + 1) * self.connections;
            let of_input: f64 = row[1..].iter().zip(x).map(|(w, x)| w * x).sum();
            let of_units: f64 = self.from[places.clone()].iter().zip(&self.w[places]).map(|(&j, w)| w * h[j]).sum();
            *pre = row[0] + of_input + of_units;
        }
        for (h, pre) in h.iter_mut().zip(pre) {
            *h = (1.0 - self.leak) * *h + self.leak * Scalar::tanh(*pre);
        }
    }

    /// `W [H, H]`, row by row.
    pub fn dense(&self) -> Result<Vec<f64>> {
        let mut dense = zeros("reservoir", self.units * self.units)?;
        for (k, (&j, &w)) in self.from.iter().zip(&self.w).enumerate() {
            dense[k / self.connections * self.units + j] = w;
        }
        Ok(dense)
    }
}
