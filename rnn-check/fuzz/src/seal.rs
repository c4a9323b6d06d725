//! Digests that vouch for anything: what lies behind them in the readers is reached only so.

use recurrent::checkpoint::Digest;

const MAGIC: &[u8; 8] = b"\x89RNN\r\n\x1a\n";
/// Up to where the table or the payload begins.
pub const HEADER: usize = 56;

/// The number type of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    F32 = 1,
    F64 = 2,
}

/// `header | payload`, format version 1.
pub fn version_1(number: Number, payload: &[u8]) -> Vec<u8> {
    let signed = signed(1, number, payload.len());
    let digest = Digest::of(&[&signed[..], payload].concat());
    [&signed[..], digest.as_bytes(), payload].concat()
}

/// A part of version 2.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// At most 255 bytes.
    pub name: &'a [u8],
    /// 1 if a reader must know it.
    pub need: u8,
    pub content: &'a [u8],
}

/// `header | table | parts`, format version 2.
pub fn version_2(number: Number, parts: &[Part<'_>]) -> Vec<u8> {
    let mut table = Vec::new();
    for part in parts {
        table.push(u8::try_from(part.name.len()).expect("at most 255 bytes"));
        table.extend_from_slice(part.name);
        table.push(part.need);
        table.extend_from_slice(&(part.content.len() as u64).to_le_bytes());
        table.extend_from_slice(Digest::of(part.content).as_bytes());
    }
    let signed = signed(2, number, table.len());
    let digest = Digest::of(&[&signed[..], &table].concat());
    let contents = parts.iter().flat_map(|part| part.content);
    [&signed[..], digest.as_bytes(), &table].into_iter().flatten().chain(contents).copied().collect()
}

fn signed(version: u32, number: Number, len: usize) -> Vec<u8> {
    let (version, len) = (version.to_le_bytes(), (len as u64).to_le_bytes());
    [&MAGIC[..], &version, &[number as u8, 0, 0, 0], &len].concat()
}

/// The parts that a file of version 2 lists, as far as it lists any.
pub fn parts(bytes: &[u8]) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let Some(len) = bytes.get(16..24).map(|len| u64::from_le_bytes(len.try_into().expect("eight bytes"))) else {
        return parts;
    };
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    let Some((mut table, mut contents)) = bytes.get(HEADER..).and_then(|rest| rest.split_at_checked(len)) else {
        return parts;
    };
    while let Some((&len, rest)) = table.split_first() {
        let Some((name, rest)) = rest.split_at_checked(len.into()) else { break };
        let Some((entry, rest)) = rest.split_at_checked(1 + 8 + 32) else { break };
        let len = u64::from_le_bytes(entry[1..9].try_into().expect("eight bytes"));
        let Some((content, after)) = contents.split_at_checked(usize::try_from(len).unwrap_or(usize::MAX)) else {
            break;
        };
        parts.push(Part { name, need: entry[0], content });
        (table, contents) = (rest, after);
    }
    parts
}
