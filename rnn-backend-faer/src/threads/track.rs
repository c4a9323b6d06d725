//! `C` columns of `L` rows of a sequence, over all steps in the order of time: what a recurrence keeps in registers from step to
//! step.
//!
//! Their places are checked once for all steps, and of each step its number alone: a step may be a single multiply-add.
#![allow(unsafe_code)]

use core::marker::PhantomData;
use core::ptr::NonNull;

use rnn_kernels::{Direction, SeqRef};

use super::Rows;

/// Where the elements of a track, `C` columns of one row, lie.
#[derive(Clone, Copy, Debug)]
struct Places<T, const C: usize> {
    /// Its first element of the first step in the order of time.
    first: NonNull<T>,
    /// From one step to the next one.
    stride: isize,
    steps: usize,
}

impl<T: Copy, const C: usize> Places<T, C> {
    /// Columns `col..col + C` of row `row` of a sequence of this shape whose element `[0, 0, 0]` is at `base`.
    #[inline(always)]
    #[track_caller]
    fn new(
        base: NonNull<T>,
        [steps, rows, cols]: [usize; 3],
        (step_stride, row_stride): (usize, usize),
        order: Direction,
        [row, col]: [usize; 2],
    ) -> Self {
        const { assert!(C > 0, "a track has columns") };
        assert!(row < rows && col <= cols && C <= cols - col, "a track beyond its sequence");
        if steps == 0 {
            return Self { first: NonNull::dangling(), stride: 0, steps };
        }
        let (t, stride) = match order {
            Direction::Forward => (0, step_stride.cast_signed()),
            Direction::Reverse => (steps - 1, -step_stride.cast_signed()),
        };
        // SAFETY: element `[t, n, f]` of a sequence lies in its slice at `t·step_stride + n·row_stride + f`. There is a step; row and
        // column were checked.
        let first = unsafe { base.add(t * step_stride + row * row_stride + col) };
        Self { first, stride, steps }
    }

    /// Its columns of steps `k..k + U`, in the order of time.
    #[inline(always)]
    #[track_caller]
    fn at<const U: usize>(&self, k: usize) -> [*mut [T; C]; U] {
        assert!(U <= self.steps && k <= self.steps - U, "a step beyond its track");
        let mut places = [core::ptr::null_mut(); U];
        for (u, place) in places.iter_mut().enumerate() {
            // SAFETY: so many steps after the first one, or before the last one, is a step of the sequence.
            *place = unsafe { self.first.offset((k + u).cast_signed() * self.stride) }.as_ptr().cast();
        }
        places
    }
}

impl<T: Copy, const C: usize> Places<T, C> {
    /// Those of rows `row..row + L`. In a loop, since it is done for every few steps: a closure would stay a call.
    #[inline(always)]
    #[track_caller]
    fn side_by_side<const L: usize>(
        base: NonNull<T>,
        shape: [usize; 3],
        strides: (usize, usize),
        order: Direction,
        [row, col]: [usize; 2],
    ) -> [Self; L] {
        let mut all = [Self { first: NonNull::dangling(), stride: 0, steps: 0 }; L];
        for (l, places) in all.iter_mut().enumerate() {
            *places = Self::new(base, shape, strides, order, [row + l, col]);
        }
        all
    }
}

/// Tracks to read.
#[derive(Clone, Copy, Debug)]
pub struct Tracks<'a, T, const L: usize, const C: usize> {
    places: [Places<T, C>; L],
    owner: PhantomData<&'a [T]>,
}

impl<'a, T: Copy, const L: usize, const C: usize> Tracks<'a, T, L, C> {
    /// Those that begin at a row and a column of a sequence.
    ///
    /// # Panics
    /// If they are not within the sequence.
    #[inline(always)]
    #[track_caller]
    pub fn new(sequence: SeqRef<'a, T>, order: Direction, place: [usize; 2]) -> Self {
        let base = NonNull::from(sequence.storage()).cast();
        let places = Places::side_by_side(base, sequence.shape(), sequence.strides(), order, place);
        Self { places, owner: PhantomData }
    }

    /// Steps `k..k + U`, in the order of time, of row `l`.
    ///
    /// # Panics
    /// If there are no such steps or row.
    #[inline(always)]
    #[track_caller]
    pub fn load<const U: usize>(&self, l: usize, k: usize) -> [[T; C]; U] {
        // SAFETY: `C` elements from there on are columns of one row of the sequence, which is borrowed for 'a to be read; an array
        // has the alignment of its elements.
        self.places[l].at(k).map(|place| unsafe { place.read() })
    }
}

/// Tracks to write.
#[derive(Debug)]
pub struct TracksMut<'a, T, const L: usize, const C: usize> {
    places: [Places<T, C>; L],
    owner: PhantomData<&'a mut [T]>,
}

impl<'a, T: Copy, const L: usize, const C: usize> TracksMut<'a, T, L, C> {
    /// Those that begin at a row and a column of a block.
    ///
    /// # Panics
    /// If they are not within the block.
    #[inline(always)]
    #[track_caller]
    pub fn new(rows: &'a mut Rows<'_, T>, order: Direction, place: [usize; 2]) -> Self {
        let (base, shape, strides) = rows.places();
        Self { places: Places::side_by_side(base, shape, strides, order, place), owner: PhantomData }
    }

    /// Steps `k..k + U`, in the order of time, of row `l`.
    ///
    /// # Panics
    /// If there are no such steps or row.
    #[inline(always)]
    #[track_caller]
    pub fn load<const U: usize>(&self, l: usize, k: usize) -> [[T; C]; U] {
        // SAFETY: `C` elements from there on are columns of one row of a block, the only way to which is borrowed for 'a (`new`).
        self.places[l].at(k).map(|place| unsafe { place.read() })
    }

    /// Overwrites steps `k..k + U`, in the order of time, of row `l`.
    ///
    /// # Panics
    /// If there are no such steps or row.
    #[inline(always)]
    #[track_caller]
    pub fn store<const U: usize>(&mut self, l: usize, k: usize, values: [[T; C]; U]) {
        for (place, values) in self.places[l].at::<U>(k).into_iter().zip(values) {
            // SAFETY: as in `load`, and `&mut self` keeps the tracks from being read meanwhile.
            unsafe { place.write(values) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rnn_kernels::SeqMut;

    /// `[t, n, f] = 100 t + 10 n + f` in a sequence of three steps, four rows and five columns, with gaps.
    fn numbered() -> Vec<f32> {
        let mut data = vec![-1.0; 3 * 30];
        for (t, n, f) in (0..3).flat_map(|t| (0..4).flat_map(move |n| (0..5).map(move |f| (t, n, f)))) {
            data[30 * t + 7 * n + f] = (100 * t + 10 * n + f) as f32;
        }
        data
    }

    fn tracks(data: &[f32], order: Direction, place: [usize; 2]) -> Tracks<'_, f32, 2, 3> {
        Tracks::new(SeqRef::with_strides(data, [3, 4, 5], 30, 7), order, place)
    }

    #[test]
    fn a_track_is_its_columns_in_the_order_of_time() {
        let data = numbered();
        let forward = tracks(&data, Direction::Forward, [1, 2]);
        assert_eq!(forward.load(1, 1), [[122.0, 123.0, 124.0], [222.0, 223.0, 224.0]]);
        let reverse = tracks(&data, Direction::Reverse, [1, 2]);
        assert_eq!(reverse.load(0, 1), [[112.0, 113.0, 114.0], [12.0, 13.0, 14.0]]);
    }

    #[test]
    fn what_is_written_to_a_track_is_written_there_alone() {
        let mut data = numbered();
        let mut rows = Rows::new(SeqMut::with_strides(&mut data, [3, 4, 5], 30, 7));
        let mut tracks = TracksMut::<_, 2, 1>::new(&mut rows, Direction::Reverse, [2, 4]);
        assert_eq!((tracks.load(0, 1), tracks.load(1, 1)), ([[124.0]], [[134.0]]));
        tracks.store(0, 0, [[0.5]]);
        tracks.store(1, 2, [[1.5]]);
        let mut want = numbered();
        (want[60 + 14 + 4], want[21 + 4]) = (0.5, 1.5);
        assert_eq!(data, want);
    }

    #[test]
    #[should_panic(expected = "a track beyond its sequence")]
    fn tracks_lie_within_their_sequence() {
        let _ = tracks(&numbered(), Direction::Forward, [3, 0]);
    }

    #[test]
    #[should_panic(expected = "a step beyond its track")]
    fn there_is_no_step_after_the_last() {
        let _ = tracks(&numbered(), Direction::Reverse, [0, 0]).load::<2>(0, 2);
    }
}
