//! A configuration, checked and laid out: which stage reads which parameters and which state.

use super::config::{Config, Directions, HeadSpec, InputSpec, LayerSpec, Readout, RecurrentSpec};
use super::dims::Dims;
use super::parameters::ParameterBlock;
use super::state::{StateLayout, StateSlot};
use crate::cells::{CellFault, CellRecord, CellSpec, Cells, MaskSpec};
use crate::error::{Error, Result, checked_product};
use crate::loss::Criterion;
use crate::noise::{Draw, DropoutSpec};
use crate::number::in_type;
use rnn_kernels::{Activation, Cell, Direction, Name, Scalar, Size, SizeError, Spec};
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

/// A network as a list of stages, each reading what the one before it wrote.
#[derive(Debug)]
pub(crate) struct Plan<T> {
    pub input: InputKind,
    pub stages: Vec<Stage<T>>,
    pub blocks: Arc<[ParameterBlock]>,
    pub state: Arc<StateLayout>,
    /// The width of the output.
    pub output: usize,
    pub criterion: Option<Criterion<T>>,
    /// The cells of the recurrent entries of the configuration, in their order.
    pub cells: Vec<Cell>,
}

/// What the first stage reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InputKind {
    Features { width: usize },
    Symbols { count: usize },
}

/// One step of the way from input to output.
#[derive(Debug)]
pub(crate) enum Stage<T> {
    /// `y = table[symbol]`.
    Embedding {
        /// `[V, E]`.
        table: Range<usize>,
        symbols: usize,
        width: usize,
    },
    /// One recurrent layer, in one direction or both.
    Recurrent(Box<Recurrent<T>>),
    /// `y[n] = x[last valid step of n, n]`.
    LastStep { width: usize },
    /// `y = m ⊙ x` with the mask of dropout layer `at`.
    Dropout { width: usize, spec: DropoutSpec, at: usize },
    /// `y = σ(W x + b)`.
    Dense(Dense),
}

/// One recurrent layer.
#[derive(Debug)]
pub(crate) struct Recurrent<T> {
    /// Its prefix and number, e.g. `rnn.l0`.
    pub label: String,
    /// Its cell as the configuration has it.
    pub cell: CellSpec,
    pub spec: Spec<T>,
    /// In the order of the cell's form.
    pub masks: Vec<LayerMask<T>>,
    pub ways: Vec<Way>,
}

/// A mask of a recurrent layer.
#[derive(Clone, Debug)]
pub(crate) struct LayerMask<T> {
    pub name: Name,
    pub width: usize,
    /// What it is where a batch does not give it.
    pub default: Option<T>,
    /// How it is drawn instead, where a batch has noise.
    pub draw: Option<Draw>,
}

/// One direction of a recurrent layer.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub direction: Direction,
    /// Its parameters in the flat buffer.
    pub params: Range<usize>,
    /// Which state, reserve, trace and packed weights are its own.
    pub slot: usize,
    /// Its first mask among those of all slots.
    pub masks: usize,
}

/// One dense layer.
#[derive(Clone, Debug)]
pub(crate) struct Dense {
    pub input: usize,
    pub units: usize,
    pub activation: Activation,
    /// `[O, K]`.
    pub weight: Range<usize>,
    /// `[O]`, right behind the weight; empty without one.
    pub bias: Range<usize>,
}

impl<T: Scalar> Stage<T> {
    /// The width of what it writes.
    pub fn width(&self) -> usize {
        match self {
            Stage::Embedding { width, .. } | Stage::LastStep { width } | Stage::Dropout { width, .. } => *width,
            Stage::Recurrent(layer) => layer.width(),
            Stage::Dense(layer) => layer.units,
        }
    }
}

impl<T: Scalar> Recurrent<T> {
    /// `D·P`.
    pub fn width(&self) -> usize {
        self.ways.len() * self.spec.y_width()
    }

    /// `C`.
    pub fn input(&self) -> usize {
        self.spec.size().input
    }

    /// How many numbers of a row a step is about: states, values, pre-activations, what is kept of them, and the input.
    pub fn step_width(&self) -> usize {
        step_width(&self.spec)
    }
}

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
        let mut builder = Builder::default();
        let input = builder.input(&config.input)?;
        let last_recurrent = config.layers.iter().rposition(|layer| matches!(layer, LayerSpec::Recurrent(_)));
        let last_recurrent =
            last_recurrent.ok_or_else(|| Error::config("layers", "at least one recurrent layer", "none"))?;
        let (mut recurrent, mut dense) = (0, 0);
        for (k, layer) in config.layers.iter().enumerate() {
            let at = format!("layers[{k}]");
            match layer {
                LayerSpec::Recurrent(spec) => {
                    recurrent += 1;
                    let name = prefix(spec.name.as_ref(), "rnn", recurrent);
                    builder.recurrent(&at, &name, spec, &cells[recurrent - 1])?;
                }
                LayerSpec::Dense(spec) => {
                    dense += 1;
                    let name = prefix(spec.name.as_ref(), "dense", dense);
                    builder.dense(&at, &name, spec.units, spec.activation, spec.bias)?;
                }
                LayerSpec::Dropout(spec) => builder.dropout(&at, *spec)?,
            }
            if k == last_recurrent && config.readout == Readout::LastStep {
                let width = builder.width;
                builder.stages.push(Stage::LastStep { width });
            }
        }
        if let Some(head) = &config.head {
            let name = prefix(head.name.as_ref(), "head", 1);
            builder.dense("head", &name, head.units, Activation::Identity, head.bias)?;
        }
        builder.check_names()?;
        Ok(Self {
            input,
            output: builder.width,
            stages: builder.stages,
            blocks: builder.blocks.into(),
            state: Arc::new(StateLayout::new(builder.slots)?),
            criterion: config.head.as_ref().map(criterion).transpose()?,
            cells,
        })
    }

    /// Whether the output is that of each row's last valid step alone.
    pub fn picks_last_step(&self) -> bool {
        self.stages.iter().any(|stage| matches!(stage, Stage::LastStep { .. }))
    }

    /// A batch as the output sees it.
    pub fn output_dims(&self, dims: Dims) -> Dims {
        if self.picks_last_step() { dims.last_step() } else { dims }
    }

    /// The recurrent layers, from the input on.
    pub fn recurrent(&self) -> impl Iterator<Item = &Recurrent<T>> {
        self.stages.iter().filter_map(|stage| match stage {
            Stage::Recurrent(layer) => Some(&**layer),
            _ => None,
        })
    }

    /// What a checkpoint remembers of the cells, layer by layer.
    pub fn cell_records(&self) -> Vec<CellRecord> {
        self.recurrent().map(|layer| CellRecord::new(&*layer.label, layer.cell.name(), layer.spec.cell())).collect()
    }

    /// Every direction of every recurrent layer, in the order of the slots.
    pub fn ways(&self) -> impl Iterator<Item = (&Recurrent<T>, &Way)> {
        self.recurrent().flat_map(|layer| layer.ways.iter().map(move |way| (layer, way)))
    }

    /// `Ok` if the network can be run step by step.
    pub fn check_causal(&self, call: &str) -> Result<()> {
        match self.ways().find(|(_, way)| way.direction == Direction::Reverse) {
            None => Ok(()),
            Some((layer, _)) => Err(Error::kind(
                format!("{call}: layer {}", layer.label),
                "forward in time only, since later steps are not known yet",
                "a reverse direction",
            )),
        }
    }
}

/// The loss of a head with its options.
fn criterion<T: Scalar>(head: &HeadSpec) -> Result<Criterion<T>> {
    Criterion::new(head.units, head.objective, &head.class_weights, head.label_smoothing, head.outputs)
}

/// `Ok` if the configuration is of a size that a network can have. A few words ask for a billion layers, and each costs
/// about a kilobyte whatever its width; within these limits everything but the parameters is small.
fn check_extent(config: &Config) -> Result<()> {
    let mut layers = 0_usize;
    for (k, layer) in config.layers.iter().enumerate() {
        layers = layers.saturating_add(match layer {
            LayerSpec::Recurrent(spec) => spec.layers,
            LayerSpec::Dense(_) | LayerSpec::Dropout(_) => 1,
        });
        if layers > Config::MOST_LAYERS {
            let expected = format!("at most {} layers in all", Config::MOST_LAYERS);
            return Err(Error::config(format!("layers[{k}], layers"), expected, layers));
        }
    }
    let of_layers = config.layers.iter().filter_map(|layer| match layer {
        LayerSpec::Recurrent(spec) => Some(&spec.name),
        LayerSpec::Dense(spec) => Some(&spec.name),
        LayerSpec::Dropout(_) => None,
    });
    let of_input = match &config.input {
        InputSpec::Embedding { name, .. } => Some(name),
        InputSpec::Features { .. } | InputSpec::OneHot { .. } => None,
    };
    let names = of_layers.chain(of_input).chain(config.head.as_ref().map(|head| &head.name)).flatten();
    match names.map(String::len).find(|&len| len > Config::LONGEST_NAME) {
        None => Ok(()),
        Some(len) => {
            let expected = format!("at most {} bytes", Config::LONGEST_NAME);
            Err(Error::config("names", expected, format!("one of {len} bytes")))
        }
    }
}

/// `name`, or the default one with a number from the second on.
fn prefix(name: Option<&String>, default: &str, number: usize) -> String {
    match (name, number) {
        (Some(name), _) => name.clone(),
        (None, 1) => default.into(),
        (None, number) => format!("{default}{number}"),
    }
}

/// `prefix.name`, or `name` under an empty prefix.
fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.into() } else { format!("{prefix}.{name}") }
}

#[derive(Debug)]
struct Builder<T> {
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

impl<T> Default for Builder<T> {
    fn default() -> Self {
        let (stages, blocks, slots) = (Vec::new(), Vec::new(), Vec::new());
        Self { stages, blocks, slots, width: 0, len: 0, masks: 0, layers: 0, dropouts: 0, one_hot: false }
    }
}

impl<T: Scalar> Builder<T> {
    fn input(&mut self, input: &InputSpec) -> Result<InputKind> {
        match *input {
            InputSpec::Features { width } => {
                self.width = positive("input", "width", width)?;
                Ok(InputKind::Features { width })
            }
            InputSpec::OneHot { symbols } => {
                self.width = self.symbols(symbols)?;
                self.one_hot = true;
                Ok(InputKind::Symbols { count: symbols })
            }
            InputSpec::Embedding { symbols, width, ref name } => {
                self.symbols(symbols)?;
                self.width = positive("input", "width", width)?;
                let table = self.block(&prefix(name.as_ref(), "embedding", 1), "weight", &[symbols, width])?;
                self.stages.push(Stage::Embedding { table, symbols, width });
                Ok(InputKind::Symbols { count: symbols })
            }
        }
    }

    /// Symbols are `u32` and the largest one is the mark of a target that does not count.
    fn symbols(&self, symbols: usize) -> Result<usize> {
        if u32::try_from(symbols).is_err() || symbols == u32::MAX as usize {
            return Err(Error::config("input, symbols", format!("below {}", u32::MAX), symbols));
        }
        positive("input", "symbols", symbols)
    }

    fn recurrent(&mut self, at: &str, name: &str, spec: &RecurrentSpec, cell: &Cell) -> Result<()> {
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
            if sized.plan().reads_input && self.stages.is_empty() && self.one_hot {
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
                let slot = self.slots.len();
                self.slots.push(StateSlot::new(self.layers, direction, &sized));
                ways.push(Way { direction, params: start..self.len, slot, masks: self.masks });
                self.masks += masks.len();
            }
            let label = join(name, &format!("l{layer}"));
            let stage = Recurrent { label, cell: spec.cell.clone(), spec: sized, masks, ways };
            self.width = stage.width();
            self.layers += 1;
            self.stages.push(Stage::Recurrent(Box::new(stage)));
        }
        Ok(())
    }

    fn dense(&mut self, at: &str, name: &str, units: usize, activation: Activation, bias: bool) -> Result<()> {
        let (input, units) = (self.width, positive(at, "units", units)?);
        if self.stages.is_empty() && self.one_hot {
            return Err(Error::config(at, "a recurrent layer or an embedding above one-hot input", "a dense layer"));
        }
        let weight = self.block(name, "weight", &[units, input])?;
        let bias = if bias { self.block(name, "bias", &[units])? } else { self.len..self.len };
        self.stages.push(Stage::Dense(Dense { input, units, activation, weight, bias }));
        self.width = units;
        Ok(())
    }

    fn dropout(&mut self, at: &str, spec: DropoutSpec) -> Result<()> {
        if self.stages.is_empty() && self.one_hot {
            let expected = "a recurrent layer or an embedding above one-hot input";
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

    fn check_names(&self) -> Result<()> {
        let mut names = HashSet::with_capacity(self.blocks.len());
        match self.blocks.iter().find(|block| !names.insert(&*block.name)) {
            None => Ok(()),
            Some(block) => {
                let found = format!("two `{}`", block.name);
                Err(Error::config("names", "a different name for every parameter", found))
            }
        }
    }
}

/// The cell with these sizes, all of which can be counted.
fn sized<T>(at: &str, cell: &Cell, size: Size, fault: impl Fn(CellFault) -> Error) -> Result<Spec<T>> {
    let what = || format!("configuration, {at}");
    let spec = Spec::new(cell, size).map_err(|error| match error {
        SizeError::Overflow { .. } => Error::Overflow { what: what(), factors: vec![size.hidden, size.input] },
        other => fault(CellFault::Size(other)),
    })?;
    // A panel of packed weights is up to 16 numbers wide.
    checked_product(&what(), &[spec.plan().pre.max(8), step_width(&spec).max(8), 16])?;
    Ok(spec)
}

/// The masks of a layer, each with its number in the configuration.
fn masks<T: Scalar>(spec: &Spec<T>, defaults: &BTreeMap<String, MaskSpec>) -> Result<Vec<LayerMask<T>>, CellFault> {
    let names = spec.cell().form().masks.iter().map(|(name, _)| name.clone());
    let masks = names.zip(&spec.plan().masks).map(|(name, &width)| {
        let wrong = |expected, found| CellFault::Options {
            found: format!("mask `{name}`: expected {expected}, found {found}"),
        };
        let (default, draw) = match defaults.get(&*name) {
            None => (None, None),
            Some(&MaskSpec::Constant(value)) => {
                in_type::<T>(value, f64::is_finite).map_err(|found| wrong("a finite number", found))?;
                (Some(T::from_f64(value)), None)
            }
            Some(&MaskSpec::Drawn(draw)) => {
                check_rate::<T>(draw.spec().rate).map_err(|found| wrong(RATE, found))?;
                (Some(T::from_f64(draw.mean())), Some(draw))
            }
        };
        Ok(LayerMask { default, draw, name, width })
    });
    masks.collect()
}

const RATE: &str = "a probability below 1";

/// `Ok` if a unit may be dropped with this probability: one that always is has no mean.
fn check_rate<T: Scalar>(rate: f64) -> Result<(), String> {
    in_type::<T>(rate, |rate| (0.0..1.0).contains(&rate))
}

fn step_width<T>(spec: &Spec<T>) -> usize {
    let plan = spec.plan();
    let widths = plan.states.iter().chain(&plan.values).copied().chain([plan.pre, plan.gates, spec.size().input]);
    widths.fold(0, usize::saturating_add)
}

fn positive(at: &str, what: &str, value: usize) -> Result<usize> {
    if value == 0 { Err(Error::config(format!("{at}, {what}"), "at least 1", 0)) } else { Ok(value) }
}
