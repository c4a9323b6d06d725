//! `bytes = len · size`: buffers whose length comes from data, asked for so that a refusal is an error and not an abort.

use crate::error::{Error, Result};
use rnn_kernels::Scalar;

/// Room for `additional` more elements.
///
/// # Errors
/// [`Error::Overflow`] if their bytes do not fit into the address space, [`Error::Memory`] if they cannot be had.
pub(crate) fn reserve<T>(what: &str, buffer: &mut Vec<T>, additional: usize) -> Result<()> {
    let bytes = bytes(what, buffer, additional)?;
    buffer.try_reserve_exact(additional).map_err(|_| Error::Memory { what: what.into(), bytes })
}

/// As [`reserve`], of a buffer that grows by many small parts: it doubles, so that no part is moved often.
pub(crate) fn reserve_part<T>(what: &str, buffer: &mut Vec<T>, additional: usize) -> Result<()> {
    let bytes = bytes(what, buffer, additional)?;
    buffer.try_reserve(additional).map_err(|_| Error::Memory { what: what.into(), bytes })
}

/// Room for `len` elements in all, none of them lost; allocates only beyond every earlier length.
pub(crate) fn room<T>(what: &str, buffer: &mut Vec<T>, len: usize) -> Result<()> {
    reserve(what, buffer, len.saturating_sub(buffer.len()))
}

/// What a buffer takes with `additional` more elements.
fn bytes<T>(what: &str, buffer: &[T], additional: usize) -> Result<usize> {
    let len = buffer.len().checked_add(additional).ok_or_else(|| overflow::<T>(what, additional))?;
    let bytes = len.checked_mul(size_of::<T>()).filter(|&bytes| isize::try_from(bytes).is_ok());
    bytes.ok_or_else(|| overflow::<T>(what, len))
}

/// `len` zeros; errors as those of [`reserve`].
pub(crate) fn zeros<T: Scalar>(what: &str, len: usize) -> Result<Vec<T>> {
    let mut buffer = Vec::new();
    reserve(what, &mut buffer, len)?;
    buffer.resize(len, T::ZERO);
    Ok(buffer)
}

fn overflow<T>(what: &str, len: usize) -> Error {
    Error::Overflow { what: what.into(), factors: vec![len, size_of::<T>()] }
}

#[cfg(test)]
mod tests {
    use super::{reserve, zeros};
    use crate::error::Error;

    #[test]
    fn what_the_address_space_or_the_machine_does_not_hold_is_an_error() {
        for len in [usize::MAX, usize::MAX / 8, usize::MAX / 16 + 1] {
            assert!(matches!(zeros::<f64>("test", len), Err(Error::Overflow { .. })), "{len}");
        }
        assert!(matches!(zeros::<f64>("test", 1 << 59), Err(Error::Memory { bytes, .. }) if bytes == 1 << 62));
        assert!(matches!(reserve("test", &mut vec![0_u8], usize::MAX), Err(Error::Overflow { .. })));
        assert_eq!(zeros::<f32>("test", 3).unwrap(), [0.0; 3]);
    }
}
