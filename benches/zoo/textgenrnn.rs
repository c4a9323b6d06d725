//! textgenrnn: symbols → two LSTMs on top of each other → all three side by side → their average with weights of their own → softmax.
//!
//! ```text
//! e = table[x]   h₁ = LSTM(e)   h₂ = LSTM(h₁)   s = [e, h₁, h₂]   y = softmax(W Σₜ softmaxₜ(s w)ₜ sₜ + b)
//! ```
//! The average is a layer of its own that the reader of Keras models does not know, and the file has weights alone; so they go into
//! networks by the names of their layers, and these into a graph. The `+ 1e-7` in the average's denominator is left out.

use crate::models::{Any, expect_whole};
use recurrent::graph::{Builder, Graph, Kind, Layout, Op, Recurrent, Tensor};
use recurrent::interop::{LoadOptions, Partial};
use recurrent::network::{Config, DenseSpec, EmbeddingSpec, Network, RecurrentSpec};
use recurrent::{Activation, Error, Result};
use std::sync::Arc;

/// A graph of `x [N, T]` symbols; gives `y [N, symbols]`.
pub fn graph(path: &str, [symbols, width, hidden]: [usize; 3], backend: Arc<Any>) -> Result<Graph<Any>> {
    let wide = width + 2 * hidden;
    let load = |config: Config, layers: &[&str]| -> Result<Network<f32, Any>> {
        let mut network = Network::<f32, Any>::with_backend(&config, 1, backend.clone())?;
        let options = LoadOptions { partial: Partial::Allow, ..LoadOptions::default() };
        let names = |name: &str| layers.contains(&name).then(|| name.to_string());
        let report = network.load_keras_weights(path, &options, names)?;
        expect_whole(&report.missing)?;
        Ok(network)
    };
    let numbers = |network: &Network<f32, Any>, name: &str, shape: &[usize]| -> Result<Tensor> {
        let numbers = network.parameters().get(name).ok_or_else(|| Error::application(format!("no {name}")))?;
        Tensor::f32(shape, numbers)
    };
    let dense = |units, bias, name: &str| DenseSpec { bias, ..DenseSpec::new(units, Activation::Identity).named(name) };
    let lstm = |name: &str| RecurrentSpec::lstm(hidden).named(name);
    // A table needs something that reads it.
    let table = Config::new(EmbeddingSpec::new(symbols, width).named("embedding")).recurrent(lstm("rnn_1"));
    let table = load(table, &["embedding", "rnn_1"])?;
    let attention = load(Config::features(wide).dense(dense(1, false, "attention")), &["attention"])?;
    let output = load(Config::features(wide).dense(dense(symbols, true, "output")), &["output"])?;

    let mut builder = Builder::<Any>::new(backend.clone());
    let b = &mut builder;
    let x = b.input("x", Kind::I64, [None::<usize>, None])?;
    let table = b.constant(numbers(&table, "embedding.weight", &[symbols, width])?)?;
    let mut below = b.add(Op::Gather { axis: 0 }, [table, x])?;
    let mut parts = vec![below];
    for (name, inputs) in [("rnn_1", width), ("rnn_2", hidden)] {
        let network = load(Config::features(inputs).recurrent(lstm(name)), &[name])?;
        let layer = Recurrent::new(Arc::new(network), Layout::BatchMajor)?;
        let all = b.add(Op::Recurrent(Box::new(layer)), [below])?;
        below = b.add(Op::Squeeze { axes: vec![2] }, [all])?;
        parts.push(below);
    }
    let all = b.add(Op::Concat { axis: 2 }, parts)?;
    let weights = b.constant(numbers(&attention, "attention.weight", &[wide, 1])?)?;
    let scores = b.add(Op::MatMul, [all, weights])?;
    let scores = b.add(Op::Transpose { permutation: vec![0, 2, 1] }, [scores])?;
    let shares = b.add(Op::Softmax { axis: -1, flatten: false }, [scores])?;
    let average = b.add(Op::MatMul, [shares, all])?;
    let average = b.add(Op::Squeeze { axes: vec![1] }, [average])?;
    let kernel = b.constant(numbers(&output, "output.weight", &[symbols, wide])?)?;
    let bias = b.constant(numbers(&output, "output.bias", &[symbols])?)?;
    let affine = Op::Gemm { alpha: 1.0, beta: 1.0, transpose_a: false, transpose_b: true };
    let logits = b.add(affine, [average, kernel, bias])?;
    let y = b.add(Op::Softmax { axis: -1, flatten: false }, [logits])?;
    builder.output("y", y)?;
    builder.build()
}
