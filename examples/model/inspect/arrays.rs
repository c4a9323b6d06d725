//! Named arrays without a model around them: safetensors, `.npz`.

use super::network::layers;
use super::{heading, network, refused};
use crate::load::{File, What};
use crate::options::Told;
use crate::table::{Table, count, grouped, shape};
use recurrent::error::Result;
use recurrent::interop::{npz as arrays, read_config};

/// A file of safetensors.
pub fn safetensors(file: &File<'_>, told: &Told) -> Result<String> {
    let tensors = file.safetensors()?;
    let mut table = Table::new(&["tensor", "type", "shape", ">numbers"]);
    let mut all: Vec<_> = tensors.tensors();
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut total = 0;
    for (name, tensor) in &all {
        let len: usize = tensor.shape().iter().product();
        total += len;
        table.row([name.clone(), tensor.dtype().to_string(), shape(tensor.shape()), grouped(len)]);
    }
    let configured = matches!(read_config(file.source(), &told.load()), Ok(Some(_)));
    let details = if configured { vec!["with its configuration".into()] } else { Vec::new() };
    let text = format!("{}\n{table}", heading(file, &details));
    Ok(text + &sums(all.len(), total) + &as_network(file, told))
}

/// An archive of arrays.
pub fn npz(file: &File<'_>, told: &Told) -> Result<String> {
    let survey = arrays::survey(file.source(), &told.load())?;
    let mut table = Table::new(&["", "array", "type", "shape", ">numbers"]);
    let mut total = 0;
    for array in &survey {
        let len = array.shape.iter().fold(1_usize, |len, &axis| len.saturating_mul(axis));
        total += len;
        let mark = if array.refused.is_some() { "✗" } else { "" };
        table.row([mark.into(), array.name.clone(), array.dtype.clone(), shape(&array.shape), grouped(len)]);
    }
    let text = format!("{}\n{table}{}", heading(file, &[]), sums(survey.len(), total));
    let refused = refused(
        survey.iter().filter_map(|array| array.refused.as_ref()),
        &format!(" of {}", count(survey.len(), "array")),
    );
    Ok(if refused.is_empty() { text + &as_network(file, told) } else { text + &refused })
}

fn sums(arrays: usize, numbers: usize) -> String {
    format!("  {} in {}\n", count(numbers, "number"), count(arrays, "array"))
}

/// The network whose weights they are, if they are those of one.
fn as_network(file: &File<'_>, told: &Told) -> String {
    match file.load(told) {
        Ok(model) => {
            let notes: String = model.notes.iter().map(|note| format!("  note: {note}\n")).collect();
            match &model.what {
                What::Network(chain) => format!("\n{}\n{}{notes}", layers(&chain.network), network::summary(chain)),
                What::Graph(_) => notes,
            }
        }
        Err(error) => format!("\nNo network by itself:\n  {error}\n"),
    }
}
