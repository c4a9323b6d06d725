//! f32 and f64 as the kernels see them: arithmetic, vectors, and the constants
//! of the exponential, the logarithm, sine and cosine, each with its source.

use core::fmt::Debug;
use core::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use super::turns;
use super::vector::Vector;

/// A number the vector kernels are written for: `f32` or `f64`.
///
/// The constants come from `tools/coefficients.py`, which prints their bits
/// and the error of the rounded polynomial.
pub trait Real:
    Vector
    + Debug
    + Default
    + PartialEq
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// −0, which changes nothing that it is added to.
    const NEG_ZERO: Self;
    /// ½.
    const HALF: Self;
    /// −∞.
    const NEG_INFINITY: Self;
    /// Not a number.
    const QUIET_NAN: Self;
    /// The smallest normal number.
    const MIN_NORMAL: Self;
    /// `2^SUBNORMAL_EXPONENT`: makes every subnormal number normal.
    const SUBNORMAL_SCALE: Self;
    /// The exponent of `SUBNORMAL_SCALE`.
    const SUBNORMAL_EXPONENT: Self;

    /// 1/ln 2, rounded.
    const LOG2_E: Self;
    /// ln 2, rounded. `n·LN2_HI` is never rounded on its own (fused), and
    /// `x − n·LN2_HI` is exact: it is a multiple of the smaller of both last
    /// places and below one half.
    const LN2_HI: Self;
    /// ln 2 − `LN2_HI`, rounded.
    const LN2_LO: Self;
    /// 1.5·2^(p−1) for p bits of precision: adding and subtracting it rounds
    /// to the nearest integer, which meanwhile sits in the low bits.
    const ROUND: Self;
    /// The exponent of the smallest normal number.
    const MIN_EXPONENT: Self;
    /// The exponent of the largest number.
    const MAX_EXPONENT: Self;
    /// Below it `eˣ` rounds to 0: under `ln` of half the smallest subnormal.
    const EXP_UNDERFLOWS: Self;
    /// Above it `eˣ` rounds to ∞: over `ln` of the largest number.
    const EXP_OVERFLOWS: Self;
    /// Above it `tanh x` rounds to 1: `2·e^(−2x)` is below a quarter of ε.
    const TANH_SATURATES: Self;
    /// Above it `σ(x)` rounds to 1: `e⁻ˣ` is below a quarter of ε.
    const SIGMOID_SATURATES: Self;
    /// `2^SCALE_EXPONENT`, see [`sigmoid`](super::math::sigmoid): with it `eˣ`
    /// is a normal number from `−SIGMOID_SATURATES` to `−EXP_UNDERFLOWS`.
    const SCALE: Self;
    /// The exponent of `SCALE`.
    const SCALE_EXPONENT: Self;
    /// `2^FAST_SCALE_EXPONENT`, see [`fast::sigmoid`](super::fast::sigmoid): with it `e⁻ˣ` is finite down to `EXP_UNDERFLOWS`.
    const FAST_SCALE: Self;
    /// The exponent of `FAST_SCALE`.
    const FAST_SCALE_EXPONENT: Self;
    /// 1.5·2^(p+3): adding and subtracting it rounds to the nearest multiple of 16.
    const SIXTEENS: Self;
    /// 12: adding and subtracting it rounds a number from 0 to 4 to the last place of 8.
    const TWELVE: Self;
    /// π/2, rounded.
    const HALF_PI_HI: Self;
    /// π/2 − `HALF_PI_HI`, rounded.
    const HALF_PI_LO: Self;
    /// Below it `sin x` rounds to `x`, nearly: `x²/6` is below a tenth of ε.
    const SINE_IS_LINEAR: Self;

    /// The nearest number to `value`.
    fn rounded(value: f64) -> Self;
    /// One of two, without a branch: a mask on their bits.
    fn choose(first: bool, a: Self, b: Self) -> Self;
    /// Whether this is not a number.
    fn is_nan(self) -> bool;
    /// `self·a + b`, rounded once.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// `|self|`.
    fn abs(self) -> Self;
    /// `|self|` with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;
    /// `√self`, correctly rounded.
    fn sqrt(self) -> Self;
    /// `(k, m)`: `self = 2ᵏ·m` with `√½ ≤ m < √2`, of a positive normal number; any finite `k`, any `m` like that of another.
    fn exponent_and_mantissa(self) -> (Self, Self);
    /// `2ⁿ` for an integer `n` from `MIN_EXPONENT` to `MAX_EXPONENT`.
    #[inline(always)]
    fn power_of_two(n: Self) -> Self {
        Self::power_of_two_of(n + Self::ROUND)
    }
    /// `2ⁿ` from `n + ROUND`, likewise.
    fn power_of_two_of(sum: Self) -> Self;
    /// `(m, c)`: `|self|` is `m·Σc` quarter turns but for whole turns, `m < 2`; the parts of `c` are those of a table (`turns.rs`).
    fn quarter_turns(self) -> (Self, [Self; 4]);
    /// Whether an integer is odd, and whether its half, rounded down, is.
    fn last_bits(self) -> (bool, bool);
    /// `q(r)` in `eʳ = 1 + r + r²·q(r)`, `|r| ≤ ln2/2`.
    fn exp_tail(r: Self) -> Self;
    /// `q(r)` in `eʳ = 1 + r·q(r)`, `|r| ≤ ln2/2`, for [`fast`](super::fast).
    fn expm1_quotient(r: Self) -> Self;
    /// `(e²ᵃ·2⁻ⁿ − 1)/2` from `r = a − n·LN2_HI/2`, `|r| ≤ ln2/4`, for [`fast`](super::fast).
    fn half_expm1(r: Self, n: Self) -> Self;
    /// `p(z)` in `2 artanh s = 2s + s·z·p(z)`, `z = s²`, `|s| ≤ 3 − 2√2`.
    fn ln_tail(z: Self) -> Self;
    /// `s(z)` in `sin r = r + r·z·s(z)`, `z = r²`, `|r| ≤ π/4`.
    fn sin_tail(z: Self) -> Self;
    /// `c(z)` in `cos r = 1 − z/2 + z²·c(z)`, `z = r²`, `|r| ≤ π/4`.
    fn cos_tail(z: Self) -> Self;
}

impl Real for f32 {
    const ZERO: f32 = 0.0;
    const ONE: f32 = 1.0;
    const NEG_ZERO: f32 = -0.0;
    const HALF: f32 = 0.5;
    const NEG_INFINITY: f32 = f32::NEG_INFINITY;
    const QUIET_NAN: f32 = f32::NAN;
    const MIN_NORMAL: f32 = f32::MIN_POSITIVE;
    const SUBNORMAL_SCALE: f32 = 16_777_216.0; // 2²⁴
    const SUBNORMAL_EXPONENT: f32 = 24.0;

    const LOG2_E: f32 = f32::from_bits(0x3fb8_aa3b);
    const LN2_HI: f32 = f32::from_bits(0x3f31_7218);
    const LN2_LO: f32 = f32::from_bits(0xb102_e308);
    const ROUND: f32 = 12_582_912.0; // 1.5·2²³
    const MIN_EXPONENT: f32 = -126.0;
    const MAX_EXPONENT: f32 = 127.0;
    const EXP_UNDERFLOWS: f32 = -105.0; // ln 2⁻¹⁵⁰ = −103.97
    const EXP_OVERFLOWS: f32 = 89.0; // ln 2¹²⁸ = 88.72
    const TANH_SATURATES: f32 = 10.0; // 2·e⁻²⁰ = 2⁻²⁷·⁸
    const SIGMOID_SATURATES: f32 = 20.0; // e⁻²⁰ = 2⁻²⁸·⁸
    const SCALE: f32 = f32::from_bits(0x1f80_0000); // 2⁻⁶⁴
    const SCALE_EXPONENT: f32 = -64.0;
    const FAST_SCALE: f32 = f32::from_bits(0x3380_0000); // 2⁻²⁴
    const FAST_SCALE_EXPONENT: f32 = -24.0;
    const SIXTEENS: f32 = 201_326_592.0; // 1.5·2²⁷
    const TWELVE: f32 = 12.0;
    const HALF_PI_HI: f32 = f32::from_bits(0x3fc9_0fdb);
    const HALF_PI_LO: f32 = f32::from_bits(0xb33b_bd2e);
    const SINE_IS_LINEAR: f32 = f32::from_bits(0x3900_0000); // 2⁻¹³

    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)] // rounding is its purpose
    fn rounded(value: f64) -> f32 {
        value as f32
    }
    #[inline(always)]
    fn choose(first: bool, a: f32, b: f32) -> f32 {
        let mask = u32::from(first).wrapping_neg();
        f32::from_bits((a.to_bits() & mask) | (b.to_bits() & !mask))
    }
    #[inline(always)]
    fn is_nan(self) -> bool {
        self.is_nan()
    }
    #[inline(always)]
    fn mul_add(self, a: f32, b: f32) -> f32 {
        self.mul_add(a, b)
    }
    #[inline(always)]
    fn abs(self) -> f32 {
        self.abs()
    }
    #[inline(always)]
    fn copysign(self, sign: f32) -> f32 {
        self.copysign(sign)
    }
    #[inline(always)]
    fn sqrt(self) -> f32 {
        self.sqrt()
    }
    #[inline(always)]
    fn exponent_and_mantissa(self) -> (f32, f32) {
        const SQRT_HALF: u32 = 0x3f35_04f3;
        const WHOLE: f32 = 8_388_608.0; // 2²³: its last bits count ones
        let shifted = self.to_bits().wrapping_add(1.0_f32.to_bits() - SQRT_HALF);
        let k = f32::from_bits(WHOLE.to_bits() | (shifted >> 23)) - (WHOLE + 127.0);
        (k, f32::from_bits((shifted & ((1 << 23) - 1)) + SQRT_HALF))
    }
    #[inline(always)]
    fn power_of_two_of(sum: f32) -> f32 {
        // The low 9 bits are n modulo 2⁹; those above it are shifted out.
        let exponent = sum.to_bits() << 23;
        f32::from_bits(exponent.wrapping_add(1.0_f32.to_bits()))
    }
    #[inline(always)]
    fn quarter_turns(self) -> (f32, [f32; 4]) {
        let bits = self.abs().to_bits();
        // 0 below 1. That of infinities and NaN, 128, only has to be somewhere in the table.
        let exponent = (bits >> 23).saturating_sub(127) & 127;
        (f32::from_bits(bits - (exponent << 23)), turns::F32[exponent as usize])
    }
    #[inline(always)]
    fn last_bits(self) -> (bool, bool) {
        let bits = (self + Self::ROUND).to_bits();
        (bits & 1 == 1, bits & 2 == 2)
    }
    #[inline(always)]
    fn exp_tail(r: f32) -> f32 {
        // Degree 5. Error 0.013 u in eʳ, 0.031 u in eʳ − 1 (u = 2⁻²⁴).
        const Q: [f32; 6] = [
            0.5,
            f32::from_bits(0x3e2a_aaab), // 0.1666667
            f32::from_bits(0x3d2a_aa74), // 0.04166646
            f32::from_bits(0x3c08_8870), // 0.008333310
            f32::from_bits(0x3ab6_a1d6), // 0.001393373
            f32::from_bits(0x3950_92b5), // 0.0001989108
        ];
        let r2 = r * r;
        let low = Q[1].mul_add(r, Q[0]);
        let middle = Q[3].mul_add(r, Q[2]);
        let high = Q[5].mul_add(r, Q[4]);
        high.mul_add(r2, middle).mul_add(r2, low)
    }
    #[inline(always)]
    fn expm1_quotient(r: f32) -> f32 {
        // Degree 5. Error 0.17 u in eʳ (u = 2⁻²⁴).
        const Q: [f32; 6] = [
            1.0,
            0.5,
            f32::from_bits(0x3e2a_aa3e), // 0.1666651
            f32::from_bits(0x3d2a_aa74), // 0.04166646
            f32::from_bits(0x3c09_1f0c), // 0.008369218
            f32::from_bits(0x3ab6_a1d6), // 0.001393373
        ];
        let low = Q[1].mul_add(r, Q[0]);
        let middle = Q[3].mul_add(r, Q[2]);
        let r2 = r * r;
        Q[5].mul_add(r, Q[4]).mul_add(r2, middle).mul_add(r2, low)
    }
    #[inline(always)]
    fn half_expm1(r: f32, _: f32) -> f32 {
        // (e²ʳ − 1)/2 = r + r²·q(r); the rest of ln 2 is 0.016 u of n. Degree 4. Error 0.41 u in e²ʳ − 1, 0.14 u where |r| < 0.07 and the roundings alone come to 2.4 ulp (u = 2⁻²⁴).
        const Q: [f32; 5] = [
            1.0,
            f32::from_bits(0x3f2a_aa71), // 0.6666632
            f32::from_bits(0x3eaa_aaef), // 0.3333354
            f32::from_bits(0x3e09_0395), // 0.1338027
            f32::from_bits(0x3d36_0cad), // 0.04444568
        ];
        let low = Q[1].mul_add(r, Q[0]);
        let middle = Q[3].mul_add(r, Q[2]);
        let r2 = r * r;
        r2.mul_add(Q[4].mul_add(r2, middle).mul_add(r2, low), r)
    }
    #[inline(always)]
    fn ln_tail(z: f32) -> f32 {
        // Degree 3. Error 0.005 u in the logarithm (u = 2⁻²⁴).
        const P: [f32; 4] = [
            f32::from_bits(0x3f2a_aaab), // 0.6666667
            f32::from_bits(0x3ecc_ccf6), // 0.4000012
            f32::from_bits(0x3e92_2e14), // 0.2855078
            f32::from_bits(0x3e6e_ea5b), // 0.2333159
        ];
        let low = P[1].mul_add(z, P[0]);
        P[3].mul_add(z, P[2]).mul_add(z * z, low)
    }
    #[inline(always)]
    fn sin_tail(z: f32) -> f32 {
        // Degree 3. Error 0.057 u in the sine, nearly all of it that of the first coefficient (u = 2⁻²⁴).
        const S: [f32; 4] = [
            f32::from_bits(0xbe2a_aaab), // −0.1666667
            f32::from_bits(0x3c08_8887), // 0.008333332
            f32::from_bits(0xb950_09d2), // −0.0001984008
            f32::from_bits(0x3636_de81), // 2.724963e-6
        ];
        let low = S[1].mul_add(z, S[0]);
        S[3].mul_add(z, S[2]).mul_add(z * z, low)
    }
    #[inline(always)]
    fn cos_tail(z: f32) -> f32 {
        // Degree 2. Error 0.014 u in the cosine (u = 2⁻²⁴).
        const C: [f32; 3] = [
            f32::from_bits(0x3d2a_aaaa), // 0.04166666
            f32::from_bits(0xbab6_0968), // −0.001388830
            f32::from_bits(0x37cd_ebc6), // 2.454770e-5
        ];
        C[2].mul_add(z, C[1]).mul_add(z, C[0])
    }
}

impl Real for f64 {
    const ZERO: f64 = 0.0;
    const ONE: f64 = 1.0;
    const NEG_ZERO: f64 = -0.0;
    const HALF: f64 = 0.5;
    const NEG_INFINITY: f64 = f64::NEG_INFINITY;
    const QUIET_NAN: f64 = f64::NAN;
    const MIN_NORMAL: f64 = f64::MIN_POSITIVE;
    const SUBNORMAL_SCALE: f64 = 9_007_199_254_740_992.0; // 2⁵³
    const SUBNORMAL_EXPONENT: f64 = 53.0;

    const LOG2_E: f64 = f64::from_bits(0x3ff7_1547_652b_82fe);
    const LN2_HI: f64 = f64::from_bits(0x3fe6_2e42_fefa_39ef);
    const LN2_LO: f64 = f64::from_bits(0x3c7a_bc9e_3b39_803f);
    const ROUND: f64 = 6_755_399_441_055_744.0; // 1.5·2⁵²
    const MIN_EXPONENT: f64 = -1022.0;
    const MAX_EXPONENT: f64 = 1023.0;
    const EXP_UNDERFLOWS: f64 = -746.0; // ln 2⁻¹⁰⁷⁵ = −745.13
    const EXP_OVERFLOWS: f64 = 710.0; // ln 2¹⁰²⁴ = 709.78
    const TANH_SATURATES: f64 = 20.0; // 2·e⁻⁴⁰ = 2⁻⁵⁶·⁷
    const SIGMOID_SATURATES: f64 = 40.0; // e⁻⁴⁰ = 2⁻⁵⁷·⁷
    const SCALE: f64 = f64::from_bits(0x37f0_0000_0000_0000); // 2⁻¹²⁸
    const SCALE_EXPONENT: f64 = -128.0;
    const FAST_SCALE: f64 = f64::from_bits(0x3ca0_0000_0000_0000); // 2⁻⁵³
    const FAST_SCALE_EXPONENT: f64 = -53.0;
    const SIXTEENS: f64 = 108_086_391_056_891_904.0; // 1.5·2⁵⁶
    const TWELVE: f64 = 12.0;
    const HALF_PI_HI: f64 = f64::from_bits(0x3ff9_21fb_5444_2d18);
    const HALF_PI_LO: f64 = f64::from_bits(0x3c91_a626_3314_5c07);
    const SINE_IS_LINEAR: f64 = f64::from_bits(0x3e40_0000_0000_0000); // 2⁻²⁷

    #[inline(always)]
    fn rounded(value: f64) -> f64 {
        value
    }
    #[inline(always)]
    fn choose(first: bool, a: f64, b: f64) -> f64 {
        let mask = u64::from(first).wrapping_neg();
        f64::from_bits((a.to_bits() & mask) | (b.to_bits() & !mask))
    }
    #[inline(always)]
    fn is_nan(self) -> bool {
        self.is_nan()
    }
    #[inline(always)]
    fn mul_add(self, a: f64, b: f64) -> f64 {
        self.mul_add(a, b)
    }
    #[inline(always)]
    fn abs(self) -> f64 {
        self.abs()
    }
    #[inline(always)]
    fn copysign(self, sign: f64) -> f64 {
        self.copysign(sign)
    }
    #[inline(always)]
    fn sqrt(self) -> f64 {
        self.sqrt()
    }
    #[inline(always)]
    fn exponent_and_mantissa(self) -> (f64, f64) {
        const SQRT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
        const WHOLE: f64 = 4_503_599_627_370_496.0; // 2⁵²: its last bits count ones
        let shifted = self.to_bits().wrapping_add(1.0_f64.to_bits() - SQRT_HALF);
        let k = f64::from_bits(WHOLE.to_bits() | (shifted >> 52)) - (WHOLE + 1023.0);
        (k, f64::from_bits((shifted & ((1 << 52) - 1)) + SQRT_HALF))
    }
    #[inline(always)]
    fn power_of_two_of(sum: f64) -> f64 {
        // The low 12 bits are n modulo 2¹²; those above it are shifted out.
        let exponent = sum.to_bits() << 52;
        f64::from_bits(exponent.wrapping_add(1.0_f64.to_bits()))
    }
    #[inline(always)]
    fn quarter_turns(self) -> (f64, [f64; 4]) {
        let bits = self.abs().to_bits();
        // 0 below 1. That of infinities and NaN, 1024, only has to be somewhere in the table.
        let exponent = (bits >> 52).saturating_sub(1023) & 1023;
        (f64::from_bits(bits - (exponent << 52)), turns::F64[exponent as usize])
    }
    #[inline(always)]
    fn last_bits(self) -> (bool, bool) {
        let bits = (self + Self::ROUND).to_bits();
        (bits & 1 == 1, bits & 2 == 2)
    }
    #[inline(always)]
    fn exp_tail(r: f64) -> f64 {
        // Degree 10. Error 0.003 u in eʳ, 0.007 u in eʳ − 1 (u = 2⁻⁵³).
        const Q: [f64; 11] = [
            0.5,
            f64::from_bits(0x3fc5_5555_5555_5557), // 0.1666666666666667
            f64::from_bits(0x3fa5_5555_5555_5556), // 0.04166666666666667
            f64::from_bits(0x3f81_1111_1111_00be), // 0.008333333333326084
            f64::from_bits(0x3f56_c16c_16c1_62c3), // 0.001388888888888371
            f64::from_bits(0x3f2a_01a0_1abf_7ed6), // 0.0001984126987499754
            f64::from_bits(0x3efa_01a0_1a6e_1a43), // 2.480158732567408e-5
            f64::from_bits(0x3ec7_1de0_1ff1_9a6b), // 2.755725517600371e-6
            f64::from_bits(0x3e92_7e4d_b479_38d1), // 2.755727348300525e-7
            f64::from_bits(0x3e5a_f4e5_274a_366c), // 2.510531023568979e-8
            f64::from_bits(0x3e21_f733_f411_b727), // 2.091475354495948e-9
        ];
        // Estrin's scheme: Horner's chain of ten dependent operations would not
        // overlap with its neighbours on narrow machines.
        let r2 = r * r;
        let r4 = r2 * r2;
        let p01 = Q[1].mul_add(r, Q[0]);
        let p23 = Q[3].mul_add(r, Q[2]);
        let p45 = Q[5].mul_add(r, Q[4]);
        let p67 = Q[7].mul_add(r, Q[6]);
        let p89 = Q[9].mul_add(r, Q[8]);
        let p03 = p23.mul_add(r2, p01);
        let p47 = p67.mul_add(r2, p45);
        let p8a = Q[10].mul_add(r2, p89);
        p8a.mul_add(r4, p47).mul_add(r4, p03)
    }
    #[inline(always)]
    fn expm1_quotient(r: f64) -> f64 {
        Self::exp_tail(r).mul_add(r, 1.0)
    }
    #[inline(always)]
    fn half_expm1(r: f64, n: f64) -> f64 {
        let tail = Self::exp_tail(r + r);
        // What is small beside r first, the rest of ln 2 with it: its rounding does not count.
        (r * r).mul_add(tail + tail, n * (-Self::HALF * Self::LN2_LO)) + r
    }
    #[inline(always)]
    fn ln_tail(z: f64) -> f64 {
        // Degree 7. Error 0.005 u in the logarithm (u = 2⁻⁵³).
        const P: [f64; 8] = [
            f64::from_bits(0x3fe5_5555_5555_5555), // 0.6666666666666666
            f64::from_bits(0x3fd9_9999_9999_9a39), // 0.4000000000000088
            f64::from_bits(0x3fd2_4924_9247_6a2a), // 0.2857142857079987
            f64::from_bits(0x3fcc_71c7_201a_392e), // 0.2222222239256068
            f64::from_bits(0x3fc7_45cf_8e57_ad9a), // 0.1818179554969504
            f64::from_bits(0x3fc3_b1c3_bf3e_b52a), // 0.1538624461949579
            f64::from_bits(0x3fc0_fbde_5329_4a1c), // 0.1326864152966473
            f64::from_bits(0x3fc0_c0ad_2b33_2f6e), // 0.1308800183236331
        ];
        let (z2, p01, p23) = (z * z, P[1].mul_add(z, P[0]), P[3].mul_add(z, P[2]));
        let (p45, p67) = (P[5].mul_add(z, P[4]), P[7].mul_add(z, P[6]));
        let (low, high) = (p23.mul_add(z2, p01), p67.mul_add(z2, p45));
        high.mul_add(z2 * z2, low)
    }
    #[inline(always)]
    fn sin_tail(z: f64) -> f64 {
        // Degree 6. Error 0.057 u in the sine, nearly all of it that of the first coefficient (u = 2⁻⁵³).
        const S: [f64; 7] = [
            f64::from_bits(0xbfc5_5555_5555_5555), // −0.1666666666666667
            f64::from_bits(0x3f81_1111_1111_1110), // 0.008333333333333331
            f64::from_bits(0xbf2a_01a0_1a01_992f), // −0.0001984126984126504
            f64::from_bits(0x3ec7_1de3_a545_f89d), // 2.755731921932102e-6
            f64::from_bits(0xbe5a_e645_410f_4637), // −2.505210622614580e-8
            f64::from_bits(0x3de6_1217_d9b2_ae8a), // 1.605853062061866e-10
            f64::from_bits(0xbd6a_b16f_afff_dbe1), // −7.586638294574915e-13
        ];
        let (z2, s01, s23) = (z * z, S[1].mul_add(z, S[0]), S[3].mul_add(z, S[2]));
        let (low, high) = (s23.mul_add(z2, s01), S[6].mul_add(z2, S[5].mul_add(z, S[4])));
        high.mul_add(z2 * z2, low)
    }
    #[inline(always)]
    fn cos_tail(z: f64) -> f64 {
        // Degree 5. Error 0.011 u in the cosine (u = 2⁻⁵³).
        const C: [f64; 6] = [
            f64::from_bits(0x3fa5_5555_5555_5555), // 0.04166666666666666
            f64::from_bits(0xbf56_c16c_16c1_6963), // −0.001388888888888739
            f64::from_bits(0x3efa_01a0_19f4_de4c), // 2.480158729875467e-5
            f64::from_bits(0xbe92_7e4f_a16d_281d), // −2.755731726601536e-7
            f64::from_bits(0x3e21_eeb6_7d6b_e385), // 2.087614507799710e-9
            f64::from_bits(0xbda9_07cd_dbdc_f545), // −1.138254670268945e-11
        ];
        let (z2, c01, c23) = (z * z, C[1].mul_add(z, C[0]), C[3].mul_add(z, C[2]));
        C[5].mul_add(z, C[4]).mul_add(z2 * z2, c23.mul_add(z2, c01))
    }
}
