//! `theirs → parameters`: the weights of a layer of another library into a network.

use super::Element;
use super::orders::{Gates, Library, Order};
use crate::error::{Error, Result};
use crate::network::Parameters;

/// The weights of a recurrent layer in one direction, in the order of a library.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecurrentWeights<'a, T> {
    pub order: Order,
    /// What the input is multiplied by.
    pub input: &'a [T],
    /// What `h₋₁` is multiplied by.
    pub hidden: &'a [T],
    /// None, one for both matrices, or one for each.
    pub biases: &'a [&'a [T]],
}

impl<T: Element> RecurrentWeights<'_, T> {
    /// Into the parameters `prefix.weight_ih_l0` and so on, with `suffix` behind each name. A single bias is that of the input; the other
    /// one, if the network has it, is 0.
    ///
    /// # Errors
    /// [`Error::Len`] or [`Error::Format`] if the network has parameters of other sizes, or none of these names.
    pub fn write(&self, parameters: &mut Parameters<T>, prefix: &str, suffix: &str) -> Result<()> {
        let order = self.order;
        let of = |name: &str| join(prefix, &format!("{name}_l0{suffix}"));
        let recurrent = of("weight_hh");
        let hidden = parameters.block(&recurrent).and_then(|block| block.shape.last().copied());
        let hidden = hidden.ok_or_else(|| missing(&recurrent))?;
        order.matrix(self.hidden, get(parameters, &recurrent)?, hidden)?;
        order.matrix(self.input, get(parameters, &of("weight_ih"))?, hidden)?;
        let names = [of("bias_ih"), of("bias_hh")];
        for (name, bias) in names.iter().zip(self.biases) {
            order.bias(bias, get(parameters, name)?, hidden)?;
        }
        for name in &names[self.biases.len()..] {
            parameters.get_mut(name).into_iter().for_each(|bias| bias.fill(T::ZERO));
        }
        Ok(())
    }
}

/// `W [O, C]` and `b` of an affine layer whose library has `[C, O]`, into `prefix.weight` and `prefix.bias`.
///
/// # Errors
/// [`Error::Len`] or [`Error::Format`] if the network has parameters of other sizes, or none of these names.
pub(super) fn dense<T: Element>(
    parameters: &mut Parameters<T>,
    prefix: &str,
    kernel: &[T],
    bias: Option<&[T]>,
) -> Result<()> {
    let weight = join(prefix, "weight");
    let units = parameters.block(&weight).and_then(|block| block.shape.first().copied());
    let units = units.ok_or_else(|| missing(&weight))?;
    // As of a cell with one gate.
    let order = Library::Keras.order(Gates::Elman);
    order.matrix(kernel, get(parameters, &weight)?, units)?;
    bias.map_or(Ok(()), |bias| order.bias(bias, get(parameters, &join(prefix, "bias"))?, units))
}

/// `prefix.name`, or `name` under an empty prefix.
pub(super) fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.into() } else { format!("{prefix}.{name}") }
}

fn get<'p, T: Element>(parameters: &'p mut Parameters<T>, name: &str) -> Result<&'p mut [T]> {
    parameters.get_mut(name).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> Error {
    Error::format("parameters of the network", format!("one named `{name}`"), "none")
}
