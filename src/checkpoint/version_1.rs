//! The payload of version 1: the fields in their order, each as bincode 2 writes it, without names or lengths.
//!
//! Only read, never written. What the fields *are* is fixed here, but the parts of `Config`, `Rule`, `Schedule` and `Rng` are
//! decoded as they are today: when one of them changes in serde's eyes, this file needs a copy of what it was.

use super::compact::Compact;
use super::{Checkpoint, CheckpointFault as Fault, Stored};
use crate::init::{BiasScheme, Init, Scheme};
use crate::network::{
    CellSpec, Config, DenseSpec, Directions, HeadSpec, InputSpec, LayerSpec, Objective, Readout, RecurrentSpec,
};
use crate::optim::{Adam, Optimiser, RmsProp, Rule, Sgd};
use rnn_kernels::Bias;
use serde::Deserialize;
use serde::de::DeserializeOwned;

const PART: &str = "the payload";
/// No rule had more.
const MOMENTS: u64 = 2;

/// The configuration of that time.
#[derive(Deserialize)]
struct OfVersion1 {
    input: InputSpec,
    layers: Vec<LayerOfVersion1>,
    readout: ReadoutOfVersion1,
    head: Option<HeadOfVersion1>,
    init: InitOfVersion1,
}

/// No final states.
#[derive(Deserialize)]
enum ReadoutOfVersion1 {
    EveryStep,
    LastStep,
}

/// The loss had no options.
#[derive(Deserialize)]
struct HeadOfVersion1 {
    units: usize,
    objective: Objective,
    bias: bool,
    name: Option<String>,
}

#[derive(Deserialize)]
enum LayerOfVersion1 {
    Recurrent(RecurrentOfVersion1),
    Dense(DenseSpec),
}

/// There was no dropout.
#[derive(Deserialize)]
struct RecurrentOfVersion1 {
    cell: CellSpec,
    hidden: usize,
    layers: usize,
    directions: Directions,
    bias: Bias,
    name: Option<String>,
}

/// A forget bias was a number.
#[derive(Deserialize)]
struct InitOfVersion1 {
    input: Scheme,
    recurrent: Scheme,
    dense: Scheme,
    embedding: Scheme,
    bias: BiasScheme,
    forget_bias: Option<f64>,
}

impl From<OfVersion1> for Config {
    fn from(OfVersion1 { input, layers, readout, head, init }: OfVersion1) -> Self {
        let head = head.map(|HeadOfVersion1 { units, objective, bias, name }| HeadSpec {
            bias,
            name,
            ..HeadSpec::new(units, objective)
        });
        let readout = match readout {
            ReadoutOfVersion1::EveryStep => Readout::EveryStep,
            ReadoutOfVersion1::LastStep => Readout::LastStep,
        };
        Self { input, layers: layers.into_iter().map(LayerSpec::from).collect(), readout, head, init: init.into() }
    }
}

impl From<LayerOfVersion1> for LayerSpec {
    fn from(layer: LayerOfVersion1) -> Self {
        match layer {
            LayerOfVersion1::Dense(spec) => LayerSpec::Dense(spec),
            LayerOfVersion1::Recurrent(RecurrentOfVersion1 { cell, hidden, layers, directions, bias, name }) => {
                let spec = RecurrentSpec::new(cell, hidden);
                LayerSpec::Recurrent(RecurrentSpec { layers, directions, bias, name, ..spec })
            }
        }
    }
}

impl From<InitOfVersion1> for Init {
    fn from(init: InitOfVersion1) -> Self {
        let InitOfVersion1 { input, recurrent, dense, embedding, bias, forget_bias } = init;
        Self { input, recurrent, dense, embedding, bias, forget_bias: forget_bias.map(Into::into) }
    }
}

/// The rules of that time.
#[derive(Deserialize)]
enum RuleOfVersion1 {
    Sgd(Sgd),
    RmsProp(RmsPropOfVersion1),
    Adam(Adam),
}

/// None was centred.
#[derive(Deserialize)]
struct RmsPropOfVersion1 {
    smoothing: f64,
    epsilon: f64,
    momentum: f64,
    weight_decay: f64,
}

impl From<RuleOfVersion1> for Rule {
    fn from(rule: RuleOfVersion1) -> Self {
        match rule {
            RuleOfVersion1::Sgd(rule) => Rule::Sgd(rule),
            RuleOfVersion1::Adam(rule) => Rule::Adam(rule),
            RuleOfVersion1::RmsProp(RmsPropOfVersion1 { smoothing, epsilon, momentum, weight_decay }) => {
                Rule::RmsProp(RmsProp { smoothing, epsilon, momentum, weight_decay, centred: false })
            }
        }
    }
}

/// The first two fields, which are what a network is.
pub(super) fn network<T: Stored>(payload: &[u8]) -> Result<(Config, Vec<T>), Fault> {
    let mut from = Compact::new(PART, payload);
    Ok((from.value::<OfVersion1>()?.into(), from.numbers()?))
}

pub(super) fn decode<T: Stored, A: DeserializeOwned>(payload: &[u8]) -> Result<Checkpoint<T, A>, Fault> {
    let mut from = Compact::new(PART, payload);
    let config = from.value::<OfVersion1>()?.into();
    let parameters = from.numbers()?;
    let (rule, steps, params) = (from.value::<RuleOfVersion1>()?.into(), from.value()?, from.value()?);
    let count: u64 = from.value()?;
    if count > MOMENTS {
        let found = format!("{count} moments where rules have at most {MOMENTS}");
        return Err(Fault::Malformed { part: PART.into(), found });
    }
    let moments = (0..count).map(|_| from.numbers()).collect::<Result<_, _>>()?;
    let checkpoint = Checkpoint {
        config,
        cells: Vec::new(),
        parameters,
        optimiser: Optimiser::from_parts(rule, steps, params, moments),
        schedule: from.value()?,
        step: from.value()?,
        rng: from.value()?,
        cursor: from.value()?,
        rows: from.value()?,
        state: from.numbers()?,
        text_digest: from.value()?,
        training: None,
        application: from.value()?,
    };
    from.finish()?;
    Ok(checkpoint)
}
