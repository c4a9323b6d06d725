//! `path | bytes | reader → bytes`: one way in for every format, no longer than agreed.

use crate::error::{Error, Result};
use crate::file;
use crate::memory::reserve;
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// What a model is read from: a path, bytes in memory, or a reader.
///
/// Everything that is a path or bytes becomes one by itself: texts and [`Path`]s are paths, slices and vectors of `u8` are bytes.
/// [`Source::reader`] takes anything else that can be read. A path must lead to a regular file.
///
/// Of a path, no more is in memory than a format needs at once; a reader is read to its end before its first byte is looked at, since only
/// then its length is known.
///
/// ```
/// use recurrent::interop::{LoadOptions, Source, read_config};
///
/// let options = LoadOptions::default();
/// let bytes: &[u8] = b"not a model";
/// let error = read_config(Source::from(bytes).named("upload"), &options).unwrap_err().to_string();
/// assert!(error.starts_with("upload: expected a whole safetensors file"), "{error}");
/// assert!(read_config(Source::reader(std::io::empty()), &options).is_err());
/// assert!(read_config("no/such/file", &options).is_err());
/// ```
pub struct Source<'a> {
    /// What messages call it, if not by its path.
    name: Option<String>,
    kind: Kind<'a>,
}

enum Kind<'a> {
    Path(Cow<'a, Path>),
    Bytes(Cow<'a, [u8]>),
    Reader(Box<dyn Read + 'a>),
}

impl<'a> Source<'a> {
    /// The regular file at a path, whatever type the path has.
    #[must_use]
    pub fn path(path: impl AsRef<Path>) -> Self {
        Kind::Path(Cow::Owned(path.as_ref().to_path_buf())).into()
    }

    /// Everything that a reader gives until it ends. It needs no buffer of its own.
    #[must_use]
    pub fn reader(reader: impl Read + 'a) -> Self {
        Kind::Reader(Box::new(reader)).into()
    }

    /// The same under this name in messages.
    ///
    /// Errors of the operating system call a file by its path all the same.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// What messages call it.
    pub(crate) fn name(&self) -> String {
        match (&self.name, &self.kind) {
            (Some(name), _) => name.clone(),
            (None, Kind::Path(path)) => path.display().to_string(),
            (None, Kind::Bytes(_)) => "bytes in memory".into(),
            (None, Kind::Reader(_)) => "a reader".into(),
        }
    }

    /// To be read from its beginning to its end.
    ///
    /// # Errors
    /// [`Error::Format`] if it is longer than `limit` or no regular file, [`Error::Io`] if it cannot be read, [`Error::Memory`].
    pub(crate) fn open(self, limit: u64) -> Result<Opened<'a>> {
        let name = self.name();
        let too_long = |found| Error::format(&*name, format!("at most {limit} bytes"), found);
        let way = match self.kind {
            Kind::Path(path) => Way::File(file::Reading::open(path, limit, |len| too_long(format!("{len} bytes")))?),
            Kind::Bytes(bytes) if bytes.len() as u64 > limit => return Err(too_long(format!("{} bytes", bytes.len()))),
            Kind::Bytes(bytes) => Way::Memory { bytes, at: 0 },
            Kind::Reader(reader) => {
                let bytes = to_its_end(&name, reader, limit)?.ok_or_else(|| too_long("more".into()))?;
                Way::Memory { bytes: bytes.into(), at: 0 }
            }
        };
        Ok(Opened { name, way })
    }

    /// All of it: its name and its bytes, which are not copied if they are in memory already.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub(crate) fn bytes(self, limit: u64) -> Result<(String, Cow<'a, [u8]>)> {
        let Opened { name, way } = self.open(limit)?;
        match way {
            Way::Memory { bytes, .. } => Ok((name, bytes)),
            Way::File(mut file) => {
                let bytes = file.bytes(file.len())?;
                file.finish()?;
                Ok((name, bytes.into()))
            }
        }
    }
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(&self.name()).finish()
    }
}

impl<'a> From<Kind<'a>> for Source<'a> {
    fn from(kind: Kind<'a>) -> Self {
        Self { name: None, kind }
    }
}

macro_rules! from {
    ($kind:ident: $($t:ty, $value:ident => $into:expr;)*) => {$(
        impl<'a> From<$t> for Source<'a> {
            fn from($value: $t) -> Self {
                Kind::$kind($into).into()
            }
        }
    )*};
}

from! { Path:
    &'a Path, path => Cow::Borrowed(path);
    &'a PathBuf, path => Cow::Borrowed(&**path);
    PathBuf, path => Cow::Owned(path);
    &'a str, path => Cow::Borrowed(Path::new(path));
    &'a String, path => Cow::Borrowed(Path::new(&**path));
    String, path => Cow::Owned(path.into());
    &'a OsStr, path => Cow::Borrowed(Path::new(path));
    &'a OsString, path => Cow::Borrowed(Path::new(path));
    OsString, path => Cow::Owned(path.into());
    Cow<'a, Path>, path => path;
}

from! { Bytes:
    &'a [u8], bytes => Cow::Borrowed(bytes);
    &'a Vec<u8>, bytes => Cow::Borrowed(&**bytes);
    Vec<u8>, bytes => Cow::Owned(bytes);
    Cow<'a, [u8]>, bytes => bytes;
}

impl<'a, const N: usize> From<&'a [u8; N]> for Source<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Kind::Bytes(Cow::Borrowed(bytes)).into()
    }
}

/// The pieces in which a reader of unknown length is read: as long as an eighth of what there is so far, within these bounds.
const PIECES: (usize, usize) = (1 << 16, 1 << 24);

/// Everything that a reader gives, in memory of exactly that size; nothing if that is more than `limit` bytes.
pub(super) fn to_its_end(name: &str, mut reader: impl Read, limit: u64) -> Result<Option<Vec<u8>>> {
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

/// A source of known length, read from its beginning to its end.
#[derive(Debug)]
pub(crate) struct Opened<'a> {
    name: String,
    way: Way<'a>,
}

#[derive(Debug)]
enum Way<'a> {
    File(file::Reading<'a>),
    Memory { bytes: Cow<'a, [u8]>, at: usize },
}

impl Opened<'_> {
    /// What messages call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its length.
    pub fn len(&self) -> u64 {
        match &self.way {
            Way::File(file) => file.len(),
            Way::Memory { bytes, .. } => bytes.len() as u64,
        }
    }

    /// The next `len` bytes, of which there must be as many by its length.
    pub fn bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        if let Way::File(file) = &mut self.way {
            return file.bytes(len);
        }
        let mut copy = Vec::new();
        let here = self.next(len)?;
        reserve("a part of a file", &mut copy, here.len())?;
        copy.extend_from_slice(here);
        Ok(copy)
    }

    /// The next `len` bytes, chunk by chunk, each but the last a whole number of numbers.
    pub fn chunks(&mut self, len: u64, mut take: impl FnMut(&[u8])) -> Result<()> {
        match &mut self.way {
            Way::File(file) => file.chunks(len, take),
            Way::Memory { .. } => {
                take(self.next(len)?);
                Ok(())
            }
        }
    }

    /// `Ok` if a file has no more bytes than its length said.
    pub fn finish(self) -> Result<()> {
        match self.way {
            Way::File(file) => file.finish(),
            Way::Memory { .. } => Ok(()),
        }
    }

    /// The next bytes in memory.
    fn next(&mut self, len: u64) -> Result<&[u8]> {
        let Way::Memory { bytes, at } = &mut self.way else { return Ok(&[]) };
        let rest = &bytes[*at..];
        let few = || Error::format(&*self.name, format!("{len} more bytes"), format!("{}", rest.len()));
        let here = usize::try_from(len).ok().and_then(|len| rest.get(..len)).ok_or_else(few)?;
        *at += here.len();
        Ok(here)
    }
}

#[cfg(test)]
mod tests {
    use super::{PIECES, Source};
    use crate::error::Error;
    use std::io::{self, Read};
    use std::path::{Path, PathBuf};

    fn numbered(len: usize) -> Vec<u8> {
        (0..len).map(|k| u8::try_from(k % 251).unwrap()).collect()
    }

    /// Gives at most `most` bytes at once, and is interrupted in between.
    struct Drips<'a>(&'a [u8], usize, bool);

    impl Read for Drips<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.2 = !self.2;
            if self.2 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let most = self.1.min(buffer.len());
            self.0.read(&mut buffer[..most])
        }
    }

    #[test]
    fn a_path_bytes_and_a_reader_give_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        for len in [0, 1, PIECES.0 - 1, PIECES.0, PIECES.0 + 1, 10 * PIECES.0 + 7] {
            let bytes = numbered(len);
            std::fs::write(&path, &bytes).unwrap();
            let drips = Drips(&bytes, 12_345, false);
            for source in [Source::from(&path), Source::from(&bytes), Source::reader(drips)] {
                let what = format!("{source:?}, {len} bytes");
                assert_eq!(source.bytes(len as u64).unwrap().1, bytes, "{what}");
            }
            for source in [Source::from(&path), Source::from(&bytes), Source::reader(&bytes[..])] {
                let mut opened = source.open(u64::MAX).unwrap();
                assert_eq!(opened.len(), len as u64);
                let head = (len as u64).min(8);
                let mut seen = opened.bytes(head).unwrap();
                opened.chunks(len as u64 - head, |chunk| seen.extend_from_slice(chunk)).unwrap();
                assert_eq!(seen, bytes);
                assert!(matches!(opened.bytes(1), Err(Error::Format { .. })), "no more than there is");
                opened.finish().unwrap();
            }
        }
    }

    #[test]
    fn what_is_longer_than_agreed_is_refused_and_a_reader_without_end_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        let bytes = numbered(100);
        std::fs::write(&path, &bytes).unwrap();
        for source in [Source::from(&path), Source::from(&bytes), Source::reader(&bytes[..])] {
            let error = source.bytes(99).unwrap_err().to_string();
            assert!(error.contains("expected at most 99 bytes, found"), "{error}");
        }
        assert!(Source::reader(io::repeat(1)).bytes(1 << 20).is_err());
        assert!(Source::from(folder.path()).bytes(1 << 20).is_err(), "a folder");
    }

    #[test]
    fn a_reader_that_fails_or_lies_is_an_error_with_its_name() {
        struct Fails;
        impl Read for Fails {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("no line"))
            }
        }
        struct Lies;
        impl Read for Lies {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                Ok(buffer.len() + 1)
            }
        }
        for (source, says) in [(Source::reader(Fails), "no line"), (Source::reader(Lies), "where it was asked for")] {
            let error = source.named("the wire").bytes(1 << 20).unwrap_err().to_string();
            assert!(error.contains("reading the wire") && error.contains(says), "{error}");
        }
    }

    #[test]
    fn texts_and_paths_are_paths_and_numbers_are_bytes() {
        let (text, path) = ("a/b".to_string(), PathBuf::from("a/b"));
        let paths = [Source::from("a/b"), (&text).into(), text.clone().into(), Path::new("a/b").into(), (&path).into()];
        for source in paths.into_iter().chain([path.clone().into(), Source::path(&text)]) {
            assert_eq!(source.name(), "a/b");
        }
        for source in [Source::from(b"ab"), (&b"ab"[..]).into(), vec![1].into()] {
            assert_eq!(source.name(), "bytes in memory");
        }
    }
}
