//! `η(k)`: the learning rate of step `k`, counted from 0.

use super::power::power;
use crate::error::{Error, Result};
use crate::number::in_type;
use rnn_kernels::Scalar;
use serde::{Deserialize, Serialize};

/// `η(k)`, a function of the step alone: what a resumed run needs is `k`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Schedule {
    /// `η`.
    Constant {
        /// `η`.
        rate: f64,
    },
    /// `η · factor^⌊k / every⌋`.
    Step {
        /// `η`.
        rate: f64,
        /// The factor of one stair.
        factor: f64,
        /// How many steps a stair is long.
        every: u64,
    },
    /// `η · factorᵏ`.
    Exponential {
        /// `η`.
        rate: f64,
        /// The factor of one step.
        factor: f64,
    },
    /// `η (k + 1)/w` for `k < w`, then `η_end + (η − η_end) (1 + cos(π (k − w)/(K − w)))/2`, from `K` on `η_end`.
    ///
    /// Source: Loshchilov & Hutter 2017, one period, with linear warm-up.
    Cosine {
        /// `η`, the peak.
        rate: f64,
        /// `η_end`.
        end: f64,
        /// `w`, the steps of the warm-up.
        warm_up: u64,
        /// `K`, when the end is reached.
        steps: u64,
    },
    /// `η / (1 + max(0, k − k₀)/τ)` (Robbins & Monro 1951).
    InverseTime {
        /// `η`.
        rate: f64,
        /// `k₀`, up to where the rate is constant.
        start: u64,
        /// `τ`, after how many further steps the rate is halved.
        halving: f64,
    },
}

#[allow(clippy::cast_precision_loss)] // steps beyond 2⁵³ are not reached
impl Schedule {
    /// `η(step)`; finite and not negative if [`check`](Self::check) holds.
    #[must_use]
    pub fn rate(&self, step: u64) -> f64 {
        match *self {
            Schedule::Constant { rate } => rate,
            Schedule::Step { rate, factor, every } => rate * power(factor, step / every.max(1)),
            Schedule::Exponential { rate, factor } => rate * power(factor, step),
            Schedule::Cosine { rate, warm_up, .. } if step < warm_up => rate * (step + 1) as f64 / warm_up as f64,
            Schedule::Cosine { end, steps, .. } if step >= steps => end,
            Schedule::Cosine { rate, end, warm_up, steps } => {
                let part = (step - warm_up) as f64 / (steps - warm_up) as f64;
                // Not `f64::cos`, whose last bit depends on the platform.
                end + (rate - end) * 0.5 * (1.0 + libm::cos(std::f64::consts::PI * part))
            }
            Schedule::InverseTime { rate, start, halving } => {
                rate / (1.0 + step.saturating_sub(start) as f64 / halving)
            }
        }
    }

    /// Whether a run of `updates` steps comes to the end of a cosine, its warm-up included.
    ///
    /// # Errors
    /// [`Error::Range`] if not; the message has both numbers.
    pub fn check_run(&self, updates: u64) -> Result<()> {
        self.warm_up(0).check_run(updates)
    }

    /// After how many steps it comes to its end; 0 if it has none.
    pub(super) fn length(&self) -> u64 {
        match *self {
            Schedule::Cosine { warm_up, steps, .. } => steps.max(warm_up),
            _ => 0,
        }
    }

    /// Whether every setting lies in its range: rates finite in the number type `T` they are used in and not negative,
    /// factors in `(0, 1]`, lengths above 0.
    ///
    /// # Errors
    /// If one does not; the message names it.
    pub fn check<T: Scalar>(&self) -> Result<()> {
        let fault =
            |name: &str, expected: &str, found: String| Error::range(format!("schedule: {name}"), expected, found);
        let rate = |name: &str, value: f64| {
            in_type::<T>(value, |x| x >= 0.0 && x.is_finite())
                .map_err(|found| fault(name, "a finite number ≥ 0", found))
        };
        let factor = |value: f64| match value > 0.0 && value <= 1.0 {
            true => Ok(()),
            false => Err(fault("factor", "a number in (0, 1]", value.to_string())),
        };
        match *self {
            Schedule::Constant { rate: value } => rate("rate", value),
            Schedule::Step { rate: value, factor: by, every } => {
                rate("rate", value)?;
                factor(by)?;
                if every == 0 { Err(fault("every", "at least 1", every.to_string())) } else { Ok(()) }
            }
            Schedule::Exponential { rate: value, factor: by } => rate("rate", value).and(factor(by)),
            Schedule::Cosine { rate: value, end, warm_up, .. } => {
                rate("rate", value)?;
                rate("end", end)?;
                // `η (k + 1)` comes before the division, whose other order has other bits.
                let product = value * warm_up as f64;
                if product.is_finite() {
                    Ok(())
                } else {
                    Err(fault("rate · warm_up", "a finite number", product.to_string()))
                }
            }
            Schedule::InverseTime { rate: value, halving, .. } => {
                rate("rate", value)?;
                match halving > 0.0 && halving.is_finite() {
                    true => Ok(()),
                    false => Err(fault("halving", "a finite number > 0", halving.to_string())),
                }
            }
        }
    }
}
