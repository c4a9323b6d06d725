//! `θ ← θ − η · direction(∂L/∂θ)`: optimisers, clipping and learning-rate schedules over one flat buffer.
//!
//! One step of training is `clip_norm(gradients, limit)?`, `optimiser.step(params, gradients, schedule.rate(k))?`.
//! Settings and state are plain data: an [`Optimiser`] in a checkpoint continues bit for bit.

mod adam;
mod clip;
mod optimiser;
mod power;
mod rms_prop;
mod schedule;
mod sgd;

pub use adam::{Adam, Decay};
pub use clip::{clip_norm, clip_value, norm};
pub use optimiser::{Optimiser, Rule};
pub use rms_prop::RmsProp;
pub use schedule::Schedule;
pub use sgd::{Momentum, Sgd};
