//! What both directions of a compiled stage share: its loop runs inside an instruction set, over blocks of units in local arrays.

use core::marker::PhantomData;

use crate::number::Number;

/// Stage `S` of a cell, on some rows.
pub(super) struct Of<U, C, const S: usize>(pub U, pub PhantomData<fn() -> C>);

/// What a block of units takes in each array: a vector, or two where they are short.
pub(super) const fn block_bytes<I: pulp::Simd>() -> usize {
    let vector = size_of::<I::f32s>();
    if vector < 32 { 32 } else { vector }
}

/// At most `L` units. All of them are moved as vectors, some by a call.
#[inline(always)]
pub(super) fn load<T: Copy, const L: usize>(to: &mut [T; L], from: &[T]) {
    match <&[T; L]>::try_from(from) {
        Ok(all) => *to = *all,
        Err(_) => to[..from.len()].copy_from_slice(from),
    }
}

/// As [`load`].
#[inline(always)]
pub(super) fn store<T: Copy, const L: usize>(to: &mut [T], from: &[T; L]) {
    match <&mut [T; L]>::try_from(&mut *to) {
        Ok(all) => *all = *from,
        Err(_) => to.copy_from_slice(&from[..to.len()]),
    }
}

/// Lane `l` of some operands.
#[inline(always)]
pub(super) fn lane<T: Copy + Default, const N: usize, const L: usize>(from: &[[T; L]; N], l: usize) -> [T; N] {
    let mut of_lane = [T::default(); N];
    for j in 0..N {
        of_lane[j] = from[j][l];
    }
    of_lane
}

/// `to += from`.
#[inline(always)]
pub(super) fn add<T: Number>(to: &mut [T], from: &[T]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to += from;
    }
}
