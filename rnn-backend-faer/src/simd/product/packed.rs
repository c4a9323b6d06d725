//! `C = C₀ + A₁·B₁ + A₂·B₂` with every B packed into panels.

use core::ops::Range;
use pulp::WithSimd;

use super::pack::{packed_len, panel_lines};
use super::tile::{Lines, Tiles, cover, load, rows_of, step, store, with_vectors_per_line, zero};
use super::{Accum, Product, check_matrix};
use crate::simd::prefetch::prefetch;
use crate::simd::vector::line_len;
use crate::simd::{Real, Simd};

/// `C (+)= A·B`, `b` as [`pack`](super::pack) lays it out. Bits as
/// [`by_depth`](super::by_depth).
///
/// # Panics
/// On operands that are too short, before any write.
pub fn packed<T: Real>(simd: Simd, product: Product<'_, T>) {
    let Product { c, c_stride, accum, a, a_stride, b, rows, cols, depth, .. } = product;
    let start = match accum {
        Accum::Replace => Start::Zero,
        Accum::Add => Start::C,
    };
    sum_of_products(simd, Sum { c, c_stride, rows, cols, start, terms: &[Term { a, a_stride, depth, panels: b }] });
}

/// What a [`Sum`] begins with.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a, T> {
    /// 0; C is never read.
    Zero,
    /// The same `N` elements for every row; C is never read.
    Bias(&'a [T]),
    /// What C holds.
    C,
}

/// One product `A·B` of a [`Sum`].
#[derive(Clone, Copy, Debug)]
pub struct Term<'a, T> {
    /// `[M, K]`, rows `a_stride` apart.
    pub a: &'a [T],
    /// Distance of two rows of A, at least `K`.
    pub a_stride: usize,
    /// K.
    pub depth: usize,
    /// B as [`pack`](super::pack) lays it out.
    pub panels: &'a [T],
}

/// `C = start + Σ terms`, added up one product of two numbers after another: a sum that is interrupted, and goes on
/// with [`Start::C`], has the same bits.
#[derive(Debug)]
pub struct Sum<'a, T> {
    /// `[M, N]`, rows `c_stride` apart.
    pub c: &'a mut [T],
    /// Distance of two rows of C, at least `N`.
    pub c_stride: usize,
    /// M.
    pub rows: usize,
    /// N.
    pub cols: usize,
    /// What is there before the first term.
    pub start: Start<'a, T>,
    /// The products, in the order of their addition.
    pub terms: &'a [Term<'a, T>],
}

/// Computes a [`Sum`].
///
/// # Panics
/// On operands that are too short, before any write.
pub fn sum_of_products<T: Real>(simd: Simd, sum: Sum<'_, T>) {
    check_matrix("packed product", "C", sum.c.len(), sum.rows, sum.cols, sum.c_stride);
    for term in sum.terms {
        check_matrix("packed product", "A", term.a.len(), sum.rows, term.depth, term.a_stride);
        check_matrix("packed product", "B", term.panels.len(), 1, packed_len::<T>(sum.cols, term.depth), 0);
    }
    if let Start::Bias(bias) = sum.start {
        assert!(bias.len() == sum.cols, "packed product: a bias of {} elements for N = {}", bias.len(), sum.cols);
    }
    simd.run(Packed(sum));
}

/// Rows of A that pass all panels before the next ones do: as many as the second cache holds, and whole tiles of 8 and 6.
const ROWS: usize = 96;

/// How many lines of a panel are asked for ahead of the one in use.
const AHEAD: usize = 24;

/// How far along the depth addresses are computed once.
const STEPS: usize = 4;

struct Packed<'a, T>(Sum<'a, T>);

impl<T: Real> WithSimd for Packed<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        with_vectors_per_line!(S, T, run(simd, self.0));
    }
}

#[inline(always)]
fn run<S: pulp::Simd, T: Real, const W: usize>(simd: S, sum: Sum<'_, T>) {
    let (rows, cols) = (sum.rows, sum.cols);
    let mut tiles = PackedTiles { simd, sum, first: 0 };
    while tiles.first < rows {
        let some = ROWS.min(rows - tiles.first);
        cover::<S, T, W>(&mut tiles, some, cols);
        tiles.first += some;
    }
}

struct PackedTiles<'a, S, T> {
    simd: S,
    sum: Sum<'a, T>,
    /// The row of C that the tiles count from.
    first: usize,
}

impl<S: pulp::Simd, T: Real, const W: usize> Tiles<S, T, W> for PackedTiles<'_, S, T> {
    #[inline(always)]
    fn tile<const R: usize, const P: usize>(&mut self, row: usize, line: usize) {
        let Sum { c_stride, cols, start, terms, .. } = self.sum;
        let row = self.first + row;
        let first = line * line_len::<T>();
        let width = (cols - first).min(P * line_len::<T>());
        let mut sums = match start {
            Start::Zero => zero::<S, T, R, P, W>(self.simd),
            Start::Bias(bias) => [load::<S, T, P, W>(self.simd, &bias[first..][..width]); R],
            Start::C => {
                let mut sums = zero::<S, T, R, P, W>(self.simd);
                for r in 0..R {
                    sums[r] = load(self.simd, &self.sum.c[(row + r) * c_stride + first..][..width]);
                }
                sums
            }
        };
        for term in terms {
            let Term { a, a_stride, depth, panels } = *term;
            let a = rows_of::<T, R>(a, a_stride, row, depth);
            let lines: &[[T::V<S>; W]] = T::vectors::<S>(panels).0.as_chunks().0;
            let mut b: [&[[T::V<S>; W]]; P] = [&[]; P];
            for p in 0..P {
                b[p] = &lines[(line + p) * panel_lines(depth)..][..depth];
            }
            let whole = depth - depth % STEPS;
            along::<S, T, R, P, W, STEPS>(self.simd, &mut sums, a, b, 0..whole);
            along::<S, T, R, P, W, 1>(self.simd, &mut sums, a, b, whole..depth);
        }
        store(self.simd, self.sum.c, c_stride, cols, row, line, sums);
    }
}

/// `sums[r] += Σₖ a[r][k]·b[k]`, one `k` after another, written out `N` at a time: the range is a multiple of that long.
#[inline(always)]
fn along<S: pulp::Simd, T: Real, const R: usize, const P: usize, const W: usize, const N: usize>(
    simd: S,
    sums: &mut [Lines<S, T, P, W>; R],
    a: [&[T]; R],
    b: [&[[T::V<S>; W]]; P],
    range: Range<usize>,
) {
    let mut a_steps: [&[[T; N]]; R] = [&[]; R];
    let mut b_steps: [&[Lines<S, T, N, W>]; P] = [&[]; P];
    let steps = range.len() / N;
    for r in 0..R {
        a_steps[r] = &a[r][range.clone()].as_chunks().0[..steps];
    }
    for p in 0..P {
        b_steps[p] = &b[p][range.clone()].as_chunks().0[..steps];
    }
    for at in 0..steps {
        for n in 0..N {
            let mut x = [T::ZERO; R];
            for r in 0..R {
                x[r] = a_steps[r][at][n];
            }
            let mut y: Lines<S, T, P, W> = [[T::splat(simd, T::ZERO); W]; P];
            for p in 0..P {
                y[p] = b_steps[p][at][n];
                // One or two rows wait for the panels anyway, and lose what it costs to ask.
                if R > 2 {
                    prefetch(b_steps[p].as_flattened(), at * N + n + AHEAD);
                }
            }
            step(simd, sums, x, y);
        }
    }
}
