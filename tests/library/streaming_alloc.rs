//! A streaming step allocates nothing once it has run once with these buffers on this thread.

use crate::families;
use allocation_counter::measure;
use recurrent::kernels::Activation;
use recurrent::network::{CellSpec, Config, DenseSpec, Purpose, RecurrentSpec};
use recurrent::{Batch, Mask, Network, Workspace};
use rnn_backend_naive::Naive;
use rnn_kernels::{Backend, Scalar};
use std::sync::Arc;

/// Every kind of stage that can be streamed.
fn stack(config: Config) -> Config {
    config
        .recurrent(RecurrentSpec::lstm(24).layers(2))
        .recurrent(RecurrentSpec::gru(20))
        .dense(DenseSpec::new(12, Activation::Relu))
        .recurrent(RecurrentSpec::elman(16, Activation::Tanh))
        .softmax(11)
}

fn allocates_nothing<T: Scalar, B: Backend<T>>(what: &str, backend: B) {
    let backend = Arc::new(backend);
    for (rows, config) in [(1, Config::one_hot(11)), (3, Config::embedding(11, 6)), (9, Config::features(11))] {
        let mut network = Network::<T, B>::with_backend(&stack(config), 1, backend.clone()).unwrap();
        network.keep_packed_for(Purpose::Infer).unwrap();
        let (mut workspace, mut state) = (Workspace::new(), network.state(rows).unwrap());
        let symbols = vec![7; rows];
        let features = vec![T::ONE; rows * 11];
        let real = matches!(network.config().input, recurrent::network::InputSpec::Features { .. });
        let mut step = || {
            let output = if real {
                network.step_features(&mut workspace, &features, &mut state)
            } else {
                network.step_symbols(&mut workspace, &symbols, &mut state)
            };
            assert!(output.unwrap().row(rows - 1)[10].is_finite());
        };
        assert!(measure(&mut step).count_total > 0, "{what}: the first step sizes the workspace");
        let later = measure(|| (0..50).for_each(|_| step()));
        assert_eq!(later.count_total, 0, "{what}, {rows} rows: {later:?}");
    }
}

/// One row and several, of every cell by name with every option that the families list.
fn allocates_nothing_for_any_cell<T: Scalar, B: Backend<T>>(what: &str, backend: B) {
    let backend = Arc::new(backend);
    for (cell, rows) in families::specs().into_iter().flat_map(|cell| [1, 9].map(|rows| (cell.clone(), rows))) {
        let network = Network::<T, B>::with_backend(&families::config(&cell), 1, backend.clone()).unwrap();
        let (mut workspace, mut state) = (Workspace::new(), network.state(rows).unwrap());
        let features = vec![T::ONE; rows * 5];
        let mut step = || {
            let output = network.step_features(&mut workspace, &features, &mut state).unwrap();
            assert!(output.row(rows - 1)[1].is_finite());
        };
        assert!(measure(&mut step).count_total > 0, "{what}: the first step sizes the workspace");
        let later = measure(|| (0..20).for_each(|_| step()));
        assert_eq!(later.count_total, 0, "{what}, {cell:?}, {rows} rows: {later:?}");
    }
}

/// Elapsed times of each step, and numbers of the configuration.
fn allocates_nothing_with_masks<T: Scalar, B: Backend<T>>(what: &str, backend: B) {
    let timed = CellSpec::new("cfc").with("elapsed", "given");
    let config = Config::features(3)
        .recurrent(RecurrentSpec::new(timed.clone(), 12))
        .recurrent(RecurrentSpec::new(timed.mask("elapsed", 0.5), 8))
        .linear(2);
    let network = Network::<T, B>::with_backend(&config, 1, backend).unwrap();
    let (mut workspace, mut state) = (Workspace::new(), network.state(4).unwrap());
    let (features, hours, each) = (vec![T::ONE; 12], vec![T::from_f64(0.25); 4], vec![T::from_f64(0.75); 4 * 12]);
    let masks = [
        [Mask::constant(0, "elapsed", T::ONE)],
        [Mask::steps(0, "elapsed", &hours, [1, 4]).unwrap()],
        [Mask::units(0, "elapsed", &each, [1, 4, 12]).unwrap()],
    ];
    let mut steps = || {
        for masks in &masks {
            let batch = Batch::features(&features, [1, 4, 3]).unwrap().with_masks(masks);
            let output = network.step(&mut workspace, &batch, &mut state).unwrap();
            assert!(output.row(3)[1].is_finite());
        }
    };
    assert!(measure(&mut steps).count_total > 0, "{what}: the first step sizes the workspace");
    let later = measure(|| (0..20).for_each(|_| steps()));
    assert_eq!(later.count_total, 0, "{what}: {later:?}");
}

#[test]
fn a_streaming_step_allocates_nothing_with_naive() {
    allocates_nothing::<f32, _>("naive f32", Naive);
    allocates_nothing::<f64, _>("naive f64", Naive);
    allocates_nothing_for_any_cell::<f64, _>("naive f64", Naive);
    allocates_nothing_with_masks::<f64, _>("naive f64", Naive);
}

#[cfg(feature = "faer")]
#[test]
fn a_streaming_step_allocates_nothing_with_faer() {
    use recurrent::backend::Faer;
    allocates_nothing::<f32, _>("faer f32", Faer::default());
    allocates_nothing::<f64, _>("faer f64", Faer::default());
    allocates_nothing_for_any_cell::<f32, _>("faer f32", Faer::default());
    allocates_nothing_for_any_cell::<f64, _>("faer f64", Faer::default());
    allocates_nothing_with_masks::<f32, _>("faer f32", Faer::default());
}
