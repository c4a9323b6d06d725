//! Files that are cut short, and files that are no models.

use super::{Desk, FILES, data, model, onnx_model};
use recurrent::graph::Tensor;

#[test]
fn a_broken_file_of_every_format_is_an_error_of_every_command() {
    let desk = Desk::new();
    let (onnx, _) = onnx_model("LSTM, every step");
    desk.file("whole.onnx", onnx);
    let x = desk.arrays("x.npz", &[("x", Tensor::f32(&[1, 1, 1], [0.0]).unwrap())]);
    let files = FILES.iter().map(|(name, _)| data(name)).chain([desk.path("whole.onnx")]);
    for file in files.filter(|file| !file.contains("config.json")) {
        let bytes = std::fs::read(&file).unwrap();
        // JSON ends with a line, which is nothing of it.
        let whole = if bytes[0] == b'{' { bytes.trim_ascii_end().len() } else { bytes.len() };
        for len in [0, 1, 7, 12, whole / 3, whole - 1] {
            let cut = desk.file("cut", &bytes[..len]);
            for line in [
                &["inspect", &cut][..],
                &["convert", &cut, &desk.path("out.onnx")],
                &["run", &cut, "--input", &x, "--output", &desk.path("y.npz")],
                &["bench", &cut, "--seconds", "0"],
            ] {
                // Of HDF5 the last byte may be of nothing.
                let trailing = len == whole - 1 && bytes.starts_with(b"\x89HDF");
                let error = match model(line) {
                    Err(error) => error.to_string(),
                    Ok(_) if trailing => continue,
                    Ok(found) => panic!("{file}, {len} bytes, {line:?}:\n{found}"),
                };
                assert!(error.contains("expected"), "{file}, {len} bytes: {error}");
            }
        }
    }
}

#[test]
fn what_is_no_model_is_called_by_its_name() {
    let desk = Desk::new();
    for (bytes, says) in [
        (&b""[..], "an empty file"),
        (b"\x80\x02}q\x00.", "a pickle of Python"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        (b"\x1c\0\0\0TFL3\0\0\0\0", "TensorFlow Lite"),
        (b"<!DOCTYPE html>", "a page in HTML"),
        (b"\xff\xfe\x00\x01", "bytes that begin with ff fe 00 01"),
        (b"{\"a\": 1}", "JSON with a"),
        (b"{\"class_name\": \"Sequential\", \"config\": {}}", "without its weights"),
    ] {
        let error = model(&["inspect", &desk.file("unknown", bytes)]).unwrap_err().to_string();
        assert!(error.contains("expected a model: ONNX, Keras") && error.contains(says), "{error}");
    }
    assert!(model(&["inspect", &desk.path("nothing")]).unwrap_err().to_string().contains("reading"));
    assert!(model(&["inspect", &desk.path("")]).unwrap_err().to_string().contains("a regular file"));
}
