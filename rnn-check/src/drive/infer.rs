//! An inference pass of a [`Problem`].

use super::inputs::{Inputs, breaches, sequence_output};
use super::{Guarded, Infer, Mistake, Rig, states};
use crate::case::Problem;
use crate::real::Real;
use rnn_kernels::Use;

impl<T: Real> Rig<'_, T> {
    /// An inference pass from the problem's initial states.
    #[must_use]
    pub fn infer(&self, problem: &Problem<T>) -> Infer<T> {
        self.demand(problem);
        let dims = problem.dims;
        let inputs = Inputs::new(self, problem, Use::Infer);
        let lens = self.backend.lens(&inputs.spec, dims.steps, dims.batch);
        let zeros = || vec![T::ZERO; problem.state_lens().iter().sum()];
        let initial = states::joined(problem, &problem.h0, &problem.c0).unwrap_or_else(zeros);
        let mut all = Guarded::inout("states", states::place(problem, self.wrong(Mistake::States)), &initial);
        let mut y = sequence_output(self, "y", problem, dims.steps, dims.hidden + self.wrong(Mistake::Y));
        let mut workspace = self.scratch(lens.infer);
        let masks = inputs.masks();
        let call = self.counted(|| {
            self.backend.infer(rnn_kernels::Infer {
                spec: &inputs.spec,
                direction: problem.direction,
                steps: inputs.steps(),
                params: inputs.params.slice(),
                packed: inputs.packed.slice(),
                x: inputs.x(),
                masks: &masks,
                states: all.slice_mut(),
                y: Some(y.seq_mut()),
                workspace: workspace.slice_mut(),
            });
        });
        self.leave(&workspace);
        let breaches = breaches(inputs.buffers().chain([&all, &y, &workspace]));
        let [h, c] = states::parted(problem, all.slice());
        Infer { y: y.read(), h, c, breaches, call }
    }
}
