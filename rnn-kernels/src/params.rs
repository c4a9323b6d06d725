//! `θ = [w_ih | w_hh | b_ih | b_hh]`: the parameters of a cell as one flat buffer of named blocks.
//!
//! Names, shapes and gate orders are PyTorch's: `weight_ih [G·H, C]`, `weight_hh [G·H, P]`, `bias_ih [G·H]`,
//! `bias_hh [G·H]`, rows in the order `i f g o` (LSTM) or `r z n` (GRU). Gradients and optimiser moments
//! have the same layout.

use crate::scalar::Scalar;
use crate::view::{MatMut, MatRef};

/// Which biases a cell has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Bias {
    /// `b_ih` and `b_hh`, as PyTorch trains them.
    #[default]
    Both,
    /// `b_ih` only; the inner bias of a GRU is then 0.
    Input,
    /// None.
    None,
}

/// One named block of a flat parameter buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// PyTorch's name, without layer and direction.
    pub name: &'static str,
    /// Rows; a bias has one entry a row.
    pub rows: usize,
    /// Columns; 1 for a bias.
    pub cols: usize,
    /// Whether this is a vector `[rows]` rather than a matrix.
    pub is_vector: bool,
    /// Its first element in the flat buffer.
    pub offset: usize,
}

impl Block {
    /// How many elements it has.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // a block is never asked whether it is empty
    pub fn len(&self) -> usize {
        self.rows * self.cols
    }

    /// Its place in the flat buffer.
    #[must_use]
    pub fn range(&self) -> core::ops::Range<usize> {
        self.offset..self.offset + self.len()
    }
}

/// Where the blocks of a cell's parameters lie: `w_ih`, `w_hh`, then the biases it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    gate_rows: usize,
    input: usize,
    output: usize,
    bias: Bias,
}

impl Layout {
    /// `gate_rows = G·H` rows, `input = C` and `output = P` columns.
    #[inline]
    #[must_use]
    pub const fn new(gate_rows: usize, input: usize, output: usize, bias: Bias) -> Self {
        Self { gate_rows, input, output, bias }
    }

    /// The number of parameters.
    ///
    /// # Panics
    /// If it overflows `usize`; [`checked_len`](Self::checked_len) does not.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // a layout is a list of blocks, not a container
    pub fn len(&self) -> usize {
        self.checked_len().unwrap_or_else(|| panic!("parameters: the length of {self:?} overflows usize"))
    }

    /// The number of parameters, or `None` if it overflows.
    #[must_use]
    pub fn checked_len(&self) -> Option<usize> {
        let cols = self.input.checked_add(self.output)?.checked_add(self.biases())?;
        self.gate_rows.checked_mul(cols)
    }

    fn biases(&self) -> usize {
        match self.bias {
            Bias::Both => 2,
            Bias::Input => 1,
            Bias::None => 0,
        }
    }

    /// The blocks in their order in the buffer.
    pub fn blocks(&self) -> impl Iterator<Item = Block> + use<> {
        let Self { gate_rows: rows, input, output, .. } = *self;
        let all =
            [("weight_ih", input, false), ("weight_hh", output, false), ("bias_ih", 1, true), ("bias_hh", 1, true)];
        let mut offset = 0;
        all.into_iter().take(2 + self.biases()).map(move |(name, cols, is_vector)| {
            let block = Block { name, rows, cols, is_vector, offset };
            offset += rows * cols;
            block
        })
    }

    /// The blocks of a flat buffer, to read.
    ///
    /// # Panics
    /// If `flat` does not have exactly [`len`](Self::len) elements.
    #[track_caller]
    #[must_use]
    pub fn view<'a, T>(&self, flat: &'a [T]) -> Params<'a, T> {
        crate::shape::expect("params", "flat buffer", [flat.len()], "[len]", [self.len()]);
        let Self { gate_rows: rows, input, output, bias } = *self;
        let (w_ih, flat) = flat.split_at(rows * input);
        let (w_hh, flat) = flat.split_at(rows * output);
        let (b_ih, b_hh) = flat.split_at(if bias == Bias::None { 0 } else { rows });
        Params {
            w_ih: MatRef::new(w_ih, rows, input),
            w_hh: MatRef::new(w_hh, rows, output),
            b_ih: (bias != Bias::None).then_some(b_ih),
            b_hh: (bias == Bias::Both).then_some(b_hh),
        }
    }

    /// The blocks of a flat buffer, to write.
    ///
    /// # Panics
    /// If `flat` does not have exactly [`len`](Self::len) elements.
    #[track_caller]
    #[must_use]
    pub fn view_mut<'a, T>(&self, flat: &'a mut [T]) -> ParamsMut<'a, T> {
        crate::shape::expect("params", "flat buffer", [flat.len()], "[len]", [self.len()]);
        let Self { gate_rows: rows, input, output, bias } = *self;
        let (w_ih, flat) = flat.split_at_mut(rows * input);
        let (w_hh, flat) = flat.split_at_mut(rows * output);
        let (b_ih, b_hh) = flat.split_at_mut(if bias == Bias::None { 0 } else { rows });
        ParamsMut {
            w_ih: MatMut::new(w_ih, rows, input),
            w_hh: MatMut::new(w_hh, rows, output),
            b_ih: (bias != Bias::None).then_some(b_ih),
            b_hh: (bias == Bias::Both).then_some(b_hh),
        }
    }
}

/// The parameters of one cell in one direction, to read.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Params<'a, T> {
    /// `[G·H, C]`.
    pub w_ih: MatRef<'a, T>,
    /// `[G·H, P]`.
    pub w_hh: MatRef<'a, T>,
    /// `[G·H]`, unless the cell has no bias.
    pub b_ih: Option<&'a [T]>,
    /// `[G·H]`, if the cell has two biases.
    pub b_hh: Option<&'a [T]>,
}

/// The parameters of one cell in one direction, or their gradients, to write.
#[derive(Debug)]
#[non_exhaustive]
pub struct ParamsMut<'a, T> {
    /// `[G·H, C]`.
    pub w_ih: MatMut<'a, T>,
    /// `[G·H, P]`.
    pub w_hh: MatMut<'a, T>,
    /// `[G·H]`, unless the cell has no bias.
    pub b_ih: Option<&'a mut [T]>,
    /// `[G·H]`, if the cell has two biases.
    pub b_hh: Option<&'a mut [T]>,
}

impl<T> ParamsMut<'_, T> {
    /// The same parameters, to read.
    #[must_use]
    pub fn rb(&self) -> Params<'_, T> {
        Params { w_ih: self.w_ih.rb(), w_hh: self.w_hh.rb(), b_ih: self.b_ih.as_deref(), b_hh: self.b_hh.as_deref() }
    }
}

impl<T: Scalar> Params<'_, T> {
    #[inline]
    #[track_caller]
    pub(crate) fn check(&self, kernel: &str, layout: Layout) {
        let rows = layout.gate_rows;
        let has = |bias: Option<&[T]>| bias.map_or(0, <[T]>::len);
        let (ih, hh) = match layout.bias {
            Bias::Both => (rows, rows),
            Bias::Input => (rows, 0),
            Bias::None => (0, 0),
        };
        crate::shape::expect(kernel, "params.w_ih", self.w_ih.shape(), "[G·H, C]", [rows, layout.input]);
        crate::shape::expect(kernel, "params.w_hh", self.w_hh.shape(), "[G·H, P]", [rows, layout.output]);
        crate::shape::expect(kernel, "params.b_ih", [has(self.b_ih)], "[G·H] or none", [ih]);
        crate::shape::expect(kernel, "params.b_hh", [has(self.b_hh)], "[G·H] or none", [hh]);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{Bias, Layout};
    use std::vec::Vec;

    #[test]
    fn blocks_cover_the_flat_buffer_in_pytorch_order() {
        let layout = Layout::new(8, 3, 2, Bias::Both);
        let blocks: Vec<_> = layout.blocks().collect();
        let names: Vec<_> = blocks.iter().map(|b| b.name).collect();
        assert_eq!(names, ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]);
        let mut end = 0;
        for block in &blocks {
            assert_eq!(block.offset, end);
            end += block.len();
        }
        assert_eq!(end, layout.len());
    }

    #[test]
    fn a_view_gives_the_biases_that_exist() {
        let flat = Vec::from_iter(0..4 * 6);
        assert_eq!(Layout::new(4, 3, 2, Bias::Input).view(&flat).b_ih, Some(&[20, 21, 22, 23][..]));
        assert_eq!(Layout::new(4, 3, 2, Bias::Input).view(&flat).b_hh, None);
        assert_eq!(Layout::new(4, 4, 2, Bias::None).view(&flat).b_ih, None);
    }

    #[test]
    fn an_overflowing_layout_has_no_length() {
        assert_eq!(Layout::new(usize::MAX, 3, 2, Bias::Both).checked_len(), None);
    }
}
