//! A safetensors file into a network: whole or not at all.

use super::{CONFIG_KEY, Element};
use crate::error::{Error, Result, TensorMismatch};
use crate::file;
use crate::finite::{NonFinite, first_non_finite};
use crate::network::{Config, Network, ParameterBlock, Parameters};
use rnn_kernels::{Backend, Scalar};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use std::collections::HashSet;
use std::path::Path;

/// What a file may hold beyond finite numbers of the network's own type.
#[derive(Clone, Copy, Debug)]
pub struct LoadOptions {
    /// Whether `f32` and `f64` may be converted into each other.
    pub conversion: Conversion,
    /// Whether NaN and infinities are taken.
    pub non_finite: NonFinite,
    /// The longest file that is read, in bytes; longer ones are refused before memory is asked for.
    pub max_bytes: u64,
}

/// What becomes of a tensor in another number type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conversion {
    /// It is a mismatch.
    #[default]
    Refuse,
    /// `f32` is widened exactly, `f64` rounded to the nearest `f32`; other types are a mismatch.
    Allow,
}

/// What is read, and so what is written, by default.
pub(super) const MAX_BYTES: u64 = 8 << 30;

impl Default for LoadOptions {
    /// Nothing is converted, everything must be finite, files up to 8 GiB.
    fn default() -> Self {
        Self { conversion: Conversion::Refuse, non_finite: NonFinite::Refuse, max_bytes: MAX_BYTES }
    }
}

impl<T: Element, B: Backend<T> + ?Sized> Network<T, B> {
    /// Takes the parameters from a safetensors file, by name.
    ///
    /// # Errors
    /// [`Error::Tensors`] with every tensor that does not fit, [`Error::Format`] if the file is not safetensors, not a
    /// regular file or too long, [`Error::Io`] if it cannot be read, [`Error::Memory`] if it does not fit into memory. The network is then
    /// unchanged.
    pub fn load_safetensors(&mut self, path: impl AsRef<Path>, options: &LoadOptions) -> Result<()> {
        let path = path.as_ref();
        let bytes = read(path, options.max_bytes)?;
        let tensors = parse(path, &bytes)?;
        let mut loaded = self.gradients()?;
        let mismatches = fill(&mut loaded, &tensors, options);
        if !mismatches.is_empty() {
            return Err(Error::Tensors { path: path.display().to_string(), mismatches });
        }
        self.update(|parameters| parameters.copy_from_slice(&loaded));
        Ok(())
    }
}

/// The configuration that a file carries, if it carries one.
///
/// # Errors
/// [`Error::Format`] if the file is not safetensors, not a regular file, too long, or its configuration cannot be read, [`Error::Io`] if
/// it cannot be read at all.
pub fn read_config(path: impl AsRef<Path>, options: &LoadOptions) -> Result<Option<Config>> {
    let path = path.as_ref();
    let bytes = read(path, options.max_bytes)?;
    parse(path, &bytes)?;
    let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|error| not_safetensors(path, &error))?;
    let Some(text) = metadata.metadata().as_ref().and_then(|metadata| metadata.get(CONFIG_KEY)) else {
        return Ok(None);
    };
    let broken = |error| Error::format(format!("{}: {CONFIG_KEY}", path.display()), "a configuration", error);
    serde_json::from_str(text).map(Some).map_err(broken)
}

/// The tensors of the file into parameters of the same names; returns whatever does not fit.
fn fill<T: Element>(
    parameters: &mut Parameters<T>,
    tensors: &SafeTensors<'_>,
    options: &LoadOptions,
) -> Vec<TensorMismatch> {
    let mut mismatches = Vec::new();
    for k in 0..parameters.blocks().len() {
        let block = parameters.blocks()[k].clone();
        let values = &mut parameters[block.range()];
        match tensors.tensor(&block.name) {
            Err(_) => mismatches.push(TensorMismatch::Missing { name: block.name, expected: block.shape }),
            Ok(tensor) => mismatches.extend(fill_block(block, values, &tensor, options).err()),
        }
    }
    let mut unexpected: Vec<_> = tensors.iter().filter(|(name, _)| parameters.block(name).is_none()).collect();
    unexpected.sort_by_key(|&(name, _)| name);
    mismatches.extend(
        unexpected
            .into_iter()
            .map(|(name, tensor)| TensorMismatch::Unexpected { name: name.into(), found: tensor.shape().to_vec() }),
    );
    mismatches
}

fn fill_block<T: Element>(
    block: ParameterBlock,
    values: &mut [T],
    tensor: &TensorView<'_>,
    options: &LoadOptions,
) -> Result<(), TensorMismatch> {
    let name = block.name;
    if tensor.shape() != block.shape {
        return Err(TensorMismatch::Shape { name, expected: block.shape, found: tensor.shape().to_vec() });
    }
    let convert = options.conversion == Conversion::Allow;
    match tensor.dtype() {
        dtype if dtype == T::DTYPE => copy::<T, T>(values, tensor.data(), |value| value),
        Dtype::F32 if convert => copy::<f32, T>(values, tensor.data(), |value| T::from_f64(value.to_f64())),
        Dtype::F64 if convert => copy::<f64, T>(values, tensor.data(), T::from_f64),
        found => {
            return Err(TensorMismatch::Dtype { name, expected: T::DTYPE.to_string(), found: found.to_string() });
        }
    }
    let bad = first_non_finite(values).filter(|_| options.non_finite == NonFinite::Refuse);
    match bad {
        Some(index) => Err(TensorMismatch::NotFinite { name, index, found: values[index].to_f64() }),
        None => Ok(()),
    }
}

fn copy<U: Element, T>(values: &mut [T], bytes: &[u8], convert: impl Fn(U) -> T) {
    values.iter_mut().zip(bytes.chunks_exact(size_of::<U>())).for_each(|(to, from)| *to = convert(U::take(from)));
}

/// The whole file, whose kind and length are checked before it is read.
fn read(path: &Path, max_bytes: u64) -> Result<Vec<u8>> {
    let expected = format!("at most {max_bytes} bytes");
    file::read(path, max_bytes, |len| Error::format(path.display().to_string(), expected, format!("{len} bytes")))
}

fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<SafeTensors<'a>> {
    check_duplicates(path, bytes)?;
    SafeTensors::deserialize(bytes).map_err(|error| not_safetensors(path, &error))
}

fn not_safetensors(path: &Path, error: &safetensors::SafeTensorError) -> Error {
    Error::format(path.display().to_string(), "a whole safetensors file", error)
}

/// Two tensors of one name: the format forbids it, and a reader that keeps one of them would say nothing.
fn check_duplicates(path: &Path, bytes: &[u8]) -> Result<()> {
    // A header that is no header is left to the reader of the format, which says more about it.
    let Some((len, rest)) = bytes.split_first_chunk::<8>() else { return Ok(()) };
    let Some(header) = usize::try_from(u64::from_le_bytes(*len)).ok().and_then(|len| rest.get(..len)) else {
        return Ok(());
    };
    match serde_json::Deserializer::from_slice(header).deserialize_map(UniqueKeys) {
        Err(error) if error.to_string().contains(DUPLICATE) => {
            Err(Error::format(path.display().to_string(), "a different name for every tensor", error))
        }
        _ => Ok(()),
    }
}

const DUPLICATE: &str = "two tensors named";

struct UniqueKeys;

impl<'de> Visitor<'de> for UniqueKeys {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a map of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some((key, _)) = map.next_entry::<String, IgnoredAny>()? {
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom(format!("{DUPLICATE} `{key}`")));
            }
        }
        Ok(())
    }
}
