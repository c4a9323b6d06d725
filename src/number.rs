//! `fl(x) ∈ range`: settings are written in f64 and used in the number type of the network.

use rnn_kernels::Scalar;

/// `Ok` if `holds` is true of `value` as it is written and as it is used.
///
/// # Errors
/// What was found, in words for a message.
pub(crate) fn in_type<T: Scalar>(value: f64, holds: fn(f64) -> bool) -> Result<(), String> {
    let used = T::from_f64(value).to_f64();
    match (holds(value), holds(used)) {
        (true, true) => Ok(()),
        (false, _) => Err(value.to_string()),
        (true, false) => Err(format!("{value:e}, which is {used} in {}", std::any::type_name::<T>())),
    }
}

#[cfg(test)]
mod tests {
    use super::in_type;

    #[test]
    fn a_setting_must_hold_as_it_is_written_and_as_it_is_used() {
        let positive = |x: f64| x > 0.0 && x.is_finite();
        assert_eq!(in_type::<f32>(1e-46, positive), Err("1e-46, which is 0 in f32".into()));
        assert_eq!(in_type::<f32>(1e39, positive), Err("1e39, which is inf in f32".into()));
        assert_eq!(in_type::<f64>(1e-46, positive), Ok(()));
        assert_eq!(in_type::<f32>(-1.0, positive), Err("-1".into()));
        // Rounding must not make a wrong setting right.
        assert_eq!(in_type::<f32>(-1e-50, |x| x >= 0.0), Err(format!("{}", -1e-50)));
    }
}
