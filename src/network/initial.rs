//! Walks over the parameters of a network and draws each of them.

use super::Parameters;
use super::plan::{Dense, Plan, Recurrent, Stage, Way};
use crate::error::{Error, Result};
use crate::init::{BiasScheme, Init, Matrix, Torch, draw, follows, start};
use crate::rng::Rng;
use rnn_kernels::{Form, Name, Product, Scalar, Slot, Spec};
use std::iter;

/// Draws every parameter, in the order of the flat buffer.
pub(super) fn draw_all<T: Scalar>(
    init: &Init,
    plan: &Plan<T>,
    parameters: &mut Parameters<T>,
    rng: &mut Rng,
) -> Result<()> {
    // What is finite in `f64` need not be in `T`.
    if let Some(forget) = init.forget_bias.filter(|&forget| !T::from_f64(forget).is_finite()) {
        return Err(Error::config("init.forget_bias", format!("a finite number {}", of::<T>()), forget));
    }
    for stage in &plan.stages {
        match stage {
            Stage::Embedding { table, symbols, width } => {
                let table = Matrix::new("init.embedding", &mut parameters[table.clone()], *symbols, *width);
                draw(init.embedding, Torch::Normal, table, rng)?;
            }
            Stage::Recurrent(layer) => {
                for way in &layer.ways {
                    recurrent(init, layer, way, parameters, rng)?;
                }
            }
            Stage::Dense(layer) => dense(init, layer, parameters, rng)?,
            Stage::LastStep { .. } => {}
        }
    }
    parameters.check_finite("").map_err(|error| match error {
        Error::NotFinite { what, found, .. } => {
            let at = format!("init{what}");
            Error::config(at, format!("a gain that gives finite numbers {}", of::<T>()), found)
        }
        other => other,
    })
}

fn of<T>() -> String {
    format!("of {} bits", 8 * size_of::<T>())
}

fn recurrent<T: Scalar>(
    init: &Init,
    layer: &Recurrent<T>,
    way: &Way,
    parameters: &mut Parameters<T>,
    rng: &mut Rng,
) -> Result<()> {
    let (h, flat) = (layer.spec.size().hidden, &mut parameters[way.params.clone()]);
    let (default, form) = (Torch::uniform(h), layer.spec.cell().form());
    for block in layer.spec.blocks() {
        if let Some((of, begin)) = follows(&layer.cell, &block.name) {
            // A vector before this one, drawn already.
            let first = layer.spec.blocks().iter().find(|other| other.name == of);
            let pairs = first.into_iter().flat_map(|first| block.range.clone().zip(first.range.clone()));
            pairs.for_each(|(to, from)| flat[to] = T::from_f64(begin(flat[from].to_f64())));
            continue;
        }
        let values = &mut flat[block.range.clone()];
        if block.is_vector {
            let is_bias = form.matrices.iter().any(|matrix| matrix.bias.as_ref() == Some(&block.name));
            if !is_bias && start(&layer.cell, &block.name, 0, 0.0).is_some() {
                let of_unit = (block.rows / h).max(1);
                for (at, value) in values.iter_mut().enumerate() {
                    let first = start(&layer.cell, &block.name, at % of_unit, rng.uniform());
                    *value = T::from_f64(first.unwrap_or_default());
                }
                continue;
            }
            bias(if is_bias { init.bias } else { BiasScheme::Pytorch }, default, values, rng);
            continue;
        }
        let (what, scheme) = match multiplies_input(form, &block.name) {
            true => ("init.input", init.input),
            false => ("init.recurrent", init.recurrent),
        };
        let mut left = values;
        for rows in rows_of_gates(&layer.spec, &block.name) {
            let (gate, rest) = left.split_at_mut(rows * block.cols);
            draw(scheme, default, Matrix::new(what, gate, rows, block.cols), rng)?;
            left = rest;
        }
    }
    if let Some(forget) = init.forget_bias {
        set_forget_bias(&layer.spec, flat, T::from_f64(forget));
    }
    Ok(())
}

/// How many rows of a matrix belong to each of its gates.
fn rows_of_gates<T>(spec: &Spec<T>, matrix: &Name) -> Vec<usize> {
    let form = spec.cell().form();
    let gates = form.stages.iter().zip(&spec.plan().stages).flat_map(|(stage, planned)| {
        let products = stage.products.iter().filter(|product| is_with(form, product, matrix));
        let count = products.map(|product| product.into.as_ref().map_or(stage.gates.len(), Vec::len)).sum();
        iter::repeat_n(planned.width, count)
    });
    gates.collect()
}

/// Whether the input is what a matrix is multiplied by.
fn multiplies_input(form: &Form, matrix: &Name) -> bool {
    let mut products = form.stages.iter().flat_map(|stage| &stage.products);
    products.any(|product| product.of == Slot::X && is_with(form, product, matrix))
}

/// Whether a product is with a matrix of this name.
fn is_with(form: &Form, product: &Product, matrix: &Name) -> bool {
    product.factor.matrix().is_some_and(|m| form.matrices[m].name == *matrix)
}

/// `Σ b = forget` over the biases of each gate called `f`; nothing without a bias.
fn set_forget_bias<T: Scalar>(spec: &Spec<T>, flat: &mut [T], forget: T) {
    let form = spec.cell().form();
    for (stage, planned) in form.stages.iter().zip(&spec.plan().stages) {
        for at in (0..stage.gates.len()).filter(|&at| stage.gates[at] == "f") {
            let first = planned.cols.start + at * planned.width;
            // A gate of heads has a group for each head; one of fixed maps alone has none.
            for group in &spec.plan().groups {
                let (from, to) = (group.cols.start.max(first), group.cols.end.min(first + planned.width));
                let biases = group.terms.iter().filter_map(|term| term.bias.as_ref()).filter(|_| from < to);
                for (bias, value) in biases.zip(iter::once(forget).chain(iter::repeat(T::ZERO))) {
                    flat[bias.start + from - group.cols.start..][..to - from].fill(value);
                }
            }
        }
    }
}

fn dense<T: Scalar>(init: &Init, layer: &Dense, parameters: &mut Parameters<T>, rng: &mut Rng) -> Result<()> {
    let default = Torch::uniform(layer.input);
    let weight = Matrix::new("init.dense", &mut parameters[layer.weight.clone()], layer.units, layer.input);
    draw(init.dense, default, weight, rng)?;
    bias(init.bias, default, &mut parameters[layer.bias.clone()], rng);
    Ok(())
}

fn bias<T: Scalar>(scheme: BiasScheme, default: Torch, values: &mut [T], rng: &mut Rng) {
    match scheme {
        BiasScheme::Pytorch => values.iter_mut().for_each(|value| *value = T::from_f64(default.draw(rng))),
        BiasScheme::Zero => values.fill(T::ZERO),
    }
}
