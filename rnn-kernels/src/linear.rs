//! Arguments of a linear recurrence `h_t = a_t ⊙ h_{t−1} + b_t`: every unit by itself, coefficients that read no state.
//!
//! Whoever computes `a` and `b` for all steps first may take the steps in any grouping: two of them are one of the same kind,
//! `h_{t+1} = (a_{t+1} a_t) h_{t−1} + (a_{t+1} b_t + b_{t+1})`.

use crate::direction::Direction;
use crate::shape::{expect, product, sum};
use crate::view::{SeqMut, SeqRef};

/// `h_t = a_t ⊙ h_{t−1} + b_t` over `T` steps.
///
/// States lie as in the reserve of a pass, `T + 1` slots in time order.
///
/// **Accuracy.** `h_t = Σ_j (a_t a_{t−1} ⋯ a_{j+1}) b_j`, with the initial state as `b_0` (in the order of [`Direction`]). Whatever
/// the grouping, term `j` is multiplied `t − j` times, and each of its multiplications comes with at most one addition; the
/// other additions it takes part in are those in which it comes last. There are at most `⌈log₂ T⌉ + 3` of them, so that
/// with `u` the unit roundoff
///
/// ```text
/// |ĥ_t − h_t| ≤ Σ_j γ(2 (t − j) + ⌈log₂ T⌉ + 3) |a_t ⋯ a_{j+1}| |b_j|      γ(n) = n u / (1 − n u)
/// ```
///
/// plus underflows, as long as no product of consecutive `a` leaves the range of the format. From one step to the next there is
/// one such addition, and none of the other two.
#[derive(Debug)]
pub struct LinearForward<'a, T> {
    /// Which way through time.
    pub direction: Direction,
    /// `[T, N, W]`.
    pub a: SeqRef<'a, T>,
    /// `[T, N, W]`.
    pub b: SeqRef<'a, T>,
    /// `[N·W]`: the initial state; `None` is zero.
    pub initial: Option<&'a [T]>,
    /// `[T+1, N, W]` out, overwritten: the initial state in [`Direction::initial_slot`], the state after step `t` in
    /// [`Direction::to_slot`].
    pub h: SeqMut<'a, T>,
}

/// The pullback of [`LinearForward`]: `g_t = d_h_t + a_{t+1} g_{t+1}`, `d_b_t = g_t`, `d_a_t = g_t h_{t−1}`, `d_initial = a_1 g_1`.
///
/// After the last step `a_{t+1} g_{t+1}` is `d_last`.
///
/// **Accuracy.** `g` is the recurrence of forward against its direction, `d_h_t` and `d_last` in place of `b_t` and of the initial
/// state, with the same bound and one addition more; `d_a` has one rounding more, of the product with `h_{t−1}`.
#[derive(Debug)]
pub struct LinearBackward<'a, T> {
    /// Which way forward went.
    pub direction: Direction,
    /// `[T, N, W]`: the `a` of forward.
    pub a: SeqRef<'a, T>,
    /// `[T+1, N, W]`: what forward left.
    pub h: SeqRef<'a, T>,
    /// `[T, N, W]` in: the cotangent of the state after step `t`.
    pub d_h: SeqRef<'a, T>,
    /// `[N·W]` in: what comes to the last state from later steps; `None` is zero.
    pub d_last: Option<&'a [T]>,
    /// `[T, N, W]` out, overwritten.
    pub d_a: SeqMut<'a, T>,
    /// `[T, N, W]` out, overwritten.
    pub d_b: SeqMut<'a, T>,
    /// `[N·W]` out, overwritten.
    pub d_initial: Option<&'a mut [T]>,
}

impl<T> LinearForward<'_, T> {
    /// Checks every shape; returns `[T, N, W]`.
    ///
    /// # Panics
    /// If one is wrong; the message says which, and what it must be.
    #[track_caller]
    pub fn check(&self) -> [usize; 3] {
        let (kernel, [t, n, w]) = ("linear recurrence", self.a.shape());
        expect(kernel, "b", self.b.shape(), "[T, N, W]", [t, n, w]);
        expect(kernel, "h", self.h.shape(), "[T+1, N, W]", [sum(kernel, t, 1), n, w]);
        let units = product(kernel, &[n, w]);
        expect(kernel, "initial", [self.initial.map_or(units, <[T]>::len)], "[N·W]", [units]);
        [t, n, w]
    }
}

impl<T> LinearBackward<'_, T> {
    /// Checks every shape; returns `[T, N, W]`.
    ///
    /// # Panics
    /// If one is wrong; the message says which, and what it must be.
    #[track_caller]
    pub fn check(&self) -> [usize; 3] {
        let (kernel, [t, n, w]) = ("gradient of a linear recurrence", self.a.shape());
        expect(kernel, "h", self.h.shape(), "[T+1, N, W]", [sum(kernel, t, 1), n, w]);
        expect(kernel, "d_h", self.d_h.shape(), "[T, N, W]", [t, n, w]);
        expect(kernel, "d_a", self.d_a.shape(), "[T, N, W]", [t, n, w]);
        expect(kernel, "d_b", self.d_b.shape(), "[T, N, W]", [t, n, w]);
        let units = product(kernel, &[n, w]);
        expect(kernel, "d_last", [self.d_last.map_or(units, <[T]>::len)], "[N·W]", [units]);
        expect(kernel, "d_initial", [self.d_initial.as_ref().map_or(units, |d| d.len())], "[N·W]", [units]);
        [t, n, w]
    }
}
