//! What a backend promises beyond the contract. The suite refutes a promise that is not kept.

/// A figure for each number type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PerType {
    /// In f32.
    pub f32: f64,
    /// In f64.
    pub f64: f64,
}

/// What a backend promises. The default is what the provided pointwise kernels keep, with nothing optional.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Claims {
    /// `|σ̂ − σ| ≤ A · ulp(σ)`.
    pub sigmoid_ulp: PerType,
    /// `|tanĥ − tanh| ≤ A · ulp(tanh)`.
    pub tanh_ulp: PerType,
    /// C13: a row's result does not depend on the other rows of its batch, nor on how many steps a product spans.
    pub batch_invariant: bool,
    /// C12: no heap allocation once buffers exist and each calling thread has made one call.
    pub allocation_free: bool,
}

impl Default for Claims {
    fn default() -> Self {
        Self::new()
    }
}

impl Claims {
    /// Activations of the provided kernels.
    ///
    /// f32 is an f64 result rounded once: half an ulp, and a double rounding now and then. In f64, `σ = e/(1 + e)` and
    /// `tanh = t/(t + 2)` with `e^x` and `t = e^{2x} − 1` within 1 ulp (as libm states), which is `2u` relative; the sum
    /// and the quotient add `u` each, and `4u |v| < 4 ulp(v)`.
    #[must_use]
    pub const fn new() -> Self {
        let ulp = PerType { f32: 0.501, f64: 4.0 };
        Self { sigmoid_ulp: ulp, tanh_ulp: ulp, batch_invariant: false, allocation_free: false }
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

    /// The same with [`batch_invariant`](Self::batch_invariant).
    #[must_use]
    pub const fn batch_invariant(self) -> Self {
        Self { batch_invariant: true, ..self }
    }

    /// What two backends promise together: of each accuracy the weaker, of each option what both have.
    #[must_use]
    pub fn weaker(&self, other: &Self) -> Self {
        let weaker = |a: PerType, b: PerType| PerType { f32: a.f32.max(b.f32), f64: a.f64.max(b.f64) };
        Self {
            sigmoid_ulp: weaker(self.sigmoid_ulp, other.sigmoid_ulp),
            tanh_ulp: weaker(self.tanh_ulp, other.tanh_ulp),
            batch_invariant: self.batch_invariant && other.batch_invariant,
            allocation_free: self.allocation_free && other.allocation_free,
        }
    }

    /// The same with [`allocation_free`](Self::allocation_free).
    #[must_use]
    pub const fn allocation_free(self) -> Self {
        Self { allocation_free: true, ..self }
    }
}
