//! The reference: a triple loop, everything else inherited.

use rnn_kernels::{Accum, Backend, MatMut, MatRef, Scalar, check_matmul};

/// The provided bodies over the simplest product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plain;

impl<T: Scalar> Backend<T> for Plain {
    fn matmul(&self, c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        in_order(c, accum, a, b);
    }
}

/// The triple loop.
pub(super) fn in_order<T: Scalar>(mut c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
    let [m_count, k_count, n_count] = check_matmul(&c, &a, &b);
    for m in 0..m_count {
        let row = c.row_mut(m);
        for n in 0..n_count {
            let start = if accum == Accum::Add { row[n] } else { T::ZERO };
            row[n] = (0..k_count).fold(start, |sum, k| sum + a.at(m, k) * b.at(k, n));
        }
    }
}

/// `C[m, n] = sum(start, pairs)`: the pairs `(A[m, k], B[k, n])` in the order of `k`, on top of 0 or of `C[m, n]`.
pub(super) fn product<T: Scalar>(
    mut c: MatMut<'_, T>,
    accum: Accum,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    sum: impl Fn(T, &mut dyn Iterator<Item = (T, T)>) -> T,
) {
    let [m_count, k_count, n_count] = check_matmul(&c, &a, &b);
    for (m, n) in (0..m_count).flat_map(|m| (0..n_count).map(move |n| (m, n))) {
        let start = if accum == Accum::Add { c.row_mut(m)[n] } else { T::ZERO };
        c.row_mut(m)[n] = sum(start, &mut (0..k_count).map(|k| (a.at(m, k), b.at(k, n))));
    }
}
