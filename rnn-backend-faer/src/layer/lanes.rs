//! Programs on vectors: every function is this backend's.

use rnn_kernels::program::{Operands, Program, Runner};

use crate::number::Number;
use crate::simd::{Simd, program};

/// How a program computes here.
#[derive(Clone, Copy, Debug)]
pub struct Vectors(pub Simd);

impl<T: Number> Runner<T> for Vectors {
    fn run(&self, of: &Program, row: &mut impl Operands<T>) {
        program::run(self.0, of, row);
    }
}
