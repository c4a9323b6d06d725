//! Every shape of a pass, before anything is written: the message says which is wrong, and what it must be.

use super::{Backward, Forward, Infer};
use crate::input::Input;
use crate::plan::Spec;
use crate::scalar::Scalar;
use crate::shape::{at_least, expect};
use crate::steps::Steps;
use crate::view::{SeqMut, SeqRef};

/// What every pass has.
struct Common<'r, 'a, T> {
    kernel: &'r str,
    spec: &'r Spec<T>,
    steps: Steps<'a>,
    x: Input<'a, T>,
    params: &'a [T],
    masks: &'a [SeqRef<'a, T>],
}

impl<T: Scalar> Common<'_, '_, T> {
    #[track_caller]
    fn check(&self, packed: [usize; 2], workspace: [usize; 2]) -> [usize; 3] {
        let Self { kernel, spec, .. } = *self;
        let (t, n) = (self.x.steps(), self.x.rows());
        expect(kernel, "params", [self.params.len()], "[len]", [spec.params_len()]);
        self.x.check(kernel, spec.size().input, self.steps);
        assert!(
            !spec.plan().reads_input || matches!(self.x, Input::Dense(_)),
            "{kernel}: x is one-hot but the equation of `{}` reads it unit by unit",
            spec.cell().form().name
        );
        self.steps.check(kernel, t, n);
        expect(kernel, "masks", [self.masks.len()], "[masks]", [spec.plan().masks.len()]);
        for (mask, &width) in self.masks.iter().zip(&spec.plan().masks) {
            expect(kernel, "mask", mask.shape(), "[T, N, W]", [t, n, width]);
        }
        at_least(kernel, "packed", packed[0], packed[1]);
        at_least(kernel, "workspace", workspace[0], workspace[1]);
        [t, n, spec.y_width()]
    }

    #[track_caller]
    fn check_states(&self, argument: &str, len: Option<usize>) {
        let wanted = self.spec.states_len(self.x.rows());
        expect(self.kernel, argument, [len.unwrap_or(wanted)], "[Σ N·W]", [wanted]);
    }
}

impl<T: Scalar> Forward<'_, T> {
    /// Checks every shape; `packed` and `workspace` are the lengths the caller's body needs.
    ///
    /// # Panics
    /// If one is wrong; the message says which, and what it must be.
    #[track_caller]
    pub fn check(&self, packed: usize, workspace: usize) {
        let kernel = "forward";
        let Self { spec, steps, x, params, masks, .. } = *self;
        let common = Common { kernel, spec, steps, x, params, masks };
        let [t, n, w] = common.check([self.packed.len(), packed], [self.workspace.len(), workspace]);
        expect(kernel, "reserve", [self.reserve.len()], "[len]", [spec.reserve_len(t, n)]);
        common.check_states("initial", self.initial.map(<[T]>::len));
        expect(kernel, "y", self.y.as_ref().map_or([t, n, w], SeqMut::shape), "[T, N, W]", [t, n, w]);
        common.check_states("last", self.last.as_ref().map(|last| last.len()));
    }
}

impl<T: Scalar> Backward<'_, T> {
    /// Checks every shape; `packed` and `workspace` are the lengths the caller's body needs.
    ///
    /// # Panics
    /// If one is wrong; the message says which, and what it must be.
    #[track_caller]
    pub fn check(&self, packed: usize, workspace: usize) {
        let kernel = "backward";
        let Self { spec, steps, x, params, masks, .. } = *self;
        let common = Common { kernel, spec, steps, x, params, masks };
        let [t, n, w] = common.check([self.packed.len(), packed], [self.workspace.len(), workspace]);
        let c = spec.size().input;
        // Not `clip < 0`: NaN is no limit either.
        assert!(
            self.clip.is_none_or(|clip| clip >= T::ZERO),
            "{kernel}: clip is {:?}; it must not be below 0",
            self.clip
        );
        expect(kernel, "reserve", [self.reserve.len()], "[len]", [spec.reserve_len(t, n)]);
        expect(kernel, "d_y", self.d_y.map_or([t, n, w], |d_y| d_y.shape()), "[T, N, W]", [t, n, w]);
        common.check_states("d_last", self.d_last.map(<[T]>::len));
        if let Some(d_params) = &self.d_params {
            expect(kernel, "d_params", [d_params.len()], "[len]", [spec.params_len()]);
        }
        assert!(
            self.d_x.is_none() || matches!(self.x, Input::Dense(_)),
            "{kernel}: d_x is given but the input is one-hot; a one-hot input has no gradient"
        );
        expect(kernel, "d_x", self.d_x.as_ref().map_or([t, n, c], SeqMut::shape), "[T, N, C]", [t, n, c]);
        common.check_states("d_initial", self.d_initial.as_ref().map(|d| d.len()));
        let trace = [t + 1, n, w];
        expect(kernel, "d_trace", self.d_trace.as_ref().map_or(trace, SeqMut::shape), "[T+1, N, W]", trace);
    }
}

impl<T: Scalar> Infer<'_, T> {
    /// Checks every shape; `packed` and `workspace` are the lengths the caller's body needs.
    ///
    /// # Panics
    /// If one is wrong; the message says which, and what it must be.
    #[track_caller]
    pub fn check(&self, packed: usize, workspace: usize) {
        let kernel = "infer";
        let Self { spec, steps, x, params, masks, .. } = *self;
        let common = Common { kernel, spec, steps, x, params, masks };
        let [t, n, w] = common.check([self.packed.len(), packed], [self.workspace.len(), workspace]);
        common.check_states("states", Some(self.states.len()));
        expect(kernel, "y", self.y.as_ref().map_or([t, n, w], SeqMut::shape), "[T, N, W]", [t, n, w]);
    }
}
