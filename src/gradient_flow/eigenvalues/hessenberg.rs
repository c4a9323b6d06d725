//! `H = QᵀWQ` with zeros below the subdiagonal, by one Householder reflection for each column (Householder 1958).

use super::{LANES, Square};
use crate::error::Result;
use crate::memory::zeros;
use rnn_kernels::Scalar;

impl Square {
    /// Overwrites the matrix by a Hessenberg matrix with the same eigenvalues. `10 n³/3` operations; the matrix goes through the caches
    /// three times a column.
    pub(super) fn hessenberg(&mut self, what: &str) -> Result<()> {
        let (n, stride) = (self.n, self.stride);
        let (mut v, mut sums) = (zeros::<f64>(what, n)?, zeros::<f64>(what, n)?);
        for k in 0..n.saturating_sub(2) {
            let from = k + 1;
            if (from + 1..n).all(|i| self.at(i, k) == 0.0) {
                continue;
            }
            // Scaled, so that no square overflows or vanishes.
            let scale = (from..n).map(|i| self.at(i, k).abs()).fold(0.0, f64::max);
            (from..n).for_each(|i| v[i] = self.at(i, k) / scale);
            let square: f64 = v[from..].iter().map(|x| x * x).sum();
            let norm = -Scalar::sqrt(square).copysign(v[from]);
            // I − v vᵀ / half takes the column to (norm, 0, …).
            let half = square - v[from] * norm;
            v[from] -= norm;
            self.set(from, k, scale * norm);
            (from + 1..n).for_each(|i| self.set(i, k, 0.0));

            let (v, sums) = (&v[from..n], &mut sums[from..n]);
            let (above, rows) = self.data.split_at_mut(from * stride);
            transposed_product(sums, v, rows, from, stride);
            for (row, vi) in rows.chunks_exact_mut(stride).zip(v) {
                let row = &mut row[from..n];
                let sum = add_and_multiply(row, -vi / half, sums, v);
                add(row, -sum / half, v);
            }
            for row in above.chunks_exact_mut(stride) {
                let row = &mut row[from..n];
                add(row, -multiply(row, v) / half, v);
            }
        }
        Ok(())
    }
}

/// `sums = vᵀ rows`, of the columns from `from` on, four rows at a time.
fn transposed_product(sums: &mut [f64], v: &[f64], rows: &[f64], from: usize, stride: usize) {
    sums.fill(0.0);
    let len = sums.len();
    let of = |i: usize| &rows[i * stride + from..][..len];
    let (fours, rest) = v.as_chunks::<4>();
    for (k, &[v0, v1, v2, v3]) in fours.iter().enumerate() {
        let [a, b, c, d] = [0, 1, 2, 3].map(|i| of(4 * k + i));
        for j in 0..len {
            sums[j] += v0 * a[j] + v1 * b[j] + v2 * c[j] + v3 * d[j];
        }
    }
    for (i, &v) in (4 * fours.len()..).zip(rest) {
        add(sums, v, &rows[i * stride + from..]);
    }
}

/// `y += a x`.
fn add(y: &mut [f64], a: f64, x: &[f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += a * x);
}

/// `y · v`, in partial sums.
fn multiply(y: &[f64], v: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let ((ys, y_rest), (vs, v_rest)) = (y.as_chunks::<LANES>(), v.as_chunks::<LANES>());
    for (y, v) in ys.iter().zip(vs) {
        for k in 0..LANES {
            lanes[k] += y[k] * v[k];
        }
    }
    y_rest.iter().zip(v_rest).fold(lanes.iter().sum(), |sum, (y, v)| sum + y * v)
}

/// `y += a x`, then `y · v`, in partial sums.
fn add_and_multiply(y: &mut [f64], a: f64, x: &[f64], v: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (blocks, rest) = y.as_chunks_mut::<LANES>();
    let ((xs, x_rest), (vs, v_rest)) = (x.as_chunks::<LANES>(), v.as_chunks::<LANES>());
    for ((y, x), v) in blocks.iter_mut().zip(xs).zip(vs) {
        for k in 0..LANES {
            y[k] += a * x[k];
            lanes[k] += y[k] * v[k];
        }
    }
    let mut sum: f64 = lanes.iter().sum();
    for ((y, x), v) in rest.iter_mut().zip(x_rest).zip(v_rest) {
        *y += a * x;
        sum += *y * v;
    }
    sum
}
