//! `σ(x)` and `tanh x`: in f64 to 2⁻⁴⁸ for f32 arguments, in double-double to 2⁻⁹⁰ for all.
//!
//! # Proof of the f64 formulas
//!
//! Relative errors, `u = 2⁻⁵³`; every operation is one of IEEE f64, nothing over- or underflows. Arguments are f32.
//!
//! **Reduction** `t = n ln 2 + r`, `|r| ≤ 0.3466`, for `t = −|x|` or `2|x|`, `|t| ≤ 201`, so `|n| ≤ 290 < 2⁹`. `LN2_HI` is a
//! multiple of 2⁻³² below 1, hence `n·LN2_HI` is exact; where `n ≠ 0`, `|t| ≥ 0.34` and `t`, of 24 digits, is a multiple of
//! 2⁻²⁵, so the difference is a multiple of 2⁻³² below 1: exact. `n·LN2_LO` is below 2⁻²³ and contributes 2⁻⁷⁶; rounding the
//! second difference adds 2⁻⁵⁵. Thus `|δr| ≤ 2^−54.9`, and `r = t` where `n = 0`.
//!
//! **`p = e^r − 1`** `= r + r²q(r)`, Taylor to r¹⁴: the rest is below `0.3466¹⁴/15! = 2⁻⁶¹` of `r`. In Horner's scheme each
//! summand is below 0.18 of the one before it, so `q` has an error below `2u(1 + 0.3 + …) < 2⁻⁵¹`; `r²q` is below `0.2 r`
//! and its error below 2⁻⁵³ of `r`; the sum adds `u`. With `|p| ≥ 0.84 |r|`: relative error of `p` below 2⁻⁵¹.
//!
//! **σ.** `e^t = 2ⁿ(1 + p)`: `(0.42·2⁻⁵¹ + 1.42·2^−54.9 + u)/0.7 < 2⁻⁵¹`. Then `1/(1 + e)` and `e/(1 + e)`: below
//! `2⁻⁵¹ + 3u < 2⁻⁵⁰`.
//!
//! **tanh.** `m = e^t − 1 = (2ⁿ − 1) + 2ⁿp`; for `n = 0` it is `p`; for `n ≥ 1`, `m ≥ 0.41·2ⁿ/2` and the error is below
//! `(0.42·2⁻⁵¹ + 1.42·2^−54.9)·2/0.41 + 2u < 2^−49.3`. `m/(m + 2)` does not magnify it: below `2^−49.3 + 2u < 2⁻⁴⁸`.
//!
//! **Ends.** `σ(±a) = ½ ± a/4` for `a < 2⁻³⁰` leaves out `a³/48 < 2⁻⁹⁵`. `tanh a = a − a³/3` for `a < 2⁻¹⁴` leaves out
//! `2a⁴/15 < 2⁻⁵⁸`. `tanh a = 1` for `a > 22` leaves out `2e⁻⁴⁴ < 2⁻⁶²`. `σ(±a) = 1, 0` for `a > 200` leaves out `e⁻²⁰⁰`,
//! which is 2⁻¹³⁹ of the smallest f32. ∎
//!
//! # Double-double
//!
//! `+ − × ÷` have relative errors of a few 2⁻¹⁰⁴, `e^x` and `e^x − 1` below 2⁻⁹⁶. Both references are held against one another,
//! and double-double against 400 bits of an arbitrary-precision library, in the tests below.

use super::Function;
use crate::number::{DoubleDouble, Number};

/// ln 2, its upper 32 bits.
const LN2_HI: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
/// ln 2 − `LN2_HI`, rounded.
const LN2_LO: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
/// Adding it to a number below 2⁵¹ rounds to an integer, which then sits in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0; // 1.5 · 2⁵²

/// `1/k!` for `k = 2, …, 14`.
const INVERSE_FACTORIALS: [f64; 13] = {
    let mut table = [0.5; 13];
    let (mut factorial, mut k) = (2.0, 3);
    while k <= 14 {
        factorial *= k as f64; // exact: 14! < 2⁵³
        table[k - 2] = 1.0 / factorial;
        k += 1;
    }
    table
};

/// `(2ⁿ, e^r − 1)` with `t = n ln 2 + r`.
#[inline(always)]
fn reduced(t: f64) -> (f64, f64) {
    let shifted = t * std::f64::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    // The low 12 bits of `shifted` are n modulo 2¹²; those above are shifted out.
    let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1f64.to_bits()));
    let r = (t - n * LN2_HI) - n * LN2_LO;
    let mut q = INVERSE_FACTORIALS[12];
    for k in (0..12).rev() {
        q = q * r + INVERSE_FACTORIALS[k];
    }
    (power, r + r * r * q)
}

/// `f(a)` and `f(−a)` for f32 `a ≥ 0` in ascending order: the formula is chosen once, for all of them.
pub(super) fn in_f64(function: Function, a: &[f32], of_plus: &mut Vec<f64>, of_minus: &mut Vec<f64>) {
    of_plus.clear();
    of_minus.clear();
    let (Some(&least), Some(&most)) = (a.first(), a.last()) else { return };
    let wide = || a.iter().map(|&a| f64::from(a));
    match function {
        Function::Sigmoid if most < 2f32.powi(-30) => {
            of_plus.extend(wide().map(|a| 0.5 + 0.25 * a));
            of_minus.extend(wide().map(|a| 0.5 - 0.25 * a));
        }
        Function::Sigmoid if least > 200.0 => {
            of_plus.resize(a.len(), 1.0);
            of_minus.resize(a.len(), 0.0);
        }
        Function::Sigmoid => {
            of_minus.extend(wide().map(|a| {
                let (power, p) = reduced(-a.min(201.0));
                power * (1.0 + p)
            }));
            of_plus.extend(of_minus.iter().map(|e| 1.0 / (1.0 + e)));
            of_minus.iter_mut().for_each(|e| *e /= 1.0 + *e);
        }
        Function::Tanh if most < 2f32.powi(-14) => of_plus.extend(wide().map(|a| a - a * a * a / 3.0)),
        Function::Tanh if least > 22.0 => of_plus.resize(a.len(), 1.0),
        Function::Tanh => of_plus.extend(wide().map(|a| {
            let (power, p) = reduced(2.0 * a.min(100.0));
            let m = (power - 1.0) + power * p;
            m / (m + 2.0)
        })),
    }
    if function == Function::Tanh {
        of_minus.extend(of_plus.iter().map(|y| -y));
    }
}

/// `hi + lo + tail`, or `(hi + lo + tail) · 2⁻⁵¹²` if `scaled`; `slack` is what it may be off.
#[derive(Clone, Copy, Debug)]
pub struct Scaled {
    hi: f64,
    lo: f64,
    /// Beyond the 106 digits of `hi + lo`, where these may be half way between two numbers of the format.
    tail: f64,
    slack: f64,
    scaled: bool,
}

/// How wrong a result is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settled {
    /// `|got − value| / ulp(value)`
    pub error: f64,
    /// The same less ½, not rounded on the way: above 0, the result is not the nearest number.
    pub excess: f64,
    /// Whether the sign of the excess is certain.
    pub decided: bool,
}

impl Scaled {
    /// Keeps all parts normal down to where σ is 0 for f64 (`e⁻¹⁰⁰⁰ 2⁵¹² > 2⁻⁹³¹`), and for subnormal tanh.
    const POWER: i32 = 512;

    fn plain(value: DoubleDouble) -> Self {
        let [hi, lo] = value.parts();
        Self { hi, lo, tail: 0.0, slack: hi.abs() * 2f64.powi(-90), scaled: false }
    }

    pub(super) fn negated(self) -> Self {
        Self { hi: -self.hi, lo: -self.lo, tail: -self.tail, ..self }
    }

    /// Judges a result in a format of `digits` digits with this smallest subnormal.
    pub(super) fn judge(self, got: f64, digits: i32, smallest: f64) -> Settled {
        let scale = if self.scaled { 2f64.powi(Self::POWER) } else { 1.0 };
        let mut power = f64::from_bits(self.hi.abs().to_bits() & f64::INFINITY.to_bits());
        // Just below a power of two the numbers are closer.
        if self.hi.abs() == power && self.lo != 0.0 && self.lo.is_sign_negative() != self.hi.is_sign_negative() {
            power *= 0.5;
        }
        let ulp = (power * 2f64.powi(1 - digits)).max(smallest * scale);
        // All differences are exact where they decide: the operands are within a factor of 2 of each other.
        let off = got * scale - self.hi;
        let sign = if off > self.lo { 1.0 } else { -1.0 };
        let excess = ((sign * off - 0.5 * ulp) - sign * self.lo) - sign * self.tail;
        let error = ((off - self.lo) - self.tail).abs();
        Settled { error: error / ulp, excess: excess / ulp, decided: excess.abs() > self.slack }
    }
}

/// `f(x)` in double-double; where that would be too near to ½ or 1 to tell on which side, from what it differs by.
pub(super) fn in_double_double(function: Function, x: f64) -> Scaled {
    let wide = DoubleDouble::from_f64(x);
    let exactly = |hi: f64| Scaled { hi, lo: 0.0, tail: 0.0, slack: 0.0, scaled: false };
    match function {
        Function::Sigmoid if x == 0.0 => exactly(0.5),
        // ½ + x/4 − x³/48 + x⁵/480 − …; x/4 may be half an ulp exactly, and must not vanish.
        Function::Sigmoid if x.abs() < 2f64.powi(-20) => {
            let lo = x.abs().max(4.0 * f64::MIN_POSITIVE).copysign(x) / 4.0;
            let tail = -x * x * x / 48.0;
            Scaled { lo, tail, slack: tail.abs() * 2f64.powi(-40) + f64::MIN_POSITIVE, ..exactly(0.5) }
        }
        // 1 − σ(−x), where σ(−x) < 2⁻⁵¹.
        Function::Sigmoid if x > 36.0 => one_less((-wide).sigmoid()),
        Function::Sigmoid if x < -1000.0 => Scaled { slack: f64::MIN_POSITIVE, ..exactly(0.0) },
        // e^x/(1 + e^x), where e^x < 2⁻⁸⁶⁵ beside 1.
        Function::Sigmoid if x < -600.0 => Scaled { scaled: true, ..Scaled::plain(wide.exp_scaled(Scaled::POWER)) },
        Function::Sigmoid => Scaled::plain(wide.sigmoid()),
        // x − x³/3 + …, where x²/3 < 2⁻¹¹¹ is as good as anything of its sign.
        Function::Tanh if x.abs() < 2f64.powi(-500) => {
            let hi = x * 2f64.powi(Scaled::POWER);
            let lo = -hi * 2f64.powi(-120);
            Scaled { hi, lo, tail: 0.0, slack: lo.abs(), scaled: true }
        }
        Function::Tanh if x.abs() < 2f64.powi(-55) => {
            let lo = -x * (x * x / 3.0).max(2f64.powi(-120));
            Scaled { lo, slack: lo.abs(), ..exactly(x) }
        }
        // 1 − 2σ(−2x), where σ(−2x) < 2⁻⁵¹.
        Function::Tanh if x > 18.0 => one_less((-(wide + wide)).sigmoid() * DoubleDouble::from_f64(2.0)),
        Function::Tanh if x < -18.0 => in_double_double(function, -x).negated(),
        Function::Tanh => Scaled::plain(wide.tanh()),
    }
}

/// `1 − rest`, however small the rest is.
fn one_less(rest: DoubleDouble) -> Scaled {
    let rest = rest.value();
    // Below 2⁻²⁰⁰ only its sign is asked for.
    let least = 2f64.powi(-200);
    let (lo, slack) = if rest < least { (-least, least) } else { (-rest, rest * 2f64.powi(-50)) };
    Scaled { hi: 1.0, lo, tail: 0.0, slack, scaled: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Stream;

    type Big = dashu_float::FBig<dashu_float::round::mode::HalfEven, 2>;

    fn big(x: f64) -> Big {
        Big::try_from(x).expect("a finite number").with_precision(400).value()
    }

    /// From `e^x` and `e^2x − 1` to 400 bits.
    fn to_400_bits(function: Function, x: f64) -> Big {
        match function {
            Function::Sigmoid => big(1.0) / (big(1.0) + big(-x).exp()),
            Function::Tanh => {
                let m = big(2.0 * x).exp_m1();
                &m / (&m + big(2.0))
            }
        }
    }

    /// Arguments of every size, and on both sides of every change of formula.
    fn arguments() -> Vec<f64> {
        let mut stream = Stream::new(5, 53);
        let mut x = Vec::new();
        for limit in [1e-300, 1e-150, 1e-17, 1e-9, 0.3, 1.0, 5.0, 50.0, 800.0] {
            x.extend((0..60).map(|_| limit * stream.signed()));
        }
        let limits = [-500, -55, -30, -20, -14, -2, -1].map(|power| 2f64.powi(power));
        for limit in limits.into_iter().chain([18.0, 22.0, 36.0, 600.0]) {
            x.extend([limit.next_down(), limit, limit.next_up()].map(|x| [x, -x]).concat());
        }
        x
    }

    #[test]
    fn double_double_agrees_with_an_arbitrary_precision_library_to_90_bits() {
        for function in Function::ALL {
            for x in arguments() {
                let got = in_double_double(function, x);
                let scale = big(if got.scaled { 2f64.powi(Scaled::POWER) } else { 1.0 });
                let want = to_400_bits(function, x) * scale;
                let off = (big(got.hi) + big(got.lo) + big(got.tail) - &want).to_f64().value().abs();
                assert!(
                    off <= got.slack && got.slack <= got.hi.abs() * 2f64.powi(-90),
                    "{function:?}({x:e}): off by {off:e}"
                );
            }
        }
    }
    #[test]
    fn f64_agrees_with_double_double_to_a_sixteen_millionth_of_an_f32_ulp() {
        let (mut of_plus, mut of_minus) = (Vec::new(), Vec::new());
        // Every binade, in runs of neighbours as the sweep has them; and where one run contains two formulas.
        let starts = (0..254u32).flat_map(|binade| [binade << 23, (binade << 23) + 0x3f_fff0 + binade]);
        let mut starts: Vec<u32> = starts.collect();
        starts.extend([2f32.powi(-30), 2f32.powi(-14), 22.0, 200.0].map(|x| x.to_bits() - 8));
        for start in starts {
            let a: Vec<f32> = (start..start + 16).map(f32::from_bits).collect();
            for function in Function::ALL {
                in_f64(function, &a, &mut of_plus, &mut of_minus);
                for (i, &a) in a.iter().enumerate() {
                    for (x, got) in [(a, of_plus[i]), (-a, of_minus[i])] {
                        let exact = in_double_double(function, f64::from(x));
                        let error = exact.judge(got, 24, f64::from(f32::from_bits(1))).error;
                        assert!(error < 2f64.powi(-24), "{function:?}({x:e}): {error:e} ulp");
                    }
                }
            }
        }
    }
}
