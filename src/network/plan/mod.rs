//! A configuration, checked and laid out: which stage reads which parameters and which state.

mod checks;
mod layout;
mod names;
mod stage;

pub(crate) use stage::{Dense, LayerMask, Recurrent, Stage, Way};

use super::dims::Dims;
use super::parameters::ParameterBlock;
use super::state::StateLayout;
use crate::cells::CellRecord;
use crate::error::{Error, Result};
use crate::loss::Criterion;
use rnn_kernels::{Cell, Direction, Scalar};
use std::sync::Arc;

/// A network as a list of stages, each reading what the one before it wrote.
#[derive(Debug)]
pub(crate) struct Plan<T> {
    pub input: InputKind,
    pub stages: Vec<Stage<T>>,
    pub blocks: Arc<[ParameterBlock]>,
    pub state: Arc<StateLayout>,
    /// The width of the output.
    pub output: usize,
    pub criterion: Option<Criterion<T>>,
    /// The cells of the recurrent entries of the configuration, in their order.
    pub cells: Vec<Cell>,
}

/// What the first stage reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InputKind {
    Features { width: usize },
    Symbols { count: usize },
}

impl<T: Scalar> Plan<T> {
    /// Whether there is one output for each row, and not one for each step.
    pub fn reads_out(&self) -> bool {
        self.stages.iter().any(Stage::reads_out)
    }

    /// A batch as the output sees it.
    pub fn output_dims(&self, dims: Dims) -> Dims {
        if self.reads_out() { dims.read_out() } else { dims }
    }

    /// The recurrent layers, from the input on.
    pub fn recurrent(&self) -> impl Iterator<Item = &Recurrent<T>> {
        self.stages.iter().filter_map(|stage| match stage {
            Stage::Recurrent(layer) => Some(&**layer),
            _ => None,
        })
    }

    /// The recurrent layer that stage `k` reads, if it is one.
    pub fn recurrent_below(&self, k: usize) -> Option<&Recurrent<T>> {
        match self.stages[..k].last() {
            Some(Stage::Recurrent(layer)) => Some(layer),
            _ => None,
        }
    }

    /// Whether stage `k` reads symbols as they are: the first one does, and what is behind it if it only chooses among them.
    pub fn reads_symbols(&self, k: usize) -> bool {
        matches!(self.input, InputKind::Symbols { .. }) && self.stages[..k].iter().all(Stage::reads_out)
    }

    /// The width of the numbers that stage `k` writes; none where it chooses among symbols.
    pub fn width(&self, k: usize) -> usize {
        let stage = &self.stages[k];
        if stage.reads_out() && self.reads_symbols(k) { 0 } else { stage.width() }
    }

    /// What a checkpoint remembers of the cells, layer by layer.
    pub fn cell_records(&self) -> Vec<CellRecord> {
        self.recurrent().map(|layer| CellRecord::new(&*layer.label, layer.cell.name(), layer.spec.cell())).collect()
    }

    /// Every direction of every recurrent layer, in the order of the slots.
    pub fn ways(&self) -> impl Iterator<Item = (&Recurrent<T>, &Way)> {
        self.recurrent().flat_map(|layer| layer.ways.iter().map(move |way| (layer, way)))
    }

    /// `Ok` if the network can be run step by step.
    pub fn check_causal(&self, call: &str) -> Result<()> {
        match self.ways().find(|(_, way)| way.direction == Direction::Reverse) {
            None => Ok(()),
            Some((layer, _)) => Err(Error::kind(
                format!("{call}: layer {}", layer.label),
                "forward in time only, since later steps are not known yet",
                "a reverse direction",
            )),
        }
    }
}
