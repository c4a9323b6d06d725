//! Networks as values: the order of calls, packed weights, casts, workspaces, names.

use crate::common::{mixed_stack, naive, ragged_tokens, values};
use recurrent::init::{ForgetBias, Init};
use recurrent::kernels::{Activation, Direction, SeqRef};
use recurrent::network::{Config, Cotangents, DenseSpec, EmbeddingSpec, HeadSpec, Objective, Purpose, RecurrentSpec};
use recurrent::{Batch, Elman, Error, Gru, Lstm, Network, Targets, Workspace};
use rnn_backend_naive::{MatrixMultiply, Naive};

type Net = Network<f64, Naive>;

#[test]
fn backward_needs_a_forward_pass_with_the_present_parameters() {
    let mut network = naive(&Config::features(2).recurrent(RecurrentSpec::gru(3)), 1);
    let other = naive(&Config::features(2).recurrent(RecurrentSpec::gru(3)), 1);
    let x = values(1, 4);
    let batch = Batch::features(&x, [2, 1, 2]).unwrap();
    let (mut workspace, mut state) = (Workspace::new(), network.state(1).unwrap());
    let mut gradients = network.gradients().unwrap();
    let cotangents = Cotangents { output: None, state: None };
    let order = |result: Result<(), Error>| assert!(matches!(result, Err(Error::Order { .. })), "{result:?}");
    order(network.backward(&mut workspace, cotangents, &mut gradients));
    network.forward(&mut workspace, &batch, &mut state).unwrap();
    order(other.backward(&mut workspace, cotangents, &mut gradients));
    network.clone().backward(&mut workspace, cotangents, &mut gradients).unwrap();
    network.update(|p| p[0] += 1.0);
    order(network.backward(&mut workspace, cotangents, &mut gradients));
    network.forward(&mut workspace, &batch, &mut state).unwrap();
    network.infer(&mut workspace, &batch, &mut state).unwrap();
    order(network.backward(&mut workspace, cotangents, &mut gradients));
}

#[test]
fn an_interrupted_update_leaves_no_weights_that_could_be_used() {
    let mut network = naive(&Config::features(2).recurrent(RecurrentSpec::gru(3)), 1);
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| network.update(|_| panic!("stop"))));
    assert!(caught.is_err());
    let (mut workspace, mut state) = (Workspace::new(), network.state(1).unwrap());
    let step = network.step_features(&mut workspace, &[1.0, 2.0], &mut state);
    assert!(matches!(step, Err(Error::Order { .. })));
    network.update(|_| ());
    network.step_features(&mut workspace, &[1.0, 2.0], &mut state).unwrap();
}

#[test]
fn weights_packed_for_one_purpose_are_not_used_for_another() {
    let mut network = naive(&Config::features(2).recurrent(RecurrentSpec::gru(3)), 1);
    let (mut workspace, mut state) = (Workspace::new(), network.state(1).unwrap());
    let batch = Batch::features(&[1.0, 2.0], [1, 1, 2]).unwrap();
    network.keep_packed_for(Purpose::Infer).unwrap();
    assert!(matches!(network.forward(&mut workspace, &batch, &mut state), Err(Error::Order { .. })));
    network.infer(&mut workspace, &batch, &mut state).unwrap();
    network.keep_packed_for(Purpose::Train).unwrap();
    assert!(matches!(network.infer(&mut workspace, &batch, &mut state), Err(Error::Order { .. })));
    network.forward(&mut workspace, &batch, &mut state).unwrap();
}

/// Into f32 every parameter is rounded to the nearest, back into f64 nothing is; both are packed and run.
#[test]
fn a_cast_network_computes_with_the_parameters_rounded_to_the_nearest() {
    let network = naive(&Config::one_hot(5).recurrent(RecurrentSpec::lstm(3).bidirectional()).softmax(4), 3);
    let single: Network<f32, Naive> = network.cast(Naive).unwrap();
    let wide: Network<f64, MatrixMultiply> = single.cast(MatrixMultiply).unwrap();
    assert!(single.config() == network.config() && single.parameters().same_layout(network.parameters()));
    let mut rounded = 0;
    for ((&before, &single), &after) in
        network.parameters().iter().zip(&**single.parameters()).zip(&**wide.parameters())
    {
        #[expect(clippy::cast_possible_truncation, reason = "rounding is what is asked for")]
        let nearest = before as f32;
        assert_eq!((single, after), (nearest, f64::from(nearest)));
        rounded += usize::from(after != before);
    }
    assert!(rounded > network.parameters().len() / 2, "numbers that an f32 holds prove nothing");

    let batch = Batch::symbols(&[0, 1, 2, 3, 4, 1], [3, 2]).unwrap();
    let mut by_hand = wide.cast::<f64, Naive>(Naive).unwrap();
    let infer = |network: &Net| {
        let (mut workspace, mut state) = (Workspace::new(), network.state(2).unwrap());
        network.infer(&mut workspace, &batch, &mut state).unwrap().storage()[..24].to_vec()
    };
    let cast = infer(&by_hand);
    by_hand.update(|_| ());
    assert_eq!(infer(&by_hand), cast, "a cast network is packed");
    assert_ne!(infer(&network), cast);
}

#[test]
fn one_workspace_serves_networks_and_batches_of_any_size() {
    let small = naive(&Config::features(2).recurrent(RecurrentSpec::gru(3)).linear(2), 1);
    let large = naive(&mixed_stack(Config::one_hot(5)).softmax(2), 1);
    let (x, tokens) = (values(1, 16), ragged_tokens(&[4; 3], 4, 5));
    let run_small = |workspace: &mut Workspace<f64>, n: usize| {
        let batch = Batch::features(&x[..4 * n], [2, n, 2]).unwrap();
        let mut gradients = small.gradients().unwrap();
        let targets = Targets::Values(&x[..4 * n]);
        let mut state = small.state(n).unwrap();
        let loss = small.loss_and_gradients(workspace, &batch, targets, &mut state, &mut gradients).unwrap();
        (loss, gradients, state)
    };
    let run_large = |workspace: &mut Workspace<f64>| {
        let batch = Batch::symbols(&tokens, [4, 3]).unwrap();
        let mut state = large.state(3).unwrap();
        large.infer(workspace, &batch, &mut state).unwrap().storage()[..24].to_vec()
    };
    let mut shared = Workspace::new();
    for n in [1, 4, 2] {
        assert_eq!(run_small(&mut shared, n), run_small(&mut Workspace::new(), n));
        assert_eq!(run_large(&mut shared), run_large(&mut Workspace::new()));
    }
}

#[test]
fn a_single_layer_has_the_names_of_pytorchs_own() {
    let lstm = Lstm::<f32, Naive>::with_backend(3, 5, 1, Naive).unwrap();
    let names: Vec<_> = lstm.parameters().blocks().iter().map(|b| &b.name[..]).collect();
    assert_eq!(names, ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]);
    assert_eq!(lstm.network().recurrent_layers().next().unwrap().w_hh.as_deref(), Some("weight_hh_l0"));
}

/// Each call of a layer is that of its network: forward, backward and step of one against those of the other.
macro_rules! a_layer_is_its_network {
    ($layer:ident, $spec:expr) => {{
        let mut layer = $layer::<f64, Naive>::with_backend(2, 3, 7, Naive).unwrap();
        assert_eq!((layer.input(), layer.hidden()), (2, 3));
        let mut network = naive(&Config::features(2).recurrent($spec.name("")), 7);
        assert_eq!(layer.parameters(), network.parameters());
        layer.update(|p| p[1] = 0.5);
        network.update(|p| p[1] = 0.5);
        let (x, d) = (values(1, 16), values(2, 24));
        let (batch, output) = (Batch::features(&x, [4, 2, 2]).unwrap(), Some(SeqRef::new(&d, 4, 2, 3)));
        let (mut workspace, mut own) = (Workspace::new(), Workspace::new());
        let (mut state, mut gradients) = (network.state(2).unwrap(), network.gradients().unwrap());
        let (mut of_layer, mut d_layer) = (layer.state(2).unwrap(), layer.gradients().unwrap());
        let y = network.forward(&mut workspace, &batch, &mut state).unwrap().storage();
        assert_eq!(layer.forward(&mut own, &batch, &mut of_layer).unwrap().storage(), y);
        let cotangents = Cotangents { output, state: None };
        network.backward(&mut workspace, cotangents, &mut gradients).unwrap();
        layer.backward(&mut own, cotangents, &mut d_layer).unwrap();
        assert_eq!(d_layer, gradients);
        let h = network.step_features(&mut workspace, &x[..4], &mut state).unwrap().row(1).to_vec();
        assert_eq!(layer.step(&mut own, &x[..4], &mut of_layer).unwrap().row(1), h);
        assert_eq!(of_layer, state);
        assert_eq!(layer.clone().into_network().parameters(), network.parameters());
    }};
}

#[test]
fn a_single_layer_computes_what_its_network_does() {
    a_layer_is_its_network!(Elman, RecurrentSpec::elman(3, Activation::Tanh));
    a_layer_is_its_network!(Lstm, RecurrentSpec::lstm(3));
    a_layer_is_its_network!(Gru, RecurrentSpec::gru(3));
}

#[test]
fn parameters_are_named_and_ordered_as_pytorch_does() {
    let network =
        naive(&Config::embedding(5, 2).recurrent(RecurrentSpec::gru(3).bidirectional().layers(2)).softmax(4), 1);
    let blocks = network.parameters().blocks();
    let names: Vec<_> = blocks.iter().map(|b| &b.name[..]).collect();
    let cell = |suffix: &str| {
        ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map(|block| format!("rnn.{block}_{suffix}")).to_vec()
    };
    let rnn = [cell("l0"), cell("l0_reverse"), cell("l1"), cell("l1_reverse")].concat();
    assert_eq!(names[0], "embedding.weight");
    assert_eq!(names[1..17], rnn);
    assert_eq!(names[17..], ["head.weight", "head.bias"]);
    assert_eq!(network.parameters().block("rnn.weight_ih_l1_reverse").unwrap().shape, [9, 6]);
    assert_eq!(network.parameters().block("head.weight").unwrap().shape, [4, 6]);
    let (layers, slots): (Vec<_>, Vec<_>) =
        network.recurrent_layers().map(|l| (l.w_hh, (l.layer, l.direction))).unzip();
    assert_eq!(layers[3].as_deref(), Some("rnn.weight_hh_l1_reverse"));
    assert_eq!(slots[2], (1, Direction::Forward));
}

#[test]
fn every_layer_with_parameters_takes_a_name_and_no_two_take_one() {
    let config = |embedding: &str, recurrent: &str, dense: &str, head: &str| {
        Config::new(EmbeddingSpec::new(5, 2).named(embedding))
            .recurrent(RecurrentSpec::gru(3).learned_initial().named(recurrent))
            .dense(DenseSpec::new(4, Activation::Tanh).named(dense))
            .head(HeadSpec::new(3, Objective::Softmax).named(head))
    };
    let network = naive(&config("letters", "memory", "between", ""), 1);
    let names: Vec<_> = network.parameters().blocks().iter().map(|block| &block.name[..]).collect();
    assert_eq!((names[0], names[1], names[5]), ("letters.weight", "memory.weight_ih_l0", "memory.h0_l0"));
    assert_eq!(names[6..], ["between.weight", "between.bias", "weight", "bias"]);
    for (config, twice) in [
        (config("a", "b", "a", "c"), "a.weight"),
        (config("a", "b", "c", "c"), "c.weight"),
        (config("", "b", "c", ""), "weight"),
        (config("a", "b", "c", "d").recurrent(RecurrentSpec::lstm(2).named("b")), "b.weight_ih_l0"),
    ] {
        let Err(Error::Config { at, found, .. }) = Net::with_backend(&config, 1, Naive) else {
            panic!("{config:?}");
        };
        assert_eq!((at, found), ("names".into(), format!("two `{twice}`")));
    }
}

#[test]
fn a_forget_bias_is_set_beside_all_other_initial_values() {
    let lstm = |config: Config| config.recurrent(RecurrentSpec::lstm(2)).linear(1);
    let config = lstm(Config::features(1)).init(Init::irnn()).forget_bias(1.0);
    assert_eq!(config.init, Init { forget_bias: Some(ForgetBias::Value(1.0)), ..Init::irnn() });
    assert_eq!(naive(&config, 1).parameters().get("rnn.bias_ih_l0").unwrap()[2..4], [1.0; 2]);
    let chrono = lstm(Config::features(1)).forget_bias(ForgetBias::Chrono(784.0));
    assert_eq!(chrono.init, Init::default().forget_bias(ForgetBias::Chrono(784.0)));
}

#[test]
fn a_model_is_shared_between_threads() {
    fn shared<T: Sync + Send>(_: &T) {}
    shared(&naive(&Config::features(2).recurrent(RecurrentSpec::gru(3)), 1));
    shared(&Workspace::<f32>::new());
}
