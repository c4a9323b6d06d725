//! `H ← QᵀHQ` towards triangular, by implicit double shifts (Francis 1961, Kublanovskaya 1961; Golub & Van Loan, §7.5).
//!
//! A sweep is a chain of reflections of three rows, and of the same columns, from the top of the active block to its end. The next one
//! needs only elements near the diagonal, so a group of them is computed in a window there. Rows to its right and columns above it are
//! transformed afterwards, [`LANES`] columns or rows at a time; every element sees the same operations in the same order.

use super::{LANES, Square};
use rnn_kernels::Scalar;

/// Reflections that are computed in one window: twice as many cost more in the window, half as many more around it.
const GROUP: usize = 24;

/// Sweeps for one eigenvalue, or a pair, after which something is wrong; one or two are usual.
const MOST_SWEEPS: u32 = 60;

/// `I − τ v vᵀ` with `v = (1, v₁, v₂)`.
#[derive(Clone, Copy, Debug, Default)]
struct Reflection {
    v1: f64,
    v2: f64,
    tau: f64,
}

impl Reflection {
    /// The one that takes `(x, y, z)` to `(r, 0, 0)`, and `r`.
    fn of([x, y, z]: [f64; 3]) -> (Self, f64) {
        let scale = x.abs() + y.abs() + z.abs();
        if y == 0.0 && z == 0.0 {
            return (Self::default(), x);
        }
        let [x, y, z] = [x, y, z].map(|x| x / scale);
        let r = -Scalar::sqrt(x * x + y * y + z * z).copysign(x);
        let first = x - r;
        (Self { v1: y / first, v2: z / first, tau: -first / r }, r * scale)
    }

    fn apply(self, [a, b, c]: [f64; 3]) -> [f64; 3] {
        let sum = self.tau * (a + self.v1 * b + self.v2 * c);
        [a - sum, b - sum * self.v1, c - sum * self.v2]
    }

    fn apply_to(self, a: &mut [f64; LANES], b: &mut [f64; LANES], c: &mut [f64; LANES]) {
        for k in 0..LANES {
            [a[k], b[k], c[k]] = self.apply([a[k], b[k], c[k]]);
        }
    }
}

impl Square {
    /// The largest modulus of an eigenvalue of a Hessenberg matrix, and the number of sweeps; `None` without convergence.
    ///
    /// A subdiagonal element of at most `2⁻⁵²` times the sum of its two neighbours on the diagonal is taken as 0. About `20 n³/3`
    /// operations in 1.8 sweeps for each eigenvalue.
    pub(super) fn largest_modulus(mut self) -> Option<(f64, u32)> {
        let size =
            crate::optim::norm(self.data.chunks_exact(self.stride).flat_map(|row| row[..self.n].iter().copied()));
        let (mut largest, mut sweeps, mut own, mut end) = (0.0_f64, 0, 0, self.n);
        while end > 0 {
            let hi = end - 1;
            let lo = (1..=hi).rev().find(|&l| self.is_small(l, size)).unwrap_or(0);
            if lo + 1 >= hi {
                largest = largest.max(if lo == hi { self.at(hi, hi).abs() } else { self.of_pair(lo) });
                (end, own) = (lo, 0);
                continue;
            }
            if own == MOST_SWEEPS {
                return None;
            }
            if lo > 0 {
                self.set(lo, lo - 1, 0.0);
            }
            own += 1;
            sweeps += 1;
            let first = self.first_column(lo, hi, own);
            self.sweep(lo, hi, first);
        }
        Some((largest, sweeps))
    }

    /// Whether the element before the diagonal in row `l` is one to neglect.
    fn is_small(&self, l: usize, size: f64) -> bool {
        let beside = self.at(l - 1, l - 1).abs() + self.at(l, l).abs();
        self.at(l, l - 1).abs() <= f64::EPSILON * if beside == 0.0 { size } else { beside }
    }

    /// The larger modulus of the eigenvalues of the two rows and columns from `l` on.
    fn of_pair(&self, l: usize) -> f64 {
        let (y, x, product) = (self.at(l, l), self.at(l + 1, l + 1), self.at(l + 1, l) * self.at(l, l + 1));
        let (p, mean) = (0.5 * (y - x), 0.5 * (y + x));
        let square = p * p + product;
        if square >= 0.0 {
            // x + z and x − product/z, of which neither cancels.
            let z = p + Scalar::sqrt(square).copysign(p);
            let other = if z == 0.0 { x } else { x - product / z };
            (x + z).abs().max(other.abs())
        } else {
            Scalar::sqrt(mean * mean - square)
        }
    }

    /// Some multiple of the beginning of the first column of `(H − aI)(H − bI)`, `a` and `b` being the eigenvalues of the last two rows and
    /// columns; of a sweep that does not help, now and then, others.
    fn first_column(&self, lo: usize, hi: usize, own: u32) -> [f64; 3] {
        let (mut x, mut y) = (self.at(hi, hi), self.at(hi - 1, hi - 1));
        let mut product = self.at(hi, hi - 1) * self.at(hi - 1, hi);
        if own.is_multiple_of(10) {
            let size = self.at(hi, hi - 1).abs() + self.at(hi - 1, hi - 2).abs();
            x += 0.75 * size;
            (y, product) = (x, -0.4375 * size * size);
        }
        let (z, below) = (self.at(lo, lo), self.at(lo + 1, lo));
        let (r, s) = (x - z, y - z);
        let column = [
            (r * s - product) / below + self.at(lo, lo + 1),
            self.at(lo + 1, lo + 1) - z - r - s,
            self.at(lo + 2, lo + 1),
        ];
        let scale: f64 = column.iter().map(|x| x.abs()).sum();
        column.map(|x| x / scale)
    }

    /// A sweep over the rows and columns `lo..=hi`, which are at least three, from a first column.
    fn sweep(&mut self, lo: usize, hi: usize, first: [f64; 3]) {
        for from in (lo..hi).step_by(GROUP) {
            let to = (from + GROUP).min(hi);
            let mut group = [Reflection::default(); GROUP];
            let group = &mut group[..to - from];
            let last = (to + 2).min(hi);
            for k in from..to {
                let column = match k == lo {
                    true => first,
                    false => [
                        self.at(k, k - 1),
                        self.at(k + 1, k - 1),
                        if k + 2 <= hi { self.at(k + 2, k - 1) } else { 0.0 },
                    ],
                };
                let (reflection, r) = Reflection::of(column);
                group[k - from] = reflection;
                if k > lo {
                    self.set(k, k - 1, r);
                    (k + 1..=(k + 2).min(hi)).for_each(|i| self.set(i, k - 1, 0.0));
                }
                self.in_window(reflection, k, [from, last], hi);
            }
            self.behind(group, from, [last + 1, hi]);
            self.above(group, from, lo, last);
        }
    }

    /// One reflection of the rows from `k` on, to the end of the window, and of the columns from `k` on, from its beginning.
    fn in_window(&mut self, reflection: Reflection, k: usize, [from, last]: [usize; 2], hi: usize) {
        let has_third = k + 2 <= hi;
        for j in k..=last {
            let third = if has_third { self.at(k + 2, j) } else { 0.0 };
            let [a, b, c] = reflection.apply([self.at(k, j), self.at(k + 1, j), third]);
            self.set(k, j, a);
            self.set(k + 1, j, b);
            if has_third {
                self.set(k + 2, j, c);
            }
        }
        for i in from..=(k + 3).min(hi) {
            let row = &mut self.data[i * self.stride + k..][..3];
            let third = if has_third { row[2] } else { 0.0 };
            let [a, b, c] = reflection.apply([row[0], row[1], third]);
            (row[0], row[1]) = (a, b);
            if has_third {
                row[2] = c;
            }
        }
    }

    /// The rows of a group, in the columns behind its window. What lies behind the last column is transformed, too, and means nothing.
    fn behind(&mut self, group: &[Reflection], from: usize, [first, hi]: [usize; 2]) {
        let stride = self.stride;
        for j in (first..=hi).step_by(LANES) {
            for (k, &reflection) in (from..).zip(group) {
                let (a, rest) = self.data[k * stride + j..].split_at_mut(stride);
                // Where there are columns behind the window, every reflection of the group has three rows.
                let (b, c) = rest.split_at_mut(stride);
                if let (Some(a), Some(b), Some(c)) = (a.first_chunk_mut(), b.first_chunk_mut(), c.first_chunk_mut()) {
                    reflection.apply_to(a, b, c);
                }
            }
        }
    }

    /// The columns of a group, in the rows above its window.
    fn above(&mut self, group: &[Reflection], from: usize, lo: usize, last: usize) {
        let (stride, width) = (self.stride, last + 1 - from);
        // One row more than the window has, for a last reflection of two columns.
        let mut tile = [[0.0; LANES]; GROUP + 3];
        for first in (lo..from).step_by(LANES) {
            let rows = &mut self.data[first * stride..][..LANES.min(from - first) * stride];
            for (lane, row) in rows.chunks_exact(stride).enumerate() {
                tile.iter_mut().zip(&row[from..][..width]).for_each(|(column, &x)| column[lane] = x);
            }
            for (k, reflection) in group.iter().enumerate() {
                if let [a, b, c] = &mut tile[k..k + 3] {
                    reflection.apply_to(a, b, c);
                }
            }
            for (lane, row) in rows.chunks_exact_mut(stride).enumerate() {
                row[from..][..width].iter_mut().zip(&tile).for_each(|(x, column)| *x = column[lane]);
            }
        }
    }
}
