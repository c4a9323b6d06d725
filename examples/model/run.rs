//! `outputs = model(inputs)`.

use crate::format::Format;
use crate::load::{Chain, File, Model, Net, Nodes, What};
use crate::options::Told;
use crate::table::{Table, shape};
use crate::tensors::{self, Named};
use recurrent::backend::Backend;
use recurrent::error::{Error, Result};
use recurrent::graph::{Data, Kind, Tensor};
use recurrent::interop::onnx;
use recurrent::network::{InputSpec, Readout};
use recurrent::{Batch, Workspace};
use std::path::Path;
use std::sync::Arc;

/// Gives arrays to the model of a file, writes what it gives, and says what that is.
///
/// # Errors
/// If the file, the arrays or the output are not what they must be.
pub fn run(path: &Path, told: &Told, input: &[String], output: &Path) -> Result<String> {
    let (file, given) = (File::read(path)?, tensors::read(input)?);
    let (model, given) = load(&file, told, given)?;
    let outputs = match &model.what {
        What::Graph(graph) => of_graph(graph, given)?,
        What::Network(chain) => of_network(chain, given)?,
    };
    tensors::write(output, &outputs)?;
    let mut table = Table::new(&["output", "elements", "shape", "from", "to"]);
    for (name, tensor) in &outputs {
        let [least, most] = range(tensor);
        table.row([name.clone(), tensor.kind().to_string(), shape(tensor.shape()), least, most]);
    }
    let notes: String = model.notes.iter().map(|note| format!("  note: {note}\n")).collect();
    Ok(format!("{table}{notes}"))
}

/// The model, and the arrays that are left for it: weights of recurrent nodes of ONNX may be inputs, which then are constants.
pub fn load(file: &File<'_>, told: &Told, mut given: Vec<Named>) -> Result<(Model, Vec<Named>)> {
    if file.format != Format::Onnx {
        return Ok((file.load(told)?, given));
    }
    let mut model = onnx::Model::read(file.source(), &onnx::Limits::default())?;
    let mut weights = Vec::new();
    for node in model.nodes()?.iter().filter(|node| ["RNN", "GRU", "LSTM"].contains(&&*node.operator)) {
        weights.extend([1, 2, 3, 7].into_iter().filter_map(|k| node.inputs.get(k).cloned()));
    }
    let inputs: Vec<_> = model.inputs()?.into_iter().map(|input| input.name).collect();
    let is_weight = |(name, _): &Named| weights.contains(name) && inputs.contains(name);
    while let Some(at) = given.iter().position(is_weight) {
        let (name, tensor) = given.swap_remove(at);
        model = model.with_constant(name, tensor)?;
    }
    let backend: Arc<dyn Backend<f32>> = told.backend()?;
    let graph: Nodes = model.into_graph(backend, &told.onnx())?;
    Ok((Model { what: What::Graph(Box::new(graph)), notes: Vec::new() }, given))
}

fn of_graph(graph: &Nodes, given: Vec<Named>) -> Result<Vec<Named>> {
    let inputs = tensors::ordered(graph.inputs(), given)?;
    let mut session = graph.session();
    let inputs: Vec<_> = inputs.iter().collect();
    let outputs = graph.run(&mut session, &inputs)?;
    Ok(outputs.iter().map(|(name, tensor)| (name.to_string(), tensor.clone())).collect())
}

fn of_network(chain: &Chain, mut given: Vec<Named>) -> Result<Vec<Named>> {
    let at = given.iter().position(|(name, _)| name == "x").or(if given.is_empty() { None } else { Some(0) });
    let at = at.ok_or_else(|| Error::format("input `x`", "an array", "none"))?;
    let (_, x) = given.swap_remove(at);
    Ok(vec![("y".into(), infer(chain, x)?)])
}

/// The axes of an input: steps and rows, and whether there is an axis of rows and one of widths.
struct Axes {
    steps: usize,
    rows: usize,
    has_rows: bool,
    has_width: bool,
}

impl Axes {
    /// Of features `[T, N, C]`, `[T, C]`, or `[T]` of width 1; of symbols `[T, N]` or `[T]`; steps and rows in either order.
    fn of(network: &Net, batch_first: bool, shape: &[usize]) -> Result<Self> {
        let both = |a: usize, b: usize| if batch_first { (b, a) } else { (a, b) };
        let first = if batch_first { "N, T" } else { "T, N" };
        let ((steps, rows), has_rows, has_width) = match (&network.config().input, shape) {
            (InputSpec::Features { width }, &[a, b, c]) if c == *width => (both(a, b), true, true),
            (InputSpec::Features { width }, &[steps, c]) if c == *width => ((steps, 1), false, true),
            (InputSpec::Features { width: 1 }, &[steps]) => ((steps, 1), false, false),
            (InputSpec::OneHot { .. } | InputSpec::Embedding { .. }, &[a, b]) => (both(a, b), true, true),
            (InputSpec::OneHot { .. } | InputSpec::Embedding { .. }, &[steps]) => ((steps, 1), false, true),
            (InputSpec::Features { width }, other) => {
                return Err(Error::format(
                    "input `x`",
                    format!("real numbers [{first}, {width}] or [T, {width}]"),
                    format!("{other:?}"),
                ));
            }
            (_, other) => {
                return Err(Error::format("input `x`", format!("symbols [{first}] or [T]"), format!("{other:?}")));
            }
        };
        Ok(Self { steps, rows, has_rows, has_width })
    }

    /// `[T, N]` of marks in the order of the input.
    fn time_major(&self, batch_first: bool, marks: &[bool]) -> Vec<bool> {
        let Self { steps, rows, .. } = *self;
        let at = |t: usize, n: usize| if batch_first { n * steps + t } else { t * rows + n };
        (0..steps * rows).map(|k| marks[at(k / rows, k % rows)]).collect()
    }
}

/// What a network gives, in the order of axes of its input, and without those that the input lacks.
pub fn infer(chain: &Chain, x: Tensor) -> Result<Tensor> {
    let Chain { network, masking, held, softmax, batch_first } = chain;
    let axes = Axes::of(network, *batch_first, x.shape())?;
    let Axes { steps, rows, has_rows, has_width } = axes;
    let of_symbols = !matches!(network.config().input, InputSpec::Features { .. });
    let x = tensors::as_kind("x", x, if of_symbols { Kind::I64 } else { Kind::F32 })?;
    let symbols: Vec<u32>;
    let (batch, skipped) = match x.data() {
        Data::I64(given) => {
            let symbol = |x: &i64| u32::try_from(*x).map_err(|_| Error::format("input `x`", "symbols from 0 on", x));
            symbols = given.iter().map(symbol).collect::<Result<_>>()?;
            let batch = match batch_first {
                true => Batch::symbols_batch_first(&symbols, [rows, steps])?,
                false => Batch::symbols(&symbols, [steps, rows])?,
            };
            (batch, masking.map(|masking| masking.skipped_symbols(&symbols)))
        }
        _ => {
            let (x, width) = (x.as_f32()?, x.len().checked_div(steps * rows).unwrap_or(0));
            let batch = match batch_first {
                true => Batch::batch_first(x, [rows, steps, width])?,
                false => Batch::features(x, [steps, rows, width])?,
            };
            (batch, masking.map(|masking| masking.skipped(x, width)))
        }
    };
    let skipped = skipped.map(|marks| axes.time_major(*batch_first, &marks));
    let batch = match &skipped {
        Some(skipped) => batch.skipping(skipped, *held)?,
        None => batch,
    };
    let (mut workspace, mut state) = (Workspace::new(), network.state(rows)?);
    let y = network.infer(&mut workspace, &batch, &mut state)?;
    let (steps, width) = (y.steps(), network.output_width());
    let places: Vec<(usize, usize)> = match batch_first {
        true => (0..rows).flat_map(|n| (0..steps).map(move |t| (t, n))).collect(),
        false => (0..steps).flat_map(|t| (0..rows).map(move |n| (t, n))).collect(),
    };
    let mut numbers = Vec::with_capacity(places.len() * width);
    for (t, n) in places {
        let begin = numbers.len();
        numbers.extend_from_slice(y.at(t).row(n));
        if *softmax {
            normalise(&mut numbers[begin..]);
        }
    }
    let each_step = network.config().readout == Readout::EveryStep;
    let mut shape = Vec::new();
    let sizes =
        if *batch_first { [(rows, has_rows), (steps, each_step)] } else { [(steps, each_step), (rows, has_rows)] };
    shape.extend(sizes.iter().filter(|(_, has)| *has).map(|(size, _)| *size));
    if has_width || width != 1 {
        shape.push(width);
    }
    Tensor::f32(&shape, numbers)
}

/// `a ← softmax(a)`.
fn normalise(a: &mut [f32]) {
    let most = a.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    a.iter_mut().for_each(|a| *a = (*a - most).exp());
    let sum: f32 = a.iter().sum();
    a.iter_mut().for_each(|a| *a /= sum);
}

/// The least and the largest element.
fn range(tensor: &Tensor) -> [String; 2] {
    fn of<T: Copy + PartialOrd>(x: &[T], text: impl Fn(T) -> String) -> [String; 2] {
        let pick = |first: fn(&T, &T) -> bool| x.iter().copied().reduce(|a, b| if first(&b, &a) { b } else { a });
        [pick(|a, b| a < b), pick(|a, b| a > b)].map(|found| found.map_or("–".into(), &text))
    }
    match tensor.data() {
        Data::F32(x) => of(x, |x| format!("{x:.6}")),
        Data::I64(x) => of(x, |x| x.to_string()),
        Data::I32(x) => of(x, |x| x.to_string()),
        Data::Bool(x) => of(x, |x| x.to_string()),
        _ => ["–".into(), "–".into()],
    }
}
