//! Rows that skip steps and rows that start anew: the same sequences said in another way give the same numbers.

use crate::common::values;
use recurrent::kernels::SeqRef;
use recurrent::network::{Config, Cotangents, Parameters, RecurrentSpec};
use recurrent::{Activation, Batch, Direction, Error, Held, IGNORE, Network, State, Targets, Workspace};
use rnn_backend_naive::Naive;

type Net = Network<f64, Naive>;

const STEPS: usize = 6;
const ROWS: usize = 3;
const C: usize = 2;
const CLASSES: usize = 3;
const SYMBOLS: u32 = 3;
/// Of each step, what each row skips; row 1 ends after four steps.
const SKIPPED: [[bool; ROWS]; STEPS] = [
    [false, true, false],
    [true, false, false],
    [true, true, false],
    [false, false, true],
    [true, true, false],
    [false, false, true],
];
const LENGTHS: [usize; ROWS] = [6, 4, 6];
/// The steps that are left of each row.
const OWN: [&[usize]; ROWS] = [&[0, 3, 5], &[1, 3], &[0, 1, 2, 4]];
const STARTS: [[bool; ROWS]; STEPS] = [
    [false, false, true],
    [false, false, false],
    [true, false, false],
    [false, false, true],
    [false, false, true],
    [false, false, false],
];

fn network(readout: fn(Config) -> Config, both_ways: bool) -> Net {
    let way = |spec: RecurrentSpec| if both_ways { spec.bidirectional() } else { spec };
    let config = Config::features(C).recurrent(way(RecurrentSpec::lstm(4))).recurrent(way(RecurrentSpec::gru(3)));
    Network::with_backend(&readout(config).softmax(CLASSES), 11, Naive).unwrap()
}

fn every_step(config: Config) -> Config {
    config
}

/// `[T, N, W]` of the steps of each row that are its own, moved to its beginning.
fn moved(of: &[f64], width: usize) -> Vec<f64> {
    let mut moved = vec![0.0; of.len()];
    for (n, own) in OWN.iter().enumerate() {
        for (k, t) in own.iter().enumerate() {
            moved[(k * ROWS + n) * width..][..width].copy_from_slice(&of[(t * ROWS + n) * width..][..width]);
        }
    }
    moved
}

/// Everything a training step gives.
struct Found {
    loss: f64,
    gradients: Parameters<f64>,
    state: State<f64>,
    d_state: State<f64>,
    d_start: State<f64>,
    d_input: Vec<f64>,
}

fn train(net: &Net, batch: &Batch<'_, f64>, classes: &[u32], initial: &State<f64>) -> Found {
    let (mut workspace, mut gradients) = (Workspace::new(), net.gradients().unwrap());
    workspace.record_d_input(true);
    let mut state = initial.clone();
    let loss =
        net.loss_and_gradients(&mut workspace, batch, Targets::Classes(classes), &mut state, &mut gradients).unwrap();
    let d_input = workspace.d_input().unwrap().storage()[..batch.steps() * batch.rows() * C].to_vec();
    let (d_state, d_start) = (workspace.d_state().unwrap().clone(), workspace.d_start().unwrap().clone());
    Found { loss: loss.mean(), gradients, state, d_state, d_start, d_input }
}

/// Sums of fewer than a hundred terms in another order: a few roundings of the largest of them, through two layers.
fn close(got: &[f64], want: &[f64], what: &str) {
    let largest = want.iter().fold(0.0f64, |most, v| most.max(v.abs()));
    assert!(largest > 0.0 && got.len() == want.len(), "{what}: nothing is compared");
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() <= 1e-13 * largest, "{what}[{i}]: {got} for {want}");
    }
}

fn some_state(net: &Net, rows: usize, seed: u64) -> State<f64> {
    let mut state = net.state(rows).unwrap();
    let numbers = values(seed, state.as_slice().len());
    state.as_mut_slice().copy_from_slice(&numbers);
    state
}

#[test]
fn steps_that_rows_skip_are_steps_that_are_not_there() {
    let x = values(1, STEPS * ROWS * C);
    // NaN is never read.
    let x: Vec<f64> =
        x.iter().enumerate().map(|(i, &x)| if SKIPPED.as_flattened()[i / C] { f64::NAN } else { x }).collect();
    let classes: Vec<u32> = (0..SYMBOLS).cycle().take(STEPS * ROWS).collect();
    let mut ours = classes.clone();
    let mut dense = vec![IGNORE; STEPS * ROWS];
    for (n, own) in OWN.iter().enumerate() {
        own.iter().enumerate().for_each(|(k, t)| dense[k * ROWS + n] = classes[t * ROWS + n]);
    }
    ours.iter_mut().zip(SKIPPED.as_flattened()).filter(|(_, skipped)| **skipped).for_each(|(class, _)| *class = IGNORE);
    let dense_x = moved(&x, C);
    let lengths = OWN.map(<[usize]>::len);
    for (both_ways, held) in [(false, Held::Zero), (true, Held::Zero), (true, Held::Repeat)] {
        let net = network(every_step, both_ways);
        let initial = some_state(&net, ROWS, 5);
        let holes = Batch::features(&x, [STEPS, ROWS, C]).unwrap().with_lengths(&LENGTHS).unwrap();
        let holes = holes.skipping(SKIPPED.as_flattened(), held).unwrap();
        let without = Batch::features(&dense_x, [STEPS, ROWS, C]).unwrap().with_lengths(&lengths).unwrap();
        let (got, want) = (train(&net, &holes, &ours, &initial), train(&net, &without, &dense, &initial));
        assert_eq!(got.loss, want.loss);
        assert_eq!(got.state.as_slice(), want.state.as_slice());
        close(&got.gradients, &want.gradients, "gradients");
        close(got.d_state.as_slice(), want.d_state.as_slice(), "d_state");
        close(&moved(&got.d_input, C), &want.d_input, "d_input");
        let skipped = got.d_input.chunks(C).zip(SKIPPED.as_flattened()).filter(|(_, skipped)| **skipped);
        assert!(skipped.flat_map(|(d, _)| d).all(|&d| d == 0.0));
    }
}

#[test]
fn the_output_of_a_step_that_a_row_skips_is_zero_or_that_of_the_state_it_keeps() {
    let net = network(every_step, false);
    let x = values(2, STEPS * ROWS * C);
    let output = |held: Held| -> Vec<f64> {
        let batch = Batch::features(&x, [STEPS, ROWS, C]).unwrap().with_lengths(&LENGTHS).unwrap();
        let batch = batch.skipping(SKIPPED.as_flattened(), held).unwrap();
        let (mut workspace, mut state) = (Workspace::new(), net.state(ROWS).unwrap());
        net.infer(&mut workspace, &batch, &mut state).unwrap().storage()[..STEPS * ROWS * CLASSES].to_vec()
    };
    let (zero, repeat) = (output(Held::Zero), output(Held::Repeat));
    let row = |of: &[f64], t: usize, n: usize| of[(t * ROWS + n) * CLASSES..][..CLASSES].to_vec();
    for (t, n) in (0..STEPS).flat_map(|t| (0..ROWS).map(move |n| (t, n))) {
        if t >= LENGTHS[n] {
            assert_eq!((row(&zero, t, n), row(&repeat, t, n)), (vec![0.0; CLASSES], vec![0.0; CLASSES]));
        } else if SKIPPED[t][n] {
            assert_eq!(row(&zero, t, n), vec![0.0; CLASSES]);
            if t > 0 {
                assert_eq!(row(&repeat, t, n), row(&repeat, t - 1, n));
            }
        } else {
            assert_eq!(row(&zero, t, n), row(&repeat, t, n));
            assert_ne!(row(&zero, t, n), vec![0.0; CLASSES]);
        }
    }
}

#[test]
fn the_last_step_of_a_row_is_the_last_that_it_does_not_skip() {
    for both_ways in [false, true] {
        let net = network(Config::last_step, both_ways);
        let (x, lengths) = (values(3, STEPS * ROWS * C), OWN.map(<[usize]>::len));
        let dense_x = moved(&x, C);
        let initial = some_state(&net, ROWS, 6);
        let holes = Batch::features(&x, [STEPS, ROWS, C]).unwrap().with_lengths(&LENGTHS).unwrap();
        let holes = holes.skipping(SKIPPED.as_flattened(), Held::Repeat).unwrap();
        let without = Batch::features(&dense_x, [STEPS, ROWS, C]).unwrap().with_lengths(&lengths).unwrap();
        let (got, want) = (train(&net, &holes, &[0, 2, 1], &initial), train(&net, &without, &[0, 2, 1], &initial));
        assert_eq!(got.loss, want.loss);
        close(&got.gradients, &want.gradients, "gradients");
        close(&moved(&got.d_input, C), &want.d_input, "d_input");
    }
}

#[test]
fn a_row_that_starts_anew_is_several_rows() {
    for both_ways in [false, true] {
        let net = network(every_step, both_ways);
        let x = values(4, STEPS * C);
        let classes = [0, 1, 2, 0, IGNORE, 1];
        // One row: steps 0 and 1, and from step 2 on a sequence of its own. In reverse that is steps 5 to 3, and 2 to 0.
        let starts = [false, false, true, false, false, false];
        let (initial, from) = (some_state(&net, 1, 7), some_state(&net, 1, 8));
        let batch = Batch::features(&x, [STEPS, 1, C]).unwrap().starting_anew_from(&starts, &from).unwrap();
        let got = train(&net, &batch, &classes, &initial);
        if !both_ways {
            let mut two = net.state(2).unwrap();
            for (layer, name) in [(0, "h"), (0, "c"), (1, "h")] {
                for (n, of) in [&initial, &from].into_iter().enumerate() {
                    let row = of.get(layer, Direction::Forward, name).unwrap().row(0).to_vec();
                    two.get_mut(layer, Direction::Forward, name).unwrap().row_mut(n).copy_from_slice(&row);
                }
            }
            let mut apart = vec![0.0; 4 * 2 * C];
            let mut targets = [IGNORE; 8];
            for (t, (k, n)) in [(0, 0), (1, 0), (0, 1), (1, 1), (2, 1), (3, 1)].into_iter().enumerate() {
                apart[(k * 2 + n) * C..][..C].copy_from_slice(&x[t * C..][..C]);
                targets[k * 2 + n] = classes[t];
            }
            let rows = Batch::features(&apart, [4, 2, C]).unwrap().with_lengths(&[2, 4]).unwrap();
            let want = train(&net, &rows, &targets, &two);
            assert!((got.loss - want.loss).abs() < 1e-14);
            close(&got.gradients, &want.gradients, "gradients");
            for (layer, name) in [(0, "h"), (0, "c"), (1, "h")] {
                let row = |of: &State<f64>, n: usize| of.get(layer, Direction::Forward, name).unwrap().row(n).to_vec();
                assert_eq!(row(&got.state, 0), row(&want.state, 1));
                close(&row(&got.d_state, 0), &row(&want.d_state, 0), "d_state");
                close(&row(&got.d_start, 0), &row(&want.d_state, 1), "d_start");
            }
        }
        // What rows start anew from has the gradient that differences say.
        let loss = |at: &State<f64>| {
            let batch = Batch::features(&x, [STEPS, 1, C]).unwrap().starting_anew_from(&starts, at).unwrap();
            train(&net, &batch, &classes, &initial).loss
        };
        for i in 0..from.as_slice().len() {
            let moved = |by: f64| {
                let mut at = from.clone();
                at.as_mut_slice()[i] += by;
                loss(&at)
            };
            let h = 1e-3;
            let slope = (8.0 * (moved(h) - moved(-h)) - (moved(2.0 * h) - moved(-2.0 * h))) / (12.0 * h);
            // The stencil is off by h⁴ times a fifth derivative of order one, and by roundings over h.
            assert!(
                (got.d_start.as_slice()[i] - slope).abs() < 1e-10,
                "{i}: {} for {slope}",
                got.d_start.as_slice()[i]
            );
        }
    }
}

#[test]
fn holes_and_starts_are_the_same_step_by_step_and_window_by_window() {
    let net = network(every_step, false);
    let x = values(9, STEPS * ROWS * C);
    let classes: Vec<u32> = (0..SYMBOLS).cycle().take(STEPS * ROWS).collect();
    let mut targets = classes;
    targets
        .iter_mut()
        .zip(SKIPPED.as_flattened())
        .filter(|(_, skipped)| **skipped)
        .for_each(|(class, _)| *class = IGNORE);
    (4..STEPS).for_each(|t| targets[t * ROWS + 1] = IGNORE);
    let from = some_state(&net, ROWS, 10);
    let initial = some_state(&net, ROWS, 11);
    let batch = Batch::features(&x, [STEPS, ROWS, C]).unwrap().with_lengths(&LENGTHS).unwrap();
    let batch = batch.skipping(SKIPPED.as_flattened(), Held::Repeat).unwrap();
    let batch = batch.starting_anew_from(STARTS.as_flattened(), &from).unwrap();
    let (mut workspace, mut state) = (Workspace::new(), initial.clone());
    let whole = net.infer(&mut workspace, &batch, &mut state).unwrap().storage()[..STEPS * ROWS * CLASSES].to_vec();
    let (mut workspace, mut moving) = (Workspace::new(), initial.clone());
    for t in 0..STEPS {
        let step = batch.window(t, t + 1).unwrap();
        let output = net.infer(&mut workspace, &step, &mut moving).unwrap();
        assert_eq!(output.storage()[..ROWS * CLASSES], whole[t * ROWS * CLASSES..][..ROWS * CLASSES], "step {t}");
    }
    assert_eq!(moving.as_slice(), state.as_slice());

    let stored = train(&net, &batch, &targets, &initial);
    assert_eq!(stored.state.as_slice(), state.as_slice());
    let targets = Targets::Classes(&targets);
    for window in [1, 2, 4, 9] {
        let (mut workspace, mut gradients, mut state) = (Workspace::new(), net.gradients().unwrap(), initial.clone());
        workspace.record_d_input(true);
        net.recomputed_bptt(&mut workspace, &batch, targets, window, &mut state, &mut gradients).unwrap();
        assert_eq!(workspace.d_state().unwrap().as_slice(), stored.d_state.as_slice());
        close(&gradients, &stored.gradients, "recomputed gradients");
        close(workspace.d_start().unwrap().as_slice(), stored.d_start.as_slice(), "recomputed d_start");
    }
    let (mut workspace, mut gradients, mut state) = (Workspace::new(), net.gradients().unwrap(), initial.clone());
    net.truncated_bptt(&mut workspace, &batch, targets, STEPS, &mut state, &mut gradients).unwrap();
    assert_eq!(gradients[..], stored.gradients[..]);
}

#[test]
fn a_limit_between_steps_of_zero_cuts_every_step_off_and_one_of_infinity_nothing() {
    let net = network(every_step, false);
    let x = values(12, STEPS * ROWS * C);
    let classes: Vec<u32> = (0..SYMBOLS).cycle().take(STEPS * ROWS).collect();
    let targets = Targets::Classes(&classes);
    let batch = Batch::features(&x, [STEPS, ROWS, C]).unwrap();
    let clipped = |limit: Option<f64>| {
        let (mut workspace, mut gradients) = (Workspace::new(), net.gradients().unwrap());
        workspace.clip_between_steps(limit).unwrap();
        let mut state = net.state(ROWS).unwrap();
        net.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).unwrap();
        gradients
    };
    let (mut workspace, mut cut, mut state) = (Workspace::new(), net.gradients().unwrap(), net.state(ROWS).unwrap());
    net.truncated_bptt(&mut workspace, &batch, targets, 1, &mut state, &mut cut).unwrap();
    close(&clipped(Some(0.0)), &cut, "gradients of one step");
    assert_eq!(clipped(Some(f64::INFINITY))[..], clipped(None)[..]);
    assert_ne!(clipped(Some(1e-3))[..], clipped(None)[..]);
    for limit in [-1.0, f64::NAN] {
        assert!(matches!(workspace.clip_between_steps(Some(limit)), Err(Error::Range { .. })));
    }
}

#[test]
fn marks_that_do_not_fit_are_typed_errors() {
    let net = network(every_step, false);
    let x = values(13, STEPS * ROWS * C);
    let batch = Batch::features(&x, [STEPS, ROWS, C]).unwrap();
    let marks = [false; STEPS * ROWS];
    assert!(matches!(batch.skipping(&marks[1..], Held::Zero), Err(Error::Len { .. })));
    assert!(matches!(batch.starting_anew(&marks[1..]), Err(Error::Len { .. })));
    let two = net.state(2).unwrap();
    let (mut workspace, mut state) = (Workspace::new(), net.state(ROWS).unwrap());
    let wrong = batch.starting_anew_from(&marks, &two).unwrap();
    let error = net.infer(&mut workspace, &wrong, &mut state).unwrap_err();
    assert!(error.to_string().contains("state to start anew from"), "{error}");
    let mut broken = net.state(ROWS).unwrap();
    broken.as_mut_slice()[0] = f64::NAN;
    let wrong = batch.starting_anew_from(&marks, &broken).unwrap();
    assert!(matches!(net.infer(&mut workspace, &wrong, &mut state), Err(Error::NotFinite { .. })));
}

#[test]
fn a_cotangent_of_the_caller_counts_where_a_skipped_step_repeats() {
    let net = network(every_step, false);
    let x = values(14, STEPS * ROWS * C);
    let d: Vec<f64> = values(15, STEPS * ROWS * CLASSES);
    // All of it in the holes, where it belongs to the state that was kept.
    let d: Vec<f64> =
        d.iter().enumerate().map(|(i, &d)| if SKIPPED.as_flattened()[i / CLASSES] { d } else { 0.0 }).collect();
    let gradients = |held: Held| {
        let batch = Batch::features(&x, [STEPS, ROWS, C]).unwrap().skipping(SKIPPED.as_flattened(), held).unwrap();
        let (mut workspace, mut gradients) = (Workspace::new(), net.gradients().unwrap());
        net.forward(&mut workspace, &batch, &mut net.state(ROWS).unwrap()).unwrap();
        let output = Some(SeqRef::new(&d, STEPS, ROWS, CLASSES));
        net.backward(&mut workspace, Cotangents { output, state: None }, &mut gradients).unwrap();
        gradients
    };
    assert!(gradients(Held::Zero).iter().all(|&d| d == 0.0));
    assert!(gradients(Held::Repeat).iter().filter(|&&d| d != 0.0).count() > 100);
}

#[test]
fn a_gradient_of_the_state_rows_start_from_that_overflows_is_an_error() {
    let config = Config::features(1).recurrent(RecurrentSpec::elman(1, Activation::Identity)).linear(1);
    let mut net: Net = Network::with_backend(&config, 1, Naive).unwrap();
    // ∂L/∂s* = W_hh · W_out · d_y is beyond the largest number; all other gradients are not.
    net.update(|parameters| {
        parameters.fill_zero();
        parameters.get_mut("rnn.weight_hh_l0").unwrap().fill(1e200);
        parameters.get_mut("head.weight").unwrap().fill(1.0);
    });
    let batch = Batch::features(&[0.0, 0.0], [2, 1, 1]).unwrap().starting_anew(&[false, true]).unwrap();
    let (mut workspace, mut gradients) = (Workspace::new(), net.gradients().unwrap());
    net.forward(&mut workspace, &batch, &mut net.state(1).unwrap()).unwrap();
    let d = [0.0, 1e200];
    let cotangents = Cotangents { output: Some(SeqRef::new(&d, 2, 1, 1)), state: None };
    let error = net.backward(&mut workspace, cotangents, &mut gradients).unwrap_err();
    assert!(error.to_string().contains("start anew from"), "{error}");
    assert!(gradients.iter().all(|&d| d == 0.0));
}
