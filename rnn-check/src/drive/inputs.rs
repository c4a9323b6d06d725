//! What every pass reads, in guarded buffers, and how a call is made.

use super::{Called, Guarded, Mistake, Padding, Place, Rig, message};
use crate::case::{Problem, X};
use crate::oracle::Dims;
use crate::real::Real;
use rnn_kernels::{Held, Input, SeqRef, Spec, Steps, Use};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The arguments all passes read, in guarded buffers.
pub(super) struct Inputs<T> {
    pub(super) spec: Spec<T>,
    pub(super) params: Guarded<T>,
    pub(super) packed: Guarded<T>,
    x: Option<Guarded<T>>,
    index: Vec<u32>,
    masks: Vec<Guarded<T>>,
    lengths: Option<Vec<usize>>,
    holes: Option<(Vec<bool>, Held)>,
    dims: Dims,
    start: usize,
}

impl<T: Real> Inputs<T> {
    pub(super) fn new(rig: &Rig<'_, T>, problem: &Problem<T>, usage: Use) -> Self {
        let (dims, spec) = (problem.dims, problem.spec());
        let nan = T::from_f64(f64::NAN);
        let packed_len = rig.backend.lens(&spec, dims.steps, dims.batch).packed(usage);
        let mut packed = Guarded::output("packed", Place::flat(packed_len + rig.slack), rig.garbage);
        rig.backend.pack(&spec, usage, &problem.params, &mut packed.slice_mut()[..packed_len]);
        // The parameters of a larger cell are what a wrong caller would pass.
        let mut params = problem.params.clone();
        if rig.mistake == Some(Mistake::Params) {
            params.resize(problem.params_of_a_larger_cell(), T::ZERO);
        }
        let mut lengths = problem.lengths.clone();
        if rig.mistake == Some(Mistake::Lengths) {
            lengths = Some(vec![1; dims.batch + 1]);
        }
        let (x, index) = match &problem.x {
            X::Dense(x) => {
                let cols = dims.input + rig.wrong(Mistake::X);
                let place = Place::sequence(problem.layout, [dims.steps, dims.batch, cols]);
                (Some(Guarded::input("x", place, &rig.padded(problem, x, dims.input, nan))), vec![])
            }
            X::OneHot(index) => (None, rig.padded(problem, index, 1, u32::MAX)),
        };
        let width = problem.cell.masks(dims.hidden);
        let of_masks = spec.plan().masks.clone();
        let masks = rig.padded(problem, &problem.masks, width, nan);
        let mask = |m: usize| {
            let start = of_masks[..m].iter().sum::<usize>();
            let rows = masks.chunks(width).flat_map(|row| row[start..start + of_masks[m]].iter().copied());
            let place = Place::sequence(problem.layout, [dims.steps, dims.batch, of_masks[m]]);
            Guarded::input("mask", place, &rows.collect::<Vec<T>>())
        };
        let masks = (0..of_masks.len()).map(mask).collect();
        let params = Guarded::input("params", Place::flat(params.len()), &params);
        let mut holes = problem.holes.clone();
        if rig.mistake == Some(Mistake::Skipped) {
            holes = Some((vec![false; dims.steps * dims.batch - 1], Held::Zero));
        }
        Self { spec, params, packed, x, index, masks, lengths, holes, dims, start: problem.start }
    }

    pub(super) fn masks(&self) -> Vec<SeqRef<'_, T>> {
        self.masks.iter().map(Guarded::seq).collect()
    }

    pub(super) fn steps(&self) -> Steps<'_> {
        let steps = self.lengths.as_deref().map_or(Steps::all(), Steps::ragged).window(self.start);
        let holes = self.holes.as_ref();
        holes.map_or(steps, |(skipped, held)| steps.skipping(skipped, self.dims.batch, *held))
    }

    pub(super) fn x(&self) -> Input<'_, T> {
        match &self.x {
            Some(x) => Input::Dense(x.seq()),
            None => Input::OneHot { index: &self.index, steps: self.dims.steps, rows: self.dims.batch },
        }
    }

    pub(super) fn buffers(&self) -> impl Iterator<Item = &Guarded<T>> {
        [&self.params].into_iter().chain(&self.x).chain(&self.masks)
    }
}

pub(super) fn breaches<'b, T: Real>(buffers: impl IntoIterator<Item = &'b Guarded<T>>) -> Vec<String> {
    buffers.into_iter().filter_map(Guarded::breach).collect()
}

impl<'r, T: Real> Rig<'r, T> {
    /// A backend, called with NaN in everything it does not have to read.
    #[must_use]
    pub fn new(backend: &'r dyn rnn_kernels::Backend<T>) -> Self {
        Self {
            backend,
            garbage: T::from_f64(f64::NAN),
            count: None,
            mistake: None,
            catch: false,
            slack: 0,
            shared: None,
            padding: Padding::Poisoned,
            unsupported: &[],
        }
    }

    /// `[T, N, width]` as the backend finds it: `poison` where a step does not belong to its row.
    pub(super) fn padded<E: Copy>(&self, problem: &Problem<T>, data: &[E], width: usize, poison: E) -> Vec<E> {
        self.poisoned(data, problem.dims.batch, width, poison, |t, n| !problem.live(t, n))
    }

    /// `[T, N, width]` as the backend finds it: `poison` where nothing is read.
    pub(super) fn poisoned<E: Copy>(
        &self,
        data: &[E],
        batch: usize,
        width: usize,
        poison: E,
        unread: impl Fn(usize, usize) -> bool,
    ) -> Vec<E> {
        let as_given = self.padding == Padding::AsGiven;
        let each = data.iter().enumerate().map(|(at, &element)| {
            let (t, n) = (at / width / batch, at / width % batch);
            if !as_given && unread(t, n) { poison } else { element }
        });
        each.collect()
    }

    /// Leaves the law if this problem needs what the backend does not support. The unwinding is no panic: no hook sees it.
    pub(super) fn demand(&self, problem: &Problem<T>) {
        if let Some(&feature) = self.unsupported.iter().find(|feature| feature.is_needed_by(problem)) {
            std::panic::resume_unwind(Box::new(feature));
        }
    }

    pub(super) fn wrong(&self, mistake: Mistake) -> usize {
        usize::from(self.mistake == Some(mistake))
    }

    pub(super) fn counted(&self, mut call: impl FnMut()) -> Called {
        if self.catch {
            let panic = catch_unwind(AssertUnwindSafe(call)).err().map(|panic| message(&*panic));
            return Called { allocations: 0, panic };
        }
        let allocations = match self.count {
            Some(count) => count(&mut call),
            None => {
                call();
                0
            }
        };
        Called { allocations, panic: None }
    }

    /// Scratch of the length asked for, with the slack or an element less; what is in it is garbage or shared.
    pub(super) fn scratch(&self, len: usize) -> Guarded<T> {
        let len = len - self.wrong(Mistake::Workspace).min(len) + self.slack;
        let Some(shared) = self.shared else {
            return Guarded::output("workspace", Place::flat(len), self.garbage);
        };
        let mut left = shared.borrow_mut();
        let longer = left.len().max(len);
        left.resize(longer, self.garbage);
        Guarded::inout("workspace", Place::flat(len), &left[..len])
    }

    /// Leaves the scratch of a call to the next one, if they share it.
    pub(super) fn leave(&self, scratch: &Guarded<T>) {
        if let Some(shared) = self.shared {
            let left = scratch.slice();
            shared.borrow_mut()[..left.len()].copy_from_slice(left);
        }
    }
}

pub(super) fn sequence_output<T: Real>(
    rig: &Rig<'_, T>,
    name: &'static str,
    problem: &Problem<T>,
    steps: usize,
    cols: usize,
) -> Guarded<T> {
    Guarded::output(name, Place::sequence(problem.layout, [steps, problem.dims.batch, cols]), rig.garbage)
}
