//! Lengths of the buffers a call needs: the caller owns them all.

/// What a packed buffer is for: streaming does not hold the transposes that backward wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Use {
    /// For `…_infer`.
    Infer,
    /// For `…_forward` and `…_backward`.
    Train,
}

/// Lengths, in elements, of the buffers of one cell at one size. Alignment is the owner's business: kernels
/// are correct on any slice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BufferLens {
    /// Packed weights for [`Use::Infer`].
    pub packed_infer: usize,
    /// Packed weights for [`Use::Train`].
    pub packed_train: usize,
    /// What forward leaves for backward; the same for every backend.
    pub reserve: usize,
    /// Scratch of `…_infer`.
    pub infer: usize,
    /// Scratch of `…_forward`.
    pub forward: usize,
    /// Scratch of `…_backward`.
    pub backward: usize,
}

impl BufferLens {
    /// The length of packed weights for a purpose.
    #[must_use]
    pub fn packed(&self, usage: Use) -> usize {
        match usage {
            Use::Infer => self.packed_infer,
            Use::Train => self.packed_train,
        }
    }
}

/// Cuts `lens` off the front of `buffer`, one slice after another; what is left comes last.
///
/// # Panics
/// If the buffer is too short; the message names the kernel.
#[track_caller]
pub fn carve<'a, T, const N: usize>(
    kernel: &str,
    buffer: &'a mut [T],
    lens: [usize; N],
) -> ([&'a mut [T]; N], &'a mut [T]) {
    crate::shape::at_least(kernel, "workspace", buffer.len(), lens.iter().sum());
    let mut rest = buffer;
    let pieces = lens.map(|len| {
        let (piece, tail) = core::mem::take(&mut rest).split_at_mut(len);
        rest = tail;
        piece
    });
    (pieces, rest)
}
