//! Any content behind the right lengths and digests, in both versions of the format.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rnn_fuzz::checkpoint::read;
use rnn_fuzz::frame::Fields;
use rnn_fuzz::seal::{Number, Part, version_1, version_2};

// The first byte chooses number type and version.
fuzz_target!(|input: &[u8]| {
    let Some((&choice, content)) = input.split_first() else { return };
    let number = if choice & 1 == 0 { Number::F32 } else { Number::F64 };
    let bytes = if choice & 2 == 0 { version_1(number, content) } else { version_2(number, &parts(content)) };
    match number {
        Number::F32 => read::<f32>(&bytes),
        Number::F64 => read::<f64>(&bytes),
    }
});

/// Names and contents by turns; a name begins with what a reader does that does not know it.
fn parts(content: &[u8]) -> Vec<Part<'_>> {
    let mut fields = Fields(content);
    let mut parts = Vec::new();
    while let (Some(name), Some(content)) = (fields.next(), fields.next()) {
        let (need, name) = name.split_first().map_or((0, name), |(need, name)| (*need, name));
        parts.push(Part { name: &name[..name.len().min(255)], need, content });
    }
    parts
}
