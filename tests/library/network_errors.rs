//! Whatever data can get wrong has a typed error with what was expected and what was found, in one line.

use crate::common::{naive, values};
use recurrent::init::{ForgetBias, Init, Scheme};
use recurrent::kernels::{Activation, SeqRef};
use recurrent::network::{Config, Cotangents, DenseSpec, RecurrentSpec};
use recurrent::{Batch, Error, Network, Targets, Workspace};
use rnn_backend_naive::Naive;

/// Panics unless this is an error whose one line contains `text`.
fn says<T>(result: Result<T, Error>, text: &str) {
    let Err(error) = result else { panic!("no error; expected one that says: {text}") };
    let line = error.to_string();
    assert!(!line.contains('\n') && line.contains("expected") && line.contains("found"), "{line}");
    assert!(line.contains(text), "`{line}` does not say `{text}`");
}

fn build(config: &Config) -> Result<Network<f32, Naive>, Error> {
    Network::with_backend(config, 1, Naive)
}

fn lstm(hidden: usize) -> RecurrentSpec {
    RecurrentSpec::lstm(hidden)
}

#[test]
fn configurations_that_contradict_themselves_are_refused() {
    let some = |c: Config| c.recurrent(lstm(3));
    says(build(&Config::features(2)), "layers: expected a layer or a head, found none");
    says(build(&Config::one_hot(2).last_step()), "layers: expected a layer or a head, found none");
    says(build(&Config::features(2).final_states().softmax(3)), "readout: expected a recurrent layer, whose states");
    says(build(&some(Config::features(0))), "input, width: expected at least 1, found 0");
    says(build(&some(Config::one_hot(0))), "input, symbols: expected at least 1");
    says(build(&some(Config::one_hot(u32::MAX as usize))), "input, symbols: expected below 4294967295");
    says(build(&some(Config::embedding(4, 0))), "input, width");
    says(build(&Config::features(2).recurrent(lstm(0))), "layers[0], hidden");
    says(build(&some(Config::features(2)).recurrent(lstm(3).layers(0))), "layers[1], layers");
    says(build(&some(Config::features(2)).softmax(0)), "head, units");
    says(build(&Config::one_hot(4).dropout(0.5).softmax(2)), "above one-hot input");
    says(build(&some(some(Config::features(2)).recurrent(lstm(3).name("rnn")))), "found two `rnn.weight_ih_l0`");
}

#[test]
fn sizes_that_overflow_or_do_not_fit_are_errors_and_no_crash() {
    says(build(&Config::features(2).recurrent(lstm(usize::MAX / 2))), "expected a size that fits into memory");
    says(build(&Config::features(usize::MAX).recurrent(lstm(3))), "expected a size that fits into memory");
    says(build(&Config::features(2).recurrent(lstm(3)).softmax(usize::MAX)), "head.weight");
    // 2⁵⁷ bytes of parameters have a size, but nowhere to be.
    assert!(matches!(build(&Config::features(2).recurrent(lstm(1 << 26))), Err(Error::Memory { .. })));
    let network = naive(&Config::features(1).recurrent(lstm(2)), 1);
    assert!(matches!(network.state(usize::MAX / 2), Err(Error::Overflow { .. })));
    assert!(matches!(network.state(1 << 57), Err(Error::Memory { .. })));
    says(Batch::features(&[0.0], [usize::MAX, 2, 1]).map(|_| ()), "features [T, N, C]");
    says(Batch::<f32>::symbols(&[0], [usize::MAX, 2]).map(|_| ()), "symbols [T, N]");
}

#[test]
fn more_layers_than_a_network_can_have_are_refused_at_once() {
    let most = Config::MOST_LAYERS;
    let layers = |layers: usize| Config::features(1).recurrent(lstm(1).layers(layers));
    says(build(&layers(1_000_000_000)), "layers[0], layers: expected at most 1024 layers in all, found 1000000000");
    says(build(&layers(usize::MAX).recurrent(lstm(1).layers(usize::MAX))), "expected at most 1024 layers in all");
    says(build(&layers(most).dense(DenseSpec::new(1, Activation::Tanh))), "layers[1], layers: expected at most 1024");
    let network = build(&layers(most)).unwrap();
    assert_eq!(network.parameters().blocks().len(), 4 * most);
    let name = "n".repeat(Config::LONGEST_NAME);
    build(&Config::features(1).recurrent(lstm(1).name(name.clone()))).unwrap();
    let long = Config::features(1).recurrent(lstm(1).name(name + "n"));
    says(build(&long), "names: expected at most 256 bytes, found one of 257 bytes");
}

#[test]
fn a_batch_without_rows_takes_no_time_whatever_number_of_steps_it_claims() {
    const STEPS: usize = usize::MAX - 1;
    for config in [Config::features(3).recurrent(lstm(2)), Config::features(3).recurrent(lstm(2).layers(2)).last_step()]
    {
        let network = naive(&config.linear(1), 1);
        let mut workspace = Workspace::new();
        workspace.record_traces(true);
        workspace.record_d_input(true);
        let (mut state, mut gradients) = (network.state(0).unwrap(), network.gradients().unwrap());
        let (lengths, targets) = ([], Targets::Values(&[]));
        let batch = Batch::features(&[], [STEPS, 0, 3]).unwrap().with_lengths(&lengths).unwrap();
        let window = batch.window(1, STEPS).unwrap();
        network.infer(&mut workspace, &window, &mut state).unwrap();
        let output = network.forward(&mut workspace, &batch, &mut state).unwrap();
        assert!([STEPS, 1].contains(&output.steps()) && output.rows() == 0);
        let shape = output.shape();
        let cotangents = Cotangents { output: Some(SeqRef::new(&[], shape[0], 0, 1)), state: None };
        network.backward(&mut workspace, cotangents, &mut gradients).unwrap();
        assert_eq!(workspace.trace(0, recurrent::Direction::Forward).unwrap().shape(), [STEPS + 1, 0, 2]);
        assert_eq!(workspace.d_input().unwrap().shape(), [STEPS, 0, 3]);
        let loss = network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).unwrap();
        assert_eq!((loss.count, network.evaluate(&mut workspace, &batch, targets, &mut state).unwrap().count), (0, 0));
        if shape[0] > 1 {
            network.truncated_bptt(&mut workspace, &batch, targets, 1, &mut state, &mut gradients).unwrap();
        }
        let batch = Batch::features(&[], [usize::MAX, 0, 3]).unwrap();
        says(network.infer(&mut workspace, &batch, &mut state).map(|_| ()), "T + 1: expected a size that fits");
        let batch = Batch::features(&[], [usize::MAX, 0, 0]).unwrap();
        assert!(network.infer(&mut workspace, &batch, &mut state).is_err());
    }
    let symbols = naive(&Config::one_hot(3).recurrent(lstm(2)).softmax(3), 1);
    let batch = Batch::symbols(&[], [STEPS, 0]).unwrap();
    symbols.infer(&mut Workspace::new(), &batch, &mut symbols.state(0).unwrap()).unwrap();
    // No shape without elements is a reason to panic.
    for [a, b, c] in [[0, usize::MAX, 3], [usize::MAX, 0, 3], [0, usize::MAX, usize::MAX]] {
        Batch::<f64>::features(&[], [a, b, c]).unwrap();
        Batch::<f64>::batch_first(&[], [a, b, c]).unwrap();
    }
}

#[test]
fn a_window_behind_every_row_leaves_the_state_and_reads_nothing() {
    let network = naive(&Config::one_hot(3).recurrent(lstm(2)).softmax(3), 1);
    let (lengths, index) = ([2, 1], [7; 6]);
    for start in [2, usize::MAX - 1, usize::MAX] {
        let batch = Batch::symbols(&index, [3, 2]).unwrap().with_window_of(&lengths, start).unwrap();
        for batch in [batch, batch.window(1, 3).unwrap()] {
            let (mut workspace, mut state) = (Workspace::new(), network.state(2).unwrap());
            state.as_mut_slice().fill(0.5);
            let before = state.clone();
            let output = network.infer(&mut workspace, &batch, &mut state).unwrap();
            let elements = output.steps() * 6;
            assert!(output.storage()[..elements].iter().all(|&y| y == 0.0));
            let (targets, mut gradients) = (vec![9; batch.steps() * 2], network.gradients().unwrap());
            let targets = Targets::Classes(&targets);
            let loss = network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).unwrap();
            assert!(loss.count == 0 && state == before && gradients.iter().all(|&g| g == 0.0));
        }
    }
}

#[test]
fn schemes_that_cannot_be_drawn_are_errors() {
    let with = |init: Init| build(&Config::features(2).recurrent(lstm(3)).init(init));
    let gain = |gain: f64| Init { input: Scheme::XavierUniform { gain }, ..Init::default() };
    says(with(gain(f64::NAN)), "init.input, gain: expected a finite number");
    says(with(gain(-1.0)), "found -1");
    let input = Scheme::SpectralRadius { radius: 1.0 };
    says(with(Init { input, ..Init::default() }), "found spectral_radius for [3, 2]");
    says(with(Init { forget_bias: Some(ForgetBias::Value(f64::INFINITY)), ..Init::default() }), "init.forget_bias");
}

#[test]
fn text_that_is_no_configuration_is_refused_by_field() {
    let parse = |text: &str| serde_json::from_str::<Config>(text).map_err(|error| error.to_string());
    let refused = |text: &str, why: &str| assert!(parse(text).is_err_and(|e| e.contains(why)), "{:?}", parse(text));
    refused(r#"{"input":{"features":{"width":2}},"layer":[]}"#, "unknown field `layer`");
    refused(r#"{"input":{"features":{"width":2,"height":1}}}"#, "unknown field `height`");
    refused(r#"{"input":{"features":{"width":-2}}}"#, "invalid value");
    let cell = |cell: &str| {
        format!(r#"{{"input":{{"features":{{"width":2}}}},"layers":[{{"recurrent":{{"cell":{cell},"hidden":1}}}}]}}"#)
    };
    refused(
        &cell(r#"{"gru":{"rest":"before"}}"#),
        "cell `gru`: options: unknown field `rest`, expected one of `reset`, `gate`",
    );
    refused(&cell(r#"{"gru":{"reset":"sideways"}}"#), "unknown variant `sideways`, expected `after` or `before`");
    refused(&cell(r#"{"lstm":{"peephole":true}}"#), "unknown field `peephole`, expected one of `forget`");
    refused(&cell(r#"{"lstm":{},"gru":{}}"#), "expected one cell, found `lstm` and `gru`");
    refused(&cell("{}"), "expected the name of a cell, found an empty map");
    refused(&cell("7"), "expected the name of a cell, or a map of its name to its options");
    let text = r#"{"input":{"features":{"width":2}},"layers":[{"recurrent":{"cell":{"gru":{}},"hidden":1}}]}"#;
    assert_eq!(parse(text).unwrap(), Config::features(2).recurrent(RecurrentSpec::gru(1)));
    for config in [parse(text).unwrap(), Config::embedding(3, 4).recurrent(lstm(5).bidirectional()).last_step()] {
        assert_eq!(parse(&serde_json::to_string(&config).unwrap()).unwrap(), config);
    }
}

#[test]
fn batches_that_do_not_fit_are_refused_and_leave_the_state_alone() {
    let network = naive(&Config::features(2).recurrent(lstm(3)).softmax(4), 1);
    let symbols = naive(&Config::one_hot(4).recurrent(lstm(3)).softmax(4), 1);
    let mut workspace = Workspace::new();
    let (mut state, mut other) =
        (network.state(2).unwrap(), naive(&Config::features(2).recurrent(lstm(4)), 1).state(2).unwrap());
    let (x, index) = (values(1, 12), [0, 1, 2, 3]);
    let batch = Batch::features(&x, [3, 2, 2]).unwrap();
    says(Batch::features(&x, [3, 2, 3]).map(|_| ()), "features [T, N, C]: expected 18 elements, found 12");
    says(Batch::batch_first(&x, [5, 2, 1]).map(|_| ()), "features [N, T, C]: expected 10");
    says(Batch::<f64>::symbols(&index, [2, 3]).map(|_| ()), "symbols [T, N]: expected 6");
    says(batch.with_lengths(&[4, 1]).map(|_| ()), "lengths[0]: expected at most T = 3, found 4");
    says(batch.with_lengths(&[1]).map(|_| ()), "lengths [N]: expected 2");
    says(batch.window(2, 4).map(|_| ()), "window: expected within 0..3, found 2..4");
    let wide = Batch::features(&x, [2, 2, 3]).unwrap();
    says(network.forward(&mut workspace, &wide, &mut state).map(|_| ()), "expected shape [2, 2, 2], found [2, 2, 3]");
    let rows = Batch::features(&x, [2, 3, 2]).unwrap();
    says(network.forward(&mut workspace, &rows, &mut state).map(|_| ()), "state, rows: expected 3, found 2");
    says(network.infer(&mut workspace, &batch, &mut other).map(|_| ()), "expected the state of this network");
    let tokens = Batch::symbols(&index, [2, 2]).unwrap();
    says(network.infer(&mut workspace, &tokens, &mut state).map(|_| ()), "batch: expected real vectors, found symbols");
    says(symbols.infer(&mut workspace, &batch, &mut state).map(|_| ()), "batch: expected symbols, found real vectors");
    let tokens = Batch::symbols(&[0, 1, 2, 4], [2, 2]).unwrap();
    says(symbols.infer(&mut workspace, &tokens, &mut state).map(|_| ()), "symbols[1, 1]: expected below 4, found 4");
    says(symbols.step_symbols(&mut workspace, &[1], &mut state).map(|_| ()), "symbols [N]: expected 2");
    says(network.step_features(&mut workspace, &[1.0; 5], &mut state).map(|_| ()), "expected 4 elements, found 5");
    says(state.reset_row(2), "state, row: expected below 2, found 2");
    assert!(state.as_slice().iter().all(|&h| h == 0.0));
}

#[test]
fn targets_that_do_not_fit_are_refused_and_leave_state_and_gradients_alone() {
    let stack = Config::features(2).recurrent(lstm(3));
    let x = values(1, 12);
    let batch = Batch::features(&x, [3, 2, 2]).unwrap().with_lengths(&[3, 1]).unwrap();
    let (values, counted) = ([0.5; 24], [true; 5]);
    let refused = |config: Config, targets: Targets<'_, f64>, text: &str| {
        let network = naive(&config, 1);
        let (mut workspace, mut state) = (Workspace::new(), network.state(2).unwrap());
        let mut gradients = network.gradients().unwrap();
        says(network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients), text);
        assert!(state.as_slice().iter().chain(&*gradients).all(|&x| x == 0.0));
        says(network.evaluate(&mut workspace, &batch, targets, &mut state), text);
    };
    let softmax = stack.clone().softmax(4);
    refused(softmax.clone(), Targets::Classes(&[0; 5]), "targets [T, N]: expected 6 elements, found 5");
    refused(
        softmax.clone(),
        Targets::Classes(&[0, 0, 4, 9, 0, 9]),
        "targets[1, 0]: expected below 4, or IGNORE, found 4",
    );
    refused(softmax.clone(), Targets::Values(&values), "expected classes, found values");
    refused(stack.clone().linear(4), Targets::Classes(&[0; 6]), "expected values, found classes");
    refused(stack.clone().linear(4), Targets::Values(&values[..23]), "targets [T, N, O]: expected 24");
    let short = Targets::Counted { values: &values, counted: &counted };
    refused(stack.clone().linear(4), short, "targets, counted [T, N]: expected 6");
    for bad in [1.5, -0.1, f64::NAN] {
        let mut p = values;
        p[9] = bad;
        let text = format!("targets[1, 0, 1]: expected a probability in 0..=1, found {bad}");
        refused(stack.clone().bernoulli(4), Targets::Values(&p), &text);
    }
    refused(stack.clone(), Targets::Values(&values), "expected a network with a head");
    refused(softmax.last_step(), Targets::Classes(&[0; 6]), "targets [T, N]: expected 2");
}

#[test]
fn passes_that_make_no_sense_are_refused() {
    let network = naive(&Config::features(2).recurrent(lstm(3).bidirectional()).softmax(4), 1);
    let (mut workspace, mut state) = (Workspace::new(), network.state(1).unwrap());
    let mut gradients = network.gradients().unwrap();
    let text = "rnn.l0: expected forward in time only, since later steps are not known yet, found a reverse direction";
    says(network.step_features(&mut workspace, &[1.0, 2.0], &mut state).map(|_| ()), text);
    let x = values(1, 6);
    let (batch, targets) = (Batch::features(&x, [3, 1, 2]).unwrap(), Targets::Classes(&[0, 1, 2]));
    says(network.truncated_bptt(&mut workspace, &batch, targets, 2, &mut state, &mut gradients), text);
    says(network.forward(&mut workspace, &batch.window(1, 3).unwrap(), &mut state).map(|_| ()), text);

    let causal = naive(&Config::features(2).recurrent(lstm(3)).softmax(4), 1);
    let mut state = causal.state(1).unwrap();
    let mut own = causal.gradients().unwrap();
    let zero = causal.truncated_bptt(&mut workspace, &batch, targets, 0, &mut state, &mut own);
    says(zero, "window: expected at least 1 step, found 0");
    let foreign = causal.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients);
    says(foreign, "gradients: expected the blocks of this network");
    causal.forward(&mut workspace, &batch, &mut state).unwrap();
    let cotangents = Cotangents { output: Some(SeqRef::new(&x, 3, 1, 2)), state: None };
    let wide = causal.backward(&mut workspace, cotangents, &mut own);
    says(wide, "cotangent of the output: expected shape [3, 1, 4], found [3, 1, 2]");
    says(workspace.d_state().map(|_| ()), "d_state: expected a backward pass");
}
