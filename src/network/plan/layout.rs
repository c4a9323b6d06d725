//! From the input on: each layer of a configuration becomes stages, and gets its parameters and its state.

use super::checks::{RATE, check_extent, check_rate, check_symbols, masks, positive, sized};
use super::names::{check_names, join, prefix};
use super::{Dense, InputKind, Plan, Recurrent, Stage, Way};
use crate::cells::{CellFault, Cells};
use crate::error::{Error, Result, checked_product};
use crate::loss::Criterion;
use crate::network::config::{Config, Directions, HeadSpec, InputSpec, LayerSpec, Merge, Readout, RecurrentSpec};
use crate::network::parameters::ParameterBlock;
use crate::network::state::{StateLayout, StateSlot};
use crate::noise::DropoutSpec;
use rnn_kernels::{Activation, Cell, Direction, Scalar, Size};
use std::ops::Range;
use std::sync::Arc;

impl<T: Scalar> Plan<T> {
    /// The plan of a configuration with the cells of a registry, or what is wrong with it.
    pub fn new(config: &Config, cells: &Cells) -> Result<Self> {
        check_extent(config)?;
        let recurrent = config.layers.iter().enumerate().filter_map(|(k, layer)| match layer {
            LayerSpec::Recurrent(spec) => Some((k, spec)),
            LayerSpec::Dense(_) | LayerSpec::Dropout(_) => None,
        });
        let made = recurrent.map(|(k, spec)| cells.make_at(&format!("layers[{k}]"), &spec.cell));
        Self::with(config, made.collect::<Result<_>>()?)
    }

    /// The plan of a configuration with these cells, one for each of its recurrent entries.
    pub fn with(config: &Config, cells: Vec<Cell>) -> Result<Self> {
        let mut layout = Layout::default();
        let input = layout.input(&config.input)?;
        let last_recurrent = config.layers.iter().rposition(|layer| matches!(layer, LayerSpec::Recurrent(_)));
        if last_recurrent.is_none() {
            layout.without_recurrence(config)?;
        }
        let (mut recurrent, mut dense) = (0, 0);
        for (k, layer) in config.layers.iter().enumerate() {
            let at = format!("layers[{k}]");
            match layer {
                LayerSpec::Recurrent(spec) => {
                    recurrent += 1;
                    let name = prefix(spec.name.as_ref(), "rnn", recurrent);
                    let readout = if Some(k) == last_recurrent { config.readout } else { Readout::EveryStep };
                    layout.recurrent(&at, &name, spec, &cells[recurrent - 1], readout)?;
                }
                LayerSpec::Dense(spec) => {
                    dense += 1;
                    let name = prefix(spec.name.as_ref(), "dense", dense);
                    layout.dense(&at, &name, spec.units, spec.activation, spec.bias)?;
                }
                LayerSpec::Dropout(spec) => layout.dropout(&at, *spec)?,
            }
        }
        if let Some(head) = &config.head {
            let name = prefix(head.name.as_ref(), "head", 1);
            layout.dense("head", &name, head.units, Activation::Identity, head.bias)?;
        }
        check_names(&layout.blocks)?;
        Ok(Self {
            input,
            output: layout.width,
            stages: layout.stages,
            blocks: layout.blocks.into(),
            state: Arc::new(StateLayout::new(layout.slots)?),
            criterion: config.head.as_ref().map(criterion).transpose()?,
            cells,
        })
    }
}

/// The loss of a head with its options.
fn criterion<T: Scalar>(head: &HeadSpec) -> Result<Criterion<T>> {
    Criterion::new(head.units, head.objective, &head.class_weights, head.label_smoothing, head.outputs)
}

#[derive(Debug)]
struct Layout<T> {
    stages: Vec<Stage<T>>,
    blocks: Vec<ParameterBlock>,
    slots: Vec<StateSlot>,
    /// The width of what the last stage writes.
    width: usize,
    /// The number of parameters so far.
    len: usize,
    /// The number of masks of all slots so far.
    masks: usize,
    layers: usize,
    /// The number of dropout layers so far.
    dropouts: usize,
    one_hot: bool,
}

impl<T> Default for Layout<T> {
    fn default() -> Self {
        Self {
            stages: Vec::new(),
            blocks: Vec::new(),
            slots: Vec::new(),
            width: 0,
            len: 0,
            masks: 0,
            layers: 0,
            dropouts: 0,
            one_hot: false,
        }
    }
}

impl<T: Scalar> Layout<T> {
    fn input(&mut self, input: &InputSpec) -> Result<InputKind> {
        match *input {
            InputSpec::Features { width } => {
                self.width = positive("input", "width", width)?;
                Ok(InputKind::Features { width })
            }
            InputSpec::OneHot { symbols } => {
                self.width = check_symbols(symbols)?;
                self.one_hot = true;
                Ok(InputKind::Symbols { count: symbols })
            }
            InputSpec::Embedding { symbols, width, ref name } => {
                check_symbols(symbols)?;
                self.width = positive("input", "width", width)?;
                let table = self.block(&prefix(name.as_ref(), "embedding", 1), "weight", &[symbols, width])?;
                self.stages.push(Stage::Embedding { table, symbols, width });
                Ok(InputKind::Symbols { count: symbols })
            }
        }
    }

    /// The layers of a stack; what the last of them shows is read out.
    fn recurrent(&mut self, at: &str, name: &str, spec: &RecurrentSpec, cell: &Cell, readout: Readout) -> Result<()> {
        if spec.merge != Merge::Concat && spec.directions != Directions::Both {
            let found = format!("{:?} with {:?}", spec.directions, spec.merge);
            return Err(Error::config(format!("{at}, merge"), "both directions where they become one", found));
        }
        let fault = |fault| Error::Cell { at: at.into(), cell: spec.cell.name().into(), fault };
        let (hidden, layers) = (positive(at, "hidden", spec.hidden)?, positive(at, "layers", spec.layers)?);
        let output = spec.cell.options().output().map_err(fault)?.unwrap_or(hidden);
        let defaults = spec.cell.options().masks().map_err(fault)?;
        for layer in 0..layers {
            if let Some(dropout) = spec.dropout.filter(|_| layer > 0) {
                self.dropout(at, dropout)?;
            }
            let input = self.width;
            // Every size a cell computes from these must fit before the cell is asked for one.
            let units = hidden.max(output);
            checked_product(&format!("configuration, {at}"), &[units, 8, input.saturating_add(units).max(8), 16])?;
            let size = Size::new(input, hidden).with_output(output).with_bias(spec.bias);
            let sized = sized(at, cell, size, fault)?;
            if sized.plan().reads_input && self.reads_one_hot() {
                return Err(fault(CellFault::OneHot));
            }
            let (directions, suffix): (&[Direction], _) = match spec.directions {
                Directions::Forward => (&[Direction::Forward], ""),
                Directions::Reverse => (&[Direction::Reverse], ""),
                Directions::Both => (&[Direction::Forward, Direction::Reverse], "_reverse"),
            };
            let masks = masks(&sized, &defaults).map_err(fault)?;
            let mut ways = Vec::with_capacity(directions.len());
            for &direction in directions {
                let suffix = if direction == Direction::Reverse { suffix } else { "" };
                let start = self.len;
                for block in sized.blocks() {
                    let shape = if block.is_vector { vec![block.rows] } else { vec![block.rows, block.cols] };
                    self.block(name, &format!("{}_l{layer}{suffix}", block.name), &shape)?;
                }
                let (slot, params) = (self.slots.len(), start..self.len);
                let mut of_states = StateSlot::new(self.layers, direction, &sized);
                if spec.learned_initial {
                    for (state, width) in &of_states.states {
                        self.block(name, &format!("{state}0_l{layer}{suffix}"), &[*width])?;
                    }
                    of_states.initial = params.end..self.len;
                }
                self.slots.push(of_states);
                ways.push(Way { direction, params, slot, masks: self.masks });
                self.masks += masks.len();
            }
            let label = join(name, &format!("l{layer}"));
            let stage = Recurrent { label, cell: spec.cell.clone(), spec: sized, masks, ways };
            self.width = stage.width();
            self.layers += 1;
            self.stages.push(Stage::Recurrent(Box::new(stage)));
            // What is read out is one step of each row, which takes less to merge than all of them and gives the same.
            if layer + 1 == layers {
                self.readout(readout);
            }
            self.merge(spec.merge);
        }
        Ok(())
    }

    /// There is something to compute, and rows are read out before anything else is computed from them.
    fn without_recurrence(&mut self, config: &Config) -> Result<()> {
        let embedded = matches!(config.input, InputSpec::Embedding { .. });
        if config.layers.is_empty() && config.head.is_none() && !embedded {
            return Err(Error::config("layers", "a layer or a head", "none"));
        }
        if config.readout == Readout::FinalStates {
            return Err(Error::config("readout", "a recurrent layer, whose states it shows", "none"));
        }
        self.readout(config.readout);
        Ok(())
    }

    /// Whether the next stage reads one-hot vectors, of which there are the symbols alone.
    fn reads_one_hot(&self) -> bool {
        self.one_hot && self.stages.iter().all(Stage::reads_out)
    }

    /// What the layers above the last recurrent one see.
    fn readout(&mut self, readout: Readout) {
        let width = self.width;
        self.stages.extend(match readout {
            Readout::EveryStep => None,
            Readout::LastStep => Some(Stage::LastStep { width }),
            Readout::FinalStates => Some(Stage::FinalStates { width }),
        });
    }

    fn merge(&mut self, merge: Merge) {
        if merge != Merge::Concat {
            self.width /= 2;
            self.stages.push(Stage::Merge { width: self.width, merge });
        }
    }

    fn dense(&mut self, at: &str, name: &str, units: usize, activation: Activation, bias: bool) -> Result<()> {
        let (input, units) = (self.width, positive(at, "units", units)?);
        let weight = self.block(name, "weight", &[units, input])?;
        let bias = if bias { self.block(name, "bias", &[units])? } else { self.len..self.len };
        self.stages.push(Stage::Dense(Dense { input, units, activation, weight, bias }));
        self.width = units;
        Ok(())
    }

    fn dropout(&mut self, at: &str, spec: DropoutSpec) -> Result<()> {
        if self.reads_one_hot() {
            let expected = "an embedding or a recurrent or dense layer above one-hot input";
            return Err(Error::config(at, expected, "dropout"));
        }
        check_rate::<T>(spec.rate).map_err(|found| Error::config(format!("{at}, rate"), RATE, found))?;
        self.stages.push(Stage::Dropout { width: self.width, spec, at: self.dropouts });
        self.dropouts += 1;
        Ok(())
    }

    fn block(&mut self, prefix: &str, name: &str, shape: &[usize]) -> Result<Range<usize>> {
        let name = join(prefix, name);
        let len = checked_product(&name, shape)?;
        let end = self.len.checked_add(len);
        // 16 bytes an element is room for the widest number type.
        let end = end.filter(|end| end.checked_mul(16).is_some_and(|bytes| isize::try_from(bytes).is_ok()));
        let end = end.ok_or_else(|| Error::Overflow { what: name.clone(), factors: shape.to_vec() })?;
        self.blocks.push(ParameterBlock { name, shape: shape.to_vec(), offset: self.len });
        Ok(std::mem::replace(&mut self.len, end)..end)
    }
}
