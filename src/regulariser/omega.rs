//! `Ω = Σ_k (‖∂E/∂h_{k+1} · ∂h_{k+1}/∂h_k‖ / ‖∂E/∂h_{k+1}‖ − 1)²`: a step back that keeps the length of what goes back through it.

use crate::buffer::Aligned;
use crate::error::{Result, checked_product};
use crate::memory::reserve;
use crate::optim::norm;
use rnn_kernels::{Accum, Activation, Backend, MatMut, MatRef, Scalar, SeqRef};

/// One direction of a layer `h_{k+1} = σ(W_hh h_k + …)` after a backward pass.
#[derive(Clone, Copy, Debug)]
pub struct ElmanPass<'a, T> {
    /// `σ`.
    pub activation: Activation,
    /// `[H, H]`.
    pub w_hh: MatRef<'a, T>,
    /// `[T, N, H]`: `h` after each step.
    pub states: SeqRef<'a, T>,
    /// `[T, N, H]`: `∂E/∂h` there, all of it, of whatever scale.
    pub cotangents: SeqRef<'a, T>,
}

/// What [`add_omega`] writes beside its result; reused from call to call.
#[derive(Debug)]
pub struct OmegaScratch<T> {
    /// `[T · N, H]` each.
    before: Aligned<T>,
    after: Aligned<T>,
    /// `[T · N]`: where there is a cotangent that is not 0.
    turned: Vec<bool>,
}

impl<T> Default for OmegaScratch<T> {
    fn default() -> Self {
        Self { before: Aligned::default(), after: Aligned::default(), turned: Vec::new() }
    }
}

/// `d_w_hh += scale · ∂⁺Ω/∂W_hh`, and returns `Ω = (1/N) Σ_n Σ_k (r_{n,k} − 1)²` with `r = ‖dᵀ diag(σ′) W_hh‖ / ‖d‖`, `d = ∂E/∂h_{k+1}`.
///
/// `∂⁺` is the **immediate** partial derivative, as in the paper: the states `h_0 … h_T` (and with them the slopes `σ′`) and the cotangents
/// `d` are constants, and `W_hh` is what is written as `W_hh` above, nothing else. So it is not the derivative of `Ω` as a function of the
/// parameters, and no other parameter has one. With `u = σ′ ⊙ d/‖d‖` and `v = W_hhᵀ u` it is
///
/// ```text
/// ∂⁺Ω/∂W_hh = (1/N) Σ_n Σ_k 2 (r − 1)/r · u vᵀ,    r = ‖v‖
/// ```
///
/// Shapes: those of [`ElmanPass`], `d_w_hh [H, H]`, which is accumulated into. `counts(t, n)` says whether step `t` is one of row `n` that
/// goes on from the state before it. Steps that are not, and those where `d` is 0, which have no direction, have no term; where `v` is 0
/// the term is 1 and has no derivative. Every step of a window counts, the first from the initial state too.
///
/// The numbers are those of `T`; lengths are taken in f64. NaN and infinities go into the result.
///
/// Source: Pascanu, Mikolov & Bengio 2013, §3.3, equations 9 and 10, in terms of `h` and not of what goes into `σ`, and with norms as in
/// equation 9: equation 10 and the authors' code have their squares. The mean over rows is the code's.
///
/// # Errors
/// [`Error::Overflow`](crate::Error::Overflow) or [`Error::Memory`](crate::Error::Memory) if two buffers `[T, N, H]` cannot be had; nothing
/// is written then.
///
/// # Panics
/// If the shapes do not fit each other.
#[allow(clippy::cast_precision_loss)] // a number of rows
pub fn add_omega<T: Scalar, B: Backend<T> + ?Sized>(
    backend: &B,
    layer: ElmanPass<'_, T>,
    counts: impl Fn(usize, usize) -> bool,
    scale: f64,
    d_w_hh: MatMut<'_, T>,
    scratch: &mut OmegaScratch<T>,
) -> Result<f64> {
    let ElmanPass { activation, w_hh, states, cotangents } = layer;
    let [steps, rows, hidden] = states.shape();
    assert_eq!(cotangents.shape(), states.shape(), "omega: cotangents [T, N, H] as the states");
    assert_eq!([w_hh.shape(), d_w_hh.shape()], [[hidden; 2]; 2], "omega: w_hh and d_w_hh [H, H] of states [T, N, H]");
    let OmegaScratch { before, after, turned } = scratch;
    let len = checked_product("omega [T, N, H]", &[steps, rows, hidden])?;
    [&mut *before, &mut *after].into_iter().try_for_each(|buffer| buffer.grow("omega", len))?;
    turned.clear();
    reserve("omega [T, N]", turned, checked_product("omega [T, N]", &[steps, rows])?)?;
    let (before, after) = (&mut before[..len], &mut after[..len]);

    // u = σ′ ⊙ d/‖d‖. Directions alone: d itself may be too small to be divided by.
    let mut u = MatMut::new(&mut *before, steps * rows, hidden);
    for (t, n) in (0..steps).flat_map(|t| (0..rows).map(move |n| (t, n))) {
        let (d, u) = (cotangents.at(t).row(n), u.row_mut(t * rows + n));
        let length = if counts(t, n) { norm(d.iter().copied()) } else { 0.0 };
        turned.push(length != 0.0);
        if length == 0.0 {
            u.fill(T::ZERO);
            continue;
        }
        u.iter_mut().zip(d).for_each(|(u, d)| *u = T::from_f64(d.to_f64() / length));
        let h = MatRef::new(states.at(t).row(n), 1, hidden);
        backend.activation_backward(activation, h, MatMut::new(u, 1, hidden));
    }

    // v = W_hhᵀ u, then scale/N · 2 (r − 1)/r · v.
    let mut v = MatMut::new(&mut *after, steps * rows, hidden);
    backend.matmul(v.rb_mut(), Accum::Replace, u.rb(), w_hh);
    let (mut sum, share) = (0.0, 1.0 / rows.max(1) as f64);
    for k in 0..steps * rows {
        let v = v.row_mut(k);
        let ratio = if turned[k] { norm(v.iter().copied()) } else { 1.0 };
        sum += (ratio - 1.0) * (ratio - 1.0);
        let factor = if ratio == 0.0 { 0.0 } else { scale * share * 2.0 * (ratio - 1.0) / ratio };
        v.iter_mut().for_each(|v| *v = T::from_f64(factor * v.to_f64()));
    }
    backend.matmul(d_w_hh, Accum::Add, u.rb().t(), v.rb());
    Ok(sum * share)
}
