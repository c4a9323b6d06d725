//! Networks in which every operation is exact, so that any order of summation gives the same bits.

use super::alike::{Results, run, same_bits};
use super::block::Block;
use super::{Context, Stop, Verdict, all, ensure, same, within};
use crate::bound::Bounded;
use crate::case::{Case, Fill, Problem, Stream, X};
use crate::derivative;
use crate::number::Number;
use crate::oracle::expected::exact;
use crate::oracle::{Activation, Cell, Dims, Reset};
use crate::real::Real;
use rnn_kernels::{Accum, Bias};

pub(super) fn integers<T: Real>(stream: &mut Stream, len: usize, reach: usize) -> Vec<T> {
    (0..len).map(|_| T::from_f64(stream.below(2 * reach + 1) as f64 - reach as f64)).collect()
}

/// Identity and relu networks on small integers, now and then over 33 steps. `W_hh` is a signed 3-cycle, so that nothing
/// grows by more than the input adds and `W_hh` differs from its transpose (a 2-cycle would not).
pub(super) fn integer_problem<T: Real>(case: &Case) -> Problem<T> {
    let activation = if case.pick(2) == 0 { Activation::Identity } else { Activation::Relu };
    let case = &case.at_most(33, 5, 17, 33);
    let steps = if case.dims.steps > 4 && case.pick(3) == 0 { 33 } else { case.dims.steps };
    let dims = Dims { steps, hidden: 3 * (1 + case.dims.hidden % 3), ..case.dims };
    let case = Case { cell: Cell::Elman(activation), dims, fill: Fill::Dyadic, ..*case };
    let mut problem = case.problem::<T>();
    let Dims { steps, batch, input, hidden } = dims;
    let mut stream = Stream::new(case.seed, 40);
    let mut w_hh = vec![T::ZERO; hidden * hidden];
    for j in 0..hidden {
        let from = if j % 3 == 2 { j - 2 } else { j + 1 };
        w_hh[j * hidden + from] = if stream.below(2) == 0 { T::ONE } else { -T::ONE };
    }
    let biases = problem.params.len() - hidden * (input + hidden);
    problem.params = [integers(&mut stream, hidden * input, 1), w_hh, integers(&mut stream, biases, 1)].concat();
    if let X::Dense(x) = &mut problem.x {
        *x = integers(&mut stream, x.len(), 2);
    }
    for (given, len) in [
        (&mut problem.h0, batch * hidden),
        (&mut problem.d_h_n, batch * hidden),
        (&mut problem.d_y, steps * batch * hidden),
    ] {
        if let Some(given) = given {
            *given = integers(&mut stream, len, 2);
        }
    }
    Problem { d_x_accum: Accum::Replace, ..problem }
}

/// The oracle's results by way of the tape in f64, where they are exact.
pub(super) fn oracle_results<T: Real>(problem: &Problem<T>) -> Results<T> {
    let wide = problem.map(|v: T| v.to_f64());
    let (out, d) = derivative::vjp(&wide.point(), &wide.cotangents(), |point| {
        let run = wide.oracle_at(point);
        [run.y, run.h_n, run.c_n].concat()
    });
    let narrow = |v: &[f64]| v.iter().map(|&v| T::from_f64(v)).collect::<Vec<T>>();
    let [states, cells] = wide.state_lens();
    let (y, rest) = out.split_at(out.len() - states - cells);
    let (h_n, c_n) = rest.split_at(states);
    let [d_params, d_x, d_h0, d_c0] = wide.parts(&d);
    let d_x = if matches!(problem.x, X::Dense(_)) { narrow(d_x) } else { vec![] };
    Results {
        y: narrow(y),
        h_n: narrow(h_n),
        c_n: narrow(c_n),
        d_x,
        d_h0: narrow(d_h0),
        d_c0: narrow(d_c0),
        d_params: narrow(d_params),
    }
}

pub(super) fn integer_networks_are_exact_forward_and_backward<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let problem = integer_problem::<T>(case);
    same_bits(&problem, &run(ctx, &problem), &oracle_results(&problem))
}

/// One-hot inputs pick gate patterns of 0, 1 and ±1: `c` and the states of a GRU are sums of integers.
pub(super) fn saturated_gates_are_switches<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let cell = case.cell;
    if matches!(cell, Cell::Elman(_) | Cell::Own(_)) {
        return Err(Stop::Skip("the law is about gates of an LSTM and a GRU"));
    }
    let mut upstream = case.upstream;
    upstream.y = false;
    let case = Case { cell, one_hot: true, bias: Bias::None, fill: Fill::Dyadic, upstream, ..*case };
    let mut problem = case.problem::<T>();
    let Dims { batch, input, hidden, .. } = problem.dims;
    let (gates, mut stream) = (cell.gates(), Stream::new(case.seed, 41));
    // The candidate (g, n) may also be 0; σ(±1000) is 1 or 0 and tanh(±1000) is ±1 in either format.
    let candidate = 2;
    for gate in 0..gates {
        for entry in &mut problem.params[gate * hidden * input..(gate + 1) * hidden * input] {
            let level =
                if gate == candidate { stream.below(3) as f64 - 1.0 } else { 2.0 * stream.below(2) as f64 - 1.0 };
            *entry = T::from_f64(1000.0 * level);
        }
    }
    problem.params[gates * hidden * input..].fill(T::ZERO);
    problem.d_h_n = if cell == Cell::Lstm { None } else { problem.d_h_n };
    let X::OneHot(index) = &problem.x else { unreachable!("the case is one-hot") };
    let level = |gate: usize, j: usize, t: usize, n: usize| {
        let column = index[t * batch + n] as usize;
        problem.params[(gate * hidden + j) * input + column].to_f64() / 1000.0
    };
    let switch = |gate, j, t, n| if level(gate, j, t, n) > 0.0 { 1.0 } else { 0.0 };
    let given = |v: &Option<Vec<T>>, i: usize| v.as_ref().map_or(0.0, |v| v[i].to_f64());
    let (mut state, mut d_state) = (vec![T::ZERO; batch * hidden], vec![T::ZERO; batch * hidden]);
    for (n, j) in (0..batch).flat_map(|n| (0..hidden).map(move |j| (n, j))) {
        let i = n * hidden + j;
        let lstm = cell == Cell::Lstm;
        let mut s = given(if lstm { &problem.c0 } else { &problem.h0 }, i);
        let mut d = given(if lstm { &problem.d_c_n } else { &problem.d_h_n }, i);
        for k in 0..problem.dims.steps {
            let t = problem.direction.step(k, problem.dims.steps);
            if problem.live(t, n) {
                let new = level(candidate, j, t, n);
                let keep = switch(1, j, t, n); // f, z
                s = if lstm { keep * s + switch(0, j, t, n) * new } else { (1.0 - keep) * new + keep * s };
                d *= keep;
            }
        }
        (state[i], d_state[i]) = (T::from_f64(s), T::from_f64(d));
    }
    let got = run(ctx, &problem);
    if cell == Cell::Lstm {
        let blocks = [Block::matrix("c_n", hidden), Block::matrix("d_c0", hidden)];
        return all([same(&blocks[0], &got.c_n, &state), same(&blocks[1], &got.d_c0, &d_state)]);
    }
    // tanh′ is 0 only where n = ±1: a candidate at 0 leaks nothing back because W_hh is 0.
    all([
        same(&Block::matrix("h_n", hidden), &got.h_n, &state),
        same(&Block::matrix("d_h0", hidden), &got.d_h0, &d_state),
    ])
}

/// With all weights zero every gate is σ(0) = 1/2 and every candidate tanh(0) = 0, exactly.
pub(super) fn zero_weights_have_closed_forms<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let mut problem = Case { fill: Fill::Dyadic, state: true, ..*case }.problem::<T>();
    problem.params.fill(T::ZERO);
    let hidden = problem.dims.hidden;
    let forward = ctx.rig().forward(&problem);
    let halved = |v: &Option<Vec<T>>| -> Vec<T> {
        let v = v.as_ref().expect("states are given").iter().enumerate();
        v.map(|(i, &v)| (0..problem.live_steps(i / hidden)).fold(v, |v, _| v * T::from_f64(0.5))).collect()
    };
    let live = |i: usize| problem.live_steps(i / hidden) > 0;
    let (mut want, block) = (halved(&problem.h0), Block::matrix("h_n", hidden));
    match problem.cell {
        Cell::Gru(Reset::After | Reset::Before) => same(&block, &forward.h_n, &want),
        Cell::Elman(activation) => {
            let rest = if activation == Activation::Sigmoid { T::from_f64(0.5) } else { T::ZERO };
            let h0 = problem.h0.as_ref().expect("states are given");
            want.iter_mut().enumerate().for_each(|(i, w)| *w = if live(i) { rest } else { h0[i] });
            same(&block, &forward.h_n, &want)
        }
        Cell::Own(_) => Err(Stop::Skip("there is no closed form of this cell")),
        Cell::Lstm => {
            let c_n = halved(&problem.c0);
            let h0 = problem.h0.as_ref().expect("states are given");
            let half = Bounded::<T::Wide>::exact(0.5, ctx.precision);
            let h = |i: usize| {
                if live(i) { half * exact(ctx.precision, c_n[i]).tanh() } else { exact(ctx.precision, h0[i]) }
            };
            let h_n: Vec<_> = (0..c_n.len()).map(h).collect();
            all([
                same(&Block::matrix("c_n", hidden), &forward.c_n, &c_n),
                within(ctx.precision, &block, &forward.h_n, &h_n),
                ensure(forward.c_n.len() == forward.h_n.len(), || "c_n and h_n differ in size".into()),
            ])
        }
    }
}
