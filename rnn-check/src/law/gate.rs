//! One gate at a time: every other one is shut or wide open, so that a gradient can only land where it belongs.

use super::alike::{run, same_bits};
use super::exact::{integers, oracle_results};
use super::{Context, Stop, Verdict, all, ensure};
use crate::case::{Case, Problem, Stream, Upstream, X};
use crate::oracle::{Activation, Cell, Dims, Reset};
use crate::real::Real;
use rnn_kernels::{Accum, Bias};

/// What a case opens: a gate, a unit, an input feature, a unit of the previous state.
struct Open {
    gate: usize,
    unit: usize,
    feature: usize,
    from: usize,
}

/// A step in which `gate` of every unit has slope, all others are at `σ(±1000)` or `tanh(±1000)`; `x` is one feature, `h0`
/// one unit, the cotangent one unit. Columns of the weights that meet these are 0, the others small integers, so the
/// cotangents of `x` and `h0` are one row of the weights of this gate.
fn one_open_gate<T: Real>(case: &Case) -> (Problem<T>, Open) {
    let cell = match case.cell {
        Cell::Elman(_) => Cell::Elman(Activation::Tanh),
        cell => cell,
    };
    let small = case.at_most(1, 3, 5, 17);
    let dims = Dims { steps: 1, batch: small.dims.batch.max(1), ..small.dims };
    let upstream = Upstream { y: true, h_n: false, c_n: false };
    let case =
        Case { cell, dims, upstream, bias: Bias::Both, state: true, d_x: Accum::Replace, one_hot: false, ..small };
    let mut problem = Problem { lengths: None, holes: None, ..case.problem::<T>() };
    let Dims { batch, input, hidden, .. } = dims;
    let (gates, mut stream) = (cell.gates(), Stream::new(case.seed, 44));
    let open = Open {
        gate: stream.below(gates),
        unit: stream.below(hidden),
        feature: stream.below(input),
        from: stream.below(hidden),
    };
    let rows = gates * hidden;
    let mut weights = |cols: usize, silent: usize| -> Vec<T> {
        let mut w = integers::<T>(&mut stream, rows * cols, 2);
        (0..rows).for_each(|row| w[row * cols + silent] = T::ZERO);
        w
    };
    let (w_ih, mut w_hh) = (weights(input, open.feature), weights(hidden, open.from));
    if let (Cell::Gru(Reset::Before), 0) = (cell, open.gate) {
        // r reaches h through W_hn alone.
        (2 * hidden..rows).for_each(|row| w_hh[row * hidden + open.from] = T::from_f64(2.0));
    }
    let levels = levels(cell, open.gate);
    let bias = |of: usize| (0..rows).map(move |row| T::from_f64(levels[row / hidden][of])).collect::<Vec<T>>();
    problem.params = [w_ih, w_hh, bias(0), bias(1)].concat();
    let only = |width: usize, at: usize, value: f64| -> Vec<T> {
        let value = |i: usize| if i % width == at { T::from_f64(value) } else { T::ZERO };
        (0..batch * width).map(value).collect()
    };
    problem.x = X::Dense(only(input, open.feature, 1.0));
    problem.h0 = Some(only(hidden, open.from, 1.0));
    // tanh(1000) = 1, whatever i g adds.
    problem.c0 = cell.has_c().then(|| vec![T::from_f64(1000.0); batch * hidden]);
    let seed = only(hidden, open.unit, 1.0);
    if cell == Cell::Lstm && open.gate != 3 {
        (problem.d_y, problem.d_c_n) = (None, Some(seed));
    } else {
        problem.d_y = Some(seed);
    }
    (problem, open)
}

/// `[b_ih, b_hh]` of each gate. The open one is at 0, where `σ′ = 1/4` and `tanh′ = 1` exactly.
fn levels(cell: Cell, open: usize) -> [[f64; 2]; 4] {
    let shut = [-1000.0, 0.0];
    let wide = [1000.0, 0.0];
    match (cell, open) {
        (Cell::Elman(_), _) => [[0.0; 2]; 4],
        (Cell::Lstm, 0) => [[0.0; 2], wide, wide, wide],
        (Cell::Lstm, 1) => [shut, [0.0; 2], wide, wide],
        (Cell::Lstm, 2) => [wide, wide, [0.0; 2], wide],
        (Cell::Lstm, _) => [shut, wide, wide, [0.0; 2]],
        // r reaches h through n alone, which is at 0 as well: n = tanh(2 r − 1).
        (Cell::Gru(Reset::After), 0) => [[0.0; 2], shut, [-1.0, 2.0], [0.0; 2]],
        (Cell::Gru(Reset::Before), 0) => [[0.0; 2], shut, [-1.0, 0.0], [0.0; 2]],
        // n = −1, which no state is.
        (Cell::Gru(_), 1) => [wide, [0.0; 2], shut, [0.0; 2]],
        (Cell::Gru(_), _) => [wide, shut, [0.0; 2], [0.0; 2]],
        (Cell::Own(_), _) => unreachable!("left out above"),
    }
}

pub(super) fn one_open_gate_moves_its_own_row_and_column<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    if let Cell::Own(_) = case.cell {
        return Err(Stop::Skip("where the gates of this cell are shut is not known"));
    }
    let (problem, open) = one_open_gate::<T>(case);
    let got = run(ctx, &problem);
    let exact = same_bits(&problem, &got, &oracle_results(&problem));
    let hidden = problem.dims.hidden;
    // The reset gate moves the candidate too: which rows is the oracle's to say.
    if let (Cell::Gru(_), 0) = (problem.cell, open.gate) {
        return exact;
    }
    let row = open.gate * hidden + open.unit;
    let spec = problem.spec();
    let stray = spec.blocks().iter().find_map(|block| {
        let col = match block.cols {
            _ if block.is_vector => 0,
            _ if block.name == "weight_ih" => open.feature,
            _ => open.from,
        };
        let there = |i: usize| (i / block.cols, i % block.cols);
        let wrong = |&i: &usize| (got.d_params[block.range.start + i] != T::ZERO) != (there(i) == (row, col));
        (0..block.range.len()).find(wrong).map(|i| (&*block.name, there(i)))
    });
    let only = ensure(stray.is_none(), || {
        let (name, at) = stray.unwrap_or_default();
        let [gate, unit, feature, from] = [open.gate, open.unit, open.feature, open.from];
        format!(
            "only gate {gate} of unit {unit} is open, x is feature {feature}, h0 unit {from}: {name}{at:?} is wrong"
        )
    });
    all([exact, only])
}
