//! The cells: their options, what forward keeps for backward, and the arguments of every kernel.
//!
//! Letters: `T` steps, `N` rows of the batch, `C` input features, `H` hidden units, `P` units of the output
//! (`= H` without projection), `G` gates.

mod elman;
mod gru;
mod lstm;

pub use elman::{
    ElmanBackward, ElmanForward, ElmanInfer, ElmanReserve, ElmanReserveMut, ElmanSpec, ElmanStep, ElmanStepGrad,
};
pub use gru::{
    GruBackward, GruCandidate, GruCandidateGrad, GruForward, GruGates, GruGatesGrad, GruInfer, GruReserve,
    GruReserveMut, GruReset, GruSpec, GruStep, GruStepGrad,
};
pub use lstm::{LstmBackward, LstmForward, LstmInfer, LstmReserve, LstmReserveMut, LstmSpec, LstmStep, LstmStepGrad};

/// The facts of a run that uses no option beyond those of this version.
///
/// An override that knows only these asks for them first and hands the run to the provided body when there
/// are none: an option it has never heard of is then computed, not ignored.
#[derive(Clone, Copy, Debug)]
pub struct Plain<'a> {
    /// `T`.
    pub steps: usize,
    /// `N`.
    pub rows: usize,
    /// `C`.
    pub input: usize,
    /// `H`.
    pub hidden: usize,
    /// The length of each row, if they differ.
    pub lengths: Option<&'a [usize]>,
    /// The time of step 0.
    pub start: usize,
}
