//! Models of others in JSON and in archives of arrays: the files in `tests/data/exports` were made by its script, from PyTorch.

use crate::foreign::{F32, F64, data, json, numbers, roundings, shape};
use recurrent::error::TensorMismatch;
use recurrent::interop::{Conversion, Element, LoadOptions, Metadata, Partial, Source};
use recurrent::network::{Config, RecurrentSpec};
use recurrent::{Batch, Error, Network, Workspace};
use rnn_backend_naive::Naive;
use rnn_kernels::Backend;
use std::io::Write;

const CONVERT: LoadOptions = LoadOptions {
    conversion: Conversion::Allow,
    non_finite: recurrent::NonFinite::Refuse,
    partial: Partial::Refuse,
    max_bytes: 1 << 20,
};

fn path(name: &str) -> std::path::PathBuf {
    data(&format!("exports/{name}"))
}

/// The network makes of the input of a file what PyTorch made of it in f64.
fn expect<T: Element>(network: &Network<T, Naive>, name: &str)
where
    Naive: Backend<T>,
{
    let shapes = network.parameters().blocks().iter().map(|block| &block.shape[..]);
    let longest: Vec<_> =
        shapes.filter_map(|shape| if let [_, columns] = shape { Some(*columns) } else { None }).collect();
    let u = if size_of::<T>() == size_of::<f32>() { F32 } else { F64 };
    // Both products of a recurrent layer are one sum.
    let tolerance = roundings(u, 2 * longest.iter().max().unwrap(), longest.len());
    let described = json("exports/expected.json")[name].clone();
    let x: Vec<T> = numbers(&described["input"]).into_iter().map(T::from_f64).collect();
    let [steps, width] = shape(&described["input"])[..] else { panic!("steps and features") };
    let (mut workspace, mut state) = (Workspace::new(), network.state(1).unwrap());
    let batch = Batch::features(&x, [steps, 1, width]).unwrap();
    let y = network.infer(&mut workspace, &batch, &mut state).unwrap();
    let found = (0..steps).flat_map(|t| y.at(t).row(0).to_vec());
    let (mut compared, mut worst) = (0, 0.0_f64);
    for (k, (a, b)) in found.zip(numbers(&described["output"])).enumerate() {
        assert!((a.to_f64() - b).abs() <= tolerance, "{name}: number {k} is {}, not {b}", a.to_f64());
        (compared, worst) = (compared + 1, worst.max((a.to_f64() - b).abs()));
    }
    println!("{name}: {worst:.1e} of {tolerance:.1e}");
    assert!(compared >= 20);
}

#[test]
fn networks_of_rtneural_give_the_numbers_of_the_model_they_were_made_of() {
    for name in ["lstm.json", "gru.json"] {
        let network = Network::<f64, _>::from_rtneural(path(name), &LoadOptions::default(), Naive).unwrap();
        expect(&network, name);
        let network = Network::<f32, _>::from_rtneural(path(name), &LoadOptions::default(), Naive).unwrap();
        expect(&network, name);
        let names: Vec<_> = network.parameters().blocks().iter().map(|block| &*block.name).collect();
        assert_eq!(names[..3], ["dense.weight", "dense.bias", "rnn.weight_ih_l0"]);
        // The last layer is a head, so that the network can be trained on.
        assert!(network.config().head.is_some());
    }
}

#[test]
fn a_model_of_nam_begins_in_its_learned_states_and_says_how_it_was_recorded() {
    let model = Network::<f64, _>::from_nam(path("small.nam"), &LoadOptions::default(), Naive).unwrap();
    expect(&model.network, "small.nam");
    assert_eq!((model.sample_rate, &*model.version), (Some(48_000.0), "0.5.4"));
    assert!(model.metadata.unwrap().contains("\"loudness\": -18.5"));
    assert_ne!(model.network.parameters().get("rnn.h0_l1").unwrap(), [0.0; 3]);
    assert_eq!(model.network.parameters().get("rnn.bias_hh_l0").unwrap(), [0.0; 12]);
    let model = Network::<f32, _>::from_nam(path("small.nam"), &LoadOptions::default(), Naive).unwrap();
    expect(&model.network, "small.nam");
}

fn gru() -> Config {
    Config::features(3).recurrent(RecurrentSpec::gru(4)).linear(2)
}

fn fresh<T: Element>() -> Network<T, Naive>
where
    Naive: Backend<T>,
{
    Network::with_backend(&gru(), 1, Naive).unwrap()
}

#[test]
fn arrays_of_numpy_are_read_in_both_orders_and_all_types_from_everywhere() {
    let bytes = std::fs::read(path("gru.npz")).unwrap();
    let plain = LoadOptions::default();
    for source in [Source::from(&path("gru.npz")), Source::from(&bytes), Source::reader(&bytes[..])] {
        let mut network = fresh::<f32>();
        network.load_npz(source, &plain).unwrap();
        expect(&network, "gru.npz");
    }
    let mut network = fresh::<f64>();
    network.load_npz(path("mixed.npz"), &CONVERT).unwrap();
    expect(&network, "mixed.npz");
    // Nothing is drawn, and the result is the same.
    let cells = recurrent::Cells::new();
    let read = Network::<f64, Naive>::from_npz(path("mixed.npz"), &CONVERT, &gru(), Naive, &cells).unwrap();
    assert_eq!(read.parameters(), network.parameters());
}

/// An array of NumPy: `version` of the format, and its header.
fn array(version: u8, header: &str, numbers: &[u8]) -> Vec<u8> {
    let mut bytes = [&b"\x93NUMPY"[..], &[version, 0]].concat();
    let len = u32::try_from(header.len()).unwrap().to_le_bytes();
    bytes.extend_from_slice(if version == 1 { &len[..2] } else { &len });
    [&bytes[..], header.as_bytes(), numbers].concat()
}

/// An archive of one array for each name.
fn archive(names: [&str; 2], arrays: [&[u8]; 2]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in names.iter().zip(arrays) {
        let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        writer.start_file(*name, stored).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn headers_of_numpy_are_read_in_every_version_and_whole_numbers_whole() {
    let header =
        |descr: &str, shape: &str| format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let numbers: Vec<u8> = [1.5_f32, -2.0, 0.25].into_iter().flat_map(f32::to_le_bytes).collect();
    for version in [1, 2, 3] {
        let weight = array(version, &header("<f4", "(1, 3)"), &numbers);
        // Beyond 32 bits, and a power of two.
        let bias = array(version, &header("<i8", "(1,)"), &(1_i64 << 40).to_le_bytes());
        let bytes = archive(["head.weight.npy", "head.bias.npy"], [&weight, &bias]);
        let config = Config::features(3).linear(1);
        let mut network = Network::<f32, _>::with_backend(&config, 1, Naive).unwrap();
        network.load_npz(&bytes, &CONVERT).unwrap();
        assert_eq!(network.parameters().get("head.weight").unwrap(), [1.5, -2.0, 0.25]);
        assert_eq!(network.parameters().get("head.bias").unwrap(), [f32::from(1024_u16).powi(4)]);
        // Every number that is changed shows in the checksum of its array.
        let before = network.parameters().clone();
        let start = bytes.windows(numbers.len()).position(|part| part == numbers).unwrap();
        for at in start..start + numbers.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(network.load_npz(&changed, &CONVERT).is_err(), "byte {at}");
        }
        let nan = array(version, &header("<f4", "(1, 3)"), &[1.0, f32::NAN, 0.0].map(f32::to_le_bytes).concat());
        let error =
            network.load_npz(archive(["head.weight.npy", "head.bias.npy"], [&nan, &bias]), &CONVERT).unwrap_err();
        assert!(
            error.to_string().contains("head.weight: expected finite numbers, found NaN at flat index 1"),
            "{error}"
        );
        assert_eq!(network.parameters(), &before);
        // One name for both: a reader that took the first one, or the last one, would say nothing.
        let mut same = archive(["head.biasA.npy", "head.biasB.npy"], [&weight, &bias]);
        let places: Vec<_> = (0..same.len()).filter(|&k| same[k..].starts_with(b"head.biasB")).collect();
        places.iter().for_each(|&k| same[k..k + 10].copy_from_slice(b"head.biasA"));
        let error = network.load_npz(&same, &CONVERT).unwrap_err().to_string();
        assert!(error.contains("expected a different name for everything in the archive"), "{error}");
    }
}

#[test]
fn arrays_of_other_types_are_refused_by_the_name_of_their_type() {
    let mut network = fresh::<f32>();
    let before = network.parameters().clone();
    let error = network.load_npz(path("big_endian.npz"), &CONVERT).unwrap_err();
    let Error::Tensors { mismatches, .. } = &error else { panic!("{error}") };
    assert_eq!(mismatches.len(), 6);
    assert!(error.to_string().contains("rnn.weight_hh_l0: expected F32, found >f4"), "{error}");
    let error = network.load_npz(path("mixed.npz"), &LoadOptions::default()).unwrap_err().to_string();
    assert!(error.contains("head.bias: expected F32, found <i8"), "{error}");
    assert!(!error.contains("weight_hh"), "that one is f32: {error}");
    assert_eq!(network.parameters(), &before);
}

#[test]
fn numbers_of_16_bits_are_widened_exactly_where_that_is_asked_for() {
    for name in ["f16.safetensors", "bf16.safetensors"] {
        let mut network = fresh::<f64>();
        network.load_safetensors(path(name), &CONVERT).unwrap();
        expect(&network, name);
        let mut narrow = fresh::<f32>();
        narrow.load_safetensors(path(name), &CONVERT).unwrap();
        let widened = narrow.parameters().iter().map(|&x| f64::from(x)).eq(network.parameters().iter().copied());
        assert!(widened, "{name}");
        let error = narrow.load_safetensors(path(name), &LoadOptions::default()).unwrap_err().to_string();
        assert!(error.contains(&format!("expected F32, found {}", if name.starts_with('b') { "BF16" } else { "F16" })));
    }
}

#[test]
fn a_part_is_loaded_only_where_that_is_asked_for_and_the_report_names_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.safetensors");
    let config = Config::features(3).recurrent(RecurrentSpec::gru(4).named("model.encoder")).linear(2);
    let whole = Network::<f32, _>::with_backend(&config, 5, Naive).unwrap();
    whole.save_safetensors(&file, Metadata::None).unwrap();

    let mut network = fresh::<f32>();
    let before = network.parameters().clone();
    let names = |name: &str| match name.strip_prefix("model.encoder.") {
        Some(rest) => Some(format!("rnn.{rest}")),
        None => (name == "head.bias").then(|| "rnn.bias_hh_l9".into()),
    };
    let error = network.load_safetensors_as(&file, &LoadOptions::default(), names).unwrap_err();
    let Error::Tensors { mismatches, .. } = error else { panic!("{error}") };
    let missing =
        |name: &str, expected: &[usize]| TensorMismatch::Missing { name: name.into(), expected: expected.into() };
    let unexpected = TensorMismatch::Unexpected { name: "head.bias".into(), found: vec![2] };
    assert_eq!(mismatches, [missing("head.weight", &[2, 4]), missing("head.bias", &[2]), unexpected]);
    assert_eq!(network.parameters(), &before);

    let partial = LoadOptions { partial: Partial::Allow, ..LoadOptions::default() };
    let report = network.load_safetensors_as(&file, &partial, names).unwrap();
    assert_eq!(report.taken[0], ("model.encoder.weight_ih_l0".into(), "rnn.weight_ih_l0".into()));
    assert_eq!((report.taken.len(), &report.missing[..]), (4, &["head.weight".to_string(), "head.bias".into()][..]));
    assert_eq!(report.left_over, ["head.bias", "head.weight"]);
    for block in network.parameters().blocks() {
        let taken = block.name.strip_prefix("rnn.").map(|rest| format!("model.encoder.{rest}"));
        let expected = taken.map_or(before.get(&block.name), |name| whole.parameters().get(&name));
        assert_eq!(network.parameters().get(&block.name), expected, "{}", block.name);
    }

    // A tensor of another shape is no part, and one place has one tensor.
    let all = |_: &str| Some("rnn.weight_ih_l0".to_string());
    let error = network.load_safetensors_as(&file, &partial, all).unwrap_err().to_string();
    assert!(error.contains("rnn.weight_ih_l0: expected one tensor, found `"), "{error}");
    let wrong = |name: &str| (name == "head.bias").then(|| "head.weight".to_string());
    let error = network.load_safetensors_as(&file, &partial, wrong).unwrap_err().to_string();
    assert!(error.contains("head.weight, from `head.bias`: expected shape [2, 4], found [2]"), "{error}");
    // A network that is made of the file would have no values for the rest.
    let cells = recurrent::Cells::new();
    let made = Network::<f32, Naive>::from_safetensors(&file, &partial, &gru(), Naive, &cells);
    assert!(made.unwrap_err().to_string().contains("rnn.weight_ih_l0: expected [12, 3], found no such tensor"));
}

/// The file with one text in the place of another.
fn changed(name: &str, from: &str, to: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(path(name)).unwrap();
    assert!(text.contains(from), "{name} has {from}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn what_rtneural_would_leave_out_is_an_error_with_its_place() {
    for (from, to, says) in [
        (
            "\"lstm\"",
            "\"conv1d\"",
            "layers[1], type: expected dense, time-distributed-dense, lstm, gru or activation, found conv1d",
        ),
        (
            "\"type\": \"lstm\", \"activation\": \"tanh\"",
            "\"type\": \"lstm\", \"activation\": \"relu\"",
            "layers[1], activation: expected tanh, found relu",
        ),
        (
            "\"activation\": \"\"",
            "\"activation\": \"elu\"",
            "layers[2], activation: expected tanh, relu, sigmoid or none, found elu",
        ),
        ("\"in_shape\"", "\"in_skip\": 1, \"in_shape\"", "unknown field `in_skip`"),
        ("\"activation\": \"\"", "\"activation\": \"\", \"dropout\": 0.5", "unknown field `dropout`"),
        (
            "[null, null, 3]",
            "[null, null, 2]",
            "layers[1], weights[0]: expected an array [4, 8], found expected 8 elements, found more",
        ),
        ("[null, null, 4]", "[null, null, 400000]", "expected "),
        (
            "\"activation\": \"tanh\"",
            "\"activation\": \"tanh\", \"recurrent_activation\": \"sigmoid\"",
            "layers[0], recurrent_activation: expected none, found sigmoid",
        ),
        (
            "\"layers\": [",
            "\"layers\": [{\"type\": \"activation\", \"shape\": [null, null, 3], \"weights\": [[1]]}, ",
            "layers[0], weights: expected none, found 1",
        ),
    ] {
        let bytes = changed("lstm.json", from, to);
        let error = Network::<f64, _>::from_rtneural(&bytes, &LoadOptions::default(), Naive).unwrap_err().to_string();
        assert!(error.contains(says), "{to}: {error}");
    }
    // More arrays than a layer has.
    for (before, says) in [
        ("}, {\"type\": \"lstm\"", "layers[0], weights"),
        ("}, {\"type\": \"dense\", \"activation\": \"\"", "layers[1], weights"),
    ] {
        let bytes = changed("lstm.json", &format!("]{before}"), &format!(", [1]]{before}"));
        let error = Network::<f64, _>::from_rtneural(&bytes, &LoadOptions::default(), Naive).unwrap_err().to_string();
        assert!(error.contains(says) && error.contains("arrays, found"), "{error}");
    }
    let bytes = changed("lstm.json", "[[[0.", "[[[1e300, 0.");
    let huge = String::from_utf8(bytes).unwrap().replacen("1e300, 0.5468606352806091", "1e300", 1);
    let error = Network::<f32, _>::from_rtneural(huge.as_bytes(), &LoadOptions::default(), Naive).unwrap_err();
    assert!(matches!(error, Error::NotFinite { index: 0, .. }), "{error}");
    // An activation by itself is that of the dense layer below it, and of nothing else.
    let bytes = changed(
        "lstm.json",
        "{\"type\": \"dense\", \"activation\": \"tanh\"",
        "{\"type\": \"dense\", \"activation\": \"\"",
    );
    let text = String::from_utf8(bytes).unwrap();
    let layer = ", {\"type\": \"activation\", \"activation\": \"tanh\", \"shape\": [null, null, 4], \"weights\": []}, {\"type\": \"lstm\"";
    let network = Network::<f64, _>::from_rtneural(
        text.replacen(", {\"type\": \"lstm\"", layer, 1).as_bytes(),
        &LoadOptions::default(),
        Naive,
    );
    expect(&network.unwrap(), "lstm.json");
}

#[test]
fn what_nam_does_not_say_so_is_an_error() {
    for (from, to, says) in [
        ("\"0.5.4\"", "\"0.4.0\"", "version: expected 0.5 to 0.7, found 0.4.0"),
        ("\"LSTM\"", "\"WaveNet\"", "architecture: expected LSTM, found WaveNet"),
        (
            "\"num_layers\": 2",
            "\"num_layers\": 1",
            "weights: expected 70 numbers, found expected 70 elements, found more",
        ),
        ("\"num_layers\": 2", "\"num_layers\": 2, \"bidirectional\": true", "unknown field `bidirectional`"),
        ("\"hidden_size\": 3", "\"hidden_size\": 300000", "weights: expected some"),
        ("\"version\"", "\"skip\": true, \"version\"", "unknown field `skip`"),
        ("\"num_layers\": 2", "\"num_layers\": 0", "expected at least 1"),
    ] {
        let bytes = changed("small.nam", from, to);
        let error = Network::<f64, _>::from_nam(&bytes, &LoadOptions::default(), Naive).unwrap_err().to_string();
        assert!(error.contains(says), "{to}: {error}");
    }
    // The first weight, too large for f32 and not for f64.
    let text = std::fs::read_to_string(path("small.nam")).unwrap();
    let (before, weights) = text.split_once("\"weights\": [").unwrap();
    let rest = weights.split_once(',').unwrap().1;
    let huge = format!("{before}\"weights\": [1e300,{rest}");
    let error = Network::<f32, _>::from_nam(huge.as_bytes(), &LoadOptions::default(), Naive).unwrap_err();
    assert!(matches!(error, Error::NotFinite { index: 0, .. }), "{error}");
    assert!(Network::<f64, _>::from_nam(huge.as_bytes(), &LoadOptions::default(), Naive).is_ok());
}
