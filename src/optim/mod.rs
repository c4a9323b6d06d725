//! `θ ← θ − η · direction(∂L/∂θ)`: optimisers, clipping and learning-rate schedules over one flat buffer.
//!
//! One step of training is `clip_norm(gradients, limit)?`, `optimiser.step(params, gradients, schedule.rate(k))?`.
//! Settings and state are plain data: an [`Optimiser`] in a checkpoint continues bit for bit.
//!
//! | rule | moments | source |
//! |---|---|---|
//! | [`Sgd`] | `velocity` | Polyak 1964, Nesterov 1983 |
//! | [`RmsProp`] | `square`, `velocity`; centred, `mean` too | Tieleman & Hinton 2012, Graves 2013 |
//! | [`Adam`] | `mean`, `square` | Kingma & Ba 2015; decoupled decay, Loshchilov & Hutter 2019 |
//! | [`Adagrad`] | `sum` | Duchi, Hazan & Singer 2011 |
//! | [`Adadelta`] | `square`, `delta` | Zeiler 2012 |
//!
//! All of them in PyTorch's form, with PyTorch's settings by default, and held against it for 2000 steps.
//!
//! # What is checked
//!
//! One NaN in a moment keeps its weight NaN for ever. So whatever is not finite is an error by default, and an error
//! changes nothing: not the weights, the moments, the gradients or the count of steps.
//!
//! | what | where | when | price |
//! |---|---|---|---|
//! | settings of a rule: in range as written *and* in the number type of the parameters (`10⁻⁴⁶` is 0 in `f32`) | [`Optimiser::new`], [`check`](Optimiser::check), [`step`](Optimiser::step) | always | a few comparisons a call |
//! | count of steps: at most 2⁵³ | `check`, `step` | always | one comparison a call |
//! | moments: number and length | `check`, `step` | always | a few comparisons a call |
//! | moments: finite, squares not negative | `check` | always | a pass over the moments |
//! | rate: not negative | `step` | always | one comparison a call |
//! | rate: finite, in the number type of the parameters too (`10³⁹` is infinite in `f32`; `10⁻⁴⁶`, which is 0, is a rate) | `step` | by default | one comparison a call |
//! | gradients, parameters, moments, and all that follows from them in the step: finite | `step` | by default | a pass that compares every number and writes none; where one is above 2⁵⁰ (a square above 2¹⁰⁰), or a setting extreme, the arithmetic of the step once more |
//! | gradients: finite | [`clip_norm`] | always: without, they have no direction | nothing: the sum of their squares says so |
//! | gradients: finite | [`clip_value`] | by default | a pass over the gradients |
//! | limit of clipping: above 0 in the number type of the gradients | `clip_norm`, `clip_value` | always | two comparisons a call |
//! | settings of a schedule: in range, rates finite in the number type they are used in | [`Schedule::check`] | when called | a few comparisons |
//! | length of a warm-up and of a cosine: no longer than the run | [`Schedule::check_run`], [`WarmUp::check_run`]; where a [fit](crate::train::Trainer::fit) begins | when called | a comparison |
//!
//! "By default" is what [`Optimiser::step_with`] and [`clip_value_with`] do without on
//! [`NonFinite::Allow`](crate::NonFinite::Allow). It is a word of the call and not of the state: a checkpoint does not
//! carry it on. The bench `optimisers` measures the price, a step with its examination over one without.

mod adadelta;
mod adagrad;
mod adam;
#[cfg(test)]
mod bound;
mod clip;
mod optimiser;
mod power;
mod rms_prop;
mod schedule;
mod sgd;
mod update;
mod vectors;
mod warm_up;

pub use adadelta::Adadelta;
pub use adagrad::Adagrad;
pub use adam::{Adam, Decay};
pub use clip::{clip_norm, clip_value, clip_value_with, norm};
pub use optimiser::{Optimiser, Rule};
pub use rms_prop::RmsProp;
pub use schedule::Schedule;
pub use sgd::{Momentum, Sgd};
pub use warm_up::WarmUp;
