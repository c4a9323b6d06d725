//! What every bench shares: the backends beside each other, the shapes, and a problem that owns its buffers.
//!
//! Shapes are `T, N, C, H`: small and large batches, one row, long and narrow, as in common use of recurrent layers.

#![allow(dead_code, unused_imports)] // each bench uses its part

mod cost;
mod machine;
mod neighbours;
mod problem;
mod timing;

pub use cost::Cost;
pub use machine::feature_line;
pub use neighbours::beside;
pub use problem::{Cell, Mode, Problem};
pub use timing::{Effort, Timing, time};

use rnn_backend_faer::Faer;
use rnn_backend_faer::simd::{Accuracy, Isa};
use rnn_backend_naive::{MatrixMultiply, Naive};
use rnn_kernels::{Backend, Scalar};

/// `T, N, C, H`.
pub type Shape = [usize; 4];

/// Four sizes for quick looks: one row, a small batch, a medium one, a large one.
pub const FOUR_SIZES: [Shape; 4] = [[100, 1, 128, 128], [50, 16, 64, 128], [20, 32, 128, 256], [10, 64, 256, 256]];

/// The shapes at which recurrent layers are commonly compared.
pub const GRID: [Shape; 12] = [
    [100, 1, 32, 32],
    [100, 1, 128, 128],
    [100, 1, 512, 512],
    [50, 16, 64, 128],
    [50, 32, 128, 256],
    [50, 64, 256, 256],
    [50, 64, 512, 512],
    [100, 128, 128, 128],
    [35, 20, 200, 200],
    [35, 20, 650, 650],
    [25, 64, 1024, 1024],
    [1000, 8, 16, 64],
];

/// Widths of one-row streaming steps, `H = C`.
pub const STREAMING: [usize; 6] = [8, 16, 32, 64, 128, 256];

/// A backend by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Which {
    Faer,
    Naive,
    #[value(name = "matrixmultiply")]
    MatrixMultiply,
}

/// Numbers every backend here computes with.
pub trait Number: Scalar {
    /// `f32` or `f64`.
    const NAME: &'static str;
    /// Every backend, by name; the first is the yardstick.
    fn backends() -> Vec<(&'static str, Box<dyn Backend<Self>>)>;
    /// The backend on so many threads with this instruction set forced and gates of this accuracy, or `None` where it cannot be had.
    fn backend(which: Which, threads: usize, isa: Option<Isa>, accuracy: Accuracy) -> Option<Box<dyn Backend<Self>>>;
}

macro_rules! number {
    ($t:ty) => {
        impl Number for $t {
            const NAME: &'static str = stringify!($t);
            fn backends() -> Vec<(&'static str, Box<dyn Backend<Self>>)> {
                vec![
                    ("naive", Box::new(Naive)),
                    ("matrixmultiply", Box::new(MatrixMultiply)),
                    ("faer", Box::new(Faer::sequential())),
                    ("faer-2", Box::new(Faer::parallel(2))),
                ]
            }
            fn backend(
                which: Which,
                threads: usize,
                isa: Option<Isa>,
                accuracy: Accuracy,
            ) -> Option<Box<dyn Backend<Self>>> {
                let faer = |threads| {
                    let backend = match threads {
                        1 => Faer::sequential(),
                        _ => Faer::parallel(threads),
                    };
                    backend.with_accuracy(accuracy)
                };
                match (which, threads, isa) {
                    (Which::Faer, 1.., Some(isa)) => Some(Box::new(faer(threads).with_isa(isa)?)),
                    (Which::Faer, 1.., None) => Some(Box::new(faer(threads))),
                    (Which::Naive, 1, None) => Some(Box::new(Naive)),
                    (Which::MatrixMultiply, 1, None) => Some(Box::new(MatrixMultiply)),
                    _ => None,
                }
            }
        }
    };
}
number!(f32);
number!(f64);

/// `T50 N16 C64 H128`.
pub fn label([t, n, c, h]: Shape) -> String {
    format!("T{t} N{n} C{c} H{h}")
}

/// Readable numbers between −1 and 1 that no two buffers share.
pub fn values<T: Scalar>(len: usize, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = |_| {
        // A 64-bit linear congruence (Knuth's MMIX constants); benches need no better randomness.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        T::from_f64(((state >> 40) as f64) / f64::from(1 << 23) - 1.0)
    };
    (0..len).map(next).collect()
}
