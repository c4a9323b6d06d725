//! `path | bytes | reader → bytes`: what every reader of a format takes, with a limit for its length.

mod opened;
mod pieces;

pub(crate) use self::opened::Opened;
use self::opened::Way;
#[cfg(feature = "keras")]
pub(super) use self::pieces::exactly;
pub(super) use self::pieces::to_its_end;
use crate::error::{Error, Result};
use crate::file;
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What a model is read from: a path, bytes in memory, or a reader.
///
/// Paths and bytes convert into one: texts and [`Path`]s are paths, slices and vectors of `u8` are bytes. [`Source::reader`] takes anything
/// else that can be read. A path must lead to a regular file.
///
/// A file is read in parts where its format allows it. A reader is read to its end first, because its length is not known before.
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

    /// Everything that a reader gives until it ends. It is read in large pieces, so it needs no buffer of its own.
    #[must_use]
    pub fn reader(reader: impl Read + 'a) -> Self {
        Kind::Reader(Box::new(reader)).into()
    }

    /// The same with this name in messages.
    ///
    /// Errors of the operating system still name the path of a file.
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
        Ok(Opened::new(name, way))
    }

    /// All of it: its name and its bytes, which are not copied if they are in memory already.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub(crate) fn bytes(self, limit: u64) -> Result<(String, Cow<'a, [u8]>)> {
        self.open(limit)?.whole()
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

#[cfg(test)]
mod tests {
    use super::Source;
    use super::pieces::PIECES;
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
