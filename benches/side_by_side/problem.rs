//! One recurrent layer at one size with all its buffers, to run again and again.

use super::{Cost, Shape, values};
use recurrent::network::Aligned;
use rnn_kernels::{
    Accum, Backend, BufferLens, Direction, ElmanBackward, ElmanForward, ElmanInfer, ElmanReserve, ElmanReserveMut,
    ElmanSpec, GruBackward, GruForward, GruInfer, GruReserve, GruReserveMut, GruSpec, Input, Layout, LstmBackward,
    LstmForward, LstmInfer, LstmReserve, LstmReserveMut, LstmSpec, MatMut, MatRef, Scalar, SeqMut, SeqRef, Steps, Use,
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
    layout: Layout,
    params: Aligned<T>,
    packed: [Aligned<T>; 2],
    x: Aligned<T>,
    state: [Aligned<T>; 2],
    initial: [Aligned<T>; 2],
    reserve: Aligned<T>,
    workspace: Aligned<T>,
    y: Aligned<T>,
    d_y: Aligned<T>,
    d_params: Aligned<T>,
    d_x: Aligned<T>,
    d_state: [Aligned<T>; 2],
}

impl<'b, T: Scalar> Problem<'b, T> {
    pub fn new(backend: &'b dyn Backend<T>, cell: Cell, shape: Shape) -> Self {
        let [t, n, c, h] = shape;
        let (layout, lens) = match cell {
            Cell::Elman => (ElmanSpec::<T>::new(c, h).layout(), backend.elman_lens(&ElmanSpec::new(c, h), t, n)),
            Cell::Lstm => (LstmSpec::<T>::new(c, h).layout(), backend.lstm_lens(&LstmSpec::new(c, h), t, n)),
            Cell::Gru => (GruSpec::<T>::new(c, h).layout(), backend.gru_lens(&GruSpec::new(c, h), t, n)),
        };
        let BufferLens { packed_infer, packed_train, reserve, infer, forward, backward, .. } = lens;
        let scale = T::from_f64(1.0 / (h as f64).sqrt());
        let zeros = |len| Aligned::zeros("a bench", len).expect("it fits into memory");
        let drawn = |len, seed| {
            let mut buffer = zeros(len);
            buffer.copy_from_slice(&values(len, seed));
            buffer
        };
        let mut params = drawn(layout.len(), 1);
        params.iter_mut().for_each(|w| *w *= scale);
        let initial = [drawn(n * h, 3), drawn(n * h, 4)];
        let mut problem = Self {
            backend,
            cell,
            shape,
            layout,
            params,
            packed: [zeros(packed_infer), zeros(packed_train)],
            x: drawn(t * n * c, 2),
            state: initial.clone(),
            initial,
            reserve: zeros(reserve),
            workspace: zeros(infer.max(forward).max(backward)),
            y: zeros(t * n * h),
            d_y: drawn(t * n * h, 5),
            d_params: zeros(layout.len()),
            d_x: zeros(t * n * c),
            d_state: [zeros(n * h), zeros(n * h)],
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
        let [state, initial] = [&mut self.state, &mut self.initial];
        state.iter_mut().zip(initial).for_each(|(state, initial)| state.copy_from_slice(initial));
    }

    /// Packs the weights, as after an update.
    pub fn pack(&mut self, usage: Use) {
        let [_, _, c, h] = self.shape;
        let params = self.layout.view(&self.params);
        let packed = &mut *self.packed[if usage == Use::Infer { 0 } else { 1 }];
        match self.cell {
            Cell::Elman => self.backend.elman_pack(&ElmanSpec::new(c, h), usage, params, packed),
            Cell::Lstm => self.backend.lstm_pack(&LstmSpec::new(c, h), usage, params, packed),
            Cell::Gru => self.backend.gru_pack(&GruSpec::new(c, h), usage, params, packed),
        }
    }

    fn forward(&mut self) {
        let [t, n, c, h] = self.shape;
        macro_rules! run {
            ($method:ident, $Run:ident, $Spec:ident, $Reserve:ident $(, $c0:ident)?) => {{
                let spec = $Spec::new(c, h);
                self.backend.$method($Run {
                    spec,
                    direction: Direction::Forward,
                    steps: Steps::all(),
                    params: self.layout.view(&self.params),
                    packed: &self.packed[1],
                    x: Input::Dense(SeqRef::new(&self.x, t, n, c)),
                    h0: Some(MatRef::new(&self.state[0], n, h)),
                    $($c0: Some(MatRef::new(&self.state[1], n, h)), c_n: None,)?
                    y: Some(SeqMut::new(&mut self.y, t, n, h)),
                    h_n: None,
                    reserve: $Reserve::new(&spec, t, n, &mut self.reserve),
                    workspace: &mut self.workspace,
                });
            }};
        }
        match self.cell {
            Cell::Elman => run!(elman_forward, ElmanForward, ElmanSpec, ElmanReserveMut),
            Cell::Lstm => run!(lstm_forward, LstmForward, LstmSpec, LstmReserveMut, c0),
            Cell::Gru => run!(gru_forward, GruForward, GruSpec, GruReserveMut),
        }
    }

    fn backward(&mut self) {
        let [t, n, c, h] = self.shape;
        self.d_params.fill(T::ZERO);
        macro_rules! run {
            ($method:ident, $Run:ident, $Spec:ident, $Reserve:ident $(, $d_c0:ident)?) => {{
                let spec = $Spec::new(c, h);
                let [d_h0, d_state] = &mut self.d_state;
                let _ = &d_state;
                self.backend.$method($Run {
                    spec,
                    direction: Direction::Forward,
                    steps: Steps::all(),
                    params: self.layout.view(&self.params),
                    packed: &self.packed[1],
                    x: Input::Dense(SeqRef::new(&self.x, t, n, c)),
                    reserve: $Reserve::new(&spec, t, n, &self.reserve),
                    d_y: Some(SeqRef::new(&self.d_y, t, n, h)),
                    d_h_n: None,
                    $($d_c0: Some(MatMut::new(d_state, n, h)), d_c_n: None,)?
                    d_params: Some(self.layout.view_mut(&mut self.d_params)),
                    d_x: Some(SeqMut::new(&mut self.d_x, t, n, c)),
                    d_x_accum: Accum::Replace,
                    d_h0: Some(MatMut::new(d_h0, n, h)),
                    d_h_trace: None,
                    workspace: &mut self.workspace,
                });
            }};
        }
        match self.cell {
            Cell::Elman => run!(elman_backward, ElmanBackward, ElmanSpec, ElmanReserve),
            Cell::Lstm => run!(lstm_backward, LstmBackward, LstmSpec, LstmReserve, d_c0),
            Cell::Gru => run!(gru_backward, GruBackward, GruSpec, GruReserve),
        }
    }

    fn infer(&mut self) {
        let [t, n, c, h] = self.shape;
        let [state, cell_state] = &mut self.state;
        macro_rules! run {
            ($method:ident, $Run:ident, $Spec:ident $(, $c:ident)?) => {{
                let _ = &cell_state;
                self.backend.$method($Run {
                    spec: $Spec::new(c, h),
                    direction: Direction::Forward,
                    steps: Steps::all(),
                    params: self.layout.view(&self.params),
                    packed: &self.packed[0],
                    x: Input::Dense(SeqRef::new(&self.x, t, n, c)),
                    h: MatMut::new(state, n, h),
                    $($c: MatMut::new(cell_state, n, h),)?
                    y: Some(SeqMut::new(&mut self.y, t, n, h)),
                    workspace: &mut self.workspace,
                });
            }};
        }
        match self.cell {
            Cell::Elman => run!(elman_infer, ElmanInfer, ElmanSpec),
            Cell::Lstm => run!(lstm_infer, LstmInfer, LstmSpec, c),
            Cell::Gru => run!(gru_infer, GruInfer, GruSpec),
        }
    }
}
