//! `w_m loss[m]` of every output row and its gradient: the objective of a head with all of its options.

use super::{Checked, Objective, Outputs, Rows};
use crate::error::{Error, Result};
use crate::number::in_type;
use rnn_kernels::{
    Backend, BernoulliCrossEntropy, Ctc, IGNORE, MatMut, MatRef, Scalar, SoftmaxCrossEntropy, SquaredError,
};

/// An objective, its options checked.
#[derive(Clone, Debug)]
pub(crate) struct Criterion<T> {
    pub objective: Objective,
    /// By class; empty if all are 1.
    weights: Vec<f64>,
    /// `ε`.
    smoothing: f64,
    /// What the loss of each output is multiplied by.
    share: T,
    /// `δ`.
    delta: T,
}

impl<T: Scalar> Criterion<T> {
    /// That of a head of so many units.
    ///
    /// # Errors
    /// [`Error::Config`] if an option is out of range or not one of the objective.
    pub fn new(
        units: usize,
        objective: Objective,
        class_weights: &[f64],
        label_smoothing: f64,
        outputs: Outputs,
    ) -> Result<Self> {
        let fault = |at: &str, expected: &str, found: String| Error::config(format!("head, {at}"), expected, found);
        if objective != Objective::Softmax {
            if !class_weights.is_empty() {
                return Err(fault(
                    "class_weights",
                    "none, unless the objective is softmax",
                    format!("{class_weights:?}"),
                ));
            }
            if label_smoothing != 0.0 {
                return Err(fault(
                    "label_smoothing",
                    "0, unless the objective is softmax",
                    label_smoothing.to_string(),
                ));
            }
        } else if outputs == Outputs::Mean {
            return Err(fault("outputs", "sum, since the outputs of a softmax make one choice", "mean".into()));
        }
        if !class_weights.is_empty() && class_weights.len() != units {
            return Err(fault(
                "class_weights",
                &format!("{units}, one for each class"),
                class_weights.len().to_string(),
            ));
        }
        for (k, &weight) in class_weights.iter().enumerate() {
            in_type::<T>(weight, |w| w >= 0.0 && w.is_finite())
                .map_err(|found| fault(&format!("class_weights[{k}]"), "a finite number ≥ 0", found))?;
        }
        in_type::<T>(label_smoothing, |e| (0.0..1.0).contains(&e))
            .map_err(|found| fault("label_smoothing", "a number in [0, 1)", found))?;
        let delta = match objective {
            Objective::Huber { delta } => {
                in_type::<T>(delta, |d| d > 0.0 && d.is_finite())
                    .map_err(|found| fault("objective, delta", "a finite number > 0", found))?;
                T::from_f64(delta)
            }
            _ => T::ZERO,
        };
        #[allow(clippy::cast_precision_loss)] // outputs beyond 2⁵³ do not occur
        let share = if outputs == Outputs::Mean { T::from_f64(1.0 / units as f64) } else { T::ONE };
        Ok(Self { objective, weights: class_weights.to_vec(), smoothing: label_smoothing, share, delta })
    }

    /// `Σ w` over the rows that count, whose classes are these if they have some.
    #[allow(clippy::cast_precision_loss)] // a count beyond 2⁵³ cannot occur
    pub fn weight(&self, classes: &[u32], count: usize) -> f64 {
        if self.weights.is_empty() {
            return count as f64;
        }
        classes.iter().filter(|&&class| class != IGNORE).map(|&class| self.weights[class as usize]).sum()
    }

    /// `Σ_m w_m loss[m]` over outputs `a [M, O]`, and if asked for `d_a = scale · w_m ∂loss/∂a`, overwritten.
    pub fn evaluate<B: Backend<T> + ?Sized>(
        &self,
        backend: &B,
        a: MatRef<'_, T>,
        targets: Checked<'_, T>,
        buffers: Rows<'_, T>,
        mut d_a: Option<MatMut<'_, T>>,
        scale: T,
    ) -> f64 {
        let Rows { loss, targets: classes, counts, ctc: workspace } = buffers;
        if let Checked::Labels { labels, counts: of_rows } = targets {
            let loss = &mut loss[..of_rows.len()];
            let (counts, live) = (of_rows, Some(&counts[..]));
            backend.ctc(Ctc { logits: a, labels, counts, live, loss, d_logits: d_a, scale, workspace });
            return loss.iter().map(|loss| loss.to_f64()).sum();
        }
        let loss = &mut loss[..a.rows()];
        let (live, d) = (Some(&counts[..]), d_a.as_mut().map(MatMut::rb_mut));
        let scale_each = scale * self.share;
        match (targets, self.objective) {
            (Checked::Classes, _) => {
                backend.softmax_cross_entropy(SoftmaxCrossEntropy {
                    logits: a,
                    targets: classes,
                    loss,
                    d_logits: d,
                    scale,
                });
                if !self.weights.is_empty() || self.smoothing > 0.0 {
                    self.weigh(a, classes, loss, d_a, scale);
                }
            }
            (Checked::Probabilities(targets), _) => {
                let scale = scale_each;
                backend.bernoulli_cross_entropy(BernoulliCrossEntropy {
                    logits: a,
                    targets,
                    live,
                    loss,
                    d_logits: d,
                    scale,
                });
            }
            (Checked::Reals(targets), Objective::SquaredError) => {
                backend.squared_error(SquaredError { y: a, targets, live, loss, d_y: d, scale: scale_each });
            }
            (Checked::Labels { .. }, _) => unreachable!("done above"),
            (Checked::Reals(targets), _) => self.by_difference(a, targets, counts, loss, d, scale_each),
        }
        if self.share != T::ONE {
            loss.iter_mut().for_each(|loss| *loss *= self.share);
        }
        loss.iter().map(|loss| loss.to_f64()).sum()
    }

    /// `(1 − ε) w_t (L − a_t) + (ε/V) Σ_k w_k (L − a_k)` with `L = ln Σ e^a`, from `L − a_t` and its gradient; that of PyTorch's
    /// `cross_entropy`.
    #[allow(clippy::cast_precision_loss)] // classes beyond 2⁵³ do not occur
    fn weigh(&self, a: MatRef<'_, T>, classes: &[u32], loss: &mut [T], mut d_a: Option<MatMut<'_, T>>, scale: T) {
        let v = a.cols();
        let each = self.smoothing / v as f64;
        let weight = |k: usize| self.weights.get(k).copied().unwrap_or(1.0);
        let all = each * (0..v).map(weight).sum::<f64>();
        for (m, class) in classes.iter().enumerate().filter(|(_, class)| **class != IGNORE) {
            let (t, a) = (*class as usize, a.row(m));
            let own = (1.0 - self.smoothing) * weight(t);
            let spread = if each > 0.0 {
                each * (0..v).map(|k| weight(k) * (a[t].to_f64() - a[k].to_f64())).sum::<f64>()
            } else {
                0.0
            };
            loss[m] = T::from_f64((own + all) * loss[m].to_f64() + spread);
            let Some(d) = d_a.as_mut().map(|d| d.row_mut(m)) else { continue };
            let whole = T::from_f64(own + all);
            d.iter_mut().for_each(|d| *d = whole * *d);
            if each > 0.0 {
                d.iter_mut().enumerate().for_each(|(k, d)| *d -= scale * T::from_f64(each * weight(k)));
                d[t] += scale * T::from_f64(all);
            }
        }
    }

    /// The absolute error and Huber's loss, functions of `e = a − t` alone.
    fn by_difference(
        &self,
        a: MatRef<'_, T>,
        targets: MatRef<'_, T>,
        counts: &[bool],
        loss: &mut [T],
        mut d_a: Option<MatMut<'_, T>>,
        scale: T,
    ) {
        let (delta, half) = (self.delta, T::from_f64(0.5));
        for m in 0..a.rows() {
            loss[m] = T::ZERO;
            if !counts[m] {
                d_a.iter_mut().for_each(|d| d.row_mut(m).fill(T::ZERO));
                continue;
            }
            // δ = 0 is the absolute error: every difference lies beyond.
            let slope = if delta > T::ZERO { delta } else { T::ONE };
            for (k, (&a, &t)) in a.row(m).iter().zip(targets.row(m)).enumerate() {
                let e = a - t;
                let (value, derivative) = match e.abs() {
                    size if size <= delta => (half * e * e, e),
                    size => (slope * (size - half * delta), if e > T::ZERO { slope } else { -slope }),
                };
                loss[m] += value;
                if let Some(d) = &mut d_a {
                    d.row_mut(m)[k] = scale * derivative;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Criterion, Objective, Outputs};
    use rnn_kernels::MatRef;

    #[test]
    fn without_smoothing_an_output_that_rules_its_class_out_costs_nothing() {
        let criterion = Criterion::<f64>::new(2, Objective::Softmax, &[2.0, 3.0], 0.0, Outputs::Sum).unwrap();
        let mut loss = [0.25];
        criterion.weigh(MatRef::new(&[0.0, f64::NEG_INFINITY], 1, 2), &[0], &mut loss, None, 1.0);
        assert_eq!(loss, [0.5]);
    }
}
