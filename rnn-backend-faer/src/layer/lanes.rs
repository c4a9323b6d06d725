//! Programs on vectors: σ, tanh and exp are this backend's.

use rnn_kernels::Scalar;
use rnn_kernels::program::{Binary, Lanes, Reference, Unary};

use crate::number::Number;
use crate::simd::Simd;
use crate::simd::math::{Exp, Sigmoid, Tanh, map};

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
            Unary::Sqrt => to.iter_mut().zip(a).for_each(|(to, &a)| *to = Scalar::sqrt(a)),
            Unary::Ln | Unary::Ln1p => Reference.unary(f, to, a),
        }
    }

    #[inline(always)]
    fn binary(&self, f: Binary, to: &mut [T], a: &[T], b: &[T]) {
        Reference.binary(f, to, a, b);
    }
}
