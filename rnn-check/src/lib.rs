//! Is a backend correct? Every answer here is computed a second way, from the forward equations alone.
//!
//! - [`number`]: one trait, instances that carry derivatives, wider precision or error bounds;
//! - [`oracle`]: the forward equations over that trait;
//! - [`derivative`]: exact derivatives of the oracle, and finite differences of anything;
//! - [`bound`]: how far a correct backend may be from the oracle, derived, and the comparison with it;
//! - [`case`]: inputs: a list in which every pair of options occurs, random ones, and the way down to the plainest;
//! - [`drive`]: the one place that builds the argument structs of rnn-kernels, with canaries around every buffer;
//! - [`law`]: the laws, one plain function each;
//! - [`activation`]: σ and tanh against exact values, every f32 there is;
//! - [`dispatch`]: every instruction set a backend chooses from, forced, and none missing unnoticed;
//! - [`planted`]: backends with one bug each that must be rejected, and unusual correct ones that must be accepted;
//! - [`matrix`]: which law rejects which bug;
//! - [`power`]: the smallest error each law notices;
//! - [`document`]: tables that are generated into a document, and the check that they are up to date.
//!
//! The feature `cli`, on by default, builds the program `rnn-check`: `list`, `run`, `replay`, `matrix`, `report`,
//! `activations`. With `default-features = false` the suite is a library that knows no backend.
//!
//! # For the author of a backend
//!
//! The [`guide`] goes from an empty crate to a verified backend. In short: take this crate as a dev-dependency, say what the backend claims, and put this into `tests/conformance.rs`:
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
//! A failure names law, case, block, gate, unit, time and row, the error and the bound, on the plainest case that still
//! fails; where the other errors are; the planted bug that errs alike; and a [`Token`] that [`replay`] runs again. What was
//! skipped, what is expected to fail, and what the backend could claim and does not, is counted and printed. Several forms of
//! one backend, on one thread and on many, are compared by [`same_bits_for_any_threads`].
//!
//! Two checks are functions of their own, because a law has one backend of one number type: [`single_follows_double`] holds
//! the f32 instance against the f64 one, and [`exact_drivers`] runs a backend of any `Scalar` modulo a prime, where every
//! number of a pass must equal the oracle's.

#![forbid(unsafe_code)]

pub mod activation;
pub mod bound;
pub mod case;
mod claims;
pub mod derivative;
pub mod dispatch;
pub mod document;
pub mod drive;
mod exact;
pub mod foreign;
pub mod guide;
mod hint;
mod judge;
pub mod law;
mod macros;
pub mod matrix;
pub mod number;
pub mod oracle;
mod pair;
mod parallel;
mod plan;
pub mod planted;
pub mod power;
mod promise;
mod quiet;
mod real;
mod replay;
mod report;
mod run;

pub use case::{Token, TokenError};
pub use claims::{Claims, Determinism, ExpectedFailure, Feature};
pub use exact::exact_drivers;
pub use law::single_follows_double;
#[doc(hidden)]
pub use pair::conform_threads;
pub use pair::{same_bits, same_bits_for_any_threads};
pub use plan::Plan;
pub use real::{PerType, Real};
#[doc(hidden)]
pub use replay::conform;
pub use replay::replay;
pub use report::{Broken, Hint, LawReport, Probe, Report};
#[doc(no_inline)]
pub use rnn_kernels::Backend;
pub use run::{Checked, check_cell, run};
