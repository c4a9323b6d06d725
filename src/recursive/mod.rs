//! `s_node = f(s_left, s_right)`: recursive networks, one composition at every node of a tree.
//!
//! A leaf's state is the vector that it is given, so that a tree of one leaf is the identity; what makes vectors of words or pixels is a
//! network of its own, which goes on from [`RecursiveWorkspace::d_leaves`]. All nodes of one height of all trees are one product.
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::recursive::{Composition, RecursiveNet, RecursiveWorkspace, Trees};
//!
//! // Balanced trees over sequences of 5 and 3 vectors, h and c of width 4 each.
//! let net = RecursiveNet::<f32>::new(Composition::TreeLstm, 4, 1)?;
//! let (trees, leaves) = (Trees::balanced(&[5, 3])?, vec![0.5; 8 * 8]);
//! let (mut workspace, mut gradients) = (RecursiveWorkspace::new(), net.gradients()?);
//! let states = net.forward(&mut workspace, &trees, &leaves)?;
//! let root = states.row(trees.roots()[0]).to_vec();
//!
//! // L = ½ ‖root‖² of the first tree.
//! let mut d_states = vec![0.0; trees.nodes().len() * 8];
//! d_states[trees.roots()[0] * 8..][..8].copy_from_slice(&root);
//! net.backward(&mut workspace, &trees, &d_states, &mut gradients)?;
//! assert!(workspace.d_leaves()[..5 * 8].iter().any(|&d| d != 0.0));
//! assert!(workspace.d_leaves()[5 * 8..].iter().all(|&d| d == 0.0)); // the second tree is not in the loss
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```

mod compose;
mod net;
mod trees;

pub use compose::Composition;
pub use net::{RecursiveNet, RecursiveWorkspace};
pub use trees::{Node, Trees};
