//! `write beside → sync → rename → sync the folder`: a file is the old one or the new one, never a part.

use super::{at_once, check_regular, stale};
use crate::error::{Error, Result};
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// How many symbolic links are followed, one leading to the next: as many as Linux does.
const LINKS: usize = 40;

/// Replaces the file at `path` by one with these bytes, at once: a crash or a full disk leaves what was there before.
///
/// - A symbolic link is followed: the file it leads to is replaced (or made), the link stays.
/// - A file that was there keeps its mode and owner. Where the system does not let this program give a file to that
///   owner, nothing is replaced. Access lists and extended attributes are not kept.
/// - What an ordinary write could not change is not replaced either: a file that is read-only by its mode (whoever asks,
///   `root` included) or by somebody else's permission.
/// - What is not a regular file is refused: a folder, a FIFO, a device, a link to an open descriptor.
/// - Other hard links to the old file keep the old bytes; so does a program that has it open.
/// - The new content is first written to `.name.random.part` in the same folder. Of a killed program that file stays
///   until the next call for the same `path`, which deletes all those that no living program is writing.
///
/// Uses no memory that grows with `bytes`.
///
/// # Errors
/// [`Error::Replaced`] if the file *was* replaced and only the folder could not be brought to the disk. After any other
/// error, [`Error::Io`] or [`Error::Format`], what was at `path` is untouched and nothing is left behind.
pub fn write_atomically(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    replace(path.as_ref(), bytes, File::sync_all)
}

/// `sync_folder` brings the new name to the disk, after everything else.
fn replace(path: &Path, bytes: &[u8], sync_folder: impl FnOnce(&File) -> io::Result<()>) -> Result<()> {
    let io = |source| Error::io("writing", path, source);
    let target = follow(path)?;
    let old = existing(path, &target)?;
    let folder = folder(&target);
    let name = target.file_name().ok_or_else(|| io(ErrorKind::InvalidInput.into()))?;
    stale::sweep(folder, name);
    let mut part = stale::create(folder, name, old.is_some()).map_err(io)?;
    part.write_all(bytes).map_err(io)?;
    if let Some(old) = old {
        resemble(part.as_file(), &old).map_err(io)?;
    }
    part.as_file().sync_all().map_err(io)?;
    // The name is in the folder, which has to reach the disk too; whether it can be opened is known beforehand.
    #[cfg(unix)]
    let opened = File::open(folder).map_err(io)?;
    let file = part.persist(&target).map_err(|error| io(error.error))?;
    #[cfg(not(unix))]
    let opened = file;
    #[cfg(unix)]
    drop(file);
    match sync_folder(&opened) {
        // Some network file systems have no such request; there the rename is all that can be done.
        Err(error) if !matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
            Err(Error::Replaced { path: path.into(), doing: "bringing its folder to the disk", source: error })
        }
        _ => Ok(()),
    }
}

pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Where the symbolic links of `path` end: at a file, or at a name for a new one.
pub(super) fn follow(path: &Path) -> Result<PathBuf> {
    let io = |source| Error::io("writing", path, source);
    let mut target = path.to_path_buf();
    for _ in 0..LINKS {
        match std::fs::symlink_metadata(&target) {
            Ok(metadata) if metadata.is_symlink() => {}
            Ok(_) => return Ok(target),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(target),
            Err(error) => return Err(io(error)),
        }
        let place = folder(&target).canonicalize().map_err(io)?;
        // Those links are descriptors under the name of a file: whoever holds one would not see another file there.
        if place.starts_with("/proc") || place == Path::new("/dev/fd") {
            return Err(Error::format(path.display().to_string(), "a regular file", "a link to an open descriptor"));
        }
        target = folder(&target).join(std::fs::read_link(&target).map_err(io)?);
    }
    Err(io(io::Error::other(format!("more than {LINKS} symbolic links"))))
}

/// What is at `target` now, if an ordinary write could change it.
pub(super) fn existing(path: &Path, target: &Path) -> Result<Option<Metadata>> {
    let io = |source| Error::io("writing", path, source);
    let metadata = match std::fs::metadata(target) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    check_regular(path, &metadata)?;
    // To `root` the system would not refuse it.
    if metadata.permissions().readonly() {
        return Err(io(io::Error::new(
            ErrorKind::PermissionDenied,
            "permission denied: its mode allows nobody to write it",
        )));
    }
    // A rename asks for permission to the folder alone.
    let metadata = at_once().write(true).open(target).and_then(|file| file.metadata()).map_err(io)?;
    check_regular(path, &metadata)?;
    Ok(Some(metadata))
}

/// Gives `file` the owner and the mode of the old one: the owner first, since giving a file away clears bits of its mode.
#[cfg(unix)]
fn resemble(file: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let new = file.metadata()?;
    let (uid, gid) = (old.uid(), old.gid());
    if (new.uid(), new.gid()) != (uid, gid) {
        let refused =
            |error: io::Error| io::Error::new(error.kind(), format!("its owner {uid}:{gid} cannot be kept: {error}"));
        fchown(file, Some(uid), Some(gid)).map_err(refused)?;
    }
    file.set_permissions(PermissionsExt::from_mode(old.mode() & 0o7777))
}

#[cfg(not(unix))]
fn resemble(file: &File, old: &Metadata) -> io::Result<()> {
    file.set_permissions(old.permissions())
}

#[cfg(test)]
mod tests {
    use super::{Error, replace};
    use std::io;

    #[test]
    fn a_file_that_was_replaced_is_told_from_one_that_was_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        std::fs::write(&path, b"old").unwrap();
        let error = replace(&path, b"new", |_| Err(io::Error::other("no power"))).unwrap_err();
        assert!(matches!(&error, Error::Replaced { path: found, .. } if *found == path), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        // A file system that cannot sync folders has done what it can.
        replace(&path, b"newer", |_| Err(io::ErrorKind::InvalidInput.into())).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"newer");
    }
}
