//! The names of parameters: a prefix for each layer, and none twice.

use crate::error::{Error, Result};
use crate::network::parameters::ParameterBlock;
use std::collections::HashSet;

/// `name`, or the default one with a number from the second on.
pub(super) fn prefix(name: Option<&String>, default: &str, number: usize) -> String {
    match (name, number) {
        (Some(name), _) => name.clone(),
        (None, 1) => default.into(),
        (None, number) => format!("{default}{number}"),
    }
}

/// `prefix.name`, or `name` under an empty prefix.
pub(super) fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.into() } else { format!("{prefix}.{name}") }
}

/// `Ok` if every parameter has a name of its own.
pub(super) fn check_names(blocks: &[ParameterBlock]) -> Result<()> {
    let mut names = HashSet::with_capacity(blocks.len());
    match blocks.iter().find(|block| !names.insert(&*block.name)) {
        None => Ok(()),
        Some(block) => {
            let found = format!("two `{}`", block.name);
            Err(Error::config("names", "a different name for every parameter", found))
        }
    }
}
