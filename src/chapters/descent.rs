//! `θ ← θ − η ∂L/∂θ`: gradient descent; *stochastic*, because `L` is that of a few sequences and not of all.
//!
#![doc = include_str!("pictures/descent.svg")]
//!
//! A step goes against the gradient, `η` far. The loss of a batch is a random sample of the loss of all data, so the step is right on average and cheap. Everything between gradient
//! and step is one of three things:
//!
//! - *How long*: the rate `η`, a [`Schedule`](crate::optim::Schedule) of the number of updates, [warm-up](crate::optim::WarmUp), a [plateau](crate::train::Fit::plateau) that halves it when
//!   the score stays where it is.
//! - *Which way*: [`Sgd`](crate::optim::Sgd) with momentum of two kinds, [`RmsProp`](crate::optim::RmsProp), [`Adam`](crate::optim::Adam) (and AdamW), [`Adagrad`](crate::optim::Adagrad), [`Adadelta`](crate::optim::Adadelta): they remember earlier gradients.
//! - *How far at most*: [`clip_norm`](crate::optim::clip_norm) `g ← g · min(1, c/‖g‖)`, or [`clip_value`](crate::optim::clip_value). Recurrent networks need it: [exploding gradients](super::gradients) are rare and large, and one of them is enough to
//!   lose a training run. A limit between half and ten times the usual norm is a good one (Pascanu, Mikolov & Bengio 2013).
//!
//! *When to use which*: Adam at `10⁻³` with a clipped norm of 1 is where to begin; SGD with momentum and a schedule is what is left to try at the end.
//!
//! One step of SGD by hand, then what clipping makes of a gradient:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::optim::{Optimiser, Rule, Sgd, clip_norm};
//!
//! let mut optimiser = Optimiser::new(Rule::Sgd(Sgd::default()), 2)?;
//! let (mut theta, mut gradient) = ([1.0, 1.0], [3.0, 4.0]);
//! optimiser.step(&mut theta, &gradient, 0.1)?;
//! assert!((theta[0] - 0.7_f64).abs() < 1e-15 && (theta[1] - 0.6).abs() < 1e-15);
//! assert_eq!(clip_norm(&mut gradient, 1.0)?, 5.0); // the norm before
//! assert!((gradient[0] - 0.6).abs() < 1e-15 && (gradient[1] - 0.8).abs() < 1e-15);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Against too much of it*: weight decay in the rules, [noise](super::noise), [early stopping](crate::train::Fit::patience) with the best weights kept.
//!
//! *Types*: [`Optimiser`](crate::optim::Optimiser), [`Settings`](crate::train::Settings), [`Trainer`](crate::train::Trainer). *Laws*: `golden::fifty_steps_of_sgd_follow_pytorch`; `tests/library/optim_pytorch.rs` (2000 steps
//! of every rule), `tests/library/optim.rs`. *Examples*: `examples/quickstart.rs`, `examples/chords.rs`.
