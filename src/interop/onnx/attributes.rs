//! The attributes of a node, which are *taken* one by one. What is left in the end is an error, so that none is ever passed over.

use super::proto::{Attribute, AttributeValue, Node};
use super::wire::Bytes;
use crate::error::{Error, Result};

/// The attributes of a node that were not taken yet.
#[derive(Debug)]
pub(super) struct Attributes<'a> {
    place: String,
    left: Vec<Attribute<'a>>,
    known: Vec<&'static str>,
}

macro_rules! take {
    ($(#[$doc:meta])* $name:ident: $variant:ident($t:ty), $expected:expr) => {
        $(#[$doc])*
        pub fn $name(&mut self, name: &'static str) -> Result<Option<$t>> {
            match self.take(name) {
                None => Ok(None),
                Some(AttributeValue::$variant(value)) => Ok(Some(value)),
                Some(other) => Err(self.wrong(name, $expected, other.kind())),
            }
        }
    };
}

impl<'a> Attributes<'a> {
    /// All attributes of a node, which has none then.
    pub fn of(node: &mut Node<'a>) -> Result<Self> {
        let (place, left) = (node.place(), std::mem::take(&mut node.attributes));
        let mut names: Vec<_> = left.iter().map(|attribute| attribute.name).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::model(place, format!("attribute `{}`", twice[0]), "it once", "it twice"));
        }
        Ok(Self { place, left, known: Vec::new() })
    }

    fn take(&mut self, name: &'static str) -> Option<AttributeValue<'a>> {
        self.known.push(name);
        let at = self.left.iter().position(|attribute| attribute.name == name)?;
        Some(self.left.swap_remove(at).value)
    }

    take! {
        /// A real number.
        float: Float(f32), "a float"
    }
    take! {
        /// A whole number.
        int: Int(i64), "an int"
    }
    take! {
        /// Real numbers.
        floats: Floats(Vec<f32>), "floats"
    }
    take! {
        /// Whole numbers.
        ints: Ints(Vec<i64>), "ints"
    }
    take! {
        /// A tensor.
        tensor: Tensor(Bytes<'a>), "a tensor"
    }

    /// A text.
    pub fn text(&mut self, name: &'static str) -> Result<Option<&'a str>> {
        match self.take(name) {
            None => Ok(None),
            Some(AttributeValue::Text(text)) => Ok(Some(text.text()?)),
            Some(other) => Err(self.wrong(name, "a string", other.kind())),
        }
    }

    /// Texts.
    pub fn texts(&mut self, name: &'static str) -> Result<Option<Vec<&'a str>>> {
        match self.take(name) {
            None => Ok(None),
            Some(AttributeValue::Texts(texts)) => Ok(Some(texts.into_iter().map(Bytes::text).collect::<Result<_>>()?)),
            Some(other) => Err(self.wrong(name, "strings", other.kind())),
        }
    }

    /// 0 or 1, as a truth value; false if there is none.
    pub fn flag(&mut self, name: &'static str) -> Result<bool> {
        match self.int(name)?.unwrap_or(0) {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.wrong(name, "0 or 1", other)),
        }
    }

    /// The error of an attribute.
    pub fn wrong(&self, name: &str, expected: impl Into<String>, found: impl ToString) -> Error {
        Error::model(&self.place, format!("attribute `{name}`"), expected, found)
    }

    /// `Ok` if all of them were taken.
    pub fn finish(self) -> Result<()> {
        let Some(left) = self.left.first() else { return Ok(()) };
        let expected = match &self.known[..] {
            [] => "no attribute".into(),
            known => format!("one of {}", known.join(", ")),
        };
        let found = format!("another one, {}", left.value.kind());
        Err(Error::model(self.place, format!("attribute `{}`", left.name), expected, found))
    }
}
