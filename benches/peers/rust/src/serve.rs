//! The requests and answers of `worker.py`, so that `run.py` can measure these libraries in turn with all others: a
//! setting with `secs` on a line of the standard input, its times on a line of the standard output. For `accuracy.py`
//! a layer with all its numbers, answered with its hidden states.

use crate::libraries::{Layer, Library};
use crate::line::{resident, version};
use crate::problem::Problem;
use crate::setting::{Mode, Setting};
use crate::timing::time;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{self, Write};

#[derive(Deserialize)]
struct Request {
    #[serde(flatten)]
    setting: Setting,
    secs: f64,
}

/// Answers until the input ends.
pub fn serve(library: &dyn Library) -> io::Result<()> {
    let mut answers = io::stdout();
    writeln!(answers, "{}", json!({ "version": version(library.package()) }))?;
    let mut built = None;
    for text in io::stdin().lines() {
        writeln!(answers, "{}", answer(library, &text?, &mut built)?)?;
        answers.flush()?;
    }
    Ok(())
}

/// Passes over the same setting follow each other: nothing is built twice.
fn answer(library: &dyn Library, text: &str, built: &mut Option<(Setting, Box<dyn Layer>)>) -> io::Result<Value> {
    // Whatever is timed besides these modes, no library here has it.
    let mut request: Value = serde_json::from_str(text)?;
    if let Some(layer) = request.get_mut("layer") {
        return computed(library, serde_json::from_value(layer.take())?);
    }
    if serde_json::from_value::<Mode>(request["mode"].clone()).is_err() {
        return Ok(json!({ "unsupported": true }));
    }
    let Request { setting, secs } = serde_json::from_value(request)?;
    if library.lacks(&setting).is_some() {
        return Ok(json!({ "unsupported": true }));
    }
    if built.as_ref().is_none_or(|(of, _)| *of != setting) {
        // The old one goes before the new one comes.
        drop(built.take());
    }
    let (_, layer) = built.get_or_insert_with(|| (setting, library.build(&Problem::new(setting))));
    let timing = time(secs, || layer.call());
    let mut answer = json!({ "median_s": timing.median, "min_s": timing.min, "n": timing.calls });
    if let Some([_, peak]) = resident() {
        answer["peak_rss_mb"] = json!(peak);
    }
    Ok(answer)
}

/// The hidden states of a layer that came with its numbers.
fn computed(library: &dyn Library, problem: Problem) -> io::Result<Value> {
    if library.lacks(&problem.setting).is_some() {
        return Ok(json!({ "unsupported": true }));
    }
    let mut layer = library.build(&problem);
    layer.call();
    Ok(json!({ "h": layer.result() }))
}
