//! `h [N, P]` and `c [N, H]` of every recurrent layer and direction: what is carried from window to window.

use super::buffer::Aligned;
use crate::error::{Error, Result, checked_product};
use rnn_kernels::{Direction, MatMut, MatRef, Scalar};
use std::sync::Arc;

/// Where the state of one layer in one direction lies; sizes are per row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StateSlot {
    pub layer: usize,
    pub direction: Direction,
    /// `P`.
    pub h: usize,
    /// `H`, or 0 for a cell without `c`.
    pub c: usize,
    pub start: usize,
}

/// Where everything in a state lies; sizes are per row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StateLayout {
    pub slots: Vec<StateSlot>,
    pub width: usize,
}

impl StateLayout {
    pub fn new(mut slots: Vec<StateSlot>) -> Result<Self> {
        let mut width = 0_usize;
        for slot in &mut slots {
            slot.start = width;
            let end = width.checked_add(slot.h).and_then(|width| width.checked_add(slot.c));
            width =
                end.ok_or_else(|| Error::Overflow { what: "state".into(), factors: vec![width, slot.h, slot.c] })?;
        }
        Ok(Self { slots, width })
    }
}

/// The state of `N` streams or batch rows, by value: it refers to no workspace and carries no gradient.
///
/// Flat order: layer, then direction, then `h [N, P]` before `c [N, H]`.
#[derive(Clone, Debug, PartialEq)]
pub struct State<T> {
    layout: Arc<StateLayout>,
    rows: usize,
    flat: Aligned<T>,
}

impl<T: Scalar> State<T> {
    pub(crate) fn zeros(layout: Arc<StateLayout>, rows: usize) -> Result<Self> {
        let len = checked_product("state", &[rows, layout.width])?;
        Ok(Self { flat: Aligned::zeros("state", len)?, layout, rows })
    }

    /// A state of no rows.
    pub(crate) fn empty(layout: Arc<StateLayout>) -> Self {
        Self { layout, rows: 0, flat: Aligned::default() }
    }

    pub(crate) fn layout(&self) -> &Arc<StateLayout> {
        &self.layout
    }

    /// `N`.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// All of it, flat.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        &self.flat
    }

    /// All of it, flat, to write. Numbers that are not finite are refused when the state is given to a pass.
    #[must_use]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.flat
    }

    /// Every stream starts anew: `h = c = 0`.
    pub fn fill_zero(&mut self) {
        self.flat.fill(T::ZERO);
    }

    /// Stream `n` starts anew.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such row.
    pub fn reset_row(&mut self, n: usize) -> Result<()> {
        if n >= self.rows {
            return Err(Error::range("state, row", format!("below {}", self.rows), n));
        }
        for slot in 0..self.layout.slots.len() {
            let (mut h, mut c) = self.slot_mut(slot);
            h.row_mut(n).fill(T::ZERO);
            c.row_mut(n).fill(T::ZERO);
        }
        Ok(())
    }

    /// `h [N, P]` of a recurrent layer, counted from the input, in one direction.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such layer or direction.
    pub fn h(&self, layer: usize, direction: Direction) -> Result<MatRef<'_, T>> {
        Ok(self.slot(find(&self.layout, layer, direction)?).0)
    }

    /// `c [N, H]` of a recurrent layer, counted from the input, in one direction; `[N, 0]` for a cell without one.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such layer or direction.
    pub fn c(&self, layer: usize, direction: Direction) -> Result<MatRef<'_, T>> {
        Ok(self.slot(find(&self.layout, layer, direction)?).1)
    }

    /// `h [N, P]` and `c [N, H]` of a recurrent layer in one direction, to write.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such layer or direction.
    pub fn layer_mut(&mut self, layer: usize, direction: Direction) -> Result<(MatMut<'_, T>, MatMut<'_, T>)> {
        let slot = find(&self.layout, layer, direction)?;
        Ok(self.slot_mut(slot))
    }

    pub(crate) fn slot(&self, slot: usize) -> (MatRef<'_, T>, MatRef<'_, T>) {
        let (rows, StateSlot { h, c, start, .. }) = (self.rows, self.layout.slots[slot]);
        let (h_flat, c_flat) = self.flat[start * rows..][..(h + c) * rows].split_at(h * rows);
        (MatRef::new(h_flat, rows, h), MatRef::new(c_flat, rows, c))
    }

    pub(crate) fn slot_mut(&mut self, slot: usize) -> (MatMut<'_, T>, MatMut<'_, T>) {
        let (rows, StateSlot { h, c, start, .. }) = (self.rows, self.layout.slots[slot]);
        let (h_flat, c_flat) = self.flat[start * rows..][..(h + c) * rows].split_at_mut(h * rows);
        (MatMut::new(h_flat, rows, h), MatMut::new(c_flat, rows, c))
    }

    /// As [`slot_mut`](Self::slot_mut), of two slots.
    pub(crate) fn slots_mut(&mut self, slots: [usize; 2]) -> [(MatMut<'_, T>, MatMut<'_, T>); 2] {
        let (rows, layout) = (self.rows, &self.layout);
        let ranges = slots.map(|slot| {
            let StateSlot { h, c, start, .. } = layout.slots[slot];
            start * rows..(start + h + c) * rows
        });
        let flat = self.flat.get_disjoint_mut(ranges).expect("slots lie apart");
        let mut slots = slots.into_iter().map(|slot| &layout.slots[slot]);
        flat.map(|flat| {
            let slot = slots.next().expect("one of the two");
            let (h, c) = flat.split_at_mut(slot.h * rows);
            (MatMut::new(h, rows, slot.h), MatMut::new(c, rows, slot.c))
        })
    }

    /// `Ok` if this is a state of `rows` rows of the network with this layout.
    pub(crate) fn check(&self, what: &str, layout: &Arc<StateLayout>, rows: usize) -> Result<()> {
        if !(Arc::ptr_eq(&self.layout, layout) || self.layout == *layout) {
            return Err(Error::kind(what, "the state of this network", "that of another"));
        }
        if self.rows != rows {
            return Err(Error::range(format!("{what}, rows"), rows.to_string(), self.rows));
        }
        Ok(())
    }

    /// This layout with this many rows: all zero if the layout or the number of rows changed, and else as it is.
    pub(crate) fn reshape(&mut self, layout: &Arc<StateLayout>, rows: usize) -> Result<()> {
        if self.check("state", layout, rows).is_err() {
            *self = Self::zeros(layout.clone(), rows)?;
        }
        Ok(())
    }
}

/// The slot of a layer in one direction.
pub(crate) fn find(layout: &StateLayout, layer: usize, direction: Direction) -> Result<usize> {
    let found = layout.slots.iter().position(|slot| slot.layer == layer && slot.direction == direction);
    found.ok_or_else(|| {
        let expected: Vec<_> = layout.slots.iter().map(|slot| format!("{} {:?}", slot.layer, slot.direction)).collect();
        Error::range("recurrent layer", format!("one of {}", expected.join(", ")), format!("{layer} {direction:?}"))
    })
}
