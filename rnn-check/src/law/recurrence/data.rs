//! The numbers of one recurrence, a backend's results and the oracle's.

use super::super::block::Block;
use super::super::{Context, Evidence, Verdict, all, ensure, same, within};
use crate::bound::recurrence;
use crate::case::{Case, Layout, Stream};
use crate::drive::{Guarded, Place};
use crate::oracle::expected::{B, exact};
use crate::real::Real;
use rnn_kernels::{Direction, LinearBackward, LinearForward};

/// More than one chunk of any likely length, and the lengths around one.
const STEPS: [usize; 10] = [1, 2, 5, 33, 64, 65, 128, 131, 192, 300];
/// Fewer units than a vector has lanes, as many, and more.
const WIDTHS: [usize; 10] = [1, 2, 3, 4, 5, 8, 11, 16, 17, 33];

/// The numbers of one recurrence, `[T, N, W]`, `[N·W]`.
#[derive(Clone, Debug)]
pub(super) struct Data<T> {
    pub(super) shape: [usize; 3],
    pub(super) direction: Direction,
    pub(super) layout: Layout,
    pub(super) a: Vec<T>,
    pub(super) b: Vec<T>,
    pub(super) initial: Option<Vec<T>>,
    pub(super) d_h: Vec<T>,
    pub(super) d_last: Option<Vec<T>>,
}

/// What forward leaves, `[T+1, N, W]`, and what backward does.
#[derive(Clone, Debug)]
pub(super) struct Gradients<T> {
    pub(super) d_a: Vec<T>,
    pub(super) d_b: Vec<T>,
    pub(super) d_initial: Vec<T>,
}

impl<T: Real> Data<T> {
    pub(super) fn new(case: &Case) -> Self {
        let mut stream = Stream::new(case.seed, 80);
        let (steps, rows) = (STEPS[stream.below(STEPS.len())], case.dims.batch.min(3));
        let shape = [steps, rows, WIDTHS[stream.below(WIDTHS.len())]];
        let [len, units] = [shape.iter().product(), shape[1] * shape[2]];
        let kind = stream.below(4);
        let coefficient = |stream: &mut Stream| match kind {
            0 => stream.signed().abs(),
            1 => 1.0 - stream.signed().abs() / 64.0,
            2 => 1.25 * stream.signed(),
            _ => [0.0, 1.0, -1.0, stream.signed()][stream.below(4)],
        };
        let a = (0..len).map(|_| T::from_f64(coefficient(&mut stream))).collect();
        let tiny = if stream.below(8) == 0 { T::TINY } else { 1.0 };
        let mut numbers = |len: usize| (0..len).map(|_| T::from_f64(tiny * stream.signed())).collect::<Vec<_>>();
        let (b, d_h, initial, d_last) = (numbers(len), numbers(len), numbers(units), numbers(units));
        Self {
            shape,
            direction: case.direction,
            layout: case.layout,
            a,
            b,
            initial: case.state.then_some(initial),
            d_h,
            d_last: case.upstream.h_n.then_some(d_last),
        }
    }

    /// Steps `from..to`, from another state and with what comes from later steps.
    pub(super) fn window(&self, from: usize, to: usize, initial: Option<Vec<T>>, d_last: Option<Vec<T>>) -> Self {
        let [_, rows, width] = self.shape;
        let part = |v: &[T]| v[from * rows * width..to * rows * width].to_vec();
        let shape = [to - from, rows, width];
        Self { shape, a: part(&self.a), b: part(&self.b), d_h: part(&self.d_h), initial, d_last, ..*self }
    }

    /// One row by itself.
    pub(super) fn row(&self, n: usize) -> Self {
        let [steps, rows, width] = self.shape;
        let part = |v: &[T]| v.chunks(width).skip(n).step_by(rows).flatten().copied().collect::<Vec<_>>();
        let one = |v: &Option<Vec<T>>| v.as_ref().map(|v| v[n * width..][..width].to_vec());
        Self {
            shape: [steps, 1, width],
            layout: Layout::TimeMajor,
            a: part(&self.a),
            b: part(&self.b),
            d_h: part(&self.d_h),
            initial: one(&self.initial),
            d_last: one(&self.d_last),
            direction: self.direction,
        }
    }

    pub(super) fn units(&self) -> usize {
        self.shape[1] * self.shape[2]
    }

    pub(super) fn block<'n>(&self, name: &'n str) -> Block<'n> {
        Block::matrix(name, self.units())
    }

    /// Steps in the order of time.
    pub(super) fn order(&self) -> impl DoubleEndedIterator<Item = usize> + use<T> {
        let (direction, steps) = (self.direction, self.shape[0]);
        (0..steps).map(move |k| direction.step(k, steps))
    }

    /// The states, and what was seen beside them.
    pub(super) fn forward(&self, ctx: &Context<'_, T>) -> (Vec<T>, Verdict) {
        let [steps, rows, width] = self.shape;
        let place = Place::sequence(self.layout, self.shape);
        let [a, b] = [("a", &self.a), ("b", &self.b)].map(|(name, data)| Guarded::input(name, place, data));
        let states = Place::sequence(self.layout, [steps + 1, rows, width]);
        let mut h = Guarded::output("h", states, T::from_f64(f64::NAN));
        let mut call = || {
            ctx.backend.linear_forward(LinearForward {
                direction: self.direction,
                a: a.seq(),
                b: b.seq(),
                initial: self.initial.as_deref(),
                h: h.seq_mut(),
            });
        };
        let allocations = counted(ctx, &mut call);
        (h.read(), all([intact(&[&a, &b, &h]), allocations]))
    }

    /// The gradients over states `[T+1, N, W]`, and what was seen beside them.
    pub(super) fn backward(&self, ctx: &Context<'_, T>, h: &[T]) -> (Gradients<T>, Verdict) {
        let [steps, rows, width] = self.shape;
        let place = Place::sequence(self.layout, self.shape);
        let a = Guarded::input("a", place, &self.a);
        let d_h = Guarded::input("d_h", place, &self.d_h);
        let h = Guarded::input("h", Place::sequence(self.layout, [steps + 1, rows, width]), h);
        let [mut d_a, mut d_b] = ["d_a", "d_b"].map(|name| Guarded::output(name, place, T::from_f64(f64::NAN)));
        let mut d_initial = vec![T::from_f64(f64::NAN); self.units()];
        let mut call = || {
            ctx.backend.linear_backward(LinearBackward {
                direction: self.direction,
                a: a.seq(),
                h: h.seq(),
                d_h: d_h.seq(),
                d_last: self.d_last.as_deref(),
                d_a: d_a.seq_mut(),
                d_b: d_b.seq_mut(),
                d_initial: Some(&mut d_initial),
            });
        };
        let allocations = counted(ctx, &mut call);
        let verdict = all([intact(&[&a, &d_h, &h, &d_a, &d_b]), allocations]);
        (Gradients { d_a: d_a.read(), d_b: d_b.read(), d_initial }, verdict)
    }

    /// The states of the oracle, `[T+1, N, W]`.
    pub(super) fn states<'p>(&self, ctx: &Context<'p, T>) -> Vec<B<'p, T>> {
        let (units, steps) = (self.units(), self.shape[0]);
        let mut h = vec![exact(ctx.precision, T::ZERO); (steps + 1) * units];
        for unit in 0..units {
            let initial = self.initial.as_ref().map_or(T::ZERO, |initial| initial[unit]);
            h[self.direction.initial_slot(steps) * units + unit] = exact(ctx.precision, initial);
            let of = |v: &[T]| self.order().map(|t| v[t * units + unit].to_f64()).collect::<Vec<_>>();
            let after = recurrence(ctx.precision, &of(&self.a), &of(&self.b), initial.to_f64());
            for (t, state) in self.order().zip(after) {
                h[self.direction.to_slot(t) * units + unit] = state;
            }
        }
        h
    }

    /// `d_a`, `d_b` and `d_initial` of the oracle over the backend's own states.
    pub(super) fn adjoint<'p>(&self, ctx: &Context<'p, T>, h: &[T]) -> [Vec<B<'p, T>>; 3] {
        let (units, steps) = (self.units(), self.shape[0]);
        let zeros = |len: usize| vec![exact(ctx.precision, T::ZERO); len];
        let (mut d_a, mut d_b, mut d_initial) = (zeros(steps * units), zeros(steps * units), zeros(units));
        for unit in 0..units {
            let last = self.d_last.as_ref().map_or(T::ZERO, |last| last[unit]);
            let times: Vec<usize> = self.order().rev().collect();
            // What comes from later steps enters the last of them as it is.
            let a = |t: &usize| self.a[t * units + unit].to_f64();
            let handed: Vec<f64> = [1.0].into_iter().chain(times.iter().map(a)).take(steps).collect();
            let given: Vec<f64> = times.iter().map(|t| self.d_h[t * units + unit].to_f64()).collect();
            let g = recurrence::<T::Wide>(ctx.precision, &handed, &given, last.to_f64());
            for (&t, &g) in times.iter().zip(&g) {
                d_b[t * units + unit] = g;
                d_a[t * units + unit] = g * exact(ctx.precision, h[self.direction.from_slot(t) * units + unit]);
            }
            d_initial[unit] = match (times.last(), g.last()) {
                (Some(t), Some(&g)) => g * exact(ctx.precision, self.a[t * units + unit]),
                _ => exact(ctx.precision, last),
            };
        }
        [d_a, d_b, d_initial]
    }

    pub(super) fn within(&self, ctx: &Context<'_, T>, got: &Gradients<T>, want: &[Vec<B<'_, T>>; 3]) -> Verdict {
        let [d_a, d_b, d_initial] = want;
        all([
            within(ctx.precision, &self.block("d_b"), &got.d_b, d_b),
            within(ctx.precision, &self.block("d_a"), &got.d_a, d_a),
            within(ctx.precision, &self.block("d_initial"), &got.d_initial, d_initial),
        ])
    }

    pub(super) fn same_gradients(&self, got: &Gradients<T>, want: &Gradients<T>) -> Verdict {
        all([
            same(&self.block("d_b"), &got.d_b, &want.d_b),
            same(&self.block("d_a"), &got.d_a, &want.d_a),
            same(&self.block("d_initial"), &got.d_initial, &want.d_initial),
        ])
    }
}

/// Calls twice; the second call allocates nothing where that is claimed and can be counted.
fn counted<T: Real>(ctx: &Context<'_, T>, call: &mut dyn FnMut()) -> Verdict {
    call();
    let Some(count) = ctx.count.filter(|_| ctx.claims.allocation_free) else { return Ok(Evidence::default()) };
    let allocations = count(call);
    ensure(allocations == 0, || format!("the second call allocated {allocations} times"))
}

fn intact<T: Real>(buffers: &[&Guarded<T>]) -> Verdict {
    all(buffers.iter().map(|buffer| {
        let breach = buffer.breach();
        ensure(breach.is_none(), || breach.unwrap_or_default())
    }))
}
