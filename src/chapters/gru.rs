//! `h = (1 − z) ⊙ n + z ⊙ h₋₁`: one state, a gate that says how much of it stays, and one that says how much of it the new value sees.
//!
#![doc = include_str!("pictures/gru.svg")]
//!
//! ```text
//! r, z = σ(W_ih x + b_ih + W_hh h₋₁ + b_hh)
//! n = tanh(W_in x + b_in + r ⊙ (W_hn h₋₁ + b_hn))     reset after the product: PyTorch, cuDNN, the default
//! n = tanh(W_in x + b_in + W_hn (r ⊙ h₋₁) + b_hn)     before it: Cho et al. 2014
//! ```
//!
//! The two are different functions, and weights of one mean nothing in the other: `r ⊙ (W h) ≠ W (r ⊙ h)`. [`GruReset`](crate::GruReset) says which.
//!
//! *Shapes*: state `h [N, H]`; `weight_ih [3H, C]`, `weight_hh [3H, H]`, `bias_ih`, `bias_hh [3H]`, rows `r z n`.
//!
//! *When to use it*: as an LSTM, with three quarters of its parameters and of its time, and one state. An LSTM can count without bound, since `c` may grow; a GRU cannot, since `h` is a
//! mean of values within ±1. In papers `z` often stands for the share that is new; here, as in PyTorch, it is the one that stays.
//!
//! *Gradients*: `z` on the diagonal of `∂h/∂h₋₁`, beside what goes through the gates: half of a gradient is gone in 1.5 steps as drawn, in 92 with
//! biases spread over 200 steps. What is left after 50 steps as drawn, and with units that keep their state from 2 to 100 steps at first:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/chapters/back.rs"));
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::{init::{ForgetBias, Init}, network::RecurrentSpec};
//!
//! assert!(back(RecurrentSpec::gru(8), Init::default(), "h", 50)? < 1e-9);
//! let spread = Init::default().forget_bias(ForgetBias::Chrono(100.0));
//! assert!(back(RecurrentSpec::gru(8), spread, "h", 50)? > 0.4);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`Gru`](crate::Gru), [`RecurrentSpec::gru`](crate::network::RecurrentSpec::gru), [`CellSpec::gru`](crate::network::CellSpec::gru), [`GruVariant`](crate::kernels::cells::GruVariant). *Laws*: `variant::the_reset_gate_acts_where_the_spec_says`,
//! `duality::the_inner_bias_sees_the_reset_gate`, `golden::pytorch_agrees`. *Examples*: `examples/quickstart.rs`; `cargo run --release --example cells -- --cell gru`.
