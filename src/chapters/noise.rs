//! `y = m ⊙ x`, `m ⊙ g`, `U (m ⊙ h₋₁)`, `h = m ⊙ h₋₁ + (1 − m) ⊙ h̃`: random masks that keep a network from learning its data by heart.
//!
#![doc = include_str!("pictures/noise.svg")]
//!
//! | | where | how | source |
//! |---|---|---|---|
//! | dropout between layers | what a layer gives, at every step anew | [`Config::dropout`](crate::Config::dropout), [`RecurrentSpec::dropout`](crate::network::RecurrentSpec::dropout) | Srivastava et al. 2014, Zaremba et al. 2014 |
//! | variational dropout | the same mask in all steps of a sequence | [`DropoutSpec::per_sequence`](crate::network::DropoutSpec::per_sequence) | Gal & Ghahramani 2016 |
//! | recurrent dropout | of what a step adds, or of what the gates see of the state | [`CellSpec::recurrent_dropout`](crate::network::CellSpec::recurrent_dropout) | Semeniuta et al. 2016, Gal & Ghahramani 2016 |
//! | zoneout | units that keep their old state | [`CellSpec::zoneout`](crate::network::CellSpec::zoneout) | Krueger et al. 2017 |
//! | noise on weights | all parameters, for one batch | [`Settings::weight_noise`](crate::train::Settings::weight_noise) | Graves 2013 |
//!
//! *Shapes*: a mask of a layer is `[T, N, W]`; nothing of it is a parameter. Masks follow from the seed of a batch, [`Batch::with_noise`](crate::Batch::with_noise), and from nothing else; where nothing is trained they are off, or their mean.
//!
//! *When to use which*: dropout between layers first; recurrent dropout or zoneout where data are few and that is not enough. Dropping `h` itself anew in every step is not offered: it would erase the memory.
//!
//! *Gradients*: those of the masked function, exact. Zoneout is a way back on which nothing is multiplied: the more units keep their state, the more of a gradient is left, here after 20 steps of an Elman network.
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/chapters/back.rs"));
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::{Activation, init::Init, network::{CellSpec, RecurrentSpec}};
//!
//! let left = |rate| {
//!     let cell = CellSpec::elman(Activation::Tanh).zoneout(rate);
//!     back(RecurrentSpec::new(cell, 8), Init::default(), "h", 20)
//! };
//! assert!(left(0.0)? < 1e-8 && left(0.9)? > 0.15);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`DropoutSpec`](crate::network::DropoutSpec), [`Draw`](crate::network::Draw), [`Mask`](crate::Mask), [`Noise`](crate::kernels::cells::Noise). *Tests*: `tests/library/dropout.rs`, `tests/library/masks.rs`. *Example*: `examples/chords.rs`.
