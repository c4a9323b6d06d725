//! `y = φ(x W + b)`: an affine layer of a chain. It is the head until a function or another layer shows that it is not.

use super::super::tensor::Tensor;
use super::{Chain, wrong};
use crate::error::Result;
use crate::memory::zeros;
use crate::network::{DenseSpec, HeadSpec, LayerSpec, Objective};
use rnn_kernels::{Activation, Backend};
use std::borrow::Cow;

impl<'g, B: Backend<f32> + ?Sized> Chain<'g, B> {
    /// `x W`, or `x Wᵀ` if `transposed`: a head without a bias.
    pub(super) fn product(&mut self, weight: &'g Tensor, transposed: bool) -> Result<()> {
        let &[rows, columns] = weight.shape() else { return Err(wrong("a matrix of weights")) };
        if self.open.is_some() {
            return Err(wrong("directions side by side"));
        }
        let (width, units) = if transposed { (columns, rows) } else { (rows, columns) };
        self.reads_vectors(width)?;
        if transposed {
            self.keep(weight)?;
        } else {
            // The parameters of a network are `[units, width]`.
            let from = weight.as_f32()?;
            let mut to = zeros("weights", from.len())?;
            for (k, row) in from.chunks_exact(columns.max(1)).enumerate() {
                row.iter().enumerate().for_each(|(unit, &w)| to[unit * rows + k] = w);
            }
            self.parameters.push(Cow::Owned(to));
        }
        self.head = Some(HeadSpec { bias: false, ..HeadSpec::new(units, Objective::SquaredError) });
        Ok(())
    }

    /// `+ b`, of shape `[units]`, or with axes of length 1 before that.
    pub(super) fn bias(&mut self, bias: &'g Tensor) -> Result<()> {
        let of_units = |units: usize| {
            bias.shape().last() == Some(&units) && bias.len() == units && bias.rank() <= self.axes.rank()
        };
        match &mut self.head {
            Some(head) if !head.bias && head.objective == Objective::SquaredError && of_units(head.units) => {
                head.bias = true;
                self.keep(bias)
            }
            _ => Err(wrong("a bias of the product before it")),
        }
    }

    /// `φ(…)`, which makes a dense layer of the head.
    pub(super) fn function(&mut self, activation: Activation) -> Result<()> {
        match self.head.take() {
            Some(HeadSpec { units, bias, objective: Objective::SquaredError, .. }) => {
                self.layers.push(LayerSpec::Dense(DenseSpec { units, activation, bias, name: None }));
                Ok(())
            }
            _ => Err(wrong("a function of an affine layer")),
        }
    }

    /// The softmax of the head, which is then one of classes.
    pub(super) fn softmax(&mut self, axis: i64) -> Result<()> {
        let last = axis == -1 || usize::try_from(axis).is_ok_and(|axis| axis + 1 == self.axes.rank());
        match &mut self.head {
            Some(head) if head.objective == Objective::SquaredError && last => {
                head.objective = Objective::Softmax;
                Ok(())
            }
            _ => Err(wrong("a softmax over the units of an affine layer")),
        }
    }

    /// Another layer follows: the affine layer before it is no head. A softmax would be lost.
    pub(super) fn head_to_dense(&mut self) -> Result<()> {
        match self.head.take() {
            None => Ok(()),
            Some(HeadSpec { units, bias, objective: Objective::SquaredError, .. }) => {
                let activation = Activation::Identity;
                self.layers.push(LayerSpec::Dense(DenseSpec { units, activation, bias, name: None }));
                Ok(())
            }
            Some(_) => Err(wrong("nothing behind a softmax")),
        }
    }
}
