//! `path ↔ bytes`: how every file of this crate is read and replaced, and where the files of a program may go.
//!
//! Both deal with regular files alone. A FIFO has no end that one could wait for, a device no length and no old content
//! to fall back to; and opening either may do something.

mod places;
mod read;
mod replace;
mod stale;

pub use places::{check_new, check_outputs, check_writable, in_folder, set_aside};
pub(crate) use read::{Reading, read};
pub use replace::write_atomically;

use crate::error::{Error, Result};
use std::fs::{Metadata, OpenOptions};
use std::path::Path;

/// `Ok` if this is a regular file.
fn check_regular(path: &Path, metadata: &Metadata) -> Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(Error::format(path.display().to_string(), "a regular file", kind(metadata)))
}

#[cfg(unix)]
fn kind(metadata: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    match () {
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a FIFO",
        () if kind.is_socket() => "a socket",
        () if kind.is_char_device() || kind.is_block_device() => "a device",
        () => "something else",
    }
}

#[cfg(not(unix))]
fn kind(metadata: &Metadata) -> &'static str {
    if metadata.is_dir() { "a folder" } else { "something else" }
}

/// Options by which opening returns at once, whatever the path has become since it was looked at: a FIFO would wait for
/// its other end. Regular files do not notice.
fn at_once() -> OpenOptions {
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    options
}
