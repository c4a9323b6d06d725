//! `C (+)= A·B` with B as it lies, `[K, N]` row-major.

use pulp::WithSimd;

use super::tile::{Tiles, cover, load, rows_of, step, store, with_vectors_per_line, zero};
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
        let Product { c_stride, accum, a, a_stride, b, b_stride, cols, depth, .. } = self.product;
        let a = rows_of::<T, R>(a, a_stride, row, depth);
        let first = line * line_len::<T>();
        let width = (cols - first).min(P * line_len::<T>());
        let mut sums = zero::<S, T, R, P, W>(self.simd);
        if accum == Accum::Add {
            for r in 0..R {
                sums[r] = load(self.simd, &self.product.c[(row + r) * c_stride + first..][..width]);
            }
        }
        for k in 0..depth {
            let mut x = [T::ZERO; R];
            for r in 0..R {
                x[r] = a[r][k];
            }
            step(self.simd, &mut sums, x, load(self.simd, &b[k * b_stride + first..][..width]));
        }
        store(self.simd, self.product.c, c_stride, cols, row, line, sums);
    }
}
