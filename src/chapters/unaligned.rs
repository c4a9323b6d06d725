//! `L = −ln Σ_π Π_t p_t(π_t)` over all ways `π` that spell the labels: connectionist temporal classification (CTC, Graves et al. 2006).
//!
#![doc = include_str!("pictures/unaligned.svg")]
//!
//! A recording has a hundred steps and a word five letters, and nobody says which letter is when. The network gives at every step the probability of each label and of a *blank*. A way through time spells a word
//! if that word is left when repetitions and then blanks are taken out. The loss is the probability of all ways that spell it, summed by a recursion over a lattice, of which the picture is the one of `a b` in
//! five steps.
//!
//! *Shapes*: logits `[T, N, K]`, of which class 0 is the blank; labels of each row, of any number up to what its steps can spell ([`Targets::Labels`](crate::Targets::Labels)). [`best_path`](crate::loss::ctc::best_path) reads
//! the likeliest way.
//!
//! *When to use it*: for speech, handwriting, and all where labels come in the order of the input and are fewer than its steps. Where they may come in another order, no way through time spells them: take [an encoder and a decoder](super::encoder_decoder).
//!
//! *Gradients*: `∂L/∂a_t = p_t − (share of all ways that are at that label at t)`: at every step a sum of 0 over the classes.
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::network::{Config, Network, RecurrentSpec};
//! use recurrent::{Batch, Targets, Workspace};
//!
//! let config = Config::features(1).recurrent(RecurrentSpec::lstm(3).bidirectional()).ctc(3);
//! let mut network = Network::<f64>::new(&config, 1)?;
//! network.update(|parameters| parameters.fill_zero());
//! let (mut workspace, mut gradients) = (Workspace::new(), network.gradients()?);
//! let batch = Batch::features(&[0.5; 5], [5, 1, 1])?;
//! let targets = Targets::Labels { labels: &[1, 2], counts: &[2] };
//! let loss = network.loss_and_gradients(&mut workspace, &batch, targets, &mut network.state(1)?, &mut gradients)?;
//! // Every way of five steps has the probability 3⁻⁵, and 35 of them spell the two labels.
//! assert!((loss.mean() - (243.0_f64 / 35.0).ln()).abs() < 1e-14);
//! assert!(gradients.get("head.bias").unwrap().iter().sum::<f64>().abs() < 1e-14);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`Config::ctc`](crate::Config::ctc), [`loss::ctc`](crate::loss::ctc), [`edit_distance`](crate::loss::edit_distance), [`Scores::label_error_rate`](crate::train::Scores::label_error_rate). *Law*: `ctc::unaligned_labels_cost_the_sum_over_all_paths`; `tests/library/losses.rs`.
//! *Example*: the code above; no program of its own.
