//! A rule with its state: what a training run owns and a checkpoint keeps.

use super::adadelta::AdadeltaStep;
use super::adagrad::AdagradStep;
use super::adam::AdamStep;
use super::rms_prop::{CentredStep, RmsPropStep};
use super::sgd::SgdStep;
use super::update::{Moment, Update, in_ranges};
use super::{Adadelta, Adagrad, Adam, RmsProp, Sgd};
use crate::error::{Error, Result, check_len};
use crate::finite::{NonFinite, check_finite};
use crate::memory::zeros;
use crate::number::in_type;
use rnn_kernels::Scalar;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// How parameters follow gradients.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// Gradient descent, with momentum or without.
    Sgd(Sgd),
    /// Steps over a running root mean square.
    RmsProp(RmsProp),
    /// Steps over bias-corrected moments.
    Adam(Adam),
    /// Steps over the root of the sum of all squares.
    Adagrad(Adagrad),
    /// Steps as long as earlier ones were, over a running root mean square.
    Adadelta(Adadelta),
}

/// `θ ← θ − η · direction(g, moments)`: a rule, its moments and how many steps it has made.
///
/// ```
/// use recurrent::optim::{Optimiser, Rule, Sgd};
///
/// let mut optimiser = Optimiser::new(Rule::Sgd(Sgd { momentum: 0.5, ..Sgd::default() }), 1)?;
/// let mut params = [1.0];
/// optimiser.step(&mut params, &[2.0], 0.25)?; // v = 2,         θ = 1 − 0.25 · 2
/// optimiser.step(&mut params, &[2.0], 0.25)?; // v = 0.5·2 + 2, θ = 0.5 − 0.25 · 3
/// assert_eq!(params, [-0.25]);
/// # Ok::<(), recurrent::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Optimiser<T> {
    rule: Rule,
    steps: u64,
    params: usize,
    /// One to three buffers like the parameters, in the order the rule's documentation names them.
    moments: Vec<Vec<T>>,
}

/// The largest count of steps. No run comes near it, a step a microsecond takes 285 years; so one from a file that lies
/// beyond is damaged, and counting on from one within does not overflow.
const MOST_STEPS: u64 = 1 << 53;

impl<T: Scalar> Optimiser<T> {
    /// A rule for `params` parameters, before its first step.
    ///
    /// # Errors
    /// If a setting of the rule lies outside its range in `T`, or memory for the moments cannot be had.
    pub fn new(rule: Rule, params: usize) -> Result<Self> {
        rule.check::<T>()?;
        let moment = |kind: &Moment| zeros(&format!("optimiser: moment {}", kind.name()), params);
        let mut moments: Vec<Vec<T>> = rule.moments().iter().map(moment).collect::<Result<_>>()?;
        if let Rule::Adagrad(Adagrad { initial, .. }) = rule {
            moments[0].fill(T::from_f64(initial));
        }
        Ok(Self { rule, steps: 0, params, moments })
    }

    /// One that was read from a file; [`check`](Self::check) examines it.
    pub(crate) fn from_parts(rule: Rule, steps: u64, params: usize, moments: Vec<Vec<T>>) -> Self {
        Self { rule, steps, params, moments }
    }

    /// One step: overwrites `params`, reads `gradients`; `rate` is `η`. Allocates nothing.
    ///
    /// It is [examined](super#what-is-checked) as a whole before anything is written.
    ///
    /// The rate is rounded to `T`; what a rule makes of it and of the count of steps, such as `η/(1 − β₁ᵏ)`, is computed of that in f64. A rate
    /// that is 0 in `T` is taken as it is: moments move and parameters stay, as where a schedule ends at 0.
    ///
    /// # Errors
    /// If `params` or `gradients` have another length than the optimiser was made for, the rate is not a number ≥ 0 that
    /// is finite in `T`, 2⁵³ steps have been made, or a number that is given or follows is not finite, a square beyond `T` included.
    /// Parameters, moments and the count of steps stay as they were then.
    pub fn step(&mut self, params: &mut [T], gradients: &[T], rate: f64) -> Result<()> {
        self.step_with(params, gradients, rate, NonFinite::Refuse)
    }

    /// [`step`](Self::step), with a say in what becomes of numbers that are not finite.
    ///
    /// [`NonFinite::Allow`] examines none of them: one NaN or infinity in the gradients or the rate reaches parameters and
    /// moments and may stay in them for ever.
    ///
    /// # Errors
    /// As `step`, but for numbers that are not finite where they are allowed.
    pub fn step_with(&mut self, params: &mut [T], gradients: &[T], rate: f64, non_finite: NonFinite) -> Result<()> {
        self.step_in(params, gradients, &[(0..self.params, rate)], non_finite)
    }

    /// One step of the parameters in some ranges, each at its own rate; the others and their moments stay what they are. All of it is one
    /// step of the count. Allocates nothing.
    ///
    /// # Errors
    /// As [`step_with`](Self::step_with), and [`Error::Range`] if a range is not one of the parameters. Nothing is changed then, in any
    /// range.
    pub fn step_in(
        &mut self,
        params: &mut [T],
        gradients: &[T],
        rates: &[(Range<usize>, f64)],
        non_finite: NonFinite,
    ) -> Result<()> {
        check_len("optimiser: parameters", self.params, params.len())?;
        check_len("optimiser: gradients", self.params, gradients.len())?;
        self.check_state(self.params)?;
        let refuse = non_finite == NonFinite::Refuse;
        for (range, rate) in rates {
            if range.start > range.end || range.end > self.params {
                let expected = format!("a range within 0..{}", self.params);
                return Err(Error::range("optimiser: parameters", expected, format!("{range:?}")));
            }
            let rate = match refuse {
                true => in_type::<T>(*rate, |rate| rate >= 0.0 && rate.is_finite()),
                false => in_type::<T>(*rate, |rate| rate >= 0.0 || rate.is_nan()),
            };
            rate.map_err(|found| Error::range("optimiser: rate", "a finite number ≥ 0", found))?;
        }
        if self.steps == MOST_STEPS {
            return Err(Error::range("optimiser: steps", "fewer than 2⁵³ before a step", self.steps));
        }
        let count = self.steps + 1;
        match (&self.rule, self.moments.as_mut_slice()) {
            (Rule::Sgd(rule), [v]) => in_ranges(|rate| rule.at(rate), [v], params, gradients, rates, refuse)?,
            (Rule::RmsProp(rule), [s, v]) if !rule.centred => {
                in_ranges(|rate| rule.at(rate), [s, v], params, gradients, rates, refuse)?;
            }
            (Rule::RmsProp(rule), [s, v, m]) if rule.centred => {
                in_ranges(|rate| CentredStep(rule.at(rate)), [s, v, m], params, gradients, rates, refuse)?;
            }
            (Rule::Adam(rule), [m, s]) => {
                in_ranges(|rate| rule.at(count, rate), [m, s], params, gradients, rates, refuse)?;
            }
            (Rule::Adagrad(rule), [s]) => {
                in_ranges(|rate| rule.at(count, rate), [s], params, gradients, rates, refuse)?;
            }
            (Rule::Adadelta(rule), [s, u]) => {
                in_ranges(|rate| rule.at(rate), [s, u], params, gradients, rates, refuse)?;
            }
            (rule, moments) => return Err(Error::len("optimiser: moments", rule.moments().len(), moments.len())),
        }
        self.steps = count;
        Ok(())
    }

    /// The rule.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// How many steps it has made.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The moments by name, each as long as the parameters.
    pub fn moments(&self) -> impl Iterator<Item = (&'static str, &[T])> {
        self.rule.moments().iter().map(|kind| kind.name()).zip(self.moments.iter().map(Vec::as_slice))
    }

    /// Whether this, read from a file, is an optimiser for `params` parameters: settings in range in `T`, at most 2⁵³
    /// steps, moments of the right number and length, all finite and squares not negative.
    ///
    /// # Errors
    /// If not; the message says where.
    pub fn check(&self, params: usize) -> Result<()> {
        self.check_state(params)?;
        for (kind, moment) in self.rule.moments().iter().zip(&self.moments) {
            check_finite(&format!("optimiser: moment {}", kind.name()), moment)?;
            if let Moment::Square(name) = kind
                && let Some(index) = moment.iter().position(|&m| m < T::ZERO)
            {
                let what = format!("optimiser: moment {name}[{index}]");
                return Err(Error::range(what, "at least 0", moment[index].to_f64()));
            }
        }
        Ok(())
    }

    /// What `check` says but for the numbers of the moments: a few comparisons, whatever the size.
    fn check_state(&self, params: usize) -> Result<()> {
        self.rule.check::<T>()?;
        if self.steps > MOST_STEPS {
            return Err(Error::range("optimiser: steps", "at most 2⁵³", self.steps));
        }
        check_len("optimiser: parameters", params, self.params)?;
        check_len("optimiser: moments", self.rule.moments().len(), self.moments.len())?;
        let mut moments = self.moments();
        moments.try_for_each(|(name, moment)| match moment.len() == params {
            true => Ok(()),
            false => Err(Error::len(format!("optimiser: moment {name}"), params, moment.len())),
        })
    }
}

impl Rule {
    /// The names of its moments, in the order of an optimiser's.
    pub(crate) fn moment_names(&self) -> impl Iterator<Item = &'static str> {
        self.moments().iter().map(|kind| kind.name())
    }

    fn moments(&self) -> &'static [Moment] {
        match self {
            Rule::Sgd(_) => &<SgdStep<f64> as Update<f64, 1>>::MOMENTS,
            Rule::RmsProp(RmsProp { centred: false, .. }) => &<RmsPropStep<f64> as Update<f64, 2>>::MOMENTS,
            Rule::RmsProp(RmsProp { centred: true, .. }) => &<CentredStep<f64> as Update<f64, 3>>::MOMENTS,
            Rule::Adam(_) => &<AdamStep<f64> as Update<f64, 2>>::MOMENTS,
            Rule::Adagrad(_) => &<AdagradStep<f64> as Update<f64, 1>>::MOMENTS,
            Rule::Adadelta(_) => &<AdadeltaStep<f64> as Update<f64, 2>>::MOMENTS,
        }
    }

    /// Whether every setting lies in its range, as written and in the number type `T` it is used in: `10⁻⁴⁶` is 0 in
    /// `f32` and no `ε`.
    ///
    /// # Errors
    /// If one does not; the message names it.
    pub fn check<T: Scalar>(&self) -> Result<()> {
        let within = |name: &str, value: f64, expected: &str, holds: fn(f64) -> bool| {
            in_type::<T>(value, holds).map_err(|found| Error::range(format!("optimiser: {name}"), expected, found))
        };
        let share = |name: &str, value: f64| within(name, value, "a number in [0, 1)", |x| (0.0..1.0).contains(&x));
        let size = |name: &str, value: f64| within(name, value, "a finite number ≥ 0", |x| x >= 0.0 && x.is_finite());
        let decay = |value: f64| size("weight_decay", value);
        let epsilon = |value: f64| within("epsilon", value, "a finite number > 0", |x| x > 0.0 && x.is_finite());
        match *self {
            Rule::Sgd(Sgd { momentum, weight_decay, .. }) => share("momentum", momentum).and(decay(weight_decay)),
            Rule::RmsProp(rule) => share("smoothing", rule.smoothing)
                .and(share("momentum", rule.momentum))
                .and(epsilon(rule.epsilon))
                .and(decay(rule.weight_decay)),
            Rule::Adam(rule) => share("beta1", rule.beta1)
                .and(share("beta2", rule.beta2))
                .and(epsilon(rule.epsilon))
                .and(decay(rule.weight_decay)),
            Rule::Adagrad(rule) => size("rate_decay", rule.rate_decay)
                .and(size("initial", rule.initial))
                .and(epsilon(rule.epsilon))
                .and(decay(rule.weight_decay)),
            Rule::Adadelta(rule) => {
                share("smoothing", rule.smoothing).and(epsilon(rule.epsilon)).and(decay(rule.weight_decay))
            }
        }
    }
}
