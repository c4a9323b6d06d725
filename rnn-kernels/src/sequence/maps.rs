//! `out[a, b, c] = v[a, c]` and its transpose `out[a, c] = Σ_b v[a, b, c]`: the fixed maps of a stage, for rows that follow each other.

use crate::accum::Accum;
use crate::plan::{Axes, Way};
use crate::scalar::Scalar;
use crate::view::{MatMut, MatRef};

/// `to (+)= F · v`, row by row: the map of a stage.
///
/// # Panics
/// If `to` and `v` have not the widths of its sides, or not the same rows.
pub fn forward<T: Scalar>(way: Way, axes: Axes, to: MatMut<'_, T>, accum: Accum, v: MatRef<'_, T>) {
    match way {
        Way::Spread => spread(axes, T::ONE, to, accum, v),
        Way::Sum => sum(axes, T::ONE, to, accum, v),
        Way::Mean => sum(axes, share(axes), to, accum, v),
    }
}

/// `d_v (+)= Fᵀ · d`, row by row.
///
/// # Panics
/// As [`forward`].
pub fn backward<T: Scalar>(way: Way, axes: Axes, d_v: MatMut<'_, T>, accum: Accum, d: MatRef<'_, T>) {
    match way {
        Way::Spread => sum(axes, T::ONE, d_v, accum, d),
        Way::Sum => spread(axes, T::ONE, d_v, accum, d),
        Way::Mean => spread(axes, share(axes), d_v, accum, d),
    }
}

/// `1 / B`.
fn share<T: Scalar>(axes: Axes) -> T {
    #[allow(clippy::cast_precision_loss)] // a width is far below 2^53
    T::from_f64(1.0 / axes.repeats as f64)
}

/// `wide[a, b, c] (+)= s · narrow[a, c]`.
fn spread<T: Scalar>(axes: Axes, scale: T, mut wide: MatMut<'_, T>, accum: Accum, narrow: MatRef<'_, T>) {
    check(axes, wide.rb(), narrow);
    for n in 0..wide.rows() {
        let groups = wide.row_mut(n).chunks_exact_mut(axes.repeats * axes.inner);
        for (group, narrow) in groups.zip(narrow.row(n).chunks_exact(axes.inner)) {
            if let &[v] = narrow {
                group.iter_mut().for_each(|to| put(to, accum, scale * v));
            } else {
                for to in group.chunks_exact_mut(axes.inner) {
                    to.iter_mut().zip(narrow).for_each(|(to, &v)| put(to, accum, scale * v));
                }
            }
        }
    }
}

/// `narrow[a, c] (+)= s · Σ_b wide[a, b, c]`, the summands in order.
fn sum<T: Scalar>(axes: Axes, scale: T, mut narrow: MatMut<'_, T>, accum: Accum, wide: MatRef<'_, T>) {
    check(axes, wide, narrow.rb());
    for n in 0..wide.rows() {
        let groups = wide.row(n).chunks_exact(axes.repeats * axes.inner);
        for (to, group) in narrow.row_mut(n).chunks_exact_mut(axes.inner).zip(groups) {
            if let [to] = to {
                put(to, accum, scale * group.iter().fold(T::ZERO, |sum, &v| sum + v));
                continue;
            }
            if accum == Accum::Replace {
                to.fill(T::ZERO);
            }
            for wide in group.chunks_exact(axes.inner) {
                to.iter_mut().zip(wide).for_each(|(to, &v)| *to += scale * v);
            }
        }
    }
}

fn put<T: Scalar>(to: &mut T, accum: Accum, v: T) {
    match accum {
        Accum::Replace => *to = v,
        Accum::Add => *to += v,
    }
}

#[track_caller]
fn check<T>(axes: Axes, wide: MatRef<'_, T>, narrow: MatRef<'_, T>) {
    assert!(
        wide.cols() == axes.wide() && narrow.cols() == axes.narrow() && wide.rows() == narrow.rows(),
        "a fixed map is {:?} to {:?}; the axes are {axes:?}",
        narrow.shape(),
        wide.shape()
    );
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{Accum, Axes, MatMut, MatRef, Way, backward, forward};
    use std::vec;
    use std::vec::Vec;

    const AXES: Axes = Axes { outer: 2, repeats: 3, inner: 2 };

    fn mapped(way: Way, axes: Axes, v: &[f64]) -> Vec<f64> {
        let len = if way == Way::Spread { axes.wide() } else { axes.narrow() };
        let mut to = vec![f64::NAN; len];
        forward(way, axes, MatMut::new(&mut to, 1, len), Accum::Replace, MatRef::new(v, 1, v.len()));
        to
    }

    #[test]
    fn neighbours_stay_together() {
        let wide = [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 4.0, 3.0, 4.0];
        assert_eq!(mapped(Way::Spread, AXES, &[1.0, 2.0, 3.0, 4.0]), wide);
        assert_eq!(mapped(Way::Sum, AXES, &wide), [3.0, 6.0, 9.0, 12.0]);
        assert_eq!(mapped(Way::Sum, Axes { outer: 4, repeats: 3, inner: 1 }, &wide), [4.0, 5.0, 10.0, 11.0]);
        assert_eq!(mapped(Way::Mean, Axes { outer: 1, repeats: 12, inner: 1 }, &wide), [2.5]);
    }

    #[test]
    fn each_map_goes_back_by_its_transpose() {
        for way in [Way::Spread, Way::Sum, Way::Mean] {
            for axes in [AXES, Axes { inner: 1, ..AXES }, Axes { outer: 1, ..AXES }] {
                let (of, to) =
                    if way == Way::Spread { (axes.narrow(), axes.wide()) } else { (axes.wide(), axes.narrow()) };
                for (i, j) in (0..of).flat_map(|i| (0..to).map(move |j| (i, j))) {
                    let unit =
                        |len: usize, at: usize| (0..len).map(|k| f64::from(u8::from(k == at))).collect::<Vec<_>>();
                    let (mut back, mut added) = (vec![f64::NAN; of], vec![4.0; of]);
                    let d = unit(to, j);
                    backward(way, axes, MatMut::new(&mut back, 1, of), Accum::Replace, MatRef::new(&d, 1, to));
                    backward(way, axes, MatMut::new(&mut added, 1, of), Accum::Add, MatRef::new(&d, 1, to));
                    assert_eq!(back[i], mapped(way, axes, &unit(of, i))[j], "{way:?} {axes:?} {i} {j}");
                    assert_eq!(added[i], 4.0 + back[i], "{way:?} {axes:?} {i} {j}");
                }
            }
        }
    }
}
