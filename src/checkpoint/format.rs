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
pub(super) const HEADER: usize = SIGNED + 32;
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

/// What the first bytes of a file say.
#[derive(Debug)]
pub(super) struct Header {
    pub version: u32,
    /// Of the payload in version 1, of the table in version 2, which is there.
    pub length: u64,
    expected: Digest,
}

/// Examines the first bytes of a file of `found` bytes: all [`HEADER`] of them, or as many as there are.
pub(super) fn header<T: Stored>(first: &[u8], found: u64, limits: Limits) -> Result<Header, Fault> {
    limits.check(found)?;
    let magic = array(first, 0)?;
    if magic != MAGIC {
        return Err(Fault::NotACheckpoint { expected: MAGIC, found: magic });
    }
    let version = u32::from_le_bytes(array(first, 8)?);
    if !(1..=VERSION).contains(&version) {
        return Err(Fault::UnknownVersion { expected: VERSION, found: version });
    }
    let tag: [u8; 4] = array(first, 12)?;
    if tag != [T::TAG, 0, 0, 0] {
        return Err(Fault::NumberType { expected: T::NAME, found: name(tag) });
    }
    let length = u64::from_le_bytes(array(first, 16)?);
    let expected = Digest::from_bytes(array(first, SIGNED)?);
    if version > 1 && length > TABLE {
        return Err(Fault::PartTooLarge { part: "the table of parts".into(), limit: TABLE });
    }
    let end = length.saturating_add(HEADER as u64);
    if found < end {
        return Err(Fault::Truncated { expected: end, found });
    }
    if version == 1 && found > end {
        return Err(Fault::TrailingBytes { expected: end, found });
    }
    Ok(Header { version, length, expected })
}

impl Header {
    /// `Ok` if the digest is that of the first bytes of the header and of what is signed with them.
    pub fn check(&self, first: &[u8], signed: &[u8]) -> Result<(), Fault> {
        let found = Digest::of_parts(&[&first[..SIGNED], signed]);
        if found == self.expected {
            return Ok(());
        }
        let part = if self.version == 1 { "the payload" } else { "the table of parts" };
        Err(Fault::Altered { part: part.into(), expected: self.expected, found })
    }
}

/// Examines everything about `bytes` that does not depend on what the parts mean. Every length is compared with what is
/// there before anything is done with it.
pub(super) fn open<T: Stored>(bytes: &[u8], limits: Limits) -> Result<Opened<'_>, Fault> {
    let found = bytes.len() as u64;
    let header = header::<T>(&bytes[..bytes.len().min(HEADER)], found, limits)?;
    // The header is there with what it signs.
    let end = HEADER + usize::try_from(header.length).unwrap_or(usize::MAX - HEADER);
    let signed = &bytes[HEADER..end];
    header.check(bytes, signed)?;
    if header.version == 1 {
        return Ok(Opened::Version1(signed));
    }
    Parts::read(signed, &bytes[end..], found).map(Opened::Version2)
}

/// What the table says of a part.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub name: &'a str,
    /// [`Need`] as a number.
    need: u8,
    pub length: u64,
    expected: Digest,
}

impl Entry<'_> {
    /// `Ok` if this is the digest of its content.
    pub fn check(&self, found: Digest) -> Result<(), Fault> {
        if found == self.expected {
            return Ok(());
        }
        Err(Fault::Altered { part: format!("part {:?}", self.name), expected: self.expected, found })
    }

    /// Whether a reader that does not know it goes on without it.
    pub fn may_be_skipped(&self) -> bool {
        self.need != Need::MustBeKnown as u8
    }
}

fn malformed_table(found: &str) -> Fault {
    Fault::Malformed { part: "the table of parts".into(), found: found.into() }
}

/// The parts in the order of the table, no two of one name, whose lengths are together what there is of a file of `found` bytes.
pub(super) fn entries(mut table: &[u8], found: u64) -> Result<Vec<Entry<'_>>, Fault> {
    let (mut entries, mut end) = (Vec::new(), (HEADER + table.len()) as u64);
    while let Some((&len, rest)) = table.split_first() {
        let (name, rest) =
            rest.split_at_checked(len.into()).ok_or_else(|| malformed_table("a name that is cut off"))?;
        let (fixed, rest) =
            rest.split_at_checked(ENTRY - 1).ok_or_else(|| malformed_table("an entry that is cut off"))?;
        let name = std::str::from_utf8(name).map_err(|_| malformed_table("a name that is not UTF-8"))?;
        if fixed[0] > 1 {
            return Err(malformed_table(&format!("part {name:?} with flags {:#04x}", fixed[0])));
        }
        let length = u64::from_le_bytes(array(fixed, 1)?);
        end = end.saturating_add(length);
        entries.push(Entry { name, need: fixed[0], length, expected: Digest::from_bytes(array(fixed, 9)?) });
        table = rest;
    }
    if found < end {
        return Err(Fault::Truncated { expected: end, found });
    }
    if found > end {
        return Err(Fault::TrailingBytes { expected: end, found });
    }
    Ok(entries)
}

/// The fault of a part whose name another one has.
pub(super) fn twice(name: &str) -> Fault {
    malformed_table(&format!("part {name:?} twice"))
}

/// The parts of a file by name; whoever knows a part takes it out.
#[derive(Debug)]
pub(super) struct Parts<'a>(BTreeMap<&'a str, (&'a [u8], Entry<'a>)>);

impl<'a> Parts<'a> {
    fn read(table: &'a [u8], content: &'a [u8], found: u64) -> Result<Self, Fault> {
        let (mut rest, mut known) = (content, BTreeMap::new());
        for entry in entries(table, found)? {
            // Their sum is that of the content.
            let length = usize::try_from(entry.length).unwrap_or(usize::MAX);
            let (content, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            entry.check(Digest::of(content))?;
            if known.contains_key(entry.name) {
                return Err(twice(entry.name));
            }
            known.insert(entry.name, (content, entry));
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
        match self.0.values().find(|(_, entry)| !entry.may_be_skipped()) {
            Some((_, entry)) => Err(Fault::UnknownPart { found: entry.name.into() }),
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
