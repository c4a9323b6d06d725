//! One GRU step after its products, and its pullback: one kernel with the reset after the product, two stages
//! around the candidate's product with the reset before it.

use crate::shape::expect;
use crate::view::{MatMut, MatRef};

/// Reset after the product: one step after all products. `N` batch, `H` hidden.
#[derive(Debug)]
pub struct GruStep<'a, T> {
    /// `[N, 3H]` in: pre-activations, that of `n` without its recurrent part · out: `r z n`.
    pub gates: MatMut<'a, T>,
    /// `[N, H]` in: `U_n h_prev + b_hn`.
    pub aux: MatRef<'a, T>,
    /// `[N, H]` in.
    pub h_prev: MatRef<'a, T>,
    /// `[N, H]` out: `h = (1 − z) ⊙ n + z ⊙ h_prev`.
    pub h: MatMut<'a, T>,
}

/// The pullback of [`GruStep`].
#[derive(Debug)]
pub struct GruStepGrad<'a, T> {
    /// `[N, 3H]` in: `r z n`.
    pub gates: MatRef<'a, T>,
    /// `[N, H]` in: `U_n h_prev + b_hn`.
    pub aux: MatRef<'a, T>,
    /// `[N, H]` in.
    pub h_prev: MatRef<'a, T>,
    /// `[N, H]` in: the whole `∂L/∂h`.
    pub d_h: MatRef<'a, T>,
    /// `[N, 3H]` out, overwritten: cotangents of `W x + …`, rows `r z n`.
    pub d_pre: MatMut<'a, T>,
    /// `[N, H]` out, overwritten: cotangent of `aux`.
    pub d_aux: MatMut<'a, T>,
    /// `[N, H]` out, overwritten: `d_h ⊙ z`, the part of `∂L/∂h_prev` that goes through no product.
    pub d_h_prev: MatMut<'a, T>,
}

/// Reset before the product, first stage: both gates.
#[derive(Debug)]
pub struct GruGates<'a, T> {
    /// `[N, 3H]` in: pre-activations of `r z` · out: `r z`; the columns of `n` are left alone.
    pub gates: MatMut<'a, T>,
    /// `[N, H]` in.
    pub h_prev: MatRef<'a, T>,
    /// `[N, H]` out: `r ⊙ h_prev`.
    pub aux: MatMut<'a, T>,
}

/// Reset before the product, second stage: the candidate and the state.
#[derive(Debug)]
pub struct GruCandidate<'a, T> {
    /// `[N, 3H]` in: `r z` and the whole pre-activation of `n` · out: `r z n`.
    pub gates: MatMut<'a, T>,
    /// `[N, H]` in.
    pub h_prev: MatRef<'a, T>,
    /// `[N, H]` out: `h = (1 − z) ⊙ n + z ⊙ h_prev`.
    pub h: MatMut<'a, T>,
}

/// The pullback of [`GruCandidate`].
#[derive(Debug)]
pub struct GruCandidateGrad<'a, T> {
    /// `[N, 3H]` in: `r z n`.
    pub gates: MatRef<'a, T>,
    /// `[N, H]` in.
    pub h_prev: MatRef<'a, T>,
    /// `[N, H]` in: the whole `∂L/∂h`.
    pub d_h: MatRef<'a, T>,
    /// `[N, 3H]` out: the columns of `z` and `n` are overwritten, those of `r` left alone.
    pub d_pre: MatMut<'a, T>,
    /// `[N, H]` out, overwritten: `d_h ⊙ z`.
    pub d_h_prev: MatMut<'a, T>,
}

/// The pullback of [`GruGates`].
#[derive(Debug)]
pub struct GruGatesGrad<'a, T> {
    /// `[N, 3H]` in: `r z n`.
    pub gates: MatRef<'a, T>,
    /// `[N, H]` in.
    pub h_prev: MatRef<'a, T>,
    /// `[N, H]` in: cotangent of `aux = r ⊙ h_prev`.
    pub d_aux: MatRef<'a, T>,
    /// `[N, 3H]` out: the columns of `r` are overwritten, the others left alone.
    pub d_pre: MatMut<'a, T>,
    /// `[N, H]` accumulated: `+= d_aux ⊙ r`.
    pub d_h_prev: MatMut<'a, T>,
}

macro_rules! check {
    ($type:ident, $kernel:literal, $($field:ident: $gates:literal),+) => {
        impl<T> $type<'_, T> {
            /// Checks every shape against `h_prev`.
            ///
            /// # Panics
            /// If one is wrong; the message says which, and what it must be.
            #[track_caller]
            pub fn check(&self) {
                let [n, h] = self.h_prev.shape();
                $(expect(
                    $kernel,
                    stringify!($field),
                    self.$field.shape(),
                    if $gates == 3 { "[N, 3H]" } else { "[N, H]" },
                    [n, $gates * h],
                );)+
            }
        }
    };
}

check!(GruStep, "gru step", gates: 3, aux: 1, h: 1);
check!(GruStepGrad, "gru step gradient", gates: 3, aux: 1, d_h: 1, d_pre: 3, d_aux: 1, d_h_prev: 1);
check!(GruGates, "gru gates", gates: 3, aux: 1);
check!(GruCandidate, "gru candidate", gates: 3, h: 1);
check!(GruCandidateGrad, "gru candidate gradient", gates: 3, d_h: 1, d_pre: 3, d_h_prev: 1);
check!(GruGatesGrad, "gru gates gradient", gates: 3, d_aux: 1, d_pre: 3, d_h_prev: 1);
