//! `z_1 = φ(W_ih x + W_hh h₋₁ + b)`, `z_k = φ(W_k z_{k−1} + b_k)`, `h = z_L`: from state to state by a network of several layers.
//!
#![doc = include_str!("pictures/deep_transition.svg")]
//!
//! A [stack](super::stacked) makes a network deep from input to output; here a single step is deep (Pascanu et al. 2014: DT-RNN). With shortcuts, DT(S)-RNN, the later layers see the old state
//! too, and the input.
//!
//! *Shapes*: `weight_ih` and `weight_hh` have the rows of all layers that see input or state, `weight_k [H, H]` those of layer `k` from 2 on. With a dense layer before and behind, the latter in the
//! place of a plain head, it is the paper's DOT(S)-RNN.
//!
//! *When to use it*: where what happens within one step is complicated, as in language models of characters and in music, which the paper measured. Else a stack is easier to train.
//!
//! *Gradients*: `L` products a step, so they vanish `L` times as fast; a shortcut leaves a way of one; with it half is gone in 1.0 steps as drawn. After 50 steps of two layers:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/chapters/back.rs"));
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::{init::Init, network::{CellSpec, RecurrentSpec}};
//!
//! let left = |shortcuts: &str| {
//!     let cell = CellSpec::new("deep_transition").with("layers", 2).with("shortcuts", shortcuts);
//!     back(RecurrentSpec::new(cell, 8), Init::default(), "h", 50)
//! };
//! assert!(left("none")? < 1e-22 && left("state")? > 1e-16);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`DeepTransition`](crate::kernels::cells::DeepTransition), [`Shortcuts`](crate::kernels::cells::Shortcuts). *Laws*: all about any cell; `tests/library/families.rs`, and the parameter counts of the paper in
//! `rnn-check`. *Example*: `cargo run --release --example cells -- --cell deep_transition`.
