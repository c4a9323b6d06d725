//! What models of Keras say that would change a result, and is not implemented: refused by its name.

use crate::foreign::{json, numbers, reconfigured, rewritten};
use crate::keras::{expect, model, options, output, path, tolerance};
use recurrent::error::Error;
use recurrent::interop::keras::{KerasOptions, Masking};
use recurrent::{Held, Network};
use rnn_backend_naive::Naive;
use serde_json::Value;

/// The archive with another text in the place of one in its configuration.
fn changed(name: &str, from: &str, to: &str) -> Vec<u8> {
    rewritten(&path(name), |text| text.replacen(from, to, 1))
}

#[test]
fn nothing_that_a_layer_says_is_left_out_in_silence() {
    for (name, from, to, says) in [
        (
            "3_stack.keras",
            "\"go_backwards\": false",
            "\"go_backwards\": true",
            "layer both (Bidirectional), layer, go_backwards: expected false, found true",
        ),
        (
            "3_stack.keras",
            "\"merge_mode\": \"concat\"",
            "\"merge_mode\": null",
            "merge_mode: expected concat, sum, ave or mul, found none",
        ),
        (
            "3_stack.keras",
            "\"return_state\": false",
            "\"return_state\": true",
            "return_state: expected false in a chain of layers, found true",
        ),
        ("3_stack.keras", "\"units\": 2", "\"units\": 2, \"glow\": 7", "glow: expected no such attribute, found 7"),
        (
            "3_stack.keras",
            "\"recurrent_activation\": \"sigmoid\"",
            "\"recurrent_activation\": \"swish\"",
            "recurrent_activation: expected tanh, sigmoid, hard_sigmoid",
        ),
        (
            "3_stack.keras",
            "\"activation\": \"softmax\"",
            "\"activation\": \"gelu\"",
            "layer classes (Dense), activation: expected linear, tanh, relu, sigmoid or softmax, found gelu",
        ),
        (
            "3_stack.keras",
            "\"class_name\": \"GRU\"",
            "\"class_name\": \"ConvLSTM1D\"",
            "layer second, class_name: expected InputLayer",
        ),
        (
            "3_stack.keras",
            "\"class_name\": \"SpatialDropout1D\"",
            "\"class_name\": \"BatchNormalization\"",
            "found BatchNormalization",
        ),
        (
            "3_stack.keras",
            "\"name\": \"float32\"",
            "\"name\": \"int8_from_float32\"",
            "dtype: expected a floating-point type",
        ),
        (
            "3_sum.keras",
            "\"class_name\": \"Sequential\"",
            "\"class_name\": \"Encoder\"",
            "the model: expected Sequential or Functional, found Encoder",
        ),
        (
            "3_masking.keras",
            "\"mask_value\": 0.5",
            "\"mask_value\": \"no\"",
            "mask_value: expected a number, found \"no\"",
        ),
        (
            "3_functional.keras",
            "\"keras_history\": [\"lower\", 0, 0]",
            "\"keras_history\": [\"lower\", 0, 1]",
            "expected the output of one layer, found output 1 of lower",
        ),
        (
            "3_functional.keras",
            "\"keras_history\": [\"lower\", 0, 0]",
            "\"keras_history\": [\"upper\", 0, 0]",
            "expected a layer upper that is used once",
        ),
        (
            "2_functional.keras",
            "[[[\"lower\", 0, 0, {}]]]",
            "[[[\"lower\", 0, 0, {}], [\"lower\", 0, 1, {}]]]",
            "expected one input, or Graph::from_keras for models that are no chain, found 2",
        ),
    ] {
        let bytes = changed(name, from, to);
        assert_ne!(bytes, changed(name, "", ""), "{name} has {from}");
        let error = Network::<f64, _>::from_keras(&bytes, &options(), Naive).unwrap_err();
        assert!(!matches!(error, Error::Memory { .. }));
        assert!(error.to_string().contains(says), "{to}: {error}");
    }
}

#[test]
fn attributes_and_calls_that_would_change_a_result_are_refused() {
    let refused = |name: &str, change: &dyn Fn(&mut Value), says: &str| {
        let bytes = reconfigured(&path(name), change);
        let error = Network::<f64, _>::from_keras(&bytes, &options(), Naive).unwrap_err().to_string();
        assert!(error.contains(says), "{name}, {says}: {error}");
    };
    let attribute = |name: &str, layer: usize, attribute: &str, value: Value, says: &str| {
        refused(name, &|config| config["layers"][layer]["config"][attribute] = value.clone(), says);
    };
    attribute(
        "3_functional.keras",
        1,
        "go_backwards",
        true.into(),
        "go_backwards: expected false, since the sequence it returns is in reversed order",
    );
    attribute("2_functional.keras", 1, "time_major", true.into(), "time_major: expected false, or nothing, found true");
    attribute(
        "2_functional.keras",
        1,
        "inner_activation",
        "relu".into(),
        "inner_activation: expected false, or nothing",
    );
    attribute(
        "3_sum.keras",
        0,
        "batch_shape",
        serde_json::json!([null, null, 2, 2]),
        "input: expected [batch, steps, width] or [batch, width]",
    );
    refused(
        "3_masking.keras",
        &|config| {
            let last = &mut config["layers"][3]["config"];
            (last["return_sequences"], last["zero_output_for_mask"]) = (false.into(), true.into());
        },
        "zero_output_for_mask: expected false, of a last step that may be masked, found true",
    );
    refused(
        "3_sum.keras",
        &|config| config["layers"][2]["config"]["layer"]["config"]["activation"] = "softmax".into(),
        "expected a softmax at the end of the model, found one with layers above it",
    );
    refused(
        "3_functional.keras",
        &|config| config["layers"][2]["name"] = "lower".into(),
        "expected a different name for every layer, found the name twice",
    );
    refused(
        "3_functional.keras",
        &|config| {
            let calls = config["layers"][1]["inbound_nodes"].as_array_mut().unwrap();
            calls.push(calls[0].clone());
        },
        "layer lower (LSTM): expected one use of the layer, found 2",
    );
    refused(
        "3_functional.keras",
        &|config| config["layers"][1]["inbound_nodes"][0]["kwargs"]["training"] = true.into(),
        "layer lower (LSTM): expected no argument but its inputs, found training: true",
    );
    refused(
        "3_functional.keras",
        &|config| {
            let layers = config["layers"].as_array_mut().unwrap();
            let mut beside = layers[4].clone();
            (beside["name"], beside["config"]["name"]) = ("beside".into(), "beside".into());
            layers.push(beside);
        },
        "layer beside (Dense): expected a chain of layers, or Graph::from_keras, found a layer beside it",
    );
    // A state that goes on from batch to batch is up to the caller, who is told.
    let bytes = reconfigured(&path("3_functional.keras"), |config| {
        config["layers"][1]["config"]["stateful"] = true.into();
    });
    let notes = Network::<f64, _>::from_keras(&bytes, &options(), Naive).unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("layer lower (LSTM), stateful: not taken over")), "{notes:?}");
}

#[test]
fn a_mask_that_a_functional_model_writes_down_is_that_of_the_layer_before_it() {
    let masking = model("3_functional_masking.keras");
    assert_eq!((masking.masking, masking.held), (Some(Masking::Value(0.5)), Held::Zero));
    assert_eq!(model("3_functional_symbols.keras").masking, Some(Masking::SymbolZero));
    let change = |name: &str, layer: &str, change: &dyn Fn(&mut Value), says: &str| {
        let bytes = reconfigured(&path(name), |config| {
            let layers = config["layers"].as_array_mut().unwrap();
            change(layers.iter_mut().find(|found| found["name"] == layer).unwrap());
        });
        let error = Network::<f64, _>::from_keras(&bytes, &options(), Naive).unwrap_err().to_string();
        assert!(error.contains(says), "{layer}: {error}");
    };
    let features = "3_functional_masking.keras";
    let lower =
        "layer lower (GRU): expected no mask but that of a Masking or an Embedding before it, found output 0 of any_1";
    change(features, "not_equal_2", &|layer| layer["inbound_nodes"][0]["args"][1] = 0.25.into(), lower);
    change(features, "not_equal_2", &|layer| layer["class_name"] = "Equal".into(), lower);
    let of_input = |layer: &mut Value| {
        layer["inbound_nodes"][0]["args"][0]["config"]["keras_history"][0] = "input_layer_8".into();
    };
    change(features, "not_equal_2", &of_input, lower);
    change(features, "any_1", &|layer| layer["config"]["axis"] = 1.into(), lower);
    change(features, "any_1", &|layer| layer["config"]["keepdims"] = true.into(), lower);
    change(features, "any_1", &|layer| layer["class_name"] = "All".into(), lower);
    change(features, "masking", &|layer| layer["config"]["mask_value"] = 0.0.into(), lower);
    let mask = |of: &'static str| {
        move |layer: &mut Value| {
            layer["inbound_nodes"][0]["kwargs"]["mask"]["config"]["keras_history"][0] = of.into();
        }
    };
    change(features, "upper", &mask("not_equal_2"), "layer upper (LSTM): expected no mask but");
    change(features, "upper", &mask("lower"), "found output 0 of lower as its mask");
    let second =
        |layer: &mut Value| layer["inbound_nodes"][0]["kwargs"]["mask"]["config"]["keras_history"][2] = 1.into();
    change(features, "upper", &second, "found output 1 of any_1 as its mask");
    let symbols = "3_functional_symbols.keras";
    let last = "layer last (LSTM): expected no mask but that of a Masking or an Embedding before it, found output 0 of not_equal_3";
    change(symbols, "letters", &|layer| layer["config"]["mask_zero"] = false.into(), last);
    change(symbols, "not_equal_3", &|layer| layer["inbound_nodes"][0]["args"][1] = 1.into(), last);
    // Layers that no mask needs are layers beside the chain.
    let nowhere = |layer: &mut Value| layer["inbound_nodes"][0]["kwargs"]["mask"] = Value::Null;
    change(symbols, "last", &nowhere, "layer not_equal_3 (NotEqual): expected a chain of layers, or Graph::from_keras");
}

#[test]
fn of_two_masks_the_second_one_is_refused_and_not_the_layers_that_it_is_passed_on_to() {
    let replaced = |value: &Value, names: &[(&str, &str)]| -> Value {
        let quoted = |name: &str| format!("\"{name}\"");
        let text = names.iter().fold(value.to_string(), |text, (from, to)| text.replace(&quoted(from), &quoted(to)));
        text.parse().unwrap()
    };
    // The layers that mask, once more behind the first Masking; what stands behind is given the second mask, and nothing the first.
    let again = [("masking", "again"), ("not_equal_2", "unequal"), ("any_1", "second")];
    let bytes = reconfigured(&path("3_functional_masking.keras"), |config| {
        let mut layers = config["layers"].as_array().unwrap().clone();
        let behind: Vec<_> = layers.drain(5..).map(|layer| replaced(&layer, &again)).collect();
        let masks = layers[2..5].iter().map(|layer| replaced(&replaced(layer, &again), &[("dropout_1", "masking")]));
        let masks: Vec<_> = masks.collect();
        layers.retain(|layer| layer["name"] != "not_equal_2" && layer["name"] != "any_1");
        config["layers"] = [layers, masks, behind].concat().into();
    });
    let error = Network::<f64, _>::from_keras(&bytes, &options(), Naive).unwrap_err().to_string();
    assert!(error.contains("layer again (Masking): expected one mask, of the input, found another one"), "{error}");
}

#[test]
fn what_has_changed_its_meaning_is_asked_for() {
    // Both directions must agree.
    let (sigmoid, hard) = ("\"recurrent_activation\": \"sigmoid\"", "\"recurrent_activation\": \"hard_sigmoid\"");
    let bytes = changed("3_stack.keras", sigmoid, hard);
    let error = Network::<f64, _>::from_keras(&bytes, &options(), Naive).unwrap_err().to_string();
    assert!(error.contains("backward_layer: expected the attributes of the forward layer, found others"), "{error}");

    let nameless =
        changed("3_functional.keras", "\"recurrent_activation\": \"sigmoid\"", "\"recurrent_activation\": null");
    // Since version 3 there is one default.
    let described = json("keras/expected.json");
    let network = Network::<f64, _>::from_keras(&nameless, &options(), Naive).unwrap().network;
    let described_3 = &described["3_functional.keras"];
    expect("no name", &output(&network, None, Held::Repeat, false, &described_3["input"]), &described_3["output"]);
    let silent = changed("3_stack.keras", "\"reset_after\": true", "\"reset_after\": null");
    let network = Network::<f64, _>::from_keras(&silent, &options(), Naive).unwrap().network;
    let described_3 = &described["3_stack.keras"];
    expect(
        "no reset_after",
        &output(&network, None, Held::Repeat, true, &described_3["input"]),
        &described_3["output"],
    );
    let nameless =
        changed("2_functional.keras", "\"recurrent_activation\": \"sigmoid\"", "\"recurrent_activation\": null");
    let error = Network::<f64, _>::from_keras(&nameless, &options(), Naive).unwrap_err().to_string();
    assert!(
        error.contains(
            "layer lower (LSTM), recurrent_activation: expected a name, or KerasOptions::recurrent_activation"
        ),
        "{error}"
    );
    let told = KerasOptions { recurrent_activation: Some("sigmoid".into()), ..options() };
    assert!(Network::<f64, _>::from_keras(&nameless, &told, Naive).is_ok());

    let unknown = changed("3_functional.keras", "\"keras_version\"", "\"other_version\"");
    assert!(Network::<f64, _>::from_keras(&unknown, &options(), Naive).is_ok(), "nothing in it depends on the version");
    let silent = changed("2_stack.keras", "\"reset_after\": true", "\"reset_after\": null");
    let error = Network::<f64, _>::from_keras(&silent, &options(), Naive).unwrap_err().to_string();
    assert!(
        error.contains("layer second (GRU), reset_after: expected true or false, or KerasOptions::reset_after"),
        "{error}"
    );
    let told = |reset_after| KerasOptions { reset_after: Some(reset_after), ..options() };
    assert!(Network::<f64, _>::from_keras(&silent, &told(true), Naive).is_ok());
    // The shape of the bias contradicts it.
    let error = Network::<f64, _>::from_keras(&silent, &told(false), Naive).unwrap_err().to_string();
    assert!(error.contains("bias: expected the shape [9], found [2, 9]"), "{error}");
}

#[test]
fn a_hard_sigmoid_of_no_version_is_an_error_that_says_what_to_tell() {
    // The function in the HDF5 file of version 3, whose version is cut out: the attribute has another name then.
    let mut bytes = std::fs::read(path("3_hard.h5")).unwrap();
    let places: Vec<_> = (0..bytes.len() - 13).filter(|&k| bytes[k..].starts_with(b"keras_version")).collect();
    places.iter().for_each(|&k| bytes[k..k + 13].copy_from_slice(b"other_version"));
    let error = Network::<f64, _>::from_keras(&bytes, &options(), Naive).unwrap_err().to_string();
    assert!(
        error
            .contains("recurrent_activation: expected a file that says its version of Keras, or KerasOptions::version"),
        "{error}"
    );
    let described = json("keras/expected.json")["3_hard.h5"].clone();
    let told = |version| {
        let options = KerasOptions { version: Some(version), ..options() };
        let model = Network::<f64, _>::from_keras(&bytes, &options, Naive).unwrap();
        output(&model.network, None, Held::Repeat, false, &described["input"])
    };
    expect("told version 3", &told(3), &described["output"]);
    // What the file says itself comes before what it is told.
    let options = KerasOptions { version: Some(2), ..options() };
    let says_itself = Network::<f64, _>::from_keras(path("3_hard.h5"), &options, Naive).unwrap();
    let found = output(&says_itself.network, None, Held::Repeat, false, &described["input"]);
    expect("says version 3", &found, &described["output"]);
    let off = told(2).iter().zip(numbers(&described["output"])).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(off > 100.0 * tolerance(), "the two meanings differ by {off}");
}
