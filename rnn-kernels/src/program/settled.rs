//! What an equation makes of its vectors alone: the same in every row of every step.

use super::{Binary, Graph, Node, Place, Program, Unary};
use alloc::vec;
use alloc::vec::Vec;

/// A program in two: what vectors alone settle, to be computed once for a set of parameters, and what is left for each row.
///
/// Both do the operations of the program, on the same operands: the bits are the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    once: Program,
    each: Program,
    count: usize,
}

impl Settled {
    /// Loads vectors, and stores what they settle at [`Place::Write`] `0..count`.
    #[must_use]
    pub fn once(&self) -> &Program {
        &self.once
    }

    /// The rest. What is settled is loaded as the vectors after those of the stage.
    #[must_use]
    pub fn each(&self) -> &Program {
        &self.each
    }

    /// How many numbers of a unit are settled.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Of a program that stores these nodes, in a stage of so many vectors; `None` if vectors alone settle no function.
    pub(crate) fn new(graph: &Graph, results: &[(Place, usize)], vectors: usize) -> Option<Self> {
        let nodes = graph.nodes();
        let (settled, worth) = settled(&nodes);
        let (mut needed, mut wanted) = (vec![false; nodes.len()], vec![false; nodes.len()]);
        for &(_, id) in results {
            (needed[id], wanted[id]) = (true, true);
        }
        // Operands come before what is made of them.
        for id in (0..nodes.len()).rev() {
            if needed[id] {
                nodes[id].operands().for_each(|operand| needed[operand] = true);
            }
        }
        for id in (0..nodes.len()).filter(|&id| needed[id] && !settled[id]) {
            nodes[id].operands().for_each(|operand| wanted[operand] = true);
        }
        let cuts: Vec<usize> = (0..nodes.len()).filter(|&id| wanted[id] && worth[id]).collect();
        if cuts.is_empty() {
            return None;
        }
        let (rest, mut moved) = (Graph::default(), vec![0; nodes.len()]);
        for (id, &node) in nodes.iter().enumerate() {
            let node = match cuts.iter().position(|&cut| cut == id) {
                Some(i) => Node::Load(Place::Vector(vectors + i)),
                None => match node {
                    Node::Constant(_) | Node::Load(_) => node,
                    Node::Cut(cut, a) => Node::Cut(cut, moved[a]),
                    Node::Unary(f, a) => Node::Unary(f, moved[a]),
                    Node::Binary(f, a, b) => Node::Binary(f, moved[a], moved[b]),
                },
            };
            moved[id] = rest.push(node);
        }
        let left: Vec<_> = results.iter().map(|&(place, id)| (place, moved[id])).collect();
        let made: Vec<_> = cuts.iter().enumerate().map(|(i, &id)| (Place::Write(i), id)).collect();
        // One that has more registers than a program can have stays whole.
        let (once, each) = (Program::new(graph, &made).ok()?, Program::new(&rest, &left).ok()?);
        Some(Self { once, each, count: cuts.len() })
    }
}

/// Which nodes vectors and constants settle, and which of these are worth to be loaded instead: a function is among what makes them.
fn settled(nodes: &[Node]) -> (Vec<bool>, Vec<bool>) {
    let (mut settled, mut worth) = (Vec::<bool>::new(), Vec::<bool>::new());
    for &node in nodes {
        let is_settled = match node {
            Node::Load(place) => matches!(place, Place::Vector(_)),
            _ => node.operands().all(|operand| settled[operand]),
        };
        let takes_long = match node {
            Node::Unary(f, _) => !matches!(f, Unary::Neg | Unary::Abs),
            Node::Binary(f, ..) => f == Binary::Div,
            _ => false,
        };
        worth.push(is_settled && (takes_long || node.operands().any(|operand| worth[operand])));
        settled.push(is_settled);
    }
    (settled, worth)
}
