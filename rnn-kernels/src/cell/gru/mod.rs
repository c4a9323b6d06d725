//! Gated recurrent unit, both readings of its reset gate.

mod reserve;
mod run;
mod spec;
mod step;

pub use reserve::{GruReserve, GruReserveMut};
pub use run::{GruBackward, GruForward, GruInfer};
pub use spec::{GruReset, GruSpec};
pub use step::{GruCandidate, GruCandidateGrad, GruGates, GruGatesGrad, GruStep, GruStepGrad};
