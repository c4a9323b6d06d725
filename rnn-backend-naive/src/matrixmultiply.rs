//! `C = A·B` by the crate matrixmultiply.
//!
//! Its own entry points are unsafe; ndarray is its maintained safe door and adds nothing to a product but a plain
//! loop where all three dimensions are at most 7.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, LinalgScalar, ShapeBuilder};
use rnn_kernels::{Accum, Backend, MatMut, MatRef, Scalar, check_matmul};

/// Products by matrixmultiply (a BLIS-like packed loop nest, SIMD by run-time detection with `std`), everything
/// else inherited.
///
/// The kernel depends on the shape of the product, so results are not batch invariant; it packs into a buffer it
/// allocates at each call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MatrixMultiply;

impl<T: Scalar + LinalgScalar> Backend<T> for MatrixMultiply {
    fn matmul(&self, mut c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        let [m, k, n] = check_matmul(&c, &a, &b);
        if m == 0 || n == 0 {
            return;
        }
        let beta = match accum {
            Accum::Replace => T::ZERO,
            Accum::Add => T::ONE,
        };
        if k == 0 {
            if accum == Accum::Replace {
                c.fill(T::ZERO);
            }
            return;
        }
        let (data, stride) = c.storage();
        let data = &mut data[..(m - 1) * stride + n];
        let mut c = ArrayViewMut2::from_shape((m, n).strides((stride.max(n), 1)), data).expect("rows do not overlap");
        general_mat_mul(T::ONE, &view(a), &view(b), beta, &mut c);
    }
}

/// The same matrix as ndarray sees it.
fn view<T>(a: MatRef<'_, T>) -> ArrayView2<'_, T> {
    let [m, n] = a.shape();
    let (data, stride) = a.storage();
    let strides = if a.is_transposed() { (1, stride.max(m)) } else { (stride.max(n), 1) };
    ArrayView2::from_shape((m, n).strides(strides), data).expect("the view lies within its data")
}
