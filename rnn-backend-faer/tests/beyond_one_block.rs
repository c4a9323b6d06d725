//! Sizes at which products go to faer, are cut into blocks and shared out to threads: the conformance suite's are smaller.

use rnn_backend_faer::Faer;
use rnn_kernels::{
    Accum, Activation, Backend, Backward, Cell, Direction, Forward, GruReset, Infer, Input, MatMut, MatRef, Scalar,
    SeqMut, SeqRef, Size, Spec, Steps, Use,
};

/// Eighths between −2 and 2, no two seeds alike.
fn values<T: Scalar>(len: usize, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            T::from_f64(((state >> 59) as f64 - 16.0) / 8.0)
        })
        .collect()
}

/// `[M, K, N]` below, at and above the limits of few rows, of sharing, of one block, with tails everywhere.
const SHAPES: [[usize; 3]; 8] = [
    [1, 700, 400],
    [8, 200, 200],
    [9, 33, 17],
    [100, 1, 128],
    [127, 50, 65],
    [128, 64, 64],
    [129, 64, 65],
    [300, 70, 90],
];

/// Eighths times eighths are multiples of 1/64 and their sums of up to 700 terms are exact in f32 (below 2¹⁸ of them).
fn products_are_exact<T: Scalar>(backend: &dyn Backend<T>) {
    for ([m, k, n], accum) in SHAPES.into_iter().flat_map(|s| [(s, Accum::Replace), (s, Accum::Add)]) {
        let (a, b, start): (Vec<T>, Vec<T>, Vec<T>) = (values(m * k, 1), values(k * n, 2), values(m * n, 3));
        let transpose = |x: &[T], rows: usize, cols: usize| -> Vec<T> {
            (0..cols).flat_map(|j| (0..rows).map(move |i| (i, j))).map(|(i, j)| x[i * cols + j]).collect()
        };
        let (a_t, b_t) = (transpose(&a, m, k), transpose(&b, k, n));
        let operands = [
            (MatRef::new(&a, m, k), MatRef::new(&b, k, n)),
            (MatRef::new(&a, m, k), MatRef::new(&b_t, n, k).t()),
            (MatRef::new(&a_t, k, m).t(), MatRef::new(&b, k, n)),
            (MatRef::new(&a_t, k, m).t(), MatRef::new(&b_t, n, k).t()),
        ];
        for (form, (a_view, b_view)) in operands.into_iter().enumerate() {
            // Rows 3 apart, and a canary in every gap.
            let stride = n + 3;
            let mut c = vec![T::from_f64(f64::NAN); m * stride];
            for i in 0..m {
                c[i * stride..][..n].copy_from_slice(&start[i * n..][..n]);
            }
            backend.matmul(MatMut::with_stride(&mut c[..(m - 1) * stride + n], m, n, stride), accum, a_view, b_view);
            for i in 0..m {
                for j in 0..n {
                    let from = if accum == Accum::Add { start[i * n + j].to_f64() } else { 0.0 };
                    let want = (0..k).fold(from, |s, l| s + a[i * k + l].to_f64() * b[l * n + j].to_f64());
                    let got = c[i * stride + j].to_f64();
                    assert!(got == want, "[{m}, {k}, {n}] {accum:?} form {form} at [{i}, {j}]: {got} is not {want}");
                }
                assert!(c[i * stride + n..][..3].iter().all(|gap| gap.is_nan()), "gap after row {i} was written");
            }
        }
    }
}

#[test]
fn products_of_any_size_and_layout_are_exact_on_dyadic_data() {
    for backend in [Faer::sequential(), Faer::parallel(2), Faer::parallel(3)] {
        products_are_exact::<f32>(&backend);
        products_are_exact::<f64>(&backend);
    }
}

/// `T, N, C, H`. Of the first everything is worth sharing, and rows are shared out; of the second the units of a single row.
const LAYERS: [[usize; 4]; 2] = [[3, 130, 40, 96], [64, 1, 40, 208]];

/// Everything a pass and its BPTT write.
fn pass<T: Scalar>(backend: &dyn Backend<T>, cell: &Cell, direction: Direction, [t, n, c, h]: [usize; 4]) -> Vec<f64> {
    let spec = Spec::<T>::new(cell, Size::new(c, h)).expect("sizes of a layer");
    let lens = backend.lens(&spec, t, n);
    let params: Vec<T> = values(spec.params_len(), 1).into_iter().map(|w: T| w * T::from_f64(0.125)).collect();
    let (x, d_y) = (values(t * n * c, 2), values(t * n * h, 5));
    let initial: Vec<T> = [values(n * h, 3), values(n * h, 4)].concat()[..spec.states_len(n)].to_vec();
    let zeros = |len| vec![T::ZERO; len];
    let (mut packed, mut reserve, mut y) = (zeros(lens.packed_train), zeros(lens.reserve), zeros(t * n * h));
    let mut workspace = zeros(lens.forward.max(lens.backward));
    let (mut d_params, mut d_x, mut d_initial) = (zeros(params.len()), zeros(t * n * c), zeros(initial.len()));
    backend.pack(&spec, Use::Train, &params, &mut packed);
    backend.forward(Forward {
        spec: &spec,
        direction,
        steps: Steps::all(),
        params: &params,
        packed: &packed,
        x: Input::Dense(SeqRef::new(&x, t, n, c)),
        masks: &[],
        initial: Some(&initial),
        y: Some(SeqMut::new(&mut y, t, n, h)),
        last: None,
        reserve: &mut reserve,
        workspace: &mut workspace,
    });
    backend.backward(Backward {
        spec: &spec,
        direction,
        steps: Steps::all(),
        params: &params,
        packed: &packed,
        x: Input::Dense(SeqRef::new(&x, t, n, c)),
        masks: &[],
        reserve: &reserve,
        d_y: Some(SeqRef::new(&d_y, t, n, h)),
        d_last: None,
        d_params: Some(&mut d_params),
        d_x: Some(SeqMut::new(&mut d_x, t, n, c)),
        d_x_accum: Accum::Replace,
        clip: None,
        d_initial: Some(&mut d_initial),
        d_trace: None,
        workspace: &mut workspace,
    });
    [reserve, y, d_params, d_x, d_initial].concat().into_iter().map(T::to_f64).collect()
}

fn same_bits<T: Scalar>(cell: &Cell, direction: Direction)
where
    Faer: Backend<T>,
{
    for layer in LAYERS {
        let alone = pass::<T>(&Faer::sequential(), cell, direction, layer);
        assert!(alone.iter().all(|x| x.is_finite()) && alone.iter().any(|&x| x != 0.0));
        for threads in [1, 2, 3, 8] {
            let shared = pass::<T>(&Faer::parallel(threads), cell, direction, layer);
            let first = alone.iter().zip(&shared).position(|(a, b)| a.to_bits() != b.to_bits());
            assert_eq!(first, None, "{:?} {layer:?}: element where {threads} threads differ from one", cell.known());
        }
    }
}

#[test]
fn the_bits_of_a_pass_do_not_depend_on_the_number_of_threads() {
    let [after, before] = [GruReset::After, GruReset::Before].map(Cell::gru);
    for (cell, direction) in [
        (Cell::elman(Activation::Tanh), Direction::Forward),
        (Cell::lstm(), Direction::Forward),
        (after, Direction::Reverse),
        (before, Direction::Reverse),
    ] {
        same_bits::<f32>(&cell, direction);
        same_bits::<f64>(&cell, direction);
    }
}

/// A layer ready to infer: its weights packed.
struct Ready<'b> {
    backend: &'b Faer,
    spec: Spec<f32>,
    params: Vec<f32>,
    packed: Vec<f32>,
    workspace: Vec<f32>,
    states: Vec<f32>,
}

impl<'b> Ready<'b> {
    /// For windows of up to `steps` steps of `rows` rows, weights divided by `by`.
    fn new(backend: &'b Faer, cell: &Cell, [steps, rows, c, h]: [usize; 4], by: f32) -> Self {
        let spec = Spec::<f32>::new(cell, Size::new(c, h)).expect("sizes of a layer");
        let lens = backend.lens(&spec, steps, rows);
        let params: Vec<f32> = values(spec.params_len(), 1).into_iter().map(|w: f32| w / by).collect();
        let mut packed = vec![0.0; lens.packed_infer];
        backend.pack(&spec, Use::Infer, &params, &mut packed);
        let states = values(spec.states_len(rows), 3);
        Self { backend, spec, params, packed, workspace: vec![0.0; lens.infer], states }
    }

    fn infer(&mut self, x: Input<'_, f32>, steps: Steps<'_>, y: &mut [f32]) {
        let y = SeqMut::new(y, x.steps(), x.rows(), self.spec.y_width());
        self.backend.infer(Infer {
            spec: &self.spec,
            direction: Direction::Forward,
            steps,
            params: &self.params,
            packed: &self.packed,
            x,
            masks: &[],
            states: &mut self.states,
            y: Some(y),
            workspace: &mut self.workspace,
        });
    }
}

/// All outputs of an inference in windows of `window` steps.
fn inferred(backend: &Faer, [t, n, c, h]: [usize; 4], window: usize) -> Vec<u32> {
    let mut layer = Ready::new(backend, &Cell::lstm(), [window, n, c, h], 64.0);
    let (x, mut y) = (values(t * n * c, 2), vec![0.0_f32; t * n * h]);
    for (x, y) in x.chunks(window * n * c).zip(y.chunks_mut(window * n * h)) {
        layer.infer(Input::Dense(SeqRef::new(x, x.len() / (n * c), n, c)), Steps::all(), y);
    }
    assert!(y.iter().all(|y| y.is_finite()) && y.iter().any(|&y| y != 0.0));
    y.into_iter().map(f32::to_bits).collect()
}

#[test]
fn input_products_for_many_steps_at_once_have_the_bits_of_one_step_at_a_time() {
    // `W_ih` of the first layer is larger than 1 MiB, where up to four rows are computed ahead; of the second, up to two.
    // Threads share the units of the third one out, except one step at a time. `W_ih` of the last is larger than 4 MiB, where
    // tens of rows are.
    let cases = [
        ([40, 3, 300, 260], [40, 23, 2]),
        ([70, 2, 40, 24], [70, 33, 3]),
        ([70, 1, 24, 208], [70, 40, 1]),
        ([6, 20, 700, 400], [6, 5, 2]),
    ];
    for (shape, windows) in cases {
        for backend in [Faer::sequential(), Faer::parallel(2)] {
            let stepwise = inferred(&backend, shape, 1);
            for window in windows {
                assert!(inferred(&backend, shape, window) == stepwise, "{shape:?} in windows of {window}");
            }
        }
    }
}

/// All outputs of a GRU over one row of symbols that ends before the last step.
fn inferred_from_symbols(backend: &Faer, reset: GruReset) -> Vec<u32> {
    let [t, c, h] = [64, 24, 208];
    let mut layer = Ready::new(backend, &Cell::gru(reset), [t, 1, c, h], 16.0);
    let index: Vec<u32> = (0_u32..24).cycle().step_by(7).take(t).collect();
    let mut y = vec![0.0_f32; t * h];
    layer.infer(Input::OneHot { index: &index, steps: t, rows: 1 }, Steps::ragged(&[t - 4]), &mut y);
    assert!(y[..(t - 4) * h].iter().any(|&y| y != 0.0) && y[(t - 4) * h..].iter().all(|&y| y == 0.0));
    y.into_iter().chain(layer.states).map(f32::to_bits).collect()
}

#[test]
fn a_single_row_of_symbols_has_the_same_bits_on_any_number_of_threads() {
    for reset in [GruReset::After, GruReset::Before] {
        let alone = inferred_from_symbols(&Faer::sequential(), reset);
        for threads in [2, 3, 8] {
            assert!(inferred_from_symbols(&Faer::parallel(threads), reset) == alone, "{reset:?} on {threads} threads");
        }
    }
}
