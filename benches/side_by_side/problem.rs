//! One recurrent layer at one size with all its buffers, to run again and again.

use super::{Cost, Shape, values};
use recurrent::network::Aligned;
use rnn_kernels::{
    Accum, Activation, Backend, Backward, BufferLens, Direction, Forward, GruReset, Infer, Input, Scalar, SeqMut,
    SeqRef, Size, Spec, Steps, Use,
};

/// Which cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Cell {
    #[value(name = "rnn", alias = "elman")]
    Elman,
    Lstm,
    Gru,
}

impl Cell {
    pub const ALL: [Cell; 3] = [Cell::Elman, Cell::Lstm, Cell::Gru];

    pub fn name(self) -> &'static str {
        match self {
            Cell::Elman => "elman",
            Cell::Lstm => "lstm",
            Cell::Gru => "gru",
        }
    }

    fn kernel(self) -> rnn_kernels::Cell {
        match self {
            Cell::Elman => rnn_kernels::Cell::elman(Activation::Tanh),
            Cell::Lstm => rnn_kernels::Cell::lstm(),
            Cell::Gru => rnn_kernels::Cell::gru(GruReset::After),
        }
    }

    /// G: blocks of `H` rows in the weights.
    pub fn gates(self) -> usize {
        match self {
            Cell::Elman => 1,
            Cell::Lstm => 4,
            Cell::Gru => 3,
        }
    }
}

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A pass that keeps the reserve.
    Forward,
    /// A forward pass and BPTT to weights, biases, input and initial state.
    Train,
    /// A pass that keeps only the state; with `T = 1` a streaming step.
    Infer,
}

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Mode::Forward => "forward",
            Mode::Train => "train",
            Mode::Infer => "infer",
        }
    }
}

/// A layer with its buffers, for one backend. They lie on 64-byte boundaries, as the library's do.
pub struct Problem<'b, T: Scalar> {
    backend: &'b dyn Backend<T>,
    cell: Cell,
    shape: Shape,
    spec: Spec<T>,
    params: Aligned<T>,
    packed: [Aligned<T>; 2],
    x: Aligned<T>,
    states: Aligned<T>,
    initial: Aligned<T>,
    reserve: Aligned<T>,
    workspace: Aligned<T>,
    y: Aligned<T>,
    d_y: Aligned<T>,
    d_params: Aligned<T>,
    d_x: Aligned<T>,
    d_initial: Aligned<T>,
}

impl<'b, T: Scalar> Problem<'b, T> {
    pub fn new(backend: &'b dyn Backend<T>, cell: Cell, shape: Shape) -> Self {
        let [t, n, c, h] = shape;
        let spec = Spec::new(&cell.kernel(), Size::new(c, h)).expect("sizes of a bench");
        let lens = backend.lens(&spec, t, n);
        let BufferLens { packed_infer, packed_train, reserve, infer, forward, backward, .. } = lens;
        let scale = T::from_f64(1.0 / (h as f64).sqrt());
        let zeros = |len| Aligned::zeros("a bench", len).expect("it fits into memory");
        let drawn = |len, seed| {
            let mut buffer = zeros(len);
            buffer.copy_from_slice(&values(len, seed));
            buffer
        };
        let mut params = drawn(spec.params_len(), 1);
        params.iter_mut().for_each(|w| *w *= scale);
        let initial = drawn(spec.states_len(n), 3);
        let mut problem = Self {
            backend,
            cell,
            shape,
            params,
            packed: [zeros(packed_infer), zeros(packed_train)],
            x: drawn(t * n * c, 2),
            states: initial.clone(),
            d_initial: zeros(initial.len()),
            initial,
            reserve: zeros(reserve),
            workspace: zeros(infer.max(forward).max(backward)),
            y: zeros(t * n * h),
            d_y: drawn(t * n * h, 5),
            d_params: zeros(spec.params_len()),
            d_x: zeros(t * n * c),
            spec,
        };
        problem.pack(Use::Infer);
        problem.pack(Use::Train);
        problem
    }

    /// Floating-point operations of its products.
    pub fn flops(&self, mode: Mode) -> f64 {
        Cost::new(self.cell, mode, self.shape, size_of::<T>()).flops
    }

    pub fn run(&mut self, mode: Mode) {
        match mode {
            Mode::Forward => self.forward(),
            Mode::Infer => self.infer(),
            Mode::Train => {
                self.forward();
                self.backward();
            }
        }
    }

    /// Puts the initial state back, where [`Mode::Infer`] would go on from the last one.
    pub fn restart(&mut self) {
        self.states.copy_from_slice(&self.initial);
    }

    /// Other numbers than the drawn ones, in the layout of the kernels.
    pub fn set(&mut self, params: &[T], x: &[T], states: &[T]) {
        self.params.copy_from_slice(params);
        self.x.copy_from_slice(x);
        self.initial.copy_from_slice(states);
        self.restart();
        self.pack(Use::Infer);
        self.pack(Use::Train);
    }

    /// What the last pass gave, `[T, N, H]`.
    pub fn y(&self) -> &[T] {
        &self.y
    }

    /// Packs the weights, as after an update.
    pub fn pack(&mut self, usage: Use) {
        let packed = &mut *self.packed[if usage == Use::Infer { 0 } else { 1 }];
        self.backend.pack(&self.spec, usage, &self.params, packed);
    }

    fn forward(&mut self) {
        let [t, n, c, h] = self.shape;
        self.backend.forward(Forward {
            spec: &self.spec,
            direction: Direction::Forward,
            steps: Steps::all(),
            params: &self.params,
            packed: &self.packed[1],
            x: Input::Dense(SeqRef::new(&self.x, t, n, c)),
            masks: &[],
            initial: Some(&self.states),
            y: Some(SeqMut::new(&mut self.y, t, n, h)),
            last: None,
            reserve: &mut self.reserve,
            workspace: &mut self.workspace,
        });
    }

    fn backward(&mut self) {
        let [t, n, c, h] = self.shape;
        self.d_params.fill(T::ZERO);
        self.backend.backward(Backward {
            spec: &self.spec,
            direction: Direction::Forward,
            steps: Steps::all(),
            params: &self.params,
            packed: &self.packed[1],
            x: Input::Dense(SeqRef::new(&self.x, t, n, c)),
            masks: &[],
            reserve: &self.reserve,
            d_y: Some(SeqRef::new(&self.d_y, t, n, h)),
            d_last: None,
            d_params: Some(&mut self.d_params),
            d_x: Some(SeqMut::new(&mut self.d_x, t, n, c)),
            d_x_accum: Accum::Replace,
            clip: None,
            d_initial: Some(&mut self.d_initial),
            d_trace: None,
            workspace: &mut self.workspace,
        });
    }

    fn infer(&mut self) {
        let [t, n, c, h] = self.shape;
        self.backend.infer(Infer {
            spec: &self.spec,
            direction: Direction::Forward,
            steps: Steps::all(),
            params: &self.params,
            packed: &self.packed[0],
            x: Input::Dense(SeqRef::new(&self.x, t, n, c)),
            masks: &[],
            states: &mut self.states,
            y: Some(SeqMut::new(&mut self.y, t, n, h)),
            workspace: &mut self.workspace,
        });
    }
}
