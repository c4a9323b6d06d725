//! σ and tanh of a backend against exact values: every f32 there is, f64 densely around every break point.
//!
//! [`sweep`] runs a list of backends over the same inputs, computes the exact value of each input once, and returns a
//! [`Table`] with one row for each backend and function. A backend is reached as every caller reaches it, through
//! [`Backend::activation_forward`](rnn_kernels::Backend::activation_forward) on long rows.
//!
//! ```
//! use rnn_check::activation::{Extent, sweep};
//! use rnn_check::{Claims, planted::Plain};
//!
//! let table = sweep::<f32>(&[("plain", &Plain)], Extent::Sampled, &|_| ());
//! assert_eq!(table.broken(&Claims::new()), Vec::<String>::new(), "{table}");
//! ```
//!
//! # The error in ULP
//!
//! `|got − f(x)| / ulp(f(x))` with the exact real number `f(x)`, where `ulp(a)` is the distance of the two
//! neighbouring numbers of the format that enclose `a`: `2^(e − p + 1)` for `2^e ≤ |a| < 2^(e+1)` and `p` digits, no
//! less than the smallest subnormal (which it also is for `a = 0`). `f(x)` is not a number of the format except for
//! `tanh 0 = 0` and `σ(0) = ½`, and never half way between two (`e^x` is transcendental for rational `x ≠ 0`: Lindemann
//! 1882), so a result is correctly rounded if and only if its error is below ½. A NaN where the value is a number
//! counts as an error of [`f64::MAX`] ulp. Infinite arguments are special values: correct or wrong.
//!
//! # How the exact value is known
//!
//! For f32 it is first computed in f64 with a relative error below 2⁻⁴⁸ (proof in the module `exact` of the source), hence
//! an error in ulp is known to `2⁻⁴⁸ · 2²⁴ = 2⁻²⁴`. Where it comes within 2⁻²⁰ of ½, and where `f(x)` may lie on either side
//! of a power of two, it is computed again in double-double, whose relative error is below 2⁻⁹⁰, or near ½ and 1 from the
//! difference to these. A result that is nearer to half way between two numbers than that can tell is counted as undecided.
//! For f64 all is double-double.
//!
//! A *double rounding* is a wrongly rounded f32 that is the rounding of a number within 4 ulp of f64 from the exact value: what an
//! f64 computation rounded once may give.
//!
//! # The inputs
//!
//! [`Extent::Exhaustive`] in f32 is all 2³² patterns. [`Extent::Sampled`] in f32 are runs of neighbouring numbers, one
//! in each of 8160 equal parts of the range, and around every break point, with both signs. In f64 both extents are
//! samples, of different density: runs of neighbours in every binade, uniformly drawn in `[0, 1]`, `[0, 45]`, `[0, 750]`,
//! and around each break point: multiples of `¼ ln 2` (where argument reductions switch), powers of two, saturation and
//! underflow of either function, 0, the ends of the subnormals.

mod exact;
mod format;
mod inputs;
mod magnitude;
mod special;
mod sweep;
mod table;
mod tally;

use serde::{Deserialize, Serialize};

pub use format::Format;
pub use magnitude::Magnitudes;
pub use sweep::{Progress, sweep};
pub use table::{Cell, Place, Row, SpecialValue, Table, Violations};

/// A function under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// `σ(x) = 1/(1 + e⁻ˣ)`
    Sigmoid,
    /// `tanh x`
    Tanh,
}

impl Function {
    /// Both.
    pub const ALL: [Function; 2] = [Function::Sigmoid, Function::Tanh];

    /// `"sigmoid"` or `"tanh"`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Function::Sigmoid => "sigmoid",
            Function::Tanh => "tanh",
        }
    }

    /// As the kernels name it.
    #[must_use]
    pub const fn activation(self) -> rnn_kernels::Activation {
        match self {
            Function::Sigmoid => rnn_kernels::Activation::Sigmoid,
            Function::Tanh => rnn_kernels::Activation::Tanh,
        }
    }
}

/// How many inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// Some millions of f32, some hundred thousand f64: seconds.
    Sampled,
    /// All 2³² of f32, some ten million f64: minutes.
    Exhaustive,
}
