//! `kept, written = unit(pre, reads, vectors)`: the operands of one unit of a stage.

use super::error::Fault;
use crate::number::{Cut, Number};
use alloc::format;

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
    /// Which of them the equation has given.
    given: [u64; 2],
    wrong: Option<Wrong>,
}

/// The first thing that was wrong: plain data, so that a compiled unit keeps nothing in memory for a message.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    Arity { what: &'static str, given: usize, taken: usize },
    Twice { what: &'static str, at: usize },
}

/// Places `0..N` one after another, the first eight of them as literals.
macro_rules! each_place {
    ($j:ident of $n:ident => $e:expr) => {
        each_place!(@ $j $n $e; 0 1 2 3 4 5 6 7);
        for $j in 8..$n {
            $e;
        }
    };
    (@ $j:ident $n:ident $e:expr; $($literal:literal)+) => {$(
        if const { $literal < $n } {
            let $j = $literal;
            $e;
        }
    )+};
}

impl<'u, S: Number> Unit<'u, S> {
    /// A unit with these operands. Results go into `kept`, one place for each pre-activation, which is kept as it is unless
    /// the equation says otherwise, and into `writes`.
    #[inline(always)]
    pub fn new(pre: &'u [S], reads: &'u [S], vectors: &'u [S], kept: &'u mut [S], writes: &'u mut [S]) -> Self {
        // No loop and no closure, here and below: the optimiser need not unroll the one, and the other may stay a call, which is
        // compiled for the target's baseline.
        if kept.len() == pre.len() {
            kept.copy_from_slice(pre);
        }
        Self::over_results(pre, reads, vectors, kept, writes)
    }

    /// A unit whose results are there already: what lies in `kept` and `writes` is handed to [`Number::cut`] as what was found,
    /// and then overwritten.
    #[inline(always)]
    pub fn over_results(
        pre: &'u [S],
        reads: &'u [S],
        vectors: &'u [S],
        kept: &'u mut [S],
        writes: &'u mut [S],
    ) -> Self {
        Self { pre, reads, vectors, kept, writes, given: [0; 2], wrong: None }
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
        let mut kept = values;
        each_place!(j of N => kept[j] = self.keep_at(j, values[j]));
        kept
    }

    /// What the reserve holds instead of pre-activation `j`; returns what stands for it from here on.
    ///
    /// Backward computes from what is kept and read; it is correct for any choice that suffices and cheapest for activations.
    #[inline(always)]
    pub fn keep_at(&mut self, j: usize, value: S) -> S {
        if j >= self.kept.len() {
            self.arity("places of kept values", self.kept.len(), j + 1);
            return value;
        }
        self.once(0, "kept value", j);
        let found = self.kept[j];
        self.kept[j] = value;
        value.cut(Cut::Kept(j), found)
    }

    /// Everything the stage writes; returns what stands for it from here on.
    #[inline(always)]
    pub fn write<const N: usize>(&mut self, values: [S; N]) -> [S; N] {
        if N != self.writes.len() {
            self.arity("places to write", self.writes.len(), N);
            return values;
        }
        let mut written = values;
        each_place!(j of N => written[j] = self.write_at(j, values[j]));
        written
    }

    /// What the stage writes as its `j`-th; returns what stands for it from here on.
    #[inline(always)]
    pub fn write_at(&mut self, j: usize, value: S) -> S {
        if j >= self.writes.len() {
            self.arity("places to write", self.writes.len(), j + 1);
            return value;
        }
        self.once(1, "write", j);
        let found = self.writes[j];
        self.writes[j] = value;
        value.cut(Cut::Written(j), found)
    }

    /// What was wrong with the calls so far.
    pub(crate) fn finish(self) -> Result<(), Fault> {
        match self.wrong {
            None => Ok(()),
            Some(Wrong::Arity { what, given, taken }) => Err(Fault::Arity { what, given, taken }),
            Some(Wrong::Twice { what, at }) => Err(Fault::Twice { slot: format!("{what} {at}") }),
        }
    }

    #[inline(always)]
    fn exactly<const N: usize>(&mut self, what: &'static str, from: &[S]) -> [S; N] {
        if let Ok(operands) = <[S; N]>::try_from(from) {
            return operands;
        }
        self.arity(what, from.len(), N);
        [S::constant(0.0); N]
    }

    /// A place is given once: what was found there a second time would be no result.
    #[inline(always)]
    fn once(&mut self, list: usize, what: &'static str, j: usize) {
        let bit = 1_u64.checked_shl(u32::try_from(j).unwrap_or(64)).unwrap_or(0);
        if self.given[list] & bit != 0 && self.wrong.is_none() {
            self.wrong = Some(Wrong::Twice { what, at: j });
        }
        self.given[list] |= bit;
    }

    #[inline(always)]
    fn arity(&mut self, what: &'static str, given: usize, taken: usize) {
        if self.wrong.is_none() {
            self.wrong = Some(Wrong::Arity { what, given, taken });
        }
    }
}
