//! How correct backends differ from the reference.

use crate::claims::Claims;

/// How a correct backend differs from the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Sums from the last product to the first, `C` last.
    Reversed,
    /// Sums halves.
    Pairwise,
    /// Compensates each addition (Kahan 1965).
    Compensated,
    /// Fused multiply-add.
    Fused,
    /// Accumulates in f64.
    WideAccumulator,
    /// Four lanes, added at the end.
    FourLanes,
    /// `C` joins the sum in the middle.
    StartInTheMiddle,
    /// Activations off by one further ulp.
    NoisyActivations,
    /// The input product one step at a time, not over all steps at once.
    StepByStep,
    /// Weight gradients summed in blocks of two steps.
    TimeBlocked,
    /// `Cᵀ = Bᵀ Aᵀ`, column by column.
    Transposed,
    /// Recurrent weights packed into panels of eight rows, transposed for inference.
    Packed,
    /// GRU: `h = n + z (h_prev − n)`, and backward as the derivative of that comes out: `d_n = d_h − d_h z`.
    Interpolated,
    /// Products distributed over sums: `1 − t²`, `s − s²`, `d_h h_prev − d_h n`.
    Distributed,
    /// Fused multiply-adds in the cells: `c = fma(f, c_prev, i g)`, `h = fma(z, h_prev − n, n)`.
    FusedCells,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Reversed,
        Self::Pairwise,
        Self::Compensated,
        Self::Fused,
        Self::WideAccumulator,
        Self::FourLanes,
        Self::StartInTheMiddle,
        Self::NoisyActivations,
        Self::StepByStep,
        Self::TimeBlocked,
        Self::Transposed,
        Self::Packed,
        Self::Interpolated,
        Self::Distributed,
        Self::FusedCells,
    ];

    /// What it may claim.
    #[must_use]
    pub fn claims(self) -> Claims {
        let claims = Claims::new().batch_invariant();
        match self {
            // One ulp beyond the reference.
            Self::NoisyActivations => claims.sigmoid_ulp(1.501, 4.5).tanh_ulp(1.501, 3.7),
            _ => claims,
        }
    }
}
