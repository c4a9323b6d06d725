//! `uₖ = ⌊xₖ / 2¹¹⌋ · 2⁻⁵³`: one random generator for everything, value-stable and serialisable.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng};
use rnn_kernels::Scalar;
use serde::{Deserialize, Deserializer, Serialize};

/// xoshiro256++ (Blackman & Vigna 2021), seeded through SplitMix64 as its authors recommend.
///
/// The bits come from a kept crate; the distributions are the formulas below, because those of general crates may
/// change their values between versions. They use only exact operations and the square root and logarithm of
/// [`Scalar`], so that a seed gives the same values on every machine and in every version of this crate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Rng {
    bits: Xoshiro256PlusPlus,
}

impl Rng {
    /// The generator of a seed; different seeds give unrelated sequences.
    #[must_use]
    pub fn seed(seed: u64) -> Self {
        Self { bits: Xoshiro256PlusPlus::seed_from_u64(seed) }
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.bits.next_u64()
    }

    /// `⌊x / 2¹¹⌋ · 2⁻⁵³`, uniform on the multiples of 2⁻⁵³ in `[0, 1)`.
    pub fn uniform(&mut self) -> f64 {
        #[allow(clippy::cast_precision_loss)] // 53 bits fit exactly
        let numerator = (self.next_u64() >> 11) as f64;
        numerator * (1.0 / 9_007_199_254_740_992.0) // 2⁻⁵³
    }

    /// `u √(−2 ln s / s)` with `(u, v)` uniform in the unit disc and `s = u² + v²`: mean 0, variance 1.
    ///
    /// The polar method (Marsaglia & Bray 1964). The second value of each pair, with `v`, is dropped: the
    /// state is then the generator alone.
    pub fn normal(&mut self) -> f64 {
        loop {
            let (u, v) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                return u * Scalar::sqrt(-2.0 * Scalar::ln(s) / s);
            }
        }
    }

    /// `⌊x · n / 2⁶⁴⌋`, uniform on `0..n` without bias: draws whose low half falls into the uneven rest are repeated
    /// (Lemire 2019).
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "below(0): there is no number below 0; give at least 1");
        let n = n as u64;
        let rest = n.wrapping_neg() % n; // 2⁶⁴ mod n
        loop {
            let product = u128::from(self.next_u64()) * u128::from(n);
            #[allow(clippy::cast_possible_truncation)] // the low half is wanted; the high half is below n
            let (low, high) = (product as u64, (product >> 64) as usize);
            if low >= rest {
                return high;
            }
        }
    }

    /// Every order of `items` equally likely: `i` from the last to the second, exchanged with one of `0..=i` (Fisher and Yates; Durstenfeld
    /// 1964). Draws [`below`](Self::below) once for each but the first.
    pub fn shuffle<X>(&mut self, items: &mut [X]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

impl<'de> Deserialize<'de> for Rng {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bits = Xoshiro256PlusPlus::deserialize(deserializer)?;
        // The zero state is the one fixed point of the engine: it would repeat for ever and `normal` never return.
        let mut next = bits.clone();
        next.next_u64();
        if next == bits {
            return Err(serde::de::Error::custom("random state is all zeros; at least one bit must be set"));
        }
        Ok(Self { bits })
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;

    #[test]
    fn values_of_a_seed_are_pinned() {
        // Computed by an independent program from the definitions above.
        let mut rng = Rng::seed(1);
        assert_eq!(
            [rng.next_u64(), rng.next_u64(), rng.next_u64()],
            [14_971_601_782_005_023_387, 13_781_649_495_232_077_965, 1_847_458_086_238_483_744]
        );
        let mut rng = Rng::seed(2);
        assert_eq!([rng.uniform(), rng.uniform()], [0.765235276126777, 0.5371627070983356]);
        assert_eq!(
            [rng.normal(), rng.normal(), rng.normal()],
            [0.9683545070773336, -0.05205650787247298, -0.823275641989828]
        );
        assert_eq!(
            [rng.below(10), rng.below(10), rng.below(1), rng.below(usize::MAX)],
            [4, 8, 0, 12_726_614_133_470_775_005]
        );
    }

    #[test]
    fn the_bits_are_those_of_the_published_algorithm() {
        // xoshiro256++ and SplitMix64 written out from their definitions.
        let mut z = 42_u64;
        let mut s = [0_u64; 4].map(|_| {
            z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let a = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let b = (a ^ (a >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            b ^ (b >> 31)
        });
        let mut rng = Rng::seed(42);
        for _ in 0..100 {
            let expected = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
            let t = s[1] << 17;
            s[2] ^= s[0];
            s[3] ^= s[1];
            s[1] ^= s[2];
            s[0] ^= s[3];
            s[2] ^= t;
            s[3] = s[3].rotate_left(45);
            assert_eq!(rng.next_u64(), expected);
        }
    }

    #[test]
    fn moments_of_uniform_and_normal_lie_within_five_standard_errors() {
        let mut rng = Rng::seed(3);
        let n = 100_000_u32;
        let mean = |f: &mut dyn FnMut() -> f64| (0..n).map(|_| f()).sum::<f64>() / f64::from(n);
        let error = 5.0 / f64::from(n).sqrt();
        assert!((mean(&mut || rng.uniform()) - 0.5).abs() < error * (1.0_f64 / 12.0).sqrt());
        assert!(mean(&mut || rng.normal()).abs() < error);
        assert!((mean(&mut || rng.normal().powi(2)) - 1.0).abs() < error * 2.0_f64.sqrt());
        assert!((mean(&mut || rng.normal().powi(4)) - 3.0).abs() < error * 96.0_f64.sqrt());
    }

    #[test]
    fn below_reaches_every_number_about_equally_often() {
        let mut rng = Rng::seed(4);
        let mut count = [0_i32; 7];
        (0..70_000).for_each(|_| count[rng.below(7)] += 1);
        // Five standard deviations of a binomial count, √(70000 · 1/7 · 6/7) = 92.6.
        assert!(count.iter().all(|&c| (c - 10_000).abs() < 463), "{count:?}");
    }

    #[test]
    fn every_order_of_three_is_about_equally_likely() {
        let (mut rng, mut count) = (Rng::seed(5), [0_i32; 27]);
        for _ in 0..60_000 {
            let mut items = [0, 1, 2];
            rng.shuffle(&mut items);
            count[9 * items[0] + 3 * items[1] + items[2]] += 1;
        }
        // Five standard deviations of a binomial count, √(60000 · 1/6 · 5/6) = 91.3.
        let orders = [5, 7, 11, 15, 19, 21];
        assert!(orders.iter().all(|&order| (count[order] - 10_000).abs() < 457), "{count:?}");
        assert_eq!(orders.iter().map(|&order| count[order]).sum::<i32>(), 60_000);
    }

    #[test]
    #[should_panic(expected = "there is no number below 0")]
    fn below_zero_panics() {
        Rng::seed(0).below(0);
    }
}
