//! What the oracle expects of a run, with bounds: step by step from the backend's own states, or all the way.

mod backward;
mod forward;

pub use backward::{Adjoint, adjoint, adjoint_of};
pub use forward::{States, saved, states, states_of};

use crate::bound::{Bounded, Precision};
use crate::case::Problem;
use crate::real::Real;

/// A number of the oracle with a bound on the backend's error in it.
pub type B<'p, T> = Bounded<'p, <T as Real>::Wide>;

/// `v`, which the backend has exactly.
pub fn exact<'p, T: Real>(precision: &'p Precision, v: T) -> B<'p, T> {
    B::<T>::exact(v.to_f64(), precision)
}

/// All of `v`, exactly.
pub fn lift<'p, T: Real>(precision: &'p Precision, v: &[T]) -> Vec<B<'p, T>> {
    v.iter().map(|&v| exact(precision, v)).collect()
}

/// The widths of a row: `H`, `R`, `K`, `V` and that of all masks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Widths {
    h: usize,
    c: usize,
    gates: usize,
    values: usize,
    masks: usize,
}

impl Widths {
    fn of<T>(problem: &Problem<T>) -> Self {
        let (cell, h) = (problem.cell, problem.dims.hidden);
        Self { h, c: cell.rest(h), gates: cell.kept(h), values: cell.values(h), masks: cell.masks(h) }
    }
}

/// The step processed as number `k`, the slot it reads and the slot it writes.
pub(super) fn order<T>(problem: &Problem<T>, k: usize) -> (usize, usize, usize) {
    let t = problem.direction.step(k, problem.dims.steps);
    (t, problem.direction.from_slot(t), problem.direction.to_slot(t))
}

/// The slot of the initial state and that of the final one.
pub fn ends<T>(problem: &Problem<T>) -> (usize, usize) {
    let steps = problem.dims.steps;
    (problem.direction.initial_slot(steps), problem.direction.final_slot(steps))
}
