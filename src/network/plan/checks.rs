//! What a configuration may ask for: sizes that can be counted, numbers in their range.

use super::stage::{LayerMask, step_width};
use crate::cells::{CellFault, MaskSpec};
use crate::error::{Error, Result, checked_product};
use crate::network::config::{Config, InputSpec, LayerSpec};
use crate::number::in_type;
use rnn_kernels::{Cell, Scalar, Size, SizeError, Spec};
use std::collections::BTreeMap;

/// `Ok` if the configuration is of a size that a network can have. A few words ask for a billion layers, and each costs
/// about a kilobyte whatever its width; within these limits everything but the parameters is small.
pub(super) fn check_extent(config: &Config) -> Result<()> {
    let mut layers = 0_usize;
    for (k, layer) in config.layers.iter().enumerate() {
        layers = layers.saturating_add(match layer {
            LayerSpec::Recurrent(spec) => spec.layers,
            LayerSpec::Dense(_) | LayerSpec::Dropout(_) => 1,
        });
        if layers > Config::MOST_LAYERS {
            let expected = format!("at most {} layers in all", Config::MOST_LAYERS);
            return Err(Error::config(format!("layers[{k}], layers"), expected, layers));
        }
    }
    let of_layers = config.layers.iter().filter_map(|layer| match layer {
        LayerSpec::Recurrent(spec) => Some(&spec.name),
        LayerSpec::Dense(spec) => Some(&spec.name),
        LayerSpec::Dropout(_) => None,
    });
    let of_input = match &config.input {
        InputSpec::Embedding { name, .. } => Some(name),
        InputSpec::Features { .. } | InputSpec::OneHot { .. } => None,
    };
    let names = of_layers.chain(of_input).chain(config.head.as_ref().map(|head| &head.name)).flatten();
    match names.map(String::len).find(|&len| len > Config::LONGEST_NAME) {
        None => Ok(()),
        Some(len) => {
            let expected = format!("at most {} bytes", Config::LONGEST_NAME);
            Err(Error::config("names", expected, format!("one of {len} bytes")))
        }
    }
}

/// Symbols are `u32` and the largest one is the mark of a target that does not count.
pub(super) fn check_symbols(symbols: usize) -> Result<usize> {
    if u32::try_from(symbols).is_err() || symbols == u32::MAX as usize {
        return Err(Error::config("input, symbols", format!("below {}", u32::MAX), symbols));
    }
    positive("input", "symbols", symbols)
}

/// The cell with these sizes, all of which can be counted.
pub(super) fn sized<T>(at: &str, cell: &Cell, size: Size, fault: impl Fn(CellFault) -> Error) -> Result<Spec<T>> {
    let what = || format!("configuration, {at}");
    let spec = Spec::new(cell, size).map_err(|error| match error {
        SizeError::Overflow { .. } => Error::Overflow { what: what(), factors: vec![size.hidden, size.input] },
        other => fault(CellFault::Size(other)),
    })?;
    // A panel of packed weights is up to 16 numbers wide.
    checked_product(&what(), &[spec.plan().pre.max(8), step_width(&spec).max(8), 16])?;
    Ok(spec)
}

/// The masks of a layer, each with its number in the configuration.
pub(super) fn masks<T: Scalar>(
    spec: &Spec<T>,
    defaults: &BTreeMap<String, MaskSpec>,
) -> Result<Vec<LayerMask<T>>, CellFault> {
    let names = spec.cell().form().masks.iter().map(|(name, _)| name.clone());
    let masks = names.zip(&spec.plan().masks).map(|(name, &width)| {
        let wrong = |expected, found| CellFault::Options {
            found: format!("mask `{name}`: expected {expected}, found {found}"),
        };
        let (default, draw) = match defaults.get(&*name) {
            None => (None, None),
            Some(&MaskSpec::Constant(value)) => {
                in_type::<T>(value, f64::is_finite).map_err(|found| wrong("a finite number", found))?;
                (Some(T::from_f64(value)), None)
            }
            Some(&MaskSpec::Drawn(draw)) => {
                check_rate::<T>(draw.spec().rate).map_err(|found| wrong(RATE, found))?;
                (Some(T::from_f64(draw.mean())), Some(draw))
            }
        };
        Ok(LayerMask { default, draw, name, width })
    });
    masks.collect()
}

pub(super) const RATE: &str = "a probability below 1";

/// `Ok` if a unit may be dropped with this probability: one that always is has no mean.
pub(super) fn check_rate<T: Scalar>(rate: f64) -> Result<(), String> {
    in_type::<T>(rate, |rate| (0.0..1.0).contains(&rate))
}

pub(super) fn positive(at: &str, what: &str, value: usize) -> Result<usize> {
    if value == 0 { Err(Error::config(format!("{at}, {what}"), "at least 1", 0)) } else { Ok(value) }
}
