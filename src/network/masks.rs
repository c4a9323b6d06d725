//! `m [T, N, W]` of every layer of a network: copied from a batch or from the configuration, and handed to the kernels.

use super::dims::Dims;
use super::dropped::Seeds;
use super::mask::{GivenMasks, Mask, Values};
use super::plan::{LayerMask, Plan, Recurrent, Way};
use super::timing::Timing;
use crate::buffer::Aligned;
use crate::cells::MOST_MASKS;
use crate::error::{Error, Result, checked_product};
use crate::finite::{NonFinite, first_non_finite};
use rnn_kernels::{Direction, Scalar, SeqRef};

/// Copies of the masks of a batch, so that backward reads those of forward: one for each mask of each slot, one after another.
#[derive(Debug)]
pub(crate) struct Masks<T>(Vec<Aligned<T>>);

/// The masks of the steps at hand.
#[derive(Debug)]
pub(crate) struct MasksAtHand<'a, T> {
    buffers: &'a [Aligned<T>],
    dims: Dims,
}

impl<T> Default for Masks<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Scalar> Masks<T> {
    /// Takes in the masks of a batch of these sizes; where a step does not belong to its row they become 0.
    ///
    /// # Errors
    /// [`Error::Mask`] if one is missing, is one of no layer, is given twice, has a wrong shape or is not finite.
    pub fn load(
        &mut self,
        plan: &Plan<T>,
        given: GivenMasks<'_, T>,
        dims: Dims,
        timing: &Timing,
        non_finite: NonFinite,
        mut seeds: Option<&mut Seeds>,
    ) -> Result<()> {
        given.list.iter().try_for_each(|mask| check_known(plan, mask))?;
        for (layer, way) in plan.ways() {
            let number = plan.state.slots[way.slot].layer;
            for (k, own) in layer.masks.iter().enumerate() {
                let at = way.masks + k;
                if self.0.len() <= at {
                    self.0.resize_with(at + 1, Aligned::default);
                }
                let len = checked_product("mask", &[dims.steps, dims.rows, own.width])?;
                self.0[at].grow("mask", len)?;
                let buffer = &mut self.0[at][..len];
                // Every mask has its seed, so that giving one leaves the others what they are.
                let rng = seeds.as_mut().map(|seeds| seeds.next());
                if let (Some(draw), Some(mut rng)) = (own.draw, rng)
                    && !is_given(given, number, way.direction, own)
                {
                    draw.fill(&mut rng, buffer, dims.steps);
                    continue;
                }
                match the_one(given, number, way.direction, own)? {
                    Values::Constant(value) => buffer.fill(value),
                    Values::Steps(values) => {
                        check_shape(number, own, [given.steps, dims.rows, 1], values.shape())?;
                        copy(buffer, own.width, dims, timing, |t, n, to| {
                            to.fill(values.at(given.first + t).row(n)[0]);
                        });
                    }
                    Values::Units(values) => {
                        check_shape(number, own, [given.steps, dims.rows, own.width], values.shape())?;
                        copy(buffer, own.width, dims, timing, |t, n, to| {
                            to.copy_from_slice(values.at(given.first + t).row(n));
                        });
                    }
                }
                if non_finite == NonFinite::Refuse
                    && let Some(at) = first_non_finite(buffer)
                {
                    let [t, n, u] = [at / own.width / dims.rows, at / own.width % dims.rows, at % own.width];
                    let found = format!("{} at [{t}, {n}, {u}]", buffer[at].to_f64());
                    return Err(Error::mask(number, &own.name, "finite numbers", found));
                }
            }
        }
        Ok(())
    }

    /// Those of the steps of `dims`.
    pub fn at_hand(&self, dims: Dims) -> MasksAtHand<'_, T> {
        MasksAtHand { buffers: &self.0, dims }
    }

    /// Every buffer, to write.
    #[cfg(test)]
    pub fn buffers_mut(&mut self) -> impl Iterator<Item = &mut Aligned<T>> {
        self.0.iter_mut()
    }
}

impl<'a, T: Scalar> MasksAtHand<'a, T> {
    /// `[T, N, W]` of each mask of a layer in one direction, empty behind the last: a pass allocates nothing.
    pub fn of(&self, layer: &Recurrent<T>, way: &Way) -> [SeqRef<'a, T>; MOST_MASKS] {
        let Self { buffers, dims } = *self;
        std::array::from_fn(|k| match layer.masks.get(k) {
            None => SeqRef::new(&[], 0, 0, 0),
            Some(mask) => {
                let values = &buffers[way.masks + k][dims.range(mask.width)];
                SeqRef::new(values, dims.steps, dims.rows, mask.width)
            }
        })
    }
}

/// Writes each `[W]` of a step that belongs to its row by `write(t, n, to)`, and 0 elsewhere.
fn copy<T: Scalar>(to: &mut [T], width: usize, dims: Dims, timing: &Timing, write: impl Fn(usize, usize, &mut [T])) {
    let live = timing.live(dims);
    for (t, n) in (0..dims.steps).flat_map(|t| (0..dims.rows).map(move |n| (t, n))) {
        let to = &mut to[(t * dims.rows + n) * width..][..width];
        if live.live(t, n) { write(t, n, to) } else { to.fill(T::ZERO) }
    }
}

/// The numbers of a mask of a layer in one direction: those that are given, or the one of the configuration.
fn the_one<'a, T: Scalar>(
    given: GivenMasks<'a, T>,
    layer: usize,
    direction: Direction,
    own: &LayerMask<T>,
) -> Result<Values<'a, T>> {
    let mut found = given.list.iter().filter(|mask| mask.is_of(layer, direction) && mask.name == own.name);
    match (found.next(), found.next(), own.default) {
        (Some(mask), None, _) => Ok(mask.values),
        (Some(_), Some(_), _) => Err(Error::mask(layer, &own.name, "one for each direction", "several")),
        (None, _, Some(value)) => Ok(Values::Constant(value)),
        (None, _, None) => {
            let expected = "numbers, given by `Batch::with_masks` or `CellSpec::mask`";
            Err(Error::mask(layer, &own.name, expected, "none"))
        }
    }
}

/// Whether the batch gives a mask of a layer in one direction.
fn is_given<T>(given: GivenMasks<'_, T>, layer: usize, direction: Direction, own: &LayerMask<T>) -> bool {
    given.list.iter().any(|mask| mask.is_of(layer, direction) && mask.name == own.name)
}

/// `Ok` if a layer of the network has this mask.
fn check_known<T: Scalar>(plan: &Plan<T>, mask: &Mask<'_, T>) -> Result<()> {
    let Some(layer) = plan.recurrent().nth(mask.layer) else {
        let expected = format!("a recurrent layer below {}", plan.recurrent().count());
        return Err(Error::mask(mask.layer, mask.name, expected, "no such layer"));
    };
    if !layer.masks.iter().any(|own| own.name == mask.name) {
        let names: Vec<_> = layer.masks.iter().map(|own| &own.name[..]).collect();
        let expected = match &names[..] {
            [] => format!("no mask, as cell `{}` has none", layer.cell.name()),
            names => format!("one of {}", names.join(", ")),
        };
        return Err(Error::mask(mask.layer, mask.name, expected, "another name"));
    }
    match mask.direction {
        Some(direction) if layer.ways.iter().all(|way| way.direction != direction) => {
            Err(Error::mask(mask.layer, mask.name, "a direction of the layer", format!("{direction:?}")))
        }
        _ => Ok(()),
    }
}

fn check_shape<T>(layer: usize, own: &LayerMask<T>, expected: [usize; 3], found: [usize; 3]) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(Error::mask(layer, &own.name, format!("shape {expected:?}"), format!("{found:?}")))
}
