//! Networks that are the same network: units and features under other numbers, signs turned.

use super::alike::{Results, run, same_bits, trajectory};
use super::exact::integer_problem;
use super::{Context, Stop, Verdict};
use crate::case::{Case, Problem, X};
use crate::oracle::{Activation, Cell, Dims};
use crate::real::Real;
use rnn_kernels::{Accum, ParamBlock, Slot};

/// `row[order[j]]` for every row of `order.len()` numbers.
fn picked<T: Copy>(v: &[T], order: &[usize]) -> Vec<T> {
    v.chunks(order.len().max(1)).flat_map(|row| order.iter().map(|&j| row[j])).collect()
}

/// Unit `j` becomes what was `unit[j]`, feature `c` what was `feature[c]`.
struct Names {
    unit: Vec<usize>,
    feature: Vec<usize>,
}

impl Names {
    fn params<T: Real>(&self, problem: &Problem<T>, v: &[T]) -> Vec<T> {
        let hidden = self.unit.len();
        let moved = |block: &ParamBlock| {
            let row = |j: usize| j / hidden * hidden + self.unit[j % hidden];
            let rows =
                (0..block.rows).flat_map(move |j| v[block.range.start + row(j) * block.cols..][..block.cols].to_vec());
            let rows: Vec<T> = rows.collect();
            match problem.cell.columns_of(&block.name) {
                Some(Slot::X) => picked(&rows, &self.feature),
                Some(_) => picked(&rows, &self.unit),
                None => rows,
            }
        };
        problem.spec().blocks().iter().flat_map(moved).collect()
    }

    fn problem<T: Real>(&self, problem: &Problem<T>) -> Problem<T> {
        let given = |v: &Option<Vec<T>>| v.as_ref().map(|v| picked(v, &self.unit));
        let x = match &problem.x {
            X::Dense(x) => X::Dense(picked(x, &self.feature)),
            X::OneHot(index) => {
                let place = |i: u32| self.feature.iter().position(|&c| c == i as usize).unwrap_or_default();
                #[allow(clippy::cast_possible_truncation)] // below C
                X::OneHot(index.iter().map(|&i| place(i) as u32).collect())
            }
        };
        Problem {
            params: self.params(problem, &problem.params),
            x,
            masks: given(&Some(problem.masks.clone())).unwrap_or_default(),
            h0: given(&problem.h0),
            c0: given(&problem.c0),
            d_y: given(&problem.d_y),
            d_h_n: given(&problem.d_h_n),
            d_c_n: given(&problem.d_c_n),
            ..problem.clone()
        }
    }

    fn results<T: Real>(&self, problem: &Problem<T>, results: &Results<T>) -> Results<T> {
        let unit = |v: &[T]| picked(v, &self.unit);
        Results {
            y: unit(&results.y),
            h_n: unit(&results.h_n),
            c_n: unit(&results.c_n),
            d_x: picked(&results.d_x, &self.feature),
            d_h0: unit(&results.d_h0),
            d_c0: unit(&results.d_c0),
            d_params: self.params(problem, &results.d_params),
        }
    }
}

/// Every sum has the same summands in another order: within both bounds, and bit for bit where sums are exact.
pub(super) fn renamed_units_and_features_are_the_same_network<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    if !case.cell.is_whole() {
        return Err(Stop::Skip("units of heads and rows have their places"));
    }
    let linear = matches!(case.cell, Cell::Elman(Activation::Identity | Activation::Relu));
    let problem = if linear {
        integer_problem::<T>(&case.at_most(7, 5, 9, 9))
    } else {
        Case { d_x: Accum::Replace, ..case.tame().at_most(4, 3, 6, 6) }.problem::<T>()
    };
    let Dims { input, hidden, .. } = problem.dims;
    // Rotations by two and by one: not their own inverses from three (five) on.
    let unit: Vec<usize> = (0..hidden).map(|j| (j + 2) % hidden).collect();
    // A feature that a unit reads goes where the unit goes.
    let apart = || (0..input).map(|c| (c + 1) % input).collect();
    let feature = if case.cell.reads_input() { unit.clone() } else { apart() };
    let names = Names { unit, feature };
    let renamed = names.problem(&problem);
    let (got, want) = (run(ctx, &renamed), names.results(&problem, &run(ctx, &problem)));
    if linear {
        return same_bits(&renamed, &got, &want);
    }
    trajectory(ctx, &renamed).agree(ctx, &renamed, false, &got, &want)
}

/// The sign each block of the parameters takes when states turn theirs: what multiplies a state keeps its sum's sign if the
/// sum is odd (candidates, Elman) and turns it if the sum is even (gates); what does not, the other way round.
fn turns(cell: Cell, block: &str, gate: usize) -> bool {
    let odd = match cell {
        Cell::Elman(_) => true,
        Cell::Lstm => gate == 2,
        Cell::Gru(_) => gate == 2,
        Cell::Own(_) => unreachable!("left out above"),
    };
    if block == "weight_hh" { !odd } else { odd }
}

/// `tanh` is odd, so a network with turned states is one with turned signs of some weights: `h, c, y → −h, −c, −y`, bit for
/// bit, as rounding to nearest has no preferred sign. Elman: `x, b` turn (here as `W_ih, b`). LSTM: `W, b` of `g` and `U` of
/// `i f o`. GRU: `W, b` of `n` and `U` of `r z`.
pub(super) fn turned_signs_turn_every_state<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    match case.cell {
        Cell::Elman(Activation::Sigmoid | Activation::Relu) => return Err(Stop::Skip("the activation is not odd")),
        Cell::Own(_) => return Err(Stop::Skip("which gates of this cell are odd is not known")),
        _ => {}
    }
    let problem = Case { d_x: Accum::Replace, ..case.at_most(7, 5, 9, 17) }.problem::<T>();
    let minus = |v: &[T]| v.iter().map(|&v| -v).collect::<Vec<T>>();
    let turned = |v: &[T]| -> Vec<T> {
        let spec = problem.spec();
        spec.blocks()
            .iter()
            .flat_map(|block| {
                let rows = v[block.range.clone()].chunks(block.cols).enumerate();
                rows.flat_map(|(j, row)| {
                    if turns(problem.cell, &block.name, j / problem.dims.hidden) { minus(row) } else { row.to_vec() }
                })
                .collect::<Vec<T>>()
            })
            .collect()
    };
    let given = |v: &Option<Vec<T>>| v.as_ref().map(|v| minus(v));
    let other = Problem {
        params: turned(&problem.params),
        h0: given(&problem.h0),
        c0: given(&problem.c0),
        d_y: given(&problem.d_y),
        d_h_n: given(&problem.d_h_n),
        d_c_n: given(&problem.d_c_n),
        ..problem.clone()
    };
    let of = run(ctx, &problem);
    let want = Results {
        y: minus(&of.y),
        h_n: minus(&of.h_n),
        c_n: minus(&of.c_n),
        d_h0: minus(&of.d_h0),
        d_c0: minus(&of.d_c0),
        d_params: turned(&of.d_params),
        d_x: of.d_x,
    };
    same_bits(&other, &run(ctx, &other), &want)
}
