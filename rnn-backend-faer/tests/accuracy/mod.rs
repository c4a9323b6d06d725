//! How far a vector function is from the exact value, and that its bits depend on nothing but its argument.
#![allow(dead_code)] // every test file uses a part

use crate::support::{Random, TestReal};
use rnn_backend_faer::simd::Simd;
use rnn_backend_faer::simd::math::{Function, map};
use rnn_check::number::{DoubleDouble, Number as _};

/// A function with its exact values and its bounds.
pub trait Known: Function + Copy + Sync {
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

/// `2ⁿ`, also where it is no normal number.
pub fn power_of_two(n: i32) -> f64 {
    2f64.powi(n / 2) * 2f64.powi(n - n / 2)
}

/// `|got − want|` in ulp of the binade of `want`, of a format with so many bits after the first and such a smallest exponent.
pub fn ulp_error(got: f64, want: DoubleDouble, bits: i32, smallest: i32) -> f64 {
    let [hi, lo] = want.parts();
    let exponent = ((hi.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    let ulp = exponent.max(smallest) - bits;
    // In two factors: the inverse of the smallest number is beyond f64.
    (((got - hi) - lo) * power_of_two(-ulp / 2) * power_of_two(-ulp + ulp / 2)).abs()
}

/// The largest error, and where it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Worst {
    pub ulp: f64,
    pub at: f64,
}

impl Worst {
    pub fn see(&mut self, ulp: f64, at: f64) {
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

/// Of every exponent, and of the neighbours of 0, 1 and −1, and of these.
pub fn check_f32<F: Known>(more: impl Iterator<Item = u32> + Clone) {
    for simd in Simd::each() {
        // Both signs, mantissas that step through all residues.
        let patterns = (0..1_u32 << 22).map(|i| (i << 10) | (i.wrapping_mul(0x9e37_79b9) >> 22));
        let near = |x: f32| (0..1 << 16).map(move |i| x.to_bits() - (1 << 15) + i);
        let worst = sweep::<F>(simd, patterns.chain(0..1 << 15).chain(near(1.0)).chain(near(-1.0)).chain(more.clone()));
        println!("{} f32 {:?}: {:.4} ulp at {:e}", F::NAME, simd.isa(), worst.ulp, worst.at);
        assert!(worst.ulp <= F::F32_ULP, "{} f32 {:?}: {worst:?}", F::NAME, simd.isa());
    }
}

/// Of all f32, on two threads.
pub fn check_every_f32<F: Known>() {
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

/// The largest error over these, on the machine's own instruction set.
pub fn worst_f64<F: Known>(x: &[f64]) -> Worst {
    let mut y = x.to_vec();
    map(Simd::detect(), F::SELF, &mut y);
    let mut worst = Worst::default();
    for (&x, &y) in x.iter().zip(&y) {
        worst.see(ulp_error(y, F::exact(x), 52, -1022), x);
    }
    println!("{} f64: {:.4} ulp at {:e} of {}", F::NAME, worst.ulp, worst.at, x.len());
    worst
}

/// The bits of a function on numbers of a range and special ones: on every instruction set, and of every part of a slice.
pub fn check_places_and_instruction_sets<T: TestReal>(f: impl Function + Copy, [low, high]: [f64; 2], more: [f64; 2]) {
    let mut random = Random(11);
    let special = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e-320, 1e-40, 1e30, more[0], more[1]];
    let pick = |i: usize| if i % 9 == 4 { special[i / 9 % special.len()] } else { random.uniform(low, high) };
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
