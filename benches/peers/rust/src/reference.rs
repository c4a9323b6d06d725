//! The layers written out in plain loops, and every library held to them: what is timed is what is meant.

use crate::libraries::Peer;
use crate::problem::Problem;
use crate::setting::{Cell, Dtype, Mode, Setting};
use clap::ValueEnum;

/// `W·v + b` of every gate.
fn affine(weights: &[f64], bias: &[f64], v: &[f64]) -> Vec<f64> {
    let product = |row: &[f64]| row.iter().zip(v).map(|(w, v)| w * v).sum::<f64>();
    weights.chunks(v.len()).zip(bias).map(|(row, b)| product(row) + b).collect()
}

fn sigmoid(v: f64) -> f64 {
    1.0 / (1.0 + (-v).exp())
}

/// The hidden states, `[T, B, H]`.
fn hidden(problem: &Problem) -> Vec<f64> {
    let Setting { cell, t, n, c: width, h: units, .. } = problem.setting;
    let mut all = vec![0.0; t * n * units];
    for row in 0..n {
        let of_row = |states: &[f64]| states[row * units..][..units].to_vec();
        let (mut h, mut c) = (of_row(&problem.h_0), of_row(&problem.c_0));
        for step in 0..t {
            let at = step * n + row;
            let x = affine(&problem.w_ih, &problem.b_ih, &problem.x[at * width..][..width]);
            let r = affine(&problem.w_hh, &problem.b_hh, &h);
            for j in 0..units {
                let [i, f, g, o] = [0, 1, 2, 3].map(|gate| gate * units + j);
                h[j] = match cell {
                    Cell::Rnn => (x[j] + r[j]).tanh(),
                    Cell::Lstm => {
                        c[j] = sigmoid(x[f] + r[f]) * c[j] + sigmoid(x[i] + r[i]) * (x[g] + r[g]).tanh();
                        sigmoid(x[o] + r[o]) * c[j].tanh()
                    }
                    Cell::Gru => {
                        let (reset, update) = (sigmoid(x[i] + r[i]), sigmoid(x[f] + r[f]));
                        (1.0 - update) * (x[g] + reset * r[g]).tanh() + update * h[j]
                    }
                };
            }
            all[at * units..][..units].copy_from_slice(&h);
        }
    }
    all
}

/// The gradient of the input, by central differences.
fn d_x(problem: &mut Problem) -> Vec<f64> {
    const STEP: f64 = 1e-5;
    let loss = |problem: &Problem| hidden(problem).iter().zip(&problem.upstream).map(|(y, u)| y * u).sum::<f64>();
    let count = problem.x.len();
    let slope = |k: usize| {
        let x = problem.x[k];
        let [up, down] = [x + STEP, x - STEP].map(|moved| {
            problem.x[k] = moved;
            loss(problem)
        });
        problem.x[k] = x;
        (up - down) / (2.0 * STEP)
    };
    (0..count).map(slope).collect()
}

/// How often libraries and cells were compared.
fn every_library_agrees(mode: Mode, mut expected: impl FnMut(&mut Problem) -> Vec<f64>) -> usize {
    let mut compared = 0;
    for library in Peer::value_variants().iter().map(|peer| peer.library()) {
        for cell in [Cell::Rnn, Cell::Lstm, Cell::Gru] {
            for dtype in [Dtype::F32, Dtype::F64] {
                let setting = Setting { cell, t: 5, n: 3, c: 4, h: 6, dtype, mode, threads: 1 };
                if library.lacks(&setting).is_some() {
                    continue;
                }
                let mut problem = Problem::new(setting);
                let mut layer = library.build(&problem);
                // The second call has to begin where the first did.
                layer.call();
                layer.call();
                let (found, expected) = (layer.result(), expected(&mut problem));
                assert_eq!(found.len(), expected.len(), "{} {setting:?}", library.peer());
                for (found, expected) in found.iter().zip(&expected) {
                    assert!((found - expected).abs() < 1e-5, "{} {setting:?}: {found}, {expected}", library.peer());
                }
                compared += 1;
            }
        }
    }
    compared
}

#[test]
fn every_library_has_the_hidden_states() {
    let compared = every_library_agrees(Mode::Fwd, |problem| hidden(problem));
    // candle 4, burn 3, rust-lstm 1, tract 3, rten 2.
    assert_eq!(compared, 13);
}

#[test]
fn every_library_has_the_gradient_of_the_input() {
    let compared = every_library_agrees(Mode::Train, d_x);
    // candle 4, burn 3, rust-lstm 1.
    assert_eq!(compared, 8);
}

#[test]
fn every_library_but_rust_lstm_begins_where_it_is_told() {
    for library in Peer::value_variants().iter().map(|peer| peer.library()) {
        for cell in [Cell::Rnn, Cell::Lstm, Cell::Gru] {
            let setting = Setting { cell, t: 4, n: 3, c: 2, h: 5, dtype: Dtype::F32, mode: Mode::Fwd, threads: 2 };
            if library.lacks(&setting).is_some() {
                continue;
            }
            let mut problem = Problem::new(setting);
            (problem.h_0, problem.c_0) = (problem.upstream[..15].to_vec(), problem.upstream[15..30].to_vec());
            let mut layer = library.build(&problem);
            layer.call();
            let expected = hidden(&problem);
            for (found, expected) in layer.result().iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-5, "{} {setting:?}: {found}, {expected}", library.peer());
            }
        }
    }
}
