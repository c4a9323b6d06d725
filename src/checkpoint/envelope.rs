//! `magic | version | number type | length | SHA-256 | payload`: the bytes of a checkpoint.

use super::{CheckpointFault as Fault, Digest};
use rnn_kernels::Scalar;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The first byte has its high bit set and there are both kinds of line ends: a transfer as text destroys it.
const MAGIC: [u8; 8] = *b"\x89RNN\r\n\x1a\n";
const VERSION: u32 = 1;
const SIGNED: usize = 24;
const HEADER: usize = SIGNED + 32;

/// A bound within the decoder, beside the caller's [`Limits`]: no field may ask for more.
const DECODER_LIMIT: usize = 1 << 31;

/// How much a reader is willing to take in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest file, in bytes.
    pub bytes: u64,
}

impl Default for Limits {
    /// 1 GiB.
    fn default() -> Self {
        Self { bytes: 1 << 30 }
    }
}

/// A number type that checkpoints know.
pub trait Stored: Scalar + Serialize + DeserializeOwned {
    /// Its tag in the header.
    const TAG: u8;
    /// Its name in messages.
    const NAME: &'static str;
}

impl Stored for f32 {
    const TAG: u8 = 1;
    const NAME: &'static str = "f32";
}

impl Stored for f64 {
    const TAG: u8 = 2;
    const NAME: &'static str = "f64";
}

/// The bytes of `content` with its header.
///
/// # Errors
/// If a field cannot be serialised: a map or sequence of unknown length.
pub fn encode<T: Stored>(content: &impl Serialize) -> Result<Vec<u8>, Fault> {
    let malformed = |error: bincode::error::EncodeError| Fault::Malformed { found: error.to_string() };
    let payload = bincode::serde::encode_to_vec(content, bincode::config::standard()).map_err(malformed)?;
    let mut bytes = Vec::with_capacity(HEADER + payload.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&[T::TAG, 0, 0, 0]);
    bytes.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    let digest = Digest::of_parts(&[&bytes, &payload]);
    bytes.extend_from_slice(digest.as_bytes());
    bytes.extend_from_slice(&payload);
    Ok(bytes)
}

/// The content of `bytes`, whose numbers are `T`; allocates no more than the bytes themselves justify.
///
/// # Errors
/// As the module describes: every fault has its own variant.
pub fn decode<T: Stored, C: DeserializeOwned>(bytes: &[u8], limits: Limits) -> Result<C, Fault> {
    let found = bytes.len() as u64;
    if found > limits.bytes {
        return Err(Fault::TooLarge { limit: limits.bytes, found });
    }
    let magic = array(bytes, 0)?;
    if magic != MAGIC {
        return Err(Fault::NotACheckpoint { expected: MAGIC, found: magic });
    }
    let version = u32::from_le_bytes(array(bytes, 8)?);
    if version != VERSION {
        return Err(Fault::UnknownVersion { expected: VERSION, found: version });
    }
    let tag: [u8; 4] = array(bytes, 12)?;
    if tag != [T::TAG, 0, 0, 0] {
        return Err(Fault::NumberType { expected: T::NAME, found: name(tag) });
    }
    let length = u64::from_le_bytes(array(bytes, 16)?);
    let expected = Digest::from_bytes(array(bytes, SIGNED)?);
    let end = length.saturating_add(HEADER as u64);
    if found != end {
        let (truncated, expected) = (found < end, end);
        return Err(if truncated {
            Fault::Truncated { expected, found }
        } else {
            Fault::TrailingBytes { expected, found }
        });
    }
    let payload = &bytes[HEADER..];
    let digest = Digest::of_parts(&[&bytes[..SIGNED], payload]);
    if digest != expected {
        return Err(Fault::Altered { expected, found: digest });
    }
    let config = bincode::config::standard().with_limit::<DECODER_LIMIT>();
    let malformed = |found: String| Fault::Malformed { found };
    let (content, used) =
        bincode::serde::decode_from_slice(payload, config).map_err(|error| malformed(error.to_string()))?;
    if used != payload.len() {
        return Err(malformed(format!("{} bytes after the last field", payload.len() - used)));
    }
    Ok(content)
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
