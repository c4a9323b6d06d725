//! A compiled stage on some rows of a step: where its operands lie, and the loop over units.

use core::marker::PhantomData;

use pulp::WithSimd;
use rnn_kernels::{MatMut, MatRef, Slot};

use super::Compile;
use super::blocks::{Of, block_bytes, lane, load, store};
use super::unit;
use crate::layer::pass::{GROUPS, Pass};
use crate::number::Number;
use crate::passes::slots::Slots;
use crate::threads::Tiles;

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
