//! Long short-term memory.

mod reserve;
mod run;
mod spec;
mod step;

pub use reserve::{LstmReserve, LstmReserveMut};
pub use run::{LstmBackward, LstmForward, LstmInfer};
pub use spec::LstmSpec;
pub use step::{LstmStep, LstmStepGrad};
