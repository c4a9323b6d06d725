//! The sum over all paths that read some labels, beside all of them one by one.

#![allow(clippy::cast_possible_truncation)] // of small numbers

use rnn_kernels::reference::ctc::ctc;
use rnn_kernels::{Ctc, MatMut, MatRef};

const V: usize = 3;

/// Any numbers between −2 and 2.
fn logit(t: usize, k: usize) -> f64 {
    2.0 * (1.7 * t as f64 + 2.9 * k as f64 + 0.3).sin()
}

fn reads(path: &[usize]) -> Vec<u32> {
    let (mut read, mut before) = (vec![], 0);
    for &k in path {
        if k != 0 && k != before {
            read.push(k as u32);
        }
        before = k;
    }
    read
}

/// `Σ` over all paths, one by one.
fn by_enumeration(a: &[Vec<f64>], labels: &[u32]) -> f64 {
    let p: Vec<Vec<f64>> = a
        .iter()
        .map(|a| {
            let sum: f64 = a.iter().map(|a| a.exp()).sum();
            a.iter().map(|a| a.exp() / sum).collect()
        })
        .collect();
    let paths = V.pow(a.len() as u32);
    let path = |mut code: usize| -> Vec<usize> {
        a.iter()
            .map(|_| {
                let k = code % V;
                code /= V;
                k
            })
            .collect()
    };
    let weight = |path: &[usize]| path.iter().zip(&p).map(|(&k, p)| p[k]).product::<f64>();
    (0..paths).map(path).filter(|path| reads(path) == labels).map(|path| weight(&path)).sum()
}

fn loss(a: &[Vec<f64>], labels: &[u32]) -> (f64, Vec<Vec<f64>>) {
    let (logits, steps) = (a.concat(), a.len());
    let (mut loss, mut d) = ([f64::NAN], vec![f64::NAN; steps * V]);
    ctc(Ctc {
        logits: MatRef::new(&logits, steps, V),
        labels,
        counts: &[labels.len()],
        live: None,
        loss: &mut loss,
        d_logits: Some(MatMut::new(&mut d, steps, V)),
        scale: 1.0,
        workspace: &mut vec![f64::NAN; Ctc::<f64>::workspace(steps, V, labels.len()).unwrap()],
    });
    (loss[0], d.chunks(V).map(<[f64]>::to_vec).collect())
}

#[test]
fn the_sum_over_paths_is_that_of_all_of_them_one_by_one() {
    for labels in [&[][..], &[1], &[2, 2], &[1, 2], &[1, 2, 1], &[1, 1, 1], &[2, 1, 1]] {
        for steps in 1..7 {
            let a: Vec<Vec<f64>> = (0..steps).map(|t| (0..V).map(|k| logit(t, k)).collect()).collect();
            let (loss, expected) = (loss(&a, labels).0, -by_enumeration(&a, labels).ln());
            // At most 729 products of 6 factors, each with a rounding or two.
            let bound = 1e3 * f64::EPSILON * expected.abs().max(1.0);
            assert!(loss == expected || (loss - expected).abs() <= bound, "{labels:?}, {steps}");
        }
    }
}

#[test]
fn the_gradient_is_the_derivative_of_the_sum_over_paths() {
    for labels in [&[][..], &[1], &[2, 2], &[1, 2, 1]] {
        let a: Vec<Vec<f64>> = (0..5).map(|t| (0..V).map(|k| logit(t, k)).collect()).collect();
        let d = loss(&a, labels).1;
        for (t, k) in (0..5).flat_map(|t| (0..V).map(move |k| (t, k))) {
            let at = |h: f64| {
                let mut a = a.clone();
                a[t][k] += h;
                -by_enumeration(&a, labels).ln()
            };
            let (h, f) = (1e-3, |h: f64| (at(h) - at(-h)) / (2.0 * h));
            // Richardson: the error is of order h⁴ and 10⁻¹³ of rounding over h.
            let expected = (4.0 * f(h / 2.0) - f(h)) / 3.0;
            assert!((d[t][k] - expected).abs() < 1e-10, "{labels:?} [{t}, {k}]: {} {expected}", d[t][k]);
        }
    }
}

#[test]
fn a_thousand_steps_do_not_underflow() {
    let a = vec![vec![0.0, 0.0, 0.0]; 1000];
    let (loss, d) = loss(&a, &[1, 2]);
    // Fewer than 1000⁴ of 3¹⁰⁰⁰ paths read two labels.
    let all = 1000.0 * 3.0_f64.ln();
    assert!(loss < all && loss > all - 4.0 * 1000.0_f64.ln(), "{loss}");
    assert!(d.iter().all(|d| d.iter().sum::<f64>().abs() < 1e-10));
}

#[test]
fn a_path_that_nearly_all_outputs_speak_against_is_found() {
    // The blank is likelier than either label by e¹⁰⁰⁰⁰ at every step, and yet both must be read in two steps.
    let a = vec![vec![1e4, 0.0, 0.0]; 2];
    let (loss, d) = loss(&a, &[1, 2]);
    assert!((loss - 2e4).abs() <= 4.0 * f64::EPSILON * 2e4);
    assert_eq!(d, [[1.0, -1.0, 0.0], [1.0, 0.0, -1.0]]);
}

#[test]
fn labels_that_no_path_reads_cost_infinitely_much() {
    let (loss, d) = loss(&[vec![0.0; V], vec![0.0; V]], &[1, 1]);
    assert_eq!(loss, f64::INFINITY);
    assert!(d.iter().flatten().all(|d| d.is_nan()));
}

#[test]
#[should_panic(expected = "ctc: labels[1] is 0; it must be in 1..3")]
fn the_blank_is_no_label() {
    loss(&vec![vec![0.0; V]; 3], &[1, 0]);
}
