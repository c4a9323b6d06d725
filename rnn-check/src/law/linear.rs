//! Linear networks: powers of a matrix, powers of two, the ends of the format. Every law here is bitwise.

use super::alike::{Results, run, same_bits};
use super::block::Block;
use super::exact::{integer_problem, integers, oracle_results};
use super::{Context, Stop, Verdict, all, same};
use crate::case::{Case, Fill, Lengths, Problem, Stream, Upstream, X};
use crate::oracle::{Activation, Cell, Dims, Reset};
use crate::real::Real;
use rnn_kernels::{Accum, Bias};

/// `[H, H]` matrices of whole numbers, row-major.
fn product(a: &[f64], b: &[f64], h: usize) -> Vec<f64> {
    let entry = |i: usize, j: usize| (0..h).map(|k| a[i * h + k] * b[k * h + j]).sum();
    (0..h).flat_map(|i| (0..h).map(move |j| (i, j))).map(|(i, j)| entry(i, j)).collect()
}

/// `Aⁿ` by squaring: `log n` products, not `n` steps.
fn power(a: &[f64], h: usize, n: usize) -> Vec<f64> {
    match n {
        0 => (0..h * h).map(|i| if i / h == i % h { 1.0 } else { 0.0 }).collect(),
        _ if n % 2 == 1 => product(&power(a, h, n - 1), a, h),
        _ => {
            let half = power(a, h, n / 2);
            product(&half, &half, h)
        }
    }
}

/// `h_T = W^T h_0` and `d_h_0 = (Wᵀ)^T d_h_T` for integer matrices that do not commute with their transpose: a signed
/// 3-cycle, whose powers are bounded, or `I` plus ones above the diagonal, whose powers are binomial coefficients.
pub(super) fn a_linear_network_is_powers_of_its_matrix<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let upstream = Upstream { y: false, h_n: true, c_n: false };
    let cell = Cell::Elman(Activation::Identity);
    let small = case.at_most(33, 4, 3, 5);
    // C(33, 3) = 5456: far from 2²⁴.
    let cycle = case.pick(2) == 0;
    let hidden = if cycle { 3 } else { 2 + case.dims.hidden % 3 };
    let steps = if case.pick(3) == 0 { 33 } else { small.dims.steps };
    let dims = Dims { steps, hidden, ..small.dims };
    let case = Case { cell, dims, upstream, state: true, bias: Bias::None, d_x: Accum::Replace, ..small };
    let mut problem = case.problem::<T>();
    let Dims { batch, input, .. } = problem.dims;
    let mut stream = Stream::new(case.seed, 42);
    let mut entry = |i: usize, j: usize| {
        let is_there = if cycle { j == (i + 1) % 3 } else { j == i || j == i + 1 };
        let sign = if cycle && stream.below(2) == 0 { -1.0 } else { 1.0 };
        if is_there { sign } else { 0.0 }
    };
    let w: Vec<f64> = (0..hidden * hidden).map(|at| entry(at / hidden, at % hidden)).collect();
    problem.params.fill(T::ZERO);
    problem.params[hidden * input..].iter_mut().zip(&w).for_each(|(p, &w)| *p = T::from_f64(w));
    let (h0, d_h_n) = (integers(&mut stream, batch * hidden, 2), integers(&mut stream, batch * hidden, 2));
    (problem.h0, problem.d_h_n) = (Some(h0.clone()), Some(d_h_n.clone()));
    let times = |v: &[T], turned: bool| -> Vec<T> {
        let row = |n: usize, j: usize| {
            let w = power(&w, hidden, problem.live_steps(n));
            let at = |k: usize| if turned { w[k * hidden + j] } else { w[j * hidden + k] };
            T::from_f64((0..hidden).map(|k| at(k) * v[n * hidden + k].to_f64()).sum())
        };
        (0..batch).flat_map(|n| (0..hidden).map(move |j| (n, j))).map(|(n, j)| row(n, j)).collect()
    };
    let got = run(ctx, &problem);
    all([
        same(&Block::matrix("h_n = W^T h0", hidden), &got.h_n, &times(&h0, false)),
        same(&Block::matrix("d_h0 = (Wᵀ)^T d_h_n", hidden), &got.d_h0, &times(&d_h_n, true)),
    ])
}

/// A change of units: unit `j` counted in `2^−unit[j]`, feature `c` in `2^−feature[c]`.
struct Units {
    unit: Vec<i32>,
    feature: Vec<i32>,
}

impl Units {
    /// Exponents between `−reach` and `reach`, different for every unit.
    fn draw(case: &Case, dims: Dims, reach: usize) -> Self {
        let mut stream = Stream::new(case.seed, 43);
        #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // tens
        let mut draw = |len: usize| (0..len).map(|_| stream.below(2 * reach + 1) as i32 - reach as i32).collect();
        Self { unit: draw(dims.hidden), feature: draw(dims.input) }
    }

    /// `v[i] · 2^by(i)`.
    fn scaled<T: Real>(v: &[T], by: impl Fn(usize) -> i32) -> Vec<T> {
        v.iter().enumerate().map(|(i, &v)| v * T::from_f64(2f64.powi(by(i)))).collect()
    }

    /// Parameters (`sign = 1`) or their gradients (`sign = −1`): `D W_ih E⁻¹`, `D W_hh D⁻¹`, `D b`.
    fn params<T: Real>(&self, problem: &Problem<T>, v: &[T], sign: i32) -> Vec<T> {
        let spec = problem.spec();
        spec.blocks()
            .iter()
            .flat_map(|block| {
                let cols: &[i32] = match &*block.name {
                    "weight_ih" => &self.feature,
                    "weight_hh" => &self.unit,
                    _ => &[0],
                };
                let by = |i: usize| sign * (self.unit[i / block.cols] - cols[i % block.cols]);
                Self::scaled(&v[block.range.clone()], by)
            })
            .collect()
    }

    /// States and outputs (`sign = 1`) or their cotangents (`sign = −1`).
    fn states<T: Real>(&self, v: &[T], sign: i32) -> Vec<T> {
        Self::scaled(v, |i| sign * self.unit[i % self.unit.len()])
    }

    fn inputs<T: Real>(&self, v: &[T], sign: i32) -> Vec<T> {
        Self::scaled(v, |i| sign * self.feature[i % self.feature.len()])
    }

    fn problem<T: Real>(&self, problem: &Problem<T>) -> Problem<T> {
        let given = |v: &Option<Vec<T>>, sign| v.as_ref().map(|v| self.states(v, sign));
        Problem {
            params: self.params(problem, &problem.params, 1),
            x: X::Dense(self.inputs(&problem.dense_x(), 1)),
            h0: given(&problem.h0, 1),
            d_y: given(&problem.d_y, -1),
            d_h_n: given(&problem.d_h_n, -1),
            ..problem.clone()
        }
    }

    fn results<T: Real>(&self, problem: &Problem<T>, results: &Results<T>) -> Results<T> {
        Results {
            y: self.states(&results.y, 1),
            h_n: self.states(&results.h_n, 1),
            d_x: self.inputs(&results.d_x, -1),
            d_h0: self.states(&results.d_h0, -1),
            d_params: self.params(problem, &results.d_params, -1),
            ..results.clone()
        }
    }
}

/// Every sum has one common factor, and a power of two commutes with every rounding: the same bits, in other units.
pub(super) fn other_units_give_the_same_bits<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let activation = if case.pick(2) == 0 { Activation::Identity } else { Activation::Relu };
    let case =
        Case { cell: Cell::Elman(activation), one_hot: false, d_x: Accum::Replace, ..case.tame().at_most(6, 4, 9, 9) };
    let problem = case.problem::<T>();
    let units = Units::draw(&case, problem.dims, 8);
    let scaled = units.problem(&problem);
    same_bits(&problem, &run(ctx, &scaled), &units.results(&problem, &run(ctx, &problem)))
}

/// Integers in units from `2^−40` to `2^40`: weights reach `2^±80`, and every operation is still exact.
pub(super) fn forty_binades_either_way_are_exact<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let case = Case { one_hot: false, ..*case };
    let problem = integer_problem::<T>(&case);
    let units = Units::draw(&case, problem.dims, 40);
    let scaled = units.problem(&problem);
    same_bits(&problem, &run(ctx, &scaled), &units.results(&problem, &oracle_results(&problem)))
}

/// States that are halved at every step down to the smallest subnormal, and cotangents likewise: no bit is lost, and none
/// is flushed to 0. (`σ(0) = 1/2` keeps half of a state; an Elman network has `W_hh = I/2`.)
pub(super) fn halving_reaches_the_smallest_subnormal<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    if let Cell::Own(_) = case.cell {
        return Err(Stop::Skip("what halves the state of this cell is not known"));
    }
    let smallest = if T::EPSILON.to_f64() > 1e-10 { 2f64.powi(-149) } else { f64::from_bits(1) };
    let cell = match case.cell {
        Cell::Elman(_) => Cell::Elman(Activation::Identity),
        cell => cell,
    };
    let lstm = cell == Cell::Lstm;
    let upstream = Upstream { y: false, h_n: !lstm, c_n: lstm };
    let case = Case { cell, upstream, state: true, fill: Fill::Dyadic, ..case.at_most(9, 4, 5, 17) };
    let mut problem = case.problem::<T>();
    let Dims { steps, batch, hidden, input } = problem.dims;
    if steps == 0 {
        return Err(Stop::Skip("there is no step to halve at"));
    }
    let half = T::from_f64(0.5);
    problem.params.fill(T::ZERO);
    if let Cell::Elman(_) = cell {
        (0..hidden).for_each(|j| problem.params[hidden * input + j * hidden + j] = half);
    }
    // Row n ends at the smallest number times its sign.
    let start: Vec<T> = (0..batch * hidden)
        .map(|i| {
            let sign = if i % 2 == 0 { 1.0 } else { -1.0 };
            let live = problem.live_steps(i / hidden);
            (0..live).fold(T::from_f64(sign * smallest), |v, _| v + v)
        })
        .collect();
    let end: Vec<T> = (0..batch * hidden).map(|i| T::from_f64(if i % 2 == 0 { smallest } else { -smallest })).collect();
    let zeros = vec![T::ZERO; batch * hidden];
    problem.h0 = Some(if lstm { zeros.clone() } else { start.clone() });
    if lstm {
        (problem.c0, problem.d_c_n) = (Some(start.clone()), Some(start.clone()));
    } else {
        problem.d_h_n = Some(start);
    }
    let got = run(ctx, &problem);
    let (state, d_state) = if lstm { (&got.c_n, &got.d_c0) } else { (&got.h_n, &got.d_h0) };
    all([
        same(&Block::matrix("the halved state", hidden), state, &end),
        same(&Block::matrix("the halved cotangent", hidden), d_state, &end),
    ])
}

/// With all weights zero a gate is 1/2 and a candidate 0: `d_c0 = d_c_n / 2ᵗ`, `d_h0 = d_h_n / 2ᵗ` (GRU) or 0, `d_x = 0`.
pub(super) fn zero_weights_have_closed_gradients<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    if let Cell::Own(_) = case.cell {
        return Err(Stop::Skip("there is no closed form of this cell"));
    }
    let lstm = case.cell == Cell::Lstm;
    let upstream = Upstream { y: false, h_n: !lstm, c_n: lstm };
    let case =
        Case { upstream, fill: Fill::Dyadic, d_x: Accum::Replace, lengths: lengths(case), ..case.at_most(9, 5, 9, 17) };
    let mut problem = case.problem::<T>();
    problem.params.fill(T::ZERO);
    let hidden = problem.dims.hidden;
    let got = run(ctx, &problem);
    let halved = |v: &Option<Vec<T>>, keeps: bool| -> Vec<T> {
        let v = v.as_ref().map_or(&[][..], |v| v).iter().enumerate();
        let each = |i: usize, v: T| match problem.live_steps(i / hidden) {
            0 => v,
            live if keeps => (0..live).fold(v, |v, _| v * T::from_f64(0.5)),
            _ => T::ZERO,
        };
        v.map(|(i, &v)| each(i, v)).collect()
    };
    let d_x = same(&Block::sequence("d_x", &problem, problem.dims.input), &got.d_x, &problem.zeros().d_x);
    let d_state = match problem.cell {
        Cell::Lstm => same(&Block::matrix("d_c0", hidden), &got.d_c0, &halved(&problem.d_c_n, true)),
        Cell::Gru(Reset::After | Reset::Before) => {
            same(&Block::matrix("d_h0", hidden), &got.d_h0, &halved(&problem.d_h_n, true))
        }
        Cell::Elman(_) | Cell::Own(_) => {
            same(&Block::matrix("d_h0", hidden), &got.d_h0, &halved(&problem.d_h_n, false))
        }
    };
    all([d_x, d_state])
}

fn lengths(case: &Case) -> Lengths {
    if case.pick(2) == 0 { Lengths::Ragged } else { case.lengths }
}

#[cfg(test)]
mod tests {
    use super::power;

    #[test]
    fn powers_of_a_jordan_block_are_binomial_coefficients() {
        assert_eq!(power(&[1.0, 1.0, 0.0, 1.0], 2, 33), [1.0, 33.0, 0.0, 1.0]);
        let three = power(&[1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0], 3, 33);
        assert_eq!(three, [1.0, 33.0, 528.0, 0.0, 1.0, 33.0, 0.0, 0.0, 1.0]);
        assert_eq!(power(&[0.0, 1.0, 1.0, 0.0], 2, 0), [1.0, 0.0, 0.0, 1.0]);
    }
}
