//! Any text as the JSON of a configuration, then the network of it.
#![no_main]

use arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use recurrent::Config;

fuzz_target!(|text: &[u8]| {
    let Ok(config) = rnn_fuzz::within(text.len(), 32, 64 << 10, || serde_json::from_slice::<Config>(text)) else {
        return;
    };
    let written = serde_json::to_vec(&config).expect("a configuration is JSON");
    // Not compared with `config`: JSON has no NaN, which a gain might be.
    let _ = serde_json::from_slice::<Config>(&written);
    // The text once more, as the numbers of a batch.
    let _ = rnn_fuzz::pass::run(&config, &mut Unstructured::new(text));
});
