//! A whole pass as one map, `(params, x, h0, c0) ↦ (y, h_n, c_n)`, and the oracle's value of it in any number.

use super::{Dims, Run, Sequence, sequence};
use crate::case::Problem;
use crate::drive::oracle_direction;
use crate::number::Number;
use crate::real::Real;

impl<T: Real> Problem<T> {
    /// Elements of `h0`, and of `c0`: every other state.
    pub(crate) fn state_lens(&self) -> [usize; 2] {
        [self.dims.batch * self.dims.hidden, self.dims.batch * self.rest()]
    }

    /// `[params, x, h0, c0]`, 0 where nothing is given: where the map is looked at.
    pub(crate) fn point(&self) -> Vec<T> {
        let [states, cells] = self.state_lens();
        [&self.params[..], &self.dense_x(), &or_zero(&self.h0, states), &or_zero(&self.c0, cells)].concat()
    }

    /// `[d_y, d_h_n, d_c_n]`, 0 where nothing is given and in `d_y` where `y` is 0.
    pub(crate) fn cotangents(&self) -> Vec<T> {
        let [states, cells] = self.state_lens();
        let Dims { steps, batch, hidden, .. } = self.dims;
        let mut d_y = or_zero(&self.d_y, steps * states);
        for (i, d) in d_y.iter_mut().enumerate() {
            if !self.shows(i / hidden / batch, i / hidden % batch) {
                *d = T::ZERO;
            }
        }
        [d_y, or_zero(&self.d_h_n, states), or_zero(&self.d_c_n, cells)].concat()
    }

    /// A point, or a gradient there, as `[params, x, h0, c0]`.
    pub(crate) fn parts<'v, S>(&self, point: &'v [S]) -> [&'v [S]; 4] {
        let Dims { steps, batch, input, .. } = self.dims;
        let (params, rest) = point.split_at(self.params.len());
        let (x, rest) = rest.split_at(steps * batch * input);
        let (h0, c0) = rest.split_at(self.state_lens()[0]);
        [params, x, h0, c0]
    }

    /// The oracle's pass from a [`point`](Self::point).
    pub(crate) fn oracle_at<S: Number>(&self, point: &[S]) -> Sequence<S> {
        let [params, x, h0, c0] = self.parts(point);
        let masks: Vec<S> = self.masks.iter().map(|v| S::from_f64(v.to_f64())).collect();
        let lengths: Vec<usize> = (0..self.dims.batch).map(|n| self.end(n)).collect();
        sequence(Run {
            cell: self.cell,
            dims: self.dims,
            params: &self.oracle_params_of(params),
            x,
            lengths: Some(&lengths),
            holes: self.holes.as_ref().map(|(skipped, held)| (&skipped[..], *held)),
            direction: oracle_direction(self.direction),
            h0,
            c0,
            masks: &masks,
        })
    }
}

fn or_zero<T: Real>(given: &Option<Vec<T>>, len: usize) -> Vec<T> {
    given.clone().unwrap_or_else(|| vec![T::ZERO; len])
}
