//! Views: matrices and sequences of matrices over slices.
//!
//! A view never owns and never allocates. Mutable views have unit column stride
//! and rows that never overlap, so a kernel may treat every row as a slice;
//! [`MatRef`] may also be the transpose of such a matrix, as an operand of
//! [`Backend::matmul`](crate::Backend::matmul).

mod mat;
mod seq;

pub use mat::{MatMut, MatRef};
pub use seq::{SeqMut, SeqRef};
