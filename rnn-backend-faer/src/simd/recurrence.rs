//! Recurrences that are affine in their state, `s ← α s + β`, unit by unit: run from a state, or folded into one step.
//!
//! A tile of units stays in registers from step to step: whole lines of one row, or, of few units, several rows side by side,
//! which may be chunks of one row's time. No bit depends on which.

use core::array;
use core::ops::Range;

use pulp::WithSimd;
use rnn_kernels::{Direction, SeqRef};

use super::isa::Simd;
use super::real::Real;
use crate::threads::{Patch, PatchMut, Rows};

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

/// Steps that a tile takes before the next tile takes them: few enough that all operands stay in the first cache.
const BLOCK: usize = 32;

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
    fn blocks(&self, steps: usize) -> impl Iterator<Item = Range<usize>> + use<Self>;

    fn tile<T: Real, K: Link<T, R, W>, const R: usize, const W: usize, const L: usize, const C: usize>(
        link: K,
        step: impl Fn(usize) -> usize,
        range: Range<usize>,
        read: [Patch<'_, T, L, C>; R],
        write: [PatchMut<'_, T, L, C>; W],
    );
}

struct Run {
    range: Range<usize>,
}

struct Fold;

impl Work for Run {
    #[inline(always)]
    fn blocks(&self, _: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let Range { start, end } = self.range;
        (start..end).step_by(BLOCK).map(move |from| from..end.min(from + BLOCK))
    }

    #[inline(always)]
    fn tile<T: Real, K: Link<T, R, W>, const R: usize, const W: usize, const L: usize, const C: usize>(
        link: K,
        step: impl Fn(usize) -> usize,
        range: Range<usize>,
        read: [Patch<'_, T, L, C>; R],
        mut write: [PatchMut<'_, T, L, C>; W],
    ) {
        let mut state = if range.start == 0 {
            write[W - 1].load(step(0))
        } else {
            let before = step(range.start - 1);
            let (read, written) = (load(&read, before), array::from_fn::<_, W, _>(|w| write[w].load(before)));
            array::from_fn(|l| array::from_fn(|c| link.handed(read.map(|r| r[l][c]), written.map(|w| w[l][c]))))
        };
        for t in range.map(step) {
            let operands = load(&read, t);
            let mut results = [[[T::ZERO; C]; L]; W];
            for l in 0..L {
                for c in 0..C {
                    let (result, next) = link.step(array::from_fn(|r| operands[r][l][c]), state[l][c]);
                    state[l][c] = next;
                    for w in 0..W {
                        results[w][l][c] = result[w];
                    }
                }
            }
            for w in 0..W {
                write[w].store(t, results[w]);
            }
        }
    }
}

impl Work for Fold {
    #[inline(always)]
    fn blocks(&self, steps: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        core::iter::once(0..steps)
    }

    #[inline(always)]
    fn tile<T: Real, K: Link<T, R, W>, const R: usize, const W: usize, const L: usize, const C: usize>(
        link: K,
        step: impl Fn(usize) -> usize,
        range: Range<usize>,
        read: [Patch<'_, T, L, C>; R],
        mut write: [PatchMut<'_, T, L, C>; W],
    ) {
        let (mut product, mut state) = ([[T::ONE; C]; L], [[T::ZERO; C]; L]);
        for t in range.map(&step) {
            let operands = load(&read, t);
            for l in 0..L {
                for c in 0..C {
                    product[l][c] = product[l][c] * operands[0][l][c];
                    state[l][c] = link.step(array::from_fn(|r| operands[r][l][c]), state[l][c]).1;
                }
            }
        }
        write[W - 1].store(step(1), product);
        write[W - 1].store(step(2), state);
    }
}

#[inline(always)]
fn load<T: Real, const R: usize, const L: usize, const C: usize>(
    read: &[Patch<'_, T, L, C>; R],
    t: usize,
) -> [[[T; C]; L]; R] {
    array::from_fn(|r| read[r].load(t))
}

impl<T: Real, K: Link<T, R, W>, P: Work, const R: usize, const W: usize> WithSimd for Walk<'_, '_, '_, T, K, P, R, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _: S) {
        let (steps, cols) = (self.read[0].steps(), self.write[0].cols());
        for range in self.work.blocks(steps) {
            let mut col = 0;
            while cols - col >= 16 {
                self.rows::<1, 16>(&range, col);
                col += 16;
            }
            while cols - col >= 4 {
                self.rows::<4, 4>(&range, col);
                col += 4;
            }
            while cols > col {
                self.rows::<8, 1>(&range, col);
                col += 1;
            }
        }
    }
}

impl<T: Real, K: Link<T, R, W>, P: Work, const R: usize, const W: usize> Walk<'_, '_, '_, T, K, P, R, W> {
    /// `C` columns of every row, of `L` rows at a time.
    #[inline(always)]
    fn rows<const L: usize, const C: usize>(&mut self, range: &Range<usize>, col: usize) {
        let (rows, mut row) = (self.write[0].rows(), 0);
        while rows - row >= L {
            self.tile::<L, C>(range.clone(), row, col);
            row += L;
        }
        while rows > row {
            self.tile::<1, C>(range.clone(), row, col);
            row += 1;
        }
    }

    #[inline(always)]
    fn tile<const L: usize, const C: usize>(&mut self, range: Range<usize>, row: usize, col: usize) {
        let (steps, order, first) = (self.read[0].steps(), self.order, self.first);
        let read = self.read.map(|sequence| Patch::<T, L, C>::new(sequence, first + row, col));
        let write = self.write.each_mut().map(|rows| PatchMut::<T, L, C>::new(rows, row, col));
        P::tile(self.link, |k| order.step(k, steps), range, read, write);
    }
}

/// `next = A s + B` of one chunk in a list, for every unit, from where [`fold`] left `A` and `B` and the chunk's first step `s`.
///
/// Where that is not finite the steps themselves tell the state: the product of many may overflow where their sum does not, and
/// ∞ · 0 is no number.
pub(crate) fn combine<T: Real, K: Link<T, R, W>, const R: usize, const W: usize>(
    simd: Simd,
    link: K,
    read: [SeqRef<'_, T>; R],
    steps: impl Iterator<Item = usize> + Clone + Send,
    [s, product, state, next]: [usize; 4],
    room: (&mut [T], usize),
    width: usize,
) {
    struct Combine<'a, T, K, I, const R: usize, const W: usize> {
        link: K,
        read: [SeqRef<'a, T>; R],
        steps: I,
        places: [usize; 4],
        room: (&'a mut [T], usize),
        width: usize,
    }
    impl<T: Real, K: Link<T, R, W>, I: Iterator<Item = usize> + Clone, const R: usize, const W: usize> WithSimd
        for Combine<'_, T, K, I, R, W>
    {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) {
            let (room, stride) = self.room;
            for j in 0..self.width {
                let [s, product, state] = [0, 1, 2].map(|i| room[self.places[i] * stride + j]);
                let mut next = product.mul_add(s, state);
                let finite = next.abs() < -T::NEG_INFINITY;
                if !finite {
                    next = self.steps.clone().fold(s, |s, t| {
                        let operands = array::from_fn(|r| self.read[r].at(t).row(0)[j]);
                        self.link.step(operands, s).1
                    });
                }
                room[self.places[3] * stride + j] = next;
            }
        }
    }
    simd.run(Combine { link, read, steps, places: [s, product, state, next], room, width });
}
