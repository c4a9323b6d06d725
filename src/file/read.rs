//! `path → bytes`: a whole regular file, no longer than agreed, in memory that its length justifies.

use super::{at_once, check_regular};
use crate::error::{Error, Result};
use std::io::Read;
use std::path::Path;

/// The bytes of the regular file at `path`; of one longer than `limit`, the error that `too_long` makes of its length.
///
/// # Errors
/// [`Error::Io`] if it cannot be read, [`Error::Format`] if it is not a regular file or its length changes meanwhile,
/// [`Error::Memory`] if it does not fit into memory. What is refused by kind or length is not read.
pub(crate) fn read(path: &Path, limit: u64, too_long: impl FnOnce(u64) -> Error) -> Result<Vec<u8>> {
    let io = |source| Error::io("reading", path, source);
    // Looked at before it is opened, since opening a device may act on it; and afterwards, since it may be another now.
    check_regular(path, &std::fs::metadata(path).map_err(io)?)?;
    let mut file = at_once().read(true).open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    check_regular(path, &metadata)?;
    if metadata.len() > limit {
        return Err(too_long(metadata.len()));
    }
    let memory = || Error::Memory {
        what: path.display().to_string(),
        bytes: usize::try_from(metadata.len()).unwrap_or(usize::MAX),
    };
    let len = usize::try_from(metadata.len()).map_err(|_| memory())?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| memory())?;
    (&file).take(metadata.len()).read_to_end(&mut bytes).map_err(io)?;
    // Files of /proc say that they are empty, and a file may grow or shrink while it is read.
    let more = file.read(&mut [0]).map_err(io)?;
    if bytes.len() != len || more > 0 {
        let found = if more > 0 { "more".into() } else { format!("{}", bytes.len()) };
        return Err(Error::format(path.display().to_string(), format!("{len} bytes, as its length says"), found));
    }
    Ok(bytes)
}
