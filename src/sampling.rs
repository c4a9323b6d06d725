//! `p_v = exp(l_v / τ) / Σ_w exp(l_w / τ)` over the `k` largest logits: the next symbol of a generated text.

use crate::error::{Error, Result};
use crate::memory::reserve;
use crate::rng::Rng;
use rnn_kernels::{IGNORE, Scalar};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// `τ` and `k`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// `τ ≥ 0`: below 1 bolder towards the likely symbols, at 0 always the likeliest, above 1 flatter.
    pub temperature: f64,
    /// `k`: how many of the likeliest symbols may be drawn; `None` is all.
    pub top_k: Option<usize>,
}

impl Default for Sampling {
    /// The distribution as it is: `τ = 1`, every symbol.
    fn default() -> Self {
        Self { temperature: 1.0, top_k: None }
    }
}

/// Draws symbols from logits; keeps its scratch, so that a draw allocates nothing after the first.
#[derive(Clone, Debug, Default)]
pub struct Sampler {
    sampling: Sampling,
    order: Vec<u32>,
    weights: Vec<f64>,
}

impl Sampler {
    /// A sampler with these settings.
    ///
    /// # Errors
    /// If the temperature is negative or not finite, or `k` is 0.
    pub fn new(sampling: Sampling) -> Result<Self> {
        if !(sampling.temperature >= 0.0 && sampling.temperature.is_finite()) {
            return Err(Error::range("sampling: temperature", "a finite number ≥ 0", sampling.temperature));
        }
        if sampling.top_k == Some(0) {
            return Err(Error::range("sampling: top_k", "at least 1", 0));
        }
        Ok(Self { sampling, ..Self::default() })
    }

    /// A symbol below `V` with probability `p_v`, as [`Network::step_symbols`](crate::Network::step_symbols) and
    /// [`Batch::symbols`](crate::Batch::symbols) take it; `logits` is `[V]`.
    ///
    /// ```
    /// # #[cfg(feature = "_backend")]
    /// # fn main() -> recurrent::Result<()> {
    /// use recurrent::network::{Config, Network, RecurrentSpec};
    /// use recurrent::{Workspace, rng::Rng, sampling::Sampler};
    ///
    /// let network = Network::<f32>::new(&Config::one_hot(5).recurrent(RecurrentSpec::gru(8)).softmax(5), 1)?;
    /// let (mut workspace, mut state, mut rng) = (Workspace::new(), network.state(1)?, Rng::seed(1));
    /// let (mut sampler, mut text) = (Sampler::default(), vec![0]);
    /// while text.len() < 20 {
    ///     let logits = network.step_symbols(&mut workspace, &text[text.len() - 1..], &mut state)?;
    ///     text.push(sampler.draw(logits.row(0), &mut rng)?);
    /// }
    /// assert!(text.iter().all(|&symbol| symbol < 5));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "_backend"))]
    /// # fn main() {}
    /// ```
    ///
    /// Among equal logits the smaller symbol comes first, for the likeliest and for the `k` likeliest alike. At
    /// `τ = 0` the generator is not used. A logit of −∞ is a symbol of probability 0.
    ///
    /// # Errors
    /// If there are no logits or more than symbols, `2³² − 1`, one is NaN or +∞, or all are −∞, or memory for the scratch cannot be had.
    /// The generator stays as it was then.
    pub fn draw<T: Scalar>(&mut self, logits: &[T], rng: &mut Rng) -> Result<u32> {
        let (symbols, largest) = (symbols(logits.len())?, check(logits)?);
        let Sampling { temperature, top_k } = self.sampling;
        if temperature == 0.0 {
            return Ok(largest);
        }
        self.order.clear();
        self.weights.clear();
        reserve("sampling: symbols", &mut self.order, logits.len())?;
        reserve("sampling: weights", &mut self.weights, logits.len())?;
        self.order.extend(0..symbols);
        if let Some(k) = top_k.filter(|&k| k < logits.len()) {
            let likelier_first = |&a: &u32, &b: &u32| {
                let [of_a, of_b] = [a, b].map(|v| logits[v as usize]);
                of_b.partial_cmp(&of_a).unwrap_or(Ordering::Equal).then(a.cmp(&b)) // NaN was refused
            };
            self.order.select_nth_unstable_by(k, likelier_first);
            self.order.truncate(k);
            self.order.sort_unstable();
        }
        let top = logits[largest as usize].to_f64();
        // The largest weight is 1, so that the sum is at least 1 and no exponential overflows.
        let weight = |&v: &u32| Scalar::exp((logits[v as usize].to_f64() - top) / temperature);
        self.weights.extend(self.order.iter().map(weight));
        let mut left = rng.uniform() * self.weights.iter().sum::<f64>();
        for (&v, &weight) in self.order.iter().zip(&self.weights) {
            if left < weight {
                return Ok(v);
            }
            left -= weight;
        }
        Ok(largest) // rounding let the last weight slip by
    }
}

/// How many symbols there are, each below [`IGNORE`].
fn symbols(logits: usize) -> Result<u32> {
    u32::try_from(logits).map_err(|_| Error::range("sampling: number of logits", format!("at most {IGNORE}"), logits))
}

/// The smallest symbol among those of the largest logit.
fn check<T: Scalar>(logits: &[T]) -> Result<u32> {
    if let Some(v) = logits.iter().position(|l| l.is_nan() || l.to_f64() == f64::INFINITY) {
        let found = logits[v].to_f64();
        return Err(Error::NotFinite { what: "sampling: logits".into(), index: v, found });
    }
    let largest = (1..logits.len()).fold(0, |best, v| if logits[v] > logits[best] { v } else { best });
    match logits.get(largest) {
        Some(l) if l.is_finite() => symbols(largest),
        Some(_) => Err(Error::range("sampling: logits", "one that is finite", "−∞ for every symbol")),
        None => Err(Error::len("sampling: logits", 1, 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Sampler, Sampling, symbols};
    use crate::rng::Rng;

    fn counts(sampling: Sampling, logits: &[f64], draws: usize) -> Vec<usize> {
        let (mut sampler, mut rng) = (Sampler::new(sampling).unwrap(), Rng::seed(5));
        let mut counts = vec![0; logits.len()];
        (0..draws).for_each(|_| counts[sampler.draw(logits, &mut rng).unwrap() as usize] += 1);
        counts
    }

    #[test]
    fn symbols_come_as_often_as_their_probability_says() {
        // p = ⅛ ½ ¼ ⅛; at τ = ½ the squares, 1 16 4 1 of 22.
        let logits = [1.0_f64, 4.0, 2.0, 1.0].map(f64::ln);
        let five_sigma = |p: f64| 5.0 * (80_000.0 * p * (1.0 - p)).sqrt();
        for (temperature, p) in
            [(1.0, [0.125, 0.5, 0.25, 0.125]), (0.5, [1.0 / 22.0, 16.0 / 22.0, 4.0 / 22.0, 1.0 / 22.0])]
        {
            let found = counts(Sampling { temperature, top_k: None }, &logits, 80_000);
            for (&count, p) in found.iter().zip(p) {
                #[allow(clippy::cast_precision_loss)]
                let off = (count as f64 - 80_000.0 * p).abs();
                assert!(off < five_sigma(p), "τ = {temperature}: {found:?}");
            }
        }
    }

    #[test]
    fn top_k_keeps_the_likeliest_and_breaks_ties_by_symbol() {
        let logits = [1.0, 3.0, 1.0, 2.0, 1.0];
        let found = counts(Sampling { temperature: 5.0, top_k: Some(3) }, &logits, 1000);
        assert!(found[0] > 0 && found[1] > 0 && found[3] > 0, "{found:?}");
        assert_eq!([found[2], found[4]], [0, 0]);
        assert_eq!(counts(Sampling { temperature: 1.0, top_k: Some(1) }, &logits, 50), [0, 50, 0, 0, 0]);
        assert_eq!(counts(Sampling { temperature: 1.0, top_k: Some(9) }, &logits, 50).len(), 5);
    }

    #[test]
    fn temperature_zero_is_the_first_of_the_likeliest_and_uses_no_randomness() {
        let (mut sampler, mut rng) = (Sampler::new(Sampling { temperature: 0.0, top_k: None }).unwrap(), Rng::seed(6));
        assert_eq!(sampler.draw(&[0.0_f32, 2.0, 2.0], &mut rng).unwrap(), 1);
        assert_eq!(rng, Rng::seed(6));
    }

    #[test]
    fn a_vanishing_temperature_tends_to_the_likeliest() {
        for temperature in [1e-3, f64::MIN_POSITIVE, 5e-324] {
            assert_eq!(counts(Sampling { temperature, top_k: None }, &[1.0, 1.5, -1e300], 20), [0, 20, 0]);
        }
    }

    #[test]
    fn minus_infinity_is_never_drawn_and_other_non_numbers_are_errors() {
        let draw = |logits: &[f32]| Sampler::default().draw(logits, &mut Rng::seed(7)).map_err(|e| e.to_string());
        assert_eq!(draw(&[f32::NEG_INFINITY, 0.0, f32::NEG_INFINITY]), Ok(1));
        let not_finite = |found| format!("sampling: logits: expected finite numbers, found {found} at flat index 1");
        assert_eq!(draw(&[0.0, f32::NAN]), Err(not_finite("NaN")));
        assert_eq!(draw(&[0.0, f32::INFINITY]), Err(not_finite("inf")));
        assert!(draw(&[f32::NEG_INFINITY; 2]).is_err());
        assert!(draw(&[]).is_err());
    }

    #[test]
    fn more_logits_than_there_are_symbols_are_an_error() {
        assert_eq!(symbols(u32::MAX as usize).unwrap(), u32::MAX);
        let error = symbols(usize::MAX).unwrap_err().to_string();
        assert!(error.starts_with("sampling: number of logits: expected at most 4294967295, found"), "{error}");
    }

    #[test]
    fn settings_out_of_range_are_errors() {
        for temperature in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(Sampler::new(Sampling { temperature, top_k: None }).is_err());
        }
        assert!(Sampler::new(Sampling { temperature: 1.0, top_k: Some(0) }).is_err());
    }
}
