//! `model → file` of another format, which its ending says.

use crate::load::{Chain, File, Net, What};
use crate::options::{Told, Written};
use crate::table::count;
use recurrent::checkpoint::{Checkpoint, Digest};
use recurrent::error::{Error, Result};
use recurrent::file::{check_outputs, write_atomically};
use recurrent::graph::Tensor;
use recurrent::interop::Metadata;
use recurrent::interop::npz::write_tensors;
use recurrent::interop::onnx::{ExportOptions, HeadOutput};
use recurrent::optim::{Rule, Schedule, Sgd};
use recurrent::rng::Rng;
use std::path::Path;

/// Writes the model, and says what was written and what was left out.
///
/// # Errors
/// If it cannot be read, is no chain of layers, or cannot be written in that format.
pub fn convert(path: &Path, out: &Path, told: &Told, written: &Written) -> Result<String> {
    let ending = out.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let write = match ending {
        "onnx" => onnx,
        "safetensors" => safetensors,
        "npz" => npz,
        "ckpt" => checkpoint,
        _ => {
            let expected = "an ending of .onnx, .safetensors, .npz or .ckpt: the other formats are read alone";
            return Err(Error::format("OUT", expected, out.display()));
        }
    };
    let mut inputs = vec![("FILE", path)];
    inputs.extend(told.config.as_deref().map(|config| ("--config", config)));
    check_outputs(inputs, [("OUT", Some(out))])?;
    let file = File::read(path)?;
    let mut model = file.load(told)?;
    let mut notes = std::mem::take(&mut model.notes);
    let of_nodes = matches!(model.what, What::Graph(_));
    let chain = model.into_chain()?;
    let given = Given { told, written, steps_first: of_nodes || chain.batch_first };
    write(&chain, out, &given, &mut notes)?;
    let parameters = count(chain.network.parameters().len(), "parameter");
    let mut text = format!("{}: {} → {}, {parameters}\n", out.display(), file.format, ending);
    notes.iter().for_each(|note| text += &format!("  note: {note}\n"));
    Ok(text)
}

struct Given<'o> {
    told: &'o Told,
    written: &'o Written,
    /// Whether steps come first in what is written and perhaps not in what was read.
    steps_first: bool,
}

fn onnx(chain: &Chain, out: &Path, given: &Given<'_>, notes: &mut Vec<String>) -> Result<()> {
    let Given { told, written, .. } = given;
    let mut options = ExportOptions::default().clip(told.clip());
    options.states = written.states;
    if written.probabilities || chain.softmax && !written.logits {
        options = options.head(HeadOutput::Probabilities);
    }
    chain.network.save_onnx(out, &options)?;
    if chain.masking.is_some() {
        notes.push("the model masks steps, and ONNX has no masks: every step counts".into());
    }
    if given.steps_first {
        notes.push("it reads and gives [steps, rows, width], whatever the order in FILE".into());
    }
    Ok(())
}

/// What weights alone do not say.
fn beside_weights(chain: &Chain, notes: &mut Vec<String>) {
    if chain.softmax {
        notes.push("the softmax at the end is no weight: what is written gives logits".into());
    }
    if chain.masking.is_some() {
        notes.push("which steps are masked is not written".into());
    }
}

fn safetensors(chain: &Chain, out: &Path, _: &Given<'_>, notes: &mut Vec<String>) -> Result<()> {
    beside_weights(chain, notes);
    chain.network.save_safetensors(out, Metadata::Config)
}

fn npz(chain: &Chain, out: &Path, _: &Given<'_>, notes: &mut Vec<String>) -> Result<()> {
    beside_weights(chain, notes);
    let (parameters, mut tensors) = (chain.network.parameters(), Vec::new());
    for block in parameters.blocks() {
        tensors.push((&*block.name, Tensor::f32(&block.shape, &parameters[block.range()])?));
    }
    write_atomically(out, &write_tensors(tensors.iter().map(|(name, tensor)| (*name, tensor)))?)
}

/// The checkpoint of a run that has not begun: whoever goes on chooses how.
fn checkpoint(chain: &Chain, out: &Path, given: &Given<'_>, notes: &mut Vec<String>) -> Result<()> {
    beside_weights(chain, notes);
    let network: &Net = &chain.network;
    Checkpoint {
        config: network.config().clone(),
        cells: network.cells(),
        parameters: network.parameters().to_vec(),
        optimiser: network.optimiser(Rule::Sgd(Sgd::default()))?,
        schedule: Schedule::Constant { rate: 0.01 },
        step: 0,
        rng: Rng::seed(given.told.seed),
        cursor: 0,
        rows: 0,
        state: Vec::new(),
        text_digest: Digest::of(&[]),
        training: None,
        application: (),
    }
    .write(out)
}
