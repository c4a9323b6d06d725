//! `path → Table`: numbers of a file of comma-separated values, each mistake with its line and column.

use super::table::{Table, find};
use crate::error::{Error, Result};
use crate::file;
use crate::memory::reserve_part;
use csv::{ByteRecord, Reader, ReaderBuilder};
use std::path::Path;

/// How a file of comma-separated values is read. Fields are quoted as RFC 4180 says: `"a, ""b"""`.
///
/// ```
/// use recurrent::data::CsvOptions;
/// let options = CsvOptions::new().delimiter(b';').columns(["time", "price"]).key("share");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvOptions {
    header: bool,
    delimiter: u8,
    columns: Option<Vec<String>>,
    key: Option<String>,
    max_bytes: u64,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { header: true, delimiter: b',', columns: None, key: None, max_bytes: 1 << 30 }
    }
}

impl CsvOptions {
    /// All columns of a file whose first line has their names, with commas between them; at most 1 GiB.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The first line has numbers, too; the names of columns are then 1, 2, 3, and so on.
    #[must_use]
    pub fn without_header(self) -> Self {
        Self { header: false, ..self }
    }

    /// What stands between fields, such as `b';'` or `b'\t'`.
    #[must_use]
    pub fn delimiter(self, delimiter: u8) -> Self {
        Self { delimiter, ..self }
    }

    /// These columns alone, in this order; what others hold need not be numbers.
    #[must_use]
    pub fn columns<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> Self {
        Self { columns: Some(names.into_iter().map(Into::into).collect()), ..self }
    }

    /// A column of texts by which [`Table::sequences`] knows which lines belong together; it is not one of the numbers.
    #[must_use]
    pub fn key(self, name: impl Into<String>) -> Self {
        Self { key: Some(name.into()), ..self }
    }

    /// Files that are larger are refused.
    #[must_use]
    pub fn max_bytes(self, max_bytes: u64) -> Self {
        Self { max_bytes, ..self }
    }
}

/// The numbers of a file of comma-separated values, in memory that its size bounds.
///
/// A mark of UTF-8 at the beginning and blank lines are skipped, spaces around a field, too; lines end as in any system. Every field of a
/// column that is read must be a finite number.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read; [`Error::Format`] with the line, the column and what was found there if a field is missing or not a
/// finite number, a line has another number of fields than the first, or there are no numbers; likewise if it is not a regular file or too
/// long. [`Error::Range`] if there is no such column or two of one name, [`Error::Memory`].
pub fn read_csv(path: impl AsRef<Path>, options: &CsvOptions) -> Result<Table> {
    let path = path.as_ref();
    let name = path.display().to_string();
    let too_long =
        |len| Error::format(name.clone(), format!("at most {} bytes", options.max_bytes), format!("{len} bytes"));
    let bytes = file::read(path, options.max_bytes, too_long)?;
    parse(&name, &bytes, options)
}

/// The table of a text; `file` is its name in messages.
fn parse(file: &str, bytes: &[u8], options: &CsvOptions) -> Result<Table> {
    if !options.delimiter.is_ascii() || matches!(options.delimiter, b'"' | b'\r' | b'\n') {
        let found = format!("{:?}", char::from(options.delimiter));
        return Err(Error::range("csv, delimiter", "an ASCII character, neither a quote nor a line end", found));
    }
    let mut records = Records::new(file, bytes, options.delimiter);
    let nothing = || Error::format(file, "at least one line of numbers", "none");
    if !records.advance()? {
        return Err(nothing());
    }
    let names = match options.header {
        true => records.names()?,
        false => (1..=records.record.len()).map(|k| k.to_string()).collect(),
    };
    let what = format!("{file}, column");
    let key = options.key.as_deref().map(|key| find(&what, &names, key)).transpose()?;
    let columns: Vec<usize> = match &options.columns {
        Some(chosen) => chosen.iter().map(|name| find(&what, &names, name)).collect::<Result<_>>()?,
        None => (0..names.len()).filter(|&k| Some(k) != key).collect(),
    };
    if columns.is_empty() {
        return Err(Error::range(format!("{file}, columns"), "at least 1 of numbers", 0));
    }
    let mut table = Table::new(columns.iter().map(|&k| names[k].clone()).collect());
    let mut more = if options.header { records.advance()? } else { true };
    while more {
        reserve_part(file, &mut table.values, columns.len())?;
        for &k in &columns {
            table.values.push(records.number(k, &names[k])?);
        }
        if let Some(k) = key {
            table.push_key(records.text(k, &names[k])?)?;
        }
        more = records.advance()?;
    }
    if table.values.is_empty() { Err(nothing()) } else { Ok(table) }
}

/// Line after line of fields.
struct Records<'a> {
    file: &'a str,
    bytes: &'a [u8],
    reader: Reader<&'a [u8]>,
    record: ByteRecord,
    /// Of the record, counted from 1.
    line: usize,
    /// Where the line begins; line ends before it are counted.
    at: usize,
    /// The fields of the first record.
    fields: Option<usize>,
}

impl<'a> Records<'a> {
    fn new(file: &'a str, bytes: &'a [u8], delimiter: u8) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        // Fields are counted here, where the line is known.
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(bytes);
        Self { file, bytes, reader, record: ByteRecord::new(), line: 1, at: 0, fields: None }
    }

    /// The next record that is not blank, if there is one.
    fn advance(&mut self) -> Result<bool> {
        loop {
            let read = self.reader.read_byte_record(&mut self.record);
            if !read.map_err(|error| Error::format(self.file, "comma-separated values", error))? {
                return Ok(false);
            }
            self.find_line();
            // A line of nothing but quotes is a field without a number, not a blank line.
            let is_blank = self.record.len() == 1 && self.record[0].trim_ascii().is_empty();
            if is_blank && self.bytes.get(self.at) != Some(&b'"') {
                continue;
            }
            let (found, expected) = (self.record.len(), *self.fields.get_or_insert(self.record.len()));
            if found != expected {
                let what = format!("{}, line {}", self.file, self.line);
                return Err(Error::format(what, format!("{expected} fields, as in the first line"), found));
            }
            return Ok(true);
        }
    }

    /// The line of the record: its own count begins at the blank lines that were skipped before it.
    fn find_line(&mut self) {
        let from = self.record.position().map_or(self.at, |at| usize::try_from(at.byte()).unwrap_or(usize::MAX));
        let skipped = self.bytes.get(from..).unwrap_or(&[]).iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let begin = from.saturating_add(skipped.count()).min(self.bytes.len());
        for at in self.at..begin {
            let of_two = self.bytes[at] == b'\r' && self.bytes.get(at + 1) == Some(&b'\n');
            self.line += usize::from(matches!(self.bytes[at], b'\r' | b'\n') && !of_two);
        }
        self.at = self.at.max(begin);
    }

    /// The fields as names.
    fn names(&self) -> Result<Vec<String>> {
        (0..self.record.len()).map(|k| self.text(k, "?").map(Into::into)).collect()
    }

    fn text(&self, k: usize, name: &str) -> Result<&str> {
        match std::str::from_utf8(self.record[k].trim_ascii()) {
            Ok("") => Err(self.fault(k, name, "a text")),
            Ok(text) => Ok(text),
            Err(_) => Err(self.fault(k, name, "UTF-8 text")),
        }
    }

    fn number(&self, k: usize, name: &str) -> Result<f64> {
        let text = std::str::from_utf8(self.record[k].trim_ascii()).ok();
        let number = text.and_then(|text| text.parse::<f64>().ok()).filter(|number| number.is_finite());
        number.ok_or_else(|| self.fault(k, name, "a finite number"))
    }

    /// What is wrong with a field of the record.
    fn fault(&self, k: usize, name: &str, expected: &str) -> Error {
        /// A quote that is never closed makes a field of the rest of the file.
        const LONGEST: usize = 40;
        let (file, line) = (self.file, self.line);
        let text = String::from_utf8_lossy(&self.record[k]);
        let found = match text.trim() {
            "" => "nothing".into(),
            text => {
                let rest = if text.chars().nth(LONGEST).is_some() { " …" } else { "" };
                format!("{:?}{rest}", text.chars().take(LONGEST).collect::<String>())
            }
        };
        Error::format(format!("{file}, line {line}, column {} (`{name}`)", k + 1), expected, found)
    }
}

#[cfg(test)]
mod tests {
    use super::{CsvOptions, parse};

    fn message(text: &str, options: &CsvOptions) -> String {
        parse("a.csv", text.as_bytes(), options).unwrap_err().to_string()
    }

    #[test]
    fn names_and_numbers_of_lines_that_end_as_in_any_system() {
        for text in [
            "t,price\n1,2.5\n2,-3e2\n",
            "\u{feff}t,price\r\n1,2.5\r\n2,-3e2",
            "\n\nt,price\n\n1, 2.5 \n  \n\"2\",\"-3e2\"\n\n",
            "t,price\r1,2.5\r2,-3e2\r",
        ] {
            let table = parse("a.csv", text.as_bytes(), &CsvOptions::new()).unwrap();
            assert_eq!(table.names(), ["t", "price"], "{text:?}");
            assert_eq!((table.rows(), table.select::<f64>(&["t", "price"]).unwrap()), (2, vec![1.0, 2.5, 2.0, -300.0]));
        }
    }

    #[test]
    fn a_mistake_is_named_with_its_line_column_and_text() {
        let options = CsvOptions::new();
        for (end, lone) in [("\n", false), ("\r\n", false), ("\r", true)] {
            let text = |text: &str| text.replace('\n', end);
            let expected = "a.csv, line 6, column 2 (`b`): expected a finite number, found \"x\"";
            assert_eq!(message(&text("a,b\n\n1,2\n\n\n3,x\n"), &options), expected, "{lone}");
            // Line ends within quotes count, too.
            let expected = "a.csv, line 4, column 1 (`a b`): expected a finite number, found \"x\"";
            assert_eq!(message(&text("\"a b\",\"c\nd\"\n1,2\nx,4"), &options), expected, "{lone}");
        }
        let cases = [
            ("a,b\n1,\n", "a.csv, line 2, column 2 (`b`): expected a finite number, found nothing"),
            ("a,b\n1,nan\n", "a.csv, line 2, column 2 (`b`): expected a finite number, found \"nan\""),
            ("a,b\n1,1e999\n", "a.csv, line 2, column 2 (`b`): expected a finite number, found \"1e999\""),
            ("a,b\n1,2\n3\n", "a.csv, line 3: expected 2 fields, as in the first line, found 1"),
            ("a,b\n1,2,3\n", "a.csv, line 2: expected 2 fields, as in the first line, found 3"),
            ("a,\n1,2\n", "a.csv, line 1, column 2 (`?`): expected a text, found nothing"),
            ("a\n1\n\"\"\n2\n", "a.csv, line 3, column 1 (`a`): expected a finite number, found nothing"),
            ("", "a.csv: expected at least one line of numbers, found none"),
            ("a,b\n\n", "a.csv: expected at least one line of numbers, found none"),
        ];
        for (text, expected) in cases {
            assert_eq!(message(text, &options), expected);
        }
        let open = format!("a,b\n1,\"2\n{}", "3,4\n".repeat(100));
        assert!(message(&open, &options).ends_with(" …"), "{}", message(&open, &options));
    }

    #[test]
    fn bytes_that_are_no_text_are_errors_too() {
        let message = |bytes: &[u8]| parse("a.csv", bytes, &CsvOptions::new()).unwrap_err().to_string();
        assert_eq!(
            message(b"a\n\xff\n"),
            "a.csv, line 2, column 1 (`a`): expected a finite number, found \"\u{fffd}\""
        );
        assert_eq!(message(b"\xff\n1\n"), "a.csv, line 1, column 1 (`?`): expected UTF-8 text, found \"\u{fffd}\"");
    }

    #[test]
    fn columns_are_chosen_by_name_and_others_may_hold_anything() {
        let text = "id,a,note,b\nx,1,\"so, so\",2\nx,3,,4\ny,5,!,6\n";
        let options = CsvOptions::new().columns(["b", "a"]).key("id");
        let table = parse("a.csv", text.as_bytes(), &options).unwrap();
        assert_eq!((table.names(), table.rows()), (&["b".to_string(), "a".to_string()][..], 3));
        assert_eq!(table.select::<f32>(&["a"]).unwrap(), [1.0, 3.0, 5.0]);
        let twice = "a,a\n1,2\n";
        let options = CsvOptions::new();
        assert_eq!(parse("a.csv", twice.as_bytes(), &options).unwrap().rows(), 1);
        let expected = "a.csv, column: expected one of a, a, once, found `a` twice";
        assert_eq!(message(twice, &options.clone().columns(["a"])), expected);
        assert_eq!(message(twice, &options.key("c")), "a.csv, column: expected one of a, a, once, found `c`");
    }

    #[test]
    fn without_a_header_columns_are_numbered_from_1_and_the_delimiter_is_free() {
        let options = CsvOptions::new().without_header().delimiter(b';');
        let table = parse("a.csv", b"1;2\n3;4\n", &options).unwrap();
        assert_eq!((table.names()[1].as_str(), table.select::<f64>(&["2"]).unwrap()), ("2", vec![2.0, 4.0]));
        let expected = "a.csv, line 1, column 2 (`2`): expected a finite number, found \"b\"";
        assert_eq!(message("1;b\n", &options), expected);
        assert!(message("1", &options.delimiter(b'"')).starts_with("csv, delimiter: expected an ASCII character"));
    }
}
