//! A cell with the parameters of a golden, and where each of them lies.

use super::golden::{Golden, Judge, Kind};
use rnn_check::planted::Plain;
use rnn_kernels::{
    Accum, Backend, Backward, Bias, Cell, Direction, Equations, Forward, Input, SeqMut, SeqRef, Size, Spec, Steps, Use,
};
use std::collections::BTreeSet;
use std::ops::Range;

/// A cell of the golden's sizes, run by the provided bodies.
pub struct Layer<'g> {
    golden: &'g Golden,
    spec: Spec<f64>,
    params: Vec<f64>,
    /// Which steps the passes take; all of them at first.
    pub steps: Range<usize>,
    /// `[T, N, H]` each.
    pub masks: Vec<Vec<f64>>,
    packed: Vec<f64>,
    /// The inputs of the reference, side by side, and how wide each is.
    inputs: Vec<(&'g str, usize)>,
    /// `[T, N, C]`, where the input is none of the reference's.
    computed: Option<Vec<f64>>,
    /// Of each parameter of the reference: its elements' places in `params`, of those that the cell has.
    places: Vec<(&'g str, Vec<Option<usize>>)>,
    taken: BTreeSet<usize>,
}

/// What a forward pass returned.
pub struct Ran {
    /// `[T, N, P]`.
    pub y: Vec<f64>,
    /// State after state.
    pub last: Vec<f64>,
    reserve: Vec<f64>,
}

/// What a backward pass returned.
pub struct Gradients {
    /// `[T, N, C]`.
    pub x: Vec<f64>,
    /// State after state.
    pub initial: Vec<f64>,
    params: Vec<f64>,
}

impl Gradients {
    /// These and those of the steps behind them.
    pub fn before(self, later: Self) -> Self {
        let params = self.params.iter().zip(&later.params).map(|(a, b)| a + b).collect();
        Self { x: [self.x, later.x].concat(), initial: self.initial, params }
    }
}

impl<'g> Layer<'g> {
    pub fn new(golden: &'g Golden, cell: &impl Equations, bias: Bias) -> Self {
        let [c, h] = golden.sizes(["C", "H"]);
        Self::of_size(golden, cell, Size::new(c, h).with_bias(bias))
    }

    /// With other units than those of the output.
    pub fn of_size(golden: &'g Golden, cell: &impl Equations, size: Size) -> Self {
        let cell = Cell::new(cell).expect("a cell");
        let spec = Spec::new(&cell, size).expect("sizes of a golden");
        let (params, inputs) = (vec![0.0; spec.params_len()], vec![("x", spec.size().input)]);
        let [t] = golden.sizes(["T"]);
        Self {
            golden,
            spec,
            params,
            steps: 0..t,
            masks: vec![],
            packed: vec![],
            inputs,
            computed: None,
            places: vec![],
            taken: BTreeSet::new(),
        }
    }

    /// A cell with so many units whose input are those of the reference side by side, and whose pre-activations are they as well:
    /// row `k` of `weight_ih` has a 1 in column `of(k)`, if it has one.
    pub fn of_inputs(
        golden: &'g Golden,
        cell: &impl Equations,
        (inputs, hidden): (&[&'g str], usize),
        of: impl Fn(usize) -> Option<usize>,
    ) -> Self {
        let [t, n] = golden.sizes(["T", "N"]);
        let inputs: Vec<_> = inputs.iter().map(|&name| (name, golden.input(name).len() / (t * n))).collect();
        let input = inputs.iter().map(|(_, width)| width).sum();
        Self { inputs, ..Self::of_size(golden, cell, Size::new(input, hidden).with_bias(Bias::Input)) }.through(of)
    }

    /// A cell whose input are pre-activations `[T, N, rows]`, each of its own row.
    pub fn of_pre(golden: &'g Golden, cell: &impl Equations, hidden: usize, pre: Vec<f64>) -> Self {
        let [t, n] = golden.sizes(["T", "N"]);
        let size = Size::new(pre.len() / (t * n), hidden).with_bias(Bias::None);
        Self { computed: Some(pre), ..Self::of_size(golden, cell, size) }.through(Some)
    }

    /// Row `k` of `weight_ih` has a 1 in column `of(k)`, if it has one.
    fn through(mut self, of: impl Fn(usize) -> Option<usize>) -> Self {
        let block = self.spec.blocks().iter().find(|b| b.name == "weight_ih").expect("a matrix of the input").clone();
        for row in 0..block.rows {
            if let Some(column) = of(row) {
                self.params[block.range.start + row * block.cols + column] = 1.0;
            }
        }
        self
    }

    /// `[T, N, C]`.
    fn x(&self) -> Vec<f64> {
        if let Some(computed) = &self.computed {
            return computed.clone();
        }
        let [t, n] = self.golden.sizes(["T", "N"]);
        let row = |at: usize| {
            self.inputs.iter().flat_map(move |&(name, width)| &self.golden.input(name)[at * width..(at + 1) * width])
        };
        (0..t * n).flat_map(row).copied().collect()
    }

    /// Copies a parameter of the reference: the element at an index of its array goes to a row and a column of a block.
    /// Elements that none goes to stay 0, and their gradients are not looked at.
    pub fn with(self, name: &'g str, place: impl Fn(&[usize]) -> (&'static str, usize, usize)) -> Self {
        self.with_some(name, |i| Some(place(i)))
    }

    /// The same, where the reference has elements that the cell has not: their gradients are 0.
    pub fn with_some(
        mut self,
        name: &'g str,
        place: impl Fn(&[usize]) -> Option<(&'static str, usize, usize)>,
    ) -> Self {
        let array = self.golden.parameter(name);
        assert_eq!(array.shape.iter().product::<usize>(), array.data.len(), "{name}");
        let mut places: Vec<Option<usize>> = vec![];
        for at in 0..array.data.len() {
            let Some((block, row, col)) = place(&indices(at, &array.shape)) else {
                places.push(None);
                continue;
            };
            let block = self.spec.blocks().iter().find(|b| b.name == block).expect("a block of the cell");
            assert!(row < block.rows && col < block.cols, "{name}: row {row}, column {col} of {block:?}");
            places.push(Some(block.range.start + row * block.cols + col));
        }
        let given = places.iter().zip(&array.data).filter_map(|(place, value)| place.map(|place| (place, value)));
        for (place, &value) in given {
            assert!(self.taken.insert(place), "{name}: a place that is taken already");
            self.params[place] = value;
        }
        self.places.push((name, places));
        self
    }

    /// Adds to a bias what the reference adds beside it.
    pub fn add_to(mut self, block: &str, rows: Range<usize>, value: f64) -> Self {
        let block = self.spec.blocks().iter().find(|b| b.name == block).expect("a block of the cell");
        let start = block.range.start;
        self.params[start + rows.start..start + rows.end].iter_mut().for_each(|bias| *bias += value);
        self
    }

    fn lens(&self) -> ([usize; 4], rnn_kernels::BufferLens) {
        let ([n], size) = (self.golden.sizes(["N"]), self.spec.size());
        let t = self.steps.len();
        ([t, n, size.input, self.spec.y_width()], Plain.lens(&self.spec, t, n))
    }

    /// What of a sequence of all steps, `width` numbers a step, belongs to those of the passes.
    fn part<'s>(&self, sequence: &'s [f64], width: usize) -> &'s [f64] {
        &sequence[self.steps.start * width..self.steps.end * width]
    }

    /// From these states, or from zero.
    pub fn forward(&mut self, initial: Option<&[f64]>) -> Ran {
        let (([t, n, c, h], lens), given) = (self.lens(), self.x());
        self.packed = vec![f64::NAN; lens.packed(Use::Train)];
        Plain.pack(&self.spec, Use::Train, &self.params, &mut self.packed);
        let masks: Vec<_> = self.masks.iter().map(|mask| SeqRef::new(self.part(mask, n * h), t, n, h)).collect();
        let p = self.spec.y_width();
        let (mut y, mut last) = (vec![f64::NAN; t * n * p], vec![f64::NAN; self.spec.states_len(n)]);
        let mut reserve = vec![f64::NAN; lens.reserve];
        Plain.forward(Forward {
            spec: &self.spec,
            direction: Direction::Forward,
            steps: Steps::all(),
            params: &self.params,
            packed: &self.packed,
            x: Input::Dense(SeqRef::new(self.part(&given, n * c), t, n, c)),
            masks: &masks,
            initial,
            y: Some(SeqMut::new(&mut y, t, n, p)),
            last: Some(&mut last),
            reserve: &mut reserve,
            workspace: &mut vec![f64::NAN; lens.forward],
        });
        Ran { y, last, reserve }
    }

    pub fn backward(&self, ran: &Ran, d_y: &[f64], d_last: Option<&[f64]>) -> Gradients {
        let (([t, n, c, h], lens), given) = (self.lens(), self.x());
        let (mut params, mut x) = (vec![0.0; self.params.len()], vec![f64::NAN; t * n * c]);
        let masks: Vec<_> = self.masks.iter().map(|mask| SeqRef::new(self.part(mask, n * h), t, n, h)).collect();
        let mut initial = vec![f64::NAN; self.spec.states_len(n)];
        Plain.backward(Backward {
            spec: &self.spec,
            direction: Direction::Forward,
            steps: Steps::all(),
            params: &self.params,
            packed: &self.packed,
            x: Input::Dense(SeqRef::new(self.part(&given, n * c), t, n, c)),
            masks: &masks,
            reserve: &ran.reserve,
            d_y: Some(SeqRef::new(d_y, t, n, self.spec.y_width())),
            d_last,
            d_params: Some(&mut params),
            d_x: Some(SeqMut::new(&mut x, t, n, c)),
            d_x_accum: Accum::Replace,
            clip: None,
            d_initial: Some(&mut initial),
            d_trace: None,
            workspace: &mut vec![f64::NAN; lens.backward],
        });
        Gradients { x, params, initial }
    }

    /// Compares the gradients of all parameters that the cell was given.
    pub fn compare_parameters(&self, judge: &mut Judge<'g>, gradients: &Gradients) {
        for (name, places) in &self.places {
            let got: Vec<f64> = places.iter().map(|place| place.map_or(0.0, |place| gradients.params[place])).collect();
            judge.compare(Kind::ParameterGradient, name, &got);
        }
    }

    /// Compares the gradients of all inputs.
    pub fn compare_inputs(&self, judge: &mut Judge<'g>, gradients: &Gradients) {
        let (mut from, all) = (0, self.spec.size().input);
        for &(name, width) in &self.inputs {
            let got: Vec<f64> = gradients.x.chunks(all).flat_map(|row| &row[from..from + width]).copied().collect();
            judge.compare(Kind::InputGradient, name, &got);
            from += width;
        }
    }

    /// Compares everything with a golden whose output is that of the cell, a state that no step reads and the reference has not;
    /// `states` are the reference's names of the others in the cell's order.
    pub fn compare_all_but_output_state(mut self, output: &'g str, states: &[&'g str]) {
        let (golden, [_, n, _, h]) = (self.golden, self.lens().0);
        let behind_output = |others: Vec<f64>| [vec![0.0; n * h], others].concat();
        let initial = golden.initial(states).map(behind_output);
        let ran = self.forward(initial.as_deref());
        let d_last = golden.d_last(states).map(behind_output);
        let gradients = self.backward(&ran, golden.d_output(output), d_last.as_deref());
        Judge::all(golden, |judge| {
            judge.compare(Kind::Output, output, &ran.y);
            self.compare_inputs(judge, &gradients);
            self.compare_parameters(judge, &gradients);
            if d_last.is_some() {
                judge.compare_states(Kind::LastState, states, &ran.last[n * h..]);
            }
            if initial.is_some() {
                judge.compare_states(Kind::InitialStateGradient, states, &gradients.initial[n * h..]);
            }
        });
    }

    /// Compares everything with a golden whose output is that of the cell; `states` are the reference's names in the
    /// cell's order.
    pub fn compare_all(mut self, output: &'g str, states: &[&'g str]) {
        let golden = self.golden;
        let initial = golden.initial(states);
        let ran = self.forward(initial.as_deref());
        let gradients = self.backward(&ran, golden.d_output(output), golden.d_last(states).as_deref());
        Judge::all(golden, |judge| {
            judge.compare(Kind::Output, output, &ran.y);
            self.compare_inputs(judge, &gradients);
            self.compare_parameters(judge, &gradients);
            if golden.d_last(states).is_some() {
                judge.compare_states(Kind::LastState, states, &ran.last);
            }
            if initial.is_some() {
                judge.compare_states(Kind::InitialStateGradient, states, &gradients.initial);
            }
        });
    }
}

/// The index of element `at` of a row-major array.
fn indices(mut at: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (i, &size) in index.iter_mut().zip(shape).rev() {
        (*i, at) = (at % size, at / size);
    }
    index
}
