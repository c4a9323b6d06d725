//! A network that is read to infer with: the same as by any other way, in the memory of what it is.

use crate::checkpoint::{Small, small};
use crate::checkpoint_format::{parts, sealed, version_1};
use allocation_counter::measure;
use recurrent::checkpoint::{Checkpoint, Limits};
use recurrent::init::{Init, Scheme};
use recurrent::interop::{Conversion, LoadOptions, Metadata};
use recurrent::kernels::{Backend, Scalar, Size, Spec, Use};
use recurrent::network::{CellSpec, Config, Purpose, RecurrentSpec};
use recurrent::train::{Settings, Trainer};
use recurrent::{Cells, Error, Network, Workspace};
use rnn_backend_faer::Faer;
use rnn_backend_naive::Naive;
use std::path::Path;

fn from_checkpoint(path: &Path) -> Result<Network<f32, Naive>, Error> {
    Network::from_checkpoint(path, Limits::default(), Naive, &Cells::new())
}

/// A checkpoint of a run of the configuration of [`small`], which has parameters enough for its network.
fn run() -> Small {
    let network = Network::<f32, Naive>::with_backend(&small().config, 5, Naive).unwrap();
    Checkpoint::of(&Trainer::new(network, Settings::adam(0.01)).unwrap(), "αβγ".into()).unwrap()
}

fn bits(network: &Network<f32, Naive>) -> Vec<u32> {
    network.parameters().iter().map(|p| p.to_bits()).collect()
}

#[test]
fn a_network_of_a_checkpoint_is_that_which_the_whole_checkpoint_gives() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.ckpt");
    let whole = run();
    let expected: Network<f32, Naive> = whole.network(Naive, &Cells::new()).unwrap();
    for bytes in [whole.encode(Limits::default()).unwrap(), version_1(&whole)] {
        std::fs::write(&path, bytes).unwrap();
        let found = from_checkpoint(&path).unwrap();
        assert_eq!((found.config(), bits(&found)), (expected.config(), bits(&expected)));
    }
    // In any order of parts, and with one more that may be skipped.
    let mut of_file = parts(&whole.encode(Limits::default()).unwrap());
    of_file.reverse();
    of_file.push(("later".into(), 0, vec![1, 2, 3]));
    std::fs::write(&path, sealed(&of_file)).unwrap();
    assert_eq!(bits(&from_checkpoint(&path).unwrap()), bits(&expected));
}

#[test]
fn what_is_wrong_with_a_file_is_the_same_error_as_for_the_whole_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.ckpt");
    let whole = run().encode(Limits::default()).unwrap();
    let mut compared = 0;
    let mut same = |bytes: &[u8], what: &str| {
        std::fs::write(&path, bytes).unwrap();
        let expected = Small::read(&path, Limits::default()).unwrap_err().to_string();
        assert_eq!(from_checkpoint(&path).unwrap_err().to_string(), expected, "{what}");
        compared += 1;
    };
    for bytes in [&whole, &version_1(&run())] {
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 0x20;
            same(&altered, &format!("byte {at} altered"));
        }
        for len in (0..100).chain([bytes.len() - 1]) {
            same(&bytes[..len], &format!("cut to {len} bytes"));
        }
        same(&[&bytes[..], &[0]].concat(), "one byte more");
    }
    let of_file = parts(&whole);
    for missing in ["config", "parameters"] {
        let rest: Vec<_> = of_file.iter().filter(|(name, ..)| name != missing).cloned().collect();
        same(&sealed(&rest), &format!("without {missing}"));
    }
    for (name, need) in [("later", 1), ("parameters", 1)] {
        same(&sealed(&[&of_file[..], &[(name.into(), need, vec![0; 4])]].concat()), &format!("{name} added"));
    }
    let replaced = |of: &str, by: &[u8]| {
        let with = |part: &(String, u8, Vec<u8>)| if part.0 == of { by.to_vec() } else { part.2.clone() };
        sealed(&of_file.iter().map(|part| (part.0.clone(), part.1, with(part))).collect::<Vec<_>>())
    };
    same(&replaced("config", b"{}"), "no configuration");
    same(&replaced("config", &vec![b' '; 1 << 21]), "a configuration of two megabytes");
    same(&replaced("parameters", &[0; 7]), "no whole numbers");
    let nan: Vec<u8> = run().parameters.iter().flat_map(|_| f32::NAN.to_le_bytes()).collect();
    same(&replaced("parameters", &nan), "NaN");
    assert!(compared > 1500, "{compared}");
    // What the network itself finds.
    std::fs::write(&path, replaced("parameters", &[0; 8])).unwrap();
    assert!(matches!(from_checkpoint(&path), Err(Error::Len { found: 2, .. })));
    let limits = Limits { bytes: 100 };
    let error = Network::<f32, Naive>::from_checkpoint(&path, limits, Naive, &Cells::new()).unwrap_err();
    assert!(error.to_string().contains("too large: expected at most 100 bytes"), "{error}");
    assert!(matches!(from_checkpoint(&folder.path().join("nowhere")), Err(Error::Io { .. })));
}

#[test]
fn a_network_of_a_safetensors_file_is_one_that_was_drawn_and_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let config = Config::embedding(7, 3).recurrent(RecurrentSpec::lstm(5).bidirectional()).softmax(4);
    let drawn = Network::<f32, Naive>::with_backend(&config, 3, Naive).unwrap();
    drawn.save_safetensors(&path, Metadata::None).unwrap();
    let options = LoadOptions::default();
    let read = Network::<f32, Naive>::from_safetensors(&path, &options, &config, Naive, &Cells::new()).unwrap();
    assert_eq!((read.config(), bits(&read)), (&config, bits(&drawn)));
    let options = LoadOptions { conversion: Conversion::Allow, ..options };
    let wide = Network::<f64, Naive>::from_safetensors(&path, &options, &config, Naive, &Cells::new()).unwrap();
    assert!(wide.parameters().iter().zip(&**drawn.parameters()).all(|(&wide, &p)| wide == f64::from(p)));
    // Every mismatch is an error, as of `load_safetensors`.
    let other = Config::embedding(7, 3).recurrent(RecurrentSpec::lstm(6).bidirectional()).softmax(4);
    let error = Network::<f32, Naive>::from_safetensors(&path, &options, &other, Naive, &Cells::new()).unwrap_err();
    let mut loaded = Network::<f32, Naive>::with_backend(&other, 3, Naive).unwrap();
    assert_eq!(error.to_string(), loaded.load_safetensors(&path, &options).unwrap_err().to_string());
}

/// Nothing is drawn: the matrix of this configuration cannot be.
#[test]
fn a_network_that_is_read_is_not_drawn_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.ckpt");
    let mut whole = run();
    whole.config.init = Init { recurrent: Scheme::Orthogonal { gain: -1.0 }, ..Init::default() };
    assert!(Network::<f32, Naive>::with_backend(&whole.config, 1, Naive).is_err());
    whole.write(&path).unwrap();
    assert_eq!(bits(&from_checkpoint(&path).unwrap()), bits(&whole.network(Naive, &Cells::new()).unwrap()));
}

const HIDDEN: usize = 256;

/// The most that is held while reading, beside numbers: a chunk of the file, its table and settings, names and plans.
const CONSTANT: u64 = (1 << 16) + (1 << 14);

/// `P` numbers and those that the backend packs for a use.
fn numbers<T: Scalar>(network: &Network<T, Faer>, uses: &[Use]) -> u64
where
    Faer: Backend<T>,
{
    let cell = Cells::new().make(&CellSpec::lstm()).unwrap();
    let spec = Spec::<T>::new(&cell, Size::new(64, HIDDEN)).unwrap();
    let packed = |&usage| network.backend().lens(&spec, 1, 1).packed(usage);
    ((network.parameters().len() + uses.iter().map(packed).sum::<usize>()) * size_of::<T>()) as u64
}

/// `P + packed(Infer)` numbers, at the most at once and at the end, however large the file; `P` of a network that does nothing, and what
/// is packed for training when there is training.
#[test]
fn a_network_takes_its_parameters_and_what_the_passes_that_were_made_need() {
    let folder = tempfile::tempdir().unwrap();
    let [checkpoint, tensors] = ["run.ckpt", "model.safetensors"].map(|name| folder.path().join(name));
    let config = Config::features(64).recurrent(RecurrentSpec::lstm(HIDDEN)).softmax(64);
    let mut kept = None;
    let drawn = measure(|| kept = Some(Network::<f32, Faer>::with_backend(&config, 1, Faer::sequential()).unwrap()));
    let network = kept.take().unwrap();
    let [bare, to_infer] = [&[][..], &[Use::Infer]].map(|uses| numbers(&network, uses));
    assert!(to_infer - bare > bare / 2 && CONSTANT < bare / 10, "nothing would be shown: {bare} {to_infer}");
    let within = |what: &str, found: allocation_counter::AllocationInfo, expected: u64| {
        assert!((expected..expected + CONSTANT).contains(&found.bytes_max), "{what}: {expected}, {found:?}");
        let current = u64::try_from(found.bytes_current).unwrap();
        assert!((expected..expected + CONSTANT).contains(&current), "{what}, at the end: {expected}, {found:?}");
    };
    within("drawn", drawn, bare);

    network.save_safetensors(&tensors, Metadata::None).unwrap();
    let trainer = Trainer::new(network, Settings::adam(0.01)).unwrap();
    Checkpoint::of(&trainer, ()).unwrap().write(&checkpoint).unwrap();
    drop(trainer);
    assert!(std::fs::metadata(&checkpoint).unwrap().len() > 3 * bare, "moments are there");

    let of_checkpoint = measure(|| {
        let (limits, backend) = (Limits::default(), Faer::sequential());
        let mut network = Network::<f32, Faer>::from_checkpoint(&checkpoint, limits, backend, &Cells::new()).unwrap();
        network.keep_packed_for(Purpose::Infer).unwrap();
        kept = Some(network);
    });
    within("of a checkpoint", of_checkpoint, to_infer);
    drop(kept.take());
    let of_tensors = measure(|| {
        let (options, backend) = (LoadOptions::default(), Faer::sequential());
        let network = Network::<f32, Faer>::from_safetensors(&tensors, &options, &config, backend, &Cells::new());
        let mut network = network.unwrap();
        network.keep_packed_for(Purpose::Infer).unwrap();
        kept = Some(network);
    });
    within("of a safetensors file", of_tensors, to_infer);

    // Loaded into a network that is there: the parameters once more, until they are exchanged.
    let mut network = kept.take().unwrap();
    let loaded = measure(|| network.load_safetensors(&tensors, &LoadOptions::default()).unwrap());
    assert!((bare..bare + CONSTANT).contains(&loaded.bytes_max), "{loaded:?}");
    let (mut workspace, mut state) = (Workspace::new(), network.state(1).unwrap());
    let streamed = measure(|| {
        let output = network.step_features(&mut workspace, &[0.5; 64], &mut state).unwrap();
        assert_eq!(output.cols(), 64);
    });
    assert!(streamed.bytes_max < CONSTANT, "packed into the room that was there: {streamed:?}");
}
