//! What a file has, and what of it is not supported.

mod arrays;
mod json;
mod keras;
mod network;
mod onnx;

pub use network::described;

use crate::format::Format;
use crate::load::{File, Model, What};
use crate::options::Told;
use crate::table::count;
use recurrent::error::{Error, Result};
use std::path::Path;

/// Everything of a file that is worth knowing, and why it cannot be used as far as it cannot.
///
/// # Errors
/// If there is nothing to list: the file cannot be read, is broken, or of no format that is known here.
pub fn inspect(path: &Path, told: &Told) -> Result<String> {
    let file = File::read(path)?;
    match file.format {
        Format::Onnx => onnx::inspect(&file, told),
        Format::Keras | Format::KerasHdf5 => keras::inspect(&file, told),
        Format::Safetensors => arrays::safetensors(&file, told),
        Format::Npz => arrays::npz(&file, told),
        Format::Rtneural => json::rtneural(&file, told),
        Format::Nam => json::nam(&file, told),
        Format::Checkpoint(_) | Format::Config => network::inspect(&file, told),
    }
}

/// The first line: the file, its format, and what else is to be said of the whole.
fn heading(file: &File<'_>, details: &[String]) -> String {
    let mut parts = vec![file.format.to_string()];
    parts.extend(details.iter().cloned());
    parts.push(count(file.bytes.len(), "byte"));
    format!("{}: {}\n", file.name(), parts.join(", "))
}

/// Whether a file that is whole and known has something that is not supported.
fn is_unsupported(error: &Error) -> bool {
    matches!(
        error,
        Error::Model { .. }
            | Error::Node { .. }
            | Error::Config { .. }
            | Error::Cell { .. }
            | Error::Equation { .. }
            | Error::Kind { .. }
            | Error::NotFinite { .. }
    )
}

/// What is not supported, of so many things: errors that differ in their place alone share the text of the first.
fn refused<'e>(errors: impl IntoIterator<Item = &'e Error>, of: &str) -> String {
    let mut groups: Vec<(&Error, Vec<&str>)> = Vec::new();
    let mut total = 0;
    for error in errors {
        total += 1;
        let Error::Model { at, .. } = error else {
            groups.push((error, Vec::new()));
            continue;
        };
        match groups.iter_mut().find(|(first, _)| alike(first, error)) {
            Some((_, more)) => more.push(at),
            None => groups.push((error, Vec::new())),
        }
    }
    let mut text = if total == 0 { String::new() } else { format!("\nNot supported, {total}{of}:\n") };
    for (first, more) in groups {
        text += &format!("  {first}\n");
        if !more.is_empty() {
            text += &format!("    the same of {} more: {}\n", more.len(), more.join(", "));
        }
    }
    text
}

/// Whether two errors say the same of two places.
fn alike(a: &Error, b: &Error) -> bool {
    match (a, b) {
        (
            Error::Model { part, expected, found, .. },
            Error::Model { part: other_part, expected: other_expected, found: other_found, .. },
        ) => (part, expected, found) == (other_part, other_expected, other_found),
        _ => false,
    }
}

/// What can be done with a file of which nothing was refused so far: it is loaded as `run` loads it.
///
/// # Errors
/// If it turns out to be broken.
fn usable(file: &File<'_>, told: &Told) -> Result<String> {
    Ok(match file.load(told) {
        Err(error) if is_unsupported(&error) => refused([&error], ""),
        Err(error) => return Err(error),
        Ok(Model { what, notes }) => {
            let mut text = match what {
                What::Network(chain) => format!("\n{}", network::summary(&chain)),
                What::Graph(graph) => format!("\n{}", network::graph_summary(*graph)),
            };
            notes.iter().for_each(|note| text += &format!("  note: {note}\n"));
            text
        }
    })
}
