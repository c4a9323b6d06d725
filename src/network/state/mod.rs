//! The states of every recurrent layer and direction, such as `h` and `c`: what is carried from window to window.

mod beginning;
mod layout;

pub(crate) use layout::{StateLayout, StateSlot, find};

use crate::buffer::Aligned;
use crate::error::{Error, Result, checked_product};
use crate::memory::reserve;
use rnn_kernels::{Direction, MatMut, MatRef, Scalar};
use std::ops::Range;
use std::sync::Arc;

/// The states of `N` streams or batch rows, by value: they refer to no workspace and carry no gradient.
///
/// Flat order: layer, then direction, then the states of the cell in the order of its form, each `[N, W]`; of an LSTM `h`
/// before `c`.
///
/// # Rows at their beginning
///
/// In a network with [learned initial states](field@super::RecurrentSpec::learned_initial) a state also remembers which rows are at their beginning:
/// those of [`Network::state`](super::Network::state), and those that [`reset_row`](Self::reset_row) or [`fill_zero`](Self::fill_zero) put
/// there. Their numbers are 0 here. A pass takes the learned states in their place, and the gradient by these is added to that of the
/// parameters; a row that makes a step or [starts anew](crate::Batch::starting_anew) is then no longer at its beginning, and
/// one that makes none stays there. So in truncated BPTT, and wherever a state is carried, learned states have the gradient of the windows
/// in which rows begin, and no other.
///
/// Who writes to a state says what its rows are: [`as_mut_slice`](Self::as_mut_slice), [`get_mut`](Self::get_mut) and
/// [`layer_mut`](Self::layer_mut) take all rows from their beginning. The flat numbers alone, as an application may keep them, are a state that
/// was carried; [`at_beginning`](Self::at_beginning) says which rows to reset in it.
#[derive(Clone, Debug, PartialEq)]
pub struct State<T> {
    layout: Arc<StateLayout>,
    rows: usize,
    flat: Aligned<T>,
    /// `[N]`: which rows are at their beginning; empty in a network without learned initial states.
    beginning: Vec<bool>,
}

impl<T: Scalar> State<T> {
    /// 0, which no row begins with.
    pub(crate) fn zeros(layout: Arc<StateLayout>, rows: usize) -> Result<Self> {
        let len = checked_product("state", &[rows, layout.width])?;
        let (flat, mut beginning) = (Aligned::zeros("state", len)?, Vec::new());
        if layout.is_learned() {
            reserve("state", &mut beginning, rows)?;
            beginning.resize(rows, false);
        }
        Ok(Self { flat, layout, rows, beginning })
    }

    /// All rows at their beginning.
    pub(crate) fn fresh(layout: Arc<StateLayout>, rows: usize) -> Result<Self> {
        let mut state = Self::zeros(layout, rows)?;
        state.beginning.fill(true);
        Ok(state)
    }

    /// A state of no rows.
    pub(crate) fn empty(layout: Arc<StateLayout>) -> Self {
        Self { layout, rows: 0, flat: Aligned::default(), beginning: Vec::new() }
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

    /// All of it, flat, to write. Numbers that are not finite are refused when the state is given to a pass. No row is at its beginning then.
    #[must_use]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        self.beginning.fill(false);
        &mut self.flat
    }

    /// Every stream starts anew: all states are 0, or what is learned in their place.
    pub fn fill_zero(&mut self) {
        self.flat.fill(T::ZERO);
        self.beginning.fill(true);
    }

    /// Stream `n` starts anew, as all do by [`fill_zero`](Self::fill_zero).
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such row.
    pub fn reset_row(&mut self, n: usize) -> Result<()> {
        if n >= self.rows {
            return Err(Error::range("state, row", format!("below {}", self.rows), n));
        }
        for slot in &self.layout.slots {
            for (k, &(_, width)) in slot.states.iter().enumerate() {
                let start = slot.state(k, self.rows).start + n * width;
                self.flat[start..start + width].fill(T::ZERO);
            }
        }
        self.beginning.iter_mut().skip(n).take(1).for_each(|begins| *begins = true);
        Ok(())
    }

    /// Row `k` of the result is row `rows[k]` of this, in every layer and direction: of some streams alone, in any order, also twice.
    /// [`put`](Self::put) is the way back.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such row, [`Error::Overflow`] or [`Error::Memory`] if the result does not fit.
    pub fn pick(&self, rows: &[usize]) -> Result<Self> {
        self.check_rows(rows)?;
        let mut picked = Self::zeros(self.layout.clone(), rows.len())?;
        for (k, &n) in rows.iter().enumerate() {
            copy_row(self, n, &mut picked, k);
        }
        Ok(picked)
    }

    /// Row `rows[k]` of this becomes row `k` of `picked`, in every layer and direction; other rows stay. Of a row that is named twice the
    /// later one holds.
    ///
    /// # Errors
    /// [`Error::Kind`] if `picked` is the state of another network, [`Error::Range`] if there is no such row or `picked` has not as many
    /// as `rows` names. Nothing changes then.
    pub fn put(&mut self, rows: &[usize], picked: &Self) -> Result<()> {
        picked.check("picked state", &self.layout, rows.len())?;
        self.check_rows(rows)?;
        for (k, &n) in rows.iter().enumerate() {
            copy_row(picked, k, self, n);
        }
        Ok(())
    }

    fn check_rows(&self, rows: &[usize]) -> Result<()> {
        match rows.iter().position(|&n| n >= self.rows) {
            Some(k) => Err(Error::range(format!("state, rows[{k}]"), format!("below {}", self.rows), rows[k])),
            None => Ok(()),
        }
    }

    /// A state by its name, `[N, W]`, of a recurrent layer, counted from the input, in one direction.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such layer or direction, or if its cell has no such state.
    pub fn get(&self, layer: usize, direction: Direction, name: &str) -> Result<MatRef<'_, T>> {
        let (range, width) = self.named(layer, direction, name)?;
        Ok(MatRef::new(&self.flat[range], self.rows, width))
    }

    /// As [`get`](Self::get), to write. No row is at its beginning then.
    ///
    /// # Errors
    /// As there.
    pub fn get_mut(&mut self, layer: usize, direction: Direction, name: &str) -> Result<MatMut<'_, T>> {
        let (range, width) = self.named(layer, direction, name)?;
        self.beginning.fill(false);
        Ok(MatMut::new(&mut self.flat[range], self.rows, width))
    }

    fn named(&self, layer: usize, direction: Direction, name: &str) -> Result<(Range<usize>, usize)> {
        let slot = &self.layout.slots[find(&self.layout, layer, direction)?];
        if !slot.states.iter().any(|(other, _)| other == name) {
            let names: Vec<_> = slot.states.iter().map(|(name, _)| &name[..]).collect();
            let what = format!("state of recurrent layer {layer}");
            return Err(Error::range(what, format!("one of {}", names.join(", ")), name));
        }
        Ok(slot.named(name, self.rows))
    }

    /// `h [N, P]` of a recurrent layer, counted from the input, in one direction; `[N, 0]` for a cell without one.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such layer or direction.
    pub fn h(&self, layer: usize, direction: Direction) -> Result<MatRef<'_, T>> {
        self.or_nothing(layer, direction, "h")
    }

    /// `c [N, H]` of a recurrent layer, counted from the input, in one direction; `[N, 0]` for a cell without one.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such layer or direction.
    pub fn c(&self, layer: usize, direction: Direction) -> Result<MatRef<'_, T>> {
        self.or_nothing(layer, direction, "c")
    }

    fn or_nothing(&self, layer: usize, direction: Direction, name: &str) -> Result<MatRef<'_, T>> {
        let slot = &self.layout.slots[find(&self.layout, layer, direction)?];
        let (range, width) = slot.named(name, self.rows);
        Ok(MatRef::new(&self.flat[range], self.rows, width))
    }

    /// `h [N, P]` and `c [N, H]` of a recurrent layer in one direction, to write; `[N, 0]` for a cell without one. No row is at its beginning
    /// then.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such layer or direction.
    pub fn layer_mut(&mut self, layer: usize, direction: Direction) -> Result<(MatMut<'_, T>, MatMut<'_, T>)> {
        let (slot, rows) = (&self.layout.slots[find(&self.layout, layer, direction)?], self.rows);
        self.beginning.fill(false);
        let ((h, h_width), (c, c_width)) = (slot.named("h", rows), slot.named("c", rows));
        let Ok([h, c]) = self.flat.get_disjoint_mut([h, c]) else { unreachable!("states lie apart") };
        Ok((MatMut::new(h, rows, h_width), MatMut::new(c, rows, c_width)))
    }

    /// All states of a slot, one after another.
    pub(crate) fn slot(&self, slot: usize) -> &[T] {
        &self.flat[self.layout.slots[slot].range(self.rows)]
    }

    /// As [`slot`](Self::slot), to write.
    pub(crate) fn slot_mut(&mut self, slot: usize) -> &mut [T] {
        &mut self.flat[self.layout.slots[slot].range(self.rows)]
    }

    /// As [`slot_mut`](Self::slot_mut), of two slots.
    pub(crate) fn slots_mut(&mut self, slots: [usize; 2]) -> [&mut [T]; 2] {
        let ranges = slots.map(|slot| self.layout.slots[slot].range(self.rows));
        self.flat.get_disjoint_mut(ranges).expect("slots lie apart")
    }

    /// The state of a slot that is its layer's output, `[N, W]`: the first.
    pub(crate) fn output(&self, slot: usize) -> MatRef<'_, T> {
        let slot = &self.layout.slots[slot];
        MatRef::new(&self.flat[slot.state(0, self.rows)], self.rows, slot.states[0].1)
    }

    /// As [`output`](Self::output), to write.
    pub(crate) fn output_mut(&mut self, slot: usize) -> MatMut<'_, T> {
        let slot = &self.layout.slots[slot];
        MatMut::new(&mut self.flat[slot.state(0, self.rows)], self.rows, slot.states[0].1)
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

    /// What another state of this layout and of as many rows is.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.flat.copy_from_slice(&other.flat);
        self.beginning.copy_from_slice(&other.beginning);
    }

    /// This layout with this many rows: all zero if the layout or the number of rows changed, and else as it is.
    pub(crate) fn reshape(&mut self, layout: &Arc<StateLayout>, rows: usize) -> Result<()> {
        if self.check("state", layout, rows).is_err() {
            *self = Self::zeros(layout.clone(), rows)?;
        }
        Ok(())
    }
}

/// Row `m` of `to` becomes row `n` of `from`, a state of the same layout.
fn copy_row<T: Scalar>(from: &State<T>, n: usize, to: &mut State<T>, m: usize) {
    for slot in &from.layout.slots {
        for (k, &(_, width)) in slot.states.iter().enumerate() {
            let (source, target) = (slot.state(k, from.rows).start, slot.state(k, to.rows).start);
            to.flat[target + m * width..][..width].copy_from_slice(&from.flat[source + n * width..][..width]);
        }
    }
    if let (Some(to), Some(&from)) = (to.beginning.get_mut(m), from.beginning.get(n)) {
        *to = from;
    }
}
