//! Is a backend right? Every answer here is computed a second way, from the forward equations alone.
//!
//! - [`number`]: one trait, instances that carry derivatives, wider precision or error bounds;
//! - [`oracle`]: the forward equations over that trait;
//! - [`derivative`]: exact derivatives of the oracle, and finite differences of anything;
//! - [`bound`]: how far a correct backend may be from the oracle, derived, and the comparison with it;
//! - [`case`]: inputs: a list in which every pair of options occurs, random ones, and the way down to the plainest;
//! - [`drive`]: the one place that builds the argument structs of rnn-kernels, with canaries around every buffer;
//! - [`law`]: the laws, one plain function each;
//! - [`planted`]: backends with one bug each that must be rejected, and unusual right ones that must be accepted.
//!
//! # For the author of a backend
//!
//! Take this crate as a dev-dependency, say what the backend claims, and put this into `tests/conformance.rs`:
//!
//! ```
//! mod conformance {
//!     use rnn_check::{Claims, planted::Plain};
//!
//!     rnn_check::conformance! {
//!         plain { backend: Plain, claims: Claims::new().batch_invariant() }
//!     }
//! }
//! ```
//!
//! That is one `#[test]` for each law and number type, named after the law. The same as a function, whose report can be
//! printed or serialised:
//!
//! ```
//! use rnn_check::{Claims, Plan, planted::Plain};
//!
//! let report = rnn_check::run::<f32>(&Plain, &Claims::new().batch_invariant(), &Plan::quick().only("matmul"));
//! assert!(report.passes(), "{report}");
//! ```
//!
//! A backend that shares work among threads also checks that [`same_bits`] holds for one thread and for many.
//!
//! A failure names law, case, block, gate, unit, time and row, the error and the bound, on the plainest case that still
//! fails.

#![forbid(unsafe_code)]

pub mod bound;
pub mod case;
mod claims;
pub mod derivative;
pub mod drive;
pub mod law;
mod macros;
pub mod number;
pub mod oracle;
mod pair;
mod plan;
pub mod planted;
mod real;
mod report;
mod run;

pub use claims::{Claims, PerType};
pub use law::Checked;
pub use pair::same_bits;
pub use plan::Plan;
pub use real::Real;
pub use report::{Broken, LawReport, Report};
#[doc(no_inline)]
pub use rnn_kernels::Backend;
pub use run::run;
