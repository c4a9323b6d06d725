//! `y = x_forward ∘ x_reverse`: both directions of a layer as one, and its pullback.

use crate::network::config::Merge;
use crate::network::reach::Reach;
use rnn_kernels::{MatMut, MatRef, Scalar};

/// `y = merge(a, b)` of `x = [a, b]`: `x [M, 2·P]`, `y [M, P]` overwritten.
pub(in crate::network) fn forward<T: Scalar>(merge: Merge, x: MatRef<'_, T>, mut y: MatMut<'_, T>) {
    let (p, half) = (y.cols(), T::from_f64(0.5));
    for m in 0..y.rows() {
        let (a, b) = x.row(m).split_at(p);
        let y = y.row_mut(m).iter_mut().zip(a.iter().zip(b));
        match merge {
            Merge::Concat => unreachable!("the plan has no stage for what a layer writes"),
            Merge::Sum => y.for_each(|(y, (&a, &b))| *y = a + b),
            Merge::Average => y.for_each(|(y, (&a, &b))| *y = half * (a + b)),
            Merge::Product => y.for_each(|(y, (&a, &b))| *y = a * b),
        }
    }
}

/// `d_x = [d_a, d_b]`, overwritten: `d_y` twice, its half twice, or `[d_y ⊙ b, d_y ⊙ a]`.
///
/// `d_x` is 0 in the rows that `d_y` cannot reach, whatever `a` and `b` are there.
pub(in crate::network) fn backward<T: Scalar>(
    merge: Merge,
    x: MatRef<'_, T>,
    d_y: MatRef<'_, T>,
    mut d_x: MatMut<'_, T>,
    (reach, rows): (Reach<'_>, usize),
) {
    let (p, half) = (d_y.cols(), T::from_f64(0.5));
    for m in 0..d_y.rows() {
        let (a, b) = x.row(m).split_at(p);
        let (d_a, d_b) = d_x.row_mut(m).split_at_mut(p);
        let d = d_a.iter_mut().zip(d_b).zip(d_y.row(m));
        match merge {
            Merge::Concat => unreachable!("the plan has no stage for what a layer writes"),
            Merge::Sum => d.for_each(|((d_a, d_b), &d_y)| (*d_a, *d_b) = (d_y, d_y)),
            Merge::Average => d.for_each(|((d_a, d_b), &d_y)| (*d_a, *d_b) = (half * d_y, half * d_y)),
            Merge::Product => {
                d.zip(a.iter().zip(b)).for_each(|(((d_a, d_b), &d_y), (&a, &b))| (*d_a, *d_b) = (d_y * b, d_y * a));
            }
        }
    }
    reach.clear(d_x, rows);
}
