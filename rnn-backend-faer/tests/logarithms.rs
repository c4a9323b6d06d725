//! ln, ln(1 + x) and √x keep the ULP bounds they declare, give the same bits on every instruction set and at every place of a
//! slice, and treat zeros, subnormal numbers, infinities, NaN and numbers beyond their domain as IEEE 754 says.

mod support;

use rnn_backend_faer::simd::Simd;
use rnn_backend_faer::simd::math::{self, Function, Ln, Ln1p, Sqrt, map};
use rnn_check::number::{DoubleDouble, Number as _};
use support::{Random, TestReal};

/// A function with its exact values and its bounds.
trait Known: Function + Copy + Sync {
    const NAME: &'static str;
    /// Which function.
    const SELF: Self;
    const F32_ULP: f64;
    const F64_ULP: f64;
    /// The value, much nearer to the exact one than an f32 is.
    fn in_f64(x: f64) -> f64;
    /// The value, much nearer to the exact one than an f64 is.
    fn exact(x: f64) -> DoubleDouble;
    /// Where it is not a number.
    fn is_outside(x: f64) -> bool;
}

/// `ln(1 + f)` for a tiny `f`: the seventh term is 2⁻¹²⁰ of the first.
fn series(f: f64) -> DoubleDouble {
    let (f, mut sum) = (DoubleDouble::from_f64(f), DoubleDouble::from_f64(0.0));
    for n in (1..=7).rev() {
        sum = (DoubleDouble::from_f64(1.0) / DoubleDouble::from_f64(f64::from(n))) - sum * f;
    }
    f * sum
}

const TINY: f64 = 1.0 / (1 << 20) as f64;

fn power_of_two(n: i32) -> f64 {
    2f64.powi(n / 2) * 2f64.powi(n - n / 2)
}

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

/// `|got − want|` in ulp of the binade of `want`, of a format with so many bits after the first and such a smallest exponent.
fn ulp_error(got: f64, want: DoubleDouble, bits: i32, smallest: i32) -> f64 {
    let [hi, lo] = want.parts();
    let exponent = ((hi.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    let ulp = exponent.max(smallest) - bits;
    // In two factors: the inverse of the smallest number is beyond f64.
    (((got - hi) - lo) * power_of_two(-ulp / 2) * power_of_two(-ulp + ulp / 2)).abs()
}

#[derive(Clone, Copy, Debug, Default)]
struct Worst {
    ulp: f64,
    at: f64,
}

impl Worst {
    fn see(&mut self, ulp: f64, at: f64) {
        if ulp.is_nan() || ulp > self.ulp {
            *self = Worst { ulp, at };
        }
    }
}

/// The largest error over f32 of these bits, through the loop over vectors.
fn sweep<F: Known>(simd: Simd, patterns: impl Iterator<Item = u32>) -> Worst {
    let (mut worst, mut patterns) = (Worst::default(), patterns.peekable());
    let (mut x, mut y) = (Vec::new(), Vec::new());
    while patterns.peek().is_some() {
        x.clear();
        x.extend(patterns.by_ref().take(4096).map(f32::from_bits));
        y.clone_from(&x);
        map(simd, F::SELF, &mut y);
        for (&x, &y) in x.iter().zip(&y) {
            let want = F::in_f64(f64::from(x));
            if x.is_nan() || F::is_outside(f64::from(x)) {
                assert!(y.is_nan(), "{}({x}) = {y}", F::NAME);
            } else if want.is_finite() {
                worst.see(ulp_error(f64::from(y), DoubleDouble::from_f64(want), 23, -126), f64::from(x));
            } else {
                assert_eq!(f64::from(y), want, "{}({x})", F::NAME);
            }
        }
    }
    worst
}

fn check_f32<F: Known>() {
    for simd in Simd::each() {
        // Every exponent, both signs, mantissas that step through all residues; and all numbers about 0 and about 1.
        let patterns = (0..1_u32 << 22).map(|i| (i << 10) | (i.wrapping_mul(0x9e37_79b9) >> 22));
        let near = |x: f32| (0..1 << 16).map(move |i| x.to_bits() - (1 << 15) + i);
        let worst = sweep::<F>(simd, patterns.chain(0..1 << 15).chain(near(1.0)).chain(near(-1.0)));
        println!("{} f32 {:?}: {:.4} ulp at {:e}", F::NAME, simd.isa(), worst.ulp, worst.at);
        assert!(worst.ulp <= F::F32_ULP, "{} f32 {:?}: {worst:?}", F::NAME, simd.isa());
    }
}

#[test]
fn f32_keep_their_bounds() {
    check_f32::<Ln>();
    check_f32::<Ln1p>();
    check_f32::<Sqrt>();
}

fn check_every_f32<F: Known>() {
    let simd = Simd::detect();
    let worst = std::thread::scope(|scope| {
        let half = |patterns: std::ops::RangeInclusive<u32>| scope.spawn(move || sweep::<F>(simd, patterns));
        let halves = [half(0..=u32::MAX / 2), half(u32::MAX / 2 + 1..=u32::MAX)];
        halves.map(|half| half.join().expect("the sweep runs")).into_iter().fold(Worst::default(), |mut all, part| {
            all.see(part.ulp, part.at);
            all
        })
    });
    println!("{} f32 {:?}, all 2^32: {:.4} ulp at {:e}", F::NAME, simd.isa(), worst.ulp, worst.at);
    assert!(worst.ulp <= F::F32_ULP, "{} f32: {worst:?}", F::NAME);
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
    let mut y = x.clone();
    map(Simd::detect(), F::SELF, &mut y);
    let mut worst = Worst::default();
    for (&x, &y) in x.iter().zip(&y) {
        worst.see(ulp_error(y, F::exact(x), 52, -1022), x);
    }
    println!("{} f64: {:.4} ulp at {:e} of {}", F::NAME, worst.ulp, worst.at, x.len());
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

fn check_places_and_instruction_sets<T: TestReal>(f: impl Function + Copy) {
    let mut random = Random(11);
    let special = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e-320, 1e-40, 1e30, -1.0, 1.0];
    let pick = |i: usize| if i % 9 == 4 { special[i / 9 % special.len()] } else { random.uniform(-1.5, 9.0) };
    let x: Vec<T> = (0..3001).map(pick).map(T::from_f64).collect();
    let of = |simd, x: &[T]| {
        let mut y = x.to_vec();
        map(simd, f, &mut y);
        // Any NaN is as good as another.
        y.iter().map(|y| if y.is_nan() { u64::MAX } else { y.bits() }).collect::<Vec<_>>()
    };
    let whole = of(Simd::detect(), &x);
    for simd in Simd::each() {
        assert!(of(simd, &x) == whole, "{:?}", simd.isa());
    }
    for start in 0..20 {
        for end in [start, start + 1, start + 7, start + 8, start + 17, start + 33, 70] {
            assert!(of(Simd::detect(), &x[start..end]) == whole[start..end], "{start}..{end}");
        }
    }
}

#[test]
fn results_do_not_depend_on_the_instruction_set_or_the_place() {
    fn check(f: impl Function + Copy) {
        check_places_and_instruction_sets::<f32>(f);
        check_places_and_instruction_sets::<f64>(f);
    }
    check(Ln);
    check(Ln1p);
    check(Sqrt);
}
