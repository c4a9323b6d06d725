//! Recurrent weights in a layout of their own: panels of eight rows for training, the transpose for inference. Right if packed
//! and read alike; some bugs are what happens if they are not.

use super::Bug;
use super::window::elements;
use crate::real::Real;
use rnn_kernels::{MatRef, Use};
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

/// How long the packed weights `[rows, cols]` are.
pub(super) fn len(bug: Option<Bug>, usage: Use, [rows, cols]: [usize; 2]) -> usize {
    let len = match usage {
        Use::Infer => rows * cols,
        Use::Train => rows.next_multiple_of(PANEL) * cols,
    };
    if bug == Some(Bug::PackedTooShort) { len.saturating_sub(1) } else { len }
}

/// Where element `(row, col)` lies.
fn place(usage: Use, [rows, cols]: [usize; 2], row: usize, col: usize) -> usize {
    match usage {
        Use::Infer => col * rows + row,
        Use::Train => (row / PANEL * cols + col) * PANEL + row % PANEL,
    }
}

/// Overwrites `packed`; `last` is what a forgetful backend packed before.
pub(super) fn pack<T: Real>(bug: Option<Bug>, last: &Mutex<Vec<f64>>, usage: Use, w: MatRef<'_, T>, packed: &mut [T]) {
    let shape @ [rows, cols] = w.shape();
    if !matches!(bug, Some(Bug::PackedTailLeft | Bug::PackReadsBuffer)) {
        packed.fill(T::ZERO);
    }
    let mut weights = elements(w);
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

/// The weights, row by row.
pub(super) fn unpack<T: Real>(bug: Option<Bug>, usage: Use, shape: [usize; 2], packed: &[T]) -> Vec<T> {
    let [rows, cols] = shape;
    let packed = match bug {
        Some(Bug::PackedFromTheEnd) => &packed[packed.len() - len(bug, usage, shape)..],
        _ => packed,
    };
    let usage = if bug == Some(Bug::TrainReadAsInfer) { Use::Infer } else { usage };
    (0..rows)
        .flat_map(|row| (0..cols).map(move |col| (row, col)))
        .map(|(r, c)| packed[place(usage, shape, r, c)])
        .collect()
}
