//! Cells compiled in the crate that names them compute what their programs do: forward in every bit, backward but for roundings.

use allocation_counter::measure;
use rnn_backend_faer::simd::Simd;
use rnn_backend_faer::{Compile, Compiled, CompiledError, Faer, Stage};
use rnn_kernels::program::{Place, Program};
use rnn_kernels::{
    Activation, Backend, Bias, Cell, Direction, Elman, Equations, Form, Gru, GruReset, Lstm, Number, Scalar, Size,
    Slot, Spec, Unit,
};

use crate::case::{Case, Point};
use crate::cells::{Everything, Exponential, Late};

/// Gates that see the cell state, which is clipped before the output gate sees it.
#[derive(Debug)]
struct Peephole {
    clip: f64,
}

impl Equations for Peephole {
    fn form(&self) -> Form {
        let gates = rnn_kernels::Stage::new(["i", "f", "g", "o"]).reads([Slot::Old(1)]).vectors([0, 1, 2]);
        let form = Form::new("peephole").states(["h", "c"]).vector("to_i").vector("to_f").vector("to_o");
        form.stage(gates.writes([Slot::New(0), Slot::New(1)]))
    }
    #[inline(always)]
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([i, f, g, o], [c], [to_i, to_f, to_o]) = (u.pre(), u.reads(), u.vectors());
        let (i, f) = (u.keep_at(0, (i + to_i * c).sigmoid()), u.keep_at(1, (f + to_f * c).sigmoid()));
        let g = u.keep_at(2, g.tanh());
        let c = u.write_at(1, (f * c + i * g).clamp(self.clip));
        let o = u.keep_at(3, (o + to_o * c).sigmoid());
        u.write_at(0, o * c.tanh());
    }
}

/// Every function that a number has, and slopes that are known from kept results alone: of a quotient and of a maximum.
#[derive(Debug)]
struct Functions;

impl Equations for Functions {
    fn form(&self) -> Form {
        let gates = rnn_kernels::Stage::new(["a", "b", "d", "e"]).reads([Slot::Old(0), Slot::Mask(0)]).vectors([0]);
        Form::new("functions").mask("keep").vector("scale").stage(gates)
    }
    #[inline(always)]
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([a, b, d, e], [h, mask], [scale]) = (u.pre(), u.reads(), u.vectors());
        let square = h * h + S::one();
        let a = u.keep_at(0, a / square);
        let b = u.keep_at(1, b.max(scale));
        let d = (d * d.exp().ln()).abs();
        let root = (e.exp() + S::one()).sqrt();
        let new = (a.exp() - b.abs().ln_1p()) / (root + (b - d).ln_sigmoid().sigmoid()) - (-b).relu();
        let turned = (b + e).cos() * h + (d - a).sin() * scale;
        u.write([mask * h + (S::one() - mask) * (new.tanh() + e.min(d) * S::constant(0.25) + turned)]);
    }
}

struct ClippedPeephole;
struct ReluElman;
struct GruBefore;
struct LstmAgain;

macro_rules! compile {
    ($($Name:ty: $Cell:ty = $value:expr => $Stages:ty;)+) => {$(
        impl Compile for $Name {
            type Cell = $Cell;
            const CELL: $Cell = $value;
            type Stages = $Stages;
        }
    )+};
}
compile! {
    Everything: Self = Everything => (Stage<2, 2, 2, 2>, Stage<1, 4, 1, 1>);
    Exponential: Self = Exponential => (Stage<4, 3, 0, 4>,);
    Functions: Self = Functions => (Stage<4, 2, 1, 1>,);
    ClippedPeephole: Peephole = Peephole { clip: 0.4 } => (Stage<4, 1, 3, 2>,);
    ReluElman: Elman = Elman { activation: Activation::Relu } => (Stage<1, 0, 0, 1>,);
    GruBefore: Gru = Gru { reset: GruReset::Before } => (Stage<1, 1, 0, 1>, Stage<2, 1, 0, 1>);
    LstmAgain: Lstm = Lstm => (Stage<4, 1, 0, 2>,);
}

/// What this file asks of f32 and f64.
trait Real: Scalar {
    fn compiled() -> Vec<(Compiled, Size)>;
    fn bits(self) -> u64;
}

fn plain(compiled: Result<Compiled, CompiledError>) -> (Compiled, Size) {
    (compiled.expect("a cell"), Size::new(3, 21))
}

impl Real for f32 {
    fn compiled() -> Vec<(Compiled, Size)> {
        vec![
            (plain(Compiled::new::<Everything, f32>()).0, Size::new(37, 37)),
            plain(Compiled::new::<Exponential, f32>()),
            plain(Compiled::new::<Functions, f32>()),
            plain(Compiled::new::<ClippedPeephole, f32>()),
            plain(Compiled::new::<ReluElman, f32>()),
            plain(Compiled::new::<GruBefore, f32>()),
            plain(Compiled::new::<LstmAgain, f32>()),
        ]
    }
    fn bits(self) -> u64 {
        // A sum with 0 makes −0 of a program +0.
        (self + 0.0).to_bits().into()
    }
}

/// The same code on other numbers: fewer cells, since each is compiled again.
impl Real for f64 {
    fn compiled() -> Vec<(Compiled, Size)> {
        vec![plain(Compiled::new::<Functions, f64>()), plain(Compiled::new::<GruBefore, f64>())]
    }
    fn bits(self) -> u64 {
        (self + 0.0).to_bits()
    }
}

fn bits<T: Real>(values: &[T]) -> Vec<u64> {
    values.iter().map(|value| value.bits()).collect()
}

/// Every cell, both directions, whole and ragged, one row and several.
fn for_every_case<T: Real>(mut check: impl FnMut(&Compiled, &Case<'_, T>, &str)) {
    for (compiled, size) in T::compiled() {
        for direction in [Direction::Forward, Direction::Reverse] {
            for (rows, lengths) in [(1, None), (4, None), (4, Some(&[6, 3, 0, 1][..]))] {
                let spec = Spec::new(compiled.cell(), size).expect("sizes that fit");
                let name = format!("{} {direction:?} {rows} {lengths:?}", compiled.cell().form().name);
                check(&compiled, &Case { spec, steps: 6, rows, lengths, direction }, &name);
            }
        }
    }
}

/// Some thousand operations on numbers of this size, each rounded once.
fn agree<T: Real>(name: &str, found: &[T], wanted: &[T]) {
    let scale = wanted.iter().fold(1.0_f64, |scale, v| scale.max(v.to_f64().abs()));
    for (i, (f, w)) in found.iter().zip(wanted).enumerate() {
        let off = (f.to_f64() - w.to_f64()).abs();
        assert!(off <= 2000.0 * T::EPSILON.to_f64() * scale, "{name}[{i}]: {f:?} is not {w:?}");
    }
}

fn compiled_cells_compute_what_their_programs_do<T: Real>()
where
    Faer: Backend<T>,
{
    for_every_case::<T>(|compiled, case, name| {
        let (at, program) = (case.drawn(), Faer::sequential());
        let wanted = case.forward(&program, &at);
        let wanted_back = case.backward(&program, &at, &wanted[2]);
        let mut back: Option<Point<T>> = None;
        for isa in Simd::each().map(Simd::isa) {
            let backend = Faer::sequential().with_isa(isa).expect("it is there").with_compiled(compiled.clone());
            let found = case.forward(&backend, &at);
            for (found, wanted) in found.iter().zip(&wanted) {
                assert_eq!(bits(found), bits(wanted), "{name} {isa:?}: forward has the bits of the program");
            }
            let [y, last] = case.infer(&backend, &at);
            assert!(bits(&y) == bits(&wanted[0]) && bits(&last) == bits(&wanted[1]), "{name} {isa:?}: inference");
            let found = case.backward(&backend, &at, &wanted[2]);
            agree(name, &found.all(), &wanted_back.all());
            let first = back.get_or_insert_with(|| found.clone());
            assert_eq!(bits(&found.initial), bits(&first.initial), "{name} {isa:?}");
            assert_eq!(bits(&found.x), bits(&first.x), "{name} {isa:?}");
        }
    });
}

#[test]
fn compiled_cells_compute_what_their_programs_do_f32() {
    compiled_cells_compute_what_their_programs_do::<f32>();
}

#[test]
fn compiled_cells_compute_what_their_programs_do_f64() {
    compiled_cells_compute_what_their_programs_do::<f64>();
}

/// A value, and the sum of the magnitudes of all it is a sum of.
#[derive(Clone, Copy, Debug)]
struct Sized(f64, f64);

macro_rules! sized {
    ($($Op:ident $op:ident |$a:ident, $b:ident| $value:expr, $size:expr;)+) => {$(
        impl core::ops::$Op for Sized {
            type Output = Self;
            fn $op(self, other: Self) -> Self {
                let ($a, $b) = (self, other);
                Sized($value, $size)
            }
        }
    )+};
}
sized! {
    Add add |a, b| a.0 + b.0, a.1 + b.1;
    Sub sub |a, b| a.0 - b.0, a.1 + b.1;
    Mul mul |a, b| a.0 * b.0, a.1 * b.1;
    Div div |a, b| a.0 / b.0, a.1 / b.0.abs() * (b.1 / b.0.abs());
}
impl core::ops::Neg for Sized {
    type Output = Self;
    fn neg(self) -> Self {
        Sized(-self.0, self.1)
    }
}
impl Number for Sized {
    fn constant(value: f64) -> Self {
        Sized(value, value.abs())
    }
    fn exp(self) -> Self {
        Sized(self.0.exp(), self.0.exp() * (1.0 + self.1))
    }
    fn ln(self) -> Self {
        Sized(self.0.ln(), self.0.ln().abs() + self.1 / self.0.abs())
    }
    fn ln_1p(self) -> Self {
        Sized(self.0.ln_1p(), self.0.ln_1p().abs() + self.1 / (1.0 + self.0).abs())
    }
    fn sin(self) -> Self {
        Sized(self.0.sin(), self.0.sin().abs() + self.1 * self.0.cos().abs())
    }
    fn cos(self) -> Self {
        Sized(self.0.cos(), self.0.cos().abs() + self.1 * self.0.sin().abs())
    }
    fn sqrt(self) -> Self {
        Sized(self.0.sqrt(), self.0.sqrt() + self.1 / self.0.sqrt())
    }
    fn abs(self) -> Self {
        Sized(self.0.abs(), self.1)
    }
    fn tanh(self) -> Self {
        let y = self.0.tanh();
        Sized(y, y.abs() + self.1 * (1.0 - y * y))
    }
    fn sigmoid(self) -> Self {
        let y = Scalar::sigmoid(self.0);
        Sized(y, y + self.1 * y * (1.0 - y))
    }
    fn max(self, other: Self) -> Self {
        Sized(self.0.max(other.0), self.1.max(other.1))
    }
}

/// Where a pullback of one step of one row leaves its results: the gradient of a bias is that of its pre-activation, and with
/// recurrent weights of 0 that of an initial state is that of a read.
fn pullback_of_one_step<T: Real>(compiled: &Compiled)
where
    Faer: Backend<T>,
{
    let (hidden, cell) = (29, compiled.cell());
    let spec = Spec::<T>::new(cell, Size::new(3, hidden)).expect("sizes that fit");
    let case = Case { spec, steps: 1, rows: 1, lengths: None, direction: Direction::Forward };
    let (spec, mut at, program) = (&case.spec, case.drawn(), Faer::sequential());
    let plan = spec.plan();
    let stage = &plan.stages[0];
    for segment in &plan.old {
        at.params[segment.weights.clone()].fill(T::ZERO);
    }
    let [_, _, reserve] = case.forward(&program, &at);
    let backend = Faer::sequential().with_compiled(compiled.clone());
    let [wanted, found] = [&program, &backend].map(|backend| case.backward(backend, &at, &reserve));
    let ([d_y, d_last], mask) = (case.upstream(), case.mask());
    let pullback: &Program = cell.backward(0);
    let roundings = 2.0 * pullback.ops().len() as f64 * T::EPSILON.to_f64();
    let (mut compared, mut worst) = (0, 0.0_f64);
    for unit in 0..hidden {
        let state = |k: usize, slot: usize| reserve[(2 * k + slot) * hidden + unit];
        let load = |place| {
            let value = match place {
                Place::Kept(_) if plan.gates == 0 => state(0, 1),
                Place::Kept(j) => reserve[(2 * plan.states.len() + j) * hidden + unit],
                Place::Read(j) => match stage.reads[j] {
                    Slot::Old(k) => state(k, 0),
                    Slot::Mask(_) => mask[unit],
                    slot => unreachable!("{slot:?}"),
                },
                Place::Vector(j) => at.params[stage.vectors[j].start + unit],
                Place::Write(j) => match stage.writes[j] {
                    Slot::New(k) => state(k, 1),
                    slot => unreachable!("{slot:?}"),
                },
                Place::Cotangent(j) => match stage.writes[j] {
                    Slot::New(0) => d_last[unit] + d_y[unit],
                    Slot::New(k) => d_last[k * hidden + unit],
                    slot => unreachable!("{slot:?}"),
                },
                Place::Pre(_) => unreachable!("a pullback loads none"),
            };
            Sized(value.to_f64(), value.to_f64().abs())
        };
        let mut compare = |place, size: Sized| {
            let of = |point: &Point<T>| match place {
                Place::Pre(j) => {
                    let column = stage.cols.start + j * hidden + unit;
                    let biased = plan.input.iter().chain(&plan.old).find(|s| s.cols.contains(&column));
                    let segment = biased.expect("every gate has a product");
                    let bias = segment.bias.as_ref().expect("every product has a bias").start;
                    Some(point.params[bias + column - segment.cols.start])
                }
                Place::Read(j) => match stage.reads[j] {
                    Slot::Old(k) => Some(point.initial[k * hidden + unit]),
                    _ => None,
                },
                Place::Vector(j) => Some(point.params[stage.vectors[j].start + unit]),
                _ => None,
            };
            if let (Some(found), Some(wanted)) = (of(&found), of(&wanted)) {
                let (off, bound) = ((found.to_f64() - wanted.to_f64()).abs(), roundings * size.1);
                let name = &cell.form().name;
                assert!(off <= bound, "{name} {place:?} {unit}: {found:?} is not {wanted:?} but for {bound:e}");
                let exact = (wanted.to_f64() - size.0).abs();
                assert!(exact <= bound, "{name} {place:?} {unit}: {wanted:?} is not {:e} but for {bound:e}", size.0);
                (compared, worst) = (compared + 1, worst.max(off / (T::EPSILON.to_f64() * size.1)));
            }
        };
        pullback.run(load, &mut compare, |a, b| Sized(f64::from(u8::from(a.0 > b.0)), f64::from(u8::from(a.0 > b.0))));
    }
    println!("{}: {compared} cotangents, at most {worst:.2} ε of their terms apart", cell.form().name);
    assert!(compared >= hidden);
}

/// Each result is a sum of the same terms: no term is rounded more often than there are instructions.
#[test]
fn a_compiled_pullback_differs_from_the_program_by_the_roundings_of_its_terms() {
    fn check<T: Real>()
    where
        Faer: Backend<T>,
    {
        for (compiled, _) in T::compiled().iter().filter(|(compiled, _)| compiled.cell().form().stages.len() == 1) {
            pullback_of_one_step::<T>(compiled);
        }
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn compiled_passes_have_the_same_bits_on_any_number_of_threads() {
    for (compiled, size) in f32::compiled() {
        let hidden = if size.input == size.hidden { size } else { Size::new(16, 40) };
        let size = if size.output == size.hidden { hidden } else { hidden.with_output(24) };
        let spec = Spec::new(compiled.cell(), size).expect("sizes that fit");
        let lengths = [9, 3, 0, 9, 5, 1, 7];
        let case = Case::<f32> { spec, steps: 9, rows: 7, lengths: Some(&lengths), direction: Direction::Reverse };
        let (at, one) = (case.drawn(), Faer::sequential().with_compiled(compiled.clone()));
        let forward = case.forward(&one, &at);
        let backward = case.backward(&one, &at, &forward[2]);
        for threads in [2, 3] {
            let many = Faer::parallel(threads).with_compiled(compiled.clone());
            assert!(case.forward(&many, &at) == forward, "{compiled:?}");
            assert!(case.backward(&many, &at, &forward[2]) == backward, "{compiled:?}");
        }
    }
}

#[test]
fn compiled_passes_allocate_nothing() {
    for (compiled, size) in f32::compiled().into_iter().filter(|(c, _)| c.cell().form().masks.is_empty()) {
        let backend = Faer::sequential().with_compiled(compiled.clone());
        let spec = Spec::new(compiled.cell(), size).expect("sizes that fit");
        for rows in [1, 3] {
            let mut passes = crate::passes_of(&backend, &spec, 5, rows);
            passes();
            assert_eq!(measure(&mut passes).count_total, 0, "{compiled:?} {rows} rows");
        }
    }
}

/// Backward of the compiled kernels has other bits than that of the program: so it is seen which of them ran.
#[test]
fn an_equal_cell_is_found_whoever_made_it_and_no_other_is() {
    let compiled = Compiled::new::<LstmAgain, f32>().expect("a cell");
    let backend = Faer::sequential()
        .with_compiled(Compiled::new::<ReluElman, f32>().expect("a cell"))
        .with_compiled(compiled.clone());
    let back = |backend: &Faer, cell: &Cell| {
        let spec = Spec::new(cell, Size::new(3, 21).with_bias(Bias::Both)).expect("sizes that fit");
        let case = Case::<f32> { spec, steps: 6, rows: 4, lengths: None, direction: Direction::Forward };
        let at = case.drawn();
        let [_, _, reserve] = case.forward(backend, &at);
        bits(&case.backward(backend, &at, &reserve).all())
    };
    let own = back(&backend, compiled.cell());
    assert!(own != back(&Faer::sequential(), compiled.cell()), "the bits do not tell which kernels ran");
    let elsewhere = Cell::new(&Lstm).expect("a cell");
    assert!(!elsewhere.is_clone_of(compiled.cell()));
    assert!(back(&backend, &elsewhere) == own);
    // The backend's own kernels for its own cells; the program for a cell that differs by a constant.
    assert!(back(&backend, &Cell::lstm()) == back(&Faer::sequential(), &Cell::lstm()));
    let clipped = Compiled::new::<ClippedPeephole, f32>().expect("a cell");
    let backend = Faer::sequential().with_compiled(clipped.clone());
    let other = Cell::new(&Peephole { clip: 0.5 }).expect("a cell");
    assert!(back(&backend, &other) == back(&Faer::sequential(), &other));
    assert!(back(&backend, clipped.cell()) != back(&Faer::sequential(), clipped.cell()));
}

#[test]
fn sizes_that_are_not_those_of_the_form_are_refused() {
    struct Wrong<const P: usize, const R: usize, const V: usize, const W: usize>;
    impl<const P: usize, const R: usize, const V: usize, const W: usize> Compile for Wrong<P, R, V, W> {
        type Cell = Lstm;
        const CELL: Lstm = Lstm;
        type Stages = (Stage<P, R, V, W>,);
    }
    struct TwoStages;
    struct Shift;
    compile! {
        TwoStages: Lstm = Lstm => (Stage<4, 1, 0, 2>, Stage<1, 0, 0, 1>);
        Shift: Late = Late => (Stage<1, 19, 0, 20>,);
    }
    let message = |compiled: Result<Compiled, CompiledError>| compiled.expect_err("it does not fit").to_string();
    let wrong = "cell `lstm`, stage 0:";
    let expect = |found: String, wanted: &str| assert_eq!(found, format!("{wrong} {wanted}"));
    expect(message(Compiled::new::<Wrong<3, 1, 0, 2>, f32>()), "3 pre-activations are declared, the form has 4");
    expect(message(Compiled::new::<Wrong<4, 2, 0, 2>, f32>()), "2 reads are declared, the form has 1");
    expect(message(Compiled::new::<Wrong<4, 1, 1, 2>, f32>()), "1 vectors are declared, the form has 0");
    expect(message(Compiled::new::<Wrong<4, 1, 0, 1>, f32>()), "1 writes are declared, the form has 2");
    assert_eq!(message(Compiled::new::<TwoStages, f32>()), "cell `lstm`: 2 stages are declared, the form has 1");
    let found = message(Compiled::new::<Shift, f32>());
    assert_eq!(found, "cell `late`, stage 0: 41 operands and results, a compiled stage has at most 18");
    let size = CompiledError::Size { cell: "lstm".into(), stage: 0, what: "reads", declared: 2, form: 1 };
    assert_eq!(Compiled::new::<Wrong<4, 2, 0, 2>, f64>().expect_err("it does not fit"), size);
}

/// What lies at a place that is kept for the second time is no saved value.
#[test]
fn a_place_that_is_kept_twice_is_refused() {
    #[derive(Debug)]
    struct Twice;
    impl Equations for Twice {
        fn form(&self) -> Form {
            Form::new("twice").stage(rnn_kernels::Stage::new(["h"]))
        }
        fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
            let [h] = u.pre();
            u.keep_at(0, S::one());
            let h = u.keep_at(0, h.tanh());
            u.write([h]);
        }
    }
    assert_eq!(
        Cell::new(&Twice).expect_err("twice").to_string(),
        "cell `twice`, stage 0: kept value 0 stands there twice"
    );
}
