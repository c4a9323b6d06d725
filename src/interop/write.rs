//! A network as a safetensors file.

use super::read::{LONGEST_HEADER, MAX_BYTES};
use super::{CONFIG_KEY, Element};
use crate::error::{Error, Result, TensorMismatch};
use crate::file::write_atomically;
use crate::finite::{NonFinite, first_non_finite};
use crate::network::{Config, Network, Parameters};
use rnn_kernels::Backend;
use safetensors::tensor::{Metadata as Header, TensorInfo};
use std::collections::HashMap;
use std::path::Path;

/// What a file says besides its tensors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Metadata {
    /// Nothing: the bytes are those PyTorch's `save_file` would write.
    #[default]
    None,
    /// The configuration of the network, as JSON: [`read_config`](super::read_config) finds it.
    Config,
}

/// What is written. A [`Metadata`] alone stands for the other options at their defaults.
///
/// What [`LoadOptions`](super::LoadOptions) refuse to load by default is by default not written.
#[derive(Clone, Copy, Debug)]
pub struct SaveOptions {
    /// What the file says besides its tensors.
    pub metadata: Metadata,
    /// Whether NaN and infinities are written.
    pub non_finite: NonFinite,
    /// The longest file that is written, in bytes.
    pub max_bytes: u64,
}

impl Default for SaveOptions {
    /// Tensors alone, all finite, files up to 8 GiB.
    fn default() -> Self {
        Self { metadata: Metadata::None, non_finite: NonFinite::Refuse, max_bytes: MAX_BYTES }
    }
}

impl From<Metadata> for SaveOptions {
    fn from(metadata: Metadata) -> Self {
        Self { metadata, ..Self::default() }
    }
}

impl<T: Element, B: Backend<T> + ?Sized> Network<T, B> {
    /// Writes the parameters to a safetensors file, bit for bit, under PyTorch's names, in memory of the size of the file.
    /// It is written as [`write_atomically`] does.
    ///
    /// # Errors
    /// If the file could not be loaded again with the same options: [`Error::Tensors`] with the first number of every
    /// tensor that is not finite, [`Error::Format`] if the file would be too long. [`Error::Memory`]; [`Error::Io`] or
    /// [`Error::Format`] if it cannot be written. What was at `path` before is untouched then, but for
    /// [`Error::Replaced`].
    pub fn save_safetensors(&self, path: impl AsRef<Path>, options: impl Into<SaveOptions>) -> Result<()> {
        let (path, options) = (path.as_ref(), options.into());
        let mismatches = not_finite(self.parameters());
        if options.non_finite == NonFinite::Refuse && !mismatches.is_empty() {
            return Err(Error::Tensors { path: path.display().to_string(), mismatches });
        }
        write_atomically(path, &encode(path, self.parameters(), self.config(), options)?)
    }
}

/// The first number of every tensor that is not finite.
fn not_finite<T: Element>(parameters: &Parameters<T>) -> Vec<TensorMismatch> {
    let of_block = |block: &crate::network::ParameterBlock| {
        let values = &parameters[block.range()];
        let index = first_non_finite(values)?;
        Some(TensorMismatch::NotFinite { name: block.name.clone(), index, found: values[index].to_f64() })
    };
    parameters.blocks().iter().filter_map(of_block).collect()
}

/// `length of the header | header, JSON | numbers`: the bytes that `safetensors::serialize` gives, which asks for memory
/// in a way that ends the program where there is none.
fn encode<T: Element>(
    path: &Path,
    parameters: &Parameters<T>,
    config: &Config,
    options: SaveOptions,
) -> Result<Vec<u8>> {
    let what = || path.display().to_string();
    let broken = |error: &dyn std::fmt::Display| Error::format(what(), "tensors that can be written", error);
    // Of one number type, tensors are in the order of their names.
    let mut blocks: Vec<_> = parameters.blocks().iter().collect();
    blocks.sort_by(|a, b| a.name.cmp(&b.name));
    let mut end = 0;
    let tensors = blocks.iter().map(|block| {
        let start = end;
        end += block.len() * size_of::<T>();
        (block.name.clone(), TensorInfo { dtype: T::DTYPE, shape: block.shape.clone(), data_offsets: (start, end) })
    });
    let tensors: Vec<_> = tensors.collect();
    let metadata = match options.metadata {
        Metadata::None => None,
        Metadata::Config => {
            let config = serde_json::to_string(config).map_err(|error| broken(&error))?;
            // NaN becomes `null` in JSON, which is not read again.
            serde_json::from_str::<Config>(&config).map_err(|error| broken(&error))?;
            Some(HashMap::from([(CONFIG_KEY.to_string(), config)]))
        }
    };
    let header = Header::new(metadata, tensors).map_err(|error| broken(&error))?;
    let mut header = serde_json::to_string(&header).map_err(|error| broken(&error))?.into_bytes();
    header.resize(header.len().next_multiple_of(size_of::<u64>()), b' ');

    let len = size_of::<u64>() + header.len() + end;
    if len as u64 > options.max_bytes {
        return Err(Error::format(what(), format!("at most {} bytes", options.max_bytes), format!("{len} bytes")));
    }
    if header.len() > LONGEST_HEADER {
        return Err(broken(&format!("a header of {} bytes where {LONGEST_HEADER} are read", header.len())));
    }
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| Error::Memory { what: what(), bytes: len })?;
    bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&header);
    blocks.iter().for_each(|block| super::element::append(&mut bytes, &parameters[block.range()]));
    Ok(bytes)
}
