//! `x[i, j, …]`, row-major: the values that nodes of a graph read and write.

use super::room::Room;
use crate::error::{Error, Result, check_len, checked_product};
use crate::memory::reserve;
use std::fmt;

/// The most axes a tensor has.
pub const MOST_AXES: usize = 8;

/// The type of the elements of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// `f32`.
    F32,
    /// `i64`: sizes, indices, axes.
    I64,
    /// `i32`: the lengths of sequences.
    I32,
    /// `bool`.
    Bool,
}

impl Kind {
    /// Bytes of an element.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Kind::F32 | Kind::I32 => 4,
            Kind::I64 => 8,
            Kind::Bool => 1,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::F32 => "f32",
            Kind::I64 => "i64",
            Kind::I32 => "i32",
            Kind::Bool => "bool",
        })
    }
}

/// The elements of a tensor, row-major.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Data {
    /// Real numbers.
    F32(Vec<f32>),
    /// Whole numbers.
    I64(Vec<i64>),
    /// Whole numbers, half as wide.
    I32(Vec<i32>),
    /// Truth values.
    Bool(Vec<bool>),
}

impl Data {
    /// The type of the elements.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Data::F32(_) => Kind::F32,
            Data::I64(_) => Kind::I64,
            Data::I32(_) => Kind::I32,
            Data::Bool(_) => Kind::Bool,
        }
    }

    /// How many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Data::F32(x) => x.len(),
            Data::I64(x) => x.len(),
            Data::I32(x) => x.len(),
            Data::Bool(x) => x.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn empty(kind: Kind) -> Self {
        match kind {
            Kind::F32 => Data::F32(Vec::new()),
            Kind::I64 => Data::I64(Vec::new()),
            Kind::I32 => Data::I32(Vec::new()),
            Kind::Bool => Data::Bool(Vec::new()),
        }
    }
}

/// An array of at most [`MOST_AXES`] axes. An array without axes has one element.
///
/// ```
/// use recurrent::graph::Tensor;
///
/// let x = Tensor::f32(&[2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?;
/// assert_eq!((x.shape(), x.as_f32()?[5]), (&[2, 3][..], 6.0));
/// assert!(Tensor::i64(&[4], vec![1, 2]).is_err());
/// # Ok::<(), recurrent::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Tensor {
    pub(super) shape: Vec<usize>,
    pub(super) data: Data,
}

macro_rules! of_kind {
    ($(#[$doc:meta])* $make:ident, $(#[$read_doc:meta])* $read:ident, $variant:ident, $t:ty) => {
        $(#[$doc])*
        ///
        /// # Errors
        /// [`Error::Len`] if there are more or fewer numbers than the shape has, [`Error::Range`] if it has too many axes,
        /// [`Error::Overflow`] if its size does not fit.
        pub fn $make(shape: &[usize], data: impl Into<Vec<$t>>) -> Result<Self> {
            Self::new(shape, Data::$variant(data.into()))
        }

        $(#[$read_doc])*
        ///
        /// # Errors
        /// [`Error::Kind`] if they are others.
        pub fn $read(&self) -> Result<&[$t]> {
            match &self.data {
                Data::$variant(x) => Ok(x),
                other => Err(Error::kind("tensor", Kind::$variant.to_string(), other.kind().to_string())),
            }
        }
    };
}

impl Tensor {
    /// These elements in this shape.
    ///
    /// # Errors
    /// [`Error::Len`] if there are more or fewer elements than the shape has, [`Error::Range`] if it has too many axes,
    /// [`Error::Overflow`] if its size does not fit.
    pub fn new(shape: &[usize], data: Data) -> Result<Self> {
        check_axes(shape.len())?;
        check_len("tensor", checked_product("tensor", shape)?, data.len())?;
        Ok(Self { shape: shape.to_vec(), data })
    }

    of_kind! {
        /// Real numbers.
        f32,
        /// Its real numbers, row-major.
        as_f32, F32, f32
    }
    of_kind! {
        /// Whole numbers.
        i64,
        /// Its whole numbers, row-major.
        as_i64, I64, i64
    }
    of_kind! {
        /// Whole numbers, half as wide.
        i32,
        /// Its whole numbers, row-major.
        as_i32, I32, i32
    }
    of_kind! {
        /// Truth values.
        bool,
        /// Its truth values, row-major.
        as_bool, Bool, bool
    }

    /// Its real numbers, to write.
    pub(super) fn as_f32_mut(&mut self) -> Result<&mut [f32]> {
        match &mut self.data {
            Data::F32(x) => Ok(x),
            other => Err(Error::kind("tensor", Kind::F32.to_string(), other.kind().to_string())),
        }
    }

    /// Its whole numbers, to write.
    pub(super) fn as_i64_mut(&mut self) -> Result<&mut [i64]> {
        match &mut self.data {
            Data::I64(x) => Ok(x),
            other => Err(Error::kind("tensor", Kind::I64.to_string(), other.kind().to_string())),
        }
    }

    /// Zeros of this kind, or `false`.
    ///
    /// # Errors
    /// [`Error::Range`] if there are too many axes, [`Error::Overflow`] or [`Error::Memory`] if it does not fit.
    pub fn zeros(kind: Kind, shape: &[usize]) -> Result<Self> {
        let mut zeros = Self::default();
        zeros.reset(kind, shape, &mut Room::of(usize::MAX))?;
        Ok(zeros)
    }

    /// The length of every axis.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// How many axes there are.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// The type of the elements.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.data.kind()
    }

    /// The elements, row-major.
    #[must_use]
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// How many elements there are.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // a tensor is never asked whether it is empty
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whole numbers of either width.
    pub(super) fn whole(&self, what: &str) -> Result<impl Iterator<Item = i64> + '_> {
        let (wide, narrow) = match &self.data {
            Data::I64(x) => (&x[..], &[][..]),
            Data::I32(x) => (&[][..], &x[..]),
            other => return Err(Error::kind(what, "whole numbers", other.kind().to_string())),
        };
        Ok(wide.iter().copied().chain(narrow.iter().map(|&x| i64::from(x))))
    }

    /// Zeros of this kind in this shape, in the memory that it has where that is enough.
    pub(super) fn reset(&mut self, kind: Kind, shape: &[usize], room: &mut Room) -> Result<()> {
        check_axes(shape.len())?;
        let len = checked_product("tensor", shape)?;
        room.take(len, kind.bytes())?;
        if self.data.kind() != kind {
            self.data = Data::empty(kind);
        }
        match &mut self.data {
            Data::F32(x) => zero(x, len)?,
            Data::I64(x) => zero(x, len)?,
            Data::I32(x) => zero(x, len)?,
            Data::Bool(x) => zero(x, len)?,
        }
        self.shape.clear();
        self.shape.extend_from_slice(shape);
        Ok(())
    }

    /// The same elements in another shape, which has as many.
    pub(super) fn copy_as(&mut self, from: &Tensor, shape: &[usize], room: &mut Room) -> Result<()> {
        let found = checked_product("tensor", shape)?;
        check_len("reshaped tensor", from.len(), found)?;
        self.reset(from.kind(), shape, room)?;
        match (&mut self.data, &from.data) {
            (Data::F32(to), Data::F32(from)) => to.copy_from_slice(from),
            (Data::I64(to), Data::I64(from)) => to.copy_from_slice(from),
            (Data::I32(to), Data::I32(from)) => to.copy_from_slice(from),
            (Data::Bool(to), Data::Bool(from)) => to.copy_from_slice(from),
            _ => unreachable!("reset to the kind of the other"),
        }
        Ok(())
    }

    /// Gives its memory back.
    pub(super) fn release(&mut self) {
        *self = Self::default();
    }
}

/// A tensor without elements, of shape `[0]`.
impl Default for Tensor {
    fn default() -> Self {
        Self { shape: vec![0], data: Data::F32(Vec::new()) }
    }
}

/// Kind, shape and the first elements.
impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 8;
        write!(f, "{} {:?} ", self.kind(), self.shape)?;
        match &self.data {
            Data::F32(x) => write!(f, "{:?}", &x[..x.len().min(SHOWN)])?,
            Data::I64(x) => write!(f, "{:?}", &x[..x.len().min(SHOWN)])?,
            Data::I32(x) => write!(f, "{:?}", &x[..x.len().min(SHOWN)])?,
            Data::Bool(x) => write!(f, "{:?}", &x[..x.len().min(SHOWN)])?,
        }
        if self.len() > SHOWN { f.write_str(" …") } else { Ok(()) }
    }
}

fn zero<T: Copy + Default>(x: &mut Vec<T>, len: usize) -> Result<()> {
    x.clear();
    reserve("tensor", x, len)?;
    x.resize(len, T::default());
    Ok(())
}

fn check_axes(found: usize) -> Result<()> {
    if found <= MOST_AXES {
        return Ok(());
    }
    Err(Error::range("axes of a tensor", format!("at most {MOST_AXES}"), found))
}
