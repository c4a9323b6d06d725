//! A streaming step allocates nothing once it has run once with these buffers on this thread.

use allocation_counter::measure;
use recurrent::kernels::Activation;
use recurrent::network::{Config, DenseSpec, Purpose, RecurrentSpec};
use recurrent::{Network, Workspace};
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

#[test]
fn a_streaming_step_allocates_nothing_with_naive() {
    allocates_nothing::<f32, _>("naive f32", Naive);
    allocates_nothing::<f64, _>("naive f64", Naive);
}

#[cfg(feature = "faer")]
#[test]
fn a_streaming_step_allocates_nothing_with_faer() {
    use recurrent::backend::Faer;
    allocates_nothing::<f32, _>("faer f32", Faer::default());
    allocates_nothing::<f64, _>("faer f64", Faer::default());
}
