//! Weights from NumPy's `.npz`: a zip archive of arrays, as [`numpy.savez`](https://numpy.org/doc/stable/reference/generated/numpy.savez.html)
//! and `savez_compressed` write it.
//!
//! Arrays are read in C and Fortran order, of `<f2`, `<f4`, `<f8` and `<i8`; big-endian arrays and all others are mismatches that name their
//! type. The checksum of every array that is taken must be right. Memory is that of the file and of the parameters.
//!
//! Where there are [graphs](crate::graph), archives hold their inputs and outputs as well: `read_tensors` and `write_tensors`.

mod header;
#[cfg(feature = "_graph")]
mod survey;
#[cfg(feature = "_graph")]
mod tensors;

#[cfg(feature = "_graph")]
pub use self::survey::{SurveyedArray, survey};
#[cfg(feature = "_graph")]
pub use self::tensors::{read_tensors, write_tensors};

use self::header::Header;
use super::archive::{Archive, Content};
use super::element::Kind;
use super::fill::{Described, Filling, LoadReport};
use super::{Element, LoadOptions, Source};
use crate::cells::Cells;
use crate::error::{Error, Result, checked_product};
use crate::network::{Config, Network, Parameters};
use rnn_kernels::Backend;
use std::sync::Arc;

impl<T: Element, B: Backend<T> + ?Sized> Network<T, B> {
    /// Takes the parameters from an archive of arrays with their names: `numpy.savez(path, **{k: v.numpy() for k, v in state.items()})`
    /// of a state of PyTorch.
    ///
    /// # Errors
    /// [`Error::Tensors`] with every array that does not fit, [`Error::Format`] if the file is no such archive, is broken or too long,
    /// [`Error::Io`] if it cannot be read, [`Error::Memory`] if it does not fit into memory. The network is then unchanged.
    pub fn load_npz<'s>(&mut self, source: impl Into<Source<'s>>, options: &LoadOptions) -> Result<()> {
        self.load_npz_as(source, options, |name| Some(name.into())).map(drop)
    }

    /// The same of an archive with other names: `names` says which parameter an array is, `None` that it is left over. Returns what was
    /// taken; with [`Partial::Allow`](super::Partial::Allow) that may be a part.
    ///
    /// # Errors
    /// Those of [`load_npz`](Self::load_npz).
    pub fn load_npz_as<'s>(
        &mut self,
        source: impl Into<Source<'s>>,
        options: &LoadOptions,
        mut names: impl FnMut(&str) -> Option<String>,
    ) -> Result<LoadReport> {
        self.load_with(options, |loaded| fill(loaded, source.into(), options, &mut names))
    }

    /// The network of a configuration with the parameters of an archive; nothing is drawn. What is missing is an error in any case.
    ///
    /// # Errors
    /// Those of [`Network::with_backend_and_cells`] and of [`load_npz`](Self::load_npz).
    pub fn from_npz<'s>(
        source: impl Into<Source<'s>>,
        options: &LoadOptions,
        config: &Config,
        backend: impl Into<Arc<B>>,
        cells: &Cells,
    ) -> Result<Self> {
        Self::with_parameters(config, backend.into(), cells, |_, blocks| {
            let mut loaded = Parameters::zeros(blocks)?;
            let source = source.into();
            let name = source.name();
            let report = fill(&mut loaded, source, options, &mut |name| Some(name.into()))?;
            report.expect_whole(&name, &loaded)?;
            Ok(loaded)
        })
    }
}

/// The arrays of the archive into the parameters that `names` says.
///
/// # Errors
/// If the file cannot be read or an array does not fit; the parameters may have changed then.
fn fill<T: Element>(
    parameters: &mut Parameters<T>,
    source: Source<'_>,
    options: &LoadOptions,
    names: &mut dyn FnMut(&str) -> Option<String>,
) -> Result<LoadReport> {
    let (name, bytes) = source.bytes(options.max_bytes)?;
    let mut archive = Archive::new(name, bytes)?;
    let mut filling = Filling::new(parameters, options);
    for k in 0..archive.len() {
        let mut content = archive.content(k)?;
        let header = header(&mut content)?;
        let array = content.name.strip_suffix(SUFFIX).unwrap_or(&content.name).to_string();
        let described = Described { name: &array, shape: &header.shape, dtype: &header.descr, kind: header.kind() };
        let Some((place, kind)) = filling.place(&described, names(&array)) else { continue };
        numbers(filling.values(place), &header, kind, content)?;
        filling.examine(place);
    }
    filling.finish(archive.name())
}

const SUFFIX: &str = ".npy";
const MAGIC: &[u8] = b"\x93NUMPY";
/// A header has three words; NumPy itself reads no more than this unless told to.
const LONGEST_HEADER: usize = 10_000;

/// The header of an array, whose numbers follow it and are as many as the archive has bytes for.
fn header(content: &mut Content<'_, '_>) -> Result<Header> {
    let what = content.what();
    let broken = |found: String| Error::format(&*what, "an array of NumPy", found);
    let mut start = [0; 8];
    content.fill(&mut start)?;
    if !start.starts_with(MAGIC) {
        return Err(broken(format!("bytes that begin with {:?}", String::from_utf8_lossy(&start[..6]))));
    }
    let len = match start[6] {
        1 => {
            let mut len = [0; 2];
            content.fill(&mut len)?;
            usize::from(u16::from_le_bytes(len))
        }
        2 | 3 => {
            let mut len = [0; 4];
            content.fill(&mut len)?;
            usize::try_from(u32::from_le_bytes(len)).unwrap_or(usize::MAX)
        }
        version => return Err(broken(format!("version {version} of the format"))),
    };
    if len > LONGEST_HEADER {
        return Err(broken(format!("a header of {len} bytes")));
    }
    let mut text = [0; LONGEST_HEADER];
    content.fill(&mut text[..len])?;
    let text = std::str::from_utf8(&text[..len]).map_err(|error| broken(error.to_string()))?;
    let header = Header::parse(text).map_err(|found| broken(format!("a header with {found}")))?;
    if let Some(kind) = header.kind() {
        let before = 8 + if start[6] == 1 { 2 } else { 4 } + len as u64;
        let numbers = checked_product(&what, &header.shape)?;
        let expected = (numbers as u128) * (kind.bytes() as u128) + u128::from(before);
        if u128::from(content.len) != expected {
            let expected = format!("{expected} bytes, as its shape {:?} says", header.shape);
            return Err(Error::format(what, expected, format!("{} bytes", content.len)));
        }
    }
    Ok(header)
}

/// How many bytes are decompressed at once: a multiple of every number type.
const CHUNK: usize = 1 << 14;

/// The numbers of an array, row-major, whatever their order in the file.
fn numbers<T: Element>(values: &mut [T], header: &Header, kind: Kind, mut content: Content<'_, '_>) -> Result<()> {
    let mut places = Places::new(&header.shape, header.fortran_order);
    let mut chunk = [0; CHUNK];
    let mut left = values.len() * kind.bytes();
    while left > 0 {
        let here = &mut chunk[..left.min(CHUNK)];
        content.fill(here)?;
        left -= here.len();
        kind.each(here, |number| values[places.next()] = number);
    }
    content.finish()
}

/// Where the numbers of a file go, one after another.
struct Places {
    shape: Vec<usize>,
    /// How far apart neighbours along an axis are, row-major; the axes in the order in which they run.
    strides: Vec<usize>,
    index: Vec<usize>,
    at: usize,
}

impl Places {
    /// The last axis runs fastest, or the first one. Sizes are those of an array that exists.
    fn new(shape: &[usize], fortran_order: bool) -> Self {
        let mut strides = vec![1; shape.len()];
        (1..shape.len()).rev().for_each(|axis| strides[axis - 1] = strides[axis] * shape[axis]);
        let mut shape = shape.to_vec();
        if !fortran_order {
            shape.reverse();
            strides.reverse();
        }
        Self { index: vec![0; shape.len()], shape, strides, at: 0 }
    }

    fn next(&mut self) -> usize {
        let here = self.at;
        for axis in 0..self.shape.len() {
            self.index[axis] += 1;
            self.at += self.strides[axis];
            if self.index[axis] < self.shape[axis] {
                break;
            }
            self.at -= self.index[axis] * self.strides[axis];
            self.index[axis] = 0;
        }
        here
    }
}

#[cfg(test)]
mod tests {
    use super::Places;

    #[test]
    fn both_orders_go_to_their_places() {
        let places = |shape: &[usize], fortran_order| {
            let mut places = Places::new(shape, fortran_order);
            (0..shape.iter().product()).map(|_: usize| places.next()).collect::<Vec<_>>()
        };
        assert_eq!(places(&[2, 3], false), [0, 1, 2, 3, 4, 5]);
        assert_eq!(places(&[2, 3], true), [0, 3, 1, 4, 2, 5]);
        assert_eq!(places(&[2, 1, 3], true), [0, 3, 1, 4, 2, 5]);
        assert_eq!(places(&[], true), [0]);
    }
}
