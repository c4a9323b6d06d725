//! Losses with vector exponentials: `loss = ln Σ e^{a − a_max} − (a_t − a_max)`, `d = scale · (softmax(a) − e_t)`, and the
//! gradient `scale · (σ(a) − t)` of independent Bernoulli outputs.

use rnn_kernels::{BernoulliCrossEntropy, IGNORE, Scalar, SoftmaxCrossEntropy, reference};

use crate::number::Number;
use crate::simd::math::{Sigmoid, map};
use crate::simd::{Simd, softmax};

/// Logits whose exponentials are taken together; what a loss without gradient keeps on the stack.
const CHUNK: usize = 128;

/// Softmax cross-entropy; the loss has the same bits whether the gradient is asked for or not.
pub fn softmax_cross_entropy<T: Number>(simd: Simd, mut loss: SoftmaxCrossEntropy<'_, T>) {
    loss.check();
    let mut scratch = [<T as Scalar>::ZERO; CHUNK];
    for (m, &target) in loss.targets.iter().enumerate() {
        let d = loss.d_logits.as_mut().map(|d| d.row_mut(m));
        if target == IGNORE {
            loss.loss[m] = <T as Scalar>::ZERO;
            d.into_iter().for_each(|d| d.fill(<T as Scalar>::ZERO));
            continue;
        }
        let (a, target) = (loss.logits.row(m), target as usize);
        let largest = softmax::max(simd, a);
        let mut sum = <T as Scalar>::ZERO;
        match d {
            None => {
                for a in a.chunks(CHUNK) {
                    let exps = &mut scratch[..a.len()];
                    exps.copy_from_slice(a);
                    sum += softmax::exp_sum(simd, exps, largest);
                }
            }
            Some(d) => {
                d.copy_from_slice(a);
                for exps in d.chunks_mut(CHUNK) {
                    sum += softmax::exp_sum(simd, exps, largest);
                }
                let p_target = d[target] / sum;
                d.iter_mut().for_each(|p| *p = loss.scale * (*p / sum));
                d[target] = loss.scale * (p_target - <T as Scalar>::ONE);
            }
        }
        loss.loss[m] = Scalar::ln(sum) - (a[target] - largest);
    }
}

/// Bernoulli cross-entropy: the loss as provided, the gradient by vector sigmoids.
pub fn bernoulli_cross_entropy<T: Number>(simd: Simd, loss: BernoulliCrossEntropy<'_, T>) {
    loss.check();
    let BernoulliCrossEntropy { logits, targets, live, loss, d_logits, scale } = loss;
    reference::loss::bernoulli_cross_entropy(BernoulliCrossEntropy {
        logits,
        targets,
        live,
        loss,
        d_logits: None,
        scale,
    });
    let Some(mut d_logits) = d_logits else { return };
    for m in 0..logits.rows() {
        let d = d_logits.row_mut(m);
        if live.is_some_and(|live| !live[m]) {
            d.fill(<T as Scalar>::ZERO);
            continue;
        }
        d.copy_from_slice(logits.row(m));
        map(simd, Sigmoid, d);
        d.iter_mut().zip(targets.row(m)).for_each(|(d, &t)| *d = scale * (*d - t));
    }
}
