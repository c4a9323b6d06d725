//! `value ↔ content of a part`: numbers as they are in memory, settings as JSON, the application's value in bincode.

use super::compact::Compact;
use super::limits::SETTINGS;
use super::{CheckpointFault as Fault, Limits, Stored};
use crate::interop::element;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Settings as JSON: fields have names, so that a later version may add some.
///
/// Read once more before they are written, since JSON cannot hold every value: NaN becomes `null`.
pub(super) fn settings<V: Serialize + DeserializeOwned>(part: &'static str, value: &V) -> Result<Vec<u8>, Fault> {
    let mut bytes = Growing::new(part, SETTINGS);
    let written = serde_json::to_writer(&mut bytes, value);
    let bytes = bytes.finish(written)?;
    read_settings::<V>(part, &bytes)?;
    Ok(bytes)
}

/// Undoes [`settings`].
pub(super) fn read_settings<V: DeserializeOwned>(part: &'static str, bytes: &[u8]) -> Result<V, Fault> {
    let found = bytes.len() as u64;
    if found > SETTINGS {
        return Err(Fault::PartTooLarge { part: part.into(), limit: SETTINGS });
    }
    serde_json::from_slice(bytes).map_err(|error| Fault::Malformed { part: part.into(), found: error.to_string() })
}

/// Any value that serde knows in bincode 2 with its standard configuration, which keeps every number with its bits.
///
/// Read once more before it is written: a type may write what it cannot read.
pub(super) fn value<V: Serialize + DeserializeOwned>(
    part: &'static str,
    value: &V,
    limits: Limits,
) -> Result<Vec<u8>, Fault> {
    let mut bytes = Growing::new(part, limits.bytes);
    let written = bincode::serde::encode_into_writer(value, &mut bytes, bincode::config::standard());
    let bytes = bytes.finish(written)?;
    read_value::<V>(part, &bytes)?;
    Ok(bytes)
}

/// Undoes [`value`].
pub(super) fn read_value<V: DeserializeOwned>(part: &'static str, bytes: &[u8]) -> Result<V, Fault> {
    let mut compact = Compact::new(part, bytes);
    let value = compact.value()?;
    compact.finish()?;
    Ok(value)
}

/// The numbers of a part.
pub(super) fn read_numbers<T: Stored>(part: &'static str, bytes: &[u8]) -> Result<Vec<T>, Fault> {
    if !bytes.len().is_multiple_of(size_of::<T>()) {
        let found = format!("{} bytes, which are no whole numbers", bytes.len());
        return Err(Fault::Malformed { part: part.into(), found });
    }
    element::numbers(bytes).ok_or_else(|| Fault::Memory { part: part.into(), bytes: bytes.len() as u64 })
}

/// Bytes that grow up to a limit, in memory that may run out.
struct Growing {
    part: &'static str,
    limit: u64,
    bytes: Vec<u8>,
    fault: Option<Fault>,
}

impl Growing {
    fn new(part: &'static str, limit: u64) -> Self {
        Self { part, limit, bytes: Vec::new(), fault: None }
    }

    fn push(&mut self, more: &[u8]) -> Result<(), &'static str> {
        let part = self.part.into();
        let needed = self.bytes.len() as u64 + more.len() as u64;
        if needed > self.limit {
            self.fault = Some(Fault::PartTooLarge { part, limit: self.limit });
            return Err("too large");
        }
        if self.bytes.try_reserve(more.len()).is_err() {
            self.fault = Some(Fault::Memory { part, bytes: needed });
            return Err("out of memory");
        }
        self.bytes.extend_from_slice(more);
        Ok(())
    }

    /// The bytes, if nothing went wrong; its own fault, which serialisers do not carry, comes first.
    fn finish<E: std::fmt::Display>(self, written: Result<(), E>) -> Result<Vec<u8>, Fault> {
        match (self.fault, written) {
            (Some(fault), _) => Err(fault),
            (None, Err(error)) => Err(Fault::Malformed { part: self.part.into(), found: error.to_string() }),
            (None, Ok(())) => Ok(self.bytes),
        }
    }
}

impl std::io::Write for Growing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.push(bytes).map_err(std::io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl bincode::enc::write::Writer for Growing {
    fn write(&mut self, bytes: &[u8]) -> Result<(), bincode::error::EncodeError> {
        self.push(bytes).map_err(bincode::error::EncodeError::Other)
    }
}
