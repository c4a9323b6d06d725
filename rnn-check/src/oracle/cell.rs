//! The cells under test: those the oracle has equations of its own for, and any other.

use super::form::units;
use super::witness::{self, Witness};
use rnn_kernels::{self as kernels, Slot, Width};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::OnceLock;

/// The activation of an Elman cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Activation {
    /// `tanh`
    Tanh,
    /// `max(·, 0)`
    Relu,
    /// `1 / (1 + e^−·)`
    Sigmoid,
    /// `·`
    Identity,
}

impl Activation {
    /// The activation in the words of the kernels.
    #[must_use]
    pub fn kernel(self) -> kernels::Activation {
        match self {
            Self::Tanh => kernels::Activation::Tanh,
            Self::Relu => kernels::Activation::Relu,
            Self::Sigmoid => kernels::Activation::Sigmoid,
            Self::Identity => kernels::Activation::Identity,
        }
    }
}

/// Where a GRU applies its reset gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reset {
    /// `r ∘ (W_hn h + b_hn)`
    After,
    /// `W_hn (r ∘ h) + b_hn`
    Before,
}

/// Which equations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cell {
    /// Elman 1990.
    Elman(Activation),
    /// Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.
    Lstm,
    /// Cho et al. 2014.
    Gru(Reset),
    /// Any other: its form and equation are interpreted.
    Own(&'static Own),
}

/// A cell that the oracle has no equations of its own for. What is proven of it is calculus: that a backend computes its
/// equation and the derivative of that, not that the equation is the one that was meant.
pub struct Own {
    name: &'static str,
    make: fn() -> kernels::Cell,
    cell: OnceLock<kernels::Cell>,
    witness: Option<Witness>,
    positive: Option<usize>,
    multiple: usize,
    overflows: bool,
}

impl Own {
    /// A cell of this name, made when it is first needed, with the equations of its source as a witness of what was meant.
    #[must_use]
    pub const fn new(name: &'static str, make: fn() -> kernels::Cell, witness: Option<Witness>) -> Self {
        Self { name, make, cell: OnceLock::new(), witness, positive: None, multiple: 1, overflows: false }
    }

    /// The same cell, whose equation divides by a state: its initial values are given, and 1 or more.
    #[must_use]
    pub const fn dividing_by(mut self, state: usize) -> Self {
        self.positive = Some(state);
        self
    }

    /// The same cell, whose heads need a multiple of this many units.
    #[must_use]
    pub const fn in_heads_of(mut self, units: usize) -> Self {
        self.multiple = units;
        self
    }

    /// The same cell, which overflows f32 where gates are saturated: a floor of `e^−m`, `m` below −88, and gradients of quotients by
    /// it, which no bound is about.
    #[must_use]
    pub const fn overflowing_when_saturated(mut self) -> Self {
        self.overflows = true;
        self
    }

    /// The equations of its source.
    #[must_use]
    pub fn witness(&self) -> Option<Witness> {
        self.witness
    }

    /// The name of its form.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Form and programs.
    pub fn cell(&self) -> &kernels::Cell {
        self.cell.get_or_init(self.make)
    }
}

impl From<kernels::Cell> for Cell {
    /// A test program's cell; it is kept until the program ends.
    fn from(cell: kernels::Cell) -> Self {
        let name = Box::leak(cell.form().name.to_string().into_boxed_str());
        let own = Own {
            name,
            make: || unreachable!("the cell is there"),
            cell: OnceLock::from(cell),
            witness: None,
            positive: None,
            multiple: 1,
            overflows: false,
        };
        Self::Own(Box::leak(Box::new(own)))
    }
}

impl PartialEq for Own {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Own {}

impl Hash for Own {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Cell {
    /// The cells that every law sees on the whole covering list. No more cells join it: others join [`FAMILIES`](Self::FAMILIES).
    pub const ALL: [Self; 8] = [
        Self::Elman(Activation::Tanh),
        Self::Elman(Activation::Relu),
        Self::Elman(Activation::Sigmoid),
        Self::Elman(Activation::Identity),
        Self::Lstm,
        Self::Gru(Reset::After),
        Self::Gru(Reset::Before),
        Self::Own(&witness::LSTM_PEEPHOLE),
    ];
    /// Every other cell of `rnn_kernels::cells`, with options that between them take every value: each sees a few cases of the
    /// list, so that all of them together see it whole. It only grows at its end.
    pub const FAMILIES: &'static [Self] = &[
        Self::Own(&witness::LSTM_COUPLED),
        Self::Own(&witness::LSTM_1997),
        Self::Own(&witness::LSTM_PROJECTION),
        Self::Own(&witness::LSTM_FUNCTIONS),
        Self::Own(&witness::GRU_AFTER),
        Self::Own(&witness::GRU_BEFORE),
        Self::Own(&witness::MGU),
        Self::Own(&witness::MGU_AFTER),
        Self::Own(&witness::MGU_NO_RESET),
        Self::Own(&witness::LI_GRU),
        Self::Own(&witness::MIN_GRU),
        Self::Own(&witness::MIN_GRU_IDENTITY),
        Self::Own(&witness::MIN_LSTM),
        Self::Own(&witness::RG_LRU),
        Self::Own(&witness::HGRN),
        Self::Own(&witness::SLSTM),
        Self::Own(&witness::IND_RNN),
        Self::Own(&witness::LEAKY),
        Self::Own(&witness::LEAKY_BEFORE),
        Self::Own(&witness::LEAKY_STATE),
        Self::Own(&witness::SKIP),
        Self::Own(&witness::JORDAN),
        Self::Own(&witness::DEEP_TRANSITION),
        Self::Own(&witness::DEEP_TRANSITION_SHORTCUTS),
        Self::Own(&witness::CFC),
        Self::Own(&witness::CFC_NO_GATE),
        Self::Own(&witness::CFC_PURE),
        Self::Own(&witness::LSTM_LAYER_NORM),
        Self::Own(&witness::LSTM_LAYER_NORM_CARRIED),
        Self::Own(&witness::MLSTM),
        Self::Own(&witness::MLSTM_PLAIN),
        Self::Own(&witness::GATED_DELTA),
        Self::Own(&witness::MAMBA),
        Self::Own(&witness::SLSTM_HEADS),
        Self::Own(&witness::RG_LRU_HEADS),
        Self::Own(&witness::HGRN_COMPLEX),
        Self::Own(&witness::LRU),
        Self::Own(&witness::LRU_NO_FEEDTHROUGH),
        Self::Own(&witness::ELMAN_ZONEOUT),
        Self::Own(&witness::ELMAN_CANDIDATE),
        Self::Own(&witness::ELMAN_STATE),
        Self::Own(&witness::LSTM_ZONEOUT),
        Self::Own(&witness::LSTM_ZONEOUT_PROJECTION),
        Self::Own(&witness::LSTM_CANDIDATE),
        Self::Own(&witness::LSTM_STATE),
        Self::Own(&witness::GRU_ZONEOUT),
        Self::Own(&witness::GRU_CANDIDATE),
        Self::Own(&witness::GRU_STATE),
        Self::Own(&witness::GRU_STATE_BEFORE),
        Self::Own(&witness::CLOCKWORK),
        Self::Own(&witness::CLOCKWORK_SLOW_FIRST),
        Self::Own(&witness::LSTM_BLOCKS),
        Self::Own(&witness::LSTM_LAYER_NORM_GATES),
        Self::Own(&witness::LSTM_LAYER_NORM_GATES_RAW),
    ];
    /// The Elman networks.
    pub const ELMAN: [Self; 4] = [
        Self::Elman(Activation::Tanh),
        Self::Elman(Activation::Relu),
        Self::Elman(Activation::Sigmoid),
        Self::Elman(Activation::Identity),
    ];
    /// The GRUs.
    pub const GRU: [Self; 2] = [Self::Gru(Reset::After), Self::Gru(Reset::Before)];
    /// Those whose gates see the state of their own unit.
    pub const PEEPHOLE: [Self; 1] = [Self::Own(&witness::LSTM_PEEPHOLE)];
    /// Those that the oracle has equations of its own for.
    pub const WITH_EQUATIONS: &'static [Self] = Self::ALL.split_at(7).0;

    /// The cell in the words of the kernels.
    #[must_use]
    pub fn kernel(self) -> &'static kernels::Cell {
        static MADE: [OnceLock<kernels::Cell>; 7] = [const { OnceLock::new() }; 7];
        let (at, make): (usize, fn() -> kernels::Cell) = match self {
            Self::Own(own) => return own.cell(),
            Self::Elman(Activation::Tanh) => (0, || kernels::Cell::elman(kernels::Activation::Tanh)),
            Self::Elman(Activation::Relu) => (1, || kernels::Cell::elman(kernels::Activation::Relu)),
            Self::Elman(Activation::Sigmoid) => (2, || kernels::Cell::elman(kernels::Activation::Sigmoid)),
            Self::Elman(Activation::Identity) => (3, || kernels::Cell::elman(kernels::Activation::Identity)),
            Self::Lstm => (4, kernels::Cell::lstm),
            Self::Gru(Reset::After) => (5, || kernels::Cell::gru(kernels::GruReset::After)),
            Self::Gru(Reset::Before) => (6, || kernels::Cell::gru(kernels::GruReset::Before)),
        };
        MADE[at].get_or_init(make)
    }

    /// The name that reports print.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Elman(Activation::Tanh) => "elman tanh",
            Self::Elman(Activation::Relu) => "elman relu",
            Self::Elman(Activation::Sigmoid) => "elman sigmoid",
            Self::Elman(Activation::Identity) => "elman identity",
            Self::Lstm => "lstm",
            Self::Gru(Reset::After) => "gru reset-after",
            Self::Gru(Reset::Before) => "gru reset-before",
            Self::Own(own) => own.name(),
        }
    }

    /// `G`: blocks of `H` rows in the weights of the input.
    #[must_use]
    pub fn gates(self) -> usize {
        match self {
            Self::Elman(_) => 1,
            Self::Lstm => 4,
            Self::Gru(_) => 3,
            Self::Own(own) => {
                let stages = own.cell().form().stages.iter();
                let counts = stages.flat_map(|stage| {
                    let of_first = stage.products.iter().filter(|p| p.factor.matrix() == Some(0));
                    of_first.map(|p| p.into.as_ref().map_or(stage.gates.len(), Vec::len))
                });
                counts.sum()
            }
        }
    }

    /// How many states there are beside the first, `h`.
    #[must_use]
    pub fn others(self) -> usize {
        self.kernel().form().states.len() - 1
    }

    /// Whether there is a state beside `h`.
    #[must_use]
    pub fn has_c(self) -> bool {
        self.others() > 0
    }

    /// `R`: the width of every state but `h`, side by side.
    #[must_use]
    pub fn rest(self, hidden: usize) -> usize {
        self.other(self.others(), hidden).start
    }

    /// Where the state after the `k`-th that is not `h` would begin among those, and how wide it is.
    #[must_use]
    pub fn other(self, k: usize, hidden: usize) -> Range<usize> {
        let states = &self.kernel().form().states[1..];
        let width = |state: &(kernels::Name, Width)| units(state.1, hidden);
        let start = states[..k].iter().map(width).sum();
        start..start + states.get(k).map_or(0, width)
    }

    /// Where a row of [`Step::gates`](super::Step::gates) has the gates of a stage; `None` if the stage keeps what it writes,
    /// which is then its one gate.
    #[must_use]
    pub fn gates_of(self, stage: usize, hidden: usize) -> Option<usize> {
        let cell = self.kernel();
        let counts = |s: usize| if cell.keeps_what_it_writes(s) { 0 } else { self.gates_width(s, hidden) };
        (!cell.keeps_what_it_writes(stage)).then(|| (0..stage).map(counts).sum())
    }

    /// `K`: what a reserve keeps of the gates of all stages that keep something beside what they write.
    #[must_use]
    pub fn kept(self, hidden: usize) -> usize {
        let cell = self.kernel();
        let stages = (0..cell.form().stages.len()).filter(|&s| !cell.keeps_what_it_writes(s));
        stages.map(|s| self.gates_width(s, hidden)).sum()
    }

    fn gates_width(self, stage: usize, hidden: usize) -> usize {
        let stage = &self.kernel().form().stages[stage];
        stage.gates.len() * units(stage.width, hidden)
    }

    /// What the columns of a block of parameters are: the slot that a matrix is multiplied by first; `None` of biases and vectors.
    #[must_use]
    pub fn columns_of(self, block: &str) -> Option<Slot> {
        let form = self.kernel().form();
        let matrix = form.matrices.iter().position(|matrix| matrix.name == block)?;
        let mut products = form.stages.iter().flat_map(|stage| &stage.products);
        products.find(|product| product.factor.matrix() == Some(matrix)).map(|product| product.of)
    }

    /// Whether the equation reads the input unit by unit: `C = H` then, and the input is no one-hot vector.
    #[must_use]
    pub fn reads_input(self) -> bool {
        self.kernel().form().stages.iter().any(|stage| stage.reads.contains(&Slot::X))
    }

    /// The state that the equation divides by, if it does: its initial values are given, and 1 or more.
    #[must_use]
    pub fn divides_by(self) -> Option<usize> {
        match self {
            Self::Own(own) => own.positive,
            Self::Elman(_) | Self::Lstm | Self::Gru(_) => None,
        }
    }

    /// `V`: the width of the values that stages leave for later ones of a step.
    #[must_use]
    pub fn values(self, hidden: usize) -> usize {
        self.kernel().form().values.iter().map(|&width| units(width, hidden)).sum()
    }

    /// `M`: the width of all masks of a run.
    #[must_use]
    pub fn masks(self, hidden: usize) -> usize {
        self.kernel().form().masks.iter().map(|mask| units(mask.1, hidden)).sum()
    }

    /// Whether it overflows f32 where gates are saturated: no case of it has such numbers.
    #[must_use]
    pub fn overflows_when_saturated(self) -> bool {
        matches!(self, Self::Own(own) if own.overflows)
    }

    /// What `H` must be a multiple of.
    #[must_use]
    pub fn multiple(self) -> usize {
        match self {
            Self::Own(own) => own.multiple,
            Self::Elman(_) | Self::Lstm | Self::Gru(_) => 1,
        }
    }

    /// Whether units may change places: every product is with a whole matrix.
    #[must_use]
    pub fn is_whole(self) -> bool {
        let mut products = self.kernel().form().stages.iter().flat_map(|stage| &stage.products);
        products.all(|product| matches!(product.factor, kernels::Factor::Matrix(_)))
    }
}
