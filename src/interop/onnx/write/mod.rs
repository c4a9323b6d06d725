//! `Network → ONNX`, layer by layer. The opset is 17: runtimes since 2022 read it.

mod message;
mod recurrent;

use super::Clip;
use crate::error::{Error, Result};
use crate::file::write_atomically;
use crate::finite::first_non_finite;
use crate::graph::{Dim, Kind, Tensor};
use crate::loss::Objective;
use crate::network::{
    DenseSpec, Directions, InputSpec, LayerSpec, Merge, Network, ParameterBlock, Readout, RecurrentSpec,
};
use message::{Messages, Value};
use recurrent::{Cell, Written};
use rnn_kernels::{Activation, Backend};
use std::path::Path;

/// What the output of a written model is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadOutput {
    /// `a = W x + b`, as the network itself does.
    #[default]
    Logits,
    /// What the objective predicts: the softmax of `a`, `σ(a)`, or `a` itself.
    Probabilities,
}

/// How a network is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportOptions {
    /// What the output is.
    pub head: HeadOutput,
    /// Whether the states of recurrent layers are inputs and outputs of the model, so that a runtime can stream it: inputs `rnn.l0.h` and
    /// `rnn.l0.c`, outputs `rnn.l0.h_n` and `rnn.l0.c_n`, each `[D, N, H]`. Learned initial states are then left out: who runs the model
    /// gives the initial states.
    pub states: bool,
    /// What `clip` of an LSTM means to the program that will read the model.
    pub clip: Clip,
}

impl ExportOptions {
    /// The same with this output.
    #[must_use]
    pub fn head(self, head: HeadOutput) -> Self {
        Self { head, ..self }
    }

    /// The same with states as inputs and outputs.
    #[must_use]
    pub fn with_states(self) -> Self {
        Self { states: true, ..self }
    }

    /// The same with this meaning of `clip`.
    #[must_use]
    pub fn clip(self, clip: Clip) -> Self {
        Self { clip, ..self }
    }
}

impl<B: Backend<f32> + ?Sized> Network<f32, B> {
    /// The network as an ONNX model of opset 17. Its input is `x [T, N, C]`, or symbols `x [T, N]` of type INT64; its output is
    /// `y [T, N, O]`, or `[N, O]` with another readout than every step. All rows have all steps.
    ///
    /// Dropout is left out, since the model is only for inference. Nodes and weights have the names of the layers and parameters.
    ///
    /// # Errors
    /// [`Error::Config`] with the place in the configuration if ONNX cannot express it, [`Error::NotFinite`] if a parameter is not finite,
    /// [`Error::Format`] if the model would be longer than 2 GiB, [`Error::Memory`] if it does not fit.
    pub fn to_onnx(&self, options: &ExportOptions) -> Result<Vec<u8>> {
        if let Some(index) = first_non_finite(self.parameters()) {
            let found = f64::from(self.parameters()[index]);
            return Err(Error::NotFinite { what: "parameters".into(), index, found });
        }
        let config = self.config();
        let mut walk = Walk {
            network: self,
            messages: Messages::default(),
            options,
            current: "x".into(),
            steps: true,
            recurrent: 0,
            blocks: 0,
            last: Vec::new(),
        };
        walk.input(&config.input)?;
        let last_recurrent = config.layers.iter().rposition(|layer| matches!(layer, LayerSpec::Recurrent(_)));
        if last_recurrent.is_none() && config.readout != Readout::EveryStep {
            walk.last_step()?;
        }
        for (k, layer) in config.layers.iter().enumerate() {
            match layer {
                LayerSpec::Recurrent(spec) => walk.recurrent(k, spec, Some(k) == last_recurrent)?,
                LayerSpec::Dense(DenseSpec { activation, bias, .. }) => walk.dense(*activation, *bias)?,
                LayerSpec::Dropout(_) => {}
            }
        }
        if let Some(head) = &config.head {
            walk.dense(Activation::Identity, head.bias)?;
            if options.head == HeadOutput::Probabilities {
                match head.objective {
                    Objective::Softmax | Objective::Ctc => walk.then("Softmax", &[], &[("axis", Value::Int(-1))])?,
                    Objective::Bernoulli => walk.then("Sigmoid", &[], &[])?,
                    _ => {}
                }
            }
        }
        walk.finish()
    }

    /// Writes what [`to_onnx`](Self::to_onnx) gives to a file, all of it or nothing ([`write_atomically`]).
    ///
    /// # Errors
    /// Those of [`to_onnx`](Self::to_onnx), and [`Error::Io`] or [`Error::Format`] if the file cannot be written: what was at `path` is then
    /// still there. After [`Error::Replaced`] the new file is.
    pub fn save_onnx(&self, path: impl AsRef<Path>, options: &ExportOptions) -> Result<()> {
        write_atomically(path.as_ref(), &self.to_onnx(options)?)
    }
}

struct Walk<'n, B: ?Sized> {
    network: &'n Network<f32, B>,
    messages: Messages,
    options: &'n ExportOptions,
    /// What the next layer reads.
    current: String,
    /// Whether that has an axis of steps.
    steps: bool,
    /// Recurrent layers so far.
    recurrent: usize,
    /// Parameters so far.
    blocks: usize,
    /// Final states that are outputs.
    last: Vec<(String, Vec<Dim>)>,
}

impl<B: Backend<f32> + ?Sized> Walk<'_, B> {
    fn input(&mut self, input: &InputSpec) -> Result<()> {
        let (steps, rows) = (Dim::from("T"), Dim::from("N"));
        match *input {
            InputSpec::Features { width } => self.messages.edge(11, "x", Kind::F32, &[steps, rows, width.into()]),
            InputSpec::OneHot { symbols } => {
                self.messages.edge(11, "x", Kind::I64, &[steps, rows])?;
                let symbols = i64::try_from(symbols).unwrap_or(i64::MAX);
                let depth = self.messages.constant("symbols", &Tensor::i64(&[], [symbols])?)?;
                let values = self.messages.constant("off_on", &Tensor::f32(&[2], [0.0, 1.0])?)?;
                self.then("OneHot", &[&depth, &values], &[("axis", Value::Int(-1))])
            }
            InputSpec::Embedding { .. } => {
                self.messages.edge(11, "x", Kind::I64, &[steps, rows])?;
                let (name, table) = self.next_block()?;
                self.messages.initializer(&name, &table)?;
                let output =
                    self.messages.value("Gather", &[&name, &self.current.clone()], &[("axis", Value::Int(0))])?;
                self.current = output;
                Ok(())
            }
        }
    }

    /// Adds a node that reads the current value and others, and whose output is then the current value.
    fn then(&mut self, op: &str, others: &[&str], attributes: &[(&str, Value<'_>)]) -> Result<()> {
        let mut inputs = vec![&self.current[..]];
        inputs.extend(others);
        self.current = self.messages.value(op, &inputs, attributes)?;
        Ok(())
    }

    /// The next block of the parameters.
    fn next_block(&mut self) -> Result<(String, Tensor)> {
        let parameters = self.network.parameters();
        let block = &parameters.blocks()[self.blocks];
        self.blocks += 1;
        Ok((block.name.clone(), Tensor::f32(&block.shape, &parameters[block.range()])?))
    }

    fn dense(&mut self, activation: Activation, bias: bool) -> Result<()> {
        let (name, weight) = self.next_block()?;
        let &[units, width] = weight.shape() else { return Err(Error::kind("parameter", "a matrix", name)) };
        let (from, mut to) = (weight.as_f32()?, crate::memory::zeros("weights", units * width)?);
        for (unit, row) in from.chunks_exact(width).enumerate() {
            row.iter().enumerate().for_each(|(k, &w)| to[k * units + unit] = w);
        }
        self.messages.initializer(&name, &Tensor::f32(&[width, units], to)?)?;
        self.then("MatMul", &[&name], &[])?;
        if bias {
            let (name, bias) = self.next_block()?;
            self.messages.initializer(&name, &bias)?;
            self.then("Add", &[&name], &[])?;
        }
        match activation {
            Activation::Identity => Ok(()),
            Activation::Tanh => self.then("Tanh", &[], &[]),
            Activation::Relu => self.then("Relu", &[], &[]),
            Activation::Sigmoid => self.then("Sigmoid", &[], &[]),
        }
    }

    /// The last of all steps.
    fn last_step(&mut self) -> Result<()> {
        let last = self.messages.constant("last", &Tensor::i64(&[], [-1])?)?;
        self.steps = false;
        self.then("Gather", &[&last], &[("axis", Value::Int(0))])
    }

    fn recurrent(&mut self, at: usize, spec: &RecurrentSpec, is_last: bool) -> Result<()> {
        let place = format!("layers[{at}]");
        let cell = Cell::of(&place, &spec.cell, spec.directions, self.options.clip)?;
        let readout = self.network.config().readout;
        for k in 0..spec.layers {
            let last = is_last && k + 1 == spec.layers;
            let readout = if last { readout } else { Readout::EveryStep };
            self.layer(spec, k, &cell, readout)?;
        }
        Ok(())
    }

    /// Layer `k` of a stack.
    fn layer(&mut self, spec: &RecurrentSpec, k: usize, cell: &Cell, readout: Readout) -> Result<()> {
        let (network, hidden) = (self.network, spec.hidden);
        let layer = network.recurrent_layers().find(|layer| layer.layer == self.recurrent);
        let label = layer.map_or(String::new(), |layer| layer.label);
        let prefix = label.strip_suffix(&format!("l{k}")).unwrap_or(&label).to_string();
        self.recurrent += 1;
        let ways: &[&str] = match spec.directions {
            Directions::Forward => &[""],
            // In reverse alone it has the names of a forward one.
            Directions::Reverse => &[""],
            Directions::Both => &["", "_reverse"],
        };
        let names: Vec<_> = ways.iter().map(|way| format!("{prefix}{{}}_l{k}{way}")).collect();
        let parameters = network.parameters();
        let weight = names[0].replace("{}", "weight_ih");
        let width = parameters.block(&weight).map_or(0, |block| block.shape[1]);
        let own = |block: &ParameterBlock| {
            names.iter().any(|name| {
                let (before, behind) = name.split_once("{}").unwrap_or((name, ""));
                let middle = block.name.strip_prefix(before).and_then(|rest| rest.strip_suffix(behind));
                middle.is_some_and(|middle| !middle.contains('.'))
            })
        };
        self.blocks += parameters.blocks()[self.blocks..].iter().take_while(|block| own(block)).count();
        let states = &["h", "c"][..cell.states()];
        let shape = [Dim::from(ways.len()), Dim::from("N"), Dim::from(hidden)];
        let mut initial = Vec::new();
        for state in states {
            if self.options.states {
                let name = format!("{label}.{state}");
                self.messages.edge(11, &name, Kind::F32, &shape)?;
                initial.push(name);
            } else if spec.learned_initial {
                initial.push(self.learned(&names, state, hidden)?);
            }
        }
        let mut outputs = vec![self.messages.fresh("Y")];
        for state in states {
            let own = if self.options.states { format!("{label}.{state}_n") } else { self.messages.fresh("Y_state") };
            if self.options.states {
                self.last.push((own.clone(), shape.to_vec()));
            }
            outputs.push(own);
        }
        let written: Vec<_> = outputs.iter().map(|name| &name[..]).collect();
        let (x, sizes) = (self.current.clone(), [width, hidden]);
        let written =
            Written { name: &label, parameters, names: &names, x: &x, initial: &initial, outputs: &written, sizes };
        cell.write(&mut self.messages, &written)?;
        self.current = if readout == Readout::FinalStates { outputs.swap_remove(1) } else { outputs.swap_remove(0) };
        self.sides(ways.len(), spec.merge, hidden, readout == Readout::FinalStates)?;
        if readout == Readout::LastStep {
            self.last_step()?;
        }
        self.steps &= readout == Readout::EveryStep;
        Ok(())
    }

    /// `Y [T, D, N, H]` or `Y_h [D, N, H]` as rows of both directions side by side, or merged.
    fn sides(&mut self, ways: usize, merge: Merge, hidden: usize, state: bool) -> Result<()> {
        let axis = if state { 0 } else { 1 };
        if ways == 1 {
            let axes = self.messages.whole("axes", &[axis])?;
            return self.then("Squeeze", &[&axes], &[]);
        }
        if merge == Merge::Concat {
            let permutation: &[i64] = if state { &[1, 0, 2] } else { &[0, 2, 1, 3] };
            self.then("Transpose", &[], &[("perm", Value::Ints(permutation))])?;
            let wide = i64::try_from(2 * hidden).unwrap_or(i64::MAX);
            let lens: Vec<i64> = if state { vec![0, wide] } else { vec![0, 0, wide] };
            let shape = self.messages.whole("shape", &lens)?;
            return self.then("Reshape", &[&shape], &[]);
        }
        let both = self.current.clone();
        let mut halves = Vec::new();
        for way in [0, 1] {
            let index = self.messages.constant("way", &Tensor::i64(&[], [way])?)?;
            halves.push(self.messages.value("Gather", &[&both, &index], &[("axis", Value::Int(axis))])?);
        }
        let second = halves.swap_remove(1);
        self.current = halves.swap_remove(0);
        self.then(if merge == Merge::Product { "Mul" } else { "Add" }, &[&second], &[])?;
        if merge == Merge::Average {
            let half = self.messages.constant("half", &Tensor::f32(&[], [0.5])?)?;
            self.then("Mul", &[&half], &[])?;
        }
        Ok(())
    }

    /// Learned initial states, repeated for each row.
    fn learned(&mut self, names: &[String], state: &str, hidden: usize) -> Result<String> {
        let parameters = self.network.parameters();
        let mut all = Vec::new();
        for name in names {
            let name = name.replace("{}", &format!("{state}0"));
            let own = parameters.get(&name).ok_or_else(|| Error::kind("parameter", name, "none of this name"))?;
            all.extend_from_slice(own);
        }
        let ways = names.len();
        let learned = self.messages.constant("learned", &Tensor::f32(&[ways, 1, hidden], all)?)?;
        let [first, last] = [ways, hidden].map(|len| i64::try_from(len).unwrap_or(i64::MAX));
        let (first, last) = (self.messages.whole("ways", &[first])?, self.messages.whole("hidden", &[last])?);
        let bounds = [("start", Value::Int(1)), ("end", Value::Int(2))];
        let rows = self.messages.value("Shape", &["x"], &bounds)?;
        let shape = self.messages.value("Concat", &[&first, &rows, &last], &[("axis", Value::Int(0))])?;
        self.messages.value("Expand", &[&learned, &shape], &[])
    }

    fn finish(mut self) -> Result<Vec<u8>> {
        // The output of a graph has a name of its own.
        self.messages.node("Identity", "y", &[&self.current], &["y"], &[])?;
        let width = Dim::from(self.network.output_width());
        let (steps, rows) = (Dim::from("T"), Dim::from("N"));
        let shape = if self.steps { vec![steps, rows, width] } else { vec![rows, width] };
        self.messages.edge(12, "y", Kind::F32, &shape)?;
        for (name, shape) in &self.last {
            self.messages.edge(12, name, Kind::F32, shape)?;
        }
        self.messages.finish()
    }
}
