//! `h = (1 − a) ⊙ h₋₁ + a ⊙ φ(…)`, `h = φ(… + W_skip h_{t−d})`, `h_i` only where `t mod T_i = 0`: shorter ways back in time.
//!
#![doc = include_str!("pictures/longer_paths.svg")]
//!
//! Before gates there were three remedies against vanishing gradients, and they are still the cheapest.
//!
//! | cell | idea | source |
//! |---|---|---|
//! | `leaky` | a unit keeps `1 − a` of its state: a time constant of `1/a` steps, fixed or learned | Jaeger 2001 |
//! | `skip` | a second matrix reads the state `d` steps ago | Lin et al. 1996 |
//! | `clockwork` | modules of units, of which module `i` is computed in every `T_i`-th step and rests between | Koutník et al. 2014 |
//!
#![doc = include_str!("pictures/clockwork.svg")]
//!
//! *Shapes*: those of Elman; `leaky` with a learned rate has `leak [H]`, `skip` a second `[H, H]` and `d` states, `clockwork` a block triangle, `g` modules of `H / g` units, which see themselves
//! and slower ones.
//!
//! *When to use which*: leaky units for signals that change slowly, where the time constant is known; skips where a lag is known (a season, a day); a clockwork where several
//! scales are known. Where they must be found, gates find them. Resting saves no time here: every unit is computed in every step.
//!
//! *Gradients*: `(1 − a) I + a φ′ W_hh` stays near the identity for small `a`; over `τ` steps a skip leaves a way of `τ / d` products; a resting module hands its gradient on as it is, by a factor of 1.
//! As drawn, half is gone in 2.0 steps of `leaky`, 2.4 of `skip` and 3.8 of `clockwork`, and in 0.9 of an Elman network. What is left after 50 steps:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/chapters/back.rs"));
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::{init::Init, network::{CellSpec, RecurrentSpec}};
//!
//! let left = |cell| back(RecurrentSpec::new(cell, 8), Init::default(), "h", 50);
//! let leaky = |a: f64| CellSpec::new("leaky").with("rate", serde_json::json!({ "fixed": a }));
//! assert!(left(leaky(1.0))? < 1e-20); // an Elman network
//! assert!(left(leaky(0.01))? > 0.6);
//! let clockwork = |slow: usize| CellSpec::new("clockwork").with("periods", vec![1, 1, 1, slow]);
//! assert!(left(clockwork(64))? > left(clockwork(1))?);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`Leaky`](crate::kernels::cells::Leaky), [`Leak`](crate::kernels::cells::Leak), [`Rate`](crate::kernels::cells::Rate), [`Skip`](crate::kernels::cells::Skip), [`Clockwork`](crate::kernels::cells::Clockwork). *Laws*: all about any cell; `tests/library/families.rs`.
//! *Examples*: `cargo run --release --example cells -- --cell leaky --cell skip --cell clockwork`.
