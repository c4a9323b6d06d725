//! `C (+)= A·B` with B packed into panels.

use pulp::WithSimd;

use super::pack::packed_len;
use super::tile::{Tiles, cover, rows_of, step, store, with_vectors_per_line, zero};
use super::{Accum, Product};
use crate::simd::{Real, Simd};

/// `C (+)= A·B`, `b` as [`pack`](super::pack) lays it out. Bits as
/// [`by_depth`](super::by_depth).
///
/// # Panics
/// On operands that are too short, before any write.
pub fn packed<T: Real>(simd: Simd, product: Product<'_, T>) {
    let len = packed_len::<T>(product.cols, product.depth);
    product.check("packed product", 1, len);
    if product.depth == 0 && product.accum == Accum::Add {
        return;
    }
    simd.run(Packed(product));
}

struct Packed<'a, T>(Product<'a, T>);

impl<T: Real> WithSimd for Packed<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        with_vectors_per_line!(S, T, run(simd, self.0));
    }
}

#[inline(always)]
fn run<S: pulp::Simd, T: Real, const W: usize>(simd: S, product: Product<'_, T>) {
    let (rows, cols) = (product.rows, product.cols);
    let lines = T::vectors::<S>(product.b).0.as_chunks().0;
    cover::<S, T, W>(&mut PackedTiles { simd, lines, product }, rows, cols);
}

struct PackedTiles<'a, 'b, S: pulp::Simd, T: Real, const W: usize> {
    simd: S,
    lines: &'b [[T::V<S>; W]],
    product: Product<'a, T>,
}

impl<S: pulp::Simd, T: Real, const W: usize> Tiles<S, T, W> for PackedTiles<'_, '_, S, T, W> {
    #[inline(always)]
    fn tile<const R: usize, const P: usize>(&mut self, row: usize, line: usize) {
        let Product { a, a_stride, depth, .. } = self.product;
        let a = rows_of::<T, R>(a, a_stride, row, depth);
        let mut panels: [&[[T::V<S>; W]]; P] = [&[]; P];
        for p in 0..P {
            panels[p] = &self.lines[(line + p) * depth..][..depth];
        }
        let mut sums = zero::<S, T, R, P, W>(self.simd);
        for k in 0..depth {
            let mut x = [T::ZERO; R];
            for r in 0..R {
                x[r] = a[r][k];
            }
            let mut b = [[T::splat(self.simd, T::ZERO); W]; P];
            for p in 0..P {
                b[p] = panels[p][k];
            }
            step(self.simd, &mut sums, x, b);
        }
        store(self.simd, &mut self.product, row, line, sums);
    }
}
