//! Flat buffers on 64-byte boundaries: an unaligned 64-byte load splits a cache line.

use crate::error::{Error, Result};
use aligned_vec::{AVec, ConstAlign};
use rnn_kernels::Scalar;
use std::ops::{Deref, DerefMut};

const ALIGNMENT: usize = 64;

/// A growable flat buffer of numbers that starts on a 64-byte boundary. Dereferences to a slice.
#[derive(Clone, Debug, PartialEq)]
pub struct Aligned<T>(AVec<T, ConstAlign<ALIGNMENT>>);

impl<T> Default for Aligned<T> {
    fn default() -> Self {
        Self(AVec::new(ALIGNMENT))
    }
}

impl<T: Scalar> Aligned<T> {
    /// `len` zeros.
    ///
    /// # Errors
    /// [`Error::Memory`] if they cannot be had.
    pub fn zeros(what: &str, len: usize) -> Result<Self> {
        let mut buffer = Self::default();
        buffer.grow(what, len)?;
        Ok(buffer)
    }

    /// At least `len` elements; the new ones are 0, the old ones stay. Allocates only beyond every earlier length.
    pub(crate) fn grow(&mut self, what: &str, len: usize) -> Result<()> {
        // `resize` would abort where this can still report.
        self.reserve(what, len)?;
        if len > self.0.len() {
            self.0.resize(len, T::ZERO);
        }
        Ok(())
    }

    /// No elements, and the room they had.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Room for `len` elements in all, which is address space until they are written.
    pub(crate) fn reserve(&mut self, what: &str, len: usize) -> Result<()> {
        let bytes = len.checked_mul(size_of::<T>()).filter(|&bytes| isize::try_from(bytes).is_ok());
        if bytes.is_none() || self.0.try_reserve_exact(len.saturating_sub(self.0.len())).is_err() {
            return Err(Error::Memory { what: what.into(), bytes: len.saturating_mul(size_of::<T>()) });
        }
        Ok(())
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Aligned;
    use crate::error::Error;

    #[test]
    fn buffers_start_on_a_64_byte_boundary_and_keep_their_contents_when_they_grow() {
        let mut buffer = Aligned::<f32>::zeros("test", 3).unwrap();
        buffer[2] = 5.0;
        for len in [4, 100, 7] {
            buffer.grow("test", len).unwrap();
            assert_eq!(buffer.as_ptr().align_offset(64), 0);
        }
        assert_eq!((buffer.len(), buffer[2]), (100, 5.0));
    }

    #[test]
    fn memory_that_cannot_be_had_is_an_error() {
        assert!(matches!(Aligned::<f64>::zeros("test", usize::MAX / 4), Err(Error::Memory { .. })));
        assert!(matches!(Aligned::<f64>::zeros("test", 1 << 59), Err(Error::Memory { .. })));
    }
}
