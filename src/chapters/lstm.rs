//! `c = f ⊙ c₋₁ + i ⊙ g`, `h = o ⊙ tanh(c)`: a memory `c` that is added to, and three gates that say what enters, stays and shows.
//!
#![doc = include_str!("pictures/lstm.svg")]
//!
//! ```text
//! i, f, o = σ(W_ih x + b_ih + W_hh h₋₁ + b_hh)     what enters, what is kept, what shows
//! g = tanh(W_ih x + b_ih + W_hh h₋₁ + b_hh)        what there is to enter
//! ```
//!
//! Long short-term memory (Hochreiter & Schmidhuber 1997; the forget gate is Gers, Schmidhuber & Cummins 2000). The cell state goes along a line on which there is a product with `f` and a sum, and no
//! matrix: what was put there stays as long as `f` is near 1, and its gradient too.
//!
//! *Shapes*: states `h`, `c [N, H]`; `weight_ih [4H, C]`, `weight_hh [4H, H]`, `bias_ih`, `bias_hh [4H]`, rows `i f g o` as in PyTorch.
//!
//! *When to use it*: for memories over tens or hundreds of steps, and whenever one does not know. A [GRU](super::gru) is a quarter smaller and mostly as good. For thousands of steps
//! see [linear recurrences](super::linear). Begin with a bias of the forget gate of 1, or spread over the times that are expected: [`Config::forget_bias`](crate::Config::forget_bias).
//!
//! *Gradients*: `∂c/∂c₋₁ = f` along the line, beside what goes through `h`. So the bias of the forget gate says how far back learning reaches at first: half of a gradient is
//! gone in 1.4 steps as drawn, in 3.3 with a bias of 1, in 84 with biases spread over 200 steps. What is left of `∂L/∂c` after 50 steps:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/chapters/back.rs"));
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::{init::{ForgetBias, Init}, network::RecurrentSpec};
//!
//! let left = |bias: f64| back(RecurrentSpec::lstm(8), Init::default().forget_bias(bias), "c", 50);
//! assert!(left(0.0)? < 1e-8); // half is forgotten in every step
//! assert!(left(1.0)? < 1e-3);
//! assert!(left(5.0)? > 0.9);
//! // Units that keep their state from 2 to 100 steps.
//! let spread = Init::default().forget_bias(ForgetBias::Chrono(100.0));
//! assert!(back(RecurrentSpec::lstm(8), spread, "c", 50)? > 0.5);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! In `examples/classic_tasks` an LSTM with biases spread over 200 steps tells which two signs came in what order after 400 to 600 updates, at 200 steps; one with a bias of 1
//! is at chance after 2000 at 50 steps.
//!
//! *Types*: [`Lstm`](crate::Lstm), [`RecurrentSpec::lstm`](crate::network::RecurrentSpec::lstm), [`ForgetBias`](crate::init::ForgetBias). *Laws*: `oracle::*`, `gate::one_open_gate_moves_its_own_row_and_column`,
//! `exact::saturated_gates_are_switches`, `variant::gates_are_in_pytorch_order`, `golden::pytorch_agrees`. *Examples*: `examples/char_lm`, `examples/chords.rs`, `examples/amplifier`.
