//! Passes of a small layer there and back again, and every number that comes out of them: to compare backends bit for bit.

use crate::case::Stream;
use crate::quiet::quietly;
use rnn_kernels::{Accum, Backend, Backward, Cell, Direction, Forward, Infer, Input, SeqMut, SeqRef, Size, Spec};
use rnn_kernels::{Held, Steps, Use};

/// What is passed through a cell.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    pub(super) size: Size,
    pub(super) steps: usize,
    pub(super) rows: usize,
    /// How large weights and inputs are.
    pub(super) scale: f64,
    /// What every initial state is; `None` is random.
    pub(super) initial: Option<f64>,
    /// Lengths, and the time of step 0.
    pub(super) ragged: Option<(Vec<usize>, usize)>,
    /// `[T, N]`: what rows skip, and what `y` shows there.
    pub(super) skipped: Option<(Vec<bool>, Held)>,
    /// What state cotangents are clipped to.
    pub(super) clip: Option<f64>,
    pub(super) one_hot: bool,
    /// Whether `y` counts, and whether the last states do.
    pub(super) counts: [bool; 2],
    /// Whether a live input is NaN.
    pub(super) nan: bool,
}

impl Trial {
    /// Whole sequences of random numbers.
    pub(super) fn new(size: Size, steps: usize, rows: usize) -> Self {
        Self {
            size,
            steps,
            rows,
            scale: 1.0,
            initial: None,
            ragged: None,
            skipped: None,
            clip: None,
            one_hot: false,
            counts: [true; 2],
            nan: false,
        }
    }

    /// Everything that both directions give, one after the other on one backend, or why there is nothing.
    pub(super) fn run(&self, cell: &Cell, backend: &dyn Backend<f64>) -> Result<Vec<f64>, String> {
        quietly(|| {
            let spec = Spec::new(cell, self.size).expect("sizes that fit");
            let mut passes =
                [(1, Direction::Forward), (2, Direction::Reverse)].map(|(s, d)| Pass::new(self, &spec, s, d));
            let mut all = vec![];
            passes.iter_mut().for_each(|pass| all.extend(pass.forward(backend)));
            passes.iter_mut().rev().for_each(|pass| all.extend(pass.backward(backend)));
            passes.iter_mut().for_each(|pass| all.extend(pass.infer(backend)));
            all
        })
        .map_err(|(panic, place)| format!("{place}: {:?}", panic.downcast_ref::<String>()))
    }
}

/// One direction of a trial.
struct Pass<'t> {
    trial: &'t Trial,
    spec: &'t Spec<f64>,
    direction: Direction,
    x: Vec<f64>,
    index: Vec<u32>,
    masks: Vec<Vec<f64>>,
    params: Vec<f64>,
    initial: Vec<f64>,
    d_y: Vec<f64>,
    d_last: Vec<f64>,
    reserve: Vec<f64>,
}

impl<'t> Pass<'t> {
    fn new(trial: &'t Trial, spec: &'t Spec<f64>, seed: u64, direction: Direction) -> Self {
        let (steps, rows, input) = (trial.steps, trial.rows, trial.size.input);
        let mut stream = Stream::new(seed, 77);
        let mut random = |len: usize, scale: f64| -> Vec<f64> { (0..len).map(|_| scale * stream.signed()).collect() };
        let mut x = random(steps * rows * input, trial.scale);
        let params = random(spec.params_len(), trial.scale);
        let mut initial = random(spec.states_len(rows), 1.0);
        trial.initial.into_iter().for_each(|value| initial.fill(value));
        let mut d_y = random(steps * rows * spec.y_width(), 1.0);
        let d_last = random(spec.states_len(rows), 1.0);
        let masks = spec.plan().masks.iter().map(|width| random(steps * rows * width, 2.0)).collect();
        let mut index: Vec<u32> = (0..steps * rows).map(|_| u32::try_from(stream.below(input)).unwrap_or(0)).collect();
        for (t, n) in (0..steps).flat_map(|t| (0..rows).map(move |n| (t, n))) {
            let at = t * rows + n;
            if !trial.of().live(t, n) {
                x[at * input..][..input].fill(f64::NAN);
                index[at] = u32::MAX;
            }
            if !trial.of().shows(t, n) {
                d_y[at * spec.y_width()..][..spec.y_width()].fill(f64::NAN);
            }
        }
        if trial.nan {
            x[0] = f64::NAN;
        }
        let reserve = vec![f64::NAN; spec.reserve_len(steps, rows)];
        Self { trial, spec, direction, x, index, masks, params, initial, d_y, d_last, reserve }
    }

    fn input(&self) -> Input<'_, f64> {
        let (steps, rows) = (self.trial.steps, self.trial.rows);
        match self.trial.one_hot {
            true => Input::OneHot { index: &self.index, steps, rows },
            false => Input::Dense(SeqRef::new(&self.x, steps, rows, self.trial.size.input)),
        }
    }

    fn masks(&self) -> Vec<SeqRef<'_, f64>> {
        let (steps, rows) = (self.trial.steps, self.trial.rows);
        let widths = self.masks.iter().zip(&self.spec.plan().masks);
        widths.map(|(mask, &width)| SeqRef::new(mask, steps, rows, width)).collect()
    }

    /// Packed weights in a buffer that is longer than it must be and held something else before.
    fn packed(&self, backend: &dyn Backend<f64>, usage: Use) -> Vec<f64> {
        let len = backend.lens(self.spec, self.trial.steps, self.trial.rows).packed(usage);
        let mut packed = vec![f64::NAN; len + 3];
        backend.pack(self.spec, usage, &self.params, &mut packed[..len]);
        packed
    }

    fn forward(&mut self, backend: &dyn Backend<f64>) -> Vec<f64> {
        let (steps, rows, width) = (self.trial.steps, self.trial.rows, self.spec.y_width());
        let mut y = vec![f64::NAN; steps * rows * width];
        let mut last = vec![f64::NAN; self.spec.states_len(rows)];
        let mut reserve = std::mem::take(&mut self.reserve);
        let len = backend.lens(self.spec, steps, rows).forward;
        backend.forward(Forward {
            spec: self.spec,
            direction: self.direction,
            steps: self.trial.of(),
            params: &self.params,
            packed: &self.packed(backend, Use::Train),
            x: self.input(),
            masks: &self.masks(),
            initial: Some(&self.initial),
            y: Some(SeqMut::new(&mut y, steps, rows, width)),
            last: Some(&mut last),
            reserve: &mut reserve,
            workspace: &mut vec![f64::NAN; len],
        });
        self.reserve = reserve;
        [y, last, self.reserve.clone()].concat()
    }

    fn backward(&mut self, backend: &dyn Backend<f64>) -> Vec<f64> {
        let (steps, rows, width) = (self.trial.steps, self.trial.rows, self.spec.y_width());
        let input = self.trial.size.input;
        let mut d_params = vec![0.25; self.spec.params_len()];
        let mut d_x = vec![0.5; if self.trial.one_hot { 0 } else { steps * rows * input }];
        let mut d_initial = vec![f64::NAN; self.spec.states_len(rows)];
        let mut trace = vec![f64::NAN; (steps + 1) * rows * width];
        let len = backend.lens(self.spec, steps, rows).backward;
        let [y_counts, last_counts] = self.trial.counts;
        backend.backward(Backward {
            spec: self.spec,
            direction: self.direction,
            steps: self.trial.of(),
            params: &self.params,
            packed: &self.packed(backend, Use::Train),
            x: self.input(),
            masks: &self.masks(),
            reserve: &self.reserve,
            d_y: y_counts.then(|| SeqRef::new(&self.d_y, steps, rows, width)),
            d_last: last_counts.then_some(&self.d_last),
            d_params: Some(&mut d_params),
            d_x: (!self.trial.one_hot).then(|| SeqMut::new(&mut d_x, steps, rows, input)),
            d_x_accum: if self.direction == Direction::Forward { Accum::Add } else { Accum::Replace },
            clip: self.trial.clip,
            d_initial: Some(&mut d_initial),
            d_trace: Some(SeqMut::new(&mut trace, steps + 1, rows, width)),
            workspace: &mut vec![f64::NAN; len + 5],
        });
        [d_params, d_x, d_initial, trace].concat()
    }

    fn infer(&mut self, backend: &dyn Backend<f64>) -> Vec<f64> {
        let (steps, rows, width) = (self.trial.steps, self.trial.rows, self.spec.y_width());
        let mut y = vec![f64::NAN; steps * rows * width];
        let mut states = self.initial.clone();
        let len = backend.lens(self.spec, steps, rows).infer;
        backend.infer(Infer {
            spec: self.spec,
            direction: self.direction,
            steps: self.trial.of(),
            params: &self.params,
            packed: &self.packed(backend, Use::Infer),
            x: self.input(),
            masks: &self.masks(),
            states: &mut states,
            y: Some(SeqMut::new(&mut y, steps, rows, width)),
            workspace: &mut vec![f64::NAN; len + 5],
        });
        [y, states].concat()
    }
}

impl Trial {
    fn of(&self) -> Steps<'_> {
        let steps = self.ragged.as_ref();
        let steps = steps.map_or(Steps::all(), |(lengths, start)| Steps::ragged(lengths).window(*start));
        self.skipped.as_ref().map_or(steps, |(skipped, held)| steps.skipping(skipped, self.rows, *held))
    }
}

/// Whether two results have a number that differs by more than `by` of it, or of 1; all NaN are one number.
pub(super) fn differ(a: &[f64], b: &[f64], by: f64) -> bool {
    let is_close = |a: f64, b: f64| (a - b).abs() <= by * a.abs().max(b.abs()).max(1.0);
    let is_same = |(&a, &b): (&f64, &f64)| a == b || a.is_nan() && b.is_nan() || is_close(a, b);
    a.len() != b.len() || !a.iter().zip(b).all(is_same)
}
