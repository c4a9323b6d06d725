//! One step after another; threads share out rows, or units of one row.

use rnn_kernels::{Direction, SeqMut, SeqRef};

use super::{as_one_row, regrouped, regrouped_mut};
use crate::faer::Faer;
use crate::number::Number;
use crate::simd::recurrence::{Link, advance};
use crate::threads::Rows;

/// Units of one row that stay together: a cache line of f32.
const GROUP: usize = 16;
/// Units of one row from which it is shared out, for each thread: two threads with 32 each took 1.3 times as long as one alone, presumably
/// because lines that are fetched ahead for one are those of the other.
const WORTH_CUTTING: usize = 128;
/// Elements from which a recurrence is shared out to threads: some ten microseconds.
pub(super) const WORTH_SHARING: usize = 1 << 15;

pub(super) fn walk<T: Number, K: Link<T, R, W>, const R: usize, const W: usize>(
    faer: &Faer,
    link: K,
    order: Direction,
    read: [SeqRef<'_, T>; R],
    write: [SeqMut<'_, T>; W],
) {
    let [steps, rows, width] = read[0].shape();
    let shared = faer.workers.threads() > 1 && steps * rows * width >= WORTH_SHARING;
    if !as_one_row(&read, &write) {
        return by_rows(faer, link, order, read, write, shared);
    }
    let units = rows * width;
    if !shared || units / faer.workers.threads() < WORTH_CUTTING {
        let read = read.map(|s| regrouped(s, 1, units));
        return by_rows(faer, link, order, read, write.map(|s| regrouped_mut(s, 1, units)), false);
    }
    let mut write = write.map(|s| regrouped_mut(s, 1, units));
    let (groups, rest) = (units / GROUP, units - units % GROUP);
    let grouped = write.each_mut().map(|s| regrouped_mut(s.rb_mut(), groups, GROUP));
    by_rows(faer, link, order, read.map(|s| regrouped(s, groups, GROUP)), grouped, true);
    if rest < units {
        let read = read.map(|s| regrouped(s, 1, units).cols_range(rest, units));
        by_rows(faer, link, order, read, write.map(|s| s.cols_range(rest, units)), false);
    }
}

/// Blocks of rows, one a thread.
fn by_rows<T: Number, K: Link<T, R, W>, const R: usize, const W: usize>(
    faer: &Faer,
    link: K,
    order: Direction,
    read: [SeqRef<'_, T>; R],
    write: [SeqMut<'_, T>; W],
    shared: bool,
) {
    let [steps, rows, _] = read[0].shape();
    let block = faer.workers.block(rows, shared);
    faer.workers.by_blocks(rows, block, write.map(Rows::new), |first, mut write| {
        advance(faer.simd, link, order, 0..steps, read, first, &mut write);
    });
}
