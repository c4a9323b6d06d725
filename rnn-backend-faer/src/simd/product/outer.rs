//! `C (+)= Aᵀ·B` with A `[K, M]` and B `[K, N]` as they lie: the gradient of a weight, a sum of outer products.

use pulp::WithSimd;

use super::tile::{Lines, Tiles, cover, load, step, store, with_vectors_per_line, zero};
use super::{Accum, Product, check_matrix};
use crate::simd::vector::line_len;
use crate::simd::{Real, Simd};

/// Columns of A that are copied together: a cache line of f32.
const STRIP: usize = 16;
/// Lines of B that are copied together: with four, a copied strip of A is used often enough to cost little.
const GROUP: usize = 4;
/// Lines of the depth between two visits to C: of B 32 KiB are copied at once, of A 8 (in f64 16).
const DEPTH: usize = 128;

/// `C (+)= Aᵀ·B`: in `product`, `a` is `[K, M]` with rows `a_stride` apart and `b` `[K, N]` with rows `b_stride` apart.
///
/// Each element is a sum over the depth in ascending order, whatever M, N and the instruction set; it is interrupted (and
/// C visited) after every 128 products, which changes no bit.
///
/// # Panics
/// On operands that are too short, before any write.
pub fn outer<T: Real>(simd: Simd, product: Product<'_, T>) {
    let Product { rows, cols, depth, .. } = product;
    check_matrix("outer product", "C", product.c.len(), rows, cols, product.c_stride);
    check_matrix("outer product", "A", product.a.len(), depth, rows, product.a_stride);
    check_matrix("outer product", "B", product.b.len(), depth, cols, product.b_stride);
    if depth == 0 && product.accum == Accum::Add {
        return;
    }
    simd.run(Outer(product));
}

struct Outer<'a, T>(Product<'a, T>);

impl<T: Real> WithSimd for Outer<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        with_vectors_per_line!(S, T, run(simd, self.0));
    }
}

#[inline(always)]
fn run<S: pulp::Simd, T: Real, const W: usize>(simd: S, product: Product<'_, T>) {
    let Product { c, c_stride, accum, a, a_stride, b, b_stride, rows, cols, depth } = product;
    let mut strip = [[T::ZERO; STRIP]; DEPTH];
    let mut group = [[[T::splat(simd, T::ZERO); W]; DEPTH]; GROUP];
    for first in (0..cols).step_by(GROUP * line_len::<T>()) {
        let width = (cols - first).min(GROUP * line_len::<T>());
        let mut from = 0;
        loop {
            let lines = DEPTH.min(depth - from);
            let add = accum == Accum::Add || from > 0;
            for k in 0..lines {
                let line: Lines<S, T, GROUP, W> = load(simd, &b[(from + k) * b_stride + first..][..width]);
                for p in 0..GROUP {
                    group[p][k] = line[p];
                }
            }
            for row in (0..rows).step_by(STRIP) {
                let height = STRIP.min(rows - row);
                for k in 0..lines {
                    let line = &a[(from + k) * a_stride + row..][..height];
                    match line.first_chunk() {
                        Some(whole) => strip[k] = *whole,
                        None => strip[k][..height].copy_from_slice(line),
                    }
                }
                let c = &mut c[row * c_stride + first..];
                let mut tiles = OuterTiles { simd, a: &strip[..lines], b: &group, c, c_stride, cols: width, add };
                cover::<S, T, W>(&mut tiles, height, width);
            }
            from += lines;
            if from == depth {
                break;
            }
        }
    }
}

struct OuterTiles<'a, S: pulp::Simd, T: Real, const W: usize> {
    simd: S,
    a: &'a [[T; STRIP]],
    b: &'a [[[T::V<S>; W]; DEPTH]; GROUP],
    c: &'a mut [T],
    c_stride: usize,
    cols: usize,
    add: bool,
}

impl<S: pulp::Simd, T: Real, const W: usize> Tiles<S, T, W> for OuterTiles<'_, S, T, W> {
    #[inline(always)]
    fn tile<const R: usize, const P: usize>(&mut self, row: usize, line: usize) {
        let first = line * line_len::<T>();
        let width = (self.cols - first).min(P * line_len::<T>());
        let mut sums = zero::<S, T, R, P, W>(self.simd);
        if self.add {
            for r in 0..R {
                sums[r] = load(self.simd, &self.c[(row + r) * self.c_stride + first..][..width]);
            }
        }
        let mut b: [&[[T::V<S>; W]]; P] = [&[]; P];
        for p in 0..P {
            b[p] = &self.b[line + p][..self.a.len()];
        }
        for k in 0..self.a.len() {
            let mut x = [T::ZERO; R];
            x.copy_from_slice(&self.a[k][row..][..R]);
            let mut y = [[T::splat(self.simd, T::ZERO); W]; P];
            for p in 0..P {
                y[p] = b[p][k];
            }
            step(self.simd, &mut sums, x, y);
        }
        store(self.simd, self.c, self.c_stride, self.cols, row, line, sums);
    }
}
