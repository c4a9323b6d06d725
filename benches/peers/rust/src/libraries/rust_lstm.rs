//! rust-lstm: an `LSTMNetwork` of one layer, a matrix `[I, B]` for each step. Its forward pass keeps what a backward
//! pass would need, whether there is one or not.

use super::{Layer, Library};
use crate::problem::Problem;
use crate::setting::{Cell, Dtype, Mode, Setting};
use ndarray::Array2;
use rust_lstm::layers::lstm_cell::{LSTMCell, LSTMCellGradients};
use rust_lstm::models::lstm_network::LSTMNetwork;

pub struct RustLstm;

impl Library for RustLstm {
    fn peer(&self) -> &'static str {
        "rust-lstm"
    }

    fn package(&self) -> &'static str {
        "rust-lstm"
    }

    fn backend(&self) -> &'static str {
        "ndarray"
    }

    fn lacks(&self, setting: &Setting) -> Option<&'static str> {
        match (setting.cell, setting.dtype) {
            (Cell::Rnn, _) => Some("has no layer with one tanh gate"),
            (Cell::Gru, _) => Some("has another GRU, with the reset gate before the recurrent product"),
            (_, Dtype::F32) => Some("computes in f64 only"),
            (Cell::Lstm, Dtype::F64) => None,
        }
    }

    fn build(&self, problem: &Problem) -> Box<dyn Layer> {
        Box::new(Sequence::new(problem))
    }
}

enum Made {
    Hidden(Vec<Array2<f64>>),
    Gradients { x: Vec<Array2<f64>>, _weights: Vec<LSTMCellGradients> },
}

struct Sequence {
    network: LSTMNetwork,
    x: Vec<Array2<f64>>,
    /// Of `train`.
    upstream: Option<Vec<Array2<f64>>>,
    made: Option<Made>,
}

impl Sequence {
    fn new(problem: &Problem) -> Self {
        let Setting { n, c, h, mode, .. } = problem.setting;
        let matrix = |values: &[f64], width: usize| {
            Array2::from_shape_vec((values.len() / width, width), values.to_vec()).expect("whole rows")
        };
        let steps = |values: &[f64], width: usize| -> Vec<Array2<f64>> {
            let step = |rows: &[f64]| matrix(rows, width).t().as_standard_layout().into_owned();
            values.chunks(n * width).map(step).collect()
        };
        let mut cell = LSTMCell::new(c, h);
        (cell.w_ih, cell.w_hh) = (matrix(&problem.w_ih, c), matrix(&problem.w_hh, h));
        (cell.b_ih, cell.b_hh) = (matrix(&problem.b_ih, 1), matrix(&problem.b_hh, 1));
        let mut network = LSTMNetwork::from_cells(vec![cell], c, h, 1);
        let train = mode == Mode::Train;
        if !train {
            network.eval();
        }
        let upstream = train.then(|| steps(&problem.upstream, h));
        Self { network, x: steps(&problem.x, c), upstream, made: None }
    }
}

impl Layer for Sequence {
    fn call(&mut self) {
        self.made = None;
        self.made = Some(match &self.upstream {
            None => Made::Hidden(self.network.forward_sequence(&self.x)),
            Some(upstream) => {
                let (_, caches) = self.network.forward_sequence_with_cache(&self.x);
                let (weights, x) = self.network.backward_sequence(upstream, &caches);
                Made::Gradients { x, _weights: weights }
            }
        });
    }

    fn result(&self) -> Vec<f64> {
        let (Made::Hidden(steps) | Made::Gradients { x: steps, .. }) = self.made.as_ref().expect("a call came before");
        steps.iter().flat_map(|step| step.t().iter().copied().collect::<Vec<_>>()).collect()
    }
}
