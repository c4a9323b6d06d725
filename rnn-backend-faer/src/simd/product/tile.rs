//! A tile of C in registers: `R` rows by `P` lines of `W` vectors, held over
//! the whole depth.

use pulp::Simd;

use crate::simd::Real;
use crate::simd::vector::{Vector, line_len};

/// `P` lines of B, or of one row of C.
pub(super) type Lines<S, T, const P: usize, const W: usize> = [[<T as Vector>::V<S>; W]; P];

/// A product that can compute any tile of C.
pub(super) trait Tiles<S: Simd, T: Real, const W: usize> {
    /// Computes rows `row..row + R`, lines `line..line + P`.
    fn tile<const R: usize, const P: usize>(&mut self, row: usize, line: usize);
}

/// Covers C with tiles: few rows take many lines and many rows few, so that
/// the sums in flight hide the latency of the multiply-add and still fit the
/// registers (16 with two vectors to a line, 32 with one).
#[inline(always)]
pub(super) fn cover<S: Simd, T: Real, const W: usize>(tiles: &mut impl Tiles<S, T, W>, rows: usize, cols: usize) {
    let (most_rows, most_lines) = if W == 1 { (8, 8) } else { (6, 4) };
    let lines = cols.div_ceil(line_len::<T>());
    let at_once = match rows {
        1 => most_lines,
        2 => most_lines / 2,
        // Six sums would wait for each other: two multiply-adds begin at once, and each takes four cycles.
        3 => most_lines / 2,
        _ => most_lines / 4,
    };
    // Tiles of nearly equal height: a last tile of one row would leave the
    // multiply-add units idle.
    let stacks = rows.div_ceil(most_rows);
    let mut line = 0;
    while line < lines {
        let mut p = at_once;
        while p > lines - line {
            p /= 2;
        }
        let mut row = 0;
        for stack in 0..stacks {
            let r = (rows - row).div_ceil(stacks - stack);
            match (r, p) {
                (1, 8) => tiles.tile::<1, 8>(row, line),
                (1, 4) => tiles.tile::<1, 4>(row, line),
                (1, 2) => tiles.tile::<1, 2>(row, line),
                (1, _) => tiles.tile::<1, 1>(row, line),
                (2, 4) => tiles.tile::<2, 4>(row, line),
                (2, 2) => tiles.tile::<2, 2>(row, line),
                (2, _) => tiles.tile::<2, 1>(row, line),
                (3, 4) => tiles.tile::<3, 4>(row, line),
                (3, 2) => tiles.tile::<3, 2>(row, line),
                (3, _) => tiles.tile::<3, 1>(row, line),
                (4, 2) => tiles.tile::<4, 2>(row, line),
                (4, _) => tiles.tile::<4, 1>(row, line),
                (5, 2) => tiles.tile::<5, 2>(row, line),
                (5, _) => tiles.tile::<5, 1>(row, line),
                (6, 2) => tiles.tile::<6, 2>(row, line),
                (6, _) => tiles.tile::<6, 1>(row, line),
                (7, 2) => tiles.tile::<7, 2>(row, line),
                (7, _) => tiles.tile::<7, 1>(row, line),
                (_, 2) => tiles.tile::<8, 2>(row, line),
                (_, _) => tiles.tile::<8, 1>(row, line),
            }
            row += r;
        }
        line += p;
    }
}

/// `R` rows of A from `row` on, each exactly `depth` long.
#[inline(always)]
pub(super) fn rows_of<T, const R: usize>(a: &[T], stride: usize, row: usize, depth: usize) -> [&[T]; R] {
    let mut rows: [&[T]; R] = [&[]; R];
    for r in 0..R {
        rows[r] = &a[(row + r) * stride..][..depth];
    }
    rows
}

/// All sums zero.
#[inline(always)]
pub(super) fn zero<S: Simd, T: Real, const R: usize, const P: usize, const W: usize>(
    simd: S,
) -> [Lines<S, T, P, W>; R] {
    [[[T::splat(simd, T::ZERO); W]; P]; R]
}

/// `sums[r] += a[r]·b`: one step along the depth. The fewer of the two factors stay in registers while the others pass.
#[inline(always)]
pub(super) fn step<S: Simd, T: Real, const R: usize, const P: usize, const W: usize>(
    simd: S,
    sums: &mut [Lines<S, T, P, W>; R],
    a: [T; R],
    b: Lines<S, T, P, W>,
) {
    if R < P * W {
        let mut x = [T::splat(simd, T::ZERO); R];
        for r in 0..R {
            x[r] = T::splat(simd, a[r]);
        }
        for p in 0..P {
            for w in 0..W {
                for r in 0..R {
                    sums[r][p][w] = T::fused(simd, x[r], b[p][w], sums[r][p][w]);
                }
            }
        }
        return;
    }
    for r in 0..R {
        let x = T::splat(simd, a[r]);
        for p in 0..P {
            for w in 0..W {
                sums[r][p][w] = T::fused(simd, x, b[p][w], sums[r][p][w]);
            }
        }
    }
}

/// At most `P` lines of a row of C or of B, zero beyond its end.
#[inline(always)]
pub(super) fn load<S: Simd, T: Real, const P: usize, const W: usize>(simd: S, row: &[T]) -> Lines<S, T, P, W> {
    let mut lines = [[T::splat(simd, T::ZERO); W]; P];
    let (vectors, rest) = T::vectors::<S>(row);
    if vectors.len() >= P * W {
        for p in 0..P {
            for w in 0..W {
                lines[p][w] = vectors[p * W + w];
            }
        }
        return lines;
    }
    for p in 0..P {
        for w in 0..W {
            let v = p * W + w;
            if v < vectors.len() {
                lines[p][w] = vectors[v];
            } else if v == vectors.len() {
                lines[p][w] = T::load_part(simd, rest);
            }
        }
    }
    lines
}

/// Writes the tile to C, leaving out the columns beyond `N`.
#[inline(always)]
pub(super) fn store<S: Simd, T: Real, const R: usize, const P: usize, const W: usize>(
    simd: S,
    c: &mut [T],
    c_stride: usize,
    cols: usize,
    row: usize,
    line: usize,
    sums: [Lines<S, T, P, W>; R],
) {
    let lanes = line_len::<T>() / W;
    let first = line * line_len::<T>();
    let width = (cols - first).min(P * line_len::<T>());
    for r in 0..R {
        let (whole, part) = T::vectors_mut::<S>(&mut c[(row + r) * c_stride + first..][..width]);
        if whole.len() >= P * W {
            for p in 0..P {
                for w in 0..W {
                    whole[p * W + w] = sums[r][p][w];
                }
            }
            continue;
        }
        for p in 0..P {
            for w in 0..W {
                let v = p * W + w;
                if v < whole.len() {
                    whole[v] = sums[r][p][w];
                } else if v == whole.len() && v * lanes < width {
                    T::store_part(simd, part, sums[r][p][w]);
                }
            }
        }
    }
}

/// Runs `$body` with `W`, the vectors in a line, as a constant.
macro_rules! with_vectors_per_line {
    ($s:ty, $t:ty, $call:ident($($arg:expr),*)) => {
        match size_of::<<$t as $crate::simd::vector::Vector>::V<$s>>() {
            64 => $call::<$s, $t, 1>($($arg),*),
            32 => $call::<$s, $t, 2>($($arg),*),
            bytes => unreachable!("no instruction set in use has vectors of {bytes} bytes"),
        }
    };
}
pub(super) use with_vectors_per_line;
