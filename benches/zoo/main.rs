//! Models of others, computed by this library: what `benches/zoo/run.py` compares with their home runtimes.
//!
//! `cargo bench --bench zoo -- --serve` answers requests, a line of JSON each, until the input ends:
//!
//! | request | answer |
//! |---|---|
//! | `{"do": "open", "model": …, "feeds": …}` | `{}`, or `{"refused": …}` with what the library says |
//! | `{"do": "run"}` | `{"outputs": …}` of the whole sequence |
//! | `{"do": "time", "what": "sequence" or "step", "secs": …}` | `{"median_s": …, "min_s": …, "n": …}`, or `{"unsupported": true}` |
//!
//! A model is one of [`models::Spec`]; tensors are objects of `shape`, `kind` and `data`.

use clap::Parser;
use models::{Model, Spec};
use recurrent::{Error, Result};
use rnn_backend_faer::simd::Accuracy;
use rnn_kernels::Backend;
use serde_json::{Value, json};
use side_by_side::{Effort, Number, Which, feature_line, time};
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;
use tensors::{Named, read, written};

mod g2p;
mod graph;
mod models;
mod network;
mod nnnoiseless;
#[path = "../side_by_side/mod.rs"]
mod side_by_side;
mod tensors;
mod textgenrnn;

/// Compute models of others
#[derive(Parser)]
#[command(name = "cargo bench --bench zoo --")]
struct Options {
    /// Answer requests on the standard input
    #[arg(long)]
    serve: bool,
    /// Backend
    #[arg(long, value_enum, default_value = "faer")]
    backend: Which,
    /// Accuracy of σ and tanh of gates: ulp1 or fast, with faer
    #[arg(long, value_parser = accuracy, default_value = "ulp1")]
    accuracy: Accuracy,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
    /// Given by `cargo test`
    #[arg(long, hide = true)]
    test: bool,
}

fn accuracy(text: &str) -> Result<Accuracy, String> {
    match text {
        "ulp1" => Ok(Accuracy::Ulp1),
        "fast" => Ok(Accuracy::Fast),
        other => Err(format!("ulp1 or fast, not {other}")),
    }
}

fn main() -> io::Result<()> {
    let options = Options::parse();
    if !options.serve {
        println!("{}; benches/zoo/run.py measures models of others with this", feature_line());
        return Ok(());
    }
    let backend = f32::backend(options.backend, 1, None, options.accuracy);
    let backend: Arc<dyn Backend<f32>> = backend.ok_or(io::Error::other("the backend cannot be had"))?.into();
    let mut answers = io::stdout();
    writeln!(answers, "{}", json!({ "version": env!("CARGO_PKG_VERSION") }))?;
    let mut model = None;
    for text in io::stdin().lines() {
        let request: Value = serde_json::from_str(&text?)?;
        let answer = answer(&request, &backend, &mut model);
        writeln!(answers, "{}", answer.unwrap_or_else(|error| json!({ "error": error.to_string() })))?;
        answers.flush()?;
    }
    Ok(())
}

fn answer(request: &Value, backend: &Arc<dyn Backend<f32>>, model: &mut Option<Box<dyn Model>>) -> Result<Value> {
    if request["do"] == "open" {
        let spec: Spec = serde_json::from_value(request["model"].clone()).map_err(Error::application)?;
        return Ok(match spec.open(backend, feeds(&request["feeds"])?) {
            Ok(opened) => {
                *model = Some(opened);
                json!({})
            }
            Err(error) => json!({ "refused": error.to_string() }),
        });
    }
    let model = model.as_deref_mut().ok_or_else(|| Error::application("no model is open"))?;
    match &request["do"] {
        what if what == "run" => {
            let outputs = model.run()?;
            let outputs: serde_json::Map<_, _> =
                outputs.iter().map(|(name, tensor)| (name.clone(), written(tensor))).collect();
            Ok(json!({ "outputs": outputs }))
        }
        what if what == "time" => {
            let secs = request["secs"].as_f64().unwrap_or(0.0);
            let effort = Effort { time: Duration::from_secs_f64(secs), samples: 3 };
            let step = request["what"] == "step";
            // Once before, for what cannot be computed.
            if step && !model.step()? {
                return Ok(json!({ "unsupported": true }));
            }
            model.run()?;
            let timing = match step {
                true => time(effort, || _ = model.step().expect("as before")),
                false => time(effort, || model.sequence().expect("as before")),
            };
            Ok(json!({ "median_s": timing.median, "min_s": timing.min, "n": timing.calls }))
        }
        other => Err(Error::application(format!("nobody knows how to {other}"))),
    }
}

fn feeds(value: &Value) -> Result<Named> {
    let feeds = value.as_object().ok_or_else(|| Error::application("no feeds"))?;
    feeds.iter().map(|(name, value)| Ok((name.clone(), read(value)?))).collect()
}
