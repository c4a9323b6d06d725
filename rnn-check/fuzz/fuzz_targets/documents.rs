//! Any bytes as each of the documents rnn-check reads: reports, matrices, measurements; and sections of a text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rnn_check::{Report, activation, document, matrix::KillMatrix, power};
use serde::{Serialize, de::DeserializeOwned};

fuzz_target!(|bytes: &[u8]| {
    if let Some(report) = again::<Report>(bytes) {
        let _ = (report.to_string(), report.passes());
    }
    if let Some(matrix) = again::<KillMatrix>(bytes) {
        let _ = (matrix.markdown(), matrix.passes());
    }
    if let Some(floors) = again::<Vec<power::Sharpness>>(bytes) {
        let _ = power::markdown(&floors);
    }
    if let Some(table) = again::<activation::Table>(bytes) {
        let _ = table.to_string();
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (name, body) = text.split_once('\n').unwrap_or((text, ""));
    if let Ok(replaced) = document::replace(body, name, text) {
        let _ = document::difference(&replaced, name, text);
    }
});

/// What is read, after it was written and read once more.
fn again<D: Serialize + DeserializeOwned>(bytes: &[u8]) -> Option<D> {
    let read = serde_json::from_slice::<D>(bytes).ok()?;
    let written = serde_json::to_vec(&read).expect("a document is JSON");
    serde_json::from_slice(&written).ok()
}
