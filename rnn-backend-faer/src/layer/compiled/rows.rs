//! A compiled stage on some rows of a step: where its operands lie, and the loop over units.

use core::marker::PhantomData;

use pulp::WithSimd;
use rnn_kernels::{Accum, MatMut, MatRef, Slot};

use super::Compile;
use super::unit::{self, Saved};
use crate::layer::pass::{GROUPS, Pass};
use crate::layer::units_backward::{At, GROUPS as BACKWARD_GROUPS, PRE, Pullback, VECTORS};
use crate::number::Number;
use crate::passes::slots::Slots;
use crate::threads::{Tile, Tiles};

/// The units of stage `S` on some rows of a step: a [`ForwardUnits`](crate::layer::pass::ForwardUnits).
pub fn forward<
    C: Compile,
    T: Number,
    const S: usize,
    const P: usize,
    const R: usize,
    const V: usize,
    const W: usize,
>(
    pass: &Pass<'_, T>,
    s: usize,
    at: Slots,
    first: usize,
    tiles: &mut Tiles<'_, T, GROUPS>,
    (from, to): (usize, usize),
) {
    let stage = &pass.plan().stages[s];
    let (pre, col) = pass.pre(stage.home, stage.cols.start, at);
    let (mut reads, mut writes) = ([None; R], [None; W]);
    for j in 0..R {
        if !matches!(stage.reads[j], Slot::X | Slot::Mask(_)) {
            reads[j] = Some(pass.tile(stage.reads[j], at));
        }
    }
    for j in 0..W {
        // A stage that keeps what it writes keeps it in that place.
        writes[j] = Some(pass.tile(stage.writes[j], at)).filter(|write| *write != pre);
    }
    let (mut read, [pre], writes) = tiles.some_apart(reads, [pre], writes, from, to);
    for j in 0..R {
        if reads[j].is_none() {
            read[j] = pass.rows_outside(stage.reads[j], at.t, first + from, to - from);
        }
    }
    let mut vectors = [&[][..]; V];
    for j in 0..V {
        vectors[j] = &pass.params[stage.vectors[j].clone()];
    }
    let pre = pre.cols_range(col, col + P * stage.width);
    let rows = ForwardRows::<'_, _, P, R, V, W> { width: stage.width, pre, reads: read, vectors, writes };
    pass.simd.run(Of::<_, C, S>(rows, PhantomData));
}

/// Their pullback: a [`BackwardUnits`](crate::layer::units_backward::BackwardUnits).
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
    tiles: &mut Tiles<'_, T, BACKWARD_GROUPS>,
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

/// Stage `S` of a cell, on some rows.
struct Of<U, C, const S: usize>(U, PhantomData<fn() -> C>);

struct ForwardRows<'a, T, const P: usize, const R: usize, const V: usize, const W: usize> {
    width: usize,
    pre: MatMut<'a, T>,
    reads: [MatRef<'a, T>; R],
    vectors: [&'a [T]; V],
    /// Empty where the stage keeps what it writes.
    writes: [MatMut<'a, T>; W],
}

impl<C: Compile, T: Number, const S: usize, const P: usize, const R: usize, const V: usize, const W: usize> WithSimd
    for Of<ForwardRows<'_, T, P, R, V, W>, C, S>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<I: pulp::Simd>(self, _: I) {
        let ForwardRows { width, mut pre, reads, vectors, mut writes } = self.0;
        for n in 0..pre.rows() {
            let mut row_reads = [&[][..]; R];
            for j in 0..R {
                row_reads[j] = reads[j].row(n);
            }
            let mut row_writes: [&mut [T]; W] = core::array::from_fn(|_| &mut [][..]);
            for (row, write) in row_writes.iter_mut().zip(&mut writes) {
                if write.rows() > 0 {
                    *row = write.row_mut(n);
                }
            }
            let pre = pre.row_mut(n);
            // One of them for each instruction set and number type: each is the whole equation once more.
            if const { block_bytes::<I>() == 16 * size_of::<T>() } {
                forward_row::<C, T, S, P, R, V, W, 16>(pre, &row_reads, &vectors, &mut row_writes, width);
            } else if const { block_bytes::<I>() == 8 * size_of::<T>() } {
                forward_row::<C, T, S, P, R, V, W, 8>(pre, &row_reads, &vectors, &mut row_writes, width);
            } else {
                forward_row::<C, T, S, P, R, V, W, 4>(pre, &row_reads, &vectors, &mut row_writes, width);
            }
        }
    }
}

/// What a block of units takes in each array: a vector, or two where they are short.
const fn block_bytes<I: pulp::Simd>() -> usize {
    let vector = size_of::<I::f32s>();
    if vector < 32 { 32 } else { vector }
}

/// The units of a row, in blocks.
#[inline(always)]
fn forward_row<
    C: Compile,
    T: Number,
    const S: usize,
    const P: usize,
    const R: usize,
    const V: usize,
    const W: usize,
    const L: usize,
>(
    pre: &mut [T],
    reads: &[&[T]; R],
    vectors: &[&[T]; V],
    writes: &mut [&mut [T]; W],
    width: usize,
) {
    let mut start = 0;
    while start < width {
        let len = (width - start).min(L);
        forward_block::<C, T, S, P, R, V, W, L>(pre, reads, vectors, writes, width, start, len);
        start += len;
    }
}

/// Units `start..start + len`, `len ≤ L`, in local arrays: the compiler knows that these overlap nothing.
#[inline(always)]
fn forward_block<
    C: Compile,
    T: Number,
    const S: usize,
    const P: usize,
    const R: usize,
    const V: usize,
    const W: usize,
    const L: usize,
>(
    pre: &mut [T],
    reads: &[&[T]; R],
    vectors: &[&[T]; V],
    writes: &mut [&mut [T]; W],
    width: usize,
    start: usize,
    len: usize,
) {
    let (mut p, mut r, mut v) = ([[T::default(); L]; P], [[T::default(); L]; R], [[T::default(); L]; V]);
    let mut w = [[T::default(); L]; W];
    for j in 0..P {
        load(&mut p[j], &pre[j * width + start..][..len]);
    }
    for j in 0..R {
        load(&mut r[j], &reads[j][start..start + len]);
    }
    for j in 0..V {
        load(&mut v[j], &vectors[j][start..start + len]);
    }
    for l in 0..L {
        let (kept, written) = unit::forward::<C, T, S, P, R, V, W>(lane(&p, l), lane(&r, l), lane(&v, l));
        for j in 0..P {
            p[j][l] = kept[j];
        }
        for j in 0..W {
            w[j][l] = written[j];
        }
    }
    for j in 0..P {
        store(&mut pre[j * width + start..][..len], &p[j]);
    }
    for j in 0..W {
        if !writes[j].is_empty() {
            store(&mut writes[j][start..start + len], &w[j]);
        }
    }
}

/// At most `L` units. All of them are moved as vectors, some by a call.
#[inline(always)]
fn load<T: Copy, const L: usize>(to: &mut [T; L], from: &[T]) {
    match <&[T; L]>::try_from(from) {
        Ok(all) => *to = *all,
        Err(_) => to[..from.len()].copy_from_slice(from),
    }
}

/// As [`load`].
#[inline(always)]
fn store<T: Copy, const L: usize>(to: &mut [T], from: &[T; L]) {
    match <&mut [T; L]>::try_from(&mut *to) {
        Ok(all) => *all = *from,
        Err(_) => to.copy_from_slice(&from[..to.len()]),
    }
}

/// Lane `l` of some operands.
#[inline(always)]
fn lane<T: Copy + Default, const N: usize, const L: usize>(from: &[[T; L]; N], l: usize) -> [T; N] {
    let mut of_lane = [T::default(); N];
    for j in 0..N {
        of_lane[j] = from[j][l];
    }
    of_lane
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

/// As [`forward_row`].
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

/// As [`forward_block`].
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

#[inline(always)]
fn add<T: Number>(to: &mut [T], from: &[T]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to += from;
    }
}
