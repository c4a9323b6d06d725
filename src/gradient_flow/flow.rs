//! `‖∂L/∂h_s‖` for every slot of a trace.

use crate::error::{Error, Result};
use crate::memory::reserve;
use crate::optim::norm;
use rnn_kernels::{Direction, Scalar, SeqRef};
use serde::{Deserialize, Serialize};

/// The norms of `∂L/∂h` over the `T + 1` slots of one layer in one direction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GradientFlow {
    norms: Vec<f64>,
    reverse: bool,
}

impl GradientFlow {
    /// `‖∂L/∂h_s‖ = √(Σ_n Σ_j (∂L/∂h_s[n, j])²)`; `trace [T+1, N, H]` is the `d_h_trace` of a backward pass.
    ///
    /// Slot `s` holds the whole cotangent there: what came back through time and what the output of that step adds.
    ///
    /// # Errors
    /// If `N` or `H` is 0, so that there may be any number of slots without an element, or memory for the norms cannot be
    /// had.
    pub fn of<T: Scalar>(trace: SeqRef<'_, T>, direction: Direction) -> Result<Self> {
        let shape = [trace.steps(), trace.rows(), trace.cols()];
        if shape[1..].contains(&0) {
            return Err(Error::range("gradient flow: trace", "at least one row and one unit", format!("{shape:?}")));
        }
        let elements = |slot| (0..trace.rows()).flat_map(move |n| trace.at(slot).row(n).iter().copied());
        let mut norms = Vec::new();
        reserve("gradient flow: norms", &mut norms, trace.steps())?;
        norms.extend((0..trace.steps()).map(|slot| norm(elements(slot))));
        Ok(Self { norms, reverse: direction == Direction::Reverse })
    }

    /// `‖∂L/∂h_s‖`, `[T+1]`, in time order.
    #[must_use]
    pub fn norms(&self) -> &[f64] {
        &self.norms
    }

    /// `‖∂L/∂h_from‖ / ‖∂L/∂h_to‖` of step `t`, `[T]`, in time order: the factor one step back multiplies by.
    ///
    /// `from` and `to` are the slots before and after the step: `t` and `t + 1`, the other way round in a reverse
    /// layer. NaN where both norms are 0.
    #[must_use]
    pub fn ratios(&self) -> Vec<f64> {
        let ratio = |pair: &[f64]| if self.reverse { pair[1] / pair[0] } else { pair[0] / pair[1] };
        self.norms.windows(2).map(ratio).collect()
    }

    /// The first slot on the way back where a gradient is NaN or infinite, or its norm is beyond f64.
    #[must_use]
    pub fn first_not_finite(&self) -> Option<usize> {
        let bad = |norm: &f64| !norm.is_finite();
        if self.reverse { self.norms.iter().position(bad) } else { self.norms.iter().rposition(bad) }
    }
}

#[cfg(test)]
mod tests {
    use super::GradientFlow;
    use rnn_kernels::{Direction, SeqRef};

    #[test]
    fn norms_and_ratios_follow_the_way_back() {
        // Norms 5, 10, 2.5 over two rows of two units.
        let trace = [3.0, 0.0, 0.0, 4.0, 0.0, 8.0, 6.0, 0.0, 1.5, 2.0, 0.0, 0.0];
        let flow = |direction| GradientFlow::of(SeqRef::new(&trace, 3, 2, 2), direction).unwrap();
        assert_eq!(flow(Direction::Forward).norms(), [5.0, 10.0, 2.5]);
        assert_eq!(flow(Direction::Forward).ratios(), [0.5, 4.0]);
        assert_eq!(flow(Direction::Reverse).ratios(), [2.0, 0.25]);
    }

    #[test]
    fn slots_without_an_element_are_an_error_at_once() {
        for (rows, units) in [(0, 3), (3, 0)] {
            let trace = SeqRef::<f32>::new(&[], usize::MAX, rows, units);
            let error = GradientFlow::of(trace, Direction::Forward).unwrap_err().to_string();
            assert!(
                error.starts_with("gradient flow: trace: expected at least one row and one unit, found ["),
                "{error}"
            );
        }
    }

    #[test]
    fn the_first_bad_slot_is_the_first_on_the_way_back() {
        let trace = [f32::NAN, 1.0, f32::INFINITY, 1.0];
        let flow = |direction| GradientFlow::of(SeqRef::new(&trace, 4, 1, 1), direction).unwrap();
        assert_eq!(flow(Direction::Forward).first_not_finite(), Some(2));
        assert_eq!(flow(Direction::Reverse).first_not_finite(), Some(0));
    }
}
