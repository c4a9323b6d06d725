//! Encoder–decoders: derivatives, ragged rows, what the decoder reads, and that decoding computes what training does.

use crate::common::values;
use recurrent::decoding::{Beam, Continue, beam, greedy};
use recurrent::kernels::{Activation, MatRef};
use recurrent::network::{Config, DenseSpec, RecurrentSpec};
use recurrent::rng::Rng;
use recurrent::sampling::Sampling;
use recurrent::seq2seq::{
    AttentionSpec, EncoderDecoderConfig, Feeding, Initial, Score, Source, SourceSpec, TargetSpec, Workspace,
};
use recurrent::{Batch, EncoderDecoder, Error, Parameters};
use rnn_backend_naive::Naive;
use rnn_check::derivative::{Verdict, along};

pub type Model = EncoderDecoder<f64, Naive>;

/// Targets of three rows, one of them empty; symbols below 5, the end is 0.
pub const TARGETS: [&[u32]; 3] = [&[1, 4, 2], &[], &[3, 3]];
/// Lengths of their sources.
const LENGTHS: [usize; 3] = [4, 1, 2];
const SYMBOLS: [u32; 12] = [1, 2, 0, 3, 0, 3, 2, 0, 0, 1, 0, 0];

pub fn model(config: &EncoderDecoderConfig) -> Model {
    Model::with_backend(config, 5, Naive).unwrap()
}

pub fn sequences() -> Batch<'static, f64> {
    Batch::symbols(&SYMBOLS, [4, 3]).unwrap().with_lengths(&LENGTHS).unwrap()
}

fn target() -> TargetSpec {
    TargetSpec { symbols: 5, width: 2, begin: 1, end: 0 }
}

/// Every context there is, over symbols.
pub fn contexts() -> Vec<EncoderDecoderConfig> {
    let new = |encoder: RecurrentSpec, decoder| {
        EncoderDecoderConfig::new(Config::embedding(4, 2).recurrent(encoder), target(), decoder)
    };
    let (gru, lstm) = (RecurrentSpec::gru, RecurrentSpec::lstm);
    let both = |units| gru(units).bidirectional();
    let additive = Score::Additive { units: 2 };
    vec![
        new(lstm(3).layers(2), lstm(3).layers(2)),
        new(both(2), lstm(3)).initial(Initial::Bridge),
        new(both(2), gru(3)).initial(Initial::Zero).every_step(),
        new(gru(3), gru(3)).attention(AttentionSpec::after(Score::Dot)),
        new(gru(3), gru(3)).every_step().attention(AttentionSpec::after(Score::ScaledDot)),
        new(both(2), lstm(3)).initial(Initial::Bridge).attention(AttentionSpec::after(additive)),
        new(gru(3), gru(3)).attention(AttentionSpec::before(Score::ScaledDot)),
        new(both(2), lstm(3).layers(2))
            .initial(Initial::Bridge)
            .every_step()
            .attention(AttentionSpec::before(additive)),
        new(both(2), gru(3).learned_initial()).initial(Initial::Zero).attention(AttentionSpec::after(additive)),
    ]
}

pub fn loss(model: &Model, source: Source<'_, f64>, feeding: Feeding) -> f64 {
    model.evaluate(&mut Workspace::new(), source, &TARGETS, feeding).unwrap().mean()
}

pub fn gradients(model: &Model, source: Source<'_, f64>, feeding: Feeding) -> (Parameters<f64>, Workspace<f64>) {
    let (mut workspace, mut gradients) = (Workspace::new(), model.gradients().unwrap());
    let found = model.loss_and_gradients(&mut workspace, source, &TARGETS, feeding, &mut gradients).unwrap();
    assert_eq!(found.count, 3 + 2 + 3);
    (gradients, workspace)
}

/// Along a random direction through each block, to ten times the error that the finite difference estimates of itself.
fn check_every_derivative(what: &str, model: &mut Model, source: Source<'_, f64>, feeding: Feeding) {
    let (gradients, _) = gradients(model, source, feeding);
    let scale = gradients.iter().fold(0.0, |largest: f64, g| largest.max(g.abs()));
    let (parameters, mut rng) = (model.parameters().clone(), Rng::seed(17));
    for block in parameters.blocks() {
        let range = block.range();
        assert!(gradients[range.clone()].iter().any(|&g| g != 0.0), "{what}: {} has a gradient", block.name);
        let v: Vec<f64> = range.clone().map(|_| rng.normal()).collect();
        let norm = v.iter().map(|v| v * v).sum::<f64>().sqrt();
        let claimed = v.iter().zip(&gradients[range.clone()]).map(|(v, g)| v / norm * g).sum();
        let evidence = along(|s| {
            model.update(|p| range.clone().zip(&v).for_each(|(k, v)| p[k] = parameters[k] + s * v / norm));
            loss(model, source, feeding)
        });
        assert_eq!(evidence.judge(claimed, scale), Verdict::Agrees, "{what}: {}: {claimed}, {evidence:?}", block.name);
        model.update(|p| p.copy_from_flat(&parameters)).unwrap();
    }
}

#[test]
fn every_derivative_with_every_context_agrees_with_finite_differences() {
    for config in contexts() {
        check_every_derivative(&format!("{config:?}"), &mut model(&config), sequences().into(), Feeding::Teacher);
    }
    // Features, with a layer on top of the encoder.
    let encoder = Config::features(2).recurrent(RecurrentSpec::gru(3)).dense(DenseSpec::new(3, Activation::Tanh));
    let config =
        EncoderDecoderConfig::new(encoder, target(), RecurrentSpec::gru(3)).attention(AttentionSpec::after(Score::Dot));
    let x = values(1, 4 * 3 * 2);
    let source = Batch::features(&x, [4, 3, 2]).unwrap().with_lengths(&LENGTHS).unwrap();
    check_every_derivative("features", &mut model(&config), source.into(), Feeding::Teacher);
}

#[test]
fn a_sequence_from_one_vector_has_the_derivative_by_the_vector() {
    let vector = SourceSpec::Vector { width: 4 };
    for config in [
        EncoderDecoderConfig::new(vector.clone(), target(), RecurrentSpec::lstm(3)),
        EncoderDecoderConfig::new(vector, target(), RecurrentSpec::gru(3)).initial(Initial::Zero).every_step(),
    ] {
        let (mut model, x) = (model(&config), values(2, 3 * 4));
        check_every_derivative(&format!("{config:?}"), &mut model, MatRef::new(&x, 3, 4).into(), Feeding::Teacher);
        let (gradient, workspace) = gradients(&model, MatRef::new(&x, 3, 4).into(), Feeding::Teacher);
        let v = values(3, x.len());
        let claimed = v.iter().zip(workspace.d_context()).map(|(v, d)| v * d).sum();
        let scale = gradient.iter().fold(0.0, |largest: f64, g| largest.max(g.abs()));
        let evidence = along(|s| {
            let x: Vec<f64> = x.iter().zip(&v).map(|(x, v)| x + s * v).collect();
            loss(&model, MatRef::new(&x, 3, 4).into(), Feeding::Teacher)
        });
        assert_eq!(evidence.judge(claimed, scale), Verdict::Agrees, "{claimed}, {evidence:?}");
    }
}

#[test]
fn a_row_has_the_loss_and_the_gradient_that_it_has_alone() {
    for config in contexts() {
        let model = model(&config);
        let (whole, _) = gradients(&model, sequences().into(), Feeding::Teacher);
        let mut sum = model.gradients().unwrap();
        let mut total = 0.0;
        for n in 0..3 {
            let symbols: Vec<u32> = (0..LENGTHS[n]).map(|t| SYMBOLS[3 * t + n]).collect();
            let (mut workspace, mut alone) = (Workspace::new(), model.gradients().unwrap());
            let source = Batch::symbols(&symbols, [LENGTHS[n], 1]).unwrap();
            let targets = &TARGETS[n..=n];
            let loss = model.loss_and_gradients(&mut workspace, source, targets, Feeding::Teacher, &mut alone).unwrap();
            total += loss.total;
            // Eight symbols and ends in all.
            sum.iter_mut().zip(&*alone).for_each(|(sum, g)| *sum += g * loss.weight / 8.0);
        }
        assert!((total / 8.0 - loss(&model, sequences().into(), Feeding::Teacher)).abs() < 1e-14, "{config:?}");
        for (k, (sum, whole)) in sum.iter().zip(&*whole).enumerate() {
            assert!((sum - whole).abs() < 1e-14, "{config:?}: {k}: {sum} and {whole}");
        }
    }
}

#[test]
fn padding_is_never_read_and_attention_does_not_see_it() {
    let encoder = Config::features(2).recurrent(RecurrentSpec::gru(3));
    let config = EncoderDecoderConfig::new(encoder, target(), RecurrentSpec::gru(3))
        .attention(AttentionSpec::before(Score::Dot));
    let (model, x) = (model(&config), values(1, 4 * 3 * 2));
    let run = |padding: f64| {
        let padded = |(k, &x): (usize, &f64)| if k / 6 < LENGTHS[k / 2 % 3] { x } else { padding };
        let x: Vec<f64> = x.iter().enumerate().map(padded).collect();
        let source = Batch::features(&x, [4, 3, 2]).unwrap().with_lengths(&LENGTHS).unwrap();
        gradients(&model, source.into(), Feeding::Teacher)
    };
    let ((zeros, _), (nans, workspace)) = (run(0.0), run(f64::NAN));
    assert_eq!(zeros, nans);
    for (n, length) in LENGTHS.into_iter().enumerate() {
        let alpha = workspace.attention(0, n).unwrap();
        assert!(alpha[length..].iter().all(|&alpha| alpha == 0.0));
        assert!((alpha.iter().sum::<f64>() - 1.0).abs() < 1e-15);
    }
    assert!(matches!(workspace.attention(1, 1), Err(Error::Range { .. }))); // its target is the end alone
}

#[test]
fn a_workspace_that_has_seen_other_batches_gives_the_bits_of_a_new_one() {
    let longer = [1, 2, 3, 0, 1, 2, 3, 0, 1, 2];
    for config in contexts() {
        let (model, mut used) = (model(&config), Workspace::new());
        let mut elsewhere = model.gradients().unwrap();
        let source = Batch::symbols(&longer, [5, 2]).unwrap();
        let targets: [&[u32]; 2] = [&[1; 9], &[2]];
        model.loss_and_gradients(&mut used, source, &targets, Feeding::Teacher, &mut elsewhere).unwrap();
        let mut again = model.gradients().unwrap();
        model.loss_and_gradients(&mut used, sequences(), &TARGETS, Feeding::Teacher, &mut again).unwrap();
        assert_eq!(again, gradients(&model, sequences().into(), Feeding::Teacher).0, "{config:?}");
    }
}

#[test]
fn decoding_step_by_step_gives_the_probabilities_of_training() {
    for config in contexts() {
        let model = model(&config);
        let mut decoding = model.decoding(sequences()).unwrap();
        let (mut total, mut last, mut log_p) = (0.0, vec![decoding.begin(); 3], Vec::new());
        for t in 0..4 {
            log_p.clear();
            decoding.advance(&[0, 1, 2], &last, &mut log_p).unwrap();
            for (n, target) in TARGETS.iter().enumerate().filter(|(_, target)| t <= target.len()) {
                last[n] = target.get(t).copied().unwrap_or(0);
                total -= log_p[n * 5 + last[n] as usize];
            }
        }
        let trained = loss(&model, sequences().into(), Feeding::Teacher) * 8.0;
        assert!((total - trained).abs() < 1e-13, "{config:?}: {total} and {trained}");
    }
}

#[test]
fn texts_of_a_batch_are_those_of_its_rows_to_the_bit() {
    for config in contexts() {
        let model = model(&config);
        let settings = Beam { width: 3, length_penalty: 0.5 };
        let greedily = greedy(&mut model.decoding(sequences()).unwrap(), 6).unwrap();
        let beams = beam(&mut model.decoding(sequences()).unwrap(), 6, settings).unwrap();
        for n in 0..3 {
            let symbols: Vec<u32> = (0..LENGTHS[n]).map(|t| SYMBOLS[3 * t + n]).collect();
            let alone = || model.decoding(Batch::symbols(&symbols, [LENGTHS[n], 1]).unwrap()).unwrap();
            assert_eq!(greedily[n], greedy(&mut alone(), 6).unwrap()[0], "{config:?}");
            assert_eq!(beams[n], beam(&mut alone(), 6, settings).unwrap()[0], "{config:?}");
            let one = Beam { width: 1, ..settings };
            assert_eq!(beam(&mut alone(), 6, one).unwrap()[0][0], greedily[n], "{config:?}");
        }
    }
}

#[test]
fn without_symbols_of_its_own_scheduled_sampling_is_teacher_forcing() {
    let none = Feeding::Scheduled { own: 0.0, sampling: Sampling::default(), seed: 3 };
    for config in contexts() {
        let model = model(&config);
        let (teacher, _) = gradients(&model, sequences().into(), Feeding::Teacher);
        assert_eq!(gradients(&model, sequences().into(), none).0, teacher, "{config:?}");
    }
}

#[test]
fn no_derivative_goes_through_a_symbol_that_the_model_chose() {
    // The likeliest symbols stay what they are as far as the differences reach, so these see the gradient of the rest.
    let sampling = Sampling { temperature: 0.0, top_k: None };
    let own = Feeding::Scheduled { own: 1.0, sampling, seed: 3 };
    for config in [&contexts()[3], &contexts()[6]] {
        check_every_derivative(&format!("{config:?}"), &mut model(config), sequences().into(), own);
    }
}

#[test]
fn what_does_not_fit_is_a_typed_error_and_changes_nothing() {
    let model = model(&contexts()[3]);
    let (mut workspace, mut sum) = (Workspace::new(), model.gradients().unwrap());
    let mut run = |source: Source<'_, f64>, targets: &[&[u32]], feeding| {
        let error = model.loss_and_gradients(&mut workspace, source, targets, feeding, &mut sum).unwrap_err();
        assert!(sum.iter().all(|&g| g == 0.0));
        error.to_string()
    };
    let teacher = Feeding::Teacher;
    assert_eq!(run(sequences().into(), &TARGETS[..2], teacher), "targets, rows: expected 3 elements, found 2");
    let with_end = [&[1, 0][..], &[], &[]];
    let message = "targets[0][1]: expected below 5 and not the end, 0, found 0";
    assert_eq!(run(sequences().into(), &with_end, teacher), message);
    let x = [0.0; 9];
    assert_eq!(run(MatRef::new(&x, 3, 3).into(), &TARGETS, teacher), "source: expected sequences, found vectors");
    let empty = Batch::symbols(&SYMBOLS, [4, 3]).unwrap().with_lengths(&[4, 0, 1]).unwrap();
    let message = "source, length of row 1: expected at least 1 to attend to, found 0";
    assert_eq!(run(empty.into(), &TARGETS, teacher), message);
    let own = Feeding::Scheduled { own: 1.5, sampling: Sampling::default(), seed: 3 };
    assert_eq!(run(sequences().into(), &TARGETS, own), "feeding: own: expected a number in [0, 1], found 1.5");
    let none = model.loss_and_gradients(
        &mut Workspace::new(),
        Batch::symbols(&[], [0, 0]).unwrap(),
        &[] as &[&[u32]],
        teacher,
        &mut model.gradients().unwrap(),
    );
    assert_eq!(none.unwrap().count, 0);
}

#[test]
fn a_configuration_that_is_none_is_refused_by_name() {
    let refused = |config: EncoderDecoderConfig| match EncoderDecoder::<f64, Naive>::with_backend(&config, 1, Naive)
        .unwrap_err()
    {
        Error::Config { at, .. } => at,
        other => panic!("{other}"),
    };
    let base = || contexts().remove(3);
    let encoder = |config: Config| EncoderDecoderConfig { source: config.into(), ..base() };
    let gru = |units| RecurrentSpec::gru(units);
    assert_eq!(refused(encoder(Config::one_hot(4).recurrent(gru(3)).softmax(2))), "source.encoder.head");
    assert_eq!(refused(encoder(Config::one_hot(4).recurrent(gru(3)).last_step())), "source.encoder.readout");
    assert_eq!(refused(encoder(Config::one_hot(4).recurrent(gru(2)))), "initial");
    assert_eq!(refused(encoder(Config::one_hot(4).recurrent(gru(2))).initial(Initial::Zero)), "attention.score");
    assert_eq!(refused(EncoderDecoderConfig { decoder: gru(3).bidirectional(), ..base() }), "decoder.directions");
    assert_eq!(refused(EncoderDecoderConfig { decoder: gru(3).dropout(0.5), ..base() }), "decoder.dropout");
    assert_eq!(refused(EncoderDecoderConfig { source: SourceSpec::Vector { width: 3 }, ..base() }), "attention");
    let target = TargetSpec { end: 5, ..target() };
    assert_eq!(refused(EncoderDecoderConfig { target, ..base() }), "target.end");
}

#[test]
fn configurations_are_kept_as_json() {
    for config in contexts() {
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<EncoderDecoderConfig>(&text).unwrap(), config, "{text}");
    }
}
