//! exp, tanh and σ keep the ULP bounds they declare, give the same bits on
//! every instruction set and at every place of a slice, and treat zeros,
//! infinities and NaN as they promise.

mod double_double;
mod support;

use double_double::{Dd, power_of_two};
use rnn_backend_faer::simd::Simd;
use rnn_backend_faer::simd::math::{self, Exp, Function, Sigmoid, Tanh, map};
use support::{Random, TestReal, bits};

/// A function under test with its reference for f32 arguments, in f64.
trait Checked: Function + Copy + Send {
    const NAME: &'static str;
    const THIS: Self;
    const F32_ULP: f64;
    const F64_ULP: f64;
    /// To about an ulp of f64, whatever x.
    fn reference(x: f64) -> f64;
    /// To 75 bits and more.
    fn precise(x: f64) -> (Dd, i32);
}

impl Checked for Exp {
    const NAME: &'static str = "exp";
    const THIS: Exp = Exp;
    const F32_ULP: f64 = math::EXP_F32_ULP;
    const F64_ULP: f64 = math::EXP_F64_ULP;
    fn reference(x: f64) -> f64 {
        x.exp()
    }
    fn precise(x: f64) -> (Dd, i32) {
        double_double::exp(x)
    }
}

impl Checked for Tanh {
    const NAME: &'static str = "tanh";
    const THIS: Tanh = Tanh;
    const F32_ULP: f64 = math::TANH_F32_ULP;
    const F64_ULP: f64 = math::TANH_F64_ULP;
    fn reference(x: f64) -> f64 {
        x.tanh()
    }
    fn precise(x: f64) -> (Dd, i32) {
        double_double::tanh(x)
    }
}

impl Checked for Sigmoid {
    const NAME: &'static str = "sigmoid";
    const THIS: Sigmoid = Sigmoid;
    const F32_ULP: f64 = math::SIGMOID_F32_ULP;
    const F64_ULP: f64 = math::SIGMOID_F64_ULP;
    fn reference(x: f64) -> f64 {
        if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) }
    }
    fn precise(x: f64) -> (Dd, i32) {
        double_double::sigmoid(x)
    }
}

/// `|got − want|` in ulp of the f32 binade of `want`; beyond the largest f32 the
/// ulp stays that of the last binade, where ∞ stands for 2^128.
fn ulp_error_f32(got: f32, want: f64) -> f64 {
    let overflow = power_of_two(128);
    let got = if got == f32::INFINITY { overflow } else { f64::from(got) };
    let want = want.clamp(-overflow, overflow);
    let exponent = ((want.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    (got - want).abs() / power_of_two(exponent.clamp(-126, 127) - 23)
}

/// The same for f64 against `want·2^n`. Both are scaled up where the result
/// would be subnormal, which is exact.
fn ulp_error_f64(got: f64, (want, n): (Dd, i32)) -> f64 {
    let overflow = power_of_two(1023) / power_of_two(n.max(0)) * 2.0;
    if got == f64::INFINITY {
        return if want.hi >= overflow { 0.0 } else { f64::INFINITY };
    }
    let (scaled, n_ulp) = if n < 0 {
        let half = power_of_two(-n / 2);
        (got * half * power_of_two(-n - (-n / 2)), n)
    } else {
        (got / power_of_two(n / 2) / power_of_two(n - n / 2), n)
    };
    let exponent = ((want.hi.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    let ulp = (exponent.max(-1022 - n_ulp)).max(-1022) - 52;
    let difference = (scaled - want.hi) - want.lo;
    // In two factors: the reciprocal of the ulp may overflow.
    difference.abs() * power_of_two(-ulp / 2) * power_of_two(-ulp - (-ulp / 2))
}

#[derive(Debug, Default)]
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

/// Checks the f32 function on the given bit patterns, through the vector loop.
fn sweep_f32<F: Checked>(simd: Simd, patterns: impl Iterator<Item = u32>) -> Worst {
    let mut worst = Worst::default();
    let mut patterns = patterns.peekable();
    let (mut x, mut y) = (Vec::new(), Vec::new());
    while patterns.peek().is_some() {
        x.clear();
        x.extend(patterns.by_ref().take(4096).map(f32::from_bits));
        y.clone_from(&x);
        map(simd, F::THIS, &mut y);
        for (&x, &y) in x.iter().zip(&y) {
            if x.is_nan() {
                assert!(y.is_nan(), "{}(NaN) = {y}", F::NAME);
            } else {
                worst.see(ulp_error_f32(y, F::reference(f64::from(x))), f64::from(x));
            }
        }
    }
    worst
}

fn check_f32_stratified<F: Checked>() {
    for simd in Simd::each() {
        // Every exponent, both signs, mantissas that step through all residues.
        let patterns = (0..1_u32 << 22).map(|i| (i << 10) | (i.wrapping_mul(0x9e37_79b9) >> 22));
        let worst = sweep_f32::<F>(simd, patterns);
        println!("{} f32 {:?}: {:.4} ulp at {:e}", F::NAME, simd.isa(), worst.ulp, worst.at);
        assert!(worst.ulp <= F::F32_ULP, "{} f32 {:?}: {worst:?}", F::NAME, simd.isa());
    }
}

fn check_f32_exhaustive<F: Checked>() {
    let simd = Simd::detect();
    let worst = std::thread::scope(|scope| {
        let half = |patterns: std::ops::RangeInclusive<u32>| scope.spawn(move || sweep_f32::<F>(simd, patterns));
        let halves = [half(0..=u32::MAX / 2), half(u32::MAX / 2 + 1..=u32::MAX)];
        let mut worst = Worst::default();
        for thread in halves {
            let part = thread.join().expect("the sweep runs");
            worst.see(part.ulp, part.at);
        }
        worst
    });
    println!("{} f32 {:?}, all 2^32: {:.4} ulp at {:e}", F::NAME, simd.isa(), worst.ulp, worst.at);
    assert!(worst.ulp <= F::F32_ULP, "{} f32: {worst:?}", F::NAME);
}

fn f64_arguments() -> Vec<f64> {
    let mut random = Random(7);
    let mut x = Vec::new();
    for _ in 0..60_000 {
        x.push(random.uniform(-1.0, 1.0));
        x.push(random.uniform(-45.0, 45.0));
        x.push(random.uniform(-750.0, 750.0));
        // Every exponent below 2^9.
        let exponent = random.bits() % (1023 + 9);
        let magnitude = f64::from_bits((exponent << 52) | (random.bits() >> 12));
        x.push(if random.bits().is_multiple_of(2) { magnitude } else { -magnitude });
    }
    x
}

fn check_f64<F: Checked>() {
    let x = f64_arguments();
    let mut y = x.clone();
    map(Simd::detect(), F::THIS, &mut y);
    let mut worst = Worst::default();
    for (&x, &y) in x.iter().zip(&y) {
        worst.see(ulp_error_f64(y, F::precise(x)), x);
    }
    println!("{} f64: {:.4} ulp at {:e}", F::NAME, worst.ulp, worst.at);
    assert!(worst.ulp <= F::F64_ULP, "{} f64: {worst:?}", F::NAME);
}

/// Arguments of all kinds: ordinary, tiny, huge, and the special ones.
fn mixed<T: TestReal>(len: usize) -> Vec<T> {
    let mut random = Random(11);
    let special = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e-320, -1e-40, 1e30, -104.0, -745.0];
    let pick = |i: usize| if i % 9 == 4 { special[i / 9 % special.len()] } else { random.uniform(-30.0, 30.0) };
    (0..len).map(pick).map(T::from_f64).collect()
}

fn check_bits_do_not_depend_on_the_instruction_set<T: TestReal, F: Checked>() {
    let x = mixed::<T>(3001);
    let results: Vec<_> = Simd::each()
        .map(|simd| {
            let mut y = x.clone();
            map(simd, F::THIS, &mut y);
            (simd.isa(), y)
        })
        .collect();
    for (isa, y) in &results {
        for j in 0..x.len() {
            let (a, b) = (results[0].1[j], y[j]);
            let same = a.bits() == b.bits() || (a.is_nan() && b.is_nan());
            assert!(same, "{}({:?}): {a:?} portable, {b:?} on {isa:?}", F::NAME, x[j]);
        }
    }
}

fn check_bits_do_not_depend_on_the_place<T: TestReal, F: Checked>() {
    let x: Vec<T> = Random(3).vec(70, -12.0, 12.0);
    let mut whole = x.clone();
    map(Simd::detect(), F::THIS, &mut whole);
    for start in 0..20 {
        for end in [start, start + 1, start + 7, start + 8, start + 17, start + 33, 70] {
            let mut part = x[start..end].to_vec();
            map(Simd::detect(), F::THIS, &mut part);
            assert_eq!(bits(&part), bits(&whole[start..end]), "{} of {start}..{end}", F::NAME);
        }
    }
}

fn check_places_and_instruction_sets<F: Checked>() {
    check_bits_do_not_depend_on_the_instruction_set::<f32, F>();
    check_bits_do_not_depend_on_the_instruction_set::<f64, F>();
    check_bits_do_not_depend_on_the_place::<f32, F>();
    check_bits_do_not_depend_on_the_place::<f64, F>();
}

#[test]
fn exp_f32_keeps_its_bound() {
    check_f32_stratified::<Exp>();
}

#[test]
fn tanh_f32_keeps_its_bound() {
    check_f32_stratified::<Tanh>();
}

#[test]
fn sigmoid_f32_keeps_its_bound() {
    check_f32_stratified::<Sigmoid>();
}

#[test]
fn exp_f64_keeps_its_bound() {
    check_f64::<Exp>();
}

#[test]
fn tanh_f64_keeps_its_bound() {
    check_f64::<Tanh>();
}

#[test]
fn sigmoid_f64_keeps_its_bound() {
    check_f64::<Sigmoid>();
}

#[test]
#[ignore = "exhaustive: all 2^32 inputs, minutes"]
fn exp_f32_keeps_its_bound_on_every_input() {
    check_f32_exhaustive::<Exp>();
}

#[test]
#[ignore = "exhaustive: all 2^32 inputs, minutes"]
fn tanh_f32_keeps_its_bound_on_every_input() {
    check_f32_exhaustive::<Tanh>();
}

#[test]
#[ignore = "exhaustive: all 2^32 inputs, minutes"]
fn sigmoid_f32_keeps_its_bound_on_every_input() {
    check_f32_exhaustive::<Sigmoid>();
}

#[test]
fn the_ulp_measure_sees_one_wrong_bit_and_a_missing_overflow() {
    assert!((ulp_error_f32(f32::from_bits(1.5_f32.to_bits() + 3), 1.5) - 3.0).abs() < 1e-9);
    assert!(ulp_error_f32(0.0, power_of_two(-149)) >= 1.0);
    assert!(ulp_error_f32(f32::INFINITY, f64::from(f32::MAX)) >= 1.0);
    assert!(ulp_error_f32(f32::MAX, 1e300) >= 1.0);
    assert!(ulp_error_f32(f32::NAN, 1.0).is_nan());
    let mut worst = Worst::default();
    worst.see(f64::NAN, 1.0);
    assert!(worst.ulp.is_nan());
    assert!((ulp_error_f64(f64::from_bits(1.5_f64.to_bits() + 3), (Dd::new(1.5), 0)) - 3.0).abs() < 1e-9);
    // 1.5·2^-1060 is 1.5·2^14 steps of the smallest subnormal.
    let subnormal = f64::from_bits(24576);
    assert!(ulp_error_f64(subnormal, (Dd::new(1.5), -1060)) < 1e-9);
    assert!((ulp_error_f64(f64::from_bits(24578), (Dd::new(1.5), -1060)) - 2.0).abs() < 1e-9);
    assert!(ulp_error_f64(f64::INFINITY, (Dd::new(1.0), 1023)) > 1.0);
}

#[test]
fn results_do_not_depend_on_the_instruction_set_or_the_place() {
    check_places_and_instruction_sets::<Exp>();
    check_places_and_instruction_sets::<Tanh>();
    check_places_and_instruction_sets::<Sigmoid>();
}

fn check_special_values<T: TestReal>() {
    let at = |x: f64| T::from_f64(x);
    for simd in Simd::each() {
        let of = |f: fn(Simd, &mut [T]), x: T| {
            let mut x = [x];
            f(simd, &mut x);
            x[0]
        };
        let exp: fn(Simd, &mut [T]) = |simd, x| map(simd, Exp, x);
        let tanh: fn(Simd, &mut [T]) = |simd, x| map(simd, Tanh, x);
        let sigmoid: fn(Simd, &mut [T]) = |simd, x| map(simd, Sigmoid, x);
        for f in [exp, tanh, sigmoid] {
            assert!(of(f, T::NAN).to_f64().is_nan());
            assert!(of(f, -T::NAN).to_f64().is_nan());
        }
        assert_eq!(of(exp, T::INFINITY).to_f64(), f64::INFINITY);
        assert_eq!(of(exp, -T::INFINITY).to_f64(), 0.0);
        assert_eq!(of(exp, at(0.0)).to_f64(), 1.0);
        assert_eq!(of(exp, at(1000.0)).to_f64(), f64::INFINITY);
        assert_eq!(of(tanh, T::INFINITY).to_f64(), 1.0);
        assert_eq!(of(tanh, -T::INFINITY).to_f64(), -1.0);
        assert_eq!(of(tanh, at(0.0)).bits(), at(0.0).bits());
        assert_eq!(of(tanh, at(-0.0)).bits(), at(-0.0).bits());
        assert_eq!(of(sigmoid, at(0.0)).to_f64(), 0.5);
        assert_eq!(of(sigmoid, at(-0.0)).to_f64(), 0.5);
        assert_eq!(of(sigmoid, T::INFINITY).to_f64(), 1.0);
        assert_eq!(of(sigmoid, -T::INFINITY).to_f64(), 0.0);
        assert_eq!(of(sigmoid, at(-1e30)).to_f64(), 0.0);
        // Relative accuracy where the slope is 1: tanh x = x for tiny x.
        for x in [1e-10, 1e-30, 1e-42, 1e-310] {
            assert_eq!(of(tanh, at(x)).bits(), at(x).bits());
        }
    }
}

#[test]
fn special_values_are_what_they_must_be() {
    check_special_values::<f32>();
    check_special_values::<f64>();
}

#[test]
fn tanh_is_odd_in_every_bit_and_no_result_leaves_its_range() {
    let mut random = Random(5);
    for _ in 0..1 << 20 {
        let x = f32::from_bits((random.bits() >> 32) as u32);
        let y = f64::from_bits(random.bits());
        if !x.is_nan() {
            assert_eq!(math::tanh(-x).to_bits(), (-math::tanh(x)).to_bits(), "x = {x:e}");
            assert!(math::tanh(x).abs() <= 1.0 && (0.0..=1.0).contains(&math::sigmoid(x)), "x = {x:e}");
        }
        if !y.is_nan() {
            assert_eq!(math::tanh(-y).to_bits(), (-math::tanh(y)).to_bits(), "x = {y:e}");
            assert!(math::tanh(y).abs() <= 1.0 && (0.0..=1.0).contains(&math::sigmoid(y)), "x = {y:e}");
        }
    }
}
