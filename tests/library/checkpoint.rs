//! Checkpoints: what comes back is what was written, bit for bit, and nothing else is accepted.

use crate::checkpoint_format::version_1;
use recurrent::checkpoint::{Checkpoint, CheckpointFault as Fault, Digest, Limits};
use recurrent::init::Scheme;
use recurrent::network::RecurrentSpec;
use recurrent::optim::{Adadelta, Adagrad, Adam, Momentum, Optimiser, RmsProp, Rule, Schedule, Sgd};
use recurrent::rng::Rng;
use recurrent::{Config, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::path::Path;

pub type Small = Checkpoint<f32, String>;

pub fn small() -> Small {
    let mut optimiser = Optimiser::new(Rule::Adam(Adam::default()), 4).unwrap();
    let mut parameters = vec![1.0, -0.0, f32::from_bits(1), f32::MIN];
    optimiser.step(&mut parameters, &[0.25, -0.0, 1e-38, 0.5], 1e-3).unwrap();
    parameters[1] = -0.0;
    parameters[2] = f32::from_bits(1);
    let mut rng = Rng::seed(9);
    rng.next_u64();
    Checkpoint {
        config: Config::one_hot(3).recurrent(RecurrentSpec::lstm(2)).softmax(3),
        cells: Vec::new(),
        parameters,
        optimiser,
        schedule: Schedule::Cosine { rate: 3e-3, end: 1e-4, warm_up: 10, steps: 100 },
        step: 1,
        rng,
        cursor: 77,
        rows: 1,
        state: vec![0.5, -0.0],
        text_digest: Digest::of(b"text"),
        training: None,
        application: "αβγ".into(),
    }
}

fn read(bytes: &[u8]) -> Result<Small, Fault> {
    Small::decode(bytes, Limits::default())
}

fn encode(checkpoint: &Small) -> Vec<u8> {
    checkpoint.encode(Limits::default()).unwrap()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn everything_comes_back_bit_for_bit() {
    let written = small();
    let found = read(&encode(&written)).unwrap();
    assert_eq!(found, written);
    // −0.0 = 0.0 for `==`.
    assert_eq!(bits(&found.parameters), bits(&written.parameters));
    assert_eq!(bits(&found.parameters)[1..3], [0x8000_0000, 1]);
    assert_eq!(bits(&found.state), bits(&written.state));
    for ((_, a), (_, b)) in found.optimiser.moments().zip(written.optimiser.moments()) {
        assert_eq!(bits(a), bits(b));
    }
    let mut rngs = (found.rng, written.rng);
    assert_eq!(rngs.0.next_u64(), rngs.1.next_u64());
    assert_eq!(encode(&small()), encode(&small()));
}

#[test]
fn f64_comes_back_bit_for_bit_in_the_application_nan_payloads_included() {
    let rule = Rule::Adam(Adam { beta1: 0.1 + 0.2, epsilon: 1e-8 / 3.0, ..Adam::default() });
    let kept = vec![-0.0, f64::from_bits(1), f64::MAX, f64::from_bits(0x7ff8_0000_dead_beef), 0.1];
    let Small { config, schedule, rng, text_digest, .. } = small();
    let written = Checkpoint::<f64, Vec<f64>> {
        parameters: vec![0.1, f64::from_bits(1), f64::MIN],
        optimiser: Optimiser::new(rule, 3).unwrap(),
        state: vec![-0.0],
        application: kept,
        config,
        cells: Vec::new(),
        schedule,
        rng,
        text_digest,
        training: None,
        step: u64::MAX,
        cursor: u64::MAX - 1,
        rows: 1,
    };
    let bytes = written.encode(Limits::default()).unwrap();
    let found = Checkpoint::<f64, Vec<f64>>::decode(&bytes, Limits::default()).unwrap();
    let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&found.application), bits(&written.application));
    assert_eq!(bits(&found.parameters), bits(&written.parameters));
    assert_eq!(bits(&found.state), bits(&written.state));
    assert_eq!((found.optimiser, found.step, found.cursor), (written.optimiser, u64::MAX, u64::MAX - 1));
}

#[test]
fn every_rule_comes_back_with_its_moments() {
    let sgd = Sgd { momentum: 0.9, kind: Momentum::Nesterov, weight_decay: 0.1 };
    for rule in [
        Rule::Sgd(sgd),
        Rule::RmsProp(RmsProp::default()),
        Rule::RmsProp(RmsProp { centred: true, ..RmsProp::default() }),
        Rule::Adam(Adam::default()),
        Rule::Adagrad(Adagrad { initial: 0.5, ..Adagrad::default() }),
        Rule::Adadelta(Adadelta::default()),
    ] {
        let mut written = small();
        written.optimiser = Optimiser::new(rule, 4).unwrap();
        written.optimiser.step(&mut written.parameters.clone(), &[1.0, 2.0, 3.0, 4.0], 0.1).unwrap();
        assert_eq!(read(&encode(&written)).unwrap(), written);
    }
}

#[test]
fn a_checkpoint_of_another_number_type_is_named() {
    let fault = Checkpoint::<f64, String>::decode(&encode(&small()), Limits::default()).unwrap_err();
    assert_eq!(fault.to_string(), "number type: expected f64, found f32");
}

#[test]
fn beyond_the_limit_it_is_neither_written_nor_looked_at() {
    let bytes = encode(&small());
    let limits = Limits { bytes: bytes.len() as u64 - 1 };
    let expected = Fault::TooLarge { limit: limits.bytes, found: bytes.len() as u64 };
    assert_eq!(small().encode(limits), Err(expected.clone()));
    assert_eq!(Small::decode(&bytes, limits), Err(expected));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.ckpt");
    let error = small().write_with(&path, limits).unwrap_err();
    assert!(matches!(error, Error::Checkpoint { fault: Fault::TooLarge { .. }, .. }), "{error}");
    assert!(names(folder.path()).is_empty());
    small().write_with(&path, Limits { bytes: limits.bytes + 1 }).unwrap();
}

#[test]
fn settings_that_could_not_be_read_back_are_not_written() {
    let with = |change: fn(&mut Small)| {
        let mut bad = small();
        change(&mut bad);
        bad.encode(Limits::default()).unwrap_err()
    };
    let fault = with(|bad| bad.config.init.dense = Scheme::XavierUniform { gain: f64::NAN });
    assert!(matches!(&fault, Fault::Malformed { part, .. } if part == "config"), "{fault}");
    let fault = with(|bad| bad.config.layers = vec![bad.config.layers[0].clone(); 20_000]);
    assert!(matches!(&fault, Fault::PartTooLarge { part, .. } if part == "config"), "{fault}");
}

/// A value that is written as one thing and read as another.
#[derive(Clone, Debug, PartialEq)]
struct OneWay;

impl Serialize for OneWay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(7)
    }
}

impl<'de> Deserialize<'de> for OneWay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <[u8; 2]>::deserialize(deserializer).map(|_| Self)
    }
}

#[test]
fn what_the_application_could_not_read_back_is_not_written() {
    let Small { config, cells, parameters, optimiser, schedule, step, rng, cursor, rows, state, text_digest, .. } =
        small();
    let application = OneWay;
    let bad = Checkpoint {
        config,
        cells,
        parameters,
        optimiser,
        schedule,
        step,
        rng,
        cursor,
        rows,
        state,
        text_digest,
        training: None,
        application,
    };
    let fault = bad.encode(Limits::default()).unwrap_err();
    assert!(matches!(&fault, Fault::Malformed { part, .. } if part == "application"), "{fault}");
}

#[test]
fn a_file_is_written_and_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.ckpt");
    small().write(&path).unwrap();
    let again = Small { step: 2, ..small() };
    again.write(&path).unwrap();
    assert_eq!(Small::read(&path, Limits::default()).unwrap(), again);
    assert_eq!(names(folder.path()), ["run.ckpt"]);
    let len = std::fs::metadata(&path).unwrap().len();
    let error = Small::read(&path, Limits { bytes: len - 1 }).unwrap_err();
    assert!(matches!(error, Error::Checkpoint { fault: Fault::TooLarge { .. }, .. }), "{error}");
}

#[test]
fn numbers_that_are_not_finite_are_neither_written_nor_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.ckpt");
    let mut bad = small();
    bad.parameters[3] = f32::NAN;
    let message = "parameters: expected finite numbers, found NaN at flat index 3";
    assert_eq!(bad.write(&path).unwrap_err().to_string(), message);
    assert!(names(folder.path()).is_empty());
    let short = Small { parameters: vec![0.0; 3], ..small() };
    let error = short.write(&path).unwrap_err().to_string();
    assert!(error.ends_with("optimiser: parameters: expected 3 elements, found 4"), "{error}");
    // What another program wrote in spite of that.
    for (bad, message) in [(bad, message.to_string()), (short, error)] {
        std::fs::write(&path, version_1(&bad)).unwrap();
        let error = Small::read(&path, Limits::default()).unwrap_err().to_string();
        assert_eq!(error, format!("checkpoint {}: {message}", path.display()));
    }
}

#[test]
fn other_data_and_other_networks_are_refused() {
    let checkpoint = small();
    checkpoint.expect_text(Digest::of(b"text")).unwrap();
    let error = checkpoint.expect_text(Digest::of(b"other")).unwrap_err().to_string();
    assert!(error.contains(&Digest::of(b"text").to_string()) && error.contains(&Digest::of(b"other").to_string()));
    checkpoint.expect_config(&small().config).unwrap();
    let other = Config::one_hot(3).recurrent(RecurrentSpec::gru(2)).softmax(3);
    assert!(matches!(checkpoint.expect_config(&other), Err(Error::Config { .. })));
}

#[test]
fn a_failed_write_leaves_the_old_file_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.ckpt");
    small().write(&path).unwrap();
    let before = std::fs::read(&path).unwrap();
    let mut bad = small();
    bad.state[0] = f32::INFINITY;
    assert!(bad.write(&path).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

pub fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
