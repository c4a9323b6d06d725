//! Rows `from..to` of everything in one flat buffer: what one thread owns of the reserve or the scratch of a pass.
//!
//! A cell has any number of states, so no list of sequences can hold them. They lie one after another in one buffer, and a
//! tile, the rows of one slot of one of them, is found by counting.
#![allow(unsafe_code)]

use core::marker::PhantomData;
use core::ptr::NonNull;

use rnn_kernels::{MatMut, MatRef};

use super::{Rows, Workers};

/// How a flat buffer is cut: `G` groups of matrices one after another, each matrix so often as its group has slots.
#[derive(Clone, Copy, Debug)]
pub struct Tiling<'a, const G: usize> {
    rows: usize,
    groups: [(&'a [usize], usize); G],
    /// Where each group begins.
    starts: [usize; G],
    len: usize,
}

/// One matrix `[N, width]` of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// The group.
    pub group: usize,
    /// Which of its matrices.
    pub at: usize,
    /// Which slot of it.
    pub slot: usize,
}

impl<'a, const G: usize> Tiling<'a, G> {
    /// `N` rows of every matrix; the widths of the matrices of a group, and how many slots each of them has.
    ///
    /// # Panics
    /// If the length of the buffer overflows `usize`.
    #[track_caller]
    pub fn new(rows: usize, groups: [(&'a [usize], usize); G]) -> Self {
        let mut len = Some(0_usize);
        let starts = groups.map(|(widths, slots)| {
            let start = len.unwrap_or(0);
            let width = widths.iter().try_fold(0_usize, |sum, &width| sum.checked_add(width));
            let of_group = width.and_then(|width| width.checked_mul(slots)?.checked_mul(rows));
            len = len.and_then(|len| len.checked_add(of_group?));
            start
        });
        let len = len.unwrap_or_else(|| panic!("tiling: the length of {rows} rows of {groups:?} overflows usize"));
        Self { rows, groups, starts, len }
    }

    /// `N`.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many slots a group has.
    pub fn slots(&self, group: usize) -> usize {
        self.groups[group].1
    }

    /// The length of the buffer.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Where a tile begins, and its width; two tiles share nothing.
    ///
    /// # Panics
    /// If there is no such tile.
    #[track_caller]
    #[inline]
    pub fn place(&self, tile: Tile) -> (usize, usize) {
        let Tile { group, at, slot } = tile;
        let (widths, slots) = self.groups[group];
        if at >= widths.len() || slot >= slots {
            no_tile(tile);
        }
        let before = widths[..at].iter().sum::<usize>() * slots + slot * widths[at];
        (self.starts[group] + before * self.rows, widths[at])
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn no_tile(tile: Tile) -> ! {
    panic!("there is no {tile:?}")
}

// A message that borrowed what it tells would keep it in memory on the way that is taken.
#[cold]
#[inline(never)]
#[track_caller]
fn no_rows(from: usize, to: usize, rows: usize) -> ! {
    panic!("rows {from}..{to} of a block of {rows} rows")
}

#[cold]
#[inline(never)]
#[track_caller]
fn twice(tile: Tile) -> ! {
    panic!("{tile:?} is to be written and there twice")
}

/// Tiles to read; to write; to write, where they are there. One that is missing is empty.
type SomeApart<'a, T, const R: usize, const A: usize, const W: usize> =
    ([MatRef<'a, T>; R], [MatMut<'a, T>; A], [MatMut<'a, T>; W]);

/// A block of rows of every tile of a buffer.
#[derive(Debug)]
pub struct Tiles<'a, T, const G: usize> {
    base: NonNull<T>,
    tiling: Tiling<'a, G>,
    first: usize,
    rows: usize,
    owner: PhantomData<&'a mut [T]>,
}

// SAFETY: a block is the only way to its elements (see `Tiles::block`), so it may go wherever a `&mut [T]` may.
unsafe impl<T: Send, const G: usize> Send for Tiles<'_, T, G> {}
// SAFETY: through `&Tiles` elements are only read (`at`), or further blocks made, whose contract keeps them disjoint; those
// let another thread write elements: hence `Send`, too.
unsafe impl<T: Send + Sync, const G: usize> Sync for Tiles<'_, T, G> {}

impl<'a, T, const G: usize> Tiles<'a, T, G> {
    /// All rows of a buffer; what is beyond the tiling is left alone.
    ///
    /// # Panics
    /// If the buffer is too short.
    #[track_caller]
    pub fn new(buffer: &'a mut [T], tiling: Tiling<'a, G>) -> Self {
        let len = tiling.len;
        assert!(len <= buffer.len(), "tiles: a buffer of {} elements where {len} are needed", buffer.len());
        Self { base: NonNull::from(buffer).cast(), tiling, first: 0, rows: tiling.rows, owner: PhantomData }
    }

    /// How many rows this block has.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Rows `from..to` of this block.
    ///
    /// # Safety
    /// `from <= to <=` the rows, and as long as the result is alive nothing else may use these rows of the buffer.
    unsafe fn block(&self, from: usize, to: usize) -> Tiles<'_, T, G> {
        Tiles { base: self.base, tiling: self.tiling, first: self.first + from, rows: to - from, owner: PhantomData }
    }

    /// Where rows `from..to` of a tile begin, how many elements they are, and the width of one.
    #[track_caller]
    #[inline]
    fn span(&self, tile: Tile, from: usize, to: usize) -> (NonNull<T>, usize, usize) {
        if from > to || to > self.rows {
            no_rows(from, to, self.rows);
        }
        let (start, width) = self.tiling.place(tile);
        // SAFETY: `new` checked that the buffer holds all tiles, of which this is one, with all its rows; the rows of a block
        // are rows of the buffer (`block`), so this is the place of an element of it, or its end where there is none.
        let first = unsafe { self.base.add(start + (self.first + from) * width) };
        (first, (to - from) * width, width)
    }

    /// Rows `from..to` of a tile, to read.
    ///
    /// # Panics
    /// If out of range.
    #[track_caller]
    #[inline]
    pub fn at(&self, tile: Tile, from: usize, to: usize) -> MatRef<'_, T> {
        let (first, len, width) = self.span(tile, from, to);
        // SAFETY: the span lies within the buffer, which lives for 'a. Its rows are rows of this block, which nobody else
        // uses, whatever tile they take them from: tiles share nothing. `&self` keeps this block from being written meanwhile.
        MatRef::new(unsafe { core::slice::from_raw_parts(first.as_ptr(), len) }, to - from, width)
    }

    /// Rows `from..to` of a tile, to write.
    ///
    /// # Panics
    /// If out of range.
    #[track_caller]
    #[inline]
    pub fn at_mut(&mut self, tile: Tile, from: usize, to: usize) -> MatMut<'_, T> {
        let (first, len, width) = self.span(tile, from, to);
        // SAFETY: as in `at`, and `&mut self` keeps this block from being used in any other way meanwhile.
        MatMut::new(unsafe { core::slice::from_raw_parts_mut(first.as_ptr(), len) }, to - from, width)
    }

    /// As [`at_mut`](Tiles::at_mut), through a shared reference.
    ///
    /// # Safety
    /// As long as the result is alive nothing else may use these rows of the tile.
    #[track_caller]
    #[inline(always)]
    unsafe fn at_mut_shared(&self, tile: Tile, from: usize, to: usize) -> MatMut<'_, T> {
        let (first, len, width) = self.span(tile, from, to);
        // SAFETY: as in `at`, and the caller keeps these rows from being used in any other way meanwhile.
        MatMut::new(unsafe { core::slice::from_raw_parts_mut(first.as_ptr(), len) }, to - from, width)
    }

    /// Rows `from..to` of several tiles, some to read and some to write.
    ///
    /// Lists are filled in place: matrices that are moved once more are read by vectors just after they were written by words, and
    /// a step of a few units waits for each.
    ///
    /// # Panics
    /// If out of range, or if a tile to write is there twice.
    #[track_caller]
    #[inline(always)]
    pub fn apart<const R: usize, const W: usize>(
        &mut self,
        reads: [Tile; R],
        writes: [Tile; W],
        from: usize,
        to: usize,
    ) -> ([MatRef<'_, T>; R], [MatMut<'_, T>; W]) {
        for (i, write) in writes.iter().enumerate() {
            if reads.contains(write) || writes[..i].contains(write) {
                twice(*write);
            }
        }
        let this = &*self;
        let (mut read, mut written) = ([const { MatRef::empty() }; R], [const { MatMut::empty() }; W]);
        for i in 0..R {
            read[i] = this.at(reads[i], from, to);
        }
        for i in 0..W {
            // SAFETY: all tiles to write differ from each other and from those to read, and different tiles share nothing. `this`
            // stays borrowed, mutably, as long as the result is alive.
            written[i] = unsafe { this.at_mut_shared(writes[i], from, to) };
        }
        (read, written)
    }

    /// As [`apart`](Tiles::apart), with tiles that may be missing, whose matrices are empty.
    ///
    /// # Panics
    /// If out of range, or if a tile to write is there twice.
    #[track_caller]
    #[inline(always)]
    pub fn some_apart<const R: usize, const A: usize, const W: usize>(
        &mut self,
        reads: [Option<Tile>; R],
        always: [Tile; A],
        writes: [Option<Tile>; W],
        from: usize,
        to: usize,
    ) -> SomeApart<'_, T, R, A, W> {
        let written = || always.iter().chain(writes.iter().flatten());
        for (i, write) in written().enumerate() {
            if reads.iter().flatten().chain(written().take(i)).any(|other| other == write) {
                twice(*write);
            }
        }
        let this = &*self;
        let mut found =
            ([const { MatRef::empty() }; R], [const { MatMut::empty() }; A], [const { MatMut::empty() }; W]);
        for i in 0..R {
            if let Some(tile) = reads[i] {
                found.0[i] = this.at(tile, from, to);
            }
        }
        for i in 0..A {
            // SAFETY: as in `apart`: all of `always` and `writes` differ from each other and from those to read.
            found.1[i] = unsafe { this.at_mut_shared(always[i], from, to) };
        }
        for i in 0..W {
            if let Some(tile) = writes[i] {
                // SAFETY: as above.
                found.2[i] = unsafe { this.at_mut_shared(tile, from, to) };
            }
        }
        found
    }
}

impl Workers {
    /// Cuts all tiles and all sequences into blocks of `block` rows and calls `task(first row, tiles, blocks)` once for each, on
    /// any thread.
    ///
    /// # Panics
    /// If they do not all have the same number of rows, or `block` is 0; with a panic of a task.
    pub fn by_tiles<T: Send + Sync, const G: usize, const K: usize>(
        &self,
        block: usize,
        tiles: Tiles<'_, T, G>,
        sequences: [Rows<'_, T>; K],
        task: impl Fn(usize, Tiles<'_, T, G>, [Rows<'_, T>; K]) + Sync,
    ) {
        let rows = tiles.rows;
        if rows <= block {
            return task(0, tiles, sequences);
        }
        self.by_blocks(rows, block, sequences, |from, sequences| {
            let to = rows.min(from.saturating_add(block));
            // SAFETY: `from <= to <= rows`. `by_blocks` calls this at most once for each block of rows, and blocks share no row.
            // `tiles` itself is not used again: `by_blocks` returns or unwinds only when nobody is in a task any more. A block does
            // not outlive its call: `task` takes blocks of any lifetime, so it can keep none, and one that it forgets is nothing
            // but numbers.
            task(from, unsafe { tiles.block(from, to) }, sequences);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiling() -> Tiling<'static, 2> {
        Tiling::new(5, [(&[3, 1], 2), (&[4], 3)])
    }

    fn all() -> impl Iterator<Item = Tile> {
        let groups = tiling().groups.into_iter().enumerate();
        groups.flat_map(|(group, (widths, slots))| {
            (0..widths.len()).flat_map(move |at| (0..slots).map(move |slot| Tile { group, at, slot }))
        })
    }

    #[test]
    fn tiles_cover_the_buffer_without_a_gap() {
        let mut end = 0;
        for tile in all() {
            let (start, width) = tiling().place(tile);
            assert_eq!(start, end);
            end += 5 * width;
        }
        assert_eq!(end, tiling().len());
    }

    #[test]
    fn every_element_is_written_by_one_block() {
        let mut buffer = vec![-1.0_f32; tiling().len() + 1];
        let tiles = Tiles::new(&mut buffer, tiling());
        Workers::pool(3).expect("the system gives the threads").by_tiles(
            2,
            tiles,
            [Rows::none(5)],
            |first, mut tiles, _| {
                for (i, tile) in all().enumerate() {
                    for n in 0..tiles.rows() {
                        let value = (100 * i + 10 * (first + n)) as f32;
                        tiles.at_mut(tile, n, n + 1).fill(value);
                        assert_eq!(tiles.at(tile, n, n + 1).row(0)[0], value);
                    }
                }
            },
        );
        for (i, tile) in all().enumerate() {
            let (start, width) = tiling().place(tile);
            for n in 0..5 {
                assert!(buffer[start + n * width..][..width].iter().all(|&v| v == (100 * i + 10 * n) as f32));
            }
        }
        assert_eq!(buffer[tiling().len()], -1.0);
    }

    #[test]
    #[should_panic(expected = "there twice")]
    fn a_tile_is_not_written_while_it_is_read() {
        let mut buffer = vec![0.0_f32; tiling().len()];
        let tile = Tile { group: 0, at: 1, slot: 1 };
        let _ = Tiles::new(&mut buffer, tiling()).apart([tile], [tile], 0, 5);
    }

    #[test]
    fn tiles_that_may_be_missing_are_found_apart() {
        let mut buffer: Vec<f32> = (0_u8..).map(f32::from).take(tiling().len()).collect();
        let [a, b, c] = [0, 1, 2].map(|slot| Tile { group: 1, at: 0, slot });
        let mut tiles = Tiles::new(&mut buffer, tiling());
        let ([one, none], [mut two], [other, mut three]) =
            tiles.some_apart([Some(a), None], [b], [None, Some(c)], 1, 3);
        assert_eq!([none.shape(), other.shape()], [[0, 0]; 2]);
        let first = tiling().place(a).0 as f32 + 4.0;
        assert_eq!(one.row(1), [first + 4.0, first + 5.0, first + 6.0, first + 7.0]);
        assert_eq!(two.row_mut(0)[0], first + 20.0);
        assert_eq!(three.row_mut(0)[0], first + 40.0);
    }

    #[test]
    #[should_panic(expected = "there twice")]
    fn a_tile_is_not_written_through_two_lists() {
        let mut buffer = vec![0.0_f32; tiling().len()];
        let tile = Tile { group: 0, at: 1, slot: 1 };
        let _ = Tiles::new(&mut buffer, tiling()).some_apart([None; 0], [tile], [None, Some(tile)], 0, 5);
    }

    #[test]
    #[should_panic(expected = "there twice")]
    fn a_tile_that_may_be_missing_is_not_written_while_it_is_read() {
        let mut buffer = vec![0.0_f32; tiling().len()];
        let tile = Tile { group: 0, at: 1, slot: 1 };
        let _ = Tiles::new(&mut buffer, tiling()).some_apart([Some(tile)], [], [Some(tile)], 0, 5);
    }

    #[test]
    #[should_panic(expected = "Tile { group: 1, at: 0, slot: 3 }")]
    fn there_is_no_tile_beyond_the_slots() {
        let mut buffer = vec![0.0_f32; tiling().len()];
        let _ = Tiles::new(&mut buffer, tiling()).at(Tile { group: 1, at: 0, slot: 3 }, 0, 1);
    }
}
