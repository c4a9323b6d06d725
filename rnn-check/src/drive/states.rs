//! States as the kernels take them: `[N, W₀]`, then `[N, W₁]`, … one after another; the suite has `h` and all others side by side.

use super::{Guarded, Place};
use crate::case::Problem;
use crate::real::Real;

/// `h [N, H]` and the others `[N, R]` as the kernels take them; `None` if both are.
pub(super) fn joined<T: Real>(problem: &Problem<T>, h: &Option<Vec<T>>, c: &Option<Vec<T>>) -> Option<Vec<T>> {
    if h.is_none() && c.is_none() {
        return None;
    }
    let (hidden, rest, rows) = (problem.dims.hidden, problem.rest(), problem.dims.batch);
    let mut all = h.clone().unwrap_or_else(|| vec![T::ZERO; rows * hidden]);
    let c = c.clone().unwrap_or_else(|| vec![T::ZERO; rows * rest]);
    for k in 0..problem.cell.others() {
        let other = problem.cell.other(k, hidden);
        all.extend((0..rows).flat_map(|n| c[n * rest..][other.clone()].iter().copied()));
    }
    Some(all)
}

/// The same back: `h [N, H]`, the others `[N, R]`.
pub(super) fn parted<T: Real>(problem: &Problem<T>, all: &[T]) -> [Vec<T>; 2] {
    let (hidden, rows) = (problem.dims.hidden, problem.dims.batch);
    let (h, others) = all.split_at(all.len().min(rows * hidden));
    let unit = |n: usize, k: usize| {
        let other = problem.cell.other(k, hidden);
        others.get(other.start * rows + n * other.len()..).unwrap_or_default().get(..other.len()).unwrap_or_default()
    };
    let rest = (0..rows).flat_map(|n| (0..problem.cell.others()).flat_map(move |k| unit(n, k).iter().copied()));
    [h.to_vec(), rest.collect()]
}

/// The place of all states, with `wrong` elements more.
pub(super) fn place<T: Real>(problem: &Problem<T>, wrong: usize) -> Place {
    Place::flat(problem.state_lens().iter().sum::<usize>() + wrong)
}

/// States that a pass is given.
pub(super) fn given<T: Real>(
    name: &'static str,
    problem: &Problem<T>,
    wrong: usize,
    h: &Option<Vec<T>>,
    c: &Option<Vec<T>>,
) -> Option<Guarded<T>> {
    joined(problem, h, c).map(|all| Guarded::input(name, place(problem, wrong), &all))
}
