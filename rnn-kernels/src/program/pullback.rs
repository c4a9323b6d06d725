//! `d_pre, d_reads, d_vectors = d_writes · ∂writes`: reverse differentiation of a traced stage, from kept values.

use super::{Binary, Graph, Node, Place, Traced, Unary};
use crate::equations::Fault;
use crate::form::{Slot, Stage};
use alloc::vec;
use alloc::vec::Vec;

/// The pullback of a stage: a graph, and which of its nodes are the cotangents of what.
///
/// Values of forward are read from the reserve where it holds them and computed again from it where it does not.
pub(crate) fn pullback(stage: &Stage, traced: &Traced) -> Result<(Graph, Vec<(Place, usize)>), Fault> {
    let nodes = traced.graph.nodes();
    let count = nodes.len();
    let mut reverse = Reverse {
        stage,
        traced,
        nodes: &nodes,
        graph: Graph::default(),
        values: vec![None; count],
        cotangents: vec![None; count],
    };
    for (j, &written) in traced.writes.iter().enumerate() {
        let d = reverse.graph.load(Place::Cotangent(j));
        reverse.give(written, d);
    }
    for id in (0..count).rev() {
        if let Some(d) = reverse.cotangents[id] {
            reverse.through(id, d)?;
        }
    }
    let mut results = vec![];
    for (id, node) in nodes.iter().enumerate() {
        let Node::Load(place) = *node else { continue };
        let is_mask = matches!(place, Place::Read(j) if matches!(stage.reads[j], Slot::Mask(_)));
        match reverse.cotangents[id] {
            Some(d) if !is_mask => results.push((place, d)),
            // Only a product makes use of a cotangent of 0.
            None if matches!(place, Place::Pre(_)) => results.push((place, reverse.graph.constant(0.0))),
            _ => {}
        }
    }
    Ok((reverse.graph, results))
}

struct Reverse<'f> {
    stage: &'f Stage,
    traced: &'f Traced,
    nodes: &'f [Node],
    graph: Graph,
    /// The node of the pullback that has the value of a node of forward.
    values: Vec<Option<usize>>,
    /// The node of the pullback that is the cotangent of a node of forward.
    cotangents: Vec<Option<usize>>,
}

impl Reverse<'_> {
    /// The value of a node of forward.
    fn value(&mut self, id: usize) -> Result<usize, Fault> {
        if let Some(known) = self.values[id] {
            return Ok(known);
        }
        let is = |other: &usize| *other == id;
        let value = if let Some(j) = self.traced.kept.iter().position(is) {
            self.graph.load(Place::Kept(j))
        } else if let Some(j) = self.traced.writes.iter().position(is) {
            self.graph.load(Place::Write(j))
        } else {
            match self.nodes[id] {
                Node::Load(Place::Pre(j)) => return Err(Fault::NotKept { gate: self.stage.gates[j].clone() }),
                Node::Unary(f, a) => {
                    let a = self.value(a)?;
                    self.graph.unary(f, a)
                }
                Node::Binary(f, a, b) => {
                    let (a, b) = (self.value(a)?, self.value(b)?);
                    self.graph.binary(f, a, b)
                }
                node => self.graph.push(node),
            }
        };
        self.values[id] = Some(value);
        Ok(value)
    }

    /// A part of the cotangent of a node of forward.
    fn give(&mut self, id: usize, d: usize) {
        if !self.nodes[id].is_constant() {
            self.cotangents[id] = Some(self.cotangents[id].map_or(d, |sum| self.graph.sum(sum, d)));
        }
    }

    fn mul(&self, a: usize, b: usize) -> usize {
        self.graph.binary(Binary::Mul, a, b)
    }

    fn one_minus(&self, a: usize) -> usize {
        self.graph.binary(Binary::Sub, self.graph.constant(1.0), a)
    }

    /// Gives the operands of a node their parts of its cotangent `d`.
    fn through(&mut self, id: usize, d: usize) -> Result<(), Fault> {
        match self.nodes[id] {
            Node::Constant(_) | Node::Load(_) => {}
            Node::Cut(..) => unreachable!("cuts are resolved before a pullback is made"),
            Node::Unary(f, a) => {
                let part = self.through_unary(f, id, a, d)?;
                self.give(a, part);
            }
            Node::Binary(f, a, b) => self.through_binary(f, id, [a, b], d)?,
        }
        Ok(())
    }

    fn through_unary(&mut self, f: Unary, id: usize, a: usize, d: usize) -> Result<usize, Fault> {
        let one = self.graph.constant(1.0);
        Ok(match f {
            Unary::Neg => self.graph.unary(Unary::Neg, d),
            Unary::Exp => {
                let y = self.value(id)?;
                self.mul(d, y)
            }
            Unary::Ln => {
                let a = self.value(a)?;
                self.graph.binary(Binary::Div, d, a)
            }
            Unary::Ln1p => {
                let a = self.value(a)?;
                self.graph.binary(Binary::Div, d, self.graph.binary(Binary::Add, one, a))
            }
            // The slope of the one is the other: where an equation has both of an argument, so does its pullback, once each.
            Unary::Sin => {
                let a = self.value(a)?;
                self.mul(d, self.graph.unary(Unary::Cos, a))
            }
            Unary::Cos => {
                let a = self.value(a)?;
                let part = self.mul(d, self.graph.unary(Unary::Sin, a));
                self.graph.unary(Unary::Neg, part)
            }
            Unary::Sqrt => {
                let y = self.value(id)?;
                self.graph.binary(Binary::Div, d, self.graph.binary(Binary::Add, y, y))
            }
            Unary::Abs => {
                let a = self.value(a)?;
                let below = self.graph.binary(Binary::Step, self.graph.constant(0.0), a);
                let twice = self.graph.binary(Binary::Add, below, below);
                self.mul(d, self.one_minus(twice))
            }
            Unary::Tanh => {
                let y = self.value(id)?;
                let slope = self.mul(self.one_minus(y), self.graph.binary(Binary::Add, one, y));
                self.mul(d, slope)
            }
            Unary::Sigmoid => {
                let y = self.value(id)?;
                let slope = self.mul(y, self.one_minus(y));
                self.mul(d, slope)
            }
        })
    }

    fn through_binary(&mut self, f: Binary, id: usize, [a, b]: [usize; 2], d: usize) -> Result<(), Fault> {
        let (varies_a, varies_b) = (!self.nodes[a].is_constant(), !self.nodes[b].is_constant());
        match f {
            Binary::Add => {
                self.give(a, d);
                self.give(b, d);
            }
            Binary::Sub => {
                self.give(a, d);
                let negated = self.graph.unary(Unary::Neg, d);
                self.give(b, negated);
            }
            Binary::Mul => {
                if varies_a {
                    let b = self.value(b)?;
                    self.give(a, self.mul(d, b));
                }
                if varies_b {
                    let a = self.value(a)?;
                    self.give(b, self.mul(d, a));
                }
            }
            Binary::Div => {
                let divisor = self.value(b)?;
                let over = self.graph.binary(Binary::Div, d, divisor);
                self.give(a, over);
                if varies_b {
                    let quotient = self.value(id)?;
                    let part = self.graph.unary(Unary::Neg, self.mul(over, quotient));
                    self.give(b, part);
                }
            }
            Binary::Max => {
                // `max(a, b) > b` exactly where `a > b`, and then a pre-activation need not be kept.
                let (y, b_value) = (self.value(id)?, self.value(b)?);
                let a_wins = self.graph.binary(Binary::Step, y, b_value);
                self.give(a, self.mul(d, a_wins));
                if varies_b {
                    self.give(b, self.mul(d, self.one_minus(a_wins)));
                }
            }
            Binary::Step => unreachable!("equations do not compare"),
        }
        Ok(())
    }
}
