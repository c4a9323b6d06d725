//! `length | bytes | …`: several fields in one input, in a form that seeds are written in.

/// Fields one after another, each with its length in two bytes; the last takes what is left.
#[derive(Debug)]
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (len, rest) = self.0.split_first_chunk::<2>()?;
        let (field, rest) = rest.split_at(usize::from(u16::from_le_bytes(*len)).min(rest.len()));
        self.0 = rest;
        Some(field)
    }
}

/// The fields as an input.
pub fn joined(fields: &[&[u8]]) -> Vec<u8> {
    let field = |field: &&[u8]| {
        let len = u16::try_from(field.len()).expect("a field is at most 64 KiB");
        [&len.to_le_bytes(), *field].concat()
    };
    fields.iter().flat_map(field).collect()
}
