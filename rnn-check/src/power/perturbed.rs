//! `v (1 + δ)` at one place, everything else as the reference does it.

use super::Site;
use crate::planted::Plain;
use crate::real::Real;
use rnn_kernels::{
    Accum, Activation, Backend, BernoulliCrossEntropy, ElmanBackward, ElmanForward, ElmanInfer, ElmanStep,
    ElmanStepGrad, EmbeddingBackward, EmbeddingForward, GruBackward, GruCandidate, GruCandidateGrad, GruForward,
    GruGates, GruInfer, GruStep, GruStepGrad, LstmBackward, LstmForward, LstmInfer, LstmStep, LstmStepGrad, MatMut,
    MatRef, Params, ParamsMut, SeqMut, SoftmaxCrossEntropy, SquaredError, reference, sequence,
};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The reference with one number of relative size `δ` too large.
#[derive(Debug)]
pub struct Perturbed {
    /// Which number.
    pub site: Site,
    /// By how much.
    pub delta: f64,
    products: AtomicUsize,
}

impl Perturbed {
    /// The reference with `v (1 + δ)` at this site.
    #[must_use]
    pub fn new(site: Site, delta: f64) -> Self {
        Self { site, delta, products: AtomicUsize::new(0) }
    }

    /// `v += (v − before) δ` if this is the site: `before` is what was there if `v` was added to it.
    fn shift<T: Real>(&self, site: Site, before: T, v: Option<&mut T>) {
        if let (true, Some(v)) = (self.site == site, v) {
            *v += (*v - before) * T::from_f64(self.delta);
        }
    }

    fn shift_matrix<T: Real>(&self, site: Site, mut m: MatMut<'_, T>) {
        self.shift(site, T::ZERO, middle(&mut m));
    }

    fn shift_sequence<T: Real>(&self, site: Site, seq: Option<&mut SeqMut<'_, T>>) {
        let Some(seq) = seq.filter(|seq| seq.steps() > 0) else { return };
        self.shift_matrix(site, seq.at_mut(seq.steps() / 2));
    }
}

/// The middle entry, if there is one.
fn middle<'m, T>(m: &'m mut MatMut<'_, T>) -> Option<&'m mut T> {
    let [rows, cols] = m.shape();
    if rows == 0 { None } else { m.row_mut(rows / 2).get_mut(cols / 2) }
}

fn middle_of_sequence<'s, T>(seq: &'s mut SeqMut<'_, T>) -> Option<&'s mut T> {
    let [steps, rows, cols] = seq.shape();
    if steps * rows * cols == 0 {
        return None;
    }
    let (step, row) = seq.strides();
    seq.rb_mut().into_storage().get_mut(steps / 2 * step + rows / 2 * row + cols / 2)
}

/// Parameters as one buffer.
fn flat<T: Real>(d: &ParamsMut<'_, T>) -> Vec<T> {
    let Params { w_ih, w_hh, b_ih, b_hh, .. } = d.rb();
    let rows = [w_ih, w_hh].into_iter().flat_map(|w| (0..w.rows()).flat_map(move |j| w.row(j)));
    rows.chain([b_ih, b_hh].into_iter().flatten().flatten()).copied().collect()
}

fn put<T: Real>(d: &mut ParamsMut<'_, T>, from: Params<'_, T>) {
    d.w_ih.copy_from(from.w_ih);
    d.w_hh.copy_from(from.w_hh);
    d.b_ih.iter_mut().zip(from.b_ih).for_each(|(d, from)| d.copy_from_slice(from));
    d.b_hh.iter_mut().zip(from.b_hh).for_each(|(d, from)| d.copy_from_slice(from));
}

macro_rules! passes {
    ($module:ident: $forward:ident $Forward:ident, $backward:ident $Backward:ident, $infer:ident $Infer:ident) => {
        fn $forward(&self, mut run: $Forward<'_, T>) {
            let (mut y, mut h_n) = (run.y.take(), run.h_n.take());
            // From here on the run lives shorter than what was lent to it.
            let mut run = run;
            run.y = y.as_mut().map(SeqMut::rb_mut);
            run.h_n = h_n.as_mut().map(MatMut::rb_mut);
            sequence::$module::forward(self, run);
            self.shift_sequence(Site::Output, y.as_mut());
            h_n.into_iter().for_each(|h_n| self.shift_matrix(Site::FinalState, h_n));
        }

        fn $backward(&self, mut run: $Backward<'_, T>) {
            // Wrong shapes are found where the reference finds them.
            run.check(0, 0);
            let (mut d_params, mut d_x, mut d_h0) = (run.d_params.take(), run.d_x.take(), run.d_h0.take());
            let weights = d_params.as_mut().and_then(|d| middle(&mut d.w_hh).copied()).unwrap_or(T::ZERO);
            let added = run.d_x_accum == Accum::Add;
            let input = d_x.as_mut().filter(|_| added).and_then(|d| middle_of_sequence(d).copied()).unwrap_or(T::ZERO);
            let layout = run.spec.layout();
            if self.site != Site::WeightGradient {
                run.d_params = d_params.take();
            }
            let mut own = d_params.as_ref().map(flat);
            let mut run = run;
            if let Some(own) = &mut own {
                run.d_params = Some(layout.view_mut(own));
            }
            run.d_x = d_x.as_mut().map(SeqMut::rb_mut);
            run.d_h0 = d_h0.as_mut().map(MatMut::rb_mut);
            sequence::$module::backward(self, run);
            if let (Some(own), Some(d)) = (&own, &mut d_params) {
                put(d, layout.view(own));
                self.shift(Site::WeightGradient, weights, middle(&mut d.w_hh));
            }
            self.shift(Site::InputGradient, input, d_x.as_mut().and_then(middle_of_sequence));
            d_h0.into_iter().for_each(|d_h0| self.shift_matrix(Site::StateGradient, d_h0));
        }

        fn $infer(&self, mut run: $Infer<'_, T>) {
            let mut h = std::mem::replace(&mut run.h, MatMut::new(&mut [], 0, 0));
            let mut run = run;
            run.h = h.rb_mut();
            sequence::$module::infer(self, run);
            self.shift_matrix(Site::Inference, h);
        }
    };
}

macro_rules! losses {
    ($($name:ident $Loss:ident { $($input:ident),+ } -> $gradient:ident;)+) => {
        $(fn $name(&self, loss: $Loss<'_, T>) {
            let $Loss { $($input,)+ loss: out, mut $gradient, scale } = loss;
            let gradient = $gradient.as_mut().map(MatMut::rb_mut);
            reference::loss::$name($Loss { $($input,)+ loss: &mut *out, $gradient: gradient, scale });
            let m = out.len() / 2;
            self.shift(Site::Loss, T::ZERO, out.get_mut(m));
            $gradient.into_iter().for_each(|d| self.shift_matrix(Site::LossGradient, d));
        })+
    };
}

impl<T: Real> Backend<T> for Perturbed {
    fn matmul(&self, mut c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        let odd = self.products.fetch_add(1, Ordering::Relaxed) % 2 == 1;
        let before = if accum == Accum::Add { middle(&mut c).copied().unwrap_or(T::ZERO) } else { T::ZERO };
        Plain.matmul(c.rb_mut(), accum, a, b);
        self.shift(Site::Product, before, middle(&mut c));
        self.shift(Site::EveryOtherProduct, before, middle(&mut c).filter(|_| odd));
    }

    fn elman_pointwise_forward(&self, mut step: ElmanStep<'_, T>) {
        self.shift_matrix(Site::PreActivation, step.h.rb_mut());
        reference::elman::forward(ElmanStep { h: step.h.rb_mut(), ..step });
        self.shift_matrix(Site::Gate, step.h);
    }
    fn elman_pointwise_backward(&self, mut step: ElmanStepGrad<'_, T>) {
        reference::elman::backward(ElmanStepGrad { d_pre: step.d_pre.rb_mut(), ..step });
        self.shift_matrix(Site::GateCotangent, step.d_pre);
    }
    fn lstm_pointwise_forward(&self, step: LstmStep<'_, T>) {
        let LstmStep { mut gates, c_prev, mut c, mut h } = step;
        self.shift_matrix(Site::PreActivation, gates.rb_mut());
        reference::lstm::forward(LstmStep { gates: gates.rb_mut(), c_prev, c: c.rb_mut(), h: h.rb_mut() });
        let [rows, hidden] = c.shape();
        if self.site == Site::Gate && rows * hidden > 0 {
            let (n, j) = (rows / 2, hidden / 2);
            let gates = gates.row_mut(n);
            self.shift(Site::Gate, T::ZERO, Some(&mut gates[hidden + j]));
            let (i, f, g, o) = (gates[j], gates[hidden + j], gates[2 * hidden + j], gates[3 * hidden + j]);
            let c = &mut c.row_mut(n)[j];
            *c = f * c_prev.row(n)[j] + i * g;
            h.row_mut(n)[j] = o * c.tanh();
        }
    }
    fn lstm_pointwise_backward(&self, mut step: LstmStepGrad<'_, T>) {
        let (d_pre, d_c_prev) = (step.d_pre.rb_mut(), step.d_c_prev.rb_mut());
        reference::lstm::backward(LstmStepGrad { d_pre, d_c_prev, ..step });
        self.shift_matrix(Site::GateCotangent, step.d_pre);
    }
    fn gru_pointwise_forward(&self, step: GruStep<'_, T>) {
        let GruStep { mut gates, aux, h_prev, mut h } = step;
        self.shift_matrix(Site::PreActivation, gates.rb_mut());
        reference::gru::forward(GruStep { gates: gates.rb_mut(), aux, h_prev, h: h.rb_mut() });
        let [rows, hidden] = h.shape();
        if self.site == Site::Gate && rows * hidden > 0 {
            let (m, j) = (rows / 2, hidden / 2);
            let gates = gates.row_mut(m);
            self.shift(Site::Gate, T::ZERO, Some(&mut gates[hidden + j]));
            let (z, n) = (gates[hidden + j], gates[2 * hidden + j]);
            h.row_mut(m)[j] = (T::ONE - z) * n + z * h_prev.row(m)[j];
        }
    }
    fn gru_pointwise_backward(&self, mut step: GruStepGrad<'_, T>) {
        let (d_pre, d_aux, d_h_prev) = (step.d_pre.rb_mut(), step.d_aux.rb_mut(), step.d_h_prev.rb_mut());
        reference::gru::backward(GruStepGrad { d_pre, d_aux, d_h_prev, ..step });
        self.shift_matrix(Site::GateCotangent, step.d_pre);
    }
    fn gru_gates_forward(&self, mut step: GruGates<'_, T>) {
        // The middle column belongs to z.
        self.shift_matrix(Site::PreActivation, step.gates.rb_mut());
        reference::gru::gates_forward(GruGates { gates: step.gates.rb_mut(), ..step });
        self.shift_matrix(Site::Gate, step.gates);
    }
    fn gru_candidate_forward(&self, step: GruCandidate<'_, T>) {
        reference::gru::candidate_forward(step);
    }
    fn gru_candidate_backward(&self, mut step: GruCandidateGrad<'_, T>) {
        let (d_pre, d_h_prev) = (step.d_pre.rb_mut(), step.d_h_prev.rb_mut());
        reference::gru::candidate_backward(GruCandidateGrad { d_pre, d_h_prev, ..step });
        self.shift_matrix(Site::GateCotangent, step.d_pre);
    }

    passes! { elman: elman_forward ElmanForward, elman_backward ElmanBackward, elman_infer ElmanInfer }
    passes! { lstm: lstm_forward LstmForward, lstm_backward LstmBackward, lstm_infer LstmInfer }
    passes! { gru: gru_forward GruForward, gru_backward GruBackward, gru_infer GruInfer }

    fn activation_forward(&self, activation: Activation, mut y: MatMut<'_, T>) {
        reference::activation::forward(activation, y.rb_mut());
        self.shift_matrix(Site::Activation, y);
    }
    fn embedding_forward(&self, mut layer: EmbeddingForward<'_, T>) {
        reference::embedding::forward(EmbeddingForward { y: layer.y.rb_mut(), ..layer });
        self.shift_matrix(Site::Embedding, layer.y);
    }
    fn embedding_backward(&self, mut layer: EmbeddingBackward<'_, T>) {
        let before = middle(&mut layer.d_table).copied().unwrap_or(T::ZERO);
        reference::embedding::backward(EmbeddingBackward { d_table: layer.d_table.rb_mut(), ..layer });
        self.shift(Site::EmbeddingGradient, before, middle(&mut layer.d_table));
    }
    losses! {
        softmax_cross_entropy SoftmaxCrossEntropy { logits, targets } -> d_logits;
        bernoulli_cross_entropy BernoulliCrossEntropy { logits, targets, live } -> d_logits;
        squared_error SquaredError { y, targets, live } -> d_y;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Case, Fill};
    use crate::law::same_results;
    use crate::oracle::{Cell, Dims};

    #[test]
    fn no_perturbation_is_the_reference_bit_for_bit() {
        for (cell, &site) in Cell::ALL.iter().flat_map(|&cell| Site::ALL.iter().map(move |site| (cell, site))) {
            let problem = Case { cell, ..Case::plain() }.problem::<f32>();
            same_results(&Plain, &Perturbed::new(site, 0.0), &problem).unwrap_or_else(|text| panic!("{site}: {text}"));
        }
    }

    #[test]
    fn a_perturbation_of_a_pass_changes_its_results() {
        let passes = [
            Site::Product,
            Site::EveryOtherProduct,
            Site::PreActivation,
            Site::Gate,
            Site::Output,
            Site::FinalState,
            Site::Inference,
            Site::GateCotangent,
            Site::WeightGradient,
            Site::InputGradient,
            Site::StateGradient,
        ];
        for (cell, site) in Cell::ALL.iter().flat_map(|&cell| passes.map(|site| (cell, site))) {
            let dims = Dims { steps: 3, batch: 2, input: 5, hidden: 4 };
            let problem = Case { cell, dims, fill: Fill::Uniform, ..Case::plain() }.problem::<f64>();
            // A relu that is off stays off: only some of its numbers can be seen.
            let relu = cell == Cell::Elman(crate::oracle::Activation::Relu);
            let changed = same_results(&Plain, &Perturbed::new(site, 0.5), &problem).is_err();
            assert!(changed || relu, "{site} of {cell:?}");
        }
    }

    #[test]
    fn what_was_there_before_an_addition_is_not_changed() {
        let (a, b) = ([2.0], [3.0]);
        let (a, b) = (MatRef::new(&a, 1, 1), MatRef::new(&b, 1, 1));
        let mut c = [100.0f64];
        Perturbed::new(Site::Product, 0.5).matmul(MatMut::new(&mut c, 1, 1), Accum::Add, a, b);
        assert_eq!(c, [100.0 + 6.0 * 1.5]);
    }
}
