//! `d_s_{t−1} = min(max(Jᵀ d_s_t, −c), c)`: cotangents of states that are clipped on their way back.

use super::alike::{Results, same_bits};
use super::oracle::{adjoint_residual, something};
use super::{Context, Stop, Verdict};
use crate::case::{Case, Problem};
use crate::oracle::expected::ends;
use crate::real::Real;

/// The median of what goes back is the limit, so that some of it is clipped and some is not.
pub(super) fn each_clipped_adjoint_step_is_one_oracle_step<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let mut problem = case.tame().at_most(6, 3, 8, 9).problem::<T>();
    let (forward, before) = (ctx.rig().forward(&problem), something(&problem, case));
    let free = ctx.rig().backward_into(&problem, &forward.reserve, &before);
    // The last slot is what was given, which nothing clips.
    let size = problem.dims.batch * problem.dims.hidden;
    let last = ends(&problem).1 * size..(ends(&problem).1 + 1) * size;
    let mut sizes: Vec<T> =
        free.trace.iter().enumerate().filter(|(i, _)| !last.contains(i)).map(|(_, d)| d.abs()).collect();
    sizes.retain(|&d| d > T::ZERO && d.is_finite());
    sizes.sort_by(|a, b| a.to_f64().total_cmp(&b.to_f64()));
    let Some(&limit) = sizes.get(sizes.len() / 2) else { return Err(Stop::Skip("nothing goes back")) };
    problem.clip = Some(limit);
    let clipped = ctx.rig().backward_into(&problem, &forward.reserve, &before);
    adjoint_residual(ctx, &problem, &forward, &clipped, &before)
}

pub(super) fn a_limit_that_nothing_reaches_changes_no_bit<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let free = case.at_most(6, 3, 8, 9).problem::<T>();
    let limited = Problem { clip: Some(T::from_f64(f64::INFINITY)), ..free.clone() };
    let (forward, before) = (ctx.rig().forward(&free), something(&free, case));
    let [free_of, limited] = [&free, &limited]
        .map(|problem| Results::of(forward.clone(), ctx.rig().backward_into(problem, &forward.reserve, &before)));
    same_bits(&free, &limited, &free_of)
}
