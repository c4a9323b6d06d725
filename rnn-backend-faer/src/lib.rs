//! [`Faer`]: the fast backend of rnn-kernels.
//!
//! - **Products**: faer's matmul where there are many rows, on blocks of a fixed size; kernels of our own for few rows.
//! - **Passes**: weights are packed once into panels a cache line wide; a thread takes its rows of the batch through all steps.
//! - **Gates**: `exp`, `tanh`, `σ`, `ln`, `ln(1 + x)` and `√x` on vectors, every one within 1 ULP ([`simd::math`]), or σ and tanh
//!   in half the time within 2.5 ([`Accuracy::Fast`]), chosen at run time for portable
//!   code, AVX2 with FMA, or AVX-512, all with the same bits.
//! - **Any cell**: one pass for all. The equation of a cell that this crate does not know runs as a program on vectors; a cell that is
//!   [`Compile`] runs as if its kernels, backward included, had been written by hand.
//! - **Threads**: a small pool of our own, or a given rayon pool. The bits do not depend on the number of threads.
//!
//! ```
//! use rnn_backend_faer::Faer;
//! use rnn_kernels::{Accum, Backend, MatMut, MatRef};
//!
//! let (a, b) = ([1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]);
//! let mut c = [0.0_f32; 4];
//! let (a, b) = (MatRef::new(&a, 2, 2), MatRef::new(&b, 2, 2));
//! Faer::sequential().matmul(MatMut::new(&mut c, 2, 2), Accum::Replace, a, b.t());
//! assert_eq!(c, [17.0, 23.0, 39.0, 53.0]);
//! ```
//!
//! [`simd`] is public for benches and tests; its interface may change with any version. `unsafe` is allowed in `threads`, which is
//! private, each block with its proof, and in `simd`, which needs it for a prefetch alone: elsewhere pulp's tokens are the proofs.

mod backend;
mod faer;
mod layer;
mod loss;
mod number;
mod passes;
mod pointwise;
mod product;
mod recurrence;
pub mod simd;
mod threads;

pub use crate::faer::Faer;
pub use layer::compiled::{Compile, Compiled, CompiledError, Stage};
pub use recurrence::Scan;
pub use simd::Accuracy;
pub use threads::ThreadsError;
