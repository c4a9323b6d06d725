//! Which arrays an archive has: reading it ends at the first that is not understood.

use super::tensors::data;
use super::{SUFFIX, header};
use crate::error::{Error, Result};
use crate::interop::archive::Archive;
use crate::interop::{LoadOptions, Source};
use crate::memory::reserve_part;

/// An array of an archive.
#[derive(Debug)]
#[non_exhaustive]
pub struct SurveyedArray {
    /// Its name.
    pub name: String,
    /// What NumPy calls its number type.
    pub dtype: String,
    /// The length of every axis.
    pub shape: Vec<usize>,
    /// Why its numbers cannot be read, if they cannot.
    pub refused: Option<Error>,
}

/// Every array of an archive, in its order, and why it cannot be [read](super::read_tensors) if it cannot. Numbers are read and let go.
///
/// # Errors
/// [`Error::Format`] if the file is no archive of arrays or too long, [`Error::Io`], [`Error::Memory`].
pub fn survey<'s>(source: impl Into<Source<'s>>, options: &LoadOptions) -> Result<Vec<SurveyedArray>> {
    let (name, bytes) = source.into().bytes(options.max_bytes)?;
    let mut archive = Archive::new(name, bytes)?;
    let mut arrays = Vec::new();
    for k in 0..archive.len() {
        let mut content = archive.content(k)?;
        let header = header(&mut content)?;
        let name = content.name.strip_suffix(SUFFIX).unwrap_or(&content.name).to_string();
        let limit = || Error::format(content.what(), format!("at most {} bytes", options.max_bytes), content.len);
        let fits = if content.len <= options.max_bytes { Ok(()) } else { Err(limit()) };
        let refused = fits.and_then(|()| data(content, &header, options.conversion)).err();
        reserve_part("arrays of an archive", &mut arrays, 1)?;
        arrays.push(SurveyedArray { name, dtype: header.descr, shape: header.shape, refused });
    }
    Ok(arrays)
}
