//! `(f(x), f′(x))` of each elementary function: the only derivatives written down by hand, each a line of any table.
//! Finite differences check them.

use super::Number;

/// `exp′ = exp`
pub(super) fn exp<S: Number>(x: S) -> (S, S) {
    let e = x.exp();
    (e, e)
}

/// `ln′ x = 1/x`
pub(super) fn ln<S: Number>(x: S) -> (S, S) {
    (x.ln(), S::from_f64(1.0) / x)
}

/// `d ln(1+x) = 1/(1+x)`
pub(super) fn ln_1p<S: Number>(x: S) -> (S, S) {
    let one = S::from_f64(1.0);
    (x.ln_1p(), one / (one + x))
}

/// `sin′ = cos`
pub(super) fn sin<S: Number>(x: S) -> (S, S) {
    (x.sin(), x.cos())
}

/// `cos′ = −sin`
pub(super) fn cos<S: Number>(x: S) -> (S, S) {
    (x.cos(), -x.sin())
}

/// `√′ x = 1/(2√x)`
pub(super) fn sqrt<S: Number>(x: S) -> (S, S) {
    let root = x.sqrt();
    (root, S::from_f64(0.5) / root)
}

/// `tanh′ x = 1 − tanh² x = 4 σ(2x) σ(−2x)`: the last form does not cancel in the tails.
pub(super) fn tanh<S: Number>(x: S) -> (S, S) {
    let twice = x + x;
    (x.tanh(), S::from_f64(4.0) * twice.sigmoid() * (-twice).sigmoid())
}

/// `σ′ x = σ(x) (1 − σ(x)) = σ(x) σ(−x)`
pub(super) fn sigmoid<S: Number>(x: S) -> (S, S) {
    let s = x.sigmoid();
    (s, s * (-x).sigmoid())
}
