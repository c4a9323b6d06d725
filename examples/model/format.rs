//! Which format a file has, by its content.

use recurrent::error::{Error, Result};
use recurrent::interop::Source;
use recurrent::interop::onnx::{Limits, Model};
use serde_json::Value;
use std::fmt;
use std::io::Cursor;
use std::path::Path;

/// A format that is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Onnx,
    /// An archive of a model.
    Keras,
    /// A model, or weights alone.
    KerasHdf5,
    Safetensors,
    Npz,
    Rtneural,
    Nam,
    /// Of a number type, 1 of f32 and 2 of f64.
    Checkpoint(u8),
    Config,
}

const KNOWN: &str = "a model: ONNX, Keras (.keras, .h5, .weights.h5), safetensors, .npz, RTNeural, NAM, a checkpoint or a configuration";

/// What is known by its first bytes and not read here.
const OTHERS: [(usize, &[u8], &str); 9] = [
    (0, b"version https://git-lfs", "a pointer of Git LFS, whose file was not fetched: `git lfs pull` does"),
    (4, b"TFL3", "a model of TensorFlow Lite"),
    (0, b"GGUF", "a model in GGUF"),
    (0, b"\x1f\x8b", "something compressed by gzip"),
    (0, b"BZh", "something compressed by bzip2"),
    (0, b"<", "a page in HTML or XML"),
    (257, b"ustar", "a tar archive"),
    (0, b"\x80\x02", PICKLE),
    (0, b"\x80\x04", PICKLE),
];

const PICKLE: &str = "a pickle of Python, which is a program: save the state_dict as safetensors";

impl Format {
    /// The format of these bytes.
    ///
    /// # Errors
    /// [`Error::Format`] if it is none of those that are read here, with what it is if that is known.
    pub fn of(path: &Path, bytes: &[u8]) -> Result<Self> {
        let unknown = |found: String| Err(Error::format(path.display().to_string(), KNOWN, found));
        match bytes {
            [] => unknown("an empty file".into()),
            [0x89, b'H', b'D', b'F', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(Self::KerasHdf5),
            [0x89, b'R', b'N', b'N', b'\r', b'\n', 0x1a, b'\n', ..] => {
                Ok(Self::Checkpoint(bytes.get(12).copied().unwrap_or(1)))
            }
            [b'P', b'K', ..] => archive(path, bytes),
            [_, _, _, _, _, _, _, 0, b'{', ..] => Ok(Self::Safetensors),
            _ if begins_as_json(bytes) => json(path, bytes),
            _ => {
                let starts = |(at, with, _): &&(usize, &[u8], &str)| {
                    bytes.get(*at..).is_some_and(|bytes| bytes.starts_with(with))
                };
                if let Some((_, _, what)) = OTHERS.iter().find(starts) {
                    return unknown((*what).into());
                }
                // The version of the format is the first field of what every exporter writes.
                let named = Source::from(bytes).named(path.display().to_string());
                if bytes[0] == 0x08 || Model::read(named, &Limits::default()).is_ok() {
                    return Ok(Self::Onnx);
                }
                let first: Vec<_> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
                unknown(format!("bytes that begin with {}", first.join(" ")))
            }
        }
    }
}

fn begins_as_json(bytes: &[u8]) -> bool {
    bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

fn archive(path: &Path, bytes: &[u8]) -> Result<Format> {
    let path = || path.display().to_string();
    let archive = zip::ZipArchive::new(Cursor::new(bytes));
    let archive = archive.map_err(|error| Error::format(path(), "a zip archive", error))?;
    let names: Vec<_> = archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    if names.iter().any(|name| name == "config.json") {
        return Ok(Format::Keras);
    }
    if names.iter().all(|name| name.ends_with(".npy")) {
        return Ok(Format::Npz);
    }
    let pickled = names.iter().any(|name| name.ends_with("data.pkl"));
    let found = if pickled {
        format!("a file of PyTorch with {PICKLE}")
    } else {
        format!("an archive with {}", names.iter().take(3).cloned().collect::<Vec<_>>().join(", "))
    };
    Err(Error::format(path(), KNOWN, found))
}

fn json(path: &Path, bytes: &[u8]) -> Result<Format> {
    let path = || path.display().to_string();
    let model: Value = serde_json::from_slice(bytes).map_err(|error| Error::format(path(), "JSON", error))?;
    let has = |key: &str| model.get(key).is_some();
    match () {
        () if has("architecture") => Ok(Format::Nam),
        () if has("in_shape") => Ok(Format::Rtneural),
        () if has("input") => Ok(Format::Config),
        () if has("class_name") => {
            let found = "the configuration of a model of Keras, without its weights: save it as .keras";
            Err(Error::format(path(), KNOWN, found))
        }
        () => {
            let keys: Vec<_> = model.as_object().into_iter().flat_map(|map| map.keys().take(5).cloned()).collect();
            Err(Error::format(path(), KNOWN, format!("JSON with {}", keys.join(", "))))
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Onnx => "ONNX",
            Self::Keras | Self::KerasHdf5 => "Keras",
            Self::Safetensors => "safetensors",
            Self::Npz => "arrays of NumPy",
            Self::Rtneural => "RTNeural",
            Self::Nam => "Neural Amp Modeler",
            Self::Checkpoint(2) => "checkpoint, f64",
            Self::Checkpoint(_) => "checkpoint, f32",
            Self::Config => "configuration",
        })
    }
}
