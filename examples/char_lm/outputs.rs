//! Where the files of a run go: never over what it reads, over each other, or over what an earlier run has learnt.

use super::options::Options;
use super::place::{follow, io, product, writable};
use recurrent::{Error, Result};
use std::path::{Path, PathBuf};

/// A place for each file, known to be writable.
#[derive(Clone, Debug)]
pub struct Outputs {
    pub checkpoint: PathBuf,
    pub svg: PathBuf,
    pub summary: Option<PathBuf>,
}

impl Outputs {
    /// Those the options ask for; `inputs` are the files of the text.
    pub fn of(options: &Options, inputs: &[PathBuf]) -> Result<Self> {
        let outputs = Self {
            checkpoint: checkpoint(options)?,
            svg: options.svg.clone().map_or_else(|| product("char_lm", "char_lm.svg"), Ok)?,
            summary: options.summary.clone(),
        };
        let read =
            inputs.iter().map(|path| follow(path).map(|place| ("the text", place)).map_err(|e| io("reading", path, e)));
        let mut taken = read.collect::<Result<Vec<_>>>()?;
        let named = [("--checkpoint", Some(&outputs.checkpoint)), ("--svg", Some(&outputs.svg))];
        for (option, path) in named.into_iter().chain([("--summary", outputs.summary.as_ref())]) {
            let Some(path) = path else { continue };
            let place = writable(path)?;
            if let Some((other, _)) = taken.iter().find(|(_, taken)| *taken == place) {
                let expected = format!("another file than that of {other}");
                return Err(Error::Format { what: option.into(), expected, found: path.display().to_string() });
            }
            taken.push((option, place));
        }
        if options.checkpoint.is_some() && !options.resume && !options.overwrite && outputs.checkpoint.exists() {
            let expected = "a new file, or --resume to go on from it, or --overwrite".into();
            let found = format!("{}, which exists", outputs.checkpoint.display());
            return Err(Error::Format { what: "--checkpoint".into(), expected, found });
        }
        Ok(outputs)
    }
}

/// The checkpoint asked for, or that among the build products.
pub fn checkpoint(options: &Options) -> Result<PathBuf> {
    options.checkpoint.clone().map_or_else(|| product("char_lm", "char_lm.ckpt"), Ok)
}

/// Keeps the checkpoint of the run before under another name, so that a command without options can be repeated.
pub fn set_aside(checkpoint: &Path) -> Result<Option<PathBuf>> {
    if !checkpoint.exists() {
        return Ok(None);
    }
    let previous = checkpoint.with_extension("previous.ckpt");
    std::fs::rename(checkpoint, &previous).map_err(|error| io("renaming", checkpoint, error))?;
    Ok(Some(previous))
}
