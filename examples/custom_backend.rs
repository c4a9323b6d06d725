//! A backend on ndarray in one method, and the whole suite run over it: `cargo run --example custom_backend`.
//!
//! Everything but the product is inherited; `cargo test` runs the same suite law by law.

use ndarray::{Array2, LinalgScalar};
use rnn_check::{Claims, Plan};
use rnn_kernels::{Accum, Backend, MatMut, MatRef, Scalar, check_matmul};
use std::process::ExitCode;

/// Products by ndarray, everything else as provided.
#[derive(Debug)]
struct Ndarray;

impl<T: Scalar + LinalgScalar> Backend<T> for Ndarray {
    fn matmul(&self, mut c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        check_matmul(&c, &a, &b);
        let product = owned(a).dot(&owned(b));
        for (i, row) in product.outer_iter().enumerate() {
            for (c, &ab) in c.row_mut(i).iter_mut().zip(row) {
                *c = if accum == Accum::Add { *c + ab } else { ab };
            }
        }
    }
}

/// The same matrix as an array of ndarray.
fn owned<T: Scalar + LinalgScalar>(a: MatRef<'_, T>) -> Array2<T> {
    Array2::from_shape_fn(a.shape(), |(i, j)| a.at(i, j))
}

fn main() -> ExitCode {
    // Laws provoke panics and catch them; what matters of them is in the report.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let single = rnn_check::run::<f32>(&Ndarray, &Claims::new(), &Plan::quick());
    let double = rnn_check::run::<f64>(&Ndarray, &Claims::new(), &Plan::quick());
    std::panic::set_hook(hook);
    println!("{single}\n{double}");
    if single.passes() && double.passes() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod conformance {
    use super::Ndarray;
    use rnn_check::{Claims, Plan};

    rnn_check::conformance! {
        ndarray { backend: Ndarray, claims: Claims::new(), plan: Plan::quick() }
    }
}
