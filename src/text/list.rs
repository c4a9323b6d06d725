//! `folder → files`: a corpus that lies in many files, in the same order on every machine.

use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// The files of a folder with this extension, and those of the folders in it down to so many levels, 1 being the folder alone: sorted by path,
/// a folder among files. A link to a folder is followed, so that one that leads to itself is read once for each level.
///
/// # Errors
/// [`Error::Io`] if a folder cannot be read.
pub fn list(folder: impl AsRef<Path>, extension: &str, levels: usize) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    append(folder.as_ref(), extension, levels, &mut files)?;
    Ok(files)
}

fn append(folder: &Path, extension: &str, levels: usize, files: &mut Vec<PathBuf>) -> Result<()> {
    let io = |source| Error::io("reading", folder, source);
    let entries = std::fs::read_dir(folder).map_err(io)?;
    let mut paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(io)?;
    paths.sort();
    for path in paths {
        if path.is_file() && path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        } else if levels > 1 && path.is_dir() {
            append(&path, extension, levels - 1, files)?;
        }
    }
    Ok(())
}
