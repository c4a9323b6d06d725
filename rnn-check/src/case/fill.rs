//! Seeded numbers: the same on every machine, whatever the versions of other crates.

/// Where the numbers of a case lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Of order one, all digits used.
    Uniform,
    /// `−2 … 2` in steps of 1/4: products and short sums are exact.
    Dyadic,
    /// Weights four times as large: gates saturate, states swing.
    Expansive,
    /// Pre-activations around ±100, where `e^x` and `e^{−x}` leave the range of f32.
    Saturated,
    /// Inputs, states and cotangents among the subnormals.
    Tiny,
}

impl Fill {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Uniform, Self::Dyadic, Self::Expansive, Self::Saturated, Self::Tiny];
}

/// A stream of numbers: SplitMix64 (Steele, Lea, Flood 2014), value-stable by definition.
#[derive(Clone, Debug)]
pub struct Stream(u64);

impl Stream {
    /// The stream of this seed and purpose; different purposes do not overlap.
    #[must_use]
    pub fn new(seed: u64, purpose: u64) -> Self {
        Self(seed ^ purpose.wrapping_mul(0xD1B5_4A32_D192_ED03))
    }

    /// The next 64 bits.
    #[must_use]
    #[allow(clippy::should_implement_trait)] // a stream never ends: an iterator would say Option
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// In `0..n`; `n > 0`.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // the remainder is below a usize
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// In (−1, 1), 53 bits.
    #[must_use]
    pub fn signed(&mut self) -> f64 {
        (self.next() >> 11) as f64 / 2f64.powi(52) - 1.0
    }

    /// A multiple of 1/4 in −2 … 2.
    #[must_use]
    pub fn quarter(&mut self) -> f64 {
        self.below(17) as f64 / 4.0 - 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::Stream;

    #[test]
    fn the_stream_is_splitmix64() {
        // First outputs for seed 1234567, from the author's C code as published with the algorithm's test vectors.
        let mut stream = Stream::new(1_234_567, 0);
        assert_eq!([stream.next(), stream.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn signed_numbers_lie_between_minus_one_and_one_and_quarters_reach_both_ends() {
        let mut stream = Stream::new(3, 4);
        assert!((0..1000).all(|_| stream.signed().abs() < 1.0));
        let quarters: Vec<f64> = (0..1000).map(|_| stream.quarter()).collect();
        assert!(quarters.contains(&-2.0) && quarters.contains(&2.0) && quarters.contains(&0.25));
    }
}
