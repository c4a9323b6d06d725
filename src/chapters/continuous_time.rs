//! `h = f₁ ⊙ (1 − τ) + τ ⊙ f₂`, `τ = σ(t_a Δt + t_b)`: a state that knows how much time has passed since the step before (CfC, Hasani et al. 2022).
//!
#![doc = include_str!("pictures/continuous_time.svg")]
//!
//! A backbone of dense layers reads input and state; two heads of it give two answers, two more the gate between them, which the elapsed time moves. It is the closed form of what was a
//! differential equation, so that no solver is needed.
//!
//! *Shapes*: `H` units of the backbone, `P` of the state (option `output`); `Δt` is 1, or a mask of the run called `elapsed`, `[T, N, P]`. Modes: gated, without gate, and pure, where an exponential takes
//! the place of the gate.
//!
//! *When to use it*: for measurements at irregular times. Where steps are regular a [GRU](super::gru) has fewer matrices. For holes in regular data see [`Batch::skipping`](crate::Batch::skipping), which keeps
//! the state as it is.
//!
//! *Gradients*: state to state they go through the whole backbone, and vanish as in an [Elman network](super::simple) of several layers, half of them in 0.5 steps as
//! drawn; `Δt` has none. After 20 steps:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/chapters/back.rs"));
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::{init::Init, network::RecurrentSpec};
//!
//! assert!(back(RecurrentSpec::new("cfc", 8), Init::default(), "h", 20)? < 1e-13);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`Cfc`](crate::kernels::cells::Cfc), [`CfcMode`](crate::kernels::cells::CfcMode), [`Elapsed`](crate::kernels::cells::Elapsed). *Laws*: all about any cell; `tests/library/families.rs`, `tests/library/masks.rs`.
//! *Example*: `cargo run --release --example cells -- --cell cfc`.
