//! A checkpoint that a reader accepted: it is one, and it is written and read again as it is.

use recurrent::checkpoint::{Checkpoint, Limits, Stored};

/// What an application might keep: a sequence, a map and a text, whose lengths a file could lie about.
type Application = (Vec<u8>, std::collections::BTreeMap<String, u64>, Option<String>);

/// Settings and errors: what a file of no numbers may cost.
const CONSTANT: usize = 64 << 10;

/// Reads `bytes` as a checkpoint of `T`, in memory of at most twice their length and a constant.
pub fn read<T: Stored>(bytes: &[u8]) {
    read_with::<T, ()>(bytes);
    read_with::<T, Application>(bytes);
}

fn read_with<T: Stored, A: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    let read = |bytes: &[u8]| Checkpoint::<T, A>::decode(bytes, Limits::default());
    let Ok(checkpoint) = crate::within(bytes.len(), 2, CONSTANT, || read(bytes)) else { return };
    if checkpoint.check().is_err() {
        return;
    }
    let again = checkpoint.encode(Limits::default()).expect("what was read can be written");
    assert_eq!(read(&again).expect("what was written can be read"), checkpoint);
    // The optimiser of a file goes on.
    let Checkpoint { mut parameters, mut optimiser, schedule, step, .. } = checkpoint;
    let gradients = vec![T::ONE; parameters.len()];
    let _ = optimiser.step(&mut parameters, &gradients, schedule.rate(step));
}
