//! `x: [T, N, C]`: what a recurrent layer reads.

use crate::view::SeqRef;

/// The input of a layer, `[steps, rows, C]`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Input<'a, T> {
    /// Real vectors, any layout.
    Dense(SeqRef<'a, T>),
    /// `x[t, n] = e_{index[t · rows + n]}`, never materialised: the input product is a lookup of columns of
    /// `w_ih` and its gradient a scatter-add. Indices beyond a row's length are never read.
    OneHot {
        /// `[T · N]`, time-major, each below `C` where its step belongs to its row.
        index: &'a [u32],
        /// `T`.
        steps: usize,
        /// `N`.
        rows: usize,
    },
}

impl<T: Copy> Input<'_, T> {
    /// `T`.
    #[inline]
    #[must_use]
    pub fn steps(&self) -> usize {
        match self {
            Input::Dense(x) => x.steps(),
            Input::OneHot { steps, .. } => *steps,
        }
    }

    /// `N`.
    #[inline]
    #[must_use]
    pub fn rows(&self) -> usize {
        match self {
            Input::Dense(x) => x.rows(),
            Input::OneHot { rows, .. } => *rows,
        }
    }

    /// Steps `from..to`.
    ///
    /// # Panics
    /// If out of range.
    #[track_caller]
    #[must_use]
    pub fn slice(&self, from: usize, to: usize) -> Self {
        match *self {
            Input::Dense(x) => Input::Dense(x.slice(from, to)),
            Input::OneHot { index, steps, rows } => {
                assert!(from <= to && to <= steps, "steps {from}..{to} of an input of {steps} steps");
                Input::OneHot { index: &index[from * rows..to * rows], steps: to - from, rows }
            }
        }
    }

    #[track_caller]
    pub(crate) fn check(&self, kernel: &str, features: usize, steps: crate::Steps<'_>) {
        match *self {
            Input::Dense(x) => {
                crate::shape::expect(kernel, "x", x.shape(), "[T, N, C]", [x.steps(), x.rows(), features]);
            }
            Input::OneHot { index, steps: t_count, rows } => {
                let wanted = crate::shape::product(kernel, &[t_count, rows]);
                crate::shape::expect(kernel, "x.index", [index.len()], "[T · N]", [wanted]);
                steps.check(kernel, t_count, rows);
                for t in 0..t_count {
                    for n in 0..rows {
                        let i = index[t * rows + n];
                        assert!(
                            !steps.live(t, n) || (i as usize) < features,
                            "{kernel}: x.index[{t}, {n}] is {i}; it must be below C = {features}"
                        );
                    }
                }
            }
        }
    }
}
