//! Recurrences that are affine in their state, `s ← α s + β`, unit by unit: run from a state, or folded into one step.
//!
//! A tile of units stays in registers from step to step: whole lines of one row, or, of few units, several rows side by side,
//! which may be chunks of one row's time. No bit depends on which.

use core::ops::Range;

use pulp::WithSimd;
use rnn_kernels::{Direction, SeqRef};

use super::isa::Simd;
use super::real::Real;
use crate::threads::{Rows, Tracks, TracksMut};

/// One step of a recurrence: `R` operands, the first of them `α`; `W` results, the last of them room for a state.
pub(crate) trait Link<T, const R: usize, const W: usize>: Copy + Send + Sync {
    /// The results, and the state that the step hands on. Must be `#[inline(always)]`.
    fn step(self, read: [T; R], state: T) -> ([T; W], T);
    /// The state that it handed on, from its operands and results. Must be `#[inline(always)]`.
    fn handed(self, read: [T; R], written: [T; W]) -> T;
}

/// `h = a h + b` of `a, b`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Forward;

impl<T: Real> Link<T, 2, 1> for Forward {
    #[inline(always)]
    fn step(self, [a, b]: [T; 2], h: T) -> ([T; 1], T) {
        let h = a.mul_add(h, b);
        ([h], h)
    }
    #[inline(always)]
    fn handed(self, _: [T; 2], [h]: [T; 1]) -> T {
        h
    }
}

/// `g = d_h + s`, `d_a = g h`, `d_b = g`, `s = a g` of `a, h, d_h`: the sum is rounded by itself, so that a sequence may be cut
/// between the two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backward;

impl<T: Real> Link<T, 3, 2> for Backward {
    #[inline(always)]
    fn step(self, [a, h, d_h]: [T; 3], s: T) -> ([T; 2], T) {
        let g = d_h + s;
        ([g * h, g], a * g)
    }
    #[inline(always)]
    fn handed(self, [a, ..]: [T; 3], [_, g]: [T; 2]) -> T {
        a * g
    }
}

/// Elements of a block of steps that a tile takes before the next tile takes them: few enough that all operands stay in the first
/// cache.
const BLOCK: usize = 2048;
/// Steps `range`, in the order of time, of all rows of a block; row `first` of the operands is the block's first.
///
/// At the first step of all, the state lies in the last result of that step; later it is what the step before handed on.
pub(crate) fn advance<T: Real, K: Link<T, R, W>, const R: usize, const W: usize>(
    simd: Simd,
    link: K,
    order: Direction,
    range: Range<usize>,
    read: [SeqRef<'_, T>; R],
    first: usize,
    write: &mut [Rows<'_, T>; W],
) {
    simd.run(Walk { link, order, read, first, write, work: Run { range } });
}

/// All steps of every row of a block as one, `s ← A s + B`: the second step's last result becomes `A`, the third's `B`.
///
/// There must be three steps or more.
pub(crate) fn fold<T: Real, K: Link<T, R, W>, const R: usize, const W: usize>(
    simd: Simd,
    link: K,
    order: Direction,
    read: [SeqRef<'_, T>; R],
    first: usize,
    write: &mut [Rows<'_, T>; W],
) {
    simd.run(Walk { link, order, read, first, write, work: Fold });
}

struct Walk<'w, 'a, 'b, T, K, P, const R: usize, const W: usize> {
    link: K,
    order: Direction,
    read: [SeqRef<'a, T>; R],
    first: usize,
    write: &'w mut [Rows<'b, T>; W],
    work: P,
}

/// What is done to a tile.
trait Work {
    /// Blocks of steps, one after another.
    fn blocks(&self, steps: usize, cols: usize) -> impl Iterator<Item = Range<usize>> + use<Self>;

    fn tile<T: Real, K: Link<T, R, W>, const R: usize, const W: usize, const L: usize, const C: usize, const U: usize>(
        link: K,
        range: Range<usize>,
        read: [Tracks<'_, T, L, C>; R],
        write: [TracksMut<'_, T, L, C>; W],
    );
}

struct Run {
    range: Range<usize>,
}

struct Fold;

impl Work for Run {
    #[inline(always)]
    fn blocks(&self, _: usize, cols: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let (Range { start, end }, block) = (self.range.clone(), (BLOCK / cols.max(1)).max(16));
        (start..end).step_by(block).map(move |from| from..end.min(from + block))
    }

    #[inline(always)]
    fn tile<
        T: Real,
        K: Link<T, R, W>,
        const R: usize,
        const W: usize,
        const L: usize,
        const C: usize,
        const U: usize,
    >(
        link: K,
        range: Range<usize>,
        read: [Tracks<'_, T, L, C>; R],
        mut write: [TracksMut<'_, T, L, C>; W],
    ) {
        let mut states = [[T::ZERO; C]; L];
        for (l, state) in states.iter_mut().enumerate() {
            match range.start.checked_sub(1) {
                None => [*state] = write[W - 1].load(l, 0),
                Some(before) => {
                    let ([operands], mut results) = (load(&read, l, before), [[T::ZERO; C]; W]);
                    for w in 0..W {
                        [results[w]] = write[w].load(l, before);
                    }
                    for c in 0..C {
                        state[c] = link.handed(of_unit(&operands, c), of_unit(&results, c));
                    }
                }
            }
        }
        let mut from = range.start;
        while range.end - from >= U {
            for l in 0..L {
                states[l] = run::<T, K, R, W, L, C, U>(link, &read, &mut write, l, from, states[l]);
            }
            from += U;
        }
        while range.end > from {
            for l in 0..L {
                states[l] = run::<T, K, R, W, L, C, 1>(link, &read, &mut write, l, from, states[l]);
            }
            from += 1;
        }
    }
}

/// `U` steps of row `l` from step `k` on; the state after them.
#[inline(always)]
fn run<T: Real, K: Link<T, R, W>, const R: usize, const W: usize, const L: usize, const C: usize, const U: usize>(
    link: K,
    read: &[Tracks<'_, T, L, C>; R],
    write: &mut [TracksMut<'_, T, L, C>; W],
    l: usize,
    k: usize,
    mut state: [T; C],
) -> [T; C] {
    let (operands, mut results) = (load::<T, R, L, C, U>(read, l, k), [[[T::ZERO; C]; U]; W]);
    for u in 0..U {
        for c in 0..C {
            let (result, next) = link.step(of_unit(&operands[u], c), state[c]);
            state[c] = next;
            for w in 0..W {
                results[w][u][c] = result[w];
            }
        }
    }
    for w in 0..W {
        write[w].store(l, k, results[w]);
    }
    state
}

impl Work for Fold {
    #[inline(always)]
    fn blocks(&self, steps: usize, _: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        core::iter::once(0..steps)
    }

    #[inline(always)]
    fn tile<
        T: Real,
        K: Link<T, R, W>,
        const R: usize,
        const W: usize,
        const L: usize,
        const C: usize,
        const U: usize,
    >(
        link: K,
        range: Range<usize>,
        read: [Tracks<'_, T, L, C>; R],
        mut write: [TracksMut<'_, T, L, C>; W],
    ) {
        let mut folded = [([T::ONE; C], [T::ZERO; C]); L];
        let mut from = range.start;
        while range.end - from >= U {
            for (l, folded) in folded.iter_mut().enumerate() {
                *folded = fold_in(link, load::<T, R, L, C, U>(&read, l, from), *folded);
            }
            from += U;
        }
        while range.end > from {
            for (l, folded) in folded.iter_mut().enumerate() {
                *folded = fold_in(link, load::<T, R, L, C, 1>(&read, l, from), *folded);
            }
            from += 1;
        }
        for (l, (product, state)) in folded.into_iter().enumerate() {
            write[W - 1].store(l, 1, [product, state]);
        }
    }
}

/// `U` steps after those that are one already, `(A, B)`.
#[inline(always)]
fn fold_in<T: Real, K: Link<T, R, W>, const R: usize, const W: usize, const C: usize, const U: usize>(
    link: K,
    operands: [[[T; C]; R]; U],
    (mut product, mut state): ([T; C], [T; C]),
) -> ([T; C], [T; C]) {
    for operands in operands {
        for c in 0..C {
            product[c] = product[c] * operands[0][c];
            state[c] = link.step(of_unit(&operands, c), state[c]).1;
        }
    }
    (product, state)
}

/// Steps `k..k + U` of row `l` of every operand.
#[inline(always)]
fn load<T: Real, const R: usize, const L: usize, const C: usize, const U: usize>(
    read: &[Tracks<'_, T, L, C>; R],
    l: usize,
    k: usize,
) -> [[[T; C]; R]; U] {
    let mut operands = [[[T::ZERO; C]; R]; U];
    for r in 0..R {
        let of_track = read[r].load::<U>(l, k);
        for u in 0..U {
            operands[u][r] = of_track[u];
        }
    }
    operands
}

/// One unit of every operand.
#[inline(always)]
fn of_unit<T: Real, const R: usize, const C: usize>(operands: &[[T; C]; R], c: usize) -> [T; R] {
    let mut unit = [T::ZERO; R];
    for r in 0..R {
        unit[r] = operands[r][c];
    }
    unit
}

impl<T: Real, K: Link<T, R, W>, P: Work, const R: usize, const W: usize> WithSimd for Walk<'_, '_, '_, T, K, P, R, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _: S) {
        let (steps, cols) = (self.read[0].steps(), self.write[0].cols());
        for range in self.work.blocks(steps, cols) {
            let mut col = 0;
            while cols - col >= 16 {
                self.rows::<1, 16, 2>(&range, col);
                col += 16;
            }
            while cols - col >= 4 {
                self.rows::<4, 4, 4>(&range, col);
                col += 4;
            }
            while cols > col {
                self.rows::<8, 1, 8>(&range, col);
                col += 1;
            }
        }
    }
}

impl<T: Real, K: Link<T, R, W>, P: Work, const R: usize, const W: usize> Walk<'_, '_, '_, T, K, P, R, W> {
    /// `C` columns of every row, of `L` rows at a time.
    #[inline(always)]
    fn rows<const L: usize, const C: usize, const U: usize>(&mut self, range: &Range<usize>, col: usize) {
        let (rows, mut row) = (self.write[0].rows(), 0);
        while rows - row >= L {
            self.tile::<L, C, U>(range.clone(), row, col);
            row += L;
        }
        while rows > row {
            self.tile::<1, C, U>(range.clone(), row, col);
            row += 1;
        }
    }

    #[inline(always)]
    fn tile<const L: usize, const C: usize, const U: usize>(&mut self, range: Range<usize>, row: usize, col: usize) {
        let (order, first) = (self.order, self.first);
        let read = self.read.map(|sequence| Tracks::new(sequence, order, [first + row, col]));
        let write = self.write.each_mut().map(|rows| TracksMut::new(rows, order, [row, col]));
        P::tile::<T, K, R, W, L, C, U>(self.link, range, read, write);
    }
}

/// `next = A s + B` of chunks of so many steps, one after another and for every unit, from where [`fold`] left `A` and `B` and from the
/// chunk's first step, which has `s`; `next` goes to the first step of the next chunk.
///
/// Where that is not finite the steps themselves tell the state: the product of many may overflow where their sum does not, and
/// ∞ · 0 is no number.
pub(crate) struct Combine<'a, 'b, T, K, const R: usize, const W: usize> {
    pub(crate) link: K,
    pub(crate) order: Direction,
    /// `[T, 1, W]`.
    pub(crate) read: [SeqRef<'a, T>; R],
    /// The last results, and the distance between their steps.
    pub(crate) room: (&'b mut [T], usize),
    pub(crate) chunks: Range<usize>,
    /// Steps of a chunk.
    pub(crate) length: usize,
}

impl<T: Real, K: Link<T, R, W>, const R: usize, const W: usize> Combine<'_, '_, T, K, R, W> {
    pub(crate) fn run(self, simd: Simd) {
        simd.run(self);
    }
}

impl<T: Real, K: Link<T, R, W>, const R: usize, const W: usize> WithSimd for Combine<'_, '_, T, K, R, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { link, order, read, room: (room, stride), chunks, length } = self;
        let [steps, _, width] = read[0].shape();
        for chunk in chunks {
            let place = |k: usize| order.step(chunk * length + k, steps) * stride;
            let [s, product, state, next] = [0, 1, 2, length].map(place);
            for j in 0..width {
                let before = room[s + j];
                let after = room[product + j].mul_add(before, room[state + j]);
                let finite = after.abs() < -T::NEG_INFINITY;
                room[next + j] = if finite {
                    after
                } else {
                    step_by_step(link, order, &read, chunk * length..(chunk + 1) * length, j, before)
                };
            }
        }
    }
}

/// The state of one unit after some steps.
#[cold]
#[inline(never)]
fn step_by_step<T: Real, K: Link<T, R, W>, const R: usize, const W: usize>(
    link: K,
    order: Direction,
    read: &[SeqRef<'_, T>; R],
    range: Range<usize>,
    unit: usize,
    state: T,
) -> T {
    let steps = read[0].steps();
    let times = range.map(|k| order.step(k, steps));
    times.fold(state, |state, t| link.step(read.map(|sequence| sequence.at(t).row(0)[unit]), state).1)
}
