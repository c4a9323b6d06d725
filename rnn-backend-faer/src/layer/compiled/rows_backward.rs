//! The pullback of a compiled stage on some rows of a step.

use core::marker::PhantomData;

use pulp::WithSimd;
use rnn_kernels::{Accum, MatMut, MatRef, Slot};

use super::Compile;
use super::blocks::{Of, add, block_bytes, lane, load, store};
use super::unit::{self, Saved};
use crate::layer::units_backward::{At, GROUPS, PRE, Pullback, VECTORS};
use crate::number::Number;
use crate::threads::{Tile, Tiles};

/// The pullback of stage `S`: a [`BackwardUnits`](crate::layer::units_backward::BackwardUnits).
pub fn backward<
    C: Compile,
    T: Number,
    const S: usize,
    const P: usize,
    const R: usize,
    const V: usize,
    const W: usize,
>(
    pullback: &Pullback<'_, T>,
    s: usize,
    at: At,
    first: usize,
    tiles: &mut Tiles<'_, T, GROUPS>,
    (from, to): (usize, usize),
) {
    let (plan, first, rows) = (pullback.spec.plan(), first + from, to - from);
    let stage = &plan.stages[s];
    let kept = pullback.gates(s, at.t, first, rows);
    let mut d_writes = [None; W];
    let (mut reads, mut writes) = ([MatRef::empty(); R], [MatRef::empty(); W]);
    for j in 0..W {
        writes[j] = pullback.saved(stage.writes[j], at.t, first, rows);
        d_writes[j] = Some(at.tile(stage.writes[j]));
    }
    let (mut d_reads, mut accums) = ([None; R], [Accum::Replace; R]);
    for j in 0..R {
        reads[j] = pullback.saved(stage.reads[j], at.t, first, rows);
        if !matches!(stage.reads[j], Slot::Mask(_)) {
            (d_reads[j], accums[j]) = (Some(at.tile(stage.reads[j])), stage.d_reads[j]);
        }
    }
    let (mut vectors, mut d_vector_starts) = ([&[][..]; V], [0; V]);
    for j in 0..V {
        vectors[j] = &pullback.params[stage.vectors[j].clone()];
        d_vector_starts[j] = pullback.vector_start(&stage.vectors[j]);
    }
    let always = [Tile { group: PRE, at: 0, slot: at.t }, Tile { group: VECTORS, at: 0, slot: 0 }];
    let (d_writes, [d_pre, d_vectors], d_reads) = tiles.some_apart(d_writes, always, d_reads, from, to);
    let rows = BackwardRows::<'_, _, P, R, V, W> {
        width: stage.width,
        kept,
        reads,
        vectors,
        writes,
        d_writes,
        d_pre: d_pre.cols_range(stage.cols.start, stage.cols.end),
        d_reads,
        accums,
        d_vectors,
        d_vector_starts,
    };
    pullback.simd.run(Of::<_, C, S>(rows, PhantomData));
}

struct BackwardRows<'a, T, const P: usize, const R: usize, const V: usize, const W: usize> {
    width: usize,
    kept: MatRef<'a, T>,
    reads: [MatRef<'a, T>; R],
    vectors: [&'a [T]; V],
    writes: [MatRef<'a, T>; W],
    d_writes: [MatRef<'a, T>; W],
    d_pre: MatMut<'a, T>,
    /// Empty where a mask is read.
    d_reads: [MatMut<'a, T>; R],
    accums: [Accum; R],
    d_vectors: MatMut<'a, T>,
    d_vector_starts: [usize; V],
}

impl<C: Compile, T: Number, const S: usize, const P: usize, const R: usize, const V: usize, const W: usize> WithSimd
    for Of<BackwardRows<'_, T, P, R, V, W>, C, S>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<I: pulp::Simd>(mut self, _: I) {
        let rows = &mut self.0;
        for n in 0..rows.d_pre.rows() {
            let mut operands = Operands {
                kept: rows.kept.row(n),
                reads: [&[][..]; R],
                vectors: rows.vectors,
                writes: [&[][..]; W],
                d_writes: [&[][..]; W],
            };
            for j in 0..R {
                operands.reads[j] = rows.reads[j].row(n);
            }
            for j in 0..W {
                (operands.writes[j], operands.d_writes[j]) = (rows.writes[j].row(n), rows.d_writes[j].row(n));
            }
            let mut d_reads: [&mut [T]; R] = core::array::from_fn(|_| &mut [][..]);
            for (row, d) in d_reads.iter_mut().zip(&mut rows.d_reads) {
                if d.rows() > 0 {
                    *row = d.row_mut(n);
                }
            }
            let mut results = Results {
                d_pre: rows.d_pre.row_mut(n),
                d_reads,
                accums: rows.accums,
                d_vectors: rows.d_vectors.row_mut(n),
                d_vector_starts: rows.d_vector_starts,
            };
            let width = rows.width;
            if const { block_bytes::<I>() == 16 * size_of::<T>() } {
                backward_row::<C, T, S, P, R, V, W, 16>(&operands, &mut results, width);
            } else if const { block_bytes::<I>() == 8 * size_of::<T>() } {
                backward_row::<C, T, S, P, R, V, W, 8>(&operands, &mut results, width);
            } else {
                backward_row::<C, T, S, P, R, V, W, 4>(&operands, &mut results, width);
            }
        }
    }
}

/// The units of a row, in blocks.
#[inline(always)]
fn backward_row<
    C: Compile,
    T: Number,
    const S: usize,
    const P: usize,
    const R: usize,
    const V: usize,
    const W: usize,
    const L: usize,
>(
    operands: &Operands<'_, T, R, V, W>,
    results: &mut Results<'_, T, R, V>,
    width: usize,
) {
    let mut start = 0;
    while start < width {
        let len = (width - start).min(L);
        backward_block::<C, T, S, P, R, V, W, L>(operands, results, width, start, len);
        start += len;
    }
}

/// What one row of a pullback reads.
struct Operands<'a, T, const R: usize, const V: usize, const W: usize> {
    kept: &'a [T],
    reads: [&'a [T]; R],
    vectors: [&'a [T]; V],
    writes: [&'a [T]; W],
    d_writes: [&'a [T]; W],
}

/// Where its results go; a mask has no cotangent.
struct Results<'a, T, const R: usize, const V: usize> {
    d_pre: &'a mut [T],
    d_reads: [&'a mut [T]; R],
    accums: [Accum; R],
    d_vectors: &'a mut [T],
    d_vector_starts: [usize; V],
}

/// Units `start..start + len`, `len ≤ L`, in local arrays.
#[inline(always)]
fn backward_block<
    C: Compile,
    T: Number,
    const S: usize,
    const P: usize,
    const R: usize,
    const V: usize,
    const W: usize,
    const L: usize,
>(
    operands: &Operands<'_, T, R, V, W>,
    results: &mut Results<'_, T, R, V>,
    width: usize,
    start: usize,
    len: usize,
) {
    let (mut p, mut r, mut v) = ([[T::default(); L]; P], [[T::default(); L]; R], [[T::default(); L]; V]);
    let (mut w, mut d_w) = ([[T::default(); L]; W], [[T::default(); L]; W]);
    for j in 0..P {
        load(&mut p[j], &operands.kept[j * width + start..][..len]);
    }
    for j in 0..R {
        load(&mut r[j], &operands.reads[j][start..start + len]);
    }
    for j in 0..V {
        load(&mut v[j], &operands.vectors[j][start..start + len]);
    }
    for j in 0..W {
        load(&mut w[j], &operands.writes[j][start..start + len]);
        load(&mut d_w[j], &operands.d_writes[j][start..start + len]);
    }
    for l in 0..L {
        let saved = Saved {
            kept: lane(&p, l),
            reads: lane(&r, l),
            vectors: lane(&v, l),
            writes: lane(&w, l),
            d_writes: lane(&d_w, l),
        };
        let (d_pre, d_reads, d_vectors) = unit::backward::<C, T, S, P, R, V, W>(saved);
        for j in 0..P {
            p[j][l] = d_pre[j];
        }
        for j in 0..R {
            r[j][l] = d_reads[j];
        }
        for j in 0..V {
            v[j][l] = d_vectors[j];
        }
    }
    for j in 0..P {
        store(&mut results.d_pre[j * width + start..][..len], &p[j]);
    }
    for j in 0..R {
        if results.d_reads[j].is_empty() {
            continue;
        }
        let d = &mut results.d_reads[j][start..start + len];
        match results.accums[j] {
            Accum::Replace => store(d, &r[j]),
            Accum::Add => add(d, &r[j]),
        }
    }
    for j in 0..V {
        add(&mut results.d_vectors[results.d_vector_starts[j] + start..][..len], &v[j]);
    }
}
