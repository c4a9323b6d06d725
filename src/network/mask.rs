//! `m [T, N, W]`: numbers that the cell of a layer reads unit by unit beside its input. They have no gradient.

use crate::error::{Error, Result};
use rnn_kernels::{Direction, SeqRef};

/// A mask of a recurrent layer, such as the elapsed times of a CfC or the units that a zoneout keeps.
///
/// A mask belongs to a layer, counted from the input as in [`State::get`](super::State::get), and to the name that the form of the
/// layer's cell has for it. It has no gradient. Numbers are in time order, as those of the input are, whichever way the
/// layer goes through time: a reverse direction reads that of step `t` on its way from state `t + 1` to state `t`. A layer
/// in both directions reads the same numbers both ways, unless each is given masks of its own by [`only`](Self::only); elapsed
/// times are such a case, since the step before is another one.
///
/// What is not given is what the configuration says ([`CellSpec::mask`](super::CellSpec::mask)), and else an error.
///
/// ```
/// # #[cfg(feature = "_backend")]
/// # fn main() -> recurrent::Result<()> {
/// use recurrent::network::{CellSpec, Config, Network, RecurrentSpec};
/// use recurrent::{Batch, Mask, Workspace};
///
/// // Two rows of measurements at irregular times.
/// let cell = CellSpec::new("cfc").with("elapsed", "given");
/// let config = Config::features(3).recurrent(RecurrentSpec::new(cell, 8)).linear(1);
/// let network = Network::<f32>::new(&config, 1)?;
/// let (x, hours) = ([0.5; 4 * 2 * 3], [1.0, 1.0, 0.5, 7.0, 2.0, 0.1, 1.0, 3.0]);
/// let masks = [Mask::steps(0, "elapsed", &hours, [4, 2])?];
/// let batch = Batch::features(&x, [4, 2, 3])?.with_masks(&masks);
/// let (mut workspace, mut state) = (Workspace::new(), network.state(2)?);
/// let output = network.infer(&mut workspace, &batch, &mut state)?;
/// assert_ne!(output.at(0).row(0), output.at(1).row(1));
///
/// // One more step of each, two hours later.
/// let masks = [Mask::constant(0, "elapsed", 2.0)];
/// network.step(&mut workspace, &Batch::features(&x[..6], [1, 2, 3])?.with_masks(&masks), &mut state)?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "_backend"))]
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Mask<'a, T> {
    pub(super) layer: usize,
    pub(super) direction: Option<Direction>,
    pub(super) name: &'a str,
    pub(super) values: Values<'a, T>,
}

/// What a mask says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Values<'a, T> {
    /// One number.
    Constant(T),
    /// `[T, N, 1]`: one for all units.
    Steps(SeqRef<'a, T>),
    /// `[T, N, W]`.
    Units(SeqRef<'a, T>),
}

impl<'a, T> Mask<'a, T> {
    /// One number for every unit of every step of every row: the mean of a random mask at inference, or equal steps of time.
    #[must_use]
    pub fn constant(layer: usize, name: &'a str, value: T) -> Self {
        Self { layer, direction: None, name, values: Values::Constant(value) }
    }

    /// One number for all units of a step of a row, time-major: that of step `t` of row `n` is `data[t · N + n]`, shape `[T, N]`.
    ///
    /// # Errors
    /// [`Error::Mask`] if the number of elements is another.
    pub fn steps(layer: usize, name: &'a str, data: &'a [T], [steps, rows]: [usize; 2]) -> Result<Self> {
        check_len(layer, name, data.len(), &[steps, rows])?;
        Ok(Self { layer, direction: None, name, values: Values::Steps(SeqRef::new(data, steps, rows, 1)) })
    }

    /// A number for each unit, time-major: `m[t, n, u] = data[(t · N + n) · W + u]`, shape `[T, N, W]`, where `W` is `H`, or what the
    /// form of the cell says.
    ///
    /// # Errors
    /// [`Error::Mask`] if the number of elements is another.
    pub fn units(layer: usize, name: &'a str, data: &'a [T], [steps, rows, width]: [usize; 3]) -> Result<Self> {
        check_len(layer, name, data.len(), &[steps, rows, width])?;
        Ok(Self { layer, direction: None, name, values: Values::Units(SeqRef::new(data, steps, rows, width)) })
    }

    /// The same for one direction of the layer alone.
    #[must_use]
    pub fn only(self, direction: Direction) -> Self {
        Self { direction: Some(direction), ..self }
    }

    pub(super) fn is_of(&self, layer: usize, direction: Direction) -> bool {
        self.layer == layer && self.direction.is_none_or(|own| own == direction)
    }
}

/// `Ok` if this many elements have this shape.
fn check_len(layer: usize, name: &str, found: usize, shape: &[usize]) -> Result<()> {
    let expected = shape.iter().try_fold(1_usize, |product, &factor| product.checked_mul(factor));
    if expected == Some(found) {
        return Ok(());
    }
    Err(Error::mask(layer, name, format!("as many elements as shape {shape:?} has"), format!("{found}")))
}

/// The masks of a batch, or of a window of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GivenMasks<'a, T> {
    pub(super) list: &'a [Mask<'a, T>],
    /// `T` of the masks, which a window does not cut.
    pub(super) steps: usize,
    /// Step 0 of the batch among those of the masks.
    pub(super) first: usize,
}

impl<'a, T> GivenMasks<'a, T> {
    pub(super) fn none() -> Self {
        Self { list: &[], steps: 0, first: 0 }
    }

    /// Those of a batch of this many steps.
    pub(super) fn new(list: &'a [Mask<'a, T>], steps: usize) -> Self {
        Self { list, steps, first: 0 }
    }

    /// The same from step `from` on.
    pub(super) fn window(self, from: usize) -> Self {
        Self { first: self.first + from, ..self }
    }
}
