//! Which vector instructions run: chosen at run time, forced in tests.

use core::fmt;

use pulp::WithSimd;

use super::accuracy::Accuracy;

/// An instruction set that the kernels of this crate are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Isa {
    /// What the target of the build guarantees. Without hardware FMA the
    /// products of f32 are computed in f64 and rounded as if once; all other
    /// fused multiply-adds are library calls: right, and slow.
    Portable,
    /// AVX2 and FMA (x86-64-v3).
    Avx2,
    /// AVX-512 F, BW, CD, DQ, VL (x86-64-v4).
    Avx512,
}

impl Isa {
    /// All of them, the least demanding first.
    pub const ALL: [Isa; 3] = [Isa::Portable, Isa::Avx2, Isa::Avx512];

    /// The widest instruction set of the machine this runs on.
    pub fn detect() -> Isa {
        Simd::detect().isa()
    }

    /// Whether the machine this runs on has it.
    pub fn available(self) -> bool {
        Simd::new(self).is_some()
    }
}

/// The proof that the machine has an instruction set, and the way to run a
/// kernel on it: a value exists only if detection succeeded. With it goes how
/// accurate the gates of a kernel are.
///
/// Every kernel gives the same bits on every instruction set: all of them
/// perform the same IEEE operations (with fused multiply-adds) in the same
/// order for each element, and only the number of elements at once differs.
#[derive(Clone, Copy)]
pub struct Simd {
    token: Token,
    accuracy: Accuracy,
}

#[derive(Clone, Copy)]
enum Token {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
}

impl fmt::Debug for Simd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.isa().fmt(f)
    }
}

impl From<Token> for Simd {
    fn from(token: Token) -> Self {
        Simd { token, accuracy: Accuracy::default() }
    }
}

impl Simd {
    /// The given instruction set, if the machine has it, with gates of [`Accuracy::Ulp1`].
    pub fn new(isa: Isa) -> Option<Simd> {
        let token = match isa {
            Isa::Portable => Some(Token::Portable),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => pulp::x86::V3::try_new().map(Token::Avx2),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => pulp::x86::V4::try_new().map(Token::Avx512),
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx2 | Isa::Avx512 => None,
        };
        token.map(Simd::from)
    }

    /// The widest instruction set the machine has, with gates of [`Accuracy::Ulp1`].
    pub fn detect() -> Simd {
        let widest = Isa::ALL.into_iter().rev().find_map(Simd::new);
        widest.unwrap_or(Token::Portable.into())
    }

    /// The same instruction set with gates of this accuracy.
    pub fn with_accuracy(self, accuracy: Accuracy) -> Simd {
        Simd { accuracy, ..self }
    }

    /// How accurate the gates of a kernel are.
    pub fn accuracy(self) -> Accuracy {
        self.accuracy
    }

    /// Every instruction set the machine has, the least demanding first.
    pub fn each() -> impl Iterator<Item = Simd> {
        Isa::ALL.into_iter().filter_map(Simd::new)
    }

    /// Which instruction set this is.
    pub fn isa(self) -> Isa {
        match self.token {
            Token::Portable => Isa::Portable,
            #[cfg(target_arch = "x86_64")]
            Token::Avx2(_) => Isa::Avx2,
            #[cfg(target_arch = "x86_64")]
            Token::Avx512(_) => Isa::Avx512,
        }
    }

    /// Runs `work`, compiled for this instruction set, for loops over numbers that are no kernel of a backend's, such as those of an
    /// optimiser. No operation of theirs is fused, so that the bits are those of `work()`.
    ///
    /// What `work` calls should be `#[inline(always)]`: a function that stays a call is compiled for the target's baseline.
    #[inline(always)]
    pub fn compiled<R>(self, work: impl FnOnce() -> R) -> R {
        self.run(Work(work))
    }

    /// Runs the kernel, compiled for this instruction set.
    ///
    /// `with_simd` and everything below it must be `#[inline(always)]`: a
    /// function that stays a call is compiled for the target's baseline.
    #[inline]
    pub(crate) fn run<K: WithSimd>(self, kernel: K) -> K::Output {
        match self.token {
            Token::Portable => pulp::Simd::vectorize(pulp::Scalar512b, kernel),
            #[cfg(target_arch = "x86_64")]
            Token::Avx2(v3) => pulp::Simd::vectorize(v3, kernel),
            #[cfg(target_arch = "x86_64")]
            Token::Avx512(v4) => pulp::Simd::vectorize(v4, kernel),
        }
    }
}

struct Work<F>(F);

impl<R, F: FnOnce() -> R> WithSimd for Work<F> {
    type Output = R;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> R {
        (self.0)()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portable_is_always_available_and_detection_finds_something_available() {
        assert!(Isa::Portable.available());
        assert!(Isa::detect().available());
        assert_eq!(Simd::each().next().map(Simd::isa), Some(Isa::Portable));
        assert_eq!(Simd::each().last().map(Simd::isa), Some(Isa::detect()));
    }

    #[test]
    fn a_value_carries_the_instruction_set_it_was_asked_for() {
        for isa in Isa::ALL {
            if let Some(simd) = Simd::new(isa) {
                assert_eq!(simd.isa(), isa);
            }
        }
    }
}
