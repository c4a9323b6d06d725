//! Which magnitudes a sweep looks at: runs of neighbours.

use super::Extent;
use super::magnitude::Magnitudes;
use crate::case::Stream;

/// `len` neighbouring magnitudes, each with both signs. All are finite or all are NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Run {
    pub from: u64,
    pub len: usize,
}

/// Longest run: what stays in the first two caches with all that is kept about it, and less than a cell of the curve.
const LONGEST: u64 = 1 << 13;

/// `[from, to)` in pieces of `length`, cut at multiples of it.
fn pieces(from: u64, to: u64, length: u64) -> impl Iterator<Item = Run> {
    (from..to).step_by(index(length)).map(move |from| Run { from, len: index(length.min(to - from)) })
}

fn index(n: u64) -> usize {
    usize::try_from(n).expect("no more than can be counted")
}

/// `width` magnitudes around a number, as far as they are finite.
fn around<T: Magnitudes>(x: T, width: u64) -> Run {
    let from = x.bits().saturating_sub(width / 2).min(T::FINITE - width);
    Run { from, len: index(width) }
}

/// Where piecewise formulas change from one piece to the next.
fn break_points() -> Vec<f64> {
    let multiples = |step: f64, count: u32| (1..=count).map(move |k| step * f64::from(k));
    let powers = (-60..=10).map(|e| 2f64.powi(e));
    // Saturation of tanh (f32 9.01, f64 19.06) and σ (f32 17.3, f64 36.7); underflow of σ (f32 87.3 to 104, f64 708.4 to
    // 745.2); overflow of e^x (88.72, 709.78); limits that implementers round these to.
    let limits = [
        9.0109, 9.01091, 10.0, 17.3286, 18.0, 18.714, 19.0, 19.0615, 20.0, 22.0, 36.7368, 37.0, 37.4299, 40.0, 44.0,
        87.0, 87.3365, 88.0, 88.3762, 88.7228, 89.0, 103.2789, 103.9721, 104.0, 105.0, 708.0, 708.3964, 709.0895,
        709.7827, 710.0, 744.4400, 745.1332, 746.0,
    ];
    multiples(std::f64::consts::LN_2 / 4.0, 4304).chain(powers).chain(limits).collect()
}

pub(super) fn of_f32(extent: Extent) -> Vec<Run> {
    if extent == Extent::Exhaustive {
        let nan = pieces(f32::FINITE + 1, f32::ALL, LONGEST);
        return pieces(0, f32::FINITE, LONGEST).chain(nan).collect();
    }
    let mut stream = Stream::new(3, 51);
    let mut runs = Vec::new();
    // One run somewhere in each of 2⁵ parts of every binade.
    let (part, len) = (1u64 << 18, 256);
    for from in (0..f32::FINITE).step_by(index(part)) {
        runs.push(Run { from: from + stream.next() % (part - len), len: index(len) });
    }
    #[expect(clippy::cast_possible_truncation, reason = "the nearest f32 is what is meant")]
    let points = break_points().into_iter().map(|x| x as f32).filter(|&x| x < 128.0);
    runs.extend(points.map(|x| around(x, 64)));
    runs.extend([0.0, f32::MIN_POSITIVE, f32::MAX].map(|x| around(x, 1024)));
    runs.push(Run { from: f32::FINITE + 1, len: 64 });
    runs.push(Run { from: f32::ALL - 64, len: 64 });
    runs
}

pub(super) fn of_f64(extent: Extent) -> Vec<Run> {
    let more: u64 = if extent == Extent::Exhaustive { 64 } else { 1 };
    let width = if more > 1 { 64 } else { 8 };
    let mut stream = Stream::new(3, 52);
    let mut runs = Vec::new();
    // Where either function bends, and beyond, every binade.
    let binade = 1u64 << 52;
    for from in (0..f64::FINITE).step_by(index(binade)) {
        for _ in 0..more {
            runs.push(Run { from: from + stream.next() % (binade - 8), len: 8 });
        }
    }
    for (limit, count) in [(1.0, 2000), (45.0, 4000), (750.0, 2000)] {
        for _ in 0..more * count {
            runs.push(around(stream.signed().abs() * limit, 8));
        }
    }
    runs.extend(break_points().into_iter().map(|x| around(x, width)));
    runs.extend([0.0, f64::MIN_POSITIVE, f64::MAX].map(|x| around(x, 256)));
    runs.push(Run { from: f64::FINITE + 1, len: 64 });
    runs.push(Run { from: f64::ALL - 64, len: 64 });
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exhaustive_runs_of_f32_are_every_magnitude_but_infinity_once() {
        let runs = of_f32(Extent::Exhaustive);
        let mut next = 0;
        for Run { from, len } in runs {
            assert_eq!(from, if next == f32::FINITE { next + 1 } else { next });
            next = from + len as u64;
        }
        assert_eq!(next, f32::ALL);
    }

    #[test]
    fn no_run_crosses_infinity() {
        let crosses = |finite: u64, all: u64, run: &Run| {
            let last = run.from + run.len as u64 - 1;
            !(last < finite || (run.from > finite && last < all))
        };
        for extent in [Extent::Sampled, Extent::Exhaustive] {
            assert!(!of_f32(extent).iter().any(|run| crosses(f32::FINITE, f32::ALL, run)));
        }
        assert!(!of_f64(Extent::Sampled).iter().any(|run| crosses(f64::FINITE, f64::ALL, run)));
        assert!(crosses(f32::FINITE, f32::ALL, &Run { from: f32::FINITE - 1, len: 2 }));
    }
}
