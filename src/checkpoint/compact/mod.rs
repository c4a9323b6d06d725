//! What bincode 2 writes with its standard configuration, read without trusting a length before its data.
//!
//! bincode's own reader asks for the memory of a text before it looks whether that text is there: a file of 65 bytes made
//! it ask for two gigabytes. This one takes texts and numbers from the bytes that are there, and of a sequence expects
//! no more elements than bytes are left. Nothing nests deeper than 128 levels.
//!
//! Integers wider than a byte are one byte up to 250; 251, 252, 253 and 254 announce 2, 4, 8 and 16 little-endian
//! bytes. Signed ones are folded: 0, −1, 1, −2 … are 0, 1, 2, 3 …. Lengths and variants are such integers.

mod values;

use super::{CheckpointFault as Fault, Stored};
use crate::interop::element;
use serde::de::{self, Deserialize};

/// How deep values may nest: a deeper one would exhaust the stack.
const DEPTH: usize = 128;

/// A reader of one field after the other.
pub(super) struct Compact<'de> {
    part: &'static str,
    rest: &'de [u8],
    depth: usize,
}

/// What is wrong with the bytes.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(in crate::checkpoint) struct Broken(String);

impl de::Error for Broken {
    fn custom<M: std::fmt::Display>(message: M) -> Self {
        Self(message.to_string())
    }
}

pub(in crate::checkpoint) type Result<T, E = Broken> = std::result::Result<T, E>;

impl<'de> Compact<'de> {
    /// `part` is what messages call the bytes.
    pub fn new(part: &'static str, bytes: &'de [u8]) -> Self {
        Self { part, rest: bytes, depth: 0 }
    }

    fn malformed(&self, found: impl ToString) -> Fault {
        Fault::Malformed { part: self.part.into(), found: found.to_string() }
    }

    /// The next value.
    pub fn value<V: Deserialize<'de>>(&mut self) -> Result<V, Fault> {
        V::deserialize(&mut *self).map_err(|error| self.malformed(error))
    }

    /// The next value, a sequence of numbers, in memory of exactly its size.
    pub fn numbers<T: Stored>(&mut self) -> Result<Vec<T>, Fault> {
        let bytes = self.length().and_then(|len| self.take(len.saturating_mul(size_of::<T>())));
        let bytes = bytes.map_err(|error| self.malformed(error))?;
        element::numbers(bytes).ok_or_else(|| Fault::Memory { part: self.part.into(), bytes: bytes.len() as u64 })
    }

    /// `Ok` if that was all.
    pub fn finish(self) -> Result<(), Fault> {
        let rest = self.rest.len();
        if rest == 0 { Ok(()) } else { Err(self.malformed(format!("{rest} bytes after the last field"))) }
    }

    fn take(&mut self, len: usize) -> Result<&'de [u8]> {
        let (taken, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or_else(|| Broken(format!("a field of {len} bytes where {} are left", self.rest.len())))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn unsigned<U: TryFrom<u128>>(&mut self) -> Result<U> {
        let wide = match self.array::<1>()? {
            [byte @ 0..=250] => byte.into(),
            [251] => u16::from_le_bytes(self.array()?).into(),
            [252] => u32::from_le_bytes(self.array()?).into(),
            [253] => u64::from_le_bytes(self.array()?).into(),
            [254] => u128::from_le_bytes(self.array()?),
            [255] => return Err(Broken("an integer that begins with 255".into())),
        };
        U::try_from(wide).map_err(|_| Broken(format!("{wide}, which its type does not hold")))
    }

    fn signed<I: TryFrom<i128>>(&mut self) -> Result<I> {
        let folded: u128 = self.unsigned()?;
        let half = (folded >> 1).cast_signed();
        let wide = if folded.is_multiple_of(2) { half } else { !half };
        I::try_from(wide).map_err(|_| Broken(format!("{wide}, which its type does not hold")))
    }

    /// A length in elements or bytes.
    fn length(&mut self) -> Result<usize> {
        self.unsigned()
    }

    fn text(&mut self) -> Result<&'de str> {
        let len = self.length()?;
        std::str::from_utf8(self.take(len)?).map_err(de::Error::custom)
    }

    /// One level deeper and back.
    fn nested<V>(&mut self, read: impl FnOnce(&mut Self) -> Result<V>) -> Result<V> {
        if self.depth >= DEPTH {
            return Err(Broken(format!("values nested deeper than {DEPTH} levels")));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }
}

#[cfg(test)]
mod tests {
    use super::Compact;
    use serde::{Serialize, de::DeserializeOwned};
    use std::collections::BTreeMap;
    use std::fmt::Debug;

    /// What bincode writes of a value is read as that value, to the last byte.
    fn comes_back<V: Serialize + DeserializeOwned + PartialEq + Debug>(value: V) {
        let bytes = bincode::serde::encode_to_vec(&value, bincode::config::standard()).unwrap();
        let mut from = Compact::new("part", &bytes);
        assert_eq!(from.value::<V>().unwrap(), value);
        from.finish().unwrap();
    }

    #[test]
    fn integers_of_either_sign_and_every_width_come_back() {
        comes_back([0, 1, -1, 125, -126, i16::MAX, i16::MIN]);
        comes_back([i32::MAX, i32::MIN]);
        comes_back([i64::MAX, i64::MIN]);
        comes_back([i128::MAX, i128::MIN]);
        comes_back((250_u16, 251_u16, u16::MAX, u32::MAX, u64::MAX, u128::MAX));
    }

    #[test]
    fn maps_come_back() {
        comes_back(BTreeMap::from([("one".to_string(), 1_u32), ("two".to_string(), 2)]));
    }

    #[test]
    fn any_number_of_values_may_lie_side_by_side() {
        comes_back(vec![Some(7_u8); 1000]);
    }

    #[test]
    fn bytes_after_the_last_field_are_refused() {
        let mut from = Compact::new("part", &[1, 2]);
        assert!(from.value::<bool>().unwrap());
        let left = from.finish().unwrap_err().to_string();
        assert!(left.contains("1 bytes after the last field"), "{left}");
        assert!(Compact::new("part", &[]).finish().is_ok());
    }
}
