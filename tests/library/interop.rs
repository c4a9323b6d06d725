//! Weights to and from PyTorch: the files in `tests/data` were written by PyTorch.

use recurrent::error::TensorMismatch;
use recurrent::interop::{Conversion, LoadOptions, Metadata, NonFinite, SaveOptions, read_config};
use recurrent::kernels::Activation;
use recurrent::network::{Config, RecurrentSpec};
use recurrent::{Batch, Error, Network, Workspace};
use rnn_backend_naive::Naive;
use rnn_kernels::Backend;
use safetensors::SafeTensors;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn description(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(data(&format!("{name}.json"))).unwrap()).unwrap()
}

fn size(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value["data"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn config(model: &Value) -> Config {
    let hidden = size(&model["hidden"]);
    let layer = match (model["cell"].as_str().unwrap(), model["activation"].as_str()) {
        ("lstm", None) => RecurrentSpec::lstm(hidden),
        ("gru", None) => RecurrentSpec::gru(hidden),
        ("elman", Some("relu")) => RecurrentSpec::elman(hidden, Activation::Relu),
        other => panic!("an unknown cell {other:?}"),
    };
    let layer = layer.layers(size(&model["layers"]));
    let layer = if model["bidirectional"].as_bool().unwrap() { layer.bidirectional() } else { layer };
    let symbols = size(&model["vocabulary"]);
    Config::embedding(symbols, size(&model["embedding"])).recurrent(layer).softmax(symbols)
}

fn char_config() -> Config {
    config(&description("pytorch_char_model"))
}

fn network<T: rnn_kernels::Scalar>(config: &Config) -> Network<T, Naive>
where
    Naive: Backend<T>,
{
    Network::with_backend(config, 1, Naive).unwrap()
}

fn logits<T: rnn_kernels::Scalar>(network: &Network<T, Naive>, model: &Value) -> Vec<f64> {
    let tokens = model["tokens"].as_array().unwrap().iter().flat_map(|step| step.as_array().unwrap());
    let tokens: Vec<u32> = tokens.map(|token| u32::try_from(token.as_u64().unwrap()).unwrap()).collect();
    let (t, n) = (size(&model["steps"]), size(&model["rows"]));
    let mut workspace = Workspace::new();
    let mut state = network.state(n).unwrap();
    let batch = Batch::symbols(&tokens, [t, n]).unwrap();
    let output = network.infer(&mut workspace, &batch, &mut state).unwrap();
    output.storage()[..t * n * network.output_width()].iter().map(|a| a.to_f64()).collect()
}

const MODELS: [&str; 3] = ["pytorch_char_model", "pytorch_gru_model", "pytorch_relu_model"];
const CONVERT: Conversion = Conversion::Allow;

#[test]
fn a_pytorch_model_widened_to_f64_gives_the_logits_of_pytorch_in_f64() {
    for name in MODELS {
        let model = description(name);
        let mut network = network::<f64>(&config(&model));
        let options = LoadOptions { conversion: CONVERT, ..LoadOptions::default() };
        network.load_safetensors(data(&format!("{name}.safetensors")), &options).unwrap();
        for (k, (a, b)) in logits(&network, &model).iter().zip(numbers(&model["logits_f64"])).enumerate() {
            // Stated, not derived: how far PyTorch's own numbers are off is not known (VERIFICATION.md, *The bound*).
            assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "{name}: logit {k} is {a}, not {b}");
        }
    }
}

#[test]
fn a_pytorch_model_in_f32_is_as_near_to_the_f64_logits_as_pytorch_itself() {
    for name in MODELS {
        let model = description(name);
        let mut network = network::<f32>(&config(&model));
        network.load_safetensors(data(&format!("{name}.safetensors")), &LoadOptions::default()).unwrap();
        let exact = numbers(&model["logits_f64"]);
        let worst = |logits: &[f64]| logits.iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        let (own, torch) = (worst(&logits(&network, &model)), worst(&numbers(&model["logits_f32"])));
        // Both add the same numbers in different orders: rounding errors of one distribution, of which each of the
        // two is the largest among 440. Such maxima differ by less than a factor of 2 nearly always; 4 leaves no
        // room for a wrong bit in a weight, which would show as 2⁻²³ of a logit or more in most of them.
        assert!(torch > 0.0 && own <= 4.0 * torch, "{name}: off by {own:e}, PyTorch by {torch:e}");
    }
}

#[test]
fn a_pytorch_file_is_written_back_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["pytorch_char_model", "pytorch_gru_model", "pytorch_relu_model", "pytorch_extreme_values"] {
        let config = if name.ends_with("values") { char_config() } else { config(&description(name)) };
        let (from, to) = (data(&format!("{name}.safetensors")), folder.path().join(name));
        let mut network = network::<f32>(&config);
        network.load_safetensors(&from, &LoadOptions::default()).unwrap();
        network.save_safetensors(&to, Metadata::None).unwrap();
        let (theirs, ours) = (std::fs::read(&from).unwrap(), std::fs::read(&to).unwrap());
        let (a, b) = (SafeTensors::deserialize(&theirs).unwrap(), SafeTensors::deserialize(&ours).unwrap());
        assert_eq!(a.len(), b.len());
        for (tensor, theirs) in a.iter() {
            let ours = b.tensor(tensor).unwrap();
            assert_eq!((ours.dtype(), ours.shape()), (theirs.dtype(), theirs.shape()), "{name}: {tensor}");
            assert_eq!(ours.data(), theirs.data(), "{name}: {tensor}");
        }
        assert!(theirs == ours, "{name}: the whole file");
    }
}

#[test]
fn extreme_values_arrive_with_their_bits() {
    let mut network = network::<f32>(&char_config());
    network.load_safetensors(data("pytorch_extreme_values.safetensors"), &LoadOptions::default()).unwrap();
    let planted = description("pytorch_extreme_values")["planted"].as_array().unwrap().clone();
    assert!(planted.len() > 100);
    for entry in planted {
        let (name, index) = (entry["name"].as_str().unwrap(), size(&entry["index"]));
        let found = network.parameters().get(name).unwrap()[index].to_bits();
        assert_eq!(u64::from(found), entry["bits"].as_u64().unwrap(), "{name}[{index}]");
    }
}

#[test]
fn f64_survives_and_the_configuration_travels_along() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let written = network::<f64>(&char_config());
    written.save_safetensors(&path, Metadata::Config).unwrap();
    let config = read_config(&path, &LoadOptions::default()).unwrap().unwrap();
    assert_eq!(config, char_config());
    let mut read = Network::<f64, Naive>::with_backend(&config, 2, Naive).unwrap();
    read.load_safetensors(&path, &LoadOptions::default()).unwrap();
    assert_eq!(read.parameters(), written.parameters());
    assert_eq!(read_config(data("pytorch_gru_model.safetensors"), &LoadOptions::default()).unwrap(), None);
}

/// A file of the given header and zeros behind it.
fn file(folder: &Path, header: &str, bytes: usize) -> PathBuf {
    let mut content = (header.len() as u64).to_le_bytes().to_vec();
    content.extend_from_slice(header.as_bytes());
    content.resize(content.len() + bytes, 0);
    let path = folder.join("crafted.safetensors");
    std::fs::write(&path, content).unwrap();
    path
}

#[test]
fn every_mismatch_is_reported_tensor_by_tensor_and_the_network_stays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let header = r#"{"weight_ih_l0":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},
        "weight_hh_l0":{"dtype":"F64","shape":[2,2],"data_offsets":[24,56]},
        "bias_ih_l0":{"dtype":"F32","shape":[2],"data_offsets":[56,64]},
        "extra":{"dtype":"F32","shape":[1],"data_offsets":[64,68]}}"#;
    let path = file(folder.path(), header, 68);
    let config = Config::features(4).recurrent(RecurrentSpec::elman(2, Activation::Tanh).name(""));
    let mut network = network::<f32>(&config);
    let (before, generation) = (network.parameters().clone(), network.generation());
    let error = network.load_safetensors(&path, &LoadOptions::default()).unwrap_err();
    let Error::Tensors { mismatches, .. } = &error else { panic!("{error}") };
    let shape = |s: &[usize]| s.to_vec();
    assert_eq!(
        *mismatches,
        [
            TensorMismatch::Shape { name: "weight_ih_l0".into(), expected: shape(&[2, 4]), found: shape(&[2, 3]) },
            TensorMismatch::Dtype { name: "weight_hh_l0".into(), expected: "F32".into(), found: "F64".into() },
            TensorMismatch::Missing { name: "bias_hh_l0".into(), expected: shape(&[2]) },
            TensorMismatch::Unexpected { name: "extra".into(), found: shape(&[1]) },
        ]
    );
    assert!(!error.to_string().contains('\n') && error.to_string().contains("weight_ih_l0: expected shape [2, 4]"));
    assert_eq!((network.parameters(), network.generation()), (&before, generation));
}

#[test]
fn numbers_that_are_not_finite_are_named_with_their_place_unless_they_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nan.safetensors");
    let mut sick = network::<f32>(&char_config());
    sick.update(|p| {
        p.get_mut("head.weight").unwrap()[5] = f32::NAN;
        p.get_mut("head.bias").unwrap()[3] = f32::NEG_INFINITY;
    });
    let Error::Tensors { mismatches: refused, .. } = sick.save_safetensors(&path, Metadata::None).unwrap_err() else {
        panic!("another error");
    };
    assert!(!path.exists());
    let options = SaveOptions { non_finite: NonFinite::Allow, ..SaveOptions::default() };
    sick.save_safetensors(&path, options).unwrap();
    let mut network = network::<f32>(&char_config());
    let Error::Tensors { mismatches, .. } = network.load_safetensors(&path, &LoadOptions::default()).unwrap_err()
    else {
        panic!("another error");
    };
    // The writer and the reader say the same.
    assert_eq!(format!("{refused:?}"), format!("{mismatches:?}"));
    let [TensorMismatch::NotFinite { name, index: 5, found }, second] = &mismatches[..] else {
        panic!("{mismatches:?}")
    };
    assert!(name == "head.weight" && found.is_nan());
    assert_eq!(*second, TensorMismatch::NotFinite { name: "head.bias".into(), index: 3, found: f64::NEG_INFINITY });
    let options = LoadOptions { non_finite: NonFinite::Allow, ..LoadOptions::default() };
    network.load_safetensors(&path, &options).unwrap();
    assert!(network.parameters().get("head.weight").unwrap()[5].is_nan());
}

#[test]
fn conversion_is_explicit_exact_upwards_and_refuses_what_overflows_downwards() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wide.safetensors");
    let mut wide = network::<f64>(&char_config());
    wide.save_safetensors(&path, Metadata::None).unwrap();
    let mut narrow = network::<f32>(&char_config());
    let convert = LoadOptions { conversion: CONVERT, ..LoadOptions::default() };
    assert!(matches!(narrow.load_safetensors(&path, &LoadOptions::default()), Err(Error::Tensors { .. })));
    narrow.load_safetensors(&path, &convert).unwrap();
    #[allow(clippy::cast_possible_truncation)] // the nearest f32 is what must be found
    let rounded: Vec<f32> = wide.parameters().iter().map(|&x| x as f32).collect();
    assert_eq!(narrow.parameters()[..], rounded);

    wide.update(|p| p.get_mut("head.bias").unwrap()[0] = 1e300);
    wide.save_safetensors(&path, Metadata::None).unwrap();
    let error = narrow.load_safetensors(&path, &convert).unwrap_err();
    assert!(error.to_string().contains("head.bias: expected finite numbers, found inf"), "{error}");
}

#[test]
fn files_that_are_not_whole_or_lie_about_themselves_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let mut network = network::<f32>(&char_config());
    let mut error = |path: &Path| network.load_safetensors(path, &LoadOptions::default()).unwrap_err();
    assert!(matches!(error(&folder.path().join("nowhere")), Error::Io { .. }));
    assert!(matches!(error(folder.path()), Error::Io { .. } | Error::Format { .. }));

    let whole = std::fs::read(data("pytorch_char_model.safetensors")).unwrap();
    let cut = folder.path().join("cut");
    for len in [0, 7, 8, 9, 100, whole.len() - 1] {
        std::fs::write(&cut, &whole[..len]).unwrap();
        assert!(matches!(error(&cut), Error::Format { .. }), "{len} bytes");
    }
    std::fs::write(&cut, [&whole[..], &[0]].concat()).unwrap();
    assert!(matches!(error(&cut), Error::Format { .. }), "one byte more");
    std::fs::write(&cut, [u64::MAX.to_le_bytes(), [b'{'; 8]].concat()).unwrap();
    assert!(matches!(error(&cut), Error::Format { .. }), "a header longer than memory");
    let huge = r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}}"#;
    assert!(matches!(error(&file(folder.path(), huge, 0)), Error::Format { .. }), "a shape that overflows");

    let twice = r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let error_twice = error(&file(folder.path(), twice, 4));
    assert!(error_twice.to_string().contains("two tensors named `a`"), "{error_twice}");
}

#[test]
fn a_file_above_the_limit_is_refused_by_its_length() {
    let mut network = network::<f32>(&char_config());
    let options = LoadOptions { max_bytes: 1000, ..LoadOptions::default() };
    let error = network.load_safetensors(data("pytorch_char_model.safetensors"), &options).unwrap_err();
    assert!(error.to_string().contains("expected at most 1000 bytes"), "{error}");
}

#[test]
fn a_file_above_the_limit_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let network = network::<f32>(&char_config());
    network.save_safetensors(&path, Metadata::Config).unwrap();
    let len = std::fs::metadata(&path).unwrap().len();
    std::fs::remove_file(&path).unwrap();
    let mut options = SaveOptions { max_bytes: len - 1, ..Metadata::Config.into() };
    let error = network.save_safetensors(&path, options).unwrap_err();
    assert!(error.to_string().contains(&format!("expected at most {} bytes, found {len} bytes", len - 1)), "{error}");
    assert!(!path.exists());
    options.max_bytes = len;
    network.save_safetensors(&path, options).unwrap();
}

#[test]
fn a_configuration_that_could_not_be_read_back_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let mut config = char_config();
    // Nothing in this network is initialised by it.
    config.init.dense = recurrent::init::Scheme::XavierUniform { gain: f64::NAN };
    if let Ok(network) = Network::<f32, Naive>::with_backend(&config, 1, Naive) {
        assert!(matches!(network.save_safetensors(&path, Metadata::Config), Err(Error::Format { .. })));
        assert!(!path.exists());
    }
}

#[test]
fn a_path_that_cannot_be_written_is_an_error_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let network = network::<f32>(&char_config());
    let missing = folder.path().join("nowhere/model.safetensors");
    assert!(matches!(network.save_safetensors(missing, Metadata::None), Err(Error::Io { .. })));
    let taken = folder.path().join("taken");
    std::fs::create_dir(&taken).unwrap();
    assert!(matches!(network.save_safetensors(&taken, Metadata::None), Err(Error::Format { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
