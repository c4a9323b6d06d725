//! sin and cos keep the ULP bounds they declare, however large the number, give the same bits on every instruction set and at every
//! place of a slice, and are odd and even in every bit; infinities and NaN have neither.

mod accuracy;
mod support;

use accuracy::{Known, check_every_f32, check_f32, check_places_and_instruction_sets, ulp_error, worst_f64};
use rnn_backend_faer::simd::Simd;
use rnn_backend_faer::simd::math::{self, Cos, Function, Sin, map};
use rnn_check::number::{DoubleDouble, Number as _};
use rnn_kernels::Scalar;
use std::f64::consts::{FRAC_PI_2, PI};
use support::{Random, TestReal};

impl Known for Sin {
    const NAME: &'static str = "sin";
    const SELF: Self = Sin;
    const F32_ULP: f64 = math::SIN_F32_ULP;
    const F64_ULP: f64 = math::SIN_F64_ULP;
    fn in_f64(x: f64) -> f64 {
        x.sin()
    }
    fn exact(x: f64) -> DoubleDouble {
        DoubleDouble::from_f64(x).sin()
    }
    fn is_outside(x: f64) -> bool {
        x.is_infinite()
    }
}

impl Known for Cos {
    const NAME: &'static str = "cos";
    const SELF: Self = Cos;
    const F32_ULP: f64 = math::COS_F32_ULP;
    const F64_ULP: f64 = math::COS_F64_ULP;
    fn in_f64(x: f64) -> f64 {
        x.cos()
    }
    fn exact(x: f64) -> DoubleDouble {
        DoubleDouble::from_f64(x).cos()
    }
    fn is_outside(x: f64) -> bool {
        x.is_infinite()
    }
}

/// `x`, sine and cosine in two parts each: the f64 nearest to multiples of π/2 (by continued fractions), and one of any size, by
/// mpmath with 1600 bits.
#[rustfmt::skip]
const LARGE: [(f64, [[f64; 2]; 2]); 21] = [
    (5.319372648326541e+255, [[1.0, -1.098476220074687e-37], [-4.687165924254628e-19, 4.3720557429382733e-36]]),
    (45.553093477052, [[1.0, -1.915685142356643e-37], [-6.189806365883577e-19, 5.558005016244944e-36]]),
    (1.0638745296653083e+256, [[-9.374331848509255e-19, 8.744111485876547e-36], [-1.0, 4.393904880298748e-37]]),
    (91.106186954104, [[-1.2379612731767154e-18, 1.1116010032489888e-35], [-1.0, 7.662740569426572e-37]]),
    (14461176.67027838, [[-1.0, 1.4424576300901068e-36], [-1.6985038298986004e-18, 3.029174338658756e-36]]),
    (3.576149729694266e+39, [[-1.0, 1.6577594475976628e-36], [-1.8208566377382172e-18, -5.685995758625758e-35]]),
    (2.1277490593306166e+256, [[1.874866369701851e-18, -1.7488222971753093e-35], [1.0, -1.757561952119499e-36]]),
    (3.924293714572882e+298, [[1.0, -2.029988916883714e-36], [2.0149386674952238e-18, 1.1027228096384446e-34]]),
    (182.212373908208, [[2.475922546353431e-18, -2.2232020064979776e-35], [1.0, -3.0650962277706286e-36]]),
    (6.426511099577231e+173, [[-1.0, 3.0885227918153686e-36], [2.4853662876185346e-18, 1.1403946060926126e-34]]),
    (1.3930726336834465e+259, [[-1.0, 4.954891432364698e-36], [-3.147980759904577e-18, 6.679101625921674e-35]]),
    (9.312926614229972e+204, [[1.0, -5.302859914656884e-36], [3.256642416556317e-18, 6.180545170061969e-35]]),
    (3502254824807.9985, [[-0.7412185037434198, -4.4834603925580133e-17], [-0.6712638301803292, -4.618444763557261e-17]]),
    (1.3032891141846e+18, [[0.5055691994793597, -2.594603567174986e-17], [-0.862786059540718, -3.342579992431443e-17]]),
    (2.4287481348897908e+30, [[0.02390694352527421, 8.672604094184698e-20], [-0.9997141881814419, 4.114009739668839e-18]]),
    (2.3687133857129183e+60, [[0.19323599772700378, 7.33757655832383e-18], [-0.9811523068221617, -2.5606673973092526e-17]]),
    (4.08215527575282e+120, [[0.8469860022019774, -8.419702134969655e-19], [0.5316151917260378, 4.274618408978237e-17]]),
    (8.445671393953555e+210, [[0.8666779928873534, -5.0546696521901754e-17], [-0.49886797516452064, 2.3879388498022073e-17]]),
    (1.6134691941839379e+271, [[-0.9366291550335117, -3.012711144226223e-17], [-0.35032245994399186, 1.1082072291530936e-17]]),
    (1.5742951670599926e+301, [[0.9285318008659501, -3.477293541111613e-17], [0.37125287174732485, 4.62662327269072e-18]]),
    (1.3939171973398019e+308, [[0.8128448442702264, 5.503548121872014e-17], [0.5824802650247571, -1.996520623925633e-17]]),
];

/// The neighbours of multiples of π/4.
#[allow(clippy::cast_possible_truncation)] // the nearest f32
fn turns() -> impl Iterator<Item = u32> + Clone {
    (1..1_u32 << 16).flat_map(|k| {
        let at = (f64::from(k) * FRAC_PI_2 / 2.0) as f32;
        [at.to_bits() - 1, at.to_bits(), at.to_bits() + 1]
    })
}

#[test]
fn f32_keep_their_bounds() {
    check_f32::<Sin>(turns());
    check_f32::<Cos>(turns());
}

#[test]
#[ignore = "exhaustive: all 2^32 inputs, minutes"]
fn f32_keep_their_bounds_on_every_input() {
    check_every_f32::<Sin>();
    check_every_f32::<Cos>();
}

fn check_f64<F: Known>() {
    let mut random = Random(7);
    let mut x = Vec::new();
    for k in 1..60_000_u32 {
        x.push(random.uniform(-PI, PI));
        x.push(random.uniform(-100.0, 100.0));
        x.push(random.uniform(-1.0, 1.0) * random.uniform(0.0, 1.0).powi(8));
        // Every exponent up to 2⁴⁰, and the neighbours of multiples of π/4.
        x.push(f64::from_bits(random.bits() % 2f64.powi(40).to_bits()));
        let turn = f64::from(k) * (FRAC_PI_2 / 2.0);
        x.push(f64::from_bits(turn.to_bits() - 2 + random.bits() % 5));
    }
    let worst = worst_f64::<F>(&x);
    assert!(worst.ulp <= F::F64_ULP, "{} f64: {worst:?}", F::NAME);
}

#[test]
fn f64_keep_their_bounds() {
    check_f64::<Sin>();
    check_f64::<Cos>();
}

fn check_large<F: Known>(which: fn([[f64; 2]; 2]) -> [f64; 2], reference: fn(f64) -> f64) {
    for simd in Simd::each() {
        let of = |x: f64| {
            let mut x = [x];
            map(simd, F::SELF, &mut x);
            x[0]
        };
        for (x, pair) in LARGE {
            let [hi, lo] = which(pair);
            let error = ulp_error(of(x), DoubleDouble::new(hi, lo), 52, -1022);
            assert!(error <= F::F64_ULP, "{}({x:e}): {error} ulp", F::NAME);
        }
    }
    // Every exponent above 1: no farther from libm, which claims 1 ulp, than both claims together.
    let mut random = Random(9);
    let above = |bits: u64| f64::from_bits(1.0_f64.to_bits() + bits % (f64::INFINITY.to_bits() - 1.0_f64.to_bits()));
    let x: Vec<f64> = (0..200_000).map(|_| above(random.bits())).collect();
    let mut y = x.clone();
    map(Simd::detect(), F::SELF, &mut y);
    for (&x, &y) in x.iter().zip(&y) {
        let error = ulp_error(y, DoubleDouble::from_f64(reference(x)), 52, -1022);
        assert!(error <= F::F64_ULP + 1.0, "{}({x:e}): {error} ulp from libm", F::NAME);
    }
}

#[test]
fn f64_of_any_size_keep_their_bounds() {
    check_large::<Sin>(|[sine, _]| sine, Scalar::sin);
    check_large::<Cos>(|[_, cosine]| cosine, Scalar::cos);
}

#[test]
fn the_measure_and_the_exact_values_see_one_wrong_bit() {
    for x in [0.3_f64, 3.0, 45.5, 1e-9, 1e6] {
        let off = |steps: u64| ulp_error(f64::from_bits(x.sin().to_bits() + steps), Sin::exact(x), 52, -1022);
        assert!(off(0) <= 1.0 && (off(3) - 3.0).abs() <= off(0) + 1e-9, "{x}: {} {}", off(0), off(3));
    }
    assert!(ulp_error(f64::NAN, DoubleDouble::from_f64(1.0), 52, -1022).is_nan());
    // What double-double computes is what mpmath did.
    for (x, [sine, cosine]) in LARGE.into_iter().filter(|(x, _)| *x < 1e12) {
        for (got, [hi, lo]) in [(Sin::exact(x), sine), (Cos::exact(x), cosine)] {
            let [a, b] = got.parts();
            assert!(((a - hi) + (b - lo)).abs() <= 1e-24 * hi.abs(), "{x}: {a:e} {b:e}, not {hi:e} {lo:e}");
        }
    }
}

fn check_special_values<T: TestReal>(smallest: f64, largest: f64) {
    for simd in Simd::each() {
        let of = |x: f64, f: fn(Simd, &mut [T])| {
            let mut x = [T::from_f64(x)];
            f(simd, &mut x);
            x[0].to_f64()
        };
        let [sin, cos]: [fn(Simd, &mut [T]); 2] = [|simd, x| map(simd, Sin, x), |simd, x| map(simd, Cos, x)];
        let same = |a: f64, b: f64| assert_eq!(a.to_bits(), b.to_bits(), "{a} is not {b}");
        for outside in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            assert!(of(outside, sin).is_nan() && of(outside, cos).is_nan(), "{outside}");
        }
        same(of(0.0, sin), 0.0);
        same(of(-0.0, sin), -0.0);
        same(of(0.0, cos), 1.0);
        same(of(-0.0, cos), 1.0);
        for tiny in [smallest, 3.0 * smallest] {
            same(of(tiny, sin), tiny);
            same(of(tiny, cos), 1.0);
        }
        let mut random = Random(13);
        let any = (0..2000).map(|_| random.uniform(-40.0, 40.0));
        for x in any.chain([largest, 1e30, 1e10, 2.0 * smallest, 1e-9, 0.5, FRAC_PI_2]) {
            same(of(-x, sin), -of(x, sin));
            same(of(-x, cos), of(x, cos));
            assert!(of(x, sin).abs() <= 1.0 && of(x, cos).abs() <= 1.0, "{x}");
        }
    }
}

#[test]
fn sine_is_odd_and_cosine_even_and_infinities_have_neither() {
    check_special_values::<f32>(f64::from(f32::from_bits(1)), f64::from(f32::MAX));
    check_special_values::<f64>(f64::from_bits(1), f64::MAX);
}

#[test]
fn results_do_not_depend_on_the_instruction_set_or_the_place() {
    fn check(f: impl Function + Copy) {
        check_places_and_instruction_sets::<f32>(f, [-15.0, 90.0], [-1e200, PI]);
        check_places_and_instruction_sets::<f64>(f, [-15.0, 90.0], [-1e200, PI]);
    }
    check(Sin);
    check(Cos);
}
