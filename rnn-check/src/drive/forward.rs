//! A forward pass of a [`Problem`].

use super::inputs::{Inputs, breaches, sequence_output};
use super::{Forward, Guarded, Mistake, Place, Reserve, Rig, states};
use crate::case::Problem;
use crate::real::Real;
use rnn_kernels::{SeqMut, Use};

impl<T: Real> Rig<'_, T> {
    /// A forward pass.
    #[must_use]
    pub fn forward(&self, problem: &Problem<T>) -> Forward<T> {
        let cols = problem.dims.hidden + self.wrong(Mistake::Y);
        let mut y = sequence_output(self, "y", problem, problem.dims.steps, cols);
        let mut forward = self.forward_to(problem, y.seq_mut());
        forward.breaches.extend(y.breach());
        Forward { y: y.read(), ..forward }
    }

    /// A forward pass whose `y` is a view of the caller's; [`Forward::y`] is empty.
    #[must_use]
    pub fn forward_to(&self, problem: &Problem<T>, mut y: SeqMut<'_, T>) -> Forward<T> {
        self.demand(problem);
        let inputs = Inputs::new(self, problem, Use::Train);
        let (spec, steps, rows) = (&inputs.spec, problem.dims.steps, problem.dims.batch);
        let lens = self.backend.lens(spec, steps, rows);
        let reserve = self.backend.lens(spec, steps + self.wrong(Mistake::Reserve), rows).reserve;
        let initial = states::given("initial", problem, self.wrong(Mistake::Initial), &problem.h0, &problem.c0);
        let mut last = Guarded::output("last", states::place(problem, self.wrong(Mistake::Last)), self.garbage);
        let mut reserve = Guarded::output("reserve", Place::flat(reserve), self.garbage);
        let mut workspace = self.scratch(lens.forward);
        let masks = inputs.masks();
        let call = self.counted(|| {
            self.backend.forward(rnn_kernels::Forward {
                spec,
                direction: problem.direction,
                steps: inputs.steps(),
                params: inputs.params.slice(),
                packed: inputs.packed.slice(),
                x: inputs.x(),
                masks: &masks,
                initial: initial.as_ref().map(Guarded::slice),
                y: Some(y.rb_mut()),
                last: Some(last.slice_mut()),
                reserve: reserve.slice_mut(),
                workspace: workspace.slice_mut(),
            });
        });
        self.leave(&workspace);
        let [h_n, c_n] = states::parted(problem, last.slice());
        let kept = steps + self.wrong(Mistake::Reserve);
        Forward {
            breaches: breaches(inputs.buffers().chain(&initial).chain([&last, &reserve, &workspace])),
            y: vec![],
            h_n,
            c_n,
            reserve: Reserve::new(spec, kept, rows, reserve.read()),
            call,
        }
    }
}
