//! A pass of an Elman layer over a sequence: the arguments of forward, backward and inference.

use super::{ElmanReserve, ElmanReserveMut, ElmanSpec};
use crate::accum::Accum;
use crate::cell::Plain;
use crate::direction::Direction;
use crate::input::Input;
use crate::params::{Params, ParamsMut};
use crate::scalar::Scalar;
use crate::shape::{at_least, expect};
use crate::steps::Steps;
use crate::view::{MatMut, MatRef, SeqMut, SeqRef};

/// A forward pass over `T` steps that keeps what backward needs.
#[derive(Debug)]
pub struct ElmanForward<'a, T> {
    /// The cell.
    pub spec: ElmanSpec<T>,
    /// Which way through time.
    pub direction: Direction,
    /// Which rows each step belongs to.
    pub steps: Steps<'a>,
    /// The weights.
    pub params: Params<'a, T>,
    /// The weights as `elman_pack` left them for [`Use::Train`](crate::Use::Train); may be longer than asked for.
    pub packed: &'a [T],
    /// `[T, N, C]`.
    pub x: Input<'a, T>,
    /// `[N, P]`; `None` is zero.
    pub h0: Option<MatRef<'a, T>>,
    /// `[T, N, P]` out: `h` where a step belongs to its row, 0 elsewhere.
    pub y: Option<SeqMut<'a, T>>,
    /// `[N, P]` out: the last state of every row.
    pub h_n: Option<MatMut<'a, T>>,
    /// Out: what backward needs; every element is written.
    pub reserve: ElmanReserveMut<'a, T>,
    /// Scratch, contents unspecified before and after.
    pub workspace: &'a mut [T],
}

/// Backpropagation through the time of one forward pass.
#[derive(Debug)]
pub struct ElmanBackward<'a, T> {
    /// The cell.
    pub spec: ElmanSpec<T>,
    /// Which way forward went.
    pub direction: Direction,
    /// Which rows each step belongs to.
    pub steps: Steps<'a>,
    /// The weights of forward.
    pub params: Params<'a, T>,
    /// The weights as `elman_pack` left them for [`Use::Train`](crate::Use::Train).
    pub packed: &'a [T],
    /// The input of forward, `[T, N, C]`.
    pub x: Input<'a, T>,
    /// What forward left; may be used again.
    pub reserve: ElmanReserve<'a, T>,
    /// `[T, N, P]` in; `None` is zero. Never read where a step does not belong to its row.
    pub d_y: Option<SeqRef<'a, T>>,
    /// `[N, P]` in; `None` is zero.
    pub d_h_n: Option<MatRef<'a, T>>,
    /// Accumulated into.
    pub d_params: Option<ParamsMut<'a, T>>,
    /// `[T, N, C]` as `d_x_accum` says; where a step does not belong to its row exactly 0 under `Replace` and
    /// untouched under `Add`. Must be `None` with one-hot input.
    pub d_x: Option<SeqMut<'a, T>>,
    /// Whether `d_x` is overwritten or added to.
    pub d_x_accum: Accum,
    /// `[N, P]` out, overwritten.
    pub d_h0: Option<MatMut<'a, T>>,
    /// `[T+1, N, P]` out: slot `s` is the whole `∂L/∂h_s`.
    pub d_h_trace: Option<SeqMut<'a, T>>,
    /// Scratch, contents unspecified before and after.
    pub workspace: &'a mut [T],
}

/// A forward pass that keeps nothing but the state. Streaming is `T = 1`.
#[derive(Debug)]
pub struct ElmanInfer<'a, T> {
    /// The cell.
    pub spec: ElmanSpec<T>,
    /// Which way through time.
    pub direction: Direction,
    /// Which rows each step belongs to.
    pub steps: Steps<'a>,
    /// The weights.
    pub params: Params<'a, T>,
    /// The weights as `elman_pack` left them for [`Use::Infer`](crate::Use::Infer).
    pub packed: &'a [T],
    /// `[T, N, C]`.
    pub x: Input<'a, T>,
    /// `[N, P]` in: initial · out: final state.
    pub h: MatMut<'a, T>,
    /// `[T, N, P]` out, as in forward.
    pub y: Option<SeqMut<'a, T>>,
    /// Scratch, contents unspecified before and after.
    pub workspace: &'a mut [T],
}

macro_rules! common_methods {
    ($kernel:literal) => {
        /// The facts of this run, unless it uses an option beyond those of this version.
        #[must_use]
        pub fn plain(&self) -> Option<Plain<'a>> {
            Some(Plain {
                steps: self.x.steps(),
                rows: self.x.rows(),
                input: self.spec.input,
                hidden: self.spec.hidden,
                lengths: self.steps.lengths(),
                start: self.steps.start(),
            })
        }

        #[track_caller]
        fn check_inputs(&self, packed: usize, workspace: usize) -> [usize; 3] {
            let rows = self.x.rows();
            self.params.check($kernel, self.spec.layout());
            self.x.check($kernel, self.spec.input, self.steps);
            self.steps.check($kernel, rows);
            at_least($kernel, "packed", self.packed.len(), packed);
            at_least($kernel, "workspace", self.workspace.len(), workspace);
            [self.x.steps(), rows, self.spec.output()]
        }
    };
}

impl<'a, T: Scalar> ElmanForward<'a, T> {
    common_methods!("elman_forward");

    /// Checks every shape; `packed` and `workspace` are the lengths the caller's body needs.
    ///
    /// # Panics
    /// If one is wrong; the message says which, and what it must be.
    #[track_caller]
    pub fn check(&self, packed: usize, workspace: usize) {
        let kernel = "elman_forward";
        let [t, n, p] = self.check_inputs(packed, workspace);
        self.reserve.rb().check(kernel, &self.spec, t, n);
        expect(kernel, "h0", self.h0.map_or([n, p], |m| m.shape()), "[N, P]", [n, p]);
        expect(kernel, "y", self.y.as_ref().map_or([t, n, p], SeqMut::shape), "[T, N, P]", [t, n, p]);
        expect(kernel, "h_n", self.h_n.as_ref().map_or([n, p], MatMut::shape), "[N, P]", [n, p]);
    }
}

impl<'a, T: Scalar> ElmanBackward<'a, T> {
    common_methods!("elman_backward");

    /// Checks every shape; `packed` and `workspace` are the lengths the caller's body needs.
    ///
    /// # Panics
    /// If one is wrong; the message says which, and what it must be.
    #[track_caller]
    pub fn check(&self, packed: usize, workspace: usize) {
        let kernel = "elman_backward";
        let [t, n, p] = self.check_inputs(packed, workspace);
        let c = self.spec.input;
        self.reserve.check(kernel, &self.spec, t, n);
        expect(kernel, "d_y", self.d_y.map_or([t, n, p], |s| s.shape()), "[T, N, P]", [t, n, p]);
        expect(kernel, "d_h_n", self.d_h_n.map_or([n, p], |m| m.shape()), "[N, P]", [n, p]);
        if let Some(d_params) = &self.d_params {
            d_params.rb().check(kernel, self.spec.layout());
        }
        assert!(
            self.d_x.is_none() || matches!(self.x, Input::Dense(_)),
            "{kernel}: d_x is given but the input is one-hot; a one-hot input has no gradient"
        );
        expect(kernel, "d_x", self.d_x.as_ref().map_or([t, n, c], SeqMut::shape), "[T, N, C]", [t, n, c]);
        expect(kernel, "d_h0", self.d_h0.as_ref().map_or([n, p], MatMut::shape), "[N, P]", [n, p]);
        let trace = [t + 1, n, p];
        expect(kernel, "d_h_trace", self.d_h_trace.as_ref().map_or(trace, SeqMut::shape), "[T+1, N, P]", trace);
    }
}

impl<'a, T: Scalar> ElmanInfer<'a, T> {
    common_methods!("elman_infer");

    /// Checks every shape; `packed` and `workspace` are the lengths the caller's body needs.
    ///
    /// # Panics
    /// If one is wrong; the message says which, and what it must be.
    #[track_caller]
    pub fn check(&self, packed: usize, workspace: usize) {
        let kernel = "elman_infer";
        let [t, n, p] = self.check_inputs(packed, workspace);
        expect(kernel, "h", self.h.shape(), "[N, P]", [n, p]);
        expect(kernel, "y", self.y.as_ref().map_or([t, n, p], SeqMut::shape), "[T, N, P]", [t, n, p]);
    }
}
