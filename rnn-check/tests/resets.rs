//! A row that starts anew is a row of its own from there on: values and gradients, in arithmetic without roundings.

use rnn_check::case::{Case, Lengths, Problem, Stream, Upstream};
use rnn_check::drive::Rig;
use rnn_check::number::Modular;
use rnn_check::oracle::{Activation, Cell, Dims, Reset};
use rnn_check::planted::Plain;
use rnn_kernels::sequence::resets::{self, Resets};
use rnn_kernels::{Accum, Backward, Direction, Forward, Infer, Input, Scalar, SeqMut, SeqRef, Spec, Steps};

type M = Modular;

/// What is compared.
#[derive(Debug, PartialEq)]
struct Results {
    y: Vec<M>,
    last: Vec<M>,
    d_x: Vec<M>,
    d_params: Vec<M>,
    d_initial: Vec<M>,
    d_state: Vec<M>,
}

/// A problem, and rows of it that start anew.
struct Anew {
    problem: Problem<M>,
    spec: Spec<M>,
    starts: Vec<bool>,
    /// One state after another, as the kernels have them.
    state: Vec<M>,
}

/// `h [N, H]` and `c [N, R]` as the kernels have them: one state after another.
fn states(spec: &Spec<M>, rows: usize, h: Option<&[M]>, c: Option<&[M]>) -> Vec<M> {
    let mut states = vec![M::ZERO; spec.states_len(rows)];
    let widths = &spec.plan().states;
    let rest: usize = widths[1..].iter().sum();
    for (k, &width) in widths.iter().enumerate() {
        let before: usize = widths[1..k.max(1)].iter().sum();
        for n in 0..rows {
            let to = spec.state(k, rows).start + n * width;
            let from = if k == 0 { h.map(|h| &h[n * width..]) } else { c.map(|c| &c[n * rest + before..]) };
            from.into_iter().for_each(|from| states[to..to + width].copy_from_slice(&from[..width]));
        }
    }
    states
}

/// Row `n` of them, and the place where it lies in all.
fn places(spec: &Spec<M>, rows: usize, n: usize) -> Vec<usize> {
    let widths = spec.plan().states.iter().enumerate();
    widths
        .flat_map(|(k, &width)| (0..width).map(move |j| (k, width, j)))
        .map(|(k, w, j)| spec.state(k, rows).start + n * w + j)
        .collect()
}

impl Anew {
    fn new(cell: Cell, direction: Direction, lengths: Lengths, seed: u64) -> Self {
        let dims = Dims { steps: 7, batch: 3, input: 2, hidden: 4 };
        let upstream = Upstream::ALL;
        let case = Case { cell, direction, lengths, dims, upstream, seed, ..Case::plain() };
        let problem = case.problem::<M>();
        let (spec, mut stream) = (problem.spec(), Stream::new(seed, 91));
        let Dims { steps, batch, .. } = problem.dims;
        let starts = (0..steps * batch).map(|_| stream.below(4) == 0).collect();
        let state = (0..spec.states_len(batch)).map(|_| Modular::new(stream.next())).collect();
        Self { problem, spec, starts, state }
    }

    fn steps(&self) -> Steps<'_> {
        let lengths = self.problem.lengths.as_deref();
        let steps = lengths.map_or(Steps::all(), Steps::ragged).window(self.problem.start);
        let holes = self.problem.holes.as_ref();
        holes.map_or(steps, |(skipped, held)| steps.skipping(skipped, self.problem.dims.batch, *held))
    }

    fn initial(&self) -> Vec<M> {
        let Problem { h0, c0, .. } = &self.problem;
        states(&self.spec, self.problem.dims.batch, h0.as_deref(), c0.as_deref())
    }

    /// The pass of the kernels over all rows at once.
    fn at_once(&self) -> Results {
        let Self { problem, spec, starts, state } = self;
        let (Dims { steps, batch, input, hidden }, direction) = (problem.dims, problem.direction);
        let resets = Resets { starts, state: Some(state) };
        let lens = resets::lens(&Plain, spec, direction, resets, [steps, batch]);
        let (x, initial) = (problem.dense_x(), self.initial());
        let x = Input::Dense(SeqRef::new(&x, steps, batch, input));
        let masks: Vec<_> = spec.plan().masks.iter().map(|&w| SeqRef::new(&problem.masks, steps, batch, w)).collect();
        let junk = |len: usize| vec![Modular::new(7); len];
        let (mut y, mut last, mut reserve) = (junk(steps * batch * hidden), junk(state.len()), junk(lens.reserve));
        let mut workspace = junk(lens.forward.max(lens.backward).max(lens.infer));
        resets::forward(
            &Plain,
            Forward {
                spec,
                direction,
                steps: self.steps(),
                params: &problem.params,
                packed: &[],
                x,
                masks: &masks,
                initial: Some(&initial),
                y: Some(SeqMut::new(&mut y, steps, batch, hidden)),
                last: Some(&mut last),
                reserve: &mut reserve,
                workspace: &mut workspace,
            },
            resets,
        );
        let (mut inferred, mut moved) = (junk(y.len()), initial.clone());
        resets::infer(
            &Plain,
            Infer {
                spec,
                direction,
                steps: self.steps(),
                params: &problem.params,
                packed: &[],
                x,
                masks: &masks,
                states: &mut moved,
                y: Some(SeqMut::new(&mut inferred, steps, batch, hidden)),
                workspace: &mut workspace,
            },
            resets,
        );
        assert_eq!((&inferred, &moved), (&y, &last), "inference is the forward pass");
        let d_last = states(spec, batch, problem.d_h_n.as_deref(), problem.d_c_n.as_deref());
        let (mut d_params, mut d_x) = (vec![M::ZERO; problem.params.len()], junk(steps * batch * input));
        let (mut d_initial, mut d_state) = (junk(state.len()), vec![M::ZERO; state.len()]);
        resets::backward(
            &Plain,
            Backward {
                spec,
                direction,
                steps: self.steps(),
                params: &problem.params,
                packed: &[],
                x,
                masks: &masks,
                reserve: &reserve,
                d_y: problem.d_y.as_ref().map(|d_y| SeqRef::new(d_y, steps, batch, hidden)),
                d_last: Some(&d_last),
                d_params: Some(&mut d_params),
                d_x: Some(SeqMut::new(&mut d_x, steps, batch, input)),
                d_x_accum: Accum::Replace,
                clip: None,
                d_initial: Some(&mut d_initial),
                d_trace: None,
                workspace: &mut workspace,
            },
            resets,
            Some(&mut d_state),
        );
        Results { y, last, d_x, d_params, d_initial, d_state }
    }

    /// Every row by itself, and of every row each part from one start to the next.
    fn part_by_part(&self) -> Results {
        let Self { problem, spec, starts, state } = self;
        let Dims { steps, batch, input, hidden } = problem.dims;
        let mut all = Results {
            y: vec![M::ZERO; steps * batch * hidden],
            last: vec![M::ZERO; state.len()],
            d_x: vec![M::ZERO; steps * batch * input],
            d_params: vec![M::ZERO; problem.params.len()],
            d_initial: vec![M::ZERO; state.len()],
            d_state: vec![M::ZERO; state.len()],
        };
        let (initial, rest) = (self.initial(), problem.rest());
        for n in 0..batch {
            let of = |from: &[M]| -> (Vec<M>, Vec<M>) {
                let row: Vec<M> = places(spec, batch, n).into_iter().map(|place| from[place]).collect();
                (row[..hidden].to_vec(), row[hidden..].to_vec())
            };
            // The numbers of the steps that parts begin with; number 0 may be one at which the row starts anew.
            let anew = |k: usize| {
                let t = problem.direction.step(k, steps);
                t < problem.end(n) && starts[t * batch + n]
            };
            let begins: Vec<usize> = (0..steps).filter(|&k| k == 0 || anew(k)).collect();
            let parts = begins.iter().zip(begins[1..].iter().chain([&steps]));
            let parts: Vec<(usize, usize)> = parts.map(|(&from, &to)| (from, to)).collect();
            let (mut h, mut c) = of(&initial);
            for (at, &(from, to)) in parts.iter().enumerate() {
                let is_last = at + 1 == parts.len();
                let [first, end] = match problem.direction {
                    Direction::Forward => [from, to],
                    Direction::Reverse => [steps - to, steps - from],
                };
                if anew(from) {
                    (h, c) = of(state);
                }
                let mut part = problem.rows(&[n]).window(first, end);
                (part.h0, part.c0) = (Some(h), (rest > 0).then_some(c));
                if !is_last {
                    (part.d_h_n, part.d_c_n) = (None, None);
                }
                let rig = Rig::new(&Plain);
                let forward = rig.forward(&part);
                let back = rig.backward(&part, &forward.reserve);
                for (k, t) in (first..end).enumerate() {
                    let to = t * batch + n;
                    all.y[to * hidden..][..hidden].copy_from_slice(&forward.y[k * hidden..][..hidden]);
                    all.d_x[to * input..][..input].copy_from_slice(&back.d_x[k * input..][..input]);
                }
                all.d_params.iter_mut().zip(&back.d_params).for_each(|(sum, &d)| *sum += d);
                let began = [&back.d_h0[..], &back.d_c0].concat();
                let to = if anew(from) { &mut all.d_state } else { &mut all.d_initial };
                places(spec, batch, n).into_iter().zip(began).for_each(|(place, d)| to[place] += d);
                if is_last {
                    let ended = [&forward.h_n[..], &forward.c_n].concat();
                    places(spec, batch, n).into_iter().zip(ended).for_each(|(place, s)| all.last[place] = s);
                }
                (h, c) = (forward.h_n, forward.c_n);
            }
        }
        all
    }
}

#[test]
fn a_row_that_starts_anew_is_a_row_of_its_own_from_there_on() {
    let known = [Cell::Elman(Activation::Tanh), Cell::Lstm, Cell::Gru(Reset::After), Cell::Gru(Reset::Before)];
    let own = Cell::FAMILIES.iter().copied().filter(|cell| cell.kernel().form().masks.len() < 2 && !cell.reads_input());
    let mut compared = 0;
    for (at, cell) in known.into_iter().chain(own).enumerate() {
        for direction in [Direction::Forward, Direction::Reverse] {
            let lengths = Lengths::ALL[at % Lengths::ALL.len()];
            let anew = Anew::new(cell, direction, lengths, 500 + at as u64);
            assert_eq!(anew.at_once(), anew.part_by_part(), "{} {direction:?} {lengths:?}", cell.name());
            compared += 1;
        }
    }
    assert!(compared > 40, "{compared} runs");
}

#[test]
fn without_a_start_it_is_the_pass_of_the_backend() {
    let mut anew = Anew::new(Cell::Lstm, Direction::Forward, Lengths::Ragged, 3);
    anew.starts.fill(false);
    let results = anew.at_once();
    let forward = Rig::new(&Plain).forward(&anew.problem);
    assert_eq!(results.y, forward.y);
    assert!(results.d_state.iter().all(|&d| d == M::ZERO));
}
