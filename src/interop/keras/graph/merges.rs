//! Layers that make one value of several: sums, products, concatenation, attention.

use super::{Building, Given};
use crate::error::{Error, Result};
use crate::graph::{Op, Value};
use crate::interop::keras::attributes::Attributes;
use crate::interop::keras::node::Layer;
use crate::interop::keras::weights::Kind as Arrays;
use rnn_kernels::Backend;

impl<B: Backend<f32> + ?Sized> Building<'_, B> {
    /// `x₁ ∘ x₂ ∘ …`, broadcast. If one has fewer axes than another, Keras inserts the missing ones after the rows, where NumPy and graphs would
    /// insert them before.
    pub(super) fn merge(&mut self, a: &Attributes<'_>, x: &[Given], op: impl Fn() -> Op<B>) -> Result<Given> {
        let rank = x.iter().map(|x| x.rank).max().unwrap_or(0);
        let [first, rest @ ..] = x else { return Err(Error::format(&*a.at, "inputs", "none")) };
        let mut merged = self.with_rank(*first, rank)?;
        for &x in rest {
            let x = self.with_rank(x, rank)?;
            merged = self.builder.add(op(), [merged, x])?;
        }
        Ok(Given { value: merged, rank })
    }

    /// The same with axes of length 1 after the rows, so that there are `rank`.
    fn with_rank(&mut self, x: Given, rank: usize) -> Result<Value> {
        let axes: Vec<i64> = (1..).take(rank - x.rank).collect();
        if axes.is_empty() { Ok(x.value) } else { self.builder.add(Op::Unsqueeze { axes }, [x.value]) }
    }

    /// `(x₁ + x₂ + …) / n`.
    pub(super) fn average(&mut self, a: &Attributes<'_>, x: &[Given]) -> Result<Given> {
        let Given { value: sum, rank } = self.merge(a, x, || Op::Add)?;
        #[expect(clippy::cast_precision_loss, reason = "a few inputs")]
        let share = self.number(1.0 / x.len() as f32)?;
        Ok(Given { value: self.builder.add(Op::Mul, [sum, share])?, rank })
    }

    /// `softmax(Q Kᵀ) V`, or with `Σ s tanh(q + k)` in the place of the product.
    pub(super) fn attention(&mut self, layer: &Layer<'_>, a: &mut Attributes<'_>, x: &[Value]) -> Result<Value> {
        let (query, value, key) = match *x {
            [query, value] => (query, value, value),
            [query, value, key] => (query, value, key),
            _ => {
                return Err(Error::format(&*a.at, "query and value, and a key or none", format!("{} inputs", x.len())));
            }
        };
        a.refuse(&["causal"])?;
        a.of_training(&["dropout"], &mut self.notes);
        let additive = layer.class == "AdditiveAttention";
        let scaled = a.flag("use_scale", additive)?;
        let scores = if additive {
            a.known(&["score_mode"]);
            if !scaled {
                return Err(a.wrong("use_scale", "true", "false"));
            }
            // The scale lies where an embedding has its table.
            let arrays = self.arrays(layer, Arrays::Embedding, 1)?;
            let width = arrays[0].len()?;
            let scale = self.constant_as(&arrays[0], &[width], &[width, 1])?;
            let query = self.builder.add(Op::Unsqueeze { axes: vec![2] }, [query])?;
            let key = self.builder.add(Op::Unsqueeze { axes: vec![1] }, [key])?;
            let sum = self.builder.add(Op::Add, [query, key])?;
            let tanh = self.builder.add(Op::Tanh, [sum])?;
            let scores = self.builder.add(Op::MatMul, [tanh, scale])?;
            self.builder.add(Op::Squeeze { axes: vec![3] }, [scores])?
        } else {
            if a.word("score_mode")?.is_some_and(|mode| mode != "dot") {
                return Err(a.wrong("score_mode", "dot", "another"));
            }
            let turned = self.builder.add(Op::Transpose { permutation: vec![0, 2, 1] }, [key])?;
            let scores = self.builder.add(Op::MatMul, [query, turned])?;
            if scaled {
                let arrays = self.arrays(layer, Arrays::Embedding, 1)?;
                let scale = self.constant(&arrays[0], &[])?;
                self.builder.add(Op::Mul, [scores, scale])?
            } else {
                scores
            }
        };
        let weights = self.builder.add(Op::Softmax { axis: -1, flatten: false }, [scores])?;
        self.builder.add(Op::MatMul, [weights, value])
    }
}
