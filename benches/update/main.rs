//! What one training step costs, and what of it are its passes: `cargo bench --bench update`.
//!
//! A step is [`Trainer::step`](recurrent::train::Trainer::step): zeros in the gradients, forward, loss, backward, clipping by norm, Adam,
//! packing. Its parts are timed by themselves, in turn with the whole, since machines are shared and noisy: a pass takes the median time
//! of each, and the estimate is the lowest median of all passes. *Passes* are forward and backward with given cotangents: recurrent
//! layer, head, and what the library copies and examines. *Outside* is the share of the step that is not passes.
//!
//! `benches/peers/update.py` runs this in turn with PyTorch.

use clap::Parser;
use side_by_side::{Effort, Number, feature_line};
use std::time::Duration;
use training::{Cell, Head, Parts, Setting, Training};

#[path = "../side_by_side/mod.rs"]
mod side_by_side;
mod training;

/// Times of one training step and of its parts.
#[derive(Parser)]
struct Options {
    /// Cells
    #[arg(long, value_enum, value_delimiter = ',', default_value = "lstm,gru,elman")]
    cells: Vec<Cell>,
    /// Heads, and so losses
    #[arg(long, value_enum, value_delimiter = ',', default_value = "softmax,bernoulli,ctc")]
    heads: Vec<Head>,
    /// Units of the recurrent layer
    #[arg(long, value_delimiter = ',', default_value = "64,200,512")]
    hidden: Vec<usize>,
    /// Rows of a batch
    #[arg(long, value_delimiter = ',', default_value = "4,32")]
    rows: Vec<usize>,
    /// Interleaved passes
    #[arg(long, default_value_t = 7)]
    passes: usize,
    /// Seconds for each part in each pass
    #[arg(long, default_value_t = 0.06)]
    secs: f64,
    /// In f64
    #[arg(long)]
    f64: bool,
    /// A line of JSON for each setting, in seconds, in place of the table
    #[arg(long)]
    json: bool,
    /// Given by `cargo bench`; without it everything runs once
    #[arg(long)]
    bench: bool,
    /// Given by `cargo test`; everything runs once
    #[arg(long)]
    test: bool,
}

fn main() {
    let options = Options::parse();
    if !options.json {
        println!("{}", feature_line());
        println!("estimate: lowest of the medians of {} interleaved passes; Faer on one thread", options.passes);
        print!("{:<34}", "µs");
        Parts::NAMES.iter().for_each(|part| print!(" {part:>9}"));
        println!(" {:>9}", "outside");
    }
    for setting in options.settings() {
        match options.f64 {
            true => options.report::<f64>(&setting),
            false => options.report::<f32>(&setting),
        }
    }
}

impl Options {
    fn once(&self) -> bool {
        self.test || !self.bench
    }

    fn settings(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        for (&hidden, &rows) in self.hidden.iter().flat_map(|h| self.rows.iter().map(move |n| (h, n))) {
            for (&cell, &head) in self.cells.iter().flat_map(|c| self.heads.iter().map(move |h| (c, h))) {
                settings.push(Setting { cell, head, hidden, rows });
            }
        }
        settings.truncate(if self.once() { 3 } else { settings.len() });
        settings
    }

    fn report<T: Number>(&self, setting: &Setting)
    where
        recurrent::backend::Faer: rnn_kernels::Backend<T>,
    {
        let (passes, secs) = if self.once() { (1, 0.0) } else { (self.passes, self.secs) };
        let effort = Effort { time: Duration::from_secs_f64(secs), samples: 1 };
        let mut training = Training::<T>::new(*setting);
        let mut best = Parts::WORST;
        (0..passes).for_each(|_| best = best.min(training.parts(effort)));
        let outside = best.outside();
        if self.json {
            let times: serde_json::Map<_, _> =
                Parts::NAMES.iter().zip(best.0).map(|(name, time)| ((*name).into(), time.into())).collect();
            println!("{}", serde_json::json!({ "setting": setting.label(), "times": times, "outside": outside }));
            return;
        }
        print!("{:<34}", format!("{} {}", T::NAME, setting.label()));
        best.0.iter().for_each(|time| print!(" {:>9.2}", time * 1e6));
        println!(" {:>7.1} %", outside * 100.0);
    }
}
