//! `bits of every step, bits of every look`: how a training run went, for a chart.

use super::epochs::Moment;
use serde::{Deserialize, Serialize};

/// The mean loss of a target in bits, step by step in training and epoch by epoch in validation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Of the batch of every step.
    pub training: Vec<f32>,
    /// After so many steps, of the validation data.
    pub validation: Vec<(u64, f64)>,
}

impl Curve {
    /// What has happened in a fit, after so many steps in all.
    #[allow(clippy::cast_possible_truncation)] // rounding is meant
    pub fn take(&mut self, step: u64, moment: Moment<'_>) {
        match moment {
            Moment::Step(step, _) => self.training.push(step.loss.bits() as f32),
            Moment::Epoch(epoch, _) => {
                epoch.validation.into_iter().for_each(|scores| self.validated(step, scores.loss.bits()))
            }
        }
    }

    /// What validation data cost after so many steps, unless that is known already.
    pub fn validated(&mut self, step: u64, bits: f64) {
        if self.validation.last().is_none_or(|&(last, _)| last < step) {
            self.validation.push((step, bits));
        }
    }

    /// Points of the training curve, `most` at most: the middle and the mean of as many steps each.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // of steps, which are fewer than 2⁵³
    pub fn means(&self, most: usize) -> Vec<(f64, f64)> {
        let bin = self.training.len().div_ceil(most.max(1)).max(1);
        let mean = |(at, bits): (usize, &[f32])| {
            let sum: f64 = bits.iter().map(|&bits| f64::from(bits)).sum();
            ((at * bin) as f64 + bits.len() as f64 / 2.0, sum / bits.len() as f64)
        };
        self.training.chunks(bin).enumerate().map(mean).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Curve;
    use crate::loss::Loss;
    use crate::train::{Epoch, Moment, Scores, Step};

    #[test]
    fn a_curve_has_the_bits_of_every_step_and_of_every_validated_epoch() {
        let bits = |bits: f64| Loss::of(2.0 * bits * std::f64::consts::LN_2, 2);
        let step = Step { loss: bits(3.0), updates: 1, rate: 0.1, norm: None, omega: None, left_out: None };
        let scores = Scores { loss: bits(2.0), ..Scores::default() };
        let epoch = Epoch { training: bits(3.0), validation: Some(scores), rate: 0.1, updates: 1 };
        let mut curve = Curve::default();
        curve.take(1, Moment::Step(&step, 1));
        curve.take(1, Moment::Epoch(&epoch, true));
        curve.take(2, Moment::Epoch(&Epoch { validation: None, ..epoch.clone() }, false));
        assert_eq!(curve, Curve { training: vec![3.0], validation: vec![(1, 2.0)] });
    }

    #[test]
    fn means_are_of_as_many_steps_each_and_the_rest() {
        let curve = Curve { training: vec![1.0, 3.0, 5.0, 7.0, 4.0], validation: vec![] };
        assert_eq!(curve.means(3), [(1.0, 2.0), (3.0, 6.0), (4.5, 4.0)]);
        assert_eq!(curve.means(9).len(), 5);
        assert!(Curve::default().means(0).is_empty());
    }

    #[test]
    fn a_step_is_validated_once() {
        let mut curve = Curve::default();
        [(0, 4.0), (0, 5.0), (7, 3.0)].into_iter().for_each(|(step, bits)| curve.validated(step, bits));
        assert_eq!(curve.validation, [(0, 4.0), (7, 3.0)]);
    }
}
