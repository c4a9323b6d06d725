//! A number that writes down what is done with it.

use super::{Binary, Graph, Node, Place, Unary};
use crate::equations::{Equations, Fault, Unit};
use crate::form::{Form, Stage};
use crate::number::{Cut, Number};
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::{Add, Div, Mul, Neg, Sub};

/// A value of an equation that is traced: a node, or a constant that no node knows yet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trace<'g> {
    Constant(f64),
    Node(&'g Graph, usize),
}

impl<'g> Trace<'g> {
    fn on(self, graph: &Graph) -> usize {
        match self {
            Trace::Constant(value) => graph.constant(value),
            Trace::Node(_, id) => id,
        }
    }

    fn unary(self, f: Unary) -> Self {
        match self {
            Trace::Constant(value) => Trace::Constant(f.of(value)),
            Trace::Node(graph, id) => Trace::Node(graph, graph.unary(f, id)),
        }
    }

    fn binary(self, f: Binary, other: Self) -> Self {
        match (self, other) {
            (Trace::Constant(a), Trace::Constant(b)) => Trace::Constant(f.of(a, b, super::evaluate::step)),
            (Trace::Node(graph, _), _) | (_, Trace::Node(graph, _)) => {
                Trace::Node(graph, graph.binary(f, self.on(graph), other.on(graph)))
            }
        }
    }
}

macro_rules! operator {
    ($($trait:ident $method:ident),+) => {$(
        impl $trait for Trace<'_> {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                self.binary(Binary::$trait, other)
            }
        }
    )+};
}
operator!(Add add, Sub sub, Mul mul, Div div);

impl Neg for Trace<'_> {
    type Output = Self;
    fn neg(self) -> Self {
        self.unary(Unary::Neg)
    }
}

impl Number for Trace<'_> {
    fn constant(value: f64) -> Self {
        Trace::Constant(value)
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
    fn cut(self, place: Cut, _found: Self) -> Self {
        match self {
            Trace::Constant(_) => self,
            Trace::Node(graph, id) => Trace::Node(graph, graph.push(Node::Cut(place, id))),
        }
    }
}

/// One stage of an equation, written down.
#[derive(Debug)]
pub(crate) struct Traced {
    pub(crate) graph: Graph,
    /// What is kept in the place of each pre-activation.
    pub(crate) kept: Vec<usize>,
    /// What is written.
    pub(crate) writes: Vec<usize>,
}

/// Writes down one stage.
pub(crate) fn trace<E: Equations>(equations: &E, form: &Form, s: usize) -> Result<Traced, Fault> {
    let stage = &form.stages[s];
    let graph = Graph::default();
    let load = |count: usize, place: fn(usize) -> Place| -> Vec<Trace<'_>> {
        (0..count).map(|j| Trace::Node(&graph, graph.load(place(j)))).collect()
    };
    let pre = load(stage.gates.len(), Place::Pre);
    let (reads, vectors) = (load(stage.reads.len(), Place::Read), load(stage.vectors.len(), Place::Vector));
    let mut kept = vec![Trace::constant(0.0); pre.len()];
    let mut writes = vec![Trace::constant(f64::NAN); stage.writes.len()];
    let mut unit = Unit::new(&pre, &reads, &vectors, &mut kept, &mut writes);
    equations.unit(s, &mut unit);
    unit.finish()?;
    if let Some(j) = writes.iter().position(|write| matches!(write, Trace::Constant(value) if value.is_nan())) {
        return Err(Fault::NotWritten { slot: form.slot_name(stage.writes[j]) });
    }
    let on = |values: &[Trace<'_>]| values.iter().map(|value| value.on(&graph)).collect::<Vec<_>>();
    let (kept, writes) = (on(&kept), on(&writes));
    goes_on_with_what_it_got(form, stage, &graph)?;
    let traced = without_cuts(&graph, &kept, &writes);
    every_operand_matters(form, stage, &traced)?;
    Ok(traced)
}

/// No value that was kept or written is used as it was given.
fn goes_on_with_what_it_got(form: &Form, stage: &Stage, graph: &Graph) -> Result<(), Fault> {
    let nodes = graph.nodes();
    for node in &nodes {
        let Node::Cut(cut, given) = *node else { continue };
        // What lies in memory either way needs no cut.
        let is_computed = !matches!(nodes[given], Node::Constant(_) | Node::Load(_) | Node::Cut(..));
        let is_used = |user: &Node| !matches!(user, Node::Cut(..)) && user.operands().any(|operand| operand == given);
        if is_computed && nodes.iter().any(is_used) {
            let operand = match cut {
                Cut::Kept(j) => Form::gate_name(stage, j),
                Cut::Written(j) => form.slot_name(stage.writes[j]),
            };
            return Err(Fault::GoesOnWithGiven { operand });
        }
    }
    Ok(())
}

/// The same values, each cut the value that was given to it.
fn without_cuts(graph: &Graph, kept: &[usize], writes: &[usize]) -> Traced {
    let (out, mut moved) = (Graph::default(), Vec::new());
    for node in graph.nodes() {
        let to = match node {
            Node::Constant(_) | Node::Load(_) => out.push(node),
            Node::Cut(_, a) => moved[a],
            Node::Unary(f, a) => out.unary(f, moved[a]),
            Node::Binary(f, a, b) => out.binary(f, moved[a], moved[b]),
        };
        moved.push(to);
    }
    let of = |ids: &[usize]| ids.iter().map(|&id| moved[id]).collect();
    let (kept, writes) = (of(kept), of(writes));
    Traced { graph: out, kept, writes }
}

/// Everything the form gives reaches something that is written.
fn every_operand_matters(form: &Form, stage: &Stage, traced: &Traced) -> Result<(), Fault> {
    let nodes = traced.graph.nodes();
    let mut reached = vec![false; nodes.len()];
    traced.writes.iter().for_each(|&id| reached[id] = true);
    for id in (0..nodes.len()).rev().filter(|&id| reached[id]).collect::<Vec<_>>() {
        mark(id, &nodes, &mut reached);
    }
    let has = |place| nodes.iter().zip(&reached).any(|(node, &reached)| reached && *node == Node::Load(place));
    let gate = (0..stage.gates.len()).find(|&j| !has(Place::Pre(j))).map(|j| Form::gate_name(stage, j));
    let read = || (0..stage.reads.len()).find(|&j| !has(Place::Read(j))).map(|j| form.slot_name(stage.reads[j]));
    let vector = || {
        let unused = (0..stage.vectors.len()).find(|&j| !has(Place::Vector(j)))?;
        Some(format!("vector `{}`", form.vectors[stage.vectors[unused]].0))
    };
    match gate.or_else(read).or_else(vector) {
        Some(operand) => Err(Fault::Unused { operand }),
        None => Ok(()),
    }
}

fn mark(id: usize, nodes: &[Node], reached: &mut [bool]) {
    reached[id] = true;
    nodes[id].operands().for_each(|operand| mark(operand, nodes, reached));
}
