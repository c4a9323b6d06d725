//! Recurrent weights in a layout of their own: panels of eight rows for training, the transpose for inference. Correct if packed
//! and read alike; some bugs are what happens if they are not.

use super::Bug;
use crate::real::Real;
use rnn_kernels::{BufferLens, Spec, Use};
use std::ops::Range;
use std::sync::Mutex;

/// Rows of a panel.
const PANEL: usize = 8;

impl Bug {
    /// Whether the backend packs its weights at all.
    pub(super) fn packs(self) -> bool {
        matches!(
            self,
            Self::PackedTailLeft
                | Self::PackedWeightsKept
                | Self::PackReadsBuffer
                | Self::TrainReadAsInfer
                | Self::PackedTooShort
                | Self::PackedFromTheEnd
        )
    }
}

/// The recurrent weights, `weight_hh`: where they lie in the flat parameters, and their shape.
fn weights<T: Real>(spec: &Spec<T>) -> (Range<usize>, [usize; 2]) {
    let block = spec.blocks().iter().find(|block| block.name == "weight_hh");
    block.map_or((0..0, [0, 0]), |block| (block.range.clone(), [block.rows, block.cols]))
}

/// How long the packed weights `[rows, cols]` are.
fn len(bug: Option<Bug>, usage: Use, [rows, cols]: [usize; 2]) -> usize {
    let len = match usage {
        Use::Infer => rows * cols,
        Use::Train => rows.next_multiple_of(PANEL) * cols,
    };
    if bug == Some(Bug::PackedTooShort) { len.saturating_sub(1) } else { len }
}

/// These lengths, with those of the packed weights.
pub(super) fn with_room<T: Real>(bug: Option<Bug>, spec: &Spec<T>, mut lens: BufferLens) -> BufferLens {
    let len = |usage| len(bug, usage, weights(spec).1);
    (lens.packed_infer, lens.packed_train) = (len(Use::Infer), len(Use::Train));
    lens
}

/// Where element `(row, col)` lies.
fn place(usage: Use, [rows, cols]: [usize; 2], row: usize, col: usize) -> usize {
    match usage {
        Use::Infer => col * rows + row,
        Use::Train => (row / PANEL * cols + col) * PANEL + row % PANEL,
    }
}

/// Overwrites `packed`; `last` is what a forgetful backend packed before.
pub(super) fn pack<T: Real>(
    bug: Option<Bug>,
    last: &Mutex<Vec<f64>>,
    spec: &Spec<T>,
    usage: Use,
    params: &[T],
    packed: &mut [T],
) {
    let (range, shape @ [rows, cols]) = weights(spec);
    if !matches!(bug, Some(Bug::PackedTailLeft | Bug::PackReadsBuffer)) {
        packed.fill(T::ZERO);
    }
    let mut weights = params[range].to_vec();
    if bug == Some(Bug::PackedWeightsKept) {
        let key = [rows as f64, cols as f64, f64::from(u8::from(usage == Use::Train))];
        let mut last = last.lock().unwrap_or_else(|e| e.into_inner());
        if last.get(..3) == Some(&key) {
            weights = last[3..].iter().map(|&w| T::from_f64(w)).collect();
        } else {
            *last = key.into_iter().chain(weights.iter().map(|w| w.to_f64())).collect();
        }
    }
    let whole = if bug == Some(Bug::PackedTailLeft) { rows / PANEL * PANEL } else { rows };
    for (row, col) in (0..whole).flat_map(|row| (0..cols).map(move |col| (row, col))) {
        let w = weights[row * cols + col];
        if let Some(to) = packed.get_mut(place(usage, shape, row, col)) {
            *to = if bug == Some(Bug::PackReadsBuffer) { w + T::ZERO * *to } else { w };
        }
    }
}

/// Puts the weights that were packed into `params`, in place of those there.
pub(super) fn unpack<T: Real>(bug: Option<Bug>, spec: &Spec<T>, usage: Use, packed: &[T], params: &mut [T]) {
    let (range, shape @ [rows, cols]) = weights(spec);
    let packed = match bug {
        Some(Bug::PackedFromTheEnd) => &packed[packed.len() - len(bug, usage, shape)..],
        _ => packed,
    };
    let usage = if bug == Some(Bug::TrainReadAsInfer) { Use::Infer } else { usage };
    let places = (0..rows).flat_map(|row| (0..cols).map(move |col| place(usage, shape, row, col)));
    params[range].iter_mut().zip(places).for_each(|(w, place)| *w = packed[place]);
}
