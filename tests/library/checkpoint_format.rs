//! The bytes of a checkpoint: every one of them counts, no length is believed before its data, later versions may add.

use crate::checkpoint::{Small, small};
use recurrent::Bias;
use recurrent::checkpoint::{CheckpointFault as Fault, Digest, Limits};
use recurrent::init::Init;
use recurrent::network::{CellSpec, Config, Directions, InputSpec, LayerSpec, Objective, Readout, RecurrentSpec};
use recurrent::optim::{Adadelta, Adagrad, Adam, Optimiser, RmsProp, Rule, Schedule, Sgd};
use recurrent::rng::Rng;
use serde::Serialize;

fn read(bytes: &[u8]) -> Result<Small, Fault> {
    Small::decode(bytes, Limits::default())
}

fn whole() -> Vec<u8> {
    small().encode(Limits::default()).unwrap()
}

/// A header of this version with the right digest of `signed`, which follows it: the payload or the table.
fn header(version: u32, signed: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x89RNN\r\n\x1a\n".to_vec();
    bytes.extend_from_slice(&version.to_le_bytes());
    bytes.extend_from_slice(&[1, 0, 0, 0]);
    bytes.extend_from_slice(&(signed.len() as u64).to_le_bytes());
    let digest = Digest::of(&[&bytes, signed].concat());
    bytes.extend_from_slice(digest.as_bytes());
    bytes.extend_from_slice(signed);
    bytes
}

/// A name, whether it must be known, and its content.
type Part = (String, u8, Vec<u8>);

/// A file with these parts, written from the description of the format.
pub fn sealed(parts: &[Part]) -> Vec<u8> {
    let mut table = Vec::new();
    for (name, need, content) in parts {
        table.push(u8::try_from(name.len()).unwrap());
        table.extend_from_slice(name.as_bytes());
        table.push(*need);
        table.extend_from_slice(&(content.len() as u64).to_le_bytes());
        table.extend_from_slice(Digest::of(content).as_bytes());
    }
    let mut bytes = header(2, &table);
    parts.iter().for_each(|(_, _, content)| bytes.extend_from_slice(content));
    bytes
}

/// The parts of a file, read from the description of the format.
pub fn parts(bytes: &[u8]) -> Vec<Part> {
    let length = |at: usize| usize::try_from(u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())).unwrap();
    let (mut at, mut content) = (56, 56 + length(16));
    let end = content;
    let mut parts = Vec::new();
    while at < end {
        let name = at + 1..at + 1 + usize::from(bytes[at]);
        let len = length(name.end + 1);
        let text = String::from_utf8(bytes[name.clone()].to_vec()).unwrap();
        parts.push((text, bytes[name.end], bytes[content..content + len].to_vec()));
        (at, content) = (name.end + 1 + 8 + 32, content + len);
    }
    assert_eq!(content, bytes.len());
    parts
}

/// The bytes the first release wrote: the fields in their order, in bincode.
pub fn version_1(checkpoint: &Small) -> Vec<u8> {
    #[derive(Serialize)]
    struct Recurrent<'a> {
        cell: &'a CellSpec,
        hidden: usize,
        layers: usize,
        directions: Directions,
        bias: Bias,
        name: &'a Option<String>,
    }
    #[derive(Serialize)]
    enum Layer<'a> {
        Recurrent(Recurrent<'a>),
    }
    fn layer(layer: &LayerSpec) -> Layer<'_> {
        match layer {
            LayerSpec::Recurrent(RecurrentSpec { cell, hidden, layers, directions, bias, name, .. }) => {
                let (hidden, layers, directions, bias) = (*hidden, *layers, *directions, *bias);
                Layer::Recurrent(Recurrent { cell, hidden, layers, directions, bias, name })
            }
            other => panic!("expected a recurrent layer, found {other:?}"),
        }
    }
    #[derive(Serialize)]
    enum RuleThen {
        Sgd(Sgd),
        /// `smoothing`, `epsilon`, `momentum`, `weight_decay`.
        RmsProp([f64; 4]),
        Adam(Adam),
    }
    fn rule(rule: Rule) -> RuleThen {
        match rule {
            Rule::Sgd(rule) => RuleThen::Sgd(rule),
            Rule::RmsProp(rule) => RuleThen::RmsProp([rule.smoothing, rule.epsilon, rule.momentum, rule.weight_decay]),
            Rule::Adam(rule) => RuleThen::Adam(rule),
            other => panic!("expected a rule of that time, found {other:?}"),
        }
    }
    type Head<'a> = Option<(usize, Objective, bool, &'a Option<String>)>;
    #[derive(Serialize)]
    struct Payload<'a> {
        config: (&'a InputSpec, Vec<Layer<'a>>, Readout, Head<'a>, &'a Init),
        parameters: &'a [f32],
        optimiser: (RuleThen, u64, usize, Vec<&'a [f32]>),
        schedule: Schedule,
        step: u64,
        rng: &'a Rng,
        cursor: u64,
        rows: u64,
        state: &'a [f32],
        text_digest: Digest,
        application: &'a str,
    }
    let Config { input, layers, readout, head, init } = &checkpoint.config;
    let head = head.as_ref().map(|head| (head.units, head.objective, head.bias, &head.name));
    let optimiser = &checkpoint.optimiser;
    let moments: Vec<_> = optimiser.moments().map(|(_, values)| values).collect();
    let payload = Payload {
        config: (input, layers.iter().map(layer).collect(), *readout, head, init),
        parameters: &checkpoint.parameters,
        optimiser: (rule(optimiser.rule()), optimiser.steps(), moments[0].len(), moments),
        schedule: checkpoint.schedule,
        step: checkpoint.step,
        rng: &checkpoint.rng,
        cursor: checkpoint.cursor,
        rows: checkpoint.rows,
        state: &checkpoint.state,
        text_digest: checkpoint.text_digest,
        application: &checkpoint.application,
    };
    header(1, &bincode::serde::encode_to_vec(&payload, bincode::config::standard()).unwrap())
}

#[test]
fn the_file_is_as_the_documentation_says() {
    let bytes = whole();
    let parts = parts(&bytes);
    let names: Vec<_> = parts.iter().map(|(name, need, _)| (name.as_str(), *need)).collect();
    let expected = ["config", "optimiser", "run", "application", "parameters", "state", "moment mean", "moment square"];
    assert_eq!(names, expected.map(|name| (name, 1)));
    assert_eq!(sealed(&parts), bytes);
    assert_eq!(serde_json::from_slice::<Config>(&parts[0].2).unwrap(), small().config);
    let numbers: Vec<u8> = small().parameters.iter().flat_map(|x| x.to_le_bytes()).collect();
    assert_eq!(parts[4].2, numbers);
}

#[test]
fn moments_have_parts_of_their_names() {
    let names = |rule| {
        let written = Small { optimiser: Optimiser::new(rule, 4).unwrap(), ..small() };
        let parts = parts(&written.encode(Limits::default()).unwrap());
        parts.into_iter().map(|(name, ..)| name).filter(|name| name.starts_with("moment")).collect::<Vec<_>>()
    };
    let centred = RmsProp { centred: true, ..RmsProp::default() };
    assert_eq!(names(Rule::RmsProp(centred)), ["moment square", "moment velocity", "moment mean"]);
    assert_eq!(names(Rule::Adagrad(Adagrad::default())), ["moment sum"]);
    assert_eq!(names(Rule::Adadelta(Adadelta::default())), ["moment square", "moment delta"]);
}

#[test]
fn version_1_is_read() {
    let rms_prop = RmsProp { smoothing: 0.75, momentum: 0.5, ..RmsProp::default() };
    for rule in [Rule::Adam(Adam::default()), Rule::RmsProp(rms_prop), Rule::Sgd(Sgd::default())] {
        let written = Small { optimiser: Optimiser::new(rule, 4).unwrap(), ..small() };
        assert_eq!(read(&version_1(&written)).unwrap(), written);
    }
    assert_eq!(read(&version_1(&small())).unwrap(), small());
}

#[test]
fn cut_at_any_byte_it_is_truncated() {
    for bytes in [whole(), version_1(&small())] {
        for len in 0..bytes.len() {
            match read(&bytes[..len]) {
                Err(Fault::Truncated { expected, found }) => {
                    assert!(found == len as u64 && expected > found && expected <= bytes.len() as u64);
                    assert!(len >= 56 || expected == 56);
                }
                other => panic!("{len} of {} bytes: {other:?}", bytes.len()),
            }
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        let (expected, found) = (bytes.len() as u64, bytes.len() as u64 + 1);
        assert_eq!(read(&longer), Err(Fault::TrailingBytes { expected, found }));
    }
}

#[test]
fn with_any_bit_changed_it_is_refused_for_the_reason_of_that_byte() {
    let bytes = whole();
    let table = 56 + usize::try_from(u64::from_le_bytes(bytes[16..24].try_into().unwrap())).unwrap();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << bit;
            let fault = read(&bytes).expect_err("an altered checkpoint was accepted");
            let as_it_should = match at {
                0..8 => matches!(fault, Fault::NotACheckpoint { .. }),
                // Two with its lowest bits changed is three, and zero.
                8..12 => matches!(fault, Fault::UnknownVersion { expected: 2, .. }),
                12..16 => matches!(fault, Fault::NumberType { expected: "f32", .. }),
                16..24 => matches!(fault, Fault::Truncated { .. } | Fault::PartTooLarge { .. } | Fault::Altered { .. }),
                _ if at < table => matches!(&fault, Fault::Altered { part, .. } if part == "the table of parts"),
                _ => matches!(&fault, Fault::Altered { part, .. } if part.starts_with("part ")),
            };
            assert!(as_it_should, "byte {at}, bit {bit}: {fault}");
        }
    }
}

#[test]
fn a_later_version_may_add_parts_and_says_which_may_be_skipped() {
    let mut parts = parts(&whole());
    let at = parts.len();
    for (place, need, accepted) in [(0, 0, true), (at, 0, true), (0, 1, false), (at, 1, false)] {
        parts.insert(place, ("weather".into(), need, b"fine".to_vec()));
        let found = read(&sealed(&parts));
        if accepted {
            assert_eq!(found.unwrap(), small());
            // Nobody knows what it means, but it must be what was written.
            let mut bytes = sealed(&parts);
            let at = bytes.windows(4).position(|bytes| bytes == b"fine").unwrap();
            bytes[at] ^= 1;
            assert!(matches!(read(&bytes), Err(Fault::Altered { part, .. }) if part == "part \"weather\""));
        } else {
            assert_eq!(found, Err(Fault::UnknownPart { found: "weather".into() }));
        }
        parts.remove(place);
    }
}

#[test]
fn the_order_of_parts_is_free_but_each_is_there_once() {
    let mut parts = parts(&whole());
    parts.reverse();
    assert_eq!(read(&sealed(&parts)).unwrap(), small());
    for at in 0..parts.len() {
        let removed = parts.remove(at);
        match read(&sealed(&parts)) {
            Err(Fault::MissingPart { expected }) => assert_eq!(expected, removed.0),
            other => panic!("without {}: {other:?}", removed.0),
        }
        parts.insert(at, removed.clone());
        parts.push(removed);
        assert!(matches!(read(&sealed(&parts)), Err(Fault::Malformed { found, .. }) if found.ends_with("twice")));
        parts.pop();
    }
}

#[test]
fn a_field_that_this_version_does_not_know_is_refused_by_name() {
    let mut parts = parts(&whole());
    let run = &mut parts[2].2;
    run.truncate(run.len() - 1);
    run.extend_from_slice(br#","epoch":3}"#);
    let fault = read(&sealed(&parts)).unwrap_err().to_string();
    assert!(fault.starts_with("run: ") && fault.contains("unknown field `epoch`"), "{fault}");
}

#[test]
fn a_part_that_lies_about_its_length_is_found_out_before_memory_is_asked_for() {
    let parts = parts(&whole());
    let table = |length: u64, count: usize| {
        let name = &parts[0].0;
        let mut table = vec![u8::try_from(name.len()).unwrap()];
        table.extend_from_slice(name.as_bytes());
        table.push(1);
        table.extend_from_slice(&length.to_le_bytes());
        table.extend_from_slice(Digest::of(b"").as_bytes());
        header(2, &table.repeat(count))
    };
    for (length, count) in [(1, 1), (u64::MAX, 1), (u64::MAX, 2), (1 << 63, 2)] {
        assert!(matches!(read(&table(length, count)), Err(Fault::Truncated { .. })), "{length} {count}");
    }
    assert!(matches!(read(&table(0, 1)), Err(Fault::Malformed { part, .. }) if part == "config"));
    assert!(matches!(read(&table(0, 2000)), Err(Fault::PartTooLarge { .. })));
    assert!(matches!(read(&header(2, &[5, b'a'])), Err(Fault::Malformed { .. })));
    assert!(matches!(read(&header(2, &[1, b'a', 1, 0])), Err(Fault::Malformed { .. })));
}

#[test]
fn any_content_with_the_right_digests_is_decoded_or_refused_without_panic() {
    let mut refused = 0;
    let values = [0, 1, 0x7f, 0xfb, 0xfc, 0xfd, 0xfe, 0xff];
    let payload = version_1(&small())[56..].to_vec();
    for at in 0..payload.len() {
        for value in values {
            let mut payload = payload.clone();
            payload[at] = value;
            refused += usize::from(read(&header(1, &payload)).is_err());
        }
        assert!(read(&header(1, &payload[..at])).is_err());
    }
    let parts = parts(&whole());
    for part in 0..parts.len() {
        for at in 0..parts[part].2.len() {
            for value in values {
                let mut parts = parts.clone();
                parts[part].2[at] = value;
                refused += usize::from(read(&sealed(&parts)).is_err());
            }
            let mut parts = parts.clone();
            parts[part].2.truncate(at);
            let cut = read(&sealed(&parts));
            assert!(cut.is_err() || parts[part].0 == "state", "{}", parts[part].0);
        }
    }
    assert!(refused > 0);
}

#[test]
fn a_random_state_of_zeros_is_refused() {
    let mut parts = parts(&whole());
    let run: serde_json::Value = serde_json::from_slice(&parts[2].2).unwrap();
    let mut zeros = run.clone();
    zeros["rng"]["s"] = serde_json::json!([0, 0, 0, 0]);
    assert_ne!(run, zeros);
    parts[2].2 = serde_json::to_vec(&zeros).unwrap();
    let fault = read(&sealed(&parts)).unwrap_err().to_string();
    assert!(fault.contains("random state is all zeros"), "{fault}");
}
