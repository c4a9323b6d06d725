//! Named tensors of a file into the parameters of a network: whole, or with a report of what was taken.

use super::element::{Element, Kind};
use super::{Conversion, LoadOptions, Partial};
use crate::error::{Error, Result, TensorMismatch};
use crate::finite::{NonFinite, first_non_finite};
use crate::network::{ParameterBlock, Parameters};
use std::collections::HashMap;

/// Which tensors of a file went into which parameters of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadReport {
    /// What was taken: the name in the file, and that of the parameter.
    pub taken: Vec<(String, String)>,
    /// The parameters that the file has nothing for, which kept their values.
    pub missing: Vec<String>,
    /// The tensors of the file that no parameter took.
    pub left_over: Vec<String>,
}

impl LoadReport {
    /// `Ok` if nothing is missing from these parameters.
    pub(super) fn expect_whole<T: Element>(&self, path: &str, parameters: &Parameters<T>) -> Result<()> {
        let shape = |name: &str| parameters.block(name).map_or(Vec::new(), |block| block.shape.clone());
        let missing = |name: &String| TensorMismatch::Missing { name: name.clone(), expected: shape(name) };
        let mismatches: Vec<_> = self.missing.iter().map(missing).collect();
        if mismatches.is_empty() { Ok(()) } else { Err(Error::Tensors { path: path.into(), mismatches }) }
    }
}

/// Parameters while a file is read.
pub(super) struct Filling<'p, T> {
    parameters: &'p mut Parameters<T>,
    options: LoadOptions,
    blocks: Vec<Block>,
    by_name: HashMap<String, usize>,
    /// Names and shapes that no parameter has.
    unexpected: Vec<(String, Vec<usize>)>,
    /// Names for which the caller has no parameter.
    left_out: Vec<String>,
}

/// A parameter, the tensor that it took, and what was wrong with that.
struct Block {
    block: ParameterBlock,
    tensor: Option<String>,
    fault: Option<TensorMismatch>,
}

/// A tensor as a file describes it.
pub(super) struct Described<'a> {
    pub name: &'a str,
    pub shape: &'a [usize],
    /// What the format calls its number type.
    pub dtype: &'a str,
    /// Its number type, if numbers of it can be converted.
    pub kind: Option<Kind>,
}

impl<'p, T: Element> Filling<'p, T> {
    pub fn new(parameters: &'p mut Parameters<T>, options: &LoadOptions) -> Self {
        let blocks: Vec<_> = parameters.blocks().to_vec();
        let by_name = blocks.iter().enumerate().map(|(k, block)| (block.name.clone(), k)).collect();
        let blocks = blocks.into_iter().map(|block| Block { block, tensor: None, fault: None }).collect();
        Self { parameters, options: *options, blocks, by_name, unexpected: Vec::new(), left_out: Vec::new() }
    }

    /// The place of a tensor, whose parameter has this name, and the type of its numbers. The caller writes them to
    /// [`values`](Self::values) and then calls [`examine`](Self::examine). Nothing if the tensor is not to be taken.
    pub fn place(&mut self, tensor: &Described<'_>, name: Option<String>) -> Option<(usize, Kind)> {
        let Some(name) = name else {
            self.left_out.push(tensor.name.into());
            return None;
        };
        let Some(&k) = self.by_name.get(&name) else {
            self.unexpected.push((tensor.name.into(), tensor.shape.to_vec()));
            return None;
        };
        let block = &mut self.blocks[k];
        // The parameter, and the tensor where it is called differently.
        let name = if name == tensor.name { name } else { format!("{name}, from `{}`", tensor.name) };
        if let Some(first) = block.tensor.replace(tensor.name.into()) {
            let tensors = [first, tensor.name.into()];
            block.fault = Some(TensorMismatch::Twice { name: block.block.name.clone(), tensors });
            return None;
        }
        if tensor.shape != block.block.shape {
            let (expected, found) = (block.block.shape.clone(), tensor.shape.to_vec());
            block.fault = Some(TensorMismatch::Shape { name, expected, found });
            return None;
        }
        let own = |kind: &Kind| *kind == Kind::of::<T>() || self.options.conversion == Conversion::Allow;
        let Some(kind) = tensor.kind.filter(own) else {
            let (expected, found) = (T::DTYPE.to_string(), tensor.dtype.into());
            block.fault = Some(TensorMismatch::Dtype { name, expected, found });
            return None;
        };
        Some((k, kind))
    }

    /// The numbers of a place, row-major.
    pub fn values(&mut self, place: usize) -> &mut [T] {
        &mut self.parameters[self.blocks[place].block.range()]
    }

    /// Notes the first number that is not finite, if they must be.
    pub fn examine(&mut self, place: usize) {
        let values = &self.parameters[self.blocks[place].block.range()];
        let bad = first_non_finite(values).filter(|_| self.options.non_finite == NonFinite::Refuse);
        let found = bad.map(|index| (index, values[index].to_f64()));
        let Block { block, tensor, fault } = &mut self.blocks[place];
        let name = match tensor {
            Some(tensor) if *tensor != block.name => format!("{}, from `{tensor}`", block.name),
            _ => block.name.clone(),
        };
        *fault = found.map(|(index, found)| TensorMismatch::NotFinite { name, index, found });
    }

    /// What was taken, once the whole file has been seen.
    ///
    /// # Errors
    /// [`Error::Tensors`] with everything that does not fit; what is missing or left over counts unless loading may be partial.
    pub fn finish(self, path: &str) -> Result<LoadReport> {
        let Self { options, blocks, mut unexpected, left_out, .. } = self;
        let partial = options.partial == Partial::Allow;
        let mut report = LoadReport::default();
        let mut mismatches = Vec::new();
        for Block { block, tensor, fault } in blocks {
            match (fault, tensor) {
                (Some(fault), _) => mismatches.push(fault),
                (None, Some(tensor)) => report.taken.push((tensor, block.name)),
                (None, None) if partial => report.missing.push(block.name),
                (None, None) => mismatches.push(TensorMismatch::Missing { name: block.name, expected: block.shape }),
            }
        }
        unexpected.sort();
        if !partial {
            let unexpected = unexpected.drain(..);
            mismatches.extend(unexpected.map(|(name, found)| TensorMismatch::Unexpected { name, found }));
        }
        report.left_over = left_out.into_iter().chain(unexpected.into_iter().map(|(name, _)| name)).collect();
        report.left_over.sort();
        if mismatches.is_empty() { Ok(report) } else { Err(Error::Tensors { path: path.into(), mismatches }) }
    }
}
