//! The parts of a stable softmax.

mod support;

use rnn_backend_faer::simd::softmax::{exp_sum, max};
use rnn_backend_faer::simd::{Real, Simd};
use support::{Random, TestReal, bits};

#[test]
fn the_maximum_of_any_length_is_found_and_nan_is_not_swallowed() {
    for simd in Simd::each() {
        assert_eq!(max::<f32>(simd, &[]), f32::NEG_INFINITY);
        for len in [1, 2, 15, 16, 17, 31, 100] {
            let x: Vec<f32> = Random(len as u64).vec(len, -5.0, -1.0);
            for at in 0..len {
                let mut x = x.clone();
                x[at] = 0.5;
                assert_eq!(max(simd, &x), 0.5, "at {at} of {len}");
                x[at] = f32::NAN;
                assert!(max(simd, &x).is_nan(), "NaN at {at} of {len}");
            }
        }
    }
}

fn sums<T: TestReal>() {
    for len in [0, 1, 8, 15, 16, 17, 40, 101] {
        let x: Vec<T> = Random(len as u64).vec(len, -9.0, 0.0);
        let shift = T::from_f64(0.25);
        let want: Vec<f64> = x.iter().map(|x| (x.to_f64() - 0.25).exp()).collect();
        let mut first = None;
        for simd in Simd::each() {
            let mut y = x.clone();
            let sum = exp_sum(simd, &mut y, shift);
            for (y, want) in y.iter().zip(&want) {
                // One ULP of exp, and x − shift rounded once: its error is at most ε/2 · 9.25.
                assert!((y.to_f64() - want).abs() <= (1.0 + 5.0) * T::EPSILON * want);
            }
            // No path through the sum is longer than len/16 + 1 + 4 additions.
            let total: f64 = want.iter().sum();
            let bound = (6.0 + (len as f64 / 16.0 + 5.0)) * T::EPSILON * total;
            assert!((sum.to_f64() - total).abs() <= bound, "{len}: {sum:?} for {total}");
            let all = (bits(&y), sum.bits());
            assert_eq!(*first.get_or_insert_with(|| all.clone()), all, "{len} on {:?}", simd.isa());
        }
    }
}

#[test]
fn exponentials_and_their_sum_are_accurate_and_the_same_everywhere() {
    sums::<f32>();
    sums::<f64>();
}

#[test]
fn a_masked_logit_counts_for_nothing() {
    for simd in Simd::each() {
        let mut x = [0.0_f64, f64::NEG_INFINITY, 0.0];
        assert_eq!(exp_sum(simd, &mut x, Real::ZERO), 2.0);
        assert_eq!(x, [1.0, 0.0, 1.0]);
    }
}
