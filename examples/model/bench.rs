//! How long a sequence takes, a step of a stream, a run of a graph.

use crate::load::{Chain, File, Net, Nodes, What};
use crate::options::{Effort, Told};
use crate::run;
use crate::table::{Table, count, shape};
use crate::tensors;
use recurrent::backend::Backend;
use recurrent::error::{Error, Result};
use recurrent::graph::{Dim, InputInfo, Kind, Tensor};
use recurrent::network::{InputSpec, Purpose};
use recurrent::rng::Rng;
use recurrent::{Batch, Direction, Stream, Workspace};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Times the model of a file; a table, or a line of JSON.
///
/// # Errors
/// If the file cannot be read or the model not be run.
pub fn bench(path: &Path, told: &Told, effort: &Effort) -> Result<String> {
    let (file, given) = (File::read(path)?, tensors::read(&effort.input)?);
    let is_given = !given.is_empty();
    let (model, given) = run::load(&file, told, given)?;
    let mut measured = Measured { file: &file, told, effort, lines: Vec::new(), json: Map::new() };
    match model.what {
        What::Network(chain) => measured.network(&chain)?,
        What::Graph(graph) if is_given => {
            let inputs = tensors::ordered(graph.inputs(), given)?;
            measured.graph(&graph, &inputs)?;
        }
        What::Graph(graph) => {
            let drawn = drawn(graph.inputs(), effort);
            match graph.into_network() {
                Ok(network) => measured.network(&Chain::of(network, false))?,
                // Consumed by the question: it is read once more.
                Err(_) => {
                    let (model, _) = run::load(&file, told, Vec::new())?;
                    let What::Graph(graph) = model.what else { unreachable!("it was a graph before") };
                    measured.graph(&graph, &drawn?)?;
                }
            }
        }
    }
    Ok(measured.finish())
}

/// What was measured so far.
struct Measured<'a> {
    file: &'a File<'a>,
    told: &'a Told,
    effort: &'a Effort,
    /// What, seconds, and how many steps those are.
    lines: Vec<(String, Result<f64, String>, usize)>,
    json: Map<String, Value>,
}

impl Measured<'_> {
    fn network(&mut self, chain: &Chain) -> Result<()> {
        let mut network: Net = (*chain.network).clone();
        network.keep_packed_for(Purpose::Infer)?;
        let network = Arc::new(network);
        let (steps, rows) = (self.effort.steps as usize, self.effort.rows as usize);
        let mut rng = Rng::seed(1);
        let (mut workspace, mut state) = (Workspace::new(), network.state(rows)?);
        let backwards = network.recurrent_layers().any(|layer| layer.direction == Direction::Reverse);
        let stream = if backwards { None } else { Some(Stream::<f32, dyn Backend<f32>>::many(network.clone(), rows)?) };
        let refused = "–, a layer goes backwards".to_string();
        let (sequence, step) = match network.config().input {
            InputSpec::Features { width } => {
                let x = normal(steps * rows * width, &mut rng);
                let batch = Batch::features(&x, [steps, rows, width])?;
                let sequence = self.time(|| {
                    state.fill_zero();
                    network.infer(&mut workspace, &batch, &mut state).map(drop)
                })?;
                let mut each = x.chunks_exact(rows * width).cycle();
                let step = stream.map(|mut stream| self.time(|| stream.push(each.next().unwrap_or(&[])).map(drop)));
                (sequence, step.transpose()?)
            }
            InputSpec::OneHot { symbols } | InputSpec::Embedding { symbols, .. } => {
                let draw = |_| u32::try_from(rng.below(symbols)).unwrap_or(0);
                let x: Vec<u32> = (0..steps * rows).map(draw).collect();
                let batch = Batch::symbols(&x, [steps, rows])?;
                let sequence = self.time(|| {
                    state.fill_zero();
                    network.infer(&mut workspace, &batch, &mut state).map(drop)
                })?;
                let mut each = x.chunks_exact(rows).cycle();
                let step =
                    stream.map(|mut stream| self.time(|| stream.push_symbols(each.next().unwrap_or(&[])).map(drop)));
                (sequence, step.transpose()?)
            }
        };
        self.lines.push((format!("sequence of {}", count(steps, "step")), Ok(sequence), steps));
        self.lines.push(("one step, its state carried on".into(), step.ok_or(refused), 1));
        self.json.extend([
            ("steps".into(), steps.into()),
            ("rows".into(), rows.into()),
            ("parameters".into(), network.parameters().len().into()),
            ("sequence_seconds".into(), sequence.into()),
            ("step_seconds".into(), step.into()),
        ]);
        Ok(())
    }

    fn graph(&mut self, graph: &Nodes, inputs: &[Tensor]) -> Result<()> {
        let mut session = graph.session();
        let given: Vec<_> = inputs.iter().collect();
        let run = self.time(|| graph.run(&mut session, &given).map(drop))?;
        let shapes = graph.inputs().iter().zip(inputs);
        let shapes: Vec<_> = shapes.map(|(info, x)| format!("{} {}", info.name, shape(x.shape()))).collect();
        self.lines.push((format!("run of {}", shapes.join(", ")), Ok(run), 1));
        self.json.extend([
            ("nodes".into(), graph.nodes().len().into()),
            ("inputs".into(), shapes.into()),
            ("run_seconds".into(), run.into()),
        ]);
        Ok(())
    }

    /// Seconds of a call: the lowest of the medians of five passes.
    fn time(&self, mut call: impl FnMut() -> Result<()>) -> Result<f64> {
        const PASSES: u32 = 5;
        let pass = Duration::from_secs_f64(self.effort.seconds / f64::from(PASSES));
        let mut seconds = |calls: usize| {
            let start = Instant::now();
            for _ in 0..calls {
                call()?;
            }
            #[expect(clippy::cast_precision_loss, reason = "few calls")]
            let each = start.elapsed().as_secs_f64() / calls as f64;
            Ok::<_, Error>(each)
        };
        // The first call packs weights and makes room; the second says how many calls make a time that a clock can tell.
        seconds(1)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 10 000")]
        let calls = (50e-6 / seconds(1)?).clamp(1.0, 1e4) as usize;
        let mut lowest = f64::INFINITY;
        for _ in 0..PASSES {
            let (begun, mut samples) = (Instant::now(), Vec::new());
            while samples.len() < 3 || begun.elapsed() < pass {
                samples.push(seconds(calls)?);
            }
            samples.sort_unstable_by(f64::total_cmp);
            lowest = lowest.min(samples[samples.len() / 2]);
        }
        Ok(lowest)
    }

    fn finish(self) -> String {
        let Self { file, told, effort, lines, mut json } = self;
        if effort.json {
            let settings = json!({
                "file": file.name(), "format": file.format.to_string(), "backend": told.backend, "threads": told.threads,
                "seconds": effort.seconds,
            });
            json.extend(settings.as_object().cloned().unwrap_or_default());
            return format!("{}\n", Value::Object(json));
        }
        let mut table = Table::new(&["", ">time", ">of a step", ">steps a second"]);
        for (what, seconds, steps) in lines {
            let [all, each, rate] = match seconds {
                Err(why) => [why, String::new(), String::new()],
                Ok(seconds) => {
                    #[expect(clippy::cast_precision_loss, reason = "few steps")]
                    let each = seconds / steps as f64;
                    [time(seconds), time(each), format!("{:.0}", 1.0 / each)]
                }
            };
            table.row([what, all, each, rate]);
        }
        let threads = count(told.threads.into(), "thread");
        let rows = count(effort.rows as usize, "row");
        format!("{}: {}, {} on {threads}, {rows}\n\n{table}", file.name(), file.format, told.backend)
    }
}

fn normal(len: usize, rng: &mut Rng) -> Vec<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "drawn numbers")]
    let draw = |_| rng.normal() as f32;
    (0..len).map(draw).collect()
}

/// What exporters call the length of a sequence, and how many there are.
const STEPS: [&str; 8] = ["t", "time", "steps", "seq", "sequence", "seq_len", "seq_length", "sequence_length"];
const ROWS: [&str; 5] = ["n", "b", "batch", "batch_size", "rows"];

/// Inputs in the shapes that a graph says. Lengths that it leaves open are steps or rows, by their names.
fn drawn(inputs: &[InputInfo], effort: &Effort) -> Result<Vec<Tensor>> {
    let mut rng = Rng::seed(1);
    let len = |input: &InputInfo, dim: &Dim| match dim {
        Dim::Fixed(len) => Ok(*len),
        Dim::Named(name) if STEPS.contains(&&*name.to_lowercase()) => Ok(effort.steps as usize),
        Dim::Named(name) if ROWS.contains(&&*name.to_lowercase()) => Ok(effort.rows as usize),
        _ => {
            let expected = "--input, since the model does not say its lengths";
            Err(Error::format(format!("input `{}`", input.name), expected, crate::inspect::described(input)))
        }
    };
    let mut draw = |input: &InputInfo| {
        let shape = input.shape.iter().flatten().map(|dim| len(input, dim)).collect::<Result<Vec<_>>>()?;
        match input.kind {
            Kind::F32 => Tensor::f32(&shape, normal(shape.iter().product(), &mut rng)),
            kind => Tensor::zeros(kind, &shape),
        }
    };
    inputs.iter().map(&mut draw).collect()
}

/// `12.3 µs`.
fn time(seconds: f64) -> String {
    let units = [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")];
    let (unit, name) = units.into_iter().find(|(unit, _)| seconds >= *unit).unwrap_or((1e-9, "ns"));
    format!("{:.3} {name}", seconds / unit)
}
