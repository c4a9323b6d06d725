//! `numbers ↔ little-endian bytes`: numbers that a file can hold, and those that become them.

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

/// A number type of files, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// IEEE 754 binary16.
    F16,
    /// The upper half of an `f32`.
    Bf16,
    F32,
    F64,
    /// Of NumPy alone.
    #[cfg(feature = "npz")]
    I64,
}

impl Kind {
    /// That of the type itself.
    pub fn of<T: Element>() -> Self {
        if T::DTYPE == Dtype::F32 { Kind::F32 } else { Kind::F64 }
    }

    /// That of a tensor in a safetensors file, if it is one of these.
    pub fn of_dtype(dtype: Dtype) -> Option<Self> {
        match dtype {
            Dtype::F16 => Some(Kind::F16),
            Dtype::BF16 => Some(Kind::Bf16),
            Dtype::F32 => Some(Kind::F32),
            Dtype::F64 => Some(Kind::F64),
            _ => None,
        }
    }

    /// How many bytes a number has.
    pub fn bytes(self) -> usize {
        match self {
            Kind::F16 | Kind::Bf16 => 2,
            Kind::F32 => 4,
            Kind::F64 => 8,
            #[cfg(feature = "npz")]
            Kind::I64 => 8,
        }
    }

    /// The numbers of these bytes, as many of them as of numbers, one by one and in order: exact where the type is wider, else rounded to the
    /// nearest.
    pub fn each<T: Element>(self, bytes: &[u8], mut take: impl FnMut(T)) {
        let chunks = bytes.chunks_exact(self.bytes());
        match self {
            own if own == Kind::of::<T>() => chunks.for_each(|chunk| take(T::take(chunk))),
            Kind::F16 => chunks.for_each(|chunk| take(T::from_f64(of_half(two(chunk)).into()))),
            Kind::Bf16 => chunks.for_each(|chunk| take(T::from_f64(of_upper_half(two(chunk)).into()))),
            Kind::F32 => chunks.for_each(|chunk| take(T::from_f64(f32::take(chunk).into()))),
            Kind::F64 => chunks.for_each(|chunk| take(T::from_f64(f64::take(chunk)))),
            #[cfg(feature = "npz")]
            #[expect(clippy::cast_precision_loss, reason = "rounded to the nearest, as it says")]
            Kind::I64 => chunks.for_each(|chunk| take(T::from_f64(eight(chunk) as f64))),
        }
    }
}

fn two(bytes: &[u8]) -> u16 {
    u16::from_le_bytes([bytes[0], bytes[1]])
}

#[cfg(feature = "npz")]
fn eight(bytes: &[u8]) -> i64 {
    let mut exact = [0; 8];
    exact.copy_from_slice(bytes);
    i64::from_le_bytes(exact)
}

/// The number whose upper 16 bits these are: the format bfloat16.
fn of_upper_half(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// `(−1)ˢ · m · 2ᵉ`, the number of these bits of IEEE 754 binary16, exact.
fn of_half(bits: u16) -> f32 {
    let (sign, fraction) = (u32::from(bits & 0x8000) << 16, u32::from(bits & 0x03ff) << 13);
    let magnitude = match u32::from((bits >> 10) & 0x1f) {
        // m · 2⁻²⁴, which f32 holds as a normal number.
        0 => (f32::from(bits & 0x03ff) / 16_777_216.0).to_bits(),
        0x1f => 0x7f80_0000 | fraction,
        exponent => ((exponent + 127 - 15) << 23) | fraction,
    };
    f32::from_bits(sign | magnitude)
}

#[cfg(test)]
mod tests {
    use super::{Kind, of_half, of_upper_half};

    #[test]
    fn every_half_is_the_number_that_the_crate_half_says() {
        for bits in 0..=u16::MAX {
            let (f16, bf16) = (half::f16::from_bits(bits).to_f32(), half::bf16::from_bits(bits).to_f32());
            let same = |a: f32, b: f32| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
            assert!(same(of_half(bits), f16) && same(of_upper_half(bits), bf16), "{bits:#x}");
        }
    }

    #[test]
    fn numbers_of_every_kind_are_converted_in_order() {
        fn of(kind: Kind, bytes: &[u8]) -> Vec<f32> {
            let mut numbers = Vec::new();
            kind.each(bytes, |x| numbers.push(x));
            numbers
        }
        assert_eq!(of(Kind::F16, &[0x00, 0x3c, 0x00, 0xc0]), [1.0, -2.0]);
        assert_eq!(of(Kind::Bf16, &[0x80, 0x3f, 0x00, 0xc0]), [1.0, -2.0]);
        assert_eq!(of(Kind::F32, &[1.5_f32, -2.5].map(f32::to_le_bytes).concat()), [1.5, -2.5]);
        assert_eq!(of(Kind::F64, &[1.5, -2.5].map(f64::to_le_bytes).concat()), [1.5, -2.5]);
        #[cfg(feature = "npz")]
        assert_eq!(of(Kind::I64, &[7, -9].map(i64::to_le_bytes).concat()), [7.0, -9.0]);
    }
}
