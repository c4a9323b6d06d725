//! `−ln p(l | a)`, `p(l | a) = Σ_π Π_t softmax(a_t)[π_t]` over all paths `π` that read `l`: connectionist temporal classification.
//!
//! A path names one class a step. It reads as its labels once repetitions are merged and the blank, class 0, is left out. Everything is
//! computed in f64 and in logarithms, so that no path underflows. Source: Graves et al. 2006; the blank is PyTorch's default.

use crate::error::{Error, Result};
use crate::memory::reserve;
use rnn_kernels::{Scalar, SeqRef};

/// The class that is no label.
pub const BLANK: u32 = 0;

/// Room for one row: logarithms of probabilities by step and place.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// `ln softmax(a_t)[k]`, `[T, V]`.
    log_p: Vec<f64>,
    /// `ln Σ` over the beginnings of paths that are at place `s` at step `t`, `[T, S]`.
    alpha: Vec<f64>,
    /// The same of their ends, the step itself left out, `[S]`, of the step at hand and the one behind it.
    beta: [Vec<f64>; 2],
    /// `ln Σ_s` of all paths that are at class `k`, `[V]`.
    at_class: Vec<f64>,
    /// The steps of a row among all output rows.
    own: Vec<usize>,
}

/// The fewest steps in which a path can read these labels: one each, and a blank between equal ones.
pub(crate) fn fewest_steps(labels: &[u32]) -> usize {
    labels.len() + labels.windows(2).filter(|pair| pair[0] == pair[1]).count()
}

impl Scratch {
    /// Where a caller keeps which output rows are the steps of a row.
    pub fn steps_mut(&mut self) -> &mut Vec<usize> {
        &mut self.own
    }

    /// Room for rows of at most `steps` steps and `labels` labels.
    pub fn grow(&mut self, [steps, classes, labels]: [usize; 3]) -> Result<()> {
        let places = labels.checked_mul(2).and_then(|l| l.checked_add(1));
        let overflow = || Error::Overflow { what: "ctc".into(), factors: vec![steps, labels, 2] };
        let places = places.ok_or_else(overflow)?;
        let of_paths = steps.checked_mul(places).ok_or_else(overflow)?;
        let of_classes = steps.checked_mul(classes).ok_or_else(overflow)?;
        for (buffer, len) in [(&mut self.log_p, of_classes), (&mut self.alpha, of_paths), (&mut self.at_class, classes)]
        {
            buffer.clear();
            reserve("ctc", buffer, len)?;
            buffer.resize(len, 0.0);
        }
        self.own.clear();
        reserve("ctc", &mut self.own, steps)?;
        for beta in &mut self.beta {
            beta.clear();
            reserve("ctc", beta, places)?;
            beta.resize(places, 0.0);
        }
        Ok(())
    }
}

/// `−ln p(labels | a)` of one row, whose outputs at its `t`-th step of `steps` are `output(t) [V]`; `gradient(t, d)` is given `∂/∂a_t [V]` of
/// each step if it is wanted. `scratch` must have room.
pub(crate) fn row<'a, T: Scalar>(
    steps: usize,
    output: impl Fn(usize) -> &'a [T],
    labels: &[u32],
    scratch: &mut Scratch,
    mut gradient: Option<impl FnMut(usize, &[f64])>,
) -> f64 {
    if steps == 0 {
        return 0.0;
    }
    let Scratch { log_p, alpha, beta, at_class, .. } = scratch;
    let (places, v) = (2 * labels.len() + 1, output(0).len());
    for (t, log_p) in log_p.chunks_mut(v).enumerate().take(steps) {
        let a = output(t);
        let largest = a.iter().fold(f64::NEG_INFINITY, |largest, a| Scalar::max(largest, a.to_f64()));
        let sum: f64 = a.iter().map(|a| Scalar::exp(a.to_f64() - largest)).sum();
        let log_sum = largest + Scalar::ln(sum);
        log_p.iter_mut().zip(a).for_each(|(log_p, a)| *log_p = a.to_f64() - log_sum);
    }
    // Blanks lie around every label: place 2i + 1 is label i.
    let class = |s: usize| if s.is_multiple_of(2) { BLANK } else { labels[s / 2] } as usize;
    // A blank may be passed over between two labels that differ.
    let may_skip = |s: usize| s >= 3 && !s.is_multiple_of(2) && class(s) != class(s - 2);

    let first = &mut alpha[..places];
    first.fill(f64::NEG_INFINITY);
    (0..places.min(2)).for_each(|s| first[s] = log_p[class(s)]);
    for t in 1..steps {
        let (before, now) = alpha[(t - 1) * places..(t + 1) * places].split_at_mut(places);
        for s in 0..places {
            let reached = [
                before[s],
                if s > 0 { before[s - 1] } else { f64::NEG_INFINITY },
                if may_skip(s) { before[s - 2] } else { f64::NEG_INFINITY },
            ];
            now[s] = log_sum(reached) + log_p[t * v + class(s)];
        }
    }
    let end = &alpha[(steps - 1) * places..steps * places];
    let log_all =
        log_sum([end[places - 1], if places > 1 { end[places - 2] } else { f64::NEG_INFINITY }, f64::NEG_INFINITY]);

    if let Some(gradient) = &mut gradient {
        let [now, later] = beta;
        now[..places].fill(f64::NEG_INFINITY);
        now[places.saturating_sub(2)..places].fill(0.0);
        let mut d = std::mem::take(at_class);
        for t in (0..steps).rev() {
            if t + 1 < steps {
                std::mem::swap(now, later);
                let (later, log_p) = (&later[..places], &log_p[(t + 1) * v..(t + 2) * v]);
                for s in 0..places {
                    let to = |s: usize| later[s] + log_p[class(s)];
                    now[s] = log_sum([
                        to(s),
                        if s + 1 < places { to(s + 1) } else { f64::NEG_INFINITY },
                        if s + 2 < places && may_skip(s + 2) { to(s + 2) } else { f64::NEG_INFINITY },
                    ]);
                }
            }
            d.fill(f64::NEG_INFINITY);
            for s in 0..places {
                let k = class(s);
                d[k] = log_sum([d[k], alpha[t * places + s] + now[s], f64::NEG_INFINITY]);
            }
            for (d, log_p) in d.iter_mut().zip(&log_p[t * v..]) {
                *d = Scalar::exp(*log_p) - Scalar::exp(*d - log_all);
            }
            gradient(t, &d);
        }
        *at_class = d;
    }
    -log_all
}

/// `ln Σ e^x`; `−∞` if all are.
fn log_sum(x: [f64; 3]) -> f64 {
    let largest = Scalar::max(Scalar::max(x[0], x[1]), x[2]);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    largest + Scalar::ln(x.iter().map(|x| Scalar::exp(x - largest)).sum::<f64>())
}

/// The labels that the likeliest path of row `n` reads in its first `steps` steps: the largest output of each, repetitions merged, blanks
/// left out. `y [T, N, V]`.
///
/// It need not be the likeliest reading, which is a sum over paths.
///
/// # Errors
/// [`Error::Range`] if there is no such row, or it has fewer steps.
pub fn best_path<T: Scalar>(y: SeqRef<'_, T>, n: usize, steps: usize) -> Result<Vec<u32>> {
    if n >= y.rows() || steps > y.steps() {
        let expected = format!("a row below {} and at most {} steps", y.rows(), y.steps());
        return Err(Error::range("best path", expected, format!("row {n}, {steps} steps")));
    }
    let (mut read, mut before) = (Vec::new(), BLANK);
    for t in 0..steps {
        let a = y.at(t).row(n);
        let largest = (0..a.len()).reduce(|best, k| if a[k] > a[best] { k } else { best });
        let class = largest.and_then(|k| u32::try_from(k).ok()).unwrap_or(BLANK);
        if class != BLANK && class != before {
            read.push(class);
        }
        before = class;
    }
    Ok(read)
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation)] // of small numbers
mod tests {
    use super::{Scratch, best_path, fewest_steps, row};
    use crate::rng::Rng;
    use rnn_kernels::SeqRef;

    const V: usize = 3;

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
        let (mut scratch, mut d) = (Scratch::default(), vec![vec![f64::NAN; V]; a.len()]);
        scratch.grow([a.len(), V, labels.len()]).unwrap();
        let mut keep = |t: usize, of: &[f64]| d[t].copy_from_slice(of);
        let loss = row(a.len(), |t| &a[t][..], labels, &mut scratch, Some(&mut keep));
        (loss, d)
    }

    #[test]
    fn the_sum_over_paths_is_that_of_all_of_them_one_by_one() {
        let mut rng = Rng::seed(1);
        for labels in [&[][..], &[1], &[2, 2], &[1, 2], &[1, 2, 1], &[1, 1, 1], &[2, 1, 1]] {
            for steps in fewest_steps(labels).max(1)..7 {
                let a: Vec<Vec<f64>> = (0..steps).map(|_| (0..V).map(|_| 2.0 * rng.normal()).collect()).collect();
                let (loss, expected) = (loss(&a, labels).0, -by_enumeration(&a, labels).ln());
                // At most 729 products of 6 factors, each with a rounding or two.
                assert!((loss - expected).abs() <= 1e3 * f64::EPSILON * expected.abs().max(1.0), "{labels:?}, {steps}");
            }
        }
    }

    #[test]
    fn the_gradient_is_the_derivative_of_the_sum_over_paths() {
        let mut rng = Rng::seed(2);
        for labels in [&[][..], &[1], &[2, 2], &[1, 2, 1]] {
            let a: Vec<Vec<f64>> = (0..5).map(|_| (0..V).map(|_| rng.normal()).collect()).collect();
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
    fn the_best_path_merges_repetitions_and_leaves_blanks_out() {
        let mut y = vec![0.0; 6 * V];
        for (t, k) in [1, 1, 0, 1, 2, 0].into_iter().enumerate() {
            y[t * V + k] = 1.0;
        }
        let y = SeqRef::new(&y, 6, 1, V);
        assert_eq!(best_path(y, 0, 6).unwrap(), [1, 1, 2]);
        assert_eq!(best_path(y, 0, 2).unwrap(), [1]);
        assert!(best_path(y, 1, 2).is_err() && best_path(y, 0, 7).is_err());
    }
}
