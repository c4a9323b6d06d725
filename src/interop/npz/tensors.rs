//! `name → x[i, j, …]`: an archive of arrays as the tensors that a graph reads and gives, and back.

use super::header::Header;
use super::{CHUNK, Places, SUFFIX, header};
use crate::error::{Error, Result, checked_product};
use crate::graph::{Data, Tensor};
use crate::interop::archive::{Archive, Content};
use crate::interop::element::Kind as Real;
use crate::interop::{Conversion, LoadOptions, Source};
use crate::memory::reserve;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Every array of an archive with its name, in the order of the archive.
///
/// `<f4`, `<i4`, `<i8` and `|b1` are what they are; with [`Conversion::Allow`] `<f2` and `<f8` become the nearest `f32`, and whole numbers of
/// other widths `i64`. Others, and big-endian ones, are errors. All arrays together may be as long as the options say of a file.
///
/// ```
/// use recurrent::graph::Tensor;
/// use recurrent::interop::LoadOptions;
/// use recurrent::interop::npz::{read_tensors, write_tensors};
///
/// let x = Tensor::f32(&[2, 3], [0.5; 6])?;
/// let archive = write_tensors([("x", &x)])?; // numpy.load(…)["x"]
/// assert_eq!(read_tensors(&archive, &LoadOptions::default())?, [("x".to_string(), x)]);
/// # Ok::<(), recurrent::Error>(())
/// ```
///
/// # Errors
/// [`Error::Format`] if the file is no such archive, is broken or too long, [`Error::Range`] if an array has more than
/// [`MOST_AXES`](crate::graph::MOST_AXES) axes, [`Error::Io`], [`Error::Memory`].
pub fn read_tensors<'s>(source: impl Into<Source<'s>>, options: &LoadOptions) -> Result<Vec<(String, Tensor)>> {
    let (name, bytes) = source.into().bytes(options.max_bytes)?;
    let mut archive = Archive::new(name, bytes)?;
    let (mut tensors, mut left) = (Vec::new(), options.max_bytes);
    for k in 0..archive.len() {
        let mut content = archive.content(k)?;
        let what = content.what();
        let limit = || Error::format(&*what, format!("at most {} bytes of arrays", options.max_bytes), "more");
        left = left.checked_sub(content.len).ok_or_else(limit)?;
        let header = header(&mut content)?;
        let name = content.name.strip_suffix(SUFFIX).unwrap_or(&content.name).to_string();
        let data = data(content, &header, options.conversion)?;
        reserve("tensors", &mut tensors, 1)?;
        tensors.push((name, Tensor::new(&header.shape, data)?));
    }
    Ok(tensors)
}

/// The elements of an array.
pub(super) fn data(content: Content<'_, '_>, header: &Header, conversion: Conversion) -> Result<Data> {
    let converted = conversion == Conversion::Allow;
    Ok(match &*header.descr {
        "<f4" => Data::F32(real(content, header, Real::F32)?),
        "<f8" if converted => Data::F32(real(content, header, Real::F64)?),
        "<f2" if converted => Data::F32(real(content, header, Real::F16)?),
        "<i8" => Data::I64(elements(content, header, 8, |bytes| i64::from_le_bytes(first(bytes)))?),
        "<i4" => Data::I32(elements(content, header, 4, |bytes| i32::from_le_bytes(first(bytes)))?),
        "|b1" => Data::Bool(elements(content, header, 1, |bytes| bytes[0] != 0)?),
        "|i1" if converted => Data::I64(elements(content, header, 1, |bytes| i8::from_le_bytes(first(bytes)).into())?),
        "|u1" if converted => Data::I64(elements(content, header, 1, |bytes| bytes[0].into())?),
        "<i2" if converted => Data::I64(elements(content, header, 2, |bytes| i16::from_le_bytes(first(bytes)).into())?),
        "<u2" if converted => Data::I64(elements(content, header, 2, |bytes| u16::from_le_bytes(first(bytes)).into())?),
        "<u4" if converted => Data::I64(elements(content, header, 4, |bytes| u32::from_le_bytes(first(bytes)).into())?),
        other => {
            let expected = match conversion {
                Conversion::Allow => "<f2, <f4, <f8, |b1, or whole numbers below 2⁶³, little-endian",
                Conversion::Refuse => "<f4, <i4, <i8 or |b1",
            };
            return Err(Error::format(format!("{}, number type", content.what()), expected, other));
        }
    })
}

/// Real numbers, each the nearest `f32`.
fn real(content: Content<'_, '_>, header: &Header, kind: Real) -> Result<Vec<f32>> {
    let nearest = |bytes: &[u8]| {
        let mut number = 0.0;
        kind.each(bytes, |here: f32| number = here);
        number
    };
    elements(content, header, kind.bytes(), nearest)
}

/// The elements of an array, each of so many bytes, row-major whatever their order in the file.
fn elements<T: Copy + Default>(
    mut content: Content<'_, '_>,
    header: &Header,
    size: usize,
    of: impl Fn(&[u8]) -> T,
) -> Result<Vec<T>> {
    let what = content.what();
    let bytes = checked_product(&what, &[&header.shape[..], &[size]].concat())?;
    // There are as many before memory is asked for.
    if bytes as u64 > content.len {
        let expected = format!("{bytes} bytes of numbers, as its shape {:?} says", header.shape);
        return Err(Error::format(what, expected, format!("{} bytes", content.len)));
    }
    let mut elements = Vec::new();
    reserve(&what, &mut elements, bytes / size)?;
    elements.resize(bytes / size, T::default());
    let (mut places, mut chunk, mut left) = (Places::new(&header.shape, header.fortran_order), [0; CHUNK], bytes);
    while left > 0 {
        let here = &mut chunk[..left.min(CHUNK)];
        content.fill(here)?;
        left -= here.len();
        here.chunks_exact(size).for_each(|bytes| elements[places.next()] = of(bytes));
    }
    content.finish()?;
    Ok(elements)
}

/// The first bytes, of which there are as many.
fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut exact = [0; N];
    exact.copy_from_slice(&bytes[..N]);
    exact
}

/// An archive of these tensors, each stored as it is under its name: what [`numpy.load`](https://numpy.org/doc/stable/reference/generated/numpy.load.html)
/// reads. The bytes depend on names and tensors alone.
///
/// # Errors
/// [`Error::Format`] if two have one name or the archive cannot be written, [`Error::Memory`].
pub fn write_tensors<'t>(tensors: impl IntoIterator<Item = (&'t str, &'t Tensor)>) -> Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, tensor) in tensors {
        let descr = match tensor.data() {
            Data::F32(_) => "<f4",
            Data::I64(_) => "<i8",
            Data::I32(_) => "<i4",
            Data::Bool(_) => "|b1",
        };
        let mut bytes = Header::before_numbers(descr, tensor.shape());
        reserve(name, &mut bytes, tensor.len() * tensor.kind().bytes())?;
        match tensor.data() {
            Data::F32(x) => x.iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes())),
            Data::I64(x) => x.iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes())),
            Data::I32(x) => x.iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes())),
            Data::Bool(x) => x.iter().for_each(|&x| bytes.push(x.into())),
        }
        let stored = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(zip::DateTime::default())
            .large_file(u32::try_from(bytes.len()).is_err());
        let written = archive.start_file(format!("{name}{SUFFIX}"), stored);
        written.map_err(|error| Error::format(format!("array `{name}`"), "a name of its own", error))?;
        archive
            .write_all(&bytes)
            .map_err(|error| Error::format(format!("array `{name}`"), "an array that fits into the archive", error))?;
    }
    let archive = archive.finish().map_err(|error| Error::format("archive", "one that can be finished", error))?;
    Ok(archive.into_inner())
}
