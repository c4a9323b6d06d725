//! Conventions: which GRU, which biases, which order of gates.

use super::alike::{Results, run, trajectory};
use super::{Context, Stop, Verdict, all, ensure, something_is_live};
use crate::case::{Case, Problem};
use crate::oracle::{Cell, Dims, Reset};
use crate::real::Real;
use rnn_kernels::{Accum, Bias};

fn short(case: &Case) -> Case {
    Case { d_x: Accum::Replace, ..case.tame().at_most(4, 3, 8, 8) }
}

/// Two networks that must differ do so by more. It separates a term left out, which is of the order of the drawn weights, from
/// rounding: a state is at most 1 and comes from short sums, and 1e-4 is 1600 times the unit roundoff of f32.
const APART: f64 = 1e-4;

/// The largest difference of `y` or `h_n`.
fn distance<T: Real>(a: &Results<T>, b: &Results<T>) -> f64 {
    let pairs = a.y.iter().zip(&b.y).chain(a.h_n.iter().zip(&b.h_n));
    pairs.fold(0.0, |m, (a, b)| m.max((a.to_f64() - b.to_f64()).abs()))
}

/// `r ⊙ (U h + b) = U (r ⊙ h) + b` if `U_n = 0` and `b_hn = 0`; otherwise the two are different networks, as long as there
/// are units enough that `U_n` is not diagonal.
pub(super) fn the_reset_gate_acts_where_the_spec_says<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let case = short(case);
    let dims = Dims { hidden: case.dims.hidden.max(3), ..case.dims };
    let gru = |reset| Case { cell: Cell::Gru(reset), state: true, dims, ..case }.problem::<T>();
    let [after, before] = [Reset::After, Reset::Before].map(gru);
    something_is_live(&after)?;
    let different = distance(&run(ctx, &after), &run(ctx, &before));
    let without = |mut problem: Problem<T>| {
        for block in problem.spec().blocks().iter().filter(|b| b.name.ends_with("_hh")) {
            problem.params[block.range.clone()][2 * block.range.len() / 3..].fill(T::ZERO);
        }
        problem
    };
    let [alike_after, alike_before] = [&after, &before].map(|p| without(p.clone()));
    let (mut a, b) = (run(ctx, &alike_after), run(ctx, &alike_before));
    // The gradients of U_n and b_hn themselves differ: they are taken at 0.
    a.d_params.clone_from(&b.d_params);
    let agree = trajectory(ctx, &alike_before).agree(ctx, &alike_before, false, &a, &b);
    all([agree, ensure(different > APART, || format!("both GRUs agree to {different:e} where they must differ"))])
}

/// `b_ih` and `b_hh` are two summands of one pre-activation, but for `b_hn` of a GRU with reset after the product.
pub(super) fn biases_are_what_their_names_say<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    if let Cell::Own(_) = case.cell {
        return Err(Stop::Skip("which biases of this cell belong together is its form's to say"));
    }
    let both = Case { bias: Bias::Both, ..short(case) }.problem::<T>();
    something_is_live(&both)?;
    let Dims { hidden, .. } = both.dims;
    let rows = both.cell.gates() * hidden;
    let weights = both.params.len() - 2 * rows;
    let with = |bias, params: Vec<T>| Problem { bias, params, ..both.clone() };
    let [zero, b_ih, b_hh] =
        [vec![T::ZERO; rows], both.params[weights..weights + rows].to_vec(), both.params[weights + rows..].to_vec()];
    let w = &both.params[..weights];
    // Sums of multiples of a power of two: the merged bias is exact.
    let coarse = |v: &[T]| v.iter().map(|v| T::from_f64((v.to_f64() * 64.0).round() / 64.0)).collect::<Vec<T>>();
    let (b_ih, b_hh) = (coarse(&b_ih), coarse(&b_hh));
    let merged: Vec<T> = b_ih.iter().zip(&b_hh).map(|(&a, &b)| a + b).collect();
    let none = with(Bias::None, w.to_vec());
    let zeros = with(Bias::Both, [w, &zero, &zero].concat());
    let one = with(Bias::Input, [w, &b_ih[..]].concat());
    let padded = with(Bias::Both, [w, &b_ih[..], &zero].concat());
    let split = with(Bias::Both, [w, &b_ih[..], &b_hh].concat());
    let sum = with(Bias::Input, [w, &merged[..]].concat());
    let agree = |smaller: &Problem<T>, larger: &Problem<T>| {
        let (a, mut b) = (run(ctx, smaller), run(ctx, larger));
        b.d_params.truncate(a.d_params.len());
        // The larger has one summand more, hence the larger bound; its blocks begin like the smaller's.
        trajectory(ctx, smaller).agree(ctx, smaller, false, &a, &b)
    };
    let merging = if both.cell == Cell::Gru(Reset::After) {
        let apart = distance(&run(ctx, &sum), &run(ctx, &split));
        ensure(apart > APART, || {
            format!("b_hn is inside the reset: merged into b_in it must differ, by more than {apart:e}")
        })
    } else {
        agree(&sum, &split)
    };
    all([agree(&none, &zeros), agree(&one, &padded), merging])
}

/// Biases of ±20 open and close one gate at a time: `c = f c + i g`, `h = o tanh c`, `h = (1 − z) n + z h`.
pub(super) fn gates_are_in_pytorch_order<T: Real>(ctx: &Context<'_, T>, _: &Case) -> Verdict {
    let one = |cell: Cell, gates: &[f64]| {
        let case =
            Case { cell, bias: Bias::Input, dims: Dims { steps: 1, batch: 1, input: 1, hidden: 1 }, ..Case::plain() };
        let mut problem = case.problem::<T>();
        let rows = cell.gates();
        problem.params.fill(T::ZERO);
        for (p, &gate) in problem.params[2 * rows..].iter_mut().zip(gates) {
            *p = T::from_f64(gate);
        }
        problem.h0 = Some(vec![T::from_f64(0.75)]);
        problem.c0 = problem.c0.map(|_| vec![T::from_f64(0.5)]);
        let forward = ctx.rig().forward(&problem);
        [forward.h_n[0].to_f64(), forward.c_n.first().map_or(0.0, |c| c.to_f64())]
    };
    let close = |what: &str, got: f64, want: f64| {
        // σ(±20) is within 2.1e-9 of 1 or 0, tanh(±20) closer.
        ensure((got - want).abs() < 1e-7, || format!("{what}: got {got}, want {want}"))
    };
    let tanh = f64::tanh;
    let lstm = |gates: [f64; 4]| one(Cell::Lstm, &gates);
    let mut verdicts = vec![
        close("lstm, only f open: c", lstm([-20.0, 20.0, 20.0, -20.0])[1], 0.5),
        close("lstm, i and g open: c", lstm([20.0, -20.0, 20.0, -20.0])[1], 1.0),
        close("lstm, i open, g negative: c", lstm([20.0, -20.0, -20.0, 20.0])[1], -1.0),
        close("lstm, o closed: h", lstm([20.0, 20.0, 20.0, -20.0])[0], 0.0),
        close("lstm, all open: h", lstm([20.0, 20.0, 20.0, 20.0])[0], tanh(1.5)),
    ];
    for reset in [Reset::After, Reset::Before] {
        let gru = |gates: [f64; 3]| one(Cell::Gru(reset), &gates)[0];
        verdicts.push(close("gru, z open keeps h", gru([-20.0, 20.0, 20.0]), 0.75));
        verdicts.push(close("gru, z closed takes n", gru([20.0, -20.0, -20.0]), -1.0));
    }
    all(verdicts)
}
