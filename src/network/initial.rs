//! Walks over the parameters of a network and draws each of them.

use super::Parameters;
use super::plan::{Dense, Plan, Recurrent, Stage, Way};
use crate::error::{Error, Result};
use crate::init::{BiasScheme, ForgetBias, Init, Matrix, Place, Task, Torch, chrono, draw, follows, start};
use crate::memory::zeros;
use crate::number::in_type;
use crate::rng::Rng;
use rnn_kernels::{Factor, Form, Name, ParamBlock, Product, Scalar, Slot, Spec};
use std::iter;

/// Draws every parameter, in the order of the flat buffer.
pub(super) fn draw_all<T: Scalar>(
    init: &Init,
    plan: &Plan<T>,
    parameters: &mut Parameters<T>,
    rng: &mut Rng,
) -> Result<()> {
    // What is finite in `f64` need not be in `T`.
    match init.forget_bias {
        Some(ForgetBias::Value(forget)) if !T::from_f64(forget).is_finite() => {
            return Err(Error::config("init.forget_bias", format!("a finite number {}", of::<T>()), forget));
        }
        Some(ForgetBias::Chrono(steps)) => {
            let fault = |found| Error::config("init.forget_bias, chrono", "a finite number of steps, 2 or more", found);
            in_type::<T>(steps, |steps| steps.is_finite() && steps >= 2.0).map_err(fault)?;
        }
        _ => {}
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
            Stage::LastStep { .. } | Stage::FinalStates { .. } | Stage::Merge { .. } | Stage::Dropout { .. } => {}
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
    let (default, form, cell) = (Torch::uniform(h), layer.spec.cell().form(), layer.cell.name());
    for block in layer.spec.blocks() {
        if let Some((of, begin)) = follows(cell, &block.name) {
            // A vector before this one, drawn already.
            let first = layer.spec.blocks().iter().find(|other| other.name == of);
            let pairs = first.into_iter().flat_map(|first| block.range.clone().zip(first.range.clone()));
            pairs.for_each(|(to, from)| flat[to] = T::from_f64(begin(flat[from].to_f64())));
            continue;
        }
        let values = &mut flat[block.range.clone()];
        if block.is_vector {
            let is_bias = form.matrices.iter().any(|matrix| matrix.bias.as_ref() == Some(&block.name));
            if !is_bias && start(cell, &block.name, 0, 0.0).is_some() {
                let of_unit = (block.rows / h).max(1);
                for (at, value) in values.iter_mut().enumerate() {
                    let first = start(cell, &block.name, at % of_unit, rng.uniform());
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
        for rows in rows_of_gates(&layer.spec, block) {
            let (gate, rest) = left.split_at_mut(rows * block.cols);
            draw(scheme, default, Matrix::new(what, gate, rows, block.cols), rng)?;
            left = rest;
        }
    }
    match init.forget_bias {
        Some(ForgetBias::Value(forget)) => {
            set_gate(&layer.spec, flat, "f", |_| T::from_f64(forget));
            Ok(())
        }
        Some(ForgetBias::Chrono(steps)) => set_chrono(layer, steps, flat, rng),
        None => Ok(()),
    }
}

/// How many rows of a matrix belong to each of its gates, or to each head of a gate of a block-diagonal matrix.
fn rows_of_gates<T: Scalar>(spec: &Spec<T>, matrix: &ParamBlock) -> Vec<usize> {
    let form = spec.cell().form();
    let gates = form.stages.iter().zip(&spec.plan().stages).flat_map(|(stage, planned)| {
        let products = stage.products.iter().filter(|product| is_with(form, product, &matrix.name));
        products.flat_map(move |product| {
            let gates = product.into.as_ref().map_or(stage.gates.len(), Vec::len);
            let heads = match product.factor {
                Factor::Heads { columns, .. } => width_of(spec, product.of) / columns,
                _ => 1,
            };
            iter::repeat_n(planned.width / heads, gates * heads)
        })
    });
    gates.collect()
}

/// The width of what a product multiplies.
fn width_of<T: Scalar>(spec: &Spec<T>, slot: Slot) -> usize {
    let plan = spec.plan();
    match slot {
        Slot::X => spec.size().input,
        Slot::Old(k) | Slot::New(k) => plan.states[k],
        Slot::Value(v) => plan.values[v],
        Slot::Mask(m) => plan.masks[m],
    }
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

/// `Σ b = value(u)` over the biases of unit `u` of each gate of this name; whether there are any.
fn set_gate<T: Scalar>(spec: &Spec<T>, flat: &mut [T], gate: &str, value: impl Fn(usize) -> T) -> bool {
    let (form, mut found) = (spec.cell().form(), false);
    for (stage, planned) in form.stages.iter().zip(&spec.plan().stages) {
        for at in (0..stage.gates.len()).filter(|&at| stage.gates[at] == gate) {
            let first = planned.cols.start + at * planned.width;
            // A gate of heads has a group for each head; one of fixed maps alone has none.
            for group in &spec.plan().groups {
                let (from, to) = (group.cols.start.max(first), group.cols.end.min(first + planned.width));
                let biases = group.terms.iter().filter_map(|term| term.bias.as_ref()).filter(|_| from < to);
                for (k, bias) in biases.enumerate() {
                    let units =
                        flat[bias.start + from - group.cols.start..][..to - from].iter_mut().zip(from - first..);
                    units.for_each(|(bias, unit)| *bias = if k == 0 { value(unit) } else { T::ZERO });
                    found = true;
                }
            }
        }
    }
    found
}

/// `± ln u` for every bias that says how long the cell keeps its state, `u` from `U(1, steps − 1)` for each unit.
fn set_chrono<T: Scalar>(layer: &Recurrent<T>, steps: f64, flat: &mut [T], rng: &mut Rng) -> Result<()> {
    let fault = |why: &str| {
        let found = format!("cell `{}` in layer {}: {why}", layer.cell.name(), layer.label);
        Error::config("init.forget_bias, chrono", "a cell with a gate σ(b) that keeps its state", found)
    };
    let (biases, h) = (chrono(&layer.cell).map_err(fault)?, layer.spec.size().hidden);
    let mut drawn = zeros::<f64>("init.forget_bias", h)?;
    drawn.fill_with(|| Scalar::ln(1.0 + (steps - 2.0) * rng.uniform()));
    for &(place, task) in biases {
        let value = |unit: usize| T::from_f64(if task == Task::Keeps { drawn[unit] } else { -drawn[unit] });
        let found = match place {
            Place::Gate(gate) => set_gate(&layer.spec, flat, gate, value),
            Place::Vector(names, at) => {
                let mut blocks = names.iter().filter_map(|name| layer.spec.blocks().iter().find(|b| b.name == *name));
                let found = blocks.next().map(|block| &mut flat[block.range.clone()][at * h..][..h]);
                found.map(|units| units.iter_mut().enumerate().for_each(|(unit, bias)| *bias = value(unit))).is_some()
            }
        };
        if !found {
            return Err(fault("it has no biases"));
        }
    }
    Ok(())
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
