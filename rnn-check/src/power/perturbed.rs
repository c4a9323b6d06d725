//! `v (1 + δ)` at one place, everything else as the reference does it.

use super::Site;
use crate::planted::Plain;
use crate::real::Real;
use rnn_kernels::{
    Accum, Activation, Backend, Backward, BernoulliCrossEntropy, EmbeddingBackward, EmbeddingForward, Forward,
    GruReset, Infer, Known, MatMut, MatRef, SeqMut, SoftmaxCrossEntropy, SquaredError, UnitBackward, UnitForward,
    reference, sequence,
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

impl Perturbed {
    /// A gate of the middle unit of row `n`, and what follows from it.
    fn shift_gate<T: Real>(&self, unit: &mut UnitForward<'_, T>, n: usize) {
        let (width, j) = (unit.width(), unit.width() / 2);
        // The second gate of an LSTM and a GRU, the last one of the first stage of a GRU with reset before.
        let gates = unit.pre(n).len() / width;
        let shifted = gates / 2 * width + j;
        let shifted = if gates == 4 { width + j } else { shifted };
        self.shift(Site::Gate, T::ZERO, unit.pre(n).get_mut(shifted));
        let gate = |unit: &mut UnitForward<'_, T>, k: usize| unit.pre(n)[k * width + j];
        match (unit.spec().cell().known(), unit.stage()) {
            (Some(Known::Lstm), _) => {
                let [i, f, g, o] = [0, 1, 2, 3].map(|k| gate(unit, k));
                let c = f * unit.read(0, n)[j] + i * g;
                unit.write(1, n)[j] = c;
                unit.write(0, n)[j] = o * c.tanh();
            }
            (Some(Known::Gru(GruReset::After)), _) => {
                let [z, new] = [1, 2].map(|k| gate(unit, k));
                unit.write(0, n)[j] = (T::ONE - z) * new + z * unit.read(0, n)[j];
            }
            (Some(Known::Gru(GruReset::Before)), 0) => {
                unit.write(0, n)[j] = gate(unit, 0) * unit.read(0, n)[j];
            }
            (Some(Known::Gru(GruReset::Before)), _) => {
                let [z, new] = [0, 1].map(|k| gate(unit, k));
                unit.write(0, n)[j] = (T::ONE - z) * new + z * unit.read(0, n)[j];
            }
            // What an Elman network keeps is what it writes; of other cells nothing follows.
            _ => {}
        }
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

/// The middle element of a state `[N, W]`.
fn middle_of_state<T>(state: &mut [T], rows: usize) -> Option<&mut T> {
    let width = state.len() / rows.max(1);
    state.get_mut(rows / 2 * width + width / 2)
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

    fn unit_forward(&self, mut unit: UnitForward<'_, T>) {
        let (rows, width) = (unit.rows(), unit.width());
        if rows.is_empty() || width == 0 {
            return;
        }
        let n = rows.start + rows.len() / 2;
        let at = unit.pre(n).len() / 2;
        self.shift(Site::PreActivation, T::ZERO, unit.pre(n).get_mut(at));
        reference::program::forward(unit.rb_mut());
        if self.site == Site::Gate {
            self.shift_gate(&mut unit, n);
        }
    }
    fn unit_backward(&self, mut unit: UnitBackward<'_, T>) {
        let (rows, width) = (unit.rows(), unit.width());
        reference::program::backward(unit.rb_mut());
        if !rows.is_empty() && width > 0 {
            let d_pre = unit.d_pre(rows.start + rows.len() / 2);
            let at = d_pre.len() / 2;
            self.shift(Site::GateCotangent, T::ZERO, d_pre.get_mut(at));
        }
    }

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
    fn forward(&self, mut run: Forward<'_, T>) {
        let rows = run.x.rows();
        let h = run.spec.state(0, rows);
        let (mut y, mut last) = (run.y.take(), run.last.take());
        // From here on the run lives shorter than what was lent to it.
        let mut run = run;
        run.y = y.as_mut().map(SeqMut::rb_mut);
        run.last = last.as_deref_mut();
        sequence::forward(self, run);
        self.shift_sequence(Site::Output, y.as_mut());
        self.shift(Site::FinalState, T::ZERO, last.and_then(|last| middle_of_state(&mut last[h], rows)));
    }

    fn backward(&self, mut run: Backward<'_, T>) {
        // Wrong shapes are found where the reference finds them.
        run.check(0, 0);
        let (rows, spec) = (run.x.rows(), run.spec);
        let (mut d_params, mut d_x, mut d_initial) = (run.d_params.take(), run.d_x.take(), run.d_initial.take());
        let weight = spec
            .blocks()
            .iter()
            .find(|block| block.name == "weight_hh")
            .map_or(0, |block| block.range.start + block.rows / 2 * block.cols + block.cols / 2);
        let there = d_params.as_ref().map_or(T::ZERO, |d| d[weight]);
        let added = run.d_x_accum == Accum::Add;
        let input = d_x.as_mut().filter(|_| added).and_then(|d| middle_of_sequence(d).copied()).unwrap_or(T::ZERO);
        let mut run = run;
        run.d_params = d_params.as_deref_mut();
        run.d_x = d_x.as_mut().map(SeqMut::rb_mut);
        run.d_initial = d_initial.as_deref_mut();
        sequence::backward(self, run);
        self.shift(Site::WeightGradient, there, d_params.and_then(|d| d.get_mut(weight)));
        self.shift(Site::InputGradient, input, d_x.as_mut().and_then(middle_of_sequence));
        let h = spec.state(0, rows);
        self.shift(Site::StateGradient, T::ZERO, d_initial.and_then(|d| middle_of_state(&mut d[h], rows)));
    }

    fn infer(&self, run: Infer<'_, T>) {
        let (rows, h) = (run.x.rows(), run.spec.state(0, run.x.rows()));
        let Infer { spec, direction, steps, params, packed, x, masks, states, y, workspace } = run;
        let lent = &mut *states;
        sequence::infer(self, Infer { spec, direction, steps, params, packed, x, masks, states: lent, y, workspace });
        self.shift(Site::Inference, T::ZERO, middle_of_state(&mut states[h], rows));
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
