//! `L + λ Ω`: terms beside the loss that say how a network is to compute, and not what.

mod omega;

pub use omega::{ElmanPass, OmegaScratch, add_omega};
