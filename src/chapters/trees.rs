//! `s_node = f(s_left, s_right)`: a recursive network, which goes up a tree and not along a line.
//!
#![doc = include_str!("pictures/trees.svg")]
//!
//! The same `f` at every node, as a recurrent network has the same at every step. Over a balanced tree `T` leaves are `⌈log₂ T⌉` compositions from the root; over a parse tree the way of a word is that of its grammar.
//!
//! | [`Composition`](crate::recursive::Composition) | | source |
//! |---|---|---|
//! | `Plain` | `h = tanh(W_l h_l + W_r h_r + b)` | Pollack 1990, Socher et al. 2011 |
//! | `TreeLstm` | `c = i u + f_l c_l + f_r c_r`, `h = o tanh(c)`, a forget gate for each child | Tai, Socher & Manning 2015 |
//!
//! *Shapes*: leaves `[leaves, S]`, states of all nodes `[nodes, S]`, `S` the width `H` of `h`, or `2H` of `h` and `c`. All nodes of one height of all trees are one product.
//!
//! *When to use it*: where data are trees, or where the order of composition is known. Without a tree a recurrent network finds its own, and a balanced tree is no better than a guess.
//!
//! *Gradients*: the way from the root to a leaf is its depth: `log₂ T` products, where a recurrent network has `T`. Here 64 leaves are 6 products deep, and the gradient of the first is a plain network's
//! after six steps:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::optim::norm;
//! use recurrent::recursive::{Composition, RecursiveNet, RecursiveWorkspace, Trees};
//!
//! let net = RecursiveNet::<f64>::new(Composition::Plain, 4, 1)?;
//! let left = |leaves: usize| {
//!     let (trees, vectors) = (Trees::balanced(&[leaves])?, vec![0.1; leaves * 4]);
//!     let mut workspace = RecursiveWorkspace::new();
//!     net.forward(&mut workspace, &trees, &vectors)?;
//!     let mut d = vec![0.0; trees.nodes().len() * 4];
//!     d[trees.roots()[0] * 4] = 1.0;
//!     net.backward(&mut workspace, &trees, &d, &mut net.gradients()?)?;
//!     Ok::<_, recurrent::Error>(norm(workspace.d_leaves()[..4].iter().copied()))
//! };
//! assert!(left(64)? > 1e-5);
//! assert!(left(64)? < left(4)?);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`RecursiveNet`](crate::recursive::RecursiveNet), [`Trees`](crate::recursive::Trees). *Tests*: `tests/library/recursive.rs`, `tests/library/architectures_planted.rs`. *Example*: that of [`recursive`](crate::recursive).
