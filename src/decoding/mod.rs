//! `ŷ = argmax_y ln p(y) / |y|^α`: texts from a model that says how probable each next symbol is.
//!
//! | | which text | price |
//! |---|---|---|
//! | [`greedy`] | the likeliest symbol at every step | one continuation a step |
//! | [`sample`] | every symbol as often as its probability says | one |
//! | [`beam`] | the best of those whose beginnings were among the `width` likeliest at every step | `width` |
//!
//! What they need of a model is [`Continue`]; [`EncoderDecoder::decoding`](crate::EncoderDecoder::decoding) gives one. A text ends with the
//! model's end symbol or at a greatest length. Every choice between equals has a rule, so that a result is a function of the model: the
//! smaller symbol first, the shorter text first, then the one that is smaller as a list. With a beam of 1 the last text of [`beam`] is that
//! of [`greedy`]; with a beam that holds all texts it is the best of all.
//!
//! ```
//! use recurrent::decoding::{Beam, Continue, beam, greedy};
//!
//! /// After 1 comes 1 or the end, after 2 the end: 1 is likelier to begin with, but 2 ends well.
//! struct Toy;
//! impl Continue for Toy {
//!     fn rows(&self) -> usize { 1 }
//!     fn symbols(&self) -> usize { 3 }
//!     fn begin(&self) -> u32 { 0 }
//!     fn end(&self) -> u32 { 0 }
//!     fn advance(&mut self, _from: &[usize], symbols: &[u32], log_p: &mut Vec<f64>) -> recurrent::Result<()> {
//!         for symbol in symbols {
//!             let p: [f64; 3] = match symbol { 0 => [0.0, 0.6, 0.4], 1 => [0.4, 0.3, 0.3], _ => [1.0, 0.0, 0.0] };
//!             log_p.extend(p.map(f64::ln));
//!         }
//!         Ok(())
//!     }
//! }
//!
//! # fn main() -> recurrent::Result<()> {
//! assert_eq!(greedy(&mut Toy, 5)?[0].symbols, [1]);
//! assert_eq!(beam(&mut Toy, 5, Beam { width: 2, length_penalty: 0.0 })?[0][0].symbols, [2]);
//! # Ok(())
//! # }
//! ```

mod beam;
mod stepwise;

pub use beam::{Beam, beam};
pub use stepwise::{greedy, sample};

use crate::error::{Error, Result, checked_product};
use crate::memory::reserve;
use rnn_kernels::Scalar;

/// A model that says how probable each next symbol of some texts is.
pub trait Continue {
    /// `N`: how many rows there are to find texts for.
    fn rows(&self) -> usize;
    /// `V`: symbols are below it.
    fn symbols(&self) -> usize;
    /// The symbol that every text is begun with; it is no part of the text.
    fn begin(&self) -> u32;
    /// The symbol that ends a text.
    fn end(&self) -> u32;
    /// `ln p(· | text, symbol)`: writes `[K, V]` to `log_p`, which is given empty. Text `k` of this call is text `from[k]` of the last one and
    /// `symbols[k]`; before the first call there is an empty text for each row. A text may be continued several times, or never again.
    ///
    /// # Errors
    /// Those of the model.
    fn advance(&mut self, from: &[usize], symbols: &[u32], log_p: &mut Vec<f64>) -> Result<()>;
}

/// A text that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// Its symbols, without the end.
    pub symbols: Vec<u32>,
    /// `ln p`, of the end too if it has one.
    pub log_probability: f64,
    /// Whether the model ended it; else it was cut at the greatest length.
    pub ended: bool,
}

impl Hypothesis {
    /// `ln p / |y|^α`, where `|y|` counts the end; `α` is the length penalty. With 0 it is `ln p`, which prefers short texts, with 1 the
    /// mean of a symbol (Boulanger-Lewandowski, Bengio & Vincent 2013; Wu et al. 2016 for exponents between).
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // no text has 2⁵³ symbols
    pub fn score(&self, length_penalty: f64) -> f64 {
        normalised(self.log_probability, self.symbols.len() + usize::from(self.ended), length_penalty)
    }
}

#[allow(clippy::cast_precision_loss)]
fn normalised(log_p: f64, length: usize, length_penalty: f64) -> f64 {
    log_p / libm::pow(length as f64, length_penalty)
}

/// `ln p_v = a_v − max a − ln Σ_w e^{a_w − max a}`, appended to `log_p`; never above 0.
///
/// # Errors
/// [`Error::NotFinite`] if a logit is NaN or +∞, or all are −∞; [`Error::Memory`] if there is no room.
pub fn log_softmax<T: Scalar>(logits: &[T], log_p: &mut Vec<f64>) -> Result<()> {
    reserve("logarithms of probabilities", log_p, logits.len())?;
    let logit = |v: usize| logits[v].to_f64();
    let largest = (0..logits.len()).map(logit).fold(f64::NEG_INFINITY, Scalar::max);
    if !largest.is_finite() {
        let index = (0..logits.len()).position(|v| logit(v).is_nan() || logit(v) == f64::INFINITY).unwrap_or(0);
        return Err(Error::NotFinite { what: "logits".into(), index, found: largest });
    }
    let sum: f64 = (0..logits.len()).map(|v| Scalar::exp(logit(v) - largest)).sum();
    let log_sum = Scalar::ln(sum);
    log_p.extend((0..logits.len()).map(|v| logit(v) - largest - log_sum));
    Ok(())
}

/// One step of a model: `log_p` is overwritten, and what it holds examined.
fn advance(model: &mut impl Continue, from: &[usize], symbols: &[u32], log_p: &mut Vec<f64>) -> Result<()> {
    log_p.clear();
    model.advance(from, symbols, log_p)?;
    let expected = checked_product("logarithms of probabilities [K, V]", &[symbols.len(), model.symbols()])?;
    if log_p.len() != expected {
        return Err(Error::len("logarithms of probabilities [K, V]", expected, log_p.len()));
    }
    match log_p.iter().position(|p| p.is_nan() || *p > 0.0) {
        Some(at) => Err(Error::range(format!("logarithm of a probability [{at}]"), "at most 0", log_p[at])),
        None => Ok(()),
    }
}

/// `Ok` if a model and a greatest length are ones to begin with.
fn check(model: &impl Continue, longest: usize) -> Result<()> {
    if longest == 0 {
        return Err(Error::range("decoding: greatest length", "at least 1", 0));
    }
    match model.end() as usize >= model.symbols() {
        true => Err(Error::range("decoding: end", format!("below {}", model.symbols()), model.end())),
        false => Ok(()),
    }
}
