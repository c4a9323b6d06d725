//! Walks over the parameters of a network and draws each of them.

use super::Parameters;
use super::plan::{Dense, Plan, Recurrent, Stage, Way};
use crate::error::{Error, Result};
use crate::init::{BiasScheme, Init, Matrix, Torch, draw};
use crate::layer::Cell;
use crate::rng::Rng;
use rnn_kernels::{Bias, Scalar};

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
    let (h, flat) = (layer.cell.hidden(), &mut parameters[way.params.clone()]);
    let default = Torch::uniform(h);
    for block in layer.cell.layout().blocks() {
        let values = &mut flat[block.range()];
        if block.is_vector {
            bias(init.bias, default, values, rng);
            continue;
        }
        let (what, scheme) = match block.name {
            "weight_ih" => ("init.input", init.input),
            _ => ("init.recurrent", init.recurrent),
        };
        for gate in values.chunks_exact_mut(h * block.cols) {
            draw(scheme, default, Matrix::new(what, gate, h, block.cols), rng)?;
        }
    }
    if let (Cell::Lstm(_), Some(forget)) = (&layer.cell, init.forget_bias) {
        set_forget_bias(layer.cell.bias(), h, flat, T::from_f64(forget));
    }
    Ok(())
}

/// `b_ih + b_hh = forget` on the rows `f` of an LSTM; nothing without a bias.
fn set_forget_bias<T: Scalar>(bias: Bias, h: usize, flat: &mut [T], forget: T) {
    // The biases end the buffer, each of 4H rows i f g o.
    let rows = |bias: &mut [T], value: T| bias[h..2 * h].fill(value);
    let end = flat.len();
    match bias {
        Bias::Both => {
            rows(&mut flat[end - 8 * h..end - 4 * h], forget);
            rows(&mut flat[end - 4 * h..], T::ZERO);
        }
        Bias::Input => rows(&mut flat[end - 4 * h..], forget),
        Bias::None => {}
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
