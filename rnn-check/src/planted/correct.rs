//! Correct in unusual ways: other orders of summation, other accumulators, other passes, other units.

use super::packed;
use super::plain::{in_order, product};
use super::way::Way;
use super::window::{self, Slip};
use crate::real::Real;
use rnn_kernels::{
    Accum, Activation, Backend, Backward, BufferLens, Forward, Infer, MatMut, MatRef, Spec, UnitBackward, UnitForward,
    Use, check_matmul, reference, sequence,
};
use std::sync::Mutex;

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

impl Correct {
    /// The weights, of which those that were packed come from there.
    fn weights<T: Real>(self, spec: &Spec<T>, usage: Use, packed: &[T], params: &[T]) -> Vec<T> {
        let mut params = params.to_vec();
        if self.0 == Way::Packed {
            packed::unpack(None, spec, usage, packed, &mut params);
        }
        params
    }
}

impl<T: Real> Backend<T> for Correct {
    fn matmul(&self, mut c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        let way = self.0;
        if way == Way::Transposed {
            let mut turned: Vec<T> = vec![T::ZERO; c.rows() * c.cols()];
            let [rows, cols] = c.shape();
            check_matmul(&c, &a, &b);
            product(MatMut::new(&mut turned, cols, rows), Accum::Replace, b.t(), a.t(), |start, terms| {
                terms.fold(start, |sum, (a, b)| sum + a * b)
            });
            for (m, n) in (0..rows).flat_map(|m| (0..cols).map(move |n| (m, n))) {
                let there = if accum == Accum::Add { c.row_mut(m)[n] } else { T::ZERO };
                c.row_mut(m)[n] = turned[n * rows + m] + there;
            }
            return;
        }
        if matches!(way, Way::NoisyActivations | Way::StepByStep | Way::TimeBlocked | Way::Packed)
            || matches!(way, Way::Interpolated | Way::Distributed | Way::FusedCells)
        {
            return in_order(c, accum, a, b);
        }
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
                _ => products().fold(start, add),
            }
        });
    }

    fn unit_forward(&self, unit: UnitForward<'_, T>) {
        self.0.forward(unit);
    }

    fn unit_backward(&self, unit: UnitBackward<'_, T>) {
        self.0.backward(unit);
    }

    fn lens(&self, spec: &Spec<T>, steps: usize, rows: usize) -> BufferLens {
        let lens = sequence::lens(spec, steps, rows);
        if self.0 == Way::Packed { packed::with_room(None, spec, lens) } else { lens }
    }

    fn pack(&self, spec: &Spec<T>, usage: Use, params: &[T], packed: &mut [T]) {
        if self.0 == Way::Packed {
            packed::pack(None, &Mutex::default(), spec, usage, params, packed);
        }
    }

    fn infer(&self, run: Infer<'_, T>) {
        run.check(self.lens(run.spec, 1, 1).packed(Use::Infer), 0);
        let params = self.weights(run.spec, Use::Infer, run.packed, run.params);
        sequence::infer(self, Infer { params: &params, ..run });
    }

    fn forward(&self, run: Forward<'_, T>) {
        run.check(self.lens(run.spec, 1, 1).packed(Use::Train), 0);
        let params = self.weights(run.spec, Use::Train, run.packed, run.params);
        let run = Forward { params: &params, ..run };
        match self.0 {
            Way::StepByStep => window::forward(self, run, Slip::None),
            _ => sequence::forward(self, run),
        }
    }

    fn backward(&self, run: Backward<'_, T>) {
        run.check(self.lens(run.spec, 1, 1).packed(Use::Train), 0);
        let params = self.weights(run.spec, Use::Train, run.packed, run.params);
        let run = Backward { params: &params, ..run };
        match self.0 {
            Way::TimeBlocked => window::backward(self, run, 2, Slip::None),
            _ => sequence::backward(self, run),
        }
    }

    fn activation_forward(&self, activation: Activation, mut y: MatMut<'_, T>) {
        let is_smooth = matches!(activation, Activation::Tanh | Activation::Sigmoid);
        reference::activation::forward(activation, y.rb_mut());
        for m in (0..y.rows()).filter(|_| is_smooth) {
            y.row_mut(m).iter_mut().for_each(|y| *y = self.0.smooth(*y));
        }
    }
}
