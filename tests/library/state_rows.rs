//! Rows of a carried state, picked for a smaller batch and put back.

use crate::common::{naive, values};
use recurrent::kernels::Activation;
use recurrent::network::{CellSpec, Config, RecurrentSpec};
use recurrent::{Direction, Error};

#[test]
fn rows_of_a_state_are_picked_and_put_back_in_every_layer_and_direction() {
    let config = Config::features(2)
        .recurrent(RecurrentSpec::lstm(3).bidirectional())
        .recurrent(RecurrentSpec::elman(2, Activation::Tanh))
        .recurrent(RecurrentSpec::new(CellSpec::new("slstm"), 4))
        .linear(1);
    let network = naive(&config, 1);
    let mut state = network.state(5).unwrap();
    let numbers = values(3, state.as_slice().len());
    state.as_mut_slice().copy_from_slice(&numbers);
    let rows = [4, 1, 1];
    let mut picked = state.pick(&rows).unwrap();
    let layers: Vec<_> = network.recurrent_layers().map(|layer| (layer.layer, layer.direction)).collect();
    assert_eq!(layers.iter().filter(|(_, direction)| *direction == Direction::Reverse).count(), 1);
    for &(layer, direction) in &layers {
        for name in network.state_names(layer).unwrap() {
            let (all, few) = (state.get(layer, direction, name).unwrap(), picked.get(layer, direction, name).unwrap());
            rows.iter().enumerate().for_each(|(k, &n)| assert_eq!(few.row(k), all.row(n), "{layer} {name}"));
        }
    }
    // Back where they came from, nothing has changed; others stay, and the later of two holds.
    let before = state.clone();
    state.put(&rows, &picked).unwrap();
    assert_eq!(state, before);
    picked.as_mut_slice().fill(9.0);
    state.put(&[0, 3, 3], &picked).unwrap();
    for &(layer, direction) in &layers {
        for name in network.state_names(layer).unwrap() {
            let (old, new) = (before.get(layer, direction, name).unwrap(), state.get(layer, direction, name).unwrap());
            for n in 0..5 {
                let is_put = n == 0 || n == 3;
                assert!(if is_put { new.row(n).iter().all(|&x| x == 9.0) } else { new.row(n) == old.row(n) });
            }
        }
    }
    assert_eq!(state.pick(&[]).unwrap().rows(), 0);
}

#[test]
fn rows_that_a_state_does_not_have_are_errors_and_change_nothing() {
    let config = |hidden| Config::features(2).recurrent(RecurrentSpec::lstm(hidden)).linear(1);
    let (network, other) = (naive(&config(3), 1), naive(&config(4), 1));
    let mut state = network.state(2).unwrap();
    let mut picked = state.pick(&[0, 1]).unwrap();
    picked.as_mut_slice().fill(1.0);
    let before = state.clone();
    assert_eq!(state.pick(&[1, 2]).unwrap_err().to_string(), "state, rows[1]: expected below 2, found 2");
    assert_eq!(state.put(&[1, 2], &picked).unwrap_err().to_string(), "state, rows[1]: expected below 2, found 2");
    assert_eq!(state.put(&[1], &picked).unwrap_err().to_string(), "picked state, rows: expected 1, found 2");
    assert!(matches!(state.put(&[0], &other.state(1).unwrap()), Err(Error::Kind { .. })));
    assert_eq!(state, before);
}
