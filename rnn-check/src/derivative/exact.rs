//! `ẏ = J ẋ` and `x̄ = Jᵀ ȳ` of a function `x ↦ y` of many variables, exact up to rounding.

use crate::number::{Dual, Number, Tape, Var};

/// `(y, J ẋ)`: one run on dual numbers.
///
/// # Panics
/// If `x` and `x_dot` differ in length.
pub fn jvp<S: Number>(x: &[S], x_dot: &[S], f: impl FnOnce(&[Dual<S>]) -> Vec<Dual<S>>) -> (Vec<S>, Vec<S>) {
    assert_eq!(x.len(), x_dot.len(), "a tangent for every variable");
    let x: Vec<_> = x.iter().zip(x_dot).map(|(&x, &x_dot)| Dual::new(x, x_dot)).collect();
    f(&x).into_iter().map(|y| (y.value, y.tangent)).unzip()
}

/// `(y, Jᵀ d_y)`: one run on a tape and one sweep back.
///
/// # Panics
/// If `f` returns another number of values than `d_y` has.
pub fn vjp<S: Number>(
    x: &[S],
    d_y: &[S],
    f: impl for<'t> FnOnce(&[Var<'t, S>]) -> Vec<Var<'t, S>>,
) -> (Vec<S>, Vec<S>) {
    let tape = Tape::new();
    let x: Vec<_> = x.iter().map(|&x| tape.leaf(x)).collect();
    let y = f(&x);
    assert_eq!(y.len(), d_y.len(), "a cotangent for every output");
    let adjoints = tape.adjoints(y.iter().copied().zip(d_y.iter().copied()));
    let d_x = x.into_iter().map(|x| adjoints.of(x)).collect();
    (y.into_iter().map(Var::inner).collect(), d_x)
}

/// `(L, ∂L/∂x)` of a scalar `L`.
pub fn gradient<S: Number>(x: &[S], f: impl for<'t> FnOnce(&[Var<'t, S>]) -> Var<'t, S>) -> (S, Vec<S>) {
    let (y, d_x) = vjp(x, &[S::from_f64(1.0)], |x| vec![f(x)]);
    (y[0], d_x)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `y = (x₀ x₁, tanh x₀ + x₁²)`
    fn f<S: Number>(x: &[S]) -> Vec<S> {
        vec![x[0] * x[1], x[0].tanh() + x[1] * x[1]]
    }

    #[test]
    fn jvp_and_vjp_are_rows_and_columns_of_the_same_jacobian() {
        let x = [0.0, 3.0]; // J = [[3, 0], [1, 6]]
        assert_eq!(jvp(&x, &[1.0, 10.0], f), (vec![0.0, 9.0], vec![3.0, 61.0]));
        assert_eq!(vjp(&x, &[1.0, 10.0], |x| f(x)), (vec![0.0, 9.0], vec![13.0, 60.0]));
    }

    #[test]
    fn gradient_is_the_vjp_of_one_output() {
        assert_eq!(gradient(&[2.0, 3.0], |x| x[0] * x[0] * x[1]), (12.0, vec![12.0, 4.0]));
    }
}
