//! An amplifier that was learned, played in real time: `cargo run --release --example amplifier -- --help`.
//!
//! A recurrent network is trained on a dry recording and what the amplifier made of it, then runs over a WAV file block by block, as
//! an audio host would call it, and says how long its worst block took. Without files it learns from a plucked string through an
//! overdrive of three lines.

mod sound;

use clap::Parser;
use recurrent::backend::{Accuracy, Faer};
use recurrent::interop::{LoadOptions, read_config};
use recurrent::network::{Config, RecurrentSpec};
use recurrent::rng::Rng;
use recurrent::train::{Settings, Trainer};
use recurrent::{Batch, Cells, Network, Stream, Targets};
use sound::Sound;
use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Learns an amplifier from two recordings and plays another one through it, in real time.
#[derive(Debug, Parser)]
struct Options {
    /// The dry recording and the amplifier's, of one length: mono WAV files.
    #[arg(long, num_args = 2, value_names = ["DRY", "WET"])]
    learn: Vec<PathBuf>,
    /// Where the model is written after learning, and read from without --learn (safetensors).
    #[arg(long)]
    model: Option<PathBuf>,
    /// What is played, a mono WAV file; by default what was learned from.
    #[arg(long)]
    input: Option<PathBuf>,
    /// Where it goes.
    #[arg(long)]
    output: Option<PathBuf>,
    /// Samples of a block.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=65536))]
    block: u32,
    /// Units of the LSTM.
    #[arg(long, default_value_t = 20)]
    hidden: usize,
    /// Updates of the training.
    #[arg(long, default_value_t = 600)]
    updates: usize,
    /// Gates within 1 ulp instead of 2.5.
    #[arg(long)]
    accurate: bool,
}

type Amplifier = Network<f32, Faer>;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let accuracy = if options.accurate { Accuracy::Ulp1 } else { Accuracy::Fast };
    let backend = Faer::sequential().with_accuracy(accuracy);
    let stored = options.model.as_ref().filter(|path| options.learn.is_empty() && path.exists());
    let (network, learned) = match (stored, &options.learn[..]) {
        (Some(path), _) => {
            let load = LoadOptions::default();
            let config = read_config(path, &load)?.ok_or("the model carries no configuration")?;
            (Network::from_safetensors(path, &load, &config, backend, &Cells::new())?, None)
        }
        (None, [dry, wet]) => {
            let pair = [Sound::read(dry)?, Sound::read(wet)?];
            (learn(&options, backend, &pair)?, Some(pair))
        }
        (None, _) => {
            let dry = Sound::plucked(3);
            let pair = [dry.clone(), dry.overdriven()];
            (learn(&options, backend, &pair)?, Some(pair))
        }
    };
    if let (Some(path), Some(_)) = (&options.model, &learned) {
        network.save_safetensors(path, recurrent::interop::SaveOptions::default())?;
    }
    let dry = match (&options.input, &learned) {
        (Some(path), _) => Sound::read(path)?,
        (None, Some([dry, _])) => dry.clone(),
        (None, None) => return Err("a stored model plays a file: --input FILE".into()),
    };
    let played = play(network, &dry, options.block as usize)?;
    if let (None, Some([_, wet])) = (&options.input, &learned) {
        println!("error to signal: {:.2} %", 100.0 * error_to_signal(&wet.samples, &played.samples));
    }
    if let Some(path) = &options.output {
        played.write(path)?;
    }
    Ok(())
}

/// Truncated BPTT over pieces of the recordings, drawn at random, each from a fresh state.
fn learn(options: &Options, backend: Faer, [dry, wet]: &[Sound; 2]) -> Result<Amplifier, Box<dyn Error>> {
    const STEPS: usize = 256;
    const ROWS: usize = 16;
    if dry.samples.len() != wet.samples.len() || dry.samples.len() <= STEPS {
        let lens = [dry.samples.len(), wet.samples.len()];
        return Err(format!("two recordings of one length, more than {STEPS} samples; found {lens:?}").into());
    }
    let config = Config::features(1).recurrent(RecurrentSpec::lstm(options.hidden)).linear(1);
    let network = Network::with_backend(&config, 1, backend)?;
    let mut trainer = Trainer::new(network, Settings::adam(0.005).clip_norm(1.0))?;
    let (mut rng, mut x, mut targets) = (Rng::seed(1), vec![0.0; STEPS * ROWS], vec![0.0; STEPS * ROWS]);
    for update in 1..=options.updates {
        for n in 0..ROWS {
            let from = rng.below(dry.samples.len() - STEPS);
            for t in 0..STEPS {
                x[t * ROWS + n] = dry.samples[from + t];
                targets[t * ROWS + n] = wet.samples[from + t];
            }
        }
        let step = trainer.step(&Batch::features(&x, [STEPS, ROWS, 1])?, Targets::Values(&targets))?;
        if update % 200 == 0 {
            println!("update {update}: mean squared error {:.2e}", 2.0 * step.loss.mean());
        }
    }
    Ok(trainer.into_network())
}

/// The sound through the network, block by block, with the time that each block took.
fn play(network: Amplifier, dry: &Sound, block: usize) -> Result<Sound, Box<dyn Error>> {
    let mut stream = Stream::new(network)?;
    let mut samples = dry.samples.clone();
    let mut times: Vec<Duration> = Vec::with_capacity(samples.len().div_ceil(block));
    // The first step of a thread allocates; a host warms up before the music begins.
    stream.push(&[0.0])?;
    stream.reset(0)?;
    for block in samples.chunks_mut(block) {
        let start = Instant::now();
        for sample in block {
            *sample = stream.push(&[*sample])?[0];
        }
        times.push(start.elapsed());
    }
    stream.check()?;
    times.sort_unstable();
    let (all, most) = (times.len(), times.last().copied().unwrap_or_default());
    let deadline = Duration::from_secs_f64(block as f64 / f64::from(dry.rate));
    let total: Duration = times.iter().sum();
    println!(
        "{all} blocks of {block} samples, {deadline:.1?} each: mean {:.1?}, 99 % within {:.1?}, worst {most:.1?}, {:.1} % of the time there is",
        total / u32::try_from(all.max(1))?,
        times.get(all * 99 / 100).copied().unwrap_or_default(),
        100.0 * most.as_secs_f64() / deadline.as_secs_f64()
    );
    println!("{:.0} times as fast as real time", dry.seconds() / total.as_secs_f64());
    Ok(Sound { samples, ..*dry })
}

/// `Σ (y − ŷ)² / Σ y²`.
fn error_to_signal(wet: &[f32], played: &[f32]) -> f64 {
    let square = |x: f32| f64::from(x) * f64::from(x);
    let error: f64 = wet.iter().zip(played).map(|(y, found)| square(y - found)).sum();
    error / wet.iter().map(|&y| square(y)).sum::<f64>()
}
