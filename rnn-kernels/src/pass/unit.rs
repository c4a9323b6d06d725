//! `kept, written = unit(pre, reads, vectors)` on some rows of one stage of one step, and its pullback.

use crate::accum::Accum;
use crate::form::Slot;
use crate::input::Input;
use crate::plan::{Home, Places, Spec};
use crate::program::Program;
use crate::scalar::Scalar;
use crate::view::SeqRef;
use core::ops::Range;

/// What forward and backward of a stage read beside the reserve.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory<'a, T> {
    pub(crate) spec: &'a Spec<T>,
    pub(crate) places: Places<'a>,
    pub(crate) params: &'a [T],
    pub(crate) x: Input<'a, T>,
    pub(crate) masks: &'a [SeqRef<'a, T>],
    /// The time of step 0 in the masks, which a window does not cut.
    pub(crate) first: usize,
}

impl<'a, T: Scalar> Memory<'a, T> {
    /// Read `slot` of step `t`, row `n`, as long as no reserve holds it.
    fn outside(&self, slot: Slot, t: usize, n: usize) -> Option<&'a [T]> {
        match slot {
            Slot::X => match self.x {
                Input::Dense(x) => Some(x.at(t).row(n)),
                Input::OneHot { .. } => unreachable!("a pass with such a cell checks its input"),
            },
            Slot::Mask(m) => Some(self.masks[m].at(self.first + t).row(n)),
            Slot::Old(_) | Slot::New(_) | Slot::Value(_) => None,
        }
    }

    /// Row `n` of a slot in the reserve.
    fn row(&self, slot: Slot, t: usize, n: usize) -> Range<usize> {
        let (start, width) = (self.places.slot(slot, t).start, self.places.width(slot));
        start + n * width..start + (n + 1) * width
    }

    /// The pre-activations of a stage in row `n`, one gate after another.
    pub(super) fn pre(&self, stage: usize, t: usize, n: usize) -> Range<usize> {
        let plan = &self.places.plan.stages[stage];
        let (range, width, first) = self.places.home(plan.home, t);
        let start = range.start + n * width + first;
        start..start + plan.gates * plan.width
    }
}

/// One stage of a step after its products, on some rows.
#[derive(Debug)]
pub struct UnitForward<'a, T> {
    pub(crate) memory: Memory<'a, T>,
    pub(crate) stage: usize,
    pub(crate) t: usize,
    pub(crate) rows: Range<usize>,
    pub(crate) reserve: &'a mut [T],
}

impl<'a, T: Scalar> UnitForward<'a, T> {
    /// The cell and its sizes.
    #[must_use]
    pub fn spec(&self) -> &'a Spec<T> {
        self.memory.spec
    }

    /// The stage.
    #[must_use]
    pub fn stage(&self) -> usize {
        self.stage
    }

    /// The rows of the batch that are to be computed.
    #[must_use]
    pub fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// How many units a row has.
    #[must_use]
    pub fn width(&self) -> usize {
        self.memory.places.plan.stages[self.stage].width
    }

    /// `[G·W]` of row `n`, in: pre-activations, gate after gate · out: what is kept.
    #[must_use]
    pub fn pre(&mut self, n: usize) -> &mut [T] {
        &mut self.reserve[self.memory.pre(self.stage, self.t, n)]
    }

    /// `[W]` of row `n`: read `j`.
    #[must_use]
    pub fn read(&self, j: usize, n: usize) -> &[T] {
        let slot = self.memory.places.plan.stages[self.stage].reads[j];
        self.memory.outside(slot, self.t, n).unwrap_or_else(|| &self.reserve[self.memory.row(slot, self.t, n)])
    }

    /// `[W]`: vector `j`.
    #[must_use]
    pub fn vector(&self, j: usize) -> &[T] {
        &self.memory.params[self.memory.places.plan.stages[self.stage].vectors[j].clone()]
    }

    /// `[W]` of row `n` out: write `j`. Where the stage keeps what it writes, this is the place of its pre-activation.
    #[must_use]
    pub fn write(&mut self, j: usize, n: usize) -> &mut [T] {
        let slot = self.memory.places.plan.stages[self.stage].writes[j];
        &mut self.reserve[self.memory.row(slot, self.t, n)]
    }

    /// Whether the pre-activations of the stage lie where it writes.
    #[must_use]
    pub fn keeps_what_it_writes(&self) -> bool {
        matches!(self.memory.places.plan.stages[self.stage].home, Home::Written(..))
    }

    /// The equation, as a program.
    #[must_use]
    pub fn program(&self) -> &'a Program {
        self.memory.spec.cell().forward(self.stage)
    }

    /// The same operands, borrowed.
    #[must_use]
    pub fn rb_mut(&mut self) -> UnitForward<'_, T> {
        let Self { memory, stage, t, rows, reserve } = self;
        UnitForward { memory: *memory, stage: *stage, t: *t, rows: rows.clone(), reserve }
    }
}

/// Where the cotangents of one stage lie.
#[derive(Debug)]
pub(crate) struct Gradient<'a, T> {
    /// All scratch of the pass.
    pub(crate) workspace: &'a mut [T],
    /// The first column of the cotangents of the stage's pre-activations in row 0, and the width of a row of all.
    pub(crate) d_pre: (usize, usize),
    /// Where the cotangents of new states begin.
    pub(crate) after: usize,
    /// Where those of old states begin.
    pub(crate) before: usize,
    /// Where those of values begin.
    pub(crate) values: usize,
    /// Where those of vectors begin.
    pub(crate) vectors: usize,
    /// Where those of the input that is read unit by unit begin, at this step.
    pub(crate) input: usize,
}

impl<T> Gradient<'_, T> {
    fn rb_mut(&mut self) -> Gradient<'_, T> {
        Gradient { workspace: self.workspace, ..*self }
    }
}

/// The pullback of one stage of a step, on some rows.
#[derive(Debug)]
pub struct UnitBackward<'a, T> {
    pub(crate) memory: Memory<'a, T>,
    pub(crate) stage: usize,
    pub(crate) t: usize,
    pub(crate) rows: Range<usize>,
    pub(crate) reserve: &'a [T],
    pub(crate) gradient: Gradient<'a, T>,
}

impl<'a, T: Scalar> UnitBackward<'a, T> {
    /// The cell and its sizes.
    #[must_use]
    pub fn spec(&self) -> &'a Spec<T> {
        self.memory.spec
    }

    /// The stage.
    #[must_use]
    pub fn stage(&self) -> usize {
        self.stage
    }

    /// The rows of the batch that are to be computed.
    #[must_use]
    pub fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// How many units a row has.
    #[must_use]
    pub fn width(&self) -> usize {
        self.memory.places.plan.stages[self.stage].width
    }

    /// `[G·W]` of row `n`: what forward kept, gate after gate.
    #[must_use]
    pub fn kept(&self, n: usize) -> &[T] {
        &self.reserve[self.memory.pre(self.stage, self.t, n)]
    }

    /// `[W]` of row `n`: read `j`.
    #[must_use]
    pub fn read(&self, j: usize, n: usize) -> &[T] {
        self.saved(self.memory.places.plan.stages[self.stage].reads[j], n)
    }

    /// `[W]` of row `n`: write `j`.
    #[must_use]
    pub fn written(&self, j: usize, n: usize) -> &[T] {
        self.saved(self.memory.places.plan.stages[self.stage].writes[j], n)
    }

    /// `[W]`: vector `j`.
    #[must_use]
    pub fn vector(&self, j: usize) -> &[T] {
        &self.memory.params[self.memory.places.plan.stages[self.stage].vectors[j].clone()]
    }

    /// `[W]` of row `n` in: the whole cotangent of write `j`.
    #[must_use]
    pub fn d_written(&self, j: usize, n: usize) -> &[T] {
        let slot = self.memory.places.plan.stages[self.stage].writes[j];
        self.d_slot(slot, n).map_or(&[], |range| &self.gradient.workspace[range])
    }

    /// `[G·W]` of row `n` out, overwritten: the cotangents of the pre-activations.
    #[must_use]
    pub fn d_pre(&mut self, n: usize) -> &mut [T] {
        let (plan, (first, width)) = (&self.memory.places.plan.stages[self.stage], self.gradient.d_pre);
        &mut self.gradient.workspace[first + n * width..][..plan.gates * plan.width]
    }

    /// `[W]` of row `n` out: the cotangent of read `j`, overwritten or added to; a mask has none.
    #[must_use]
    pub fn d_read(&mut self, j: usize, n: usize) -> Option<(Accum, &mut [T])> {
        let plan = &self.memory.places.plan.stages[self.stage];
        let range = self.d_slot(plan.reads[j], n)?;
        Some((plan.d_reads[j], &mut self.gradient.workspace[range]))
    }

    /// `[W]` out, added to: the cotangent of vector `j`, summed over all rows and steps.
    #[must_use]
    pub fn d_vector(&mut self, j: usize) -> &mut [T] {
        let plan = self.memory.places.plan;
        let vector = &plan.stages[self.stage].vectors[j];
        let before: usize = plan.vectors.iter().take_while(|other| *other != vector).map(Range::len).sum();
        &mut self.gradient.workspace[self.gradient.vectors + before..][..vector.len()]
    }

    /// The pullback, as a program.
    #[must_use]
    pub fn program(&self) -> &'a Program {
        self.memory.spec.cell().backward(self.stage)
    }

    /// The same operands, borrowed.
    #[must_use]
    pub fn rb_mut(&mut self) -> UnitBackward<'_, T> {
        let Self { memory, stage, t, rows, reserve, gradient } = self;
        let gradient = gradient.rb_mut();
        UnitBackward { memory: *memory, stage: *stage, t: *t, rows: rows.clone(), reserve, gradient }
    }

    fn saved(&self, slot: Slot, n: usize) -> &[T] {
        self.memory.outside(slot, self.t, n).unwrap_or_else(|| &self.reserve[self.memory.row(slot, self.t, n)])
    }

    /// Where the cotangent of a slot lies in the workspace.
    fn d_slot(&self, slot: Slot, n: usize) -> Option<Range<usize>> {
        let (plan, rows) = (self.memory.places.plan, self.memory.places.rows);
        let sum = |widths: &[usize]| widths.iter().sum::<usize>() * rows;
        let (start, width) = match slot {
            Slot::X => (self.gradient.input, self.memory.spec.size().input),
            Slot::Old(k) => (self.gradient.before + sum(&plan.states[..k]), plan.states[k]),
            Slot::New(k) => (self.gradient.after + sum(&plan.states[..k]), plan.states[k]),
            Slot::Value(v) => (self.gradient.values + sum(&plan.values[..v]), plan.values[v]),
            Slot::Mask(_) => return None,
        };
        Some(start + n * width..start + (n + 1) * width)
    }
}
