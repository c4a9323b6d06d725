//! The numbers this backend computes with.

use crate::simd::Real;
use rnn_kernels::Scalar;

/// `f32` or `f64`: a [`Scalar`] that faer multiplies and our vector kernels know.
pub trait Number: Scalar + Real + faer::traits::ComplexField {}

impl Number for f32 {}
impl Number for f64 {}
