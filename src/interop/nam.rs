//! LSTMs of [Neural Amp Modeler](https://github.com/sdatkinson/NeuralAmpModelerCore): `.nam`, files of version 0.5 to 0.7.
//!
//! ```text
//! for each layer:  [W_ih, W_hh] row by row [4·H, C + H], rows i f g o | b [4·H] | h₀ [H] | c₀ [H]
//! then the head:   W [1, H] | b
//! ```
//! A model becomes a network with [learned initial states](field@crate::network::RecurrentSpec::learned_initial), `rnn` and `head`. The one
//! bias of a layer is `bias_ih`; `bias_hh` is 0. The plug-in runs half a second of silence through a model before the first sound; here the
//! caller does so, or not.
//!
//! Other architectures, other versions and fields that are not known here are errors.

use super::json::each;
use super::{Element, LoadOptions, Source};
use crate::cells::Cells;
use crate::error::{Error, Result};
use crate::finite::NonFinite;
use crate::memory::reserve;
use crate::network::{Config, Network, Parameters, RecurrentSpec};
use rnn_kernels::Backend;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::ops::Range;
use std::sync::Arc;

/// A model and what its file says of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Nam<T, B: ?Sized> {
    /// Reads a sample and gives one.
    pub network: Network<T, B>,
    /// The version of the file's format.
    pub version: String,
    /// Samples per second of the sound that it was trained on, if the file says so.
    pub sample_rate: Option<f64>,
    /// What the file says of the gear, the loudness and the training, as JSON.
    pub metadata: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File<'a> {
    version: String,
    architecture: String,
    #[serde(borrow)]
    config: &'a RawValue,
    #[serde(borrow)]
    weights: &'a RawValue,
    #[serde(default)]
    sample_rate: Option<f64>,
    #[serde(borrow, default)]
    metadata: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sizes {
    input_size: usize,
    hidden_size: usize,
    num_layers: usize,
}

impl<T: Element, B: Backend<T> + ?Sized> Network<T, B> {
    /// The network of a `.nam` file. Numbers in JSON have no type: each becomes the nearest `f64`, and that the nearest number of `T`. Only the
    /// options for lengths and finite numbers count.
    ///
    /// # Errors
    /// [`Error::Format`] with the attribute that is not as expected, [`Error::NotFinite`] with a weight that is too large for `T`,
    /// [`Error::Io`] if the file cannot be read, [`Error::Memory`].
    pub fn from_nam<'s>(
        source: impl Into<Source<'s>>,
        options: &LoadOptions,
        backend: impl Into<Arc<B>>,
    ) -> Result<Nam<T, B>> {
        let (name, bytes) = source.into().bytes(options.max_bytes)?;
        let broken = |what: &str, expected: &str, found: String| {
            let what = if what.is_empty() { name.clone() } else { format!("{name}, {what}") };
            Error::format(what, expected, found)
        };
        let file: File<'_> =
            serde_json::from_slice(&bytes).map_err(|error| broken("", "a model of NAM", error.to_string()))?;
        if !known(&file.version) {
            return Err(broken("version", "0.5 to 0.7", file.version));
        }
        if file.architecture != "LSTM" {
            return Err(broken("architecture", "LSTM", file.architecture));
        }
        let sizes: Sizes = serde_json::from_str(file.config.get())
            .map_err(|error| broken("config", "input_size, hidden_size and num_layers", error.to_string()))?;
        let spec = RecurrentSpec::lstm(sizes.hidden_size).layers(sizes.num_layers).learned_initial();
        let config = Config::features(sizes.input_size).recurrent(spec).linear(1);
        let network = Self::with_parameters(&config, backend.into(), &Cells::new(), |_, blocks| {
            // Each number takes a digit and a separator; the second bias has none.
            let len = blocks.last().map_or(0, |last| last.range().end);
            let text = file.weights.get().len();
            if len / 2 > text {
                return Err(broken("weights", &format!("some {len} numbers"), format!("{text} bytes")));
            }
            let mut parameters = Parameters::zeros(blocks)?;
            let places = places(&parameters, &sizes)?;
            let count = places.iter().map(ExactSizeIterator::len).sum();
            let mut places = places.into_iter().flatten();
            each(file.weights, &[count], &mut |number| {
                places.next().into_iter().for_each(|at| parameters[at] = number);
            })
            .map_err(|error| broken("weights", &format!("{count} numbers"), error))?;
            if options.non_finite == NonFinite::Refuse {
                parameters.check_finite(&name)?;
            }
            Ok(parameters)
        })?;
        let metadata = file.metadata.map(|text| text.get().to_string());
        Ok(Nam { network, version: file.version, sample_rate: file.sample_rate, metadata })
    }
}

/// Whether this version of the format has these weights in this order.
fn known(version: &str) -> bool {
    let mut parts = version.split('.');
    matches!((parts.next(), parts.next()), (Some("0"), Some("5" | "6" | "7")))
}

/// Where the weights of a file go, one range after another.
fn places<T: Element>(parameters: &Parameters<T>, sizes: &Sizes) -> Result<Vec<Range<usize>>> {
    let block = |name: &str| {
        let missing = || Error::format("parameters of the network", format!("one named `{name}`"), "none");
        parameters.block(name).map(|block| block.range()).ok_or_else(missing)
    };
    let mut places = Vec::new();
    reserve("places of weights", &mut places, sizes.num_layers * (8 * sizes.hidden_size + 3) + 2)?;
    for k in 0..sizes.num_layers {
        let of = |name: &str| block(&format!("rnn.{name}_l{k}"));
        let (input, hidden) = (of("weight_ih")?, of("weight_hh")?);
        let rows = 4 * sizes.hidden_size;
        let (wide, tall) = (input.len() / rows, hidden.len() / rows);
        for row in 0..rows {
            let from = |start: usize, width: usize| start + row * width..start + (row + 1) * width;
            places.extend([from(input.start, wide), from(hidden.start, tall)]);
        }
        places.extend([of("bias_ih")?, block(&format!("rnn.h0_l{k}"))?, block(&format!("rnn.c0_l{k}"))?]);
    }
    places.extend([block("head.weight")?, block("head.bias")?]);
    Ok(places)
}
