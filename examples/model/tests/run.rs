//! What `run` computes is what the home runtime computes, in arrays by name.

use super::{Desk, data, described, feeds, model, near, of_keras, onnx_model, onnx_models, says, tensor};
use recurrent::graph::Tensor;
use recurrent::interop::onnx::{read_tensor, write_tensor};

#[test]
fn run_gives_what_keras_gives_masks_and_softmax_included() {
    let desk = Desk::new();
    for (name, x, expected) in of_keras() {
        let found = desk.run(&data(&format!("keras/{name}")), &[("x", x)], &[]);
        assert_eq!((found.len(), &*found[0].0), (1, "y"), "{name}");
        near(&name, &found[0].1, &expected);
    }
}

#[test]
fn run_takes_arrays_by_name_and_keeps_outputs_by_name() {
    let desk = Desk::new();
    for (name, file, case) in onnx_models("models") {
        let (file, given) = (desk.file("m.onnx", file), feeds(&case));
        let given: Vec<_> = given.iter().map(|(name, x)| (&**name, x.clone())).collect();
        let found = desk.run(&file, &given, &[]);
        assert_eq!(found.len(), case["runtime"].as_object().unwrap().len(), "{name}");
        for (output, y) in &found {
            let expected = tensor(&case["runtime"][output]["data"]);
            near(&name, y, &Tensor::f32(y.shape(), expected.as_f32().unwrap()).unwrap());
        }
        let turned: Vec<_> = given.iter().rev().cloned().collect();
        assert_eq!(desk.run(&file, &turned, &[]), found, "{name}");
        if let [(_, only)] = &given[..] {
            assert_eq!(desk.run(&file, &[("whatever", only.clone())], &[]), found, "{name}");
        } else {
            let x = desk.arrays("few.npz", &given[..1]);
            let error = model(&["run", &file, "--input", &x, "--output", &desk.path("y.npz")]).unwrap_err().to_string();
            assert!(error.contains("expected an array f32 ["), "{error}");
            let more = [&given[..], &[("more", given[0].1.clone())]].concat();
            let x = desk.arrays("more.npz", &more);
            let error = model(&["run", &file, "--input", &x, "--output", &desk.path("y.npz")]).unwrap_err().to_string();
            assert!(error.contains("no others than") && error.contains("more f32"), "{error}");
        }
    }
}

#[test]
fn tensors_of_onnx_are_inputs_and_outputs_too() {
    let desk = Desk::new();
    let (file, case) = onnx_model("GRU with its state, sigmoid");
    let file = desk.file("m.onnx", file);
    let given = feeds(&case);
    let mut line = vec!["run".to_string(), file.clone()];
    for (name, x) in &given {
        let pb = desk.file(&format!("{name}.pb"), write_tensor("anything", x).unwrap());
        line.extend(["--input".to_string(), format!("{name}={pb}")]);
    }
    line.extend(["--output".to_string(), desk.path("")]);
    says(&line.iter().map(String::as_str).collect::<Vec<_>>());
    let given: Vec<_> = given.iter().map(|(name, x)| (&**name, x.clone())).collect();
    for (k, (name, expected)) in desk.run(&file, &given, &[]).iter().enumerate() {
        let found = std::fs::read(desk.path(&format!("output_{k}.pb"))).unwrap();
        assert_eq!(read_tensor(&found).unwrap(), *expected, "{name}");
    }
    let error = model(&["run", &file, "--input", &file, "--output", &desk.path("y.npz")]).unwrap_err().to_string();
    assert!(error.contains("an archive of arrays (.npz), or a TensorProto"), "{error}");
}

/// `y = RNN(x, W, R)`, whose weights are inputs: fields of messages that are shorter than 128 bytes each.
fn with_weights_as_inputs() -> Vec<u8> {
    let field =
        |number: u8, content: &[u8]| [&[number << 3 | 2, u8::try_from(content.len()).unwrap()], content].concat();
    let real = field(2, &field(1, &[1 << 3, 1]));
    let value = |number, name: &str| field(number, &[field(1, name.as_bytes()), real.clone()].concat());
    let inputs = ["x", "W", "R"].map(|name| field(1, name.as_bytes())).concat();
    let node = field(1, &[inputs, field(2, b"y"), field(4, b"RNN")].concat());
    let graph = [node, ["x", "W", "R"].map(|name| value(11, name)).concat(), value(12, "y")].concat();
    [vec![1 << 3, 8], field(7, &graph), field(8, &[2 << 3, 17])].concat()
}

#[test]
fn weights_that_are_inputs_become_constants() {
    let desk = Desk::new();
    let file = desk.file("m.onnx", with_weights_as_inputs());
    let of = |shape: &[usize], numbers: &[f32]| Tensor::f32(shape, numbers).unwrap();
    let given = [
        ("R", of(&[1, 1, 1], &[0.5])),
        ("x", of(&[2, 1, 2], &[0.5, 0.25, 0.0, 0.0])),
        ("W", of(&[1, 1, 2], &[1.0, 2.0])),
    ];
    let found = &desk.run(&file, &given, &[])[0].1;
    let (first, second) = (1.0_f32.tanh(), (0.5 * 1.0_f32.tanh()).tanh());
    near("y", found, &of(&[2, 1, 1, 1], &[first, second]));
    let x = desk.arrays("given.npz", &given);
    let table = says(&["bench", &file, "--input", &x, "--seconds", "0"]);
    assert!(table.contains("run of x [2, 1, 2]"), "{table}");
    let listed = says(&["inspect", &file]);
    assert!(listed.contains("input `W`: expected a constant"), "{listed}");
}

#[test]
fn a_row_by_itself_needs_no_axis_of_rows() {
    let desk = Desk::new();
    let case = described("exports/expected.json");
    for name in ["lstm.json", "gru.json", "small.nam"] {
        let (x, expected) = (tensor(&case[name]["input"]), tensor(&case[name]["output"]));
        near(name, &desk.run(&data(&format!("exports/{name}")), &[("x", x.clone())], &[])[0].1, &expected);
        let with_rows = Tensor::f32(&[x.shape()[0], 1, x.shape()[1]], x.as_f32().unwrap()).unwrap();
        let found = &desk.run(&data(&format!("exports/{name}")), &[("x", with_rows)], &[])[0].1;
        assert_eq!((found.shape(), found.len()), (&[20, 1, 1][..], expected.len()), "{name}");
        if x.shape()[1] == 1 {
            let samples = Tensor::f32(&[20], x.as_f32().unwrap()).unwrap();
            let found = &desk.run(&data(&format!("exports/{name}")), &[("x", samples)], &[])[0].1;
            assert_eq!(found.shape(), [20], "{name}");
        }
    }
    let wrong = desk.arrays("x.npz", &[("x", Tensor::f32(&[2, 7], [0.0; 14]).unwrap())]);
    let file = data("exports/small.nam");
    let error = model(&["run", &file, "--input", &wrong, "--output", &desk.path("y.npz")]).unwrap_err().to_string();
    assert!(error.contains("input `x`: expected real numbers [T, N, 1] or [T, 1], found [2, 7]"), "{error}");
}
