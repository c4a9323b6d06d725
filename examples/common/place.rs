//! Whether a file can be written at its end of a path: found out before the work, not after it.

use recurrent::{Error, Result};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file that `path` leads to, through symbolic links, whether it exists or not.
///
/// # Errors
/// If its folder does not exist, it is no regular file or is read-only, or a file cannot be made in its folder. Nothing
/// is left behind.
pub fn writable(path: &Path) -> Result<PathBuf> {
    let refused = |kind: ErrorKind| io("writing", path, kind.into());
    let place = follow(path).map_err(|error| io("writing", path, error))?;
    if let Ok(found) = place.metadata() {
        if found.is_dir() {
            return Err(refused(ErrorKind::IsADirectory));
        }
        if !found.is_file() {
            let (expected, found) = ("a regular file".into(), "something else, such as a device or a pipe".into());
            return Err(Error::Format { what: path.display().to_string(), expected, found });
        }
        // Root may write to it all the same, and a file that can be renamed over needs no permission.
        if found.permissions().readonly() {
            return Err(refused(ErrorKind::PermissionDenied));
        }
    }
    let probe = tempfile::Builder::new().prefix(".").tempfile_in(folder(&place));
    probe.map_err(|error| refused(error.kind()))?;
    Ok(place)
}

/// The path without links; a file that does not exist yet is named by its folder.
pub fn follow(path: &Path) -> std::io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == ErrorKind::NotFound => match (path.read_link(), path.file_name()) {
            (Ok(target), _) => follow(&folder(path).join(target)),
            (Err(_), Some(name)) => Ok(folder(path).canonicalize()?.join(name)),
            (Err(_), None) => Err(error),
        },
        found => found,
    }
}

/// The folder of a bare file name is the empty path.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// `name` in a folder for this example among the build products, which is made if need be.
pub fn product(example: &str, name: &str) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join(example);
    std::fs::create_dir_all(&folder).map_err(|source| io("creating", &folder, source))?;
    Ok(folder.join(name))
}

/// A refusal of the operating system.
pub fn io(doing: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::Io { doing, path: path.into(), source }
}
