//! exp, tanh and σ keep the ULP bounds they declare, give the same bits on
//! every instruction set and at every place of a slice, and treat zeros,
//! infinities and NaN as they promise.
//!
//! tanh and σ are judged by `rnn_check::activation`, whose command line runs the
//! same sweep over all 2³² f32; exp, which no backend method shows, is judged here.

mod accuracy;
mod support;

use accuracy::{Worst, power_of_two};
use rnn_backend_faer::simd::math::{self, Exp, Function, Sigmoid, Tanh, map};
use rnn_backend_faer::simd::{Isa, Simd, fast};
use rnn_backend_faer::{Accuracy, Faer};
use rnn_check::activation::{self, Extent, Format, sweep};
use rnn_check::dispatch::Required;
use rnn_check::number::DoubleDouble;
use rnn_check::number::Number as _;
use rnn_check::{Backend, Claims};
use support::{Random, TestReal, bits};

/// What a backend of this accuracy promises.
fn claims(accuracy: Accuracy) -> Claims {
    match accuracy {
        Accuracy::Ulp1 => Claims::new()
            .sigmoid_ulp(math::SIGMOID_F32_ULP, math::SIGMOID_F64_ULP)
            .tanh_ulp(math::TANH_F32_ULP, math::TANH_F64_ULP),
        Accuracy::Fast => Claims::new()
            .sigmoid_ulp(fast::SIGMOID_F32_ULP, fast::SIGMOID_F64_ULP)
            .tanh_ulp(fast::TANH_F32_ULP, fast::TANH_F64_ULP),
    }
}

/// `back` is how many numbers a result may lie below that of a smaller argument.
fn check_tanh_and_sigmoid<T: Format>(accuracy: Accuracy, back: u64)
where
    Faer: Backend<T>,
{
    let mut backends = Vec::new();
    let collect = |isa: Isa, backend| backends.push((format!("faer {isa:?}"), backend));
    let force = |isa| Faer::sequential().with_accuracy(accuracy).with_isa(isa);
    let paths = Required::from_env().each(Isa::ALL, force, collect);
    println!("{}", paths.unwrap_or_else(|missing| panic!("{missing}")));
    let backends: Vec<_> = backends.iter().map(|(name, faer)| (name.as_str(), faer as &dyn Backend<T>)).collect();
    let table = sweep::<T>(&backends, Extent::Sampled, &|_| ());
    println!("{table}");
    assert_eq!(table.broken(&claims(accuracy)), Vec::<String>::new());
    for row in &table.rows {
        // Beyond what the contract asks for: tanh is odd in every bit.
        assert_eq!(row.odd.count, 0, "{table}");
        assert!(row.step_back <= back, "{table}");
        let portable = table.rows.iter().find(|other| other.function == row.function);
        assert_eq!(Some(&row.digest), portable.map(|row| &row.digest), "{table}");
        assert!(row.function != activation::Function::Tanh || row.inputs > 100_000);
    }
}

#[test]
fn tanh_and_sigmoid_f32_keep_their_bounds_on_every_instruction_set() {
    check_tanh_and_sigmoid::<f32>(Accuracy::Ulp1, 0);
}

#[test]
fn tanh_and_sigmoid_f64_keep_their_bounds_on_every_instruction_set() {
    check_tanh_and_sigmoid::<f64>(Accuracy::Ulp1, 0);
}

#[test]
fn fast_tanh_and_sigmoid_f32_keep_their_bounds_on_every_instruction_set() {
    check_tanh_and_sigmoid::<f32>(Accuracy::Fast, 2);
}

#[test]
fn fast_tanh_and_sigmoid_f64_keep_their_bounds_on_every_instruction_set() {
    check_tanh_and_sigmoid::<f64>(Accuracy::Fast, 2);
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

/// `|got − eˣ|` in ulp of the f64 binade of `eˣ`; ∞ stands for 2^1024. Both are
/// scaled by a power of two that keeps them normal.
fn ulp_error_of_exp_f64(got: f64, x: f64) -> f64 {
    let power = if x < 0.0 { 512 } else { -512 };
    let [hi, lo] = DoubleDouble::from_f64(x).exp_scaled(power).parts();
    let overflow = power_of_two(1024 - 512);
    let got = if got == f64::INFINITY { overflow } else { got * power_of_two(power) };
    let (hi, lo) = if hi >= overflow { (overflow, 0.0) } else { (hi, lo) };
    let exponent = ((hi.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    ((got - hi) - lo).abs() / power_of_two(exponent.clamp(-1022 + power, 1023 + power) - 52)
}

/// Checks exp of f32 on the given bit patterns, through the vector loop.
fn sweep_exp_f32(simd: Simd, patterns: impl Iterator<Item = u32>) -> Worst {
    let mut worst = Worst::default();
    let mut patterns = patterns.peekable();
    let (mut x, mut y) = (Vec::new(), Vec::new());
    while patterns.peek().is_some() {
        x.clear();
        x.extend(patterns.by_ref().take(4096).map(f32::from_bits));
        y.clone_from(&x);
        map(simd, Exp, &mut y);
        for (&x, &y) in x.iter().zip(&y) {
            if x.is_nan() {
                assert!(y.is_nan(), "exp(NaN) = {y}");
            } else {
                worst.see(ulp_error_f32(y, f64::from(x).exp()), f64::from(x));
            }
        }
    }
    worst
}

#[test]
fn exp_f32_keeps_its_bound() {
    for simd in Simd::each() {
        // Every exponent, both signs, mantissas that step through all residues.
        let patterns = (0..1_u32 << 22).map(|i| (i << 10) | (i.wrapping_mul(0x9e37_79b9) >> 22));
        let worst = sweep_exp_f32(simd, patterns);
        println!("exp f32 {:?}: {:.4} ulp at {:e}", simd.isa(), worst.ulp, worst.at);
        assert!(worst.ulp <= math::EXP_F32_ULP, "exp f32 {:?}: {worst:?}", simd.isa());
    }
}

#[test]
#[ignore = "exhaustive: all 2^32 inputs, minutes"]
fn exp_f32_keeps_its_bound_on_every_input() {
    let simd = Simd::detect();
    let worst = std::thread::scope(|scope| {
        let half = |patterns: std::ops::RangeInclusive<u32>| scope.spawn(move || sweep_exp_f32(simd, patterns));
        let halves = [half(0..=u32::MAX / 2), half(u32::MAX / 2 + 1..=u32::MAX)];
        let mut worst = Worst::default();
        for thread in halves {
            let part = thread.join().expect("the sweep runs");
            worst.see(part.ulp, part.at);
        }
        worst
    });
    println!("exp f32 {:?}, all 2^32: {:.4} ulp at {:e}", simd.isa(), worst.ulp, worst.at);
    assert!(worst.ulp <= math::EXP_F32_ULP, "exp f32: {worst:?}");
}

#[test]
fn exp_f64_keeps_its_bound() {
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
    let mut y = x.clone();
    map(Simd::detect(), Exp, &mut y);
    let mut worst = Worst::default();
    for (&x, &y) in x.iter().zip(&y) {
        worst.see(ulp_error_of_exp_f64(y, x), x);
    }
    println!("exp f64: {:.4} ulp at {:e}", worst.ulp, worst.at);
    assert!(worst.ulp <= math::EXP_F64_ULP, "exp f64: {worst:?}");
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
    // Within an ulp of e, of the subnormal e⁻⁷²⁰, and of e⁷⁰⁹; three steps further is three ulp further.
    for (x, rounded) in [(1.0, std::f64::consts::E), (-720.0, (-720f64).exp()), (709.0, 709f64.exp())] {
        let off = |steps: u64| ulp_error_of_exp_f64(f64::from_bits(rounded.to_bits() + steps), x);
        assert!(off(0) <= 1.0 && (off(3) - 3.0).abs() <= off(0) + 1e-9, "{x}: {} {}", off(0), off(3));
    }
    assert!(ulp_error_of_exp_f64(f64::INFINITY, 709.0) > 1.0);
    assert!(ulp_error_of_exp_f64(f64::MAX, 711.0) >= 1.0);
    assert!(ulp_error_of_exp_f64(f64::INFINITY, 711.0) == 0.0);
    assert!(ulp_error_of_exp_f64(f64::from_bits(1), -760.0) >= 0.9);
}

/// Arguments of all kinds: ordinary, tiny, huge, and the special ones.
fn mixed<T: TestReal>(len: usize) -> Vec<T> {
    let mut random = Random(11);
    let special = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e-320, -1e-40, 1e30, -104.0, -745.0];
    let pick = |i: usize| if i % 9 == 4 { special[i / 9 % special.len()] } else { random.uniform(-30.0, 30.0) };
    (0..len).map(pick).map(T::from_f64).collect()
}

fn check_bits_do_not_depend_on_the_instruction_set<T: TestReal>(f: impl Function + Copy) {
    let x = mixed::<T>(3001);
    let results: Vec<_> = Simd::each()
        .map(|simd| {
            let mut y = x.clone();
            map(simd, f, &mut y);
            (simd.isa(), y)
        })
        .collect();
    for (isa, y) in &results {
        for j in 0..x.len() {
            let (a, b) = (results[0].1[j], y[j]);
            let same = a.bits() == b.bits() || (a.is_nan() && b.is_nan());
            assert!(same, "f({:?}): {a:?} portable, {b:?} on {isa:?}", x[j]);
        }
    }
}

fn check_bits_do_not_depend_on_the_place<T: TestReal>(f: impl Function + Copy) {
    let x: Vec<T> = Random(3).vec(70, -12.0, 12.0);
    let mut whole = x.clone();
    map(Simd::detect(), f, &mut whole);
    for start in 0..20 {
        for end in [start, start + 1, start + 7, start + 8, start + 17, start + 33, 70] {
            let mut part = x[start..end].to_vec();
            map(Simd::detect(), f, &mut part);
            assert_eq!(bits(&part), bits(&whole[start..end]), "f of {start}..{end}");
        }
    }
}

fn check_places_and_instruction_sets(f: impl Function + Copy) {
    check_bits_do_not_depend_on_the_instruction_set::<f32>(f);
    check_bits_do_not_depend_on_the_instruction_set::<f64>(f);
    check_bits_do_not_depend_on_the_place::<f32>(f);
    check_bits_do_not_depend_on_the_place::<f64>(f);
}

#[test]
fn results_do_not_depend_on_the_instruction_set_or_the_place() {
    check_places_and_instruction_sets(Exp);
    check_places_and_instruction_sets(Tanh);
    check_places_and_instruction_sets(Sigmoid);
}

fn check_special_values_of_exp<T: TestReal>() {
    for simd in Simd::each() {
        let exp = |x: T| {
            let mut x = [x];
            map(simd, Exp, &mut x);
            x[0].to_f64()
        };
        assert!(exp(T::NAN).is_nan() && exp(-T::NAN).is_nan());
        assert_eq!(exp(T::INFINITY), f64::INFINITY);
        assert_eq!(exp(-T::INFINITY), 0.0);
        assert_eq!(exp(T::from_f64(0.0)), 1.0);
        assert_eq!(exp(T::from_f64(1000.0)), f64::INFINITY);
    }
}

#[test]
fn special_values_of_exp_are_what_they_must_be() {
    check_special_values_of_exp::<f32>();
    check_special_values_of_exp::<f64>();
}
