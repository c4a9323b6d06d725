//! f32 and f64 as lists of magnitudes.

use crate::real::Real;

/// A number type whose numbers can be counted: f32 or f64.
///
/// A *magnitude* is the bit pattern of a number that is not negative; they are in the order of the numbers.
pub trait Magnitudes: Real + private::Sealed {
    /// How many magnitudes are finite; this one is infinity, and NaN are above.
    const FINITE: u64;
    /// How many magnitudes there are.
    const ALL: u64;
    /// The bit that makes a magnitude negative.
    const SIGN: u64;
    /// The number with these bits.
    #[doc(hidden)]
    fn from_bits(bits: u64) -> Self;
}

mod private {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

impl Magnitudes for f32 {
    const FINITE: u64 = 0x7f80_0000;
    const ALL: u64 = 0x8000_0000;
    const SIGN: u64 = 0x8000_0000;

    #[inline(always)]
    fn from_bits(bits: u64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "magnitude and sign are 32 bits")]
        f32::from_bits(bits as u32)
    }
}

impl Magnitudes for f64 {
    const FINITE: u64 = 0x7ff0_0000_0000_0000;
    const ALL: u64 = 0x8000_0000_0000_0000;
    const SIGN: u64 = 0x8000_0000_0000_0000;

    fn from_bits(bits: u64) -> Self {
        f64::from_bits(bits)
    }
}
