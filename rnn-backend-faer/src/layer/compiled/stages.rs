//! The sizes of the stages of a cell, known to the compiler.

use rnn_kernels::Form;

use super::local::DIRECTIONS;
use super::rows::forward;
use super::rows_backward::backward;
use super::{Compile, CompiledError, Kernels};
use crate::layer::pass::ForwardUnits;
use crate::layer::units_backward::BackwardUnits;
use crate::number::Number;

/// A stage with `P` pre-activations, `R` reads, `V` vectors and `W` writes.
#[derive(Clone, Copy, Debug)]
pub struct Stage<const P: usize, const R: usize, const V: usize, const W: usize>;

/// Pre-activations, reads, vectors, writes.
pub type Sizes = [usize; 4];

/// Stage `S` of a cell.
pub trait StageOf<C, const S: usize> {
    /// Its sizes.
    const SIZES: Sizes;
    /// Its units.
    #[doc(hidden)]
    fn forward<T: Number>() -> ForwardUnits<T>;
    /// Their pullback.
    #[doc(hidden)]
    fn backward<T: Number>() -> BackwardUnits<T>;
}

impl<C: Compile, const S: usize, const P: usize, const R: usize, const V: usize, const W: usize> StageOf<C, S>
    for Stage<P, R, V, W>
{
    const SIZES: Sizes = [P, R, V, W];
    fn forward<T: Number>() -> ForwardUnits<T> {
        forward::<C, T, S, P, R, V, W>
    }
    fn backward<T: Number>() -> BackwardUnits<T> {
        backward::<C, T, S, P, R, V, W>
    }
}

/// All stages of a cell: a tuple of [`Stage`]s.
pub trait Stages<C>: sealed::Sealed {
    #[doc(hidden)]
    const SIZES: &'static [Sizes];
    #[doc(hidden)]
    fn kernels<T: Number>() -> Kernels<T>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! stages {
    ($($Stage:ident $s:literal),+) => {
        impl<$($Stage),+> sealed::Sealed for ($($Stage,)+) {}
        impl<C, $($Stage: StageOf<C, $s>),+> Stages<C> for ($($Stage,)+) {
            const SIZES: &'static [Sizes] = &[$($Stage::SIZES),+];
            fn kernels<T: Number>() -> Kernels<T> {
                Kernels { forward: vec![$($Stage::forward()),+], backward: vec![$($Stage::backward()),+] }
            }
        }
    };
}
stages!(A 0);
stages!(A 0, B 1);
stages!(A 0, B 1, D 2);
stages!(A 0, B 1, D 2, E 3);

/// Whether a form has the sizes that were declared.
pub fn check(form: &Form, declared: &[Sizes]) -> Result<(), CompiledError> {
    let cell = || form.name.to_string();
    if declared.len() != form.stages.len() {
        return Err(CompiledError::Stages { cell: cell(), declared: declared.len(), form: form.stages.len() });
    }
    for (s, (stage, declared)) in form.stages.iter().zip(declared).enumerate() {
        let found = [stage.gates.len(), stage.reads.len(), stage.vectors.len(), stage.writes.len()];
        for (i, what) in ["pre-activations", "reads", "vectors", "writes"].into_iter().enumerate() {
            if declared[i] != found[i] {
                let (declared, form) = (declared[i], found[i]);
                return Err(CompiledError::Size { cell: cell(), stage: s, what, declared, form });
            }
        }
        let found = found[0] + found.iter().sum::<usize>();
        if found > DIRECTIONS {
            return Err(CompiledError::TooLarge { cell: cell(), stage: s, found, most: DIRECTIONS });
        }
    }
    Ok(())
}
