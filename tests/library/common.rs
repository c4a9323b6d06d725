//! Networks and readable values for the tests of this folder.

use crate::cells::registry;
use recurrent::kernels::{Activation, Backend, Bias, GruReset};
use recurrent::network::{CellSpec, Config, DenseSpec, Directions, RecurrentSpec};
use recurrent::rng::Rng;
use recurrent::{Batch, Network, State, Workspace};
use rnn_backend_naive::Naive;

/// A network on the yardstick backend, of any cell of the list.
pub fn naive(config: &Config, seed: u64) -> Network<f64, Naive> {
    Network::with_backend_and_cells(config, seed, Naive, &registry()).unwrap()
}

/// A network on a backend that is chosen when a test runs.
pub type Any = Network<f64, dyn Backend<f64>>;

/// The same network on every backend.
pub fn on_every_backend(config: &Config, seed: u64) -> impl Iterator<Item = Any> + use<> {
    let config = config.clone();
    crate::goldens::backends().into_iter().map(move |backend| Network::with_backend(&config, seed, backend).unwrap())
}

/// `len` multiples of 1/8 in −1..1.
pub fn values(seed: u64, len: usize) -> Vec<f64> {
    let mut rng = Rng::seed(seed);
    (0..len).map(|_| f64::from(u32::try_from(rng.below(16)).unwrap()) / 8.0 - 1.0).collect()
}

/// `[T, N]` symbols below `count` where a step belongs to its row, and 0 elsewhere.
pub fn ragged_tokens(lengths: &[usize], steps: usize, count: usize) -> Vec<u32> {
    let mut rng = Rng::seed(11);
    let place = (0..steps).flat_map(|t| lengths.iter().map(move |&length| t < length));
    place.map(|live| if live { u32::try_from(rng.below(count)).unwrap() } else { 0 }).collect()
}

/// The lengths of three rows, one of them empty.
pub const LENGTHS: [usize; 3] = [4, 0, 2];

/// Every kind of layer, in both directions and in one.
pub fn mixed_stack(config: Config) -> Config {
    config
        .recurrent(RecurrentSpec::lstm(3).bidirectional())
        .dense(DenseSpec::new(4, Activation::Tanh))
        .recurrent(RecurrentSpec::new(CellSpec::gru(GruReset::Before), 3).layers(2).bias(Bias::Input))
        .recurrent(RecurrentSpec::elman(2, Activation::Sigmoid).directions(Directions::Reverse))
        .dense(DenseSpec { bias: false, ..DenseSpec::new(3, Activation::Identity) })
}

/// A state whose numbers are drawn.
pub fn some_state<B: Backend<f64> + ?Sized>(network: &Network<f64, B>, rows: usize) -> State<f64> {
    let mut state = network.state(rows).unwrap();
    let numbers = values(5, state.as_slice().len());
    state.as_mut_slice().copy_from_slice(&numbers);
    state
}

/// The outputs of a batch from such a state, step by step.
pub fn output(network: &Any, batch: &Batch<'_, f64>) -> Vec<f64> {
    let mut workspace = Workspace::new();
    let y = network.infer(&mut workspace, batch, &mut some_state(network, batch.rows())).unwrap();
    (0..y.steps()).flat_map(|t| (0..y.rows()).flat_map(move |n| y.at(t).row(n).to_vec())).collect()
}
