//! Long runs: memory stays flat, and a run that was cut and resumed has the bits of one that was not.
//!
//! `cargo bench --bench soak -- --train 10000000 --stream 1000000000`; without options a second of each. Every run is made
//! twice at once, on two threads: in one piece, and in ten, between which everything goes through a checkpoint. After every
//! tenth both must have the same digest, and the process must hold no more memory than after the first.

use clap::Parser;
use recurrent::{Error, Result};
use run::Run;
use std::thread;
use std::time::Instant;
use streaming::Streaming;
use training::Training;

mod memory;
mod run;
mod streaming;
mod training;

/// Train and stream tiny networks for a long time
#[derive(Parser)]
#[command(name = "cargo bench --bench soak --")]
struct Options {
    /// Steps of training
    #[arg(long, default_value_t = 100_000)]
    train: u64,
    /// Steps of streaming
    #[arg(long, default_value_t = 1_000_000)]
    stream: u64,
    /// Every bench gets this from `cargo bench`; without it a hundredth of the steps shows that it works
    #[arg(long, hide = true)]
    bench: bool,
}

/// What allocators and thread stacks may move by. In 10⁷ steps, a byte lost in every tenth of them is four times as much.
const SLACK_KIB: u64 = 256;
const PIECES: u64 = 10;

fn main() -> Result<()> {
    let options = Options::parse();
    let share = if options.bench { 1 } else { 100 };
    soak::<Training>(options.train / share)?;
    soak::<Streaming>(options.stream / share)
}

fn soak<R: Run>(steps: u64) -> Result<()> {
    let other = |what: &str, expected: &dyn ToString, found: &dyn ToString| Error::Format {
        what: format!("{}, {what}", R::NAME),
        expected: expected.to_string(),
        found: found.to_string(),
    };
    let started = Instant::now();
    let (mut whole, mut resumed) = (R::start()?, R::start()?);
    let mut first = None;
    for piece in 0..PIECES {
        let more = steps * (piece + 1) / PIECES - steps * piece / PIECES;
        resumed = resumed.through_a_file()?;
        thread::scope(|scope| {
            let second = scope.spawn(|| resumed.advance(more));
            whole.advance(more)?;
            second.join().expect("a run does not panic")
        })?;
        let (done, digest) = (steps * (piece + 1) / PIECES, whole.digest());
        let kib = memory::resident_kib();
        let shown = kib.map_or("unknown memory".into(), |kib| format!("{kib} KiB"));
        println!("{} {done:>13} steps  {digest}  {shown}  {:.0} s", R::NAME, started.elapsed().as_secs_f64());
        if resumed.digest() != digest {
            return Err(other("resumed", &digest, &resumed.digest()));
        }
        let limit = *first.get_or_insert(kib.unwrap_or(0)) + SLACK_KIB;
        if kib.is_some_and(|kib| kib > limit) {
            return Err(other("memory", &format!("at most {limit} KiB"), &shown));
        }
    }
    #[allow(clippy::cast_precision_loss)] // for people
    let rate = steps as f64 / started.elapsed().as_secs_f64();
    println!("{}: {steps} steps twice, the same bits, {rate:.0} steps/s each", R::NAME);
    Ok(())
}
