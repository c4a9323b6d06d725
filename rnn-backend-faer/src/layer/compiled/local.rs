//! A number with its derivatives with respect to what lies directly below it: the pullback of a unit, derived by types.
//!
//! The *directions* are the operands of the unit and its *cuts*, what the equation keeps and writes. A cut stands for itself from
//! there on: its value is the saved one, its derivative one in its own direction. So rows of derivatives stay short, and one
//! sweep over the cuts, the last one first, gives the cotangent of each to what it was made of.
//!
//! Which derivatives are zero is a mask of bits that is a constant to the optimiser, and so is everything else that is decided here.
//! There is no branch, since thousands of them would take minutes to fold; no loop, since it would have to be unrolled first: arrays
//! are indexed by literals alone; and what lies beyond the sizes of a stage is behind `if const`, where the compiler does not even
//! see it. Nothing is left of masks and rows in the loop over units.

use core::ops::{Add, Div, Mul, Neg, Sub};

use rnn_kernels::{Cut, Number};

use super::lane::larger;
use crate::simd::{Real, math};

/// The most operands, kept values and writes of a stage.
pub const DIRECTIONS: usize = 18;

/// An expression for each direction, `$k` being a literal.
macro_rules! each {
    ($k:ident => $e:expr) => {
        each!(@ $k $e; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17)
    };
    (@ $k:ident $e:expr; $($n:literal)+) => {[$({ const $k: usize = $n; $e }),+]};
}
pub(super) use each;

/// A linear form: a direction whose bit is not set has the factor 0, which is written −0.
#[derive(Clone, Copy, Debug)]
pub struct Row<T> {
    pub set: u32,
    pub of: [T; DIRECTIONS],
}

/// The outermost function of a number, where its slope is known from its result. Which result that is, the one computed or the
/// one saved, is known when the number is used: until then it is not applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
enum Outer {
    None,
    Tanh,
    Sigmoid,
    Exp,
    Sqrt,
    /// The larger one of this number and another.
    Max,
    /// This number over another.
    Over,
}

/// A value, and how it depends on the directions below it; `D` of them are in use.
#[derive(Clone, Copy, Debug)]
pub struct Local<T, const P: usize, const R: usize, const V: usize, const W: usize> {
    pub value: T,
    row: Row<T>,
    outer: Outer,
    /// The second operand of the outermost function.
    other: T,
    other_row: Row<T>,
    /// How many cuts lie below it, at most, one above the other.
    pub depth: u32,
}

impl<T: Real> Row<T> {
    pub const NONE: Self = Self { set: 0, of: [T::NEG_ZERO; DIRECTIONS] };

    /// Whether a direction is in use.
    #[inline(always)]
    pub fn has(&self, direction: usize) -> bool {
        self.set >> direction & 1 == 1
    }

    #[inline(always)]
    fn unit(direction: usize) -> Self {
        Self { set: 1 << direction, of: [T::ONE; DIRECTIONS] }
    }
}

impl<T: Real, const P: usize, const R: usize, const V: usize, const W: usize> Local<T, P, R, V, W> {
    /// How many directions are in use: pre-activations, reads, vectors, kept values, writes.
    pub const D: usize = 2 * P + R + V + W;

    #[inline(always)]
    fn new(value: T, row: Row<T>, depth: u32) -> Self {
        Self { value, row, outer: Outer::None, other: T::ZERO, other_row: Row::NONE, depth }
    }

    /// An operand, or what lies at the place of a cut.
    #[inline(always)]
    pub fn operand(value: T, direction: usize) -> Self {
        Self::new(value, Row::unit(direction), 0)
    }

    /// The derivatives of the value, which is `value` where it was saved.
    ///
    /// The slopes are chosen first and applied once: the code of a unit is large before it is folded, and this is most of it.
    #[inline(always)]
    pub fn slopes(self, value: T) -> Row<T> {
        let (one, outer) = (T::ONE, self.outer);
        let (wins, over) = (above(value, self.other), one / self.other);
        let slope = T::choose(outer == Outer::Tanh, (one - value) * (one + value), one);
        let slope = T::choose(outer == Outer::Sigmoid, value * (one - value), slope);
        let slope = T::choose(outer == Outer::Exp, value, slope);
        let slope = T::choose(outer == Outer::Sqrt, one / (value + value), slope);
        let slope = T::choose(outer == Outer::Max, wins, slope);
        let slope = T::choose(outer == Outer::Over, over, slope);
        let of_other = T::choose(outer == Outer::Max, one - wins, -(value * over));
        Self::sum(self.row, slope, self.other_row, of_other)
    }

    #[inline(always)]
    fn scaled(row: Row<T>, slope: T) -> Row<T> {
        Row {
            set: row.set,
            of: each!(K => if const { K < Self::D } {
                T::choose(row.has(K), row.of[K] * slope, T::NEG_ZERO)
            } else {
                T::NEG_ZERO
            }),
        }
    }

    #[inline(always)]
    fn sum(p: Row<T>, a: T, q: Row<T>, b: T) -> Row<T> {
        let of = each!(K => if const { K < Self::D } {
            // What is not there is −0, and a sum with that is folded.
            T::choose(p.has(K), p.of[K] * a, T::NEG_ZERO) + T::choose(q.has(K), q.of[K] * b, T::NEG_ZERO)
        } else {
            T::NEG_ZERO
        });
        Row { set: p.set | q.set, of }
    }

    /// A function whose slope is known from its operand.
    #[inline(always)]
    fn through(self, value: T, slope: T) -> Self {
        Self::new(value, Self::scaled(self.slopes(self.value), slope), self.depth)
    }

    /// A function whose slope is known from its result.
    #[inline(always)]
    fn under(self, outer: Outer, value: T) -> Self {
        Self { outer, ..Self::new(value, self.slopes(self.value), self.depth) }
    }

    /// The same of two numbers.
    #[inline(always)]
    fn under_both(self, b: Self, outer: Outer, value: T) -> Self {
        let other_row = b.slopes(b.value);
        Self { other: b.value, other_row, depth: deeper(self.depth, b.depth), ..self.under(outer, value) }
    }

    #[inline(always)]
    fn with(self, b: Self, value: T, d_a: T, d_b: T) -> Self {
        let row = Self::sum(self.slopes(self.value), d_a, b.slopes(b.value), d_b);
        Self::new(value, row, deeper(self.depth, b.depth))
    }
}

#[inline(always)]
fn deeper(a: u32, b: u32) -> u32 {
    a ^ ((a ^ b) & u32::from(a < b).wrapping_neg())
}

/// 1 where `a > b`, else 0, NaN if either is.
#[inline(always)]
fn above<T: Real>(a: T, b: T) -> T {
    T::choose(a.is_nan() | b.is_nan(), a + b, T::choose(a > b, T::ONE, T::ZERO))
}

macro_rules! operator {
    ($($Op:ident $op:ident |$a:ident, $b:ident| $d_a:expr, $d_b:expr;)+) => {$(
        impl<T: Real, const P: usize, const R: usize, const V: usize, const W: usize> $Op for Local<T, P, R, V, W> {
            type Output = Self;
            #[inline(always)]
            fn $op(self, b: Self) -> Self {
                let ($a, $b) = (self.value, b.value);
                self.with(b, $a.$op($b), $d_a, $d_b)
            }
        }
    )+};
}
operator! {
    Add add |a, b| T::ONE, T::ONE;
    Sub sub |a, b| T::ONE, -T::ONE;
    Mul mul |a, b| b, a;
}

impl<T: Real, const P: usize, const R: usize, const V: usize, const W: usize> Div for Local<T, P, R, V, W> {
    type Output = Self;
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        self.under_both(b, Outer::Over, self.value / b.value)
    }
}

impl<T: Real, const P: usize, const R: usize, const V: usize, const W: usize> Neg for Local<T, P, R, V, W> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.through(-self.value, -T::ONE)
    }
}

impl<T: Real, const P: usize, const R: usize, const V: usize, const W: usize> Number for Local<T, P, R, V, W> {
    #[inline(always)]
    fn constant(value: f64) -> Self {
        Self::new(T::rounded(value), Row::NONE, 0)
    }
    #[inline(always)]
    fn exp(self) -> Self {
        self.under(Outer::Exp, math::exp(self.value))
    }
    #[inline(always)]
    fn ln(self) -> Self {
        self.through(math::ln(self.value), T::ONE / self.value)
    }
    #[inline(always)]
    fn ln_1p(self) -> Self {
        self.through(math::ln_1p(self.value), T::ONE / (T::ONE + self.value))
    }
    #[inline(always)]
    fn sin(self) -> Self {
        self.through(math::sin(self.value), math::cos(self.value))
    }
    #[inline(always)]
    fn cos(self) -> Self {
        self.through(math::cos(self.value), -math::sin(self.value))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.under(Outer::Sqrt, math::sqrt(self.value))
    }
    #[inline(always)]
    fn abs(self) -> Self {
        let below = above(T::ZERO, self.value);
        self.through(Real::abs(self.value), T::ONE - (below + below))
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        self.under(Outer::Tanh, math::tanh(self.value))
    }
    #[inline(always)]
    fn sigmoid(self) -> Self {
        self.under(Outer::Sigmoid, math::sigmoid(self.value))
    }
    #[inline(always)]
    fn max(self, b: Self) -> Self {
        self.under_both(b, Outer::Max, larger(self.value, b.value))
    }
    /// What was found at the place: the saved value, above what was given.
    #[inline(always)]
    fn cut(self, _place: Cut, found: Self) -> Self {
        Self { depth: self.depth + 1, ..found }
    }
}
