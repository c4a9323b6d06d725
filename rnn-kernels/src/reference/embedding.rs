//! `y[m] = table[index[m]]` and `d_table[index[m]] += d_y[m]`.

use crate::head::{EmbeddingBackward, EmbeddingForward, IGNORE};
use crate::scalar::Scalar;
use crate::sums;

/// `y[m] = table[index[m]]`, 0 where ignored; overwrites `y`.
///
/// # Panics
/// On a wrong shape or index, before any write.
pub fn forward<T: Scalar>(mut layer: EmbeddingForward<'_, T>) {
    layer.check();
    for (m, &index) in layer.index.iter().enumerate() {
        match index {
            IGNORE => layer.y.row_mut(m).fill(T::ZERO),
            index => layer.y.row_mut(m).copy_from_slice(layer.table.row(index as usize)),
        }
    }
}

/// `d_table[index[m]] += d_y[m]`, as [`sums::by_index`].
///
/// # Panics
/// On a wrong shape or index, before any write.
pub fn backward<T: Scalar>(mut layer: EmbeddingBackward<'_, T>) {
    layer.check();
    let places = layer.index.iter().enumerate().filter(|&(_, &index)| index != IGNORE);
    let d_y = layer.d_y;
    sums::by_index(
        places.map(|(m, &index)| (index, m)),
        d_y.cols(),
        |m| d_y.row(m),
        |index, from, sums| {
            let d_row = layer.d_table.row_mut(index)[from..].iter_mut();
            d_row.zip(sums).for_each(|(d, &sum)| *d += sum);
        },
    );
}
