//! Losses with vector exponentials: `loss = ln Σ e^{a − a_max} − (a_t − a_max)`, `d = scale · (softmax(a) − e_t)`, and the
//! losses of independent outputs, `Σ max(a, 0) − t a + ln(1 + e^−|a|)` with `d = scale · (σ(a) − t)`, `Σ (y − t)²` with `d = scale · 2 (y − t)`.

use rnn_kernels::{BernoulliCrossEntropy, IGNORE, MatMut, MatRef, Scalar, SoftmaxCrossEntropy, SquaredError};

use crate::number::Number;
use crate::simd::regression::{Bernoulli, Loss, Squared};
use crate::simd::{Simd, regression, softmax};

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

/// Bernoulli cross-entropy, in the number type of the logits throughout; the loss has the same bits whether the gradient is asked for
/// or not.
pub fn bernoulli_cross_entropy<T: Number>(simd: Simd, loss: BernoulliCrossEntropy<'_, T>) {
    loss.check();
    let BernoulliCrossEntropy { logits, targets, live, loss, d_logits, scale } = loss;
    by_rows(simd, Bernoulli, [logits, targets], live, loss, d_logits, scale);
}

/// Squared error; the loss has the same bits whether the gradient is asked for or not.
pub fn squared_error<T: Number>(simd: Simd, loss: SquaredError<'_, T>) {
    loss.check();
    let SquaredError { y, targets, live, loss, d_y, scale } = loss;
    by_rows(simd, Squared, [y, targets], live, loss, d_y, scale);
}

/// `loss[m] = Σ loss(a, t)`, `d[m] = scale · loss′(a, t)`; 0 and unread where a row does not count.
fn by_rows<T: Number, L: Loss>(
    simd: Simd,
    of: L,
    [a, t]: [MatRef<'_, T>; 2],
    live: Option<&[bool]>,
    loss: &mut [T],
    mut d: Option<MatMut<'_, T>>,
    scale: T,
) {
    for (m, loss) in loss.iter_mut().enumerate() {
        let d = d.as_mut().map(|d| d.row_mut(m));
        if live.is_some_and(|live| !live[m]) {
            *loss = <T as Scalar>::ZERO;
            d.into_iter().for_each(|d| d.fill(<T as Scalar>::ZERO));
            continue;
        }
        *loss = regression::sum(simd, of, a.row(m), t.row(m));
        d.into_iter().for_each(|d| regression::gradient(simd, of, a.row(m), t.row(m), scale, d));
    }
}
