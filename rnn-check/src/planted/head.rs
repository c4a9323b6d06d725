//! Bugs of the output side.

use super::{Bug, Planted};
use crate::real::Real;
use rnn_kernels::{
    AffineBackward, BernoulliCrossEntropy, EmbeddingBackward, IGNORE, MatMut, SoftmaxCrossEntropy, SquaredError,
    reference,
};

pub(super) fn affine_backward<T: Real>(planted: &Planted, mut layer: AffineBackward<'_, T>) {
    if planted.bug == Bug::AffineBiasLastRow {
        let d_y = layer.d_y;
        if let (Some(d_b), Some(last)) = (layer.d_b.take(), d_y.rows().checked_sub(1)) {
            d_b.iter_mut().zip(d_y.row(last)).for_each(|(d_b, &d_y)| *d_b += d_y);
        }
    }
    reference::affine::backward(planted, layer);
}

pub(super) fn embedding_backward<T: Real>(bug: Bug, mut layer: EmbeddingBackward<'_, T>) {
    if bug != Bug::RepeatedIndexOverwrites {
        return reference::embedding::backward(layer);
    }
    let start: Vec<Vec<T>> = (0..layer.d_table.rows()).map(|v| layer.d_table.row_mut(v).to_vec()).collect();
    for (m, &index) in layer.index.iter().enumerate().filter(|&(_, &index)| index != IGNORE) {
        let v = index as usize;
        let sums = layer.d_table.row_mut(v).iter_mut().zip(&start[v]).zip(layer.d_y.row(m));
        sums.for_each(|((d, &start), &d_y)| *d = start + d_y);
    }
}

pub(super) fn softmax<T: Real>(bug: Bug, mut loss: SoftmaxCrossEntropy<'_, T>) {
    match bug {
        Bug::SoftmaxOverflows => {
            for (m, &target) in loss.targets.iter().enumerate().filter(|&(_, &target)| target != IGNORE) {
                let a = loss.logits.row(m);
                let sum = a.iter().fold(T::ZERO, |sum, a| sum + a.exp());
                loss.loss[m] = sum.ln() - a[target as usize];
                for (k, d) in loss.d_logits.as_mut().map(|d| d.row_mut(m)).into_iter().flatten().enumerate() {
                    let hit = if k == target as usize { T::ONE } else { T::ZERO };
                    *d = loss.scale * (a[k].exp() / sum - hit);
                }
            }
        }
        Bug::IgnoredTargetCounts => {
            let targets: Vec<u32> = loss.targets.iter().map(|&t| if t == IGNORE { 0 } else { t }).collect();
            reference::loss::softmax_cross_entropy(SoftmaxCrossEntropy { targets: &targets, ..loss });
        }
        Bug::ScaleForgotten => reference::loss::softmax_cross_entropy(SoftmaxCrossEntropy { scale: T::ONE, ..loss }),
        _ => reference::loss::softmax_cross_entropy(loss),
    }
}

pub(super) fn bernoulli<T: Real>(bug: Bug, loss: BernoulliCrossEntropy<'_, T>) {
    let BernoulliCrossEntropy { logits, targets, live, scale, loss: out, d_logits } = loss;
    reference::loss::bernoulli_cross_entropy(BernoulliCrossEntropy {
        logits,
        targets,
        live,
        scale,
        loss: &mut *out,
        d_logits,
    });
    if bug == Bug::SoftplusOverflows {
        for m in (0..logits.rows()).filter(|&m| live.is_none_or(|live| live[m])) {
            let terms = logits.row(m).iter().zip(targets.row(m));
            out[m] = terms.fold(T::ZERO, |sum, (&a, &t)| sum + ((T::ONE + a.exp()).ln() - t * a));
        }
    }
}

pub(super) fn squared_error<T: Real>(bug: Bug, loss: SquaredError<'_, T>) {
    let SquaredError { y, targets, live, loss, d_y, scale } = loss;
    let scale = if bug == Bug::HalfGradient { scale * T::from_f64(0.5) } else { scale };
    let d_y: Option<MatMut<'_, T>> = d_y;
    reference::loss::squared_error(SquaredError { y, targets, live, loss, d_y, scale });
}
