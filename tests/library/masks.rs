//! Masks of cells in the passes of a network: what is given is what the equation reads, whichever way a pass goes.

use crate::common::{LENGTHS, values};
use crate::network_gradients::Problem;
use recurrent::checkpoint::{Checkpoint, Digest, Limits};
use recurrent::kernels::{Cell, Equations, Form, IGNORE, Number, SeqRef, Slot, Stage, Unit};
use recurrent::network::{CellSpec, Config, Cotangents, Directions, InputSpec, Parameters, RecurrentSpec};
use recurrent::optim::{Adam, Optimiser, Rule, Schedule};
use recurrent::rng::Rng;
use recurrent::{Batch, Cells, Direction, Error, Mask, Network, NonFinite, Targets, Workspace};
use rnn_backend_naive::Naive;
use serde_json::json;

type Net = Network<f64, Naive>;

/// `c = k_c ⊙ c₋₁ + (1 − k_c) ⊙ (c₋₁ + i ⊙ g)`, `h = k_h ⊙ h₋₁ + (1 − k_h) ⊙ o ⊙ tanh(c)`: what is kept of each state is a mask.
#[derive(Debug)]
struct Kept;

impl Equations for Kept {
    fn form(&self) -> Form {
        let stage = Stage::new(["i", "g", "o"]).reads([Slot::Old(0), Slot::Old(1), Slot::Mask(0), Slot::Mask(1)]);
        let form = Form::new("kept").states(["h", "c"]).mask("kept_h").mask("kept_c");
        form.stage(stage.writes([Slot::New(0), Slot::New(1)]))
    }

    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([i, g, o], [h, c, kept_h, kept_c]) = (u.pre(), u.reads());
        let [i, g, o] = u.keep([i.sigmoid(), g.tanh(), o.sigmoid()]);
        let c = u.write_at(1, kept_c * c + (S::one() - kept_c) * (c + i * g));
        u.write_at(0, kept_h * h + (S::one() - kept_h) * (o * c.tanh()));
    }
}

fn cells() -> Cells {
    Cells::new().with_cell(Cell::new(&Kept).unwrap())
}

fn build(config: &Config) -> Result<Net, Error> {
    Network::with_backend_and_cells(config, 3, Naive, &cells())
}

fn timed() -> CellSpec {
    CellSpec::new("cfc").with("elapsed", "given")
}

const STEPS: usize = 4;
const ROWS: usize = 3;
const C: usize = 2;

/// `len` numbers between 0.25 and 2.
fn positive(seed: u64, len: usize) -> Vec<f64> {
    values(seed, len).iter().map(|x| x * 0.5 + 1.0).collect()
}

/// A stack in which masks differ in layer, name, direction and width, and what it reads.
struct Stack {
    config: Config,
    x: Vec<f64>,
    hours: Vec<f64>,
    back: Vec<f64>,
    kept: Vec<f64>,
}

impl Stack {
    fn new(steps: usize) -> Self {
        let config = Config::features(C)
            .recurrent(RecurrentSpec::new(timed().with("output", 3), 4).bidirectional())
            .recurrent(RecurrentSpec::lstm(3))
            .recurrent(RecurrentSpec::new("kept", 5))
            .linear(2);
        let (mut hours, back) = (positive(2, steps * ROWS), positive(3, steps * ROWS * 3));
        // Where a step does not belong to its row nothing is read.
        (0..steps * ROWS).filter(|k| k / ROWS >= LENGTHS[k % ROWS]).for_each(|k| hours[k] = f64::NAN);
        Self { config, x: values(1, steps * ROWS * C), hours, back, kept: positive(4, steps * ROWS * 5) }
    }

    fn masks(&self, steps: usize) -> [Mask<'_, f64>; 4] {
        [
            Mask::units(2, "kept_c", &self.kept, [steps, ROWS, 5]).unwrap(),
            Mask::steps(0, "elapsed", &self.hours, [steps, ROWS]).unwrap().only(Direction::Forward),
            Mask::units(0, "elapsed", &self.back, [steps, ROWS, 3]).unwrap().only(Direction::Reverse),
            Mask::constant(2, "kept_h", 0.25),
        ]
    }
}

#[test]
fn every_derivative_of_a_stack_with_masks_agrees_with_finite_differences() {
    let stack = Stack::new(STEPS);
    let (masks, t) = (stack.masks(STEPS), values(5, STEPS * ROWS * 2));
    let network = build(&stack.config).unwrap();
    let batch = Batch::features(&stack.x, [STEPS, ROWS, C]).unwrap().with_lengths(&LENGTHS).unwrap().with_masks(&masks);
    let mut state = network.state(ROWS).unwrap();
    let start = values(6, state.as_slice().len());
    state.as_mut_slice().copy_from_slice(&start);
    Problem { network, batch, targets: Targets::Values(&t), state }.check_every_derivative("masks");
    for mode in ["no_gate", "pure"] {
        let network =
            build(&Config::features(C).recurrent(RecurrentSpec::new(timed().with("mode", mode), 4)).linear(2));
        let (network, masks) = (network.unwrap(), [masks[1]]);
        let batch = Batch::features(&stack.x, [STEPS, ROWS, C]).unwrap().with_lengths(&LENGTHS).unwrap();
        let (batch, state) = (batch.with_masks(&masks), network.state(ROWS).unwrap());
        Problem { network, batch, targets: Targets::Values(&t), state }.check_every_derivative(mode);
    }
}

fn flat(seq: SeqRef<'_, f64>) -> Vec<f64> {
    (0..seq.steps()).flat_map(|t| (0..seq.rows()).flat_map(move |n| seq.at(t).row(n).to_vec())).collect()
}

/// Outputs, final state and gradients.
fn trained(network: &Net, batch: &Batch<'_, f64>) -> (Vec<f64>, Vec<f64>, Parameters<f64>) {
    let (mut workspace, mut state) = (Workspace::new(), network.state(batch.rows()).unwrap());
    let output = flat(network.forward(&mut workspace, batch, &mut state).unwrap());
    let (d, mut gradients) = (values(7, output.len()), network.gradients().unwrap());
    let shape = [batch.steps(), batch.rows(), network.output_width()];
    let output_cotangent = SeqRef::new(&d, shape[0], shape[1], shape[2]);
    let cotangents = Cotangents { output: Some(output_cotangent), state: None };
    network.backward(&mut workspace, cotangents, &mut gradients).unwrap();
    (output, state.as_slice().to_vec(), gradients)
}

#[test]
fn elapsed_times_of_one_are_the_cell_without_them_bit_for_bit() {
    let layer = |cell| RecurrentSpec::new(cell, 4).bidirectional().layers(2);
    let plain = build(&Config::features(C).recurrent(layer("cfc".into())).linear(2)).unwrap();
    let network = build(&Config::features(C).recurrent(layer(timed())).linear(2)).unwrap();
    let x = values(1, STEPS * ROWS * C);
    let batch = Batch::features(&x, [STEPS, ROWS, C]).unwrap().with_lengths(&LENGTHS).unwrap();
    let ones = [0, 1].map(|layer| Mask::constant(layer, "elapsed", 1.0));
    assert_eq!(trained(&network, &batch.with_masks(&ones)), trained(&plain, &batch));
    let twos = [0, 1].map(|layer| Mask::constant(layer, "elapsed", 2.0));
    assert_ne!(trained(&network, &batch.with_masks(&twos)), trained(&plain, &batch));
}

#[test]
fn what_is_kept_whole_stays_and_each_mask_acts_on_its_own_state() {
    let network = build(&Config::features(C).recurrent(RecurrentSpec::new("kept", 5))).unwrap();
    let x = values(1, STEPS * ROWS * C);
    for (kept_h, kept_c) in [(1.0, 0.0), (0.0, 1.0)] {
        let masks = [Mask::constant(0, "kept_c", kept_c), Mask::constant(0, "kept_h", kept_h)];
        let batch = Batch::features(&x, [STEPS, ROWS, C]).unwrap().with_masks(&masks);
        let (mut workspace, mut state) = (Workspace::new(), network.state(ROWS).unwrap());
        let start = values(6, state.as_slice().len());
        state.as_mut_slice().copy_from_slice(&start);
        network.infer(&mut workspace, &batch, &mut state).unwrap();
        let (h, c) = state.as_slice().split_at(ROWS * 5);
        assert_eq!(h == &start[..ROWS * 5], kept_h == 1.0);
        assert_eq!(c == &start[ROWS * 5..], kept_c == 1.0);
    }
}

#[test]
fn one_number_may_be_said_in_four_ways() {
    let of = |cell: CellSpec| {
        build(&Config::features(C).recurrent(RecurrentSpec::new(cell, 5).layers(2)).linear(2)).unwrap()
    };
    let (by_batch, by_config) = (of(timed()), of(timed().mask("elapsed", 0.75)));
    let (x, number) = (values(1, STEPS * ROWS * C), [0.75; STEPS * ROWS * 5]);
    let batch = Batch::features(&x, [STEPS, ROWS, C]).unwrap().with_lengths(&LENGTHS).unwrap();
    let expected = trained(&by_config, &batch);
    let steps = &number[..STEPS * ROWS];
    let constant = |layer| Mask::constant(layer, "elapsed", 0.75);
    let per_step = |layer| Mask::steps(layer, "elapsed", steps, [STEPS, ROWS]).unwrap();
    let per_unit = |layer| Mask::units(layer, "elapsed", &number, [STEPS, ROWS, 5]).unwrap();
    for masks in [[constant(0), constant(1)], [per_step(0), per_unit(1)], [per_unit(0), per_step(1)]] {
        assert_eq!(trained(&by_batch, &batch.with_masks(&masks)), expected);
    }
    // What a batch gives comes before what the configuration says, layer by layer.
    let one = [Mask::constant(1, "elapsed", 3.0)];
    let both = [constant(0), Mask::constant(1, "elapsed", 3.0)];
    let mixed = trained(&by_config, &batch.with_masks(&one));
    assert_ne!(mixed, expected);
    assert_eq!(trained(&by_batch, &batch.with_masks(&both)), mixed);
}

/// A network that can be streamed, its input and masks of every step.
fn causal(input: Config) -> (Net, Vec<u32>, Vec<f64>, Vec<f64>, Vec<f64>) {
    let config = input.recurrent(RecurrentSpec::new(timed(), 4)).recurrent(RecurrentSpec::new("kept", 5)).softmax(2);
    let symbols = (0..STREAM * ROWS).map(|k| u32::try_from(k * k % 2).unwrap()).collect();
    let x = values(1, STREAM * ROWS * C);
    (build(&config).unwrap(), symbols, x, positive(2, STREAM * ROWS), positive(3, STREAM * ROWS * 5))
}

const STREAM: usize = 8;

fn batch<'a>(network: &Net, symbols: &'a [u32], x: &'a [f64]) -> Batch<'a, f64> {
    match network.config().input {
        InputSpec::Features { .. } => Batch::features(x, [x.len() / ROWS / C, ROWS, C]).unwrap(),
        _ => Batch::symbols(symbols, [symbols.len() / ROWS, ROWS]).unwrap(),
    }
}

fn streamed_masks<'a>(hours: &'a [f64], kept: &'a [f64]) -> [Mask<'a, f64>; 3] {
    let steps = hours.len() / ROWS;
    [
        Mask::steps(0, "elapsed", hours, [steps, ROWS]).unwrap(),
        Mask::constant(1, "kept_h", 0.25),
        Mask::units(1, "kept_c", kept, [steps, ROWS, 5]).unwrap(),
    ]
}

#[test]
fn streaming_with_masks_gives_the_bits_of_inference_and_of_training() {
    for input in [Config::features(C), Config::one_hot(2)] {
        let (network, symbols, x, hours, kept) = causal(input);
        let masks = streamed_masks(&hours, &kept);
        let batch_of = |symbols, x| batch(&network, symbols, x);
        let whole = batch_of(&symbols[..], &x[..]).with_masks(&masks);
        let mut workspace = Workspace::new();
        let [mut trained, mut inferred, mut streamed] = [(); 3].map(|()| network.state(ROWS).unwrap());
        let forward = flat(network.forward(&mut workspace, &whole, &mut trained).unwrap());
        let infer = flat(network.infer(&mut workspace, &whole, &mut inferred).unwrap());
        assert!(forward == infer && trained == inferred);
        for t in 0..STREAM {
            let of = |width: usize| t * ROWS * width..(t + 1) * ROWS * width;
            let masks = streamed_masks(&hours[of(1)], &kept[of(5)]);
            let step = batch_of(&symbols[of(1)], &x[of(C)]).with_masks(&masks);
            let output = network.step(&mut workspace, &step, &mut streamed).unwrap();
            let output: Vec<f64> = (0..ROWS).flat_map(|n| output.row(n).to_vec()).collect();
            assert_eq!(output, infer[of(2)], "step {t}");
        }
        assert_eq!(streamed, inferred);
    }
}

#[test]
fn windows_of_truncated_bptt_have_their_part_of_the_masks() {
    let (network, symbols, x, hours, kept) = causal(Config::features(C));
    let masks = streamed_masks(&hours, &kept);
    let lengths = [8, 3, 5];
    let batch = batch(&network, &symbols, &x).with_masks(&masks).with_lengths(&lengths).unwrap();
    // Two in each window of two steps, so that the mean of a window is exactly four times its share of the whole.
    let mut targets = vec![IGNORE; STREAM * ROWS];
    for (t, n) in [(0, 1), (1, 2), (2, 0), (2, 1), (4, 2), (5, 0), (6, 0), (7, 0)] {
        targets[t * ROWS + n] = 1;
    }
    let mut workspace = Workspace::new();
    let (mut state, mut gradients) = (network.state(ROWS).unwrap(), network.gradients().unwrap());
    let all = Targets::Classes(&targets);
    network.truncated_bptt(&mut workspace, &batch, all, 2, &mut state, &mut gradients).unwrap();
    let (mut by_hand, mut sum) = (network.state(ROWS).unwrap(), network.gradients().unwrap());
    for from in (0..STREAM).step_by(2) {
        // A window of a window of it.
        let window = batch.window(from / 2, STREAM).unwrap().window(from - from / 2, from - from / 2 + 2).unwrap();
        let targets = Targets::Classes(&targets[from * ROWS..(from + 2) * ROWS]);
        network.loss_and_gradients(&mut workspace, &window, targets, &mut by_hand, &mut sum).unwrap();
    }
    assert_eq!(state, by_hand);
    assert!(gradients.iter().zip(&*sum).all(|(found, sum)| 4.0 * found == *sum && found.is_finite()));
    assert!(gradients.iter().any(|&g| g != 0.0));
}

#[test]
fn windows_that_are_computed_anew_read_the_masks_of_their_steps() {
    let (network, symbols, x, hours, kept) = causal(Config::features(C));
    let masks = streamed_masks(&hours, &kept);
    let batch = batch(&network, &symbols, &x).with_masks(&masks);
    let run = |window: Option<usize>| {
        let (mut workspace, mut gradients) = (Workspace::new(), network.gradients().unwrap());
        workspace.record_d_input(true);
        let (mut state, targets) = (network.state(ROWS).unwrap(), Targets::Classes(&symbols));
        let loss = match window {
            None => network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients),
            Some(k) => network.recomputed_bptt(&mut workspace, &batch, targets, k, &mut state, &mut gradients),
        };
        loss.unwrap();
        let d_state = workspace.d_state().unwrap().clone();
        (state, d_state, flat(workspace.d_input().unwrap()), gradients)
    };
    let whole = run(None);
    for window in [1, 3, 8] {
        let again = run(Some(window));
        assert_eq!((&again.0, &again.1, &again.2), (&whole.0, &whole.1, &whole.2), "window {window}");
        let scale = whole.3.iter().fold(0.0, |m: f64, g| m.max(g.abs()));
        // The same sums of some thirty products, in another order.
        let apart = again.3.iter().zip(whole.3.iter()).map(|(a, b)| (a - b).abs());
        assert!(scale > 0.0 && apart.fold(0.0, f64::max) <= 1e-14 * scale, "window {window}");
    }
}

/// `y = [y_forward, y_reverse]`: each half is a network of that direction alone with the masks of that direction, in time order.
#[test]
fn a_layer_in_both_directions_reads_the_masks_of_each_in_time_order() {
    let layer = |directions| RecurrentSpec::new(timed(), 4).name("").directions(directions);
    let of = |directions| build(&Config::features(C).recurrent(layer(directions))).unwrap();
    let (both, x) = (of(Directions::Both), values(1, STEPS * ROWS * C));
    let (hours, back) = (positive(2, STEPS * ROWS), positive(3, STEPS * ROWS));
    let mask = |data| Mask::steps(0, "elapsed", data, [STEPS, ROWS]).unwrap();
    let batch = Batch::features(&x, [STEPS, ROWS, C]).unwrap().with_lengths(&LENGTHS).unwrap();
    let own = [mask(&hours).only(Direction::Forward), mask(&back).only(Direction::Reverse)];
    let (y, ..) = trained(&both, &batch.with_masks(&own));
    for (k, directions, masks) in [(0, Directions::Forward, [mask(&hours)]), (1, Directions::Reverse, [mask(&back)])] {
        let mut alone = of(directions);
        let len = alone.parameters().len();
        alone.update(|p| p.copy_from_slice(&both.parameters()[k * len..][..len]));
        let (one, ..) = trained(&alone, &batch.with_masks(&masks));
        let half: Vec<f64> = y.chunks(8).flat_map(|row| row[4 * k..][..4].to_vec()).collect();
        assert_eq!(half, one, "direction {k}");
    }
    let shared = [mask(&hours)];
    assert_ne!(trained(&both, &batch.with_masks(&shared)).0, y);

    // A reverse layer over steps in the opposite order is a forward one: step `t` reads the mask of step `t`.
    let (mut reverse, forward) = (of(Directions::Reverse), of(Directions::Forward));
    reverse.update(|p| p.copy_from_slice(forward.parameters()));
    let turned = |data: &[f64], width: usize| data.rchunks(ROWS * width).flatten().copied().collect::<Vec<_>>();
    let (turned_x, turned_hours) = (turned(&x, C), turned(&hours, 1));
    let (straight, back) = ([mask(&hours)], [mask(&turned_hours)]);
    let (y, ..) = trained(&forward, &Batch::features(&x, [STEPS, ROWS, C]).unwrap().with_masks(&straight));
    let batch = Batch::features(&turned_x, [STEPS, ROWS, C]).unwrap().with_masks(&back);
    assert_eq!(turned(&trained(&reverse, &batch).0, 4), y);
}

#[test]
fn a_mask_that_is_missing_unknown_misshapen_or_not_finite_is_an_error_and_changes_nothing() {
    let stack = Stack::new(STEPS);
    let network = build(&stack.config).unwrap();
    let plain = Batch::features(&stack.x, [STEPS, ROWS, C]).unwrap().with_lengths(&LENGTHS).unwrap();
    let says = |masks: &[Mask<'_, f64>], message: &str| {
        let mut state = network.state(ROWS).unwrap();
        state.as_mut_slice().fill(0.5);
        let before = state.clone();
        let mut workspace = Workspace::new();
        let batch = plain.with_masks(masks);
        let found = [
            network.forward(&mut workspace, &batch, &mut state).map(|_| ()),
            network.infer(&mut Workspace::new(), &batch, &mut state).map(|_| ()),
        ];
        for result in found {
            let error = result.unwrap_err();
            assert!(matches!(error, Error::Mask { .. }), "{error:?}");
            assert_eq!(error.to_string(), message);
        }
        assert_eq!(state, before);
    };
    let whole = stack.masks(STEPS);
    let without = |k: usize, other: Option<Mask<'static, f64>>| {
        let rest = whole.iter().enumerate().filter(|(j, _)| *j != k).map(|(_, mask)| *mask);
        rest.chain(other).collect::<Vec<_>>()
    };
    let (of_0, of_2) = ("mask `elapsed` of recurrent layer 0", "mask `kept_h` of recurrent layer 2");
    let missing = "expected numbers, given by `Batch::with_masks` or `CellSpec::mask`, found none";
    says(&[], &format!("{of_0}: {missing}"));
    says(&without(3, None), &format!("{of_2}: {missing}"));
    // One direction of two.
    says(&without(2, None), &format!("{of_0}: {missing}"));
    let name = Mask::constant(2, "kept", 1.0);
    says(
        &without(3, Some(name)),
        "mask `kept` of recurrent layer 2: expected one of kept_h, kept_c, found another name",
    );
    let none = Mask::constant(1, "kept_h", 1.0);
    let of_1 = "mask `kept_h` of recurrent layer 1: expected no mask, as cell `lstm` has none, found another name";
    says(&without(3, Some(none)), of_1);
    let layer = Mask::constant(3, "kept_h", 1.0);
    let of_3 = "mask `kept_h` of recurrent layer 3: expected a recurrent layer below 3, found no such layer";
    says(&without(3, Some(layer)), of_3);
    let direction = Mask::constant(2, "kept_h", 1.0).only(Direction::Reverse);
    says(&without(3, Some(direction)), &format!("{of_2}: expected a direction of the layer, found Reverse"));
    // For both directions, and for one of them once more.
    says(
        &without(4, Some(Mask::constant(0, "elapsed", 1.0))),
        &format!("{of_0}: expected one for each direction, found several"),
    );
    for (shape, found) in [([4, 3, 4], "[4, 3, 4]"), ([3, 3, 5], "[3, 3, 5]"), ([4, 2, 5], "[4, 2, 5]")] {
        let data = vec![1.0; shape.iter().product()].leak();
        let mask = Mask::units(2, "kept_h", data, shape).unwrap();
        says(&without(3, Some(mask)), &format!("{of_2}: expected shape [4, 3, 5], found {found}"));
    }
    let steps = Mask::steps(2, "kept_h", &[1.0; 8], [4, 2]).unwrap();
    says(&without(3, Some(steps)), &format!("{of_2}: expected shape [4, 3, 1], found [4, 2, 1]"));
    let mut data = vec![1.0; STEPS * ROWS * 5];
    data[(ROWS + 2) * 5 + 3] = f64::INFINITY;
    let mask = Mask::units(2, "kept_h", data.leak(), [STEPS, ROWS, 5]).unwrap();
    says(&without(3, Some(mask)), &format!("{of_2}: expected finite numbers, found inf at [1, 2, 3]"));
    let nan = Mask::constant(2, "kept_h", f64::NAN);
    says(&without(3, Some(nan)), &format!("{of_2}: expected finite numbers, found NaN at [0, 0, 0]"));
    // Allowed, it is taken as it is.
    let (mut workspace, mut state, masks) = (Workspace::new(), network.state(ROWS).unwrap(), without(3, Some(nan)));
    workspace.on_non_finite(NonFinite::Allow);
    let output = network.infer(&mut workspace, &plain.with_masks(&masks), &mut state).unwrap();
    assert!(output.at(0).row(0)[0].is_nan() && output.at(0).row(1)[0] == 0.0);

    for wrong in [Mask::steps(2, "kept_h", &[1.0; 7], [4, 2]), Mask::units(2, "kept_h", &[1.0; 7], [2, 2, 2])] {
        let message = wrong.unwrap_err().to_string();
        assert!(message.starts_with(&format!("{of_2}: expected as many elements as shape [")), "{message}");
    }
    assert!(Mask::steps(0, "elapsed", &[1.0], [usize::MAX, 2]).is_err());
}

#[test]
fn a_step_is_one_step() {
    let (network, symbols, x, hours, kept) = causal(Config::features(C));
    let masks = streamed_masks(&hours, &kept);
    let mut state = network.state(ROWS).unwrap();
    let batch = batch(&network, &symbols, &x).with_masks(&masks);
    let error = network.step(&mut Workspace::new(), &batch, &mut state).map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "step, batch: expected one step, found 8");
}

#[test]
fn masks_of_a_configuration_are_written_read_and_checked() {
    let cell = timed().with("output", 3).mask("elapsed", 0.5);
    let text = r#"{"cfc":{"elapsed":"given","masks":{"elapsed":0.5},"output":3}}"#;
    assert_eq!(serde_json::to_string(&cell).unwrap(), text);
    assert_eq!(serde_json::from_str::<CellSpec>(text).unwrap(), cell);
    let standard = bincode::config::standard();
    for cell in [cell, CellSpec::lstm().mask("zoneout", 0.5), CellSpec::new("gru").mask("zoneout", 0.5)] {
        let bytes = bincode::serde::encode_to_vec(&cell, standard).unwrap();
        assert_eq!(bincode::serde::decode_from_slice::<CellSpec, _>(&bytes, standard).unwrap().0, cell);
    }
    let says = |cell: CellSpec, why: &str| {
        let config = Config::features(C).recurrent(RecurrentSpec::new(cell, 4));
        let error = Network::<f32, _>::with_backend_and_cells(&config, 1, Naive, &cells()).map(|_| ());
        let error = error.unwrap_err();
        assert!(matches!(error, Error::Cell { .. }) && error.to_string().contains(why), "{error}");
    };
    says(timed().mask("time", 1.0), "masks: expected one of [elapsed], found `time`");
    says(CellSpec::new("kept").mask("elapsed", 1.0), "masks: expected one of [kept_h, kept_c], found `elapsed`");
    says(CellSpec::new("lstm").mask("elapsed", 1.0), "masks: expected one of [], found `elapsed`");
    let by_name = "expected `masks` to be finite numbers or draws by name, found ";
    says(timed().with("masks", json!(1.0)), &format!("{by_name}1.0"));
    says(timed().with("masks", json!({"elapsed": [1.0]})), by_name);
    says(timed().mask("elapsed", f64::NAN), &format!("{by_name}{{\"elapsed\":null}}"));
    says(timed().mask("elapsed", 1e39), "mask `elapsed`: expected a finite number, found 1e39, which is inf in f32");
}

#[test]
fn a_checkpoint_of_a_network_with_masks_is_read_again_with_the_numbers_of_its_configuration() {
    let layer = RecurrentSpec::new(timed().mask("elapsed", 0.5), 4);
    let network = build(&Config::features(C).recurrent(layer).linear(2)).unwrap();
    let optimiser = Optimiser::new(Rule::Adam(Adam::default()), network.parameters().len()).unwrap();
    let saved = Checkpoint {
        config: network.config().clone(),
        cells: network.cells(),
        parameters: network.parameters().to_vec(),
        optimiser,
        schedule: Schedule::Constant { rate: 0.02 },
        step: 0,
        rng: Rng::seed(1),
        cursor: 0,
        rows: 0,
        state: Vec::new(),
        text_digest: Digest::of(b""),
        training: None,
        application: (),
    };
    let bytes = saved.encode(Limits::default()).unwrap();
    let found = Checkpoint::<f64>::decode(&bytes, Limits::default()).unwrap();
    assert_eq!(found, saved);
    let again = found.network(Naive, &cells()).unwrap();
    let x = values(1, STEPS * ROWS * C);
    let batch = Batch::features(&x, [STEPS, ROWS, C]).unwrap();
    assert_eq!(trained(&again, &batch), trained(&network, &batch));
}
