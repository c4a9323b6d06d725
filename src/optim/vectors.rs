//! Loops over parameters, compiled for the vectors that the machine has.

/// Runs `work`, compiled for the widest instruction set that the faer backend finds; without that backend for the build's own. The bits are
/// the same: no operation is fused or regrouped.
#[inline(always)]
pub(super) fn on_vectors<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(feature = "faer")]
    return rnn_backend_faer::simd::Simd::detect().compiled(work);
    #[cfg(not(feature = "faer"))]
    work()
}
