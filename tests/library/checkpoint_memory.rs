//! What reading and writing a checkpoint asks of memory.

use crate::checkpoint::{Small, small};
use crate::checkpoint_format::{sealed, version_1};
use allocation_counter::measure;
use recurrent::checkpoint::{Checkpoint, CheckpointFault as Fault, Digest, Limits};
use recurrent::optim::{Adam, Optimiser, Rule, Sgd};

type Kept = Checkpoint<f32, Vec<String>>;

/// Room for messages, tables and a serde sequence's first guess at its length.
const CONSTANT: u64 = 1 << 16;

fn v1(payload: &[u8]) -> Vec<u8> {
    let mut bytes = version_1(&small())[..16].to_vec();
    bytes.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    let digest = Digest::of(&[&bytes, payload].concat());
    bytes.extend_from_slice(digest.as_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// 2³¹ − 1 of whatever comes next, as the first release wrote lengths.
const HUGE: [u8; 9] = [252, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0];

#[test]
fn a_length_without_its_data_asks_for_no_memory() {
    // The first field of version 1: embedding, symbols, width, and a name of two gigabytes. 65 bytes in all.
    let name = [&[2, 3, 2, 1][..], &HUGE[..5]].concat();
    let small_payload = version_1(&small())[56..].to_vec();
    // Every field of a real one, replaced by a length.
    let cut = (0..small_payload.len()).map(|at| [&small_payload[..at], &HUGE].concat());
    let mut files: Vec<Vec<u8>> = cut.map(|payload| v1(&payload)).collect();
    files.push(v1(&name));
    assert_eq!(files.last().unwrap().len(), 65);
    for bytes in &files {
        let used = measure(|| drop(Small::decode(bytes, Limits::default())));
        assert!(used.bytes_max < CONSTANT, "{} bytes: {used:?}", bytes.len());
    }
}

#[test]
fn the_application_is_decoded_from_what_is_there() {
    let mut parts = vec![];
    for payload in [&HUGE[..5], &[1, 252, 0xff, 0xff, 0xff, 0x7f], &[253, 0, 0, 0, 0, 0, 0, 0, 0x80]] {
        parts.clear();
        for name in ["config", "optimiser", "run"] {
            parts.push((name.to_string(), 1, content(name)));
        }
        parts.push(("application".into(), 1, payload.to_vec()));
        let bytes = sealed(&parts);
        let used = measure(|| {
            let fault = Kept::decode(&bytes, Limits::default()).unwrap_err();
            assert!(matches!(&fault, Fault::Malformed { part, .. } if part == "application"), "{fault}");
        });
        assert!(used.bytes_max < CONSTANT, "{used:?}");
    }
}

fn content(name: &str) -> Vec<u8> {
    let small = small();
    let run = || {
        serde_json::json!({ "schedule": small.schedule, "step": 1, "rng": small.rng, "cursor": 1, "rows": 1,
            "text_digest": small.text_digest })
    };
    let optimiser = || serde_json::json!({ "rule": small.optimiser.rule(), "steps": 1, "parameters": 0 });
    let value = match name {
        "config" => serde_json::to_value(&small.config).unwrap(),
        "optimiser" => optimiser(),
        _ => run(),
    };
    serde_json::to_vec(&value).unwrap()
}

/// `n` parameters and as many moments as the rule has.
fn large(rule: Rule, n: usize) -> Small {
    Small { parameters: vec![0.25; n], optimiser: Optimiser::new(rule, n).unwrap(), ..small() }
}

#[test]
fn reading_takes_twice_the_file_and_writing_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.ckpt");
    for rule in [Rule::Sgd(Sgd::default()), Rule::Adam(Adam::default())] {
        let checkpoint = large(rule, 300_000);
        let written = measure(|| checkpoint.write(&path).unwrap());
        let len = std::fs::metadata(&path).unwrap().len();
        assert!(len > 2_400_000 && written.bytes_max < len + CONSTANT, "{len}: {written:?}");
        let read = measure(|| drop(Small::read(&path, Limits::default()).unwrap()));
        assert!(read.bytes_max < 2 * len + CONSTANT, "{len}: {read:?}");
        std::fs::write(&path, version_1(&checkpoint)).unwrap();
        let read = measure(|| drop(Small::read(&path, Limits::default()).unwrap()));
        assert!(read.bytes_max < 2 * len + CONSTANT, "version 1, {len}: {read:?}");
    }
}

/// More than a gigabyte, the default limit, and more than two, where a reader of bincode ends by itself.
///
/// Takes seven gigabytes of memory and half a minute: `cargo test --release --test library gigabytes -- --ignored`.
#[test]
#[ignore = "seven gigabytes of memory"]
fn two_gigabytes_are_written_and_read_when_the_limits_allow_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.ckpt");
    for n in [(1_usize << 28) + 1, (1 << 29) + 1] {
        let mut checkpoint = Small { state: vec![0.5; n], ..small() };
        checkpoint.state[n - 1] = 0.75;
        let refused = checkpoint.write(&path).unwrap_err().to_string();
        assert!(refused.contains("too large: expected at most 1073741824 bytes"), "{refused}");
        assert!(!path.exists());
        let limits = Limits { bytes: 1 << 40 };
        checkpoint.write_with(&path, limits).unwrap();
        assert!(Small::read(&path, Limits::default()).is_err());
        assert!(Small::read(&path, limits).unwrap() == checkpoint);
        std::fs::remove_file(&path).unwrap();
    }
}
