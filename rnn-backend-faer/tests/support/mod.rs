//! What several test files share: seeded values, and rounding to the number
//! type under test.
#![allow(dead_code)] // every test file uses a part

use rnn_backend_faer::simd::Real;

/// Conversions that only tests need.
pub trait TestReal: Real {
    const EPSILON: f64;
    const NAN: Self;
    const INFINITY: Self;
    fn from_f64(x: f64) -> Self;
    fn to_f64(self) -> f64;
    fn bits(self) -> u64;
}

impl TestReal for f32 {
    const EPSILON: f64 = f32::EPSILON as f64;
    const NAN: f32 = f32::NAN;
    const INFINITY: f32 = f32::INFINITY;
    #[allow(clippy::cast_possible_truncation)] // rounding is its purpose
    fn from_f64(x: f64) -> f32 {
        x as f32
    }
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    fn bits(self) -> u64 {
        u64::from(self.to_bits())
    }
}

impl TestReal for f64 {
    const EPSILON: f64 = f64::EPSILON;
    const NAN: f64 = f64::NAN;
    const INFINITY: f64 = f64::INFINITY;
    fn from_f64(x: f64) -> f64 {
        x
    }
    fn to_f64(self) -> f64 {
        self
    }
    fn bits(self) -> u64 {
        self.to_bits()
    }
}

/// SplitMix64 (Steele, Lea & Flood 2014).
pub struct Random(pub u64);

impl Random {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform from `low` to `high`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        let unit = (self.bits() >> 11) as f64 / (1_u64 << 53) as f64;
        low + (high - low) * unit
    }

    pub fn vec<T: TestReal>(&mut self, len: usize, low: f64, high: f64) -> Vec<T> {
        (0..len).map(|_| T::from_f64(self.uniform(low, high))).collect()
    }

    /// Whole numbers from −3 to 3: products of them are exact in every order.
    pub fn whole<T: TestReal>(&mut self, len: usize) -> Vec<T> {
        (0..len).map(|_| T::from_f64((self.bits() % 7) as f64 - 3.0)).collect()
    }
}

/// The bits of a slice, to compare exactly.
pub fn bits<T: TestReal>(x: &[T]) -> Vec<u64> {
    x.iter().map(|x| x.bits()).collect()
}
