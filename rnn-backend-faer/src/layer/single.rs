//! One step of a single row of a cell that this backend knows: products and gates on the caller's states, without blocks or tiles.
//!
//! The operations of `forward::step` in their order, so the same bits. Of a few units the walk over the plan of any cell takes longer than
//! the arithmetic.

use rnn_kernels::{GruReset, Infer, Input, Known, Plan, SeqRef, Slot};

use super::weights::{next, terms_len};
use crate::number::Number;
use crate::pointwise::{activated, gates_of_mut};
use crate::simd::Simd;
use crate::simd::gates::{gru_after, lstm};
use crate::simd::product::{Start, Sum, Term, sum_of_products};

/// The cell and the input of a pass that [`infer`] takes: one step of one row, of a cell of one stage that reads the input and the old
/// states.
pub fn takes<'a, T: Number>(run: &Infer<'a, T>) -> Option<(Known, SeqRef<'a, T>)> {
    let Input::Dense(x) = run.x else { return None };
    let cell = run.spec.cell().known()?;
    let knows = matches!(cell, Known::Elman(_) | Known::Lstm | Known::Gru(GruReset::After));
    (knows && [x.steps(), x.rows()] == [1, 1] && run.steps.is_all()).then_some((cell, x))
}

/// `y, states ← cell(x, states)` of what [`takes`] found in `run`.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn infer<T: Number>(simd: Simd, cell: Known, x: SeqRef<'_, T>, run: Infer<'_, T>) {
    let plan = run.spec.plan();
    let (packed, space) = (plan.pre + terms_len::<T>(plan), plan.pre + 2 * plan.states.iter().sum::<usize>());
    run.check(packed, space);
    let Infer { states, y, workspace, .. } = run;
    let (bias, panels) = run.packed[..packed].split_at(plan.pre);
    let hidden = plan.states[0];
    let (pre, rest) = workspace.split_at_mut(plan.pre);
    products(simd, plan, (bias, panels), x.at(0).row(0), states, pre);
    let new = &mut rest[..hidden];
    let (h, others) = states.split_at_mut(hidden);
    match cell {
        Known::Elman(activation) => activated(simd, activation, pre, h),
        Known::Lstm => {
            lstm::forward(simd, lstm::Forward { gates: gates_of_mut(pre), c_prev: others, c: new, h });
            others.copy_from_slice(new);
        }
        Known::Gru(GruReset::After) => {
            let (gates, aux) = pre.split_at_mut(3 * hidden);
            gru_after::forward(simd, gru_after::Forward { gates: gates_of_mut(gates), aux, h_prev: h, h: new });
            h.copy_from_slice(new);
        }
        other => unreachable!("{other:?} has several stages"),
    }
    if let Some(mut y) = y {
        y.at_mut(0).row_mut(0).copy_from_slice(h);
    }
}

/// `pre = b + W x + U h` of every group.
fn products<T: Number>(
    simd: Simd,
    plan: &Plan,
    (bias, mut panels): (&[T], &[T]),
    x: &[T],
    states: &[T],
    pre: &mut [T],
) {
    for group in &plan.groups {
        let cols = group.cols.len();
        let (mut terms, mut count) = ([Term { a: &[], a_stride: 0, depth: 0, panels: &[] }; 2], 0);
        for of in &group.terms {
            let panels = next(&mut panels, cols, of.depth);
            let a = match of.of {
                Slot::X => x,
                // The first state is the output; of a single row it lies at the front.
                Slot::Old(0) => &states[..plan.states[0]],
                other => unreachable!("a known cell of one stage multiplies {other:?}"),
            };
            if of.depth > 0 {
                terms[count] = Term { a, a_stride: of.depth, depth: of.depth, panels };
                count += 1;
            }
        }
        let (c, start) = (&mut pre[group.cols.clone()], Start::Bias(&bias[group.cols.clone()]));
        sum_of_products(simd, Sum { c, c_stride: cols, rows: 1, cols, start, terms: &terms[..count] });
    }
}
