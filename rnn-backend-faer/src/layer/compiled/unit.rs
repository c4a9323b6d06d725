//! One unit of a stage, forward and backward, for a lane of a vector.

use rnn_kernels::{Equations, Number, Unit};

use super::Compile;
use super::lane::Lane;
use super::local::{DIRECTIONS, Local, Row, each};
use crate::simd::Real;

/// What is kept and what is written.
#[inline(always)]
pub fn forward<C: Compile, T: Real, const S: usize, const P: usize, const R: usize, const V: usize, const W: usize>(
    pre: [T; P],
    reads: [T; R],
    vectors: [T; V],
) -> ([T; P], [T; W]) {
    let zero = Lane(T::ZERO);
    let (mut pre_lanes, mut read_lanes, mut vector_lanes) = ([zero; P], [zero; R], [zero; V]);
    let _ = each!(J => {
        if const { J < P } {
            pre_lanes[J] = Lane(pre[J]);
        }
        if const { J < R } {
            read_lanes[J] = Lane(reads[J]);
        }
        if const { J < V } {
            vector_lanes[J] = Lane(vectors[J]);
        }
    });
    let (mut kept_lanes, mut write_lanes) = ([zero; P], [zero; W]);
    let mut unit = Unit::new(&pre_lanes, &read_lanes, &vector_lanes, &mut kept_lanes, &mut write_lanes);
    C::CELL.unit(S, &mut unit);
    let (mut kept, mut writes) = (pre, [T::ZERO; W]);
    let _ = each!(J => {
        if const { J < P } {
            kept[J] = kept_lanes[J].0;
        }
        if const { J < W } {
            writes[J] = write_lanes[J].0;
        }
    });
    (kept, writes)
}

/// What a pullback reads of one unit.
#[derive(Clone, Copy, Debug)]
pub struct Saved<T, const P: usize, const R: usize, const V: usize, const W: usize> {
    pub kept: [T; P],
    pub reads: [T; R],
    pub vectors: [T; V],
    pub writes: [T; W],
    pub d_writes: [T; W],
}

/// The cotangents of pre-activations, reads and vectors, 0 where nothing depends on them.
#[inline(always)]
pub fn backward<C: Compile, T: Real, const S: usize, const P: usize, const R: usize, const V: usize, const W: usize>(
    saved: Saved<T, P, R, V, W>,
) -> ([T; P], [T; R], [T; V]) {
    let none = Local::<T, P, R, V, W>::constant(0.0);
    let (read, vector, kept, write) = (P, P + R, P + R + V, 2 * P + R + V);
    let (mut pres, mut reads, mut vectors) = ([none; P], [none; R], [none; V]);
    let (mut made_kept, mut made_writes) = ([none; P], [none; W]);
    // Of a pre-activation nobody needs the value but where it is kept as it is: `Cell::new` sees to that.
    let _ = each!(J => {
        if const { J < P } {
            pres[J] = Local::operand(saved.kept[J], J);
            made_kept[J] = Local::operand(saved.kept[J], kept + J);
        }
        if const { J < R } {
            reads[J] = Local::operand(saved.reads[J], read + J);
        }
        if const { J < V } {
            vectors[J] = Local::operand(saved.vectors[J], vector + J);
        }
        if const { J < W } {
            made_writes[J] = Local::operand(saved.writes[J], write + J);
        }
    });
    let mut unit = Unit::over_results(&pres, &reads, &vectors, &mut made_kept, &mut made_writes);
    C::CELL.unit(S, &mut unit);
    // Of each cut, the derivatives of what it was made of; once, before they are put in order.
    let (mut of_kept, mut of_writes) = ([Row::NONE; P], [Row::NONE; W]);
    let _ = each!(J => {
        if const { J < P } {
            of_kept[J] = made_kept[J].slopes(saved.kept[J]);
        }
        if const { J < W } {
            of_writes[J] = made_writes[J].slopes(saved.writes[J]);
        }
    });
    let mut d = Row::NONE;
    let _ = each!(J => if const { J < W } {
        d.of[(write + J) % DIRECTIONS] = saved.d_writes[J];
        d.set |= 1 << (write + J);
    });
    // What lies above the most cuts goes first; there are less of them than cuts.
    let _ = each!(UP => if const { UP < P + W } {
        let depth = P + W - 1 - UP;
        let _ = each!(J => {
            if const { J < W } {
                let turn = made_writes[J].depth as usize == depth;
                sweep::<T, P, R, V, W>(turn, &mut d, (write + J) % DIRECTIONS, &of_writes[J]);
            }
            if const { J < P } {
                let turn = made_kept[J].depth as usize == depth;
                sweep::<T, P, R, V, W>(turn, &mut d, (kept + J) % DIRECTIONS, &of_kept[J]);
            }
        });
    });
    let (mut d_pre, mut d_reads, mut d_vectors) = (saved.kept, saved.reads, saved.vectors);
    let _ = each!(J => {
        if const { J < P } {
            d_pre[J] = of(&d, J);
        }
        if const { J < R } {
            d_reads[J] = of(&d, (read + J) % DIRECTIONS);
        }
        if const { J < V } {
            d_vectors[J] = of(&d, (vector + J) % DIRECTIONS);
        }
    });
    (d_pre, d_reads, d_vectors)
}

#[inline(always)]
fn of<T: Real>(d: &Row<T>, at: usize) -> T {
    T::choose(d.has(at), d.of[at], T::ZERO)
}

/// Gives the cotangent of a cut to what it was made of, if it is its turn. A pre-activation that is kept as it is has no cut of
/// its own.
#[inline(always)]
fn sweep<T: Real, const P: usize, const R: usize, const V: usize, const W: usize>(
    turn: bool,
    d: &mut Row<T>,
    at: usize,
    row: &Row<T>,
) {
    let (of, turn) = (d.of[at], turn & d.has(at));
    let _ = each!(K => if const { K < 2 * P + R + V + W } {
        let given = turn & row.has(K);
        // The first part is a product: it is added to −0.
        d.of[K] = T::choose(given, of.mul_add(row.of[K], d.of[K]), d.of[K]);
        d.set |= u32::from(given) << K;
    });
}
