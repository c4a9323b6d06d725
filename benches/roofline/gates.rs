//! What σ and tanh take: arguments per second in the nearest cache, by the backend's own kernels at each accuracy.
//!
//! Another way to compute them may be faster at the same accuracy, so this part of a floor is not the machine's limit but
//! that of the fastest gates known here.

use crate::limits::Care;
use crate::side_by_side::Cost;
use crate::together::{rate, tries};
use rnn_backend_faer::simd::gates::elman::{self, Activation};
use rnn_backend_faer::simd::{Accuracy, Isa, Real, Simd, fast, math};
use std::hint::black_box;
use std::sync::Mutex;

/// Arguments of one round: 4 KiB of f32, 8 of f64.
const ARGUMENTS: usize = 1024;
/// Rounds between two looks at the clock.
const ROUNDS: usize = 16;

/// Arguments per second of all threads, of one accuracy and number type.
#[derive(Clone, Copy, Debug)]
pub struct GateRates {
    sigmoid: f64,
    tanh: f64,
}

impl GateRates {
    /// The best of several tries with this instruction set.
    pub fn measure<T: Real>(isa: Option<Isa>, accuracy: Accuracy, threads: usize, care: Care) -> Self {
        let simd = isa.and_then(Simd::new).unwrap_or_else(Simd::detect);
        match accuracy {
            Accuracy::Ulp1 => Self {
                sigmoid: of::<T, _>(simd, math::Sigmoid, threads, care),
                tanh: of::<T, _>(simd, math::Tanh, threads, care),
            },
            Accuracy::Fast => Self {
                sigmoid: of::<T, _>(simd, fast::Sigmoid, threads, care),
                tanh: of::<T, _>(simd, fast::Tanh, threads, care),
            },
        }
    }

    /// Picoseconds of one argument, for people.
    pub fn text(&self) -> String {
        format!("σ {:.0}, tanh {:.0} ps", 1e12 / self.sigmoid, 1e12 / self.tanh)
    }

    /// Seconds of the gates of a pass.
    pub fn seconds(&self, cost: Cost) -> f64 {
        cost.sigmoids / self.sigmoid + cost.tanhs / self.tanh
    }
}

fn of<T: Real, A: Activation + Copy + Sync>(simd: Simd, activation: A, threads: usize, care: Care) -> f64 {
    let arguments: Vec<Mutex<Vec<T>>> = (0..threads).map(|_| Mutex::new(vec![T::HALF; ARGUMENTS])).collect();
    let work = |thread: usize| {
        let mut y = arguments[thread].lock().expect("no panic in the work");
        for _ in 0..ROUNDS {
            elman::forward(simd, activation, black_box(&mut y[..]));
        }
        (ROUNDS * ARGUMENTS) as f64
    };
    tries(care.tries, |_| rate(threads, care.time, work)).best
}
