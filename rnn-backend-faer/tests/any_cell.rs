//! Cells that no crate of this workspace knows: backward is the transpose of the derivative of forward, and the passes of this
//! backend compute what the provided drivers do, with the same bits on any number of threads.

use rnn_backend_faer::Faer;
use rnn_backend_naive::Naive;
use rnn_kernels::{
    Accum, Backend, Backward, Bias, Cell, Direction, Equations, Form, Forward, GruReset, Infer, Input, Number, Product,
    Scalar, SeqMut, SeqRef, Size, Slot, Spec, Stage, Steps, Unit, Use, Width,
};
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

/// Two stages, a value that a product and a unit read, a vector in both, a mask, the input and a new state read unit by unit.
#[derive(Debug)]
struct Everything;

impl Equations for Everything {
    fn form(&self) -> Form {
        let (h, c) = (Slot::Old(0), Slot::Old(1));
        let first =
            Stage::new(["a", "b"]).reads([h, Slot::Mask(0)]).vectors([0, 1]).writes([Slot::New(0), Slot::Value(0)]);
        let second = Stage::new(["d"]).products([Product::new(2, Slot::Value(0)), Product::new(3, Slot::New(0))]);
        let second = second.reads([Slot::X, Slot::New(0), Slot::Value(0), c]).vectors([1]).writes([Slot::New(1)]);
        let form = Form::new("everything").states(["h", "c"]).values([Width::Hidden]);
        let form = form.matrix("weight_vd", None).matrix("weight_hd", Some("bias_hd"));
        form.vector("scale").vector("shift").mask("drop").stage(first).stage(second)
    }
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        if stage == 0 {
            let ([a, b], [h, mask], [scale, shift]) = (u.pre(), u.reads(), u.vectors());
            let [a, b] = u.keep([(a + scale * h).sigmoid(), (b - shift).tanh()]);
            let h = u.write_at(0, mask * h + (S::one() - mask) * (a * b));
            u.write_at(1, h * scale - b);
        } else {
            let ([d], [x, h, v, c], [shift]) = (u.pre(), u.reads(), u.vectors());
            let [d] = u.keep([d.tanh()]);
            u.write([d * x + v * c * h + shift]);
        }
    }
}

/// Exponential gates with a stabiliser, as in the sLSTM: `exp`, `ln`, `max`, four states, `h` of the new ones.
#[derive(Debug)]
struct Exponential;

impl Equations for Exponential {
    fn form(&self) -> Form {
        let gates = Stage::new(["i", "f", "z", "o"]).reads([Slot::Old(1), Slot::Old(2), Slot::Old(3)]);
        let gates = gates.writes([Slot::New(0), Slot::New(1), Slot::New(2), Slot::New(3)]);
        Form::new("exponential").states(["h", "c", "n", "m"]).stage(gates)
    }
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([i, f, z, o], [c, n, m]) = (u.pre(), u.reads());
        let (z, o, f) = (z.tanh(), o.sigmoid(), f.ln_sigmoid() + m);
        let m = u.write_at(3, f.max(i));
        let (input, forget) = ((i - m).exp(), (f - m).exp());
        let c = u.write_at(1, forget * c + input * z);
        let n = u.write_at(2, forget * n.abs() + input + S::one());
        u.write_at(0, o * (c / n));
    }
}

/// An Elman network that sees its state of twenty steps ago: a shift register of as many states.
#[derive(Debug)]
struct Late;

const LATE: usize = 20;

impl Equations for Late {
    fn form(&self) -> Form {
        let mut form = Form::new("late");
        form.states = (0..LATE).map(|k| (format!("h{k}").into(), Width::Hidden)).collect();
        let products = [Product::new(0, Slot::X), Product::new(1, Slot::Old(LATE - 1))];
        let reads: Vec<_> = (0..LATE - 1).map(Slot::Old).collect();
        let writes: Vec<_> = (0..LATE).map(Slot::New).collect();
        form.stage(Stage::new(["h"]).products(products).reads(reads).writes(writes))
    }
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let [h] = u.pre();
        let [h] = u.keep([h.tanh()]);
        u.write_at(0, h);
        for (k, &old) in u.all_reads().iter().enumerate() {
            u.write_at(k + 1, old);
        }
    }
}

/// A projected state: the second stage has no bias, no activation and another width.
#[derive(Debug)]
struct Projected;

impl Equations for Projected {
    fn form(&self) -> Form {
        let gates = Stage::new(["i", "f", "g", "o"]).reads([Slot::Old(1)]).writes([Slot::Value(0), Slot::New(1)]);
        let projection = Stage::new(["h"]).width(Width::Output).products([Product::new(2, Slot::Value(0))]);
        let mut form = Form::new("projected").states(["h", "c"]).values([Width::Hidden]).matrix("weight_hr", None);
        form.states[0].1 = Width::Output;
        form.stage(gates).stage(projection)
    }
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        if stage == 0 {
            rnn_kernels::Lstm.unit(0, u);
        } else {
            let [h] = u.pre();
            u.write([h]);
        }
    }
}

/// A state that no step reads: its initial value has no gradient.
#[derive(Debug)]
struct Spare;

impl Equations for Spare {
    fn form(&self) -> Form {
        Form::new("spare").states(["h", "square"]).stage(Stage::new(["h"]).writes([Slot::New(0), Slot::New(1)]))
    }
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let [h] = u.pre();
        let [h] = u.keep([h.tanh()]);
        u.write([h, h * h]);
    }
}

/// A number and its derivative along one direction, so that the drivers themselves are differentiated.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
struct Dual(f64, f64);

macro_rules! assign {
    ($($trait:ident $method:ident $op:tt),+) => {$(
        impl $trait for Dual {
            fn $method(&mut self, b: Self) {
                *self = *self $op b;
            }
        }
    )+};
}
assign!(AddAssign add_assign +, SubAssign sub_assign -, MulAssign mul_assign *);

impl Add for Dual {
    type Output = Self;
    fn add(self, b: Self) -> Self {
        Dual(self.0 + b.0, self.1 + b.1)
    }
}
impl Sub for Dual {
    type Output = Self;
    fn sub(self, b: Self) -> Self {
        Dual(self.0 - b.0, self.1 - b.1)
    }
}
impl Mul for Dual {
    type Output = Self;
    fn mul(self, b: Self) -> Self {
        Dual(self.0 * b.0, self.1 * b.0 + self.0 * b.1)
    }
}
impl Div for Dual {
    type Output = Self;
    fn div(self, b: Self) -> Self {
        Dual(self.0 / b.0, (self.1 * b.0 - self.0 * b.1) / (b.0 * b.0))
    }
}
impl Neg for Dual {
    type Output = Self;
    fn neg(self) -> Self {
        Dual(-self.0, -self.1)
    }
}
impl Scalar for Dual {
    const ZERO: Self = Dual(0.0, 0.0);
    const ONE: Self = Dual(1.0, 0.0);
    const EPSILON: Self = Dual(f64::EPSILON, 0.0);
    fn from_f64(value: f64) -> Self {
        Dual(value, 0.0)
    }
    fn to_f64(self) -> f64 {
        self.0
    }
    fn exp(self) -> Self {
        Dual(Scalar::exp(self.0), self.1 * Scalar::exp(self.0))
    }
    fn ln(self) -> Self {
        Dual(Scalar::ln(self.0), self.1 / self.0)
    }
    fn ln_1p(self) -> Self {
        Dual(Scalar::ln_1p(self.0), self.1 / (1.0 + self.0))
    }
    fn sqrt(self) -> Self {
        Dual(Scalar::sqrt(self.0), self.1 / (2.0 * Scalar::sqrt(self.0)))
    }
    fn abs(self) -> Self {
        if self.0 < 0.0 { -self } else { self }
    }
    fn tanh(self) -> Self {
        Dual(Scalar::tanh(self.0), self.1 / self.0.cosh().powi(2))
    }
    fn sigmoid(self) -> Self {
        let s = Scalar::sigmoid(self.0);
        Dual(s, self.1 * s * (1.0 - s))
    }
    fn max(self, other: Self) -> Self {
        if self.0 > other.0 { self } else { other }
    }
    fn is_nan(self) -> bool {
        self.0.is_nan()
    }
    fn is_finite(self) -> bool {
        self.0.is_finite()
    }
}

/// Numbers between −1 and 1, the same for the same seed.
fn drawn(len: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1 << 23) - 1.0
    };
    (0..len).map(|_| next()).collect()
}

/// A training step of `[T, N]` on some cell.
struct Case<'c, T> {
    spec: Spec<T>,
    steps: usize,
    rows: usize,
    lengths: Option<&'c [usize]>,
    direction: Direction,
}

/// Parameters, input and initial states of a step, or their gradients.
#[derive(Clone, Debug, PartialEq)]
struct Point<T> {
    params: Vec<T>,
    x: Vec<T>,
    initial: Vec<T>,
}

impl<T: Copy> Point<T> {
    fn all(&self) -> Vec<T> {
        [&self.params, &self.x, &self.initial].into_iter().flatten().copied().collect()
    }
}

impl<T: Scalar> Case<'_, T> {
    fn steps(&self) -> Steps<'_> {
        self.lengths.map_or(Steps::all(), Steps::ragged)
    }

    fn lift(values: &[f64]) -> Vec<T> {
        values.iter().map(|&v| T::from_f64(v)).collect()
    }

    fn mask(&self) -> Vec<T> {
        let len = self.steps * self.rows * self.spec.size().hidden;
        drawn(len, 8).into_iter().map(|m| T::from_f64(f64::from(u8::from(m > 0.0)))).collect()
    }

    /// Cotangents of `y` and of the last states.
    fn upstream(&self) -> [Vec<T>; 2] {
        let lens = [self.steps * self.rows * self.spec.y_width(), self.spec.states_len(self.rows)];
        [Self::lift(&drawn(lens[0], 5)), Self::lift(&drawn(lens[1], 6))]
    }

    /// `y`, the last states and the reserve.
    fn forward(&self, backend: &dyn Backend<T>, at: &Point<T>) -> [Vec<T>; 3] {
        let (spec, t, n) = (&self.spec, self.steps, self.rows);
        let (lens, nan) = (backend.lens(spec, t, n), T::from_f64(f64::NAN));
        let [mut packed, mut workspace] = [lens.packed(Use::Train), lens.forward].map(|len| vec![nan; len]);
        backend.pack(spec, Use::Train, &at.params, &mut packed);
        let mut out = [t * n * spec.y_width(), spec.states_len(n), lens.reserve].map(|len| vec![nan; len]);
        let [y, last, reserve] = &mut out;
        let mask = self.mask();
        let masks = [SeqRef::new(&mask, t, n, spec.size().hidden)];
        backend.forward(Forward {
            spec,
            direction: self.direction,
            steps: self.steps(),
            params: &at.params,
            packed: &packed,
            x: Input::Dense(SeqRef::new(&at.x, t, n, spec.size().input)),
            masks: &masks[..spec.plan().masks.len()],
            initial: Some(&at.initial),
            y: Some(SeqMut::new(y, t, n, spec.y_width())),
            last: Some(last),
            reserve,
            workspace: &mut workspace,
        });
        out
    }

    fn backward(&self, backend: &dyn Backend<T>, at: &Point<T>, reserve: &[T]) -> Point<T> {
        let (spec, t, n, c) = (&self.spec, self.steps, self.rows, self.spec.size().input);
        let (lens, nan) = (backend.lens(spec, t, n), T::from_f64(f64::NAN));
        let [mut packed, mut workspace] = [lens.packed(Use::Train), lens.backward].map(|len| vec![nan; len]);
        backend.pack(spec, Use::Train, &at.params, &mut packed);
        let (params, x, initial) = (vec![T::ZERO; at.params.len()], vec![nan; at.x.len()], vec![nan; at.initial.len()]);
        let mut d = Point { params, x, initial };
        let (mask, [d_y, d_last]) = (self.mask(), self.upstream());
        let masks = [SeqRef::new(&mask, t, n, spec.size().hidden)];
        backend.backward(Backward {
            spec,
            direction: self.direction,
            steps: self.steps(),
            params: &at.params,
            packed: &packed,
            x: Input::Dense(SeqRef::new(&at.x, t, n, c)),
            masks: &masks[..spec.plan().masks.len()],
            reserve,
            d_y: Some(SeqRef::new(&d_y, t, n, spec.y_width())),
            d_last: Some(&d_last),
            d_params: Some(&mut d.params),
            d_x: Some(SeqMut::new(&mut d.x, t, n, c)),
            d_x_accum: Accum::Replace,
            d_initial: Some(&mut d.initial),
            d_trace: None,
            workspace: &mut workspace,
        });
        d
    }

    /// `y` and the last states of a pass that keeps nothing.
    fn infer(&self, backend: &dyn Backend<T>, at: &Point<T>) -> [Vec<T>; 2] {
        let (spec, t, n) = (&self.spec, self.steps, self.rows);
        let (lens, nan) = (backend.lens(spec, t, n), T::from_f64(f64::NAN));
        let [mut packed, mut workspace] = [lens.packed(Use::Infer), lens.infer].map(|len| vec![nan; len]);
        backend.pack(spec, Use::Infer, &at.params, &mut packed);
        let (mut y, mut states, mask) = (vec![nan; t * n * spec.y_width()], at.initial.clone(), self.mask());
        let masks = [SeqRef::new(&mask, t, n, spec.size().hidden)];
        backend.infer(Infer {
            spec,
            direction: self.direction,
            steps: self.steps(),
            params: &at.params,
            packed: &packed,
            x: Input::Dense(SeqRef::new(&at.x, t, n, spec.size().input)),
            masks: &masks[..spec.plan().masks.len()],
            states: &mut states,
            y: Some(SeqMut::new(&mut y, t, n, spec.y_width())),
            workspace: &mut workspace,
        });
        [y, states]
    }

    fn point(&self) -> Point<f64> {
        let scale = |values: Vec<f64>| values.into_iter().map(|v| 0.7 * v).collect();
        Point {
            params: scale(drawn(self.spec.params_len(), 1)),
            x: drawn(self.steps * self.rows * self.spec.size().input, 2),
            initial: drawn(self.spec.states_len(self.rows), 3),
        }
    }
}

fn cells() -> Vec<(Cell, Size)> {
    let new = |cell: Result<Cell, _>| cell.expect("a cell");
    vec![
        (new(Cell::new(&Everything)), Size::new(5, 5)),
        (new(Cell::new(&Exponential)), Size::new(3, 20)),
        (new(Cell::new(&Late)), Size::new(3, 4)),
        (new(Cell::new(&Spare)), Size::new(3, 9)),
        (new(Cell::new(&Projected)), Size::new(3, 18).with_output(7)),
        (Cell::gru(GruReset::Before), Size::new(4, 6)),
        (Cell::gru(GruReset::After), Size::new(4, 6)),
        (Cell::lstm(), Size::new(4, 6)),
    ]
}

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
