//! The forward equations of every cell, and nothing else: no derivative, no blocking, no buffer that is reused.
//!
//! Layout, gate order and bias names are PyTorch's (`torch.nn.LSTM`, `GRU`, `RNN`): `w_ih [G·H, C]`, `w_hh [G·H, H]`,
//! `b_ih`, `b_hh [G·H]`; LSTM rows `i f g o`, GRU rows `r z n`. All arrays are row-major `Vec`s.
//! Everything is generic over [`Number`](crate::number::Number); derivatives and error bounds come from the number.

mod heads;
mod sequence;
mod step;

pub use heads::{affine, bernoulli_cross_entropy, embedding, one_hot, softmax_cross_entropy, squared_error};
pub use sequence::{Direction, Layer, Pass, Run, Sequence, Stack, sequence, stack};
pub use step::{Step, step};

/// The activation of an Elman cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Activation {
    /// `tanh`
    Tanh,
    /// `max(·, 0)`
    Relu,
    /// `1 / (1 + e^−·)`
    Sigmoid,
    /// `·`
    Identity,
}

/// Where a GRU applies its reset gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reset {
    /// `r ∘ (W_hn h + b_hn)`
    After,
    /// `W_hn (r ∘ h) + b_hn`
    Before,
}

/// Which equations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cell {
    /// Elman 1990.
    Elman(Activation),
    /// Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.
    Lstm,
    /// Cho et al. 2014.
    Gru(Reset),
}

impl Cell {
    /// Every cell the oracle knows.
    pub const ALL: [Self; 7] = [
        Self::Elman(Activation::Tanh),
        Self::Elman(Activation::Relu),
        Self::Elman(Activation::Sigmoid),
        Self::Elman(Activation::Identity),
        Self::Lstm,
        Self::Gru(Reset::After),
        Self::Gru(Reset::Before),
    ];

    /// `G`: blocks of `H` rows in the weights.
    pub fn gates(self) -> usize {
        match self {
            Self::Elman(_) => 1,
            Self::Lstm => 4,
            Self::Gru(_) => 3,
        }
    }

    /// Whether the state has a part `c` beside `h`.
    pub fn has_c(self) -> bool {
        self == Self::Lstm
    }
}

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

/// The parameters of one layer in one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Params<S> {
    /// `[G·H, C]`
    pub w_ih: Vec<S>,
    /// `[G·H, H]`
    pub w_hh: Vec<S>,
    /// `[G·H]`
    pub b_ih: Option<Vec<S>>,
    /// `[G·H]`
    pub b_hh: Option<Vec<S>>,
}

impl<S: Copy> Params<S> {
    /// The blocks cut from `flat` in PyTorch's order `w_ih w_hh b_ih b_hh`; `biases` is 0, 1 (`b_ih` only) or 2.
    ///
    /// # Panics
    /// If `flat` has another length than [`Params::len`] says.
    pub fn from_flat(cell: Cell, dims: Dims, biases: usize, flat: &[S]) -> Self {
        let want = Self::len(cell, dims, biases);
        assert_eq!(flat.len(), want, "parameters of {cell:?} with {biases} biases");
        let rows = cell.gates() * dims.hidden;
        let (w_ih, rest) = flat.split_at(rows * dims.input);
        let (w_hh, rest) = rest.split_at(rows * dims.hidden);
        let bias = |k: usize| (k < biases).then(|| rest[k * rows..(k + 1) * rows].to_vec());
        let (w_ih, w_hh) = (w_ih.to_vec(), w_hh.to_vec());
        let (b_ih, b_hh) = (bias(0), bias(1));
        Self { w_ih, w_hh, b_ih, b_hh }
    }

    /// The number of parameters: `G·H (C + H + biases)`.
    pub fn len(cell: Cell, dims: Dims, biases: usize) -> usize {
        cell.gates() * dims.hidden * (dims.input + dims.hidden + biases)
    }

    /// The blocks one after another, as [`Params::from_flat`] takes them.
    pub fn to_flat(&self) -> Vec<S> {
        let biases = self.b_ih.iter().chain(&self.b_hh);
        let blocks = [&self.w_ih, &self.w_hh].into_iter().chain(biases);
        blocks.flatten().copied().collect()
    }

    /// The same parameters as another number type.
    pub fn map<U>(&self, mut lift: impl FnMut(S) -> U) -> Params<U> {
        let mut all = |block: &Vec<S>| block.iter().map(|&p| lift(p)).collect::<Vec<U>>();
        Params {
            w_ih: all(&self.w_ih),
            w_hh: all(&self.w_hh),
            b_ih: self.b_ih.as_ref().map(&mut all),
            b_hh: self.b_hh.as_ref().map(&mut all),
        }
    }
}
