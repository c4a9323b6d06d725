//! How accurate σ and tanh of the gates are: a choice of the caller, and for kernels a type.

use super::{Real, fast, math};

/// How accurate σ and tanh of a backend's activations and gates are, `ulp` being the last place of the result.
///
/// Either way they have exact limits, σ(0) = ½, an odd tanh, NaN for NaN, and the same bits on every instruction set. Losses keep
/// [`Accuracy::Ulp1`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Accuracy {
    /// Within 1 ulp ([`math`]), never decreasing.
    #[default]
    Ulp1,
    /// Within 2.5 ulp in f32 and in f64 ([`fast`]), about half the time. Neighbouring arguments may give results that
    /// decrease, by 2 ulp at most.
    Fast,
}

/// σ and tanh of one accuracy. All functions must be `#[inline(always)]` and free of branches.
pub(crate) trait Gates: Copy {
    fn sigmoid<T: Real>(x: T) -> T;
    fn tanh<T: Real>(x: T) -> T;
}

/// [`Accuracy::Ulp1`] as a type.
#[derive(Clone, Copy)]
pub(crate) struct Ulp1;

impl Gates for Ulp1 {
    #[inline(always)]
    fn sigmoid<T: Real>(x: T) -> T {
        math::sigmoid(x)
    }
    #[inline(always)]
    fn tanh<T: Real>(x: T) -> T {
        math::tanh(x)
    }
}

/// [`Accuracy::Fast`] as a type.
#[derive(Clone, Copy)]
pub(crate) struct Fast;

impl Gates for Fast {
    #[inline(always)]
    fn sigmoid<T: Real>(x: T) -> T {
        fast::sigmoid(x)
    }
    #[inline(always)]
    fn tanh<T: Real>(x: T) -> T {
        fast::tanh(x)
    }
}
