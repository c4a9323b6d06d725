//! A zip archive: names and contents. No name is there twice, and every content that is read to its end has the right checksum.

#[cfg(feature = "keras")]
use super::source::{exactly, to_its_end};
use crate::error::{Error, Result};
use std::borrow::Cow;
use std::io::Cursor;
#[cfg(feature = "npz")]
use std::io::Read;
use zip::ZipArchive;
use zip::read::ZipFile;

/// An archive in memory.
pub(super) struct Archive<'a> {
    name: String,
    /// How long it is.
    #[cfg(feature = "keras")]
    bytes: usize,
    zip: ZipArchive<Cursor<Cow<'a, [u8]>>>,
}

impl<'a> Archive<'a> {
    /// # Errors
    /// [`Error::Format`] if it is no archive, or has two contents of one name.
    pub fn new(name: String, bytes: Cow<'a, [u8]>) -> Result<Self> {
        let broken = |found: String| Error::format(&*name, "a zip archive", found);
        #[cfg(feature = "keras")]
        let len = bytes.len();
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(error.to_string()))?;
        if zip.has_duplicate_names() {
            return Err(Error::format(name, "a different name for everything in the archive", "one name twice"));
        }
        Ok(Self {
            name,
            #[cfg(feature = "keras")]
            bytes: len,
            zip,
        })
    }

    /// What messages call it.
    #[cfg(feature = "npz")]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many contents it has.
    #[cfg(feature = "npz")]
    pub fn len(&self) -> usize {
        self.zip.len()
    }

    /// The `k`-th content, to be read, with its name and its length.
    ///
    /// # Errors
    /// [`Error::Format`] if the archive is broken there, or if it is encrypted or compressed in another way than deflate.
    pub fn content(&mut self, k: usize) -> Result<Content<'_, 'a>> {
        let archive = &self.name;
        let broken = |error: zip::result::ZipError| Error::format(format!("{archive}, content {k}"), READABLE, error);
        let file = self.zip.by_index(k).map_err(broken)?;
        let name = file.name().map_err(broken)?.into_owned();
        Ok(Content { archive, len: file.size(), name, file })
    }

    /// The whole content of this name, if there is one.
    ///
    /// # Errors
    /// Those of [`content`](Self::content), and [`Error::Format`] if it is longer than `limit` or not what its length and checksum say.
    #[cfg(feature = "keras")]
    pub fn read(&mut self, name: &str, limit: u64) -> Result<Option<Vec<u8>>> {
        let Some(k) = self.zip.index_for_name(name) else { return Ok(None) };
        let archive_len = self.bytes;
        let mut content = self.content(k)?;
        let what = content.what();
        if content.len > limit {
            return Err(Error::format(what, format!("at most {limit} bytes"), format!("{} bytes", content.len)));
        }
        let another = || Error::format(&*what, format!("{} bytes", content.len), "another length");
        // What is no longer than the archive may be believed, so that it needs no pieces.
        let whole = usize::try_from(content.len).ok().filter(|len| *len <= archive_len);
        let bytes = match whole {
            Some(len) => exactly(&what, &mut content.file, len)?,
            None => {
                to_its_end(&what, &mut content.file, content.len)?.filter(|bytes| bytes.len() as u64 == content.len)
            }
        };
        bytes.map(Some).ok_or_else(another)
    }
}

const READABLE: &str = "a content that is stored or deflated";

/// One content of an archive.
pub(super) struct Content<'r, 'a> {
    archive: &'r str,
    pub name: String,
    /// Its length, as the archive says.
    pub len: u64,
    file: ZipFile<'r, Cursor<Cow<'a, [u8]>>>,
}

impl Content<'_, '_> {
    /// What messages call it.
    pub fn what(&self) -> String {
        format!("{}, {}", self.archive, self.name)
    }

    /// Fills `bytes` with what comes next.
    ///
    /// # Errors
    /// [`Error::Format`] if there is less, or if it is broken.
    #[cfg(feature = "npz")]
    pub fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.file.read_exact(bytes).map_err(|error| Error::format(self.what(), "a whole content", error))
    }

    /// `Ok` if that was all and it has the checksum that the archive says.
    ///
    /// # Errors
    /// [`Error::Format`] if not.
    #[cfg(feature = "npz")]
    pub fn finish(mut self) -> Result<()> {
        match self.file.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(Error::format(self.what(), "no more", "more")),
            Err(error) => Err(Error::format(self.what(), "a whole content", error)),
        }
    }
}
