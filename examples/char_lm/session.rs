//! One call of the program from its options to its files.

use super::{chart, options::Options, options::backend, run};
use recurrent::checkpoint::{Keeper, Limits};
use recurrent::file::{check_new, check_outputs, in_folder, set_aside, write_atomically};
use recurrent::text::{self, Continuation, Corpus, Vocabulary};
use recurrent::train::{Budget, TextFit, pace_bar};
use recurrent::{Cells, Error, Result, Workspace, rng::Rng, sampling::Sampling};
use serde_json::json;
use std::io::{Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Does what the options say; `stop` ends it early, with everything saved. Whether it did all rather than was stopped.
pub fn run(options: &Options, stop: &AtomicBool) -> Result<bool> {
    let begun = Instant::now();
    let product = |name| in_folder(concat!(env!("CARGO_MANIFEST_DIR"), "/target/char_lm"), name);
    let file = options.checkpoint.clone().map_or_else(|| product("char_lm.ckpt"), Ok)?;
    if options.sample_only {
        let saved = run::Saved::read(file, Limits::default())?;
        let network = saved.network(backend(&options.backend), &Cells::new())?;
        print(sample(options, &network, &saved.application.0.vocabulary, stop)?)?;
        return Ok(!stop.load(Ordering::Relaxed));
    }
    let files = options.text.clone().map_or_else(checkout, |file| Ok(vec![file]))?;
    let corpus = Corpus::read(&files, 10)?;
    let baselines = corpus.baselines()?;
    // What is used or written after the training is examined before it.
    prime(options, corpus.vocabulary())?;
    let svg = options.svg.clone().map_or_else(|| product("char_lm.svg"), Ok)?;
    let summary = ("--summary", options.summary.as_deref());
    let outputs = [("--checkpoint", Some(&*file)), ("--svg", Some(&svg)), summary];
    check_outputs(files.iter().map(|path| ("the text", &**path)), outputs)?;
    if options.checkpoint.is_some() && !options.resume && !options.overwrite {
        check_new("--checkpoint", &file, "--resume to go on from it, or --overwrite")?;
    }
    let mut run = if options.resume { run::resume(options, &corpus, &file) } else { run::begin(options, &corpus) }?;
    let (kept, first, mut look) = (run.application.clone(), run.trainer.counts().updates, Workspace::new());
    corpus.expect_windows([kept.window, kept.rows])?;
    let untrained = run::Net::with_backend(run.trainer.network().config(), kept.seed, backend(&options.backend))?;
    let recent = &corpus.symbols()[corpus.symbols().len().saturating_sub(101)..];
    let before = untrained.last_symbol_flows(&mut look, recent)?;
    let cell = before.first().map_or("", |(layer, _)| &*layer.cell);
    let (backend, parameters) = (&options.backend, untrained.parameters().len());
    print(format!("{cell} with {parameters} parameters on {backend}; {corpus}"))?;
    let previous = if options.checkpoint.is_none() && !options.resume { set_aside(&file)? } else { None };
    previous.iter().for_each(|path| complain(format!("the checkpoint of the run before is now {}", path.display())));

    // Half a second is for the sample and the chart.
    let (stop_at, spare) = (options.seconds.or(options.steps.is_none().then_some(60.0)), Duration::from_millis(500));
    let budget = Budget { first, steps: options.steps, begin: begun, seconds: stop_at, spare, stop: Some(stop) };
    let keeper = &mut Keeper::new(&file, options.save_every, |notice| complain(notice)).rescue_as("char_lm");
    let fit = TextFit::new([kept.window, kept.rows], 200).keep_last();
    let pace = run.train_text(&fit, &corpus, budget, keeper, pace_bar(|pace| complain(pace)))?;
    let (steps, rate, checkpoint) = (pace.step, pace.per_second(), file.display());
    if stop.load(Ordering::Relaxed) {
        complain(format!("interrupted after step {steps}: saved to {checkpoint}; go on with --resume"));
        return Ok(false);
    }

    let bits = run.trainer.evaluate_text(&corpus.passage())?.loss.bits();
    run.curve.validated(steps, bits);
    let after = run.trainer.network().last_symbol_flows(&mut look, recent)?;
    write_atomically(&svg, chart::draw(&run.curve, baselines, [&before, &after])?.as_bytes())?;
    let summary = json!({
        "bits_per_char": bits, "uniform": baselines.uniform, "unigram": baselines.unigram, "bigram": baselines.bigram,
        "chars_per_second": rate, "parameters": parameters, "steps": steps, "seed": kept.seed, "backend": backend,
        "cell": cell, "text_digest": corpus.digest().to_string(),
    });
    options.summary.iter().try_for_each(|path| write_atomically(path, format!("{summary:#}\n").as_bytes()))?;
    print(format!("bits per character of the held-out text\n{baselines}\n  {cell:7}  {bits:7.4}\n"))?;
    let sample = sample(options, run.trainer.network(), &kept.vocabulary, stop)?;
    print(format!("sample at temperature {}:\n{sample}\n", options.temperature))?;
    print(format!("{rate:.0} characters/s in training, {:.1} s in all", begun.elapsed().as_secs_f64()))?;
    print(format!("checkpoint {checkpoint}\nchart      {}", svg.display()))?;
    Ok(!stop.load(Ordering::Relaxed))
}

/// The text without `--text`: documents and sources of this checkout.
pub fn checkout() -> Result<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = ["rnn-backend-naive/src", "rnn-backend-faer/src", "rnn-check/src", "rnn-kernels/src"];
    let folders = ["src", "examples", "tests"].iter().chain(&crates).map(|name| root.join(name));
    let sources = folders.filter(|folder| folder.is_dir()).map(|folder| text::list(folder, "rs", usize::MAX));
    let files = std::iter::once(text::list(root, "md", 1)).chain(sources).collect::<Result<Vec<_>>>();
    files.map(|files| files.concat())
}

/// What the sample begins with, in characters that the vocabulary has.
fn prime(options: &Options, vocabulary: &Vocabulary) -> Result<Vec<u32>> {
    match vocabulary.encode(&options.prime) {
        // A text without line ends is begun with its first character in order.
        Err(_) if options.prime == "\n" => Ok(vec![0]),
        encoded => encoded.map_err(|error| Error::format("--prime", "characters of the text", error)),
    }
}

/// The prime and the characters drawn after it, fewer if `stop` says so.
fn sample(options: &Options, network: &run::Net, vocabulary: &Vocabulary, stop: &AtomicBool) -> Result<String> {
    let sampling = Sampling { temperature: options.temperature, top_k: options.top_k.map(|k| k as usize) };
    let (prime, rng) = (prime(options, vocabulary)?, Rng::seed(options.fixed.seed.unwrap_or(1)));
    let drawn = Continuation::of(network, &prime, sampling, rng)?.take(options.sample as usize);
    let drawn = drawn.take_while(|_| !stop.load(Ordering::Relaxed)).collect::<Result<Vec<_>>>()?;
    vocabulary.decode(&[prime, drawn].concat())
}

/// A line that the user should see; that nobody reads any more, as after `2>&1 | head`, is no reason to stop.
pub fn complain(line: impl std::fmt::Display) {
    let _ = writeln!(stderr(), "char_lm: {line}");
}

/// A text for standard output, which may be closed: `println!` would panic then.
fn print(text: impl std::fmt::Display) -> Result<()> {
    writeln!(stdout(), "{text}").map_err(|source| Error::io("writing", "standard output", source))
}
