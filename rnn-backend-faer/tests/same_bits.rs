//! The driver of any cell has the bits of the drivers written for each cell: forward, backward and inference, on every
//! buffer they hand out.

use rnn_backend_faer::Faer;
use rnn_backend_naive::Naive;
use rnn_kernels as k;
use rnn_kernels::{Accum, Activation, Bias, Cell, Direction, GruReset, Input, MatMut, MatRef, Scalar, SeqMut, SeqRef};
use rnn_kernels::{Backend, Size, Spec, Steps, Use};

/// Everything that a training step and inference give.
#[derive(Debug, Default, PartialEq)]
struct Results<T> {
    y: Vec<T>,
    last: Vec<Vec<T>>,
    d_params: Vec<T>,
    d_x: Vec<T>,
    d_initial: Vec<Vec<T>>,
    d_trace: Vec<T>,
    inferred: Vec<T>,
    inferred_last: Vec<Vec<T>>,
}

impl<T: Scalar> Results<T> {
    fn bits(&self) -> Vec<u64> {
        let all = [&self.y, &self.d_params, &self.d_x, &self.d_trace, &self.inferred];
        let states = self.last.iter().chain(&self.d_initial).chain(&self.inferred_last);
        // `+0` and `−0` count as equal.
        all.into_iter().chain(states).flatten().map(|v| (v.to_f64() + 0.0).to_bits()).collect()
    }
}

/// Sizes and data of a training step.
struct Case<T> {
    size: Size,
    steps: usize,
    rows: usize,
    lengths: Option<Vec<usize>>,
    start: usize,
    direction: Direction,
    one_hot: Option<Vec<u32>>,
    states: usize,
    numbers: Vec<T>,
}

impl<T: Scalar> Case<T> {
    /// Some numbers, other ones for each place.
    fn some(&self, place: usize, len: usize) -> Vec<T> {
        (0..len).map(|i| self.numbers[(place * 7919 + i * 31 + i / 97) % self.numbers.len()]).collect()
    }
    /// Small enough that no state grows beyond all bounds, whatever the activation.
    fn params(&self, len: usize) -> Vec<T> {
        let scale = T::from_f64(1.0 / self.size.hidden.max(1) as f64);
        self.some(1, len).into_iter().map(|w| w * scale).collect()
    }
    fn x<'a>(&'a self, dense: &'a [T]) -> Input<'a, T> {
        match &self.one_hot {
            Some(index) => Input::OneHot { index, steps: self.steps, rows: self.rows },
            None => Input::Dense(SeqRef::new(dense, self.steps, self.rows, self.size.input)),
        }
    }
    fn steps(&self) -> Steps<'_> {
        self.lengths.as_deref().map_or(Steps::all(), Steps::ragged).window(self.start)
    }
    fn state(&self, place: usize) -> Vec<Vec<T>> {
        (0..self.states).map(|k| self.some(place + k, self.rows * self.size.hidden)).collect()
    }
    fn mats<'a>(&self, states: &'a [Vec<T>]) -> Vec<Option<MatRef<'a, T>>> {
        states.iter().map(|s| Some(MatRef::new(s, self.rows, self.size.hidden))).collect()
    }
    fn mats_mut<'a>(&self, states: &'a mut [Vec<T>]) -> Vec<Option<MatMut<'a, T>>> {
        states.iter_mut().map(|s| Some(MatMut::new(s, self.rows, self.size.hidden))).collect()
    }
    fn empty(&self, params: usize) -> Results<T> {
        let nan = |len: usize| vec![T::from_f64(f64::NAN); len];
        let (t, n, h) = (self.steps, self.rows, self.size.hidden);
        let states = || (0..self.states).map(|_| nan(n * h)).collect();
        Results {
            y: nan(t * n * h),
            last: states(),
            d_params: self.some(40, params),
            d_x: self.some(41, t * n * self.size.input),
            d_initial: states(),
            d_trace: nan((t + 1) * n * h),
            inferred: nan(t * n * h),
            inferred_last: self.state(50),
        }
    }
}

/// By the driver of any cell.
fn by_form<T: Scalar>(backend: &dyn Backend<T>, cell: &Cell, case: &Case<T>) -> Results<T> {
    let spec = Spec::<T>::new(cell, case.size).expect("sizes that fit");
    let (t, n, h, c) = (case.steps, case.rows, case.size.hidden, case.size.input);
    let lens = backend.lens(&spec, t, n);
    let mut out = case.empty(spec.params_len());
    let (params, dense, d_y) = (case.params(spec.params_len()), case.some(2, t * n * c), case.some(3, t * n * h));
    let (initial, d_last) = (case.state(50).concat(), case.state(60).concat());
    let (mut last, mut d_initial) = (vec![T::ZERO; initial.len()], vec![T::ZERO; initial.len()]);
    let mut states = initial.clone();
    let mut reserve = vec![T::from_f64(f64::NAN); lens.reserve];
    let mut workspace = vec![T::from_f64(f64::NAN); lens.backward.max(lens.infer)];
    let [train, inference] = [Use::Train, Use::Infer].map(|usage| {
        let mut packed = vec![T::from_f64(f64::NAN); lens.packed(usage)];
        backend.pack(&spec, usage, &params, &mut packed);
        packed
    });
    let (direction, steps, x) = (case.direction, case.steps(), case.x(&dense));
    backend.forward(k::Forward {
        spec: &spec,
        direction,
        steps,
        params: &params,
        packed: &train,
        x,
        masks: &[],
        initial: Some(&initial),
        y: Some(SeqMut::new(&mut out.y, t, n, h)),
        last: Some(&mut last),
        reserve: &mut reserve,
        workspace: &mut [],
    });
    assert!(!reserve.iter().any(|v| v.is_nan()), "every element of the reserve is written");
    backend.backward(k::Backward {
        spec: &spec,
        direction,
        steps,
        params: &params,
        packed: &train,
        x,
        masks: &[],
        reserve: &reserve,
        d_y: Some(SeqRef::new(&d_y, t, n, h)),
        d_last: Some(&d_last),
        d_params: Some(&mut out.d_params),
        d_x: case.one_hot.is_none().then_some(SeqMut::new(&mut out.d_x, t, n, c)),
        d_x_accum: Accum::Add,
        d_initial: Some(&mut d_initial),
        d_trace: Some(SeqMut::new(&mut out.d_trace, t + 1, n, h)),
        workspace: &mut workspace,
    });
    backend.infer(k::Infer {
        spec: &spec,
        direction,
        steps,
        params: &params,
        packed: &inference,
        x,
        masks: &[],
        states: &mut states,
        y: Some(SeqMut::new(&mut out.inferred, t, n, h)),
        workspace: &mut workspace,
    });
    let cut = |all: &[T]| (0..case.states).map(|k| all[spec.state(k, n)].to_vec()).collect();
    (out.last, out.d_initial, out.inferred_last) = (cut(&last), cut(&d_initial), cut(&states));
    out
}

macro_rules! by_hand {
    ($backend:expr, $case:expr, $spec:expr, $lens:ident $pack:ident, $forward:ident $Forward:ident, $backward:ident $Backward:ident, $infer:ident $Infer:ident,
     $Reserve:ident $ReserveMut:ident $(, $c0:ident $c_n:ident $d_c_n:ident $d_c0:ident $c:ident)?) => {{
        let (backend, case, spec) = ($backend, $case, $spec);
        let (t, n, h, c) = (case.steps, case.rows, case.size.hidden, case.size.input);
        let (lens, len) = (backend.$lens(&spec, t, n), spec.layout().len());
        let mut out = case.empty(len);
        let (params, dense, d_y) = (case.params(len), case.some(2, t * n * c), case.some(3, t * n * h));
        let (initial, d_last) = (case.state(50), case.state(60));
        let mut reserve = vec![T::from_f64(f64::NAN); lens.reserve];
        let mut workspace = vec![T::from_f64(f64::NAN); lens.backward.max(lens.infer)];
        let [train, inference] = [Use::Train, Use::Infer].map(|usage| {
            let mut packed = vec![T::from_f64(f64::NAN); lens.packed(usage)];
            backend.$pack(&spec, usage, spec.layout().view(&params), &mut packed);
            packed
        });
        let (direction, steps, x, params) = (case.direction, case.steps(), case.x(&dense), spec.layout().view(&params));
        let (mut last, mut d_initial) = (case.mats_mut(&mut out.last), case.mats_mut(&mut out.d_initial));
        let (initial, d_last) = (case.mats(&initial), case.mats(&d_last));
        backend.$forward(k::$Forward {
            spec, direction, steps, params, packed: &train, x, h0: initial[0], $($c0: initial[1], $c_n: last[1].take(),)?
            y: Some(SeqMut::new(&mut out.y, t, n, h)), h_n: last[0].take(),
            reserve: k::$ReserveMut::new(&spec, t, n, &mut reserve), workspace: &mut [],
        });
        backend.$backward(k::$Backward {
            spec, direction, steps, params, packed: &train, x, reserve: k::$Reserve::new(&spec, t, n, &reserve),
            d_y: Some(SeqRef::new(&d_y, t, n, h)), d_h_n: d_last[0], $($d_c_n: d_last[1], $d_c0: d_initial[1].take(),)?
            d_params: Some(spec.layout().view_mut(&mut out.d_params)),
            d_x: case.one_hot.is_none().then_some(SeqMut::new(&mut out.d_x, t, n, c)), d_x_accum: Accum::Add,
            d_h0: d_initial[0].take(), d_h_trace: Some(SeqMut::new(&mut out.d_trace, t + 1, n, h)), workspace: &mut workspace,
        });
        let mut states = case.mats_mut(&mut out.inferred_last);
        backend.$infer(k::$Infer {
            spec, direction, steps, params, packed: &inference, x, h: states[0].take().expect("a state"),
            $($c: states[1].take().expect("a state"),)?
            y: Some(SeqMut::new(&mut out.inferred, t, n, h)), workspace: &mut workspace,
        });
        drop((last, d_initial, states));
        out
    }};
}

fn by_hand<T: Scalar>(backend: &dyn Backend<T>, cell: &Cell, case: &Case<T>) -> Results<T> {
    let (c, h, bias) = (case.size.input, case.size.hidden, case.size.bias);
    match cell.known().expect("a cell of this crate") {
        k::Known::Elman(activation) => by_hand!(
            backend, case, k::ElmanSpec::<T>::new(c, h).with_bias(bias).with_activation(activation), elman_lens elman_pack, elman_forward ElmanForward,
            elman_backward ElmanBackward, elman_infer ElmanInfer, ElmanReserve ElmanReserveMut
        ),
        k::Known::Lstm => by_hand!(
            backend, case, k::LstmSpec::<T>::new(c, h).with_bias(bias), lstm_lens lstm_pack, lstm_forward LstmForward, lstm_backward LstmBackward,
            lstm_infer LstmInfer, LstmReserve LstmReserveMut, c0 c_n d_c_n d_c0 c
        ),
        k::Known::Gru(reset) => by_hand!(
            backend, case, k::GruSpec::<T>::new(c, h).with_bias(bias).with_reset(reset), gru_lens gru_pack, gru_forward GruForward,
            gru_backward GruBackward, gru_infer GruInfer, GruReserve GruReserveMut
        ),
        known => unreachable!("{known:?} has no driver of its own"),
    }
}

fn cells() -> Vec<Cell> {
    let elman = [Activation::Tanh, Activation::Relu, Activation::Sigmoid, Activation::Identity].map(Cell::elman);
    elman.into_iter().chain([Cell::lstm(), Cell::gru(GruReset::After), Cell::gru(GruReset::Before)]).collect()
}

/// A few rows and many, empty ones, one row whose products with the input are computed ahead.
const SHAPES: [[usize; 4]; 8] = [
    [5, 4, 3, 5],
    [3, 2, 4, 70],
    [9, 1, 4, 16],
    [7, 70, 20, 24],
    [1, 1, 1, 1],
    [4, 3, 0, 3],
    [0, 2, 3, 4],
    [3, 0, 2, 2],
];

/// One row whose units are shared out to threads, in every cell.
const SHARED: [usize; 4] = [50, 1, 20, 208];

fn the_bits_are_the_same<T: Scalar>(backend: &dyn Backend<T>, shapes: &[[usize; 4]]) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let numbers: Vec<T> = (0..10_007)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            T::from_f64((state >> 40) as f64 / f64::from(1 << 23) - 1.0)
        })
        .collect();
    let mut compared = 0;
    for cell in cells() {
        for &[t, n, c, h] in shapes {
            for bias in [Bias::Both, Bias::Input, Bias::None] {
                for direction in [Direction::Forward, Direction::Reverse] {
                    for (ragged, start, one_hot) in
                        [(false, 0, false), (true, 0, false), (true, 2, false), (false, 0, true), (true, 0, true)]
                    {
                        // Of the large shape the plainest cases: the others differ in what smaller ones show.
                        if h > 100 && (bias != Bias::Both || start > 0) {
                            continue;
                        }
                        let case = Case {
                            size: Size::new(c, h).with_bias(bias),
                            steps: t,
                            rows: n,
                            lengths: ragged.then(|| (0..n).map(|n| [t, t.saturating_sub(2), 0, 1][n % 4]).collect()),
                            start,
                            direction,
                            one_hot: (one_hot && c > 0)
                                .then(|| (0..t * n).map(|i| u32::try_from(i % c).expect("small")).collect()),
                            states: cell.form().states.len(),
                            numbers: numbers.clone(),
                        };
                        let (form, hand) = (by_form(backend, &cell, &case), by_hand(backend, &cell, &case));
                        let name = &cell.form().name;
                        assert_eq!(
                            form.bits(),
                            hand.bits(),
                            "{name} {t} {n} {c} {h} {bias:?} {direction:?} {ragged} {start} {one_hot}"
                        );
                        compared += form.bits().len();
                    }
                }
            }
        }
    }
    assert!(compared > 100_000, "{compared}");
}

#[test]
fn the_driver_of_any_cell_has_the_bits_of_the_drivers_of_each() {
    the_bits_are_the_same::<f64>(&Naive, &SHAPES);
    the_bits_are_the_same::<f32>(&Naive, &SHAPES);
}

#[test]
fn the_pass_of_any_cell_has_the_bits_of_the_passes_of_each() {
    the_bits_are_the_same::<f64>(&Faer::sequential(), &SHAPES);
    the_bits_are_the_same::<f32>(&Faer::sequential(), &SHAPES);
}

#[test]
fn the_pass_of_any_cell_has_them_on_any_number_of_threads() {
    for threads in [2, 3] {
        the_bits_are_the_same::<f64>(&Faer::parallel(threads), &[&SHAPES[..], &[SHARED]].concat());
        the_bits_are_the_same::<f32>(&Faer::parallel(threads), &[&SHAPES[..], &[SHARED]].concat());
    }
}
