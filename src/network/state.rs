//! The states of every recurrent layer and direction, such as `h` and `c`: what is carried from window to window.

use crate::buffer::Aligned;
use crate::error::{Error, Result, checked_product};
use rnn_kernels::{Direction, MatMut, MatRef, Name, Scalar, Spec};
use std::ops::Range;
use std::sync::Arc;

/// Where the states of one layer in one direction lie; sizes are per row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StateSlot {
    pub layer: usize,
    pub direction: Direction,
    /// Name and width of each state, in the order of the cell's form; the first is the output.
    pub states: Vec<(Name, usize)>,
    pub start: usize,
    /// Of all states together.
    pub width: usize,
}

impl StateSlot {
    /// The states of a layer; [`StateLayout::new`] gives them their place.
    pub fn new<T>(layer: usize, direction: Direction, spec: &Spec<T>) -> Self {
        let names = spec.cell().form().states.iter().map(|(name, _)| name.clone());
        let states: Vec<_> = names.zip(spec.plan().states.iter().copied()).collect();
        let width = states.iter().map(|(_, width)| width).sum();
        Self { layer, direction, states, start: 0, width }
    }

    /// Where all states of `rows` rows lie.
    fn range(&self, rows: usize) -> Range<usize> {
        self.start * rows..(self.start + self.width) * rows
    }

    /// Where state `k` of `rows` rows lies.
    fn state(&self, k: usize, rows: usize) -> Range<usize> {
        let before: usize = self.states[..k].iter().map(|(_, width)| width).sum();
        let start = (self.start + before) * rows;
        start..start + self.states[k].1 * rows
    }

    /// Where the state of this name lies, and its width; an empty place at the start if there is none.
    fn named(&self, name: &str, rows: usize) -> (Range<usize>, usize) {
        match self.states.iter().position(|(other, _)| other == name) {
            Some(k) => (self.state(k, rows), self.states[k].1),
            None => (0..0, 0),
        }
    }
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
            let overflow = || Error::Overflow { what: "state".into(), factors: vec![width, slot.width] };
            width = width.checked_add(slot.width).ok_or_else(overflow)?;
        }
        Ok(Self { slots, width })
    }
}

/// The states of `N` streams or batch rows, by value: they refer to no workspace and carry no gradient.
///
/// Flat order: layer, then direction, then the states of the cell in the order of its form, each `[N, W]`; of an LSTM `h`
/// before `c`.
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

    /// Every stream starts anew: all states are 0.
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
        for slot in &self.layout.slots {
            for (k, &(_, width)) in slot.states.iter().enumerate() {
                let start = slot.state(k, self.rows).start + n * width;
                self.flat[start..start + width].fill(T::ZERO);
            }
        }
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

    /// As [`get`](Self::get), to write.
    ///
    /// # Errors
    /// As there.
    pub fn get_mut(&mut self, layer: usize, direction: Direction, name: &str) -> Result<MatMut<'_, T>> {
        let (range, width) = self.named(layer, direction, name)?;
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

    /// `h [N, P]` and `c [N, H]` of a recurrent layer in one direction, to write; `[N, 0]` for a cell without one.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such layer or direction.
    pub fn layer_mut(&mut self, layer: usize, direction: Direction) -> Result<(MatMut<'_, T>, MatMut<'_, T>)> {
        let (slot, rows) = (&self.layout.slots[find(&self.layout, layer, direction)?], self.rows);
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
}

/// The slot of a layer in one direction.
pub(crate) fn find(layout: &StateLayout, layer: usize, direction: Direction) -> Result<usize> {
    let found = layout.slots.iter().position(|slot| slot.layer == layer && slot.direction == direction);
    found.ok_or_else(|| {
        let expected: Vec<_> = layout.slots.iter().map(|slot| format!("{} {:?}", slot.layer, slot.direction)).collect();
        Error::range("recurrent layer", format!("one of {}", expected.join(", ")), format!("{layer} {direction:?}"))
    })
}
