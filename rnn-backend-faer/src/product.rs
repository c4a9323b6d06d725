//! `C (+)= A·B`: which product computes it.
//!
//! Few rows go to our own kernels, which read B as it lies; the rest to faer's matmul, on blocks of rows of C whose size
//! does not depend on the number of threads, so that the bits do not.

use faer::linalg::matmul::matmul;
use faer::{Accum as FaerAccum, MatMut as FaerMut, MatRef as FaerRef, Par};
use rnn_kernels::{Accum, MatMut, MatRef, Scalar, check_matmul};

use crate::number::Number;
use crate::simd::product::{Product, by_depth, dots, outer};
use crate::simd::{Isa, Simd};
use crate::threads::{Workers, worth_sharing};

/// Up to so many rows of C our own kernels are used on B as it lies.
pub const FEW_ROWS: usize = 8;

/// Rows of C in one call of faer's matmul: a function of their number alone, so that results do not depend on the number of
/// threads; few calls, since each lays B out again, but enough of them for two threads, and for four of large products, and nearly
/// equal ones.
fn faer_block(rows: usize) -> usize {
    rows.div_ceil(if rows > 512 { 4 } else { 2 }).next_multiple_of(16)
}

/// Multiply-adds from which faer is given blocks of a product, so that two threads save [as many](worth_sharing) as they must.
const WORTH_CUTTING: usize = 600_000;

/// `C = A·B` or `C += A·B`.
pub fn product<T: Number>(
    simd: Simd,
    workers: &Workers,
    mut c: MatMut<'_, T>,
    accum: Accum,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
) {
    let [m, k, n] = check_matmul(&c, &a, &b);
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        if accum == Accum::Replace {
            c.fill(<T as Scalar>::ZERO);
        }
        return;
    }
    let share = worth_sharing(workers, m, m * n * k);
    // faer detects instruction sets by itself: where one is forced, every product that recurrent networks have is ours.
    let forced = simd.isa() != Isa::detect();
    if !a.is_transposed() && (forced || m <= FEW_ROWS) {
        by_our_kernels(simd, workers, c, accum, a, b);
    } else if forced && a.is_transposed() && !b.is_transposed() {
        // Whole strips of 16 rows, so that no thread copies half of one.
        let block = workers.block(m, share).next_multiple_of(16);
        workers.by_rows(m, block, [c], |from, [c]| {
            let ([rows, cols], (c, c_stride)) = (c.shape(), c.storage());
            let ((a, a_stride), (b, b_stride)) = (a.t().cols_range(from, from + rows).storage(), b.storage());
            outer(simd, Product { c, c_stride, accum, a, a_stride, b, b_stride, rows, cols, depth: k });
        });
    } else {
        // Cut by its size alone, on one thread as on many.
        let block = if m * n * k >= WORTH_CUTTING { faer_block(m) } else { m };
        workers.by_rows(m, block, [c], |from, [c]| {
            let to = from + c.rows();
            let a = if a.is_transposed() { a.t().cols_range(from, to).t() } else { a.rows_range(from, to) };
            by_faer(c, accum, a, b);
        });
    }
}

/// `C = A·B` or `C += A·B`, each row of C by the same operations whatever the others are, unless A is transposed: then rows of C are
/// those of a weight gradient.
pub fn rows_alike<T: Number>(
    simd: Simd,
    workers: &Workers,
    c: MatMut<'_, T>,
    accum: Accum,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
) {
    let [m, k, n] = check_matmul(&c, &a, &b);
    if a.is_transposed() || m == 0 || n == 0 || k == 0 {
        product(simd, workers, c, accum, a, b);
    } else {
        by_our_kernels(simd, workers, c, accum, a, b);
    }
}

/// Our own kernels on B as it lies, rows shared out to threads.
fn by_our_kernels<T: Number>(
    simd: Simd,
    workers: &Workers,
    c: MatMut<'_, T>,
    accum: Accum,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
) {
    let ([m, n], k) = (c.shape(), a.cols());
    let block = workers.block(m, worth_sharing(workers, m, m * n * k));
    workers.by_rows(m, block, [c], |from, [c]| {
        few_rows(simd, c, accum, a.rows_range(from, (from + block).min(m)), b);
    });
}

/// Our own kernels on B as it lies.
fn few_rows<T: Number>(simd: Simd, c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
    let [rows, cols] = c.shape();
    let depth = a.cols();
    let (c, c_stride) = c.storage();
    let (a, a_stride) = a.storage();
    let (data, b_stride) = b.storage();
    let product = Product { c, c_stride, accum, a, a_stride, b: data, b_stride, rows, cols, depth };
    if b.is_transposed() { dots(simd, product) } else { by_depth(simd, product) }
}

/// faer's matmul, on the calling thread.
fn by_faer<T: Number>(c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
    let [m, n] = c.shape();
    let (data, stride) = c.storage();
    // Not `from_row_major_slice_with_stride_mut`: in faer 0.24.4 it exchanges the two strides and writes out of bounds.
    let c = FaerMut::from_column_major_slice_with_stride_mut(data, n, m, stride.max(n)).transpose_mut();
    let accum = match accum {
        Accum::Replace => FaerAccum::Replace,
        Accum::Add => FaerAccum::Add,
    };
    matmul(c, accum, faer_view(a), faer_view(b), <T as Scalar>::ONE, Par::Seq);
}

/// The same matrix as faer sees it.
fn faer_view<T: Number>(a: MatRef<'_, T>) -> FaerRef<'_, T> {
    let [m, n] = a.shape();
    let (data, stride) = a.storage();
    if a.is_transposed() {
        FaerRef::from_column_major_slice_with_stride(data, m, n, stride.max(m))
    } else {
        FaerRef::from_row_major_slice_with_stride(data, m, n, stride.max(n))
    }
}
