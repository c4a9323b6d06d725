//! One input of a law, small enough to print: shapes, options and a seed. Its data follow from `fill` and `seed`.
//!
//! | axis | values |
//! |---|---|
//! | cell | Elman with tanh, relu, sigmoid, identity; LSTM; GRU with reset after and before; any other |
//! | bias, direction | both, one, none; forward, reverse |
//! | lengths | all `T`; ragged and unsorted; the same with a row of length 0; the same seen from a window with start > 0; ragged with steps that rows skip, which show 0 or repeat |
//! | state, input | initial states given or not; dense or one-hot |
//! | layout | time-major, batch-first, strided with gaps, a column block of a wider buffer |
//! | upstream | which of `d_y`, `d_h_n`, `d_c_n` are given |
//! | fill | where the numbers lie |
//! | shape | `T N C H`, pairwise distinct but for the smallest |

mod covering;
mod families;
mod fill;
mod problem;
mod shrink;
mod token;
mod wide;

pub use covering::covering;
pub use families::families;
pub use fill::{Fill, Stream};
pub(crate) use problem::biases;
pub use problem::{Layout, Problem, X};
pub use shrink::{CaseTree, Cases};
pub(crate) use token::REPLAY;
pub use token::{Token, TokenError};
pub use wide::{wide, wide_of};

use crate::oracle::{Cell, Dims};
use rnn_kernels::{Accum, Bias, Direction};
use std::fmt;

/// How long the rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lengths {
    /// Every row has `T` steps, and no list is given.
    All,
    /// From 1 to `T`, unsorted.
    Ragged,
    /// The same with a row of length 0.
    WithZero,
    /// A window that begins after step 0: rows that ended before it, rows that end in it, rows that go on.
    Window,
    /// Such a window in which rows skip steps before their end, and `y` is 0 there.
    Holes,
    /// The same, and `y` repeats the state there.
    Repeats,
}

impl Lengths {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::All, Self::Ragged, Self::WithZero, Self::Window, Self::Holes, Self::Repeats];
}

/// Which cotangents a backward pass is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// `d_y`.
    pub y: bool,
    /// `d_h_n`.
    pub h_n: bool,
    /// `d_c_n`, where there is a state beside `h`.
    pub c_n: bool,
}

impl Upstream {
    /// Everything.
    pub const ALL: Self = Self { y: true, h_n: true, c_n: true };
    /// The subsets that occur.
    pub const SETS: [Self; 6] = [
        Self::ALL,
        Self { y: true, h_n: false, c_n: false },
        Self { y: false, h_n: true, c_n: false },
        Self { y: false, h_n: false, c_n: true },
        Self { y: true, h_n: false, c_n: true },
        Self { y: false, h_n: false, c_n: false },
    ];
}

/// One input of a law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Case {
    /// The equations.
    pub cell: Cell,
    /// Which biases there are.
    pub bias: Bias,
    /// Which way through time.
    pub direction: Direction,
    /// `T N C H`.
    pub dims: Dims,
    /// How long the rows are.
    pub lengths: Lengths,
    /// Whether initial states are given.
    pub state: bool,
    /// Whether the input is one-hot.
    pub one_hot: bool,
    /// How sequences lie in memory.
    pub layout: Layout,
    /// Which cotangents are given.
    pub upstream: Upstream,
    /// Whether `d_x` is overwritten or added to.
    pub d_x: Accum,
    /// Where the numbers lie.
    pub fill: Fill,
    /// What the numbers are.
    pub seed: u64,
}

impl Case {
    /// The case that shrinking tends to: an LSTM with everything given and nothing unusual.
    #[must_use]
    pub const fn plain() -> Self {
        Self {
            cell: Cell::Lstm,
            bias: Bias::Both,
            direction: Direction::Forward,
            dims: Dims { steps: 3, batch: 2, input: 5, hidden: 4 },
            lengths: Lengths::All,
            state: true,
            one_hot: false,
            layout: Layout::TimeMajor,
            upstream: Upstream::ALL,
            d_x: Accum::Replace,
            fill: Fill::Uniform,
            seed: 1,
        }
    }

    /// The same case with numbers of order one, none near the ends of the format: for laws that compare two runs.
    #[must_use]
    pub fn tame(self) -> Self {
        match self.fill {
            Fill::Dyadic => self,
            _ => Self { fill: Fill::Uniform, ..self },
        }
    }

    /// A choice among `n > 0` that follows from the seed.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // the remainder is below a usize
    pub fn pick(&self, n: usize) -> usize {
        (self.seed % n as u64) as usize
    }

    /// The same case with each size at most this.
    #[must_use]
    pub fn at_most(self, steps: usize, batch: usize, input: usize, hidden: usize) -> Self {
        let d = self.dims;
        let dims = Dims {
            steps: d.steps.min(steps),
            batch: d.batch.min(batch),
            input: d.input.min(input),
            hidden: d.hidden.min(hidden),
        };
        Self { dims, ..self }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Dims { steps, batch, input, hidden } = self.dims;
        let up = [(self.upstream.y, "y"), (self.upstream.h_n, "h_n"), (self.upstream.c_n, "c_n")];
        let up: Vec<_> = up.iter().filter(|(given, _)| *given).map(|(_, name)| *name).collect();
        write!(
            f,
            "{} T={steps} N={batch} C={input} H={hidden} bias={:?} {:?} lengths={:?} state={} input={} layout={:?} \
             upstream={} d_x={:?} fill={:?} seed={:#x}",
            self.cell.name(),
            self.bias,
            self.direction,
            self.lengths,
            if self.state { "given" } else { "none" },
            if self.one_hot { "one-hot" } else { "dense" },
            self.layout,
            if up.is_empty() { "none".into() } else { up.join("|") },
            self.d_x,
            self.fill,
            self.seed,
        )
    }
}
