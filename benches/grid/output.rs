//! Where lines go: JSON to a file or the standard output, readable text to whichever stream is left.

use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// The two kinds of output.
pub struct Output {
    json: Option<Box<dyn Write>>,
    /// JSON has the standard output, so text goes to the other stream.
    aside: bool,
}

impl Output {
    /// JSON lines are appended to the file `json`; `-` is the standard output.
    pub fn new(json: Option<&Path>) -> io::Result<Self> {
        let aside = json == Some(Path::new("-"));
        let append = |path| -> io::Result<File> { OpenOptions::new().append(true).create(true).open(path) };
        let json: Option<Box<dyn Write>> = match json {
            None => None,
            Some(_) if aside => Some(Box::new(io::stdout())),
            Some(path) => Some(Box::new(append(path)?)),
        };
        Ok(Self { json, aside })
    }

    /// A line for people.
    pub fn text(&self, line: &str) {
        match self.aside {
            true => eprintln!("{line}"),
            false => println!("{line}"),
        }
    }

    /// A line for programs, whole and at once.
    pub fn json(&mut self, line: &impl Serialize) -> io::Result<()> {
        let Some(json) = &mut self.json else { return Ok(()) };
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        json.write_all(text.as_bytes())?;
        json.flush()
    }
}
