//! `c_t = Σ_l α_l e_l`, `α = softmax(score(h, e_l))`: a decoder that looks at every step of the source, and chooses where.
//!
#![doc = include_str!("pictures/attending.svg")]
//!
//! In the place of one last state the decoder sees all outputs `e_l` of the encoder, as a mean weighted by how well each fits what it is about to say.
//!
//! | score | | source |
//! |---|---|---|
//! | [`Score::Dot`](crate::seq2seq::Score::Dot), `ScaledDot` | `h · e`, `h · e / √width` | Luong, Pham & Manning 2015; Vaswani et al. 2017 |
//! | [`Score::Additive`](crate::seq2seq::Score::Additive) | `v · tanh(W_q h + W_k e)` | Bahdanau, Cho & Bengio 2015 |
//!
//! Who asks is the state [before](crate::seq2seq::AttentionSpec::before) the step, and the answer is input of it, or the one [after](crate::seq2seq::AttentionSpec::after), and all steps attend at once.
//!
//! *Shapes*: keys and values `[L, E]` of a row, queries `[M, A]`, weights `[M, L]` of sum 1; a row's own length is where its views end, so that no mask is added.
//!
//! *When to use it*: with sources of more than some ten steps. `O(T_x · T_y)` products are its price.
//!
//! *Gradients*: the way from an output to any step of the source has one product in place of `T_x`, so that nothing vanishes in between. `∂L/∂α` is shared out by softmax: what has the weight 0 learns nothing. With equal scores
//! each value gets the same part of the gradient:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::attention::{Attend, AttendBackward, Scoring, backward, forward};
//! use recurrent::kernels::{MatMut, MatRef};
//!
//! let backend = recurrent::DefaultBackend::default();
//! let (keys, values, query) = ([0.0_f64; 4], [1.0, 2.0, 3.0, 6.0], [1.0]);
//! let (mut weights, mut context) = ([0.0; 4], [0.0]);
//! forward(&backend, Attend {
//!     scoring: Scoring::Product { scale: 1.0 },
//!     query: MatRef::new(&query, 1, 1),
//!     keys: MatRef::new(&keys, 4, 1),
//!     values: MatRef::new(&values, 4, 1),
//!     weights: MatMut::new(&mut weights, 1, 4),
//!     context: MatMut::new(&mut context, 1, 1),
//! })?;
//! assert_eq!((weights, context), ([0.25; 4], [3.0]));
//! let (mut d_scores, mut d_query, mut d_keys, mut d_values) = ([0.0; 4], [0.0], [0.0; 4], [0.0; 4]);
//! backward(&backend, AttendBackward {
//!     scoring: Scoring::Product { scale: 1.0 },
//!     query: MatRef::new(&query, 1, 1),
//!     keys: MatRef::new(&keys, 4, 1),
//!     values: MatRef::new(&values, 4, 1),
//!     weights: MatRef::new(&weights, 1, 4),
//!     d_context: MatRef::new(&[1.0], 1, 1),
//!     d_scores: MatMut::new(&mut d_scores, 1, 4),
//!     d_query: MatMut::new(&mut d_query, 1, 1),
//!     d_keys: MatMut::new(&mut d_keys, 4, 1),
//!     d_values: MatMut::new(&mut d_values, 4, 1),
//!     d_v: &mut [],
//! })?;
//! assert_eq!(d_values, [0.25; 4]); // a way of one product to each of them
//! assert_eq!(d_scores, [-0.5, -0.25, 0.0, 0.75]); // α (v − c): what is above the mean gets more
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`attention`](crate::attention), [`AttentionSpec`](crate::seq2seq::AttentionSpec). *Tests*: `tests/library/attention.rs`, `tests/library/encoder_decoder.rs`. *Examples*: that of [`seq2seq`](crate::seq2seq);
//! `examples/translate`, numbers in words and in digits, 99.5 % or more of them right that were not learnt from.
