//! A pass of a layer as all blocks of rows see it, and the windows of one that keeps only its state.

use core::ops::Range;

use rnn_kernels::{Direction, Input, MatMut, Steps};

use super::{Kept, Projection, Units, steps_ahead};
use crate::backend::Faer;
use crate::number::Number;
use crate::panels::Weights;

/// What all blocks of rows of a pass have in common.
#[derive(Clone, Copy, Debug)]
pub struct Pass<'a, T> {
    pub projection: Projection<'a, T>,
    pub direction: Direction,
    pub steps: Steps<'a>,
    pub step_count: usize,
    pub kept: Kept,
    /// Who shares the units of a step, if a single row is shared out.
    pub units: Option<Units<'a>>,
}

impl<'a, T: Number> Pass<'a, T> {
    /// A pass that keeps everything, its products with `x` computed into `pre` `[T · N, G·H]` where that pays.
    pub fn keeping_all(
        backend: &'a Faer,
        weights: Weights<'a, T>,
        x: Input<'a, T>,
        (direction, steps): (Direction, Steps<'a>),
        pre: Option<MatMut<'_, T>>,
        block: usize,
    ) -> Self {
        let mut projection = Projection::new(backend.simd, weights, x);
        projection.ahead = projection.compute_ahead(&backend.workers, x, pre, block);
        let units = Units::of::<T>(&backend.workers, weights.form, x.steps(), x.rows());
        Pass { projection, direction, steps, step_count: x.steps(), kept: Kept::All, units }
    }

    /// A pass that keeps only its state: calls `over` with the steps of each window and the room for its gates, which are
    /// those of one step, or of all steps of the window where the products with `x` were computed for them at once.
    ///
    /// `gates` has room for [`steps_ahead`] steps.
    pub fn in_windows(
        backend: &'a Faer,
        weights: Weights<'a, T>,
        x: Input<'a, T>,
        (direction, steps): (Direction, Steps<'a>),
        gates: &mut [T],
        block: usize,
        mut over: impl FnMut(Pass<'a, T>, Range<usize>, &mut [T]),
    ) {
        let (step_count, rows, width) = (x.steps(), x.rows(), weights.form.gate_rows);
        let mut projection = Projection::new(backend.simd, weights, x);
        let units = Units::of::<T>(&backend.workers, weights.form, step_count, rows);
        let ahead = if projection.worth_ahead(block) { steps_ahead::<T>(weights.form, step_count, rows) } else { 1 };
        let mut k = 0;
        while k < step_count {
            let window = ahead.min(step_count - k);
            let (t, end) = (direction.step(k, step_count), direction.step(k + window - 1, step_count));
            let pre = MatMut::new(&mut gates[..window * rows * width], window * rows, width);
            projection.ahead =
                projection.compute_ahead(&backend.workers, x.slice(t.min(end), t.max(end) + 1), Some(pre), block);
            let (ks, kept) = if projection.ahead {
                (k..k + window, Kept::Last { first: k, steps: window })
            } else {
                (k..step_count, Kept::Last { first: k, steps: 1 })
            };
            k = ks.end;
            let len = if projection.ahead { window } else { 1 } * rows * width;
            over(Pass { projection, direction, steps, step_count, kept, units }, ks, &mut gates[..len]);
        }
    }
}
