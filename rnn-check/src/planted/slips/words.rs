//! What instructions of a program say: `d_pre_f`, `f · c_prev`.

use rnn_kernels::program::{Binary, Op, Place, Register, Unary};
use rnn_kernels::{Factor, Form, Slot, Stage};

/// Beyond so many characters an operand is `…`.
const LONGEST: usize = 40;

/// A slot by its name.
pub(super) fn slot(form: &Form, slot: Slot) -> String {
    match slot {
        Slot::X => "x".into(),
        Slot::Old(k) => format!("{}_prev", form.states[k].0),
        Slot::New(k) => form.states[k].0.clone().into_owned(),
        Slot::Value(v) => format!("value_{v}"),
        Slot::Mask(m) => form.masks[m].0.clone().into_owned(),
    }
}

/// What a product multiplies by.
pub(super) fn factor(form: &Form, factor: Factor) -> String {
    match factor {
        Factor::Matrix(m) | Factor::Heads { matrix: m, .. } => form.matrices[m].name.clone().into_owned(),
        Factor::Spread { inner } => format!("spread {inner:?}"),
        Factor::Sum { inner } => format!("sum {inner:?}"),
        Factor::Mean { inner } => format!("mean {inner:?}"),
        Factor::Part { at, of } => format!("part {at} of {of}"),
    }
}

/// One program of a stage, for those who read.
pub(super) struct Words<'f> {
    pub(super) form: &'f Form,
    pub(super) stage: &'f Stage,
    /// Whether it is a pullback.
    pub(super) back: bool,
}

impl Words<'_> {
    /// What is loaded from a place.
    pub(super) fn loaded(&self, place: Place) -> String {
        match place {
            Place::Pre(j) => format!("pre_{}", self.stage.gates[j]),
            Place::Kept(j) => self.stage.gates[j].clone().into_owned(),
            Place::Read(j) => slot(self.form, self.stage.reads[j]),
            Place::Vector(j) => self.form.vectors[self.stage.vectors[j]].0.clone().into_owned(),
            Place::Write(j) => slot(self.form, self.stage.writes[j]),
            Place::Cotangent(j) => format!("d_{}", slot(self.form, self.stage.writes[j])),
        }
    }

    /// What is stored at a place.
    pub(super) fn stored(&self, place: Place) -> String {
        match place {
            Place::Pre(j) if !self.back => format!("kept {}", self.stage.gates[j]),
            place if self.back => format!("d_{}", self.loaded(place)),
            place => self.loaded(place),
        }
    }

    /// For each instruction, the values in its operands.
    pub(super) fn operands(&self, ops: &[Op]) -> Vec<[String; 2]> {
        let mut registers = vec![String::from("0"); 1 + usize::from(Register::MAX)];
        let mut operands = vec![];
        for op in ops {
            let value = |r: Register| registers[usize::from(r)].clone();
            let (own, result) = match *op {
                Op::Constant { to, value } => ([value.to_string(), String::new()], Some((to, value.to_string()))),
                Op::Load { to, from } => ([self.loaded(from), String::new()], Some((to, self.loaded(from)))),
                Op::Unary { f, to, a } => {
                    let own = [value(a), String::new()];
                    let result = unary(f, &own[0]);
                    (own, Some((to, result)))
                }
                Op::Binary { f, to, a, b } => {
                    let own = [value(a), value(b)];
                    let result = format!("({})", binary(f, &own[0], &own[1]));
                    (own, Some((to, result)))
                }
                Op::Store { a, to } => ([value(a), self.stored(to)], None),
            };
            if let Some((to, result)) = result {
                let is_long = result.chars().count() > LONGEST;
                registers[usize::from(to)] = if is_long { "…".into() } else { result };
            }
            operands.push(own);
        }
        operands
    }
}

/// `f(a)`.
pub(super) fn unary(f: Unary, a: &str) -> String {
    match f {
        Unary::Neg => format!("−{a}"),
        Unary::Exp => format!("exp {a}"),
        Unary::Ln => format!("ln {a}"),
        Unary::Ln1p => format!("ln (1 + {a})"),
        Unary::Sin => format!("sin {a}"),
        Unary::Cos => format!("cos {a}"),
        Unary::Sqrt => format!("√{a}"),
        Unary::Abs => format!("|{a}|"),
        Unary::Tanh => format!("tanh {a}"),
        Unary::Sigmoid => format!("σ {a}"),
    }
}

/// `f(a, b)`.
pub(super) fn binary(f: Binary, a: &str, b: &str) -> String {
    match f {
        Binary::Add => format!("{a} + {b}"),
        Binary::Sub => format!("{a} − {b}"),
        Binary::Mul => format!("{a} · {b}"),
        Binary::Div => format!("{a} / {b}"),
        Binary::Max => format!("max {a}, {b}"),
        Binary::Step => format!("{a} > {b}"),
    }
}
