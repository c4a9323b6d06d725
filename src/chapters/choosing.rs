//! `ŷ = argmax_y ln p(y) / |y|^α`: which text to write, of all that a model thinks possible.
//!
#![doc = include_str!("pictures/choosing.svg")]
//!
//! A model says how likely each next symbol is; there are `Vᵀ` texts. [`greedy`](crate::decoding::greedy) takes the likeliest symbol every time, and may be led astray by its first choice.
//! [`beam`](crate::decoding::beam) keeps the `width` likeliest beginnings. [`sample`](crate::decoding::sample) draws, for those who want more than one text.
//!
//! *Shapes*: `width` rows of the decoder's state for each source. With a width of 1 it is greedy search; with one that holds all texts it is exact.
//!
//! *When to use which*: a beam of some five for translations, with a length penalty `α` of about 0.6 to 1, since every further symbol costs probability; samples for texts that should not be dull; greedy for a
//! quick look. Texts of a [language model](super::generation) are drawn.
//!
//! *Gradients*: there are none: a choice is no function that could be differentiated. Decoding is for a trained model.
//!
//! A model of two words, where the likelier first word has the worse sentences:
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::decoding::{Beam, Continue, beam, greedy};
//!
//! struct Toy;
//! impl Continue for Toy {
//!     fn rows(&self) -> usize { 1 }
//!     fn symbols(&self) -> usize { 3 }
//!     fn begin(&self) -> u32 { 0 }
//!     fn end(&self) -> u32 { 0 }
//!     fn advance(&mut self, _from: &[usize], symbols: &[u32], log_p: &mut Vec<f64>) -> recurrent::Result<()> {
//!         for symbol in symbols {
//!             let p: [f64; 3] = [[0.0, 0.55, 0.45], [0.4, 0.3, 0.3], [0.9, 0.05, 0.05]][*symbol as usize];
//!             log_p.extend(p.map(f64::ln));
//!         }
//!         Ok(())
//!     }
//! }
//! let wide = |width| beam(&mut Toy, 4, Beam { width, length_penalty: 0.0 });
//! let best = &wide(3)?[0][0];
//! assert_eq!((&greedy(&mut Toy, 4)?[0].symbols[..], &best.symbols[..]), (&[1][..], &[2][..]));
//! assert!((best.log_probability.exp() - 0.45 * 0.9).abs() < 1e-12); // against 0.55 · 0.4
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
//!
//! *Types*: [`Continue`](crate::decoding::Continue), [`Hypothesis`](crate::decoding::Hypothesis), [`Beam`](crate::decoding::Beam), [`EncoderDecoder::decoding`](crate::EncoderDecoder::decoding). *Tests*: `tests/library/decoding.rs`. *Examples*: that of [`decoding`](crate::decoding),
//! `examples/translate`.
