//! Numbers that a file can hold.

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
    /// Appends the bytes of this number.
    #[doc(hidden)]
    fn put(self, bytes: &mut Vec<u8>);
    /// The number of these bytes, whose length is that of the type.
    #[doc(hidden)]
    fn take(bytes: &[u8]) -> Self;
}

macro_rules! element {
    ($t:ty, $dtype:ident) => {
        impl Element for $t {
            const DTYPE: Dtype = Dtype::$dtype;
            fn put(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
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
