//! A network written down a second time: the oracle's layers one after the other, then the loss, over any number.

use super::axes::{Case, Input, Target};
use super::problem::{Data, FEATURES, OUTPUTS, ROWS, SYMBOLS, ways};
use crate::cells::cells;
use recurrent::kernels::{Activation, Bias};
use recurrent::network::{Config, DenseSpec, LayerSpec, ParameterBlock, Readout, RecurrentSpec};
use rnn_check::number::Number;
use rnn_check::oracle::{self, Dims, Params, Run, Sequence};
use std::ops::Range;

/// What the network is a function of.
#[derive(Clone, Copy, Debug)]
pub struct Variables<'a, S> {
    pub blocks: &'a [ParameterBlock],
    pub parameters: &'a [S],
    /// `[T, N, C]` of the window; what is not live is never read.
    pub x: &'a [S],
    /// Flat.
    pub state: &'a [S],
    /// The number of targets that count: a number a backend has rounded the inverse of.
    pub count: S,
}

/// What the network computes.
#[derive(Clone, Debug)]
pub struct Outcome<S> {
    /// `[T, N, O]`, or `[N, O]`.
    pub output: Vec<S>,
    /// Flat.
    pub state: Vec<S>,
    /// `Σ loss / count`; 0 without a head.
    pub loss: S,
    /// By layer, then direction.
    pub passes: Vec<Sequence<S>>,
}

impl<S: Number> Variables<'_, S> {
    fn block(&self, name: &str, shape: &[usize]) -> Vec<S> {
        let found = self.blocks.iter().find(|block| block.name == name);
        let block = found.unwrap_or_else(|| panic!("no parameter {name}"));
        assert_eq!(block.shape, shape, "{name}");
        self.parameters[block.range()].to_vec()
    }

    fn affine(&self, name: &str, bias: bool, x: &[S], [units, input]: [usize; 2]) -> Vec<S> {
        let w = self.block(&format!("{name}.weight"), &[units, input]);
        let b = bias.then(|| self.block(&format!("{name}.bias"), &[units]));
        oracle::affine(x, &w, b.as_deref(), input)
    }
}

/// The steps `window` of a case, from this state.
pub fn network<S: Number>(
    case: &Case,
    config: &Config,
    data: &Data,
    window: Range<usize>,
    variables: Variables<'_, S>,
) -> Outcome<S> {
    let zero = S::from_f64(0.0);
    let steps = window.len();
    let lengths: Vec<usize> = (0..ROWS).map(|n| data.valid(n).clamp(window.start, window.end) - window.start).collect();
    let live = |row: usize| row / ROWS < lengths[row % ROWS];
    let index: Vec<usize> = (window.start * ROWS..window.end * ROWS)
        .map(|k| (data.index[data.start * ROWS + k] as usize).min(SYMBOLS - 1))
        .collect();

    let (mut x, mut width) = match case.input {
        Input::Features | Input::BatchFirst => {
            (variables.x[window.start * ROWS * FEATURES..window.end * ROWS * FEATURES].to_vec(), FEATURES)
        }
        Input::OneHot => (oracle::one_hot(&index, SYMBOLS), SYMBOLS),
        Input::Embedding => {
            let table = variables.block("embedding.weight", &[SYMBOLS, 2]);
            (oracle::embedding(&table, &index, 2), 2)
        }
    };
    let (mut passes, mut state): (Vec<Sequence<S>>, Vec<S>) = (Vec::new(), Vec::new());
    let last_recurrent = config.layers.iter().rposition(|layer| matches!(layer, LayerSpec::Recurrent(_))).unwrap();
    let mut picked = false;
    let (mut recurrent, mut dense) = (0, 0);
    for (k, layer) in config.layers.iter().enumerate() {
        match layer {
            LayerSpec::Recurrent(spec) => {
                recurrent += 1;
                let name = if recurrent == 1 { "rnn".to_string() } else { format!("rnn{recurrent}") };
                for depth in 0..spec.layers {
                    let of = Recurrent { spec, name: &name, depth, input: width };
                    let parts = of.parts(&variables, state.len(), steps, &x, &lengths);
                    for part in &parts {
                        state.extend(part.h_n.iter().chain(&part.c_n));
                    }
                    let each =
                        |row: usize| parts.iter().flat_map(move |part| &part.y[row * spec.hidden..][..spec.hidden]);
                    x = (0..steps * ROWS).flat_map(each).copied().collect();
                    width = spec.hidden * parts.len();
                    passes.extend(parts);
                }
            }
            LayerSpec::Dense(spec) => {
                dense += 1;
                assert_eq!(dense, 1, "a case has one dense layer at most");
                x = one_dense_layer(&variables, spec, &x, width, |row| picked || live(row));
                width = spec.units;
            }
            LayerSpec::Dropout(_) => unreachable!("no case has noise"),
        }
        if k == last_recurrent && case.readout != Readout::EveryStep {
            let ways = ways(case.directions).len();
            let last = &passes[passes.len() - ways..];
            let read = |n: usize| match case.readout {
                Readout::LastStep => last_step(last, &x, width, n, lengths[n]),
                _ => final_states(last, width, n),
            };
            x = (0..ROWS).flat_map(read).collect();
            picked = true;
        }
    }
    if let Some(head) = &config.head {
        let logits = variables.affine("head", head.bias, &x, [head.units, width]);
        width = head.units;
        let shown = |(row, a): (usize, &[S])| if picked || live(row) { a.to_vec() } else { vec![zero; OUTPUTS] };
        x = logits.chunks_exact(width).enumerate().flat_map(shown).collect();
    }
    let loss = loss(case, data, window, &x) / variables.count;
    Outcome { output: x, state, loss, passes }
}

/// `y[n] = x[last valid step of n, n]`, or the initial `h` of every direction.
fn last_step<S: Number>(passes: &[Sequence<S>], x: &[S], width: usize, n: usize, length: usize) -> Vec<S> {
    if length > 0 {
        return x[((length - 1) * ROWS + n) * width..][..width].to_vec();
    }
    final_states(passes, width, n)
}

/// `y[n] = h[n]` of every direction at the end of its pass.
fn final_states<S: Number>(passes: &[Sequence<S>], width: usize, n: usize) -> Vec<S> {
    let each = width / passes.len();
    passes.iter().flat_map(|pass| pass.h_n[n * each..][..each].to_vec()).collect()
}

fn one_dense_layer<S: Number>(
    variables: &Variables<'_, S>,
    spec: &DenseSpec,
    x: &[S],
    width: usize,
    live: impl Fn(usize) -> bool,
) -> Vec<S> {
    let row = |(row, x): (usize, &[S])| {
        if !live(row) {
            return vec![S::from_f64(0.0); spec.units];
        }
        let activate = |a: S| match spec.activation {
            Activation::Tanh => a.tanh(),
            Activation::Relu => a.relu(),
            Activation::Sigmoid => a.sigmoid(),
            Activation::Identity => a,
        };
        variables.affine("dense", spec.bias, x, [spec.units, width]).into_iter().map(activate).collect()
    };
    x.chunks_exact(width).enumerate().flat_map(row).collect()
}

/// `Σ loss` over the output rows that count.
fn loss<S: Number>(case: &Case, data: &Data, window: Range<usize>, output: &[S]) -> S {
    if case.target == Target::NoHead {
        return S::from_f64(0.0);
    }
    let from = if case.readout == Readout::EveryStep { window.start * ROWS } else { 0 };
    let counts = data.counts(case);
    let rows = output.chunks_exact(OUTPUTS).enumerate().filter(|(k, _)| counts[from + k]);
    let values =
        |k: usize| data.values[(from + k) * OUTPUTS..][..OUTPUTS].iter().map(|&v| S::from_f64(v)).collect::<Vec<S>>();
    let losses = rows.map(|(k, a)| match case.target {
        Target::Classes => oracle::softmax_cross_entropy(a, &[Some(data.classes[from + k] as usize)], OUTPUTS),
        Target::Probabilities | Target::CountedProbabilities => oracle::bernoulli_cross_entropy(a, &values(k)),
        Target::Reals | Target::CountedReals => oracle::squared_error(a, &values(k)),
        Target::NoHead => unreachable!("without a head nothing counts"),
    });
    S::dot(losses.collect::<Vec<_>>(), [])
}

/// One layer of a stack.
struct Recurrent<'a> {
    spec: &'a RecurrentSpec,
    name: &'a str,
    depth: usize,
    input: usize,
}

impl Recurrent<'_> {
    /// Every direction over `x`, its parameters by name, its state from `at` on.
    fn parts<S: Number>(
        &self,
        variables: &Variables<'_, S>,
        mut at: usize,
        steps: usize,
        x: &[S],
        lengths: &[usize],
    ) -> Vec<Sequence<S>> {
        let Self { spec, name, depth, input } = *self;
        let listed = cells().iter().find(|listed| listed.spec == spec.cell).expect("a cell of the list");
        let dims = Dims { steps, batch: ROWS, input, hidden: spec.hidden };
        let mut take = |len: usize| {
            at += len;
            variables.state[at - len..at].to_vec()
        };
        let part = |direction: recurrent::Direction| {
            let (direction, suffix) = match direction {
                recurrent::Direction::Forward => (oracle::Direction::Forward, ""),
                // A layer that runs in reverse only has the plain names.
                recurrent::Direction::Reverse => {
                    (oracle::Direction::Reverse, if ways(spec.directions).len() == 2 { "_reverse" } else { "" })
                }
            };
            let (cell, rows, h) = (listed.cell, listed.cell.gates() * spec.hidden, spec.hidden);
            let block =
                |block: &str, shape: &[usize]| variables.block(&format!("{name}.{block}_l{depth}{suffix}"), shape);
            let biases = match spec.bias {
                Bias::Both => &["bias_ih", "bias_hh"][..],
                Bias::Input => &["bias_ih"],
                Bias::None => &[],
            };
            let weights = [block("weight_ih", &[rows, input]), block("weight_hh", &[rows, h])];
            let biases = biases.iter().map(|name| block(name, &[rows])).collect::<Vec<_>>();
            let vectors = cell.kernel().form().vectors.iter().map(|(name, _)| block(name, &[h]));
            let flat: Vec<_> = weights.into_iter().chain(biases.iter().cloned()).chain(vectors).flatten().collect();
            let params = Params::from_flat(cell, dims, biases.len(), &flat);
            let (h0, c0) = (take(ROWS * h), take(cell.others() * ROWS * h));
            let (params, h0, c0, lengths) = (&params, &h0[..], &c0[..], Some(lengths));
            oracle::sequence(Run { cell, dims, params, x, lengths, holes: None, direction, h0, c0, masks: &[] })
        };
        ways(spec.directions).into_iter().map(part).collect()
    }
}
