//! Every line that was asked for, with the number of threads of this process.

use crate::libraries::Library;
use crate::line::Line;
use crate::options::Options;
use crate::problem::Problem;
use crate::setting::{Setting, Shape};
use crate::timing::time;
use std::fs::OpenOptions;
use std::io::{self, Write};

/// Writes a line for each library, cell, mode and shape; what a library lacks is said once on the standard error.
pub fn grid(options: &Options, threads: usize) -> io::Result<()> {
    let mut out: Box<dyn Write> = match &options.json {
        Some(path) => Box::new(OpenOptions::new().append(true).create(true).open(path)?),
        None => Box::new(io::stdout()),
    };
    let mut lacks = Vec::new();
    for shape in &options.shapes.0 {
        for line in lines(options, *shape, threads, &mut lacks) {
            // Whole and at once: others may append to the same file.
            let mut text = serde_json::to_string(&line)?;
            text.push('\n');
            out.write_all(text.as_bytes())?;
        }
    }
    Ok(())
}

/// The lines of a shape: each pass times every setting in turn, so that a slow moment of the machine hits one pass of
/// several settings rather than all passes of one.
fn lines(options: &Options, shape: Shape, threads: usize, lacks: &mut Vec<String>) -> Vec<Line> {
    let mut measured: Vec<(&dyn Library, Setting, Vec<_>)> = Vec::new();
    for (library, setting) in asked(options, shape, threads) {
        match library.lacks(&setting) {
            Some(reason) => {
                let reason = format!("left out: {} {reason}", library.peer());
                if !lacks.contains(&reason) {
                    eprintln!("{reason}");
                    lacks.push(reason);
                }
            }
            None => measured.push((library, setting, Vec::new())),
        }
    }
    for _ in 0..options.passes {
        for (library, setting, timings) in &mut measured {
            // Anew for each pass: how pages happen to lie in memory is then part of the spread.
            let mut layer = library.build(&Problem::new(*setting));
            timings.push(time(options.secs, || layer.call()));
        }
    }
    measured.into_iter().map(|(library, setting, timings)| Line::new(library, setting, &timings)).collect()
}

fn asked(options: &Options, [t, n, c, h]: Shape, threads: usize) -> Vec<(&'static dyn Library, Setting)> {
    let mut asked = Vec::new();
    for &dtype in &options.dtype {
        for &cell in &options.cells {
            for &mode in &options.modes {
                let setting = Setting { cell, t, n, c, h, dtype, mode, threads };
                asked.extend(options.peers.iter().map(|peer| (peer.library(), setting)));
            }
        }
    }
    asked
}
