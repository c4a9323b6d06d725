//! `θ, moments, k`: parameters and the optimiser that belongs to them, at one moment of a run.

use crate::error::{Result, check_len};
use crate::memory::reserve;
use crate::optim::Optimiser;
use rnn_kernels::Scalar;

/// Parameters with their optimiser.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot<T> {
    /// `θ`, flat.
    pub parameters: Vec<T>,
    /// The rule, its moments and how many steps it had made.
    pub optimiser: Optimiser<T>,
}

impl<T: Scalar> Snapshot<T> {
    /// A copy of both.
    ///
    /// # Errors
    /// [`Error::Memory`](crate::Error::Memory) if there is no room for it.
    pub fn of(parameters: &[T], optimiser: &Optimiser<T>) -> Result<Self> {
        let mut copy = Vec::new();
        reserve("snapshot: parameters", &mut copy, parameters.len())?;
        copy.extend_from_slice(parameters);
        Ok(Self { parameters: copy, optimiser: optimiser.clone() })
    }

    /// Whether it is one of `params` parameters.
    ///
    /// # Errors
    /// If not, or if the optimiser is damaged.
    pub fn check(&self, params: usize) -> Result<()> {
        check_len("snapshot: parameters", params, self.parameters.len())?;
        crate::finite::check_finite("snapshot: parameters", &self.parameters)?;
        self.optimiser.check(params)
    }
}
