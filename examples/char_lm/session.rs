//! One call of the program from its options to its files.

use super::chart::{self, Flows};
use super::corpus::Corpus;
use super::options::{BackendName, CellName, Options, name};
use super::report::{Summary, table};
use super::run::{Net, Run, Saved, Settings};
use super::validation::{bits_per_char, gradient_flow, sample};
use indicatif::{ProgressBar, ProgressStyle};
use recurrent::checkpoint::{Limits, write_atomically};
use recurrent::network::{Cell, Config, LayerSpec};
use recurrent::optim::Schedule;
use recurrent::rng::Rng;
use recurrent::sampling::Sampling;
use recurrent::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The held-out text is read after every so many steps.
const VALIDATE_EVERY: u64 = 200;

/// Does what the options say; `stop` ends it early, with everything saved.
pub fn run(options: &Options, stop: &AtomicBool) -> Result<()> {
    let begin = Instant::now();
    let path = output(options.checkpoint.as_deref(), "char_lm.ckpt")?;
    if options.sample_only {
        return sample_only(options, &path);
    }
    let corpus = Corpus::read(options.text.as_deref())?;
    let baselines = corpus.baselines()?;
    let backend = options.backend.backend()?;
    let mut run = if options.resume {
        let saved = Saved::read(&path, Limits::default())?;
        agree(options, &saved)?;
        Run::resume(saved, &corpus, backend)?
    } else {
        let (config, settings) = fresh(options, corpus.vocabulary.len());
        Run::new(&config, settings, &corpus, backend)?
    };
    let svg = output(options.svg.as_deref(), "char_lm.svg")?;
    // A run of a minute should not find out at its end that there is no place to write to.
    for path in [Some(&path), Some(&svg), options.summary.as_ref()].into_iter().flatten() {
        writable(path)?;
    }
    let untrained = Net::with_backend(run.network.config(), run.kept.settings.seed, options.backend.backend()?)?;
    let before = gradient_flow(&untrained, &corpus)?;
    drop(untrained);

    let cell = name(cell_name(run.network.config()).unwrap_or(CellName::Lstm));
    println!("{}", introduction(&run, &corpus, &cell, options.backend));
    let chars_per_second = train(&mut run, &corpus, options, begin, stop)?;
    run.save(&corpus).write(&path)?;
    if stop.load(Ordering::Relaxed) {
        println!("interrupted after step {}: saved to {}; go on with --resume", run.steps(), path.display());
        return Ok(());
    }

    let bits = bits_per_char(&run.network, &corpus)?;
    println!("{}", table(&cell, bits, baselines));
    println!(
        "sample at temperature {}:\n{}\n",
        options.temperature,
        draw_sample(options, &run.network, &run.kept.vocabulary)?
    );
    let after: Flows = gradient_flow(&run.network, &corpus)?;
    let mut curve = run.kept.curve.clone();
    curve.validation.push((run.steps(), bits));
    write_atomically(&svg, chart::draw(&curve, baselines, &before, &after)?.as_bytes())?;
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
    if let Some(path) = &options.summary {
        let json = serde_json::to_string_pretty(&summary).map_err(|error| io("writing", path, error.into()))?;
        write_atomically(path, format!("{json}\n").as_bytes())?;
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!("{:.0} characters/s in training, {seconds:.1} s in all", summary.chars_per_second);
    println!("checkpoint {}\nchart      {}", path.display(), svg.display());
    Ok(())
}

/// Steps until the number of steps, the time or the patience of the user is used up; returns characters per second.
#[allow(clippy::cast_precision_loss)]
fn train(run: &mut Run, corpus: &Corpus, options: &Options, begin: Instant, stop: &AtomicBool) -> Result<f64> {
    let seconds = options.seconds.or(if options.steps.is_none() { Some(60.0) } else { None });
    let last = options.steps.map(|steps| run.steps().saturating_add(steps));
    let (first, start) = (run.steps(), Instant::now());
    let per_step = (run.kept.settings.rows * run.kept.settings.window) as f64;
    let bar = bar();
    let (mut validating, mut longest, mut said) = (Duration::ZERO, Duration::ZERO, Instant::now());
    let mut mean_bits = None;
    loop {
        if run.steps().is_multiple_of(VALIDATE_EVERY) {
            let start = Instant::now();
            let bits = bits_per_char(&run.network, corpus)?;
            run.note(bits);
            validating += start.elapsed();
            longest = longest.max(start.elapsed());
        }
        // What remains to be done after the last step: another such reading, the sample and the chart.
        let spare = longest.as_secs_f64() * 1.2 + 0.5;
        let time = seconds.map_or(0.0, |seconds| (begin.elapsed().as_secs_f64() + spare) / seconds);
        let all = last.map_or(0.0, |last| (run.steps() - first) as f64 / (last - first).max(1) as f64);
        let done = time.max(if last == Some(first) { 1.0 } else { all });
        if done >= 1.0 || stop.load(Ordering::Relaxed) {
            break;
        }
        let progress = run.step(corpus)?;
        let mean = mean_bits.map_or(progress.bits, |mean| 0.95 * mean + 0.05 * progress.bits);
        mean_bits = Some(mean);
        let rate = (run.steps() - first) as f64 * per_step / (start.elapsed() - validating).as_secs_f64();
        let message =
            format!("step {:5}  {mean:.3} bits/char  {rate:6.0} chars/s  |g| {:.3}", run.steps(), progress.norm);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // of 1000
        bar.set_position((done * 1000.0) as u64);
        if bar.is_hidden() && said.elapsed() >= Duration::from_secs(5) {
            eprintln!("{:3.0} %  {message}", done * 100.0);
            said = Instant::now();
        }
        bar.set_message(message);
    }
    bar.finish_and_clear();
    let trained = (start.elapsed() - validating).as_secs_f64();
    Ok(if run.steps() > first { (run.steps() - first) as f64 * per_step / trained } else { 0.0 })
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(1000);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar:.blue} {percent:3} %  {msg}") {
        bar.set_style(style);
    }
    bar
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
        LayerSpec::Dense(_) => None,
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
        LayerSpec::Recurrent(stack) => Some(match stack.cell {
            Cell::Elman { .. } => CellName::Elman,
            Cell::Lstm => CellName::Lstm,
            Cell::Gru { .. } => CellName::Gru,
        }),
        LayerSpec::Dense(_) => None,
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

fn sample_only(options: &Options, path: &Path) -> Result<()> {
    let saved = Saved::read(path, Limits::default())?;
    let mut network = Net::with_backend(&saved.config, 0, options.backend.backend()?)?;
    network.update(|parameters| parameters.copy_from_flat(&saved.parameters))?;
    println!("{}", draw_sample(options, &network, &saved.application.vocabulary)?);
    Ok(())
}

fn draw_sample(options: &Options, network: &Net, vocabulary: &recurrent::text::Vocabulary) -> Result<String> {
    let sampling = Sampling { temperature: options.temperature, top_k: options.top_k };
    // A text without line ends is begun with its first character in order.
    let first = || vocabulary.decode(&[0]);
    let prime = if vocabulary.encode(&options.prime).is_err() && options.prime == "\n" {
        first()?
    } else {
        options.prime.clone()
    };
    sample(network, vocabulary, sampling, &prime, options.sample, &mut Rng::seed(options.seed.unwrap_or(1)))
}

/// The path asked for, or a file of this name among the build products, whose folder is made if need be.
fn output(path: Option<&Path>, default: &str) -> Result<PathBuf> {
    if let Some(path) = path {
        return Ok(path.into());
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join("char_lm");
    std::fs::create_dir_all(&folder).map_err(|source| io("creating", &folder, source))?;
    Ok(folder.join(default))
}

/// Whether a file could be put there; leaves nothing behind.
fn writable(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() {
        return Err(io("writing", path, std::io::ErrorKind::IsADirectory.into()));
    }
    tempfile::Builder::new()
        .prefix(".")
        .tempfile_in(folder)
        .map_err(|error| io("writing", path, error.kind().into()))?;
    Ok(())
}

fn io(doing: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::Io { doing, path: path.into(), source }
}
