//! `x_k[t] = s[k·stride + t]`, `target_k[t] = s[k·stride + t + horizon]`: a series cut into rows to forecast from.

use super::{Input, Label, Sequences, TargetKind};
use crate::error::{Error, Result, check_len};
use crate::network::Readout;
use rnn_kernels::Scalar;

/// How a series is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// The inputs of each row.
    pub length: usize,
    /// How many steps later the target of an input is; 1 is the next step.
    pub horizon: usize,
    /// How many steps later than a row the next one begins; with `length`, no step is an input twice.
    pub stride: usize,
    /// A target at every step, `target[t] = s[t + horizon]`, or that of the last step alone.
    pub readout: Readout,
}

/// Rows of `length` steps of a series `[M, C]`, each with the `C` values `horizon` steps later as targets, as many as fit:
/// `⌊(M − length − horizon) / stride⌋ + 1`.
///
/// ```
/// use recurrent::data::{Input, Label, Windows, windows};
/// use recurrent::network::Readout;
///
/// let series = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
/// let rows = windows(&series, 1, Windows { length: 3, horizon: 2, stride: 1, readout: Readout::LastStep })?;
/// assert_eq!(rows.len(), 2);
/// assert_eq!(rows.row(1), Some((Input::Features(&[1.0, 2.0, 3.0]), Label::Values(&[5.0]))));
/// # Ok::<(), recurrent::Error>(())
/// ```
///
/// # Errors
/// [`Error::Range`] if width, length, horizon or stride is 0 or the series is too short for one row, [`Error::Len`] if it has no whole number
/// of steps, [`Error::Memory`].
pub fn windows<T: Scalar>(series: &[T], width: usize, cut: Windows) -> Result<Sequences<T>> {
    let Windows { length, horizon, stride, readout } = cut;
    for (what, size) in [("width", width), ("length", length), ("horizon", horizon), ("stride", stride)] {
        if size == 0 {
            return Err(Error::range(format!("windows, {what}"), "at least 1", 0));
        }
    }
    let steps = series.len() / width;
    check_len("series [M, C]", steps * width, series.len())?;
    let needed = length.saturating_add(horizon);
    if steps < needed {
        let expected = format!("at least {length} + {horizon} steps, for a row and its target");
        return Err(Error::range("series, steps", expected, steps));
    }
    let kind = match readout {
        Readout::EveryStep => TargetKind::ValuesPerStep(width),
        Readout::LastStep | Readout::FinalStates => TargetKind::ValuesPerRow(width),
    };
    let mut rows = Sequences::features(width, kind)?;
    for from in (0..=steps - needed).step_by(stride) {
        let part = |from: usize, to: usize| &series[from * width..to * width];
        let end = from + length + horizon;
        let targets = match readout {
            Readout::EveryStep => part(from + horizon, end),
            Readout::LastStep | Readout::FinalStates => part(end - 1, end),
        };
        rows.push_labelled(Input::Features(part(from, from + length)), Label::Values(targets))?;
    }
    Ok(rows)
}
