//! `s = m ⊙ s₋₁ + (1 − m) ⊙ s̃`, `m ⊙ g`, `U (m ⊙ h₋₁)`: masks of a run inside a recurrence.

use crate::form::{Form, Name, Slot, Stage, Width};
use crate::number::Number;
use alloc::format;
use alloc::vec;

/// What the masks of a run do within a step: zoneout, and two functions that are called recurrent dropout.
///
/// A mask is a number for each unit, row and step; it has no gradient. The caller draws it, anew for each step or once for all of them,
/// and gives an expectation where nothing is drawn. No mask is scaled here: what dropout divides by `1 − p`, the masks hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Noise {
    /// There is no mask.
    #[default]
    None,
    /// `h = m ⊙ h₋₁ + (1 − m) ⊙ h̃`, and the same of `c`: Krueger et al. 2017. Masks `zoneout_h`, and `zoneout_c` of an LSTM.
    ///
    /// 1 keeps the old number, 0 takes the new one. Training draws 1 with the probability `z` of keeping; inference gives `z` itself.
    /// `h̃` follows from `c̃`, what `c` would be without its mask.
    Zoneout,
    /// `m ⊙ g` in the place of the candidate `g` (`n` of a GRU, all that an Elman network makes): Semeniuta et al. 2016. Mask
    /// `candidate`.
    ///
    /// 0 keeps the candidate out of the state, which fades but is not lost; 1 is the cell itself. Training draws 0 with
    /// probability `p` and `1 / (1 − p)` otherwise; inference gives 1.
    Candidate,
    /// `U (m ⊙ h₋₁)` in the place of every `U h₋₁`: Gal & Ghahramani 2016, with tied weights. Mask `state`.
    ///
    /// 0 hides a number from all gates of a step, 1 is the cell itself; the state goes on without the mask. Training draws 0 with
    /// probability `p` and `1 / (1 − p)` otherwise, once for all steps; inference gives 1. Keras' `recurrent_dropout` is a mask
    /// for each gate, which is another function.
    State,
}

impl Noise {
    /// How many stages come before those of the cell.
    pub(super) const fn stages(self) -> usize {
        if matches!(self, Noise::State) { 1 } else { 0 }
    }

    /// A form with its masks.
    ///
    /// Where the matrices are to see a masked `h`, it is a new last value, which a stage before all others writes.
    pub(super) fn masks(self, mut form: Form) -> Form {
        match self {
            Noise::None => {}
            Noise::Zoneout => {
                let mask = |(state, width): &(Name, Width)| (Name::Owned(format!("zoneout_{state}")), *width);
                form.masks = form.states.iter().map(mask).collect();
            }
            Noise::Candidate => form = form.mask("candidate"),
            Noise::State => {
                let (width, seen) = (form.states[0].1, Slot::Value(form.values.len()));
                form.masks = vec![(Name::Borrowed("state"), width)];
                form.values.push(width);
                for stage in &mut form.stages {
                    let of = stage.products.iter_mut().map(|product| &mut product.of);
                    of.filter(|of| **of == Slot::Old(0)).for_each(|of| *of = seen);
                }
                let stage = Stage::new([]).width(width).products([]);
                form.stages.insert(0, stage.reads([Slot::Old(0), Slot::Mask(0)]).writes([seen]));
            }
        }
        form
    }
}

/// `m ⊙ s₋₁ + (1 − m) ⊙ s̃`.
#[inline(always)]
pub(super) fn zoned<S: Number>(mask: S, old: S, new: S) -> S {
    mask * old + (S::one() - mask) * new
}
