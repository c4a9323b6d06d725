//! What a network is made of, as data.

use crate::cells::CellSpec;
use crate::init::Init;
use crate::loss::{Objective, Outputs};
use crate::noise::DropoutSpec;
use rnn_kernels::{Activation, Bias};
use serde::{Deserialize, Serialize};

/// A network: an input, a stack of layers, and a head.
///
/// Options that were added to it later are written only where they are used, so that a file says no more than it needs to. That takes a format
/// with names, such as JSON; bincode and its like cannot read back what they write of it.
///
/// ```
/// use recurrent::network::{Config, RecurrentSpec};
///
/// let config = Config::one_hot(27).recurrent(RecurrentSpec::lstm(64).layers(2)).softmax(27);
/// let text = r#"{ "input": { "one_hot": { "symbols": 27 } },
///                 "layers": [{ "recurrent": { "cell": "lstm", "hidden": 64, "layers": 2 } }],
///                 "head": { "units": 27, "objective": "softmax" } }"#;
/// assert_eq!(serde_json::from_str::<Config>(text).unwrap(), config);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What it reads.
    pub input: InputSpec,
    /// The layers between input and head, from the input on; in all, stacks counted by their layers, there are at most
    /// [`Config::MOST_LAYERS`].
    ///
    /// Without a recurrent one the network is a multilayer perceptron of every step by itself, with a head alone a softmax or another
    /// regression. Its state has no numbers, and a step that a row skips has an input of 0.
    #[serde(default)]
    pub layers: Vec<LayerSpec>,
    /// Which steps have an output.
    #[serde(default)]
    pub readout: Readout,
    /// The affine output layer and the loss it is trained by; without one the last layer is the output.
    #[serde(default)]
    pub head: Option<HeadSpec>,
    /// The initial values of the parameters.
    #[serde(default)]
    pub init: Init,
}

/// What a network reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum InputSpec {
    /// Real vectors.
    Features {
        /// `C`.
        width: usize,
    },
    /// Symbols as one-hot vectors, which are never materialised: a recurrent or dense layer above, or the head, takes columns of its weights.
    OneHot {
        /// `C = V`, the number of symbols.
        symbols: usize,
    },
    /// Symbols, each with a trained vector: the table `weight [V, E]`.
    Embedding {
        /// `V`.
        symbols: usize,
        /// `C = E`.
        width: usize,
        /// The prefix of its parameter; by default `embedding`.
        #[serde(default)]
        name: Option<String>,
    },
}

/// An [`InputSpec::Embedding`] to be named: `Config::new(EmbeddingSpec::new(27, 8).named("letters"))`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddingSpec {
    /// `V`.
    pub symbols: usize,
    /// `C = E`.
    pub width: usize,
    /// The prefix of its parameter; by default `embedding`.
    pub name: Option<String>,
}

impl From<EmbeddingSpec> for InputSpec {
    fn from(EmbeddingSpec { symbols, width, name }: EmbeddingSpec) -> Self {
        InputSpec::Embedding { symbols, width, name }
    }
}

/// A layer of the stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LayerSpec {
    /// One or several recurrent layers of one cell.
    Recurrent(RecurrentSpec),
    /// An affine layer with an activation, at every step by itself.
    Dense(DenseSpec),
    /// Random units set to 0 in training, at every step by itself.
    Dropout(DropoutSpec),
}

/// Which ways through time a recurrent layer runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Directions {
    /// From the first step to the last: the only one that can be streamed.
    #[default]
    Forward,
    /// From each row's last step to its first.
    Reverse,
    /// Both, side by side: `y = [y_forward, y_reverse]`, unless they are [merged](Merge).
    Both,
}

/// What the two directions of a layer become for what is above them; Keras's `merge_mode`.
///
/// It is of every step, and of what a [`Readout`] shows. States and traces are those of each direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Merge {
    /// `y = [y_forward, y_reverse]`, of width `2·P`.
    #[default]
    Concat,
    /// `y = y_forward + y_reverse`.
    Sum,
    /// `y = ½ (y_forward + y_reverse)`.
    Average,
    /// `y = y_forward ⊙ y_reverse`.
    Product,
}

/// One or several recurrent layers of one cell, stacked as PyTorch's `num_layers`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecurrentSpec {
    /// The cell.
    pub cell: CellSpec,
    /// `H`, in each direction.
    pub hidden: usize,
    /// How many are stacked.
    #[serde(default = "one")]
    pub layers: usize,
    /// Which ways through time.
    #[serde(default)]
    pub directions: Directions,
    /// Which biases there are.
    #[serde(default)]
    pub bias: Bias,
    /// Dropout between its layers, as PyTorch's `dropout`: none before the first and none behind the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropout: Option<DropoutSpec>,
    /// What its two directions become for what is above, of each of its layers.
    #[serde(default, skip_serializing_if = "is_concat")]
    pub merge: Merge,
    /// Whether the states that rows begin with are parameters, `h0_l0` and so on, and not 0: one vector for each state of the cell, each
    /// layer and each direction, for all rows. They begin at 0. [`State`](super::State) says which rows begin with them.
    #[serde(default, skip_serializing_if = "is_false")]
    pub learned_initial: bool,
    /// The prefix of its parameters, of at most [`Config::LONGEST_NAME`] bytes, e.g. `rnn` for `rnn.weight_ih_l0`; empty for none. By default `rnn`, then
    /// `rnn2`, and so on.
    #[serde(default)]
    pub name: Option<String>,
}

/// `y = σ(W x + b)`, at every step by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenseSpec {
    /// The width of `y`.
    pub units: usize,
    /// `σ`.
    #[serde(default)]
    pub activation: Activation,
    /// Whether there is a `b`.
    #[serde(default = "yes")]
    pub bias: bool,
    /// The prefix of its parameters `weight` and `bias`; by default `dense`, then `dense2`, and so on.
    #[serde(default)]
    pub name: Option<String>,
}

/// Which steps have an output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readout {
    /// Every step.
    #[default]
    EveryStep,
    /// Each row's last valid step only: the layers after the last recurrent one see one step. A row without a
    /// valid step has the initial `h` of that layer in its place. The reverse half of a layer in both directions has seen one step there.
    ///
    /// Without a recurrent layer it is the last valid step of the input, 0 in a row without one.
    LastStep,
    /// `[h_forward, h_reverse]` of the last recurrent layer, which there must be, after its pass, once for each row: the forward half at the row's last valid
    /// step, the reverse half at its first, so that each has seen the whole row. A layer in one direction shows its own. A row without
    /// a valid step has the initial `h` in its place.
    FinalStates,
}

/// The output layer `a = W x + b`, and the loss it is trained by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadSpec {
    /// The width of the output.
    pub units: usize,
    /// The loss.
    pub objective: Objective,
    /// For the softmax: `w_k` of each class, finite and not negative. The loss of a row counts as often as the weight of its class says,
    /// and the mean is taken over weights. None is 1 for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub class_weights: Vec<f64>,
    /// For the softmax: `ε` in `[0, 1)`, the share of the target that is spread evenly over all classes (Szegedy et al. 2016).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub label_smoothing: f64,
    /// For all others: whether the losses of the outputs of a row are added up.
    #[serde(default, skip_serializing_if = "is_sum")]
    pub outputs: Outputs,
    /// Whether there is a `b`.
    #[serde(default = "yes")]
    pub bias: bool,
    /// The prefix of its parameters `weight` and `bias`; by default `head`.
    #[serde(default)]
    pub name: Option<String>,
}

fn one() -> usize {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde asks
fn is_zero(x: &f64) -> bool {
    *x == 0.0
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_concat(merge: &Merge) -> bool {
    *merge == Merge::Concat
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_sum(outputs: &Outputs) -> bool {
    *outputs == Outputs::Sum
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(x: &bool) -> bool {
    !x
}

fn yes() -> bool {
    true
}
