//! Groups, attributes and arrays of an HDF5 file, under the limits of its reader.
//!
//! No other file is opened: links to others, and data in others, are errors. Arrays, chunks and headers have limits of memory. Two things have
//! none in the crate hdf5-reader. A broken header of an object may claim 65 535 messages, which takes 10 MB until the claim is found to be
//! false. And a name or an attribute is copied each time the file mentions it, so that a file may take memory in proportion to the square
//! of its size. Texts in a heap are read here, by [`texts`], which adds up their lengths first.

mod texts;

pub(super) use self::texts::LONGEST_TEXT;
use crate::error::{Error, Result, checked_product};
use crate::interop::element::{Element, Kind};
use crate::interop::{Conversion, LoadOptions};
use crate::memory::reserve;
use hdf5_reader::error::ByteOrder;
use hdf5_reader::group::Group as Hdf5Group;
use hdf5_reader::{Datatype, Hdf5File, OpenOptions};

/// A file in memory.
pub(super) struct File {
    /// What messages call it.
    pub name: String,
    root: Hdf5Group,
}

impl File {
    pub fn open(name: String, bytes: Vec<u8>, limit: u64) -> Result<Self> {
        let (limit, len) = (usize::try_from(limit).unwrap_or(usize::MAX), bytes.len());
        // Nothing is read twice, so that there is nothing to keep.
        let options = OpenOptions::default()
            .with_chunk_cache_bytes(0)
            .with_max_read_bytes(limit)
            .with_max_chunk_bytes(limit)
            .with_max_object_header_bytes(len);
        let broken = |error| Error::format(&*name, "an HDF5 file", error);
        let file = Hdf5File::from_vec_with_options(bytes, options).map_err(broken)?;
        let root = file.root_group().map_err(broken)?;
        Ok(Self { name, root })
    }

    pub fn root(&self) -> Group {
        Group { at: self.name.clone(), group: self.root.clone() }
    }
}

/// A group, and where it is.
#[derive(Clone)]
pub(super) struct Group {
    at: String,
    group: Hdf5Group,
}

impl Group {
    /// What messages call it.
    pub fn at(&self) -> &str {
        &self.at
    }

    /// How many bytes the file has.
    pub fn file_len(&self) -> u64 {
        self.group.storage().len()
    }

    fn broken(&self, error: &hdf5_reader::error::Error) -> Error {
        Error::format(&*self.at, "a whole group", error)
    }

    /// The names of groups and of arrays in it.
    pub fn names(&self) -> Result<(Vec<String>, Vec<String>)> {
        self.group.member_names().map_err(|error| self.broken(&error))
    }

    /// The group in it of this name, if there is one.
    pub fn group(&self, name: &str) -> Result<Option<Group>> {
        match self.group.group(name) {
            Ok(group) => Ok(Some(Group { at: format!("{}/{name}", self.at), group })),
            Err(hdf5_reader::error::Error::GroupNotFound(_)) => Ok(None),
            Err(error) => Err(self.broken(&error)),
        }
    }

    /// The group at a path of names below it, if there is one.
    pub fn path(self, path: &str) -> Result<Option<Group>> {
        let mut here = Some(self);
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let Some(group) = here else { return Ok(None) };
            here = group.group(name)?;
        }
        Ok(here)
    }

    /// The array at a path below it.
    pub fn array(&self, path: &str) -> Result<Array> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let here = Group { at: self.at.clone(), group: self.group.clone() };
        let group = here.path(folder)?;
        let at = format!("{}/{path}", self.at);
        let missing = || Error::format(&*at, "an array", "none");
        let dataset = group.ok_or_else(missing)?.group.dataset(name);
        let dataset = dataset.map_err(|error| Error::format(&*at, "an array", error))?;
        Ok(Array { at, dataset })
    }
}

/// An array of numbers, and where it is.
pub(super) struct Array {
    at: String,
    dataset: hdf5_reader::Dataset,
}

/// The most that deflate makes of a byte.
const DEFLATED: u64 = 1032;

impl Array {
    /// What messages call it.
    pub fn at(&self) -> &str {
        &self.at
    }

    /// Its shape.
    pub fn shape(&self) -> Result<Vec<usize>> {
        let size = |&size: &u64| {
            usize::try_from(size).map_err(|_| Error::format(&*self.at, "a size that fits into memory", size))
        };
        self.dataset.shape().iter().map(size).collect()
    }

    /// How many numbers it says it has.
    pub fn len(&self) -> Result<usize> {
        checked_product(&self.at, &self.shape()?)
    }

    /// The fewest bytes of the file that its numbers can have.
    pub fn least_bytes(&self) -> Result<u64> {
        let bytes = self.dataset.raw_byte_len().map_err(|error| Error::format(&*self.at, "numbers", error))?;
        // Numbers in chunks may be compressed.
        Ok(if self.dataset.chunks().is_some() { bytes as u64 / DEFLATED } else { bytes as u64 })
    }

    /// Its numbers, row-major. Its shape has been examined.
    pub fn read<T: Element>(&self, options: &LoadOptions) -> Result<Vec<T>> {
        let kind = self.kind()?;
        if kind != Kind::of::<T>() && options.conversion == Conversion::Refuse {
            return Err(Error::format(&*self.at, T::DTYPE.to_string(), format!("{kind:?}").to_uppercase()));
        }
        let bytes = self.dataset.read_raw_bytes();
        let bytes = bytes.map_err(|error| Error::format(&*self.at, "numbers", error))?;
        let mut numbers = Vec::new();
        reserve(&self.at, &mut numbers, bytes.len() / kind.bytes())?;
        kind.each(&bytes, |number| numbers.push(number));
        Ok(numbers)
    }

    fn kind(&self) -> Result<Kind> {
        let little = ByteOrder::LittleEndian;
        match *self.dataset.dtype() {
            Datatype::FloatingPoint { size: 2, byte_order } if byte_order == little => Ok(Kind::F16),
            Datatype::FloatingPoint { size: 4, byte_order } if byte_order == little => Ok(Kind::F32),
            Datatype::FloatingPoint { size: 8, byte_order } if byte_order == little => Ok(Kind::F64),
            ref other => Err(Error::format(&*self.at, "little-endian floating-point numbers", format!("{other:?}"))),
        }
    }
}
