//! The GRU with its reset before the product, in the buffers of the one with its reset after it.
//!
//! Parameters lie alike. A row of gates `r z n aux` of the one is a row of gates `r z n` and a row of the value `r ⊙ h` of the
//! other.

use super::Planted;
use crate::real::Real;
use rnn_kernels::{Backward, Cell, Forward, GruReset, Known, Spec, sequence};
use std::ops::Range;

/// The other variant of the same sizes, if this is a GRU with its reset after the product.
pub(super) fn before<T: Real>(spec: &Spec<T>) -> Option<Spec<T>> {
    let is_after = spec.cell().known() == Some(Known::Gru(GruReset::After));
    is_after.then(|| Spec::new(&Cell::gru(GruReset::Before), spec.size()).ok()).flatten()
}

/// What lies where in the reserves of both: in that of the reset after the product, in that of the reset before it.
fn places<T: Real>(after: &Spec<T>, before: &Spec<T>, steps: usize, rows: usize) -> Vec<[Range<usize>; 2]> {
    let width = after.y_width();
    let h = after.reserve_state(0, 0, steps, rows).start..after.reserve_state(0, steps, steps, rows).end;
    let mut places = vec![[h.clone(), h]];
    for (t, n) in (0..steps).flat_map(|t| (0..rows).map(move |n| (t, n))) {
        let row = after.reserve_kept(t, steps, rows).start + n * 4 * width;
        let gates = before.reserve_kept(t, steps, rows).start + n * 3 * width;
        let value = before.reserve_value(0, t, steps, rows).start + n * width;
        let aux = row + 3 * width;
        places.extend([[row..aux, gates..gates + 3 * width], [aux..aux + width, value..value + width]]);
    }
    places
}

pub(super) fn forward<T: Real>(planted: &Planted, before: &Spec<T>, mut run: Forward<'_, T>) {
    let places = places(run.spec, before, run.x.steps(), run.x.rows());
    let mut own = vec![T::CANARY; run.reserve.len()];
    let reserve = std::mem::take(&mut run.reserve);
    let mut run = run;
    (run.spec, run.reserve) = (before, &mut own);
    sequence::forward(planted, run);
    places.into_iter().for_each(|[to, from]| reserve[to].copy_from_slice(&own[from]));
}

pub(super) fn backward<T: Real>(planted: &Planted, before: &Spec<T>, run: Backward<'_, T>) {
    let (step_count, rows) = (run.x.steps(), run.x.rows());
    let mut own = vec![T::CANARY; run.reserve.len()];
    for [from, to] in places(run.spec, before, step_count, rows) {
        own[to].copy_from_slice(&run.reserve[from]);
    }
    let mut workspace = vec![T::CANARY; sequence::lens(before, step_count, rows).backward];
    let mut run = run;
    (run.spec, run.reserve, run.workspace) = (before, &own, &mut workspace);
    sequence::backward(planted, run);
}
