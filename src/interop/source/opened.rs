//! `source, opened → its next bytes`: from a file part by part, from memory without a copy where none is needed.

use crate::error::{Error, Result};
use crate::file;
use crate::memory::reserve;
use std::borrow::Cow;

/// A source of known length, read from its beginning to its end.
#[derive(Debug)]
pub(crate) struct Opened<'a> {
    name: String,
    way: Way<'a>,
}

/// Where the bytes of a source are.
#[derive(Debug)]
pub(super) enum Way<'a> {
    File(file::Reading<'a>),
    Memory { bytes: Cow<'a, [u8]>, at: usize },
}

impl<'a> Opened<'a> {
    pub(super) fn new(name: String, way: Way<'a>) -> Self {
        Self { name, way }
    }

    /// Its name and all of its bytes, none of which has been read. They are not copied if they are in memory already.
    pub(super) fn whole(self) -> Result<(String, Cow<'a, [u8]>)> {
        match self.way {
            Way::Memory { bytes, .. } => Ok((self.name, bytes)),
            Way::File(mut file) => {
                let bytes = file.bytes(file.len())?;
                file.finish()?;
                Ok((self.name, bytes.into()))
            }
        }
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its length.
    pub fn len(&self) -> u64 {
        match &self.way {
            Way::File(file) => file.len(),
            Way::Memory { bytes, .. } => bytes.len() as u64,
        }
    }

    /// The next `len` bytes, of which there must be as many by its length.
    pub fn bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        if let Way::File(file) = &mut self.way {
            return file.bytes(len);
        }
        let mut copy = Vec::new();
        let here = self.next(len)?;
        reserve("a part of a file", &mut copy, here.len())?;
        copy.extend_from_slice(here);
        Ok(copy)
    }

    /// The next `len` bytes, chunk by chunk, each but the last a whole number of numbers.
    pub fn chunks(&mut self, len: u64, mut take: impl FnMut(&[u8])) -> Result<()> {
        match &mut self.way {
            Way::File(file) => file.chunks(len, take),
            Way::Memory { .. } => {
                take(self.next(len)?);
                Ok(())
            }
        }
    }

    /// `Ok` if a file has no more bytes than its length said.
    pub fn finish(self) -> Result<()> {
        match self.way {
            Way::File(file) => file.finish(),
            Way::Memory { .. } => Ok(()),
        }
    }

    /// The next bytes in memory.
    fn next(&mut self, len: u64) -> Result<&[u8]> {
        let Way::Memory { bytes, at } = &mut self.way else { return Ok(&[]) };
        let rest = &bytes[*at..];
        let few = || Error::format(&*self.name, format!("{len} more bytes"), format!("{}", rest.len()));
        let here = usize::try_from(len).ok().and_then(|len| rest.get(..len)).ok_or_else(few)?;
        *at += here.len();
        Ok(here)
    }
}
