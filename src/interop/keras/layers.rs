//! `layers of Keras → configuration`: what each layer is here, and what the caller has to know besides.

use super::attributes::Attributes;
use super::node::Layer;
use super::recurrent::{CLASSES, Recurrent, merge};
use super::{KerasOutput, Masking, Meanings};
use crate::error::{Error, Result};
use crate::loss::Objective;
use crate::network::{
    Config, DenseSpec, Directions, DropoutSpec, EmbeddingSpec, HeadSpec, InputSpec, LayerSpec, Merge, Readout,
    RecurrentSpec,
};
use rnn_kernels::{Activation, Held};
use serde_json::Value;

/// A model as a configuration. Its parameters have the names of the layers.
pub(super) struct Described {
    pub config: Config,
    pub masking: Option<Masking>,
    pub held: Held,
    pub output: KerasOutput,
    pub notes: Vec<String>,
    /// The layers that may have weights: name and class.
    pub layers: Vec<(String, String)>,
}

/// A configuration that grows.
struct Growing<'m> {
    meanings: &'m Meanings,
    described: Described,
    /// The shape of the input, until the first layer that reads it.
    input: Option<Vec<Option<usize>>>,
    /// The width of what the last layer gives; none before the first.
    width: Option<usize>,
    /// The layer that gave one vector for each row, and no sequence.
    read_out: Option<String>,
    /// The dense layer on top, whose activation may still come.
    dense: Option<(DenseSpec, Function)>,
}

/// The activation of a dense layer.
#[derive(Clone, Copy, PartialEq)]
enum Function {
    Known(Activation),
    Softmax,
}

/// The model that these layers are.
pub(super) fn describe(
    layers: &[Layer<'_>],
    input: Option<&Value>,
    meanings: &Meanings,
    notes: Vec<String>,
) -> Result<Described> {
    let mut growing = Growing::new(input, meanings, notes);
    layers.iter().try_for_each(|layer| growing.layer(layer))?;
    growing.finish()
}

/// Why each of these layers is none of a network, where it is not; and why all of them together are none, if each of them is.
pub(super) fn faults(
    layers: &[Layer<'_>],
    input: Option<&Value>,
    meanings: &Meanings,
) -> (Vec<Option<Error>>, Option<Error>) {
    let mut growing = Growing::new(input, meanings, Vec::new());
    let faults: Vec<_> = layers.iter().map(|layer| growing.layer(layer).err()).collect();
    let fine = faults.iter().all(Option::is_none);
    let whole = if fine { growing.finish().err() } else { None };
    (faults, whole)
}

/// `[batch, steps, width]` as JSON has it, unknown sizes as nothing.
fn shape(value: &Value) -> Option<Vec<Option<usize>>> {
    let size = |value: &Value| value.as_u64().and_then(|size| usize::try_from(size).ok());
    value.as_array().filter(|sizes| sizes.len() <= 8).map(|sizes| sizes.iter().map(size).collect())
}

const KNOWN: &str = "InputLayer, Embedding, Masking, SimpleRNN, LSTM, GRU, CuDNNLSTM, CuDNNGRU, Bidirectional, Dense, TimeDistributed, \
                     Activation, Dropout or SpatialDropout1D";

impl<'m> Growing<'m> {
    fn new(input: Option<&Value>, meanings: &'m Meanings, notes: Vec<String>) -> Self {
        let described = Described {
            config: Config::features(1),
            masking: None,
            held: Held::Repeat,
            output: KerasOutput::AsIs,
            notes,
            layers: Vec::new(),
        };
        Self { meanings, described, input: input.and_then(shape), width: None, read_out: None, dense: None }
    }

    fn layer(&mut self, layer: &Layer<'_>) -> Result<()> {
        let mut attributes = Attributes::new(layer.at(), layer.config);
        let a = &mut attributes;
        if layer.class != "Dense" && layer.class != "TimeDistributed" && layer.class != "Activation" {
            self.settle()?;
        }
        if self.width.is_none() {
            for name in ["batch_shape", "batch_input_shape"] {
                self.input = a.get(name).and_then(shape).or(self.input.take());
            }
        }
        match layer.class {
            "InputLayer" => {
                a.of_input()?;
                return attributes.finish();
            }
            "Embedding" => self.embedding(layer, a)?,
            "Masking" => {
                let value = a.number("mask_value")?;
                self.mask(a, Masking::Value(value))?;
            }
            class if CLASSES.contains(&class) => {
                let spec = self.recurrent(layer.class, a, Way::Alone)?;
                self.add(layer, spec)?;
            }
            "Bidirectional" => self.bidirectional(layer, a)?,
            "Dense" => self.dense(layer, a)?,
            "TimeDistributed" => {
                let inner = a.get("layer").ok_or_else(|| a.wrong("layer", "a layer", "none"))?;
                let inner = Layer::of(inner)?;
                if inner.class != "Dense" {
                    return Err(a.wrong("layer", "Dense", inner.class));
                }
                if let Some(before) = &self.read_out {
                    return Err(Error::format(layer.at(), "a sequence", format!("one vector a row, of {before}")));
                }
                let mut attributes = Attributes::new(layer.at(), inner.config);
                self.dense(layer, &mut attributes)?;
                attributes.common(&mut self.described.notes)?;
                attributes.finish()?;
            }
            "Activation" => {
                let function = self.function(a)?;
                match &mut self.dense {
                    Some((_, before @ Function::Known(Activation::Identity))) => *before = function,
                    _ => return Err(Error::format(layer.at(), "it behind a dense layer without one", "elsewhere")),
                }
            }
            "Dropout" | "SpatialDropout1D" => {
                let rate = a.number("rate")?;
                a.refuse(&["noise_shape"])?;
                let each = DropoutSpec::new(rate);
                let spec = if layer.class == "Dropout" { each } else { each.per_sequence() };
                // Before the first layer the input has no width yet, which dropout does not need.
                self.described.config.layers.push(LayerSpec::Dropout(spec));
            }
            other => {
                return Err(Error::model(format!("layer {}", layer.name), "class_name", KNOWN, other));
            }
        }
        a.common(&mut self.described.notes)?;
        attributes.finish()
    }

    /// The width of the input of a layer.
    fn inputs(&mut self, a: &mut Attributes<'_>) -> Result<usize> {
        if let Some(width) = self.width {
            return Ok(width);
        }
        // How the first versions said it.
        a.known(&["input_length"]);
        let old = a.get("input_dim").and_then(Value::as_u64).and_then(|width| usize::try_from(width).ok());
        let width = self.input.as_ref().and_then(|shape| shape.last().copied().flatten()).or(old);
        let width = width.ok_or_else(|| {
            let found = self.input.as_ref().map_or("none".into(), |shape| format!("{shape:?}"));
            Error::format(format!("{}, input", a.at), "a shape whose last size is known", found)
        })?;
        if let Some(shape) = self.input.as_ref().filter(|shape| !(2..=3).contains(&shape.len())) {
            let expected = "[batch, steps, width] or [batch, width]";
            return Err(Error::format(format!("{}, input", a.at), expected, format!("{shape:?}")));
        }
        self.described.config.input = InputSpec::Features { width };
        self.width = Some(width);
        Ok(width)
    }

    fn embedding(&mut self, layer: &Layer<'_>, a: &mut Attributes<'_>) -> Result<()> {
        let (symbols, width) = (a.size("input_dim")?, a.size("output_dim")?);
        a.known(&["embeddings_initializer", "input_length"]);
        let training = ["embeddings_regularizer", "activity_regularizer", "embeddings_constraint"];
        a.of_training(&training, &mut self.described.notes);
        a.refuse(&["lora_rank", "quantization_config", "weights", "sparse"])?;
        if self.width.is_some() {
            return Err(Error::format(layer.at(), "an embedding of the input", "one of another layer"));
        }
        if a.flag("mask_zero", false)? {
            self.mask(a, Masking::SymbolZero)?;
        }
        self.described.config.input = EmbeddingSpec::new(symbols, width).named(&*layer.name).into();
        self.width = Some(width);
        self.weights(layer);
        Ok(())
    }

    /// A mask: it must come before the first layer that reads the input.
    fn mask(&mut self, a: &Attributes<'_>, masking: Masking) -> Result<()> {
        if self.width.is_some() || self.described.masking.is_some() {
            return Err(Error::format(&*a.at, "one mask, of the input", "another one"));
        }
        self.described.masking = Some(masking);
        Ok(())
    }

    /// A recurrent layer without its name.
    fn recurrent(&mut self, class: &str, a: &mut Attributes<'_>, way: Way) -> Result<RecurrentSpec> {
        self.inputs(a)?;
        let layer = Recurrent::of(class, a, self.meanings, &mut self.described.notes)?;
        if layer.states {
            return Err(a.wrong("return_state", "false in a chain of layers", "true"));
        }
        // In both directions, sequences are 0 at masked steps, whatever the layers say.
        let zero = if way == Way::Alone { layer.zero_output } else { layer.sequences };
        if way == Way::Alone {
            if layer.sequences && layer.backwards {
                let expected = "false, since the sequence it returns is in reversed order";
                return Err(a.wrong("go_backwards", expected, "true with return_sequences"));
            }
            if zero && !layer.sequences && self.described.masking.is_some() {
                return Err(a.wrong("zero_output_for_mask", "false, of a last step that may be masked", "true"));
            }
        } else if layer.backwards != (way == Way::Backward) {
            return Err(a.wrong("go_backwards", format!("{}", way == Way::Backward), layer.backwards));
        }
        if layer.sequences {
            self.described.held = if zero { Held::Zero } else { Held::Repeat };
        }
        self.described.config.readout = if layer.sequences { Readout::EveryStep } else { Readout::FinalStates };
        let directions = if layer.backwards { Directions::Reverse } else { Directions::Forward };
        Ok(layer.spec().directions(directions))
    }

    /// Adds a recurrent layer. The readout of the configuration is that of this layer by now.
    fn add(&mut self, layer: &Layer<'_>, spec: RecurrentSpec) -> Result<()> {
        if let Some(before) = &self.read_out {
            return Err(Error::format(layer.at(), "a sequence", format!("one vector a row, of {before}")));
        }
        if self.described.config.readout == Readout::FinalStates {
            self.read_out = Some(layer.at());
        }
        let both = spec.directions == Directions::Both && spec.merge == Merge::Concat;
        self.width = spec.hidden.checked_mul(if both { 2 } else { 1 });
        self.described.config.layers.push(LayerSpec::Recurrent(spec.named(&*layer.name)));
        self.weights(layer);
        Ok(())
    }

    fn bidirectional(&mut self, layer: &Layer<'_>, a: &mut Attributes<'_>) -> Result<()> {
        let merge = merge(a)?;
        a.known(&["layer", "backward_layer", "num_constants", "return_sequences", "stateful", "return_state"]);
        let forward = a.get("layer").ok_or_else(|| a.wrong("layer", "a layer", "none"))?;
        let backward = a.get("backward_layer");
        let mut specs = Vec::new();
        for (value, which, way) in [(Some(forward), "layer", Way::Forward), (backward, "backward_layer", Way::Backward)]
        {
            let Some(value) = value else { continue };
            let inner = Layer::of(value)?;
            if !CLASSES.contains(&inner.class) {
                return Err(a.wrong(which, "SimpleRNN, LSTM, GRU, CuDNNLSTM or CuDNNGRU", inner.class));
            }
            let mut attributes = Attributes::new(format!("{}, {which}", layer.at()), inner.config);
            let spec = self.recurrent(inner.class, &mut attributes, way)?;
            attributes.common(&mut self.described.notes)?;
            attributes.finish()?;
            specs.push((RecurrentSpec { directions: Directions::Both, ..spec }, self.described.config.readout));
        }
        if let [(spec, readout), (other, other_readout)] = &specs[..]
            && (spec, readout) != (other, other_readout)
        {
            return Err(a.wrong("backward_layer", "the attributes of the forward layer", "others"));
        }
        let (spec, _) = specs.swap_remove(0);
        self.add(layer, spec.merged(merge))
    }

    fn dense(&mut self, layer: &Layer<'_>, a: &mut Attributes<'_>) -> Result<()> {
        self.settle()?;
        self.inputs(a)?;
        let (units, bias) = (a.size("units")?, a.flag("use_bias", true)?);
        let function = self.function(a)?;
        a.known(&["kernel_initializer", "bias_initializer", "input_dim", "init"]);
        let training =
            ["kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint"];
        a.of_training(&training, &mut self.described.notes);
        a.refuse(&["lora_rank", "lora_alpha", "quantization_config", "gptq_unpacked_column_size"])?;
        let dense = DenseSpec { bias, ..DenseSpec::new(units, Activation::Identity) };
        self.dense = Some((dense.named(&*layer.name), function));
        self.width = Some(units);
        self.weights(layer);
        Ok(())
    }

    fn weights(&mut self, layer: &Layer<'_>) {
        self.described.layers.push((layer.name.clone(), layer.class.into()));
    }

    /// Adds the dense layer on top to the others, since a layer follows it.
    fn settle(&mut self) -> Result<()> {
        match self.dense.take() {
            None => Ok(()),
            Some((dense, Function::Known(activation))) => {
                self.described.config.layers.push(LayerSpec::Dense(DenseSpec { activation, ..dense }));
                Ok(())
            }
            Some((dense, Function::Softmax)) => {
                let at = format!("layer {}, activation", dense.name.unwrap_or_default());
                Err(Error::format(at, "a softmax at the end of the model", "one with layers above it"))
            }
        }
    }

    /// The activation of a dense layer.
    fn function(&self, a: &mut Attributes<'_>) -> Result<Function> {
        Ok(match a.word("activation")? {
            None | Some("linear") => Function::Known(Activation::Identity),
            Some("tanh") => Function::Known(Activation::Tanh),
            Some("relu") => Function::Known(Activation::Relu),
            Some("sigmoid") => Function::Known(Activation::Sigmoid),
            Some("softmax") => Function::Softmax,
            Some(other) => return Err(a.wrong("activation", "linear, tanh, relu, sigmoid or softmax", other)),
        })
    }

    fn finish(mut self) -> Result<Described> {
        if let Some((DenseSpec { units, bias, name, .. }, function)) = self.dense.take() {
            let head = |objective| HeadSpec { bias, name: name.clone(), ..HeadSpec::new(units, objective) };
            let config = &mut self.described.config;
            match function {
                Function::Softmax => {
                    config.head = Some(head(Objective::Softmax));
                    self.described.output = KerasOutput::Softmax;
                }
                Function::Known(Activation::Identity) => config.head = Some(head(Objective::SquaredError)),
                Function::Known(activation) => {
                    config.layers.push(LayerSpec::Dense(DenseSpec { units, activation, bias, name }));
                }
            }
        }
        if self.width.is_none() {
            return Err(Error::format("the model", "a layer with weights", "none"));
        }
        Ok(self.described)
    }
}

/// Where a recurrent layer stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Alone,
    Forward,
    Backward,
}
