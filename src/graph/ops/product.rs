//! `Y = A B` and `Y = α A′ B′ + β C`, by the products of the backend.

use super::super::room::Room;
use super::super::tensor::{Kind, MOST_AXES, Tensor};
use super::super::walk::{broadcast, repeated};
use crate::error::{Error, Result};
use rnn_kernels::{Accum, Backend, MatMut, MatRef};

/// As numpy: of vectors the axis that is missing is put in and taken out again, and what is before the last two axes is broadcast.
pub(super) fn matmul<B: Backend<f32> + ?Sized>(
    backend: &B,
    a: &Tensor,
    b: &Tensor,
    y: &mut Tensor,
    room: &mut Room,
) -> Result<()> {
    let differ = || Error::shape("factors of a product", a.shape(), b.shape());
    let (a_rank, b_rank) = (a.rank(), b.rank());
    if a_rank == 0 || b_rank == 0 {
        return Err(differ());
    }
    let (a_stack, [m, k]) = match a.shape() {
        [k] => (&[][..], [1, *k]),
        [stack @ .., m, k] => (stack, [*m, *k]),
        [] => return Err(differ()),
    };
    let (b_stack, [b_k, n]) = match b.shape() {
        [k] => (&[][..], [*k, 1]),
        [stack @ .., k, n] => (stack, [*k, *n]),
        [] => return Err(differ()),
    };
    if k != b_k {
        return Err(differ());
    }
    let (mut shape, stack) = broadcast("stacks of a product", a_stack, b_stack)?;
    let mut rank = stack;
    for len in [(a_rank > 1).then_some(m), (b_rank > 1).then_some(n)].into_iter().flatten() {
        if rank == MOST_AXES {
            return Err(differ());
        }
        shape[rank] = len;
        rank += 1;
    }
    y.reset(Kind::F32, &shape[..rank], room)?;
    let (a_data, b_data, y) = (a.as_f32()?, b.as_f32()?, y.as_f32_mut()?);
    if y.is_empty() {
        return Ok(());
    }
    if b_stack.iter().all(|&len| len == 1) {
        // One matrix for all rows there are.
        let rows = y.len() / n;
        let (a, b) = (MatRef::new(a_data, rows, k), MatRef::new(b_data, k, n));
        backend.matmul(MatMut::new(y, rows, n), Accum::Replace, a, b);
        return Ok(());
    }
    let of = |stack_of: &[usize]| repeated(stack_of, stack);
    let (a_strides, b_strides) = (of(a_stack), of(b_stack));
    let mut index = [0_usize; MOST_AXES];
    for y in y.chunks_exact_mut(m * n) {
        let at = |strides: &[isize; MOST_AXES]| {
            index.iter().zip(strides).map(|(&i, stride)| i * stride.cast_unsigned()).sum::<usize>()
        };
        let (a_at, b_at) = (at(&a_strides) * m * k, at(&b_strides) * k * n);
        let (a, b) = (MatRef::new(&a_data[a_at..], m, k), MatRef::new(&b_data[b_at..], k, n));
        backend.matmul(MatMut::new(y, m, n), Accum::Replace, a, b);
        for axis in (0..stack).rev() {
            index[axis] += 1;
            if index[axis] < shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
    Ok(())
}

pub(super) fn gemm<B: Backend<f32> + ?Sized>(
    backend: &B,
    [alpha, beta]: [f32; 2],
    transposed: [bool; 2],
    [a, b]: [&Tensor; 2],
    c: Option<&Tensor>,
    y: &mut Tensor,
    room: &mut Room,
) -> Result<()> {
    let matrix = |x: &Tensor, transposed: bool| match *x.shape() {
        [k, m] if transposed => Ok([m, k]),
        [m, k] => Ok([m, k]),
        _ => Err(Error::range("factor of a product", "a matrix", format!("shape {:?}", x.shape()))),
    };
    let ([m, k], [b_k, n]) = (matrix(a, transposed[0])?, matrix(b, transposed[1])?);
    if k != b_k {
        return Err(Error::shape("factors of a product", &[m, k], &[b_k, n]));
    }
    let shape = [m, n];
    if let Some(c) = c {
        let (seen, rank) = broadcast("summand of a product", &shape, c.shape())?;
        if seen[..rank] != shape {
            return Err(Error::shape("summand of a product", &shape, c.shape()));
        }
    }
    y.reset(Kind::F32, &shape, room)?;
    let view = |x, rows, cols, t: bool| if t { MatRef::new(x, cols, rows).t() } else { MatRef::new(x, rows, cols) };
    let factors = (view(a.as_f32()?, m, k, transposed[0]), view(b.as_f32()?, k, n, transposed[1]));
    let y = y.as_f32_mut()?;
    backend.matmul(MatMut::new(y, m, n), Accum::Replace, factors.0, factors.1);
    if alpha != 1.0 {
        y.iter_mut().for_each(|y| *y *= alpha);
    }
    if let Some(c) = c {
        let (c, strides) = (c.as_f32()?, repeated(c.shape(), 2));
        add(y, &shape, c, &strides, beta);
    }
    Ok(())
}

/// `y += β c`.
fn add(y: &mut [f32], shape: &[usize; 2], c: &[f32], strides: &[isize; MOST_AXES], beta: f32) {
    if y.is_empty() {
        return;
    }
    let [rows, across] = [strides[0], strides[1]].map(isize::cast_unsigned);
    for (m, row) in y.chunks_exact_mut(shape[1]).enumerate() {
        let c = &c[m * rows..];
        row.iter_mut().enumerate().for_each(|(n, y)| *y += beta * c[n * across]);
    }
}
