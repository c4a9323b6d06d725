//! `m ~ p`: how random masks are drawn.

use crate::rng::Rng;
use rnn_kernels::Scalar;
use serde::{Deserialize, Serialize};

/// `y = m ⊙ x` where a batch has [noise](crate::Batch::with_noise), else `y = x`: each number of `m` is 0 with probability `rate` and
/// `1 / (1 − rate)` otherwise, so that the mean of `y` is `x`.
///
/// As a layer it may stand anywhere but directly on one-hot input: first, it drops parts of the input, last, of what the head reads.
/// Source: Srivastava et al. 2014.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropoutSpec {
    /// The probability, in `[0, 1)`.
    pub rate: f64,
    /// For how long a number of the mask stays what it is.
    #[serde(default, skip_serializing_if = "is_step")]
    pub per: Per,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde asks
fn is_step(per: &Per) -> bool {
    *per == Per::Step
}

impl DropoutSpec {
    /// This probability, each step by itself.
    #[must_use]
    pub fn new(rate: f64) -> Self {
        Self { rate, per: Per::Step }
    }

    /// The same with one mask for all steps of a row.
    #[must_use]
    pub fn per_sequence(self) -> Self {
        Self { per: Per::Sequence, ..self }
    }
}

impl From<f64> for DropoutSpec {
    fn from(rate: f64) -> Self {
        Self::new(rate)
    }
}

/// For how long a random number of a mask stays what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Each step of each row has its own.
    #[default]
    Step,
    /// Each row of a batch has one for all its steps: variational dropout (Gal & Ghahramani 2016).
    Sequence,
}

/// How a mask of a cell is drawn in training, and what it is on average, which evaluation and inference take.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Draw {
    /// 0 with probability `rate`, else `1 / (1 − rate)`; on average 1.
    Dropout(DropoutSpec),
    /// 1 with probability `rate`, which keeps the old number, else 0; on average `rate`.
    Zoneout(DropoutSpec),
}

impl Draw {
    /// What evaluation and inference take.
    #[must_use]
    pub fn mean(self) -> f64 {
        match self {
            Draw::Dropout(_) => 1.0,
            Draw::Zoneout(spec) => spec.rate,
        }
    }

    pub(crate) fn spec(self) -> DropoutSpec {
        match self {
            Draw::Dropout(spec) | Draw::Zoneout(spec) => spec,
        }
    }

    /// `m [T, N, W]`, overwritten; each number takes 32 random bits, so that the probability is `rate` to within 2⁻³³.
    pub(crate) fn fill<T: Scalar>(self, rng: &mut Rng, m: &mut [T], steps: usize) {
        let DropoutSpec { rate, per } = self.spec();
        let [hit, miss] = match self {
            Draw::Dropout(_) => [0.0, 1.0 / (1.0 - rate)],
            Draw::Zoneout(_) => [1.0, 0.0],
        }
        .map(T::from_f64);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a rate lies in 0..1
        let threshold = (rate * 4_294_967_296.0).round() as u64;
        let drawn = match per {
            Per::Step => m.len(),
            Per::Sequence => m.len() / steps.max(1),
        };
        for pair in m[..drawn].chunks_mut(2) {
            let bits = rng.next_u64();
            for (m, bits) in pair.iter_mut().zip([bits >> 32, bits & 0xffff_ffff]) {
                *m = if bits < threshold { hit } else { miss };
            }
        }
        for step in 1..if drawn == m.len() { 1 } else { steps } {
            m.copy_within(..drawn, step * drawn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Draw, DropoutSpec, Per};
    use crate::rng::Rng;

    #[test]
    fn a_mask_has_two_values_with_the_probabilities_of_its_rate() {
        let spec = DropoutSpec { rate: 0.25, per: Per::Step };
        for (draw, hit, mean) in [(Draw::Dropout(spec), 0.0, 1.0), (Draw::Zoneout(spec), 1.0, 0.25)] {
            let mut m = vec![f64::NAN; 100_001];
            draw.fill(&mut Rng::seed(1), &mut m, 1);
            let hits = m.iter().filter(|&&m| m == hit).count();
            // Five standard deviations of a binomial count: 5 √(10⁵ · ¼ · ¾) = 685.
            assert!(hits.abs_diff(25_000) < 685, "{hits}");
            let other = if hit == 0.0 { 4.0 / 3.0 } else { 0.0 };
            assert!(m.iter().all(|&m| m == hit || m == other));
            assert_eq!(draw.mean(), mean);
        }
    }

    #[test]
    fn a_mask_of_a_sequence_is_the_same_at_every_step() {
        let draw = Draw::Dropout(DropoutSpec { rate: 0.5, per: Per::Sequence });
        let mut m = vec![f64::NAN; 4 * 7];
        draw.fill(&mut Rng::seed(2), &mut m, 4);
        assert!((1..4).all(|t| m[t * 7..][..7] == m[..7]));
        assert!(m.contains(&0.0) && m.contains(&2.0));
    }

    #[test]
    fn a_rate_of_zero_drops_nothing() {
        let mut m = vec![f32::NAN; 1000];
        Draw::Dropout(DropoutSpec { rate: 0.0, per: Per::Step }).fill(&mut Rng::seed(3), &mut m, 10);
        assert!(m.iter().all(|&m| m == 1.0));
    }
}
