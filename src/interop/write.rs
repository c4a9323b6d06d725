//! A network as a safetensors file.

use super::{CONFIG_KEY, Element};
use crate::checkpoint::write_atomically;
use crate::error::{Error, Result};
use crate::network::Network;
use rnn_kernels::Backend;
use safetensors::tensor::TensorView;
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

impl<T: Element, B: Backend<T> + ?Sized> Network<T, B> {
    /// Writes the parameters to a safetensors file, bit for bit, under PyTorch's names. The file is replaced at once or
    /// not at all.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written.
    pub fn save_safetensors(&self, path: impl AsRef<Path>, metadata: Metadata) -> Result<()> {
        let path = path.as_ref();
        let broken = |error: &dyn std::fmt::Display| {
            Error::format(path.display().to_string(), "tensors that can be written", error)
        };
        let parameters = self.parameters();
        let mut bytes = Vec::with_capacity(size_of_val::<[T]>(parameters));
        parameters.iter().for_each(|value| value.put(&mut bytes));
        let tensors = parameters.blocks().iter().map(|block| {
            let range = block.offset * size_of::<T>()..(block.offset + block.len()) * size_of::<T>();
            Ok((&block.name, TensorView::new(T::DTYPE, block.shape.clone(), &bytes[range])?))
        });
        let tensors =
            tensors.collect::<Result<Vec<_>, safetensors::SafeTensorError>>().map_err(|error| broken(&error))?;
        let metadata = match metadata {
            Metadata::None => None,
            Metadata::Config => {
                let config = serde_json::to_string(self.config()).map_err(|error| broken(&error))?;
                Some(HashMap::from([(CONFIG_KEY.to_string(), config)]))
            }
        };
        let file = safetensors::serialize(tensors, metadata).map_err(|error| broken(&error))?;
        write_atomically(path, &file)
    }
}
