//! A backend on nalgebra in one method, and the whole suite run over it: `cargo run --example custom_backend`.
//!
//! Everything but the product is inherited; `cargo test` runs the same suite law by law.

use nalgebra::{DMatrix, RealField};
use rnn_check::{Claims, Plan};
use rnn_kernels::{Accum, Backend, MatMut, MatRef, Scalar, check_matmul};
use std::process::ExitCode;

/// Products by nalgebra, everything else as provided.
#[derive(Debug)]
struct Nalgebra;

impl<T: Scalar + RealField> Backend<T> for Nalgebra {
    fn matmul(&self, mut c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        check_matmul(&c, &a, &b);
        let product = owned(a) * owned(b);
        for (i, row) in product.row_iter().enumerate() {
            for (c, &ab) in c.row_mut(i).iter_mut().zip(row.iter()) {
                *c = if accum == Accum::Add { *c + ab } else { ab };
            }
        }
    }
}

/// The same matrix as nalgebra's own.
fn owned<T: Scalar + RealField>(a: MatRef<'_, T>) -> DMatrix<T> {
    DMatrix::from_fn(a.rows(), a.cols(), |i, j| a.at(i, j))
}

fn main() -> ExitCode {
    // Laws provoke panics and catch them; what matters of them is in the report.
    std::panic::set_hook(Box::new(|_| {}));
    let single = rnn_check::run::<f32>(&Nalgebra, &Claims::new(), &Plan::quick());
    let double = rnn_check::run::<f64>(&Nalgebra, &Claims::new(), &Plan::quick());
    println!("{single}\n{double}");
    if single.passes() && double.passes() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod conformance {
    use super::Nalgebra;
    use rnn_check::{Claims, Plan};

    rnn_check::conformance! {
        nalgebra { backend: Nalgebra, claims: Claims::new(), plan: Plan::quick() }
    }
}
