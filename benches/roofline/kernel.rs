//! The two loops that find the limits, on any instruction set and free of unsafe code: pulp's tokens prove that the
//! machine has what they use.

use pulp::{Simd, WithSimd};
use rnn_backend_faer::simd::Isa;
use std::hint::black_box;

/// Chains in flight. A fused multiply-add takes four or five cycles and two start in each: ten would do, and twelve
/// still fit into sixteen registers beside both constants.
const CHAINS: usize = 12;

/// The instructions that the limits are measured with.
#[derive(Clone, Copy, Debug)]
pub enum Instructions {
    /// The widest that the machine has.
    Widest(pulp::Arch),
    /// What the build's target guarantees, without fused multiply-adds: mul and add.
    Portable,
}

impl Instructions {
    /// Those of a forced instruction set, or else the widest of the machine.
    pub fn new(forced: Option<Isa>) -> Self {
        let none = Instructions::Portable;
        match forced {
            None => match pulp::Arch::new() {
                pulp::Arch::Scalar => none,
                arch => Instructions::Widest(arch),
            },
            #[cfg(target_arch = "x86_64")]
            Some(Isa::Avx2) => pulp::x86::V3::try_new().map_or(none, |v3| Self::Widest(pulp::Arch::V3(v3))),
            #[cfg(target_arch = "x86_64")]
            Some(Isa::Avx512) => pulp::x86::V4::try_new().map_or(none, |v4| Self::Widest(pulp::Arch::V4(v4))),
            Some(_) => none,
        }
    }

    /// What they are, for people.
    pub fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Instructions::Widest(pulp::Arch::V3(_)) => "AVX2 and FMA, 256 bits",
            #[cfg(target_arch = "x86_64")]
            Instructions::Widest(pulp::Arch::V4(_)) => "AVX-512, 512 bits",
            #[cfg(target_arch = "aarch64")]
            Instructions::Widest(pulp::Arch::Neon(_)) => "NEON, 128 bits",
            Instructions::Widest(_) => "the widest known",
            Instructions::Portable => "the target's baseline, mul and add",
        }
    }
}

/// A number whose limits are measured.
pub trait Number: Sized + Sync {
    /// `a ← a·b + c` for independent `a`, again and again. Returns how many floating-point operations that was.
    fn multiply_add(on: Instructions, rounds: usize) -> f64;
}

macro_rules! number {
    ($t:ident, $splat:ident, $mul_add:ident, $lanes:ident, $Widest:ident, $portable:ident) => {
        struct $Widest(usize);

        impl WithSimd for $Widest {
            type Output = f64;

            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) -> f64 {
                let [b, c] = black_box([0.999, 0.001]).map(|x| simd.$splat(x));
                let mut a = [simd.$splat(black_box(0.5)); CHAINS];
                for _ in 0..self.0 {
                    for a in &mut a {
                        *a = simd.$mul_add(*a, b, c);
                    }
                }
                black_box(a);
                (2 * self.0 * CHAINS * S::$lanes) as f64
            }
        }

        /// Chains of 128 bits, which the compiler makes vectors of.
        #[inline(never)]
        fn $portable(rounds: usize) -> f64 {
            const LANES: usize = 16 / size_of::<$t>();
            let [b, c] = black_box::<[$t; 2]>([0.999, 0.001]);
            let mut a = [[black_box::<$t>(0.5); LANES]; CHAINS];
            for _ in 0..rounds {
                for a in a.as_flattened_mut() {
                    *a = *a * b + c;
                }
            }
            black_box(a);
            (2 * rounds * CHAINS * LANES) as f64
        }

        impl Number for $t {
            fn multiply_add(on: Instructions, rounds: usize) -> f64 {
                match on {
                    Instructions::Widest(arch) => arch.dispatch($Widest(rounds)),
                    Instructions::Portable => $portable(rounds),
                }
            }
        }
    };
}
number!(f32, splat_f32s, mul_add_f32s, F32_LANES, MultiplyAdd32, portable_f32);
number!(f64, splat_f64s, mul_add_f64s, F64_LANES, MultiplyAdd64, portable_f64);

/// Adds up all of `data`, `rounds` times, as fast as it can be loaded.
pub fn read(on: Instructions, data: &[f32], rounds: usize) {
    match on {
        Instructions::Widest(arch) => arch.dispatch(Read { data, rounds }),
        Instructions::Portable => {
            let mut sums = [0.0; 32];
            for _ in 0..rounds {
                for line in black_box(data).as_chunks::<32>().0 {
                    sums.iter_mut().zip(line).for_each(|(sum, x)| *sum += x);
                }
            }
            black_box(sums);
        }
    }
}

struct Read<'a> {
    data: &'a [f32],
    rounds: usize,
}

impl WithSimd for Read<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut sums = [simd.splat_f32s(0.0); 8];
        for _ in 0..self.rounds {
            let (vectors, _) = S::as_simd_f32s(black_box(self.data));
            for line in vectors.as_chunks::<8>().0 {
                for (sum, x) in sums.iter_mut().zip(line) {
                    *sum = simd.add_f32s(*sum, *x);
                }
            }
        }
        black_box(sums);
    }
}
