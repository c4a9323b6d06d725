//! Which arrays of a file are the weights of which layer: both ways in which Keras has written them.
//!
//! ```text
//! .h5:                    [model_weights/]layer, attribute weight_names: arrays below it, in order
//! .weights.h5, .keras:    layers/kind_of_layer[_k]/…/vars/0, 1, …, attribute name of vars: the layer
//! ```

use super::hdf5::{Array, File, Group};
use crate::error::{Error, Result};

/// The weights of all layers.
pub(super) struct Variables {
    root: Group,
    layers: Vec<Weights>,
}

/// Those of a layer.
struct Weights {
    /// What it is called by whoever made the model; in some files only its place is known.
    name: String,
    /// The group that has it.
    key: String,
    /// The paths of its arrays below the root, in order; of the newer way all of them, in no order that counts.
    arrays: Vec<String>,
    ordered: bool,
    taken: bool,
}

/// Deeper groups are not looked into: a layer in a wrapper in a wrapper has its arrays less deep than this.
const DEEPEST: usize = 8;
/// More layers than a network may have are not looked at.
const MOST: usize = 4 * crate::network::Config::MOST_LAYERS;

impl Variables {
    /// What a file has, whichever way it was written.
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
            Some(vars) => vars.text("name")?,
            None => None,
        };
        Ok(Weights { name: name.unwrap_or_default(), key, arrays, ordered: false, taken: false })
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
    pub fn shapes(&self) -> Result<Vec<(String, Vec<(String, Vec<usize>)>)>> {
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

    /// The arrays of a layer, in the order in which it made them. `parts` are the places below it that have arrays, one after another, as the
    /// layer may have them by itself or in a wrapper.
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
        // The first way of the wrappers that has arrays is the one that the layer has.
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

    /// The layers with weights that nobody took.
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
    if let Some(whole) = group.texts(name)? {
        return Ok(Some(whole));
    }
    let mut texts = Vec::new();
    for k in 0..MOST {
        match group.texts(&format!("{name}{k}"))? {
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
