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

#[cfg(test)]
mod tests {
    extern crate std;

    use super::{ElmanStepGrad, GruCandidate, GruGates, GruStep, LstmStep, LstmStepGrad};
    use crate::{Activation, MatMut, MatRef};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::string::String;

    /// What a check says of operands of two rows and three units, all right but the one with as many columns as it is given.
    fn refused(check: impl FnOnce(&[f64], usize)) -> String {
        let told = catch_unwind(AssertUnwindSafe(|| check(&[0.0; 64], 4))).expect_err("a wrong shape must be refused");
        told.downcast_ref::<String>().cloned().expect("a message")
    }

    fn right<const N: usize>(data: &mut [f64; N]) -> MatMut<'_, f64> {
        MatMut::new(data, 2, N / 2)
    }

    #[test]
    fn a_step_with_an_operand_of_the_wrong_width_is_refused_and_the_operand_named() {
        let elman = refused(|data, width| {
            let (h, d_h) = (MatRef::new(data, 2, 3), MatRef::new(data, 2, width));
            ElmanStepGrad { activation: Activation::Tanh, h, d_h, d_pre: right(&mut [0.0; 6]) }.check();
        });
        assert!(elman.contains("d_h") && elman.contains("elman step gradient"), "{elman}");

        let lstm = refused(|data, width| {
            let (mut gates, mut c, mut h) = ([0.0; 24], [0.0; 6], [0.0; 6]);
            let c_prev = MatRef::new(data, 2, width);
            LstmStep { gates: right(&mut gates), c_prev, c: right(&mut c), h: right(&mut h) }.check();
        });
        assert!(lstm.contains("c_prev") && lstm.contains("lstm step"), "{lstm}");

        let lstm = refused(|data, width| {
            let (mut d_c_prev, mut d_pre) = ([0.0; 6], [0.0; 24]);
            let state = MatRef::new(data, 2, 3);
            LstmStepGrad {
                gates: MatRef::new(data, 2, 12),
                c_prev: state,
                c: state,
                d_h: MatRef::new(data, 2, width),
                d_c: state,
                d_c_prev: right(&mut d_c_prev),
                d_pre: right(&mut d_pre),
            }
            .check();
        });
        assert!(lstm.contains("d_h") && lstm.contains("lstm step gradient"), "{lstm}");

        let gru = refused(|data, width| {
            let (mut gates, mut h) = ([0.0; 18], [0.0; 6]);
            let (aux, h_prev) = (MatRef::new(data, 2, width), MatRef::new(data, 2, 3));
            GruStep { gates: right(&mut gates), aux, h_prev, h: right(&mut h) }.check();
        });
        assert!(gru.contains("aux") && gru.contains("gru step"), "{gru}");

        let gru = refused(|data, width| {
            let (mut gates, mut aux) = ([0.0; 18], [0.0; 6]);
            GruGates { gates: right(&mut gates), h_prev: MatRef::new(data, 2, width), aux: right(&mut aux) }.check();
        });
        assert!(gru.contains("gru gates"), "{gru}");

        let gru = refused(|data, width| {
            let (mut gates, mut h) = ([0.0; 18], [0.0; 6]);
            GruCandidate { gates: right(&mut gates), h_prev: MatRef::new(data, 2, width), h: right(&mut h) }.check();
        });
        assert!(gru.contains("gru candidate"), "{gru}");
    }
}
