//! The one place where the suite builds argument structs of rnn-kernels.
//!
//! Every buffer has canaries around it, every scratch buffer garbage in it; what comes back is in canonical order.

mod attempt;
mod backward;
mod forward;
mod guarded;
mod infer;
mod inputs;
mod mistake;
mod whole;

pub use guarded::{Guarded, Place};
pub use mistake::{Mistake, Pass};

use crate::case::{Problem, X, biases};
use crate::claims::Feature;
use crate::oracle::{self, Activation, Cell, Dims, Reset};
use crate::real::Real;
use rnn_kernels::{self as kernels, Backend, Bias, BufferLens, Direction, ElmanSpec, GruReset, GruSpec, LstmSpec, Use};
use std::cell::RefCell;

/// Runs its argument and says how many heap allocations it made.
pub type CountAllocations = fn(&mut dyn FnMut()) -> u64;

/// What `x` and `d_y` hold where a step does not belong to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// NaN, and indices that are too large: every law is then a law about padding as well, whatever else its case combines.
    Poisoned,
    /// What the problem says.
    AsGiven,
}

/// A backend and how to call it.
#[derive(Clone, Copy, Debug)]
pub struct Rig<'a, T> {
    /// The backend.
    pub backend: &'a dyn Backend<T>,
    /// What scratch and outputs hold before.
    pub garbage: T,
    /// Counts the allocations of the calls alone.
    pub count: Option<CountAllocations>,
    /// A wrong shape to pass on purpose.
    pub mistake: Option<Mistake>,
    /// Whether a panic of the call is caught and reported in [`Called`].
    pub catch: bool,
    /// Elements that packed weights and scratch are longer than asked for.
    pub slack: usize,
    /// Scratch that calls share: each finds what the one before left.
    pub shared: Option<&'a RefCell<Vec<T>>>,
    /// What a backend finds in `x` and `d_y` where a step does not belong to a row.
    pub padding: Padding,
    /// Options the backend is never called with: a run that needs one unwinds with it instead.
    pub unsupported: &'static [Feature],
}

/// How a call went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Called {
    /// Its heap allocations, if they are counted.
    pub allocations: u64,
    /// The message of its panic, if panics are caught.
    pub panic: Option<String>,
}

/// The message of a panic.
pub(crate) fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}

/// What forward leaves for backward, as one buffer.
#[derive(Clone, Debug)]
pub struct Reserve<T> {
    /// The whole buffer, in the order of the kernels' reserve.
    pub buffer: Vec<T>,
    cell: Cell,
    dims: Dims,
}

impl<T: Real> Reserve<T> {
    fn blocks(&self) -> [usize; 4] {
        let Dims { steps, batch, hidden, .. } = self.dims;
        let (states, per_step) = ((steps + 1) * batch * hidden, steps * batch * hidden);
        match self.cell {
            Cell::Elman(_) => [states, 0, 0, 0],
            Cell::Lstm => [states, states, 4 * per_step, 0],
            Cell::Gru(_) => [states, 0, 3 * per_step, per_step],
        }
    }

    fn block(&self, k: usize) -> &[T] {
        let lens = self.blocks();
        let start: usize = lens[..k].iter().sum();
        &self.buffer[start..start + lens[k]]
    }

    /// `[T+1, N, H]`.
    #[must_use]
    pub fn h(&self) -> &[T] {
        self.block(0)
    }
    /// `[T+1, N, H]`; empty unless the cell is an LSTM.
    #[must_use]
    pub fn c(&self) -> &[T] {
        self.block(1)
    }
    /// `[T, N, G·H]`; empty for Elman.
    #[must_use]
    pub fn gates(&self) -> &[T] {
        self.block(2)
    }
    /// `[T, N, H]`; empty unless the cell is a GRU.
    #[must_use]
    pub fn aux(&self) -> &[T] {
        self.block(3)
    }
}

/// What a forward pass returned.
#[derive(Clone, Debug)]
pub struct Forward<T> {
    /// `[T, N, H]`.
    pub y: Vec<T>,
    /// `[N, H]`.
    pub h_n: Vec<T>,
    /// `[N, H]`; empty unless the cell is an LSTM.
    pub c_n: Vec<T>,
    /// For backward.
    pub reserve: Reserve<T>,
    /// Writes where nothing may be written.
    pub breaches: Vec<String>,
    /// How the call went.
    pub call: Called,
}

/// What accumulating buffers hold before a backward pass.
#[derive(Clone, Debug)]
pub struct Before<T> {
    /// As the parameters.
    pub d_params: Vec<T>,
    /// `[T, N, C]`; empty if the input is one-hot.
    pub d_x: Vec<T>,
}

/// What a backward pass returned.
#[derive(Clone, Debug)]
pub struct Backward<T> {
    /// As the parameters.
    pub d_params: Vec<T>,
    /// `[T, N, C]`; empty if the input is one-hot.
    pub d_x: Vec<T>,
    /// `[N, H]`.
    pub d_h0: Vec<T>,
    /// `[N, H]`; empty unless the cell is an LSTM.
    pub d_c0: Vec<T>,
    /// `[T+1, N, H]`.
    pub trace: Vec<T>,
    /// Writes where nothing may be written.
    pub breaches: Vec<String>,
    /// How the call went.
    pub call: Called,
}

/// What an inference pass returned.
#[derive(Clone, Debug)]
pub struct Infer<T> {
    /// `[T, N, H]`.
    pub y: Vec<T>,
    /// `[N, H]`.
    pub h: Vec<T>,
    /// `[N, H]`; empty unless the cell is an LSTM.
    pub c: Vec<T>,
    /// Writes where nothing may be written.
    pub breaches: Vec<String>,
    /// How the call went.
    pub call: Called,
}

/// A cell in the kernels' words.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spec<T> {
    Elman(ElmanSpec<T>),
    Lstm(LstmSpec<T>),
    Gru(GruSpec<T>),
}

impl<T: Real> Spec<T> {
    pub(crate) fn new(cell: Cell, bias: Bias, dims: Dims) -> Self {
        let (c, h) = (dims.input, dims.hidden);
        match cell {
            Cell::Elman(activation) => {
                Self::Elman(ElmanSpec::new(c, h).with_bias(bias).with_activation(kernel_activation(activation)))
            }
            Cell::Lstm => Self::Lstm(LstmSpec::new(c, h).with_bias(bias)),
            Cell::Gru(reset) => Self::Gru(GruSpec::new(c, h).with_bias(bias).with_reset(match reset {
                Reset::After => GruReset::After,
                Reset::Before => GruReset::Before,
            })),
        }
    }

    pub(crate) fn layout(&self) -> kernels::Layout {
        match self {
            Self::Elman(spec) => spec.layout(),
            Self::Lstm(spec) => spec.layout(),
            Self::Gru(spec) => spec.layout(),
        }
    }

    fn lens(&self, backend: &dyn Backend<T>, steps: usize, rows: usize) -> BufferLens {
        match self {
            Self::Elman(spec) => backend.elman_lens(spec, steps, rows),
            Self::Lstm(spec) => backend.lstm_lens(spec, steps, rows),
            Self::Gru(spec) => backend.gru_lens(spec, steps, rows),
        }
    }

    fn pack(&self, backend: &dyn Backend<T>, usage: Use, params: &[T], packed: &mut [T]) {
        let params = self.layout().view(params);
        match self {
            Self::Elman(spec) => backend.elman_pack(spec, usage, params, packed),
            Self::Lstm(spec) => backend.lstm_pack(spec, usage, params, packed),
            Self::Gru(spec) => backend.gru_pack(spec, usage, params, packed),
        }
    }
}

/// An activation in the kernels' words.
pub(crate) fn kernel_activation(activation: Activation) -> kernels::Activation {
    match activation {
        Activation::Tanh => kernels::Activation::Tanh,
        Activation::Relu => kernels::Activation::Relu,
        Activation::Sigmoid => kernels::Activation::Sigmoid,
        Activation::Identity => kernels::Activation::Identity,
    }
}

/// A direction in the oracle's words.
pub(crate) fn oracle_direction(direction: Direction) -> oracle::Direction {
    match direction {
        Direction::Forward => oracle::Direction::Forward,
        Direction::Reverse => oracle::Direction::Reverse,
    }
}

impl<T: Real> Problem<T> {
    /// Where the parameters lie.
    #[must_use]
    pub fn param_layout(&self) -> kernels::Layout {
        Spec::<T>::new(self.cell, self.bias, self.dims).layout()
    }

    /// The parameters as the oracle's blocks.
    #[must_use]
    pub fn oracle_params<S: Copy>(&self, to: impl Fn(T) -> S) -> oracle::Params<S> {
        let flat: Vec<S> = self.params.iter().map(|&p| to(p)).collect();
        oracle::Params::from_flat(self.cell, self.dims, biases(self.bias), &flat)
    }

    /// Accumulating buffers that hold nothing.
    #[must_use]
    pub fn zeros(&self) -> Before<T> {
        let x = match &self.x {
            X::Dense(x) => x.len(),
            X::OneHot(_) => 0,
        };
        Before { d_params: vec![T::ZERO; self.params.len()], d_x: vec![T::ZERO; x] }
    }
}
