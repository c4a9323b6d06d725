//! Values that do not depend on a claimed accuracy: at zeros, infinities, NaN and both ends of the range.

use super::Function;
use super::format::Format;
use super::table::SpecialValue;
use rnn_kernels::{Backend, MatMut};

/// Some vectors and a remainder, whatever the width.
const ROW: usize = 67;

/// `(argument in words, argument, σ, tanh)`, correctly rounded. Zeros count as equal.
fn values<T: Format>() -> Vec<(&'static str, T, T, T)> {
    let least_normal = T::FINITE & T::FINITE.wrapping_neg();
    let [subnormal, last_subnormal, normal] = [1, least_normal - 1, least_normal].map(T::from_bits);
    let [most, infinity] = [T::FINITE - 1, T::FINITE].map(T::from_bits);
    let [half, huge, nan] = [0.5, 1e30, f64::NAN].map(T::from_f64);
    let (zero, one) = (T::ZERO, T::ONE);
    vec![
        ("0", zero, half, zero),
        ("−0", -zero, half, -zero),
        ("∞", infinity, one, one),
        ("−∞", -infinity, zero, -one),
        ("NaN", nan, nan, nan),
        ("−NaN", -nan, nan, nan),
        ("the smallest subnormal", subnormal, half, subnormal),
        ("minus the smallest subnormal", -subnormal, half, -subnormal),
        ("the largest subnormal", last_subnormal, half, last_subnormal),
        ("minus the largest subnormal", -last_subnormal, half, -last_subnormal),
        ("the smallest normal", normal, half, normal),
        ("minus the smallest normal", -normal, half, -normal),
        ("1e30", huge, one, one),
        ("−1e30", -huge, zero, -one),
        ("the largest", most, one, one),
        ("minus the largest", -most, zero, -one),
    ]
}

/// How many were looked at, and those that are wrong anywhere in a row of equal arguments.
pub(super) fn check<T: Format>(backend: &dyn Backend<T>, function: Function) -> (usize, Vec<SpecialValue>) {
    let values = values::<T>();
    let looked_at = values.len();
    let broken = values.into_iter().filter_map(|(name, x, sigmoid, tanh)| {
        let want = if function == Function::Sigmoid { sigmoid } else { tanh };
        let mut y = [x; ROW];
        backend.activation_forward(function.activation(), MatMut::new(&mut y, 1, ROW));
        let got = y.into_iter().find(|y| !y.same(want))?;
        Some(SpecialValue { x: name.into(), got: format!("{got:?}"), want: format!("{want:?}") })
    });
    (looked_at, broken.collect())
}
