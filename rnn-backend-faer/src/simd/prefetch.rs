//! Asking for memory before it is needed.
#![allow(unsafe_code)]

/// Asks for the cache line of element `at` of `x`, which may lie beyond its end: a hint, and nothing where the target has none.
#[inline(always)]
pub(crate) fn prefetch<T>(x: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch neither faults nor changes anything that a program can see, whatever the address; the address
        // itself is computed without a claim that it lies in an object. Nothing of a caller is called, borrowed or kept. Every x86-64 processor has the instruction (SSE).
        unsafe { _mm_prefetch::<_MM_HINT_T0>(x.as_ptr().wrapping_add(at).cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (x, at);
}
