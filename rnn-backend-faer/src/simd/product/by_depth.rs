//! `C (+)= A·B` with B as it lies, `[K, N]` row-major.

use pulp::WithSimd;

use super::tile::{Lines, Tiles, cover, rows_of, step, store, with_vectors_per_line, zero};
use super::{Accum, Product};
use crate::simd::vector::line_len;
use crate::simd::{Real, Simd};

/// `C (+)= A·B`, `b` `[K, N]` with rows `b_stride` apart. Bits as
/// [`packed`](super::packed).
///
/// # Panics
/// On operands that are too short, before any write.
pub fn by_depth<T: Real>(simd: Simd, product: Product<'_, T>) {
    product.check("product by depth", product.depth, product.cols);
    if product.depth == 0 && product.accum == Accum::Add {
        return;
    }
    simd.run(ByDepth(product));
}

struct ByDepth<'a, T>(Product<'a, T>);

impl<T: Real> WithSimd for ByDepth<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        with_vectors_per_line!(S, T, run(simd, self.0));
    }
}

#[inline(always)]
fn run<S: pulp::Simd, T: Real, const W: usize>(simd: S, product: Product<'_, T>) {
    let (rows, cols) = (product.rows, product.cols);
    cover::<S, T, W>(&mut DepthTiles { simd, product }, rows, cols);
}

struct DepthTiles<'a, S, T> {
    simd: S,
    product: Product<'a, T>,
}

impl<S: pulp::Simd, T: Real, const W: usize> Tiles<S, T, W> for DepthTiles<'_, S, T> {
    #[inline(always)]
    fn tile<const R: usize, const P: usize>(&mut self, row: usize, line: usize) {
        let Product { a, a_stride, b, b_stride, cols, depth, .. } = self.product;
        let a = rows_of::<T, R>(a, a_stride, row, depth);
        let first = line * line_len::<T>();
        let width = (cols - first).min(P * line_len::<T>());
        let mut sums = zero::<S, T, R, P, W>(self.simd);
        for k in 0..depth {
            let mut x = [T::ZERO; R];
            for r in 0..R {
                x[r] = a[r][k];
            }
            let b = &b[k * b_stride + first..][..width];
            let b = if width == P * line_len::<T>() { whole(self.simd, b) } else { part(self.simd, b) };
            step(self.simd, &mut sums, x, b);
        }
        store(self.simd, &mut self.product, row, line, sums);
    }
}

/// `P` lines of a row of B.
#[inline(always)]
fn whole<S: pulp::Simd, T: Real, const P: usize, const W: usize>(simd: S, b: &[T]) -> Lines<S, T, P, W> {
    let mut lines = [[T::splat(simd, T::ZERO); W]; P];
    let vectors = T::vectors::<S>(b).0;
    for p in 0..P {
        for w in 0..W {
            lines[p][w] = vectors[p * W + w];
        }
    }
    lines
}

/// Less than `P` lines of a row of B, zero beyond.
#[inline(always)]
fn part<S: pulp::Simd, T: Real, const P: usize, const W: usize>(simd: S, b: &[T]) -> Lines<S, T, P, W> {
    let mut lines = [[T::splat(simd, T::ZERO); W]; P];
    let (vectors, rest) = T::vectors::<S>(b);
    for p in 0..P {
        for w in 0..W {
            let v = p * W + w;
            if v < vectors.len() {
                lines[p][w] = vectors[v];
            } else if v == vectors.len() {
                lines[p][w] = T::load_part(simd, rest);
            }
        }
    }
    lines
}
