//! `pre = b + W_ih x_t + W_hh h`: the products of a step, those of the input for many steps at once where that pays.

use rnn_kernels::{Input, MatMut, MatRef};

use super::reading::Reading;
use crate::number::Number;
use crate::panels::{Form, Weights};
use crate::simd::Simd;
use crate::simd::product::pack::{from_column, panel_lines};
use crate::simd::product::{Start, Sum, Term, sum_of_products};
use crate::simd::vector::line_len;
use crate::threads::Workers;

/// A part of the gates: `r z` or `n` of a GRU; [`First`](Part::First) is everything for the others.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    First = 0,
    Second = 1,
}

/// What the pre-activations of a layer are made of.
#[derive(Clone, Copy, Debug)]
pub struct Projection<'a, T> {
    pub simd: Simd,
    pub weights: Weights<'a, T>,
    pub x: Input<'a, T>,
    /// Whether `b + W_ih x` has been computed for all steps before: see [`compute_ahead`](Projection::compute_ahead).
    pub ahead: bool,
}

/// The size of `W_ih`.
fn bytes<T>(form: Form) -> usize {
    form.input * form.gate_rows * size_of::<T>()
}

/// For how many steps at once a pass that keeps nothing may compute the products with `x`.
pub fn steps_ahead<T>(form: Form, steps: usize, rows: usize) -> usize {
    if steps <= 1 || rows == 0 { 1 } else { Reading::of(bytes::<T>(form)).at_once.div_ceil(rows).min(steps) }
}

impl<'a, T: Number> Projection<'a, T> {
    /// Of a pass that has computed nothing ahead.
    pub fn new(simd: Simd, weights: Weights<'a, T>, x: Input<'a, T>) -> Self {
        Self { simd, weights, x, ahead: false }
    }

    /// Whether the products with `x` are better computed for many steps at once, with `block` rows a thread.
    pub fn worth_ahead(&self, block: usize) -> bool {
        block <= Reading::of(bytes::<T>(self.weights.form)).few
    }

    /// Writes `b + W_ih x` for all steps of `x` into `pre` `[T · N, G·H]`, if that is worth it with `block` rows a thread;
    /// whether it did.
    pub fn compute_ahead(&self, workers: &Workers, x: Input<'_, T>, pre: Option<MatMut<'_, T>>, block: usize) -> bool {
        let (Input::Dense(x), Some(pre)) = (x, pre) else { return false };
        let Some(flat) = x.flat() else { return false };
        if x.steps() < 2 || !self.worth_ahead(block) {
            return false;
        }
        let multiply_adds = flat.rows() * flat.cols() * pre.cols();
        let share = super::block(workers, flat.rows(), multiply_adds);
        workers.by_rows(flat.rows(), share, [pre], |from, [mut pre]| {
            let x = flat.rows_range(from, from + pre.rows());
            for part in [Part::First, Part::Second] {
                let (first, end) = self.columns(part);
                self.sum(part, first, pre.rb_mut().cols_range(first, end), Some(x), None);
            }
        });
        true
    }

    /// `pre = b + W_ih x_t + recurrent` for rows `first..` of the batch, in the columns of a part; `pre` `[rows, G·H]`.
    pub fn step(&self, part: Part, pre: MatMut<'_, T>, t: usize, first: usize, recurrent: Option<MatRef<'_, T>>) {
        let (from, to) = self.columns(part);
        self.step_of_columns(part, from, pre.cols_range(from, to), t, first, recurrent);
    }

    /// As [`step`](Projection::step), `pre` being some columns of a part, those from `from` on: the first one of a panel.
    pub fn step_of_columns(
        &self,
        part: Part,
        from: usize,
        mut pre: MatMut<'_, T>,
        t: usize,
        first: usize,
        recurrent: Option<MatRef<'_, T>>,
    ) {
        if self.ahead {
            return self.continued(part, from, pre, recurrent);
        }
        match self.x {
            Input::Dense(x) => {
                let rows = pre.rows();
                self.sum(part, from, pre, Some(x.at(t).rows_range(first, first + rows)), recurrent);
            }
            Input::OneHot { index, rows, .. } => {
                for n in 0..pre.rows() {
                    self.column(part, from, pre.row_mut(n), index[t * rows + first + n] as usize);
                }
                self.continued(part, from, pre, recurrent);
            }
            _ => unreachable!("no other input passes `plain`"),
        }
    }

    /// `aux = b_hn + W_hn h` for the units from `from` on, the first one of a panel: the product of a GRU that its reset
    /// gate multiplies.
    pub fn aux(&self, from: usize, aux: MatMut<'_, T>, h: MatRef<'_, T>) {
        let ([rows, cols], (c, c_stride)) = (aux.shape(), aux.storage());
        let start = Start::Bias(&self.weights.aux_bias[from..][..cols]);
        let terms = [term(h, self.weights.recurrent[Part::Second as usize], from)];
        sum_of_products(self.simd, Sum { c, c_stride, rows, cols, start, terms: &terms[..usize::from(h.cols() > 0)] });
    }

    /// `b` and the products with `x` are there: those with `recurrent` are added.
    fn continued(&self, part: Part, from: usize, pre: MatMut<'_, T>, recurrent: Option<MatRef<'_, T>>) {
        let Some(h) = recurrent.filter(|h| h.cols() > 0 && pre.cols() > 0) else { return };
        let column = from - self.columns(part).0;
        let ([rows, cols], (c, c_stride)) = (pre.shape(), pre.storage());
        let terms = &[term(h, self.weights.recurrent[part as usize], column)];
        sum_of_products(self.simd, Sum { c, c_stride, rows, cols, start: Start::C, terms });
    }

    fn sum(
        &self,
        part: Part,
        from: usize,
        pre: MatMut<'_, T>,
        x: Option<MatRef<'_, T>>,
        recurrent: Option<MatRef<'_, T>>,
    ) {
        if pre.cols() == 0 {
            return;
        }
        let column = from - self.columns(part).0;
        let ([rows, cols], (c, c_stride)) = (pre.shape(), pre.storage());
        let mut terms = [Term { a: &[], a_stride: 0, depth: 0, panels: &[] }; 2];
        let mut count = 0;
        for (a, panels) in [(x, self.weights.input), (recurrent, self.weights.recurrent)] {
            if let Some(a) = a.filter(|a| a.cols() > 0) {
                terms[count] = term(a, panels[part as usize], column);
                count += 1;
            }
        }
        let start = Start::Bias(&self.weights.bias[from..][..cols]);
        sum_of_products(self.simd, Sum { c, c_stride, rows, cols, start, terms: &terms[..count] });
    }

    /// `b` and the column of `W_ih` that a one-hot input names, in some columns of a part of one row.
    fn column(&self, part: Part, from: usize, pre: &mut [T], named: usize) {
        let (depth, line) = (self.weights.form.input, line_len::<T>());
        pre.copy_from_slice(&self.weights.bias[from..][..pre.len()]);
        let panels = from_column(self.weights.input[part as usize], depth, from - self.columns(part).0);
        for (pre, panel) in pre.chunks_mut(line).zip(panels.chunks_exact((line * panel_lines(depth)).max(1))) {
            pre.iter_mut().zip(&panel[named * line..]).for_each(|(pre, &w)| *pre += w);
        }
    }

    fn columns(&self, part: Part) -> (usize, usize) {
        let form = self.weights.form;
        match part {
            Part::First => (0, form.cut),
            Part::Second => (form.cut, form.gate_rows),
        }
    }
}

/// The product of `a` with the columns from `column` on, the first one of a panel.
fn term<'a, T: Number>(a: MatRef<'a, T>, panels: &'a [T], column: usize) -> Term<'a, T> {
    let (depth, (a, a_stride)) = (a.cols(), a.storage());
    Term { a, a_stride, depth, panels: from_column(panels, depth, column) }
}
