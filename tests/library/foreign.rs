//! What every reader of others' models owes: fixtures, an answer to every broken file, memory that the file justifies.

use allocation_counter::measure;
use recurrent::Result;
use serde_json::Value;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// A file of `tests/data`.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// A description beside the files.
pub fn json(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(data(name)).unwrap()).unwrap()
}

/// The numbers of nested arrays, row-major.
pub fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

/// How deep arrays are nested, and how long they are.
pub fn shape(value: &Value) -> Vec<usize> {
    value.as_array().map_or(Vec::new(), |list| {
        let inner = list.first().map_or(Vec::new(), shape);
        [vec![list.len()], inner].concat()
    })
}

/// An archive of Keras with other texts in the place of its configuration and of what it says of its version.
pub fn rewritten(path: &Path, change: impl Fn(String) -> String) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for k in 0..archive.len() {
        let mut content = archive.by_index(k).unwrap();
        let name = content.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).unwrap();
        if name == "config.json" || name == "metadata.json" {
            bytes = change(String::from_utf8(bytes).unwrap()).into_bytes();
        }
        let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        writer.start_file(name, stored).unwrap();
        writer.write_all(&bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// An archive of Keras whose configuration is changed.
pub fn reconfigured(path: &Path, change: impl Fn(&mut Value)) -> Vec<u8> {
    rewritten(path, |text| {
        let mut json: Value = serde_json::from_str(&text).unwrap();
        json.get_mut("config").into_iter().for_each(&change);
        json.to_string()
    })
}

/// `2⁻²⁴`, the largest relative error of a rounding to `f32`, and `2⁻⁵³`, that of one to `f64`.
pub const F32: f64 = f32::EPSILON as f64 / 2.0;
pub const F64: f64 = f64::EPSILON / 2.0;

/// How far two programs may be apart that compute the same numbers of about 1, layer after layer: one has the unit roundoff `u`, the other
/// at most that. Each number comes from a sum of at most `n` products, whose error is at most `γ_n ≈ n u` times the sum of their sizes, and
/// about 8 operations more. An error of the layer below, or of the step before, goes through a weight and a slope below 1, and adds no more
/// than once to that.
pub fn roundings(u: f64, n: usize, layers: usize) -> f64 {
    2.0 * u * ((n + 8) * layers) as f64
}

/// Room for messages and tables.
pub const CONSTANT: u64 = 1 << 16;

/// Reads every beginning of a file and every file in which one byte is another; `read` gives what a good file has, and `same` is whether
/// an answer has the structure of that. Whatever is read must be the same or an error, in memory of twice the file and what it decodes to.
///
/// Returns how many were errors. Every `step`-th byte is changed, in two ways.
pub fn survives<R>(
    bytes: &[u8],
    step: usize,
    memory: u64,
    read: impl Fn(&[u8]) -> Result<R>,
    same: impl Fn(&R) -> bool,
) -> usize {
    let mut errors = 0;
    let mut check = |what: String, bytes: &[u8]| {
        let mut result = None;
        let used = measure(|| result = Some(read(bytes))).bytes_max;
        assert!(used <= memory, "{what}: {used} bytes of memory, allowed are {memory}");
        match result.unwrap() {
            Ok(read) => assert!(same(&read), "{what}: another structure"),
            Err(error) => {
                assert!(!error.to_string().is_empty());
                errors += 1;
            }
        }
    };
    check("as it is".into(), bytes);
    for at in (0..bytes.len()).step_by(step) {
        check(format!("cut at {at}"), &bytes[..at]);
        for change in [1 << (at % 8), 0xff] {
            let mut changed = bytes.to_vec();
            changed[at] ^= change;
            check(format!("byte {at} changed by {change:#x}"), &changed);
        }
    }
    errors
}
