//! `θ`: one flat buffer of named blocks; gradients and optimiser moments are the same type.

use crate::buffer::Aligned;
use crate::error::{Error, Result, check_len};
use crate::finite::first_non_finite;
use rnn_kernels::Scalar;
use std::ops::{Deref, DerefMut, Range};
use std::sync::Arc;

/// One named block of the parameters of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterBlock {
    /// PyTorch's name, e.g. `rnn.weight_ih_l0_reverse`.
    pub name: String,
    /// `[rows, columns]`, or `[rows]` for a bias.
    pub shape: Vec<usize>,
    /// Its first element in the flat buffer.
    pub offset: usize,
}

impl ParameterBlock {
    /// How many elements it has.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // a block is never asked whether it is empty
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Its place in the flat buffer.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.len()
    }
}

/// Parameters, gradients or moments of a network: a flat buffer `[P]` with names. Dereferences to the flat slice.
///
/// The order of the blocks is that of the layers, within a recurrent layer PyTorch's flat order: stacked layer,
/// then direction, then `weight_ih weight_hh bias_ih bias_hh`.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters<T> {
    blocks: Arc<[ParameterBlock]>,
    flat: Aligned<T>,
}

impl<T: Scalar> Parameters<T> {
    /// No blocks and no numbers.
    pub(crate) fn none() -> Self {
        Self { blocks: Arc::from([]), flat: Aligned::default() }
    }

    pub(crate) fn zeros(blocks: Arc<[ParameterBlock]>) -> Result<Self> {
        let len = blocks.last().map_or(0, |last| last.offset + last.len());
        Ok(Self { flat: Aligned::zeros("parameters", len)?, blocks })
    }

    /// These numbers in these blocks.
    ///
    /// # Errors
    /// [`Error::Len`] if there are more or fewer.
    pub(crate) fn of(blocks: Arc<[ParameterBlock]>, flat: Aligned<T>) -> Result<Self> {
        check_len("parameters", blocks.last().map_or(0, |last| last.range().end), flat.len())?;
        Ok(Self { blocks, flat })
    }

    /// Zeros of the same layout: gradients before accumulation, moments before the first step.
    ///
    /// # Errors
    /// [`Error::Memory`] if they do not fit.
    pub fn zeros_like(&self) -> Result<Self> {
        Self::zeros(self.blocks.clone())
    }

    /// The blocks, in their order in the flat buffer.
    #[must_use]
    pub fn blocks(&self) -> &[ParameterBlock] {
        &self.blocks
    }

    /// The block of this name.
    #[must_use]
    pub fn block(&self, name: &str) -> Option<&ParameterBlock> {
        self.blocks.iter().find(|block| block.name == name)
    }

    /// The elements of the block of this name, row-major.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[T]> {
        self.block(name).map(|block| &self.flat[block.range()])
    }

    /// The elements of the block of this name, to write.
    #[must_use]
    pub fn get_mut(&mut self, name: &str) -> Option<&mut [T]> {
        let range = self.block(name)?.range();
        Some(&mut self.flat[range])
    }

    /// `θ = 0`.
    pub fn fill_zero(&mut self) {
        self.flat.fill(T::ZERO);
    }

    /// `θ = flat`. To copy numbers that are not finite, write to the flat slice.
    ///
    /// # Errors
    /// [`Error::Len`] if the number of elements differs, [`Error::NotFinite`] if a number is not finite; nothing is
    /// changed then.
    pub fn copy_from_flat(&mut self, flat: &[T]) -> Result<()> {
        check_len("parameters", self.flat.len(), flat.len())?;
        if let Some(index) = first_non_finite(flat) {
            return Err(self.non_finite_at("parameters", index, flat[index]));
        }
        self.flat.copy_from_slice(flat);
        Ok(())
    }

    /// Whether the other has the same blocks.
    #[must_use]
    pub fn same_layout<U>(&self, other: &Parameters<U>) -> bool {
        self.has_blocks(&other.blocks)
    }

    pub(crate) fn has_blocks(&self, blocks: &Arc<[ParameterBlock]>) -> bool {
        Arc::ptr_eq(&self.blocks, blocks) || self.blocks == *blocks
    }

    /// The same values in another number type, each rounded to the nearest.
    ///
    /// # Errors
    /// [`Error::Memory`] if they do not fit, [`Error::Range`] if one is not finite in the new type.
    pub fn cast<U: Scalar>(&self) -> Result<Parameters<U>> {
        let mut other = Parameters::zeros(self.blocks.clone())?;
        other.flat.iter_mut().zip(self.iter()).for_each(|(to, from)| *to = U::from_f64(from.to_f64()));
        if let Some(index) = first_non_finite(&other.flat) {
            let (block, place) = self.place(index);
            let bits = 8 * size_of::<U>();
            let (what, expected) = (format!("{block}[{place}]"), format!("a number that is finite in {bits} bits"));
            return Err(Error::range(what, expected, self.flat[index].to_f64()));
        }
        Ok(other)
    }

    /// `Ok` if all are finite; `what` they are begins the message.
    pub(crate) fn check_finite(&self, what: &str) -> Result<()> {
        first_non_finite(&self.flat).map_or(Ok(()), |index| Err(self.not_finite(what, index)))
    }

    /// The error of element `index`, which is not finite.
    pub(crate) fn not_finite(&self, what: &str, index: usize) -> Error {
        self.non_finite_at(what, index, self.flat[index])
    }

    fn non_finite_at(&self, what: &str, index: usize, found: T) -> Error {
        let (block, index) = self.place(index);
        Error::NotFinite { what: format!("{what}, {block}"), index, found: found.to_f64() }
    }

    /// The block of a flat element, and the element's place in it.
    fn place(&self, index: usize) -> (&str, usize) {
        let behind = self.blocks.partition_point(|block| block.offset <= index);
        self.blocks[..behind].last().map_or(("", index), |block| (&block.name, index - block.offset))
    }

    pub(crate) fn expect_layout(&self, what: &str, other: &Self) -> Result<()> {
        if self.same_layout(other) {
            return Ok(());
        }
        Err(Error::kind(what, "the blocks of this network", "those of another"))
    }
}

impl<T> Deref for Parameters<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.flat
    }
}

impl<T> DerefMut for Parameters<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.flat
    }
}
