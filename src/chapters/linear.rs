//! `h = a ⊙ h₋₁ + b`, where `a` and `b` follow from the input alone: recurrences that are linear in their state, state space models among them.
//!
#![doc = include_str!("pictures/linear.svg")]
//!
//! | cell | `a` | `b` | source |
//! |---|---|---|---|
//! | `min_gru` | `1 − z`, `z = σ(W_z x)` | `z ⊙ g(W_n x)` | Feng et al. 2024 |
//! | `min_lstm` | `f / (f + i)` | `i / (f + i) ⊙ g(W_n x)` | Feng et al. 2024 |
//! | `rg_lru` | `e^{−8 r ⊙ ln(1 + e^λ)}` | `√(1 − a²) ⊙ u ⊙ x` | De et al. 2024 (Griffin, Hawk) |
//! | `hgrn` | `γ + (1 − γ) σ(W_f x)`, turned by `e^{iθ}` if asked for | `(1 − a) ⊙ silu(W_c x)` | Qin et al. 2023 |
//! | `lru` | `λ`, complex, the same in all steps | `e^γ ⊙ B x` | Orvieto et al. 2023 |
//! | `mamba` | `exp(Δ A)`, `N` states a unit | `Δ B u`; `h = (C s + D u) ⊙ silu(z)` | Gu & Dao 2023 |
//!
//! *Shapes*: matrices read `x` alone; a state is `[N, H]`, of `lru` a real and an imaginary part, of `mamba` `[N, H·states]`. `rg_lru` and `lru` with `D` read their input unit by unit: `C = H`. Published
//! layers have a convolution, a norm, a gate around the recurrence, which are layers and not part of the cell.
//!
//! *When to use which*: for very long sequences, since no product of matrices stands between two steps. One such layer cannot do what depends on the state, such as counting in turns; stacks with
//! dense layers between them can do much of it. For short sequences with much to remember from step to step take [gates](super::lstm).
//! In `examples/classic_tasks` a `min_gru` adds two of 600 numbers after 500 to 800 updates, and an `lru` says ten symbols again after 100 steps, where an LSTM and a GRU have not begun to. `Backend::linear_forward` runs the bare recurrence,
//! for those who have `a` and `b`.
//!
//! *Gradients*: `∂h/∂h₋₁ = diag(a)` and nothing else: with `|a| ≤ 1` gradients never explode, and vanish exactly as fast as the state forgets. As drawn, half is gone in
//! one step of `min_gru`, `min_lstm`, `hgrn` and `mamba`, in 55 of `rg_lru` and 117 of `lru`; with biases spread over 200 steps in 86 to 88 of the first three. After 50 steps:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/chapters/back.rs"));
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::{init::Init, network::RecurrentSpec};
//!
//! let left = |cell: &str, state| back(RecurrentSpec::new(cell, 8), Init::default(), state, 50);
//! assert!(left("min_gru", "h")? < 1e-16); // gates begin open by half
//! assert!(left("rg_lru", "h")? > 1e-3); // and here they begin as slow as the paper says
//! assert!(left("lru", "h_re")? > 0.3);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`MinGru`](crate::kernels::cells::MinGru), [`MinLstm`](crate::kernels::cells::MinLstm), [`RgLru`](crate::kernels::cells::RgLru), [`Hgrn`](crate::kernels::cells::Hgrn), [`Lru`](crate::kernels::cells::Lru), [`Mamba`](crate::kernels::cells::Mamba). *Laws*: all about any cell, `recurrence::*`;
//! `tests/library/families.rs`. *Examples*: `cargo run --release --example cells -- --cell min_gru --cell min_lstm --cell rg_lru --cell hgrn --cell lru --cell mamba`.
