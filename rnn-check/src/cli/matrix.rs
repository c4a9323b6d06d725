//! `rnn-check matrix`: what the suite can see, and whether a document still says so.

use super::args::{self, Matrix};
use super::error::Error;
use super::{Outcome, file, progress};
use rnn_check::Plan;
use rnn_check::document::{self, MissingSection};
use rnn_check::matrix::{KillMatrix, kill_matrix, registry_markdown};
use rnn_check::power::{self, Sharpness};
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

/// The sections of a document that hold the tables.
const SECTIONS: [&str; 3] = ["kill-matrix", "detection-floors", "registry"];

/// What `--json` writes.
#[derive(Debug, Serialize)]
pub struct Seen {
    /// Bugs against laws.
    #[serde(flatten)]
    pub matrix: KillMatrix,
    /// The smallest error each law notices.
    pub floors: Vec<Sharpness>,
}

impl Seen {
    /// Computes both, for the laws whose id contains `part`.
    pub fn compute(part: &str) -> Self {
        progress::quietly(|| {
            let start = Instant::now();
            let plan = Plan::quick().count_allocations(|call| allocation_counter::measure(call).count_total);
            let matrix = kill_matrix(&plan.only(part));
            let halfway = start.elapsed();
            let floors = power::floors(part);
            let [first, second] = [halfway, start.elapsed() - halfway].map(|time| time.as_secs_f64());
            eprintln!("kill matrix {first:.1} s, detection floors {second:.1} s");
            Self { matrix, floors }
        })
    }

    /// The generated sections of a document.
    fn sections(&self) -> [(&'static str, String); 3] {
        let [matrix, floors, registry] = SECTIONS;
        [(matrix, self.matrix.markdown()), (floors, power::markdown(&self.floors)), (registry, registry_markdown())]
    }
}

pub fn run(args: &Matrix) -> Result<Outcome, Error> {
    args::some_law(&args.law)?;
    // A file that cannot be read or written, or lacks a section, is found out before minutes are spent.
    let target = args.markdown.as_ref().or(args.check.as_ref());
    let before = target.map(|path| file::read(path)).transpose()?;
    if let (Some(path), Some(text)) = (target, &before) {
        SECTIONS.iter().try_for_each(|name| document::difference(text, name, "").map(drop)).map_err(in_file(path))?;
    }
    let outputs = [("--json", args.json.as_ref()), ("--markdown", args.markdown.as_ref())];
    file::writable(&outputs, ("--check", args.check.as_ref()))?;
    let seen = Seen::compute(&args.law);
    if let Some(path) = &args.json {
        file::write_json(path, &seen)?;
    }
    match (target, before) {
        (Some(path), Some(text)) if args.check.is_some() => {
            return check(path, &text, &seen.sections());
        }
        (Some(path), Some(text)) => {
            let written =
                seen.sections().iter().try_fold(text, |text, (name, body)| document::replace(&text, name, body));
            file::write(path, &written.map_err(in_file(path))?)?;
        }
        _ => println!("{}\n\n{}", seen.matrix, power::markdown(&seen.floors)),
    }
    Ok(Outcome::of(seen.matrix.passes()))
}

fn in_file(path: &Path) -> impl Fn(MissingSection) -> Error + '_ {
    |source| Error::Section { path: path.into(), source }
}

/// The first line of the document that is not what it should be.
fn check(path: &Path, text: &str, sections: &[(&str, String)]) -> Result<Outcome, Error> {
    for (name, body) in sections {
        if let Some(difference) = document::difference(text, name, body).map_err(in_file(path))? {
            println!("{} is out of date; `rnn-check matrix --markdown` writes it anew\n{difference}", path.display());
            return Ok(Outcome::Broken);
        }
    }
    println!("{}: {} sections are as they should be", path.display(), sections.len());
    Ok(Outcome::Holds)
}
