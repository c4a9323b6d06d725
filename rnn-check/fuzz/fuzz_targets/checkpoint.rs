//! Any bytes as a checkpoint.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rnn_fuzz::checkpoint::read;

fuzz_target!(|bytes: &[u8]| {
    read::<f32>(bytes);
    read::<f64>(bytes);
});
