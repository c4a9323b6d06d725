//! `reader → bytes`: all that a reader gives, in memory that follows what it has given so far.

use crate::error::{Error, Result};
use crate::memory::reserve;
use std::io::{ErrorKind, Read};

/// The pieces in which a reader of unknown length is read: as long as an eighth of what there is so far, within these bounds.
pub(super) const PIECES: (usize, usize) = (1 << 16, 1 << 24);

/// Everything that a reader gives, in memory of exactly that size; nothing if that is more than `limit` bytes.
pub(in super::super) fn to_its_end(name: &str, mut reader: impl Read, limit: u64) -> Result<Option<Vec<u8>>> {
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    let mut len = 0_usize;
    loop {
        let mut piece = Vec::new();
        reserve(name, &mut piece, (len / 8).clamp(PIECES.0, PIECES.1))?;
        piece.resize(piece.capacity(), 0);
        let filled = fill(name, &mut reader, &mut piece)?;
        len += filled;
        if len as u64 > limit {
            return Ok(None);
        }
        let whole = filled == piece.len();
        piece.truncate(filled);
        reserve(name, &mut pieces, 1)?;
        pieces.push(piece);
        if !whole {
            break;
        }
    }
    let mut bytes = Vec::new();
    reserve(name, &mut bytes, len)?;
    pieces.into_iter().for_each(|piece| bytes.extend_from_slice(&piece));
    Ok(Some(bytes))
}

/// How many bytes the reader had for `piece`: all, unless it is at its end.
fn fill(name: &str, reader: &mut impl Read, piece: &mut [u8]) -> Result<usize> {
    let io = |source| Error::io("reading", name, source);
    let mut filled = 0;
    while filled < piece.len() {
        match reader.read(&mut piece[filled..]) {
            Ok(0) => break,
            Ok(more) if more <= piece.len() - filled => filled += more,
            Ok(more) => {
                let found = format!("{more} bytes where it was asked for {}", piece.len() - filled);
                return Err(io(std::io::Error::other(found)));
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(source) => return Err(io(source)),
        }
    }
    Ok(filled)
}

/// The `len` bytes that a reader gives, and nothing if they are fewer or more. The memory for them is asked for at once.
#[cfg(feature = "keras")]
pub(in super::super) fn exactly(name: &str, mut reader: impl Read, len: usize) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    reserve(name, &mut bytes, len)?;
    bytes.resize(len, 0);
    let whole = fill(name, &mut reader, &mut bytes)? == len && fill(name, &mut reader, &mut [0])? == 0;
    Ok(whole.then_some(bytes))
}
