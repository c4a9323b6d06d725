//! `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`: the header of an array of NumPy.
//!
//! [The format](https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html) is a Python literal of three keys. A reader of all
//! Python literals would bring a grammar and its tools for these few words.

use crate::interop::element::Kind;

/// An array, as its header describes it.
#[derive(Debug, PartialEq)]
pub(super) struct Header {
    /// What NumPy calls the number type.
    pub descr: String,
    /// Whether the first axis runs fastest.
    pub fortran_order: bool,
    pub shape: Vec<usize>,
}

impl Header {
    /// The number type, if numbers of it can be converted; of big-endian ones the name alone is understood.
    pub fn kind(&self) -> Option<Kind> {
        match &*self.descr {
            "<f2" => Some(Kind::F16),
            "<f4" => Some(Kind::F32),
            "<f8" => Some(Kind::F64),
            "<i8" => Some(Kind::I64),
            _ => None,
        }
    }

    /// What stands before the numbers of an array in C order: as NumPy writes it, so that numbers begin at a multiple of 64 bytes.
    #[cfg(feature = "_graph")]
    pub fn before_numbers(descr: &str, shape: &[usize]) -> Vec<u8> {
        let sizes: String = shape.iter().map(|size| format!("{size}, ")).collect();
        // A single size has a comma behind it, others none.
        let sizes = if shape.len() == 1 { sizes.trim_end() } else { sizes.trim_end_matches(", ") };
        let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}");
        let before = super::MAGIC.len() + 4;
        let padded = (before + text.len() + 1).next_multiple_of(64) - before;
        text.extend(std::iter::repeat_n(' ', padded - 1 - text.len()));
        text.push('\n');
        // The names and sizes of at most eight axes are far below 2¹⁶ bytes.
        let len = u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes();
        [super::MAGIC, &[1, 0], &len, text.as_bytes()].concat()
    }

    /// The header that this text is, or what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut words = Words(text.trim_start());
        let (mut descr, mut order, mut shape) = (None, None, None);
        words.expect("{")?;
        while !words.take("}") {
            let key = words.text()?;
            words.expect(":")?;
            let again = match &*key {
                "descr" => descr.replace(words.text()?).is_some(),
                "fortran_order" => order.replace(words.truth()?).is_some(),
                "shape" => shape.replace(words.tuple()?).is_some(),
                _ => return Err(format!("`{key}`")),
            };
            if again {
                return Err(format!("`{key}` twice"));
            }
            if !words.take(",") {
                words.expect("}")?;
                break;
            }
        }
        if !words.0.is_empty() {
            return Err(format!("{:?} behind it", words.next()));
        }
        match (descr, order, shape) {
            (Some(descr), Some(fortran_order), Some(shape)) => Ok(Self { descr, fortran_order, shape }),
            _ => Err("no `descr`, `fortran_order` or `shape`".into()),
        }
    }
}

/// What is left of a header.
struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    /// Whether this comes next; if so, behind it.
    fn take(&mut self, word: &str) -> bool {
        let rest = self.0.strip_prefix(word);
        self.0 = rest.map_or(self.0, str::trim_start);
        rest.is_some()
    }

    fn expect(&mut self, word: &str) -> Result<(), String> {
        if self.take(word) { Ok(()) } else { Err(format!("{:?} where `{word}` belongs", self.next())) }
    }

    /// What comes next, cut short.
    fn next(&self) -> String {
        self.0.chars().take(20).collect()
    }

    fn text(&mut self) -> Result<String, String> {
        let quote = self.0.chars().next().filter(|quote| matches!(quote, '\'' | '"'));
        let inside = quote.and_then(|quote| self.0[1..].split_once(quote));
        let (text, rest) = inside.ok_or_else(|| format!("{:?} where a text belongs", self.next()))?;
        self.0 = rest.trim_start();
        Ok(text.into())
    }

    fn truth(&mut self) -> Result<bool, String> {
        match () {
            () if self.take("True") => Ok(true),
            () if self.take("False") => Ok(false),
            () => Err(format!("{:?} where True or False belongs", self.next())),
        }
    }

    /// Numbers in brackets, a single one with a comma behind it.
    fn tuple(&mut self) -> Result<Vec<usize>, String> {
        self.expect("(")?;
        let mut numbers = Vec::new();
        while !self.take(")") {
            let end = self.0.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.0.len());
            let (digits, rest) = self.0.split_at(end);
            numbers.push(digits.parse().map_err(|_| format!("{:?} where a size belongs", self.next()))?);
            // Python 2 wrote a mark behind long numbers.
            self.0 = rest.strip_prefix('L').unwrap_or(rest).trim_start();
            if numbers.len() > MOST_AXES {
                return Err(format!("more than {MOST_AXES} axes"));
            }
            if !self.take(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(numbers)
    }
}

/// As NumPy has it.
const MOST_AXES: usize = 64;

#[cfg(test)]
mod tests {
    use super::Header;

    #[test]
    fn what_numpy_writes_is_read() {
        let header = |descr: &str, fortran_order, shape: &[usize]| {
            Ok(Header { descr: descr.into(), fortran_order, shape: shape.into() })
        };
        let parse = |text: &str| Header::parse(text);
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }          \n";
        assert_eq!(parse(text), header("<f4", false, &[3, 4]));
        assert_eq!(parse("{'descr':'<f8','fortran_order':True,'shape':(7,)}"), header("<f8", true, &[7]));
        assert_eq!(parse(r#"{"shape": (), "fortran_order": False, "descr": ">i8"}"#), header(">i8", false, &[]));
        assert_eq!(parse("{'descr': '<f4', 'fortran_order': False, 'shape': (3L, 0L)}"), header("<f4", false, &[3, 0]));
    }

    #[cfg(feature = "_graph")]
    #[test]
    fn what_is_written_is_what_numpy_writes() {
        // numpy.save of NumPy 2: the length, 118, is the letter v.
        let written = Header::before_numbers("<f4", &[3, 4]);
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }";
        let expected = format!("{text:117}\n");
        assert_eq!(written, [&b"\x93NUMPY\x01\x00v\x00"[..], expected.as_bytes()].concat());
        for shape in [&[][..], &[7], &[0], &[1, 2, 3, 4, 5, 6, 7, usize::MAX]] {
            let written = Header::before_numbers("|b1", shape);
            assert_eq!(written.len() % 64, 0);
            let header = Header::parse(std::str::from_utf8(&written[10..]).unwrap()).unwrap();
            assert_eq!(header, Header { descr: "|b1".into(), fortran_order: false, shape: shape.into() });
        }
    }

    #[test]
    fn what_numpy_does_not_write_is_not() {
        for text in [
            "",
            "{}",
            "{'descr': '<f4', 'fortran_order': False}",
            "{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': (3,)}",
            "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,)}",
            "{'descr': '<f4', 'fortran_order': 0, 'shape': (3,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-3,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'more': 1}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)} 1",
            "{'descr': 'ü",
        ] {
            assert!(Header::parse(text).is_err(), "{text}");
        }
        let many = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({})}}", "1,".repeat(1000));
        assert!(Header::parse(&many).unwrap_err().contains("more than 64 axes"));
    }
}
