//! A backward pass of a [`Problem`].

use super::guarded::state;
use super::inputs::{Inputs, breaches, sequence_output};
use super::{Backward, Before, Called, Guarded, Mistake, Place, Reserve, Rig, Spec};
use crate::case::{Problem, X};
use crate::oracle::{Cell, Dims};
use crate::real::Real;
use rnn_kernels::{
    ElmanBackward, ElmanReserve, GruBackward, GruReserve, LstmBackward, LstmReserve, SeqMut, SeqRef, Use,
};

impl<T: Real> Rig<'_, T> {
    /// A backward pass over a reserve of which the problem is the window that begins at step `from`.
    #[must_use]
    pub fn backward_window(
        &self,
        problem: &Problem<T>,
        reserve: &Reserve<T>,
        from: usize,
        before: &Before<T>,
    ) -> Backward<T> {
        let (d_y, mut d_x) = (d_y(self, problem), d_x(self, problem, before));
        let outer = (d_y.as_ref().map(Guarded::seq), d_x.as_mut().map(Guarded::seq_mut));
        let mut backward = self.backward_to(problem, reserve, from, before, outer);
        backward.breaches.extend(breaches(d_y.iter().chain(&d_x)));
        Backward { d_x: d_x.map_or(vec![], |d_x| d_x.read()), ..backward }
    }

    /// The same with `d_y` and `d_x` views of the caller's; [`Backward::d_x`] is empty.
    #[must_use]
    pub fn backward_to(
        &self,
        problem: &Problem<T>,
        reserve: &Reserve<T>,
        from: usize,
        before: &Before<T>,
        outer: (Option<SeqRef<'_, T>>, Option<SeqMut<'_, T>>),
    ) -> Backward<T> {
        self.demand(problem);
        let mut outputs = BackwardBuffers::new(self, problem, before);
        let inputs = Inputs::new(self, problem, Use::Train);
        let saved = Guarded::input("reserve", Place::flat(reserve.buffer.len()), &reserve.buffer);
        let upstream = Upstream::new(self, problem);
        let whole = Dims { steps: reserve.dims.steps, ..problem.dims };
        let call = outputs.run(self, problem, &inputs, (&saved, whole, from), &upstream, outer);
        let BackwardBuffers { d_params, d_h0, d_c0, trace, workspace } = outputs;
        self.leave(&workspace);
        let Upstream { d_h_n, d_c_n } = &upstream;
        let read = inputs.buffers().chain([&saved]).chain(d_h_n).chain(d_c_n);
        Backward {
            breaches: breaches(read.chain([&d_params, &d_h0, &d_c0, &trace, &workspace])),
            d_params: d_params.read(),
            d_x: vec![],
            d_h0: d_h0.read(),
            d_c0: if problem.cell == Cell::Lstm { d_c0.read() } else { vec![] },
            trace: trace.read(),
            call,
        }
    }

    /// A backward pass that accumulates into `before`.
    #[must_use]
    pub fn backward_into(&self, problem: &Problem<T>, reserve: &Reserve<T>, before: &Before<T>) -> Backward<T> {
        self.backward_window(problem, reserve, 0, before)
    }

    /// A backward pass into zeros.
    #[must_use]
    pub fn backward(&self, problem: &Problem<T>, reserve: &Reserve<T>) -> Backward<T> {
        self.backward_into(problem, reserve, &problem.zeros())
    }
}

fn d_y<T: Real>(rig: &Rig<'_, T>, problem: &Problem<T>) -> Option<Guarded<T>> {
    let steps = problem.dims.steps + rig.wrong(Mistake::Dy);
    let place = Place::sequence(problem.layout, [steps, problem.dims.batch, problem.dims.hidden]);
    let nan = T::from_f64(f64::NAN);
    problem.d_y.as_ref().map(|d_y| Guarded::input("d_y", place, &rig.padded(problem, d_y, problem.dims.hidden, nan)))
}

fn d_x<T: Real>(rig: &Rig<'_, T>, problem: &Problem<T>, before: &Before<T>) -> Option<Guarded<T>> {
    let cols = problem.dims.input + rig.wrong(Mistake::Dx);
    let place = Place::sequence(problem.layout, [problem.dims.steps, problem.dims.batch, cols]);
    matches!(problem.x, X::Dense(_)).then(|| match problem.d_x_accum {
        rnn_kernels::Accum::Add => Guarded::inout("d_x", place, &before.d_x),
        rnn_kernels::Accum::Replace => Guarded::output("d_x", place, rig.garbage),
    })
}

/// The cotangents of final states a backward pass is given.
struct Upstream<T> {
    d_h_n: Option<Guarded<T>>,
    d_c_n: Option<Guarded<T>>,
}

impl<T: Real> Upstream<T> {
    fn new(rig: &Rig<'_, T>, problem: &Problem<T>) -> Self {
        let dims = problem.dims;
        let h_n = Dims { batch: dims.batch + rig.wrong(Mistake::DHn), ..dims };
        let given = |name, data: &Option<Vec<T>>, place| data.as_ref().map(|data| Guarded::input(name, place, data));
        Self {
            d_h_n: given("d_h_n", &problem.d_h_n, state(h_n, problem.layout)),
            d_c_n: given("d_c_n", &problem.d_c_n, state(dims, problem.layout)),
        }
    }
}

/// What a backward pass writes.
struct BackwardBuffers<T> {
    d_params: Guarded<T>,
    d_h0: Guarded<T>,
    d_c0: Guarded<T>,
    trace: Guarded<T>,
    workspace: Guarded<T>,
}

impl<T: Real> BackwardBuffers<T> {
    fn new(rig: &Rig<'_, T>, problem: &Problem<T>, before: &Before<T>) -> Self {
        let dims = problem.dims;
        let lens = Spec::new(problem.cell, problem.bias, dims).lens(rig.backend, dims.steps, dims.batch);
        let larger = Dims { hidden: dims.hidden + rig.wrong(Mistake::DParams), ..dims };
        let mut d_params = before.d_params.clone();
        d_params.resize(Spec::<T>::new(problem.cell, problem.bias, larger).layout().len(), T::ZERO);
        let d_h0 = Dims { batch: dims.batch + rig.wrong(Mistake::DH0), ..dims };
        Self {
            d_params: Guarded::inout("d_params", Place::flat(d_params.len()), &d_params),
            d_h0: Guarded::output("d_h0", state(d_h0, problem.layout), rig.garbage),
            d_c0: Guarded::output("d_c0", state(dims, problem.layout), rig.garbage),
            trace: sequence_output(rig, "d_h_trace", problem, dims.steps + 1 - rig.wrong(Mistake::Trace), dims.hidden),
            workspace: rig.scratch(lens.backward),
        }
    }

    fn run(
        &mut self,
        rig: &Rig<'_, T>,
        problem: &Problem<T>,
        inputs: &Inputs<T>,
        (saved, whole, from): (&Guarded<T>, Dims, usize),
        upstream: &Upstream<T>,
        (d_y, mut d_x): (Option<SeqRef<'_, T>>, Option<SeqMut<'_, T>>),
    ) -> Called {
        let Self { d_params, d_h0, d_c0, trace, workspace } = self;
        let (rows, to) = (problem.dims.batch, from + problem.dims.steps - rig.wrong(Mistake::Reserve));
        let params = inputs.layout(problem).view(inputs.params.slice());
        let d_dims = Dims { hidden: problem.dims.hidden + rig.wrong(Mistake::DParams), ..problem.dims };
        let d_layout = Spec::<T>::new(problem.cell, problem.bias, d_dims).layout();
        macro_rules! backward {
            ($method:ident, $Run:ident, $Reserve:ident, $spec:expr, { $($field:ident: $value:expr),* }) => {
                rig.counted(|| rig.backend.$method($Run {
                    spec: $spec,
                    direction: problem.direction,
                    steps: inputs.steps(),
                    params,
                    packed: inputs.packed.slice(),
                    x: inputs.x(),
                    reserve: $Reserve::new(&$spec, whole.steps, rows, saved.slice()).slice(from, to),
                    d_y,
                    d_h_n: upstream.d_h_n.as_ref().map(Guarded::mat),
                    d_params: Some(d_layout.view_mut(d_params.slice_mut())),
                    d_x: d_x.as_mut().map(SeqMut::rb_mut),
                    d_x_accum: problem.d_x_accum,
                    d_h0: Some(d_h0.mat_mut()),
                    d_h_trace: Some(trace.seq_mut()),
                    workspace: workspace.slice_mut(),
                    $($field: $value,)*
                }))
            };
        }
        match inputs.spec {
            Spec::Elman(spec) => backward!(elman_backward, ElmanBackward, ElmanReserve, spec, {}),
            Spec::Lstm(spec) => backward!(lstm_backward, LstmBackward, LstmReserve, spec, {
                d_c_n: upstream.d_c_n.as_ref().map(Guarded::mat),
                d_c0: Some(d_c0.mat_mut())
            }),
            Spec::Gru(spec) => backward!(gru_backward, GruBackward, GruReserve, spec, {}),
        }
    }
}
