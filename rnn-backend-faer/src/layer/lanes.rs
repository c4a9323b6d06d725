//! Programs on vectors: every function is this backend's.

use rnn_kernels::Scalar;
use rnn_kernels::program::{Binary, Lanes, Reference, Unary};

use crate::number::Number;
use crate::simd::Simd;
use crate::simd::math::{Cos, Exp, Ln, Ln1p, Sigmoid, Sin, Sqrt, Tanh, map};

/// How a program computes here.
#[derive(Clone, Copy, Debug)]
pub struct Vectors(pub Simd);

impl<T: Number> Lanes<T> for Vectors {
    fn unary(&self, f: Unary, to: &mut [T], a: &[T]) {
        let mut mapped = |map: &dyn Fn(&mut [T])| {
            to.copy_from_slice(&a[..to.len()]);
            map(to);
        };
        match f {
            Unary::Tanh => mapped(&|to| map(self.0, Tanh, to)),
            Unary::Sigmoid => mapped(&|to| map(self.0, Sigmoid, to)),
            Unary::Exp => mapped(&|to| map(self.0, Exp, to)),
            Unary::Neg => to.iter_mut().zip(a).for_each(|(to, &a)| *to = -a),
            Unary::Abs => to.iter_mut().zip(a).for_each(|(to, &a)| *to = Scalar::abs(a)),
            Unary::Sqrt => mapped(&|to| map(self.0, Sqrt, to)),
            Unary::Ln => mapped(&|to| map(self.0, Ln, to)),
            Unary::Ln1p => mapped(&|to| map(self.0, Ln1p, to)),
            Unary::Sin => mapped(&|to| map(self.0, Sin, to)),
            Unary::Cos => mapped(&|to| map(self.0, Cos, to)),
        }
    }

    #[inline(always)]
    fn binary(&self, f: Binary, to: &mut [T], a: &[T], b: &[T]) {
        Reference.binary(f, to, a, b);
    }
}
