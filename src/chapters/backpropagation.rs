//! `∂L/∂h_{t−1} = W_hhᵀ diag(σ′_t) ∂L/∂h_t + W_yhᵀ ∂L/∂a_{t−1}`: backpropagation through the unfolded graph, from the last step to the first (BPTT).
//!
#![doc = include_str!("pictures/backpropagation.svg")]
//!
//! Every state has two ways to the loss, through its own output and through the next state, and its gradient is the sum of both. With `d_t = σ′_t ⊙ ∂L/∂h_t` the gradients of
//! the shared parameters are sums over time:
//!
//! ```text
//! ∂L/∂W_hh = Σ_t d_t h_{t−1}ᵀ     ∂L/∂W_hx = Σ_t d_t x_tᵀ     ∂L/∂b_h = Σ_t d_t
//! ∂L/∂W_yh = Σ_t (ŷ_t − 1_t) h_tᵀ     ∂L/∂b_y = Σ_t (ŷ_t − 1_t)
//! ```
//!
//! The five steps of the algorithm are five calls, or one of [`Trainer::step`](crate::train::Trainer::step):
//!
//! | step | here |
//! |---|---|
//! | unfold | nothing: a pass is the graph |
//! | forward, error | [`Network::loss_and_gradients`](crate::Network::loss_and_gradients) does both and the next one |
//! | backward | the same call, or [`Network::backward`](crate::Network::backward) with cotangents of one's own |
//! | update | [`Optimiser::step`](crate::optim::Optimiser::step) in [`Network::update`](crate::Network::update), or [`Network::apply`](crate::Network::apply) |
//!
//! *Truncated.* A sequence without end has no last step. [`Network::truncated_bptt`](crate::Network::truncated_bptt) goes back `k` steps at most: states are carried from window to window, gradients are
//! not. It is cheaper, and blind to what lies further back; [`Windows`](crate::train::Windows) has an update every `k₁` steps over `k₂`.
//!
//! *The other way round* is real-time recurrent learning: carry `∂h_t/∂θ` forward. It needs no past and `O(H⁴)` operations a step, so it is no way to train, but a second opinion: `rnn-check`
//! computes it for every cell and compares.
//!
//! A gradient is what finite differences say:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::network::{Config, Network, RecurrentSpec};
//! use recurrent::{Activation, Batch, Targets, Workspace};
//!
//! let config = Config::one_hot(3).recurrent(RecurrentSpec::elman(4, Activation::Tanh)).softmax(3);
//! let mut network = Network::<f64>::new(&config, 1)?;
//! let (mut workspace, batch) = (Workspace::new(), Batch::symbols(&[0, 1, 2, 0, 1], [5, 1])?);
//! let targets = Targets::Classes(&[1, 2, 0, 1, 2]);
//! let (mut gradients, mut cut) = (network.gradients()?, network.gradients()?);
//! network.loss_and_gradients(&mut workspace, &batch, targets, &mut network.state(1)?, &mut gradients)?;
//! // The same sum, no derivative of which crosses a border of windows of two steps.
//! network.truncated_bptt(&mut workspace, &batch, targets, 2, &mut network.state(1)?, &mut cut)?;
//!
//! let mut loss_at = |by: f64| {
//!     network.update(|parameters| parameters.get_mut("rnn.weight_hh_l0").unwrap()[1] += by);
//!     network.evaluate(&mut workspace, &batch, targets, &mut network.state(1).unwrap()).unwrap().mean()
//! };
//! let difference = (loss_at(1e-5) - loss_at(-2e-5)) / 2e-5;
//! let of = |gradients: &recurrent::Parameters<f64>| gradients.get("rnn.weight_hh_l0").unwrap()[1];
//! assert!((of(&gradients) - difference).abs() < 1e-8);
//! assert!((of(&cut) - difference).abs() > 1e-4); // a window is not the whole
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Laws*: `oracle::each_adjoint_step_is_one_oracle_step`, `gradient::finite_differences_of_the_forward_pass_agree`,
//! `duality::backward_is_the_transpose_of_the_tangent_map`, `truncated::truncated_windows_follow_a_cut_tape`; `rnn-check/tests/rtrl.rs`. *Example*: `examples/char_lm` trains by windows
//! with a carried state.
