//! One call of the program from its options to its files.

use super::chart::{self, Flows};
use super::corpus::Corpus;
use super::options::{BackendName, CellName, Options, name};
use super::outputs::{Outputs, checkpoint, set_aside};
use super::place::io;
use super::report::{Summary, complain, print, table};
use super::run::{Net, Run, Saved, Settings};
use super::saving::Keeper;
use super::training::train;
use super::validation::{bits_per_char, gradient_flow, sample};
use clap::ValueEnum;
use recurrent::checkpoint::{Limits, write_atomically};
use recurrent::network::{Config, LayerSpec};
use recurrent::optim::Schedule;
use recurrent::rng::Rng;
use recurrent::sampling::Sampling;
use recurrent::text::Vocabulary;
use recurrent::{Cells, Error, Result};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// How a call ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With everything done that was asked for.
    Done,
    /// By `stop`, before that.
    Stopped,
}

/// Does what the options say; `stop` ends it early, with everything saved.
pub fn run(options: &Options, stop: &AtomicBool) -> Result<Ending> {
    let begin = Instant::now();
    if options.sample_only {
        return sample_only(options, stop);
    }
    let corpus = Corpus::read(options.text.as_deref())?;
    let baselines = corpus.baselines()?;
    // What is used or written after the training is examined before it.
    let prime = prime(options, &corpus.vocabulary)?;
    let outputs = Outputs::of(options, &corpus.files)?;
    let backend = options.backend.backend()?;
    let mut run = if options.resume {
        let saved = Saved::read(&outputs.checkpoint, Limits::default())?;
        agree(options, &saved)?;
        Run::resume(saved, &corpus, backend)?
    } else {
        let (config, settings) = fresh(options, corpus.vocabulary.len());
        Run::new(&config, settings, &corpus, backend)?
    };
    let untrained = Net::with_backend(run.network.config(), run.kept.settings.seed, options.backend.backend()?)?;
    let before = gradient_flow(&untrained, &corpus)?;
    drop(untrained);
    let cell = name(cell_name(run.network.config()).unwrap_or(CellName::Lstm));
    print(&introduction(&run, &corpus, &cell, options.backend))?;
    if options.checkpoint.is_none()
        && !options.resume
        && let Some(previous) = set_aside(&outputs.checkpoint)?
    {
        complain(&format!("the checkpoint of the run before is now {}", previous.display()));
    }
    let mut keeper = Keeper::new(&outputs.checkpoint, &corpus, options.save_every, &run);
    let chars_per_second = train(&mut run, &corpus, options, &mut keeper, begin, stop)?;
    let checkpoint = outputs.checkpoint.display();
    if stop.load(Ordering::Relaxed) {
        complain(&format!("interrupted after step {}: saved to {checkpoint}; go on with --resume", run.steps()));
        return Ok(Ending::Stopped);
    }

    let bits = bits_per_char(&run.network, &corpus)?;
    let after: Flows = gradient_flow(&run.network, &corpus)?;
    let mut curve = run.kept.curve.clone();
    curve.validation.push((run.steps(), bits));
    write_atomically(&outputs.svg, chart::draw(&curve, baselines, &before, &after)?.as_bytes())?;
    let summary = Summary {
        bits_per_char: bits,
        uniform: baselines.uniform,
        unigram: baselines.unigram,
        bigram: baselines.bigram,
        chars_per_second,
        parameters: run.network.parameters().len(),
        steps: run.steps(),
        seed: run.kept.settings.seed,
        backend: name(options.backend),
        cell,
        text_digest: corpus.digest.to_string(),
    };
    if let Some(path) = &outputs.summary {
        let json = serde_json::to_string_pretty(&summary).map_err(|error| io("writing", path, error.into()))?;
        write_atomically(path, format!("{json}\n").as_bytes())?;
    }
    print(&table(&summary.cell, bits, baselines))?;
    let sample = draw_sample(options, &run.network, &run.kept.vocabulary, &prime, stop)?;
    print(&format!("sample at temperature {}:\n{sample}\n", options.temperature))?;
    let seconds = begin.elapsed().as_secs_f64();
    print(&format!(
        "{chars_per_second:.0} characters/s in training, {seconds:.1} s in all\n\
         checkpoint {checkpoint}\nchart      {}",
        outputs.svg.display()
    ))?;
    Ok(ending(stop))
}

fn ending(stop: &AtomicBool) -> Ending {
    if stop.load(Ordering::Relaxed) { Ending::Stopped } else { Ending::Done }
}

/// The network and the settings of a new run.
fn fresh(options: &Options, symbols: usize) -> (Config, Settings) {
    let cell = options.cell.unwrap_or(CellName::Lstm);
    let (hidden, layers) = (options.hidden.unwrap_or(128), options.layers.unwrap_or(1));
    let rate = options.rate.unwrap_or(0.02);
    let steps = options.horizon.unwrap_or(2500);
    let settings = Settings {
        rows: options.batch.unwrap_or(16) as usize,
        window: options.window.unwrap_or(32) as usize,
        seed: options.seed.unwrap_or(1),
        schedule: Schedule::Cosine { rate, end: rate / 20.0, warm_up: steps / 20, steps },
        limit: 1.0,
    };
    (cell.config(symbols, hidden as usize, layers as usize), settings)
}

/// Whether what the options ask for is what the checkpoint holds.
fn agree(options: &Options, saved: &Saved) -> Result<()> {
    let settings = saved.application.settings;
    let stack = saved.config.layers.iter().find_map(|layer| match layer {
        LayerSpec::Recurrent(stack) => Some(stack),
        LayerSpec::Dense(_) | LayerSpec::Dropout(_) => None,
    });
    let (peak, steps) = match settings.schedule {
        Schedule::Cosine { rate, steps, .. } => (Some(rate), Some(steps)),
        _ => (None, None),
    };
    let number = |number: Option<usize>| number.map(|number| number.to_string());
    let asked = |asked: Option<u32>| asked.map(|asked| asked.to_string());
    let pairs = [
        ("--cell", options.cell.map(name), cell_name(&saved.config).map(name)),
        ("--hidden", asked(options.hidden), number(stack.map(|stack| stack.hidden))),
        ("--layers", asked(options.layers), number(stack.map(|stack| stack.layers))),
        ("--batch", asked(options.batch), number(Some(settings.rows))),
        ("--window", asked(options.window), number(Some(settings.window))),
        ("--seed", options.seed.map(|seed| seed.to_string()), Some(settings.seed.to_string())),
        ("--rate", options.rate.map(|rate| rate.to_string()), peak.map(|rate| rate.to_string())),
        ("--horizon", options.horizon.map(|steps| steps.to_string()), steps.map(|steps| steps.to_string())),
    ];
    for (option, asked, held) in pairs {
        if let Some(asked) = asked.filter(|asked| Some(asked) != held.as_ref()) {
            let held = held.unwrap_or_else(|| "something else".into());
            let expected = format!("{held}, as in the checkpoint to resume");
            return Err(Error::Config { at: option.into(), expected, found: asked });
        }
    }
    Ok(())
}

fn cell_name(config: &Config) -> Option<CellName> {
    config.layers.iter().find_map(|layer| match layer {
        LayerSpec::Recurrent(stack) => CellName::from_str(stack.cell.name(), false).ok(),
        LayerSpec::Dense(_) | LayerSpec::Dropout(_) => None,
    })
}

fn introduction(run: &Run, corpus: &Corpus, cell: &str, backend: BackendName) -> String {
    format!(
        "{cell} with {} parameters on {}; {} characters of text, {} of them held out, {} distinct",
        run.network.parameters().len(),
        name(backend),
        corpus.symbols.len(),
        corpus.symbols.len() - corpus.held_out,
        corpus.vocabulary.len(),
    )
}

fn sample_only(options: &Options, stop: &AtomicBool) -> Result<Ending> {
    let saved = Saved::read(checkpoint(options)?, Limits::default())?;
    let vocabulary = &saved.application.vocabulary;
    let prime = prime(options, vocabulary)?;
    let network = saved.network(options.backend.backend()?, &Cells::new())?;
    print(&draw_sample(options, &network, vocabulary, &prime, stop)?)?;
    Ok(ending(stop))
}

/// What the sample begins with, in characters that the vocabulary has.
fn prime(options: &Options, vocabulary: &Vocabulary) -> Result<String> {
    match vocabulary.encode(&options.prime) {
        Ok(_) => Ok(options.prime.clone()),
        // A text without line ends is begun with its first character in order.
        Err(_) if options.prime == "\n" => vocabulary.decode(&[0]),
        Err(error) => Err(Error::Format {
            what: "--prime".into(),
            expected: "characters of the text".into(),
            found: format!("{:?} ({error})", options.prime),
        }),
    }
}

fn draw_sample(
    options: &Options,
    network: &Net,
    vocabulary: &Vocabulary,
    prime: &str,
    stop: &AtomicBool,
) -> Result<String> {
    let sampling = Sampling { temperature: options.temperature, top_k: options.top_k.map(|k| k as usize) };
    let mut rng = Rng::seed(options.seed.unwrap_or(1));
    sample(network, vocabulary, sampling, prime, options.sample, &mut rng, stop)
}
