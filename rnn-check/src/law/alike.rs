//! Everything a run returns, so that two runs can be compared: bit for bit, or within twice the trajectory's bound.

use super::block::Block;
use super::{Context, Verdict, all, same, within};
use crate::bound::Bounded;
use crate::case::Problem;
use crate::drive::{Backward, Before, Forward, Rig};
use crate::number::Number;
use crate::oracle::expected::{B, adjoint, ends, states};
use crate::real::Real;

/// What forward and backward of one problem return.
#[derive(Clone, Debug)]
pub(super) struct Results<T> {
    pub y: Vec<T>,
    pub h_n: Vec<T>,
    pub c_n: Vec<T>,
    pub d_x: Vec<T>,
    pub d_h0: Vec<T>,
    pub d_c0: Vec<T>,
    pub d_params: Vec<T>,
}

impl<T: Real> Results<T> {
    pub(super) fn of(forward: Forward<T>, backward: Backward<T>) -> Self {
        let Forward { y, h_n, c_n, .. } = forward;
        let Backward { d_x, d_h0, d_c0, d_params, .. } = backward;
        Self { y, h_n, c_n, d_x, d_h0, d_c0, d_params }
    }

    /// `y h_n c_n d_x d_h0 d_c0 d_params`, one after another.
    pub(super) fn all(&self) -> Vec<T> {
        [&self.y, &self.h_n, &self.c_n, &self.d_x, &self.d_h0, &self.d_c0, &self.d_params]
            .into_iter()
            .flatten()
            .copied()
            .collect()
    }

    /// Everything but the weight gradients, which are sums over rows.
    fn rows<'a>(&'a self, problem: &Problem<T>) -> [(Block<'static>, &'a [T]); 6] {
        let (input, hidden, rest) = (problem.dims.input, problem.dims.hidden, problem.rest());
        [
            (Block::sequence("y", problem, hidden), &self.y),
            (Block::matrix("h_n", hidden), &self.h_n),
            (Block::matrix("c_n", rest), &self.c_n),
            (Block::sequence("d_x", problem, input), &self.d_x),
            (Block::matrix("d_h0", hidden), &self.d_h0),
            (Block::matrix("d_c0", rest), &self.d_c0),
        ]
    }
}

/// Forward, then backward into zeros.
pub(super) fn run<T: Real>(ctx: &Context<'_, T>, problem: &Problem<T>) -> Results<T> {
    run_on(&ctx.rig(), problem)
}

/// The same, called as this rig calls.
pub(super) fn run_on<T: Real>(rig: &Rig<'_, T>, problem: &Problem<T>) -> Results<T> {
    let forward = rig.forward(problem);
    let backward = rig.backward(problem, &forward.reserve);
    Results::of(forward, backward)
}

/// How far a correct run may be from the oracle when errors add up over time.
pub(super) struct Trajectory<'p, T: Real> {
    rows: [Vec<B<'p, T>>; 6],
    d_params: Vec<B<'p, T>>,
}

pub(super) fn trajectory<'p, T: Real>(ctx: &Context<'p, T>, problem: &Problem<T>) -> Trajectory<'p, T> {
    let zeros = problem.zeros();
    let before = Before { d_params: zeros.d_params, d_x: zeros.d_x };
    let states = states(ctx.precision, problem, None);
    let back = adjoint(ctx.precision, problem, &states, None, &before);
    let (_, last) = ends(problem);
    let [h, c] = problem.state_lens();
    let slot = |v: &[B<'p, T>], size: usize| v[last * size..(last + 1) * size].to_vec();
    let rows = [states.y.clone(), slot(&states.h, h), slot(&states.c, c), back.d_x, back.d_h0, back.d_c0];
    Trajectory { rows, d_params: back.d_params }
}

impl<'p, T: Real> Trajectory<'p, T> {
    /// The bounds alone, in the order of [`Results::all`].
    pub(super) fn errors(&self) -> Vec<f64> {
        self.rows.iter().chain([&self.d_params]).flatten().map(|b| b.error).collect()
    }

    /// `d_params d_x d_h0 d_c0`, one after another.
    pub(super) fn gradients(&self) -> Vec<B<'p, T>> {
        [&self.d_params, &self.rows[3], &self.rows[4], &self.rows[5]].into_iter().flatten().copied().collect()
    }

    /// `results` is within the bounds of the oracle's own run.
    pub(super) fn holds(&self, ctx: &Context<'p, T>, problem: &Problem<T>, results: &Results<T>) -> Verdict {
        let rows = results.rows(problem).into_iter().zip(&self.rows);
        all(rows.map(|((block, got), want)| within(ctx.precision, &block, got, want)).chain([within(
            ctx.precision,
            &Block::params("d_params", problem),
            &results.d_params,
            &self.d_params,
        )]))
    }

    /// `|a − b|` is within the sum of both runs' bounds.
    fn close(&self, ctx: &Context<'p, T>, block: &Block<'_>, a: &[T], b: &[T], bounds: &[B<'p, T>]) -> Verdict {
        let around =
            |(b, bound): (&T, &B<'p, T>)| Bounded::new(T::Wide::from_f64(b.to_f64()), 2.0 * bound.error, ctx.precision);
        let want: Vec<B<'p, T>> = b.iter().zip(bounds).map(around).collect();
        within(ctx.precision, block, a, &want)
    }

    /// Two ways to the same results: weight gradients within both bounds; the rest bit for bit where `bits` says so.
    pub(super) fn agree(
        &self,
        ctx: &Context<'p, T>,
        problem: &Problem<T>,
        bits: bool,
        a: &Results<T>,
        b: &Results<T>,
    ) -> Verdict {
        let rows = a.rows(problem).into_iter().zip(b.rows(problem)).zip(&self.rows);
        let compared = rows.map(
            |(((block, a), (_, b)), bounds)| {
                if bits { same(&block, a, b) } else { self.close(ctx, &block, a, b, bounds) }
            },
        );
        let params = Block::params("d_params", problem);
        all(compared.chain([self.close(ctx, &params, &a.d_params, &b.d_params, &self.d_params)]))
    }

    /// The same for the forward results alone.
    pub(super) fn agree_forward(
        &self,
        ctx: &Context<'p, T>,
        problem: &Problem<T>,
        bits: bool,
        a: [&[T]; 3],
        b: [&[T]; 3],
    ) -> Verdict {
        let hidden = problem.dims.hidden;
        let blocks =
            [Block::sequence("y", problem, hidden), Block::matrix("h_n", hidden), Block::matrix("c_n", problem.rest())];
        all(blocks.iter().zip(a).zip(b).zip(&self.rows).map(|(((block, a), b), bounds)| {
            if bits { same(block, a, b) } else { self.close(ctx, block, a, b, bounds) }
        }))
    }
}

/// Equal bits in everything, weight gradients included.
pub(super) fn same_bits<T: Real>(problem: &Problem<T>, a: &Results<T>, b: &Results<T>) -> Verdict {
    let rows = a.rows(problem).into_iter().zip(b.rows(problem)).map(|((block, a), (_, b))| same(&block, a, b));
    all(rows.chain([same(&Block::params("d_params", problem), &a.d_params, &b.d_params)]))
}
