//! `arrays of a layer → parameters`: weights of Keras into a network, layer by layer.

use super::hdf5::Array;
use super::variables::Variables;
use crate::cells::CellSpec;
use crate::error::{Error, Result};
use crate::interop::orders::{Gates, Library, Units};
use crate::interop::place::{RecurrentWeights, dense, join};
use crate::interop::{Element, LoadOptions, LoadReport, Partial};
use crate::memory::reserve;
use crate::network::{Config, Directions, InputSpec, LayerSpec, Parameters};
use rnn_kernels::GruReset;
use std::collections::HashMap;

/// A layer of the network, as far as its weights go.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Embedding,
    Dense,
    Recurrent { gates: Gates, reset_after: bool, both: bool },
}

impl Kind {
    /// The kind of a recurrent layer with this cell.
    ///
    /// # Errors
    /// [`Error::Format`] if Keras has no such cell; `at` is what messages call the layer.
    pub fn recurrent(at: &str, cell: &CellSpec, both: bool) -> Result<Self> {
        let gates = match cell.name() {
            "elman" => Gates::Elman,
            "lstm" => Gates::Lstm,
            "gru" => Gates::Gru,
            other => return Err(Error::format(at, "elman, lstm or gru", other)),
        };
        let reset = cell.options().get("reset").cloned();
        let reset = reset.and_then(|reset| serde_json::from_value::<GruReset>(reset).ok());
        Ok(Kind::Recurrent { gates, reset_after: reset != Some(GruReset::Before), both })
    }

    /// The places below a layer that have its arrays, one after another: as the layer has them by itself, or in a wrapper, or in a cell.
    pub fn parts(self) -> &'static [&'static [&'static str]] {
        match self {
            Kind::Embedding => &[&[""]],
            Kind::Dense => &[&[""], &["layer"]],
            Kind::Recurrent { both: false, .. } => &[&["cell"], &[""]],
            Kind::Recurrent { both: true, .. } => {
                &[&["forward_layer/cell", "backward_layer/cell"], &["forward_layer", "backward_layer"]]
            }
        }
    }
}

/// The layers of a configuration that have parameters, by the prefix of these.
pub(super) fn layers(config: &Config) -> Result<Vec<(String, Kind)>> {
    let mut layers = Vec::new();
    if let InputSpec::Embedding { name, .. } = &config.input {
        layers.push((name.clone().unwrap_or("embedding".into()), Kind::Embedding));
    }
    let numbered = |name: &Option<String>, default: &str, k: usize| match (name, k) {
        (Some(name), _) => name.clone(),
        (None, 1) => default.to_string(),
        (None, k) => format!("{default}{k}"),
    };
    let (mut recurrent, mut denses) = (0, 0);
    for layer in &config.layers {
        match layer {
            LayerSpec::Recurrent(spec) => {
                recurrent += 1;
                let name = numbered(&spec.name, "rnn", recurrent);
                let at = || format!("layer {name} of the network");
                if spec.layers != 1 {
                    let expected = "one layer in each recurrent entry, as Keras has them";
                    return Err(Error::format(at(), expected, format!("a stack of {}", spec.layers)));
                }
                if spec.learned_initial {
                    return Err(Error::format(at(), "states that begin at 0, as Keras has them", "learned ones"));
                }
                let kind = Kind::recurrent(&at(), &spec.cell, spec.directions == Directions::Both)?;
                layers.push((name, kind));
            }
            LayerSpec::Dense(spec) => {
                denses += 1;
                layers.push((numbered(&spec.name, "dense", denses), Kind::Dense));
            }
            LayerSpec::Dropout(_) => {}
        }
    }
    if let Some(head) = &config.head {
        layers.push((head.name.clone().unwrap_or("head".into()), Kind::Dense));
    }
    Ok(layers)
}

/// The weights of a file into parameters: `names` says which prefix a layer of the file has.
///
/// # Errors
/// With the layer and the array that does not fit; the parameters may have changed then.
pub(super) fn fill<T: Element>(
    parameters: &mut Parameters<T>,
    config: &Config,
    variables: &mut Variables,
    options: &LoadOptions,
    names: &mut dyn FnMut(&str) -> Option<String>,
) -> Result<LoadReport> {
    let layers = layers(config)?;
    let files: Vec<String> = variables.names().map(Into::into).collect();
    let (mut report, mut by_prefix) = (LoadReport::default(), HashMap::new());
    let mut unknown = Vec::new();
    for file in files {
        match names(&file) {
            None => {}
            Some(prefix) if layers.iter().any(|(name, _)| *name == prefix) => {
                if let Some(first) = by_prefix.insert(prefix.clone(), file.clone()) {
                    let expected = format!("one layer for {prefix}");
                    return Err(Error::format(variables.at(), expected, format!("{first} and {file}")));
                }
            }
            Some(_) => unknown.push(file),
        }
    }
    if options.partial == Partial::Refuse
        && let Some(layer) = unknown.first()
    {
        let expected = "no layers beside those of the network";
        return Err(Error::format(variables.at(), expected, format!("the layer {layer}")));
    }
    for (prefix, kind) in &layers {
        let own: Vec<_> = parameters.blocks().iter().filter(|block| belongs(&block.name, prefix)).cloned().collect();
        let Some(layer) = by_prefix.get(prefix) else {
            if options.partial == Partial::Refuse {
                let expected = format!("weights of the layer {prefix}");
                return Err(Error::format(variables.at(), expected, "none"));
            }
            report.missing.extend(own.into_iter().map(|block| block.name));
            continue;
        };
        let arrays = variables.take(layer, kind.parts())?;
        let at = format!("{}, layer {layer}", variables.at());
        write(&at, &arrays, prefix, options, *kind, parameters)?;
        let taken = arrays.iter().map(|array| array.at().to_string());
        report.taken.extend(taken.map(|array| (array, prefix.clone())));
    }
    report.left_over = variables.left_over();
    Ok(report)
}

/// The arrays of a layer into the parameters with this prefix; `at` is what messages call the layer.
///
/// # Errors
/// With the array that does not fit; the parameters may have changed then.
pub(super) fn write<T: Element>(
    at: &str,
    arrays: &[Array],
    prefix: &str,
    options: &LoadOptions,
    kind: Kind,
    parameters: &mut Parameters<T>,
) -> Result<()> {
    Layer { at, arrays, prefix, options }.write(kind, parameters)
}

/// Whether a parameter is one of the layer with this prefix.
fn belongs(name: &str, prefix: &str) -> bool {
    prefix.is_empty() || name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.'))
}

/// A layer whose arrays are to be written.
struct Layer<'a> {
    at: &'a str,
    arrays: &'a [Array],
    prefix: &'a str,
    options: &'a LoadOptions,
}

impl Layer<'_> {
    fn write<T: Element>(&self, kind: Kind, parameters: &mut Parameters<T>) -> Result<()> {
        match kind {
            Kind::Embedding => {
                let name = join(self.prefix, "weight");
                let shape = self.shape(parameters, &name)?;
                self.count(&["embeddings"])?;
                let table = self.read::<T>(0, "embeddings", &[&shape])?;
                parameters.get_mut(&name).into_iter().for_each(|to| to.copy_from_slice(&table));
                Ok(())
            }
            Kind::Dense => {
                let shape = self.shape(parameters, &join(self.prefix, "weight"))?;
                let biased = parameters.block(&join(self.prefix, "bias")).is_some();
                self.count(if biased { &["kernel", "bias"] } else { &["kernel"] })?;
                let [units, inputs] = shape[..] else { unreachable!("a matrix has two axes") };
                let kernel = self.read::<T>(0, "kernel", &[&[inputs, units]])?;
                let bias = if biased { Some(self.read::<T>(1, "bias", &[&[units]])?) } else { None };
                dense(parameters, self.prefix, &kernel, bias.as_deref())
            }
            Kind::Recurrent { gates, reset_after, both } => {
                let biased = parameters.block(&join(self.prefix, "bias_ih_l0")).is_some();
                let names: &[&str] = match (both, biased) {
                    (false, false) => &["kernel", "recurrent_kernel"],
                    (false, true) => &["kernel", "recurrent_kernel", "bias"],
                    (true, false) => &["kernel", "recurrent_kernel", "backward kernel", "backward recurrent_kernel"],
                    (true, true) => &[
                        "kernel",
                        "recurrent_kernel",
                        "bias",
                        "backward kernel",
                        "backward recurrent_kernel",
                        "backward bias",
                    ],
                };
                self.count(names)?;
                let each = if biased { 3 } else { 2 };
                let reverse = parameters.block(&join(self.prefix, "weight_hh_l0")).is_none();
                let suffixes: &[&str] = match (both, reverse) {
                    (true, _) => &["", "_reverse"],
                    (false, true) => &["_reverse"],
                    (false, false) => &[""],
                };
                for (first, suffix) in (0..).step_by(each).zip(suffixes) {
                    self.recurrent(gates, reset_after, biased, (first, suffix), parameters)?;
                }
                Ok(())
            }
        }
    }

    /// One direction, whose arrays begin at `first`.
    fn recurrent<T: Element>(
        &self,
        gates: Gates,
        reset_after: bool,
        biased: bool,
        (first, suffix): (usize, &str),
        parameters: &mut Parameters<T>,
    ) -> Result<()> {
        let shape = |name: &str| self.shape(parameters, &join(self.prefix, &format!("{name}_l0{suffix}")));
        let (input, hidden) = (shape("weight_ih")?, shape("weight_hh")?);
        let ([wide, inputs], [_, units]) = (&input[..], &hidden[..]) else { unreachable!("matrices have two axes") };
        let (wide, inputs, units) = (*wide, *inputs, *units);
        let kernel = self.read::<T>(first, "kernel", &[&[inputs, wide]])?;
        let recurrent = self.read::<T>(first + 1, "recurrent_kernel", &[&[units, wide]])?;
        let after = gates == Gates::Gru && reset_after;
        let (one, both_rows, cudnn) = ([wide], [2, wide], [2 * wide]);
        let shapes: &[&[usize]] = match (gates, after) {
            (Gates::Gru, true) => &[&both_rows, &cudnn],
            (Gates::Gru, false) | (Gates::Elman, _) => &[&one],
            _ => &[&one, &cudnn],
        };
        let bias = if biased { self.read::<T>(first + 2, "bias", shapes)? } else { Vec::new() };
        let of_cudnn = biased && self.arrays[first + 2].shape()? == cudnn && gates != Gates::Elman;
        let order = Library::Keras.order(gates);
        let biases: Vec<&[T]> = bias.chunks_exact(wide.max(1)).collect();
        if !of_cudnn {
            let weights = RecurrentWeights { order, input: &kernel, hidden: &recurrent, biases: &biases };
            return weights.write(parameters, self.prefix, suffix);
        }
        let (input, hidden) = (of_cudnn_rows(kernel, wide, units)?, of_cudnn_rows(recurrent, wide, units)?);
        let order = order.of_units(Units::Rows);
        let weights = RecurrentWeights { order, input: &input, hidden: &hidden, biases: &biases };
        weights.write(parameters, self.prefix, suffix)
    }

    /// The shape of a parameter.
    fn shape<T: Element>(&self, parameters: &Parameters<T>, name: &str) -> Result<Vec<usize>> {
        // A layer in the reverse direction alone has only parameters of that.
        let block = parameters.block(name).or_else(|| parameters.block(&format!("{name}_reverse")));
        let missing = || Error::format(self.at, format!("a parameter {name} of the network"), "none");
        block.map(|block| block.shape.clone()).ok_or_else(missing)
    }

    /// `Ok` if the layer has these arrays and no others.
    fn count(&self, names: &[&str]) -> Result<()> {
        if self.arrays.len() == names.len() {
            return Ok(());
        }
        let found: Vec<_> = self.arrays.iter().map(Array::at).collect();
        Err(Error::format(self.at, format!("the arrays {}", names.join(", ")), format!("{}: {found:?}", found.len())))
    }

    /// The numbers of an array, which has one of these shapes.
    fn read<T: Element>(&self, k: usize, name: &str, shapes: &[&[usize]]) -> Result<Vec<T>> {
        let array = &self.arrays[k];
        let found = array.shape()?;
        if shapes.contains(&&found[..]) {
            return array.read(self.options);
        }
        let expected: Vec<_> = shapes.iter().map(|shape| format!("{shape:?}")).collect();
        Err(Error::format(
            format!("{}, {name}", self.at),
            format!("the shape {}", expected.join(" or ")),
            format!("{found:?}"),
        ))
    }
}

/// `[G·H, C]` from what the layers of cuDNN keep in `[C, G·H]`: each gate has its columns, and these, row by row, are its matrix `[H, C]`.
fn of_cudnn_rows<T: Element>(theirs: Vec<T>, wide: usize, units: usize) -> Result<Vec<T>> {
    let mut ours = Vec::new();
    reserve("weights of cuDNN", &mut ours, theirs.len())?;
    for gate in 0..wide / units.max(1) {
        for row in theirs.chunks_exact(wide) {
            ours.extend_from_slice(&row[gate * units..][..units]);
        }
    }
    Ok(ours)
}
