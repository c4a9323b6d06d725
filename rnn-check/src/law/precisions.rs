//! Two instances of one backend: what f32 computes is what f64 computes, within both bounds.

use super::Context;
use super::alike::{run, trajectory};
use crate::case::{Case, covering};
use crate::claims::Claims;
use crate::plan::Plan;
use rnn_kernels::{Accum, Backend};

/// `|f32 − f64| ≤` the sum of both trajectories' bounds, element by element, forward and backward: no option is computed in one
/// format and forgotten in the other. Returns how many numbers were compared.
///
/// # Errors
/// The first element that is further away, with its case.
pub fn single_follows_double(
    single: &dyn Backend<f32>,
    double: &dyn Backend<f64>,
    claims: &Claims,
    plan: &Plan,
) -> Result<usize, String> {
    let (p32, p64) = (claims.precision::<f32>(), claims.precision::<f64>());
    let narrow = Context { backend: single, claims, count: None, precision: &p32 };
    let wide = Context { backend: double, claims, count: None, precision: &p64 };
    let mut compared = 0;
    for case in covering().iter().step_by(plan.stride) {
        let case = Case { d_x: Accum::Replace, ..case.tame().at_most(4, 3, 8, 8) };
        let problem = case.problem::<f32>();
        let same_in_f64 = problem.map(f64::from);
        let (a, b) = (run(&narrow, &problem), run(&wide, &same_in_f64));
        let (bound_a, bound_b) = (trajectory(&narrow, &problem), trajectory(&wide, &same_in_f64));
        let errors = bound_a.errors().into_iter().zip(bound_b.errors()).map(|(a, b)| a + b);
        let values = a.all().into_iter().map(f64::from).zip(b.all()).zip(errors);
        for (i, ((a, b), error)) in values.enumerate() {
            let agree = (a - b).abs() <= error; // false for NaN
            if !agree {
                return Err(format!(
                    "{single:?} and {double:?}\n case {case}\n element {i} of y h_n c_n d_x d_h0 d_c0 d_params: \
                     {a:e} in f32, {b:e} in f64, bound {error:e}"
                ));
            }
            compared += 1;
        }
    }
    Ok(compared)
}
