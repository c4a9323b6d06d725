//! The minimal backend of rnn-kernels: [`Naive`] is one loop nest and inherits everything else.
//!
//! It is the yardstick: whatever a faster backend does, it must agree with this one within derived bounds, and
//! with itself bit for bit. The feature `matrixmultiply` adds [`MatrixMultiply`], the same with the products of the
//! crate matrixmultiply.
//!
//! ```
//! use rnn_backend_naive::Naive;
//! use rnn_kernels::{Accum, Backend, MatMut, MatRef};
//!
//! let (a, b) = ([1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]);
//! let mut c = [0.0_f64; 4];
//! Naive.matmul(MatMut::new(&mut c, 2, 2), Accum::Replace, MatRef::new(&a, 2, 2), MatRef::new(&b, 2, 2).t());
//! assert_eq!(c, [17.0, 23.0, 39.0, 53.0]);
//! ```

#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "matrixmultiply")]
mod matrixmultiply;
mod naive;

#[cfg(feature = "matrixmultiply")]
pub use crate::matrixmultiply::MatrixMultiply;
pub use naive::Naive;
