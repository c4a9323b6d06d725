//! A pass of any cell panics on a wrong shape before it writes anything, and says which argument it is; sizes a cell cannot
//! have are errors.

use rnn_kernels::{
    Accum, Backend, Backward, Cell, Direction, Equations, Form, Forward, Held, Infer, Input, MatMut, MatRef, Number,
    Scalar, SeqMut, SeqRef, Size, SizeError, Slot, Spec, Stage, Steps, Unit, check_matmul,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[derive(Debug)]
struct Plain;

impl<T: Scalar> Backend<T> for Plain {
    fn matmul(&self, mut c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        let [m, k, n] = check_matmul(&c, &a, &b);
        for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
            let start = if accum == Accum::Add { c.row_mut(i)[j] } else { T::ZERO };
            c.row_mut(i)[j] = (0..k).fold(start, |sum, l| sum + a.at(i, l) * b.at(l, j));
        }
    }
}

/// `h = m ⊙ x + (1 − m) ⊙ tanh(…)`: reads the input unit by unit, and a mask.
#[derive(Debug)]
struct Masked;

impl Equations for Masked {
    fn form(&self) -> Form {
        Form::new("masked").mask("drop").stage(Stage::new(["h"]).reads([Slot::X, Slot::Mask(0)]))
    }
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([h], [x, m]) = (u.pre(), u.reads());
        let [h] = u.keep([h.tanh()]);
        u.write([m * x + (S::one() - m) * h]);
    }
}

const T: usize = 3;
const N: usize = 2;
const W: usize = 4;

/// How many elements or columns too many an argument has.
#[derive(Clone, Copy, Default)]
struct Wrong {
    params: usize,
    x: usize,
    index: bool,
    lengths: usize,
    masks: usize,
    mask: usize,
    states: usize,
    sequence: usize,
    reserve: usize,
    last: usize,
    d_params: usize,
    d_x: usize,
    trace: usize,
    clip: bool,
    /// Too few.
    skipped: usize,
    /// Too few.
    workspace: usize,
}

/// What is said of a wrong argument; nothing may have been written then.
fn said(pass: &str, wrong: Wrong) -> String {
    let cell = Cell::new(&Masked).expect("a cell");
    let spec = Spec::<f64>::new(&cell, Size::new(W, W)).expect("sizes that fit");
    let lens = Plain.lens(&spec, T, N);
    let numbers = vec![0.5; 1000];
    let data = |len: usize| &numbers[..len];
    let (direction, steps) = (Direction::Forward, [T; 2 * N]);
    let skipped = &[false; T * N][wrong.skipped..];
    let steps = Steps::ragged(&steps[..N + wrong.lengths]).skipping(skipped, N, Held::Zero);
    let index = [0_u32; T * N];
    let x = match wrong.index {
        true => Input::OneHot { index: &index, steps: T, rows: N },
        false => Input::Dense(SeqRef::new(data(T * N * (W + wrong.x)), T, N, W + wrong.x)),
    };
    let masks = [SeqRef::new(data(T * N * (W + wrong.mask)), T, N, W + wrong.mask); 2];
    let masks = &masks[..1 + wrong.masks];
    let params = data(spec.params_len() + wrong.params);
    let mut out: Vec<Vec<f64>> = vec![vec![7.0; 1000]; 6];
    let [a, b, c, d, e, f] = &mut out[..] else { unreachable!() };
    let states = spec.states_len(N) + wrong.states;
    let sequence = SeqRef::new(data(T * N * (W + wrong.sequence)), T, N, W + wrong.sequence);
    fn y(buffer: &mut [f64], width: usize) -> Option<SeqMut<'_, f64>> {
        Some(SeqMut::new(buffer, T, N, width))
    }
    let told = catch_unwind(AssertUnwindSafe(|| match pass {
        "forward" => Plain.forward(Forward {
            spec: &spec,
            direction,
            steps,
            params,
            packed: &[],
            x,
            masks,
            initial: Some(data(states)),
            y: y(a, W + wrong.sequence),
            last: Some(&mut b[..spec.states_len(N) + wrong.last]),
            reserve: &mut c[..lens.reserve + wrong.reserve],
            workspace: &mut [],
        }),
        "infer" => Plain.infer(Infer {
            spec: &spec,
            direction,
            steps,
            params,
            packed: &[],
            x,
            masks,
            states: &mut d[..states],
            y: y(a, W + wrong.sequence),
            workspace: &mut c[..lens.infer - wrong.workspace],
        }),
        _ => Plain.backward(Backward {
            spec: &spec,
            direction,
            steps,
            params,
            packed: &[],
            x,
            masks,
            reserve: data(lens.reserve + wrong.reserve),
            d_y: Some(sequence),
            d_last: Some(data(states)),
            d_params: Some(&mut a[..spec.params_len() + wrong.d_params]),
            d_x: Some(SeqMut::new(b, T, N, W + wrong.d_x)),
            d_x_accum: Accum::Replace,
            clip: Some(if wrong.clip { f64::NAN } else { 1.0 }),
            d_initial: Some(&mut d[..spec.states_len(N) + wrong.last]),
            d_trace: Some(SeqMut::new(e, T + 1, N, W + wrong.trace)),
            workspace: &mut f[..lens.backward - wrong.workspace],
        }),
    }));
    let Err(told) = told else { return "nothing".into() };
    assert!(out.iter().flatten().all(|&v| v == 7.0), "{pass}: something was written");
    let told = told.downcast_ref::<String>().cloned().expect("a message");
    assert!(told.starts_with(pass), "{told}");
    told
}

#[test]
fn right_arguments_are_taken() {
    for pass in ["forward", "infer", "backward"] {
        assert_eq!(said(pass, Wrong::default()), "nothing");
    }
}

#[test]
fn a_wrong_argument_is_named_before_anything_is_written() {
    let right = Wrong::default();
    let every = [
        (Wrong { params: 1, ..right }, "params is"),
        (Wrong { x: 1, ..right }, "x is"),
        (Wrong { index: true, ..right }, "reads it unit by unit"),
        (Wrong { lengths: 1, ..right }, "steps.lengths is"),
        (Wrong { skipped: 1, ..right }, "steps.skipped holds"),
        (Wrong { masks: 1, ..right }, "masks is"),
        (Wrong { mask: 1, ..right }, "mask is"),
        (Wrong { states: 1, ..right }, ""),
        (Wrong { sequence: 1, ..right }, "y is"),
    ];
    for pass in ["forward", "infer", "backward"] {
        for (wrong, words) in every {
            let told = said(pass, wrong);
            let words = if words.is_empty() {
                ["initial is", "states is", "d_last is"]
                    [["forward", "infer", "backward"].iter().position(|p| *p == pass).unwrap()]
            } else {
                words
            };
            assert!(told.contains(words), "{pass}: {told:?} does not contain {words:?}");
        }
    }
    for (pass, wrong, words) in [
        ("forward", Wrong { last: 1, ..right }, "last is"),
        ("forward", Wrong { reserve: 1, ..right }, "reserve is"),
        ("infer", Wrong { workspace: 1, ..right }, "workspace holds"),
        ("backward", Wrong { reserve: 1, ..right }, "reserve is"),
        ("backward", Wrong { last: 1, ..right }, "d_initial is"),
        ("backward", Wrong { d_params: 1, ..right }, "d_params is"),
        ("backward", Wrong { d_x: 1, ..right }, "d_x is"),
        ("backward", Wrong { trace: 1, ..right }, "d_trace is"),
        ("backward", Wrong { clip: true, ..right }, "clip is"),
        ("backward", Wrong { workspace: 1, ..right }, "workspace holds"),
    ] {
        let told = said(pass, wrong);
        assert!(told.contains(words), "{pass}: {told:?} does not contain {words:?}");
    }
}

#[test]
fn sizes_that_a_cell_cannot_have_are_errors() {
    let masked = Cell::new(&Masked).expect("a cell");
    let error = Spec::<f32>::new(&masked, Size::new(3, 4)).expect_err("C is not H");
    assert!(matches!(error, SizeError::Input { input: 3, units: 4, stage: 0, .. }), "{error}");
    assert!(error.to_string().contains("C must be its 4 units; it is 3"), "{error}");
    for (c, h) in [(3, usize::MAX / 2), (usize::MAX, 3), (1 << 33, 1 << 33)] {
        let error = Spec::<f32>::new(&Cell::lstm(), Size::new(c, h)).expect_err("too many parameters");
        assert!(matches!(error, SizeError::Overflow { .. }), "{error}");
    }
}
