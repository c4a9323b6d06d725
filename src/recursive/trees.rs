//! Binary trees as a list of nodes, children before their parents: over sequences, or as they are given.

use crate::error::{Error, Result};
use crate::memory::reserve;

/// A node of a binary tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// The vector of this number.
    Leaf(usize),
    /// Two nodes that stand before it in the list, the left one and the right one.
    Pair(usize, usize),
}

/// Any number of trees: nodes in an order in which children stand before their parents.
///
/// Nodes are gone through by height, all of a height at once, whatever tree they belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trees {
    nodes: Vec<Node>,
    roots: Vec<usize>,
    /// One more than the greatest number of a leaf's vector.
    vectors: usize,
    /// The pairs, those of height 1 first, and where each height begins.
    pairs: Vec<(usize, usize, usize)>,
    heights: Vec<usize>,
}

impl Trees {
    /// Given trees. Their roots are the nodes without a parent, in the order of the list.
    ///
    /// ```
    /// use recurrent::recursive::{Node, Trees};
    ///
    /// // ((0 1) 2), and 3 by itself.
    /// let leaves = [Node::Leaf(0), Node::Leaf(1), Node::Leaf(2), Node::Leaf(3)];
    /// let trees = Trees::new([&leaves[..], &[Node::Pair(0, 1), Node::Pair(4, 2)]].concat())?;
    /// assert_eq!(trees.roots(), [3, 5]);
    /// assert!(Trees::new(vec![Node::Leaf(0), Node::Pair(0, 0)]).is_err()); // a node has one parent
    /// # Ok::<(), recurrent::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Range`] if a child does not stand before its parent or has two; [`Error::Memory`] if there is no room.
    pub fn new(nodes: Vec<Node>) -> Result<Self> {
        const WHAT: &str = "trees";
        let (mut has_parent, mut height) = (Vec::new(), Vec::<usize>::new());
        reserve(WHAT, &mut has_parent, nodes.len())?;
        reserve(WHAT, &mut height, nodes.len())?;
        has_parent.resize(nodes.len(), false);
        let (mut vectors, mut by_height) = (0, Vec::new());
        reserve(WHAT, &mut by_height, nodes.len())?;
        for (k, node) in nodes.iter().enumerate() {
            match *node {
                Node::Leaf(vector) => {
                    let none = || Error::range(format!("trees, leaf {k}"), "the number of a vector", vector);
                    vectors = vectors.max(vector.checked_add(1).ok_or_else(none)?);
                    height.push(0);
                }
                Node::Pair(left, right) => {
                    for child in [left, right] {
                        if child >= k {
                            let expected = format!("a node before it, below {k}");
                            return Err(Error::range(format!("trees, child of node {k}"), expected, child));
                        }
                        if std::mem::replace(&mut has_parent[child], true) {
                            let what = format!("trees, child of node {k}");
                            return Err(Error::range(what, "a node without another parent", child));
                        }
                    }
                    height.push(1 + height[left].max(height[right]));
                    by_height.push((height[k], k, left, right));
                }
            }
        }
        by_height.sort_unstable();
        let (mut pairs, mut heights, mut roots) = (Vec::new(), vec![0], Vec::new());
        reserve(WHAT, &mut pairs, by_height.len())?;
        for group in by_height.chunk_by(|a, b| a.0 == b.0) {
            pairs.extend(group.iter().map(|&(_, node, left, right)| (node, left, right)));
            heights.push(pairs.len());
        }
        roots.extend((0..nodes.len()).filter(|&k| !has_parent[k]));
        Ok(Self { nodes, roots, vectors, pairs, heights })
    }

    /// A balanced tree over each of some sequences, whose vectors follow each other: the left half of `n` leaves has `⌈n/2⌉`. A tree of
    /// `n` leaves has the height `⌈log₂ n⌉`; of one it is that leaf.
    ///
    /// # Errors
    /// [`Error::Range`] if a sequence is empty; [`Error::Overflow`] or [`Error::Memory`] if there is no room.
    pub fn balanced(lengths: &[usize]) -> Result<Self> {
        let overflow = || Error::Overflow { what: "trees".into(), factors: lengths.to_vec() };
        let leaves = lengths.iter().try_fold(0_usize, |sum, &n| sum.checked_add(n)).ok_or_else(overflow)?;
        let mut nodes = Vec::new();
        reserve("trees", &mut nodes, leaves.checked_mul(2).ok_or_else(overflow)?)?;
        let mut first = 0;
        for (n, &length) in lengths.iter().enumerate() {
            if length == 0 {
                return Err(Error::range(format!("trees, length of sequence {n}"), "at least 1", 0));
            }
            halves(&mut nodes, first, first + length);
            first += length;
        }
        Self::new(nodes)
    }

    /// The nodes, children before their parents.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The roots among the nodes, one for each tree.
    #[must_use]
    pub fn roots(&self) -> &[usize] {
        &self.roots
    }

    /// How many vectors the leaves need at least.
    #[must_use]
    pub fn vectors(&self) -> usize {
        self.vectors
    }

    /// The pairs of each height from 1 on, each with its children: node, left, right.
    pub(super) fn levels(&self) -> impl DoubleEndedIterator<Item = &[(usize, usize, usize)]> {
        self.heights.windows(2).map(|ends| &self.pairs[ends[0]..ends[1]])
    }

    /// How many pairs there are, at one height at the most.
    pub(super) fn widest(&self) -> usize {
        self.levels().map(<[_]>::len).max().unwrap_or(0)
    }
}

/// The tree over leaves `from..to`: its root is the last node pushed. As deep as the tree is high.
fn halves(nodes: &mut Vec<Node>, from: usize, to: usize) -> usize {
    if to - from == 1 {
        nodes.push(Node::Leaf(from));
    } else {
        let middle = from + (to - from).div_ceil(2);
        let (left, right) = (halves(nodes, from, middle), halves(nodes, middle, to));
        nodes.push(Node::Pair(left, right));
    }
    nodes.len() - 1
}
