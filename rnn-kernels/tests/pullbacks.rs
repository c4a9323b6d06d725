//! The pullback of every function and of whole equations is their derivative, by dual numbers.

use rnn_kernels::program::{Place, Program};
use rnn_kernels::{Activation, Width};
use rnn_kernels::{Cell, Elman, Equations, Form, Gru, GruReset, Lstm, Number, Slot, Stage, Unit};
use std::cell::RefCell;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A number and its derivative along one direction.
#[derive(Clone, Copy, Debug)]
struct Dual(f64, f64);

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
impl Number for Dual {
    fn constant(value: f64) -> Self {
        Dual(value, 0.0)
    }
    fn exp(self) -> Self {
        Dual(self.0.exp(), self.1 * self.0.exp())
    }
    fn ln(self) -> Self {
        Dual(self.0.ln(), self.1 / self.0)
    }
    fn ln_1p(self) -> Self {
        Dual(self.0.ln_1p(), self.1 / (1.0 + self.0))
    }
    fn sin(self) -> Self {
        Dual(self.0.sin(), self.1 * self.0.cos())
    }
    fn cos(self) -> Self {
        Dual(self.0.cos(), -self.1 * self.0.sin())
    }
    fn sqrt(self) -> Self {
        Dual(self.0.sqrt(), self.1 / (2.0 * self.0.sqrt()))
    }
    fn abs(self) -> Self {
        if self.0 < 0.0 { -self } else { self }
    }
    fn tanh(self) -> Self {
        Dual(self.0.tanh(), self.1 / self.0.cosh().powi(2))
    }
    fn sigmoid(self) -> Self {
        let s = 1.0 / (1.0 + (-self.0).exp());
        Dual(s, self.1 * s * s * (-self.0).exp())
    }
    fn max(self, other: Self) -> Self {
        if self.0 > other.0 { self } else { other }
    }
}

/// One stage of an equation on operands of any number: what it keeps and writes.
fn unit<E: Equations, S: Number>(equations: &E, stage: usize, operands: &[Vec<S>; 3], writes: usize) -> [Vec<S>; 2] {
    let zeros = |len| vec![S::constant(0.0); len];
    let [mut kept, mut written] = [zeros(operands[0].len()), zeros(writes)];
    equations.unit(stage, &mut Unit::new(&operands[0], &operands[1], &operands[2], &mut kept, &mut written));
    [kept, written]
}

/// Compares the traced programs of all stages with the equation itself and with its derivatives.
fn the_pullback_is_the_derivative<E: Equations>(equations: &E) {
    let cell = Cell::new(equations).expect("a cell");
    for (s, stage) in cell.form().stages.iter().enumerate() {
        for trial in 0..4 {
            let number = |i: usize| 0.2 + 0.9 * ((trial * 31 + 17 * i + 5) % 13) as f64 / 13.0;
            let lens = [stage.gates.len(), stage.reads.len(), stage.vectors.len()];
            let mut at = 0;
            let operands = lens.map(|len| {
                at += len;
                (at - len..at).map(number).collect::<Vec<f64>>()
            });
            let [kept, written] = unit(equations, s, &operands, stage.writes.len());

            // Forward: the program computes what the equation does.
            let stored = RefCell::new(vec![]);
            let load = |place| match place {
                Place::Pre(j) => operands[0][j],
                Place::Read(j) => operands[1][j],
                Place::Vector(j) => operands[2][j],
                _ => panic!("forward loads {place:?}"),
            };
            cell.forward(s).run(
                load,
                |place, value| stored.borrow_mut().push((place, value)),
                |_, _| panic!("no comparison"),
            );
            for (place, value) in stored.into_inner() {
                let wanted = match place {
                    Place::Pre(j) => kept[j],
                    Place::Write(j) => written[j],
                    _ => panic!("forward stores {place:?}"),
                };
                assert_eq!(value, wanted, "{equations:?} stage {s} {place:?}");
            }

            // Backward: for every operand the sum over the writes of cotangent times derivative.
            let d_written: Vec<f64> = (0..written.len()).map(|j| 1.5 - j as f64).collect();
            let cotangents = RefCell::new(vec![]);
            let load = |place| match place {
                Place::Kept(j) => kept[j],
                Place::Read(j) => operands[1][j],
                Place::Vector(j) => operands[2][j],
                Place::Write(j) => written[j],
                Place::Cotangent(j) => d_written[j],
                Place::Pre(_) => panic!("backward loads {place:?}"),
            };
            let step = |a: f64, b: f64| f64::from(u8::from(a > b));
            cell.backward(s).run(load, |place, value| cotangents.borrow_mut().push((place, value)), step);
            let cotangents = cotangents.into_inner();
            for (kind, len) in lens.into_iter().enumerate() {
                for j in 0..len {
                    let place = [Place::Pre, Place::Read, Place::Vector][kind](j);
                    let moved: [Vec<Dual>; 3] = std::array::from_fn(|k| {
                        operands[k]
                            .iter()
                            .enumerate()
                            .map(|(i, &v)| Dual(v, f64::from(u8::from(k == kind && i == j))))
                            .collect()
                    });
                    let [_, along] = unit(equations, s, &moved, written.len());
                    let wanted: f64 = along.iter().zip(&d_written).map(|(w, d)| w.1 * d).sum();
                    let is_mask = kind == 1 && matches!(stage.reads[j], Slot::Mask(_));
                    let found = cotangents.iter().find(|(other, _)| *other == place);
                    assert_eq!(found.is_none(), is_mask, "{equations:?} stage {s} {place:?}");
                    // A dozen operations on numbers about 1, in two orders.
                    let off = found.map_or(0.0, |found| (found.1 - wanted).abs());
                    assert!(
                        off <= 64.0 * f64::EPSILON * (1.0 + wanted.abs()),
                        "{equations:?} stage {s} {place:?}: off by {off:e}"
                    );
                }
            }
        }
    }
}

/// `h = f(W x + h₋₁)` for one function.
#[derive(Debug)]
struct Function(&'static str);

impl Equations for Function {
    fn form(&self) -> Form {
        Form::new(self.0).stage(Stage::new(["a"]).reads([Slot::Old(0)]))
    }
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([a], [h]) = (u.pre(), u.reads());
        let [a] = u.keep([a + a]);
        u.write([match self.0 {
            "exp" => (a + h).exp(),
            "ln" => (a + h).ln(),
            "ln_1p" => (a * h).ln_1p(),
            "sin" => (a * h).sin(),
            "cos" => (a - h).cos() * h,
            "rotation" => (a * h).sin() * a + (a * h).cos() * h,
            "sqrt" => (a * h).sqrt(),
            "abs" => (a - h).abs() + (h - a).abs() * h,
            "tanh" => (a - h).tanh(),
            "sigmoid" => (a - h).sigmoid(),
            "max" => (a * h).max(h) + a.max(S::constant(0.5)),
            "min" => (a * h).min(a) * h,
            "relu" => (a - h).relu() + (h - a).relu() * a,
            "clamp" => (a + h).clamp(0.9),
            "ln_sigmoid" => (a - h).ln_sigmoid(),
            "quotient" => a / h - S::constant(2.0) / (a + h),
            other => panic!("no function {other}"),
        }]);
    }
}

#[test]
fn of_every_function() {
    let names = [
        "exp",
        "ln",
        "ln_1p",
        "sin",
        "cos",
        "rotation",
        "sqrt",
        "abs",
        "tanh",
        "sigmoid",
        "max",
        "min",
        "relu",
        "clamp",
        "ln_sigmoid",
        "quotient",
    ];
    names.into_iter().for_each(|name| the_pullback_is_the_derivative(&Function(name)));
}

#[test]
fn of_the_cells_of_this_crate() {
    for activation in [Activation::Tanh, Activation::Relu, Activation::Sigmoid, Activation::Identity] {
        the_pullback_is_the_derivative(&Elman { activation });
    }
    the_pullback_is_the_derivative(&Lstm);
    [GruReset::After, GruReset::Before].into_iter().for_each(|reset| the_pullback_is_the_derivative(&Gru { reset }));
}

/// Everything at once: two stages, a value, a vector, a mask, the input and a new state read unit by unit.
#[derive(Debug)]
struct Everything;

impl Equations for Everything {
    fn form(&self) -> Form {
        let first = Stage::new(["a", "b"])
            .reads([Slot::Old(0), Slot::Mask(0)])
            .vectors([0])
            .writes([Slot::New(0), Slot::Value(0)]);
        let second =
            Stage::new(["d"]).reads([Slot::X, Slot::New(0), Slot::Value(0), Slot::Old(1)]).writes([Slot::New(1)]);
        let products = [rnn_kernels::Product::new(2, Slot::Value(0))];
        Form::new("everything")
            .states(["h", "c"])
            .values([Width::Hidden])
            .matrix("weight_vd", None)
            .vector("scale")
            .mask("drop")
            .stage(first)
            .stage(second.products(products))
    }
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        if stage == 0 {
            let ([a, b], [h, mask], [scale]) = (u.pre(), u.reads(), u.vectors());
            let [a, b] = u.keep([(a + scale * h).sigmoid(), b.tanh()]);
            let h = u.write_at(0, mask * h + (S::one() - mask) * (a * b));
            u.write_at(1, h * scale - b);
        } else {
            let ([d], [x, h, v, c]) = (u.pre(), u.reads());
            let [d] = u.keep([d.tanh()]);
            u.write([d * x + v * c * h]);
        }
    }
}

#[test]
fn of_a_cell_with_everything() {
    the_pullback_is_the_derivative(&Everything);
}

#[test]
fn a_program_is_its_instructions_and_can_be_replaced() {
    let cell = Cell::new(&Lstm).expect("a cell");
    for program in [cell.forward(0), cell.backward(0)] {
        assert_eq!(&Program::from_ops(program.ops()), program);
    }
    assert_eq!(Program::from_ops([]).registers(), 0);

    let other = cell.with_programs(0, cell.forward(0).clone(), Program::default());
    assert_eq!((other.forward(0), other.backward(0).ops()), (cell.forward(0), &[][..]));
    assert_ne!(other.statement(), cell.statement());
    assert_eq!(Cell::lstm().with_programs(0, cell.forward(0).clone(), cell.backward(0).clone()).known(), None);
}
