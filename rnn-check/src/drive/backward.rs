//! A backward pass of a [`Problem`].

use super::inputs::{Inputs, breaches, sequence_output};
use super::{Backward, Before, Guarded, Mistake, Place, Reserve, Rig, states};
use crate::case::{Problem, X};
use crate::oracle::Dims;
use crate::real::Real;
use rnn_kernels::{SeqMut, SeqRef, Use};

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
        (d_y, mut d_x): (Option<SeqRef<'_, T>>, Option<SeqMut<'_, T>>),
    ) -> Backward<T> {
        self.demand(problem);
        let inputs = Inputs::new(self, problem, Use::Train);
        let (spec, steps, rows) = (&inputs.spec, problem.dims.steps, problem.dims.batch);
        let saved = reserve.window(spec, from, steps);
        // A reserve of one step more is what a wrong caller would pass.
        let wrong = self.backend.lens(spec, steps + self.wrong(Mistake::Reserve), rows).reserve;
        let saved = Guarded::input("reserve", Place::flat(wrong), &saved);
        let d_last = states::given("d_last", problem, self.wrong(Mistake::DLast), &problem.d_h_n, &problem.d_c_n);
        let lens = self.backend.lens(spec, steps, rows);
        let mut d_params = before.d_params.clone();
        if self.mistake == Some(Mistake::DParams) {
            d_params.resize(problem.params_of_a_larger_cell(), T::ZERO);
        }
        let mut d_params = Guarded::inout("d_params", Place::flat(d_params.len()), &d_params);
        let place = states::place(problem, self.wrong(Mistake::DInitial));
        let mut d_initial = Guarded::output("d_initial", place, self.garbage);
        let slots = steps + 1 - self.wrong(Mistake::Trace);
        let mut trace = sequence_output(self, "d_trace", problem, slots, problem.dims.hidden);
        let mut workspace = self.scratch(lens.backward);
        let masks = inputs.masks();
        let call = self.counted(|| {
            self.backend.backward(rnn_kernels::Backward {
                spec,
                direction: problem.direction,
                steps: inputs.steps(),
                params: inputs.params.slice(),
                packed: inputs.packed.slice(),
                x: inputs.x(),
                masks: &masks,
                reserve: saved.slice(),
                d_y,
                d_last: d_last.as_ref().map(Guarded::slice),
                d_params: Some(d_params.slice_mut()),
                d_x: d_x.as_mut().map(SeqMut::rb_mut),
                d_x_accum: problem.d_x_accum,
                clip: if self.mistake == Some(Mistake::Clip) { Some(-T::ONE) } else { problem.clip },
                d_initial: Some(d_initial.slice_mut()),
                d_trace: Some(trace.seq_mut()),
                workspace: workspace.slice_mut(),
            });
        });
        self.leave(&workspace);
        let [d_h0, d_c0] = states::parted(problem, d_initial.slice());
        let read = inputs.buffers().chain([&saved]).chain(&d_last);
        Backward {
            breaches: breaches(read.chain([&d_params, &d_initial, &trace, &workspace])),
            d_params: d_params.read(),
            d_x: vec![],
            d_h0,
            d_c0,
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
    let Dims { batch, hidden, .. } = problem.dims;
    let unread = |t, n| !problem.shows(t, n);
    let given = |d_y: &Vec<T>| Guarded::input("d_y", place, &rig.poisoned(d_y, batch, hidden, nan, unread));
    problem.d_y.as_ref().map(given)
}

fn d_x<T: Real>(rig: &Rig<'_, T>, problem: &Problem<T>, before: &Before<T>) -> Option<Guarded<T>> {
    let cols = problem.dims.input + rig.wrong(Mistake::Dx);
    let place = Place::sequence(problem.layout, [problem.dims.steps, problem.dims.batch, cols]);
    matches!(problem.x, X::Dense(_)).then(|| match problem.d_x_accum {
        rnn_kernels::Accum::Add => Guarded::inout("d_x", place, &before.d_x),
        rnn_kernels::Accum::Replace => Guarded::output("d_x", place, rig.garbage),
    })
}
