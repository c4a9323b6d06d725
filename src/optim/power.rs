//! `bᵏ` by repeated squaring: the same bits on every machine, which `powi` of the standard library does not promise.

/// `bᵏ`; relative error at most about `2 log₂(k) k` rounding errors of `b` itself, far less for `b` near 1.
pub(crate) fn power(base: f64, exponent: u64) -> f64 {
    let (mut result, mut square, mut rest) = (1.0, base, exponent);
    while rest > 0 {
        if rest & 1 == 1 {
            result *= square;
        }
        square *= square;
        rest >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::power;

    #[test]
    fn powers_of_two_are_exact_and_the_zeroth_power_is_one() {
        assert_eq!(power(2.0, 10), 1024.0);
        assert_eq!(power(0.5, 1000), 2.0_f64.powi(-1000));
        assert_eq!(power(0.0, 0), 1.0);
        assert_eq!(power(-3.0, 3), -27.0);
        assert_eq!(power(0.9, u64::MAX), 0.0);
    }
}
