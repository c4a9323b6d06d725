//! Dropout layers and drawn masks: explicit in the seed of a batch, off where nothing is trained, derived like everything else.

use crate::common::{LENGTHS, naive, values};
use recurrent::kernels::{Activation, SeqRef};
use recurrent::network::{CellSpec, Config, Draw, DropoutSpec, RecurrentSpec};
use recurrent::rng::Rng;
use recurrent::{Batch, Error, Loss, Mask, Network, Parameters, State, Targets, Workspace};
use rnn_backend_naive::Naive;
use rnn_check::derivative::{Verdict, along};

type Net = Network<f64, Naive>;

const STEPS: usize = 4;
const ROWS: usize = 3;
const C: usize = 6;

fn x() -> Vec<f64> {
    values(1, STEPS * ROWS * C)
}

fn batch(x: &[f64]) -> Batch<'_, f64> {
    Batch::features(x, [STEPS, ROWS, C]).unwrap().with_lengths(&LENGTHS).unwrap()
}

/// Everything that drops or keeps at random, in every place.
fn noisy() -> Config {
    Config::features(C)
        .dropout(0.25)
        .recurrent(RecurrentSpec::new(CellSpec::lstm().zoneout(0.25), 4).layers(2).dropout(0.5))
        .recurrent(RecurrentSpec::new(CellSpec::new("gru").recurrent_dropout(0.5), 3).bidirectional())
        .dropout(DropoutSpec::new(0.5).per_sequence())
        .recurrent(RecurrentSpec::new(
            CellSpec::elman(Activation::Tanh).recurrent_dropout(DropoutSpec::new(0.25).per_sequence()),
            4,
        ))
        .dropout(0.5)
        .linear(2)
}

/// The same layers and cells; what is random in `noisy` is its mean.
fn plain() -> Config {
    let lstm = CellSpec::lstm().with("noise", "zoneout").mask("zoneout_h", 0.25).mask("zoneout_c", 0.25);
    let gru = CellSpec::new("gru").with("noise", "candidate").mask("candidate", 1.0);
    let elman = CellSpec::elman(Activation::Tanh).with("noise", "state").mask("state", 1.0);
    Config::features(C)
        .recurrent(RecurrentSpec::new(lstm, 4).layers(2))
        .recurrent(RecurrentSpec::new(gru, 3).bidirectional())
        .recurrent(RecurrentSpec::new(elman, 4))
        .linear(2)
}

type Found = (Loss, Parameters<f64>, State<f64>);

fn train(network: &Net, batch: &Batch<'_, f64>, t: &[f64]) -> Found {
    let (mut state, mut gradients) = (network.state(batch.rows()).unwrap(), network.gradients().unwrap());
    let mut workspace = Workspace::new();
    let loss = network.loss_and_gradients(&mut workspace, batch, Targets::Values(t), &mut state, &mut gradients);
    (loss.unwrap(), gradients, state)
}

fn outputs(network: &Net, batch: &Batch<'_, f64>, noise: Option<u64>) -> Vec<f64> {
    let batch = noise.map_or(*batch, |seed| batch.with_noise(seed));
    let (mut workspace, mut state) = (Workspace::new(), network.state(batch.rows()).unwrap());
    flat(network.forward(&mut workspace, &batch, &mut state).unwrap())
}

fn flat(y: SeqRef<'_, f64>) -> Vec<f64> {
    (0..y.steps()).flat_map(|t| (0..y.rows()).flat_map(move |n| y.at(t).row(n).to_vec())).collect()
}

#[test]
fn without_noise_every_mask_is_its_mean_and_dropout_the_identity() {
    let (dropped, whole, x) = (naive(&noisy(), 5), naive(&plain(), 5), x());
    assert_eq!(**dropped.parameters(), **whole.parameters());
    let t = values(2, STEPS * ROWS * 2);
    let (found, expected) = (train(&dropped, &batch(&x), &t), train(&whole, &batch(&x), &t));
    assert_eq!((found.0, found.2.as_slice()), (expected.0, expected.2.as_slice()));
    assert_eq!(*found.1, *expected.1);
}

#[test]
fn evaluation_and_inference_do_not_drop_whatever_the_batch_says() {
    let (network, x, t) = (naive(&noisy(), 5), x(), values(2, STEPS * ROWS * 2));
    let evaluated = |batch: &Batch<'_, f64>| {
        let (mut workspace, mut state) = (Workspace::new(), network.state(ROWS).unwrap());
        network.evaluate(&mut workspace, batch, Targets::Values(&t), &mut state).unwrap()
    };
    assert_eq!(evaluated(&batch(&x).with_noise(3)), evaluated(&batch(&x)));
    let inferred = |batch: &Batch<'_, f64>| {
        let (mut workspace, mut state) = (Workspace::new(), network.state(ROWS).unwrap());
        flat(network.infer(&mut workspace, batch, &mut state).unwrap())
    };
    assert_eq!(inferred(&batch(&x).with_noise(3)), inferred(&batch(&x)));
    assert_ne!(outputs(&network, &batch(&x), Some(3)), outputs(&network, &batch(&x), None));
}

#[test]
fn the_seed_of_a_batch_is_all_that_its_masks_depend_on() {
    let (network, x) = (naive(&noisy(), 5), x());
    assert_eq!(outputs(&network, &batch(&x), Some(3)), outputs(&network, &batch(&x), Some(3)));
    assert_ne!(outputs(&network, &batch(&x), Some(3)), outputs(&network, &batch(&x), Some(4)));
}

#[test]
fn dropout_multiplies_by_its_mask() {
    // Behind the last layer, the mask is seen in the output itself.
    let config = Config::features(C).recurrent(RecurrentSpec::lstm(5));
    let (whole, dropped) = (naive(&config, 1), naive(&config.clone().dropout(0.5), 1));
    let x = x();
    let (h, y) = (outputs(&whole, &batch(&x), None), outputs(&dropped, &batch(&x), Some(1)));
    assert!(h.iter().zip(&y).all(|(&h, &y)| y == 0.0 || y == 2.0 * h));
    let kept = h.iter().zip(&y).filter(|&(&h, &y)| h != 0.0 && y != 0.0).count();
    assert!(kept > 5 && kept < 25, "{kept} of 30");
    // In front of the first layer, the cotangent of the input has the mask, and a network that reads the masked input agrees.
    let dropped = naive(&Config::features(C).dropout(0.5).recurrent(RecurrentSpec::lstm(5)).linear(2), 1);
    let whole = naive(&Config::features(C).recurrent(RecurrentSpec::lstm(5)).linear(2), 1);
    let (mut workspace, t) = (Workspace::new(), values(2, STEPS * ROWS * 2));
    workspace.record_d_input(true);
    let (mut state, mut gradients) = (dropped.state(ROWS).unwrap(), dropped.gradients().unwrap());
    let noise = batch(&x).with_noise(1);
    let loss = dropped.loss_and_gradients(&mut workspace, &noise, Targets::Values(&t), &mut state, &mut gradients);
    let d_x = flat(workspace.d_input().unwrap());
    let masked: Vec<f64> = x.iter().zip(&d_x).map(|(x, &d)| if d == 0.0 { 0.0 } else { 2.0 * x }).collect();
    let by_hand = train(&whole, &batch(&masked), &t);
    assert_eq!((loss.unwrap(), &*gradients, state), (by_hand.0, &*by_hand.1, by_hand.2));
}

#[test]
fn every_derivative_under_noise_agrees_with_finite_differences() {
    let (x, t) = (x(), values(2, STEPS * ROWS * 2));
    let last_step = noisy().last_step();
    for (config, outputs) in [(noisy(), STEPS * ROWS * 2), (last_step, ROWS * 2)] {
        let (mut network, batch) = (naive(&config, 7), batch(&x).with_noise(11));
        let t = &t[..outputs];
        let (_, gradients, _) = train(&network, &batch, t);
        let scale = gradients.iter().fold(0.0, |largest: f64, g| largest.max(g.abs()));
        let (parameters, mut rng) = (network.parameters().clone(), Rng::seed(13));
        for block in parameters.blocks() {
            let range = block.range();
            let v: Vec<f64> = range.clone().map(|_| rng.normal()).collect();
            let claimed = v.iter().zip(&gradients[range.clone()]).map(|(v, g)| v * g).sum();
            let evidence = along(|s| {
                network.update(|p| {
                    p.copy_from_slice(&parameters);
                    p[range.clone()].iter_mut().zip(&v).for_each(|(p, v)| *p += s * v);
                });
                train(&network, &batch, t).0.mean()
            });
            assert_eq!(evidence.judge(claimed, scale), Verdict::Agrees, "{}: {claimed}, {evidence:?}", block.name);
            network.update(|p| p.copy_from_slice(&parameters));
        }
    }
}

#[test]
fn windows_that_are_computed_anew_have_the_masks_of_the_batch() {
    let (x, t) = (x(), values(2, STEPS * ROWS * 2));
    let forward = Config::features(C)
        .dropout(0.25)
        .recurrent(RecurrentSpec::new(CellSpec::lstm().zoneout(0.25), 4).layers(2).dropout(0.5))
        .dropout(DropoutSpec::new(0.5).per_sequence())
        .linear(2);
    let (network, batch) = (naive(&forward, 5), batch(&x).with_noise(3));
    let whole = train(&network, &batch, &t);
    let (mut workspace, mut state, mut gradients) =
        (Workspace::new(), network.state(ROWS).unwrap(), network.gradients().unwrap());
    let loss =
        network.recomputed_bptt(&mut workspace, &batch, Targets::Values(&t), 3, &mut state, &mut gradients).unwrap();
    assert_eq!(state, whole.2);
    // Sums of the same terms in another order.
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * a.abs().max(1.0);
    assert!(close(loss.mean(), whole.0.mean()) && gradients.iter().zip(&*whole.1).all(|(&a, &b)| close(a, b)));
}

#[test]
fn a_mask_per_sequence_is_the_same_in_all_windows_and_at_all_steps() {
    let config = Config::features(C).recurrent(RecurrentSpec::lstm(8)).dropout(DropoutSpec::new(0.5).per_sequence());
    let (network, x) = (naive(&config, 1), x());
    let all = Batch::features(&x, [STEPS, ROWS, C]).unwrap();
    let zeros = |y: Vec<f64>| y.iter().map(|&y| y == 0.0).collect::<Vec<_>>();
    let whole = zeros(outputs(&network, &all, Some(2)));
    assert!((1..STEPS).all(|t| whole[t * ROWS * 8..][..ROWS * 8] == whole[..ROWS * 8]));
    let window = zeros(outputs(&network, &all.window(2, 4).unwrap(), Some(2)));
    assert_eq!(window[..], whole[..2 * ROWS * 8]);
}

#[test]
fn a_mask_that_is_given_is_not_drawn() {
    let cell = CellSpec::lstm().zoneout(0.5);
    let config = Config::features(C).recurrent(RecurrentSpec::new(cell, 4)).linear(2);
    let (network, x) = (naive(&config, 1), x());
    let masks = [Mask::constant(0, "zoneout_h", 0.5), Mask::constant(0, "zoneout_c", 0.5)];
    let given = batch(&x).with_masks(&masks);
    assert_eq!(outputs(&network, &given, Some(1)), outputs(&network, &batch(&x), None));
    assert_ne!(outputs(&network, &batch(&x), Some(1)), outputs(&network, &batch(&x), None));
}

#[test]
fn rates_that_are_none_and_places_that_are_none_are_refused() {
    let error = |config: Config| Network::<f32, Naive>::with_backend(&config, 1, Naive).unwrap_err();
    for rate in [1.0, -0.1, f64::NAN, 1.0 - 1e-12] {
        let layer = error(Config::features(2).dropout(rate).recurrent(RecurrentSpec::lstm(2)));
        assert!(layer.to_string().contains("layers[0], rate: expected a probability below 1"), "{layer}");
        let between = error(Config::features(2).recurrent(RecurrentSpec::lstm(2).layers(2).dropout(rate)));
        assert!(matches!(between, Error::Config { .. }), "{between}");
        let cell = error(Config::features(2).recurrent(RecurrentSpec::new(CellSpec::lstm().zoneout(rate), 2)));
        assert!(matches!(cell, Error::Cell { .. }), "{cell}");
    }
    let one_hot = error(Config::one_hot(3).dropout(0.5).recurrent(RecurrentSpec::lstm(2)));
    assert!(
        one_hot.to_string().contains("an embedding or a recurrent or dense layer above one-hot input"),
        "{one_hot}"
    );
}

#[test]
fn a_configuration_with_dropout_reads_well_and_comes_back() {
    let text = r#"{ "input": { "features": { "width": 2 } },
        "layers": [{ "dropout": { "rate": 0.25 } },
                   { "recurrent": { "cell": { "lstm": { "noise": "zoneout", "masks": {
                        "zoneout_h": { "zoneout": { "rate": 0.1 } }, "zoneout_c": { "zoneout": { "rate": 0.1 } } } } },
                     "hidden": 3, "layers": 2, "dropout": { "rate": 0.5, "per": "sequence" } } }] }"#;
    let spec = RecurrentSpec::new(CellSpec::lstm().zoneout(0.1), 3).layers(2);
    let config = Config::features(2).dropout(0.25).recurrent(spec.dropout(DropoutSpec::new(0.5).per_sequence()));
    assert_eq!(serde_json::from_str::<Config>(text).unwrap(), config);
    assert_eq!(serde_json::from_str::<Config>(&serde_json::to_string(&config).unwrap()).unwrap(), config);
    assert_eq!(Draw::Zoneout(0.1.into()).mean(), 0.1);
}
