//! What a network and a batch can be, axis by axis, and which two values cannot meet.

use crate::cells::{self, Listed, cells};
use recurrent::init::{BiasScheme, ForgetBias, Init, Scheme};
use recurrent::kernels::{Activation, Bias};
use recurrent::network::{Directions, Readout};

/// The lengths of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lengths {
    /// None are given.
    Absent,
    Equal,
    Falling,
    Unsorted,
    /// A row without a step, among others.
    WithZero,
}

/// How a batch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    Zero,
    /// The batch holds the window alone: `with_window_of`.
    WindowOf,
    /// A window is cut from the whole: `window`.
    Cut,
}

/// The head with what its outputs should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Classes, one of them `IGNORE`.
    Classes,
    Probabilities,
    CountedProbabilities,
    Reals,
    CountedReals,
    NoHead,
}

/// Cotangents from outside, in a second backward pass that accumulates on the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upstream {
    Nothing,
    State,
    OutputAndState,
}

/// Where a dense layer lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dense {
    Nowhere,
    BelowTheRecurrent,
    BetweenTwo,
    AboveTheRecurrent,
}

/// How many recurrent layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    One,
    /// Two of one cell, stacked.
    Stacked,
    /// The cell and another one above it.
    Mixed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    Features,
    BatchFirst,
    OneHot,
    Embedding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initial {
    Pytorch,
    ForgetBias,
    ForgetBiasAmongZeros,
    Orthogonal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    Naive,
    MatrixMultiply,
    Faer,
    NaiveSingle,
    /// Two threads, f32.
    FaerSingle,
}

/// One value of every axis.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub readout: Readout,
    pub lengths: Lengths,
    pub start: Start,
    pub target: Target,
    pub upstream: Upstream,
    pub cell: &'static Listed,
    pub activation: Activation,
    pub dense: Dense,
    pub directions: Directions,
    pub depth: Depth,
    pub input: Input,
    pub bias: Bias,
    pub initial: Initial,
    pub on: On,
    /// Traces and the cotangent of the input.
    pub recorded: bool,
    /// Else the initial state is zero.
    pub state_given: bool,
    pub seed: u64,
}

/// The axes in the order of [`Case::of`].
pub const AXES: usize = 16;
pub const SIZES: [usize; AXES] = [3, 5, 3, 6, 3, cells::COUNT, 4, 4, 3, 3, 4, 3, 4, 5, 2, 2];

/// The axes of which three at once are covered: readout, lengths, start, target, upstream, cell, place of the dense layer,
/// directions, depth, input.
pub const IN_TRIPLES: [usize; 10] = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10];

const ACTIVATIONS: [Activation; 4] = [Activation::Tanh, Activation::Relu, Activation::Sigmoid, Activation::Identity];

impl Case {
    /// The case of these values.
    pub fn of(v: [usize; AXES], seed: u64) -> Self {
        Self {
            readout: [Readout::EveryStep, Readout::LastStep, Readout::FinalStates][v[0]],
            lengths: [Lengths::Absent, Lengths::Equal, Lengths::Falling, Lengths::Unsorted, Lengths::WithZero][v[1]],
            start: [Start::Zero, Start::WindowOf, Start::Cut][v[2]],
            target: [
                Target::Classes,
                Target::Probabilities,
                Target::CountedProbabilities,
                Target::Reals,
                Target::CountedReals,
                Target::NoHead,
            ][v[3]],
            upstream: [Upstream::Nothing, Upstream::State, Upstream::OutputAndState][v[4]],
            cell: &cells()[v[5]],
            activation: ACTIVATIONS[v[6]],
            dense: [Dense::Nowhere, Dense::BelowTheRecurrent, Dense::BetweenTwo, Dense::AboveTheRecurrent][v[7]],
            directions: [Directions::Forward, Directions::Reverse, Directions::Both][v[8]],
            depth: [Depth::One, Depth::Stacked, Depth::Mixed][v[9]],
            input: [Input::Features, Input::BatchFirst, Input::OneHot, Input::Embedding][v[10]],
            bias: [Bias::Both, Bias::Input, Bias::None][v[11]],
            initial: [Initial::Pytorch, Initial::ForgetBias, Initial::ForgetBiasAmongZeros, Initial::Orthogonal][v[12]],
            on: [On::Naive, On::MatrixMultiply, On::Faer, On::NaiveSingle, On::FaerSingle][v[13]],
            recorded: v[14] == 1,
            state_given: v[15] == 1,
            seed,
        }
    }

    /// The cell of the layer above, where there are two: the next of the list.
    pub fn cell_above(&self) -> &'static Listed {
        let at = cells().iter().position(|cell| cell.name == self.cell.name);
        at.map_or(self.cell, |at| &cells()[(at + 1) % cells::COUNT])
    }

    /// Whether the library runs this window by window.
    pub fn can_be_truncated(&self) -> bool {
        self.directions == Directions::Forward && self.readout == Readout::EveryStep && self.target != Target::NoHead
    }

    pub fn init(&self) -> Init {
        let forget_bias = Some(ForgetBias::Value(0.75));
        match self.initial {
            Initial::Pytorch => Init::default(),
            Initial::ForgetBias => Init { forget_bias, ..Init::default() },
            Initial::ForgetBiasAmongZeros => Init { forget_bias, bias: BiasScheme::Zero, ..Init::default() },
            Initial::Orthogonal => {
                let scheme = Scheme::Orthogonal { gain: 1.25 };
                Init { input: scheme, recurrent: scheme, dense: scheme, ..Init::default() }
            }
        }
    }
}

/// Why two values cannot meet. The first is refused by the library with an error, which a test of its own sees;
/// the others cannot be written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The steps after a window are not known yet.
    WindowInReverse,
    /// `with_window_of` takes lengths.
    WindowWithoutLengths,
    /// There are no two layers with room between them.
    NothingBetween,
    /// Neither a loss nor a cotangent.
    NothingToDifferentiate,
}

/// Why these values of two axes cannot meet, `a.0 < b.0`.
pub fn conflict(a: (usize, usize), b: (usize, usize)) -> Option<Conflict> {
    match (a, b) {
        ((1, 0), (2, 1)) => Some(Conflict::WindowWithoutLengths),
        ((2, 1 | 2), (8, 1 | 2)) => Some(Conflict::WindowInReverse),
        ((3, 5), (4, 0)) => Some(Conflict::NothingToDifferentiate),
        ((7, 2), (9, 0 | 1)) => Some(Conflict::NothingBetween),
        _ => None,
    }
}
