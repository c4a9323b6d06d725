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
mod states;

pub use guarded::{Guarded, Place};
pub use mistake::{Mistake, Pass};

use crate::case::{Problem, X, biases};
use crate::claims::Feature;
use crate::oracle::{self, Cell, Dims};
use crate::real::Real;
use rnn_kernels::{Backend, Bias, Direction, Size, Spec};
use std::cell::RefCell;
use std::ops::Range;

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

/// What forward leaves for backward.
#[derive(Clone, Debug)]
pub struct Reserve<T> {
    /// The whole buffer, in the order of the kernels' reserve.
    pub buffer: Vec<T>,
    dims: Dims,
    h: Vec<T>,
    c: Vec<T>,
    gates: Vec<T>,
    values: Vec<T>,
}

impl<T: Real> Reserve<T> {
    /// A reserve of the kernels, taken apart.
    pub(crate) fn new(spec: &Spec<T>, steps: usize, rows: usize, buffer: Vec<T>) -> Self {
        let (all, others) = (&buffer[..], 1..spec.plan().states.len());
        let (kept, values) = (spec.plan().gates, 0..spec.plan().values.len());
        let side_by_side = |parts: &[Range<usize>]| -> Vec<T> {
            let width = |part: &Range<usize>| part.len() / rows.max(1);
            let row = |n: usize| parts.iter().map(move |p| &all[p.start + n * width(p)..][..width(p)]);
            (0..rows).flat_map(row).collect::<Vec<_>>().concat()
        };
        let slot = |s: usize| others.clone().map(|k| spec.reserve_state(k, s, steps, rows)).collect::<Vec<_>>();
        let values = |t: usize| values.clone().map(|v| spec.reserve_value(v, t, steps, rows)).collect::<Vec<_>>();
        let h = (0..=steps).map(|s| &buffer[spec.reserve_state(0, s, steps, rows)]).collect::<Vec<_>>().concat();
        let c = (0..=steps).map(|s| side_by_side(&slot(s))).collect::<Vec<_>>().concat();
        let gates = (0..steps).map(|t| &buffer[spec.reserve_kept(t, steps, rows)]).collect::<Vec<_>>().concat();
        debug_assert_eq!(gates.len(), steps * rows * kept);
        let values = (0..steps).map(|t| side_by_side(&values(t))).collect::<Vec<_>>().concat();
        let size = spec.size();
        let dims = Dims { steps, batch: rows, input: size.input, hidden: size.hidden };
        Self { h, c, gates, values, dims, buffer }
    }

    /// `[T+1, N, H]`.
    #[must_use]
    pub fn h(&self) -> &[T] {
        &self.h
    }
    /// `[T+1, N, R]`: every other state, side by side.
    #[must_use]
    pub fn c(&self) -> &[T] {
        &self.c
    }
    /// `[T, N, K]`: what stages keep beside what they write.
    #[must_use]
    pub fn gates(&self) -> &[T] {
        &self.gates
    }
    /// `[T, N, V]`: what stages leave for later ones, side by side.
    #[must_use]
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// The part of a window of `steps` steps that begins at step `from`, as a reserve of its own.
    pub(crate) fn window(&self, spec: &Spec<T>, from: usize, steps: usize) -> Vec<T> {
        let (all, rows) = (self.dims.steps, self.dims.batch);
        let mut part = vec![T::CANARY; spec.reserve_len(steps, rows)];
        let mut copy = |to: Range<usize>, of: Range<usize>| part[to].copy_from_slice(&self.buffer[of]);
        for k in 0..spec.plan().states.len() {
            for s in 0..=steps {
                copy(spec.reserve_state(k, s, steps, rows), spec.reserve_state(k, from + s, all, rows));
            }
        }
        for t in 0..steps {
            copy(spec.reserve_kept(t, steps, rows), spec.reserve_kept(from + t, all, rows));
            for v in 0..spec.plan().values.len() {
                copy(spec.reserve_value(v, t, steps, rows), spec.reserve_value(v, from + t, all, rows));
            }
        }
        part
    }
}

/// What a forward pass returned.
#[derive(Clone, Debug)]
pub struct Forward<T> {
    /// `[T, N, H]`.
    pub y: Vec<T>,
    /// `[N, H]`.
    pub h_n: Vec<T>,
    /// `[N, R]`.
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
    /// `[N, R]`.
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
    /// `[N, R]`.
    pub c: Vec<T>,
    /// Writes where nothing may be written.
    pub breaches: Vec<String>,
    /// How the call went.
    pub call: Called,
}

/// A cell with its sizes in the kernels' words.
pub(crate) fn spec<T>(cell: Cell, bias: Bias, dims: Dims) -> Spec<T> {
    let size = Size::new(dims.input, dims.hidden).with_bias(bias);
    Spec::new(cell.kernel(), size).unwrap_or_else(|e| panic!("a case of {}: {e}", cell.name()))
}

/// A direction in the oracle's words.
pub(crate) fn oracle_direction(direction: Direction) -> oracle::Direction {
    match direction {
        Direction::Forward => oracle::Direction::Forward,
        Direction::Reverse => oracle::Direction::Reverse,
    }
}

impl<T: Real> Problem<T> {
    /// The cell with its sizes.
    #[must_use]
    pub fn spec(&self) -> Spec<T> {
        spec(self.cell, self.bias, self.dims)
    }

    /// How many parameters the cell has with more hidden units: what a wrong caller would pass.
    pub(crate) fn params_of_a_larger_cell(&self) -> usize {
        let more = self.cell.multiple();
        let input = self.dims.input + if self.cell.reads_input() { more } else { 0 };
        let larger = Dims { hidden: self.dims.hidden + more, input, ..self.dims };
        spec::<T>(self.cell, self.bias, larger).params_len()
    }

    /// The parameters as the oracle's.
    #[must_use]
    pub fn oracle_params<S: Copy>(&self, to: impl Fn(T) -> S) -> oracle::Params<S> {
        let flat: Vec<S> = self.params.iter().map(|&p| to(p)).collect();
        self.oracle_params_of(&flat)
    }

    /// Parameters, or gradients of them, as the oracle's.
    #[must_use]
    pub fn oracle_params_of<S: Copy>(&self, flat: &[S]) -> oracle::Params<S> {
        oracle::Params::from_flat(self.cell, self.dims, biases(self.bias), flat)
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
