//! `header | table | parts`: the bytes of a checkpoint, version 2, and the header that it shares with version 1.

use super::limits::TABLE;
use super::{CheckpointFault as Fault, Digest, Limits, Stored};
use crate::interop::element::append;
use std::collections::BTreeMap;

/// The first byte has its high bit set and there are both kinds of line ends: a transfer as text destroys it.
const MAGIC: [u8; 8] = *b"\x89RNN\r\n\x1a\n";
const VERSION: u32 = 2;
/// Up to here the digest of the header vouches for it.
const SIGNED: usize = 24;
const HEADER: usize = SIGNED + 32;
/// Of an entry of the table: all but the name.
const ENTRY: usize = 1 + 1 + 8 + 32;

/// What a reader does that does not know a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// It reads the rest.
    MayBeSkipped = 0,
    /// It refuses the file.
    MustBeKnown = 1,
}

/// What a part holds.
#[derive(Debug)]
pub(super) enum Content<'a, T> {
    Bytes(Vec<u8>),
    Numbers(&'a [T]),
}

/// A part to be written.
#[derive(Debug)]
pub(super) struct Part<'a, T> {
    /// At most 255 bytes.
    pub name: &'static str,
    pub need: Need,
    pub content: Content<'a, T>,
}

impl<T> Content<'_, T> {
    fn len(&self) -> usize {
        match self {
            Content::Bytes(bytes) => bytes.len(),
            Content::Numbers(values) => size_of_val::<[T]>(*values),
        }
    }
}

/// The bytes of a file with these parts, in memory asked for once, when its size is known to be within the limits.
pub(super) fn seal<T: Stored>(parts: &[Part<'_, T>], limits: Limits) -> Result<Vec<u8>, Fault> {
    let table = parts.iter().map(|part| ENTRY + part.name.len()).sum::<usize>();
    let total = parts.iter().map(|part| part.content.len() as u64).sum::<u64>() + (HEADER + table) as u64;
    limits.check(total)?;
    let memory = || Fault::Memory { part: "the file".into(), bytes: total };
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(usize::try_from(total).map_err(|_| memory())?).map_err(|_| memory())?;

    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&[T::TAG, 0, 0, 0]);
    bytes.extend_from_slice(&(table as u64).to_le_bytes());
    bytes.resize(HEADER + table, 0);
    let mut entry = HEADER;
    for part in parts {
        let from = bytes.len();
        match &part.content {
            Content::Bytes(content) => bytes.extend_from_slice(content),
            Content::Numbers(values) => append(&mut bytes, values),
        }
        let (written, len) = (Digest::of(&bytes[from..]), (part.content.len() as u64).to_le_bytes());
        let name_len = u8::try_from(part.name.len()).unwrap_or(u8::MAX);
        for field in [&[name_len][..], part.name.as_bytes(), &[part.need as u8], &len, written.as_bytes()] {
            bytes[entry..entry + field.len()].copy_from_slice(field);
            entry += field.len();
        }
    }
    let digest = Digest::of_parts(&[&bytes[..SIGNED], &bytes[HEADER..HEADER + table]]);
    bytes[SIGNED..HEADER].copy_from_slice(digest.as_bytes());
    Ok(bytes)
}

/// What a file holds, with every byte of it vouched for by a digest.
#[derive(Debug)]
pub(super) enum Opened<'a> {
    /// The payload of version 1.
    Version1(&'a [u8]),
    Version2(Parts<'a>),
}

/// Examines everything about `bytes` that does not depend on what the parts mean. Every length is compared with what is
/// there before anything is done with it.
pub(super) fn open<T: Stored>(bytes: &[u8], limits: Limits) -> Result<Opened<'_>, Fault> {
    let found = bytes.len() as u64;
    limits.check(found)?;
    let magic = array(bytes, 0)?;
    if magic != MAGIC {
        return Err(Fault::NotACheckpoint { expected: MAGIC, found: magic });
    }
    let version = u32::from_le_bytes(array(bytes, 8)?);
    if !(1..=VERSION).contains(&version) {
        return Err(Fault::UnknownVersion { expected: VERSION, found: version });
    }
    let tag: [u8; 4] = array(bytes, 12)?;
    if tag != [T::TAG, 0, 0, 0] {
        return Err(Fault::NumberType { expected: T::NAME, found: name(tag) });
    }
    // Of the payload in version 1, of the table in version 2.
    let length = u64::from_le_bytes(array(bytes, 16)?);
    let expected = Digest::from_bytes(array(bytes, SIGNED)?);
    if version > 1 && length > TABLE {
        return Err(Fault::PartTooLarge { part: "the table of parts".into(), limit: TABLE });
    }
    let end = length.saturating_add(HEADER as u64);
    let Some(signed) = usize::try_from(end).ok().and_then(|end| bytes.get(HEADER..end)) else {
        return Err(Fault::Truncated { expected: end, found });
    };
    if version == 1 && found > end {
        return Err(Fault::TrailingBytes { expected: end, found });
    }
    let digest = Digest::of_parts(&[&bytes[..SIGNED], signed]);
    if digest != expected {
        let part = if version == 1 { "the payload" } else { "the table of parts" };
        return Err(Fault::Altered { part: part.into(), expected, found: digest });
    }
    if version == 1 {
        return Ok(Opened::Version1(signed));
    }
    Parts::read(signed, &bytes[HEADER + signed.len()..], found).map(Opened::Version2)
}

/// The parts of a file by name; whoever knows a part takes it out.
#[derive(Debug)]
pub(super) struct Parts<'a>(BTreeMap<&'a str, (&'a [u8], u8)>);

impl<'a> Parts<'a> {
    fn read(mut table: &'a [u8], content: &'a [u8], found: u64) -> Result<Self, Fault> {
        let malformed = |found: &str| Fault::Malformed { part: "the table of parts".into(), found: found.into() };
        let start = found - content.len() as u64;
        let (mut parts, mut expected) = (Vec::new(), start);
        while let Some((&len, rest)) = table.split_first() {
            let (name, rest) = rest.split_at_checked(len.into()).ok_or_else(|| malformed("a name that is cut off"))?;
            let (fixed, rest) =
                rest.split_at_checked(ENTRY - 1).ok_or_else(|| malformed("an entry that is cut off"))?;
            let name = std::str::from_utf8(name).map_err(|_| malformed("a name that is not UTF-8"))?;
            if fixed[0] > 1 {
                return Err(malformed(&format!("part {name:?} with flags {:#04x}", fixed[0])));
            }
            let length = u64::from_le_bytes(array(fixed, 1)?);
            expected = expected.saturating_add(length);
            parts.push((name, fixed[0], length, Digest::from_bytes(array(fixed, 9)?)));
            table = rest;
        }
        if found < expected {
            return Err(Fault::Truncated { expected, found });
        }
        if found > expected {
            return Err(Fault::TrailingBytes { expected, found });
        }
        let (mut rest, mut known) = (content, BTreeMap::new());
        for (name, need, length, expected) in parts {
            // Their sum is that of the content.
            let (content, after) =
                rest.split_at_checked(usize::try_from(length).unwrap_or(usize::MAX)).unwrap_or((rest, &[]));
            let digest = Digest::of(content);
            if digest != expected {
                return Err(Fault::Altered { part: format!("part {name:?}"), expected, found: digest });
            }
            if known.insert(name, (content, need)).is_some() {
                return Err(malformed(&format!("part {name:?} twice")));
            }
            rest = after;
        }
        Ok(Self(known))
    }

    /// The content of the part, which must be there.
    pub fn take(&mut self, name: &'static str) -> Result<&'a [u8], Fault> {
        self.0.remove(name).map(|(content, _)| content).ok_or(Fault::MissingPart { expected: name })
    }

    /// The content of the part, if it is there.
    pub fn take_if_there(&mut self, name: &'static str) -> Option<&'a [u8]> {
        self.0.remove(name).map(|(content, _)| content)
    }

    /// `Ok` if what is left may be skipped.
    pub fn finish(self) -> Result<(), Fault> {
        match self.0.iter().find(|(_, (_, need))| *need == Need::MustBeKnown as u8) {
            Some((name, _)) => Err(Fault::UnknownPart { found: (*name).into() }),
            None => Ok(()),
        }
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Fault> {
    let field = bytes.get(at..at + N).and_then(|field| field.try_into().ok());
    field.ok_or(Fault::Truncated { expected: HEADER as u64, found: bytes.len() as u64 })
}

fn name(tag: [u8; 4]) -> String {
    match tag {
        [<f32 as Stored>::TAG, 0, 0, 0] => f32::NAME.into(),
        [<f64 as Stored>::TAG, 0, 0, 0] => f64::NAME.into(),
        _ => format!("tag {tag:02x?}"),
    }
}
