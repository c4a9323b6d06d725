//! A recurrent layer of a chain, and what is read of it: every step, the last step or the final states, with both directions side by side.
//!
//! ```text
//!                   one direction   both directions
//! Y    [T, D, N, H]    Squeeze 1       Transpose [0, 2, 1, 3], Reshape [0, 0, 2 H]
//! Y    [N, T, D, H]    Squeeze 2       Reshape [0, 0, 2 H]
//! Y_h  [D, N, H]       Squeeze 0       Transpose [1, 0, 2], Reshape [0, 2 H]
//! Y_h  [N, D, H]       Squeeze 1       Reshape [0, 2 H]
//! ```

use super::super::build::{Node, Place};
use super::super::recurrent::{Layout, Recurrent};
use super::super::tensor::Tensor;
use super::known::Known;
use super::{Axes, Chain, wrong};
use crate::error::Result;
use crate::network::{InputSpec, LayerSpec, Readout, RecurrentSpec};
use rnn_kernels::Backend;
use std::borrow::Cow;

/// A recurrent layer whose directions are not yet side by side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    layout: Layout,
    directions: usize,
    hidden: usize,
    /// `Y`.
    steps: Place,
    /// `Y_h`.
    last: Place,
    /// Whether the chain goes on from `Y_h` and not from `Y`.
    from_last: bool,
    /// Whether the axis of directions stands before that of units.
    beside: bool,
}

impl<'g, B: Backend<f32> + ?Sized> Chain<'g, B> {
    pub(super) fn recurrent(&mut self, node: &Node<B>, layer: &'g Recurrent<B>) -> Result<()> {
        if node.input(1).is_some() {
            return Err(wrong("rows of all steps, and no lengths"));
        }
        let is_state = |place: &Place| match *place {
            Place::Input(k) => self.states[k],
            other => self.known.of(other) == Known::Zero,
        };
        if !node.inputs.iter().skip(2).flatten().all(is_state) {
            return Err(wrong("initial states of 0, or that are inputs"));
        }
        let [network] = layer.networks() else { return Err(wrong("one cell for both directions")) };
        let config = network.config();
        let [LayerSpec::Recurrent(spec)] = &config.layers[..] else { return Err(wrong("one layer")) };
        let InputSpec::Features { width } = config.input else { return Err(wrong("a layer of real vectors")) };
        let fits = self.axes == Axes::Either || self.axes == Axes::of(layer.layout());
        if self.readout != Readout::EveryStep || self.open.is_some() || !fits {
            return Err(wrong("a sequence in the layer's own order of axes"));
        }
        self.reads_vectors(width)?;
        self.layers.push(LayerSpec::Recurrent(RecurrentSpec { name: None, ..spec.clone() }));
        self.parameters.push(Cow::Borrowed(&network.parameters()[..]));
        self.last_states.extend((1..node.outputs).map(|k| Place::Computed(node.first + k)));
        self.at = Place::Computed(node.first);
        self.open = Some(Open {
            layout: layer.layout(),
            directions: layer.directions(),
            hidden: layer.hidden(),
            steps: self.at,
            last: Place::Computed(node.first + 1),
            from_last: false,
            beside: layer.layout() == Layout::BatchMajor,
        });
        Ok(())
    }

    /// The chain goes on from `Y_h` of the layer it has just come to, if that is what a node reads.
    pub(super) fn maybe_final_states(&mut self, read: Option<Place>) {
        if let Some(open) = &mut self.open
            && read == Some(open.last)
            && self.at == open.steps
        {
            open.from_last = true;
            (self.at, self.readout) = (open.last, Readout::FinalStates);
        }
    }

    /// Directions and rows of a layer exchanged, or steps and rows.
    pub(super) fn transpose(&mut self, permutation: &[usize]) -> Result<()> {
        let Some(open) = &mut self.open else { return self.exchange(permutation) };
        let expected: &[usize] = if open.from_last { &[1, 0, 2] } else { &[0, 2, 1, 3] };
        if open.beside || permutation != expected {
            return Err(wrong("directions beside units"));
        }
        open.beside = true;
        Ok(())
    }

    /// The axis of one direction taken out.
    pub(super) fn squeeze_direction(&mut self, axes: &[i64]) -> Result<()> {
        let Some(open) = self.open else { return Err(wrong("a layer in one direction")) };
        let axis = match (open.layout, open.from_last) {
            (Layout::TimeMajor, true) => 0,
            (Layout::TimeMajor, false) | (Layout::BatchMajor, true) => 1,
            (Layout::BatchMajor, false) => 2,
        };
        let moved = open.beside && open.layout == Layout::TimeMajor;
        if open.directions != 1 || axes != [axis] || moved {
            return Err(wrong("the axis of one direction to be taken out"));
        }
        self.close(open);
        Ok(())
    }

    /// `[…, D, H]` as `[…, D · H]`.
    pub(super) fn reshape(&mut self, shape: &Tensor) -> Result<()> {
        let Some(open) = self.open else { return Err(wrong("a layer in both directions")) };
        let wide = i64::try_from(open.directions * open.hidden).unwrap_or(i64::MAX);
        let (before, last) = shape.as_i64()?.split_at(shape.len().saturating_sub(1));
        let kept = if open.from_last { 1 } else { 2 };
        let keeps = before.len() == kept && before.iter().all(|&len| len == 0);
        if !open.beside || !keeps || (last != [wide] && last != [-1]) {
            return Err(wrong("both directions side by side"));
        }
        self.close(open);
        Ok(())
    }

    fn close(&mut self, open: Open) {
        self.axes = if open.from_last { Axes::Rows } else { Axes::of(open.layout) };
        self.open = None;
    }

    /// The axis of steps, if the chain has just come to all steps of a recurrent layer.
    fn time(&self) -> Option<i64> {
        let every_step = matches!(self.layers.last(), Some(LayerSpec::Recurrent(_)))
            && self.open.is_none()
            && self.head.is_none()
            && self.readout == Readout::EveryStep;
        if every_step { self.axes.time() } else { None }
    }

    /// `y[−1]` along time.
    pub(super) fn last_step(&mut self, index: &Tensor, axis: i64) -> Result<()> {
        if index.rank() != 0 || index.as_i64()? != [-1] || self.time() != Some(axis) {
            return Err(wrong("the last step of a recurrent layer"));
        }
        (self.readout, self.axes) = (Readout::LastStep, Axes::Rows);
        Ok(())
    }

    /// `y[−1:]` along time, whose axis is still there.
    pub(super) fn slice(&mut self, node: &Node<B>) -> Result<()> {
        let is = |k: usize, holds: &dyn Fn(&[i64]) -> bool| self.needed(node, k)?.as_i64().map(holds);
        let steps = node.input(4).is_none() || is(4, &|steps| steps == [1])?;
        let last = is(1, &|starts| starts == [-1])?
            && is(2, &|ends| matches!(ends, [end] if *end >= i64::from(i32::MAX)))?
            && is(3, &|axes| self.time().is_some_and(|time| axes == [time]))?;
        if !steps || !last {
            return Err(wrong("the last step of a recurrent layer"));
        }
        self.picked = true;
        Ok(())
    }

    /// The axis of the one step that is left taken out.
    pub(super) fn squeeze_step(&mut self, axes: &[i64]) -> Result<()> {
        if self.axes.time().is_none_or(|time| axes != [time]) {
            return Err(wrong("the axis of the last step to be taken out"));
        }
        (self.picked, self.readout, self.axes) = (false, Readout::LastStep, Axes::Rows);
        Ok(())
    }
}
