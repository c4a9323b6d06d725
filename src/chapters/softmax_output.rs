//! `a_t = W_yh h_t + b_y`, `ŷ_t = softmax(a_t)`, `softmax(a)_k = eᵃₖ / Σ_j eᵃⱼ`: the state of a step, as the probabilities of what is asked.
//!
#![doc = include_str!("pictures/softmax_output.svg")]
//!
//! An affine layer, the *head*, makes one number of the state for each class: logits. Softmax makes probabilities of them, positive and of sum 1. The
//! loss of a step is `L_t = −ln ŷ_t[target]`, and that of a sequence the sum over its steps, here divided by the number of targets.
//!
//! *Shapes*: `h [T, N, H]` to logits `[T, N, O]`; `head.weight [O, H]`, `head.bias [O]`; targets `[T, N]` of classes. A network hands out logits, and softmax
//! is part of the loss: the two together never overflow, and the gradient is short, `∂L_t/∂a_t = ŷ_t − 1_target`.
//!
//! *When to use something else*: softmax is for one of several classes. For several yes-or-no answers at once (which notes sound?) take
//! [`Config::bernoulli`](crate::Config::bernoulli), for numbers [`Config::linear`](crate::Config::linear) (squared error, or absolute, or Huber's), for labels that are not aligned
//! with the steps [`Config::ctc`](crate::Config::ctc).
//!
//! Without weights every class is as likely as any other, so that the loss is the logarithm of their number, and the gradient of the bias is `ŷ − 1_target`:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::network::{Config, Network, RecurrentSpec};
//! use recurrent::{Batch, Targets, Workspace};
//!
//! let config = Config::one_hot(4).recurrent(RecurrentSpec::gru(3)).softmax(4);
//! let mut network = Network::<f64>::new(&config, 1)?;
//! network.update(|parameters| parameters.fill_zero());
//! let (mut workspace, mut gradients, mut state) = (Workspace::new(), network.gradients()?, network.state(1)?);
//! let (batch, targets) = (Batch::symbols(&[0], [1, 1])?, Targets::Classes(&[2]));
//! let loss = network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients)?;
//! assert!((loss.mean() - 4_f64.ln()).abs() < 1e-15); // 2 bits
//! assert_eq!(gradients.get("head.bias").unwrap(), [0.25, 0.25, -0.75, 0.25]);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Gradients*: at most 1 in each logit, whatever the logits are; a wrong answer that is given with certainty has the largest one, and a squared error behind a
//! softmax would have almost none there.
//!
//! *Types*: [`Config::softmax`](crate::Config::softmax), [`HeadSpec`](crate::network::HeadSpec) (class weights, label smoothing), [`Objective`](crate::network::Objective), [`Targets`](crate::Targets),
//! [`Loss`](crate::Loss) (nats, bits). *Laws*: `head::softmax_cross_entropy_and_its_gradient`, `head::bernoulli_cross_entropy_and_its_gradient`,
//! `head::squared_error_and_its_gradient`; `tests/library/losses.rs`. *Examples*: `examples/char_lm`, `examples/chords.rs`.
