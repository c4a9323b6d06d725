//! Attributes that are texts: of one length and in the attribute itself, or of any length and in a heap of the file.
//!
//! hdf5-reader decodes all attributes of an object at once, and a text in a heap once for each mention of it: a few kilobytes that mention
//! a long text a thousand times become a thousand texts. Here the lengths are added up before any text is read.

use super::Group;
use crate::error::{Error, Result};
use hdf5_reader::messages::attribute::AttributeMessage;
use hdf5_reader::{Attribute, Datatype, RawAttribute, StringSize, VarLenKind};

/// The longest texts of one attribute that are read, all of them together. A configuration is decoded into structures, which take several
/// times its memory.
pub(in super::super) const LONGEST_TEXT: u64 = 1 << 24;

/// The attributes of a group, not decoded.
pub(in super::super) struct Texts<'g> {
    group: &'g Group,
    attributes: Vec<RawAttribute>,
}

impl Group {
    /// Its attributes, of which those that are texts can be read.
    pub fn texts(&self) -> Result<Texts<'_>> {
        let attributes = self.group.raw_attributes().map_err(|error| self.broken(&error))?;
        Ok(Texts { group: self, attributes })
    }
}

impl Texts<'_> {
    /// The texts of an attribute, one or several, if the group has the attribute.
    pub fn list(&self, name: &str) -> Result<Option<Vec<String>>> {
        let found = self.attributes.iter().find(|attribute| attribute.name() == name);
        found.map(|attribute| self.decode(name, attribute.message())).transpose()
    }

    /// The text of an attribute, if the group has the attribute.
    pub fn one(&self, name: &str) -> Result<Option<String>> {
        Ok(self.list(name)?.and_then(|texts| texts.into_iter().next()))
    }

    fn decode(&self, name: &str, message: &AttributeMessage) -> Result<Vec<String>> {
        let at = || format!("{}, attribute {name}", self.group.at);
        let broken = |found: String| Error::format(at(), "texts", found);
        let count = message.dataspace.num_elements().map_err(|error| broken(error.to_string()))?;
        if count == 0 {
            // An empty list has no type of its own.
            return Ok(Vec::new());
        }
        if !is_in_heap(&message.datatype) {
            // All of them are in the attribute.
            return Attribute::from_message(message.clone()).read_strings().map_err(|error| broken(error.to_string()));
        }
        let group = &self.group.group;
        let mentions = message.raw_data.chunks_exact(usize::from(group.offset_size()) + 8);
        let few = || broken(format!("{count} in {} bytes", message.raw_data.len()));
        let count = usize::try_from(count).ok().filter(|&count| count <= mentions.len()).ok_or_else(few)?;
        let mentions = || mentions.clone().take(count);
        // A mention begins with the length of its text.
        let len: u64 =
            mentions().filter_map(|mention| mention.first_chunk()).map(|len| u64::from(u32::from_le_bytes(*len))).sum();
        let most = self.group.file_len().min(LONGEST_TEXT);
        if len > most {
            return Err(Error::format(at(), format!("texts of at most {most} bytes"), format!("{len} bytes")));
        }
        let text = |mention: &[u8]| {
            let mut bytes = group.resolve_vlen_reference_bytes(mention, 1).map_err(|error| error.to_string())?;
            bytes.truncate(bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len()));
            String::from_utf8(bytes).map_err(|error| error.to_string())
        };
        mentions().map(text).collect::<std::result::Result<_, _>>().map_err(broken)
    }
}

/// Whether texts of this type are in a heap of the file, and the attribute has where.
fn is_in_heap(datatype: &Datatype) -> bool {
    match datatype {
        Datatype::String { size, .. } => *size == StringSize::Variable,
        Datatype::VarLen { kind, .. } => *kind == VarLenKind::String,
        _ => false,
    }
}
