//! Losses of independent outputs, and their gradients.

mod support;

use rnn_backend_faer::simd::Simd;
use rnn_backend_faer::simd::regression::{Bernoulli, Loss, Squared, gradient, sum};
use support::{Random, TestReal, bits};

const SCALE: f64 = 0.375;
const LENGTHS: [usize; 9] = [0, 1, 7, 15, 16, 17, 40, 101, 1000];

/// Losses and slopes beside their values in f64; `of` gives a loss, its slope and, in units of ε, how far each may be off before
/// losses are added and slopes scaled.
fn check<T: TestReal, L: Loss>(loss: L, of: fn(f64, f64) -> ([f64; 2], [f64; 2])) {
    for (len, wide) in LENGTHS.into_iter().flat_map(|len| [1.0, 20.0, 1e4].map(|wide| (len, wide))) {
        let mut random = Random(len as u64);
        let (a, t): (Vec<T>, Vec<T>) = (random.vec(len, -wide, wide), random.vec(len, 0.0, 1.0));
        let want: Vec<_> = a.iter().zip(&t).map(|(a, t)| of(a.to_f64(), t.to_f64())).collect();
        let total: f64 = want.iter().map(|([loss, _], _)| loss).sum();
        // No loss is negative. Each passes through ⌈len/16⌉ − 1 additions of its lane and 4 of the lanes, half an ε each.
        let additions = (len as f64 / 16.0).ceil() / 2.0 + 1.5;
        let own: f64 = want.iter().map(|(_, [off, _])| off).sum();
        // What is expected has the same error in f64, and was added one after another.
        let bound = (own + additions * total) * T::EPSILON + (own + len as f64 / 2.0 * total) * f64::EPSILON;
        let mut first = None;
        for simd in Simd::each() {
            let found = sum(simd, loss, &a, &t);
            assert!((found.to_f64() - total).abs() <= bound, "{len}, {wide}: {found:?} for {total}");
            let mut d = vec![T::NAN; len];
            gradient(simd, loss, &a, &t, T::from_f64(SCALE), &mut d);
            for (d, ([_, slope], [_, off])) in d.iter().zip(&want) {
                let bound = SCALE * (off + slope.abs() / 2.0) * (T::EPSILON + f64::EPSILON);
                assert!((d.to_f64() - SCALE * slope).abs() <= bound, "{len}, {wide}: {d:?} for {slope}");
            }
            let all = (found.bits(), bits(&d));
            assert_eq!(*first.get_or_insert_with(|| all.clone()), all, "{len} on {:?}", simd.isa());
        }
    }
}

fn bernoulli(a: f64, t: f64) -> ([f64; 2], [f64; 2]) {
    let (e, rest) = ((-a.abs()).exp(), (-t).mul_add(a, a.max(0.0)));
    let (tail, sigmoid) = (e.ln_1p(), if a < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) });
    // The exponential within an ε of itself, which is no more than one of its logarithm, the logarithm within one, and a half for
    // max(a, 0) − t a, which is not negative, and for the sum of both. σ within an ε (three halves here), and a half for σ − t.
    let off = [2.0 * tail + 0.5 * rest + 0.5 * (tail + rest), 1.5 * sigmoid + 0.5 * (sigmoid - t).abs()];
    ([rest + tail, sigmoid - t], off)
}

fn squared(y: f64, t: f64) -> ([f64; 2], [f64; 2]) {
    let d = y - t;
    // The difference twice, and their product; twice a number is exact.
    ([d * d, 2.0 * d], [1.5 * d * d, 0.5 * (2.0 * d).abs()])
}

#[test]
fn losses_and_gradients_are_accurate_and_the_same_everywhere() {
    check::<f32, _>(Bernoulli, bernoulli);
    check::<f64, _>(Bernoulli, bernoulli);
    check::<f32, _>(Squared, squared);
    check::<f64, _>(Squared, squared);
}

#[test]
fn huge_logits_neither_overflow_nor_lose_the_answer() {
    for simd in Simd::each() {
        assert_eq!(sum(simd, Bernoulli, &[1e4_f32, -1e4, 1e4], &[1.0, 0.0, 0.0]), 1e4);
        assert_eq!(sum(simd, Bernoulli, &[f32::MAX, f32::MIN], &[1.0, 0.0]), 0.0);
        let mut d = [0.0; 2];
        gradient(simd, Bernoulli, &[f32::MAX, f32::MIN], &[0.0, 1.0], 0.5, &mut d);
        assert_eq!(d, [0.5, -0.5]);
    }
}

#[test]
fn nan_is_not_swallowed_at_any_place() {
    for (simd, len) in Simd::each().flat_map(|simd| [1, 16, 21].map(|len| (simd, len))) {
        for at in 0..len {
            let (mut a, t, mut d) = (vec![0.25_f64; len], vec![0.5; len], vec![0.0; len]);
            a[at] = f64::NAN;
            gradient(simd, Bernoulli, &a, &t, 1.0, &mut d);
            assert!(sum(simd, Bernoulli, &a, &t).is_nan() && sum(simd, Squared, &t, &a).is_nan());
            assert!((0..len).all(|j| d[j].is_nan() == (j == at)));
        }
    }
}
