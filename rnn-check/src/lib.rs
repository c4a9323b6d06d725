//! Is a backend right? Every answer here is computed a second way, from the forward equations alone.
//!
//! - [`number`]: one trait, instances that carry derivatives, wider precision or error bounds;
//! - [`oracle`]: the forward equations over that trait;
//! - [`derivative`]: exact derivatives of the oracle, and finite differences of anything;
//! - [`bound`]: how far a correct backend may be from the oracle, derived, and the comparison with it.

#![forbid(unsafe_code)]

pub mod bound;
pub mod derivative;
pub mod number;
pub mod oracle;
