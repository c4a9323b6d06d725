//! `write beside → sync → rename → sync the folder`: a file is the old one or the new one, never a part.

use crate::error::{Error, Result};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

/// Replaces the file at `path` by one with these bytes, at once: a crash or a full disk leaves what was there before.
///
/// A symbolic link is replaced, not followed.
///
/// # Errors
/// If the folder does not exist or cannot be written to, or `path` is a folder; nothing is left behind then.
pub fn write_atomically(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    let path = path.as_ref();
    let io = |source| Error::io("writing", path, source);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".").suffix(".part");
    // As for any new file; the default of temporary ones would hide it from everyone else.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    // Deletes itself when dropped. Its own error names the temporary file, which tells nobody anything.
    let mut file = builder.tempfile_in(folder).map_err(|error| io(error.kind().into()))?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(io)?;
    file.persist(path).map_err(|error| io(error.error))?;
    // The name is in the folder, which has to reach the disk too.
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
    Ok(())
}

/// At most `limit + 1` bytes of a file: enough to see that there are too many.
pub(super) fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let io = |source| Error::io("reading", path, source);
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes)).map_err(io)?;
    Ok(bytes)
}
