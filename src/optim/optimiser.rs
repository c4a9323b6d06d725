//! A rule with its state: what a training run owns and a checkpoint keeps.

use super::{Adam, RmsProp, Sgd};
use crate::error::{Error, Result, check_len};
use crate::finite::check_finite;
use rnn_kernels::Scalar;
use serde::{Deserialize, Serialize};

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
    /// One or two buffers like the parameters, in the order the rule's documentation names them.
    moments: Vec<Vec<T>>,
}

impl<T: Scalar> Optimiser<T> {
    /// A rule for `params` parameters, before its first step.
    ///
    /// # Errors
    /// If a setting of the rule lies outside its range.
    pub fn new(rule: Rule, params: usize) -> Result<Self> {
        rule.check()?;
        Ok(Self { rule, steps: 0, params, moments: vec![vec![T::ZERO; params]; rule.moments().len()] })
    }

    /// One step: overwrites `params`, reads `gradients`; `rate` is `η`. Allocates nothing.
    ///
    /// Numbers are not examined: a NaN in the gradients reaches the parameters and the moments, so
    /// [clip](super::clip_norm) first.
    ///
    /// # Errors
    /// If `params` or `gradients` have another length than the optimiser was made for; nothing is changed then.
    pub fn step(&mut self, params: &mut [T], gradients: &[T], rate: T) -> Result<()> {
        check_len("optimiser: parameters", self.params, params.len())?;
        check_len("optimiser: gradients", self.params, gradients.len())?;
        self.steps += 1;
        match (&self.rule, self.moments.as_mut_slice()) {
            (Rule::Sgd(rule), [v]) => rule.step(v, params, gradients, rate),
            (Rule::RmsProp(rule), [s, v]) => rule.step([s, v], params, gradients, rate),
            (Rule::Adam(rule), [m, s]) => rule.step(self.steps, [m, s], params, gradients, rate),
            (rule, moments) => return Err(Error::len("optimiser: moments", rule.moments().len(), moments.len())),
        }
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
        self.rule.moments().iter().copied().zip(self.moments.iter().map(Vec::as_slice))
    }

    /// Whether this, read from a file, is an optimiser for `params` parameters: settings in range, moments of the
    /// right number and length, all finite and squares not negative.
    ///
    /// # Errors
    /// If not; the message says where.
    pub fn check(&self, params: usize) -> Result<()> {
        self.rule.check()?;
        check_len("optimiser: parameters", params, self.params)?;
        check_len("optimiser: moments", self.rule.moments().len(), self.moments.len())?;
        for (name, moment) in self.moments() {
            check_len(&format!("optimiser: moment {name}"), params, moment.len())?;
            check_finite(&format!("optimiser: moment {name}"), moment)?;
            if let Some(index) = moment.iter().position(|&m| name == SQUARE && m < T::ZERO) {
                let what = format!("optimiser: moment {name}[{index}]");
                return Err(Error::range(what, "at least 0", moment[index].to_f64()));
            }
        }
        Ok(())
    }
}

const SQUARE: &str = "square";

impl Rule {
    fn moments(&self) -> &'static [&'static str] {
        match self {
            Rule::Sgd(_) => &["velocity"],
            Rule::RmsProp(_) => &[SQUARE, "velocity"],
            Rule::Adam(_) => &["mean", SQUARE],
        }
    }

    /// Whether every setting lies in its range.
    ///
    /// # Errors
    /// If one does not; the message names it.
    pub fn check(&self) -> Result<()> {
        let share = |name: &str, value: f64| within(name, value, "a number in [0, 1)", (0.0..1.0).contains(&value));
        let decay =
            |value: f64| within("weight_decay", value, "a finite number ≥ 0", value >= 0.0 && value.is_finite());
        let epsilon = |value: f64| within("epsilon", value, "a finite number > 0", value > 0.0 && value.is_finite());
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
        }
    }
}

fn within(name: &str, value: f64, expected: &str, holds: bool) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::range(format!("optimiser: {name}"), expected, value)) }
}
