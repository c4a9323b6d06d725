//! What a chain begins with: real vectors, or symbols that a table or one-hot makes vectors of.

use super::super::build::{Dim, Graph, Place};
use super::super::op::Op;
use super::super::tensor::{Kind, Tensor};
use super::{Axes, Chain, wrong};
use crate::error::{Error, Result};
use crate::network::InputSpec;
use rnn_kernels::Backend;

/// Which inputs of a graph are initial states: those that recurrent layers alone read, and not as `x`.
pub(super) fn states<B: ?Sized>(graph: &Graph<B>) -> Vec<bool> {
    let (mut states, mut others) = (vec![false; graph.inputs.len()], vec![false; graph.inputs.len()]);
    for node in &graph.nodes {
        for (k, place) in node.inputs.iter().enumerate() {
            if let Some(Place::Input(input)) = *place {
                let as_state = k > 0 && matches!(node.op, Op::Recurrent(_));
                if as_state { states[input] = true } else { others[input] = true }
            }
        }
    }
    states.iter().zip(others).map(|(&state, other)| state && !other).collect()
}

/// The one input that is no state, and whether it is symbols.
pub(super) fn of<B: ?Sized>(graph: &Graph<B>, states: &[bool]) -> Result<(usize, bool)> {
    let wrong = |found: &str| Error::kind("chain of layers", "one input of real vectors or symbols", found);
    let mut inputs = (0..graph.inputs.len()).filter(|&k| !states[k]);
    let (Some(input), None) = (inputs.next(), inputs.next()) else { return Err(wrong("more or none")) };
    let axes = graph.inputs[input].shape.as_ref().map(Vec::<Dim>::len);
    match (graph.inputs[input].kind, axes) {
        (Kind::I64 | Kind::I32, None | Some(2)) => Ok((input, true)),
        (Kind::F32, Some(3)) => Ok((input, false)),
        _ => Err(wrong("others")),
    }
}

impl<'g, B: Backend<f32> + ?Sized> Chain<'g, B> {
    /// The next layer reads vectors of this width; the first one may read them from the input.
    pub(super) fn reads_vectors(&mut self, width: usize) -> Result<()> {
        match (&self.input, self.symbols) {
            (Some(_), _) => Ok(()),
            (None, false) => {
                self.input = Some(InputSpec::Features { width });
                Ok(())
            }
            (None, true) => Err(wrong("a table or one-hot vectors of the symbols of the input")),
        }
    }

    /// `x[t, n] = table[symbol]`.
    pub(super) fn embedding(&mut self, table: &'g Tensor, axis: i64) -> Result<()> {
        let &[symbols, width] = table.shape() else { return Err(wrong("a table of vectors")) };
        if axis != 0 || self.input.is_some() || !self.symbols {
            return Err(wrong("a table of vectors of the symbols of the input"));
        }
        self.input = Some(InputSpec::Embedding { symbols, width, name: None });
        self.keep(table)
    }

    /// `x[t, n, k] = 1` where `k` is the symbol, else 0.
    pub(super) fn one_hot(&mut self, depth: &Tensor, values: &Tensor, axis: i64) -> Result<()> {
        let symbols = depth.as_i64()?.first().and_then(|&depth| usize::try_from(depth).ok());
        let last = axis == -1 || axis == 2;
        match symbols {
            Some(symbols) if values.as_f32()? == [0.0, 1.0] && last && self.input.is_none() && self.symbols => {
                self.input = Some(InputSpec::OneHot { symbols });
                Ok(())
            }
            _ => Err(wrong("symbols as vectors of 0 and 1")),
        }
    }

    /// Steps and rows exchanged.
    pub(super) fn exchange(&mut self, permutation: &[usize]) -> Result<()> {
        self.axes = match (permutation, self.axes) {
            ([1, 0, 2], Axes::Either) if self.layers.is_empty() => Axes::Either,
            ([1, 0, 2], Axes::TimeFirst) => Axes::RowsFirst,
            ([1, 0, 2], Axes::RowsFirst) => Axes::TimeFirst,
            _ => return Err(wrong("steps and rows exchanged")),
        };
        Ok(())
    }
}
