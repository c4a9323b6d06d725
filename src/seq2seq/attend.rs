//! `c_t = Σ_l α_l e_l` over a batch: every row asks over the steps that its source has.

use super::config::Score;
use super::parts::Attention;
use super::workspace::seq;
use crate::attention::{self, Attend, AttendBackward, Scoring};
use crate::error::Result;
use rnn_kernels::{Accum, Backend, MatMut, MatRef, Scalar, SeqMut, SeqRef};

/// What is asked of, and by which rule.
#[derive(Debug)]
pub(super) struct Attending<'a, T, B: ?Sized> {
    pub backend: &'a B,
    pub attention: &'a Attention,
    pub parameters: &'a [T],
    /// `[Tₓ, N, E]`: `e`.
    pub values: SeqRef<'a, T>,
    /// `[N]`: the length of each source.
    pub lengths: &'a [usize],
}

/// Which queries there are: steps `first..first + M` of `total`, of those row `n` makes the first `count(n)`, of source `of(n)`.
#[derive(Clone, Copy)]
pub(super) struct Steps<'a> {
    pub first: usize,
    pub total: usize,
    pub count: &'a dyn Fn(usize) -> usize,
    pub of: &'a dyn Fn(usize) -> usize,
}

impl Steps<'_> {
    /// `α [M, L]` of row `n` among `[N, total, Tₓ]`: where it begins.
    fn start(&self, n: usize, source: usize) -> usize {
        (n * self.total + self.first) * source
    }
}

impl<'a, T: Scalar, B: Backend<T> + ?Sized> Attending<'a, T, B> {
    fn scoring(&self) -> Scoring<'a, T> {
        match (&self.attention.learned, self.attention.spec.score) {
            (Some((_, _, v)), _) => Scoring::Additive { v: &self.parameters[v.clone()] },
            (None, Score::ScaledDot) => {
                #[allow(clippy::cast_precision_loss)] // widths are far below 2⁵³
                let width = self.attention.units as f64;
                Scoring::Product { scale: T::from_f64(1.0 / Scalar::sqrt(width)) }
            }
            (None, _) => Scoring::Product { scale: T::ONE },
        }
    }

    fn flat(&self) -> MatRef<'a, T> {
        self.values.flat().expect("outputs of an encoder are contiguous")
    }

    /// `k = W_k e`, or `e`: overwrites `[Tₓ, N, A]`.
    pub fn keys(&self, keys: &mut [T]) {
        let mut to = MatMut::new(keys, self.flat().rows(), self.attention.units);
        match &self.attention.learned {
            Some((_, key, _)) => key.forward(self.backend, self.parameters, self.flat(), to),
            None => to.copy_from(self.flat()),
        }
    }

    /// The pullback of [`keys`](Self::keys): `d_e +=`.
    pub fn keys_backward(&self, d_keys: &[T], d_values: &mut [T], gradients: &mut [T]) {
        let [rows, width] = self.flat().shape();
        match &self.attention.learned {
            Some((_, key, _)) => {
                let (d_y, d_x) = (MatRef::new(d_keys, rows, self.attention.units), MatMut::new(d_values, rows, width));
                let parameters = (self.parameters, gradients);
                key.backward(self.backend, parameters, self.flat(), d_y, (Some(d_x), Accum::Add));
            }
            None => d_values.iter_mut().zip(d_keys).for_each(|(d, &key)| *d += key),
        }
    }

    /// What meets the keys: `W_q h [M, N, A]`, written to `projected`, or `h`.
    fn project<'q>(&self, query: SeqRef<'q, T>, projected: &'q mut [T]) -> SeqRef<'q, T> {
        let Some((of_query, _, _)) = &self.attention.learned else { return query };
        let [steps, rows, _] = query.shape();
        let x = query.flat().expect("states that ask are contiguous");
        let to = MatMut::new(projected, steps * rows, self.attention.units);
        of_query.forward(self.backend, self.parameters, x, to);
        seq(projected, [steps, rows, self.attention.units])
    }

    /// `α [N, total, Tₓ]` and `c [M, N, E]` of `query [M, N, H]`; what no row asks for stays as it is.
    pub fn forward(
        &self,
        steps: Steps<'_>,
        (query, projected): (SeqRef<'_, T>, &mut [T]),
        keys: &[T],
        weights: &mut [T],
        mut context: SeqMut<'_, T>,
    ) -> Result<()> {
        let [source, rows, _] = self.values.shape();
        let keys = seq(keys, [source, rows, self.attention.units]);
        let query = self.project(query, projected);
        for n in (0..query.rows()).filter(|&n| (steps.count)(n) > 0) {
            let (count, of) = ((steps.count)(n), (steps.of)(n));
            let length = self.lengths[of];
            let weights = &mut weights[steps.start(n, source)..];
            attention::forward(
                self.backend,
                Attend {
                    scoring: self.scoring(),
                    query: query.slice(0, count).row(n),
                    keys: keys.slice(0, length).row(of),
                    values: self.values.slice(0, length).row(of),
                    weights: MatMut::with_stride(weights, count, length, source),
                    context: context.rb_mut().slice(0, count).row_mut(n),
                },
            )?;
        }
        Ok(())
    }

    /// The pullback of [`forward`](Self::forward): overwrites `d_query [M, N, H]` of all rows, adds to `d_keys` and `d_values`.
    ///
    /// `d_projected` must be 0 where no row asks.
    pub fn backward(
        &self,
        steps: Steps<'_>,
        (query, projected): (SeqRef<'_, T>, &[T]),
        keys: &[T],
        weights: &[T],
        d_context: SeqRef<'_, T>,
        d: AttendingBack<'_, T>,
    ) -> Result<()> {
        let AttendingBack { d_scores, d_query, d_projected, d_keys, d_values, gradients } = d;
        let ([source, rows, width], units) = (self.values.shape(), self.attention.units);
        let (m, n_query) = (query.steps(), query.rows());
        let keys = seq(keys, [source, rows, units]);
        let (asked, v) = match &self.attention.learned {
            Some((_, _, v)) => (seq(projected, [m, n_query, units]), v.clone()),
            None => (query, 0..0),
        };
        // Without a projection the cotangent of the query is written where it belongs.
        let mut to = match self.attention.learned {
            Some(_) => SeqMut::new(&mut *d_projected, m, n_query, units),
            None => SeqMut::new(&mut *d_query, m, n_query, units),
        };
        for n in (0..n_query).filter(|&n| (steps.count)(n) > 0) {
            let (count, of, start) = ((steps.count)(n), (steps.of)(n), steps.start(n, source));
            let length = self.lengths[of];
            attention::backward(
                self.backend,
                AttendBackward {
                    scoring: self.scoring(),
                    query: asked.slice(0, count).row(n),
                    keys: keys.slice(0, length).row(of),
                    values: self.values.slice(0, length).row(of),
                    weights: MatRef::with_stride(&weights[start..], count, length, source),
                    d_context: d_context.slice(0, count).row(n),
                    d_scores: MatMut::with_stride(&mut d_scores[start..], count, length, source),
                    d_query: to.rb_mut().slice(0, count).row_mut(n),
                    d_keys: SeqMut::new(d_keys, source, rows, units).slice(0, length).row_mut(of),
                    d_values: SeqMut::new(d_values, source, rows, width).slice(0, length).row_mut(of),
                    d_v: &mut gradients[v.clone()],
                },
            )?;
        }
        if let Some((of_query, _, _)) = &self.attention.learned {
            let (x, hidden) = (query.flat().expect("states that ask are contiguous"), query.cols());
            let d_y = MatRef::new(d_projected, m * n_query, units);
            let d_x = MatMut::new(d_query, m * n_query, hidden);
            of_query.backward(self.backend, (self.parameters, gradients), x, d_y, (Some(d_x), Accum::Replace));
        }
        Ok(())
    }
}

/// Where the pullback of attention writes.
#[derive(Debug)]
pub(super) struct AttendingBack<'a, T> {
    /// `[N, total, Tₓ]`.
    pub d_scores: &'a mut [T],
    /// `[M, N, H]`.
    pub d_query: &'a mut [T],
    /// `[M, N, A]`.
    pub d_projected: &'a mut [T],
    /// `[Tₓ, N, A]`.
    pub d_keys: &'a mut [T],
    /// `[Tₓ, N, E]`.
    pub d_values: &'a mut [T],
    /// `[P]`.
    pub gradients: &'a mut [T],
}
