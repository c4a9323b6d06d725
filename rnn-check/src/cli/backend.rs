//! The backends this program was built with, and what each of them claims.

use super::error::Error;
use rnn_backend_faer::simd::{fast, math};
use rnn_backend_faer::{Accuracy, Faer};
use rnn_backend_naive::{MatrixMultiply, Naive};
use rnn_check::{Backend, Checked, Claims};
use std::fmt;
use std::str::FromStr;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A triple loop under the reference kernels.
    Naive,
    /// The products of the crate matrixmultiply under the reference kernels.
    MatrixMultiply,
    /// The fast backend on one thread.
    Faer,
    /// The fast backend on one thread with gates of [`Accuracy::Fast`].
    FaerFast,
    /// The fast backend on so many threads.
    FaerParallel(usize),
}

impl Choice {
    /// All of them, on two threads where there is a choice.
    pub const ALL: [Self; 5] = [Self::Naive, Self::MatrixMultiply, Self::Faer, Self::FaerFast, Self::FaerParallel(2)];

    /// What it promises; the conformance tests of each backend hold it to the same.
    pub fn claims(self) -> Claims {
        match self {
            Self::Naive => Claims::new().batch_invariant().allocation_free(),
            Self::MatrixMultiply => Claims::new(),
            Self::Faer | Self::FaerParallel(_) => Claims::new()
                .sigmoid_ulp(math::SIGMOID_F32_ULP, math::SIGMOID_F64_ULP)
                .tanh_ulp(math::TANH_F32_ULP, math::TANH_F64_ULP)
                .batch_invariant()
                .allocation_free(),
            Self::FaerFast => Self::Faer
                .claims()
                .sigmoid_ulp(fast::SIGMOID_F32_ULP, fast::SIGMOID_F64_ULP)
                .tanh_ulp(fast::TANH_F32_ULP, fast::TANH_F64_ULP),
        }
    }

    /// The backend itself.
    pub fn open<T>(self) -> Box<dyn Backend<T>>
    where
        T: Checked,
        MatrixMultiply: Backend<T>,
        Faer: Backend<T>,
    {
        match self {
            Self::Naive => Box::new(Naive),
            Self::MatrixMultiply => Box::new(MatrixMultiply),
            Self::Faer => Box::new(Faer::sequential()),
            Self::FaerFast => Box::new(Faer::sequential().with_accuracy(Accuracy::Fast)),
            Self::FaerParallel(threads) => Box::new(Faer::parallel(threads)),
        }
    }
}

impl FromStr for Choice {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let unknown = || Error::UnknownBackend(name.into());
        match name.split_once(':') {
            None => match name {
                "naive" => Ok(Self::Naive),
                "matrixmultiply" => Ok(Self::MatrixMultiply),
                "faer" => Ok(Self::Faer),
                "faer-fast" => Ok(Self::FaerFast),
                "faer-parallel" => Ok(Self::FaerParallel(2)),
                _ => Err(unknown()),
            },
            Some(("faer-parallel", threads)) => {
                let threads = threads.parse().ok().filter(|threads| (1..=256).contains(threads));
                threads.map(Self::FaerParallel).ok_or_else(unknown)
            }
            Some(_) => Err(unknown()),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Naive => f.write_str("naive"),
            Self::MatrixMultiply => f.write_str("matrixmultiply"),
            Self::Faer => f.write_str("faer"),
            Self::FaerFast => f.write_str("faer-fast"),
            Self::FaerParallel(threads) => write!(f, "faer-parallel:{threads}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_backend_is_found_under_the_name_it_prints() {
        for choice in Choice::ALL {
            assert_eq!(choice.to_string().parse::<Choice>().expect("it has a name"), choice);
        }
    }

    #[test]
    fn other_names_and_senseless_numbers_of_threads_are_errors() {
        for name in ["", "fear", "faer:2", "faer-parallel:", "faer-parallel:0", "faer-parallel:1000", "naive:1"] {
            assert!(name.parse::<Choice>().is_err(), "{name}");
        }
    }
}
