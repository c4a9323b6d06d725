//! `a·b + c` rounded once, for f32 on machines without the instruction.
//!
//! The product of two f32 has at most 48 significant bits: it is exact in f64, and so is its exponent. What is left is to
//! add `c` and to round to f32, which f64 arithmetic does in two roundings, to 53 bits and to 24. Rounding twice differs
//! from rounding once only where the first result lies exactly halfway between two neighbours in f32 (Figueroa, "When is
//! double rounding innocuous?", SIGNUM Newsletter 30, 1995). Halfway between normal numbers means that its last 29 bits
//! are 1 and zeros; subnormal numbers lie farther apart, and all of them are taken to be in doubt.

use core::any::TypeId;

/// Whether `a·b + c` of the vectors of `S` would be a library call for each lane.
#[inline(always)]
pub(super) fn is_a_call<S: 'static>() -> bool {
    // Registers of 80 bits, which x86 without SSE2 computes f64 in, would round a third time.
    const NO_INSTRUCTION: bool = cfg!(all(
        any(target_feature = "sse2", target_arch = "wasm32", target_arch = "arm"),
        not(target_feature = "fma")
    ));
    NO_INSTRUCTION && TypeId::of::<S>() == TypeId::of::<pulp::Scalar512b>()
}

/// `a·b + c`, each lane rounded once.
#[inline(always)]
pub(super) fn fused(a: [f32; 16], b: [f32; 16], c: [f32; 16]) -> [f32; 16] {
    /// The bits that f64 has beyond the mantissa of f32 are the last 29; a shift by three leaves them in 32.
    const BEYOND: u32 = 3;
    const HALFWAY: u32 = 1 << 31;
    const SMALLEST_NORMAL: u32 = 1 << 23;
    let mut rounded = [0.0; 16];
    // Its uppermost bit is set by any lane in doubt.
    let (mut halfway, mut subnormal) = (0, 0);
    for lane in 0..16 {
        let twice = f64::from(a[lane]) * f64::from(b[lane]) + f64::from(c[lane]);
        #[expect(clippy::cast_possible_truncation, reason = "the second rounding, and the low half of the bits")]
        let (result, low) = (twice as f32, twice.to_bits() as u32);
        rounded[lane] = result;
        halfway |= u32::from(low << BEYOND == HALFWAY);
        // From 1 to the smallest normal number, to which the largest subnormal ones may have been rounded; a sum that
        // rounds to 0 cancels to 0 exactly, or is a product alone.
        let magnitude = result.to_bits() & !(1 << 31);
        subnormal |= magnitude.wrapping_sub(SMALLEST_NORMAL + 1) & !magnitude.wrapping_sub(1);
    }
    if halfway != 0 || subnormal >> 31 != 0 { one_by_one(a, b, c) } else { rounded }
}

#[cold]
#[inline(never)]
fn one_by_one(a: [f32; 16], b: [f32; 16], c: [f32; 16]) -> [f32; 16] {
    core::array::from_fn(|lane| a[lane].mul_add(b[lane], c[lane]))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Random(u64);

    impl Random {
        fn bits(&mut self) -> u32 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 32) as u32
        }
        fn sign(&mut self) -> f32 {
            if self.bits() & 1 == 0 { 1.0 } else { -1.0 }
        }
        /// Few bits set, an exponent field from a range.
        fn sparse(&mut self, exponents: &core::ops::Range<u32>) -> f32 {
            let mantissa = (0..self.bits() % 4).fold(0, |bits, _| bits | 1 << (self.bits() % 23));
            let exponent = exponents.start + self.bits() % (exponents.end - exponents.start);
            self.sign() * f32::from_bits(exponent << 23 | mantissa)
        }
    }

    /// `mul_add` of the standard library rounds once. NaN is NaN, whatever its bits.
    fn check(a: f32, b: f32, c: f32) {
        let want = a.mul_add(b, c);
        for got in fused([a; 16], [b; 16], [c; 16]) {
            let same = got.to_bits() == want.to_bits() || got.is_nan() && want.is_nan();
            assert!(same, "{a:e} · {b:e} + {c:e} = {want:e}, not {got:e}");
        }
    }

    fn power(n: i32) -> f32 {
        f32::from_bits(u32::try_from(127 + n).expect("a normal number") << 23)
    }

    #[test]
    fn a_sum_that_the_first_rounding_takes_to_halfway_goes_to_the_nearer_neighbour() {
        let ulp = f32::EPSILON;
        // 1 + 2⁻²³ + 2⁻²⁴(1 − 2⁻³²), just below halfway; 1 + 2⁻²⁴(1 + 2⁻³⁶), just above.
        let (less, more) = (1.0 - power(-16), 1.0 + power(-16));
        check(power(-12) * less, power(-12) * more, 1.0 + ulp);
        check(power(-12) * (1.0 + power(-12)), power(-12) * (1.0 - power(-12) + power(-24)), 1.0);
        // The same between subnormal numbers, which are 2⁻¹⁴⁹ apart, and between the largest one and the smallest normal one.
        let (less, more) = (power(-75) * (1.0 - power(-18)), power(-75) * (1.0 + power(-18)));
        check(less, more, f32::from_bits((1 << 19) + 1));
        check(less, more, f32::from_bits((1 << 23) - 1));
        check(power(-75) * (1.0 + power(-12)), power(-75) * (1.0 - power(-12) + power(-24)), power(-126) / 16.0);
    }

    #[test]
    fn sums_near_halfway_at_every_size_are_rounded_once() {
        let mut random = Random(1);
        for _ in 0..200_000 {
            // (1 − 2⁻ʲ)(1 + 2⁻ʲ) = 1 − 2⁻²ʲ, at half the distance of the neighbours of c.
            let exponent = random.bits() % 255;
            let c = random.sign() * f32::from_bits(exponent << 23 | random.bits() >> 9);
            let half = i32::try_from(exponent.max(1)).expect("an exponent") - 127 - 24;
            let j = power(-i32::try_from(12 + random.bits() % 12).expect("an exponent"));
            let (a, b) = (power(half.div_euclid(2)), power(half - half.div_euclid(2)));
            check(a * (1.0 - j), random.sign() * b * (1.0 + j), c);
        }
    }

    #[test]
    fn sums_of_few_bits_and_the_ends_of_the_range_are_rounded_once() {
        let mut random = Random(2);
        // Around 1, around the smallest normal number, down to the smallest subnormal one, around the largest, any bits.
        for exponents in [[127..128, 100..150], [64..66, 0..3], [52..60, 0..1], [190..192, 250..255], [0..256, 0..256]]
        {
            let [factors, summands] = exponents;
            for _ in 0..50_000 {
                check(random.sparse(&factors), random.sparse(&factors), random.sparse(&summands));
            }
        }
        let specials = [0.0, -0.0, 1.0, -1.0, f32::MIN_POSITIVE, f32::MAX, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
        for a in specials {
            for b in specials {
                specials.iter().for_each(|&c| check(a, b, c));
            }
        }
    }
}
