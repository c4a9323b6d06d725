//! Losses with their gradients, fused: the softmax and the logarithm never meet as separate roundings.

use crate::head::{BernoulliCrossEntropy, IGNORE, SoftmaxCrossEntropy, SquaredError};
use crate::scalar::Scalar;

/// `loss[m] = ln Σ_k e^{a_k − a_max} − (a_target − a_max)`, `d_logits = scale · (softmax(a) − e_target)`.
///
/// Subtracting the largest logit keeps every exponential at most 1, so huge logits stay finite. Overwrites `loss`
/// and `d_logits`; both are 0 where the target is [`IGNORE`], and those logits are never read.
///
/// # Panics
/// On a wrong shape or target, before any write.
pub fn softmax_cross_entropy<T: Scalar>(mut loss: SoftmaxCrossEntropy<'_, T>) {
    loss.check();
    for (m, &target) in loss.targets.iter().enumerate() {
        let d = loss.d_logits.as_mut().map(|d| d.row_mut(m));
        if target == IGNORE {
            loss.loss[m] = T::ZERO;
            d.into_iter().for_each(|d| d.fill(T::ZERO));
            continue;
        }
        let (a, target) = (loss.logits.row(m), target as usize);
        let largest = a.iter().fold(a[0], |largest, &a| largest.max(a));
        let mut sum = T::ZERO;
        for &a in a {
            sum += (a - largest).exp();
        }
        loss.loss[m] = sum.ln() - (a[target] - largest);
        if let Some(d) = d {
            for (d, &a) in d.iter_mut().zip(a) {
                *d = loss.scale * ((a - largest).exp() / sum);
            }
            // p − 1 from the other classes when p is near 1 would cancel; at p = 1 it is 0 either way.
            d[target] = loss.scale * ((a[target] - largest).exp() / sum - T::ONE);
        }
    }
}

/// `loss[m] = Σ_k max(a, 0) − t a + ln(1 + e^{−|a|})`, `d_logits = scale · (σ(a) − t)`.
///
/// The form with `|a|` is stable at both ends. Overwrites `loss` and `d_logits`.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn bernoulli_cross_entropy<T: Scalar>(mut loss: BernoulliCrossEntropy<'_, T>) {
    loss.check();
    for m in 0..loss.logits.rows() {
        let d = loss.d_logits.as_mut().map(|d| d.row_mut(m));
        loss.loss[m] = T::ZERO;
        if loss.live.is_some_and(|live| !live[m]) {
            d.into_iter().for_each(|d| d.fill(T::ZERO));
            continue;
        }
        let (a, t) = (loss.logits.row(m), loss.targets.row(m));
        for (&a, &t) in a.iter().zip(t) {
            loss.loss[m] += a.max(T::ZERO) - t * a + (-a.abs()).exp().ln_1p();
        }
        if let Some(d) = d {
            for (k, d) in d.iter_mut().enumerate() {
                *d = loss.scale * (a[k].sigmoid() - t[k]);
            }
        }
    }
}

/// `loss[m] = Σ_k (y_k − t_k)²`, `d_y = scale · 2 (y − t)`.
///
/// Overwrites `loss` and `d_y`.
///
/// # Panics
/// On a wrong shape, before any write.
pub fn squared_error<T: Scalar>(mut loss: SquaredError<'_, T>) {
    loss.check();
    for m in 0..loss.y.rows() {
        let d = loss.d_y.as_mut().map(|d| d.row_mut(m));
        loss.loss[m] = T::ZERO;
        if loss.live.is_some_and(|live| !live[m]) {
            d.into_iter().for_each(|d| d.fill(T::ZERO));
            continue;
        }
        let (y, t) = (loss.y.row(m), loss.targets.row(m));
        for (&y, &t) in y.iter().zip(t) {
            loss.loss[m] += (y - t) * (y - t);
        }
        if let Some(d) = d {
            for (k, d) in d.iter_mut().enumerate() {
                *d = loss.scale * ((y[k] - t[k]) + (y[k] - t[k]));
            }
        }
    }
}
