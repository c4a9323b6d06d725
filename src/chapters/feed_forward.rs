//! `h_1 = σ(W_1 x + b_1)`, `h_2 = σ(W_2 h_1 + b_2)`, …, `ŷ = W h_L + b`: every layer once, from the input to the output, and no memory.
//!
#![doc = include_str!("pictures/feed_forward.svg")]
//!
//! A feed-forward network is layers one on top of another. Each multiplies what the layer below gives by a matrix of its own, adds a bias and
//! applies an elementwise function. Nothing goes back and nothing stays: two inputs one after the other cannot know of each other.
//!
//! *Shapes*: `x [T, N, C]` to `ŷ [T, N, O]`; a layer has `W [units, width below]` and `b [units]`. Steps are only more rows here: every one is
//! computed by itself.
//!
//! *When to use it*: for inputs whose order says nothing (tables, single images), and as the baseline that a recurrent network has to beat. A
//! window of the last `k` values as one input is a feed-forward network with a memory of exactly `k` steps. Where the memory has no fixed length,
//! read on at [recurrence](super::recurrence).
//!
//! *Gradients*: backpropagation, one layer after another from the output: `δ_l = W_{l+1}ᵀ δ_{l+1} ⊙ σ′`, `∂L/∂W_l = Σ δ_l h_{l−1}ᵀ`. The longest way
//! of a gradient is the number of layers, however long the sequence is. In the example below step 3 has a gradient of exactly 0 from the loss of
//! step 0: there is no way between them.
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::network::{Config, Cotangents, DenseSpec, Network};
//! use recurrent::{Activation, Batch, Workspace, kernels::SeqRef};
//!
//! let config = Config::features(2).dense(DenseSpec::new(8, Activation::Tanh)).softmax(3);
//! let network = Network::<f64>::new(&config, 1)?;
//! let (mut workspace, mut state) = (Workspace::new(), network.state(1)?);
//! workspace.record_d_input(true);
//! let x = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]; // T = 4 steps of C = 2
//! assert_eq!(network.forward(&mut workspace, &Batch::features(&x, [4, 1, 2])?, &mut state)?.shape(), [4, 1, 3]);
//! // A loss that looks at the output of step 0 alone.
//! let mut d = [0.0; 12];
//! d[0] = 1.0;
//! let output = Some(SeqRef::new(&d, 4, 1, 3));
//! network.backward(&mut workspace, Cotangents { output, state: None }, &mut network.gradients()?)?;
//! assert!(workspace.d_input()?.at(0).row(0) != [0.0; 2]);
//! assert_eq!(workspace.d_input()?.at(3).row(0), [0.0; 2]);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`Config::dense`](crate::Config::dense), [`DenseSpec`](crate::network::DenseSpec), [`Activation`](crate::Activation). *Laws*:
//! `head::affine_layers_and_their_gradients`, `head::dense_activations_and_their_gradients`; `tests/library/network_static.rs`.
//! *Example*: the dense layer below each cell of `examples/cells.rs`.
