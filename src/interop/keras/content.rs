//! `.keras | .h5 → HDF5 file, configuration, version`: the files in which Keras writes a model.

use super::hdf5::{File, LONGEST_TEXT};
use crate::error::{Error, Result};
use crate::interop::archive::Archive;
use crate::interop::{LoadOptions, Source};
use serde_json::Value;
use std::borrow::Cow;

/// What a file has.
pub(super) struct Content {
    /// The weights.
    pub file: File,
    /// The configuration of the model, as JSON.
    pub config: Option<String>,
    /// The version of Keras that wrote it.
    pub version: Option<String>,
}

impl Content {
    pub fn of(source: Source<'_>, options: &LoadOptions) -> Result<Self> {
        let (name, bytes) = source.bytes(options.max_bytes)?;
        if bytes.starts_with(b"PK") { Self::archive(name, bytes, options) } else { Self::hdf5(name, bytes, options) }
    }

    /// `.keras`: `config.json`, `metadata.json` and `model.weights.h5`.
    fn archive(name: String, bytes: Cow<'_, [u8]>, options: &LoadOptions) -> Result<Self> {
        let mut archive = Archive::new(name.clone(), bytes)?;
        let missing = |what: &str| Error::format(&*name, format!("an archive with {what}"), "one without");
        let text = |archive: &mut Archive<'_>, what: &str| {
            let bytes = archive.read(what, LONGEST_TEXT)?.ok_or_else(|| missing(what))?;
            String::from_utf8(bytes).map_err(|error| Error::format(format!("{name}, {what}"), "a text", error))
        };
        let config = text(&mut archive, "config.json")?;
        let metadata: Value = serde_json::from_str(&text(&mut archive, "metadata.json")?)
            .map_err(|error| Error::format(format!("{name}, metadata.json"), "JSON", error))?;
        let version = metadata.get("keras_version").and_then(Value::as_str).map(Into::into);
        let weights = archive.read(WEIGHTS, options.max_bytes)?.ok_or_else(|| missing(WEIGHTS))?;
        drop(archive);
        let file = File::open(format!("{name}, {WEIGHTS}"), weights, options.max_bytes)?;
        Ok(Self { file, config: Some(config), version })
    }

    fn hdf5(name: String, bytes: Cow<'_, [u8]>, options: &LoadOptions) -> Result<Self> {
        let mut own = Vec::new();
        let bytes = match bytes {
            Cow::Owned(bytes) => bytes,
            Cow::Borrowed(bytes) => {
                crate::memory::reserve(&name, &mut own, bytes.len())?;
                own.extend_from_slice(bytes);
                own
            }
        };
        let file = File::open(name, bytes, options.max_bytes)?;
        let root = file.root();
        let texts = root.texts()?;
        let (config, version) = (texts.one("model_config")?, texts.one("keras_version")?);
        drop(texts);
        Ok(Self { file, config, version })
    }
}

const WEIGHTS: &str = "model.weights.h5";
