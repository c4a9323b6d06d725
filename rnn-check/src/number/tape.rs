//! Reverse differentiation: `∂L/∂a = Σ over uses b of a:  (∂b/∂a) ∂L/∂b`.
//!
//! Every operation appends a node that lists its parents with the local slope. Parents precede children, so one sweep
//! from the last node to the first gives the derivative with respect to everything. A dot product is one node.

use std::cell::RefCell;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{Number, rules};

/// The record of a computation on [`Var`]s.
#[derive(Debug)]
pub struct Tape<S = f64> {
    /// `(parent, ∂child/∂parent)`, the edges of one node after those of the previous.
    edges: RefCell<Vec<(usize, S)>>,
    /// Where the edges of each node end.
    ends: RefCell<Vec<usize>>,
}

impl<S: Number> Default for Tape<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Number> Tape<S> {
    /// An empty tape.
    pub fn new() -> Self {
        Self { edges: RefCell::default(), ends: RefCell::default() }
    }

    /// A variable to differentiate with respect to.
    pub fn leaf(&self, value: S) -> Var<'_, S> {
        let node = Some((self, self.close()));
        Var { value, node }
    }

    /// The edges pushed since the last call become one node.
    fn close(&self) -> usize {
        let mut ends = self.ends.borrow_mut();
        ends.push(self.edges.borrow().len());
        ends.len() - 1
    }

    /// `Σ_k d_k ∂y_k/∂(every node)` for outputs `y_k` with cotangents `d_k`.
    pub fn adjoints<'t>(&'t self, seeds: impl IntoIterator<Item = (Var<'t, S>, S)>) -> Adjoints<S> {
        let (edges, ends) = (self.edges.borrow(), self.ends.borrow());
        let mut adjoints = vec![S::from_f64(0.0); ends.len()];
        for (y, d_y) in seeds {
            if let Some((_, node)) = y.node {
                adjoints[node] = adjoints[node] + d_y;
            }
        }
        for node in (0..ends.len()).rev() {
            let start = if node == 0 { 0 } else { ends[node - 1] };
            for &(parent, slope) in &edges[start..ends[node]] {
                adjoints[parent] = adjoints[parent] + slope * adjoints[node];
            }
        }
        Adjoints(adjoints)
    }
}

/// The derivatives found by one sweep over a [`Tape`].
#[derive(Clone, Debug)]
pub struct Adjoints<S>(Vec<S>);

impl<S: Number> Adjoints<S> {
    /// The derivative with respect to `var`; 0 for a constant.
    pub fn of(&self, var: Var<'_, S>) -> S {
        var.node.map_or(S::from_f64(0.0), |(_, index)| self.0[index])
    }
}

/// A number that remembers how it was computed; a constant has no node.
#[derive(Clone, Copy)]
pub struct Var<'t, S = f64> {
    value: S,
    node: Option<(&'t Tape<S>, usize)>,
}

impl<S: fmt::Debug> fmt::Debug for Var<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let index = self.node.as_ref().map(|(_, index)| index);
        f.debug_tuple("Var").field(&self.value).field(&index).finish()
    }
}

impl<S: Number> Var<'_, S> {
    /// The constant `value`.
    #[inline]
    pub fn constant(value: S) -> Self {
        Self { value, node: None }
    }

    /// The value, in the tape's own number type.
    #[inline]
    pub fn inner(self) -> S {
        self.value
    }

    #[inline]
    fn record(value: S, edges: impl IntoIterator<Item = (Self, S)>) -> Self {
        let mut owner = None;
        for (parent, slope) in edges {
            if let Some((tape, index)) = parent.node {
                tape.edges.borrow_mut().push((index, slope));
                owner = Some(tape);
            }
        }
        let node = owner.map(|tape| (tape, tape.close()));
        Self { value, node }
    }

    #[inline]
    fn chain(self, (value, slope): (S, S)) -> Self {
        Self::record(value, [(self, slope)])
    }
}

impl<S: Number> Add for Var<'_, S> {
    type Output = Self;
    #[inline]
    fn add(self, b: Self) -> Self {
        let one = S::from_f64(1.0);
        Self::record(self.value + b.value, [(self, one), (b, one)])
    }
}

impl<S: Number> Sub for Var<'_, S> {
    type Output = Self;
    #[inline]
    fn sub(self, b: Self) -> Self {
        let one = S::from_f64(1.0);
        Self::record(self.value - b.value, [(self, one), (b, -one)])
    }
}

impl<S: Number> Mul for Var<'_, S> {
    type Output = Self;
    #[inline]
    fn mul(self, b: Self) -> Self {
        Self::record(self.value * b.value, [(self, b.value), (b, self.value)])
    }
}

impl<S: Number> Div for Var<'_, S> {
    type Output = Self;
    fn div(self, b: Self) -> Self {
        let quotient = self.value / b.value;
        let slope = S::from_f64(1.0) / b.value;
        Self::record(quotient, [(self, slope), (b, -quotient / b.value)])
    }
}

impl<S: Number> Neg for Var<'_, S> {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        self.chain((-self.value, S::from_f64(-1.0)))
    }
}

impl<S: Number> Number for Var<'_, S> {
    #[inline]
    fn from_f64(value: f64) -> Self {
        Self::constant(S::from_f64(value))
    }
    #[inline]
    fn value(self) -> f64 {
        self.value.value()
    }
    #[inline]
    fn detach(self) -> Self {
        Self::constant(self.value.detach())
    }
    fn exp(self) -> Self {
        self.chain(rules::exp(self.value))
    }
    fn ln(self) -> Self {
        self.chain(rules::ln(self.value))
    }
    fn ln_1p(self) -> Self {
        self.chain(rules::ln_1p(self.value))
    }
    fn sin(self) -> Self {
        self.chain(rules::sin(self.value))
    }
    fn cos(self) -> Self {
        self.chain(rules::cos(self.value))
    }
    fn sqrt(self) -> Self {
        self.chain(rules::sqrt(self.value))
    }
    fn tanh(self) -> Self {
        self.chain(rules::tanh(self.value))
    }
    fn sigmoid(self) -> Self {
        self.chain(rules::sigmoid(self.value))
    }
    fn dot(terms: impl IntoIterator<Item = Self>, pairs: impl IntoIterator<Item = (Self, Self)>) -> Self {
        let terms: Vec<Self> = terms.into_iter().collect();
        let pairs: Vec<(Self, Self)> = pairs.into_iter().collect();
        let value = S::dot(terms.iter().map(|t| t.value), pairs.iter().map(|(a, b)| (a.value, b.value)));
        let of_terms = terms.iter().map(|&t| (t, S::from_f64(1.0)));
        let of_pairs = pairs.iter().flat_map(|&(a, b)| [(a, b.value), (b, a.value)]);
        Self::record(value, of_terms.chain(of_pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_used_twice_collects_both_paths() {
        let tape = Tape::new();
        let (x, y) = (tape.leaf(3.0), tape.leaf(5.0));
        let f = x * y + x / y - x;
        let adjoints = tape.adjoints([(f, 1.0)]);
        assert_eq!(adjoints.of(x), 5.0 + 1.0 / 5.0 - 1.0);
        assert_eq!(adjoints.of(y), 3.0 - 3.0 / 5.0 / 5.0);
    }

    #[test]
    fn dot_is_one_node_with_the_slopes_of_its_summands() {
        let tape = Tape::new();
        let (x, y, b) = (tape.leaf(2.0), tape.leaf(-3.0), tape.leaf(7.0));
        let f = Var::dot([b], [(x, y), (x, x), (Var::from_f64(4.0), y)]);
        assert_eq!(f.value(), 7.0 - 6.0 + 4.0 - 12.0);
        let adjoints = tape.adjoints([(f, 1.0)]);
        assert_eq!([x, y, b].map(|v| adjoints.of(v)), [-3.0 + 4.0, 2.0 + 4.0, 1.0]);
    }

    #[test]
    fn several_outputs_are_seeded_with_their_cotangents() {
        let tape = Tape::new();
        let x = tape.leaf(3.0);
        let adjoints = tape.adjoints([(x * x, 10.0), (x, -1.0), (Var::from_f64(1.0), 99.0)]);
        assert_eq!(adjoints.of(x), 59.0);
    }

    #[test]
    fn nothing_flows_through_detach() {
        let tape = Tape::new();
        let x = tape.leaf(3.0);
        let f = x.detach() * x;
        assert_eq!(tape.adjoints([(f, 1.0)]).of(x), 3.0);
    }
}
