//! Initial states that are parameters: who begins with them, and who gives them a gradient.

use crate::common::{LENGTHS, naive, on_every_backend, values};
use crate::network_gradients::Problem;
use recurrent::cells::Cells;
use recurrent::checkpoint::{Checkpoint, Limits};
use recurrent::interop::{LoadOptions, Metadata};
use recurrent::kernels::{Activation, Backend, SeqRef};
use recurrent::network::{
    CellSpec, Config, Cotangents, DenseSpec, Directions, LayerSpec, Merge, Parameters, Readout, RecurrentSpec,
};
use recurrent::train::{Settings, Trainer};
use recurrent::{Batch, Direction, Error, Held, IGNORE, Network, State, Targets, Workspace};
use rnn_backend_naive::Naive;
use std::sync::Arc;

type Net = Network<f64, Naive>;

const STEPS: usize = 4;
const ROWS: usize = 3;
const C: usize = 2;
const CLASSES: [u32; STEPS * ROWS] = [0, 1, 1, IGNORE, 1, 0, 1, 1, 0, 0, 1, 1];

/// Two layers of which the upper one learns its initial states alone, in these directions.
fn stack(directions: Directions) -> Config {
    Config::features(C)
        .recurrent(RecurrentSpec::gru(3).directions(directions))
        .dense(DenseSpec::new(3, Activation::Tanh))
        .recurrent(RecurrentSpec::lstm(2).layers(2).directions(directions).learned_initial())
}

/// Learned states away from 0, where they begin.
fn move_initial<B: Backend<f64> + ?Sized>(network: &mut Network<f64, B>) {
    network.update(|p| {
        let names: Vec<_> = p.blocks().iter().map(|block| block.name.clone()).collect();
        for (k, name) in names.iter().enumerate().filter(|(_, name)| name.contains("0_l")) {
            let numbers = values(k as u64, p.get(name).unwrap().len());
            p.get_mut(name).unwrap().copy_from_slice(&numbers);
        }
    });
}

fn features(x: &[f64]) -> Batch<'_, f64> {
    Batch::features(x, [STEPS, ROWS, C]).unwrap()
}

/// Gradients, final state and the cotangent of the initial one, by `loss_and_gradients` or in windows.
fn train(
    net: &Net,
    batch: &Batch<'_, f64>,
    classes: &[u32],
    state: &State<f64>,
    by: By,
) -> (Parameters<f64>, State<f64>, State<f64>) {
    let (mut workspace, mut gradients, mut state) = (Workspace::new(), net.gradients().unwrap(), state.clone());
    let targets = Targets::Classes(classes);
    match by {
        By::Whole => net.loss_and_gradients(&mut workspace, batch, targets, &mut state, &mut gradients),
        By::Truncated(k) => net.truncated_bptt(&mut workspace, batch, targets, k, &mut state, &mut gradients),
        By::Recomputed(k) => net.recomputed_bptt(&mut workspace, batch, targets, k, &mut state, &mut gradients),
    }
    .unwrap();
    (gradients, state, workspace.d_state().unwrap().clone())
}

#[derive(Clone, Copy, Debug)]
enum By {
    Whole,
    Truncated(usize),
    Recomputed(usize),
}

/// Sums of some thirty products in another order.
fn close(found: &[f64], expected: &[f64], what: &str) {
    let largest = expected.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
    let apart = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(largest > 0.0 && found.len() == expected.len() && apart <= 1e-14 * largest, "{what}: {apart}");
}

#[test]
fn every_state_of_every_layer_and_direction_has_a_parameter_that_begins_at_zero() {
    let config =
        stack(Directions::Both).recurrent(RecurrentSpec::new("slstm", 3).learned_initial().name("top")).linear(1);
    let network = naive(&config, 1);
    let blocks = network.parameters().blocks().iter().filter(|block| block.name.contains("0_l"));
    let found: Vec<_> = blocks.map(|block| (block.name.clone(), block.shape.clone())).collect();
    let mut expected: Vec<(String, Vec<usize>)> = Vec::new();
    for (layer, way) in [(0, ""), (0, "_reverse"), (1, ""), (1, "_reverse")] {
        expected.extend(["h", "c"].map(|state| (format!("rnn2.{state}0_l{layer}{way}"), vec![2])));
    }
    let names: Vec<_> = network.state_names(3 + 1).map(|names| names.map(str::to_owned).collect()).unwrap_or_default();
    assert!(names.is_empty(), "layers are counted from the input");
    expected.extend(network.state_names(3).unwrap().map(|state| (format!("top.{state}0_l0"), vec![3])));
    assert_eq!(found, expected);
    assert!(found.iter().all(|(name, _)| network.parameters().get(name).unwrap().iter().all(|&h| h == 0.0)));
    let text = serde_json::to_string(&config).unwrap();
    assert_eq!(text.matches(r#""learned_initial":true"#).count(), 2);
    assert_eq!(text.matches("learned_initial").count(), 2, "what is not used is not written");
    assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), config);
}

#[test]
fn every_derivative_of_rows_that_begin_with_learned_states_agrees_with_finite_differences() {
    let x = values(2, STEPS * ROWS * C);
    let skipped = [true, true, false, false, true, true, false, true, false, false, true, false];
    let starts = [false, false, false, true, false, false, false, true, false, true, false, false];
    let ragged = features(&x).with_lengths(&LENGTHS).unwrap();
    let batches = [
        ragged,
        // Row 1 skips every step, and shows the state that it begins with.
        features(&x).skipping(&skipped, Held::Repeat).unwrap(),
        features(&x).starting_anew(&starts).unwrap(),
        ragged.skipping(&skipped, Held::Zero).unwrap().starting_anew(&starts).unwrap(),
    ];
    let every = |config: Config| config;
    let readouts: [fn(Config) -> Config; 3] = [every, Config::last_step, Config::final_states];
    for (k, batch) in batches.into_iter().enumerate() {
        for (readout, directions) in
            readouts.iter().flat_map(|r| [Directions::Forward, Directions::Reverse, Directions::Both].map(|d| (r, d)))
        {
            let config = readout(stack(directions)).softmax(2);
            let mut classes = CLASSES;
            if k % 2 == 1 {
                classes.iter_mut().zip(skipped).filter(|(_, skips)| *skips).for_each(|(class, _)| *class = IGNORE);
            }
            let last = [0, 1, 1];
            let every_step = config.readout == Readout::EveryStep;
            let targets = Targets::Classes(if every_step { &classes } else { &last });
            let backends = if directions == Directions::Both { usize::MAX } else { 1 };
            for mut network in on_every_backend(&config, 7).take(backends) {
                move_initial(&mut network);
                let state = network.state(ROWS).unwrap();
                let what = format!("batch {k}, {directions:?}, {:?}, {:?}", config.readout, network.backend());
                Problem { network, batch, targets, state }.check_every_derivative(&what);
            }
        }
    }
}

#[test]
fn cells_with_any_states_learn_where_they_begin() {
    let x = values(2, STEPS * ROWS * 5);
    let batch = Batch::features(&x, [STEPS, ROWS, 5]).unwrap().with_lengths(&LENGTHS).unwrap();
    let t = values(3, STEPS * ROWS * 2);
    // Where a state is clipped and where a clock strikes there are kinks and jumps, and differences decide nothing.
    let smooth = |cell: &CellSpec| cell.options().get("clip").is_none() && cell.name() != "clockwork";
    for cell in crate::families::specs().into_iter().filter(smooth) {
        let mut config = crate::families::config(&cell);
        for layer in &mut config.layers {
            if let LayerSpec::Recurrent(spec) = layer {
                spec.learned_initial = true;
            }
        }
        let mut network = naive(&config, 9);
        // Positive: a state may be a sum of weights that an equation divides by.
        network.update(|p| {
            let names: Vec<_> = p.blocks().iter().map(|block| block.name.clone()).collect();
            for name in names.iter().filter(|name| name.contains("0_l")) {
                let numbers = values(5, p.get(name).unwrap().len());
                p.get_mut(name).unwrap().iter_mut().zip(numbers).for_each(|(h, v)| *h = 1.0 + 0.5 * v);
            }
        });
        let state = network.state(ROWS).unwrap();
        Problem { network, batch, targets: Targets::Values(&t), state }.check_every_derivative(&format!("{cell:?}"));
    }
}

/// A row at its beginning is one that was given the same numbers, and its cotangent is what the parameters get.
#[test]
fn rows_at_their_beginning_are_those_that_start_from_the_learned_numbers() {
    let mut network = naive(&stack(Directions::Both).softmax(2), 3);
    move_initial(&mut network);
    let x = values(2, STEPS * ROWS * C);
    let batch = features(&x).with_lengths(&LENGTHS).unwrap();
    let fresh = network.state(ROWS).unwrap();
    assert_eq!(fresh.at_beginning().collect::<Vec<_>>(), [0, 1, 2]);
    let mut given = fresh.clone();
    for (layer, way) in [1, 2].into_iter().flat_map(|layer| [(layer, ""), (layer, "_reverse")]) {
        let direction = if way.is_empty() { Direction::Forward } else { Direction::Reverse };
        for state in ["h", "c"] {
            let initial = network.parameters().get(&format!("rnn2.{state}0_l{}{way}", layer - 1)).unwrap();
            let mut rows = given.get_mut(layer, direction, state).unwrap();
            (0..ROWS).for_each(|n| rows.row_mut(n).copy_from_slice(initial));
        }
    }
    assert_eq!(given.at_beginning().next(), None, "who writes says what rows are");
    let (by_mark, end, d_state) = train(&network, &batch, &CLASSES, &fresh, By::Whole);
    let (by_hand, end_by_hand, d_by_hand) = train(&network, &batch, &CLASSES, &given, By::Whole);
    assert_eq!(d_state.as_slice(), d_by_hand.as_slice());
    // Row 1 has no step and is where it was, the others have the same states.
    assert_eq!(end.at_beginning().collect::<Vec<_>>(), [1]);
    assert_eq!(end.pick(&[1]).unwrap(), fresh.pick(&[1]).unwrap());
    assert_eq!(end.pick(&[0, 2]).unwrap(), end_by_hand.pick(&[0, 2]).unwrap());
    for block in by_mark.blocks() {
        let (found, without) = (by_mark.get(&block.name).unwrap(), by_hand.get(&block.name).unwrap());
        if !block.name.contains("0_l") {
            assert_eq!(found, without, "{}", block.name);
            continue;
        }
        assert!(without.iter().all(|&g| g == 0.0), "rows that were given do not begin");
        let state = &block.name[5..6];
        let (layer, reverse) = (if block.name.contains("_l1") { 2 } else { 1 }, block.name.ends_with("_reverse"));
        let direction = if reverse { Direction::Reverse } else { Direction::Forward };
        let rows = d_state.get(layer, direction, state).unwrap();
        for u in 0..2 {
            assert_eq!(found[u], (0..ROWS).map(|n| rows.row(n)[u]).sum::<f64>(), "{}[{u}]", block.name);
        }
        assert!(found.iter().all(|&g| g != 0.0), "{}", block.name);
    }
}

#[test]
fn a_row_begins_in_the_window_of_its_first_step_and_in_no_other() {
    let mut network = naive(&stack(Directions::Forward).softmax(2), 3);
    move_initial(&mut network);
    let x = values(2, STEPS * ROWS * C);
    let initial = |gradients: &Parameters<f64>| {
        let blocks = gradients.blocks().iter().filter(|block| block.name.contains("0_l"));
        blocks.flat_map(|block| gradients[block.range()].to_vec()).collect::<Vec<f64>>()
    };
    let fresh = network.state(ROWS).unwrap();
    // All begin in the first window of two, which alone gives them a gradient.
    let batch = features(&x);
    let (truncated, ..) = train(&network, &batch, &CLASSES, &fresh, By::Truncated(2));
    let mut first = CLASSES;
    first[2 * ROWS..].fill(IGNORE);
    let (of_first, ..) = train(&network, &batch, &first, &fresh, By::Whole);
    // Means over eleven targets and over five.
    let scaled: Vec<f64> = initial(&of_first).iter().map(|g| g * 5.0 / 11.0).collect();
    close(&initial(&truncated), &scaled, "the first window");

    // Of rows that lie in one window each, windows cut nothing; row 1 begins in the second.
    let skipped = [false, true, false, false, true, true, true, false, true, true, false, true];
    let batch = features(&x).skipping(&skipped, Held::Zero).unwrap();
    let mut classes = CLASSES;
    classes.iter_mut().zip(skipped).filter(|(_, skips)| *skips).for_each(|(class, _)| *class = IGNORE);
    let (whole, end, d_state) = train(&network, &batch, &classes, &fresh, By::Whole);
    for by in [By::Truncated(2), By::Recomputed(2), By::Recomputed(1), By::Recomputed(3), By::Recomputed(9)] {
        let (gradients, state, d_first) = train(&network, &batch, &classes, &fresh, by);
        close(&gradients, &whole, &format!("{by:?}"));
        assert_eq!(state, end);
        if let By::Recomputed(_) = by {
            assert_eq!(d_first, d_state);
        }
    }
    // Starts within windows begin there, too.
    let starts = [false, false, false, true, false, false, false, true, false, true, false, true];
    let batch = features(&x).starting_anew(&starts).unwrap();
    let (whole, ..) = train(&network, &batch, &CLASSES, &fresh, By::Whole);
    for window in [1, 2, 3, 9] {
        close(&train(&network, &batch, &CLASSES, &fresh, By::Recomputed(window)).0, &whole, "recomputed starts");
    }
    let ones = [true; STEPS * ROWS];
    let batch = features(&x).starting_anew(&ones).unwrap();
    let (whole, ..) = train(&network, &batch, &CLASSES, &fresh, By::Whole);
    close(&train(&network, &batch, &CLASSES, &fresh, By::Truncated(2)).0, &whole, "truncated starts");
}

#[test]
fn a_row_that_starts_anew_is_no_longer_at_its_beginning_even_if_it_makes_no_step() {
    let mut network = naive(&stack(Directions::Forward).softmax(2), 3);
    move_initial(&mut network);
    let x = values(2, STEPS * ROWS * C);
    // Rows 1 and 2 skip everything; row 1 starts anew before step 2.
    let skipped: Vec<bool> = (0..STEPS * ROWS).map(|k| k % ROWS > 0).collect();
    let starts: Vec<bool> = (0..STEPS * ROWS).map(|k| k == 2 * ROWS + 1).collect();
    let batch = features(&x).skipping(&skipped, Held::Zero).unwrap().starting_anew(&starts).unwrap();
    let mut state = network.state(ROWS).unwrap();
    network.infer(&mut Workspace::new(), &batch, &mut state).unwrap();
    assert_eq!(state.at_beginning().collect::<Vec<_>>(), [2]);
}

#[test]
fn starts_of_an_earlier_batch_are_none_of_a_later_one_with_fewer_rows() {
    let mut network = naive(&stack(Directions::Forward).softmax(2), 3);
    move_initial(&mut network);
    let (x, starts) = (values(2, STEPS * ROWS * C), [true; STEPS * ROWS]);
    let mut used = Workspace::new();
    let run = |workspace: &mut Workspace<f64>, batch: &Batch<'_, f64>| {
        let (mut state, mut gradients) = (network.state(batch.rows()).unwrap(), network.gradients().unwrap());
        let targets = Targets::Classes(&CLASSES[..STEPS * batch.rows()]);
        network.loss_and_gradients(workspace, batch, targets, &mut state, &mut gradients).unwrap();
        gradients.to_vec()
    };
    run(&mut used, &features(&x).starting_anew(&starts).unwrap());
    let one = Batch::features(&x[..STEPS * C], [STEPS, 1, C]).unwrap();
    assert_eq!(run(&mut used, &one), run(&mut Workspace::new(), &one));
}

#[test]
fn streams_begin_with_learned_states_and_return_to_them() {
    let mut network = naive(&stack(Directions::Forward).softmax(2), 3);
    move_initial(&mut network);
    let x = values(2, STEPS * ROWS * C);
    let (mut workspace, mut state) = (Workspace::new(), network.state(ROWS).unwrap());
    let mut whole = network.state(ROWS).unwrap();
    let y = network.infer(&mut workspace, &features(&x), &mut whole).unwrap().storage()[..STEPS * ROWS * 2].to_vec();
    for t in 0..STEPS {
        let step = network.step_features(&mut workspace, &x[t * ROWS * C..][..ROWS * C], &mut state).unwrap();
        let flat: Vec<f64> = (0..ROWS).flat_map(|n| step.row(n).to_vec()).collect();
        assert_eq!(flat, y[t * ROWS * 2..][..ROWS * 2], "step {t}");
    }
    assert_eq!(state, whole);
    assert_eq!(state.at_beginning().next(), None);
    // A row that is reset, one that was put there, and all of them.
    state.reset_row(1).unwrap();
    state.put(&[2], &network.state(1).unwrap()).unwrap();
    assert_eq!(state.at_beginning().collect::<Vec<_>>(), [1, 2]);
    let step = network.step_features(&mut workspace, &x[..ROWS * C], &mut state).unwrap();
    assert_eq!(([step.row(1), step.row(2)]), [&y[2..4], &y[4..6]]);
    assert_ne!(step.row(0), &y[..2]);
    state.fill_zero();
    let step = network.step_features(&mut workspace, &x[..ROWS * C], &mut state).unwrap();
    assert_eq!(step.row(0), &y[..2]);
    // Zeros that were written are zeros.
    let mut zeros = network.state(ROWS).unwrap();
    zeros.as_mut_slice().fill(0.0);
    let step = network.step_features(&mut workspace, &x[..ROWS * C], &mut zeros).unwrap();
    assert_ne!(step.row(0), &y[..2]);
    // Later parameters are later beginnings.
    let mut later = network.state(ROWS).unwrap();
    network.update(|p| p.get_mut("rnn2.h0_l1").unwrap().fill(3.0));
    let step = network.step_features(&mut workspace, &x[..ROWS * C], &mut later).unwrap();
    assert_ne!(step.row(0), &y[..2]);
}

#[test]
fn a_pass_that_fails_leaves_rows_at_their_beginning_and_gradients_what_they_were() {
    let mut network = naive(&Config::features(1).recurrent(RecurrentSpec::gru(2).learned_initial()).linear(1), 3);
    network.update(|p| p.get_mut("head.weight").unwrap().fill(1e200));
    let (mut workspace, mut gradients) = (Workspace::new(), network.gradients().unwrap());
    gradients.fill(1.0);
    let mut state = network.state(1).unwrap();
    let batch = Batch::features(&[1.0, 2.0], [2, 1, 1]).unwrap();
    let targets = Targets::Values(&[1e300, -1e300]);
    let fresh = state.clone();
    for refused in [
        network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).map(|_| ()),
        network.truncated_bptt(&mut workspace, &batch, targets, 1, &mut state, &mut gradients).map(|_| ()),
        network.evaluate(&mut workspace, &batch, targets, &mut state).map(|_| ()),
    ] {
        assert!(matches!(refused, Err(Error::NotFinite { .. })), "{refused:?}");
    }
    assert!(state == fresh && state.at_beginning().count() == 1 && gradients.iter().all(|&g| g == 1.0));
}

#[test]
fn backward_from_cotangents_gives_to_learned_states_each_time() {
    let mut network = naive(&stack(Directions::Both).final_states(), 3);
    move_initial(&mut network);
    let (x, d) = (values(2, STEPS * ROWS * C), values(4, ROWS * 4));
    let (mut workspace, mut state) = (Workspace::new(), network.state(ROWS).unwrap());
    let batch = features(&x).with_lengths(&LENGTHS).unwrap();
    network.forward(&mut workspace, &batch, &mut state).unwrap();
    let cotangents = Cotangents { output: Some(SeqRef::new(&d, 1, ROWS, 4)), state: None };
    let [once, again] = [(); 2].map(|()| {
        let mut gradients = network.gradients().unwrap();
        network.backward(&mut workspace, cotangents, &mut gradients).unwrap();
        gradients
    });
    assert_eq!(once, again);
    // Row 1 has no step: what it shows is what it begins with.
    let shown: Vec<f64> = once.get("rnn2.h0_l1").unwrap().to_vec();
    assert!(shown.iter().all(|&g| g != 0.0) && once.get("rnn2.c0_l1_reverse").unwrap().iter().all(|&g| g != 0.0));
}

#[test]
fn a_trainer_learns_where_to_begin_and_goes_on_from_a_file_with_rows_that_did_not() {
    let settings = || Settings { carry_state: true, ..Settings::sgd(0.1) };
    let spec = RecurrentSpec::lstm(3).learned_initial();
    let network =
        Network::<f64, Naive>::with_backend(&Config::features(C).recurrent(spec).softmax(2), 4, Arc::new(Naive));
    let mut trainer = Trainer::new(network.unwrap(), settings()).unwrap();
    let x = values(2, STEPS * ROWS * C);
    // Row 1 has no step, and begins in a later batch.
    let (empty, full) = (features(&x).with_lengths(&LENGTHS).unwrap(), features(&x));
    let targets = Targets::Classes(&CLASSES);
    trainer.step(&empty, targets).unwrap();
    assert_eq!(trainer.state().at_beginning().collect::<Vec<_>>(), [1]);
    let h0 = trainer.network().parameters().get("rnn.h0_l0").unwrap().to_vec();
    assert!(h0.iter().all(|&h| h != 0.0));
    let bytes = Checkpoint::of(&trainer, ()).unwrap().encode(Limits::default()).unwrap();
    let mut read = Checkpoint::<f64>::decode(&bytes, Limits::default()).unwrap();
    let mut resumed = read.trainer(Arc::new(Naive), &Cells::new()).unwrap();
    assert_eq!(resumed.state(), trainer.state());
    for trainer in [&mut trainer, &mut resumed] {
        trainer.step(&full, targets).unwrap();
        assert_eq!(trainer.state().at_beginning().next(), None);
    }
    assert_eq!(resumed.network().parameters(), trainer.network().parameters());
    // A file does not say more rows than there are, and one whose rows have all begun says nothing.
    read.training.as_mut().unwrap().beginning = vec![3];
    assert!(read.encode(Limits::default()).is_err());
    let bytes = Checkpoint::of(&trainer, ()).unwrap().encode(Limits::default()).unwrap();
    assert!(!bytes.windows(9).any(|part| part == b"beginning"));
    // Without a state that is carried, every batch begins.
    let before = trainer.network().parameters().get("rnn.h0_l0").unwrap().to_vec();
    trainer.step(&full, targets).unwrap();
    assert_eq!(trainer.network().parameters().get("rnn.h0_l0").unwrap(), before, "carried on");
    trainer.start_over();
    trainer.step(&full, targets).unwrap();
    assert_ne!(trainer.network().parameters().get("rnn.h0_l0").unwrap(), before);
}

#[test]
fn windows_of_a_trainer_begin_once() {
    let spec = RecurrentSpec::gru(3).learned_initial();
    let network =
        Network::<f64, Naive>::with_backend(&Config::features(C).recurrent(spec).softmax(2), 4, Arc::new(Naive));
    let x = values(2, STEPS * ROWS * C);
    let mut trainer = Trainer::new(network.unwrap(), Settings::sgd(0.1).windows(2)).unwrap();
    let mut by_hand = trainer.network().clone();
    let step = trainer.step(&features(&x), Targets::Classes(&CLASSES)).unwrap();
    assert_eq!(step.updates, 2);
    let (mut workspace, mut state) = (Workspace::new(), by_hand.state(ROWS).unwrap());
    let mut optimiser = by_hand.optimiser(trainer.settings().rule).unwrap();
    for from in [0, 2] {
        let mut gradients = by_hand.gradients().unwrap();
        let targets = Targets::Classes(&CLASSES[from * ROWS..(from + 2) * ROWS]);
        let window = features(&x).window(from, from + 2).unwrap();
        by_hand.loss_and_gradients(&mut workspace, &window, targets, &mut state, &mut gradients).unwrap();
        assert_eq!(gradients.get("rnn.h0_l0").unwrap().iter().all(|&g| g == 0.0), from > 0);
        by_hand.apply(&mut optimiser, &gradients, 0.1).unwrap();
    }
    assert_eq!(trainer.network().parameters(), by_hand.parameters());
}

#[test]
fn weights_without_learned_states_do_not_fit_and_those_with_them_come_back() {
    let config = |learned: bool| {
        let spec = RecurrentSpec { learned_initial: learned, ..RecurrentSpec::lstm(3).merged(Merge::Sum) };
        Config::features(C).recurrent(spec).softmax(2)
    };
    let folder = tempfile::tempdir().unwrap();
    let (with, without) = (folder.path().join("with.safetensors"), folder.path().join("without.safetensors"));
    let (mut learned, mut plain) = (naive(&config(true), 1), naive(&config(false), 1));
    move_initial(&mut learned);
    learned.save_safetensors(&with, Metadata::Config).unwrap();
    plain.save_safetensors(&without, Metadata::None).unwrap();
    let options = LoadOptions::default();
    let missing = learned.load_safetensors(&without, &options).unwrap_err().to_string();
    assert!(missing.contains("found 4 mismatches: rnn.h0_l0: expected [3], found no such tensor"), "{missing}");
    let unexpected = plain.load_safetensors(&with, &options).unwrap_err().to_string();
    assert!(unexpected.contains("rnn.c0_l0: expected no such tensor, found [3]"), "{unexpected}");
    let mut again = naive(&config(true), 2);
    again.load_safetensors(&with, &options).unwrap();
    assert_eq!(again.parameters(), learned.parameters());
}
