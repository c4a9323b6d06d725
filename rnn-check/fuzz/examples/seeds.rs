//! `cargo run --example seeds`: writes a few small valid inputs of each target into `corpus/`.

use recurrent::Activation;
use recurrent::backend::Naive;
use recurrent::checkpoint::{Checkpoint, Digest};
use recurrent::interop::Metadata;
use recurrent::interop::onnx::ExportOptions;
use recurrent::network::{Config, DenseSpec, Network, RecurrentSpec};
use recurrent::optim::{Adam, Optimiser, RmsProp, Rule, Schedule, Sgd};
use recurrent::rng::Rng;
use rnn_check::{Claims, Plan, planted::Plain};
use rnn_fuzz::frame::joined;
use rnn_fuzz::seal::{HEADER, parts};
use std::error::Error;
use std::fs;
use std::path::Path;

/// Files of the first release.
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/fixtures");

fn main() -> Result<(), Box<dyn Error>> {
    for name in ["checkpoint-v1-f32.ckpt", "checkpoint-v1-f64.ckpt"] {
        checkpoint(name, &fs::read(Path::new(FIXTURES).join(name))?)?;
    }
    let file = std::env::temp_dir().join(format!("rnn-seeds-{}", std::process::id()));
    for (k, rule) in rules().into_iter().enumerate() {
        saved(rule)?.write(&file)?;
        checkpoint(&format!("rule-{k}"), &fs::read(&file)?)?;
    }
    for (k, config) in configs().iter().enumerate() {
        let json = serde_json::to_vec(config)?;
        seed("config", &format!("config-{k}"), &json)?;
        let network = Network::<f32, _>::with_backend(config, 1, Naive)?;
        seed("onnx", &format!("network-{k}"), &network.to_onnx(&ExportOptions::default())?)?;
        network.save_safetensors(&file, Metadata::Config)?;
        let bytes = fs::read(&file)?;
        seed("safetensors", &format!("file-{k}"), &[&[0], &bytes[..]].concat())?;
        let len = usize::try_from(u64::from_le_bytes(bytes[..8].try_into()?))?;
        let (header, data) = bytes[8..].split_at(len);
        seed("safetensors", &format!("framed-{k}"), &[&[1], &joined(&[header])[..], data].concat())?;
    }
    fs::remove_file(&file)?;
    for (k, folder) in [(0, "exports"), (1, "exports"), (2, "exports"), (3, "keras"), (4, "keras")] {
        for entry in fs::read_dir(Path::new(FIXTURES).join("..").join(folder))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let formats = [&[".npz"][..], &["lstm.json", "gru.json"], &[".nam"], &[".keras", ".h5"], &["weights.h5"]];
            if formats[k].iter().any(|ending| name.ends_with(ending)) {
                seed("foreign", &format!("{k}-{name}"), &[&[u8::try_from(k)?], &fs::read(&path)?[..]].concat())?;
            }
        }
    }
    seed("token", "first", b"rnn1-f32-oracle::each_step_is_one_oracle_step-212801-T3N2C5H4-1f-9c3e")?;
    let report = rnn_check::run::<f32>(&Plain, &Claims::new(), &Plan::quick().only("matmul"));
    seed("documents", "report", &serde_json::to_vec(&report)?)?;
    seed("documents", "section", b"a\ntext\n<!-- begin: a -->\n\nold\n\n<!-- end: a -->\ntext\n")?;
    Ok(())
}

/// As it is, and without what vouches for it.
fn checkpoint(name: &str, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    seed("checkpoint", name, bytes)?;
    let (version, number) = (bytes[8], bytes[12] - 1);
    let content = if version == 1 {
        bytes[HEADER..].to_vec()
    } else {
        let parts = parts(bytes);
        let names: Vec<_> = parts.iter().map(|part| [&[part.need], part.name].concat()).collect();
        let fields: Vec<_> = names.iter().zip(&parts).flat_map(|(name, part)| [&name[..], part.content]).collect();
        joined(&fields)
    };
    seed("checkpoint_sealed", name, &[&[number | (version - 1) << 1], &content[..]].concat())
}

fn seed(target: &str, name: &str, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(name), bytes)?)
}

fn rules() -> [Rule; 3] {
    [Rule::Sgd(Sgd::default()), Rule::RmsProp(RmsProp::default()), Rule::Adam(Adam::default())]
}

fn configs() -> [Config; 3] {
    [
        Config::one_hot(2).recurrent(RecurrentSpec::elman(1, Activation::Tanh)).softmax(2),
        Config::features(2)
            .recurrent(RecurrentSpec::lstm(2).layers(2).bidirectional())
            .dense(DenseSpec::new(2, Activation::Relu))
            .bernoulli(1),
        Config::embedding(3, 2).recurrent(RecurrentSpec::gru(2)).last_step().linear(1),
    ]
}

fn saved(rule: Rule) -> Result<Checkpoint<f32>, Box<dyn Error>> {
    let config = configs()[0].clone();
    let network = Network::<f32, _>::with_backend(&config, 1, Naive)?;
    let parameters = network.parameters().to_vec();
    Ok(Checkpoint {
        optimiser: Optimiser::new(rule, parameters.len())?,
        cells: Vec::new(),
        config,
        parameters,
        schedule: Schedule::Constant { rate: 0.1 },
        step: 1,
        rng: Rng::seed(1),
        cursor: 2,
        rows: 1,
        state: network.state(1)?.as_slice().to_vec(),
        text_digest: Digest::of(b"text"),
        training: None,
        application: (),
    })
}
