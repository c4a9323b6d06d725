//! The library's own answers to a case, as f64.

use super::axes::{Case, Input, Start, Target};
use super::problem::{Data, FEATURES, ROWS, STEPS};
use recurrent::kernels::{Backend, SeqRef};
use recurrent::network::{Cotangents, Parameters};
use recurrent::{Batch, Error, Loss, Network, State, Targets, Workspace};
use rnn_check::Real;
use std::ops::Range;

/// A network and what it reads.
#[derive(Debug)]
pub struct Library<T> {
    case: Case,
    pub data: Data,
    pub network: Network<T, dyn Backend<T>>,
    lengths: Vec<usize>,
    values: Vec<T>,
    d_output: Option<Vec<T>>,
    d_state: Option<State<T>>,
}

/// What a pass forward gives.
#[derive(Clone, Debug)]
pub struct Pass {
    pub output: Vec<f64>,
    pub state: Vec<f64>,
}

/// A pass for training with its workspace, and one of inference.
#[derive(Debug)]
pub struct Forward<T> {
    pub trained: Pass,
    pub inferred: Pass,
    workspace: Workspace<T>,
    gradients: Parameters<T>,
}

/// What a pass backward gives.
#[derive(Clone, Debug, Default)]
pub struct Gradients {
    pub loss: f64,
    /// Those of this pass and of the ones before it.
    pub parameters: Vec<f64>,
    pub d_state: Vec<f64>,
    /// If it is recorded.
    pub d_x: Option<Vec<f64>>,
    /// By slot, if they are recorded.
    pub traces: Vec<Vec<f64>>,
}

impl Gradients {
    /// Those of one pass more.
    pub fn add(&mut self, later: Self) {
        let sum = |a: &mut Vec<f64>, b: &[f64]| {
            a.resize(b.len(), 0.0);
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        };
        self.loss += later.loss;
        self.parameters = later.parameters;
        sum(&mut self.d_state, &later.d_state);
        if let Some(d_x) = later.d_x {
            sum(self.d_x.get_or_insert_default(), &d_x);
        }
    }

    pub fn largest(&self) -> f64 {
        let all = self.parameters.iter().chain(&self.d_state).chain(self.d_x.iter().flatten());
        all.fold(0.0, |largest, g| largest.max(g.abs()))
    }
}

fn wide<T: Real>(values: &[T]) -> Vec<f64> {
    values.iter().map(|v| v.to_f64()).collect()
}

fn narrow<T: Real>(values: &[f64]) -> Vec<T> {
    values.iter().map(|&v| T::from_f64(v)).collect()
}

fn flat<T: Real>(seq: SeqRef<'_, T>) -> Vec<f64> {
    (0..seq.steps()).flat_map(|t| (0..seq.rows()).flat_map(move |n| wide(seq.at(t).row(n)))).collect()
}

impl<T: Real> Library<T> {
    pub fn new(case: &Case, data: Data, network: Network<T, dyn Backend<T>>) -> Self {
        let values = narrow(&data.values);
        let d_output = data.d_output.as_ref().map(|d| narrow(d));
        let d_state = data.d_state.as_ref().map(|d| state(&network, d));
        let lengths = data.lengths.clone().unwrap_or_default();
        Self { case: *case, data, network, lengths, values, d_output, d_state }
    }

    /// `x [start + T, N, C]` in the layout of the case, of the window alone or of the whole.
    fn features(&self, x: &[f64]) -> Vec<T> {
        let x = if self.case.start == Start::WindowOf { &x[self.data.start * ROWS * FEATURES..] } else { x };
        let steps = x.len() / FEATURES / ROWS;
        let mut laid = narrow(x);
        if self.case.input == Input::BatchFirst {
            for (k, row) in x.chunks_exact(FEATURES).enumerate() {
                let (t, n) = (k / ROWS, k % ROWS);
                laid[(n * steps + t) * FEATURES..][..FEATURES].copy_from_slice(&narrow::<T>(row));
            }
        }
        laid
    }

    fn batch<'a>(&'a self, x: &'a [T]) -> Batch<'a, T> {
        let steps = x.len() / FEATURES / ROWS;
        let index = &self.data.index[self.data.index.len() - steps * ROWS..];
        let batch = match self.case.input {
            Input::Features => Batch::features(x, [steps, ROWS, FEATURES]),
            Input::BatchFirst => Batch::batch_first(x, [ROWS, steps, FEATURES]),
            Input::OneHot | Input::Embedding => Batch::symbols(index, [steps, ROWS]),
        };
        let (batch, start) = (batch.unwrap(), self.data.start);
        let given = self.data.lengths.is_some();
        match self.case.start {
            Start::WindowOf => batch.with_window_of(&self.lengths, start).unwrap(),
            _ if given => batch.with_lengths(&self.lengths).unwrap().window(start, start + STEPS).unwrap(),
            _ => batch.window(start, start + STEPS).unwrap(),
        }
    }

    fn targets(&self) -> Targets<'_, T> {
        let Data { classes, counted, .. } = &self.data;
        match self.case.target {
            Target::Classes | Target::NoHead => Targets::Classes(classes),
            Target::Probabilities | Target::Reals => Targets::Values(&self.values),
            Target::CountedProbabilities | Target::CountedReals => Targets::Counted { values: &self.values, counted },
        }
    }

    pub fn forward(&self) -> Forward<T> {
        let x = self.features(&self.data.x);
        let (mut workspace, mut other) = (Workspace::new(), Workspace::new());
        workspace.record_traces(self.case.recorded);
        workspace.record_d_input(self.case.recorded);
        let (mut trained, mut inferred) =
            (state(&self.network, &self.data.state), state(&self.network, &self.data.state));
        let output = flat(self.network.forward(&mut workspace, &self.batch(&x), &mut trained).unwrap());
        let trained = Pass { output, state: wide(trained.as_slice()) };
        let output = flat(self.network.infer(&mut other, &self.batch(&x), &mut inferred).unwrap());
        let inferred = Pass { output, state: wide(inferred.as_slice()) };
        let gradients = self.network.gradients().unwrap();
        Forward { trained, inferred, workspace, gradients }
    }

    /// The loss and its derivatives; or those of the cotangents from outside, by a second pass over the same forward.
    pub fn backward(&self, forward: &mut Forward<T>, upstream: bool) -> Option<Gradients> {
        let Forward { workspace, gradients, .. } = forward;
        let mut loss = Loss::default();
        if upstream {
            self.d_state.as_ref()?;
            let rows = self.d_output.as_ref().map_or(0, |d| d.len() / ROWS / self.network.output_width());
            let output = self.d_output.as_ref().map(|d| SeqRef::new(d, rows, ROWS, self.network.output_width()));
            let cotangents = Cotangents { output, state: self.d_state.as_ref() };
            self.network.backward(workspace, cotangents, gradients).unwrap();
        } else {
            let x = self.features(&self.data.x);
            let (batch, mut state) = (self.batch(&x), state(&self.network, &self.data.state));
            let result = self.network.loss_and_gradients(workspace, &batch, self.targets(), &mut state, gradients);
            if self.case.target == Target::NoHead {
                assert!(matches!(result, Err(Error::Order { .. })), "{:?}: {result:?}", self.case);
                // That was no pass.
                self.network.forward(workspace, &batch, &mut state).unwrap();
                return None;
            }
            loss = result.unwrap();
            assert_eq!(loss.count, self.data.counts(&self.case).into_iter().filter(|&counts| counts).count());
        }
        let real = matches!(self.case.input, Input::Features | Input::BatchFirst);
        let slots = self.network.recurrent_layers();
        if !(real && self.case.recorded) {
            assert!(matches!(workspace.d_input(), Err(Error::Order { .. })), "{:?}", self.case);
        }
        let traces = slots.filter(|_| self.case.recorded).map(|l| flat(workspace.trace(l.layer, l.direction).unwrap()));
        Some(Gradients {
            loss: loss.mean(),
            parameters: wide(gradients),
            d_state: wide(workspace.d_state().unwrap().as_slice()),
            d_x: (real && self.case.recorded).then(|| flat(workspace.d_input().unwrap())),
            traces: traces.collect(),
        })
    }

    /// Loss and gradients window by window. What is refused changes nothing.
    pub fn truncated(&self, window: usize) -> Result<Gradients, Error> {
        let x = self.features(&self.data.x);
        let (mut state, mut gradients) = (state(&self.network, &self.data.state), self.network.gradients()?);
        let (batch, mut workspace) = (self.batch(&x), Workspace::new());
        let before = state.clone();
        let loss =
            self.network.truncated_bptt(&mut workspace, &batch, self.targets(), window, &mut state, &mut gradients);
        if loss.is_err() {
            assert!(state == before && gradients.iter().all(|&g| g == T::ZERO), "{:?}", self.case);
        }
        Ok(Gradients { loss: loss?.mean(), parameters: wide(&gradients), ..Gradients::default() })
    }

    /// The loss, and what the cotangents from outside are the derivative of, without a gradient.
    pub fn value(&self, initial: &[f64], x: &[f64]) -> f64 {
        let x = self.features(x);
        let batch = self.batch(&x);
        let mut workspace = Workspace::new();
        let mut value = 0.0;
        if self.case.target != Target::NoHead {
            let mut state = state(&self.network, initial);
            value += self.network.evaluate(&mut workspace, &batch, self.targets(), &mut state).unwrap().mean();
        }
        if let Some(d_state) = &self.data.d_state {
            let mut state = state(&self.network, initial);
            let output = flat(self.network.infer(&mut workspace, &batch, &mut state).unwrap());
            let d_output = self.data.d_output.iter().flatten().zip(&output).filter(|(d, _)| !d.is_nan());
            value += d_output.map(|(d, y)| d * y).sum::<f64>();
            value += d_state.iter().zip(wide(state.as_slice())).map(|(d, h)| d * h).sum::<f64>();
        }
        value
    }

    /// [`value`](Self::value) with the parameters of a block moved by `s v`.
    pub fn shifted(&mut self, range: &Range<usize>, v: &[f64], s: f64) -> f64 {
        let before = self.network.parameters()[range.clone()].to_vec();
        self.network.update(|p| {
            p[range.clone()].iter_mut().zip(v).for_each(|(p, v)| *p = T::from_f64(p.to_f64() + s * v));
        });
        let value = self.value(&self.data.state, &self.data.x);
        self.network.update(|p| p[range.clone()].copy_from_slice(&before));
        value
    }
}

/// A state with these numbers.
fn state<T: Real>(network: &Network<T, dyn Backend<T>>, flat: &[f64]) -> State<T> {
    let mut state = network.state(ROWS).unwrap();
    state.as_mut_slice().copy_from_slice(&narrow::<T>(flat));
    state
}
