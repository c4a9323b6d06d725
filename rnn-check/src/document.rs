//! Generated sections of a document, between `<!-- begin: name -->` and `<!-- end: name -->`.

use std::error::Error;
use std::fmt;

/// The document has no such section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingSection(pub String);

impl fmt::Display for MissingSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(name) = self;
        write!(f, "no lines <!-- begin: {name} --> and <!-- end: {name} --> in this order")
    }
}

impl Error for MissingSection {}

/// The first line in which a section differs from what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The section.
    pub section: String,
    /// The line of the document, counted from 1.
    pub line: usize,
    /// What stands there; `None` where the section ends.
    pub found: Option<String>,
    /// What should.
    pub expected: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |line: &Option<String>| line.clone().unwrap_or_else(|| "(the section ends here)".into());
        writeln!(f, "line {}, section {}:", self.line, self.section)?;
        writeln!(f, "- {}", show(&self.found))?;
        write!(f, "+ {}", show(&self.expected))
    }
}

/// The lines of a section, `from..to`, without its markers.
fn lines(document: &str, section: &str) -> Result<(usize, usize), MissingSection> {
    let missing = || MissingSection(section.into());
    let at = |mark: String| document.lines().position(|line| line.trim() == mark);
    let begin = at(format!("<!-- begin: {section} -->")).ok_or_else(missing)?;
    let end = at(format!("<!-- end: {section} -->")).filter(|&end| end > begin).ok_or_else(missing)?;
    Ok((begin + 1, end))
}

/// The body of a section, set apart from its markers by an empty line on each side.
fn framed(body: &str) -> Vec<&str> {
    std::iter::once("").chain(body.trim_matches('\n').lines()).chain([""]).collect()
}

/// The document with this body in its section.
///
/// # Errors
/// If it has no such section.
pub fn replace(document: &str, section: &str, body: &str) -> Result<String, MissingSection> {
    let (from, to) = lines(document, section)?;
    let all: Vec<&str> = document.lines().collect();
    let lines = all[..from].iter().copied().chain(framed(body)).chain(all[to..].iter().copied());
    Ok(lines.map(|line| format!("{line}\n")).collect())
}

/// Where the section differs from this body; `None` if it does not.
///
/// # Errors
/// If the document has no such section.
pub fn difference(document: &str, section: &str, body: &str) -> Result<Option<Difference>, MissingSection> {
    let (from, to) = lines(document, section)?;
    let found: Vec<&str> = document.lines().skip(from).take(to - from).collect();
    let expected = framed(body);
    let first = (0..found.len().max(expected.len())).find(|&i| found.get(i) != expected.get(i));
    Ok(first.map(|i| Difference {
        section: section.into(),
        line: from + i + 1,
        found: found.get(i).map(ToString::to_string),
        expected: expected.get(i).map(ToString::to_string),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "# Title\n<!-- begin: a -->\n\nold\n\n<!-- end: a -->\ntext\n";

    #[test]
    fn a_section_is_replaced_and_everything_else_stays() {
        let written = replace(DOCUMENT, "a", "one\ntwo\n").expect("the section is there");
        assert_eq!(written, "# Title\n<!-- begin: a -->\n\none\ntwo\n\n<!-- end: a -->\ntext\n");
        assert_eq!(difference(&written, "a", "one\ntwo\n"), Ok(None));
    }

    #[test]
    fn the_first_line_that_differs_is_named() {
        let found = difference(DOCUMENT, "a", "old\nmore").expect("the section is there").expect("it differs");
        assert_eq!((found.line, found.expected.as_deref()), (5, Some("more")));
        assert_eq!(found.to_string(), "line 5, section a:\n- \n+ more");
        let shorter = difference(DOCUMENT, "a", "").expect("the section is there").expect("it differs");
        assert_eq!((shorter.line, shorter.found.as_deref()), (4, Some("old")));
    }

    #[test]
    fn a_section_that_is_not_there_is_an_error() {
        for document in ["", "<!-- begin: a -->\n", "<!-- end: a -->\n<!-- begin: a -->\n"] {
            assert_eq!(replace(document, "a", "x"), Err(MissingSection("a".into())));
            assert_eq!(difference(document, "a", "x"), Err(MissingSection("a".into())));
        }
    }
}
