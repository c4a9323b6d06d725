//! `h = (1 − f) ⊙ h₋₁ + f ⊙ n`: gated cells with fewer gates than a GRU has.
//!
#![doc = include_str!("pictures/minimal_gates.svg")]
//!
//! | cell | equation | source |
//! |---|---|---|
//! | `mgu` | one gate `f` for both tasks: `n = tanh(W_n x + U_n (f ⊙ h₋₁))` | Zhou et al. 2016 |
//! | `li_gru` | no reset gate, a rectifier: `z = σ(…)`, `n = relu(…)`, `h = z ⊙ h₋₁ + (1 − z) ⊙ n` | Ravanelli et al. 2018 |
//!
//! Three published codes call three functions MGU: [`MguReset`](crate::kernels::cells::MguReset) and [`Update`](crate::kernels::cells::Update) say which one is meant.
//!
//! *Shapes*: `weight_ih [2H, C]`, `weight_hh [2H, H]`: two thirds of a GRU.
//!
//! *When to use which*: MGU where parameters are dear; Li-GRU in speech recognition, for which it was made, behind a normalisation of the input, since a rectified recurrence has no bound.
//! Else a [GRU](super::gru).
//!
//! *Gradients*: `1 − f` or `z` on the diagonal. As the paper writes it `f` acts twice, and its gradient is a sum of two ways. A gate at its beginning is open by half, and half
//! of a gradient is gone in 1.4 steps of `mgu` and 1.7 of `li_gru`; a bias that spreads the units over
//! 2 to 100 steps changes what is left after 50:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/chapters/back.rs"));
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::{init::{ForgetBias, Init}, network::RecurrentSpec};
//!
//! let spread = Init::default().forget_bias(ForgetBias::Chrono(100.0));
//! assert!(back(RecurrentSpec::new("mgu", 8), Init::default(), "h", 50)? < 1e-9);
//! assert!(back(RecurrentSpec::new("mgu", 8), spread, "h", 50)? > 0.3);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`Mgu`](crate::kernels::cells::Mgu), [`LiGru`](crate::kernels::cells::LiGru). *Laws*: all about any cell; `tests/library/families.rs`, `tests/library/chrono.rs`. *Examples*: `cargo run --release --example cells -- --cell mgu --cell li_gru`.
