//! The network of nnnoiseless, from its file of bytes: three GRUs of relu candidates whose reset gates are before the product.
//!
//! ```text
//! a = tanh(W x)   v = GRU(a)   n = GRU([a, v, x])   d = GRU([v, n, x])   gains = σ(W d)   vad = σ(W v)
//! layer:  inputs, units, activation (0 tanh, 1 σ, 2 relu) | W [inputs, units] | for a GRU U [units, 3·units] | b      each a byte
//! ```
//! Weights are bytes over 256, which f32 has exactly. A GRU's columns are z r n.

use crate::models::Any;
use recurrent::cells::CellSpec;
use recurrent::graph::{Builder, Graph, Kind, Layout, Op, Recurrent, Tensor, Value};
use recurrent::interop::orders::{Gates, Library};
use recurrent::kernels::cells::Nonlinearity;
use recurrent::network::{Config, Network, RecurrentSpec};
use recurrent::{Bias, Error, GruReset, Result};
use std::sync::Arc;

/// The states, in the order of the layers.
pub const STATES: [&str; 3] = ["vad_state", "noise_state", "denoise_state"];
/// Features of a frame.
const FEATURES: usize = 42;

/// A graph of any number of frames `x [T, 1, 42]` and the three states; gives `gains`, `vad` and the last states.
pub fn graph(path: &str, backend: Arc<Any>) -> Result<Graph<Any>> {
    let bytes = std::fs::read(path).map_err(|error| Error::io("reading", path, error))?;
    let mut file = File { left: &bytes };
    let mut builder = Builder::<Any>::new(backend);
    let b = &mut builder;
    let x = b.input("x", Kind::F32, [None, Some(1), Some(FEATURES)])?;
    let (a, _) = file.dense(b, x)?;
    let (v, vad_units) = file.gru(b, STATES[0], a)?;
    let all = b.add(Op::Concat { axis: 2 }, [a, v, x])?;
    let (n, _) = file.gru(b, STATES[1], all)?;
    let all = b.add(Op::Concat { axis: 2 }, [v, n, x])?;
    let (d, _) = file.gru(b, STATES[2], all)?;
    let (gains, _) = file.dense(b, d)?;
    let (vad, inputs) = file.dense(b, v)?;
    if inputs != vad_units || !file.left.is_empty() {
        return Err(Error::format(path, "six layers", format!("{} bytes behind them", file.left.len())));
    }
    builder.output("gains", gains)?;
    builder.output("vad", vad)?;
    builder.build()
}

struct File<'a> {
    left: &'a [u8],
}

impl File<'_> {
    fn take(&mut self, len: usize) -> Result<Vec<f32>> {
        let Some((taken, left)) = self.left.split_at_checked(len) else {
            return Err(Error::format("weights of nnnoiseless", format!("{len} bytes more"), self.left.len()));
        };
        self.left = left;
        Ok(taken.iter().map(|&byte| f32::from(byte.cast_signed())).collect())
    }

    /// Inputs, units and activation.
    fn head(&mut self) -> Result<(usize, usize, Nonlinearity)> {
        let Some((&[inputs, units, activation], left)) = self.left.split_first_chunk() else {
            return Err(Error::format("weights of nnnoiseless", "a layer", "the end"));
        };
        self.left = left;
        let activation = match activation {
            0 => Nonlinearity::Tanh,
            1 => Nonlinearity::Sigmoid,
            2 => Nonlinearity::Relu,
            other => return Err(Error::format("weights of nnnoiseless", "activation 0, 1 or 2", other)),
        };
        Ok((usize::from(inputs), usize::from(units), activation))
    }

    fn weights(&mut self, len: usize) -> Result<Vec<f32>> {
        Ok(self.take(len)?.into_iter().map(|byte| byte / 256.0).collect())
    }

    fn dense(&mut self, b: &mut Builder<Any>, x: Value) -> Result<(Value, usize)> {
        let (inputs, units, activation) = self.head()?;
        let kernel = b.constant(Tensor::f32(&[inputs, units], self.weights(inputs * units)?)?)?;
        let bias = b.constant(Tensor::f32(&[units], self.weights(units)?)?)?;
        let product = b.add(Op::MatMul, [x, kernel])?;
        let sum = b.add(Op::Add, [product, bias])?;
        let op = match activation {
            Nonlinearity::Tanh => Op::Tanh,
            Nonlinearity::Sigmoid => Op::Sigmoid,
            _ => Op::Relu,
        };
        Ok((b.add(op, [sum])?, inputs))
    }

    fn gru(&mut self, b: &mut Builder<Any>, name: &str, x: Value) -> Result<(Value, usize)> {
        let (inputs, units, candidate) = self.head()?;
        let candidate = serde_json::to_value(candidate).map_err(Error::application)?;
        let cell = CellSpec::gru(GruReset::Before).with("candidate", candidate);
        let layer = RecurrentSpec::new(cell, units).bias(Bias::Input).named("");
        let config = Config::features(inputs).recurrent(layer);
        let mut network = Network::<f32, Any>::with_backend(&config, 1, b.backend().clone())?;
        let order = Library::Keras.order(Gates::Gru);
        let (w, u) = (self.weights(3 * units * inputs)?, self.weights(3 * units * units)?);
        let bias = self.weights(3 * units)?;
        network.update(|parameters| -> Result<()> {
            let mut put = |name: &str, from: &[f32], is_bias: bool| {
                let to = parameters.get_mut(name).ok_or_else(|| Error::application(format!("no {name}")))?;
                if is_bias { order.bias(from, to, units) } else { order.matrix(from, to, units) }
            };
            put("weight_ih_l0", &w, false)?;
            put("weight_hh_l0", &u, false)?;
            put("bias_ih_l0", &bias, true)
        })?;
        let initial = b.input(name, Kind::F32, [Some(1), Some(1), Some(units)])?;
        let node = Op::Recurrent(Box::new(Recurrent::new(Arc::new(network), Layout::TimeMajor)?));
        let outputs = b.add_named(name, node, &[Some(x), None, Some(initial)])?;
        b.output(format!("{name}_last"), outputs[1])?;
        Ok((b.add(Op::Squeeze { axes: vec![1] }, [outputs[0]])?, units))
    }
}
