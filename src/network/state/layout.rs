//! Where the states of every layer and direction lie in one flat buffer.

use crate::error::{Error, Result};
use rnn_kernels::{Direction, Name, Spec};
use std::ops::Range;

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
    /// Where its learned initial states lie among the parameters, one after another; empty if they are 0.
    pub initial: Range<usize>,
}

impl StateSlot {
    /// The states of a layer; [`StateLayout::new`] gives them their place.
    pub fn new<T>(layer: usize, direction: Direction, spec: &Spec<T>) -> Self {
        let names = spec.cell().form().states.iter().map(|(name, _)| name.clone());
        let states: Vec<_> = names.zip(spec.plan().states.iter().copied()).collect();
        let width = states.iter().map(|(_, width)| width).sum();
        Self { layer, direction, states, start: 0, width, initial: 0..0 }
    }

    /// Where all states of `rows` rows lie.
    pub fn range(&self, rows: usize) -> Range<usize> {
        self.start * rows..(self.start + self.width) * rows
    }

    /// Where state `k` of `rows` rows lies.
    pub fn state(&self, k: usize, rows: usize) -> Range<usize> {
        let before: usize = self.states[..k].iter().map(|(_, width)| width).sum();
        let start = (self.start + before) * rows;
        start..start + self.states[k].1 * rows
    }

    /// Where the state of this name lies, and its width; an empty place at the start if there is none.
    pub fn named(&self, name: &str, rows: usize) -> (Range<usize>, usize) {
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

    /// Whether some initial states are learned.
    pub fn is_learned(&self) -> bool {
        self.slots.iter().any(|slot| !slot.initial.is_empty())
    }

    /// Of row `n` of every state that has a learned initial one: where it lies in a state of `rows` rows, and where the initial one lies
    /// among the parameters.
    pub fn learned(&self, rows: usize, n: usize) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        self.slots.iter().filter(|slot| !slot.initial.is_empty()).flat_map(move |slot| {
            let mut from = slot.initial.start;
            slot.states.iter().enumerate().map(move |(k, &(_, width))| {
                let (start, initial) = (slot.state(k, rows).start + n * width, from..from + width);
                from = initial.end;
                (start..start + width, initial)
            })
        })
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
