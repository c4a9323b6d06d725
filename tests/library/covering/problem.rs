//! The configuration and the data of a case. Whatever must not be read is poison: NaN, symbols and classes that do not
//! exist.

use super::axes::{Case, Dense, Depth, Input, Lengths, Start, Target, Upstream};
use recurrent::IGNORE;
use recurrent::kernels::Bias;
use recurrent::network::{
    CellSpec, Config, DenseSpec, Directions, HeadSpec, InputSpec, LayerSpec, Objective, Readout, RecurrentSpec,
};
use recurrent::rng::Rng;

/// `T` of a window.
pub const STEPS: usize = 4;
pub const ROWS: usize = 4;
/// The time at which a window begins that does not begin the sequence.
const LATER: usize = 2;
/// `C` of real input, `V` of symbols, `E` of embeddings, `O`.
pub const FEATURES: usize = 3;
pub const SYMBOLS: usize = 5;
const EMBEDDED: usize = 2;
pub const OUTPUTS: usize = 3;
const HIDDEN: usize = 3;
const DENSE: usize = 2;

pub fn config(case: &Case) -> Config {
    let input = match case.input {
        Input::Features | Input::BatchFirst => InputSpec::Features { width: FEATURES },
        Input::OneHot => InputSpec::OneHot { symbols: SYMBOLS },
        Input::Embedding => InputSpec::Embedding { symbols: SYMBOLS, width: EMBEDDED, name: None },
    };
    let recurrent = |cell: CellSpec, hidden, layers| {
        LayerSpec::Recurrent(
            RecurrentSpec::new(cell, hidden).directions(case.directions).bias(case.bias).layers(layers),
        )
    };
    // Affine layers have a bias or none.
    let bias = case.bias != Bias::None;
    let dense = LayerSpec::Dense(DenseSpec { bias, ..DenseSpec::new(DENSE, case.activation) });
    let place = |place| (case.dense == place).then(|| dense.clone());
    let layers = [
        place(Dense::BelowTheRecurrent),
        Some(recurrent(case.cell.spec.clone(), HIDDEN, if case.depth == Depth::Stacked { 2 } else { 1 })),
        place(Dense::BetweenTwo),
        (case.depth == Depth::Mixed).then(|| recurrent(case.cell_above().spec.clone(), 2, 1)),
        place(Dense::AboveTheRecurrent),
    ];
    let objective = match case.target {
        Target::Classes => Some(Objective::Softmax),
        Target::Probabilities | Target::CountedProbabilities => Some(Objective::Bernoulli),
        Target::Reals | Target::CountedReals => Some(Objective::SquaredError),
        Target::NoHead => None,
    };
    Config {
        layers: layers.into_iter().flatten().collect(),
        readout: case.readout,
        head: objective.map(|objective| HeadSpec { bias, ..HeadSpec::new(OUTPUTS, objective) }),
        init: case.init(),
        ..Config::new(input)
    }
}

/// Everything a pass reads, in f64; every number is a multiple of 1/8 and so an f32 too.
#[derive(Clone, Debug)]
pub struct Data {
    /// The time at which the window begins.
    pub start: usize,
    /// `[N]`: of the whole sequences.
    pub lengths: Option<Vec<usize>>,
    /// `[start + T, N, C]`, time-major.
    pub x: Vec<f64>,
    /// `[start + T, N]`.
    pub index: Vec<u32>,
    /// Of the output rows: `[T, N]`, or `[N]`.
    pub classes: Vec<u32>,
    /// `[T, N, O]`, or `[N, O]`.
    pub values: Vec<f64>,
    /// `[T, N]`, or `[N]`.
    pub counted: Vec<bool>,
    /// The flat state.
    pub state: Vec<f64>,
    /// `[T, N, O]`, or `[1, N, O]`.
    pub d_output: Option<Vec<f64>>,
    /// Flat.
    pub d_state: Option<Vec<f64>>,
}

impl Data {
    /// `state` is the length of the flat state, `width` that of the output.
    pub fn of(case: &Case, state: usize, width: usize) -> Self {
        let mut rng = Rng::seed(case.seed);
        let mut eighth = move || f64::from(u32::try_from(rng.below(17)).unwrap()) / 8.0 - 1.0;
        let mut some = |len: usize| (0..len).map(|_| eighth()).collect::<Vec<f64>>();
        let start = if case.start == Start::Zero { 0 } else { LATER };
        let total = start + STEPS;
        let lengths = match case.lengths {
            Lengths::Absent => None,
            Lengths::Equal => Some([0; ROWS]),
            Lengths::Falling => Some([0, 1, 2, 3]),
            Lengths::Unsorted => Some([2, 0, 3, 1]),
            Lengths::WithZero => Some([1, total, 0, 2]),
        };
        let lengths = lengths.map(|cut| cut.map(|cut| total - cut).to_vec());
        let live = |t: usize, n: usize| lengths.as_ref().is_none_or(|lengths| t < lengths[n]);
        let every = case.readout == Readout::EveryStep;
        let out = if every { STEPS * ROWS } else { ROWS };
        let shows = |k: usize| !every || live(start + k / ROWS, k % ROWS);

        let mut x = some(total * ROWS * FEATURES);
        let mut index: Vec<u32> = symbols(some(total * ROWS), SYMBOLS);
        for (k, row) in x.chunks_exact_mut(FEATURES).enumerate().filter(|(k, _)| !live(k / ROWS, k % ROWS)) {
            row.fill(f64::NAN);
            index[k] = u32::MAX - 1;
        }
        let mut classes: Vec<u32> = symbols(some(out), OUTPUTS);
        classes[1] = IGNORE;
        let mut values = some(out * OUTPUTS);
        if matches!(case.target, Target::Probabilities | Target::CountedProbabilities) {
            values.iter_mut().for_each(|p| *p = 0.5 + *p / 2.0);
        }
        let all = matches!(case.target, Target::Probabilities | Target::Reals);
        let counted: Vec<bool> = (0..out).map(|k| k % 3 != 2).collect();
        let mut d_output = some(out * width);
        for k in 0..out {
            if !shows(k) {
                // One that does not exist, or one that must not count.
                classes[k] = if k % 2 == 0 { 77 } else { classes[k] };
                d_output[k * width..][..width].fill(f64::NAN);
            }
            if !shows(k) || !(all || counted[k]) {
                values[k * OUTPUTS..][..OUTPUTS].fill(f64::NAN);
            }
        }
        let d_state = some(state);
        Self {
            start,
            x,
            index,
            classes,
            values,
            counted,
            state: if case.state_given { some(state) } else { vec![0.0; state] },
            d_output: (case.upstream == Upstream::OutputAndState).then_some(d_output),
            d_state: (case.upstream != Upstream::Nothing).then_some(d_state),
            lengths,
        }
    }

    /// Whether step `t` of the window belongs to row `n`.
    pub fn live(&self, t: usize, n: usize) -> bool {
        t < self.valid(n)
    }

    /// How many steps of the window belong to row `n`.
    pub fn valid(&self, n: usize) -> usize {
        self.lengths.as_ref().map_or(STEPS, |lengths| lengths[n].saturating_sub(self.start).min(STEPS))
    }

    /// Which output rows count, of those that exist.
    pub fn counts(&self, case: &Case) -> Vec<bool> {
        let every = case.readout == Readout::EveryStep;
        let count = |k: usize| {
            let marked = match case.target {
                Target::Classes => self.classes[k] != IGNORE,
                Target::CountedProbabilities | Target::CountedReals => self.counted[k],
                Target::Probabilities | Target::Reals => true,
                Target::NoHead => false,
            };
            marked && (!every || self.live(k / ROWS, k % ROWS))
        };
        (0..self.counted.len()).map(count).collect()
    }
}

fn symbols(values: Vec<f64>, count: usize) -> Vec<u32> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "multiples of 1/8 between −1 and 1")]
    let eighths = |v: f64| ((v + 1.0) * 8.0) as u32;
    values.into_iter().map(|v| eighths(v) % u32::try_from(count).unwrap()).collect()
}

/// The directions of a layer, as the state counts them.
pub fn ways(directions: Directions) -> Vec<recurrent::Direction> {
    use recurrent::Direction::{Forward, Reverse};
    match directions {
        Directions::Forward => vec![Forward],
        Directions::Reverse => vec![Reverse],
        Directions::Both => vec![Forward, Reverse],
    }
}
