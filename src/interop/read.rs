//! A safetensors file into a network: whole or not at all.

use super::element::copy;
use super::source::Opened;
use super::write::LONGEST_HEADER;
use super::{CONFIG_KEY, Element, Source};
use crate::cells::Cells;
use crate::error::{Error, Result, TensorMismatch};
use crate::finite::{NonFinite, first_non_finite};
use crate::network::{Config, Network, ParameterBlock, Parameters};
use rnn_kernels::{Backend, Scalar};
use safetensors::Dtype;
use safetensors::tensor::Metadata;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use std::collections::HashSet;
use std::sync::Arc;

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
    /// Takes the parameters from a safetensors file, by name, in memory of the parameters beside those that the network has.
    ///
    /// # Errors
    /// [`Error::Tensors`] with every tensor that does not fit, [`Error::Format`] if the file is not safetensors, not a
    /// regular file or too long, [`Error::Io`] if it cannot be read, [`Error::Memory`] if it does not fit into memory. The network is then
    /// unchanged.
    pub fn load_safetensors<'s>(&mut self, source: impl Into<Source<'s>>, options: &LoadOptions) -> Result<()> {
        let mut loaded = self.gradients()?;
        fill(&mut loaded, source.into(), options)?;
        self.update(|parameters| *parameters = loaded);
        Ok(())
    }

    /// The network of a configuration with the parameters of a safetensors file, in the memory of these: nothing is drawn, and numbers go
    /// from the file straight to where the network keeps them.
    ///
    /// # Errors
    /// Those of [`Network::with_backend_and_cells`] and of [`load_safetensors`](Self::load_safetensors).
    pub fn from_safetensors<'s>(
        source: impl Into<Source<'s>>,
        options: &LoadOptions,
        config: &Config,
        backend: impl Into<Arc<B>>,
        cells: &Cells,
    ) -> Result<Self> {
        Self::with_parameters(config, backend.into(), cells, |_, blocks| {
            let mut loaded = Parameters::zeros(blocks)?;
            fill(&mut loaded, source.into(), options)?;
            Ok(loaded)
        })
    }
}

/// The configuration that a file carries, if it carries one.
///
/// # Errors
/// [`Error::Format`] if the file is not safetensors, not a regular file, too long, or its configuration cannot be read, [`Error::Io`] if
/// it cannot be read at all.
pub fn read_config<'s>(source: impl Into<Source<'s>>, options: &LoadOptions) -> Result<Option<Config>> {
    let mut file = source.into().open(options.max_bytes)?;
    let header = header(&mut file)?;
    let Some(text) = header.metadata().as_ref().and_then(|metadata| metadata.get(CONFIG_KEY)) else {
        return Ok(None);
    };
    let broken = |error| Error::format(format!("{}: {CONFIG_KEY}", file.name()), "a configuration", error);
    serde_json::from_str(text).map(Some).map_err(broken)
}

/// The tensors of the file into parameters of the same names.
///
/// # Errors
/// If the file cannot be read or a tensor does not fit; the parameters may have changed then.
fn fill<T: Element>(parameters: &mut Parameters<T>, source: Source<'_>, options: &LoadOptions) -> Result<()> {
    let mut file = source.open(options.max_bytes)?;
    let header = header(&mut file)?;
    let blocks = parameters.blocks().to_vec();
    let mut mismatches: Vec<_> = blocks.iter().map(|block| mismatch::<T>(block, &header, options)).collect();
    let mut unexpected = Vec::new();
    // In the order of the file, which is read once.
    for name in header.offset_keys() {
        let Some(tensor) = header.info(&name) else { continue };
        let len = (tensor.data_offsets.1 - tensor.data_offsets.0) as u64;
        match blocks.iter().position(|block| block.name == name) {
            Some(k) if mismatches[k].is_none() => {
                let values = &mut parameters[blocks[k].range()];
                numbers(values, tensor.dtype, &mut file, len)?;
                let bad = first_non_finite(values).filter(|_| options.non_finite == NonFinite::Refuse);
                mismatches[k] =
                    bad.map(|index| TensorMismatch::NotFinite { name, index, found: values[index].to_f64() });
            }
            Some(_) => file.chunks(len, |_| ())?,
            None => {
                file.chunks(len, |_| ())?;
                unexpected.push((name, tensor.shape.clone()));
            }
        }
    }
    let path = file.name().to_string();
    file.finish()?;
    unexpected.sort();
    let unexpected = unexpected.into_iter().map(|(name, found)| TensorMismatch::Unexpected { name, found });
    let mismatches: Vec<_> = mismatches.into_iter().flatten().chain(unexpected).collect();
    if mismatches.is_empty() {
        return Ok(());
    }
    Err(Error::Tensors { path, mismatches })
}

/// What the header says of a tensor that does not fit.
fn mismatch<T: Element>(block: &ParameterBlock, header: &Metadata, options: &LoadOptions) -> Option<TensorMismatch> {
    let (name, expected) = (block.name.clone(), block.shape.clone());
    let Some(tensor) = header.info(&name) else { return Some(TensorMismatch::Missing { name, expected }) };
    if tensor.shape != expected {
        return Some(TensorMismatch::Shape { name, expected, found: tensor.shape.clone() });
    }
    let converted = options.conversion == Conversion::Allow && matches!(tensor.dtype, Dtype::F32 | Dtype::F64);
    let (expected, found) = (T::DTYPE.to_string(), tensor.dtype.to_string());
    (tensor.dtype != T::DTYPE && !converted).then_some(TensorMismatch::Dtype { name, expected, found })
}

/// So many bytes of the file, which are as many numbers of this type, chunk by chunk.
fn numbers<T: Element>(values: &mut [T], dtype: Dtype, file: &mut Opened<'_>, len: u64) -> Result<()> {
    let mut rest = values;
    file.chunks(len, |bytes| {
        let (here, after) = std::mem::take(&mut rest).split_at_mut(bytes.len() / (dtype.bitsize() / 8));
        match dtype {
            own if own == T::DTYPE => copy::<T, T>(here, bytes, |value| value),
            Dtype::F64 => copy::<f64, T>(here, bytes, T::from_f64),
            _ => copy::<f32, T>(here, bytes, |value| T::from_f64(value.to_f64())),
        }
        rest = after;
    })
}

/// The header of the file, whose tensors lie one after another in all the rest of it.
fn header(file: &mut Opened<'_>) -> Result<Metadata> {
    let name = file.name().to_string();
    let broken = |found: String| Error::format(&*name, "a whole safetensors file", found);
    let rest = file.len().checked_sub(8).ok_or_else(|| broken(format!("{} bytes", file.len())))?;
    let mut len = [0; 8];
    len.copy_from_slice(&file.bytes(8)?);
    let len = u64::from_le_bytes(len);
    if len > rest.min(LONGEST_HEADER as u64) {
        return Err(broken(format!("a header of {len} bytes in a file of {}", file.len())));
    }
    let bytes = file.bytes(len)?;
    check_duplicates(&name, &bytes)?;
    let header: Metadata = serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
    let data = header.data_len() as u64;
    if data != rest - len {
        return Err(broken(format!("tensors of {data} bytes in the {} behind the header", rest - len)));
    }
    Ok(header)
}

/// Two tensors of one name: the format forbids it, and a reader that keeps one of them would say nothing.
fn check_duplicates(name: &str, header: &[u8]) -> Result<()> {
    match serde_json::Deserializer::from_slice(header).deserialize_map(UniqueKeys) {
        Err(error) if error.to_string().contains(DUPLICATE) => {
            Err(Error::format(name, "a different name for every tensor", error))
        }
        // A header that is no header is left to the reader of the format, which says more about it.
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
