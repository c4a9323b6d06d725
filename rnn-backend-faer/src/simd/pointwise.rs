//! One loop for every pointwise kernel: an element function over slices.

use pulp::WithSimd;

use super::{isa::Simd, real::Real};

/// `output[j] = element(input[j], output[j])`: what a pointwise kernel does to
/// one element of each of its `I` operands and `O` results.
pub(crate) trait Pointwise<T, const I: usize, const O: usize> {
    /// The new values of the results, from the operands and the old values.
    /// Must be `#[inline(always)]` and free of branches.
    fn element(&self, input: [T; I], output: [T; O]) -> [T; O];
}

/// Applies the kernel to every element. All slices have one length.
#[inline]
pub(crate) fn pointwise<T, K, const I: usize, const O: usize>(
    simd: Simd,
    kernel: K,
    input: [&[T]; I],
    output: [&mut [T]; O],
) where
    T: Real,
    K: Pointwise<T, I, O>,
{
    simd.run(Loop { kernel, input, output });
}

struct Loop<'a, T, K, const I: usize, const O: usize> {
    kernel: K,
    input: [&'a [T]; I],
    output: [&'a mut [T]; O],
}

impl<T, K, const I: usize, const O: usize> WithSimd for Loop<'_, T, K, I, O>
where
    T: Real,
    K: Pointwise<T, I, O>,
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        apply(&self.kernel, self.input, self.output);
    }
}

/// The loop itself, for kernels that already run inside an instruction set.
///
/// Elements pass through local blocks of fixed length: the compiler knows that
/// these overlap nothing, vectorises without a scalar tail, and the last block
/// is computed padded, so that a result never depends on where it lies.
#[inline(always)]
pub(crate) fn apply<T, K, const I: usize, const O: usize>(kernel: &K, input: [&[T]; I], mut output: [&mut [T]; O])
where
    T: Real,
    K: Pointwise<T, I, O>,
{
    let len = output[0].len();
    let mut start = 0;
    // Two vectors of 256 bits each way; four f64 ones would not stay in registers.
    while size_of::<T>() == 4 && len - start >= 16 {
        block::<T, K, I, O, 16>(kernel, &input, &mut output, start, 16);
        start += 16;
    }
    while len - start >= 8 {
        block::<T, K, I, O, 8>(kernel, &input, &mut output, start, 8);
        start += 8;
    }
    if len > start {
        block::<T, K, I, O, 8>(kernel, &input, &mut output, start, len - start);
    }
}

/// Elements `start..start + len` of every slice, `len ≤ L`.
#[inline(always)]
fn block<T, K, const I: usize, const O: usize, const L: usize>(
    kernel: &K,
    input: &[&[T]; I],
    output: &mut [&mut [T]; O],
    start: usize,
    len: usize,
) where
    T: Real,
    K: Pointwise<T, I, O>,
{
    let mut x = [[T::ZERO; L]; I];
    let mut y = [[T::ZERO; L]; O];
    for i in 0..I {
        x[i][..len].copy_from_slice(&input[i][start..start + len]);
    }
    for o in 0..O {
        y[o][..len].copy_from_slice(&output[o][start..start + len]);
    }
    for l in 0..L {
        let mut of_input = [T::ZERO; I];
        let mut of_output = [T::ZERO; O];
        for i in 0..I {
            of_input[i] = x[i][l];
        }
        for o in 0..O {
            of_output[o] = y[o][l];
        }
        let result = kernel.element(of_input, of_output);
        for o in 0..O {
            y[o][l] = result[o];
        }
    }
    for o in 0..O {
        output[o][start..start + len].copy_from_slice(&y[o][..len]);
    }
}
