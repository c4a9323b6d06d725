//! A run that was saved and resumed is the run that was never interrupted, bit for bit, through the training loop of
//! the example `char_lm`.

use crate::char_lm::corpus::Corpus;
use crate::char_lm::run::{Run, Saved, Settings};
use recurrent::backend::Backend;
use recurrent::checkpoint::{Digest, Limits};
use recurrent::network::{Config, RecurrentSpec};
use recurrent::optim::Schedule;
use rnn_backend_faer::Faer;
use rnn_backend_naive::Naive;
use std::sync::Arc;

fn corpus() -> Corpus {
    let lines = (0..60).map(|i| format!("{i} times {} is {}; ", i + 3, i * (i + 3)));
    Corpus::new(&lines.collect::<String>()).unwrap()
}

fn run(layer: RecurrentSpec, corpus: &Corpus, backend: Arc<dyn Backend<f32>>) -> Run {
    let symbols = corpus.vocabulary.len();
    let config = Config::one_hot(symbols).recurrent(layer).softmax(symbols);
    let schedule = Schedule::Cosine { rate: 0.01, end: 0.001, warm_up: 20, steps: 300 };
    let settings = Settings { rows: 3, window: 7, seed: 11, schedule, limit: 0.5 };
    Run::new(&config, settings, corpus, backend).unwrap()
}

fn walk(run: &mut Run, corpus: &Corpus, steps: usize) {
    for _ in 0..steps {
        run.step(corpus).unwrap();
    }
}

/// The two runs' checkpoints as bytes: `==` on floats would take −0 for 0.
fn whole_and_resumed(layer: RecurrentSpec, backend: fn() -> Arc<dyn Backend<f32>>) -> [Vec<u8>; 2] {
    let (corpus, folder) = (corpus(), tempfile::tempdir().unwrap());
    let paths = ["whole", "half", "resumed"].map(|name| folder.path().join(name));

    let mut whole = run(layer.clone(), &corpus, backend());
    walk(&mut whole, &corpus, 400);
    whole.save(&corpus).unwrap().write(&paths[0]).unwrap();

    let mut half = run(layer, &corpus, backend());
    walk(&mut half, &corpus, 200);
    half.save(&corpus).unwrap().write(&paths[1]).unwrap();
    drop(half);

    let saved = Saved::read(&paths[1], Limits::default()).unwrap();
    assert_eq!(saved.step, 200);
    assert!(saved.state.iter().any(|&x| x != 0.0), "the state carried on must matter");
    let mut resumed = Run::resume(saved, &corpus, backend()).unwrap();
    walk(&mut resumed, &corpus, 200);
    resumed.save(&corpus).unwrap().write(&paths[2]).unwrap();
    assert_eq!(resumed.kept.curve.training.len(), 400);
    let learned = |curve: &[f32]| curve[390..].iter().sum::<f32>() < 0.8 * curve[..10].iter().sum::<f32>();
    assert!(learned(&resumed.kept.curve.training), "a run that learns nothing proves nothing");
    [&paths[0], &paths[2]].map(|path| std::fs::read(path).unwrap())
}

#[test]
fn two_hundred_and_two_hundred_resumed_steps_are_four_hundred_bit_for_bit() {
    let [whole, resumed] = whole_and_resumed(RecurrentSpec::lstm(12).layers(2), || Arc::new(Naive));
    assert!(whole == resumed, "digests {} and {}", Digest::of(&whole), Digest::of(&resumed));
}

#[test]
fn so_they_are_for_a_gru_on_two_threads() {
    let [whole, resumed] = whole_and_resumed(RecurrentSpec::gru(16), || Arc::new(Faer::parallel(2)));
    assert!(whole == resumed, "digests {} and {}", Digest::of(&whole), Digest::of(&resumed));
}

#[test]
fn a_checkpoint_of_another_text_or_another_shape_is_refused() {
    let corpus = corpus();
    let mut first = run(RecurrentSpec::lstm(5), &corpus, Arc::new(Naive));
    walk(&mut first, &corpus, 1);
    let saved = first.save(&corpus).unwrap();
    let other = Corpus::new(&"another text altogether ".repeat(20)).unwrap();
    let error = Run::resume(saved.clone(), &other, Arc::new(Naive)).unwrap_err().to_string();
    assert!(error.contains(&other.digest.to_string()) && error.contains(&corpus.digest.to_string()), "{error}");
    let mut short = saved.clone();
    short.parameters.pop();
    assert!(Run::resume(short, &corpus, Arc::new(Naive)).is_err());
    let mut stateless = saved;
    stateless.state.clear();
    assert!(Run::resume(stateless, &corpus, Arc::new(Naive)).is_err());
}
