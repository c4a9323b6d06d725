//! `h^l_t = f_l(h^l_{t−1}, h^{l−1}_t)`: recurrent layers one on top of another, each with a memory of its own.
//!
#![doc = include_str!("pictures/stacked.svg")]
//!
//! The states of a layer, at every step, are the input of the next one. Lower layers see short things and upper ones longer ones; there are `L · T` copies of a step, of which those on a diagonal do
//! not wait for each other.
//!
//! *Shapes*: layer 0 reads `C` features, the others `H` (or `P`); parameters `weight_ih_l0`, `weight_ih_l1`, … as in PyTorch. [`RecurrentSpec::layers`](crate::network::RecurrentSpec::layers) stacks layers of one kind;
//! layers of several kinds, with dense ones between (deep input-to-hidden, deep hidden-to-output, Pascanu et al. 2014), are a [`Config`](crate::Config) to which they are added one by one.
//!
//! *When to use it*: two or three layers, where one that is wider gets no better. More need [dropout](super::noise) between them, and data.
//!
//! *Gradients*: two directions in which they can vanish, time and depth. At an output of the upper layer those of the lower one are a product more: here, of the loss of the last of
//! 20 steps.
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::network::{Config, DenseSpec, Network, RecurrentSpec};
//! use recurrent::{Activation, Batch, Workspace};
//!
//! let config = Config::one_hot(5)
//!     .dense(DenseSpec::new(6, Activation::Tanh)) // deep input-to-hidden
//!     .recurrent(RecurrentSpec::lstm(8).layers(2))
//!     .recurrent(RecurrentSpec::gru(4))
//!     .softmax(5);
//! let network = Network::<f64>::new(&config, 1)?;
//! let text: Vec<u32> = (0..21).map(|t| t % 5).collect();
//! let flows = network.last_symbol_flows(&mut Workspace::new(), &text)?;
//! let labels: Vec<_> = flows.iter().map(|(layer, _)| &layer.label[..]).collect();
//! assert_eq!(labels, ["rnn.l0", "rnn.l1", "rnn2.l0"]);
//! let last: Vec<f64> = flows.iter().map(|(_, flow)| flow.norms()[20]).collect();
//! assert!(last[0] < 0.5 * last[1] && last[1] < 0.5 * last[2]);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`RecurrentSpec`](crate::network::RecurrentSpec), [`Config::recurrent`](crate::Config::recurrent), [`Config::dense`](crate::Config::dense). *Laws*: `layer::two_layers_are_their_composition`; `tests/library/covering`. *Example*: `examples/char_lm --layers 2`.
