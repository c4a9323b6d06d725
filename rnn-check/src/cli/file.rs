//! Files, written whole or not at all: into a temporary file beside the target, renamed over it.

use super::error::Error;
use serde::Serialize;
use std::io::Write;
use std::path::Path;

pub fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.into(), source })
}

pub fn write(path: &Path, contents: &str) -> Result<(), Error> {
    // The folder of a bare file name is the empty path.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(contents.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(drop).map_err(|source| Error::Write { path: path.into(), source })
}

pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value);
    let text = text.map_err(|error| Error::Write { path: path.into(), source: error.into() })?;
    write(path, &(text + "\n"))
}
