//! `step → look at the held-out text → save`, until the steps, the time or the user's patience are used up.

use super::corpus::Corpus;
use super::options::Options;
use super::report::complain;
use super::run::Run;
use super::saving::Keeper;
use super::validation::bits_per_char;
use indicatif::{ProgressBar, ProgressStyle};
use recurrent::Result;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The held-out text is read after every so many steps.
const VALIDATE_EVERY: u64 = 200;

/// Trains, and saves on every way out: the end, `stop`, an error, a panic; returns characters per second.
///
/// The first thing that went wrong is what the caller hears of. After a panic in the middle of an update there is no
/// whole network to save, and the last save stands.
pub fn train(
    run: &mut Run,
    corpus: &Corpus,
    options: &Options,
    keeper: &mut Keeper<'_>,
    begin: Instant,
    stop: &AtomicBool,
) -> Result<f64> {
    // A step leaves the run as it was or one step further, or says that it is broken: see `Run::save`.
    let trained = catch_unwind(AssertUnwindSafe(|| steps(run, corpus, options, keeper, begin, stop)));
    let saved = keeper.finally(run);
    match (trained, saved) {
        (Ok(Ok(speed)), saved) => saved.map(|()| speed),
        (failed, saved) => {
            match saved {
                Ok(()) => complain(&format!("saved after step {}, go on with --resume", run.steps())),
                Err(error) => complain(&format!("not saved: {error}")),
            }
            failed.unwrap_or_else(|panic| resume_unwind(panic))
        }
    }
}

#[allow(clippy::cast_precision_loss)]
fn steps(
    run: &mut Run,
    corpus: &Corpus,
    options: &Options,
    keeper: &mut Keeper<'_>,
    begin: Instant,
    stop: &AtomicBool,
) -> Result<f64> {
    let seconds = options.seconds.or(if options.steps.is_none() { Some(60.0) } else { None });
    let last = options.steps.map(|steps| run.steps().saturating_add(steps));
    let (first, start) = (run.steps(), Instant::now());
    let per_step = (run.kept.settings.rows * run.kept.settings.window) as f64;
    let bar = bar();
    let (mut pauses, mut longest, mut said) = (Duration::ZERO, Duration::ZERO, Instant::now());
    let mut mean_bits = None;
    loop {
        if run.steps().is_multiple_of(VALIDATE_EVERY) {
            let start = Instant::now();
            let bits = bits_per_char(&run.network, corpus)?;
            run.note(bits);
            pauses += start.elapsed();
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
        pauses += keeper.now_and_then(run);
        let rate = (run.steps() - first) as f64 * per_step / (start.elapsed() - pauses).as_secs_f64();
        let message =
            format!("step {:5}  {mean:.3} bits/char  {rate:6.0} chars/s  |g| {:.3}", run.steps(), progress.norm);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // of 1000
        bar.set_position((done * 1000.0) as u64);
        if bar.is_hidden() && said.elapsed() >= Duration::from_secs(5) {
            complain(&format!("{:3.0} %  {message}", done * 100.0));
            said = Instant::now();
        }
        bar.set_message(message);
    }
    bar.finish_and_clear();
    let trained = (start.elapsed() - pauses).as_secs_f64();
    Ok(if run.steps() > first { (run.steps() - first) as f64 * per_step / trained } else { 0.0 })
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(1000);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar:.blue} {percent:3} %  {msg}") {
        bar.set_style(style);
    }
    bar
}
