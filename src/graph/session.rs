//! `values ← node(values)`, node after node: a run, and what is kept from one to the next.

use super::build::{Graph, LIMIT, Place};
use super::ops::{self, Inputs, Scratch};
use super::room::Room;
use super::tensor::Tensor;
use crate::error::{Error, Result, check_len};
use crate::finite::NonFinite;
use rnn_kernels::Backend;
use std::ops::Index;

/// The values of a graph and the buffers of its nodes; one for each thread of work, reused from run to run.
#[derive(Debug)]
pub struct Session {
    graph: u64,
    values: Vec<Tensor>,
    scratch: Vec<Scratch>,
    limit: usize,
    non_finite: NonFinite,
}

impl Session {
    /// The most bytes that all values of a run may take together; by default 1 GiB.
    pub fn limit(&mut self, bytes: usize) {
        self.limit = bytes;
    }

    /// What becomes of NaN and infinities in what a recurrent layer reads: by default they are an error.
    pub fn on_non_finite(&mut self, choice: NonFinite) {
        self.non_finite = choice;
    }
}

impl<B: Backend<f32> + ?Sized> Graph<B> {
    /// A session without values.
    #[must_use]
    pub fn session(&self) -> Session {
        let values = vec![Tensor::default(); self.computed];
        let scratch = self.nodes.iter().map(|_| Scratch::default()).collect();
        Session { graph: self.id, values, scratch, limit: LIMIT, non_finite: NonFinite::Refuse }
    }

    /// The outputs of these inputs, which are in the order of [`inputs`](Self::inputs).
    ///
    /// Every run is by itself: no state goes from one to the next but what the outputs of one are given to the other as inputs.
    ///
    /// # Errors
    /// [`Error::Len`] if there are more or fewer inputs, [`Error::Kind`] if one has other elements or the session is that of another graph,
    /// [`Error::Range`] if one has another shape, [`Error::Node`] if an operation cannot be computed.
    pub fn run<'s>(&'s self, session: &'s mut Session, inputs: &[&'s Tensor]) -> Result<Outputs<'s>> {
        if session.graph != self.id {
            return Err(Error::kind("session", "that of this graph", "that of another"));
        }
        check_len("inputs of the graph", self.inputs.len(), inputs.len())?;
        self.inputs.iter().zip(inputs).try_for_each(|(info, tensor)| info.check(tensor))?;
        let Session { values, scratch, limit, non_finite, .. } = session;
        let mut room = Room::of(*limit);
        for (node, scratch) in self.nodes.iter().zip(scratch) {
            let (computed, rest) = values.split_at_mut(node.first);
            let read = Inputs { places: &node.inputs, constants: &self.constants, given: inputs, computed };
            scratch.on_non_finite(*non_finite);
            ops::run(&node.op, &*self.backend, &read, &mut rest[..node.outputs], scratch, &mut room)
                .map_err(|source| source.in_node(&node.name, node.op.name()))?;
        }
        let mut given = Vec::new();
        if self.outputs.iter().any(|(_, place)| matches!(place, Place::Input(_))) {
            given.extend_from_slice(inputs);
        }
        Ok(Outputs { names: &self.outputs, constants: &self.constants, values, given })
    }

    /// As [`run`](Self::run), with inputs by name, in any order.
    ///
    /// # Errors
    /// Those of [`run`](Self::run), and [`Error::Range`] if a name is none of the graph's or stands twice.
    pub fn run_named<'s>(&'s self, session: &'s mut Session, inputs: &[(&str, &'s Tensor)]) -> Result<Outputs<'s>> {
        let names = || self.inputs.iter().map(|info| &info.name[..]).collect::<Vec<_>>().join(", ");
        for (k, (name, _)) in inputs.iter().enumerate() {
            let known = self.inputs.iter().any(|info| info.name == *name);
            if !known || inputs[..k].iter().any(|(other, _)| other == name) {
                let expected = format!("each of {} once", names());
                return Err(Error::range("inputs of the graph", expected, format!("`{name}`")));
            }
        }
        check_len("inputs of the graph", self.inputs.len(), inputs.len())?;
        let at = |info: &super::InputInfo| inputs.iter().find(|(name, _)| *name == info.name).map(|&(_, x)| x);
        let ordered: Vec<_> = self.inputs.iter().filter_map(at).collect();
        self.run(session, &ordered)
    }
}

/// The outputs of a run.
#[derive(Debug)]
pub struct Outputs<'s> {
    names: &'s [(String, Place)],
    constants: &'s [Tensor],
    values: &'s [Tensor],
    given: Vec<&'s Tensor>,
}

impl Outputs<'_> {
    fn at(&self, place: Place) -> &Tensor {
        match place {
            Place::Input(k) => self.given[k],
            Place::Constant(k) => &self.constants[k],
            Place::Computed(k) => &self.values[k],
        }
    }

    /// How many there are.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // every graph has one
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// The output of this name.
    ///
    /// # Errors
    /// [`Error::Range`] if there is none.
    pub fn named(&self, name: &str) -> Result<&Tensor> {
        let found = self.names.iter().find(|(other, _)| other == name);
        found.map(|&(_, place)| self.at(place)).ok_or_else(|| {
            let names: Vec<_> = self.names.iter().map(|(name, _)| &name[..]).collect();
            Error::range("output of the graph", format!("one of {}", names.join(", ")), name)
        })
    }

    /// All of them with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.names.iter().map(|(name, place)| (&name[..], self.at(*place)))
    }
}

impl Index<usize> for Outputs<'_> {
    type Output = Tensor;

    /// # Panics
    /// If there is no such output.
    fn index(&self, k: usize) -> &Tensor {
        self.at(self.names[k].1)
    }
}
