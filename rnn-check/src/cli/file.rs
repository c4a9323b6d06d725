//! Files, written whole or not at all: into a temporary file beside the target, renamed over it.

use super::error::Error;
use serde::Serialize;
use std::fs::Permissions;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

pub fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.into(), source })
}

/// An option and the file it names, if it is there.
pub type Named<'a> = (&'static str, Option<&'a PathBuf>);

/// Whether each of the outputs can be written and is no other of these files: a command of minutes finds that out
/// before it begins.
pub fn writable(outputs: &[Named<'_>], read: Named<'_>) -> Result<(), Error> {
    let mut taken: Vec<(&str, PathBuf)> = vec![];
    if let (option, Some(path)) = read {
        let place = path.canonicalize().map_err(|source| Error::Read { path: path.into(), source })?;
        taken.push((option, place));
    }
    for &(option, path) in outputs {
        let Some(path) = path else { continue };
        let examined = place(path).and_then(|(place, _)| beside(&place).map(|_| place));
        let place = examined.map_err(|source| Error::Write { path: path.into(), source })?;
        if let Some((other, _)) = taken.iter().find(|(_, taken)| *taken == place) {
            return Err(Error::Usage(format!(
                "{option} {}: expected another file than that of {other}",
                path.display()
            )));
        }
        taken.push((option, place));
    }
    Ok(())
}

/// Replaces the file at `path`, through symbolic links, and keeps its permissions.
pub fn write(path: &Path, contents: &str) -> Result<(), Error> {
    let written = place(path).and_then(|(place, permissions)| {
        let mut file = beside(&place)?;
        if let Some(permissions) = permissions {
            file.as_file().set_permissions(permissions)?;
        }
        file.write_all(contents.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&place).map_err(|error| error.error)
    });
    written.map(drop).map_err(|source| Error::Write { path: path.into(), source })
}

pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value);
    let text = text.map_err(|error| Error::Write { path: path.into(), source: error.into() })?;
    write(path, &(text + "\n"))
}

/// The file that a path leads to and the permissions it has, if it exists; a folder, a device and a file that is
/// read-only are not replaced.
fn place(path: &Path) -> io::Result<(PathBuf, Option<Permissions>)> {
    let place = match path.canonicalize() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if let Ok(target) = path.read_link() {
                return self::place(&folder(path).join(target));
            }
            let name = path.file_name().ok_or(error)?;
            return Ok((folder(path).canonicalize()?.join(name), None));
        }
        found => found?,
    };
    let found = place.metadata()?;
    if !found.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "expected a regular file, found something else"));
    }
    if found.permissions().readonly() {
        return Err(io::Error::new(
            ErrorKind::PermissionDenied,
            "expected a file to replace, found one that is read-only",
        ));
    }
    Ok((place, Some(found.permissions())))
}

/// A temporary file in the same folder; what is not persisted is deleted.
fn beside(place: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".").suffix(".part");
    // As for any new file; the default of temporary ones would hide it from everyone else.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    // Its own error names the temporary file, which tells nobody anything.
    builder.tempfile_in(folder(place)).map_err(|error| error.kind().into())
}

/// The folder of a bare file name is the empty path.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
