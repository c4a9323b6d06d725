//! `numbers ↔ little-endian bytes`: numbers that a file can hold.

use rnn_kernels::Scalar;
use safetensors::Dtype;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// `f32` or `f64`, as little-endian bytes.
pub trait Element: Scalar + sealed::Sealed {
    /// The number type in a file.
    #[doc(hidden)]
    const DTYPE: Dtype;
    /// Overwrites `bytes`, as many as the type has, with those of this number.
    #[doc(hidden)]
    fn put(self, bytes: &mut [u8]);
    /// The number of these bytes, whose length is that of the type.
    #[doc(hidden)]
    fn take(bytes: &[u8]) -> Self;
}

macro_rules! element {
    ($t:ty, $dtype:ident) => {
        impl Element for $t {
            const DTYPE: Dtype = Dtype::$dtype;
            fn put(self, bytes: &mut [u8]) {
                bytes.copy_from_slice(&self.to_le_bytes());
            }
            fn take(bytes: &[u8]) -> Self {
                let mut exact = [0; size_of::<Self>()];
                exact.copy_from_slice(bytes);
                Self::from_le_bytes(exact)
            }
        }
    };
}

element!(f32, F32);
element!(f64, F64);

/// Appends the bytes of `values`, for which there is room.
pub(crate) fn append<T: Element>(bytes: &mut Vec<u8>, values: &[T]) {
    let start = bytes.len();
    bytes.resize(start + size_of_val(values), 0);
    bytes[start..].chunks_exact_mut(size_of::<T>()).zip(values).for_each(|(to, &value)| value.put(to));
}

/// Overwrites `values` with the numbers of as many bytes, each converted.
pub(crate) fn copy<U: Element, T>(values: &mut [T], bytes: &[u8], convert: impl Fn(U) -> T) {
    values.iter_mut().zip(bytes.chunks_exact(size_of::<U>())).for_each(|(to, from)| *to = convert(U::take(from)));
}

/// The numbers of these bytes, in memory of exactly their size; nothing if there is not enough.
pub(crate) fn numbers<T: Element>(bytes: &[u8]) -> Option<Vec<T>> {
    let chunks = bytes.chunks_exact(size_of::<T>());
    let mut values = Vec::new();
    values.try_reserve_exact(chunks.len()).ok()?;
    values.extend(chunks.map(T::take));
    Some(values)
}
