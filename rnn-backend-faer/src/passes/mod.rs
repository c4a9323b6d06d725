//! What all passes share: blocks of rows, products with a transposed matrix, which rows a step belongs to.
//!
//! Rows of a batch are independent of each other, so a thread takes some of them through all steps and meets the others
//! only at the end; of a single row it takes some [units] and meets them after every step. Every element is computed by
//! the same operations in the same order whatever the number of rows and threads: `b`, then the products with `x_t`, then
//! those with `h_{t−1}`, added up one after another.

pub mod input;
pub mod live;
pub mod reading;
pub mod slots;
pub mod units;

use units::Units;

use rnn_kernels::{Accum, Effort, MatMut, MatRef};

use crate::number::Number;
use crate::simd::product::pack::from_column;
use crate::simd::product::{Product, packed};
use crate::simd::vector::line_len;
use crate::simd::{Simd, gates};
use crate::threads::{Rows, Workers, worth_sharing};

/// So many rows a thread, so that every one has some, or all of them if the pass is not worth sharing; at least 1.
pub fn block(workers: &Workers, rows: usize, multiply_adds: usize) -> usize {
    workers.block(rows, worth_sharing(workers, rows, multiply_adds))
}

/// Whether two passes are better done at once, by a thread each, than one after the other by all threads. Of two threads none
/// then waits for the other, and each reads one set of weights for all rows; more of them are left idle unless the rows
/// would leave them idle anyway.
pub fn worth_joining(workers: &Workers, effort: Effort) -> bool {
    let threads = workers.threads();
    // The first of two passes is what the other thread takes over.
    let worth = worth_sharing(workers, 2, effort.multiply_adds.saturating_mul(2));
    worth && (threads == 2 || effort.rows <= threads / 2)
}

/// The distance of two rows of `width` elements in a buffer of ours: rows a multiple of 1 KiB apart would share the lines
/// of the first cache, and a tile reads eight of them at once.
pub fn row_stride<T>(width: usize) -> usize {
    let line = line_len::<T>();
    if width > 0 && width.is_multiple_of(16 * line) { width + line } else { width }
}

/// `d_h (+)= Σ d_pre · W` over pairs of `d_pre` and the panels of `W` as it is.
pub fn through_weights<T: Number>(
    simd: Simd,
    units: Option<Units<'_>>,
    mut d_h: MatMut<'_, T>,
    accum: Accum,
    terms: &[(MatRef<'_, T>, &[T])],
) {
    match units {
        None => units_through_weights(simd, 0, d_h, accum, terms),
        Some(units) => units.share([d_h.row_mut(0)], |first, [d_h]| {
            let len = d_h.len();
            units_through_weights(simd, first, MatMut::new(d_h, 1, len), accum, terms);
        }),
    }
}

/// As [`through_weights`], `d_h` being that of some units, `first` the first one of a panel.
fn units_through_weights<T: Number>(
    simd: Simd,
    first: usize,
    mut d_h: MatMut<'_, T>,
    mut accum: Accum,
    terms: &[(MatRef<'_, T>, &[T])],
) {
    for &(d_pre, panels) in terms {
        let ([rows, cols], depth) = (d_h.shape(), d_pre.cols());
        let ((c, c_stride), (a, a_stride)) = (d_h.rb_mut().storage(), d_pre.storage());
        let b = from_column(panels, depth, first);
        packed(simd, Product { c, c_stride, accum, a, a_stride, b, b_stride: 0, rows, cols, depth });
        accum = Accum::Add;
    }
}

/// `to += from`, row by row.
pub fn add<T: Number>(simd: Simd, mut to: MatMut<'_, T>, from: MatRef<'_, T>) {
    (0..to.rows()).for_each(|n| gates::add(simd, to.row_mut(n), from.row(n)));
}

/// Step `t` is 0 for one row; of nothing, nothing is.
pub fn clear<T: Number>(sequence: &mut Rows<'_, T>, t: usize, n: usize) {
    if sequence.cols() > 0 {
        sequence.at_mut(t, n, n + 1).fill(T::default());
    }
}
