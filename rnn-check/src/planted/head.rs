//! Bugs of the output side.

use super::{Bug, Planted, elements};
use crate::real::Real;
use rnn_kernels::{
    Accum, AffineBackward, AffineForward, BernoulliCrossEntropy, EmbeddingBackward, EmbeddingForward, IGNORE, MatMut,
    MatRef, SoftmaxCrossEntropy, SquaredError, reference,
};

pub(super) fn affine_forward<T: Real>(planted: &Planted, mut layer: AffineForward<'_, T>) {
    if planted.bug == Bug::AffineBiasLeftOut {
        layer.b = None;
    }
    reference::affine::forward(planted, layer);
}

pub(super) fn affine_backward<T: Real>(planted: &Planted, mut layer: AffineBackward<'_, T>) {
    match planted.bug {
        Bug::AffineBiasLastRow => {
            let d_y = layer.d_y;
            if let (Some(d_b), Some(last)) = (layer.d_b.take(), d_y.rows().checked_sub(1)) {
                d_b.iter_mut().zip(d_y.row(last)).for_each(|(d_b, &d_y)| *d_b += d_y);
            }
        }
        Bug::AffineInputReplaced => layer.d_x_accum = Accum::Replace,
        Bug::AffineWeightsOverwritten => layer.d_w.iter_mut().for_each(|d_w| d_w.fill(T::ZERO)),
        _ => {}
    }
    reference::affine::backward(planted, layer);
}

pub(super) fn embedding_forward<T: Real>(bug: Bug, mut layer: EmbeddingForward<'_, T>) {
    if bug != Bug::EmbeddingIgnoredLeft {
        return reference::embedding::forward(layer);
    }
    layer.check();
    for (m, &index) in layer.index.iter().enumerate().filter(|&(_, &index)| index != IGNORE) {
        layer.y.row_mut(m).copy_from_slice(layer.table.row(index as usize));
    }
}

pub(super) fn embedding_backward<T: Real>(bug: Bug, mut layer: EmbeddingBackward<'_, T>) {
    if bug == Bug::EmbeddingBeyondBlock {
        let few = layer.index.len().min(256);
        return reference::embedding::backward(EmbeddingBackward {
            index: &layer.index[..few],
            d_y: layer.d_y.rows_range(0, few),
            d_table: layer.d_table,
        });
    }
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
        Bug::TargetsNotChecked => {
            let last = u32::try_from(loss.logits.cols()).unwrap_or(u32::MAX).saturating_sub(1);
            let targets: Vec<u32> = loss.targets.iter().map(|&t| if t == IGNORE { t } else { t.min(last) }).collect();
            reference::loss::softmax_cross_entropy(SoftmaxCrossEntropy { targets: &targets, ..loss });
        }
        Bug::SoftmaxMaxFromZero | Bug::SoftmaxTail | Bug::SoftmaxSecondBlock => shifted_softmax(bug, loss),
        Bug::IgnoredGradientLeft => {
            let mut rows = loss.d_logits.take();
            let before = rows.as_ref().map(|d| elements(d.rb()));
            let SoftmaxCrossEntropy { logits, targets, loss, scale, .. } = loss;
            let d_logits = rows.as_mut().map(MatMut::rb_mut);
            reference::loss::softmax_cross_entropy(SoftmaxCrossEntropy { logits, targets, loss, scale, d_logits });
            for (m, _) in targets.iter().enumerate().filter(|&(_, &target)| target == IGNORE) {
                if let (Some(d), Some(before)) = (&mut rows, &before) {
                    d.row_mut(m).copy_from_slice(&before[m * logits.cols()..][..logits.cols()]);
                }
            }
        }
        Bug::LossAccumulates => {
            let before = loss.loss.to_vec();
            let SoftmaxCrossEntropy { logits, targets, loss, scale, d_logits } = loss;
            let inner = SoftmaxCrossEntropy { logits, targets, loss: &mut *loss, scale, d_logits };
            reference::loss::softmax_cross_entropy(inner);
            loss.iter_mut().zip(before).for_each(|(loss, before)| *loss += before);
        }
        Bug::NonFiniteRowsSkipped => {
            let SoftmaxCrossEntropy { logits, targets, loss, scale, mut d_logits } = loss;
            let d = d_logits.as_mut().map(MatMut::rb_mut);
            let inner = SoftmaxCrossEntropy { logits, targets, loss: &mut *loss, scale, d_logits: d };
            reference::loss::softmax_cross_entropy(inner);
            skip_non_finite(loss, d_logits);
        }
        Bug::ScaleForgotten => reference::loss::softmax_cross_entropy(SoftmaxCrossEntropy { scale: T::ONE, ..loss }),
        _ => reference::loss::softmax_cross_entropy(loss),
    }
}

/// A row whose loss is no number counts as 0.
fn skip_non_finite<T: Real>(loss: &mut [T], mut d: Option<MatMut<'_, T>>) {
    for (m, loss) in loss.iter_mut().enumerate().filter(|(_, loss)| !loss.is_finite()) {
        *loss = T::ZERO;
        d.iter_mut().for_each(|d| d.row_mut(m).fill(T::ZERO));
    }
}

/// `Σ e^{a − shift}` with a shift, or over classes, that are not those of the definition.
fn shifted_softmax<T: Real>(bug: Bug, mut loss: SoftmaxCrossEntropy<'_, T>) {
    loss.check();
    for (m, &target) in loss.targets.iter().enumerate() {
        let (a, classes) = (loss.logits.row(m), loss.logits.cols());
        let d = loss.d_logits.as_mut().map(|d| d.row_mut(m));
        if target == IGNORE {
            loss.loss[m] = T::ZERO;
            d.into_iter().for_each(|d| d.fill(T::ZERO));
            continue;
        }
        let first = if bug == Bug::SoftmaxMaxFromZero { T::ZERO } else { a[0] };
        let shift = a.iter().fold(first, |shift, &a| shift.max(a));
        let summed = if bug == Bug::SoftmaxTail && classes > 8 { classes / 8 * 8 } else { classes };
        let left_out = if bug == Bug::SoftmaxSecondBlock { 128..256 } else { 0..0 };
        let seen = a[..summed].iter().enumerate().filter(|(k, _)| !left_out.contains(k));
        let sum = seen.fold(T::ZERO, |sum, (_, &a)| sum + (a - shift).exp());
        let target = target as usize;
        loss.loss[m] = sum.ln() - (a[target] - shift);
        for (k, d) in d.into_iter().flatten().enumerate() {
            let hit = if k == target { T::ONE } else { T::ZERO };
            *d = loss.scale * ((a[k] - shift).exp() / sum - hit);
        }
    }
}

pub(super) fn bernoulli<T: Real>(bug: Bug, loss: BernoulliCrossEntropy<'_, T>) {
    let BernoulliCrossEntropy { logits, targets, live, scale, loss: out, d_logits } = loss;
    let live = live.filter(|_| bug != Bug::DeadRowsCount);
    let rounded: Vec<T> = elements(targets).iter().map(|t| T::from_f64(t.to_f64().round())).collect();
    let targets = match bug {
        Bug::TargetsRounded => MatRef::new(&rounded, targets.rows(), targets.cols()),
        _ => targets,
    };
    reference::loss::bernoulli_cross_entropy(BernoulliCrossEntropy {
        logits,
        targets,
        live,
        scale,
        loss: &mut *out,
        d_logits,
    });
    if bug == Bug::BernoulliSecondBlock {
        for m in (0..logits.rows()).filter(|&m| live.is_none_or(|live| live[m])) {
            for (&a, &t) in logits.row(m).iter().zip(targets.row(m)).skip(128).take(128) {
                out[m] -= a.max(T::ZERO) - t * a + (-a.abs()).exp().ln_1p();
            }
        }
    }
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
    let mut d_y: Option<MatMut<'_, T>> = d_y;
    let own = d_y.as_mut().map(MatMut::rb_mut);
    reference::loss::squared_error(SquaredError { y, targets, live, loss, d_y: own, scale });
    if let (Bug::SquaredErrorRowsBeyondBlock, Some(d_y)) = (bug, &mut d_y) {
        (256..d_y.rows()).for_each(|m| d_y.row_mut(m).fill(T::ZERO));
    }
}
