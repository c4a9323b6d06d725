//! The forward equations of every cell, and nothing else: no derivative, no blocking, no buffer that is reused.
//!
//! Layout, gate order and bias names are PyTorch's (`torch.nn.LSTM`, `GRU`, `RNN`): `w_ih [G·H, C]`, `w_hh [G·H, H]`,
//! `b_ih`, `b_hh [G·H]`; LSTM rows `i f g o`, GRU rows `r z n`. All arrays are row-major `Vec`s.
//! A cell without equations of its own here is interpreted from its form.
//! Everything is generic over [`Number`](crate::number::Number); derivatives and error bounds come from the number,
//! and [`rtrl()`] multiplies such derivatives of single steps along time.

mod cell;
pub mod expected;
mod form;
mod heads;
pub mod paths;
mod rtrl;
mod sequence;
mod step;
mod whole;
pub mod witness;

use std::sync::Arc;

pub use cell::{Activation, Cell, Own, Reset};
pub use form::{By, Layout, Row, Rows, Weight, units};
pub(crate) use form::{binary, unary};
pub use heads::{affine, bernoulli_cross_entropy, embedding, one_hot, softmax_cross_entropy, squared_error};
pub use rtrl::{Cotangents, Gradient, rtrl};
pub use sequence::{Direction, Layer, Pass, Run, Sequence, Stack, sequence, stack};
pub use step::{Step, step};

/// The sizes of one layer, as in `[T, N, C] → [T, N, H]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dims {
    /// `T`
    pub steps: usize,
    /// `N`
    pub batch: usize,
    /// `C`
    pub input: usize,
    /// `H`
    pub hidden: usize,
}

/// The parameters of one layer in one direction, flat, in the order of PyTorch: `w_ih w_hh b_ih b_hh`, then what a cell has beside.
#[derive(Clone, Debug, PartialEq)]
pub struct Params<S> {
    flat: Vec<S>,
    layout: Arc<Layout>,
    rows: usize,
    dims: Dims,
    biases: usize,
}

/// The blocks of a cell that has equations here.
#[derive(Clone, Copy, Debug)]
pub struct Blocks<'a, S> {
    /// `[G·H, C]`
    pub w_ih: &'a [S],
    /// `[G·H, H]`
    pub w_hh: &'a [S],
    /// `[G·H]`
    pub b_ih: Option<&'a [S]>,
    /// `[G·H]`
    pub b_hh: Option<&'a [S]>,
}

impl<S: Copy> Params<S> {
    /// Flat parameters; `biases` is 0, 1 (`b_ih` only) or 2.
    ///
    /// # Panics
    /// If `flat` has another length than [`Params::len`] says.
    pub fn from_flat(cell: Cell, dims: Dims, biases: usize, flat: &[S]) -> Self {
        let layout = Layout::new(cell.kernel().form(), dims, biases);
        assert_eq!(flat.len(), layout.len, "parameters of {cell:?} with {biases} biases");
        Self { flat: flat.to_vec(), layout: Arc::new(layout), rows: cell.gates() * dims.hidden, dims, biases }
    }

    /// The number of parameters.
    pub fn len(cell: Cell, dims: Dims, biases: usize) -> usize {
        Layout::new(cell.kernel().form(), dims, biases).len
    }

    /// Where they lie, from the form of the cell.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// All of them.
    pub fn flat(&self) -> &[S] {
        &self.flat
    }

    /// `w_ih [G·H, C] | w_hh [G·H, H] | b_ih [G·H] | b_hh [G·H]`, cut here without looking at any form.
    pub fn blocks(&self) -> Blocks<'_, S> {
        let (w_ih, rest) = self.flat.split_at(self.rows * self.dims.input);
        let (w_hh, rest) = rest.split_at(self.rows * self.dims.hidden);
        let bias = |k: usize| (k < self.biases).then(|| &rest[k * self.rows..(k + 1) * self.rows]);
        Blocks { w_ih, w_hh, b_ih: bias(0), b_hh: bias(1) }
    }

    /// The same parameters as another number type.
    pub fn map<U>(&self, lift: impl FnMut(S) -> U) -> Params<U> {
        let flat = self.flat.iter().copied().map(lift).collect();
        Params { flat, layout: Arc::clone(&self.layout), rows: self.rows, dims: self.dims, biases: self.biases }
    }
}
