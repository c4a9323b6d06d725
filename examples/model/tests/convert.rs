//! What `convert` writes computes the same.

use super::{Desk, data, described, feeds, model, near, of_keras, onnx_model, says, swapped, symbols, tensor};
use recurrent::graph::Tensor;
use recurrent::interop::LoadOptions;
use serde_json::json;
use std::path::Path;

#[test]
fn what_is_converted_gives_the_same_in_every_format() {
    let desk = Desk::new();
    let (mut converted, mut masked) = (0, 0);
    for (name, x, expected) in of_keras() {
        let file = data(&format!("keras/{name}"));
        let [onnx, safetensors, ckpt] = ["m.onnx", "m.safetensors", "m.ckpt"].map(|name| desk.path(name));
        let [told, ..] = [&onnx, &safetensors, &ckpt].map(|out| says(&["convert", &file, out]));
        assert!(told.contains("Keras → onnx") && told.contains("[steps, rows, width]"), "{told}");
        if told.contains("the model masks steps, and ONNX has no masks") {
            masked += 1;
            continue;
        }
        let time_major = if expected.rank() == 3 { swapped(&expected) } else { expected.clone() };
        near(&name, &desk.run(&onnx, &[("x", swapped(&x))], &[])[0].1, &time_major);
        let whole = &desk.run(&file, &[("x", x.clone())], &[])[0].1;
        let softmax = says(&["convert", &file, &safetensors]).contains("the softmax at the end is no weight");
        for weights in [&safetensors, &ckpt] {
            let found = &desk.run(weights, &[("x", x.clone())], &["--batch-first"])[0].1;
            // What the file has no weights for is missing.
            assert_eq!(found == whole, !softmax, "{name}");
            assert_eq!(found.shape(), whole.shape());
        }
        converted += 1;
    }
    assert_eq!((converted, masked), (13, 8));
}

#[test]
fn every_format_that_is_a_network_is_converted_to_every_format_that_is_written() {
    let desk = Desk::new();
    let (onnx, _) = onnx_model("LSTM, every step");
    let own = [desk.file("chain.onnx", onnx)];
    let files =
        ["exports/lstm.json", "exports/gru.json", "exports/small.nam", "exports/gru.npz", "exports/f16.safetensors"];
    for file in files.iter().map(|name| data(name)).chain(own) {
        for ending in ["onnx", "safetensors", "npz", "ckpt"] {
            let out = desk.path(&format!("out.{ending}"));
            says(&["convert", &file, &out]);
            says(&["inspect", &out]);
        }
        // And on from there, with the same numbers.
        let (from, to) = (desk.path("out.ckpt"), desk.path("again.safetensors"));
        says(&["convert", &from, &to]);
        assert_eq!(std::fs::read(&to).unwrap(), std::fs::read(desk.path("out.safetensors")).unwrap(), "{file}");
    }
}

#[test]
fn a_configuration_with_or_without_weights_becomes_onnx_with_what_is_asked_for() {
    let desk = Desk::new();
    let config = desk.file(
        "config.json",
        json!({ "input": { "features": { "width": 3 } },
                "layers": [{ "recurrent": { "cell": { "lstm": { "clip": { "pre_activations": 0.25 } } }, "hidden": 4 } }],
                "head": { "units": 2, "objective": "softmax" } })
        .to_string(),
    );
    let [plain, states, weights, out] =
        ["plain.onnx", "states.onnx", "w.safetensors", "out.onnx"].map(|name| desk.path(name));
    // What every function limits cannot be told of the gates alone, nor the other way round.
    let error = model(&["convert", &config, &plain]).unwrap_err().to_string();
    assert!(error.contains("configuration, layers[0]"), "{error}");
    says(&["convert", &config, &plain, "--clip", "gates"]);
    says(&["convert", &config, &states, "--clip", "gates", "--states", "--probabilities"]);
    let x = Tensor::f32(&[5, 2, 3], (0_u8..30).map(|k| f32::from(k) / 10.0 - 1.5).collect::<Vec<_>>()).unwrap();
    let zero = Tensor::f32(&[1, 2, 4], [0.0; 8]).unwrap();
    let given = [("x", x.clone()), ("rnn.l0.h", zero.clone()), ("rnn.l0.c", zero)];
    let streamed = desk.run(&states, &given, &["--clip", "gates"]);
    let names: Vec<_> = streamed.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["y", "rnn.l0.h_n", "rnn.l0.c_n"]);
    let logits = &desk.run(&plain, &[("x", x.clone())], &["--clip", "gates"])[0].1;
    let softmax: Vec<_> = logits.as_f32().unwrap().chunks_exact(2).flat_map(softmax_of_two).collect();
    near("softmax", &streamed[0].1, &Tensor::f32(&[5, 2, 2], softmax).unwrap());

    says(&["convert", &config, &weights, "--seed", "7"]);
    says(&["convert", &weights, &out, "--config", &config, "--clip", "gates"]);
    let other = &desk.run(&out, &[("x", x)], &["--clip", "gates"])[0].1;
    assert_ne!(other, logits, "another seed has other weights");
}

#[test]
fn a_softmax_stays_one_unless_logits_are_asked_for() {
    let desk = Desk::new();
    let (file, case) = onnx_model("two bidirectional LSTMs, last step, softmax, opset 17");
    let (file, x) = (desk.file("m.onnx", file), feeds(&case));
    let given: Vec<_> = x.iter().map(|(name, x)| (&**name, x.clone())).collect();
    let expected = &desk.run(&file, &given, &[])[0].1;
    let [same, logits] = ["same.onnx", "logits.onnx"].map(|name| desk.path(name));
    says(&["convert", &file, &same]);
    says(&["convert", &file, &logits, "--logits"]);
    // What is written reads steps first, and the file rows.
    let turned: Vec<_> = given.iter().map(|(name, x)| (*name, swapped(x))).collect();
    near("softmax", &desk.run(&same, &turned, &[])[0].1, expected);
    let logits = &desk.run(&logits, &turned, &[])[0].1;
    let softmax = logits.as_f32().unwrap().chunks_exact(2).flat_map(softmax_of_two);
    near("logits", &Tensor::f32(logits.shape(), softmax.collect::<Vec<_>>()).unwrap(), expected);
}

fn softmax_of_two(a: &[f32]) -> [f32; 2] {
    [1.0 / (1.0 + (a[1] - a[0]).exp()), 1.0 / (1.0 + (a[0] - a[1]).exp())]
}

#[test]
fn out_must_be_another_file_with_an_ending_that_is_written() {
    let desk = Desk::new();
    let file = desk.file("m.npz", std::fs::read(data("exports/gru.npz")).unwrap());
    for out in ["m.nam", "m.json", "m"] {
        let error = model(&["convert", &file, &desk.path(out)]).unwrap_err().to_string();
        assert!(error.contains("an ending of .onnx, .safetensors, .npz or .ckpt"), "{error}");
    }
    let error = model(&["convert", &file, &file]).unwrap_err().to_string();
    assert!(error.contains("another file than that of FILE"), "{error}");
    let graph = data("keras_graphs/3_branches.h5");
    let error = model(&["convert", &graph, &desk.path("out.onnx")]).unwrap_err().to_string();
    assert!(error.contains("expected"), "{error}");
    assert!(!Path::new(&desk.path("out.onnx")).exists());
}

#[test]
fn weights_with_pytorchs_names_need_no_configuration_unless_they_leave_something_open() {
    let desk = Desk::new();
    for name in ["pytorch_gru_model", "pytorch_char_model"] {
        let case = described(&format!("{name}.json"));
        let x = symbols(&tensor(&case["tokens"]));
        let found = &desk.run(&data(&format!("{name}.safetensors")), &[("tokens", x)], &[])[0].1;
        let expected = tensor(&case["logits_f32"]["data"]);
        near(name, found, &Tensor::f32(found.shape(), expected.as_f32().unwrap()).unwrap());
    }
    let relu = data("pytorch_relu_model.safetensors");
    let error = model(&["convert", &relu, &desk.path("m.onnx")]).unwrap_err().to_string();
    assert!(error.contains("expected --cell tanh or --cell relu, since the layer has one gate"), "{error}");
    let case = described("pytorch_relu_model.json");
    let x = symbols(&tensor(&case["tokens"]));
    let found = &desk.run(&relu, &[("tokens", x)], &["--cell", "relu"])[0].1;
    near("relu", found, &Tensor::f32(found.shape(), tensor(&case["logits_f32"]["data"]).as_f32().unwrap()).unwrap());
    let listed = says(&["inspect", &relu]);
    assert!(listed.contains("No network by itself") && listed.contains("--cell tanh"), "{listed}");
    let error = model(&["convert", &relu, &desk.path("m.onnx"), "--cell", "lstm"]).unwrap_err().to_string();
    assert!(error.contains("4 times as many rows as units"), "{error}");
}

#[test]
fn weights_of_keras_alone_go_into_the_network_of_a_configuration() {
    let desk = Desk::new();
    let whole = desk.path("whole.safetensors");
    says(&["convert", &data("keras/3_stack.keras"), &whole]);
    let load = LoadOptions::default();
    let config = recurrent::interop::read_config(&whole, &load).unwrap().unwrap();
    let config = desk.file("config.json", serde_json::to_string(&config).unwrap());
    let weights = data("keras/3_stack.weights.h5");
    let error = model(&["convert", &weights, &desk.path("m.onnx")]).unwrap_err().to_string();
    assert!(error.contains("expected a whole model, or --config"), "{error}");
    let same = desk.path("same.safetensors");
    says(&["convert", &weights, &same, "--config", &config]);
    assert_eq!(std::fs::read(&same).unwrap(), std::fs::read(&whole).unwrap());
}
