//! Checkpoints: what comes back is what was written, bit for bit, and nothing else is accepted.

use recurrent::checkpoint::{Checkpoint, CheckpointFault as Fault, Digest, Limits, decode, encode, write_atomically};
use recurrent::network::RecurrentSpec;
use recurrent::optim::{Adam, Optimiser, Rule, Schedule};
use recurrent::rng::Rng;
use recurrent::{Config, Error};
use std::path::Path;

type Small = Checkpoint<f32, String>;

fn small() -> Small {
    let mut optimiser = Optimiser::new(Rule::Adam(Adam::default()), 4).unwrap();
    let mut parameters = vec![1.0, -0.0, f32::from_bits(1), f32::MIN];
    optimiser.step(&mut parameters, &[0.25, -0.0, 1e-38, 0.5], 1e-3).unwrap();
    parameters[1] = -0.0;
    parameters[2] = f32::from_bits(1);
    let mut rng = Rng::seed(9);
    rng.next_u64();
    Checkpoint {
        config: Config::one_hot(3).recurrent(RecurrentSpec::lstm(2)).softmax(3),
        parameters,
        optimiser,
        schedule: Schedule::Cosine { rate: 3e-3, end: 1e-4, warm_up: 10, steps: 100 },
        step: 1,
        rng,
        cursor: 77,
        rows: 1,
        state: vec![0.5, -0.0],
        text_digest: Digest::of(b"text"),
        application: "αβγ".into(),
    }
}

fn read(bytes: &[u8]) -> Result<Small, Fault> {
    decode::<f32, Small>(bytes, Limits::default())
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

/// The payload with a header that vouches for it.
fn sealed(payload: &[u8]) -> Vec<u8> {
    let mut bytes = encode::<f32>(&()).unwrap();
    bytes.truncate(24);
    bytes[16..24].copy_from_slice(&(payload.len() as u64).to_le_bytes());
    let signed: Vec<u8> = bytes.iter().chain(payload).copied().collect();
    bytes.extend_from_slice(Digest::of(&signed).as_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

#[test]
fn everything_comes_back_bit_for_bit() {
    let written = small();
    let found = read(&encode::<f32>(&written).unwrap()).unwrap();
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
    assert_eq!(encode::<f32>(&small()).unwrap(), encode::<f32>(&small()).unwrap());
}

#[test]
fn f64_comes_back_bit_for_bit_nan_payloads_included() {
    let values = vec![-0.0, f64::from_bits(1), f64::MAX, f64::from_bits(0x7ff8_0000_dead_beef), 0.1];
    let found: Vec<f64> = decode::<f64, _>(&encode::<f64>(&values).unwrap(), Limits::default()).unwrap();
    assert!(found.iter().zip(&values).all(|(a, b)| a.to_bits() == b.to_bits()));
}

#[test]
fn cut_at_any_byte_it_is_truncated() {
    let bytes = encode::<f32>(&small()).unwrap();
    for len in 0..bytes.len() {
        match read(&bytes[..len]) {
            Err(Fault::Truncated { expected, found }) => {
                assert_eq!(found, len as u64);
                assert_eq!(expected, if len < 56 { 56 } else { bytes.len() as u64 });
            }
            other => panic!("{len} of {} bytes: {other:?}", bytes.len()),
        }
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert!(matches!(read(&longer), Err(Fault::TrailingBytes { .. })));
}

#[test]
fn with_any_bit_changed_it_is_refused_for_the_reason_of_that_byte() {
    let bytes = encode::<f32>(&small()).unwrap();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << bit;
            let fault = read(&bytes).expect_err("an altered checkpoint was accepted");
            let as_it_should = match at {
                0..8 => matches!(fault, Fault::NotACheckpoint { .. }),
                8..12 => matches!(fault, Fault::UnknownVersion { expected: 1, .. }),
                12..16 => matches!(fault, Fault::NumberType { expected: "f32", .. }),
                16..24 => matches!(fault, Fault::Truncated { .. } | Fault::TrailingBytes { .. }),
                _ => matches!(fault, Fault::Altered { .. }),
            };
            assert!(as_it_should, "byte {at}, bit {bit}: {fault}");
        }
    }
}

#[test]
fn a_checkpoint_of_another_number_type_is_named() {
    let bytes = encode::<f64>(&vec![1.0_f64]).unwrap();
    let fault = decode::<f32, Vec<f32>>(&bytes, Limits::default()).unwrap_err();
    assert_eq!(fault.to_string(), "number type: expected f32, found f64");
}

#[test]
fn beyond_the_limit_it_is_not_looked_at() {
    let bytes = encode::<f32>(&small()).unwrap();
    let limits = Limits { bytes: bytes.len() as u64 - 1 };
    let expected = Fault::TooLarge { limit: limits.bytes, found: bytes.len() as u64 };
    assert_eq!(decode::<f32, Small>(&bytes, limits), Err(expected));
}

#[test]
fn a_payload_that_claims_more_than_it_holds_is_malformed_and_allocates_little() {
    // The length of a sequence of f32: 2⁶³ in the encoding of eight bytes.
    let claims = [&[253_u8][..], &(1_u64 << 63).to_le_bytes(), &[0; 8]].concat();
    let fault = decode::<f32, Vec<f32>>(&sealed(&claims), Limits::default()).unwrap_err();
    assert!(matches!(fault, Fault::Malformed { .. }), "{fault}");
    let rest = decode::<f32, u8>(&sealed(&[1, 2, 3]), Limits::default()).unwrap_err();
    assert_eq!(rest.to_string(), "malformed: expected the fields of a checkpoint, found: 2 bytes after the last field");
}

#[test]
fn any_payload_with_a_valid_digest_is_decoded_or_refused_without_panic() {
    let payload = encode::<f32>(&small()).unwrap()[56..].to_vec();
    let mut refused = 0;
    for at in 0..payload.len() {
        for value in [0, 1, 0x7f, 0xfb, 0xfd, 0xff] {
            let mut payload = payload.clone();
            payload[at] = value;
            refused += usize::from(read(&sealed(&payload)).is_err());
        }
        assert!(read(&sealed(&payload[..at])).is_err());
    }
    assert!(refused > 0);
}

#[test]
fn a_random_state_of_zeros_is_refused() {
    let zeros = encode::<f32>(&[0_u64; 4]).unwrap();
    let fault = decode::<f32, Rng>(&zeros, Limits::default()).unwrap_err().to_string();
    assert!(fault.contains("random state is all zeros"), "{fault}");
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
    std::fs::write(&path, encode::<f32>(&bad).unwrap()).unwrap();
    let error = Small::read(&path, Limits::default()).unwrap_err().to_string();
    assert_eq!(error, format!("checkpoint {}: {message}", path.display()));
    let short = Small { parameters: vec![0.0; 3], ..small() };
    std::fs::write(&path, encode::<f32>(&short).unwrap()).unwrap();
    let error = Small::read(&path, Limits::default()).unwrap_err().to_string();
    assert!(error.ends_with("optimiser: parameters: expected 3 elements, found 4"), "{error}");
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
fn an_unwritable_path_is_an_error_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing").join("run.ckpt");
    assert!(matches!(small().write(&missing), Err(Error::Io { doing: "writing", .. })));
    // The target is a folder: everything up to the last step succeeds.
    let taken = folder.path().join("taken");
    std::fs::create_dir(&taken).unwrap();
    assert!(matches!(small().write(&taken), Err(Error::Io { doing: "writing", .. })));
    assert_eq!(names(folder.path()), ["taken"]);
    assert!(matches!(Small::read(&missing, Limits::default()), Err(Error::Io { doing: "reading", .. })));
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

#[cfg(unix)]
#[test]
fn a_new_file_has_the_permissions_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let mode = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
    std::fs::write(folder.path().join("plain"), b"").unwrap();
    write_atomically(folder.path().join("atomic"), b"").unwrap();
    assert_eq!(mode("atomic"), mode("plain"));
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
