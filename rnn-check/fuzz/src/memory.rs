//! `peak ≤ factor · input + constant`: what a reader may ask of the machine.

/// What `read` returns; a reader that held more than `factor · len + constant` bytes at once has panicked before.
///
/// The memory that comes out counts as held.
pub fn within<R>(len: usize, factor: usize, constant: usize, read: impl FnOnce() -> R) -> R {
    let mut result = None;
    let used = allocation_counter::measure(|| result = Some(read()));
    let limit = (factor * len + constant) as u64;
    assert!(used.bytes_max <= limit, "{} bytes held for an input of {len}, allowed are {limit}", used.bytes_max);
    result.expect("it has just been set")
}
