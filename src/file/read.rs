//! `path → bytes`: a whole regular file, no longer than agreed, at once or in chunks, in memory that its length justifies.

use super::{at_once, check_regular};
use crate::error::{Error, Result};
use crate::memory::reserve;
use std::borrow::Cow;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// The bytes of the regular file at `path`; of one longer than `limit`, the error that `too_long` makes of its length.
///
/// # Errors
/// Those of [`Reading`].
pub(crate) fn read(path: &Path, limit: u64, too_long: impl FnOnce(u64) -> Error) -> Result<Vec<u8>> {
    let mut file = Reading::open(path, limit, too_long)?;
    let bytes = file.bytes(file.len())?;
    file.finish()?;
    Ok(bytes)
}

/// How many bytes are read at once where they are not kept: a multiple of every number type.
const CHUNK: usize = 1 << 16;

/// A regular file that is read from its beginning to its end, and has then to have the length that it had at first.
///
/// # Errors
/// All of its functions give [`Error::Io`] if it cannot be read, [`Error::Format`] if it is not a regular file or its length changes
/// meanwhile, [`Error::Memory`] if what is kept does not fit into memory. What is refused by kind or length is not read.
#[derive(Debug)]
pub(crate) struct Reading<'p> {
    path: Cow<'p, Path>,
    file: File,
    len: u64,
    /// How many bytes were read.
    at: u64,
}

impl<'p> Reading<'p> {
    /// The file at `path`; of one longer than `limit`, the error that `too_long` makes of its length.
    pub fn open(path: impl Into<Cow<'p, Path>>, limit: u64, too_long: impl FnOnce(u64) -> Error) -> Result<Self> {
        let path = path.into();
        let io = |source| Error::io("reading", &*path, source);
        // Looked at before it is opened, since opening a device may act on it; and afterwards, since it may be another now.
        check_regular(&path, &std::fs::metadata(&path).map_err(io)?)?;
        let file = at_once().read(true).open(&path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        check_regular(&path, &metadata)?;
        match metadata.len() {
            len if len > limit => Err(too_long(len)),
            len => Ok(Self { path, file, len, at: 0 }),
        }
    }

    /// Its length.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// The next `len` bytes, of which there must be as many by the length of the file.
    pub fn bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        let memory = || Error::Memory {
            what: self.path.display().to_string(),
            bytes: usize::try_from(len).unwrap_or(usize::MAX),
        };
        let exact = usize::try_from(len).map_err(|_| memory())?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(exact).map_err(|_| memory())?;
        let read = (&self.file).take(len).read_to_end(&mut bytes);
        read.map_err(|source| Error::io("reading", &*self.path, source))?;
        self.at += bytes.len() as u64;
        if bytes.len() < exact { Err(self.another_length(self.at.to_string())) } else { Ok(bytes) }
    }

    /// The next `len` bytes, chunk by chunk, each but the last a whole number of numbers.
    pub fn chunks(&mut self, len: u64, mut take: impl FnMut(&[u8])) -> Result<()> {
        let mut buffer = Vec::new();
        let most = usize::try_from(len).unwrap_or(usize::MAX).min(CHUNK);
        reserve("a piece of a file", &mut buffer, most)?;
        buffer.resize(most, 0);
        let mut left = len;
        while left > 0 {
            let chunk = &mut buffer[..usize::try_from(left).unwrap_or(usize::MAX).min(most)];
            match self.file.read_exact(chunk) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Err(self.another_length("fewer".into()));
                }
                Err(source) => return Err(Error::io("reading", &*self.path, source)),
            }
            self.at += chunk.len() as u64;
            left -= chunk.len() as u64;
            take(chunk);
        }
        Ok(())
    }

    /// `Ok` if that was all. Files of /proc say that they are empty, and a file may grow while it is read.
    pub fn finish(mut self) -> Result<()> {
        let more = self.file.read(&mut [0]).map_err(|source| Error::io("reading", &*self.path, source))?;
        if more > 0 { Err(self.another_length("more".into())) } else { Ok(()) }
    }

    fn another_length(&self, found: String) -> Error {
        Error::format(self.path.display().to_string(), format!("{} bytes, as its length says", self.len), found)
    }
}
