//! A backend on nalgebra in one method, and the whole suite run over it: `cargo run --example custom_backend`.
//!
//! Everything but the product is inherited; `cargo test` runs the same suite law by law.

use nalgebra::{DMatrixView, DMatrixViewMut, Dyn, RealField};
use rnn_check::{Claims, Plan};
use rnn_kernels::{Accum, Backend, MatMut, MatRef, Scalar, check_matmul};
use std::process::ExitCode;

/// Products by nalgebra, everything else as provided.
#[derive(Debug)]
struct Nalgebra;

impl<T: Scalar + RealField> Backend<T> for Nalgebra {
    fn matmul(&self, mut c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        let [m, k, n] = check_matmul(&c, &a, &b);
        if accum == Accum::Replace {
            c.fill(T::ZERO);
        }
        if m * n * k > 0 {
            let (data, stride) = c.storage();
            let mut c = DMatrixViewMut::from_slice_with_strides_mut(data, m, n, stride, 1);
            c.gemm(T::ONE, &view(a), &view(b), T::ONE);
        }
    }
}

/// The same matrix as nalgebra sees it.
fn view<T: Scalar + RealField>(a: MatRef<'_, T>) -> DMatrixView<'_, T, Dyn, Dyn> {
    let ([m, n], (data, stride)) = (a.shape(), a.storage());
    let [by_row, by_column] = if a.is_transposed() { [1, stride] } else { [stride, 1] };
    DMatrixView::from_slice_with_strides(data, m, n, by_row, by_column)
}

fn main() -> ExitCode {
    let single = rnn_check::run::<f32>(&Nalgebra, &Claims::new(), &Plan::quick());
    let double = rnn_check::run::<f64>(&Nalgebra, &Claims::new(), &Plan::quick());
    println!("{single}\n{double}");
    if single.passes() && double.passes() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod conformance {
    use super::Nalgebra;
    use rnn_check::Claims;

    rnn_check::conformance! {
        nalgebra { backend: Nalgebra, claims: Claims::new() }
    }
}
