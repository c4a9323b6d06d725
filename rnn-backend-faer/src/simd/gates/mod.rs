//! The pointwise part of the cells on one row, forward and backward.
//!
//! Every operand is a contiguous slice of one row: `H` elements, or `G·H` with
//! the gates one after another in PyTorch's order. The functions panic if a
//! length is wrong, before any write. NaN and infinities propagate.

pub mod elman;
pub mod gru_after;
pub mod gru_before;
pub mod lstm;

use super::pointwise::{Pointwise, pointwise};
use super::{Real, Simd};

/// Panics unless the operand has the length it must have beside `H` = `hidden`.
#[inline]
#[track_caller]
fn expect_len(kernel: &str, operand: &str, len: usize, gates: usize, hidden: usize) {
    if len != gates * hidden {
        wrong_len(kernel, operand, len, gates, hidden);
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn wrong_len(kernel: &str, operand: &str, len: usize, gates: usize, hidden: usize) -> ! {
    let must = gates * hidden;
    panic!("{kernel}: {operand} has length {len} but H is {hidden}; it must be {gates}H = {must}")
}

/// `to += from`.
///
/// # Panics
/// If the lengths differ.
pub fn add<T: Real>(simd: Simd, to: &mut [T], from: &[T]) {
    expect_len("add", "from", from.len(), 1, to.len());
    pointwise(simd, Sum, [from], [to]);
}

struct Sum;

impl<T: Real> Pointwise<T, 1, 1> for Sum {
    #[inline(always)]
    fn element(&self, [from]: [T; 1], [to]: [T; 1]) -> [T; 1] {
        [to + from]
    }
}

/// `(1 − z) n + z h_prev`.
#[inline(always)]
fn mix<T: Real>(z: T, n: T, h_prev: T) -> T {
    (T::ONE - z).mul_add(n, z * h_prev)
}
