//! Files of Keras and memory: what a file of many weights takes, and what files take that say more than they have.

use crate::foreign::{CONSTANT, data, reconfigured};
use allocation_counter::measure;
use recurrent::graph::Graph;
use recurrent::interop::keras::{Keras, KerasOptions};
use recurrent::interop::{Conversion, Element, LoadOptions, Source};
use recurrent::{Network, Result};
use rnn_backend_naive::Naive;
use rnn_kernels::Backend;
use std::io::Write;

/// The symbols of the small file, and how many numbers each has.
const SYMBOLS: usize = 5;
const WIDTH: usize = 3;
/// What is not numbers: the configuration, as text and as the structures that it is decoded into, and the headers of all arrays.
const DESCRIPTION: u64 = 1 << 20;

fn options() -> KerasOptions {
    let load = LoadOptions { conversion: Conversion::Allow, ..LoadOptions::default() };
    KerasOptions { load, ..KerasOptions::default() }
}

fn u64_at(bytes: &mut [u8], at: usize, value: usize) {
    bytes[at..at + 8].copy_from_slice(&(value as u64).to_le_bytes());
}

/// The numbers as HDF5 has them: 8 bytes each.
fn longs(numbers: &[usize]) -> Vec<u8> {
    numbers.iter().flat_map(|&number| (number as u64).to_le_bytes()).collect()
}

/// Where these bytes are, which are there once.
fn find(bytes: &[u8], pattern: &[u8]) -> usize {
    let mut places = (0..bytes.len()).filter(|&k| bytes[k..].starts_with(pattern));
    let place = places.next().expect("it is there");
    assert_eq!(places.next(), None, "it is there once");
    place
}

/// The configuration in an HDF5 file, from its first brace to its last one.
fn config(bytes: &[u8]) -> std::ops::Range<usize> {
    let start = find(bytes, b"{\"class_name\": \"Sequential\"");
    let mut deep = 0_i32;
    let len = bytes[start..].iter().position(|&byte| {
        deep += i32::from(byte == b'{') - i32::from(byte == b'}');
        deep == 0
    });
    start..start + len.expect("it ends") + 1
}

fn small() -> Vec<u8> {
    std::fs::read(data("keras/3_symbols.h5")).unwrap()
}

/// The configuration of the small file, with this many symbols.
fn with_symbols(symbols: usize) -> Vec<u8> {
    let small = small();
    let text = std::str::from_utf8(&small[config(&small)]).unwrap();
    let (from, to) = (format!("\"input_dim\": {SYMBOLS},"), format!("\"input_dim\": {symbols},"));
    assert!(text.contains(&from));
    text.replace(&from, &to).into_bytes()
}

/// The small file with a table of so many symbols, said by its configuration and by the array, whose numbers are 0, 1, 2, … at the end of
/// the file.
fn enlarged(symbols: usize) -> Vec<u8> {
    let mut bytes = small();
    let config = config(&bytes);
    // As long as before: without some spaces, and with others behind it.
    let mut text = with_symbols(symbols);
    while text.len() > config.len() {
        let space = text.iter().rposition(|&byte| byte == b' ').unwrap();
        text.remove(space);
    }
    text.resize(config.len(), b' ');
    bytes[config].copy_from_slice(&text);
    // The sizes of the array and the largest that they may become; the place and the length of its numbers.
    let shape = find(&bytes, &longs(&[SYMBOLS, WIDTH, SYMBOLS, WIDTH]));
    u64_at(&mut bytes, shape, symbols);
    u64_at(&mut bytes, shape + 16, symbols);
    let layout = shape + find(&bytes[shape..shape + 200], &[3, 1]);
    let (end, len) = (bytes.len(), symbols * WIDTH * size_of::<f32>());
    assert_eq!(bytes[layout + 10..layout + 18], longs(&[SYMBOLS * WIDTH * size_of::<f32>()])[..]);
    u64_at(&mut bytes, layout + 2, end);
    u64_at(&mut bytes, layout + 10, len);
    #[allow(clippy::cast_precision_loss)] // below 2²⁴
    bytes.extend((0..symbols * WIDTH).flat_map(|k| (k as f32).to_le_bytes()));
    let end = bytes.len();
    u64_at(&mut bytes, 40, end);
    bytes
}

/// An archive of such a file.
fn archive(config: &[u8], weights: &[u8], method: zip::CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let metadata = &b"{\"keras_version\": \"3.15.1\"}"[..];
    for (name, bytes) in [("config.json", config), ("metadata.json", metadata), ("model.weights.h5", weights)] {
        writer.start_file(name, zip::write::SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn read<'s, T: Element>(source: impl Into<Source<'s>>) -> Result<Keras<T, Naive>>
where
    Naive: Backend<T>,
{
    Network::from_keras(source, &options(), Naive)
}

/// Reads a file and holds its peak against twice the file, as long as it is when it is inflated, and what it decodes to.
fn within<T: Element>(what: &str, file: usize, read: impl FnOnce() -> Result<Keras<T, Naive>>)
where
    Naive: Backend<T>,
{
    let mut result = None;
    let peak = measure(|| result = Some(read())).bytes_max;
    let network = result.unwrap().unwrap().network;
    let table = network.parameters().get("letters.weight").unwrap();
    #[allow(clippy::cast_precision_loss)] // below 2²⁴
    let as_written = table.iter().enumerate().all(|(k, x)| x.to_f64() == k as f64);
    assert!(as_written, "{what}");
    let decoded = size_of_val(&network.parameters()[..]);
    let ratio = (peak.saturating_sub(DESCRIPTION)) as f64 / (file + decoded) as f64;
    println!("{what}: {file} bytes, decoded {decoded}, peak {peak}, {ratio:.2} times both");
    assert!(peak <= 2 * (file + decoded) as u64 + DESCRIPTION, "{what}: {peak} bytes of memory");
}

#[test]
fn a_file_of_many_weights_takes_twice_itself_and_its_weights_at_most() {
    let symbols = 300_000;
    let weights = enlarged(symbols);
    let config = with_symbols(symbols);
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("plain.h5", weights.clone()),
        ("stored.keras", archive(&config, &weights, zip::CompressionMethod::Stored)),
        ("deflated.keras", archive(&config, &weights, zip::CompressionMethod::Deflated)),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, &bytes).unwrap();
        let len = bytes.len().max(weights.len());
        within(&format!("{name}, path, f32"), len, || read::<f32>(&path));
        within(&format!("{name}, path, f64"), len, || read::<f64>(&path));
        within(&format!("{name}, bytes, f32"), len, || read::<f32>(&bytes));
        within(&format!("{name}, reader, f32"), len, || read::<f32>(Source::reader(&bytes[..])));
    }
}

/// Reads a file that is refused with such a message, in memory of twice the file.
fn refused(bytes: &[u8], says: &str) {
    let mut result = None;
    let peak = measure(|| result = Some(read::<f32>(bytes))).bytes_max;
    let error = result.unwrap().unwrap_err().to_string();
    assert!(error.contains(says), "{error}");
    assert!(peak <= 2 * bytes.len() as u64 + DESCRIPTION, "{says}: {peak} bytes of memory");
}

#[test]
fn an_array_larger_than_its_file_is_refused_before_there_is_memory_for_it() {
    let symbols = 5_000_000;
    let mut bytes = enlarged(symbols);
    // The numbers are cut off, and the array says where they were, or that it was never written: then it is all zeros, as large as it likes.
    let small = bytes.len() - symbols * WIDTH * size_of::<f32>();
    bytes.truncate(small);
    u64_at(&mut bytes, 40, small);
    refused(&bytes, "expected arrays that fit into a file of");
    let place = find(&bytes, &longs(&[small, symbols * WIDTH * size_of::<f32>()]));
    bytes[place..place + 8].fill(0xff);
    refused(&bytes, "expected arrays that fit into a file of");
}

#[test]
fn a_configuration_of_more_weights_than_the_file_has_is_refused_before_there_is_memory_for_them() {
    let weights = small();
    let config = with_symbols(100_000_000);
    let bytes = archive(&config, &weights, zip::CompressionMethod::Stored);
    refused(&bytes, "expected 300000");
}

#[test]
fn arrays_that_share_their_bytes_are_refused() {
    // A table that is the whole file, beside the other arrays.
    let len = small().len();
    let symbols = len / (WIDTH * size_of::<f32>());
    let mut bytes = enlarged(symbols);
    let place = find(&bytes, &longs(&[len, symbols * WIDTH * size_of::<f32>()]));
    u64_at(&mut bytes, place, 0);
    bytes.truncate(len);
    u64_at(&mut bytes, 40, len);
    refused(&bytes, "expected arrays that fit into a file of");
}

#[test]
fn lengths_in_archives_have_limits_and_are_not_believed() {
    let weights = enlarged(100_000);
    let config = with_symbols(100_000);
    let deflated = archive(&config, &weights, zip::CompressionMethod::Deflated);
    let limited = |max_bytes: usize| {
        let load = LoadOptions { max_bytes: max_bytes as u64, ..options().load };
        Network::<f64, _>::from_keras(&deflated, &KerasOptions { load, ..options() }, Naive).unwrap_err().to_string()
    };
    let error = limited(deflated.len());
    assert!(error.contains("model.weights.h5: expected at most"), "{error}");
    // In f64 the weights are twice as long as in the file.
    let error = limited(weights.len());
    assert!(error.contains("bytes of weights"), "{error}");
    let spaces = archive(&vec![b' '; 1 << 25], &weights, zip::CompressionMethod::Deflated);
    refused(&spaces, "config.json: expected at most 16777216 bytes");

    // The last content says that it is 4 GB long; then, that it is a little longer than it is.
    for longer in [0xff00_0000_u32, u32::try_from(weights.len()).unwrap() + 1] {
        let mut bytes = archive(&config, &weights, zip::CompressionMethod::Stored);
        let directory = (0..bytes.len()).rfind(|&k| bytes[k..].starts_with(b"PK\x01\x02")).unwrap();
        bytes[directory + 24..directory + 28].copy_from_slice(&longer.to_le_bytes());
        refused(&bytes, "model.weights.h5");
    }
}

#[test]
fn every_change_of_a_content_shows_in_its_checksum() {
    let weights = enlarged(1000);
    let config = with_symbols(1000);
    let whole = archive(&config, &weights, zip::CompressionMethod::Stored);
    assert!(read::<f32>(&whole).is_ok());
    let start = find(&whole, &weights[..]);
    for at in (start..start + weights.len()).step_by(997) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        assert!(read::<f32>(&bytes).is_err(), "byte {at}");
    }
}

#[test]
fn a_graph_of_more_weights_than_the_file_has_is_refused_before_there_is_memory_for_them() {
    let bytes = reconfigured(&data("keras_graphs/3_decoder.keras"), |config| {
        let layers = config["layers"].as_array_mut().unwrap();
        layers.iter_mut().filter(|layer| layer["name"] == "encoder").for_each(|layer| {
            layer["config"]["units"] = 5000.into();
        });
    });
    let mut result = None;
    let peak = measure(|| result = Some(Graph::from_keras(&bytes, &options(), Naive))).bytes_max;
    let error = result.unwrap().unwrap_err().to_string();
    assert!(error.contains("layer encoder (LSTM): expected 100"), "{error}");
    assert!(peak <= 2 * bytes.len() as u64 + DESCRIPTION, "{peak} bytes of memory");
}

#[test]
fn a_text_that_is_mentioned_often_is_not_read_as_often() {
    // A file whose root is this object alone: its attribute `model_config` is one text, a thousand times and more.
    let (mentions, len) = (4000, 1 << 16);
    let mut bytes = small();
    let heap = bytes.len();
    bytes.extend(b"GCOL\x01\0\0\0");
    bytes.extend(longs(&[16 + 16 + len + 16]));
    bytes.extend([1, 0, 1, 0, 0, 0, 0, 0]);
    bytes.extend(longs(&[len]));
    bytes.resize(bytes.len() + len, b'x');
    bytes.resize(bytes.len() + 16, 0);

    // The name, a type of texts of any length (class 9, of bytes), one axis.
    let name = b"model_config\0\0\0\0";
    let kind = [0x19, 1, 0, 0, 16, 0, 0, 0, 0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0];
    let axis = [&[1, 1, 0, 0, 0, 0, 0, 0][..], &longs(&[mentions])].concat();
    let mut message = vec![1, 0, 13, 0, 20, 0, 16, 0];
    message.extend([&name[..], &kind, &axis].concat());
    for _ in 0..mentions {
        message.extend(u32::try_from(len).unwrap().to_le_bytes());
        message.extend(longs(&[heap]));
        message.extend(1_u32.to_le_bytes());
    }
    let root = bytes.len();
    bytes.extend([1, 0, 1, 0, 1, 0, 0, 0]);
    bytes.extend(u32::try_from(8 + message.len()).unwrap().to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend([0x0c, 0]);
    bytes.extend(u16::try_from(message.len()).unwrap().to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(message);
    let end = bytes.len();
    u64_at(&mut bytes, 40, end);
    u64_at(&mut bytes, 64, root);
    refused(&bytes, "attribute model_config: expected texts of at most");
}

#[test]
fn small_files_take_six_times_themselves_at_most() {
    for name in ["3_symbols.h5", "2_masking.keras", "3_stack.keras"] {
        let bytes = std::fs::read(data(&format!("keras/{name}"))).unwrap();
        let mut result = None;
        let peak = measure(|| result = Some(read::<f32>(&bytes))).bytes_max;
        let weights = size_of_val(&result.unwrap().unwrap().network.parameters()[..]);
        println!("{name}: {} bytes, weights {weights}, peak {peak}", bytes.len());
        assert!(peak <= 6 * bytes.len() as u64 + 2 * weights as u64 + CONSTANT, "{name}: {peak} bytes of memory");
    }
}
