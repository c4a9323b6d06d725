//! What a training run fixes when it begins, as data.

use crate::error::{Error, Result};
use crate::number::in_type;
use crate::optim::{Adadelta, Adagrad, Adam, RmsProp, Rule, Schedule, Sgd, WarmUp};
use rnn_kernels::Scalar;
use serde::{Deserialize, Serialize};

/// The settings of a [`Trainer`](super::Trainer).
///
/// ```
/// use recurrent::train::Settings;
///
/// let settings = Settings::adam(1e-3).clip_norm(1.0).group("embedding.", 0.1).seed(7);
/// let text = r#"{ "rule": { "adam": { "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.0, "decay": "gradient" } },
///                 "schedule": { "constant": { "rate": 0.001 } }, "clip": { "norm": 1.0 },
///                 "groups": [{ "prefix": "embedding.", "factor": 0.1 }], "seed": 7 }"#;
/// assert_eq!(serde_json::from_str::<Settings>(text).unwrap(), settings);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How parameters follow gradients.
    pub rule: Rule,
    /// The learning rate as a function of the number of updates before.
    pub schedule: Schedule,
    /// `w`: so many updates of a [linear warm-up](WarmUp) come before those of the schedule.
    #[serde(default)]
    pub warm_up: u64,
    /// What becomes of large gradients.
    #[serde(default)]
    pub clip: Clip,
    /// How many batches make one update: their gradients are added up and divided by the number of all their targets.
    #[serde(default = "one")]
    pub accumulate: usize,
    /// One update for each window of a batch: truncated BPTT. `None` is one for the whole batch.
    #[serde(default)]
    pub windows: Option<Windows>,
    /// Whether the final state of a batch is the initial one of the next.
    #[serde(default)]
    pub carry_state: bool,
    /// Parameters with rates of their own; of several groups that a parameter is in the last one counts.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// `σ`: every batch sees the parameters with `N(0, σ²)` added, drawn anew (Graves 2013). The update is of the parameters without.
    #[serde(default)]
    pub weight_noise: f64,
    /// `λ` of the [regulariser `Ω`](crate::Workspace::regularise_omega) of Elman layers; 0 is none.
    #[serde(default)]
    pub omega: f64,
    /// What becomes of a batch whose loss or gradient is not finite.
    #[serde(default)]
    pub on_non_finite: OnNonFinite,
    /// Where dropout, weight noise and the order of rows begin.
    #[serde(default)]
    pub seed: u64,
}

/// What becomes of large gradients before an update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clip {
    /// Nothing.
    #[default]
    None,
    /// `g ← g · min(1, limit / ‖g‖)` over all parameters: [`clip_norm`](crate::optim::clip_norm).
    Norm(f64),
    /// `g ← min(max(g, −limit), limit)`, each by itself: [`clip_value`](crate::optim::clip_value).
    Value(f64),
}

/// Truncated BPTT (k₁, k₂) after Williams & Peng 1990: an update after every `every` steps, whose gradient reaches back over `back` steps.
///
/// With `back > every` windows overlap: the loss of an update is that of its last `every` steps, and the steps before are computed anew
/// with the parameters as they are then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Windows {
    /// `k₁`, at least 1.
    pub every: usize,
    /// `k₂`, at least `k₁`.
    pub back: usize,
}

/// The parameters whose names begin with `prefix`, and what their rate is multiplied by; 0 freezes them.
///
/// The gradient of a frozen parameter is 0 before anything is clipped, and neither it nor its moments change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// How the names begin.
    pub prefix: String,
    /// A finite number, not negative.
    pub factor: f64,
}

/// What becomes of a batch whose loss, gradient or update is not finite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnNonFinite {
    /// It is the error of the step, and nothing has changed.
    #[default]
    Stop,
    /// It is left out and counted: as if it had not been, but for the random state.
    Skip,
    /// As `Skip`, and parameters and moments go back to what they were after the last multiple of `every` updates; gathered gradients
    /// and the carried state are 0 then.
    GoBack {
        /// How many updates lie between two states to go back to, at least 1.
        every: u64,
    },
}

impl Settings {
    /// This rule at this constant rate; nothing else.
    #[must_use]
    pub fn new(rule: Rule, rate: f64) -> Self {
        Self {
            rule,
            schedule: Schedule::Constant { rate },
            warm_up: 0,
            clip: Clip::None,
            accumulate: 1,
            windows: None,
            carry_state: false,
            groups: Vec::new(),
            weight_noise: 0.0,
            omega: 0.0,
            on_non_finite: OnNonFinite::Stop,
            seed: 0,
        }
    }

    /// Adam with PyTorch's settings.
    #[must_use]
    pub fn adam(rate: f64) -> Self {
        Self::new(Rule::Adam(Adam::default()), rate)
    }

    /// Plain gradient descent.
    #[must_use]
    pub fn sgd(rate: f64) -> Self {
        Self::new(Rule::Sgd(Sgd::default()), rate)
    }

    /// RMSprop with PyTorch's settings.
    #[must_use]
    pub fn rms_prop(rate: f64) -> Self {
        Self::new(Rule::RmsProp(RmsProp::default()), rate)
    }

    /// Adagrad with PyTorch's settings.
    #[must_use]
    pub fn adagrad(rate: f64) -> Self {
        Self::new(Rule::Adagrad(Adagrad::default()), rate)
    }

    /// Adadelta with PyTorch's settings; its usual rate is 1.
    #[must_use]
    pub fn adadelta(rate: f64) -> Self {
        Self::new(Rule::Adadelta(Adadelta::default()), rate)
    }

    /// The same with this schedule in the place of the rate.
    #[must_use]
    pub fn schedule(self, schedule: Schedule) -> Self {
        Self { schedule, ..self }
    }

    /// The same with a linear warm-up of so many updates in front of the schedule.
    #[must_use]
    pub fn warm_up(self, updates: u64) -> Self {
        Self { warm_up: updates, ..self }
    }

    /// The same with the norm of the gradient limited.
    #[must_use]
    pub fn clip_norm(self, limit: f64) -> Self {
        Self { clip: Clip::Norm(limit), ..self }
    }

    /// The same with every element of the gradient limited.
    #[must_use]
    pub fn clip_value(self, limit: f64) -> Self {
        Self { clip: Clip::Value(limit), ..self }
    }

    /// The same with one update for so many batches.
    #[must_use]
    pub fn accumulate(self, batches: usize) -> Self {
        Self { accumulate: batches, ..self }
    }

    /// The same with one update for each `steps` steps of a batch, its gradient reaching back as far.
    #[must_use]
    pub fn windows(self, steps: usize) -> Self {
        Self { windows: Some(Windows { every: steps, back: steps }), ..self }
    }

    /// The same with the state carried from batch to batch.
    #[must_use]
    pub fn carry_state(self) -> Self {
        Self { carry_state: true, ..self }
    }

    /// The same with this factor of the rate of the parameters whose names begin with `prefix`.
    #[must_use]
    pub fn group(mut self, prefix: impl Into<String>, factor: f64) -> Self {
        self.groups.push(Group { prefix: prefix.into(), factor });
        self
    }

    /// The same with the parameters whose names begin with `prefix` kept as they are.
    #[must_use]
    pub fn freeze(self, prefix: impl Into<String>) -> Self {
        self.group(prefix, 0.0)
    }

    /// The same with noise on the weights.
    #[must_use]
    pub fn weight_noise(self, deviation: f64) -> Self {
        Self { weight_noise: deviation, ..self }
    }

    /// The same with `λ Ω` beside the loss ([`Workspace::regularise_omega`](crate::Workspace::regularise_omega)): of every window where each has
    /// an update; of batches that are gathered, their mean, each with the weight of its targets. For Elman layers alone.
    #[must_use]
    pub fn omega(self, weight: f64) -> Self {
        Self { omega: weight, ..self }
    }

    /// The same with this way to take what is not finite.
    #[must_use]
    pub fn on_non_finite(self, choice: OnNonFinite) -> Self {
        Self { on_non_finite: choice, ..self }
    }

    /// The same with this seed.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The learning rate after so many updates: that of the schedule and its warm-up, before a [plateau](super::Plateau) or a group.
    #[must_use]
    pub fn rate(&self, updates: u64) -> f64 {
        self.rates().rate(updates)
    }

    /// The schedule behind its warm-up.
    pub(super) fn rates(&self) -> WarmUp {
        self.schedule.warm_up(self.warm_up)
    }

    /// Whether every setting lies in its range in the number type `T`.
    ///
    /// # Errors
    /// [`Error::Range`] if one does not; the message names it.
    pub fn check<T: Scalar>(&self) -> Result<()> {
        let range =
            |what: &str, expected: &str, found: String| Error::range(format!("training: {what}"), expected, found);
        let positive = |x: f64| x > 0.0;
        let size = |x: f64| x >= 0.0 && x.is_finite();
        self.rule.check::<T>()?;
        self.rates().check::<T>()?;
        if let Clip::Norm(limit) | Clip::Value(limit) = self.clip {
            in_type::<T>(limit, positive).map_err(|found| range("clip", "a number > 0", found))?;
        }
        if self.accumulate == 0 {
            return Err(range("accumulate", "at least 1 batch", "0".into()));
        }
        if let Some(Windows { every, back }) = self.windows
            && (every == 0 || back < every)
        {
            return Err(range("windows", "1 ≤ every ≤ back", format!("every {every}, back {back}")));
        }
        for Group { prefix, factor } in &self.groups {
            let expected = format!("a finite factor ≥ 0 of the rate of `{prefix}`");
            in_type::<T>(*factor, size).map_err(|found| range("groups", &expected, found))?;
        }
        in_type::<T>(self.weight_noise, size).map_err(|found| range("weight_noise", "a finite number ≥ 0", found))?;
        in_type::<T>(self.omega, size).map_err(|found| range("omega", "a finite number ≥ 0", found))?;
        if let OnNonFinite::GoBack { every: 0 } = self.on_non_finite {
            return Err(range("on_non_finite, every", "at least 1 update", "0".into()));
        }
        Ok(())
    }
}

fn one() -> usize {
    1
}
