//! What the first release wrote and computed, kept: files that must stay readable, and bits that must stay the same.
//!
//! The files of `tests/data/fixtures` were written by version 0.1.0 of this crate; none of them is ever written again.
//! `bits.json` holds one SHA-256 for every quantity of every case; gradients of biases and the Bernoulli loss are those of sums in blocks. A case has the same bits on the reference backend
//! whatever the machine, and on `Faer` on every instruction set and any number of threads.

use crate::common::{ragged_tokens, values};
use recurrent::checkpoint::{Checkpoint, Digest, Limits};
use recurrent::init::{BiasScheme, ForgetBias, Init, Scheme};
use recurrent::interop::{LoadOptions, Metadata, read_config};
use recurrent::network::{CellSpec, Config, DenseSpec, HeadSpec, InputSpec, Objective, RecurrentSpec};
use recurrent::optim::{Adam, Optimiser, Rule, Schedule};
use recurrent::rng::Rng;
use recurrent::{Activation, Batch, Bias, GruReset, IGNORE, Network, Scalar, Targets, Workspace};
use rnn_backend_naive::Naive;
use rnn_kernels::Backend;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// `case/quantity` and the digest of its bits.
type Bits = BTreeMap<String, String>;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/fixtures").join(name)
}

fn digest<T: Scalar>(values: &[T]) -> String {
    // Widening f32 to f64 is exact and keeps the sign of zero.
    let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_f64().to_bits().to_le_bytes()).collect();
    Digest::of(&bytes).to_string()
}

fn cells() -> [(&'static str, CellSpec); 7] {
    [
        ("elman tanh", CellSpec::elman(Activation::Tanh)),
        ("elman relu", CellSpec::elman(Activation::Relu)),
        ("elman sigmoid", CellSpec::elman(Activation::Sigmoid)),
        ("elman identity", CellSpec::elman(Activation::Identity)),
        ("lstm", CellSpec::lstm()),
        ("gru reset-after", CellSpec::gru(GruReset::After)),
        ("gru reset-before", CellSpec::gru(GruReset::Before)),
    ]
}

/// Every quantity that a training step and an inference of one configuration have.
fn quantities<T: Scalar, B: Backend<T> + ?Sized>(
    bits: &mut Bits,
    case: &str,
    config: &Config,
    backend: Arc<B>,
    [steps, rows]: [usize; 2],
) {
    let mut note = |quantity: &str, values: &[T]| {
        bits.insert(format!("{case}/{quantity}"), digest(values));
    };
    let network = Network::<T, B>::with_backend(config, 41, backend).unwrap();
    note("initial parameters", network.parameters());
    let lengths: Vec<usize> = (0..rows).map(|n| steps - (2 * n) % (steps + 1)).collect();
    let x: Vec<T> = match config.input {
        InputSpec::Features { width } => values(5, steps * rows * width).into_iter().map(T::from_f64).collect(),
        _ => Vec::new(),
    };
    let symbols = ragged_tokens(&lengths, steps, 6);
    let batch = match config.input {
        InputSpec::Features { width } => Batch::features(&x, [steps, rows, width]).unwrap(),
        _ => Batch::symbols(&symbols, [steps, rows]).unwrap(),
    };
    let batch = batch.with_lengths(&lengths).unwrap();
    let outputs = match config.readout {
        recurrent::network::Readout::EveryStep => steps * rows,
        _ => rows,
    };
    let width = network.output_width();
    let classes: Vec<u32> =
        (0..outputs).map(|k| if k % 5 == 3 { IGNORE } else { u32::try_from(k % width).unwrap() }).collect();
    let reals: Vec<T> = values(6, outputs * width).into_iter().map(|x| T::from_f64(x.abs())).collect();
    let targets = match config.head.as_ref().unwrap().objective {
        Objective::Softmax => Targets::Classes(&classes),
        _ => Targets::Values(&reals),
    };
    let mut state = network.state(rows).unwrap();
    for (h, x) in state.as_mut_slice().iter_mut().zip(values(7, 1 << 12)) {
        *h = T::from_f64(x / 2.0);
    }
    let (mut workspace, mut gradients) = (Workspace::new(), network.gradients().unwrap());
    workspace.record_d_input(matches!(config.input, InputSpec::Features { .. }));
    let mut inferred = state.clone();
    let loss = network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).unwrap();
    note("loss", &[T::from_f64(loss.total)]);
    note("final state", state.as_slice());
    note("state gradient", workspace.d_state().unwrap().as_slice());
    if let Ok(d_input) = workspace.d_input() {
        note("input gradient", d_input.flat().unwrap().storage().0);
    }
    for block in gradients.blocks() {
        note(&format!("gradient of {}", block.name), &gradients[block.range()]);
    }
    let output = network.infer(&mut workspace, &batch, &mut inferred).unwrap();
    note("output", output.flat().unwrap().storage().0);
}

/// Each cell with each bias scheme; sizes below and above a vector, one row and many; then whole networks.
fn cases() -> Vec<(String, Config, [usize; 2])> {
    let mut cases = Vec::new();
    for (name, cell) in cells() {
        for bias in [Bias::Both, Bias::Input, Bias::None] {
            let layer = RecurrentSpec::new(cell.clone(), 5).bias(bias);
            cases.push((format!("{name} {bias:?} H5"), Config::features(4).recurrent(layer).linear(2), [6, 3]));
        }
        let wide = Config::features(19).recurrent(RecurrentSpec::new(cell.clone(), 37)).bernoulli(3);
        cases.push((format!("{name} H37"), wide.clone(), [4, 7]));
        cases.push((format!("{name} H37 one row"), wide, [7, 1]));
        let both = Config::one_hot(6).recurrent(RecurrentSpec::new(cell, 6).layers(2).bidirectional()).softmax(4);
        cases.push((format!("{name} bidirectional one-hot"), both, [6, 4]));
    }
    let last = Config::embedding(6, 3)
        .dense(DenseSpec::new(5, Activation::Tanh))
        .recurrent(RecurrentSpec::lstm(4).bidirectional())
        .recurrent(RecurrentSpec::gru(5))
        .dense(DenseSpec::new(6, Activation::Sigmoid))
        .last_step()
        .softmax(7);
    cases.push(("a network with a last step".into(), last, [5, 4]));
    cases
}

fn all<T: Scalar, B: Backend<T> + ?Sized>(backend: &Arc<B>) -> Bits {
    let mut bits = Bits::new();
    for (case, config, shape) in cases() {
        quantities(&mut bits, &case, &config, backend.clone(), shape);
    }
    bits
}

fn recorded(name: &str) -> Bits {
    let text = std::fs::read_to_string(path("bits.json")).unwrap();
    serde_json::from_str::<BTreeMap<String, Bits>>(&text).unwrap().remove(name).unwrap()
}

fn assert_recorded(what: &str, name: &str, found: &Bits) {
    let recorded = recorded(name);
    assert!(recorded.len() > 500, "{name}: only {} digests", recorded.len());
    assert!(recorded.keys().eq(found.keys()), "{what}: other quantities than recorded");
    let changed: Vec<_> = recorded.iter().filter(|(key, digest)| found[*key] != **digest).map(|(key, _)| key).collect();
    assert!(changed.is_empty(), "{what}: {} of {} have other bits: {changed:#?}", changed.len(), recorded.len());
}

#[test]
fn the_reference_backend_has_the_bits_it_had() {
    assert_recorded("Naive, f32", "naive f32", &all::<f32, _>(&Arc::new(Naive)));
    assert_recorded("Naive, f64", "naive f64", &all::<f64, _>(&Arc::new(Naive)));
}

/// Where an instruction set is forced, all products are of our kernels and the bits are those of every other one. Where it
/// is what the machine has, products of many rows are faer's, whose bits are its own on each instruction set.
#[cfg(feature = "faer")]
#[test]
fn faer_has_the_bits_it_had_on_every_instruction_set_and_any_number_of_threads() {
    use rnn_backend_faer::{Faer, simd::Isa};
    for (isa, threads) in Isa::ALL.into_iter().flat_map(|isa| [(isa, 1), (isa, 3)]) {
        let Some(backend) = Faer::parallel(threads).with_isa(isa) else { continue };
        let (backend, what) = (Arc::new(backend), format!("Faer, {isa:?}, {threads} threads"));
        let (single, double) = (all::<f32, _>(&backend), all::<f64, _>(&backend));
        if isa != Isa::detect() {
            assert_recorded(&format!("{what}, f32"), "faer f32", &single);
            assert_recorded(&format!("{what}, f64"), "faer f64", &double);
            continue;
        }
        if isa == Isa::Avx2 {
            assert_recorded(&format!("{what}, f32"), "faer detected avx2 f32", &single);
            assert_recorded(&format!("{what}, f64"), "faer detected avx2 f64", &double);
        }
        // No product of faer's is on the way to the final state of recurrent layers.
        for (name, found) in [("faer f32", &single), ("faer f64", &double)] {
            let states = |key: &&String| key.ends_with("/final state") && !key.starts_with("a network with");
            let recorded = recorded(name);
            assert_eq!(recorded.keys().filter(states).count(), cases().len() - 1);
            for key in recorded.keys().filter(states) {
                assert_eq!(recorded[key], found[key], "{what}, {name}: {key} has other bits");
            }
        }
    }
}

/// After a change of bits that the changelog lists under *Numerics*: on a machine whose widest instruction set is AVX2.
#[cfg(feature = "faer")]
#[test]
#[ignore = "writes the bits anew"]
fn record_the_bits_of_this_version() {
    use rnn_backend_faer::{Faer, simd::Isa};
    assert_eq!(Isa::detect(), Isa::Avx2);
    let forced = Arc::new(Faer::sequential().with_isa(Isa::ALL[0]).unwrap());
    assert_ne!(Isa::ALL[0], Isa::Avx2);
    let (naive, detected) = (Arc::new(Naive), Arc::new(Faer::sequential()));
    let text = std::fs::read_to_string(path("bits.json")).unwrap();
    let mut recorded: BTreeMap<String, Bits> = serde_json::from_str(&text).unwrap();
    let anew = [
        ("naive f32", all::<f32, _>(&naive)),
        ("naive f64", all::<f64, _>(&naive)),
        ("faer f32", all::<f32, _>(&forced)),
        ("faer f64", all::<f64, _>(&forced)),
        ("faer detected avx2 f32", all::<f32, _>(&detected)),
        ("faer detected avx2 f64", all::<f64, _>(&detected)),
    ];
    recorded.extend(anew.map(|(name, bits)| (name.to_string(), bits)));
    std::fs::write(path("bits.json"), serde_json::to_string_pretty(&recorded).unwrap() + "\n").unwrap();
}

/// A configuration with every option away from its default.
fn config() -> Config {
    let init = Init {
        input: Scheme::XavierUniform { gain: 0.5 },
        recurrent: Scheme::Orthogonal { gain: 1.25 },
        dense: Scheme::XavierNormal { gain: 2.0 },
        embedding: Scheme::XavierNormal { gain: 3.0 },
        bias: BiasScheme::Zero,
        forget_bias: Some(ForgetBias::Value(1.0)),
    };
    let head = HeadSpec { bias: false, name: Some("out".into()), ..HeadSpec::new(6, Objective::Softmax) };
    let dense = DenseSpec { bias: false, name: Some("between".into()), ..DenseSpec::new(4, Activation::Relu) };
    let gru = CellSpec::gru(GruReset::Before);
    Config::new(InputSpec::Embedding { symbols: 6, width: 3, name: Some("table".into()) })
        .recurrent(RecurrentSpec::lstm(4).layers(2).name("first"))
        .dense(dense)
        .recurrent(RecurrentSpec::new(gru, 5).bias(Bias::Input))
        .recurrent(RecurrentSpec::elman(3, Activation::Sigmoid).bias(Bias::None))
        .head(head)
        .init(init)
}

#[test]
fn the_configuration_written_first_is_read_and_written_alike() {
    let text = std::fs::read_to_string(path("config.json")).unwrap();
    assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), config());
    assert_eq!(serde_json::to_string_pretty(&config()).unwrap() + "\n", text);
}

/// Four windows of training on the text 0 1 2 3 4 5 0 …, from wherever the run stands.
fn train<T: recurrent::checkpoint::Stored>(run: &mut Checkpoint<T, String>) {
    let mut network = Network::<T, Naive>::with_backend(&run.config, 1, Naive).unwrap();
    network.update(|parameters| parameters.copy_from_slice(&run.parameters));
    let rows = usize::try_from(run.rows).unwrap();
    let mut state = network.state(rows).unwrap();
    state.as_mut_slice().copy_from_slice(&run.state);
    let (mut workspace, mut gradients) = (Workspace::new(), network.gradients().unwrap());
    for _ in 0..4 {
        let x: Vec<u32> = (0..5 * rows)
            .map(|k| u32::try_from((usize::try_from(run.cursor).unwrap() + k / rows + k) % 6).unwrap())
            .collect();
        let targets: Vec<u32> = x.iter().map(|&x| (x + u32::from(run.rng.below(8) > 0)) % 6).collect();
        gradients.fill_zero();
        let batch = Batch::symbols(&x, [5, rows]).unwrap();
        network
            .loss_and_gradients(&mut workspace, &batch, Targets::Classes(&targets), &mut state, &mut gradients)
            .unwrap();
        let rate = run.schedule.rate(run.step);
        network.update(|parameters| run.optimiser.step(parameters, &gradients, rate)).unwrap();
        run.step += 1;
        run.cursor += 5;
    }
    run.parameters = network.parameters().to_vec();
    run.state = state.as_slice().to_vec();
}

fn fresh<T: recurrent::checkpoint::Stored>() -> Checkpoint<T, String> {
    let network = Network::<T, Naive>::with_backend(&config(), 77, Naive).unwrap();
    Checkpoint {
        config: config(),
        cells: Vec::new(),
        parameters: network.parameters().to_vec(),
        optimiser: Optimiser::new(
            Rule::Adam(Adam { weight_decay: 0.01, ..Adam::default() }),
            network.parameters().len(),
        )
        .unwrap(),
        schedule: Schedule::Cosine { rate: 3e-2, end: 1e-3, warm_up: 3, steps: 20 },
        step: 0,
        rng: Rng::seed(9),
        cursor: 0,
        rows: 2,
        state: network.state(2).unwrap().as_slice().to_vec(),
        text_digest: Digest::of(b"0 1 2 3 4 5"),
        training: None,
        application: "αβγ".into(),
    }
}

fn is_read_and_continues<T: recurrent::checkpoint::Stored + PartialEq>(file: &str) {
    let mut found = Checkpoint::<T, String>::read(path(file), Limits::default()).unwrap();
    let mut expected = fresh::<T>();
    train(&mut expected);
    assert_eq!(found, expected, "{file}: the run that is made anew and the one that was kept differ");
    train(&mut found);
    train(&mut expected);
    assert_eq!(found, expected);
    // Equal bits, not only equal numbers: −0 = 0 for `==`.
    assert_eq!(digest(&found.parameters), digest(&expected.parameters));
    let name = format!("continued {file}");
    assert_eq!(recorded_run(&name), digest(&found.parameters), "{name}");
}

fn recorded_run(name: &str) -> String {
    recorded("runs").remove(name).unwrap()
}

#[test]
fn checkpoints_written_first_are_read_and_continue_bit_for_bit() {
    is_read_and_continues::<f32>("checkpoint-v1-f32.ckpt");
    is_read_and_continues::<f64>("checkpoint-v1-f64.ckpt");
}

#[test]
fn weights_written_first_are_loaded_and_written_alike() {
    let mut network = Network::<f32, Naive>::with_backend(&config(), 1, Naive).unwrap();
    let file = path("weights.safetensors");
    network.load_safetensors(&file, &LoadOptions::default()).unwrap();
    let kept = Network::<f32, Naive>::with_backend(&config(), 78, Naive).unwrap();
    assert_eq!(digest(network.parameters()), digest(kept.parameters()));
    assert_eq!(read_config(&file, &LoadOptions::default()).unwrap(), Some(config()));
    let folder = tempfile::tempdir().unwrap();
    let again = folder.path().join("again.safetensors");
    network.save_safetensors(&again, Metadata::Config).unwrap();
    assert!(std::fs::read(&again).unwrap() == std::fs::read(&file).unwrap(), "other bytes than were written first");
}
