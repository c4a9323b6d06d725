//! Any bytes, and any header with the right length, as safetensors for a small network and as its configuration.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recurrent::NonFinite;
use recurrent::backend::Naive;
use recurrent::interop::{Conversion, LoadOptions, read_config};
use recurrent::network::{Config, Network, RecurrentSpec};
use rnn_fuzz::frame::Fields;
use std::path::PathBuf;
use std::sync::LazyLock;

/// In memory where the system has such a folder.
static PATH: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
    folder.join(format!("rnn-fuzz-{}.safetensors", std::process::id()))
});

// The first byte chooses: a file as it is, or a header and data.
fuzz_target!(|input: &[u8]| {
    let bytes = match input.split_first() {
        Some((&choice, rest)) if choice & 1 == 1 => {
            let mut fields = Fields(rest);
            let header = fields.next().unwrap_or_default();
            [&(header.len() as u64).to_le_bytes(), header, fields.0].concat()
        }
        Some((_, bytes)) => bytes.to_vec(),
        None => return,
    };
    std::fs::write(&*PATH, &bytes).expect("the folder can be written to");
    let config = Config::one_hot(2).recurrent(RecurrentSpec::elman(1, Default::default())).softmax(2);
    let mut network = Network::<f32, _>::with_backend(&config, 0, Naive).expect("small");
    let before = network.parameters().to_vec();
    for conversion in [Conversion::Refuse, Conversion::Allow] {
        let options = LoadOptions { conversion, non_finite: NonFinite::Refuse, ..LoadOptions::default() };
        // A tensor of the header takes as little as 50 bytes of it, and several times that as a name, a shape, an entry of
        // a map and a message.
        match rnn_fuzz::within(bytes.len(), 16, 64 << 10, || network.load_safetensors(&*PATH, &options)) {
            Ok(()) => assert!(network.parameters().iter().all(|value| value.is_finite())),
            Err(error) => {
                assert_eq!(network.parameters().to_vec(), before, "changed by a file that is refused: {error}");
            }
        }
        let restored = network.update(|parameters| parameters.copy_from_flat(&before));
        restored.expect("its own parameters");
    }
    let _ = rnn_fuzz::within(bytes.len(), 16, 64 << 10, || read_config(&*PATH, &LoadOptions::default()));
});
