//! One step at a time, a whole sequence without a reserve, and a training pass are one function.

use crate::common::{naive, ragged_tokens, values};
use recurrent::kernels::{Activation, GruReset, MatRef};
use recurrent::network::{CellSpec, Config, DenseSpec, RecurrentSpec};
use recurrent::{Batch, Workspace};

fn stack(config: Config) -> Config {
    config
        .recurrent(RecurrentSpec::lstm(5).layers(2))
        .dense(DenseSpec::new(4, Activation::Relu))
        .recurrent(RecurrentSpec::gru(3))
        .recurrent(RecurrentSpec::new(CellSpec::gru(GruReset::Before), 4))
        .recurrent(RecurrentSpec::elman(3, Activation::Tanh))
        .softmax(6)
}

/// With the naive backend a row does not depend on the others of its product, so the bits must agree.
#[test]
fn streaming_a_sequence_gives_the_bits_of_inference_and_of_training() {
    let (tokens, x) = (ragged_tokens(&[9; 3], 9, 6), values(2, 9 * 3 * 6));
    for config in [Config::one_hot(6), Config::embedding(6, 2), Config::features(6)] {
        let network = naive(&stack(config), 3);
        let real = matches!(network.config().input, recurrent::network::InputSpec::Features { .. });
        let batch = if real { Batch::features(&x, [9, 3, 6]) } else { Batch::symbols(&tokens, [9, 3]) }.unwrap();
        let mut workspace = Workspace::new();
        let (mut trained, mut inferred, mut streamed) =
            (network.state(3).unwrap(), network.state(3).unwrap(), network.state(3).unwrap());
        let forward = network.forward(&mut workspace, &batch, &mut trained).unwrap().storage()[..9 * 18].to_vec();
        let infer = network.infer(&mut workspace, &batch, &mut inferred).unwrap().storage()[..9 * 18].to_vec();
        assert_eq!(forward, infer);
        assert_eq!(trained, inferred);
        for t in 0..9 {
            let output = if real {
                network.step_features(&mut workspace, &x[t * 18..(t + 1) * 18], &mut streamed)
            } else {
                network.step_symbols(&mut workspace, &tokens[t * 3..(t + 1) * 3], &mut streamed)
            }
            .unwrap();
            let flat: Vec<_> = (0..3).flat_map(|n| output.row(n).to_vec()).collect();
            assert_eq!(flat, infer[t * 18..(t + 1) * 18], "step {t}");
        }
        assert_eq!(streamed, inferred);
    }
}

#[test]
fn a_stream_that_starts_anew_does_not_disturb_the_others() {
    let network = naive(&stack(Config::one_hot(6)), 3);
    let mut workspace = Workspace::new();
    let rows = |m: MatRef<'_, f64>| (0..m.rows()).map(|n| m.row(n).to_vec()).collect::<Vec<_>>();
    let (mut fresh, mut state) = (network.state(2).unwrap(), network.state(2).unwrap());
    let first = rows(network.step_symbols(&mut workspace, &[1, 1], &mut state).unwrap());
    network.step_symbols(&mut workspace, &[2, 3], &mut state).unwrap();
    let mut undisturbed = state.clone();
    state.reset_row(1).unwrap();
    let now = rows(network.step_symbols(&mut workspace, &[4, 1], &mut state).unwrap());
    let other = rows(network.step_symbols(&mut workspace, &[4, 5], &mut undisturbed).unwrap());
    assert_eq!((&now[1], &now[0]), (&first[1], &other[0]));
    network.step_symbols(&mut workspace, &[1, 1], &mut fresh).unwrap();
    assert_eq!(
        state.h(0, recurrent::Direction::Forward).unwrap().row(1),
        fresh.h(0, recurrent::Direction::Forward).unwrap().row(1)
    );
}

#[test]
fn layouts_in_memory_name_the_same_batch() {
    let network = naive(&stack(Config::features(6)), 3);
    let x = values(2, 4 * 3 * 6);
    let mut batch_first = vec![0.0; x.len()];
    for (t, n) in (0..4).flat_map(|t| (0..3).map(move |n| (t, n))) {
        batch_first[(n * 4 + t) * 6..][..6].copy_from_slice(&x[(t * 3 + n) * 6..][..6]);
    }
    let run = |batch: Batch<'_, f64>| {
        let (mut workspace, mut state) = (Workspace::new(), network.state(3).unwrap());
        network.infer(&mut workspace, &batch, &mut state).unwrap().storage()[..4 * 18].to_vec()
    };
    let time_major = run(Batch::features(&x, [4, 3, 6]).unwrap());
    assert_eq!(time_major, run(Batch::batch_first(&batch_first, [3, 4, 6]).unwrap()));
}
