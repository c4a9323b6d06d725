//! Recurrent layers in one direction and in both, with the states that they take and give.

use super::{Building, Given};
use crate::cells::Cells;
use crate::error::{Error, Result};
use crate::graph::{Layout, Op, Recurrent as Layered, Tensor, Value};
use crate::interop::keras::attributes::Attributes;
use crate::interop::keras::finite;
use crate::interop::keras::node::Layer;
use crate::interop::keras::recurrent::{CLASSES, Recurrent, merge};
use crate::interop::keras::weights::{Kind as Arrays, write};
use crate::network::{Config, Directions, Merge, Network, Parameters};
use rnn_kernels::{Backend, Bias};
use std::sync::Arc;

impl<B: Backend<f32> + ?Sized> Building<'_, B> {
    /// A layer in both directions.
    pub(super) fn bidirectional(
        &mut self,
        layer: &Layer<'_>,
        a: &mut Attributes<'_>,
        x: &[Value],
    ) -> Result<Vec<Given>> {
        let merge = merge(a)?;
        a.known(&["num_constants", "return_sequences", "stateful", "return_state"]);
        let forward = a.get("layer").ok_or_else(|| a.wrong("layer", "a layer", "none"))?;
        let mut directions = Vec::new();
        for (value, which, backwards) in
            [(Some(forward), "layer", false), (a.get("backward_layer"), "backward_layer", true)]
        {
            let Some(value) = value else { continue };
            let inner = Layer::of(value)?;
            if !CLASSES.contains(&inner.class) {
                return Err(a.wrong(which, "SimpleRNN, LSTM, GRU, CuDNNLSTM or CuDNNGRU", inner.class));
            }
            let mut attributes = Attributes::new(format!("{}, {which}", layer.at()), inner.config);
            let mut recurrent = Recurrent::of(inner.class, &mut attributes, &self.meanings, &mut self.notes)?;
            if recurrent.backwards != backwards {
                return Err(attributes.wrong("go_backwards", format!("{backwards}"), recurrent.backwards));
            }
            attributes.common(&mut self.notes)?;
            attributes.finish()?;
            recurrent.backwards = false;
            directions.push(recurrent);
        }
        if directions.len() == 2 && directions[0] != directions[1] {
            return Err(a.wrong("backward_layer", "the attributes of the forward layer", "others"));
        }
        let recurrent = directions.swap_remove(0);
        if recurrent.states || x.len() != 1 {
            let expected = "a layer of both directions that neither takes nor gives states";
            return Err(Error::format(&*a.at, expected, "one that does"));
        }
        self.recurrent(layer, &recurrent, Some(merge), x)
    }

    /// A recurrent layer in one direction or, merged, in both: what it gives, then its last states if it gives them.
    pub(super) fn recurrent(
        &mut self,
        layer: &Layer<'_>,
        this: &Recurrent,
        merge: Option<Merge>,
        x: &[Value],
    ) -> Result<Vec<Given>> {
        let (at, both) = (layer.at(), merge.is_some());
        let ways = match (both, this.backwards) {
            (true, _) => Directions::Both,
            (false, false) => Directions::Forward,
            (false, true) => Directions::Reverse,
        };
        let states = if this.cell.name() == "lstm" { 2 } else { 1 };
        if ![1, 1 + states].contains(&x.len()) {
            let expected = format!("an input, and {states} states or none");
            return Err(Error::format(at, expected, format!("{} inputs", x.len())));
        }
        let kind = Arrays::recurrent(&at, &this.cell, both)?;
        let each = if this.bias == Bias::None { 2 } else { 3 };
        let arrays = self.arrays(layer, kind, if both { 2 * each } else { each })?;
        let kernel = arrays[0].shape()?;
        let width = *kernel.first().ok_or_else(|| Error::format(arrays[0].at(), "a matrix", "a number"))?;
        let config = Config::features(width).recurrent(this.spec().directions(ways).named(""));
        // A network has as many parameters as the arrays have numbers, which are looked at before there is memory for them.
        let numbers = arrays.iter().try_fold(0_usize, |sum, array| Ok::<_, Error>(sum.saturating_add(array.len()?)))?;
        let backend = self.builder.backend().clone();
        let network = Network::<f32, B>::with_parameters(&config, backend, &Cells::new(), |_, blocks| {
            let len = blocks.last().map_or(0, |last| last.range().end);
            if len > numbers.saturating_mul(2) {
                return Err(Error::format(&*at, format!("{len} weights"), format!("{numbers} numbers")));
            }
            let mut parameters = Parameters::zeros(blocks)?;
            write(&at, &arrays, "", &self.options.load, kind, &mut parameters)?;
            finite(&at, &parameters, &self.options.load)?;
            Ok(parameters)
        })?;
        let node = Op::Recurrent(Box::new(Layered::new(Arc::new(network), Layout::BatchMajor)?));
        let mut inputs = vec![Some(x[0]), None];
        for &state in &x[1..] {
            inputs.push(Some(self.builder.add(Op::Unsqueeze { axes: vec![1] }, [state])?));
        }
        let outputs = self.builder.add_named(layer.name.clone(), node, &inputs)?;
        // `Y [N, T, D, H]`, `Y_h` and `Y_c [N, D, H]`.
        let (all, axis) = if this.sequences { (outputs[0], 2) } else { (outputs[1], 1) };
        let mut y = match merge {
            None => self.builder.add(Op::Squeeze { axes: vec![axis] }, [all])?,
            Some(Merge::Concat) => self.reshaped(all, if this.sequences { &[0, 0, -1] } else { &[0, -1] })?,
            Some(merge) => {
                let (first, second) = (self.direction(all, axis, 0)?, self.direction(all, axis, 1)?);
                let op = if merge == Merge::Product { Op::Mul } else { Op::Add };
                let merged = self.builder.add(op, [first, second])?;
                if merge == Merge::Average {
                    let half = self.number(0.5)?;
                    self.builder.add(Op::Mul, [merged, half])?
                } else {
                    merged
                }
            }
        };
        if this.backwards && this.sequences {
            // What Keras gives is in the order in which the layer goes.
            let (starts, ends) = (self.whole(&[-1])?, self.whole(&[i64::MIN + 1])?);
            let (axes, steps) = (self.whole(&[1])?, self.whole(&[-1])?);
            y = self.builder.add(Op::Slice, [y, starts, ends, axes, steps])?;
        }
        let mut given = vec![Given { value: y, rank: if this.sequences { 3 } else { 2 } }];
        if this.states {
            for &state in &outputs[1..=states] {
                let value = self.builder.add(Op::Squeeze { axes: vec![1] }, [state])?;
                given.push(Given { value, rank: 2 });
            }
        }
        Ok(given)
    }

    /// What one direction gives, of both.
    fn direction(&mut self, all: Value, axis: i64, which: i64) -> Result<Value> {
        let index = self.builder.constant(Tensor::i64(&[], [which])?)?;
        self.builder.add(Op::Gather { axis }, [all, index])
    }
}
