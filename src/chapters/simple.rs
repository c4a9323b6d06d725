//! `h = φ(W_ih x + W_hh h₋₁ + b)` and its relatives: one vector that is computed anew in every step. (`h₋₁` is `h` a step before, in this chapter and all that follow.)
//!
#![doc = include_str!("pictures/simple.svg")]
//!
//! The picture is a Jordan network; that of Elman's is in [the chapter on recurrence](super::recurrence).
//!
//! | cell | equation | source |
//! |---|---|---|
//! | `elman` | `h = φ(W_ih x + W_hh h₋₁ + b)`, any [`Nonlinearity`](crate::kernels::cells::Nonlinearity) | Elman 1990 |
//! | `elman` with relu and [`Init::irnn`](crate::init::Init::irnn) | the same, `W_hh = I` at first | Le, Jaitly & Hinton 2015 (IRNN) |
//! | `ind_rnn` | `h = φ(W_ih x + b + w ⊙ h₋₁)`: each unit sees itself alone | Li et al. 2018 |
//! | `jordan` | `s = φ(W_ih x + W_ch c₋₁ + b)`, `y = ψ(W_sy s + b_y)`, `c = α c₋₁ + y` | Jordan 1986 |
//!
//! *Shapes*: `W_ih [H, C]`, `W_hh [H, H]`; of `ind_rnn` `w [H]`; of `jordan` hidden units `s [H]`, recomputed in every step, and states `y`, `c [P]`.
//!
//! *When to use which*: Elman for short memories and little time; an IRNN or IndRNN with relu for longer ones, at the price of states without a bound; Jordan's where the output is what is to be
//! remembered, as in control. With `α = 0` the recurrence goes from output to hidden units alone: weaker than Elman's, since nothing is remembered that is not shown.
//! In a task with a memory of more than some twenty steps take [a gated cell](super::lstm).
//!
//! *Gradients*: `∂h/∂h₋₁ = diag(φ′) W_hh`; of IndRNN `diag(φ′ ⊙ w)`, so that `|w| ≤ 2^{1/T}` keeps it from exploding with relu. As drawn, half of a gradient is gone in 0.9
//! steps of `elman`, in 2.3 of `jordan`, in 46 of an IRNN. What is left after 20 steps:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/chapters/back.rs"));
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::{Activation, init::Init, network::{CellSpec, RecurrentSpec}};
//!
//! assert!(back(RecurrentSpec::elman(8, Activation::Tanh), Init::default(), "h", 20)? < 1e-8);
//! let jordan = CellSpec::new("jordan").with("decay", 0.9);
//! assert!(back(RecurrentSpec::new(jordan, 8), Init::default(), "c", 20)? > 0.9);
//! // An IRNN hands on all of it, and nothing from the step on in which the unit is off.
//! let irnn = |steps| back(RecurrentSpec::elman(8, Activation::Relu), Init::irnn(), "h", steps);
//! assert_eq!((irnn(1)?, irnn(20)?), (1.0, 0.0));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`ElmanVariant`](crate::kernels::cells::ElmanVariant), [`IndRnn`](crate::kernels::cells::IndRnn), [`Jordan`](crate::kernels::cells::Jordan). *Laws*: all about any cell (`oracle::*`, `gradient::*`, `duality::*`); `tests/library/families.rs`.
//! *Examples*: `cargo run --release --example cells -- --cell elman --cell ind_rnn --cell jordan`.
