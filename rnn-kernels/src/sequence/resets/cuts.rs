//! A pass cut before every step at which a row starts anew.

use super::Resets;
use crate::direction::Direction;
use crate::input::Input;
use crate::plan::Spec;
use crate::scalar::Scalar;
use crate::shape::{expect, product};
use crate::steps::Steps;
use core::ops::Range;

/// The windows of a pass as its direction takes them, between the numbers of their first and last steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cuts<'a> {
    pub starts: &'a [bool],
    pub steps: Steps<'a>,
    pub direction: Direction,
    pub count: usize,
    pub rows: usize,
}

impl<'a> Cuts<'a> {
    #[track_caller]
    pub fn new<T: Scalar>(
        kernel: &str,
        resets: Resets<'a, T>,
        spec: &Spec<T>,
        (direction, steps): (Direction, Steps<'a>),
        x: Input<'_, T>,
    ) -> Self {
        let (count, rows) = (x.steps(), x.rows());
        expect(kernel, "resets.starts", [resets.starts.len()], "[T · N]", [product(kernel, &[count, rows])]);
        let len = spec.states_len(rows);
        expect(kernel, "resets.state", [resets.state.map_or(len, <[T]>::len)], "[Σ N·W]", [len]);
        Self { starts: resets.starts, steps, direction, count, rows }
    }

    /// Whether row `n` starts anew before the step that is number `k`.
    pub fn at(&self, k: usize, n: usize) -> bool {
        let t = self.direction.step(k, self.count);
        t < self.steps.end(n, self.count) && self.starts[t * self.rows + n]
    }

    /// Whether a mark of any row cuts here, one that means nothing as well: where a pass is cut depends on marks alone.
    fn is_cut(&self, k: usize) -> bool {
        let t = self.direction.step(k, self.count);
        self.starts[t * self.rows..(t + 1) * self.rows].contains(&true)
    }

    /// The window that begins with step number `from`.
    fn next(&self, from: usize) -> Range<usize> {
        from..(from + 1..self.count).find(|&k| self.is_cut(k)).unwrap_or(self.count)
    }

    /// The window that ends before step number `to`.
    pub fn previous(&self, to: usize) -> Range<usize> {
        (1..to).rev().find(|&k| self.is_cut(k)).unwrap_or(0)..to
    }

    /// All windows, first to last.
    pub fn windows(self) -> impl Iterator<Item = Range<usize>> + use<'a> {
        let mut from = Some(0);
        core::iter::from_fn(move || {
            let window = self.next(from?);
            from = Some(window.end).filter(|&end| end < self.count);
            Some(window)
        })
    }

    /// The times of a window.
    pub fn times(&self, window: &Range<usize>) -> [usize; 2] {
        match self.direction {
            Direction::Forward => [window.start, window.end],
            Direction::Reverse => [self.count - window.end, self.count - window.start],
        }
    }

    /// Where the reserve of the window that begins with step number `from` begins: behind those of all before it.
    pub fn place<T: Scalar>(&self, spec: &Spec<T>, from: usize) -> usize {
        let before = self.windows().take_while(|window| window.start < from);
        before.map(|window| spec.reserve_len(window.len(), self.rows)).sum()
    }

    /// The states of the rows that start anew before step number `k`.
    pub fn start_anew<T: Scalar>(&self, spec: &Spec<T>, k: usize, current: &mut [T], state: Option<&[T]>) {
        for n in (0..self.rows).filter(|&n| k < self.count && self.at(k, n)) {
            for place in self.row(spec, n) {
                match state {
                    Some(state) => current[place.clone()].copy_from_slice(&state[place]),
                    None => current[place].fill(T::ZERO),
                }
            }
        }
    }

    /// Row `n` of every state, in a buffer of all of them.
    pub fn row<T: Scalar>(self, spec: &Spec<T>, n: usize) -> impl Iterator<Item = Range<usize>> {
        let rows = self.rows;
        spec.plan().states.iter().enumerate().map(move |(k, &width)| {
            let start = spec.state(k, rows).start + n * width;
            start..start + width
        })
    }
}
