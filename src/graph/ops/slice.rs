//! `y = x[start : end : step]` along some axes.

use super::super::room::Room;
use super::super::tensor::{Data, MOST_AXES, Tensor};
use super::super::walk::{axis as axis_at, copy, strides};
use super::{Inputs, alike};
use crate::error::{Error, Result, check_len};

/// Starts and ends below 0 are counted from the end of the axis. Those beyond either end of it are moved to that end.
pub(super) fn slice(read: &Inputs<'_>, y: &mut Tensor, room: &mut Room) -> Result<()> {
    let (x, starts, ends) = (read.at(0)?, read.at(1)?, read.at(2)?);
    let (axes, steps) = (read.get(3), read.get(4));
    let count = starts.len();
    for (what, other) in [("ends", Some(ends)), ("axes", axes), ("steps", steps)] {
        other.map_or(Ok(()), |other| check_len(what, count, other.len()))?;
    }
    if count > x.rank() {
        return Err(Error::range("axes to slice", format!("at most {}", x.rank()), count));
    }
    let mut numbers = [[0_i64; MOST_AXES], [0; MOST_AXES], [0, 1, 2, 3, 4, 5, 6, 7], [1; MOST_AXES]];
    for (numbers, given) in numbers.iter_mut().zip([Some(starts), Some(ends), axes, steps]) {
        if let Some(given) = given {
            given.whole("bounds of a slice")?.zip(numbers).for_each(|(from, to)| *to = from);
        }
    }
    let [starts, ends, axes, steps] = numbers;
    let own = strides(x.shape());
    let (mut shape, mut taken, mut seen) = ([0; MOST_AXES], own, [false; MOST_AXES]);
    shape[..x.rank()].copy_from_slice(x.shape());
    let mut at = 0;
    for k in 0..count {
        let axis = axis_at("axis to slice", axes[k], x.rank())?;
        if std::mem::replace(&mut seen[axis], true) {
            return Err(Error::range("axes to slice", "different ones", format!("{:?}", &axes[..count])));
        }
        let (first, len) = bounds(x.shape()[axis], starts[k], ends[k], steps[k])?;
        shape[axis] = len;
        // These wrap only for a tensor without elements, which is not walked. A step that no second element makes may be of any size.
        at = isize::wrapping_add(at, own[axis].wrapping_mul(first.cast_signed()));
        taken[axis] = if len > 1 { own[axis].wrapping_mul(isize::try_from(steps[k]).unwrap_or(0)) } else { 0 };
    }
    let shape = &shape[..x.rank()];
    y.reset(x.kind(), shape, room)?;
    if y.len() > 0 {
        alike!(x, y, |x, y| copy(y, shape, x, at, &taken));
    }
    Ok(())
}

/// The first place and how many there are: as in Python, except that a slice that steps back begins on the axis, at 0 if its start lies before.
fn bounds(len: usize, start: i64, end: i64, step: i64) -> Result<(usize, usize)> {
    if step == 0 {
        return Err(Error::range("step of a slice", "another number than 0", step));
    }
    let n = i128::try_from(len).unwrap_or(i128::MAX);
    let counted = |at: i64| i128::from(at) + if at < 0 { n } else { 0 };
    if n == 0 {
        return Ok((0, 0));
    }
    let (first, way) = if step > 0 {
        let first = counted(start).clamp(0, n);
        (first, counted(end).clamp(0, n) - first)
    } else {
        let first = counted(start).clamp(0, n - 1);
        (first, first - counted(end).clamp(-1, n - 1))
    };
    if way <= 0 {
        return Ok((0, 0));
    }
    let size = i128::from(step.unsigned_abs());
    let count = (way + size - 1) / size;
    Ok((usize::try_from(first).unwrap_or(0), usize::try_from(count).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::bounds;

    #[test]
    fn bounds_are_those_of_the_text_of_onnx() {
        // list(range(5))[start:end:step], and ONNX Runtime for the two that begin before the axis and step back
        let cases: [(i64, i64, i64, &[usize]); 14] = [
            (0, 5, 1, &[0, 1, 2, 3, 4]),
            (1, i64::MAX, 2, &[1, 3]),
            (-2, i64::MAX, 1, &[3, 4]),
            (0, -1, 1, &[0, 1, 2, 3]),
            (4, i64::MIN, -1, &[4, 3, 2, 1, 0]),
            (-1, 0, -2, &[4, 2]),
            (i64::MAX, i64::MIN, -3, &[4, 1]),
            (3, 3, 1, &[]),
            (5, 9, 1, &[]),
            (i64::MIN, 2, 1, &[0, 1]),
            (i64::MIN, i64::MIN, -1, &[0]),
            (-6, i64::MIN, -2, &[0]),
            (-6, 0, -1, &[]),
            (0, 1, i64::MAX, &[0]),
        ];
        for (start, end, step, expected) in cases {
            let (first, len) = bounds(5, start, end, step).unwrap();
            let at = |k: usize| usize::try_from(first as i64 + k as i64 * step).unwrap();
            let found: Vec<_> = (0..len).map(at).collect();
            assert_eq!(found, expected, "{start}:{end}:{step}");
        }
        assert!(bounds(5, 0, 5, 0).is_err());
        assert_eq!(bounds(0, 0, i64::MAX, 1).unwrap().1, 0);
        assert_eq!(bounds(0, -1, i64::MIN, -1).unwrap().1, 0);
    }
}
