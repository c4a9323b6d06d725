//! Labels that are not aligned with the steps: `−ln Σ_π Π_t p_t(π_t)` and its gradient against all paths, one by one.

use super::block::Block;
use super::head::intact;
use super::{Context, Verdict, all, within};
use crate::case::{Case, Stream};
use crate::drive::{Guarded, Place};
use crate::oracle::expected::{B, exact, lift};
use crate::oracle::paths;
use crate::real::Real;
use rnn_kernels::Ctc;

/// Few enough for every path to be walked: at most 4 steps of 4 classes.
struct Labelled<T> {
    /// `[T, N, V]`.
    sizes: [usize; 3],
    logits: Vec<T>,
    live: Option<Vec<bool>>,
    /// By row.
    labels: Vec<Vec<u32>>,
}

impl<T: Real> Labelled<T> {
    fn new(case: &Case) -> Self {
        let sizes @ [steps, rows, v] =
            [case.dims.steps.clamp(1, 4), case.dims.batch.clamp(1, 3), case.dims.hidden.clamp(2, 4)];
        let mut stream = Stream::new(case.seed, 90);
        let scale = [2.0, 30.0, 1e4][case.pick(3)];
        let mut logits: Vec<T> = (0..steps * rows * v).map(|_| T::from_f64(scale * stream.signed())).collect();
        let live: Option<Vec<bool>> = match case.pick(2) {
            0 => Some((0..steps * rows).map(|_| stream.below(4) > 0).collect()),
            _ => None,
        };
        let lives = |m: usize| live.as_ref().is_none_or(|live| live[m]);
        for m in (0..steps * rows).filter(|&m| !lives(m)) {
            logits[m * v..][..v].fill(T::from_f64(f64::NAN));
        }
        let labels = (0..rows).map(|n| {
            let own = (0..steps).filter(|&t| lives(t * rows + n)).count();
            #[allow(clippy::cast_possible_truncation)] // below V
            let mut labels: Vec<u32> = (0..stream.below(4)).map(|_| 1 + stream.below(v - 1) as u32).collect();
            while paths::fewest_steps(&labels) > own {
                labels.pop();
            }
            labels
        });
        let labels = labels.collect();
        Self { sizes, logits, live, labels }
    }

    /// The outputs of the steps of a row, and which output rows they are.
    fn steps_of(&self, n: usize) -> Vec<(usize, &[T])> {
        let [steps, rows, v] = self.sizes;
        let own = (0..steps).map(|t| t * rows + n).filter(|&m| self.live.as_ref().is_none_or(|live| live[m]));
        own.map(|m| (m, &self.logits[m * v..][..v])).collect()
    }
}

pub(super) fn unaligned_labels_cost_the_sum_over_all_paths<T: Real>(ctx: &Context<'_, T>, case: &Case) -> Verdict {
    let data = Labelled::<T>::new(case);
    let [steps, rows, v] = data.sizes;
    let m = steps * rows;
    let counts: Vec<usize> = data.labels.iter().map(Vec::len).collect();
    let most = counts.iter().copied().max().unwrap_or(0);
    let room = Ctc::<T>::workspace(steps, v, most).unwrap_or(0);
    let nan = T::from_f64(f64::NAN);
    let place = || Place::matrix(case.layout, [m, v]);
    let logits = Guarded::input("logits", place(), &data.logits);
    let (mut loss, mut d) = (vec![nan; rows], Guarded::output("d_logits", place(), nan));
    let scale = T::from_f64(0.375);
    ctx.backend.ctc(Ctc {
        logits: logits.mat(),
        labels: &data.labels.concat(),
        counts: &counts,
        live: data.live.as_deref(),
        loss: &mut loss,
        d_logits: Some(d.mat_mut()),
        scale,
        workspace: &mut vec![f64::NAN; room],
    });
    let zero = exact(ctx.precision, T::ZERO);
    let (mut want_loss, mut want_d) = (vec![zero; rows], vec![zero; m * v]);
    for (n, labels) in data.labels.iter().enumerate() {
        let own = data.steps_of(n);
        let outputs: Vec<Vec<B<'_, T>>> = own.iter().map(|(_, a)| lift(ctx.precision, a)).collect();
        let (of_row, shares) = paths::ctc(&outputs, labels, exact(ctx.precision, T::ONE));
        want_loss[n] = of_row;
        for ((m, _), shares) in own.iter().zip(shares) {
            for (k, (p, share)) in shares.into_iter().enumerate() {
                want_d[m * v + k] = exact(ctx.precision, scale) * (p - share);
            }
        }
    }
    all([
        within(ctx.precision, &Block::matrix("ctc loss", 1), &loss, &want_loss),
        within(ctx.precision, &Block::matrix("ctc d_logits", v), &d.read(), &want_d),
        intact(&[&logits, &d]),
    ])
}
