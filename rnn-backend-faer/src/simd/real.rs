//! f32 and f64 as the kernels see them: arithmetic, vectors, and the constants
//! of the exponential, each with its source.

use core::fmt::Debug;
use core::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

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
    /// −∞.
    const NEG_INFINITY: Self;

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

    /// Whether this is not a number.
    fn is_nan(self) -> bool;
    /// `self·a + b`, rounded once.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// `|self|`.
    fn abs(self) -> Self;
    /// `|self|` with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;
    /// `2ⁿ` for an integer `n` from `MIN_EXPONENT` to `MAX_EXPONENT`.
    fn power_of_two(n: Self) -> Self;
    /// `q(r)` in `eʳ = 1 + r + r²·q(r)`, `|r| ≤ ln2/2`.
    fn exp_tail(r: Self) -> Self;
}

impl Real for f32 {
    const ZERO: f32 = 0.0;
    const ONE: f32 = 1.0;
    const NEG_INFINITY: f32 = f32::NEG_INFINITY;

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
    fn power_of_two(n: f32) -> f32 {
        // The low 9 bits of `n + ROUND` are n modulo 2⁹; those above it are shifted out.
        let exponent = (n + Self::ROUND).to_bits() << 23;
        f32::from_bits(exponent.wrapping_add(1.0_f32.to_bits()))
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
}

impl Real for f64 {
    const ZERO: f64 = 0.0;
    const ONE: f64 = 1.0;
    const NEG_INFINITY: f64 = f64::NEG_INFINITY;

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
    fn power_of_two(n: f64) -> f64 {
        // The low 12 bits of `n + ROUND` are n modulo 2¹²; those above it are shifted out.
        let exponent = (n + Self::ROUND).to_bits() << 52;
        f64::from_bits(exponent.wrapping_add(1.0_f64.to_bits()))
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
}
