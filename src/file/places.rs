//! `inputs, outputs → places`: where the files of a program may go, found out before its work and not after it.

use super::replace::{existing, folder, follow};
use super::stale;
use crate::error::{Error, Result};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Whether [`write_atomically`](super::write_atomically) could replace or make the file at `path` now: where it would be, without links.
///
/// # Errors
/// [`Error::Io`] or [`Error::Format`] if not. Nothing is left behind.
pub fn check_writable(path: impl AsRef<Path>) -> Result<PathBuf> {
    let path = path.as_ref();
    let refused = |source: io::Error| Error::io("writing", path, source);
    let target = follow(path)?;
    if target.is_dir() {
        return Err(refused(ErrorKind::IsADirectory.into()));
    }
    existing(path, &target)?;
    let name = target.file_name().ok_or_else(|| refused(ErrorKind::InvalidInput.into()))?;
    stale::create(folder(&target), name, true).map_err(refused)?;
    Ok(folder(&target).canonicalize().map_err(refused)?.join(name))
}

/// Whether every output can be [written](check_writable), and none is another one or an input: two names may be of one file. Each
/// comes with what messages call it; an output without a path is none.
///
/// ```
/// use recurrent::file::check_outputs;
/// use std::path::Path;
///
/// let chart = std::env::temp_dir().join("chart.svg");
/// check_outputs([], [("--svg", Some(&*chart)), ("--summary", None)])?;
/// let error = check_outputs([], ["--svg", "--summary"].map(|option| (option, Some(&*chart)))).unwrap_err().to_string();
/// assert!(error.starts_with("--summary: expected another file than that of --svg"));
/// # Ok::<(), recurrent::Error>(())
/// ```
///
/// # Errors
/// [`Error::Format`] if two are one file, those of [`check_writable`], and [`Error::Io`] if there is no such input.
pub fn check_outputs<'a>(
    inputs: impl IntoIterator<Item = (&'a str, &'a Path)>,
    outputs: impl IntoIterator<Item = (&'a str, Option<&'a Path>)>,
) -> Result<()> {
    let real = |(name, path): (&'a str, &Path)| {
        path.canonicalize().map(|place| (name, place)).map_err(|source| Error::io("reading", path, source))
    };
    let mut taken = inputs.into_iter().map(real).collect::<Result<Vec<_>>>()?;
    for (name, path) in outputs.into_iter().filter_map(|(name, path)| path.map(|path| (name, path))) {
        let place = check_writable(path)?;
        if let Some((other, _)) = taken.iter().find(|(_, taken)| *taken == place) {
            return Err(Error::format(name, format!("another file than that of {other}"), path.display()));
        }
        taken.push((name, place));
    }
    Ok(())
}

/// Whether there is nothing at `path` that a program would replace unasked; `or` is what the message offers instead.
///
/// # Errors
/// [`Error::Format`] if something is there.
pub fn check_new(what: &str, path: impl AsRef<Path>, or: &str) -> Result<()> {
    let path = path.as_ref();
    if !path.exists() {
        return Ok(());
    }
    Err(Error::format(what, format!("a new file, or {or}"), format!("{}, which exists", path.display())))
}

/// `folder/name`, the folder made if need be: where a program puts what it is not told a place for.
///
/// # Errors
/// [`Error::Io`] if there can be no such folder.
pub fn in_folder(folder: impl AsRef<Path>, name: &str) -> Result<PathBuf> {
    let folder = folder.as_ref();
    std::fs::create_dir_all(folder).map_err(|source| Error::io("creating", folder, source))?;
    Ok(folder.join(name))
}

/// Gives the file at `path` another name, `run.ckpt` that of `run.previous.ckpt`, so that a new one can be written and this one stays; the one
/// that has that name is replaced. Returns the new name, `None` if there is no file.
///
/// # Errors
/// [`Error::Io`] if it cannot be renamed.
pub fn set_aside(path: impl AsRef<Path>) -> Result<Option<PathBuf>> {
    let path = path.as_ref();
    if !path.exists() {
        return Ok(None);
    }
    let extension = path.extension().map_or("previous".into(), |old| format!("previous.{}", old.display()));
    let previous = path.with_extension(extension);
    std::fs::rename(path, &previous).map_err(|source| Error::io("renaming", path, source))?;
    Ok(Some(previous))
}
