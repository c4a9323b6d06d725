//! The parts of version 2: what each holds.

use super::format::{Content, Need, Part, Parts, seal};
use super::parts::{read_numbers, read_settings, read_value, settings, value};
use super::{Checkpoint, CheckpointFault as Fault, Digest, Limits, Stored, Training};
use crate::optim::{Optimiser, Rule, Schedule};
use crate::rng::Rng;
use crate::train::{self, Counts, Progress, Snapshot};
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

/// A trainer without its numbers and its epochs, of which there may be many.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfTrainer {
    settings: train::Settings,
    counts: Counts,
    progress: Progress,
    gathered: bool,
    /// The steps that the optimiser of a snapshot had made.
    good: Option<u64>,
    best: Option<u64>,
}

/// The names of the parts of a snapshot: its parameters, then each moment that a rule may have.
struct Names {
    parameters: &'static str,
    moments: [(&'static str, &'static str); 5],
}

const GOOD: Names = Names {
    parameters: "good parameters",
    moments: [
        ("velocity", "good velocity"),
        ("mean", "good mean"),
        ("square", "good square"),
        ("sum", "good sum"),
        ("delta", "good delta"),
    ],
};
const BEST: Names = Names {
    parameters: "best parameters",
    moments: [
        ("velocity", "best velocity"),
        ("mean", "best mean"),
        ("square", "best square"),
        ("sum", "best sum"),
        ("delta", "best delta"),
    ],
};

impl Names {
    fn moment(&self, name: &str) -> &'static str {
        let found = self.moments.iter().find(|(moment, _)| *moment == name);
        // A new moment has its name above; under a common one, two of them would be refused as one part twice.
        found.map_or("moment of a snapshot", |(_, part)| part)
    }

    fn encode<'a, T: Stored>(&self, snapshot: Option<&'a Snapshot<T>>, parts: &mut Vec<Part<'a, T>>) {
        let Some(snapshot) = snapshot else { return };
        let part = |name, values| Part { name, need: Need::MustBeKnown, content: Content::Numbers(values) };
        parts.push(part(self.parameters, &snapshot.parameters[..]));
        parts.extend(snapshot.optimiser.moments().map(|(name, values)| part(self.moment(name), values)));
    }

    fn decode<T: Stored>(
        &self,
        steps: Option<u64>,
        rule: Rule,
        parts: &mut Parts<'_>,
    ) -> Result<Option<Snapshot<T>>, Fault> {
        let Some(steps) = steps else { return Ok(None) };
        let mut numbers = |name| read_numbers(name, parts.take(name)?);
        let parameters: Vec<T> = numbers(self.parameters)?;
        let moments = rule.moment_names().map(|name| numbers(self.moment(name))).collect::<Result<_, _>>()?;
        let optimiser = Optimiser::from_parts(rule, steps, parameters.len(), moments);
        Ok(Some(Snapshot { parameters, optimiser }))
    }
}

/// Whether a part is one that [`decode`] knows.
pub(super) fn is_known(name: &str) -> bool {
    let of_moments = ["velocity", "mean", "square"].map(moment);
    let of_snapshots = [GOOD, BEST].map(|names| (names.parameters, names.moments.map(|(_, part)| part)));
    PARTS.contains(&name)
        || of_moments.contains(&name)
        || of_snapshots.iter().any(|(parameters, moments)| *parameters == name || moments.contains(&name))
}

/// The parts that are neither of moments nor of snapshots.
const PARTS: [&str; 10] =
    ["config", "optimiser", "run", "cells", "application", "training", "epochs", "parameters", "state", "gathered"];

/// The part of a moment.
fn moment(name: &str) -> &'static str {
    match name {
        "velocity" => "moment velocity",
        "mean" => "moment mean",
        "square" => "moment square",
        "sum" => "moment sum",
        "delta" => "moment delta",
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
    if let Some(Training { settings: of_run, counts, progress, gathered, good, best, beginning }) = &checkpoint.training
    {
        let steps = |snapshot: &Option<Snapshot<T>>| snapshot.as_ref().map(|snapshot| snapshot.optimiser.steps());
        let of_trainer = OfTrainer {
            settings: of_run.clone(),
            counts: *counts,
            progress: Progress { epochs: Vec::new(), ..progress.clone() },
            gathered: !gathered.is_empty(),
            good: steps(good),
            best: steps(best),
        };
        parts.push(bytes("training", settings("training", &of_trainer)?));
        parts.push(bytes("epochs", value("epochs", &progress.epochs, limits)?));
        if !beginning.is_empty() {
            parts.push(bytes("beginning", value("beginning", beginning, limits)?));
        }
        if of_trainer.gathered {
            parts.push(numbers("gathered", gathered));
        }
        GOOD.encode(good.as_ref(), &mut parts);
        BEST.encode(best.as_ref(), &mut parts);
    }
    seal(&parts, limits)
}

pub(super) fn decode<T: Stored, A: DeserializeOwned>(mut parts: Parts<'_>) -> Result<Checkpoint<T, A>, Fault> {
    let config = read_settings("config", parts.take("config")?)?;
    let of_optimiser: Settings = read_settings("optimiser", parts.take("optimiser")?)?;
    let run: Run = read_settings("run", parts.take("run")?)?;
    let cells = parts.take_if_there("cells").map(|part| read_settings("cells", part));
    let application = read_value("application", parts.take("application")?)?;
    let training = match parts.take_if_there("training") {
        Some(part) => Some(decode_training(read_settings("training", part)?, of_optimiser.rule, &mut parts)?),
        None => None,
    };
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
        training,
        application,
    })
}

fn decode_training<T: Stored>(of_trainer: OfTrainer, rule: Rule, parts: &mut Parts<'_>) -> Result<Training<T>, Fault> {
    let OfTrainer { settings, counts, progress, gathered, good, best } = of_trainer;
    let progress = Progress { epochs: read_value("epochs", parts.take("epochs")?)?, ..progress };
    let gathered = if gathered { read_numbers("gathered", parts.take("gathered")?)? } else { Vec::new() };
    let (good, best) = (GOOD.decode(good, rule, parts)?, BEST.decode(best, rule, parts)?);
    let beginning = parts.take_if_there("beginning").map(|part| read_value("beginning", part));
    Ok(Training {
        settings,
        counts,
        progress,
        gathered,
        good,
        best,
        beginning: beginning.transpose()?.unwrap_or_default(),
    })
}
