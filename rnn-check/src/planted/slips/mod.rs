//! Bugs made by machine: one thing changed in the form or in a program of a cell, for any cell.

mod form;
mod program;
#[cfg(test)]
mod tests;
mod words;

use super::plain::{Plain, in_order};
use super::trial::{Trial, differ};
use rnn_kernels::{
    Accum, Backend, Backward, Cell, Form, Forward, Infer, MatMut, MatRef, Scalar, Size, Slot, Spec, sequence,
};

/// One mistake in a cell.
#[derive(Clone, Debug)]
pub struct Slip {
    /// Cell, stage, gate or place, and what is wrong.
    pub description: String,
    /// Why it is no mistake, if it is none.
    pub equivalent: Option<&'static str>,
    wrong: Cell,
}

/// Every slip of a cell, those that are no mistakes among them.
///
/// In programs of forward and pullback, an instruction: another function of the same operands, operands swapped or left out,
/// another place, a store left out or with the wrong sign, another constant. In the form: a product into other gates or of
/// another slot, another slot or vector to read, what is written in another order. Swapped operands of a sum are not made.
#[must_use]
pub fn slips(cell: &Cell) -> Vec<Slip> {
    let changed = [program::slips(cell), form::slips(cell)].concat();
    let trials = trials(cell.form());
    let right: Vec<_> = trials.iter().map(|trial| trial.run(cell, &Plain)).collect();
    let is_same = |wrong: &Cell| {
        let slipped = Slipped { cell: cell.clone(), wrong: wrong.clone() };
        trials.iter().zip(&right).all(|(trial, right)| match (right, trial.run(cell, &slipped)) {
            (Ok(right), Ok(wrong)) => !differ(right, &wrong, 1e-9),
            _ => false,
        })
    };
    let slip = |(what, wrong)| Slip {
        description: format!("{}, {what}", cell.form().name),
        equivalent: is_same(&wrong).then_some("passes of random numbers give the same results, to a billionth"),
        wrong,
    };
    changed.into_iter().map(slip).collect()
}

/// Passes in which a mistake shows: of moderate numbers, and of such as saturate.
fn trials(form: &Form) -> [Trial; 2] {
    let reads_input = form.stages.iter().any(|stage| stage.reads.contains(&Slot::X));
    let size = Size::new(if reads_input { 4 } else { 3 }, 4);
    [1.0, 8.0].map(|scale| Trial { scale, ..Trial::new(size, 4, 3) })
}

/// The reference, which computes one cell with a slip.
#[derive(Clone, Debug)]
pub struct Slipped {
    cell: Cell,
    wrong: Cell,
}

impl Slipped {
    /// The reference but for this slip of this cell.
    #[must_use]
    pub fn new(cell: &Cell, slip: &Slip) -> Self {
        Self { cell: cell.clone(), wrong: slip.wrong.clone() }
    }

    /// The cell with the slip, if this is its cell: parameters, states and reserves lie alike.
    fn wrong<T: Scalar>(&self, spec: &Spec<T>) -> Option<Spec<T>> {
        let is_own = self.cell.statement() == spec.cell().statement();
        is_own.then(|| Spec::new(&self.wrong, spec.size()).ok()).flatten()
    }
}

impl<T: Scalar> Backend<T> for Slipped {
    fn matmul(&self, c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        in_order(c, accum, a, b);
    }
    fn infer(&self, run: Infer<'_, T>) {
        let wrong = self.wrong(run.spec);
        sequence::infer(self, Infer { spec: wrong.as_ref().unwrap_or(run.spec), ..run });
    }
    fn forward(&self, run: Forward<'_, T>) {
        let wrong = self.wrong(run.spec);
        sequence::forward(self, Forward { spec: wrong.as_ref().unwrap_or(run.spec), ..run });
    }
    fn backward(&self, run: Backward<'_, T>) {
        let wrong = self.wrong(run.spec);
        sequence::backward(self, Backward { spec: wrong.as_ref().unwrap_or(run.spec), ..run });
    }
}
