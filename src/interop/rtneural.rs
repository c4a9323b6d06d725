//! Networks of [RTNeural](https://github.com/jatinchowdhury18/RTNeural): its JSON, as its scripts write it from Keras.
//!
//! `dense` and `time-distributed-dense`, `lstm`, `gru` and `activation` layers, one after another. Weights are in the layout of Keras: see
//! [`orders`](super::orders). A GRU applies its reset gate after the product. Dense layers are `dense`, `dense2`, … and recurrent ones `rnn`,
//! `rnn2`, …; a dense layer without an activation at the end is the head, so that the network can be trained on.
//!
//! Other layers, other activations and fields that are not known here are errors. RTNeural itself skips what it does not know, and computes
//! `tanh` in a recurrent layer whatever function the file names.

use super::json::{Few, tensor};
use super::orders::{Gates, Library};
use super::place::{RecurrentWeights, dense};
use super::{Element, LoadOptions, Source};
use crate::cells::Cells;
use crate::error::{Error, Result};
use crate::finite::NonFinite;
use crate::loss::Objective;
use crate::network::{Config, DenseSpec, HeadSpec, Network, Parameters, RecurrentSpec};
use rnn_kernels::{Activation, Backend};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Model<'a> {
    in_shape: Few<Option<usize>>,
    #[serde(borrow)]
    layers: Few<&'a RawValue>,
}

/// What every layer says: enough to refuse one that is not known.
#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Layer<'a> {
    #[serde(rename = "type")]
    _kind: String,
    #[serde(default)]
    activation: Option<String>,
    #[serde(default)]
    recurrent_activation: Option<String>,
    shape: Few<Option<usize>>,
    #[serde(borrow)]
    weights: Few<&'a RawValue>,
}

/// Weights that are read once the network is laid out.
struct Read<'a> {
    /// Its place, for messages.
    at: String,
    /// The prefix of its parameters.
    name: String,
    /// Those of a recurrent layer, or none of a dense one.
    gates: Option<Gates>,
    inputs: usize,
    units: usize,
    weights: Vec<&'a RawValue>,
}

impl<T: Element, B: Backend<T> + ?Sized> Network<T, B> {
    /// The network of a file of RTNeural. Numbers in JSON have no type: each becomes the nearest `f64`, and that the nearest number of `T`. Only
    /// the options for lengths and finite numbers count.
    ///
    /// # Errors
    /// [`Error::Format`] with the layer and the attribute that is not as expected, [`Error::NotFinite`] with a weight that is too large for
    /// `T`, [`Error::Io`] if the file cannot be read, [`Error::Memory`].
    pub fn from_rtneural<'s>(
        source: impl Into<Source<'s>>,
        options: &LoadOptions,
        backend: impl Into<Arc<B>>,
    ) -> Result<Self> {
        let (name, bytes) = source.into().bytes(options.max_bytes)?;
        let model: Model<'_> =
            serde_json::from_slice(&bytes).map_err(|error| Error::format(&*name, "a model of RTNeural", error))?;
        let (config, layers) = chain(&name, &model)?;
        Self::with_parameters(&config, backend.into(), &Cells::new(), |_, blocks| {
            // Each number takes a digit and a separator; the second bias of an LSTM has none.
            let len = blocks.last().map_or(0, |last| last.range().end);
            if len / 2 > bytes.len() {
                return Err(Error::format(&*name, format!("{len} weights"), format!("{} bytes", bytes.len())));
            }
            let mut parameters = Parameters::zeros(blocks)?;
            layers.iter().try_for_each(|layer| layer.write(&mut parameters))?;
            if options.non_finite == NonFinite::Refuse {
                parameters.check_finite(&name)?;
            }
            Ok(parameters)
        })
    }
}

/// The configuration of a model, and where the weights of its layers go.
fn chain<'a>(name: &str, model: &Model<'a>) -> Result<(Config, Vec<Read<'a>>)> {
    let width = |at: &str, shape: &Few<Option<usize>>| match shape.0[..] {
        [.., Some(width)] if shape.0.len() <= 3 => Ok(width),
        _ => Err(Error::format(at, "batch, steps and a width", format!("{:?}", shape.0))),
    };
    let mut inputs = width(&format!("{name}, in_shape"), &model.in_shape)?;
    let mut config = Config::features(inputs);
    let (mut layers, mut recurrent, mut last) = (Vec::new(), 0, None::<DenseSpec>);
    let mut denses = 0;
    let numbered = |name: &str, k: usize| if k == 1 { name.to_string() } else { format!("{name}{k}") };
    for (k, text) in model.layers.0.iter().enumerate() {
        let at = format!("{name}, layers[{k}]");
        let broken = |error: serde_json::Error| Error::format(&*at, "a layer of RTNeural", error);
        let Kind { kind } = serde_json::from_str(text.get()).map_err(broken)?;
        if !matches!(&*kind, "dense" | "time-distributed-dense" | "lstm" | "gru" | "activation") {
            let expected = "dense, time-distributed-dense, lstm, gru or activation";
            return Err(Error::format(format!("{at}, type"), expected, kind));
        }
        let layer: Layer<'a> = serde_json::from_str(text.get()).map_err(broken)?;
        let units = width(&format!("{at}, shape"), &layer.shape)?;
        let named = layer.activation.as_deref().filter(|name| !name.is_empty());
        let gates = match &*kind {
            "lstm" => Some(Gates::Lstm),
            "gru" => Some(Gates::Gru),
            _ => None,
        };
        if gates.is_none()
            && let Some(found) = layer.recurrent_activation.as_deref().filter(|found| !found.is_empty())
        {
            return Err(Error::format(format!("{at}, recurrent_activation"), "none", found));
        }
        if kind == "activation" {
            if !layer.weights.0.is_empty() {
                return Err(Error::format(format!("{at}, weights"), "none", layer.weights.0.len()));
            }
            let linear = last.as_mut().filter(|dense| dense.activation == Activation::Identity && dense.units == units);
            let Some(dense) = linear else {
                let found = "it behind something else";
                return Err(Error::format(at, "an activation behind a dense layer of its width that has none", found));
            };
            dense.activation = activation(&at, named)?;
            continue;
        }
        config.layers.extend(last.take().map(crate::network::LayerSpec::Dense));
        let prefix = match gates {
            None => {
                denses += 1;
                let prefix = numbered("dense", denses);
                let dense = DenseSpec::new(units, activation(&at, named)?).named(&*prefix);
                last = Some(DenseSpec { bias: layer.weights.0.len() > 1, ..dense });
                prefix
            }
            Some(gates) => {
                let functions = [
                    ("activation", named, "tanh"),
                    ("recurrent_activation", layer.recurrent_activation.as_deref(), "sigmoid"),
                ];
                for (attribute, found, expected) in functions {
                    if let Some(found) = found.filter(|found| *found != expected) {
                        return Err(Error::format(format!("{at}, {attribute}"), expected, found));
                    }
                }
                recurrent += 1;
                let prefix = numbered("rnn", recurrent);
                let spec = if gates == Gates::Lstm { RecurrentSpec::lstm(units) } else { RecurrentSpec::gru(units) };
                config = config.recurrent(spec.named(&*prefix));
                prefix
            }
        };
        layers.push(Read { at, name: prefix, gates, inputs, units, weights: layer.weights.0 });
        inputs = units;
    }
    let config = match last {
        Some(DenseSpec { units, activation: Activation::Identity, bias, name }) => {
            config.head(HeadSpec { bias, name, ..HeadSpec::new(units, Objective::SquaredError) })
        }
        Some(dense) => config.dense(dense),
        None => config,
    };
    Ok((config, layers))
}

fn activation(at: &str, name: Option<&str>) -> Result<Activation> {
    match name {
        None => Ok(Activation::Identity),
        Some("tanh") => Ok(Activation::Tanh),
        Some("relu") => Ok(Activation::Relu),
        Some("sigmoid") => Ok(Activation::Sigmoid),
        Some(other) => Err(Error::format(format!("{at}, activation"), "tanh, relu, sigmoid or none", other)),
    }
}

impl Read<'_> {
    /// Reads the weights and puts them where they belong.
    fn write<T: Element>(&self, parameters: &mut Parameters<T>) -> Result<()> {
        let Self { inputs, units, .. } = *self;
        match self.gates {
            None => {
                let kernel = self.tensor::<T>(0, &[inputs, units])?;
                let bias = if self.weights.len() > 1 { Some(self.tensor::<T>(1, &[units])?) } else { None };
                self.expect(2)?;
                dense(parameters, &self.name, &kernel, bias.as_deref())
            }
            Some(gates) => {
                let wide = if gates == Gates::Lstm { 4 } else { 3 } * units;
                let order = Library::Keras.order(gates);
                let (input, hidden) = (self.tensor::<T>(0, &[inputs, wide])?, self.tensor::<T>(1, &[units, wide])?);
                let rows = if gates == Gates::Lstm { 1 } else { 2 };
                let biases = self.tensor::<T>(2, &[rows, wide][2 - rows..])?;
                self.expect(3)?;
                let biases: Vec<_> = biases.chunks_exact(wide.max(1)).collect();
                let weights = RecurrentWeights { order, input: &input, hidden: &hidden, biases: &biases };
                weights.write(parameters, &self.name, "")
            }
        }
    }

    /// An array of the layer.
    fn tensor<T: Element>(&self, k: usize, shape: &[usize]) -> Result<Vec<T>> {
        let what = || format!("{}, weights[{k}]", self.at);
        let text = self.weights.get(k).ok_or_else(|| Error::format(what(), format!("an array {shape:?}"), "none"))?;
        tensor(text, shape).map_err(|found| Error::format(what(), format!("an array {shape:?}"), found))
    }

    /// `Ok` if the layer has no more arrays than these.
    fn expect(&self, most: usize) -> Result<()> {
        let found = self.weights.len();
        if found <= most {
            return Ok(());
        }
        Err(Error::format(format!("{}, weights", self.at), format!("at most {most} arrays"), found))
    }
}
