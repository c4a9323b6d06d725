//! The contract and the reference kernels of recurrent neural networks on the CPU: forward and backpropagation
//! through time.
//!
//! A cell is a [`Form`], where numbers flow between steps and products, and an equation, what one unit computes
//! ([`Equations`]); forward, backpropagation and their proof follow from the two. A backend implements one method,
//! [`Backend::matmul`], and inherits correct bodies for everything else: the equation of a stage on the units of a row
//! ([`mod@reference`]), the drivers of a pass ([`sequence`]). It overrides what pays. The crate rnn-check proves it correct.
//!
//! # Conventions
//!
//! | letter | meaning |
//! |---|---|
//! | `T N C H P G` | steps, batch rows, input features, hidden units, units of the output, gates |
//! | `x h c y` | input, hidden state, cell state, layer output |
//! | `w_ih [G·H, C]`, `w_hh [G·H, P]`, `b_ih`, `b_hh [G·H]` | weights, PyTorch's layout and names |
//! | `i f g o`, `r z n` | gate rows of the LSTM and the GRU |
//! | `pre` | a pre-activation |
//! | `d_…` | a cotangent, `∂L/∂…` |
//! | reserve | what forward keeps for backward, the same for every backend |
//! | workspace | scratch, contents unspecified before and after |
//! | packed | weights in the layout a backend computes fastest with |
//!
//! Everything stays in time order. State buffers have `T + 1` slots: a forward pass reads slot `t` and writes slot
//! `t + 1`, a reverse pass reads `t + 1` and writes `t`. A row that a step does not belong to keeps its state, its
//! `y` is 0 there and its `d_y` is never read. Parameter gradients accumulate; state cotangents are overwritten;
//! `None` upstream means zero.
//!
//! Kernels panic on a wrong shape, which is a bug of the caller, and never on a value.
//!
//! # A backend in ten lines
//!
//! ```
//! use rnn_kernels::{Accum, Backend, MatMut, MatRef, Scalar};
//!
//! #[derive(Debug)]
//! struct Mine;
//!
//! impl<T: Scalar> Backend<T> for Mine {
//!     fn matmul(&self, mut c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
//!         let [m, k, n] = rnn_kernels::check_matmul(&c, &a, &b);
//!         for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
//!             let start = if accum == Accum::Add { c.row_mut(i)[j] } else { T::ZERO };
//!             c.row_mut(i)[j] = (0..k).fold(start, |sum, l| sum + a.at(i, l) * b.at(l, j));
//!         }
//!     }
//! }
//! ```

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
// For the square root of `Scalar` alone. Every other function of a concrete number is called by its name in libm: as a
// method it would be that of std, whose last bit depends on the platform.
#[cfg(feature = "std")]
extern crate std;

mod accum;
mod activation;
mod backend;
mod buffer;
pub mod cells;
mod ctc;
mod direction;
mod equations;
mod form;
mod head;
mod input;
mod linear;
mod number;
mod params;
mod pass;
mod plan;
pub mod program;
pub mod reference;
mod scalar;
pub mod sequence;
mod shape;
mod steps;
pub mod sums;
mod view;

pub use accum::Accum;
pub use activation::Activation;
pub use backend::{Backend, Effort, check_matmul};
pub use buffer::{BufferLens, Use, carve};
pub use ctc::{BLANK, Ctc};
pub use direction::Direction;
pub use equations::{Cell, CellError, Elman, Equations, Fault, Gru, GruReset, Known, Lstm, Unit};
pub use form::{Factor, Form, Matrix, Name, Product, Slot, Stage, Width};
pub use head::*;
pub use input::Input;
pub use linear::{LinearBackward, LinearForward};
pub use number::{Cut, Number};
pub use params::Bias;
pub use pass::{Backward, Forward, Infer, UnitBackward, UnitForward};
pub use plan::{Axes, Group, Home, Map, ParamBlock, Plan, Segment, Size, SizeError, Spec, StagePlan, Term, Way};
pub use scalar::Scalar;
pub use steps::{Held, Part, Steps};
pub use view::{MatMut, MatRef, SeqMut, SeqRef};
