//! Recursive networks against their equations, node by node, and the exact derivatives of these.

use crate::common::values;
use recurrent::recursive::{Composition, Node, RecursiveNet, RecursiveWorkspace, Trees};
use recurrent::{Error, Result};
use rnn_backend_naive::Naive;
use rnn_check::derivative::vjp;
use rnn_check::number::Number;

/// Trees, leaves `[L, S]`, parameters, and a cotangent for every node.
#[derive(Clone, Debug)]
pub struct Case {
    pub composition: Composition,
    pub hidden: usize,
    pub trees: Trees,
    pub leaves: Vec<f64>,
    pub parameters: Vec<f64>,
    pub d_states: Vec<f64>,
}

/// States of all nodes, and the cotangents of leaves and parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub states: Vec<f64>,
    pub d_leaves: Vec<f64>,
    pub d_parameters: Vec<f64>,
}

impl Case {
    pub fn width(&self) -> usize {
        self.d_states.len() / self.trees.nodes().len()
    }
}

pub fn case(composition: Composition, trees: Trees) -> Case {
    let (hidden, gates) = (3, composition.gates());
    let width = if composition == Composition::Plain { hidden } else { 2 * hidden };
    let leaves = values(1, trees.vectors() * width);
    let parameters = values(2, gates * hidden * (2 * hidden + 1)).into_iter().map(|w| 0.5 * w).collect();
    let d_states = values(3, trees.nodes().len() * width);
    Case { composition, hidden, trees, leaves, parameters, d_states }
}

/// Balanced trees, a left-branching and a right-branching one, one that reads a vector twice, one leaf.
pub fn cases() -> Vec<Case> {
    let leaves = |n: usize| (0..n).map(Node::Leaf).collect::<Vec<_>>();
    let given = |n: usize, pairs: &[Node]| Trees::new([&leaves(n)[..], pairs].concat()).unwrap();
    let trees = [
        Trees::balanced(&[5, 1, 2]).unwrap(),
        given(4, &[Node::Pair(0, 1), Node::Pair(4, 2), Node::Pair(5, 3)]),
        given(4, &[Node::Pair(2, 3), Node::Pair(1, 4), Node::Pair(0, 5)]),
        Trees::new(vec![Node::Leaf(1), Node::Leaf(1), Node::Pair(1, 0), Node::Leaf(0)]).unwrap(),
        Trees::balanced(&[1]).unwrap(),
    ];
    let both = |trees: Trees| [Composition::Plain, Composition::TreeLstm].map(|of| case(of, trees.clone()));
    trees.into_iter().flat_map(both).collect()
}

pub fn library(case: &Case) -> Result<Found> {
    let mut net = RecursiveNet::<f64, Naive>::with_backend(case.composition, case.hidden, 1, Naive)?;
    net.update(|p| p.copy_from_slice(&case.parameters));
    let (mut workspace, mut gradients) = (RecursiveWorkspace::new(), net.gradients()?);
    let states = net.forward(&mut workspace, &case.trees, &case.leaves)?;
    let states = (0..states.rows()).flat_map(|k| states.row(k).to_vec()).collect();
    net.backward(&mut workspace, &case.trees, &case.d_states, &mut gradients)?;
    Ok(Found { states, d_leaves: workspace.d_leaves().to_vec(), d_parameters: gradients.to_vec() })
}

/// All states from `[leaves, parameters]`, node by node, written from the papers, for any number.
fn formula<S: Number>(case: &Case, x: &[S]) -> Vec<S> {
    let (h, width) = (case.hidden, case.width());
    let (leaves, parameters) = x.split_at(case.leaves.len());
    let (w, b) = parameters.split_at(case.composition.gates() * h * 2 * h);
    let mut states: Vec<Vec<S>> = Vec::new();
    for node in case.trees.nodes() {
        let state = match *node {
            Node::Leaf(vector) => leaves[vector * width..][..width].to_vec(),
            Node::Pair(left, right) => {
                let (left, right) = (&states[left], &states[right]);
                let pre = |row: usize| {
                    let both = left[..h].iter().chain(&right[..h]);
                    both.zip(&w[row * 2 * h..]).fold(b[row], |sum, (&s, &w)| sum + w * s)
                };
                match case.composition {
                    Composition::Plain => (0..h).map(|k| pre(k).tanh()).collect(),
                    Composition::TreeLstm => {
                        let gate = |gate: usize, k: usize| pre(gate * h + k).sigmoid();
                        let c = |k: usize| {
                            let u = pre(4 * h + k).tanh();
                            gate(0, k) * u + gate(1, k) * left[h + k] + gate(2, k) * right[h + k]
                        };
                        (0..h).map(|k| gate(3, k) * c(k).tanh()).chain((0..h).map(c)).collect()
                    }
                }
            }
        };
        states.push(state);
    }
    states.concat()
}

pub fn exact(case: &Case) -> Found {
    let x = [&case.leaves[..], &case.parameters].concat();
    let (states, mut d_leaves) = vjp(&x, &case.d_states, |x| formula(case, x));
    let d_parameters = d_leaves.split_off(case.leaves.len());
    Found { states, d_leaves, d_parameters }
}

/// The first number that is not that of the equations, to within 100 roundings of numbers below 8.
pub fn first_difference(found: &Found, case: &Case) -> Option<String> {
    let exact = exact(case);
    let parts = |f: &Found| [f.states.clone(), f.d_leaves.clone(), f.d_parameters.clone()];
    let names = ["states", "d_leaves", "d_parameters"];
    for ((name, found), exact) in names.into_iter().zip(parts(found)).zip(parts(&exact)) {
        assert_eq!(found.len(), exact.len());
        for (k, (f, x)) in found.iter().zip(&exact).enumerate() {
            if (f - x).abs() > 800.0 * f64::EPSILON || f.is_nan() {
                return Some(format!("{name}[{k}] of {:?}: {f}, not {x}", case.composition));
            }
        }
    }
    None
}

#[test]
fn states_are_the_equations_of_every_node_and_gradients_the_exact_derivatives() {
    for case in cases() {
        assert_eq!(first_difference(&library(&case).unwrap(), &case), None);
    }
}

#[test]
fn a_tree_of_one_leaf_is_the_identity() {
    for composition in [Composition::Plain, Composition::TreeLstm] {
        let case = case(composition, Trees::balanced(&[1]).unwrap());
        let found = library(&case).unwrap();
        assert_eq!((found.states, found.d_leaves), (case.leaves, case.d_states));
        assert!(found.d_parameters.iter().all(|&d| d == 0.0));
    }
}

#[test]
fn trees_of_a_batch_have_the_states_they_have_alone_to_the_bit() {
    for composition in [Composition::Plain, Composition::TreeLstm] {
        let both = case(composition, Trees::balanced(&[5, 3]).unwrap());
        let width = both.width();
        let states = library(&both).unwrap().states;
        for (n, length, first) in [(0, 5, 0), (1, 3, 5)] {
            let mut alone = case(composition, Trees::balanced(&[length]).unwrap());
            alone.leaves = both.leaves[first * width..(first + length) * width].to_vec();
            let found = library(&alone).unwrap().states;
            let root = both.trees.roots()[n];
            assert_eq!(found[found.len() - width..], states[root * width..(root + 1) * width]);
        }
    }
}

#[test]
fn balanced_trees_are_as_low_as_can_be() {
    for n in 1..40_usize {
        let trees = Trees::balanced(&[n]).unwrap();
        let mut height = Vec::new();
        for node in trees.nodes() {
            height.push(match *node {
                Node::Leaf(_) => 0,
                Node::Pair(left, right) => 1 + std::cmp::max::<u32>(height[left], height[right]),
            });
        }
        assert_eq!((trees.roots(), trees.vectors()), (&[2 * n - 2][..], n));
        assert_eq!(*height.last().unwrap(), n.next_power_of_two().ilog2());
        let read: Vec<usize> =
            trees.nodes().iter().filter_map(|node| if let Node::Leaf(v) = node { Some(*v) } else { None }).collect();
        assert_eq!(read, (0..n).collect::<Vec<_>>());
    }
}

#[test]
fn lists_that_are_no_trees_and_what_does_not_fit_them_are_errors() {
    let refused = |nodes: Vec<Node>| Trees::new(nodes).unwrap_err().to_string();
    let message = "trees, child of node 1: expected a node before it, below 1, found 1";
    assert_eq!(refused(vec![Node::Leaf(0), Node::Pair(0, 1)]), message);
    let twice = vec![Node::Leaf(0), Node::Leaf(1), Node::Pair(0, 1), Node::Pair(2, 1)];
    assert_eq!(refused(twice), "trees, child of node 3: expected a node without another parent, found 1");
    assert!(matches!(Trees::balanced(&[3, 0]), Err(Error::Range { .. })));
    assert!(matches!(Trees::new(vec![Node::Leaf(usize::MAX)]), Err(Error::Range { .. })));
    let mut few = case(Composition::Plain, Trees::balanced(&[3]).unwrap());
    few.leaves.truncate(6);
    assert!(matches!(library(&few), Err(Error::Range { .. })));
    few.leaves.push(f64::NAN);
    assert!(matches!(library(&few), Err(Error::Len { .. })));
    let net = RecursiveNet::<f64, Naive>::with_backend(Composition::Plain, 3, 1, Naive).unwrap();
    let mut gradients = net.gradients().unwrap();
    let (trees, mut workspace) = (Trees::balanced(&[3]).unwrap(), RecursiveWorkspace::new());
    let early = net.backward(&mut workspace, &trees, &[0.0; 15], &mut gradients);
    assert!(matches!(early, Err(Error::Order { .. })));
    assert!(Trees::new(Vec::new()).unwrap().roots().is_empty());
}
