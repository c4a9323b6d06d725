//! The parts of version 2: what each holds.

use super::format::{Content, Need, Part, Parts, seal};
use super::parts::{read_numbers, read_settings, read_value, settings, value};
use super::{Checkpoint, CheckpointFault as Fault, Digest, Limits, Stored};
use crate::optim::{Optimiser, Rule, Schedule};
use crate::rng::Rng;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Where a run stands.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    schedule: Schedule,
    step: u64,
    rng: Rng,
    cursor: u64,
    rows: u64,
    text_digest: Digest,
}

/// An optimiser without its moments.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    rule: Rule,
    steps: u64,
    parameters: usize,
}

/// The part of a moment.
fn moment(name: &str) -> &'static str {
    match name {
        "velocity" => "moment velocity",
        "mean" => "moment mean",
        "square" => "moment square",
        // A new moment has its name here; under a common one, two of them would be refused as one part twice.
        _ => "moment",
    }
}

pub(super) fn encode<T: Stored, A: Serialize + DeserializeOwned>(
    checkpoint: &Checkpoint<T, A>,
    limits: Limits,
) -> Result<Vec<u8>, Fault> {
    let optimiser = &checkpoint.optimiser;
    let run = Run {
        schedule: checkpoint.schedule,
        step: checkpoint.step,
        rng: checkpoint.rng.clone(),
        cursor: checkpoint.cursor,
        rows: checkpoint.rows,
        text_digest: checkpoint.text_digest,
    };
    let of_optimiser =
        Settings { rule: optimiser.rule(), steps: optimiser.steps(), parameters: checkpoint.parameters.len() };
    let bytes = |name, content| Part { name, need: Need::MustBeKnown, content: Content::Bytes(content) };
    let numbers = |name, content| Part { name, need: Need::MustBeKnown, content: Content::Numbers(content) };
    let mut parts = vec![
        bytes("config", settings("config", &checkpoint.config)?),
        bytes("optimiser", settings("optimiser", &of_optimiser)?),
        bytes("run", settings("run", &run)?),
        bytes("application", value("application", &checkpoint.application, limits)?),
        numbers("parameters", &checkpoint.parameters),
        numbers("state", &checkpoint.state),
    ];
    if !checkpoint.cells.is_empty() {
        let content = Content::Bytes(settings("cells", &checkpoint.cells)?);
        parts.push(Part { name: "cells", need: Need::MayBeSkipped, content });
    }
    parts.extend(optimiser.moments().map(|(name, values)| numbers(moment(name), values)));
    seal(&parts, limits)
}

pub(super) fn decode<T: Stored, A: DeserializeOwned>(mut parts: Parts<'_>) -> Result<Checkpoint<T, A>, Fault> {
    let config = read_settings("config", parts.take("config")?)?;
    let of_optimiser: Settings = read_settings("optimiser", parts.take("optimiser")?)?;
    let run: Run = read_settings("run", parts.take("run")?)?;
    let cells = parts.take_if_there("cells").map(|part| read_settings("cells", part));
    let application = read_value("application", parts.take("application")?)?;
    let mut numbers = |name| read_numbers(name, parts.take(name)?);
    let (parameters, state) = (numbers("parameters")?, numbers("state")?);
    let moments = of_optimiser.rule.moment_names().map(|name| numbers(moment(name))).collect::<Result<_, _>>()?;
    parts.finish()?;
    let Settings { rule, steps, parameters: of } = of_optimiser;
    Ok(Checkpoint {
        config,
        cells: cells.transpose()?.unwrap_or_default(),
        parameters,
        optimiser: Optimiser::from_parts(rule, steps, of, moments),
        schedule: run.schedule,
        step: run.step,
        rng: run.rng,
        cursor: run.cursor,
        rows: run.rows,
        state,
        text_digest: run.text_digest,
        application,
    })
}
