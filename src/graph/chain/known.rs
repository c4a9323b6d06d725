//! What is known of a value without running the graph: that it is 0, or that it is sizes.

use super::super::build::{Graph, Node, Place};
use super::super::op::Op;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Nothing,
    /// It is 0 everywhere.
    Zero,
    /// It is whole numbers about sizes.
    Size,
}

/// What is known of the values of a graph, node after node.
pub(super) struct Values<'g, B: ?Sized> {
    graph: &'g Graph<B>,
    computed: Vec<Known>,
}

impl<'g, B: ?Sized> Values<'g, B> {
    /// Nothing is known of what nodes give.
    pub fn new(graph: &'g Graph<B>) -> Self {
        Self { graph, computed: vec![Known::Nothing; graph.computed] }
    }

    pub fn of(&self, place: Place) -> Known {
        match place {
            Place::Input(_) => Known::Nothing,
            Place::Computed(k) => self.computed[k],
            Place::Constant(k) => match self.graph.constants[k].as_f32() {
                Ok(x) if x.iter().all(|&x| x == 0.0) => Known::Zero,
                Ok(_) => Known::Nothing,
                Err(_) => Known::Size,
            },
        }
    }

    /// What is known of the first output of a node, whose inputs were noted before.
    pub fn note(&mut self, node: &Node<B>) -> Known {
        let known = self.given_by(node);
        self.computed[node.first] = known;
        known
    }

    fn given_by(&self, node: &Node<B>) -> Known {
        let of_zeros = || node.input(0).is_some_and(|place| self.of(place) == Known::Zero);
        let of_sizes = || node.inputs.iter().flatten().all(|&place| self.of(place) == Known::Size);
        match &node.op {
            Op::Shape { .. } => Known::Size,
            Op::ConstantOfShape { value } if value.as_f32().is_ok_and(|x| x == [0.0]) => Known::Zero,
            Op::Expand
            | Op::Slice
            | Op::Squeeze { .. }
            | Op::Unsqueeze { .. }
            | Op::Reshape { .. }
            | Op::Identity
            | Op::Gather { .. }
                if of_zeros() =>
            {
                Known::Zero
            }
            Op::Gather { .. }
            | Op::Concat { .. }
            | Op::Unsqueeze { .. }
            | Op::Squeeze { .. }
            | Op::Slice
            | Op::Cast { .. }
            | Op::Mul
            | Op::Add
            | Op::Identity
            | Op::Reshape { .. }
                if of_sizes() =>
            {
                Known::Size
            }
            _ => Known::Nothing,
        }
    }
}
