//! A forward pass of a [`Problem`].

use super::guarded::state;
use super::inputs::{Inputs, breaches, sequence_output};
use super::{Called, Forward, Guarded, Mistake, Place, Reserve, Rig, Spec};
use crate::case::Problem;
use crate::oracle::{Cell, Dims};
use crate::real::Real;
use rnn_kernels::{ElmanForward, ElmanReserveMut, GruForward, GruReserveMut, LstmForward, LstmReserveMut, SeqMut, Use};

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
    pub fn forward_to(&self, problem: &Problem<T>, y: SeqMut<'_, T>) -> Forward<T> {
        self.demand(problem);
        let mut outputs = ForwardBuffers::new(self, problem);
        let inputs = Inputs::new(self, problem, Use::Train);
        let given = |name, data: &Option<Vec<T>>, wrong| {
            let dims = Dims { batch: problem.dims.batch + wrong, ..problem.dims };
            data.as_ref().map(|data| Guarded::input(name, state(dims, problem.layout), data))
        };
        let h0 = given("h0", &problem.h0, self.wrong(Mistake::H0));
        let c0 = given("c0", &problem.c0, 0);
        let call = outputs.run(self, problem, &inputs, y, [h0.as_ref(), c0.as_ref()]);
        let ForwardBuffers { h_n, c_n, reserve, workspace } = outputs;
        self.leave(&workspace);
        Forward {
            breaches: breaches(inputs.buffers().chain(&h0).chain(&c0).chain([&h_n, &c_n, &reserve, &workspace])),
            y: vec![],
            h_n: h_n.read(),
            c_n: if problem.cell == Cell::Lstm { c_n.read() } else { vec![] },
            reserve: Reserve { buffer: reserve.read(), cell: problem.cell, dims: problem.dims },
            call,
        }
    }
}

/// What a forward pass writes.
struct ForwardBuffers<T> {
    h_n: Guarded<T>,
    c_n: Guarded<T>,
    reserve: Guarded<T>,
    workspace: Guarded<T>,
}

impl<T: Real> ForwardBuffers<T> {
    fn new(rig: &Rig<'_, T>, problem: &Problem<T>) -> Self {
        let dims = problem.dims;
        let lens = Spec::new(problem.cell, problem.bias, dims).lens(rig.backend, dims.steps, dims.batch);
        let reserve_steps = dims.steps + rig.wrong(Mistake::Reserve);
        let reserve = Spec::new(problem.cell, problem.bias, dims).lens(rig.backend, reserve_steps, dims.batch).reserve;
        let h_n = Dims { batch: dims.batch + rig.wrong(Mistake::Hn), ..dims };
        Self {
            h_n: Guarded::output("h_n", state(h_n, problem.layout), rig.garbage),
            c_n: Guarded::output("c_n", state(dims, problem.layout), rig.garbage),
            reserve: Guarded::output("reserve", Place::flat(reserve), rig.garbage),
            workspace: rig.scratch(lens.forward),
        }
    }

    fn run(
        &mut self,
        rig: &Rig<'_, T>,
        problem: &Problem<T>,
        inputs: &Inputs<T>,
        mut y: SeqMut<'_, T>,
        [h0, c0]: [Option<&Guarded<T>>; 2],
    ) -> Called {
        let Self { h_n, c_n, reserve, workspace } = self;
        let (steps, rows) = (problem.dims.steps + rig.wrong(Mistake::Reserve), problem.dims.batch);
        let params = inputs.layout(problem).view(inputs.params.slice());
        macro_rules! forward {
            ($method:ident, $Run:ident, $Reserve:ident, $spec:expr, { $($field:ident: $value:expr),* }) => {
                rig.counted(|| rig.backend.$method($Run {
                    spec: $spec,
                    direction: problem.direction,
                    steps: inputs.steps(),
                    params,
                    packed: inputs.packed.slice(),
                    x: inputs.x(),
                    h0: h0.map(Guarded::mat),
                    y: Some(y.rb_mut()),
                    h_n: Some(h_n.mat_mut()),
                    reserve: $Reserve::new(&$spec, steps, rows, reserve.slice_mut()),
                    workspace: workspace.slice_mut(),
                    $($field: $value,)*
                }))
            };
        }
        match inputs.spec {
            Spec::Elman(spec) => forward!(elman_forward, ElmanForward, ElmanReserveMut, spec, {}),
            Spec::Lstm(spec) => forward!(lstm_forward, LstmForward, LstmReserveMut, spec, {
                c0: c0.map(Guarded::mat),
                c_n: Some(c_n.mat_mut())
            }),
            Spec::Gru(spec) => forward!(gru_forward, GruForward, GruReserveMut, spec, {}),
        }
    }
}
