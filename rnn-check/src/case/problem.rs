//! The data of a case, in canonical order, and the transformations that laws compare runs under.

use super::{Case, Fill, Lengths, Stream};
use crate::oracle::{Cell, Dims};
use crate::real::Real;
use rnn_kernels::{Accum, Bias, Direction, Held};

/// How sequences lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `[T, N, F]`, contiguous.
    TimeMajor,
    /// `[N, T, F]`, contiguous.
    BatchFirst,
    /// Time-major with space between rows and between steps.
    Gaps,
    /// Columns of a wider buffer, as one direction of a bidirectional layer.
    ColumnBlock,
}

impl Layout {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::TimeMajor, Self::BatchFirst, Self::Gaps, Self::ColumnBlock];
}

/// The input of a layer.
#[derive(Clone, Debug, PartialEq)]
pub enum X<T> {
    /// `[T, N, C]`.
    Dense(Vec<T>),
    /// `[T, N]`.
    OneHot(Vec<u32>),
}

/// Everything one layer needs forward and backward. Arrays are time-major and contiguous here; the driver lays them
/// out as `layout` says.
#[derive(Clone, Debug)]
pub struct Problem<T> {
    /// The equations.
    pub cell: Cell,
    /// Which biases there are.
    pub bias: Bias,
    /// Which way through time.
    pub direction: Direction,
    /// `T N C H`.
    pub dims: Dims,
    /// Of the whole sequence, of which this may be a window.
    pub lengths: Option<Vec<usize>>,
    /// `[T, N]` of this window: the steps that a row skips before its end, and what `y` shows there.
    pub holes: Option<(Vec<bool>, Held)>,
    /// The time of step 0.
    pub start: usize,
    /// `w_ih w_hh b_ih b_hh` and what the cell has beside, flat.
    pub params: Vec<T>,
    /// The input.
    pub x: X<T>,
    /// `[T, N, M]`, every mask side by side.
    pub masks: Vec<T>,
    /// `[N, H]`.
    pub h0: Option<Vec<T>>,
    /// `[N, R]`, every state but `h` side by side; `None` if there is none.
    pub c0: Option<Vec<T>>,
    /// `[T, N, H]`.
    pub d_y: Option<Vec<T>>,
    /// `[N, H]`.
    pub d_h_n: Option<Vec<T>>,
    /// `[N, R]`; `None` if there is no other state.
    pub d_c_n: Option<Vec<T>>,
    /// How sequences lie in memory.
    pub layout: Layout,
    /// Whether `d_x` is overwritten or added to.
    pub d_x_accum: Accum,
    /// What the cotangents of the states are clipped to from step to step.
    pub clip: Option<T>,
}

/// The number of biases.
pub(crate) fn biases(bias: Bias) -> usize {
    match bias {
        Bias::Both => 2,
        Bias::Input => 1,
        Bias::None => 0,
    }
}

impl Case {
    /// The data of this case.
    #[must_use]
    pub fn problem<T: Real>(&self) -> Problem<T> {
        if self.cell.reads_input() && (self.one_hot || self.dims.input != self.dims.hidden) {
            let dims = Dims { input: self.dims.hidden, ..self.dims };
            return Self { one_hot: false, dims, ..*self }.problem();
        }
        let multiple = self.dims.hidden.next_multiple_of(self.cell.multiple());
        if multiple != self.dims.hidden {
            let dims = Dims { hidden: multiple, ..self.dims };
            return Self { dims, ..*self }.problem();
        }
        if self.cell.overflows_when_saturated() && self.fill == Fill::Saturated {
            return Self { fill: Fill::Uniform, ..*self }.problem();
        }
        if self.cell.divides_by().is_some() && !self.state {
            return Self { state: true, ..*self }.problem();
        }
        let Dims { steps, batch, input, hidden } = self.dims;
        let stream = |purpose| Stream::new(self.seed, purpose);
        let numbers = |purpose: u64, len: usize, scale: f64| -> Vec<T> {
            let mut stream = stream(purpose);
            let mut next = || match self.fill {
                Fill::Dyadic => stream.quarter(),
                _ => scale * stream.signed(),
            };
            (0..len).map(|_| T::from_f64(next())).collect()
        };
        let small = if self.fill == Fill::Tiny { T::TINY } else { 1.0 };
        let weight = match self.fill {
            Fill::Expansive => 4.0,
            _ => 1.0,
        } * (4.0 / hidden.max(4) as f64).sqrt();
        let rows = self.cell.gates() * hidden;
        let rest = self.cell.rest(hidden);
        let bias_scale = if self.fill == Fill::Saturated { 100.0 } else { small };
        let x_scale = if self.fill == Fill::Saturated { 30.0 } else { 2.0 * small };
        let mut params = numbers(1, rows * (input + hidden), weight);
        params.extend(numbers(2, rows * biases(self.bias), bias_scale));
        if let Cell::Own(_) = self.cell {
            params = self.own_params(weight, bias_scale);
        }
        let state = |purpose, width, scale: f64| self.state.then(|| numbers(purpose, batch * width, scale * small));
        let up = |given: bool, purpose, len| given.then(|| numbers(purpose, len, small));
        let has_c = self.cell.has_c();
        let mut c0 = if has_c { state(5, rest, 1.5) } else { None };
        if let (Some(c0), Some(state)) = (&mut c0, self.cell.divides_by()) {
            let divided_by = self.cell.other(state - 1, hidden);
            for (_, v) in c0.iter_mut().enumerate().filter(|(k, _)| divided_by.contains(&(k % rest))) {
                *v = T::from_f64(1.0 + v.to_f64().abs());
            }
        }
        let x = if self.one_hot {
            let mut stream = stream(3);
            #[allow(clippy::cast_possible_truncation)] // below C
            X::OneHot((0..steps * batch).map(|_| stream.below(input) as u32).collect())
        } else {
            X::Dense(numbers(3, steps * batch * input, x_scale))
        };
        Problem {
            cell: self.cell,
            bias: self.bias,
            direction: self.direction,
            dims: self.dims,
            lengths: self.row_lengths(),
            holes: self.holes(),
            start: self.start(),
            params,
            x,
            masks: numbers(10, steps * batch * self.cell.masks(hidden), 1.0),
            h0: state(4, hidden, 1.0),
            c0,
            d_y: up(self.upstream.y, 6, steps * batch * hidden),
            d_h_n: up(self.upstream.h_n, 7, batch * hidden),
            d_c_n: up(self.upstream.c_n && has_c, 8, batch * rest),
            layout: self.layout,
            d_x_accum: self.d_x,
            clip: None,
        }
    }

    /// Weights, then biases, each place from the same stream whatever lies before it; vectors like weights of one unit.
    fn own_params<T: Real>(&self, weight: f64, bias: f64) -> Vec<T> {
        let layout = crate::oracle::Layout::new(self.cell.kernel().form(), self.dims, biases(self.bias));
        let mut stream = Stream::new(self.seed, 1);
        let mut params: Vec<f64> = (0..layout.len)
            .map(|_| if self.fill == Fill::Dyadic { stream.quarter() } else { weight * stream.signed() })
            .collect();
        for range in layout.stages.iter().flatten().filter_map(|rows| rows.bias.clone()) {
            for p in &mut params[range] {
                *p = if self.fill == Fill::Dyadic { *p } else { *p / weight * bias };
            }
        }
        params.into_iter().map(T::from_f64).collect()
    }

    /// The time of step 0: not that of the sequence in a [`Window`](Lengths::Window).
    fn start(&self) -> usize {
        let is_window = matches!(self.lengths, Lengths::Window | Lengths::Holes | Lengths::Repeats);
        if is_window { 1 + self.pick(3) } else { 0 }
    }

    fn row_lengths(&self) -> Option<Vec<usize>> {
        let Dims { steps, batch, .. } = self.dims;
        let mut stream = Stream::new(self.seed, 9);
        match self.lengths {
            Lengths::All => return None,
            // In turn over before the window, over within it, going on after it; which row begins is drawn.
            Lengths::Window | Lengths::Holes | Lengths::Repeats => {
                let (start, first) = (self.start(), stream.below(3));
                let mut of = |n: usize| match (first + n) % 3 {
                    0 => stream.below(start + 1),
                    1 => start + stream.below(steps.max(1)),
                    _ => start + steps + stream.below(2),
                };
                return Some((0..batch).map(&mut of).collect());
            }
            Lengths::Ragged | Lengths::WithZero => {}
        }
        let mut lengths: Vec<usize> = (0..batch).map(|_| 1 + stream.below(steps.max(1))).collect();
        if self.lengths == Lengths::WithZero && batch > 0 {
            lengths[stream.below(batch)] = 0;
        }
        Some(lengths.into_iter().map(|len| len.min(steps)).collect())
    }

    /// Two steps in five, here and there a run of them; beyond the end of a row marks mean nothing, and there are some.
    fn holes(&self) -> Option<(Vec<bool>, Held)> {
        let held = match self.lengths {
            Lengths::Holes => Held::Zero,
            Lengths::Repeats => Held::Repeat,
            Lengths::All | Lengths::Ragged | Lengths::WithZero | Lengths::Window => return None,
        };
        let mut stream = Stream::new(self.seed, 11);
        Some(((0..self.dims.steps * self.dims.batch).map(|_| stream.below(5) < 2).collect(), held))
    }
}

/// `[steps, rows, width]`, the step and row of each row of the result given by `pick`.
fn gather<E: Clone>(from: &[E], rows: usize, width: usize, pick: impl IntoIterator<Item = (usize, usize)>) -> Vec<E> {
    pick.into_iter().flat_map(|(t, n)| from[(t * rows + n) * width..][..width].iter().cloned()).collect()
}

impl<T> Problem<T> {
    /// `R`: the width of every state but `h`.
    #[must_use]
    pub fn rest(&self) -> usize {
        self.cell.rest(self.dims.hidden)
    }
}

impl<T: Real> Problem<T> {
    /// How many steps of this window come before the end of row `n`.
    #[must_use]
    pub fn end(&self, n: usize) -> usize {
        let all = self.dims.steps;
        self.lengths.as_ref().map_or(all, |lengths| lengths[n].saturating_sub(self.start).min(all))
    }

    /// How many steps of this window belong to row `n`.
    #[must_use]
    pub fn live_steps(&self, n: usize) -> usize {
        (0..self.end(n)).filter(|&t| self.live(t, n)).count()
    }

    /// Whether step `t` of this window belongs to row `n`.
    #[must_use]
    pub fn live(&self, t: usize, n: usize) -> bool {
        let is_hole = self.holes.as_ref().is_some_and(|(skipped, _)| skipped[t * self.dims.batch + n]);
        t < self.end(n) && !is_hole
    }

    /// Whether `y` of row `n` is its state after step `t`, and not 0.
    #[must_use]
    pub fn shows(&self, t: usize, n: usize) -> bool {
        let repeats = self.holes.as_ref().is_some_and(|(_, held)| *held == Held::Repeat);
        self.live(t, n) || repeats && t < self.end(n)
    }

    /// Where step `t` of row `n` lies if the steps before its end are in the opposite order.
    #[must_use]
    pub fn turned(&self, t: usize, n: usize) -> (usize, usize) {
        let end = self.end(n);
        (if t < end { end - 1 - t } else { t }, n)
    }

    /// `[T, N, C]`, one-hot rows written out.
    #[must_use]
    pub fn dense_x(&self) -> Vec<T> {
        match &self.x {
            X::Dense(x) => x.clone(),
            X::OneHot(index) => {
                let row = |&i: &u32| {
                    (0..self.dims.input)
                        .map(move |c| if c == i as usize { T::ONE } else { T::ZERO })
                        .collect::<Vec<T>>()
                };
                index.iter().flat_map(row).collect()
            }
        }
    }

    /// The steps and rows that `pick` names, in its order, as a problem of this many steps and rows. The data beyond
    /// a row's length come along.
    fn picked(&self, steps: usize, rows: &[usize], pick: impl Fn(usize, usize) -> (usize, usize)) -> Self {
        let Dims { batch, input, hidden, .. } = self.dims;
        let places: Vec<_> = (0..steps).flat_map(|t| rows.iter().map(move |&n| (t, n))).collect();
        let places: Vec<_> = places.into_iter().map(|(t, n)| pick(t, n)).collect();
        let seq = |from: &[T], width| gather(from, batch, width, places.iter().copied());
        let state = |from: &Option<Vec<T>>, width| {
            from.as_ref().map(|from| gather(from, batch, width, rows.iter().map(|&n| (0, n))))
        };
        let rest = self.rest();
        Self {
            dims: Dims { steps, batch: rows.len(), ..self.dims },
            lengths: self.lengths.as_ref().map(|lengths| rows.iter().map(|&n| lengths[n]).collect()),
            holes: self.holes.as_ref().map(|(of, held)| (gather(of, batch, 1, places.iter().copied()), *held)),
            params: self.params.clone(),
            x: match &self.x {
                X::Dense(x) => X::Dense(seq(x, input)),
                X::OneHot(index) => X::OneHot(gather(index, batch, 1, places.iter().copied())),
            },
            masks: seq(&self.masks, self.cell.masks(hidden)),
            h0: state(&self.h0, hidden),
            c0: state(&self.c0, rest),
            d_y: self.d_y.as_ref().map(|d_y| seq(d_y, hidden)),
            d_h_n: state(&self.d_h_n, hidden),
            d_c_n: state(&self.d_c_n, rest),
            ..*self
        }
    }

    /// These rows, in this order.
    #[must_use]
    pub fn rows(&self, rows: &[usize]) -> Self {
        self.picked(self.dims.steps, rows, |t, n| (t, n))
    }

    /// Steps `from..to` as a window: initial states and final cotangents are the caller's to set.
    #[must_use]
    pub fn window(&self, from: usize, to: usize) -> Self {
        let rows: Vec<_> = (0..self.dims.batch).collect();
        Self { start: self.start + from, ..self.picked(to - from, &rows, |t, n| (from + t, n)) }
    }

    /// Row `n` alone, with the steps that belong to it and no others. What is shown in holes that repeat is lost.
    #[must_use]
    pub fn row(&self, n: usize) -> Self {
        let own = self.own_steps(n);
        Self { lengths: None, holes: None, ..self.picked(own.len(), &[n], |k, n| (own[k], n)) }
    }

    /// The steps of this window that belong to row `n`.
    #[must_use]
    pub fn own_steps(&self, n: usize) -> Vec<usize> {
        (0..self.end(n)).filter(|&t| self.live(t, n)).collect()
    }

    /// Every row's own steps in the opposite order, run in the opposite direction.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let rows: Vec<_> = (0..self.dims.batch).collect();
        let direction = match self.direction {
            Direction::Forward => Direction::Reverse,
            Direction::Reverse => Direction::Forward,
        };
        Self { direction, ..self.picked(self.dims.steps, &rows, |t, n| self.turned(t, n)) }
    }

    /// `more` steps longer, every row as long as before; the new steps repeat the last or, with none, do nothing.
    #[must_use]
    pub fn longer(&self, more: usize) -> Self {
        let Dims { steps, batch, .. } = self.dims;
        let rows: Vec<_> = (0..batch).collect();
        let lengths = (0..batch).map(|n| self.start + self.end(n)).collect();
        Self { lengths: Some(lengths), ..self.picked(steps + more, &rows, |t, n| (t.min(steps - 1), n)) }
    }

    /// The same with `value` in `x` wherever a step does not belong to its row, and in `d_y` where `y` is 0 for it; an index becomes too
    /// large.
    #[must_use]
    pub fn padded_with(mut self, value: T) -> Self {
        let Dims { steps, batch, input, hidden } = self.dims;
        for (t, n) in (0..steps).flat_map(|t| (0..batch).map(move |n| (t, n))) {
            if self.live(t, n) {
                continue;
            }
            let at = t * batch + n;
            match &mut self.x {
                X::Dense(x) => x[at * input..][..input].fill(value),
                X::OneHot(index) => index[at] = u32::MAX,
            }
            let shows = self.shows(t, n);
            if let Some(d_y) = self.d_y.as_mut().filter(|_| !shows) {
                d_y[at * hidden..][..hidden].fill(value);
            }
            let width = self.cell.masks(hidden);
            self.masks[at * width..][..width].fill(value);
        }
        self
    }

    /// Every number given to another type.
    #[must_use]
    pub fn map<U: Real>(&self, to: impl Fn(T) -> U + Copy) -> Problem<U> {
        let all = |v: &Vec<T>| v.iter().map(|&v| to(v)).collect::<Vec<U>>();
        let given = |v: &Option<Vec<T>>| v.as_ref().map(all);
        Problem {
            cell: self.cell,
            bias: self.bias,
            direction: self.direction,
            dims: self.dims,
            lengths: self.lengths.clone(),
            holes: self.holes.clone(),
            start: self.start,
            params: all(&self.params),
            x: match &self.x {
                X::Dense(x) => X::Dense(all(x)),
                X::OneHot(index) => X::OneHot(index.clone()),
            },
            masks: all(&self.masks),
            h0: given(&self.h0),
            c0: given(&self.c0),
            d_y: given(&self.d_y),
            d_h_n: given(&self.d_h_n),
            d_c_n: given(&self.d_c_n),
            layout: self.layout,
            d_x_accum: self.d_x_accum,
            clip: self.clip.map(to),
        }
    }
}
