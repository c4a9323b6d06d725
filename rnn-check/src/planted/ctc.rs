//! Bugs of sums over paths.

use super::{Bug, elements};
use crate::real::Real;
use rnn_kernels::{Ctc, MatRef, reference};

pub(super) fn ctc<T: Real>(bug: Bug, mut loss: Ctc<'_, T>) {
    let mut logits = elements(loss.logits);
    let [rows, v] = loss.logits.shape();
    let (mut labels, mut counts) = (loss.labels.to_vec(), loss.counts.to_vec());
    match bug {
        Bug::CtcRepeatsMerged => {
            labels.clear();
            let mut from = 0;
            for count in &mut counts {
                let mut own = loss.labels[from..from + *count].to_vec();
                from += *count;
                own.dedup();
                *count = own.len();
                labels.extend(own);
            }
        }
        Bug::CtcUnlikelyIsNever => {
            for a in logits.chunks_mut(v) {
                let largest = a.iter().fold(a[0], |largest, &a| if a > largest { a } else { largest });
                let never = |a: T| (largest - a).to_f64() > 60.0;
                a.iter_mut().filter(|a| never(**a)).for_each(|a| *a = T::from_f64(f64::NEG_INFINITY));
            }
        }
        // With outputs of 0: what lies there need not be a number.
        Bug::CtcDeadStepsCount => {
            let live = loss.live.take();
            let dead = |m: usize| live.is_some_and(|live| !live[m]);
            for (_, a) in logits.chunks_mut(v).enumerate().filter(|&(m, _)| dead(m)) {
                a.fill(T::ZERO);
            }
        }
        Bug::CtcScaleForgotten => loss.scale = T::ONE,
        Bug::CtcFirstStepLessLikely => {
            for a in logits.chunks_mut(v).take(counts.len()) {
                a[1..].iter_mut().for_each(|a| *a -= T::from_f64(2.0));
            }
        }
        Bug::CtcLabelsNotChecked => {
            let last = u32::try_from(v).unwrap_or(u32::MAX).saturating_sub(1);
            labels.iter_mut().for_each(|label| *label = (*label).min(last));
        }
        _ => {}
    }
    let logits = MatRef::new(&logits, rows, v);
    reference::ctc::ctc(Ctc { logits, labels: &labels, counts: &counts, ..loss });
}
