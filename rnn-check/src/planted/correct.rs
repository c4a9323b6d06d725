//! Right in unusual ways: other orders of summation, other accumulators, activations that use all of their claim.

use super::plain::product;
use crate::claims::Claims;
use crate::real::Real;
use rnn_kernels::{Accum, Activation, Backend, ElmanStep, GruCandidate, GruGates, GruStep, LstmStep, MatMut, MatRef};

/// How a right backend differs from the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Sums from the last product to the first, `C` last.
    Reversed,
    /// Sums halves.
    Pairwise,
    /// Compensates each addition (Kahan 1965).
    Compensated,
    /// Fused multiply-add.
    Fused,
    /// Accumulates in f64.
    WideAccumulator,
    /// Four lanes, added at the end.
    FourLanes,
    /// `C` joins the sum in the middle.
    StartInTheMiddle,
    /// Activations off by one further ulp.
    NoisyActivations,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Reversed,
        Self::Pairwise,
        Self::Compensated,
        Self::Fused,
        Self::WideAccumulator,
        Self::FourLanes,
        Self::StartInTheMiddle,
        Self::NoisyActivations,
    ];

    /// What it may claim.
    #[must_use]
    pub fn claims(self) -> Claims {
        let claims = Claims::new().batch_invariant();
        match self {
            // One ulp beyond the reference.
            Self::NoisyActivations => claims.sigmoid_ulp(1.501, 5.0).tanh_ulp(1.501, 5.0),
            _ => claims,
        }
    }
}

/// The reference, differently.
#[derive(Clone, Copy, Debug)]
pub struct Correct(pub Way);

fn pairwise<T: Real>(terms: &[T]) -> T {
    match terms {
        [] => T::ZERO,
        [one] => *one,
        _ => {
            let (a, b) = terms.split_at(terms.len() / 2);
            pairwise(a) + pairwise(b)
        }
    }
}

fn compensated<T: Real>(start: T, terms: impl Iterator<Item = T>) -> T {
    let (mut sum, mut lost) = (start, T::ZERO);
    for term in terms {
        let term = term - lost;
        let next = sum + term;
        // Infinity minus infinity would turn an infinite sum into NaN.
        lost = if next.is_finite() { (next - sum) - term } else { T::ZERO };
        sum = next;
    }
    sum
}

/// One ulp up or down, as the bits say; values that must be exact (0, 1/2, ±1) stay.
fn noisy<T: Real>(v: T) -> T {
    let exact = [0.0, 0.5, 1.0].contains(&v.abs().to_f64()) || v.is_nan();
    match (exact, v.bits().count_ones() % 2) {
        (true, _) => v,
        (_, 0) => v.above(),
        _ => v.below(),
    }
}

impl Correct {
    fn act<T: Real>(self, activation: Activation, x: T) -> T {
        let y = activation.apply(x);
        let smooth = matches!(activation, Activation::Tanh | Activation::Sigmoid);
        if self.0 == Way::NoisyActivations && smooth { noisy(y) } else { y }
    }
    fn sigmoid<T: Real>(self, x: T) -> T {
        self.act(Activation::Sigmoid, x)
    }
    fn tanh<T: Real>(self, x: T) -> T {
        self.act(Activation::Tanh, x)
    }
}

impl<T: Real> Backend<T> for Correct {
    fn matmul(&self, c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        let way = self.0;
        product(c, accum, a, b, |start, terms| {
            let pairs: Vec<(T, T)> = terms.collect();
            let products = || pairs.iter().map(|&(a, b)| a * b);
            let add = |sum: T, term: T| sum + term;
            match way {
                Way::Reversed => products().rev().fold(T::ZERO, add) + start,
                Way::Pairwise => start + pairwise(&products().collect::<Vec<T>>()),
                Way::Compensated => compensated(start, products()),
                Way::Fused => pairs.iter().fold(start, |sum, &(a, b)| a.fma(b, sum)),
                Way::WideAccumulator => {
                    T::from_f64(pairs.iter().fold(start.to_f64(), |sum, (a, b)| sum + a.to_f64() * b.to_f64()))
                }
                Way::FourLanes => {
                    let lane = |k: usize| products().skip(k).step_by(4).fold(T::ZERO, add);
                    start + ((lane(0) + lane(1)) + (lane(2) + lane(3)))
                }
                Way::StartInTheMiddle => {
                    let half = pairs.len() / 2;
                    products().skip(half).fold(products().take(half).fold(T::ZERO, add) + start, add)
                }
                Way::NoisyActivations => products().fold(start, add),
            }
        });
    }

    fn activation_forward(&self, activation: Activation, mut y: MatMut<'_, T>) {
        for m in 0..y.rows() {
            y.row_mut(m).iter_mut().for_each(|y| *y = self.act(activation, *y));
        }
    }

    fn elman_pointwise_forward(&self, step: ElmanStep<'_, T>) {
        self.activation_forward(step.activation, step.h);
    }

    fn lstm_pointwise_forward(&self, mut step: LstmStep<'_, T>) {
        step.check();
        let [rows, hidden] = step.c.shape();
        for n in 0..rows {
            let (gates, c_prev) = (step.gates.row_mut(n), step.c_prev.row(n));
            let (c, h) = (step.c.row_mut(n), step.h.row_mut(n));
            for j in 0..hidden {
                let (i, f) = (self.sigmoid(gates[j]), self.sigmoid(gates[hidden + j]));
                let (g, o) = (self.tanh(gates[2 * hidden + j]), self.sigmoid(gates[3 * hidden + j]));
                c[j] = f * c_prev[j] + i * g;
                h[j] = o * self.tanh(c[j]);
                (gates[j], gates[hidden + j], gates[2 * hidden + j], gates[3 * hidden + j]) = (i, f, g, o);
            }
        }
    }

    fn gru_pointwise_forward(&self, mut step: GruStep<'_, T>) {
        step.check();
        let [rows, hidden] = step.h_prev.shape();
        for row in 0..rows {
            let (aux, h_prev) = (step.aux.row(row), step.h_prev.row(row));
            let (gates, h) = (step.gates.row_mut(row), step.h.row_mut(row));
            for j in 0..hidden {
                let (r, z) = (self.sigmoid(gates[j]), self.sigmoid(gates[hidden + j]));
                let n = self.tanh(gates[2 * hidden + j] + r * aux[j]);
                h[j] = (T::ONE - z) * n + z * h_prev[j];
                (gates[j], gates[hidden + j], gates[2 * hidden + j]) = (r, z, n);
            }
        }
    }

    fn gru_gates_forward(&self, mut step: GruGates<'_, T>) {
        step.check();
        let [rows, hidden] = step.h_prev.shape();
        for row in 0..rows {
            let h_prev = step.h_prev.row(row);
            let (gates, aux) = (step.gates.row_mut(row), step.aux.row_mut(row));
            for j in 0..hidden {
                (gates[j], gates[hidden + j]) = (self.sigmoid(gates[j]), self.sigmoid(gates[hidden + j]));
                aux[j] = gates[j] * h_prev[j];
            }
        }
    }

    fn gru_candidate_forward(&self, mut step: GruCandidate<'_, T>) {
        step.check();
        let [rows, hidden] = step.h_prev.shape();
        for row in 0..rows {
            let h_prev = step.h_prev.row(row);
            let (gates, h) = (step.gates.row_mut(row), step.h.row_mut(row));
            for j in 0..hidden {
                let n = self.tanh(gates[2 * hidden + j]);
                gates[2 * hidden + j] = n;
                h[j] = (T::ONE - gates[hidden + j]) * n + gates[hidden + j] * h_prev[j];
            }
        }
    }
}
