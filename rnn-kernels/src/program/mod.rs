//! `kept, written = program(pre, reads, vectors)`: an equation as data, and its pullback.
//!
//! An equation is run once on a number that writes down what is done with it. What it wrote is put in order as a [`Program`],
//! once for forward and once, after reverse differentiation, for backward. Backends and checks run programs on numbers,
//! lanes and vectors of theirs.

mod evaluate;
mod graph;
mod pullback;
mod schedule;
mod settled;
mod trace;

use crate::number::Number;
use alloc::vec;
use alloc::vec::Vec;

pub use evaluate::{Lanes, Operands, Reference, Runner, evaluate};
pub(crate) use graph::{Graph, Node};
pub(crate) use pullback::pullback;
pub use settled::Settled;
pub(crate) use trace::{Traced, trace};

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unary {
    /// `−a`.
    Neg,
    /// `eᵃ`.
    Exp,
    /// `ln a`.
    Ln,
    /// `ln (1 + a)`.
    Ln1p,
    /// `sin a`.
    Sin,
    /// `cos a`.
    Cos,
    /// `√a`.
    Sqrt,
    /// `|a|`.
    Abs,
    /// `tanh a`.
    Tanh,
    /// `σ(a)`.
    Sigmoid,
}

/// A function of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binary {
    /// `a + b`.
    Add,
    /// `a − b`.
    Sub,
    /// `a · b`.
    Mul,
    /// `a / b`.
    Div,
    /// The larger one, NaN if either is.
    Max,
    /// 1 where `a > b`, else 0, NaN if either is. Pullbacks alone have it.
    Step,
}

/// Where an operand of a program comes from, or where a result goes. Indices are those of the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Pre-activation `j`. Forward loads it, and stores what is kept in its place; backward stores its cotangent.
    Pre(usize),
    /// What is kept in the place of pre-activation `j`.
    Kept(usize),
    /// Read `j`; backward stores its cotangent.
    Read(usize),
    /// Vector `j`; backward stores a unit's part of its gradient.
    Vector(usize),
    /// Write `j`.
    Write(usize),
    /// The cotangent of write `j`.
    Cotangent(usize),
}

/// A register of a program.
pub type Register = u8;

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// `to = value`.
    Constant {
        /// The result.
        to: Register,
        /// The value, rounded to the number the program runs on.
        value: f64,
    },
    /// `to = place`.
    Load {
        /// The result.
        to: Register,
        /// Where it comes from.
        from: Place,
    },
    /// `to = f(a)`.
    Unary {
        /// The function.
        f: Unary,
        /// The result.
        to: Register,
        /// The operand.
        a: Register,
    },
    /// `to = f(a, b)`.
    Binary {
        /// The function.
        f: Binary,
        /// The result.
        to: Register,
        /// The first operand.
        a: Register,
        /// The second operand.
        b: Register,
    },
    /// `place = a`, or `place += a` where several parts make a cotangent.
    Store {
        /// What is stored.
        a: Register,
        /// Where it goes.
        to: Place,
    },
}

impl Op {
    /// The registers it names, some of them more than once.
    fn registers(self) -> [Register; 3] {
        match self {
            Op::Constant { to, .. } | Op::Load { to, .. } => [to; 3],
            Op::Unary { to, a, .. } => [to, a, a],
            Op::Binary { to, a, b, .. } => [to, a, b],
            Op::Store { a, .. } => [a; 3],
        }
    }
}

/// A straight-line program: no branch, no loop, the same for every input.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    ops: Vec<Op>,
    registers: usize,
}

impl Program {
    /// The most registers a program has.
    pub const MOST_REGISTERS: usize = Register::MAX as usize + 1;

    /// These instructions in order, as many registers as they name. A register that nothing was put into is 0.
    #[must_use]
    pub fn from_ops(ops: impl Into<Vec<Op>>) -> Self {
        let ops = ops.into();
        let registers = ops.iter().flat_map(|op| op.registers()).map(|r| usize::from(r) + 1).max().unwrap_or(0);
        Self { ops, registers }
    }

    /// The instructions in order.
    #[must_use]
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// How many registers they use.
    #[must_use]
    pub fn registers(&self) -> usize {
        self.registers
    }

    /// Whether it loads from a place.
    #[must_use]
    pub fn loads(&self, place: Place) -> bool {
        self.ops.iter().any(|op| matches!(op, Op::Load { from, .. } if *from == place))
    }

    /// Whether it stores to a place.
    #[must_use]
    pub fn stores(&self, place: Place) -> bool {
        self.ops.iter().any(|op| matches!(op, Op::Store { to, .. } if *to == place))
    }

    /// The program on one unit of any number; `step(a, b)` is [`Binary::Step`], which numbers without comparison lack.
    pub fn run<S: Number>(
        &self,
        mut load: impl FnMut(Place) -> S,
        mut store: impl FnMut(Place, S),
        step: impl Fn(S, S) -> S,
    ) {
        let mut r = vec![S::constant(0.0); self.registers];
        for op in &self.ops {
            match *op {
                Op::Constant { to, value } => r[usize::from(to)] = S::constant(value),
                Op::Load { to, from } => r[usize::from(to)] = load(from),
                Op::Unary { f, to, a } => r[usize::from(to)] = f.of(r[usize::from(a)]),
                Op::Binary { f, to, a, b } => r[usize::from(to)] = f.of(r[usize::from(a)], r[usize::from(b)], &step),
                Op::Store { a, to } => store(to, r[usize::from(a)]),
            }
        }
    }
}

impl Unary {
    /// `f(a)`.
    #[inline(always)]
    pub fn of<S: Number>(self, a: S) -> S {
        match self {
            Unary::Neg => -a,
            Unary::Exp => a.exp(),
            Unary::Ln => a.ln(),
            Unary::Ln1p => a.ln_1p(),
            Unary::Sin => a.sin(),
            Unary::Cos => a.cos(),
            Unary::Sqrt => a.sqrt(),
            Unary::Abs => a.abs(),
            Unary::Tanh => a.tanh(),
            Unary::Sigmoid => a.sigmoid(),
        }
    }
}

impl Binary {
    /// `f(a, b)`.
    #[inline(always)]
    pub fn of<S: Number>(self, a: S, b: S, step: impl Fn(S, S) -> S) -> S {
        match self {
            Binary::Add => a + b,
            Binary::Sub => a - b,
            Binary::Mul => a * b,
            Binary::Div => a / b,
            Binary::Max => a.max(b),
            Binary::Step => step(a, b),
        }
    }
}
