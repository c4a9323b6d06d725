//! What a backend promises beyond the contract. The suite refutes a promise that is not kept, and tells of one that could
//! be made.

use crate::bound::Precision;
use crate::case::{Lengths, Problem, X};
use crate::oracle::{Activation, Cell, Reset};
use crate::real::{PerType, Real};
use rnn_kernels::{Bias, Direction};
use std::fmt;

/// C7: whose bits equal whose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Determinism {
    /// The same inputs give the same bits run after run, by a caller that is alone and with the same number of threads.
    SameThreads,
    /// The same bits for every number of threads, and among concurrent callers. The backends of this project owe that.
    AnyThreads,
}

/// An option of a run that a backend may not support.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Feature {
    /// A cell.
    Cell(Cell),
    /// A set of biases.
    Bias(Bias),
    /// Reverse time.
    Reverse,
    /// Rows of different lengths.
    Ragged,
    /// One-hot input.
    OneHot,
}

impl Feature {
    /// GRU with the reset gate before the product.
    pub const GRU_RESET_BEFORE: Self = Self::Cell(Cell::Gru(Reset::Before));
    /// GRU with the reset gate after the product.
    pub const GRU_RESET_AFTER: Self = Self::Cell(Cell::Gru(Reset::After));
    /// LSTM.
    pub const LSTM: Self = Self::Cell(Cell::Lstm);
    /// Elman network with relu.
    pub const ELMAN_RELU: Self = Self::Cell(Cell::Elman(Activation::Relu));

    /// Whether a run of this problem needs the option.
    #[must_use]
    pub fn is_needed_by<T>(self, problem: &Problem<T>) -> bool {
        match self {
            Self::Cell(cell) => problem.cell == cell,
            Self::Bias(bias) => problem.bias == bias,
            Self::Reverse => problem.direction == Direction::Reverse,
            Self::Ragged => problem.lengths.is_some() || problem.holes.is_some(),
            Self::OneHot => matches!(problem.x, X::OneHot(_)),
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cell(cell) => f.write_str(cell.name()),
            Self::Bias(bias) => write!(f, "bias={bias:?}"),
            Self::Reverse => write!(f, "reverse time"),
            Self::Ragged => write!(f, "lengths={:?}", Lengths::Ragged),
            Self::OneHot => write!(f, "one-hot input"),
        }
    }
}

/// A law that a backend is known to break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedFailure {
    /// The law's id, `group::name`.
    pub law: &'static str,
    /// `"f32"` or `"f64"`; `None` is every number type.
    pub number: Option<&'static str>,
    /// Why; printed with the failure.
    pub reason: &'static str,
}

impl ExpectedFailure {
    /// In every number type.
    #[must_use]
    pub const fn new(law: &'static str, reason: &'static str) -> Self {
        Self { law, number: None, reason }
    }

    /// In this number type alone, `"f32"` or `"f64"`.
    #[must_use]
    pub const fn only(self, number: &'static str) -> Self {
        Self { number: Some(number), ..self }
    }
}

/// What a backend promises. The default is what the provided pointwise kernels keep, with nothing optional.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Claims {
    /// `|σ̂ − σ| ≤ A · ulp(σ)`.
    pub sigmoid_ulp: PerType,
    /// `|tanĥ − tanh| ≤ A · ulp(tanh)`.
    pub tanh_ulp: PerType,
    /// C7: whose bits equal whose.
    pub determinism: Determinism,
    /// C13: a row's result does not depend on the other rows of its batch, nor on how many steps a product spans.
    pub batch_invariant: bool,
    /// C12: no heap allocation once buffers exist and each calling thread has made one call.
    pub allocation_free: bool,
    /// Options that the backend does not support: what needs one of them is skipped and counted.
    pub unsupported: &'static [Feature],
    /// Laws the backend is known to break: counted and printed, and a failure once they hold.
    pub expected_failures: &'static [ExpectedFailure],
}

impl Default for Claims {
    fn default() -> Self {
        Self::new()
    }
}

impl Claims {
    /// Activations of the provided kernels, all options, no expected failures.
    ///
    /// f32 is an f64 result rounded once: half an ulp, and a double rounding now and then.
    ///
    /// f64: libm states `e^x` and `e^x − 1` within 1 ulp; a sum or a quotient adds half an ulp of its own. Each error is carried
    /// to the result `v` by the derivative and counted in `ulp(v)`, which is `u 2ᵏ` for `2ᵏ⁻¹ ≤ v < 2ᵏ`. In this order, from
    /// the exponential, the sum, the quotient:
    ///
    /// - `σ = 1/(1 + e)`, `e = e^{−x} ≤ 1`: with `m ≤ e < 2m`, `m` a power of two, the first two are
    ///   `v² (2m + 1) ≤ (1 + 2m)/(1 + m)² < 1`; with the third less than 1½.
    /// - `σ = e/(1 + e)`, `e = e^x < 1`: `ulp(e)/ulp(v)/(1 + e)²`, less than 1 where `e < 2ᵏ`, less than 2 where `e` is in the binade
    ///   above; `u v/(1 + e)/ulp(v) < 1`; ½. Less than **3½**.
    /// - `tanh = t/(2 − t)`, `t = 1 − e^{−2x} ≤ 0.4`: `2/(2 − t)² · ulp(t)/ulp(v) ≤ 4/(2 − t)² < 1.57`, because `v ≥ t/2`;
    ///   `u v/(2 − t)/ulp(v) < 0.63`; ½. At most **2.7**.
    /// - `tanh = t/(t + 2)`, `⅔ ≤ t = e^{2x} − 1 ≤ 2`: 0.89, 0.5, 0.5.
    /// - `tanh = 1 − q`, `q = 2/(t + 2)`, `t ≥ 2`: 0.5, 0.5, 0.25, and ½ for the difference.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            sigmoid_ulp: PerType { f32: 0.501, f64: 3.5 },
            tanh_ulp: PerType { f32: 0.501, f64: 2.7 },
            determinism: Determinism::AnyThreads,
            batch_invariant: false,
            allocation_free: false,
            unsupported: &[],
            expected_failures: &[],
        }
    }

    /// The format, with the claimed accuracy of activations.
    #[must_use]
    pub fn precision<T: Real>(&self) -> Precision {
        T::precision(self.sigmoid_ulp, self.tanh_ulp)
    }

    /// The same with these accuracies of σ, in ulp.
    #[must_use]
    pub const fn sigmoid_ulp(self, f32: f64, f64: f64) -> Self {
        Self { sigmoid_ulp: PerType { f32, f64 }, ..self }
    }

    /// The same with these accuracies of tanh, in ulp.
    #[must_use]
    pub const fn tanh_ulp(self, f32: f64, f64: f64) -> Self {
        Self { tanh_ulp: PerType { f32, f64 }, ..self }
    }

    /// The same with this level of [`determinism`](Self::determinism).
    #[must_use]
    pub const fn determinism(self, determinism: Determinism) -> Self {
        Self { determinism, ..self }
    }

    /// The same with [`batch_invariant`](Self::batch_invariant).
    #[must_use]
    pub const fn batch_invariant(self) -> Self {
        Self { batch_invariant: true, ..self }
    }

    /// The same with [`allocation_free`](Self::allocation_free).
    #[must_use]
    pub const fn allocation_free(self) -> Self {
        Self { allocation_free: true, ..self }
    }

    /// The same without these options, e.g. `&[Feature::GRU_RESET_BEFORE]`.
    #[must_use]
    pub const fn without(self, unsupported: &'static [Feature]) -> Self {
        Self { unsupported, ..self }
    }

    /// The same with these failures expected.
    ///
    /// ```
    /// use rnn_check::{Claims, ExpectedFailure};
    ///
    /// const KNOWN: &[ExpectedFailure] = &[ExpectedFailure::new("numeric::subnormals", "flushed on this chip").only("f32")];
    /// let claims = Claims::new().expecting(KNOWN);
    /// ```
    #[must_use]
    pub const fn expecting(self, expected_failures: &'static [ExpectedFailure]) -> Self {
        Self { expected_failures, ..self }
    }

    /// What two backends promise together: of each accuracy the weaker, of each option what both have. Unsupported options
    /// and expected failures stay this one's.
    #[must_use]
    pub fn weaker(&self, other: &Self) -> Self {
        let weaker = |a: PerType, b: PerType| PerType { f32: a.f32.max(b.f32), f64: a.f64.max(b.f64) };
        Self {
            sigmoid_ulp: weaker(self.sigmoid_ulp, other.sigmoid_ulp),
            tanh_ulp: weaker(self.tanh_ulp, other.tanh_ulp),
            determinism: self.determinism.min(other.determinism),
            batch_invariant: self.batch_invariant && other.batch_invariant,
            allocation_free: self.allocation_free && other.allocation_free,
            ..*self
        }
    }

    /// The expected failure of this law in this number type.
    pub(crate) fn expects(&self, law: &str, number: &str) -> Option<&'static ExpectedFailure> {
        let applies = |e: &&ExpectedFailure| e.law == law && e.number.is_none_or(|only| only == number);
        self.expected_failures.iter().find(applies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;

    #[test]
    fn a_problem_needs_the_options_it_uses_and_no_others() {
        let plain = Case::plain().problem::<f32>();
        assert!(Feature::LSTM.is_needed_by(&plain) && Feature::Bias(Bias::Both).is_needed_by(&plain));
        let unused = [Feature::GRU_RESET_BEFORE, Feature::Reverse, Feature::Ragged, Feature::OneHot];
        assert!(!unused.iter().any(|feature| feature.is_needed_by(&plain)));
        let case = Case {
            cell: Cell::Gru(Reset::Before),
            direction: Direction::Reverse,
            lengths: Lengths::Ragged,
            one_hot: true,
            ..Case::plain()
        };
        assert!(unused.iter().all(|feature| feature.is_needed_by(&case.problem::<f32>())));
    }

    #[test]
    fn an_expected_failure_is_one_law_in_its_number_types() {
        const CLAIMS: Claims = Claims::new()
            .expecting(&[ExpectedFailure::new("a::b", "why"), ExpectedFailure::new("a::c", "half").only("f32")]);
        let reason = |law, number| CLAIMS.expects(law, number).map(|e| e.reason);
        assert_eq!([reason("a::b", "f32"), reason("a::b", "f64")], [Some("why"); 2]);
        assert_eq!([reason("a::c", "f32"), reason("a::c", "f64")], [Some("half"), None]);
        assert_eq!(reason("a::", "f32"), None);
    }

    #[test]
    fn the_weaker_of_two_claims_promises_what_both_do() {
        let a = Claims::new().batch_invariant().tanh_ulp(3.0, 1.0);
        let b = Claims::new().allocation_free().determinism(Determinism::SameThreads);
        let both = a.weaker(&b);
        assert_eq!(both.tanh_ulp, PerType { f32: 3.0, f64: 2.7 });
        assert_eq!(both.determinism, Determinism::SameThreads);
        assert!(!both.batch_invariant && !both.allocation_free);
    }
}
