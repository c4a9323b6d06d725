//! The simple recurrent network of Elman.

mod reserve;
mod run;
mod spec;
mod step;

pub use reserve::{ElmanReserve, ElmanReserveMut};
pub use run::{ElmanBackward, ElmanForward, ElmanInfer};
pub use spec::ElmanSpec;
pub use step::{ElmanStep, ElmanStepGrad};
