//! What every reader of others' models owes: fixtures, an answer to every broken file, memory that the file justifies.

use allocation_counter::measure;
use recurrent::Result;
use serde_json::Value;
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
