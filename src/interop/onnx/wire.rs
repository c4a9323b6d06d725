//! `message = (tag, value)*`: the wire format of Protocol Buffers, read in place, and written.
//!
//! Reading copies and allocates nothing. Lengths are checked before they are followed. A reader sees every field, so that it can refuse
//! those that it does not know.

use crate::error::{Error, Result};

/// The bytes of a message, with the place of the first of them in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
}

/// The value of a field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wire<'a> {
    Varint(u64),
    /// 8 bytes; no field that is read here has them.
    Fixed64,
    Bytes(Bytes<'a>),
    Fixed32([u8; 4]),
}

/// A field of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    /// The name of the message.
    pub message: &'static str,
    pub number: u32,
    pub wire: Wire<'a>,
    /// Where it is in the file.
    pub at: usize,
}

/// The fields of a message, one after another.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a> {
    message: &'static str,
    bytes: &'a [u8],
    at: usize,
    next: usize,
}

impl<'a> Bytes<'a> {
    /// As the fields of a message.
    pub fn fields(self, message: &'static str) -> Fields<'a> {
        Fields { message, bytes: self.bytes, at: self.at, next: 0 }
    }

    /// As whole numbers, one after another.
    pub fn varints(self) -> Varints<'a> {
        Varints(self.fields("packed numbers"))
    }

    /// As a text.
    pub fn text(self) -> Result<&'a str> {
        std::str::from_utf8(self.bytes).map_err(|error| broken(self.at, "a text in UTF-8", error))
    }
}

fn broken(at: usize, expected: &str, found: impl ToString) -> Error {
    Error::format(format!("ONNX file, byte {at}"), expected, found)
}

impl<'a> Fields<'a> {
    fn here(&self) -> usize {
        self.at + self.next
    }

    fn varint(&mut self) -> Result<u64> {
        let (start, mut value) = (self.here(), 0_u64);
        for shift in (0..64).step_by(7) {
            let Some(&byte) = self.bytes.get(self.next) else {
                return Err(broken(start, "a whole number", "the end of the message"));
            };
            self.next += 1;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(broken(start, "a whole number of 64 bits", "a longer one"))
    }

    fn take(&mut self, len: u64) -> Result<&'a [u8]> {
        let rest = &self.bytes[self.next..];
        let few = || broken(self.here(), &format!("{len} bytes of {}", self.message), rest.len());
        let taken = usize::try_from(len).ok().and_then(|len| rest.get(..len)).ok_or_else(few)?;
        self.next += taken.len();
        Ok(taken)
    }

    fn exact<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut exact = [0; N];
        exact.copy_from_slice(self.take(N as u64)?);
        Ok(exact)
    }

    fn field(&mut self) -> Result<Field<'a>> {
        let at = self.here();
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).ok().filter(|number| (1..1 << 29).contains(number));
        let number = number.ok_or_else(|| broken(at, "the number of a field", tag >> 3))?;
        let wire = match tag & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => {
                self.take(8)?;
                Wire::Fixed64
            }
            2 => {
                let len = self.varint()?;
                let at = self.here();
                Wire::Bytes(Bytes { bytes: self.take(len)?, at })
            }
            5 => Wire::Fixed32(self.exact()?),
            other => return Err(broken(at, "a field of wire type 0, 1, 2 or 5", format!("wire type {other}"))),
        };
        Ok(Field { message: self.message, number, wire, at })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>>;

    /// After an error there is no more.
    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.bytes.len() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.next = self.bytes.len();
        }
        Some(field)
    }
}

/// Whole numbers, one after another.
#[derive(Clone, Debug)]
pub(super) struct Varints<'a>(Fields<'a>);

impl Iterator for Varints<'_> {
    type Item = Result<u64>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.next >= self.0.bytes.len() {
            return None;
        }
        let number = self.0.varint();
        if number.is_err() {
            self.0.next = self.0.bytes.len();
        }
        Some(number)
    }
}

impl<'a> Field<'a> {
    fn kind(&self) -> &'static str {
        match self.wire {
            Wire::Varint(_) => "a whole number",
            Wire::Fixed64 => "8 bytes",
            Wire::Bytes(_) => "a run of bytes",
            Wire::Fixed32(_) => "4 bytes",
        }
    }

    fn wrong(&self, expected: &str) -> Error {
        broken(self.at, &format!("{expected} as field {} of {}", self.number, self.message), self.kind())
    }

    /// A whole number.
    pub fn varint(&self) -> Result<u64> {
        if let Wire::Varint(value) = self.wire { Ok(value) } else { Err(self.wrong("a whole number")) }
    }

    /// A whole number with a sign.
    pub fn int(&self) -> Result<i64> {
        Ok(self.varint()?.cast_signed())
    }

    /// Bytes, a text or a message.
    pub fn bytes(&self) -> Result<Bytes<'a>> {
        if let Wire::Bytes(bytes) = self.wire { Ok(bytes) } else { Err(self.wrong("a run of bytes")) }
    }

    /// A text.
    pub fn text(&self) -> Result<&'a str> {
        self.bytes()?.text()
    }

    /// A real number.
    pub fn float(&self) -> Result<f32> {
        if let Wire::Fixed32(bytes) = self.wire {
            Ok(f32::from_le_bytes(bytes))
        } else {
            Err(self.wrong("a real number of 4 bytes"))
        }
    }

    /// Real numbers: one, or any number of them packed.
    pub fn floats(&self) -> Result<impl Iterator<Item = f32> + use<'a>> {
        let (one, many) = match self.wire {
            Wire::Fixed32(bytes) => (Some(f32::from_le_bytes(bytes)), &[][..]),
            Wire::Bytes(many) if many.bytes.len().is_multiple_of(4) => (None, many.bytes),
            _ => return Err(self.wrong("real numbers of 4 bytes")),
        };
        Ok(one.into_iter().chain(many.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes))))
    }

    /// Whole numbers: one, or any number of them packed.
    pub fn ints(&self) -> Result<impl Iterator<Item = Result<i64>> + use<'a>> {
        let (one, many) = match self.wire {
            Wire::Varint(value) => (Some(Ok(value)), None),
            Wire::Bytes(many) => (None, Some(many.varints())),
            _ => return Err(self.wrong("whole numbers")),
        };
        Ok(one.into_iter().chain(many.into_iter().flatten()).map(|number| number.map(u64::cast_signed)))
    }

    /// The error of a field that is not known here.
    pub fn unknown(&self) -> Error {
        broken(self.at, &format!("a field of {} that is known here", self.message), format!("field {}", self.number))
    }

    /// Stores the value of a field, which may be there only once.
    pub fn once<T>(&self, to: &mut Option<T>, value: T) -> Result<()> {
        match to.replace(value) {
            None => Ok(()),
            Some(_) => {
                let expected = format!("field {} of {} once", self.number, self.message);
                Err(broken(self.at, &expected, "it twice"))
            }
        }
    }
}

/// A message that is being written.
#[derive(Debug, Default)]
pub(super) struct Writer(pub Vec<u8>);

impl Writer {
    fn varint_alone(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }

    /// A whole number.
    pub fn int(&mut self, number: u32, value: i64) {
        self.varint_alone(u64::from(number) << 3);
        self.varint_alone(value.cast_unsigned());
    }

    /// A real number.
    pub fn float(&mut self, number: u32, value: f32) {
        self.varint_alone(u64::from(number) << 3 | 5);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Bytes, a text, or a message that was written.
    pub fn bytes(&mut self, number: u32, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.head(number, bytes.len());
        self.0.extend_from_slice(bytes);
    }

    /// The beginning of a field of so many bytes, which follow.
    pub fn head(&mut self, number: u32, len: usize) {
        self.varint_alone(u64::from(number) << 3 | 2);
        self.varint_alone(len as u64);
    }

    /// A message of its own.
    pub fn message(&mut self, number: u32, write: impl FnOnce(&mut Writer)) {
        let mut inner = Writer::default();
        write(&mut inner);
        self.bytes(number, inner.0);
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Wire, Writer};

    fn numbers(bytes: &[u8]) -> Result<Vec<(u32, Vec<i64>)>, String> {
        let fields = Bytes { bytes, at: 100 }.fields("a test");
        fields
            .map(|field| {
                let field = field.map_err(|error| error.to_string())?;
                let ints: Result<Vec<_>, _> = field.ints().map_err(|error| error.to_string())?.collect();
                Ok((field.number, ints.map_err(|error| error.to_string())?))
            })
            .collect()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut writer = Writer::default();
        for (number, value) in [(1, 0), (2, 127), (15, 128), (16, -1), (1 << 20, i64::MIN), (3, i64::MAX)] {
            writer.int(number, value);
        }
        writer.bytes(4, [1, 0x80, 1]);
        writer.message(5, |inner| inner.float(1, 0.5));
        let bytes = Bytes { bytes: &writer.0, at: 0 };
        let fields: Vec<_> = bytes.fields("a test").map(|field| field.unwrap()).collect();
        let ints: Vec<_> = fields[..6].iter().map(|field| (field.number, field.int().unwrap())).collect();
        assert_eq!(ints, [(1, 0), (2, 127), (15, 128), (16, -1), (1 << 20, i64::MIN), (3, i64::MAX)]);
        assert_eq!(fields[6].ints().unwrap().map(Result::unwrap).collect::<Vec<_>>(), [1, 128]);
        let inner = fields[7].bytes().unwrap().fields("inner").next().unwrap().unwrap();
        assert!(matches!(inner.wire, Wire::Fixed32(_)) && inner.float().unwrap() == 0.5);
        assert!(fields[7].floats().is_err(), "5 bytes are no numbers");
    }

    #[test]
    fn what_is_not_the_wire_format_is_an_error_with_its_place() {
        let says = |bytes: &[u8], what: &str| {
            let error = numbers(bytes).unwrap_err();
            assert!(error.contains(what), "{error}");
        };
        says(&[0x08], "byte 101: expected a whole number, found the end of the message");
        says(&[0x08, 0x80], "byte 101: expected a whole number, found the end");
        says(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], "a whole number of 64 bits");
        says(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 0], "a whole number of 64 bits");
        says(&[0x00, 0x01], "byte 100: expected the number of a field, found 0");
        says(&[0x0b], "expected a field of wire type 0, 1, 2 or 5, found wire type 3");
        says(&[0x12, 0x05, 1, 2], "byte 102: expected 5 bytes of a test, found 2");
        says(&[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], "bytes of a test, found 0");
        says(&[0x12, 0x01, 0x80], "byte 102: expected a whole number");
        says(&[0x0d, 1, 2, 3], "expected 4 bytes of a test, found 3");
        assert!(numbers(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]).unwrap()[0].1 == [-1]);
    }
}
