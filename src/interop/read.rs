//! A safetensors file into a network: whole or not at all.

use super::element::Kind;
use super::fill::{Described, Filling, LoadReport};
use super::source::Opened;
use super::{CONFIG_KEY, Element, Source};
use crate::cells::Cells;
use crate::error::{Error, Result};
use crate::finite::NonFinite;
use crate::network::{Config, Network, Parameters};
use rnn_kernels::Backend;
use safetensors::tensor::{Metadata, TensorInfo};
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use std::collections::HashSet;
use std::sync::Arc;

/// What a file may hold besides finite numbers of the network's own type, and how long it may be.
#[derive(Clone, Copy, Debug)]
pub struct LoadOptions {
    /// Whether numbers of other types may be converted.
    pub conversion: Conversion,
    /// Whether NaN and infinities are taken.
    pub non_finite: NonFinite,
    /// Whether a file may have more or fewer tensors than the network has parameters.
    pub partial: Partial,
    /// The longest file that is read, in bytes; longer ones are refused before memory is asked for. This is also the limit for what is
    /// compressed in a file, and for the weights of a file of Keras.
    pub max_bytes: u64,
}

/// What becomes of a tensor in another number type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conversion {
    /// It is a mismatch.
    #[default]
    Refuse,
    /// `f16`, `bf16` and `f32` are widened exactly, `f64` and `i64` rounded to the nearest; other types are a mismatch.
    Allow,
}

/// What becomes of tensors without a parameter, and of parameters without a tensor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Partial {
    /// They are mismatches.
    #[default]
    Refuse,
    /// Such tensors are left over, such parameters keep their values, and the [report](super::LoadReport) names both. A tensor of another
    /// shape or type than its parameter stays a mismatch.
    Allow,
}

/// What is read, and so what is written, by default.
pub(super) const MAX_BYTES: u64 = 8 << 30;
/// The crate safetensors reads no longer header, so none is written.
pub(super) const LONGEST_HEADER: usize = 100_000_000;

impl Default for LoadOptions {
    /// Nothing is converted, everything must be there and finite, files up to 8 GiB.
    fn default() -> Self {
        let (conversion, non_finite, partial) = (Conversion::Refuse, NonFinite::Refuse, Partial::Refuse);
        Self { conversion, non_finite, partial, max_bytes: MAX_BYTES }
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
        self.load_safetensors_as(source, options, |name| Some(name.into())).map(drop)
    }

    /// The same of a file with other names: `names` says which parameter a tensor is, `None` that it is left over. Returns what was taken;
    /// with [`Partial::Allow`] that may be a part.
    ///
    /// ```
    /// # #[cfg(feature = "_backend")]
    /// # fn main() -> recurrent::Result<()> {
    /// use recurrent::interop::{LoadOptions, Metadata, Partial};
    /// use recurrent::network::{Config, Network, RecurrentSpec};
    ///
    /// let config = Config::features(3).recurrent(RecurrentSpec::gru(4).named("encoder.rnn"));
    /// let whole = Network::<f32>::new(&config.clone().softmax(5), 1)?;
    /// let path = std::env::temp_dir().join("whole.safetensors");
    /// whole.save_safetensors(&path, Metadata::None)?;
    ///
    /// // torch: self.load_state_dict({k.removeprefix("encoder."): v for k, v in state.items()}, strict=False)
    /// let mut part = Network::<f32>::new(&Config::features(3).recurrent(RecurrentSpec::gru(4)).linear(1), 2)?;
    /// let options = LoadOptions { partial: Partial::Allow, ..LoadOptions::default() };
    /// let report = part.load_safetensors_as(&path, &options, |name| name.strip_prefix("encoder.").map(Into::into))?;
    /// assert_eq!((report.taken.len(), &report.missing[..]), (4, &["head.weight".to_string(), "head.bias".into()][..]));
    /// assert_eq!(report.left_over, ["head.bias", "head.weight"]);
    /// # std::fs::remove_file(&path).ok();
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "_backend"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// Those of [`load_safetensors`](Self::load_safetensors); [`TensorMismatch::Twice`](crate::error::TensorMismatch::Twice) if two tensors
    /// are to be one parameter.
    pub fn load_safetensors_as<'s>(
        &mut self,
        source: impl Into<Source<'s>>,
        options: &LoadOptions,
        mut names: impl FnMut(&str) -> Option<String>,
    ) -> Result<LoadReport> {
        self.load_with(options, |loaded| fill(loaded, source.into(), options, &mut names))
    }

    /// Changes all parameters at once, to what `fill` makes of their values, or of zeros if all of them are to be filled.
    pub(super) fn load_with<R>(
        &mut self,
        options: &LoadOptions,
        fill: impl FnOnce(&mut Parameters<T>) -> Result<R>,
    ) -> Result<R> {
        let mut loaded = self.gradients()?;
        if options.partial == Partial::Allow {
            loaded.iter_mut().zip(&self.parameters()[..]).for_each(|(to, &from)| *to = from);
        }
        let report = fill(&mut loaded)?;
        self.update(|parameters| *parameters = loaded);
        Ok(report)
    }

    /// The network of a configuration with the parameters of a safetensors file, in the memory of these: nothing is drawn, and numbers go
    /// from the file straight to where the network keeps them. What is missing is an error in any case, since it would have no values.
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
            let source = source.into();
            let name = source.name();
            let report = fill(&mut loaded, source, options, &mut |name| Some(name.into()))?;
            report.expect_whole(&name, &loaded)?;
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

/// The tensors of the file into the parameters that `names` says.
///
/// # Errors
/// If the file cannot be read or a tensor does not fit; the parameters may have changed then.
fn fill<T: Element>(
    parameters: &mut Parameters<T>,
    source: Source<'_>,
    options: &LoadOptions,
    names: &mut dyn FnMut(&str) -> Option<String>,
) -> Result<LoadReport> {
    let mut file = source.open(options.max_bytes)?;
    let header = header(&mut file)?;
    let mut filling = Filling::new(parameters, options);
    // In the order of the file, which is read once.
    for name in header.offset_keys() {
        let Some(TensorInfo { dtype, shape, data_offsets: (start, end) }) = header.info(&name) else { continue };
        let len = (end - start) as u64;
        let (kind, dtype) = (Kind::of_dtype(*dtype), dtype.to_string());
        match filling.place(&Described { name: &name, shape, dtype: &dtype, kind }, names(&name)) {
            None => file.chunks(len, |_| ())?,
            Some((place, kind)) => {
                numbers(filling.values(place), kind, &mut file, len)?;
                filling.examine(place);
            }
        }
    }
    let path = file.name().to_string();
    file.finish()?;
    filling.finish(&path)
}

/// So many bytes of the file, which are as many numbers of this type, chunk by chunk.
fn numbers<T: Element>(values: &mut [T], kind: Kind, file: &mut Opened<'_>, len: u64) -> Result<()> {
    let mut values = values.iter_mut();
    file.chunks(len, |bytes| {
        kind.each(bytes, |number| values.next().into_iter().for_each(|value| *value = number));
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
