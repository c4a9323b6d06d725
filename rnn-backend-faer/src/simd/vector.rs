//! The vectors of an instruction set, for kernels that hold tiles in registers.

use pulp::bytemuck::{Pod, cast};

use super::fused;

/// Elements in a cache line of 64 bytes: the unit that operands are cut into
/// on every instruction set, so that no layout and no order of summation
/// depends on which one runs.
pub(crate) const fn line_len<T>() -> usize {
    64 / size_of::<T>()
}

/// The vector `V<S>` of a number on an instruction set `S`. A line is `[V; W]`
/// with `W` vectors.
///
/// Its module is private: nothing outside this crate can implement it.
pub trait Vector: Pod {
    /// The vector type.
    type V<S: pulp::Simd>: Pod;

    /// All lanes `x`.
    fn splat<S: pulp::Simd>(simd: S, x: Self) -> Self::V<S>;
    /// `a + b`.
    fn add_lanes<S: pulp::Simd>(simd: S, a: Self::V<S>, b: Self::V<S>) -> Self::V<S>;
    /// `a·b + c`, rounded once.
    fn fused<S: pulp::Simd>(simd: S, a: Self::V<S>, b: Self::V<S>, c: Self::V<S>) -> Self::V<S>;
    /// The whole vectors of a slice, and what remains.
    fn vectors<S: pulp::Simd>(x: &[Self]) -> (&[Self::V<S>], &[Self]);
    /// As [`vectors`](Vector::vectors), to write.
    fn vectors_mut<S: pulp::Simd>(x: &mut [Self]) -> (&mut [Self::V<S>], &mut [Self]);
    /// Fewer elements than a vector has, zeros in the lanes beyond.
    fn load_part<S: pulp::Simd>(simd: S, x: &[Self]) -> Self::V<S>;
    /// The first lanes, into fewer elements than a vector has.
    fn store_part<S: pulp::Simd>(simd: S, x: &mut [Self], v: Self::V<S>);
}

macro_rules! vector {
    ($t:ident, $v:ident, $splat:ident, $add:ident, $fused:expr, $vectors:ident, $vectors_mut:ident, $load:ident, $store:ident) => {
        impl Vector for $t {
            type V<S: pulp::Simd> = S::$v;

            #[inline(always)]
            fn splat<S: pulp::Simd>(simd: S, x: $t) -> S::$v {
                simd.$splat(x)
            }
            #[inline(always)]
            fn add_lanes<S: pulp::Simd>(simd: S, a: S::$v, b: S::$v) -> S::$v {
                simd.$add(a, b)
            }
            #[inline(always)]
            fn fused<S: pulp::Simd>(simd: S, a: S::$v, b: S::$v, c: S::$v) -> S::$v {
                $fused(simd, a, b, c)
            }
            #[inline(always)]
            fn vectors<S: pulp::Simd>(x: &[$t]) -> (&[S::$v], &[$t]) {
                S::$vectors(x)
            }
            #[inline(always)]
            fn vectors_mut<S: pulp::Simd>(x: &mut [$t]) -> (&mut [S::$v], &mut [$t]) {
                S::$vectors_mut(x)
            }
            #[inline(always)]
            fn load_part<S: pulp::Simd>(simd: S, x: &[$t]) -> S::$v {
                simd.$load(x)
            }
            #[inline(always)]
            fn store_part<S: pulp::Simd>(simd: S, x: &mut [$t], v: S::$v) {
                simd.$store(x, v);
            }
        }
    };
}

#[inline(always)]
fn fused_f32s<S: pulp::Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    if fused::is_a_call::<S>() { cast(fused::fused(cast(a), cast(b), cast(c))) } else { simd.mul_add_f32s(a, b, c) }
}

vector!(
    f32,
    f32s,
    splat_f32s,
    add_f32s,
    fused_f32s,
    as_simd_f32s,
    as_mut_simd_f32s,
    partial_load_f32s,
    partial_store_f32s
);
vector!(
    f64,
    f64s,
    splat_f64s,
    add_f64s,
    pulp::Simd::mul_add_f64s,
    as_simd_f64s,
    as_mut_simd_f64s,
    partial_load_f64s,
    partial_store_f64s
);
