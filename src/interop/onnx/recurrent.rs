//! `RNN`, `GRU`, `LSTM` → a network of one layer: every attribute, weights brought into the order of rows of this crate.
//!
//! ```text
//! ONNX   W [D, G·H, C]   R [D, G·H, H]   B [D, 2·G·H] = [Wb, Rb]   P [D, 3·H] i o f     rows: LSTM i o f c, GRU z r h
//! here   weight_ih [G·H, C]   weight_hh [G·H, H]   bias_ih, bias_hh [G·H]   peepholes    rows: LSTM i f g o, GRU r z n
//! ```

use super::activations::Activations;
use super::attributes::Attributes;
use super::proto::Node;
use super::{Clip, Options};
use crate::cells::{CellSpec, Cells};
use crate::error::{Error, Result};
use crate::finite::first_non_finite;
use crate::graph::{Layout, Recurrent, Tensor};
use crate::network::{Config, Directions, Network, Parameters, RecurrentSpec};
use rnn_kernels::cells::{Clips, ElmanVariant, Forget, GruVariant, LstmVariant, Nonlinearity};
use rnn_kernels::{Backend, Bias, GruReset};
use std::fmt;
use std::sync::Arc;

/// The recurrent operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// An Elman network.
    Rnn,
    /// A gated recurrent unit.
    Gru,
    /// A long short-term memory.
    Lstm,
}

impl Operator {
    /// The operator of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "RNN" => Some(Operator::Rnn),
            "GRU" => Some(Operator::Gru),
            "LSTM" => Some(Operator::Lstm),
            _ => None,
        }
    }

    /// How many blocks of rows its matrices have.
    pub(super) fn gates(self) -> usize {
        match self {
            Operator::Rnn => 1,
            Operator::Gru => 3,
            Operator::Lstm => 4,
        }
    }

    /// The functions of a direction where a node names none.
    fn functions(self) -> &'static [&'static str] {
        match self {
            Operator::Rnn => &["Tanh"],
            Operator::Gru => &["Sigmoid", "Tanh"],
            Operator::Lstm => &["Sigmoid", "Tanh", "Tanh"],
        }
    }

    /// The names of its inputs.
    pub(super) fn inputs(self) -> &'static [&'static str] {
        const ALL: [&str; 8] = ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"];
        if self == Operator::Lstm { &ALL } else { &ALL[..6] }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Operator::Rnn => "RNN",
            Operator::Gru => "GRU",
            Operator::Lstm => "LSTM",
        })
    }
}

/// The weights of a node: `W`, `R`, and `B`, `P` if it has them.
#[derive(Debug)]
pub(super) struct Weights {
    pub w: Tensor,
    pub r: Tensor,
    pub b: Option<Tensor>,
    pub p: Option<Tensor>,
}

impl Weights {
    /// Which inputs of a node they are: `W`, `R`, `B` and `P`.
    const INPUTS: [usize; 4] = [1, 2, 3, 7];

    /// The names of those that a node has.
    pub fn names<'m>(node: &Node<'m>) -> impl Iterator<Item = &'m str> {
        Self::INPUTS.into_iter().filter_map(|k| node.inputs.get(k).copied()).filter(|name| !name.is_empty())
    }

    /// Those of a node; `constant` finds a constant by its role and name.
    pub fn of<'m>(
        node: &Node<'m>,
        operator: Operator,
        mut constant: impl FnMut(&str, &'m str) -> Result<Tensor>,
    ) -> Result<Self> {
        let mut get = |k: usize| -> Result<Option<Tensor>> {
            let name = node.inputs.get(k).copied().filter(|name| !name.is_empty());
            operator.inputs().get(k).zip(name).map(|(role, name)| constant(role, name)).transpose()
        };
        let missing = |input: &str| Error::model(node.place(), format!("input `{input}`"), "a constant", "none");
        let [w, r, b, p] = Self::INPUTS;
        Ok(Self {
            w: get(w)?.ok_or_else(|| missing("W"))?,
            r: get(r)?.ok_or_else(|| missing("R"))?,
            b: get(b)?,
            p: get(p)?,
        })
    }
}

/// What a recurrent node says, beside its weights.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecurrentOptions {
    /// Which operator it is.
    pub operator: Operator,
    /// `H`, if the node says it; its weights do in any case.
    pub hidden: Option<usize>,
    /// In which directions it goes through the steps.
    pub directions: Directions,
    /// The order of axes.
    pub layout: Layout,
    /// The functions of each direction: `f` of an RNN; `f`, `g` of a GRU; `f`, `g`, `h` of an LSTM.
    pub functions: Vec<Vec<Nonlinearity>>,
    /// The limit of the inputs of the functions: those below `−clip` or above `clip` are replaced by it.
    pub clip: Option<f32>,
    /// Whether `f = 1 − i`.
    pub input_forget: bool,
    /// Whether the reset gate acts on the recurrent product, and not on the state before it.
    pub linear_before_reset: bool,
}

impl RecurrentOptions {
    /// All attributes of a node.
    pub(super) fn take(node: &mut Node<'_>, operator: Operator, opset: i64) -> Result<Self> {
        let place = node.place();
        let (inputs, outputs) = (operator.inputs().len(), if operator == Operator::Lstm { 3 } else { 2 });
        for (part, most, names) in [("inputs", inputs, &node.inputs), ("outputs", outputs, &node.outputs)] {
            // Names at the end that are empty stand for nothing.
            let found = names.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
            if found > most {
                return Err(Error::model(place, part, format!("at most {most}"), found));
            }
        }
        let mut attributes = Attributes::of(node)?;
        let directions = match attributes.text("direction")?.unwrap_or("forward") {
            "forward" => Directions::Forward,
            "reverse" => Directions::Reverse,
            "bidirectional" => Directions::Both,
            other => {
                let expected = "forward, reverse or bidirectional";
                return Err(attributes.wrong("direction", expected, format!("`{other}`")));
            }
        };
        let hidden = match attributes.int("hidden_size")? {
            None => None,
            Some(hidden) => {
                let found = usize::try_from(hidden).ok().filter(|&hidden| hidden > 0);
                Some(found.ok_or_else(|| attributes.wrong("hidden_size", "at least 1", hidden))?)
            }
        };
        // The attribute came with opset 14. Before, it is left over and so refused.
        let layout = match if opset >= 14 { attributes.int("layout")?.unwrap_or(0) } else { 0 } {
            0 => Layout::TimeMajor,
            1 => Layout::BatchMajor,
            other => return Err(attributes.wrong("layout", "0 or 1", other)),
        };
        let clip = attributes.float("clip")?;
        if let Some(clip) = clip.filter(|clip| !(clip.is_finite() && *clip > 0.0)) {
            return Err(attributes.wrong("clip", "a finite number above 0", clip));
        }
        let input_forget = operator == Operator::Lstm && attributes.flag("input_forget")?;
        let linear_before_reset = operator == Operator::Gru && attributes.flag("linear_before_reset")?;
        let ways = if directions == Directions::Both { 2 } else { 1 };
        let activations = Activations {
            names: attributes.texts("activations")?,
            alpha: attributes.floats("activation_alpha")?.unwrap_or_default(),
            beta: attributes.floats("activation_beta")?.unwrap_or_default(),
        };
        let functions = activations.read(&place, operator.functions(), ways)?;
        attributes.finish()?;
        Ok(Self { operator, hidden, directions, layout, functions, clip, input_forget, linear_before_reset })
    }

    /// The cell of a direction.
    fn cell(&self, way: usize, peepholes: bool, clip: Clip) -> Result<CellSpec> {
        let limit = self.clip.map(f64::from);
        let functions = &self.functions[way];
        match self.operator {
            Operator::Rnn => {
                let cell = ElmanVariant { activation: functions[0], clip: limit, ..ElmanVariant::default() };
                Ok(CellSpec::of("elman", &cell))
            }
            Operator::Gru => {
                let reset = if self.linear_before_reset { GruReset::After } else { GruReset::Before };
                let (gate, candidate) = (functions[0], functions[1]);
                let cell = GruVariant { reset, gate, candidate, clip: limit, ..GruVariant::default() };
                Ok(CellSpec::of("gru", &cell))
            }
            Operator::Lstm => {
                let forget = if self.input_forget { Forget::Coupled } else { Forget::Learned };
                let shown = if clip == Clip::EveryFunction { limit } else { None };
                let clip = Clips { pre_activations: limit, shown, ..Clips::default() };
                let (gate, candidate, state) = (functions[0], functions[1], functions[2]);
                let cell = LstmVariant { forget, peepholes, clip, gate, candidate, state, ..LstmVariant::default() };
                Ok(CellSpec::of("lstm", &cell))
            }
        }
    }

    /// The sizes `[C, H]` that the weights have, which must be those of the node.
    pub(super) fn sizes(&self, place: &str, w: &[usize], r: &[usize]) -> Result<[usize; 2]> {
        let ways = if self.directions == Directions::Both { 2 } else { 1 };
        let gates = self.operator.gates();
        let wrong = |input: &str, expected: String, found: &[usize]| {
            Err(Error::model(place, format!("input `{input}`"), format!("shape {expected}"), format!("{found:?}")))
        };
        let (&[w_ways, w_rows, input], &[r_ways, r_rows, hidden]) = (w, r) else {
            return wrong("W", format!("[{ways}, {gates}·H, C], `R` [{ways}, {gates}·H, H]"), w);
        };
        if hidden == 0 || r_ways != ways || Some(r_rows) != hidden.checked_mul(gates) {
            return wrong("R", format!("[{ways}, {gates}·H, H]"), r);
        }
        if w_ways != ways || w_rows != r_rows || input == 0 {
            return wrong("W", format!("[{ways}, {r_rows}, C]"), w);
        }
        if let Some(said) = self.hidden.filter(|&said| said != hidden) {
            return Err(Error::model(place, "attribute `hidden_size`", format!("{hidden}, as `R` has it"), said));
        }
        Ok([input, hidden])
    }

    /// The layer with these weights.
    pub(super) fn layer<B: Backend<f32> + ?Sized>(
        &self,
        place: &str,
        weights: &Weights,
        backend: &Arc<B>,
        options: &Options,
    ) -> Result<Recurrent<B>> {
        let networks = self.networks(place, weights, backend, options)?;
        let layer = match <[_; 2]>::try_from(networks) {
            Ok(both) => Recurrent::each_way(both.map(Arc::new), self.layout),
            Err(mut one) => Recurrent::new(one.swap_remove(0), self.layout),
        };
        Ok(layer?.with_empty_rows(options.empty_rows))
    }

    /// One network for all directions, or one each if their functions differ.
    pub(super) fn networks<B: Backend<f32> + ?Sized>(
        &self,
        place: &str,
        weights: &Weights,
        backend: &Arc<B>,
        options: &Options,
    ) -> Result<Vec<Network<f32, B>>> {
        let sizes = self.sizes(place, weights.w.shape(), weights.r.shape())?;
        let peepholes = weights.p.is_some();
        let ways = self.functions.len();
        let shared = self.functions.iter().all(|functions| *functions == self.functions[0]);
        if shared {
            let cell = self.cell(0, peepholes, options.clip)?;
            return Ok(vec![self.network(place, sizes, (self.directions, 0..ways), cell, weights, backend)?]);
        }
        let each = [Directions::Forward, Directions::Reverse].into_iter().enumerate();
        each.map(|(way, directions)| {
            let cell = self.cell(way, peepholes, options.clip)?;
            self.network(place, sizes, (directions, way..way + 1), cell, weights, backend)
        })
        .collect()
    }

    fn network<B: Backend<f32> + ?Sized>(
        &self,
        place: &str,
        [input, hidden]: [usize; 2],
        (directions, ways): (Directions, std::ops::Range<usize>),
        cell: CellSpec,
        weights: &Weights,
        backend: &Arc<B>,
    ) -> Result<Network<f32, B>> {
        let bias = if weights.b.is_some() { Bias::Both } else { Bias::None };
        let layer = RecurrentSpec::new(cell, hidden).directions(directions).bias(bias).named("");
        let config = Config::features(input).recurrent(layer);
        Network::with_parameters(&config, backend.clone(), &Cells::new(), |_, blocks| {
            let mut parameters = Parameters::zeros(blocks)?;
            for way in ways {
                // A layer in reverse alone has the names of a forward one.
                let suffix = if directions == Directions::Both && way == 1 { "_l0_reverse" } else { "_l0" };
                self.fill(place, &mut parameters, suffix, way, [input, hidden], weights)?;
            }
            Ok(parameters)
        })
    }

    /// Writes the weights of one direction.
    fn fill<'w>(
        &self,
        place: &str,
        parameters: &mut Parameters<f32>,
        suffix: &str,
        way: usize,
        [input, hidden]: [usize; 2],
        weights: &'w Weights,
    ) -> Result<()> {
        let gates = self.operator.gates();
        let rows = self.rows();
        let mut put = |name: &str, from: &[f32], blocks: &[usize], width: usize| {
            let name = format!("{name}{suffix}");
            let to = parameters.get_mut(&name).ok_or_else(|| Error::kind("parameter", name, "none of this name"))?;
            let block = hidden * width;
            for (to, &k) in to.chunks_exact_mut(block).zip(blocks) {
                to.copy_from_slice(&from[k * block..][..block]);
            }
            Ok(())
        };
        // The numbers of this direction.
        let part = |input: &str, tensor: &'w Tensor, expected: &[usize]| -> Result<&'w [f32]> {
            if tensor.shape() != expected {
                let (expected, found) = (format!("shape {expected:?}"), format!("{:?}", tensor.shape()));
                return Err(Error::model(place, format!("input `{input}`"), expected, found));
            }
            let numbers = tensor.as_f32().map_err(|_| {
                Error::model(place, format!("input `{input}`"), "real numbers", tensor.kind().to_string())
            })?;
            if let Some(index) = first_non_finite(numbers) {
                let found = f64::from(numbers[index]);
                return Err(Error::NotFinite { what: format!("{place}, input `{input}`"), index, found });
            }
            let len = numbers.len() / expected[0];
            Ok(&numbers[way * len..][..len])
        };
        let ways = self.functions.len();
        put("weight_ih", part("W", &weights.w, &[ways, gates * hidden, input])?, rows, input)?;
        put("weight_hh", part("R", &weights.r, &[ways, gates * hidden, hidden])?, rows, hidden)?;
        if let Some(b) = &weights.b {
            let b = part("B", b, &[ways, 2 * gates * hidden])?;
            let (of_x, of_h) = b.split_at(gates * hidden);
            put("bias_ih", of_x, rows, 1)?;
            put("bias_hh", of_h, rows, 1)?;
        }
        if let Some(p) = &weights.p {
            let p = part("P", p, &[ways, 3 * hidden])?;
            put("peephole_i", p, &[0], 1)?;
            put("peephole_o", p, &[1], 1)?;
            // A coupled gate has none: `f = 1 − i`, whatever the last third of `P` is.
            if !self.input_forget {
                put("peephole_f", p, &[2], 1)?;
            }
        }
        Ok(())
    }

    /// Which of ONNX' blocks of rows each of ours is.
    pub(super) fn rows(&self) -> &'static [usize] {
        match (self.operator, self.input_forget) {
            (Operator::Rnn, _) => &[0],
            // r z n of z r h
            (Operator::Gru, _) => &[1, 0, 2],
            // i f g o of i o f c; coupled gates have no f
            (Operator::Lstm, false) => &[0, 2, 3, 1],
            (Operator::Lstm, true) => &[0, 3, 1],
        }
    }
}
