//! `values ← node(values)`, node after node: a run of a graph, and the memory that runs share.

use super::build::{Graph, LIMIT, Place};
use super::ops::{self, Inputs, Scratch};
use super::room::Room;
use super::tensor::Tensor;
use crate::error::{Error, Result, check_len};
use crate::finite::NonFinite;
use rnn_kernels::Backend;
use std::ops::Index;

/// The values of a graph and the buffers of its nodes, which are used again from run to run. Each thread needs its own.
#[derive(Debug)]
pub struct Session {
    graph: u64,
    values: Vec<Tensor>,
    scratch: Vec<Scratch>,
    limit: usize,
    non_finite: NonFinite,
}

impl Session {
    /// Sets the most bytes that all values of a run may take together, with the buffers of convolutions. The default is 1 GiB.
    ///
    /// What a recurrent layer needs while it computes is not counted: some times the size of its outputs.
    pub fn limit(&mut self, bytes: usize) {
        self.limit = bytes;
    }

    /// Sets what happens to NaN and infinities that a recurrent layer reads. By default they are an error.
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

    /// Computes the outputs for these inputs, given in the order of [`inputs`](Self::inputs).
    ///
    /// No state is carried from one run to the next. To stream, pass the states that one run gives to the next run as inputs.
    ///
    /// # Errors
    /// [`Error::Len`] if there are more or fewer inputs, [`Error::Kind`] if one has elements of another kind or the session is that of
    /// another graph, [`Error::Range`] if one has another shape, [`Error::Node`] if an operation cannot be computed: its inputs do not fit,
    /// the values are beyond the [limit](Session::limit), or memory runs out.
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

    /// As [`run`](Self::run), with the inputs by name, in any order.
    ///
    /// # Errors
    /// Those of [`run`](Self::run), and [`Error::Range`] if the graph has no input of a name or a name is given twice.
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
