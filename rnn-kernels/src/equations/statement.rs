//! What a cell computes, as text that people read and digests are taken of.
//!
//! Every stage is written down as its equation was run, one line for each operation, before anything is made simpler or
//! shared; what is computed from constants alone is a constant, written by its bits. So the text changes with the cell and not
//! with the compiler of programs. Names that only messages use are not in it: those of the cell and of its gates.

use super::{Equations, Unit};
use crate::form::{Factor, Form, Slot, Stage, Width};
use crate::number::Number;
use crate::program::{Binary, Node, Place, Unary};
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt::{Result, Write};
use core::ops::{Add, Div, Mul, Neg, Sub};

/// The text of a cell whose form and equation fit.
pub(super) fn statement<E: Equations>(equations: &E, form: &Form) -> String {
    let mut text = String::new();
    let written = (|| {
        write_form(&mut text, form)?;
        form.stages.iter().enumerate().try_for_each(|(s, stage)| {
            write_stage(&mut text, form, stage)?;
            write_equation(&mut text, equations, stage, s)
        })
    })();
    written.expect("a text takes everything");
    text
}

fn write_form(text: &mut String, form: &Form) -> Result {
    for (name, width) in &form.states {
        writeln!(text, "state {name:?} {}", of(*width))?;
    }
    for width in &form.values {
        writeln!(text, "value {}", of(*width))?;
    }
    for (_, width) in &form.masks {
        writeln!(text, "mask {}", of(*width))?;
    }
    for matrix in &form.matrices {
        match &matrix.bias {
            Some(bias) => writeln!(text, "matrix {:?} bias {bias:?}", matrix.name)?,
            None => writeln!(text, "matrix {:?}", matrix.name)?,
        }
    }
    for (name, width) in &form.vectors {
        writeln!(text, "vector {name:?} {}", of(*width))?;
    }
    Ok(())
}

fn write_stage(text: &mut String, form: &Form, stage: &Stage) -> Result {
    writeln!(text, "stage {} gates {}", of(stage.width), stage.gates.len())?;
    for (p, product) in stage.products.iter().enumerate() {
        write!(text, "  product ")?;
        write_factor(text, form, product.factor)?;
        write_slot(text, product.of)?;
        write!(text, " into")?;
        (0..stage.gates_of(p)).try_for_each(|at| write!(text, " {}", stage.gate_of(p, at)))?;
        writeln!(text)?;
    }
    for &slot in &stage.reads {
        write!(text, "  reads ")?;
        write_slot(text, slot)?;
        writeln!(text)?;
    }
    for &v in &stage.vectors {
        writeln!(text, "  vector {:?}", form.vectors[v].0)?;
    }
    for &slot in &stage.writes {
        write!(text, "  writes ")?;
        write_slot(text, slot)?;
        writeln!(text)?;
    }
    Ok(())
}

fn write_factor(text: &mut String, form: &Form, factor: Factor) -> Result {
    match factor {
        Factor::Matrix(m) => write!(text, "{:?} ", form.matrices[m].name),
        Factor::Heads { matrix, columns } => write!(text, "{:?} heads {columns} ", form.matrices[matrix].name),
        Factor::Spread { inner } => write!(text, "spread {} ", of(inner)),
        Factor::Sum { inner } => write!(text, "sum {} ", of(inner)),
        Factor::Mean { inner } => write!(text, "mean {} ", of(inner)),
        Factor::Part { at, of } => write!(text, "part {at} of {of} "),
    }
}

fn of(width: Width) -> Cow<'static, str> {
    match width {
        Width::Hidden => "H".into(),
        Width::Output => "P".into(),
        Width::Fixed(n) => format!("{n}").into(),
        Width::Scaled { times, over } => format!("{times} H / {over}").into(),
    }
}

fn write_slot(text: &mut String, slot: Slot) -> Result {
    match slot {
        Slot::X => write!(text, "x"),
        Slot::Old(k) => write!(text, "old {k}"),
        Slot::New(k) => write!(text, "new {k}"),
        Slot::Value(v) => write!(text, "value {v}"),
        Slot::Mask(m) => write!(text, "mask {m}"),
    }
}

fn write_equation<E: Equations>(text: &mut String, equations: &E, stage: &Stage, s: usize) -> Result {
    let lines = RefCell::new(Vec::new());
    let load = |count: usize, place: fn(usize) -> Place| -> Vec<Said<'_>> {
        (0..count).map(|j| Said::line(&lines, Node::Load(place(j)))).collect()
    };
    let pre = load(stage.gates.len(), Place::Pre);
    let (reads, vectors) = (load(stage.reads.len(), Place::Read), load(stage.vectors.len(), Place::Vector));
    let (mut kept, mut writes) = (pre.clone(), vec![Said::Constant(0.0); stage.writes.len()]);
    equations.unit(s, &mut Unit::new(&pre, &reads, &vectors, &mut kept, &mut writes));
    let on = |values: &[Said<'_>]| values.iter().map(|value| value.on(&lines)).collect::<Vec<_>>();
    let (kept, writes) = (on(&kept), on(&writes));
    for (id, node) in lines.borrow().iter().enumerate() {
        write!(text, "  {id} = ")?;
        match *node {
            Node::Constant(bits) => writeln!(text, "constant {bits:016x}")?,
            Node::Load(Place::Pre(j)) => writeln!(text, "pre {j}")?,
            Node::Load(Place::Read(j)) => writeln!(text, "read {j}")?,
            Node::Load(Place::Vector(j)) => writeln!(text, "vector {j}")?,
            Node::Unary(f, a) => writeln!(text, "{} {a}", of_one(f))?,
            Node::Binary(f, a, b) => writeln!(text, "{} {a} {b}", of_two(f))?,
            Node::Load(_) | Node::Cut(..) => unreachable!("an equation loads its operands, and a cut is no line"),
        }
    }
    kept.iter().enumerate().try_for_each(|(j, id)| writeln!(text, "  keep {j} = {id}"))?;
    writes.iter().enumerate().try_for_each(|(j, id)| writeln!(text, "  write {j} = {id}"))
}

/// Words of their own, so that renaming a function changes no digest.
fn of_one(f: Unary) -> &'static str {
    match f {
        Unary::Neg => "neg",
        Unary::Exp => "exp",
        Unary::Ln => "ln",
        Unary::Ln1p => "ln_1p",
        Unary::Sin => "sin",
        Unary::Cos => "cos",
        Unary::Sqrt => "sqrt",
        Unary::Abs => "abs",
        Unary::Tanh => "tanh",
        Unary::Sigmoid => "sigmoid",
    }
}

fn of_two(f: Binary) -> &'static str {
    match f {
        Binary::Add => "add",
        Binary::Sub => "sub",
        Binary::Mul => "mul",
        Binary::Div => "div",
        Binary::Max => "max",
        Binary::Step => "step",
    }
}

/// A value of an equation: a line of the text, or a constant that no line has yet.
#[derive(Clone, Copy, Debug)]
enum Said<'l> {
    Constant(f64),
    Line(&'l RefCell<Vec<Node>>, usize),
}

impl<'l> Said<'l> {
    fn line(lines: &'l RefCell<Vec<Node>>, node: Node) -> Self {
        let mut written = lines.borrow_mut();
        written.push(node);
        Said::Line(lines, written.len() - 1)
    }

    fn on(self, lines: &'l RefCell<Vec<Node>>) -> usize {
        match self {
            Said::Line(_, id) => id,
            Said::Constant(value) => match Self::line(lines, Node::Constant(value.to_bits())) {
                Said::Line(_, id) => id,
                Said::Constant(_) => unreachable!("a line was written"),
            },
        }
    }

    fn unary(self, f: Unary) -> Self {
        match self {
            Said::Constant(value) => Said::Constant(f.of(value)),
            Said::Line(lines, id) => Self::line(lines, Node::Unary(f, id)),
        }
    }

    fn binary(self, f: Binary, other: Self) -> Self {
        match (self, other) {
            (Said::Constant(a), Said::Constant(b)) => Said::Constant(f.of(a, b, |a, b| f64::from(u8::from(a > b)))),
            (Said::Line(lines, _), _) | (_, Said::Line(lines, _)) => {
                let (a, b) = (self.on(lines), other.on(lines));
                Self::line(lines, Node::Binary(f, a, b))
            }
        }
    }
}

macro_rules! operator {
    ($($trait:ident $method:ident),+) => {$(
        impl $trait for Said<'_> {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                self.binary(Binary::$trait, other)
            }
        }
    )+};
}
operator!(Add add, Sub sub, Mul mul, Div div);

impl Neg for Said<'_> {
    type Output = Self;
    fn neg(self) -> Self {
        self.unary(Unary::Neg)
    }
}

impl Number for Said<'_> {
    fn constant(value: f64) -> Self {
        Said::Constant(value)
    }
    fn exp(self) -> Self {
        self.unary(Unary::Exp)
    }
    fn ln(self) -> Self {
        self.unary(Unary::Ln)
    }
    fn ln_1p(self) -> Self {
        self.unary(Unary::Ln1p)
    }
    fn sin(self) -> Self {
        self.unary(Unary::Sin)
    }
    fn cos(self) -> Self {
        self.unary(Unary::Cos)
    }
    fn sqrt(self) -> Self {
        self.unary(Unary::Sqrt)
    }
    fn abs(self) -> Self {
        self.unary(Unary::Abs)
    }
    fn tanh(self) -> Self {
        self.unary(Unary::Tanh)
    }
    fn sigmoid(self) -> Self {
        self.unary(Unary::Sigmoid)
    }
    fn max(self, other: Self) -> Self {
        self.binary(Binary::Max, other)
    }
}

#[cfg(test)]
mod tests {
    use crate::equations::{Cell, Equations, Unit};
    use crate::form::{Form, Slot, Stage};
    use crate::number::Number;

    /// `h = h₋₁ + (tanh(pre) − h₋₁) · rate · 1 + 0`.
    #[derive(Debug)]
    struct Leaky {
        rate: f64,
    }

    impl Equations for Leaky {
        fn form(&self) -> Form {
            Form::new("leaky").stage(Stage::new(["n"]).reads([Slot::Old(0)]))
        }

        fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
            let ([n], [h]) = (u.pre(), u.reads());
            let [n] = u.keep([n.tanh()]);
            u.write([h + (n - h) * S::constant(self.rate) * S::one() + S::constant(0.0)]);
        }
    }

    #[test]
    fn every_operation_is_a_line_though_a_program_would_do_without_it() {
        let cell = Cell::new(&Leaky { rate: 0.5 }).unwrap();
        let expected = "\
state \"h\" H
matrix \"weight_ih\" bias \"bias_ih\"
matrix \"weight_hh\" bias \"bias_hh\"
stage H gates 1
  product \"weight_ih\" x into 0
  product \"weight_hh\" old 0 into 0
  reads old 0
  writes new 0
  0 = pre 0
  1 = read 0
  2 = tanh 0
  3 = sub 2 1
  4 = constant 3fe0000000000000
  5 = mul 3 4
  6 = constant 3ff0000000000000
  7 = mul 5 6
  8 = add 1 7
  9 = constant 0000000000000000
  10 = add 8 9
  keep 0 = 2
  write 0 = 10
";
        assert_eq!(cell.statement(), expected);
    }

    #[test]
    fn another_constant_is_another_text() {
        let statement = |rate| Cell::new(&Leaky { rate }).unwrap().statement().to_owned();
        assert_ne!(statement(0.5), statement(f64::from_bits(0.5_f64.to_bits() + 1)));
    }

    extern crate std;
    use std::borrow::ToOwned;
}
