//! `.name.random.part`: the file a new content is written to, and what a killed program has left of it.
//!
//! A writer holds an advisory lock on its part for as long as it lives, and the system releases that when the program
//! ends, however it ends. So a part whose lock can be had belongs to nobody: age and process ids, which other machines
//! and containers count differently, need not be guessed from.

use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use tempfile::NamedTempFile;

/// Letters and digits by which parts of one name differ.
const RANDOM: usize = 12;
/// Longer names are cut, so that that of the part is still one: file systems end at 255 bytes.
const LONGEST: usize = 200;
const SUFFIX: &str = ".part";

/// What the names of all parts of `name` begin with. Two names may share it: locks tell whose is alive.
fn prefix(name: &OsStr) -> String {
    let name = name.to_string_lossy();
    let end = (0..=LONGEST.min(name.len())).rev().find(|&end| name.is_char_boundary(end));
    format!(".{}.", &name[..end.unwrap_or(0)])
}

/// A new, locked part of `name` in `folder`; deletes itself when dropped.
pub(super) fn create(folder: &Path, name: &OsStr, private: bool) -> io::Result<NamedTempFile> {
    let prefix = prefix(name);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(SUFFIX).rand_bytes(RANDOM);
    #[cfg(unix)]
    {
        // As for any new file; or, until it has the mode of the old one, for the owner alone.
        let mode = if private { 0o600 } else { 0o666 };
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = private;
    for _ in 0..8 {
        // Its own error names the temporary file, which tells nobody anything.
        let part = builder.tempfile_in(folder).map_err(|error| io::Error::from(error.kind()))?;
        match part.as_file().try_lock() {
            // Another writer swept it between its creation and its lock.
            Err(TryLockError::WouldBlock) => {}
            Ok(()) if !linked(part.as_file())? => {}
            // A file system without locks: nothing is swept there, and nothing is in danger.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(part),
        }
    }
    Err(io::Error::other("other writers took every new file away"))
}

#[cfg(unix)]
fn linked(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(file.metadata()?.nlink() > 0)
}

#[cfg(not(unix))]
fn linked(_: &File) -> io::Result<bool> {
    Ok(true)
}

/// Deletes the parts of `name` that nobody is writing. What cannot be deleted stays: it is in nobody's way.
pub(super) fn sweep(folder: &Path, name: &OsStr) {
    let prefix = prefix(name);
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let is_part = entry.file_name().to_str().is_some_and(|name| is_part(name, &prefix));
        if is_part && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            // The lock is held while the file is deleted: its writer, if it only begins now, does not get it.
            let file = super::at_once().read(true).write(true).open(entry.path());
            if file.as_ref().is_ok_and(|file| file.try_lock().is_ok()) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

fn is_part(name: &str, prefix: &str) -> bool {
    let random = name.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(SUFFIX));
    random.is_some_and(|random| random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::{create, is_part, prefix, sweep};
    use std::ffi::OsStr;

    #[test]
    fn parts_are_those_of_one_name_and_nothing_else() {
        let prefix = prefix(OsStr::new("run.ckpt"));
        assert!(is_part(".run.ckpt.aB3dE6gH9jK2.part", &prefix));
        for other in [
            "run.ckpt",
            ".run.ckpt.part",
            ".run.ckpt.aB3dE6gH9jK2",
            ".run.ckpt.aB3dE6gH9jK.part",
            ".run.ckpt.aB3dE6gH9.K2.part",
            ".run.ckpt.old.aB3dE6gH9jK2.part",
            ".run.aB3dE6gH9jK2.part",
        ] {
            assert!(!is_part(other, &prefix), "{other}");
        }
    }

    #[test]
    fn what_is_being_written_stays_and_what_was_left_goes() {
        let folder = tempfile::tempdir().unwrap();
        let name = OsStr::new("run");
        let alive = create(folder.path(), name, true).unwrap();
        let left = folder.path().join(".run.aB3dE6gH9jK2.part");
        let others = [".other.aB3dE6gH9jK2.part", "run", ".run.part"].map(|name| folder.path().join(name));
        for path in others.iter().chain([&left]) {
            std::fs::write(path, b"x").unwrap();
        }
        sweep(folder.path(), name);
        assert!(alive.path().exists() && others.iter().all(|path| path.exists()));
        assert!(!left.exists());
    }

    #[test]
    fn the_longest_name_a_file_can_have_has_a_part() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["n".repeat(255), "ü".repeat(127)] {
            let part = create(folder.path(), OsStr::new(&name), false).unwrap();
            let path = part.into_temp_path().keep().unwrap();
            sweep(folder.path(), OsStr::new(&name));
            assert!(!path.exists(), "{name}");
        }
    }
}
