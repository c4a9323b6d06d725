//! `c = Σ_l α_l v_l` with `α = softmax(s)`: a mean of values, weighted by how well their keys fit a query.
//!
//! | score | | source |
//! |---|---|---|
//! | [`Product`](Scoring::Product) | `s_l = scale · q · k_l` | Luong, Pham & Manning 2015, "dot"; with `scale = 1/√A` Vaswani et al. 2017 |
//! | [`Additive`](Scoring::Additive) | `s_l = v · tanh(q + k_l)` | Bahdanau, Cho & Bengio 2015, query and keys projected before |
//!
//! Both functions see one row of a batch: `M` queries over the `L` keys that the row has. A mask of lengths is a view that ends where the
//! row ends, so that padding is no operand.
//!
//! ```
//! use recurrent::attention::{Attend, Scoring, forward};
//! use recurrent::kernels::{MatMut, MatRef};
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! // The second key fits much better than the first, so its value is what comes out.
//! let (keys, values) = ([0.0_f64, 9.0], [1.0, 2.0]);
//! let (mut weights, mut context) = ([0.0; 2], [0.0]);
//! forward(&recurrent::DefaultBackend::default(), Attend {
//!     scoring: Scoring::Product { scale: 1.0 },
//!     query: MatRef::new(&[2.0], 1, 1),
//!     keys: MatRef::new(&keys, 2, 1),
//!     values: MatRef::new(&values, 2, 1),
//!     weights: MatMut::new(&mut weights, 1, 2),
//!     context: MatMut::new(&mut context, 1, 1),
//! })?;
//! assert!(weights[1] > 0.999 && (context[0] - 2.0).abs() < 1e-3);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```

use crate::error::{Error, Result};
use rnn_kernels::{Accum, Backend, MatMut, MatRef, Scalar};

/// How well a query fits a key.
#[derive(Clone, Copy, Debug)]
pub enum Scoring<'a, T> {
    /// `s_l = scale · q · k_l`.
    Product {
        /// 1, or `1/√A`, which keeps the scores of random vectors of any width of the same size.
        scale: T,
    },
    /// `s_l = v · tanh(q + k_l)`.
    Additive {
        /// `[A]`.
        v: &'a [T],
    },
}

/// `α = softmax(s(q, k))`, `c = α V`.
#[derive(Debug)]
pub struct Attend<'a, T> {
    /// `s`.
    pub scoring: Scoring<'a, T>,
    /// `[M, A]`.
    pub query: MatRef<'a, T>,
    /// `[L, A]`, `L ≥ 1`.
    pub keys: MatRef<'a, T>,
    /// `[L, E]`.
    pub values: MatRef<'a, T>,
    /// `[M, L]` out, overwritten: `α`, each row with the sum 1.
    pub weights: MatMut<'a, T>,
    /// `[M, E]` out, overwritten: `c`.
    pub context: MatMut<'a, T>,
}

/// The pullback of [`Attend`].
#[derive(Debug)]
pub struct AttendBackward<'a, T> {
    /// `s`.
    pub scoring: Scoring<'a, T>,
    /// `[M, A]` in: that of forward.
    pub query: MatRef<'a, T>,
    /// `[L, A]` in: those of forward.
    pub keys: MatRef<'a, T>,
    /// `[L, E]` in: those of forward.
    pub values: MatRef<'a, T>,
    /// `[M, L]` in: what forward wrote.
    pub weights: MatRef<'a, T>,
    /// `[M, E]` in.
    pub d_context: MatRef<'a, T>,
    /// `[M, L]` out, overwritten: `∂L/∂s`.
    pub d_scores: MatMut<'a, T>,
    /// `[M, A]` out, overwritten.
    pub d_query: MatMut<'a, T>,
    /// `[L, A]` accumulated.
    pub d_keys: MatMut<'a, T>,
    /// `[L, E]` accumulated.
    pub d_values: MatMut<'a, T>,
    /// `[A]` accumulated with [`Scoring::Additive`], untouched without.
    pub d_v: &'a mut [T],
}

/// `s_l` of every query and key, `α = e^{s − max s} / Σ e^{s − max s}`, `c = α V`.
///
/// Scores of any finite size give finite weights. Allocates nothing.
///
/// # Errors
/// [`Error::Range`] if there is no key, since a mean of nothing is none; [`Error::Shape`] or [`Error::Len`] if a shape is wrong. Nothing
/// is written then.
pub fn forward<T: Scalar, B: Backend<T> + ?Sized>(backend: &B, attend: Attend<'_, T>) -> Result<()> {
    let Attend { scoring, query, keys, values, mut weights, mut context } = attend;
    let [m, a, l, e] = check(scoring, query, keys, values)?;
    expect("attention: weights [M, L]", [m, l], weights.shape())?;
    expect("attention: context [M, E]", [m, e], context.shape())?;
    match scoring {
        Scoring::Product { scale } => {
            backend.matmul(weights.rb_mut(), Accum::Replace, query, keys.t());
            (0..m).for_each(|m| weights.row_mut(m).iter_mut().for_each(|s| *s *= scale));
        }
        Scoring::Additive { v } => {
            for (m, l) in (0..m).flat_map(|m| (0..l).map(move |l| (m, l))) {
                let (q, k, mut s) = (query.row(m), keys.row(l), T::ZERO);
                (0..a).for_each(|a| s += v[a] * (q[a] + k[a]).tanh());
                weights.row_mut(m)[l] = s;
            }
        }
    }
    (0..m).for_each(|m| softmax(weights.row_mut(m)));
    backend.matmul(context.rb_mut(), Accum::Replace, weights.rb(), values);
    Ok(())
}

/// `∂L/∂s = α ⊙ (d_α − Σ_l α_l d_α_l)` with `d_α = d_c Vᵀ`; `d_V += αᵀ d_c`; then the pullback of the scores.
///
/// The hyperbolic tangents are computed anew: to keep them takes `M·L·A` numbers. Allocates nothing.
///
/// # Errors
/// Those of [`forward`].
pub fn backward<T: Scalar, B: Backend<T> + ?Sized>(backend: &B, attend: AttendBackward<'_, T>) -> Result<()> {
    let AttendBackward { scoring, query, keys, values, weights, d_context, .. } = attend;
    let AttendBackward { mut d_scores, mut d_query, mut d_keys, d_values, d_v, .. } = attend;
    let [m, a, l, e] = check(scoring, query, keys, values)?;
    expect("attention: weights [M, L]", [m, l], weights.shape())?;
    expect("attention: d_context [M, E]", [m, e], d_context.shape())?;
    expect("attention: d_scores [M, L]", [m, l], d_scores.shape())?;
    expect("attention: d_query [M, A]", [m, a], d_query.shape())?;
    expect("attention: d_keys [L, A]", [l, a], d_keys.shape())?;
    expect("attention: d_values [L, E]", [l, e], d_values.shape())?;
    if matches!(scoring, Scoring::Additive { .. }) && d_v.len() != a {
        return Err(Error::len("attention: d_v [A]", a, d_v.len()));
    }
    backend.matmul(d_scores.rb_mut(), Accum::Replace, d_context, values.t());
    for m in 0..m {
        let (alpha, d) = (weights.row(m), d_scores.row_mut(m));
        let mut mean = T::ZERO;
        alpha.iter().zip(&*d).for_each(|(&alpha, &d)| mean += alpha * d);
        d.iter_mut().zip(alpha).for_each(|(d, &alpha)| *d = alpha * (*d - mean));
    }
    match scoring {
        Scoring::Product { scale } => {
            (0..m).for_each(|m| d_scores.row_mut(m).iter_mut().for_each(|d| *d *= scale));
            backend.matmul(d_query.rb_mut(), Accum::Replace, d_scores.rb(), keys);
            backend.matmul(d_keys, Accum::Add, d_scores.rb().t(), query);
        }
        Scoring::Additive { v } => {
            d_query.fill(T::ZERO);
            for (m, l) in (0..m).flat_map(|m| (0..l).map(move |l| (m, l))) {
                let (q, k, d) = (query.row(m), keys.row(l), d_scores.rb().row(m)[l]);
                let (d_q, d_k) = (d_query.row_mut(m), d_keys.row_mut(l));
                for a in 0..a {
                    let u = (q[a] + k[a]).tanh();
                    let d_pre = d * v[a] * ((T::ONE - u) * (T::ONE + u));
                    d_v[a] += d * u;
                    d_q[a] += d_pre;
                    d_k[a] += d_pre;
                }
            }
        }
    }
    backend.matmul(d_values, Accum::Add, weights.t(), d_context);
    Ok(())
}

/// `e^{s − max s} / Σ e^{s − max s}`, in place.
fn softmax<T: Scalar>(s: &mut [T]) {
    let largest = s.iter().fold(s[0], |largest, &s| largest.max(s));
    let mut sum = T::ZERO;
    for s in &mut *s {
        *s = (*s - largest).exp();
        sum += *s;
    }
    s.iter_mut().for_each(|s| *s = *s / sum);
}

/// `[M, A, L, E]`.
fn check<T: Scalar>(
    scoring: Scoring<'_, T>,
    query: MatRef<'_, T>,
    keys: MatRef<'_, T>,
    values: MatRef<'_, T>,
) -> Result<[usize; 4]> {
    let ([m, a], [l, e]) = (query.shape(), values.shape());
    if l == 0 {
        return Err(Error::range("attention: number of keys", "at least 1", 0));
    }
    expect("attention: keys [L, A]", [l, a], keys.shape())?;
    match scoring {
        Scoring::Additive { v } if v.len() != a => Err(Error::len("attention: v [A]", a, v.len())),
        _ => Ok([m, a, l, e]),
    }
}

fn expect(what: &str, expected: [usize; 2], found: [usize; 2]) -> Result<()> {
    if expected == found { Ok(()) } else { Err(Error::shape(what, &expected, &found)) }
}
