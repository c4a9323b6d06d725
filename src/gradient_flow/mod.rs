//! `∂L/∂h_k = (∂h_t/∂h_k)ᵀ ∂L/∂h_t`, `∂h_t/∂h_k = Π diag(σ′) W_hh`: how gradients fare on their way back in time.
//!
//! [`GradientFlow`] looks at what happened: the norm of `∂L/∂h` at every step; [`Network::gradient_flows`](crate::Network::gradient_flows) takes
//! that of every layer. [`Conditions`] looks at the weights
//! and says what must or may happen (Pascanu, Mikolov & Bengio 2013). [`spectral_radius`] and
//! [`largest_singular_value`] are the two numbers of a matrix it rests on.
//!
//! The flow is that of any cell: a trace is `∂L/∂` of the state that is its output, whatever lies beside it. The other states of a cell,
//! such as the `c` of an LSTM, have theirs where a window begins: [`Workspace::d_state`](crate::Workspace::d_state). The conditions are
//! about Elman networks alone, and [`Network::conditions`](crate::Network::conditions) refuses every other cell.
//!
//! A backward pass whose gradients overflow is an error and has no trace, unless its workspace
//! [allows](crate::Workspace::on_non_finite) them.

mod conditions;
mod eigenvalues;
mod flow;
mod spectral;

pub use conditions::{Conditions, Verdict, largest_slope};
pub use flow::GradientFlow;
pub use spectral::{Estimate, largest_singular_value, spectral_radius};
