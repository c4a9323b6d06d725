//! Cells by the equations of other libraries, in their order and their layout.

use super::block::Block;
use super::{Context, Verdict, all, within};
use crate::bound::Bounded;
use crate::case::{Case, Problem, Stream, X};
use crate::foreign::{Matrices, ORDERS, Order};
use crate::number::Number;
use crate::oracle::expected::states;
use crate::oracle::{Cell, Dims, Reset};
use crate::real::Real;
use rnn_kernels::Bias;

const DIMS: Dims = Dims { steps: 3, batch: 1, input: 3, hidden: 2 };

/// The weights of a cell as a library has them; the second bias is absent where it has but one.
struct Foreign<T> {
    w: Vec<T>,
    u: Vec<T>,
    b: Vec<T>,
    b_u: Option<Vec<T>>,
}

/// `σ` and tanh of the gate with this letter: `W x + b` and `U h + b_u` of one unit, found by the letter alone.
struct Step<'a, S> {
    order: &'a Order,
    weights: &'a Foreign<S>,
    x: &'a [S],
    h: &'a [S],
}

impl<S: Number> Step<'_, S> {
    fn row(&self, letter: char, unit: usize) -> usize {
        let place = self.order.letters.find(letter).unwrap_or_default();
        place * DIMS.hidden + unit
    }

    fn product(&self, matrix: &[S], v: &[S], row: usize) -> S {
        let rows = self.order.gates.len() * DIMS.hidden;
        let at = |k: usize| match self.order.matrices {
            Matrices::Rows => matrix[row * v.len() + k],
            Matrices::Columns => matrix[k * rows + row],
        };
        v.iter().enumerate().fold(S::from_f64(0.0), |sum, (k, &v)| sum + at(k) * v)
    }

    fn of_x(&self, letter: char, unit: usize) -> S {
        let row = self.row(letter, unit);
        self.product(&self.weights.w, self.x, row) + self.weights.b[row]
    }

    fn of_h(&self, letter: char, unit: usize, h: &[S]) -> S {
        let row = self.row(letter, unit);
        let bias = self.weights.b_u.as_ref().map_or(S::from_f64(0.0), |b| b[row]);
        self.product(&self.weights.u, h, row) + bias
    }

    fn sum(&self, letter: char, unit: usize) -> S {
        self.of_x(letter, unit) + self.of_h(letter, unit, self.h)
    }

    /// `h, c` after the step.
    fn run(&self, c: &[S]) -> [Vec<S>; 2] {
        let (one, units) = (S::from_f64(1.0), 0..DIMS.hidden);
        match self.order.cell {
            Cell::Lstm => {
                let c: Vec<S> = units
                    .clone()
                    .map(|j| self.sum('f', j).sigmoid() * c[j] + self.sum('i', j).sigmoid() * self.sum('c', j).tanh())
                    .collect();
                [units.map(|j| self.sum('o', j).sigmoid() * c[j].tanh()).collect(), c]
            }
            Cell::Gru(reset) => {
                let r: Vec<S> = units.clone().map(|j| self.sum('r', j).sigmoid()).collect();
                let gated: Vec<S> = r.iter().zip(self.h).map(|(&r, &h)| r * h).collect();
                let blend = |j: usize| {
                    let z = self.sum('z', j).sigmoid();
                    let inner = match reset {
                        Reset::After => r[j] * self.of_h('h', j, self.h),
                        Reset::Before => self.of_h('h', j, &gated),
                    };
                    z * self.h[j] + (one - z) * (self.of_x('h', j) + inner).tanh()
                };
                [units.map(blend).collect(), vec![]]
            }
            Cell::Elman(_) | Cell::Own(_) => unreachable!("other libraries order gates of an LSTM and a GRU"),
        }
    }
}

/// One library's cell, run by its own equations and by the backend on the weights as [`Order`] turns them.
fn agrees<T: Real>(ctx: &Context<'_, T>, order: &Order, seed: u64) -> Verdict {
    let Dims { steps, input, hidden, .. } = DIMS;
    let rows = order.gates.len() * hidden;
    let mut stream = Stream::new(seed, 81);
    let mut numbers = |len: usize| (0..len).map(|_| T::from_f64(stream.signed())).collect::<Vec<T>>();
    let theirs = Foreign {
        w: numbers(rows * input),
        u: numbers(rows * hidden),
        b: numbers(rows),
        b_u: (order.biases == 2).then(|| numbers(rows)),
    };
    let bias = if order.biases == 2 { Bias::Both } else { Bias::Input };
    let ours = [order.matrix(&theirs.w, input), order.matrix(&theirs.u, hidden), order.bias(&theirs.b)].concat();
    let b_hh = theirs.b_u.as_ref().map_or(vec![], |b| order.bias(b));
    let (x, h0, c0) = (numbers(steps * input), numbers(hidden), numbers(hidden));
    let case = Case { cell: order.cell, bias, dims: DIMS, ..Case::plain() };
    let problem = Problem {
        params: [ours, b_hh].concat(),
        x: X::Dense(x.clone()),
        h0: Some(h0.clone()),
        c0: (order.cell == Cell::Lstm).then(|| c0.clone()),
        ..case.problem()
    };
    let lift = |v: &[T]| v.iter().map(|v| T::Wide::from_f64(v.to_f64())).collect::<Vec<_>>();
    let weights =
        Foreign { w: lift(&theirs.w), u: lift(&theirs.u), b: lift(&theirs.b), b_u: theirs.b_u.as_deref().map(lift) };
    let (mut h, mut c, mut y) = (lift(&h0), lift(&c0), vec![]);
    for x in lift(&x).chunks(input) {
        [h, c] = Step { order, weights: &weights, x, h: &h }.run(&c);
        y.extend_from_slice(&h);
    }
    // How far a correct backend may be from the equations does not depend on the order they are written in.
    let bounds = states(ctx.precision, &problem, None).y;
    let want: Vec<_> = y.iter().zip(&bounds).map(|(&y, b)| Bounded::new(y, b.error, ctx.precision)).collect();
    let name = format!("y of {} {}", order.library, order.letters);
    within(ctx.precision, &Block::sequence(&name, &problem, hidden), &ctx.rig().forward(&problem).y, &want)
}

/// Each order with the biases its library has, and with a single one.
pub(super) fn other_libraries_orders_are_permutations<T: Real>(ctx: &Context<'_, T>, _: &Case) -> Verdict {
    all(ORDERS.iter().enumerate().flat_map(|(seed, order)| {
        [*order, Order { biases: 1, ..*order }].map(|order| agrees(ctx, &order, seed as u64))
    }))
}
