//! `kept, written = unit(pre, reads, vectors)`: the operands of one unit of a stage.

use super::error::Fault;
use crate::number::{Cut, Number};

/// The operands of one unit of a stage, and its results.
///
/// An equation takes what its form gives, in the form's order; a wrong number of operands is a [`Fault`] of the cell and
/// never a panic. **What is kept or written stands for itself from there on**: the equation goes on with what
/// [`keep`](Self::keep) and [`write`](Self::write) return, because that is what backward finds. [`Cell::new`](crate::Cell::new) refuses an
/// equation that does not.
#[derive(Debug)]
pub struct Unit<'u, S> {
    pre: &'u [S],
    reads: &'u [S],
    vectors: &'u [S],
    kept: &'u mut [S],
    writes: &'u mut [S],
    fault: Option<Fault>,
}

impl<'u, S: Number> Unit<'u, S> {
    /// A unit with these operands. Results go into `kept`, one place for each pre-activation, which is kept as it is unless
    /// the equation says otherwise, and into `writes`.
    pub fn new(pre: &'u [S], reads: &'u [S], vectors: &'u [S], kept: &'u mut [S], writes: &'u mut [S]) -> Self {
        kept.iter_mut().zip(pre).for_each(|(kept, &pre)| *kept = pre);
        Self { pre, reads, vectors, kept, writes, fault: None }
    }

    /// The pre-activations, one for each gate.
    #[inline(always)]
    pub fn pre<const N: usize>(&mut self) -> [S; N] {
        let pre = self.pre;
        self.exactly("pre-activations", pre)
    }

    /// The reads of the stage.
    #[inline(always)]
    pub fn reads<const N: usize>(&mut self) -> [S; N] {
        let reads = self.reads;
        self.exactly("reads", reads)
    }

    /// The vectors of the stage.
    #[inline(always)]
    pub fn vectors<const N: usize>(&mut self) -> [S; N] {
        let vectors = self.vectors;
        self.exactly("vectors", vectors)
    }

    /// All pre-activations: for an equation whose number of operands is not known when it is compiled.
    #[inline(always)]
    pub fn all_pre(&self) -> &'u [S] {
        self.pre
    }

    /// All reads.
    #[inline(always)]
    pub fn all_reads(&self) -> &'u [S] {
        self.reads
    }

    /// What the reserve holds instead of all pre-activations; returns what stands for them from here on.
    #[inline(always)]
    pub fn keep<const N: usize>(&mut self, values: [S; N]) -> [S; N] {
        if N != self.kept.len() {
            self.arity("places of kept values", self.kept.len(), N);
            return values;
        }
        let mut at = 0;
        values.map(|value| {
            let kept = self.keep_at(at, value);
            at += 1;
            kept
        })
    }

    /// What the reserve holds instead of pre-activation `j`; returns what stands for it from here on.
    ///
    /// Backward computes from what is kept and read; it is correct for any choice that suffices and cheapest for activations.
    #[inline(always)]
    pub fn keep_at(&mut self, j: usize, value: S) -> S {
        match self.kept.get_mut(j) {
            Some(kept) => *kept = value,
            None => {
                self.arity("places of kept values", self.kept.len(), j + 1);
                return value;
            }
        }
        value.cut(Cut::Kept(j))
    }

    /// Everything the stage writes; returns what stands for it from here on.
    #[inline(always)]
    pub fn write<const N: usize>(&mut self, values: [S; N]) -> [S; N] {
        if N != self.writes.len() {
            self.arity("places to write", self.writes.len(), N);
            return values;
        }
        let mut at = 0;
        values.map(|value| {
            let written = self.write_at(at, value);
            at += 1;
            written
        })
    }

    /// What the stage writes as its `j`-th; returns what stands for it from here on.
    #[inline(always)]
    pub fn write_at(&mut self, j: usize, value: S) -> S {
        match self.writes.get_mut(j) {
            Some(write) => *write = value,
            None => {
                self.arity("places to write", self.writes.len(), j + 1);
                return value;
            }
        }
        value.cut(Cut::Written(j))
    }

    /// What was wrong with the calls so far: a number of operands.
    pub(crate) fn finish(self) -> Result<(), Fault> {
        self.fault.map_or(Ok(()), Err)
    }

    #[inline(always)]
    fn exactly<const N: usize>(&mut self, what: &'static str, from: &[S]) -> [S; N] {
        if N == from.len() {
            return core::array::from_fn(|j| from[j]);
        }
        self.arity(what, from.len(), N);
        [S::constant(0.0); N]
    }

    #[cold]
    #[inline(never)]
    fn arity(&mut self, what: &'static str, given: usize, taken: usize) {
        self.fault.get_or_insert(Fault::Arity { what, given, taken });
    }
}
