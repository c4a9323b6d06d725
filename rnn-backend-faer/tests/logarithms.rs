//! ln, ln(1 + x) and √x keep the ULP bounds they declare, give the same bits on every instruction set and at every place of a
//! slice, and treat zeros, subnormal numbers, infinities, NaN and numbers beyond their domain as IEEE 754 says.

mod accuracy;
mod support;

use accuracy::{
    Known, check_every_f32, check_f32, check_places_and_instruction_sets, power_of_two, ulp_error, worst_f64,
};
use rnn_backend_faer::simd::Simd;
use rnn_backend_faer::simd::math::{self, Function, Ln, Ln1p, Sqrt, map};
use rnn_check::number::{DoubleDouble, Number as _};
use std::iter::empty;
use support::{Random, TestReal};

/// `ln(1 + f)` for a tiny `f`: the seventh term is 2⁻¹²⁰ of the first.
fn series(f: f64) -> DoubleDouble {
    let (f, mut sum) = (DoubleDouble::from_f64(f), DoubleDouble::from_f64(0.0));
    for n in (1..=7).rev() {
        sum = (DoubleDouble::from_f64(1.0) / DoubleDouble::from_f64(f64::from(n))) - sum * f;
    }
    f * sum
}

const TINY: f64 = 1.0 / (1 << 20) as f64;

impl Known for Ln {
    const NAME: &'static str = "ln";
    const SELF: Self = Ln;
    const F32_ULP: f64 = math::LN_F32_ULP;
    const F64_ULP: f64 = math::LN_F64_ULP;
    fn in_f64(x: f64) -> f64 {
        x.ln()
    }
    fn exact(x: f64) -> DoubleDouble {
        if (x - 1.0).abs() < TINY {
            return series(x - 1.0);
        }
        // 2ᵏ·m with a normal number m about 1.
        let scaled = if x < f64::MIN_POSITIVE { x * power_of_two(60) } else { x };
        let k = ((scaled.to_bits() >> 52) & 0x7ff) as i32 - 1023;
        let m = f64::from_bits((scaled.to_bits() & ((1 << 52) - 1)) | 1.0_f64.to_bits());
        let k = f64::from(if x < f64::MIN_POSITIVE { k - 60 } else { k });
        if k == -1.0 {
            return DoubleDouble::from_f64(m / 2.0).ln();
        }
        DoubleDouble::from_f64(2.0).ln() * DoubleDouble::from_f64(k) + DoubleDouble::from_f64(m).ln()
    }
    fn is_outside(x: f64) -> bool {
        x < 0.0
    }
}

impl Known for Ln1p {
    const NAME: &'static str = "ln_1p";
    const SELF: Self = Ln1p;
    const F32_ULP: f64 = math::LN_1P_F32_ULP;
    const F64_ULP: f64 = math::LN_1P_F64_ULP;
    fn in_f64(x: f64) -> f64 {
        x.ln_1p()
    }
    fn exact(x: f64) -> DoubleDouble {
        if x.abs() < TINY {
            series(x)
        } else if x > power_of_two(120) {
            Ln::exact(x)
        } else {
            (DoubleDouble::from_f64(1.0) + DoubleDouble::from_f64(x)).ln()
        }
    }
    fn is_outside(x: f64) -> bool {
        x < -1.0
    }
}

impl Known for Sqrt {
    const NAME: &'static str = "sqrt";
    const SELF: Self = Sqrt;
    const F32_ULP: f64 = math::SQRT_ULP;
    const F64_ULP: f64 = math::SQRT_ULP;
    fn in_f64(x: f64) -> f64 {
        x.sqrt()
    }
    fn exact(x: f64) -> DoubleDouble {
        // Where the low part of the root's square is a normal number.
        let power = if x < 1e-100 { 200 } else { 0 };
        let root = (DoubleDouble::from_f64(x * power_of_two(2 * power))).sqrt();
        root * DoubleDouble::from_f64(power_of_two(-power))
    }
    fn is_outside(x: f64) -> bool {
        x < 0.0
    }
}

#[test]
fn f32_keep_their_bounds() {
    check_f32::<Ln>(empty());
    check_f32::<Ln1p>(empty());
    check_f32::<Sqrt>(empty());
}

#[test]
#[ignore = "exhaustive: all 2^32 inputs, minutes"]
fn f32_keep_their_bounds_on_every_input() {
    check_every_f32::<Ln>();
    check_every_f32::<Ln1p>();
    check_every_f32::<Sqrt>();
}

fn check_f64<F: Known>() {
    let mut random = Random(7);
    let mut x = Vec::new();
    for _ in 0..60_000 {
        x.push(random.uniform(0.0, 3.0));
        x.push(random.uniform(-0.9999, 1.0));
        x.push(1.0 + random.uniform(-1e-3, 1e-3) * random.uniform(0.0, 1.0).powi(8));
        x.push(random.uniform(0.0, 1e4));
        // Every exponent.
        let any = f64::from_bits(random.bits() % f64::INFINITY.to_bits());
        x.push(if random.bits().is_multiple_of(2) { any } else { -any });
    }
    x.retain(|&x| !F::is_outside(x) && F::in_f64(x).is_finite());
    let worst = worst_f64::<F>(&x);
    assert!(worst.ulp <= F::F64_ULP + 1e-9, "{} f64: {worst:?}", F::NAME);
    assert!(x.len() > 150_000);
}

#[test]
fn f64_keep_their_bounds() {
    check_f64::<Ln>();
    check_f64::<Ln1p>();
    check_f64::<Sqrt>();
}

#[test]
fn the_measure_and_the_exact_values_see_one_wrong_bit() {
    for x in [0.3_f64, 1.0 + 1e-9, 0.9, 7.5, 1e300, 5e-310] {
        let rounded = x.ln();
        let off = |steps: u64| ulp_error(f64::from_bits(rounded.to_bits() + steps), Ln::exact(x), 52, -1022);
        assert!(off(0) <= 1.0 && (off(3) - 3.0).abs() <= off(0) + 1e-9, "{x}: {} {}", off(0), off(3));
    }
    assert!(ulp_error(f64::NAN, DoubleDouble::from_f64(1.0), 52, -1022).is_nan());
    // ln 10, and ln of the f64 next to 0.1, to 30 digits.
    let near = |y: DoubleDouble, hi: f64, lo: f64| {
        let [a, b] = y.parts();
        assert!(((a - hi) + (b - lo)).abs() <= 1e-30 * hi.abs().max(1e-3), "{a:e} {b:e}");
    };
    near(Ln::exact(10.0), std::f64::consts::LN_10, -2.170_756_223_382_249_5e-16);
    near(Ln::exact(0.1), -2.302_585_092_994_045_5, -1.715_024_362_805_798_5e-16);
}

fn check_special_values<T: TestReal>(smallest: f64) {
    for simd in Simd::each() {
        let of = |x: f64, f: fn(Simd, &mut [T])| {
            let mut x = [T::from_f64(x)];
            f(simd, &mut x);
            x[0].to_f64()
        };
        let [ln, ln_1p, sqrt]: [fn(Simd, &mut [T]); 3] =
            [|simd, x| map(simd, Ln, x), |simd, x| map(simd, Ln1p, x), |simd, x| map(simd, Sqrt, x)];
        let (infinity, same) = (f64::INFINITY, |a: f64, b: f64| assert_eq!(a.to_bits(), b.to_bits(), "{a} is not {b}"));
        for (f, pole) in [(ln, 0.0), (ln_1p, -1.0)] {
            same(of(pole, f), -infinity);
            same(of(infinity, f), infinity);
            for outside in [pole - 0.5, -2.0, -1e30, -infinity, f64::NAN] {
                assert!(of(outside, f).is_nan(), "{outside}");
            }
        }
        same(of(-0.0, ln), -infinity);
        same(of(1.0, ln), 0.0);
        same(of(0.0, ln_1p), 0.0);
        same(of(-0.0, ln_1p), -0.0);
        for tiny in [smallest, -smallest, 3.0 * smallest, -5.0 * smallest] {
            same(of(tiny, ln_1p), tiny);
        }
        same(of(-smallest, sqrt), f64::NAN.copysign(of(-smallest, sqrt)));
        assert!(of(-1.0, sqrt).is_nan() && of(-infinity, sqrt).is_nan() && of(f64::NAN, sqrt).is_nan());
        same(of(0.0, sqrt), 0.0);
        same(of(-0.0, sqrt), -0.0);
        same(of(infinity, sqrt), infinity);
        // Subnormal numbers are numbers.
        assert!((of(smallest, ln) - smallest.ln()).abs() < 1e-4);
        assert!((of(smallest, sqrt) / smallest.sqrt() - 1.0).abs() < 1e-6);
    }
}

#[test]
fn special_values_are_what_they_must_be() {
    check_special_values::<f32>(f64::from(f32::from_bits(1)));
    check_special_values::<f64>(f64::from_bits(1));
}

#[test]
fn results_do_not_depend_on_the_instruction_set_or_the_place() {
    fn check(f: impl Function + Copy) {
        check_places_and_instruction_sets::<f32>(f, [-1.5, 9.0], [-1.0, 1.0]);
        check_places_and_instruction_sets::<f64>(f, [-1.5, 9.0], [-1.0, 1.0]);
    }
    check(Ln);
    check(Ln1p);
    check(Sqrt);
}
