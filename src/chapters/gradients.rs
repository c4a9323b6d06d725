//! `∂L/∂h_k = (Π_{t=k+1}^{T} diag(σ′_t) W_hh)ᵀ ∂L/∂h_T`: a product of as many matrices as there are steps, which vanishes or explodes.
//!
#![doc = include_str!("pictures/vanishing.svg")]
//!
//! A product of many factors below 1 is almost 0, one of factors above 1 is huge. Then an update learns nothing from what lies far back, or is thrown off by it. What decides are two
//! sizes of `W_hh`, its largest singular value `σ_max` and its spectral radius `ρ`, and `γ = sup |σ′|`, 1 for tanh and ¼ for the sigmoid (Pascanu, Mikolov & Bengio 2013):
//!
//! | | then |
//! |---|---|
//! | `γ σ_max < 1` | gradients vanish at least as fast as `(γ σ_max)^{T−k}`: *sufficient* |
//! | `γ σ_max > 1` | they may explode: *necessary*, not sufficient, since `σ′` may be small where states are large |
//! | no `σ`, `ρ < 1` or `ρ > 1` | they vanish or explode like `ρ^{T−k}` |
//!
//! [`Conditions`](crate::gradient_flow::Conditions) measures the weights and says it in words; [`GradientFlow`](crate::gradient_flow::GradientFlow) is `‖∂L/∂h_t‖` of a pass that was.
//!
//! What the chapters on cells measure is one number: how much of a gradient is left after so many steps.
//!
//! ```
//! # #[cfg(feature = "_backend")]
#![doc = include_str!("back.rs")]
//!
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::init::{BiasScheme, Init, Scheme};
//! use recurrent::{Activation, network::RecurrentSpec};
//!
//! // W_hh = ρ Q with an orthogonal Q, eight units, 50 steps.
//! let left = |activation, radius| {
//!     let recurrent = Scheme::Orthogonal { gain: radius };
//!     back(RecurrentSpec::elman(8, activation), Init { recurrent, bias: BiasScheme::Zero, ..Init::default() }, "h", 50)
//! };
//! for radius in [0.9_f64, 1.0, 1.1] {
//!     // Without a nonlinearity it is a power: 0.005, 1 and 117.
//!     assert!((left(Activation::Identity, radius)? / radius.powi(50) - 1.0).abs() < 1e-12);
//! }
//! assert!(left(Activation::Tanh, 1.0)? < 1e-6); // what tanh takes from it
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *What helps*, in the order in which to try it:
//!
//! | against | | where |
//! |---|---|---|
//! | exploding | clip the norm of the gradient | [`clip_norm`](crate::optim::clip_norm) |
//! | exploding | clip what goes from step to step | [`Workspace::clip_between_steps`](crate::Workspace::clip_between_steps) |
//! | vanishing | gates, whose factor is what they learn | [LSTM](super::lstm), [GRU](super::gru), [variants](super::lstm_variants) |
//! | vanishing | recurrences without a matrix product | [linear recurrences](super::linear) |
//! | vanishing | shorter ways back | [leaky units, skips, clocks](super::longer_paths) |
//! | both | begin near the identity or an orthogonal matrix | [`Scheme`](crate::init::Scheme), [`Init::irnn`](crate::init::Init::irnn) |
//! | vanishing | a regulariser that keeps `‖∂L/∂h‖` | [`Workspace::regularise_omega`](crate::Workspace::regularise_omega) |
//!
//! In `examples/classic_tasks` an Elman network with plain SGD and a clipped norm learns which two signs came in what order over 20 steps and not over 30, with `Ω` over 50.
//!
//! *Laws*: `linear::a_linear_network_is_powers_of_its_matrix`, `clip::each_clipped_adjoint_step_is_one_oracle_step`; `tests/library/gradient_flow.rs`, `tests/library/omega.rs`.
//! *Example*: `cargo run --release --example gradient_flow`: every cell of the library over 200 steps, on one page. The half-lives that chapters name are its medians, of
//! 64 units and five seeds.
