//! `to[i] = from[start + Σ iₐ · strideₐ]`: all rearrangements of elements, and the rules of broadcasting.

use super::tensor::MOST_AXES;
use crate::error::{Error, Result};

/// A number for each axis.
pub(super) type Axes<T> = [T; MOST_AXES];

/// The strides of a row-major tensor.
pub(super) fn strides(shape: &[usize]) -> Axes<isize> {
    let mut strides = [0; MOST_AXES];
    let mut stride = 1_isize;
    for (axis, &len) in shape.iter().enumerate().rev() {
        strides[axis] = stride;
        // What does not fit belongs to a tensor without elements, which nobody walks.
        stride = isize::wrapping_mul(stride, len.cast_signed());
    }
    strides
}

/// The axis that a number stands for; below 0 it is counted from the end.
pub(super) fn axis(what: &str, axis: i64, rank: usize) -> Result<usize> {
    let at = usize::try_from(axis).ok().or_else(|| {
        let back = usize::try_from(axis.unsigned_abs()).ok()?;
        rank.checked_sub(back)
    });
    at.filter(|&at| at < rank).ok_or_else(|| Error::range(what, format!("an axis of {rank}"), axis))
}

/// Elements of `from` in the order of an output of this shape, by strides of `from`.
///
/// Every place that the strides lead to must exist.
pub(super) fn copy<T: Copy>(to: &mut [T], shape: &[usize], from: &[T], start: isize, strides: &Axes<isize>) {
    let Some((&inner, outer)) = shape.split_last() else {
        to[0] = from[start.cast_unsigned()];
        return;
    };
    if to.is_empty() {
        return;
    }
    let step = strides[outer.len()];
    let mut places = Places::new(outer, [start], [strides]);
    for row in to.chunks_exact_mut(inner) {
        let [at] = places.next();
        if step == 1 {
            row.copy_from_slice(&from[at.cast_unsigned()..][..inner]);
        } else {
            let mut at = at;
            for y in row {
                *y = from[at.cast_unsigned()];
                at += step;
            }
        }
    }
}

/// `to = f(a, b)` by strides of both, where one of 0 repeats an element.
pub(super) fn zip<T: Copy>(
    to: &mut [T],
    shape: &[usize],
    (a, a_strides): (&[T], &Axes<isize>),
    (b, b_strides): (&[T], &Axes<isize>),
    f: impl Fn(T, T) -> T,
) {
    let Some((&inner, outer)) = shape.split_last() else {
        to[0] = f(a[0], b[0]);
        return;
    };
    if to.is_empty() {
        return;
    }
    let steps = [a_strides, b_strides].map(|strides| strides[outer.len()]);
    let mut places = Places::new(outer, [0, 0], [a_strides, b_strides]);
    for row in to.chunks_exact_mut(inner) {
        let [a_at, b_at] = places.next().map(isize::cast_unsigned);
        match steps {
            [1, 1] => row.iter_mut().zip(&a[a_at..]).zip(&b[b_at..]).for_each(|((y, &a), &b)| *y = f(a, b)),
            [1, 0] => row.iter_mut().zip(&a[a_at..]).for_each(|(y, &a)| *y = f(a, b[b_at])),
            [0, 1] => row.iter_mut().zip(&b[b_at..]).for_each(|(y, &b)| *y = f(a[a_at], b)),
            _ => row.iter_mut().for_each(|y| *y = f(a[a_at], b[b_at])),
        }
    }
}

/// The shape that two tensors have together. Axes are matched from the last one, and those of length 1 are repeated.
pub(super) fn broadcast(what: &str, a: &[usize], b: &[usize]) -> Result<(Axes<usize>, usize)> {
    let rank = a.len().max(b.len());
    let mut shape = [1; MOST_AXES];
    for axis in 0..rank {
        let of = |x: &[usize]| (axis + x.len()).checked_sub(rank).map_or(1, |at| x[at]);
        shape[axis] = match (of(a), of(b)) {
            (m, n) if m == n => m,
            (1, n) => n,
            (m, 1) => m,
            _ => return Err(Error::shape(what, a, b)),
        };
    }
    Ok((shape, rank))
}

/// The strides of a tensor of shape `x` seen in a shape that it is broadcast to.
pub(super) fn repeated(x: &[usize], rank: usize) -> Axes<isize> {
    let (own, mut seen) = (strides(x), [0; MOST_AXES]);
    for (axis, &len) in x.iter().enumerate() {
        if len != 1 {
            seen[axis + rank - x.len()] = own[axis];
        }
    }
    seen
}

/// Where the rows of a walk begin, one after another.
struct Places<'a, const K: usize> {
    shape: &'a [usize],
    strides: [&'a Axes<isize>; K],
    index: Axes<usize>,
    at: [isize; K],
}

impl<'a, const K: usize> Places<'a, K> {
    fn new(shape: &'a [usize], at: [isize; K], strides: [&'a Axes<isize>; K]) -> Self {
        Self { shape, strides, index: [0; MOST_AXES], at }
    }

    fn next(&mut self) -> [isize; K] {
        let here = self.at;
        for axis in (0..self.shape.len()).rev() {
            self.index[axis] += 1;
            let done = self.index[axis] == self.shape[axis];
            for k in 0..K {
                let stride = self.strides[k][axis];
                self.at[k] += if done { stride * (1 - self.shape[axis].cast_signed()) } else { stride };
            }
            if !done {
                break;
            }
            self.index[axis] = 0;
        }
        here
    }
}

#[cfg(test)]
mod tests {
    use super::{axis, broadcast, copy, repeated, strides, zip};

    #[test]
    fn strides_of_a_permutation_transpose() {
        let own = strides(&[2, 3, 4]);
        let from: Vec<usize> = (0..24).collect();
        let mut permuted = own;
        (permuted[0], permuted[1], permuted[2]) = (own[2], own[0], own[1]);
        let mut to = vec![0; 24];
        copy(&mut to, &[4, 2, 3], &from, 0, &permuted);
        for (i, j, k) in (0..4).flat_map(|i| (0..2).flat_map(move |j| (0..3).map(move |k| (i, j, k)))) {
            assert_eq!(to[(i * 2 + j) * 3 + k], (j * 3 + k) * 4 + i);
        }
    }

    #[test]
    fn a_negative_stride_reverses() {
        let mut back = strides(&[5]);
        back[0] = -2;
        let mut to = [0; 3];
        copy(&mut to, &[3], &[0, 1, 2, 3, 4], 4, &back);
        assert_eq!(to, [4, 2, 0]);
    }

    #[test]
    fn axes_of_length_one_are_repeated_and_others_must_agree() {
        let (shape, rank) = broadcast("x", &[2, 1, 3], &[4, 1]).unwrap();
        assert_eq!(&shape[..rank], [2, 4, 3]);
        let (a, b) = ([1, 2, 3, 4, 5, 6], [10, 20, 30, 40]);
        let mut to = [0; 24];
        zip(&mut to, &shape[..rank], (&a, &repeated(&[2, 1, 3], 3)), (&b, &repeated(&[4, 1], 3)), |a, b| a + b);
        assert_eq!(to[..6], [11, 12, 13, 21, 22, 23]);
        assert_eq!(to[18..], [34, 35, 36, 44, 45, 46]);
        assert!(broadcast("x", &[2], &[3]).is_err());
    }

    #[test]
    fn axes_are_counted_from_either_end() {
        assert_eq!((axis("a", 0, 3).unwrap(), axis("a", -1, 3).unwrap(), axis("a", -3, 3).unwrap()), (0, 2, 0));
        for wrong in [3, -4, i64::MAX, i64::MIN] {
            assert!(axis("a", wrong, 3).is_err());
        }
    }
}
