//! `h_t = g_t(x_t, x_{t−1}, …, x_1)`: a network with a cycle is a chain of copies of one step, as long as the sequence.
//!
#![doc = include_str!("pictures/unfolding.svg")]
//!
//! Written out, `h_3 = f(f(f(h_0, x_1; θ), x_2; θ), x_3; θ)`. Drawn, the loop of the network becomes a graph without cycles, one copy of the step for each time, all with the
//! same `θ`. The graph is feed-forward, so that all that is known of feed-forward networks holds: evaluate it from left to right, differentiate it from right to left.
//!
//! *Shapes*: `T` copies cost `O(T)` time, and `O(T)` memory if gradients are wanted, since every copy must keep what its derivative needs. Inference keeps the state alone. The
//! library never builds the graph: a pass is a loop over steps that writes one slot of a *reserve* each, and its memory is known before it begins.
//!
//! *When something else is better*: for sequences whose reserve does not fit, [truncated BPTT](super::backpropagation) cuts the graph, and
//! [`Network::recomputed_bptt`](crate::Network::recomputed_bptt) computes it twice.
//!
//! Unfolding by hand: the gradient of a parameter that is shared by three steps is the sum of the gradients of three copies. Windows of one step are those copies; what
//! goes back from one to the next is the cotangent of the state.
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::network::{Config, Cotangents, Network, RecurrentSpec};
//! use recurrent::{Batch, Workspace};
//!
//! let network = Network::<f64>::new(&Config::features(1).recurrent(RecurrentSpec::gru(2)), 1)?;
//! let (x, mut d_last) = ([0.3, -0.7, 1.1], network.state(1)?);
//! d_last.as_mut_slice().fill(1.0); // L = Σ h_3
//! let mut workspace = Workspace::new();
//!
//! let mut folded = network.gradients()?;
//! network.forward(&mut workspace, &Batch::features(&x, [3, 1, 1])?, &mut network.state(1)?)?;
//! network.backward(&mut workspace, Cotangents { output: None, state: Some(&d_last) }, &mut folded)?;
//!
//! // The states before every copy, then the copies from the last to the first.
//! let mut states = vec![network.state(1)?];
//! for t in 0..3 {
//!     let mut state = states[t].clone();
//!     network.infer(&mut workspace, &Batch::features(&x[t..=t], [1, 1, 1])?, &mut state)?;
//!     states.push(state);
//! }
//! let (mut unfolded, mut d) = (network.gradients()?, d_last);
//! for t in (0..3).rev() {
//!     network.forward(&mut workspace, &Batch::features(&x[t..=t], [1, 1, 1])?, &mut states[t].clone())?;
//!     network.backward(&mut workspace, Cotangents { output: None, state: Some(&d) }, &mut unfolded)?;
//!     d = workspace.d_state()?.clone();
//! }
//! assert!(folded.iter().zip(unfolded.iter()).all(|(a, b)| (a - b).abs() < 1e-14));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`Network::forward`](crate::Network::forward), [`Network::backward`](crate::Network::backward), [`Workspace`](crate::Workspace). *Laws*: `structure::windows_chain_to_the_whole`,
//! `structure::reserves_are_interchangeable`. *Example*: `cargo run --example unfolded` draws the pictures of these chapters.
