//! `h_t = σ(W_hx x_t + W_hh h_{t−1} + b_h)`, in short `h_t = f(h_{t−1}, x_t; θ)`: what was computed a step before is an input of this one.
//!
#![doc = include_str!("pictures/recurrence.svg")]
//!
//! The hidden layer of a feed-forward network gets a second input, its own output of the step before. That is all, and it is a memory: `h_t` depends
//! on `x_t`, on `x_{t−1}`, and so on down to `x_1`. `σ` is tanh or the logistic function, or another one; without it all of time would
//! be one linear map.
//!
//! | `σ` | formula | derivative by its value `y` | |
//! |---|---|---|---|
//! | tanh | `(eᵃ − e⁻ᵃ) / (eᵃ + e⁻ᵃ)` | `1 − y²`, at most 1 | the usual one for states |
//! | sigmoid | `1 / (1 + e⁻ᵃ)` | `y (1 − y)`, at most ¼ | the usual one for gates |
//! | relu | `max(0, a)` | 1 or 0 | unbounded: see [simple cells](super::simple) |
//!
//! *Shapes*: `x [T, N, C]`, `h [T, N, H]`; parameters `weight_ih [H, C]` (`W_hx`), `weight_hh [H, H]` (`W_hh`), `bias_ih [H]` and, as in PyTorch, a second one,
//! `bias_hh [H]`. `C` and `H` are free; `T` is no size of the network at all.
//!
//! *When to use it*: the simple cell is the smallest recurrent network and the fastest. It is right for short memories, up to ten or twenty steps.
//! For longer ones take a [gated](super::lstm) or a [linear](super::linear) recurrence: [the chapter on gradients](super::gradients) says why.
//!
//! The equation, by hand and by the library:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::{Batch, Elman, Workspace};
//!
//! let elman = Elman::<f64>::new(1, 1, 1)?;
//! let of = |name: &str| elman.parameters().get(name).unwrap()[0];
//! let (w_x, w_h) = (of("weight_ih_l0"), of("weight_hh_l0"));
//! let b = of("bias_ih_l0") + of("bias_hh_l0");
//! let x = [0.5, -1.0, 2.0];
//! let (mut workspace, mut state) = (Workspace::new(), elman.state(1)?);
//! let h = elman.infer(&mut workspace, &Batch::features(&x, [3, 1, 1])?, &mut state)?;
//! let mut by_hand: f64 = 0.0;
//! for t in 0..3 {
//!     by_hand = (w_x * x[t] + w_h * by_hand + b).tanh();
//!     assert!((h.at(t).row(0)[0] - by_hand).abs() < 1e-15);
//! }
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Gradients*: `∂h_t/∂h_{t−1} = diag(σ′) W_hh`, one such product for every step back.
//!
//! *Types*: [`Elman`](crate::Elman), [`RecurrentSpec::elman`](crate::network::RecurrentSpec::elman), [`Activation`](crate::Activation); any `f` of your own is
//! [`Equations`](crate::kernels::Equations). *Laws*: `oracle::each_step_is_one_oracle_step`, `numeric::activations_keep_their_ulp`. *Example*:
//! `cargo run --release --example cells -- --cell elman`.
