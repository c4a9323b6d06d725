//! `C (+)= A·Wᵀ` with W as it lies, `[N, K]` row-major: dot products.

use pulp::WithSimd;
use pulp::bytemuck::cast_slice;

use super::tile::with_vectors_per_line;
use super::{Accum, Product};
use crate::simd::vector::line_len;
use crate::simd::{Real, Simd};

/// `C (+)= A·Wᵀ`, `b` = W `[N, K]` with rows `b_stride` apart.
///
/// Each dot product is as many interleaved sums as a cache line has elements,
/// added up by halves.
///
/// # Panics
/// On operands that are too short, before any write.
pub fn dots<T: Real>(simd: Simd, product: Product<'_, T>) {
    product.check("dot products", product.cols, product.depth);
    if product.depth == 0 && product.accum == Accum::Add {
        return;
    }
    simd.run(Dots(product));
}

struct Dots<'a, T>(Product<'a, T>);

impl<T: Real> WithSimd for Dots<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        with_vectors_per_line!(S, T, run(simd, self.0));
    }
}

#[inline(always)]
fn run<S: pulp::Simd, T: Real, const W: usize>(simd: S, mut product: Product<'_, T>) {
    let mut row = 0;
    while product.rows - row >= 2 {
        let mut col = 0;
        while product.cols - col >= 2 {
            tile::<S, T, 2, 2, W>(simd, &mut product, row, col);
            col += 2;
        }
        if product.cols > col {
            tile::<S, T, 2, 1, W>(simd, &mut product, row, col);
        }
        row += 2;
    }
    if product.rows > row {
        let mut col = 0;
        while product.cols - col >= 4 {
            tile::<S, T, 1, 4, W>(simd, &mut product, row, col);
            col += 4;
        }
        while product.cols > col {
            tile::<S, T, 1, 1, W>(simd, &mut product, row, col);
            col += 1;
        }
    }
}

/// Rows `row..row + R`, columns `col..col + Q`.
#[inline(always)]
fn tile<S: pulp::Simd, T: Real, const R: usize, const Q: usize, const W: usize>(
    simd: S,
    product: &mut Product<'_, T>,
    row: usize,
    col: usize,
) {
    let Product { a, a_stride, b, b_stride, depth, .. } = *product;
    let mut sums = [[[T::splat(simd, T::ZERO); W]; Q]; R];
    let mut a_lines: [&[[T::V<S>; W]]; R] = [&[]; R];
    let mut w_lines: [&[[T::V<S>; W]]; Q] = [&[]; Q];
    let mut a_rest: [&[T]; R] = [&[]; R];
    let mut w_rest: [&[T]; Q] = [&[]; Q];
    let lines = depth / line_len::<T>();
    let whole = lines * line_len::<T>();
    for r in 0..R {
        let (line, rest) = a[(row + r) * a_stride..][..depth].split_at(whole);
        a_lines[r] = &T::vectors::<S>(line).0.as_chunks().0[..lines];
        a_rest[r] = rest;
    }
    for q in 0..Q {
        let (line, rest) = b[(col + q) * b_stride..][..depth].split_at(whole);
        w_lines[q] = &T::vectors::<S>(line).0.as_chunks().0[..lines];
        w_rest[q] = rest;
    }
    for k in 0..lines {
        for r in 0..R {
            for q in 0..Q {
                for w in 0..W {
                    sums[r][q][w] = T::fused(simd, a_lines[r][k][w], w_lines[q][k][w], sums[r][q][w]);
                }
            }
        }
    }
    if whole < depth {
        for r in 0..R {
            let x = part::<S, T, W>(simd, a_rest[r]);
            for q in 0..Q {
                let y = part::<S, T, W>(simd, w_rest[q]);
                for w in 0..W {
                    sums[r][q][w] = T::fused(simd, x[w], y[w], sums[r][q][w]);
                }
            }
        }
    }
    for r in 0..R {
        for q in 0..Q {
            let dot = total::<S, T, W>(&sums[r][q]);
            let c = &mut product.c[(row + r) * product.c_stride + col + q];
            match product.accum {
                Accum::Replace => *c = dot,
                Accum::Add => *c += dot,
            }
        }
    }
}

/// Less than a line, zero beyond.
#[inline(always)]
fn part<S: pulp::Simd, T: Real, const W: usize>(simd: S, x: &[T]) -> [T::V<S>; W] {
    let mut line = [T::splat(simd, T::ZERO); W];
    let (vectors, rest) = T::vectors::<S>(x);
    for w in 0..W {
        if w < vectors.len() {
            line[w] = vectors[w];
        } else if w == vectors.len() {
            line[w] = T::load_part(simd, rest);
        }
    }
    line
}

/// The sum of a line by halves: lane `l` takes lane `l + half`, then again.
#[inline(always)]
fn total<S: pulp::Simd, T: Real, const W: usize>(line: &[T::V<S>; W]) -> T {
    let mut sums = [T::ZERO; 16];
    let mut half = line_len::<T>();
    sums[..half].copy_from_slice(cast_slice::<T::V<S>, T>(line));
    while half > 1 {
        half /= 2;
        for l in 0..half {
            sums[l] += sums[l + half];
        }
    }
    sums[0]
}
