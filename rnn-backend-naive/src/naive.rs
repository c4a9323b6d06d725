//! `C[m, n] = Σ_k A[m, k] B[k, n]`: three loops, the inner one with stride 1.

use rnn_kernels::{Accum, Backend, MatMut, MatRef, Scalar, check_matmul};

/// A triple loop for `matmul` and nothing else, for every [`Scalar`].
///
/// A row of `C` depends only on its row of `A` and on `B`, so results are batch invariant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Naive;

impl<T: Scalar> Backend<T> for Naive {
    fn matmul(&self, mut c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        let [m_count, k_count, _] = check_matmul(&c, &a, &b);
        if accum == Accum::Replace {
            c.fill(T::ZERO);
        }
        for m in 0..m_count {
            let c = c.row_mut(m);
            if b.is_transposed() {
                let b = b.t();
                for (n, c) in c.iter_mut().enumerate() {
                    *c = dot(*c, a, m, b.row(n));
                }
            } else {
                for k in 0..k_count {
                    let a = a.at(m, k);
                    c.iter_mut().zip(b.row(k)).for_each(|(c, &b)| *c += a * b);
                }
            }
        }
    }
}

/// `start + Σ_k A[m, k] b[k]`.
fn dot<T: Scalar>(start: T, a: MatRef<'_, T>, m: usize, b: &[T]) -> T {
    if a.is_transposed() {
        b.iter().enumerate().fold(start, |sum, (k, &b)| sum + a.at(m, k) * b)
    } else {
        a.row(m).iter().zip(b).fold(start, |sum, (&a, &b)| sum + a * b)
    }
}
