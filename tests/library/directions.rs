//! The two directions of a layer give the same bits at once as one after the other, and allocate nothing.

use crate::common::values;
use allocation_counter::measure;
use recurrent::backend::Faer;
use recurrent::network::{CellSpec, Config, Cotangents, Directions, Parameters, RecurrentSpec};
use recurrent::{Activation, Batch, Direction, GruReset, Network, SeqRef, State, Targets, Workspace};

const STEPS: usize = 24;
const WIDTH: usize = 20;

fn flat(seq: SeqRef<'_, f64>) -> Vec<f64> {
    (0..seq.steps()).flat_map(|t| (0..seq.rows()).flat_map(move |n| seq.at(t).row(n).to_vec())).collect()
}

/// Layers large enough for two threads, each in both directions.
fn both_ways() -> Config {
    Config::features(WIDTH)
        .recurrent(RecurrentSpec::lstm(48).bidirectional())
        .recurrent(RecurrentSpec::new(CellSpec::gru(GruReset::Before), 32).bidirectional())
        .recurrent(RecurrentSpec::new(CellSpec::elman(Activation::Tanh), 40).bidirectional())
        .linear(3)
}

struct Problem {
    network: Network<f64, Faer>,
    x: Vec<f64>,
    targets: Vec<f64>,
    lengths: Vec<usize>,
    state: State<f64>,
    workspace: Workspace<f64>,
    gradients: Parameters<f64>,
    /// Of inference.
    outputs: Vec<f64>,
}

impl Problem {
    fn new(backend: Faer, rows: usize) -> Self {
        let network = Network::with_backend(&both_ways(), 3, backend).unwrap();
        let mut workspace = Workspace::new();
        workspace.record_traces(true);
        workspace.record_d_input(true);
        Self {
            x: values(1, STEPS * rows * WIDTH),
            targets: values(2, STEPS * rows * 3),
            lengths: (0..rows).map(|n| STEPS - 5 * (n % 3)).collect(),
            state: network.state(rows).unwrap(),
            gradients: network.gradients().unwrap(),
            outputs: vec![0.0; STEPS * rows * 3],
            workspace,
            network,
        }
    }

    /// Inference from zero, then training from the state it ends in.
    fn run(&mut self) {
        let Self { network, x, targets, lengths, state, workspace, gradients, outputs } = self;
        let batch = Batch::features(x, [STEPS, lengths.len(), WIDTH]).unwrap().with_lengths(lengths).unwrap();
        state.fill_zero();
        let inferred = network.infer(workspace, &batch, state).unwrap();
        for (k, output) in outputs.chunks_mut(3).enumerate() {
            output.copy_from_slice(inferred.at(k / lengths.len()).row(k % lengths.len()));
        }
        network.loss_and_gradients(workspace, &batch, Targets::Values(targets), state, gradients).unwrap();
    }

    /// Everything that a pass in both directions writes.
    fn results(&self) -> Vec<Vec<f64>> {
        let traces = (0..3).flat_map(|layer| [Direction::Forward, Direction::Reverse].map(|way| (layer, way)));
        let mut results: Vec<Vec<f64>> =
            traces.map(|(layer, way)| flat(self.workspace.trace(layer, way).unwrap())).collect();
        results.push(flat(self.workspace.d_input().unwrap()));
        results.push(self.workspace.d_state().unwrap().as_slice().to_vec());
        results.extend([self.state.as_slice().to_vec(), self.gradients.to_vec(), self.outputs.clone()]);
        results
    }
}

/// `y = [y_forward, y_reverse]`: each half is what a network of that direction alone computes from the same parameters.
#[test]
fn a_layer_in_both_directions_is_one_in_each() {
    let layer = || RecurrentSpec::lstm(6).name("");
    let [both, forward, reverse] = [Directions::Both, Directions::Forward, Directions::Reverse].map(|directions| {
        let config = Config::features(3).recurrent(layer().directions(directions));
        Network::<f64, Faer>::with_backend(&config, 3, Faer::parallel(2)).unwrap()
    });
    let (x, lengths) = (values(1, 5 * 3 * 3), [5, 0, 3]);
    let batch = Batch::features(&x, [5, 3, 3]).unwrap().with_lengths(&lengths).unwrap();
    let d_y = values(2, 5 * 3 * 12);
    let whole = SeqRef::new(&d_y, 5, 3, 12);
    let run = |network: &Network<f64, Faer>, d_y: SeqRef<'_, f64>| {
        let (mut workspace, mut state) = (Workspace::new(), network.state(3).unwrap());
        let start = values(7, state.as_slice().len());
        state.as_mut_slice().copy_from_slice(&start);
        let y = flat(network.forward(&mut workspace, &batch, &mut state).unwrap());
        let mut gradients = network.gradients().unwrap();
        let cotangents = Cotangents { output: Some(d_y), state: None };
        network.backward(&mut workspace, cotangents, &mut gradients).unwrap();
        (y, gradients.to_vec())
    };
    let (y, gradients) = run(&both, whole);
    let mut alone = [forward, reverse];
    for (k, network) in alone.iter_mut().enumerate() {
        let parameters = network.parameters().len();
        network.update(|p| p.copy_from_slice(&both.parameters()[k * parameters..][..parameters]));
        // The initial state of the direction: h and c of three rows.
        let half = whole.cols_range(6 * k, 6 * k + 6);
        let (mut workspace, mut state) = (Workspace::new(), network.state(3).unwrap());
        let start = values(7, 2 * state.as_slice().len());
        let part = state.as_slice().len();
        state.as_mut_slice().copy_from_slice(&start[k * part..][..part]);
        let one = flat(network.forward(&mut workspace, &batch, &mut state).unwrap());
        let mut own = network.gradients().unwrap();
        let cotangents = Cotangents { output: Some(half), state: None };
        network.backward(&mut workspace, cotangents, &mut own).unwrap();
        let columns: Vec<f64> = y.chunks(12).flat_map(|row| row[6 * k..][..6].to_vec()).collect();
        assert_eq!(columns, one, "direction {k}");
        assert_eq!(gradients[k * parameters..][..parameters], own[..], "direction {k}");
        assert!(one.iter().filter(|&&y| y != 0.0).count() == 8 * 6 && own.iter().any(|&g| g != 0.0));
    }
}

#[test]
fn both_directions_give_the_same_bits_on_any_number_of_threads() {
    for rows in [1, 2, 5] {
        let results = [1, 2, 3, 6].map(|threads| {
            let mut problem = Problem::new(Faer::parallel(threads), rows);
            problem.run();
            problem.results()
        });
        // Six traces, input, states before and after, gradients, outputs.
        assert_eq!(results[0].len(), 11);
        assert!(results[0].iter().all(|values| values.iter().any(|&x| x != 0.0)));
        assert!(results.iter().all(|other| *other == results[0]), "{rows} rows");
    }
}

#[test]
fn both_directions_allocate_nothing_once_their_buffers_exist() {
    for threads in [1, 2] {
        let mut problem = Problem::new(Faer::parallel(threads), 4);
        problem.run();
        assert!(measure(|| drop(Problem::new(Faer::sequential(), 4))).count_total > 0, "allocations are counted");
        let later = measure(|| (0..5).for_each(|_| problem.run()));
        assert_eq!(later.count_total, 0, "{threads} threads: {later:?}");
    }
}
