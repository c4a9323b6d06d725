//! Every value of an equation once: `nodes[i]` is computed from nodes before it.

use super::{Binary, Place, Unary};
use crate::number::Cut;
use alloc::vec::Vec;
use core::cell::RefCell;

/// How a value comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    /// The bits of a constant: two zeros are two constants.
    Constant(u64),
    Load(Place),
    /// The same value, read back from where it was kept or written.
    Cut(Cut, usize),
    Unary(Unary, usize),
    Binary(Binary, usize, usize),
}

impl Node {
    pub(crate) fn operands(self) -> impl Iterator<Item = usize> {
        let (a, b) = match self {
            Node::Constant(_) | Node::Load(_) => (None, None),
            Node::Cut(_, a) | Node::Unary(_, a) => (Some(a), None),
            Node::Binary(_, a, b) => (Some(a), Some(b)),
        };
        a.into_iter().chain(b)
    }

    pub(crate) fn is_constant(self) -> bool {
        matches!(self, Node::Constant(_))
    }

    fn is(self, value: f64) -> bool {
        self == Node::Constant(value.to_bits())
    }
}

/// The values of an equation or of its pullback; equal ones are one node.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    nodes: RefCell<Vec<Node>>,
}

impl Graph {
    pub(crate) fn nodes(&self) -> Vec<Node> {
        self.nodes.borrow().clone()
    }

    pub(crate) fn at(&self, id: usize) -> Node {
        self.nodes.borrow()[id]
    }

    pub(crate) fn push(&self, node: Node) -> usize {
        let mut nodes = self.nodes.borrow_mut();
        nodes.iter().position(|other| *other == node).unwrap_or_else(|| {
            nodes.push(node);
            nodes.len() - 1
        })
    }

    pub(crate) fn constant(&self, value: f64) -> usize {
        self.push(Node::Constant(value.to_bits()))
    }

    pub(crate) fn load(&self, place: Place) -> usize {
        self.push(Node::Load(place))
    }

    /// `f(a)`; twice negated is not negated.
    pub(crate) fn unary(&self, f: Unary, a: usize) -> usize {
        match (f, self.at(a)) {
            (Unary::Neg, Node::Unary(Unary::Neg, b)) => b,
            (Unary::Neg, Node::Constant(bits)) => self.constant(-f64::from_bits(bits)),
            _ => self.push(Node::Unary(f, a)),
        }
    }

    /// `f(a, b)`, without what changes no value: a factor of 1, a summand of 0, the sum with a negated number.
    pub(crate) fn binary(&self, f: Binary, a: usize, b: usize) -> usize {
        let (x, y) = (self.at(a), self.at(b));
        match (f, x, y) {
            (Binary::Mul, one, _) if one.is(1.0) => b,
            (Binary::Mul, _, one) if one.is(1.0) => a,
            (Binary::Add, zero, _) if zero.is(0.0) => b,
            (Binary::Add | Binary::Sub, _, zero) if zero.is(0.0) => a,
            (Binary::Add, _, Node::Unary(Unary::Neg, b)) => self.binary(Binary::Sub, a, b),
            (Binary::Add, Node::Unary(Unary::Neg, a), _) => self.binary(Binary::Sub, b, a),
            _ => self.push(Node::Binary(f, a, b)),
        }
    }

    /// The sum of two cotangents, a common factor taken out: `d·a ± d·b = d·(a ± b)`.
    ///
    /// So a mean `(1 − z) n + z h` gives `d·(h − n)` to `z`, one product and without cancellation of products.
    pub(crate) fn sum(&self, a: usize, b: usize) -> usize {
        let (f, a, b) = match (self.at(a), self.at(b)) {
            (_, Node::Unary(Unary::Neg, b)) => (Binary::Sub, a, b),
            (Node::Unary(Unary::Neg, a), _) => (Binary::Sub, b, a),
            _ => (Binary::Add, a, b),
        };
        if let (Node::Binary(Binary::Mul, d, x), Node::Binary(Binary::Mul, e, y)) = (self.at(a), self.at(b)) {
            for (d, x) in [(d, x), (x, d)] {
                for (e, y) in [(e, y), (y, e)] {
                    if d == e {
                        let inner = self.binary(f, x, y);
                        return self.binary(Binary::Mul, d, inner);
                    }
                }
            }
        }
        self.binary(f, a, b)
    }
}
