//! What a network is a list of: its stages, and where each has its parameters and its state.

use crate::cells::CellSpec;
use crate::network::config::Merge;
use crate::noise::{Draw, DropoutSpec};
use rnn_kernels::{Activation, Direction, Name, Scalar, Spec};
use std::ops::Range;

/// One step of the way from input to output.
#[derive(Debug)]
pub(crate) enum Stage<T> {
    /// `y = table[symbol]`.
    Embedding {
        /// `[V, E]`.
        table: Range<usize>,
        symbols: usize,
        width: usize,
    },
    /// One recurrent layer, in one direction or both.
    Recurrent(Box<Recurrent<T>>),
    /// `y[n] = x[last valid step of n, n]`.
    LastStep { width: usize },
    /// `y[n] = h[n]` of every direction after the pass.
    FinalStates { width: usize },
    /// Both halves of what a layer wrote, as one of width `P`.
    Merge { width: usize, merge: Merge },
    /// `y = m ⊙ x` with the mask of dropout layer `at`.
    Dropout { width: usize, spec: DropoutSpec, at: usize },
    /// `y = σ(W x + b)`.
    Dense(Dense),
}

/// One recurrent layer.
#[derive(Debug)]
pub(crate) struct Recurrent<T> {
    /// Its prefix and number, e.g. `rnn.l0`.
    pub label: String,
    /// Its cell as the configuration has it.
    pub cell: CellSpec,
    pub spec: Spec<T>,
    /// In the order of the cell's form.
    pub masks: Vec<LayerMask<T>>,
    pub ways: Vec<Way>,
}

/// A mask of a recurrent layer.
#[derive(Clone, Debug)]
pub(crate) struct LayerMask<T> {
    pub name: Name,
    pub width: usize,
    /// What it is where a batch does not give it.
    pub default: Option<T>,
    /// How it is drawn instead, where a batch has noise.
    pub draw: Option<Draw>,
}

/// One direction of a recurrent layer.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub direction: Direction,
    /// Its parameters in the flat buffer.
    pub params: Range<usize>,
    /// Which state, reserve, trace and packed weights are its own.
    pub slot: usize,
    /// Its first mask among those of all slots.
    pub masks: usize,
}

/// One dense layer.
#[derive(Clone, Debug)]
pub(crate) struct Dense {
    pub input: usize,
    pub units: usize,
    pub activation: Activation,
    /// `[O, K]`.
    pub weight: Range<usize>,
    /// `[O]`, right behind the weight; empty without one.
    pub bias: Range<usize>,
}

impl<T: Scalar> Stage<T> {
    /// Whether what it writes is one step of each row, whatever it reads.
    pub fn reads_out(&self) -> bool {
        matches!(self, Stage::LastStep { .. } | Stage::FinalStates { .. })
    }

    /// The width of what it writes.
    pub fn width(&self) -> usize {
        match self {
            Stage::Embedding { width, .. }
            | Stage::LastStep { width }
            | Stage::FinalStates { width }
            | Stage::Merge { width, .. }
            | Stage::Dropout { width, .. } => *width,
            Stage::Recurrent(layer) => layer.width(),
            Stage::Dense(layer) => layer.units,
        }
    }
}

impl<T: Scalar> Recurrent<T> {
    /// `D·P`.
    pub fn width(&self) -> usize {
        self.ways.len() * self.spec.y_width()
    }

    /// `C`.
    pub fn input(&self) -> usize {
        self.spec.size().input
    }

    /// How many numbers of a row a step is about: states, values, pre-activations, what is kept of them, and the input.
    pub fn step_width(&self) -> usize {
        step_width(&self.spec)
    }
}

pub(super) fn step_width<T>(spec: &Spec<T>) -> usize {
    let plan = spec.plan();
    let widths = plan.states.iter().chain(&plan.values).copied().chain([plan.pre, plan.gates, spec.size().input]);
    widths.fold(0, usize::saturating_add)
}
