//! Cells that no crate of this workspace knows: backward is the transpose of the derivative of forward, and the passes of this
//! backend compute what the provided drivers do, with the same bits on any number of threads and without allocating.

mod case;
mod cells;
mod compiled;
mod dual;
mod settled;

use allocation_counter::measure;
use case::{Case, Point, drawn};
use cells::cells;
use dual::Dual;
use rnn_backend_faer::Faer;
use rnn_backend_naive::Naive;
use rnn_kernels::{
    Accum, Backend, Backward, Bias, Direction, Forward, Infer, Input, Scalar, SeqMut, SeqRef, Size, Spec, Steps, Use,
};

/// Every cell, every bias, both directions, whole and ragged.
fn for_every_case<T: Scalar>(mut check: impl FnMut(&Case<'_, T>, &str)) {
    let (t, n) = (6, 4);
    for (cell, size) in cells() {
        for bias in [Bias::Both, Bias::Input, Bias::None] {
            for direction in [Direction::Forward, Direction::Reverse] {
                for lengths in [None, Some(&[6, 3, 0, 1][..])] {
                    let spec = Spec::new(&cell, size.with_bias(bias)).expect("sizes that fit");
                    let name = format!("{} {bias:?} {direction:?} {lengths:?}", cell.form().name);
                    check(&Case { spec, steps: t, rows: n, lengths, direction }, &name);
                }
            }
        }
    }
}

/// Along any direction the derivative of `Σ d_y y + Σ d_last last`, found by running forward on dual numbers, is the product
/// of the gradient with the direction.
#[test]
fn backward_is_the_transpose_of_the_derivative_of_forward() {
    for_every_case::<f64>(|case, name| {
        let at = case.point();
        let [_, _, reserve] = case.forward(&Naive, &at);
        let gradient = case.backward(&Naive, &at, &reserve).all();
        let spec = Spec::new(case.spec.cell(), case.spec.size()).expect("sizes that fit");
        let duals =
            Case::<Dual> { spec, steps: case.steps, rows: case.rows, lengths: case.lengths, direction: case.direction };
        for seed in 0..5 {
            let moved = |values: &[f64], part: u64| -> Vec<Dual> {
                let direction = drawn(values.len(), 100 + 10 * seed + part);
                values.iter().zip(direction).map(|(&v, d)| Dual(v, d)).collect()
            };
            let moved = Point { params: moved(&at.params, 0), x: moved(&at.x, 1), initial: moved(&at.initial, 2) };
            let ([y, last, _], [d_y, d_last]) = (duals.forward(&Naive, &moved), case.upstream());
            let outputs = y.iter().zip(&d_y).chain(last.iter().zip(&d_last));
            let tangent: f64 = outputs.map(|(v, d)| v.1 * d).sum();
            let parts: Vec<f64> = gradient.iter().zip(moved.all()).map(|(g, v)| g * v.1).collect();
            let (cotangent, size): (f64, f64) = (parts.iter().sum(), parts.iter().map(|p| p.abs()).sum());
            // Two orders of some thousand additions: n u Σ|parts|, n the length of the longer sum and its chain of steps.
            let bound = (parts.len() + 1000) as f64 * f64::EPSILON * (size + 1.0);
            assert!(
                (tangent - cotangent).abs() <= bound,
                "{name}: {tangent} along, {cotangent} by backward, bound {bound:e}"
            );
        }
    });
}

/// Whether the numbers of two backends are the same but for roundings: some hundred operations on numbers of this size.
fn agree(name: &str, found: &[f64], wanted: &[f64]) {
    let scale = wanted.iter().fold(1.0_f64, |scale, v| scale.max(v.abs()));
    for (i, (f, w)) in found.iter().zip(wanted).enumerate() {
        assert!((f - w).abs() <= 2000.0 * f64::EPSILON * scale, "{name}[{i}]: {f} is not {w}");
    }
}

#[test]
fn passes_compute_what_the_provided_drivers_do() {
    for_every_case::<f64>(|case, name| {
        let (at, faer) = (case.point(), Faer::sequential());
        let (ours, theirs) = (case.forward(&faer, &at), case.forward(&Naive, &at));
        for (ours, theirs) in ours.iter().zip(&theirs) {
            agree(name, ours, theirs);
        }
        // Reserves are interchangeable.
        let (back, naive) = (case.backward(&faer, &at, &theirs[2]), case.backward(&Naive, &at, &theirs[2]));
        agree(name, &back.all(), &naive.all());
        let [y, last] = case.infer(&faer, &at);
        assert!(y == ours[0] && last == ours[1], "{name}: inference has the bits of training");
        let [y, last] = case.infer(&Naive, &at);
        assert!(y == theirs[0] && last == theirs[1], "{name}: inference has the bits of training");
    });
}

#[test]
fn passes_have_the_same_bits_on_any_number_of_threads() {
    let threads = [2, 3].map(Faer::parallel);
    for (cell, size) in cells() {
        // Enough work to be shared out.
        let output = if size.output == size.hidden { 40 } else { 24 };
        let size = Size::new(if size.input == size.hidden { 40 } else { 16 }, 40).with_output(output);
        let (spec, lengths) = (Spec::new(&cell, size).expect("sizes that fit"), [9, 3, 0, 9, 5, 1, 7]);
        for lengths in [None, Some(&lengths[..])] {
            let (spec, direction) = (spec.clone(), Direction::Reverse);
            let case = Case::<f64> { spec, steps: 9, rows: 7, lengths, direction };
            let (at, one) = (case.point(), Faer::sequential());
            let forward = case.forward(&one, &at);
            let backward = case.backward(&one, &at, &forward[2]);
            for many in &threads {
                assert!(case.forward(many, &at) == forward, "{}", cell.form().name);
                assert!(case.backward(many, &at, &forward[2]) == backward, "{}", cell.form().name);
                assert!(case.infer(many, &at) == [forward[0].clone(), forward[1].clone()], "{}", cell.form().name);
            }
        }
    }
}

/// Everything is allocated before; masks are left out, since a list of views would be one more thing to hold.
fn passes_of<'a>(backend: &'a dyn Backend<f32>, spec: &'a Spec<f32>, steps: usize, rows: usize) -> impl FnMut() + 'a {
    let lens = backend.lens(spec, steps, rows);
    let (c, w) = (spec.size().input, spec.y_width());
    let new = |len: usize| vec![0.01_f32; len];
    let (params, x, d_y) = (new(spec.params_len()), new(steps * rows * c), new(steps * rows * w));
    let [mut train, mut inference] = [Use::Train, Use::Infer].map(|usage| new(lens.packed(usage)));
    let (mut reserve, mut workspace) = (new(lens.reserve), new(lens.infer.max(lens.forward).max(lens.backward)));
    let (mut y, mut states, mut d_params, mut d_x) =
        (new(d_y.len()), new(spec.states_len(rows)), params.clone(), x.clone());
    move || {
        let (direction, all, masks) = (Direction::Forward, Steps::all(), &[][..]);
        backend.pack(spec, Use::Train, &params, &mut train);
        backend.pack(spec, Use::Infer, &params, &mut inference);
        backend.infer(Infer {
            spec,
            direction,
            steps: all,
            params: &params,
            packed: &inference,
            x: Input::Dense(SeqRef::new(&x, steps, rows, c)),
            masks,
            states: &mut states,
            y: Some(SeqMut::new(&mut y, steps, rows, w)),
            workspace: &mut workspace,
        });
        backend.forward(Forward {
            spec,
            direction,
            steps: all,
            params: &params,
            packed: &train,
            x: Input::Dense(SeqRef::new(&x, steps, rows, c)),
            masks,
            initial: Some(&states),
            y: Some(SeqMut::new(&mut y, steps, rows, w)),
            last: None,
            reserve: &mut reserve,
            workspace: &mut workspace,
        });
        backend.backward(Backward {
            spec,
            direction,
            steps: all,
            params: &params,
            packed: &train,
            x: Input::Dense(SeqRef::new(&x, steps, rows, c)),
            masks,
            reserve: &reserve,
            d_y: Some(SeqRef::new(&d_y, steps, rows, w)),
            d_last: None,
            d_params: Some(&mut d_params),
            d_x: Some(SeqMut::new(&mut d_x, steps, rows, c)),
            d_x_accum: Accum::Replace,
            clip: None,
            d_initial: Some(&mut states),
            d_trace: None,
            workspace: &mut workspace,
        });
    }
}

#[test]
fn passes_allocate_nothing() {
    let backends: [&dyn Backend<f32>; 3] = [&Naive, &Faer::sequential(), &Faer::parallel(2)];
    for (cell, size) in cells().into_iter().filter(|(cell, _)| cell.form().masks.is_empty()) {
        let spec = Spec::new(&cell, size).expect("sizes that fit");
        for backend in backends {
            for rows in [1, 3] {
                let mut passes = passes_of(backend, &spec, 5, rows);
                passes();
                let count = measure(&mut passes).count_total;
                assert_eq!(count, 0, "{} {backend:?} {rows} rows", cell.form().name);
            }
        }
    }
}

#[test]
#[should_panic(expected = "forward: packed holds 3 elements")]
fn packed_weights_that_are_too_short_are_refused() {
    let (cell, size) = cells().pop().expect("a cell");
    let spec = Spec::<f32>::new(&cell, size).expect("sizes that fit");
    let x = vec![0.0; size.input];
    Faer::sequential().forward(Forward {
        spec: &spec,
        direction: Direction::Forward,
        steps: Steps::all(),
        params: &vec![0.0; spec.params_len()],
        packed: &[0.0; 3],
        x: Input::Dense(SeqRef::new(&x, 1, 1, size.input)),
        masks: &[],
        initial: None,
        y: None,
        last: None,
        reserve: &mut vec![0.0; spec.reserve_len(1, 1)],
        workspace: &mut [],
    });
}
