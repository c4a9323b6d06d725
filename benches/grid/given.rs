//! Layers that come with all their numbers on the standard input, a line of JSON each, answered with their hidden states:
//! what `benches/peers/accuracy.py` asks every library for. Weights and biases are in PyTorch's layout.

use crate::selection::Selection;
use crate::side_by_side::{Cell, Mode, Number, Problem};
use clap::ValueEnum;
use rnn_kernels::Backend;
use serde::Deserialize;
use serde_json::json;
use std::io::{self, Write};

#[derive(Deserialize)]
struct Request {
    layer: Layer,
}

#[derive(Deserialize)]
struct Layer {
    setting: Setting,
    w_ih: Vec<f32>,
    w_hh: Vec<f32>,
    b_ih: Vec<f32>,
    b_hh: Vec<f32>,
    x: Vec<f32>,
    h_0: Vec<f32>,
    c_0: Vec<f32>,
}

#[derive(Deserialize)]
struct Setting {
    cell: String,
    #[serde(rename = "T")]
    t: usize,
    #[serde(rename = "B")]
    n: usize,
    #[serde(rename = "I")]
    c: usize,
    #[serde(rename = "H")]
    h: usize,
}

/// Answers until the input ends, on one thread, in f32.
pub fn answer(selection: &Selection) -> io::Result<()> {
    let backend = f32::backend(selection.backend, 1, selection.isa, selection.accuracy);
    let backend = backend.ok_or(io::Error::other("the backend cannot be had"))?;
    let mut answers = io::stdout();
    writeln!(answers, "{}", json!({ "version": env!("CARGO_PKG_VERSION") }))?;
    for line in io::stdin().lines() {
        let Request { layer } = serde_json::from_str(&line?)?;
        writeln!(answers, "{}", json!({ "h": hidden(&*backend, &layer)? }))?;
        answers.flush()?;
    }
    Ok(())
}

fn hidden(backend: &dyn Backend<f32>, layer: &Layer) -> io::Result<Vec<f64>> {
    let Setting { cell, t, n, c, h } = &layer.setting;
    let cell = Cell::from_str(cell, true).map_err(io::Error::other)?;
    let mut states = layer.h_0.clone();
    states.extend((cell == Cell::Lstm).then_some(&layer.c_0).into_iter().flatten());
    let params = [&layer.w_ih[..], &layer.w_hh, &layer.b_ih, &layer.b_hh].concat();
    let mut problem = Problem::new(backend, cell, [*t, *n, *c, *h]);
    problem.set(&params, &layer.x, &states);
    problem.run(Mode::Infer);
    Ok(problem.y().iter().copied().map(f64::from).collect())
}
