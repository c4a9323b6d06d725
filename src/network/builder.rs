//! Configurations in code: `Config::one_hot(27).recurrent(RecurrentSpec::lstm(64)).softmax(27)`.

use super::config::{
    Config, DenseSpec, Directions, EmbeddingSpec, HeadSpec, InputSpec, LayerSpec, Merge, Readout, RecurrentSpec,
};
use crate::cells::CellSpec;
use crate::init::{ForgetBias, Init};
use crate::loss::{Objective, Outputs};
use crate::noise::DropoutSpec;
use rnn_kernels::{Activation, Bias, GruReset};

impl RecurrentSpec {
    /// One forward layer of `hidden` units with both biases, of the cell that a name or a [`CellSpec`] stands for.
    #[must_use]
    pub fn new(cell: impl Into<CellSpec>, hidden: usize) -> Self {
        let (directions, bias, merge) = (Directions::Forward, Bias::Both, Merge::Concat);
        let (dropout, learned_initial, name) = (None, false, None);
        Self { cell: cell.into(), hidden, layers: 1, directions, bias, dropout, merge, learned_initial, name }
    }

    /// An LSTM.
    #[must_use]
    pub fn lstm(hidden: usize) -> Self {
        Self::new(CellSpec::lstm(), hidden)
    }

    /// A GRU with its reset gate after the product, as PyTorch's.
    #[must_use]
    pub fn gru(hidden: usize) -> Self {
        Self::new(CellSpec::gru(GruReset::After), hidden)
    }

    /// An Elman network with this activation.
    #[must_use]
    pub fn elman(hidden: usize, activation: Activation) -> Self {
        Self::new(CellSpec::elman(activation), hidden)
    }

    /// The same, this many stacked.
    #[must_use]
    pub fn layers(self, layers: usize) -> Self {
        Self { layers, ..self }
    }

    /// The same, these ways through time.
    #[must_use]
    pub fn directions(self, directions: Directions) -> Self {
        Self { directions, ..self }
    }

    /// The same, both ways through time.
    #[must_use]
    pub fn bidirectional(self) -> Self {
        self.directions(Directions::Both)
    }

    /// The same, both ways through time, which become one as this says.
    #[must_use]
    pub fn merged(self, merge: Merge) -> Self {
        Self { merge, ..self }.bidirectional()
    }

    /// The same with these biases.
    #[must_use]
    pub fn bias(self, bias: Bias) -> Self {
        Self { bias, ..self }
    }

    /// The same with dropout between its stacked layers.
    #[must_use]
    pub fn dropout(self, dropout: impl Into<DropoutSpec>) -> Self {
        Self { dropout: Some(dropout.into()), ..self }
    }

    /// The same with initial states that are [learned](field@Self::learned_initial).
    #[must_use]
    pub fn learned_initial(self) -> Self {
        Self { learned_initial: true, ..self }
    }

    /// The same with this prefix of its parameters, empty for none.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// [`named`](Self::named) by another name.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        self.named(name)
    }
}

impl EmbeddingSpec {
    /// A trained vector of `width` numbers for each of `symbols` symbols.
    #[must_use]
    pub fn new(symbols: usize, width: usize) -> Self {
        Self { symbols, width, name: None }
    }

    /// The same with this prefix of its parameter, empty for none.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }
}

impl DenseSpec {
    /// A dense layer with a bias.
    #[must_use]
    pub fn new(units: usize, activation: Activation) -> Self {
        Self { units, activation, bias: true, name: None }
    }

    /// The same with this prefix of its parameters, empty for none.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }
}

impl HeadSpec {
    /// A head with a bias.
    #[must_use]
    pub fn new(units: usize, objective: Objective) -> Self {
        let (class_weights, label_smoothing, outputs) = (Vec::new(), 0.0, Outputs::Sum);
        Self { units, objective, class_weights, label_smoothing, outputs, bias: true, name: None }
    }

    /// The same with these weights of its classes.
    #[must_use]
    pub fn class_weights(self, weights: impl Into<Vec<f64>>) -> Self {
        Self { class_weights: weights.into(), ..self }
    }

    /// The same with this share of each target spread over all classes.
    #[must_use]
    pub fn label_smoothing(self, share: f64) -> Self {
        Self { label_smoothing: share, ..self }
    }

    /// The same with the mean over the outputs of a row in the place of their sum.
    #[must_use]
    pub fn mean_of_outputs(self) -> Self {
        Self { outputs: Outputs::Mean, ..self }
    }

    /// The same with this prefix of its parameters, empty for none.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }
}

impl Config {
    /// The most layers that a network may have, recurrent and dense ones together, each of a stack counted by itself.
    pub const MOST_LAYERS: usize = 1024;

    /// The most bytes that a prefix of parameter names may have.
    pub const LONGEST_NAME: usize = 256;

    /// A network that reads `input`, still without layers.
    #[must_use]
    pub fn new(input: impl Into<InputSpec>) -> Self {
        let input = input.into();
        Self { input, layers: Vec::new(), readout: Readout::EveryStep, head: None, init: Init::default() }
    }

    /// Reads real vectors of `width` features.
    #[must_use]
    pub fn features(width: usize) -> Self {
        Self::new(InputSpec::Features { width })
    }

    /// Reads one of `symbols` symbols at each step.
    #[must_use]
    pub fn one_hot(symbols: usize) -> Self {
        Self::new(InputSpec::OneHot { symbols })
    }

    /// Reads one of `symbols` symbols at each step through a trained vector of `width` numbers.
    #[must_use]
    pub fn embedding(symbols: usize, width: usize) -> Self {
        Self::new(EmbeddingSpec::new(symbols, width))
    }

    /// With this recurrent layer on top.
    #[must_use]
    pub fn recurrent(mut self, layer: RecurrentSpec) -> Self {
        self.layers.push(LayerSpec::Recurrent(layer));
        self
    }

    /// With this dense layer on top.
    #[must_use]
    pub fn dense(mut self, layer: DenseSpec) -> Self {
        self.layers.push(LayerSpec::Dense(layer));
        self
    }

    /// With dropout of what the layer below gives: a rate, or a [`DropoutSpec`].
    #[must_use]
    pub fn dropout(mut self, dropout: impl Into<DropoutSpec>) -> Self {
        self.layers.push(LayerSpec::Dropout(dropout.into()));
        self
    }

    /// With an output at each row's last valid step only.
    #[must_use]
    pub fn last_step(self) -> Self {
        Self { readout: Readout::LastStep, ..self }
    }

    /// With an output once for each row, from the final states of the last recurrent layer: of one in both directions each half has seen
    /// the whole row.
    #[must_use]
    pub fn final_states(self) -> Self {
        Self { readout: Readout::FinalStates, ..self }
    }

    /// With this head.
    #[must_use]
    pub fn head(self, head: HeadSpec) -> Self {
        Self { head: Some(head), ..self }
    }

    /// With a head that chooses one of `classes`.
    #[must_use]
    pub fn softmax(self, classes: usize) -> Self {
        self.head(HeadSpec::new(classes, Objective::Softmax))
    }

    /// With a head of `units` independent yes-or-no outputs.
    #[must_use]
    pub fn bernoulli(self, units: usize) -> Self {
        self.head(HeadSpec::new(units, Objective::Bernoulli))
    }

    /// With a head of `units` real outputs, trained by the squared error.
    #[must_use]
    pub fn linear(self, units: usize) -> Self {
        self.head(HeadSpec::new(units, Objective::SquaredError))
    }

    /// With a head of `classes` outputs at every step, of which class 0 is the [blank](crate::loss::ctc): labels that are not aligned.
    #[must_use]
    pub fn ctc(self, classes: usize) -> Self {
        self.head(HeadSpec::new(classes, Objective::Ctc))
    }

    /// With these initial values.
    #[must_use]
    pub fn init(self, init: Init) -> Self {
        Self { init, ..self }
    }

    /// With these biases of gates that keep a state, and all other initial values as they are: a number, or [`ForgetBias::Chrono`].
    #[must_use]
    pub fn forget_bias(self, bias: impl Into<ForgetBias>) -> Self {
        Self { init: self.init.forget_bias(bias), ..self }
    }
}
