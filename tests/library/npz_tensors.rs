//! Archives of arrays as tensors: those in `tests/data/exports/tensors.npz` were written by NumPy, `tests/data/tensors.py`.

use crate::foreign::data;
use recurrent::graph::Tensor;
use recurrent::interop::npz::{read_tensors, survey, write_tensors};
use recurrent::interop::{Conversion, LoadOptions, Source};
use recurrent::{Error, Result};
use std::collections::HashMap;
use std::io::Write;

const CONVERT: LoadOptions = LoadOptions {
    conversion: Conversion::Allow,
    non_finite: recurrent::NonFinite::Refuse,
    partial: recurrent::interop::Partial::Refuse,
    max_bytes: 1 << 20,
};

fn written_by_numpy() -> HashMap<String, Tensor> {
    read_tensors(data("exports/tensors.npz"), &CONVERT).unwrap().into_iter().collect()
}

#[test]
fn every_number_type_of_numpy_is_read_as_the_nearest_there_is() {
    let arrays = written_by_numpy();
    assert_eq!(arrays.len(), 15);
    let numbers = [0_i64, 1, 2, 3, 100, 5];
    for name in ["f2", "f4", "f8"] {
        let expected = Tensor::f32(&[2, 3], numbers.map(|x| f32::from(i16::try_from(x).unwrap()))).unwrap();
        assert_eq!(arrays[name], expected, "{name}");
    }
    for name in ["i1", "i2", "i8", "u1", "u2", "u4"] {
        assert_eq!(arrays[name], Tensor::i64(&[2, 3], numbers).unwrap(), "{name}");
    }
    assert_eq!(arrays["i4"], Tensor::i32(&[2, 3], numbers.map(|x| i32::try_from(x).unwrap())).unwrap());
    assert_eq!(arrays["b1"], Tensor::bool(&[3], [true, false, true]).unwrap());
    assert_eq!(arrays["fortran"], Tensor::f32(&[2, 3, 4], (0_u8..24).map(f32::from).collect::<Vec<_>>()).unwrap());
    assert_eq!(arrays["scalar"], Tensor::f32(&[], [-1.5]).unwrap());
    assert_eq!(arrays["empty"], Tensor::i64(&[0, 3], []).unwrap());
    assert_eq!(arrays["large"], Tensor::f32(&[130, 70], vec![0.25; 9100]).unwrap());
}

#[test]
fn nothing_is_converted_unasked_and_no_byte_order_passed_over() {
    let error = read_tensors(data("exports/tensors.npz"), &LoadOptions::default()).unwrap_err().to_string();
    assert!(error.ends_with("f2.npy, number type: expected <f4, <i4, <i8 or |b1, found <f2"), "{error}");
    let error = read_tensors(data("exports/big_endian.npz"), &CONVERT).unwrap_err().to_string();
    assert!(error.contains("number type: expected") && error.ends_with("found >f4"), "{error}");
}

fn tensors() -> Vec<(&'static str, Tensor)> {
    vec![
        ("x", Tensor::f32(&[2, 3], [0.5, -1e-40, f32::NAN.abs(), f32::INFINITY, 0.0, -0.0]).unwrap()),
        ("initial/h", Tensor::i64(&[3], [i64::MIN, 0, i64::MAX]).unwrap()),
        ("lengths", Tensor::i32(&[], [-5]).unwrap()),
        ("ö", Tensor::bool(&[1, 2], [true, false]).unwrap()),
        ("empty", Tensor::f32(&[0, 4], []).unwrap()),
        ("long", Tensor::f32(&[9, 1000], vec![0.25; 9000]).unwrap()),
    ]
}

fn write(tensors: &[(&'static str, Tensor)]) -> Result<Vec<u8>> {
    write_tensors(tensors.iter().map(|(name, tensor)| (*name, tensor)))
}

#[test]
fn what_is_written_comes_back_bit_for_bit_and_is_the_same_every_time() {
    let tensors = tensors();
    let bytes = write(&tensors).unwrap();
    let read = read_tensors(&bytes, &LoadOptions::default()).unwrap();
    assert_eq!(read.len(), tensors.len());
    for ((name, tensor), (read_name, read)) in tensors.iter().zip(&read) {
        assert_eq!((name, tensor.shape()), (&&**read_name, read.shape()));
        match tensor.as_f32() {
            Ok(x) => assert!(x.iter().zip(read.as_f32().unwrap()).all(|(a, b)| a.to_bits() == b.to_bits()), "{name}"),
            Err(_) => assert_eq!(tensor, read, "{name}"),
        }
    }
    assert_eq!(write(&tensors).unwrap(), bytes);
}

#[test]
fn two_arrays_of_one_name_are_not_written() {
    let x = Tensor::f32(&[1], [1.0]).unwrap();
    let error = write_tensors([("x", &x), ("x", &x)]).unwrap_err();
    assert!(matches!(&error, Error::Format { what, .. } if what == "array `x`"), "{error}");
}

#[test]
fn every_cut_and_every_changed_byte_is_an_error_or_the_same_structure() {
    let bytes = write(&tensors()[1..5]).unwrap();
    let shapes = |bytes: &[u8]| {
        let read = read_tensors(Source::from(bytes).named("file"), &CONVERT)?;
        Ok::<_, Error>(read.into_iter().map(|(_, tensor)| tensor.shape().to_vec()).collect::<Vec<_>>())
    };
    let (whole, mut errors) = (shapes(&bytes).unwrap(), 0);
    for len in 0..bytes.len() {
        assert!(shapes(&bytes[..len]).is_err(), "{len} bytes");
    }
    for at in 0..bytes.len() {
        for change in [1_u8 << (at % 8), 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            match shapes(&changed) {
                Ok(found) => assert_eq!(found, whole, "byte {at}"),
                Err(_) => errors += 1,
            }
        }
    }
    assert!(errors > bytes.len(), "{errors} errors");
}

#[test]
fn an_array_with_another_checksum_than_the_archive_says_is_an_error() {
    let x = Tensor::f32(&[2], [0.25, 0.5]).unwrap();
    let mut bytes = write_tensors([("x", &x)]).unwrap();
    let at = bytes.windows(8).position(|bytes| bytes == [0, 0, 0x80, 0x3e, 0, 0, 0, 0x3f]).unwrap();
    bytes[at] = 1;
    let error = read_tensors(Source::from(&bytes).named("file"), &CONVERT).unwrap_err();
    assert!(matches!(&error, Error::Format { what, .. } if what == "file, x.npy"), "{error}");
}

fn archive(contents: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in contents {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A tensor as an array of NumPy.
fn array(tensor: &Tensor) -> Vec<u8> {
    let bytes = write_tensors([("x", tensor)]).unwrap();
    let start = bytes.windows(6).position(|bytes| bytes == b"\x93NUMPY").unwrap();
    // A header of 128 bytes stands before the numbers.
    bytes[start..][..128 + tensor.len() * tensor.kind().bytes()].to_vec()
}

#[test]
fn bytes_behind_the_numbers_of_an_array_are_an_error() {
    for tensor in [Tensor::i32(&[2], [1, 2]).unwrap(), Tensor::bool(&[1], [true]).unwrap()] {
        let mut array = array(&tensor);
        let read = |array: &[u8]| read_tensors(archive(&[("x.npy", array)]), &CONVERT);
        assert_eq!(read(&array).unwrap(), [("x".to_string(), tensor)]);
        array.push(0);
        assert!(matches!(read(&array), Err(Error::Format { .. })));
    }
}

#[test]
fn all_arrays_together_are_no_longer_than_the_limit() {
    let array = array(&Tensor::f32(&[1000], [0.0; 1000]).unwrap());
    let bytes = archive(&[("x.npy", &array), ("y.npy", &array)]);
    let read = |max_bytes| read_tensors(&bytes, &LoadOptions { max_bytes, ..CONVERT });
    assert_eq!(read(2 * 4128).unwrap().len(), 2);
    let error = read(2 * 4128 - 1).unwrap_err().to_string();
    assert!(error.ends_with("y.npy: expected at most 8255 bytes of arrays, found more"), "{error}");
}

#[test]
fn a_shape_is_written_as_a_tuple_of_python() {
    for (shape, tuple) in [(&[][..], "()"), (&[1], "(1,)"), (&[1, 1], "(1, 1)")] {
        let bytes = write_tensors([("x", &Tensor::f32(shape, [0.5]).unwrap())]).unwrap();
        let expected = format!("'shape': {tuple}, }}");
        assert!(bytes.windows(expected.len()).any(|bytes| bytes == expected.as_bytes()), "{expected}");
    }
}

#[test]
fn a_survey_lists_every_array_and_what_is_wrong_with_each() {
    let arrays = survey(data("exports/big_endian.npz"), &CONVERT).unwrap();
    assert_eq!(arrays.len(), 6);
    assert!(arrays.iter().all(|array| array.dtype == ">f4" && array.refused.is_some()));
    assert_eq!(arrays.iter().find(|array| array.name == "rnn.weight_ih_l0").unwrap().shape, [12, 3]);
    let arrays = survey(data("exports/mixed.npz"), &LoadOptions::default()).unwrap();
    let refused: Vec<_> = arrays.iter().filter(|array| array.refused.is_some()).map(|array| &*array.dtype).collect();
    assert_eq!(refused.len(), 4, "{refused:?}");
    assert!(refused.iter().all(|dtype| ["<f2", "<f8"].contains(dtype)));
}
