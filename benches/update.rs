//! What one training step costs beside its passes: `cargo bench --bench update` (`--once`: a single pass, `--f64`: that number type).
//!
//! A step sets gradients to 0, takes loss and gradients, for which weights are packed anew, clips by norm and makes a step of Adam. Its
//! parts are timed by themselves, in turn with the whole, since machines are shared and noisy: a pass takes the median time of each, and the estimate is
//! the lowest median of all passes. *Passes* is the time of loss and gradients without that of the loss itself: recurrent layer, head,
//! and what the library copies and examines. *Outside* is the share of the whole step that is not passes.

use recurrent::Activation;
use recurrent::backend::{Backend, Faer};
use recurrent::network::{Config, Purpose, RecurrentSpec};
use recurrent::optim::{Adam, Optimiser, Rule, clip_norm};
use recurrent::{Batch, Network, Targets, Workspace};
use rnn_kernels::{BernoulliCrossEntropy, MatMut, MatRef, SoftmaxCrossEntropy};
use side_by_side::{Effort, Number, time, values};
use std::hint::black_box;
use std::time::Duration;

mod side_by_side;

const STEPS: usize = 60;
/// Symbols or features, and outputs.
const WIDTH: usize = 88;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    // Run by `cargo test`, or with `--test`: everything once.
    let quick = has("--test") || !has("--bench");
    let passes = if quick || has("--once") { 1 } else { 7 };
    let effort = Effort { time: Duration::from_millis(if quick { 0 } else { 60 }), samples: 1 };
    println!(
        "estimate: lowest of the medians of {passes} interleaved passes; Faer on one thread, T{STEPS}, {WIDTH} outputs"
    );
    print!("{:<30}", "µs");
    ["step", "passes", "loss", "zero", "clip", "adam", "pack", "outside"].iter().for_each(|part| print!(" {part:>9}"));
    println!();
    match has("--f64") {
        true => table::<f64>(passes, effort, quick),
        false => table::<f32>(passes, effort, quick),
    }
}

fn table<T: Number>(passes: usize, effort: Effort, quick: bool)
where
    Faer: Backend<T>,
{
    let sizes: &[usize] = if quick { &[64] } else { &[64, 200, 512] };
    for (&hidden, rows) in sizes.iter().flat_map(|hidden| [4, 32].map(|rows| (hidden, rows))) {
        let cells = [
            ("lstm", RecurrentSpec::lstm(hidden)),
            ("gru", RecurrentSpec::gru(hidden)),
            ("elman", RecurrentSpec::elman(hidden, Activation::Tanh)),
        ];
        for (name, cell) in cells {
            for softmax in [true, false] {
                let head = if softmax { "softmax" } else { "bernoulli" };
                let label = format!("{} {name} H{hidden} N{rows} {head}", T::NAME);
                let mut training = Training::<T>::new(cell.clone(), rows, softmax);
                line(&label, training.parts(passes, effort));
            }
        }
    }
}

/// Seconds of the step, of loss and gradients, of the loss alone, of zeros, clipping, Adam, packing.
fn line(label: &str, [step, gradients, loss, zero, clip, adam, pack]: [f64; 7]) {
    let passes = gradients - loss;
    print!("{label:<30}");
    [step, passes, loss, zero, clip, adam, pack].iter().for_each(|part| print!(" {:>9.2}", part * 1e6));
    println!(" {:>7.1} %", (1.0 - passes / step) * 100.0);
}

/// A network with everything that a step of its training needs.
struct Training<T: Number> {
    rows: usize,
    softmax: bool,
    network: Network<T, Faer>,
    adam: Optimiser<T>,
    symbols: Vec<u32>,
    features: Vec<T>,
    probabilities: Vec<T>,
}

impl<T: Number> Training<T>
where
    Faer: Backend<T>,
{
    fn new(cell: RecurrentSpec, rows: usize, softmax: bool) -> Self {
        let config = match softmax {
            true => Config::one_hot(WIDTH).recurrent(cell).softmax(WIDTH),
            false => Config::features(WIDTH).recurrent(cell).bernoulli(WIDTH),
        };
        let network = Network::with_backend(&config, 1, Faer::sequential()).expect("a valid configuration");
        let adam = Optimiser::new(Rule::Adam(Adam::default()), network.parameters().len()).expect("a valid rule");
        #[allow(clippy::cast_possible_truncation)] // a small number
        let symbols = (0..STEPS * rows + rows).map(|i| (i * i % WIDTH) as u32).collect();
        let features = values(STEPS * rows * WIDTH, 1);
        let probabilities = (0..features.len()).map(|i| if i % 16 == 0 { T::ONE } else { T::ZERO }).collect();
        Self { rows, softmax, network, adam, symbols, features, probabilities }
    }

    fn parts(&mut self, passes: usize, effort: Effort) -> [f64; 7] {
        let Self { rows, softmax, network, adam, symbols, features, probabilities } = self;
        let (rows, softmax, features, probabilities) = (*rows, *softmax, &features[..], &probabilities[..]);
        let m = STEPS * rows;
        let batch = match softmax {
            true => Batch::symbols(&symbols[..m], [STEPS, rows]),
            false => Batch::features(features, [STEPS, rows, WIDTH]),
        };
        let batch = batch.expect("the sizes agree");
        let classes = &symbols[rows..];
        let targets = if softmax { Targets::Classes(classes) } else { Targets::Values(probabilities) };
        let (mut workspace, mut state) = (Workspace::new(), network.state(rows).expect("it fits into memory"));
        let mut gradients = network.gradients().expect("it fits into memory");
        let rate = T::from_f64(1e-6);

        let logits: Vec<T> = values(m * WIDTH, 2);
        let (mut loss, mut d_logits) = (vec![T::ZERO; m], vec![T::ZERO; m * WIDTH]);
        let backend = Faer::sequential();
        // Clipped a little at every call, as they are in most steps of many trainings.
        let mut clipped: Vec<T> = values(gradients.len(), 3);
        let mut limit = 1.0;
        let (mut params, mut moments) = (vec![T::ONE; gradients.len()], adam.clone());

        let mut best = [f64::INFINITY; 7];
        for _ in 0..passes {
            let step = || {
                gradients.fill_zero();
                let found = network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients);
                black_box(found.expect("valid data"));
                clip_norm(&mut gradients, 1.0).expect("finite gradients");
                network.update(|p| adam.step(p, &gradients, rate)).expect("one length");
            };
            let step = time(effort, step).median;
            let whole = || {
                gradients.fill_zero();
                let found = network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients);
                black_box(found.expect("valid data"));
            };
            let whole = time(effort, whole).median;
            let of_loss = || {
                let (logits, d) = (MatRef::new(&logits, m, WIDTH), MatMut::new(&mut d_logits, m, WIDTH));
                let (loss, d_logits, scale) = (black_box(&mut loss[..]), Some(d), T::ONE);
                if softmax {
                    backend.softmax_cross_entropy(SoftmaxCrossEntropy {
                        logits,
                        targets: classes,
                        loss,
                        d_logits,
                        scale,
                    });
                } else {
                    let targets = MatRef::new(probabilities, m, WIDTH);
                    let live = None;
                    backend.bernoulli_cross_entropy(BernoulliCrossEntropy {
                        logits,
                        targets,
                        live,
                        loss,
                        d_logits,
                        scale,
                    });
                }
            };
            let of_loss = time(effort, of_loss).median;
            let zero = time(effort, || black_box(&mut gradients).fill_zero()).median;
            let clip = || {
                limit *= 1.0 - 1e-6;
                clip_norm(black_box(&mut clipped), limit).expect("finite gradients");
            };
            let clip = time(effort, clip).median;
            let of_adam = || moments.step(&mut params, black_box(&clipped), rate).expect("one length");
            let of_adam = time(effort, of_adam).median;
            let pack = || {
                network.update(|p| _ = black_box(p));
                network.keep_packed_for(Purpose::Train).expect("it fits into memory");
            };
            let pack = time(effort, pack).median;
            for (best, seconds) in best.iter_mut().zip([step, whole - zero, of_loss, zero, clip, of_adam, pack]) {
                *best = best.min(seconds);
            }
        }
        best
    }
}
