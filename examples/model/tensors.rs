//! `files ↔ named arrays`: what a model is given, and what it gives.

use recurrent::error::{Error, Result};
use recurrent::file::write_atomically;
use recurrent::graph::{Data, InputInfo, Kind, Tensor};
use recurrent::interop::npz::{read_tensors, write_tensors};
use recurrent::interop::onnx::{read_tensor, write_tensor};
use recurrent::interop::{Conversion, LoadOptions, Source};
use std::path::Path;

/// An array and its name.
pub type Named = (String, Tensor);

/// The arrays of files: each a `.npz`, or one `TensorProto` as `NAME=FILE`.
///
/// # Errors
/// If one cannot be read.
pub fn read(arguments: &[String]) -> Result<Vec<Named>> {
    let mut tensors = Vec::new();
    for text in arguments {
        let whole = Path::new(text).exists();
        let (name, path) =
            text.split_once('=').filter(|_| !whole).map_or((None, &**text), |(name, path)| (Some(name), path));
        let bytes = std::fs::read(path).map_err(|source| Error::io("reading", path, source))?;
        let mut found = if bytes.starts_with(b"PK") {
            let load = LoadOptions { conversion: Conversion::Allow, ..LoadOptions::default() };
            read_tensors(Source::from(&bytes).named(path), &load)?
        } else {
            let in_file = |error| Error::format(path, "an archive of arrays (.npz), or a TensorProto of ONNX", error);
            vec![(String::new(), read_tensor(&bytes).map_err(in_file)?)]
        };
        if let (Some(name), [(only, _)]) = (name, &mut found[..]) {
            *only = name.into();
        } else if let Some(name) = name {
            return Err(Error::format(path, format!("one array, for {name}"), format!("{} of them", found.len())));
        }
        tensors.extend(found);
    }
    Ok(tensors)
}

/// Those that a model reads, in its order: by their names, and if the model has one input, the first whatever its name.
///
/// # Errors
/// [`Error::Format`] if one is missing or left over.
pub fn ordered(inputs: &[InputInfo], given: Vec<Named>) -> Result<Vec<Tensor>> {
    let mut given: Vec<_> = given.into_iter().map(Some).collect();
    let names = |tensors: &[Option<Named>]| {
        let names: Vec<_> = tensors.iter().flatten().map(|(name, tensor)| described(name, tensor)).collect();
        if names.is_empty() { "none".into() } else { names.join(", ") }
    };
    let mut taken = Vec::new();
    for input in inputs {
        let named = given.iter().position(|tensor| tensor.as_ref().is_some_and(|(name, _)| *name == input.name));
        let first = if inputs.len() == 1 && !given.is_empty() { Some(0) } else { None };
        let Some((_, tensor)) = named.or(first).and_then(|k| given[k].take()) else {
            let expected = format!("an array {}", crate::inspect::described(input));
            return Err(Error::format(format!("input `{}`", input.name), expected, names(&given)));
        };
        taken.push(as_kind(&input.name, tensor, input.kind)?);
    }
    // An archive may have more than a model with one input reads.
    if inputs.len() > 1 && given.iter().any(Option::is_some) {
        let expected = inputs.iter().map(|input| &*input.name).collect::<Vec<_>>().join(", ");
        return Err(Error::format("inputs", format!("no others than {expected}"), names(&given)));
    }
    Ok(taken)
}

/// The same numbers as another kind, if every one of them is one of that.
pub fn as_kind(name: &str, tensor: Tensor, kind: Kind) -> Result<Tensor> {
    if tensor.kind() == kind {
        return Ok(tensor);
    }
    let wrong = || Error::format(format!("input `{name}`"), format!("numbers of {kind}"), tensor.kind());
    let whole: Vec<i64> = match tensor.data() {
        Data::I64(x) => x.clone(),
        Data::I32(x) => x.iter().map(|&x| x.into()).collect(),
        Data::Bool(x) => x.iter().map(|&x| x.into()).collect(),
        _ => return Err(wrong()),
    };
    let shape = tensor.shape();
    match kind {
        Kind::I64 => Tensor::i64(shape, whole),
        Kind::I32 => {
            let narrow = whole.iter().map(|&x| i32::try_from(x)).collect::<Result<Vec<_>, _>>();
            Tensor::i32(shape, narrow.map_err(|_| wrong())?)
        }
        #[expect(clippy::cast_precision_loss, reason = "whole numbers as real ones, the nearest")]
        Kind::F32 => Tensor::f32(shape, whole.iter().map(|&x| x as f32).collect::<Vec<_>>()),
        Kind::Bool => Tensor::bool(shape, whole.iter().map(|&x| x != 0).collect::<Vec<_>>()),
        _ => Err(wrong()),
    }
}

/// Writes arrays to a `.npz`, or each as a `TensorProto` to a folder.
///
/// # Errors
/// If they cannot be written.
pub fn write(output: &Path, tensors: &[Named]) -> Result<()> {
    if output.extension().is_some_and(|ending| ending == "npz") {
        let archive = write_tensors(tensors.iter().map(|(name, tensor)| (&**name, tensor)))?;
        return write_atomically(output, &archive);
    }
    if !output.is_dir() {
        return Err(Error::format("--output", "a file ending in .npz, or a folder that exists", output.display()));
    }
    for (k, (name, tensor)) in tensors.iter().enumerate() {
        write_atomically(output.join(format!("output_{k}.pb")), &write_tensor(name, tensor)?)?;
    }
    Ok(())
}

/// `x f32 [2, 3]`.
pub fn described(name: &str, tensor: &Tensor) -> String {
    let name = if name.is_empty() { "one without a name" } else { name };
    format!("{name} {} {:?}", tensor.kind(), tensor.shape())
}
