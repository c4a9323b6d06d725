//! An inference pass of a [`Problem`].

use super::guarded::state;
use super::inputs::{Inputs, breaches, sequence_output};
use super::{Guarded, Infer, Mistake, Rig, Spec};
use crate::case::Problem;
use crate::oracle::{Cell, Dims};
use crate::real::Real;
use rnn_kernels::{ElmanInfer, GruInfer, LstmInfer, Use};

impl<T: Real> Rig<'_, T> {
    /// An inference pass from the problem's initial states.
    #[must_use]
    pub fn infer(&self, problem: &Problem<T>) -> Infer<T> {
        self.demand(problem);
        let dims = problem.dims;
        let inputs = Inputs::new(self, problem, Use::Infer);
        let lens = inputs.spec.lens(self.backend, dims.steps, dims.batch);
        let zeros = || vec![T::ZERO; dims.batch * dims.hidden];
        let (h0, c0) = (problem.h0.clone().unwrap_or_else(zeros), problem.c0.clone().unwrap_or_else(zeros));
        let h_dims = Dims { batch: dims.batch + self.wrong(Mistake::State), ..dims };
        let mut h = Guarded::inout("h", state(h_dims, problem.layout), &h0);
        let mut c = Guarded::inout("c", state(dims, problem.layout), &c0);
        let mut y = sequence_output(self, "y", problem, dims.steps, dims.hidden + self.wrong(Mistake::Y));
        let mut workspace = self.scratch(lens.infer);
        let params = inputs.layout(problem).view(inputs.params.slice());
        macro_rules! infer {
            ($method:ident, $Run:ident, $spec:expr, $($c:ident),*) => {
                self.counted(|| self.backend.$method($Run {
                    spec: $spec,
                    direction: problem.direction,
                    steps: inputs.steps(),
                    params,
                    packed: inputs.packed.slice(),
                    x: inputs.x(),
                    h: h.mat_mut(),
                    $($c: $c.mat_mut(),)*
                    y: Some(y.seq_mut()),
                    workspace: workspace.slice_mut(),
                }))
            };
        }
        let call = match inputs.spec {
            Spec::Elman(spec) => infer!(elman_infer, ElmanInfer, spec,),
            Spec::Lstm(spec) => infer!(lstm_infer, LstmInfer, spec, c),
            Spec::Gru(spec) => infer!(gru_infer, GruInfer, spec,),
        };
        self.leave(&workspace);
        let breaches = breaches(inputs.buffers().chain([&h, &c, &y, &workspace]));
        let c = if problem.cell == Cell::Lstm { c.read() } else { vec![] };
        Infer { y: y.read(), h: h.read(), c, breaches, call }
    }
}
