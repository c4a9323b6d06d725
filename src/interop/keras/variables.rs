//! `file → arrays of each layer`: Keras has written them in two ways.
//!
//! ```text
//! .h5:                    [model_weights/]layer, attribute weight_names: arrays below it, in order
//! .weights.h5, .keras:    layers/kind_of_layer[_k]/…/vars/0, 1, …, attribute name of vars: the layer
//! ```

use super::hdf5::{Array, File, Group};
use crate::error::{Error, Result};
use std::collections::HashMap;

/// Arrays of a layer: where they are below it, and their shapes.
pub(super) type Shapes = Vec<(String, Vec<usize>)>;

/// What layers are called in a file that has no names of theirs, and their names. Each class counts its layers.
pub(super) fn keys<'l>(layers: impl IntoIterator<Item = (&'l str, &'l str)>) -> HashMap<String, String> {
    let mut counts = HashMap::new();
    let key = |(name, class): (&str, &str)| {
        let class = snake_case(class);
        let count = counts.entry(class.clone()).or_insert(0);
        let key = if *count == 0 { class } else { format!("{class}_{count}") };
        *count += 1;
        (key, name.to_string())
    };
    layers.into_iter().map(key).collect()
}

/// `TimeDistributed → time_distributed`, `LSTM → lstm`, as Keras does it.
fn snake_case(class: &str) -> String {
    let letters: Vec<char> = class.chars().collect();
    let mut name = String::new();
    for (k, letter) in letters.iter().enumerate() {
        let before = k.checked_sub(1).map(|before| letters[before]);
        let begins = letter.is_ascii_uppercase() && letters.get(k + 1).is_some_and(char::is_ascii_lowercase);
        let follows = letter.is_ascii_uppercase() && before.is_some_and(|before| before.is_ascii_lowercase());
        if before.is_some() && (begins || follows) {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

/// The weights of all layers.
pub(super) struct Variables {
    root: Group,
    layers: Vec<Weights>,
}

/// Those of a layer.
struct Weights {
    /// The name of the layer; empty where a file has only places.
    name: String,
    /// The group that has it.
    key: String,
    /// The paths of its arrays below the root: in the order of the layer if `ordered`, else in any.
    arrays: Vec<String>,
    ordered: bool,
    taken: bool,
}

/// The deepest group that is looked into. A layer in a wrapper in a wrapper has its arrays higher up.
const DEEPEST: usize = 8;
/// As many layers as a network may have, and those that it needs no layer for.
const MOST: usize = 4 * crate::network::Config::MOST_LAYERS;

impl Variables {
    /// The weights of a file, in whichever of the two ways.
    pub fn of(file: &File) -> Result<Self> {
        let old = match file.root().group("model_weights")? {
            Some(group) => group,
            None => file.root(),
        };
        if let Some(names) = list(&old, "layer_names")? {
            let layers = names.into_iter().map(|name| Self::old_layer(&old, name)).collect::<Result<_>>()?;
            return Ok(Self { root: old, layers });
        }
        for name in ["layers", "_layer_checkpoint_dependencies"] {
            if let Some(root) = file.root().group(name)? {
                let keys = root.names()?.0;
                if keys.len() > MOST {
                    return Err(Error::format(root.at(), format!("at most {MOST} layers"), keys.len()));
                }
                let layers = keys.into_iter().map(|key| Self::new_layer(&root, key)).collect::<Result<_>>()?;
                return Ok(Self { root, layers });
            }
        }
        Err(Error::format(&*file.name, "weights of Keras: an attribute layer_names or a group layers", "neither"))
    }

    fn old_layer(root: &Group, name: String) -> Result<Weights> {
        let missing = || Error::format(root.at(), format!("a group {name}"), "none");
        // Names of layers may be paths.
        let here = root.clone().path(&name)?.ok_or_else(missing)?;
        let names = list(&here, "weight_names")?;
        let names = names.ok_or_else(|| Error::format(here.at(), "an attribute weight_names", "none"))?;
        let arrays = names.iter().map(|array| format!("{name}/{array}")).collect();
        Ok(Weights { key: name.clone(), name, arrays, ordered: true, taken: false })
    }

    fn new_layer(root: &Group, key: String) -> Result<Weights> {
        let missing = || Error::format(root.at(), format!("a group {key}"), "none");
        let here = root.group(&key)?.ok_or_else(missing)?;
        let mut arrays = Vec::new();
        walk(&here, &key, DEEPEST, &mut arrays)?;
        let name = match here.group("vars")? {
            Some(vars) => vars.texts()?.one("name")?,
            None => None,
        };
        Ok(Weights { name: name.unwrap_or_default(), key, arrays, ordered: false, taken: false })
    }

    /// How many numbers all arrays have together.
    ///
    /// # Errors
    /// [`Error::Format`] if these are more than the file can hold. An array that was never written has no bytes in the file: it is one of
    /// zeros, as large as it says, and no weights.
    pub fn numbers(&self) -> Result<usize> {
        let (mut numbers, mut bytes) = (0_usize, 0_u64);
        for array in self.layers.iter().flat_map(|layer| &layer.arrays) {
            let array = self.root.array(array)?;
            numbers = numbers.saturating_add(array.len()?);
            bytes = bytes.saturating_add(array.least_bytes()?);
        }
        let file = self.root.file_len();
        if bytes > file {
            let expected = format!("arrays that fit into a file of {file} bytes");
            return Err(Error::format(self.root.at(), expected, format!("{bytes} bytes")));
        }
        Ok(numbers)
    }

    /// Whether the names of layers are known, and not their places alone.
    pub fn named(&self) -> bool {
        self.layers.iter().all(|layer| !layer.name.is_empty())
    }

    /// The layers that have weights: their names, or the places of those whose names are not known.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().filter(|layer| !layer.arrays.is_empty()).map(Weights::called)
    }

    /// The layers that have weights, as [`names`](Self::names) has them: where the arrays of each are below it, and their shapes.
    pub fn shapes(&self) -> Result<Vec<(String, Shapes)>> {
        let with_arrays = self.layers.iter().filter(|layer| !layer.arrays.is_empty());
        let of_layer = |layer: &Weights| {
            let of_array = |path: &String| {
                let place = path.strip_prefix(&format!("{}/", layer.key)).unwrap_or(path);
                Ok((place.to_string(), self.root.array(path)?.shape()?))
            };
            Ok((layer.called().to_string(), layer.arrays.iter().map(of_array).collect::<Result<_>>()?))
        };
        with_arrays.map(of_layer).collect()
    }

    /// The arrays of a layer, in the order in which Keras made them. `parts` are lists of places below the layer; the arrays are those of the
    /// first list whose places all have some.
    pub fn take(&mut self, name: &str, parts: &[&[&str]]) -> Result<Vec<Array>> {
        let Some(k) = self.layers.iter().position(|layer| layer.called() == name) else {
            return Err(Error::format(self.root.at(), format!("weights of the layer {name}"), "none"));
        };
        let layer = &mut self.layers[k];
        layer.taken = true;
        if layer.ordered {
            return layer.arrays.iter().map(|array| self.root.array(array)).collect();
        }
        let mut left = layer.arrays.clone();
        let mut paths = Vec::new();
        let below = |part: &str| if part.is_empty() { layer.key.clone() } else { format!("{}/{part}", layer.key) };
        let has = |parts: &&&[&str]| {
            parts
                .iter()
                .all(|part| layer.arrays.iter().any(|array| array.starts_with(&format!("{}/vars/", below(part)))))
        };
        for part in parts.iter().find(has).into_iter().copied().flatten() {
            for number in 0.. {
                let path = format!("{}/vars/{number}", below(part));
                let Some(at) = left.iter().position(|array| *array == path) else { break };
                paths.push(left.swap_remove(at));
            }
        }
        if let Some(other) = left.first() {
            return Err(Error::format(self.root.at(), format!("no more weights of the layer {name}"), other));
        }
        paths.iter().map(|array| self.root.array(array)).collect()
    }

    /// The layers with weights that were not taken.
    pub fn left_over(&self) -> Vec<String> {
        let left = self.layers.iter().filter(|layer| !layer.taken && !layer.arrays.is_empty());
        left.map(|layer| layer.called().to_string()).collect()
    }

    /// What messages call the place of the weights.
    pub fn at(&self) -> &str {
        self.root.at()
    }
}

impl Weights {
    fn called(&self) -> &str {
        if self.name.is_empty() { &self.key } else { &self.name }
    }
}

/// A list of texts, which Keras cuts into several attributes where it is long.
fn list(group: &Group, name: &str) -> Result<Option<Vec<String>>> {
    let attributes = group.texts()?;
    if let Some(whole) = attributes.list(name)? {
        return Ok(Some(whole));
    }
    let mut texts = Vec::new();
    for k in 0..MOST {
        match attributes.list(&format!("{name}{k}"))? {
            Some(part) => texts.extend(part),
            None if k == 0 => return Ok(None),
            None => break,
        }
    }
    Ok(Some(texts))
}

/// All arrays below a group. The states of random generators are no weights.
fn walk(group: &Group, path: &str, deep: usize, arrays: &mut Vec<String>) -> Result<()> {
    let (groups, here) = group.names()?;
    arrays.extend(here.into_iter().map(|array| format!("{path}/{array}")));
    if arrays.len() > MOST || deep == 0 && !groups.is_empty() {
        return Err(Error::format(group.at(), "the weights of one layer", "many more groups or arrays"));
    }
    for name in groups.iter().filter(|name| *name != "seed_generator") {
        let missing = || Error::format(group.at(), format!("a group {name}"), "none");
        walk(&group.group(name)?.ok_or_else(missing)?, &format!("{path}/{name}"), deep - 1, arrays)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{keys, snake_case};

    #[test]
    fn classes_are_called_as_keras_calls_them() {
        for (class, name) in [
            ("LSTM", "lstm"),
            ("SimpleRNN", "simple_rnn"),
            ("CuDNNGRU", "cu_dnngru"),
            ("TimeDistributed", "time_distributed"),
            ("Bidirectional", "bidirectional"),
        ] {
            assert_eq!(snake_case(class), name);
        }
        let keys = keys([("a", "Dense"), ("b", "LSTM"), ("c", "Dense"), ("d", "Dense")]);
        assert_eq!(["dense", "lstm", "dense_1", "dense_2"].map(|key| &*keys[key]), ["a", "b", "c", "d"]);
    }
}
