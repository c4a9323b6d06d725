//! A recurrent layer → `RNN`, `GRU` or `LSTM`: rows brought into ONNX' order, options into attributes.

use super::super::activations::written;
use super::super::recurrent::Operator;
use super::super::{Clip, RecurrentOptions};
use super::message::{Messages, Value};
use crate::error::{Error, Result};
use crate::graph::{Layout, Tensor};
use crate::network::{CellSpec, Directions, Parameters};
use rnn_kernels::GruReset;
use rnn_kernels::cells::{Clips, ElmanVariant, Forget, GruVariant, LstmVariant, Noise, Nonlinearity};

/// A layer that is to be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written<'a> {
    pub name: &'a str,
    pub parameters: &'a Parameters<f32>,
    /// The names of the parameters of each direction, with `{}` for what they are.
    pub names: &'a [String],
    pub x: &'a str,
    /// The names of initial states, if there are any.
    pub initial: &'a [String],
    pub outputs: &'a [&'a str],
    /// `C` and `H`.
    pub sizes: [usize; 2],
}

/// What ONNX can say of a cell.
#[derive(Debug)]
pub(super) struct Cell {
    options: RecurrentOptions,
    peepholes: bool,
}

impl Cell {
    /// That of a configuration.
    ///
    /// # Errors
    /// [`Error::Config`] if ONNX has no such cell.
    pub fn of(at: &str, cell: &CellSpec, directions: Directions, clip: Clip) -> Result<Self> {
        let wrong = |option: &str, expected: &str, found: String| {
            Err(Error::config(format!("{at}, cell `{}`{option}", cell.name()), expected, found))
        };
        let read = |fault| Error::Cell { at: at.into(), cell: cell.name().into(), fault };
        let (operator, functions, limit, noise, coupled, peepholes, linear) = match cell.name() {
            "elman" => {
                let elman: ElmanVariant = cell.options().read_equations().map_err(read)?;
                (Operator::Rnn, vec![elman.activation], elman.clip, elman.noise, false, false, false)
            }
            "gru" => {
                let gru: GruVariant = cell.options().read_equations().map_err(read)?;
                let linear = gru.reset == GruReset::After;
                (Operator::Gru, vec![gru.gate, gru.candidate], gru.clip, gru.noise, false, false, linear)
            }
            "lstm" | "lstm_peephole" => {
                let lstm: LstmVariant = match cell.name() {
                    "lstm" => cell.options().read_equations().map_err(read)?,
                    _ => LstmVariant { peepholes: true, ..LstmVariant::default() },
                };
                if lstm.projection {
                    return wrong(", projection", "none, which ONNX has not", "one".into());
                }
                let coupled = match lstm.forget {
                    Forget::Learned => false,
                    Forget::Coupled => true,
                    Forget::One => return wrong(", forget", "learned or coupled", "one".into()),
                };
                let Clips { pre_activations, shown, state, output } = lstm.clip;
                if state.is_some() || output.is_some() {
                    return wrong(", clip", "none of the state or the output", format!("{:?}", lstm.clip));
                }
                let meant = if clip == Clip::EveryFunction { pre_activations } else { None };
                if shown != meant {
                    let expected = "limits of the gates and, as the text of ONNX means it, of what `h` sees of `c`";
                    return wrong(", clip", expected, format!("{:?}, to be written as {clip:?}", lstm.clip));
                }
                let functions = vec![lstm.gate, lstm.candidate, lstm.state];
                (Operator::Lstm, functions, pre_activations, lstm.noise, coupled, lstm.peepholes, false)
            }
            _ => return wrong("", "lstm, gru or elman, which ONNX has", "another".into()),
        };
        if noise != Noise::None {
            return wrong(", noise", "none, which ONNX has not", format!("{noise:?}"));
        }
        if let Some(function) = functions.iter().find(|&&function| written(function).is_none()) {
            return wrong("", "functions that ONNX has", format!("{function:?}"));
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "f32 is what the format has, and what the network computes with"
        )]
        let clip = limit.map(|limit| limit as f32);
        if clip.is_some_and(|clip| !(clip > 0.0 && clip.is_finite())) {
            return wrong(", clip", "a limit above 0", format!("{limit:?}"));
        }
        let ways = if directions == Directions::Both { 2 } else { 1 };
        let options = RecurrentOptions {
            operator,
            hidden: None,
            directions,
            layout: Layout::TimeMajor,
            functions: vec![functions; ways],
            clip,
            input_forget: coupled,
            linear_before_reset: linear,
        };
        Ok(Self { options, peepholes })
    }

    /// How many states it has.
    pub fn states(&self) -> usize {
        if self.options.operator == Operator::Lstm { 2 } else { 1 }
    }

    /// The node with its weights.
    pub fn write(&self, messages: &mut Messages, layer: &Written<'_>) -> Result<()> {
        let Written { name, parameters, names, x, initial, outputs, sizes: [input, hidden] } = *layer;
        let (ways, gates) = (names.len(), self.options.operator.gates());
        // The parameter of each direction, ONNX' blocks of rows one after another; nothing if there is none.
        let stacked = |what: &str, blocks: &[(usize, usize)], count: usize, width: usize| -> Result<Option<Vec<f32>>> {
            let block = hidden * width;
            let mut all = crate::memory::zeros("weights of a node", ways * count * block)?;
            for (way, to) in names.iter().zip(all.chunks_exact_mut((count * block).max(1))) {
                let Some(from) = parameters.get(&way.replace("{}", what)) else { return Ok(None) };
                for &(ours, theirs) in blocks {
                    to[theirs * block..][..block].copy_from_slice(&from[ours * block..][..block]);
                }
            }
            Ok(Some(all))
        };
        let rows: Vec<_> = self.options.rows().iter().copied().enumerate().collect();
        let missing = |what: &str| Error::kind("parameters of a recurrent layer", what, "none of this name");
        let w = stacked("weight_ih", &rows, gates, input)?.ok_or_else(|| missing("weight_ih"))?;
        let r = stacked("weight_hh", &rows, gates, hidden)?.ok_or_else(|| missing("weight_hh"))?;
        let w = messages.constant("W", &Tensor::f32(&[ways, gates * hidden, input], w)?)?;
        let r = messages.constant("R", &Tensor::f32(&[ways, gates * hidden, hidden], r)?)?;
        let (of_x, of_h) = (stacked("bias_ih", &rows, gates, 1)?, stacked("bias_hh", &rows, gates, 1)?);
        let b = match of_x {
            None => String::new(),
            Some(of_x) => {
                let len = gates * hidden;
                let mut b = crate::memory::zeros("biases of a node", 2 * ways * len)?;
                for (way, b) in b.chunks_exact_mut(2 * len).enumerate() {
                    b[..len].copy_from_slice(&of_x[way * len..][..len]);
                    if let Some(of_h) = &of_h {
                        b[len..].copy_from_slice(&of_h[way * len..][..len]);
                    }
                }
                messages.constant("B", &Tensor::f32(&[ways, 2 * len], b)?)?
            }
        };
        let p = if self.peepholes {
            let mut p: Vec<f32> = crate::memory::zeros("peepholes of a node", 3 * ways * hidden)?;
            for (k, what) in ["peephole_i", "peephole_o", "peephole_f"].into_iter().enumerate() {
                // A coupled gate has none of its own.
                let Some(from) = stacked(what, &[(0, 0)], 1, 1)? else { continue };
                for way in 0..ways {
                    p[(3 * way + k) * hidden..][..hidden].copy_from_slice(&from[way * hidden..][..hidden]);
                }
            }
            messages.constant("P", &Tensor::f32(&[ways, 3 * hidden], p)?)?
        } else {
            String::new()
        };
        let mut inputs = vec![x, &w, &r, &b, ""];
        inputs.extend(initial.iter().map(|name| &name[..]));
        if self.peepholes {
            inputs.resize(7, "");
            inputs.push(&p);
        }
        while inputs.last().is_some_and(|name| name.is_empty()) {
            inputs.pop();
        }
        self.node(messages, name, &inputs, outputs, hidden)
    }

    fn node(
        &self,
        messages: &mut Messages,
        name: &str,
        inputs: &[&str],
        outputs: &[&str],
        hidden: usize,
    ) -> Result<()> {
        let options = &self.options;
        let direction = match options.directions {
            Directions::Forward => "forward",
            Directions::Reverse => "reverse",
            Directions::Both => "bidirectional",
        };
        let hidden = Value::Int(i64::try_from(hidden).unwrap_or(i64::MAX));
        let mut attributes = vec![("direction", Value::Text(direction)), ("hidden_size", hidden)];
        let (sigmoid, tanh) = (Nonlinearity::Sigmoid, Nonlinearity::Tanh);
        let defaults: &[Nonlinearity] = match options.operator {
            Operator::Rnn => &[tanh],
            Operator::Gru => &[sigmoid, tanh],
            Operator::Lstm => &[sigmoid, tanh, tanh],
        };
        let functions: Vec<_> = options.functions.iter().flatten().filter_map(|&function| written(function)).collect();
        let names: Vec<_> = functions.iter().map(|(name, ..)| *name).collect();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "f32 is what the format has, and what the network computes with"
        )]
        let narrow = |x: Option<f64>| x.map(|x| x as f32);
        let alpha: Vec<_> = functions.iter().filter_map(|&(_, alpha, _)| narrow(alpha)).collect();
        let beta: Vec<_> = functions.iter().filter_map(|&(.., beta)| narrow(beta)).collect();
        if options.functions.iter().any(|functions| functions != defaults) {
            attributes.push(("activations", Value::Texts(&names)));
        }
        if !alpha.is_empty() {
            attributes.push(("activation_alpha", Value::Floats(&alpha)));
        }
        if !beta.is_empty() {
            attributes.push(("activation_beta", Value::Floats(&beta)));
        }
        if let Some(clip) = options.clip {
            attributes.push(("clip", Value::Float(clip)));
        }
        if options.input_forget {
            attributes.push(("input_forget", Value::Int(1)));
        }
        if options.linear_before_reset {
            attributes.push(("linear_before_reset", Value::Int(1)));
        }
        messages.node(&options.operator.to_string(), name, inputs, outputs, &attributes)
    }
}
