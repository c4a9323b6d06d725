//! The pullback of an equation on one unit, by the chain rule through its program: `d_a = Σ d_b ∂b/∂a` over the uses `b` of `a`.
//!
//! Derived here and not taken from the cell's own pullback, which is what a backend runs. Everything that forward kept or wrote is
//! taken from where it lies, as backward finds it: a gate is known after its activation, and the slope of the activation follows
//! from that. What lies nowhere and follows from nothing is NaN, and no bound holds for it.

use super::{Bounded, Expanded};
use crate::number::Number;
use crate::oracle::{binary, unary};
use rnn_kernels::program::{Binary, Op, Place, Program, Unary};

#[derive(Clone, Copy, Debug)]
enum Node {
    Constant(f64),
    Load(Place),
    Unary(Unary, usize),
    Binary(Binary, usize, usize),
}

/// A program in which every value has a name of its own.
#[derive(Clone, Debug)]
pub(super) struct Equation {
    nodes: Vec<Node>,
    /// Where the value of a node lies after forward.
    saved: Vec<Option<Place>>,
    /// The node of each write.
    writes: Vec<(usize, usize)>,
}

impl Equation {
    /// The forward program of a stage; `keeps` says whether its pre-activations lie in a place of their own.
    pub(super) fn new(program: &Program, keeps: bool) -> Self {
        let (mut nodes, mut writes) = (Vec::new(), Vec::new());
        let mut of_register = vec![0; program.registers()];
        let mut saved: Vec<Option<Place>> = Vec::new();
        let overwritten = |place| program.stores(place);
        for op in program.ops() {
            let at = |register: u8| of_register[usize::from(register)];
            let (to, node) = match *op {
                Op::Constant { to, value } => (to, Node::Constant(value)),
                Op::Load { to, from } => (to, Node::Load(from)),
                Op::Unary { f, to, a } => (to, Node::Unary(f, at(a))),
                Op::Binary { f, to, a, b } => (to, Node::Binary(f, at(a), at(b))),
                Op::Store { a, to } => {
                    saved[at(a)] = saved[at(a)].or(Some(to));
                    if let Place::Write(w) = to {
                        writes.push((w, at(a)));
                    }
                    continue;
                }
            };
            saved.push(match node {
                // A pre-activation that nothing is stored over stays where it is.
                Node::Load(place @ Place::Pre(_)) if keeps && !overwritten(place) => Some(place),
                _ => None,
            });
            nodes.push(node);
            of_register[usize::from(to)] = nodes.len() - 1;
        }
        Self { nodes, saved, writes }
    }

    /// Every value: from where it lies after forward, and else from its operands.
    fn values<'p, S: Number>(
        &self,
        load: impl Fn(Place) -> Bounded<'p, S>,
        lies: impl Fn(Place) -> Bounded<'p, S>,
    ) -> Vec<Expanded<'p, S>> {
        let mut values: Vec<Expanded<'p, S>> = Vec::with_capacity(self.nodes.len());
        for (node, saved) in self.nodes.iter().zip(&self.saved) {
            let value = match (*saved, *node) {
                (Some(place), _) => Expanded::given(lies(place)),
                (None, Node::Load(Place::Pre(_))) => Expanded::from_f64(f64::NAN),
                (None, Node::Load(place)) => Expanded::given(load(place)),
                (None, Node::Constant(value)) => Expanded::from_f64(value),
                (None, Node::Unary(f, a)) => unary(f, values[a]),
                (None, Node::Binary(f, a, b)) => binary(f, values[a], values[b]),
            };
            values.push(value);
        }
        values
    }

    /// The cotangents of what the equation loads, from those of what it writes: each place once for each load of it.
    pub(super) fn pullback<'p, S: Number>(
        &self,
        load: impl Fn(Place) -> Bounded<'p, S>,
        lies: impl Fn(Place) -> Bounded<'p, S>,
        d_write: impl Fn(usize) -> Option<Expanded<'p, S>>,
        mut result: impl FnMut(Place, Expanded<'p, S>),
    ) {
        let values = self.values(load, lies);
        let mut d: Vec<Option<Expanded<'p, S>>> = vec![None; self.nodes.len()];
        for &(write, node) in &self.writes {
            if let Some(d_write) = d_write(write) {
                add(&mut d[node], d_write);
            }
        }
        for at in (0..self.nodes.len()).rev() {
            let Some(d_at) = d[at] else { continue };
            match self.nodes[at] {
                Node::Constant(_) => {}
                Node::Load(place) => result(place, d_at),
                Node::Unary(f, a) => add(&mut d[a], through(f, d_at, values[a], values[at])),
                Node::Binary(f, a, b) => {
                    let (d_a, d_b) = through_both(f, d_at, [values[a], values[b]], values[at]);
                    add(&mut d[a], d_a);
                    add(&mut d[b], d_b);
                }
            }
        }
    }
}

fn add<'p, S: Number>(sum: &mut Option<Expanded<'p, S>>, more: Expanded<'p, S>) {
    *sum = Some(sum.map_or(more, |sum| sum + more));
}

/// `d f′(a)`, from `y = f(a)` where that suffices.
fn through<'p, S: Number>(f: Unary, d: Expanded<'p, S>, a: Expanded<'p, S>, y: Expanded<'p, S>) -> Expanded<'p, S> {
    let one = || Expanded::from_f64(1.0);
    match f {
        Unary::Neg => -d,
        Unary::Exp => d * y,
        Unary::Ln => d / a,
        Unary::Ln1p => d / (one() + a),
        Unary::Sin => d * a.cos(),
        Unary::Cos => -(d * a.sin()),
        Unary::Sqrt => d * Expanded::from_f64(0.5) / y,
        // 1 at 0, as the equations say.
        Unary::Abs => d * (one() - Expanded::from_f64(2.0) * Expanded::from_f64(0.0).exceeds(a)),
        Unary::Tanh => d * y.tanh_slope(),
        Unary::Sigmoid => d * y.sigmoid_slope(),
    }
}

/// `d ∂f/∂a` and `d ∂f/∂b`.
fn through_both<'p, S: Number>(
    f: Binary,
    d: Expanded<'p, S>,
    [a, b]: [Expanded<'p, S>; 2],
    y: Expanded<'p, S>,
) -> (Expanded<'p, S>, Expanded<'p, S>) {
    match f {
        Binary::Add => (d, d),
        Binary::Sub => (d, -d),
        Binary::Mul => (d * b, d * a),
        Binary::Div => (d / b, -(d * y / b)),
        Binary::Max => {
            // The first operand may lie nowhere: it is the larger one where the result is not the second.
            let first = if a.value().is_nan() { y.exceeds(b) } else { a.exceeds(b) };
            (d * first, d * (Expanded::from_f64(1.0) - first))
        }
        Binary::Step => (d * Expanded::from_f64(0.0), d * Expanded::from_f64(0.0)),
    }
}
