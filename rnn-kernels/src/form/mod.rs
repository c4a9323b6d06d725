//! `pre = Σ W · slot + b`, stage after stage: where numbers flow between the steps and the products of a cell.

mod check;
mod product;
mod width;

use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;

pub use product::{Factor, Product};
pub use width::Width;

/// A name of a cell, a state, a gate or a block of parameters.
pub type Name = Cow<'static, str>;

/// A vector of one step of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The input, `[C]`.
    X,
    /// State `k` before the step.
    Old(usize),
    /// State `k` after the step; an earlier stage wrote it.
    New(usize),
    /// Value `v`, which one stage leaves for later ones.
    Value(usize),
    /// Mask `m` of the run (dropout, zoneout); it has no gradient.
    Mask(usize),
}

/// A matrix of parameters, and the bias that is added with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// Its name in a checkpoint, such as `weight_ih`.
    pub name: Name,
    /// The name of its bias, if it has one. A layer may leave it out: see [`Bias`](crate::Bias).
    pub bias: Option<Name>,
}

/// Products, then the equation on every unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The width of everything that is computed unit by unit.
    pub width: Width,
    /// The names of its pre-activations.
    pub gates: Vec<Name>,
    /// What is summed into them.
    pub products: Vec<Product>,
    /// What the equation reads unit by unit.
    pub reads: Vec<Slot>,
    /// Which of [`Form::vectors`] it reads unit by unit.
    pub vectors: Vec<usize>,
    /// What it writes: [`Slot::New`] or [`Slot::Value`].
    pub writes: Vec<Slot>,
}

impl Stage {
    /// `pre = W_ih x + W_hh h + b` for each of these gates, and a new state 0.
    #[must_use]
    pub fn new<const N: usize>(gates: [&'static str; N]) -> Self {
        Self {
            width: Width::Hidden,
            gates: gates.map(Name::Borrowed).into(),
            products: vec![Product::new(0, Slot::X), Product::new(1, Slot::Old(0))],
            reads: vec![],
            vectors: vec![],
            writes: vec![Slot::New(0)],
        }
    }

    /// Of this width.
    #[must_use]
    pub fn width(self, width: Width) -> Self {
        Self { width, ..self }
    }

    /// With these products alone.
    #[must_use]
    pub fn products(self, products: impl Into<Vec<Product>>) -> Self {
        Self { products: products.into(), ..self }
    }

    /// With an equation that reads these slots.
    #[must_use]
    pub fn reads(self, reads: impl Into<Vec<Slot>>) -> Self {
        Self { reads: reads.into(), ..self }
    }

    /// With an equation that reads these vectors of parameters.
    #[must_use]
    pub fn vectors(self, vectors: impl Into<Vec<usize>>) -> Self {
        Self { vectors: vectors.into(), ..self }
    }

    /// With an equation that writes these slots.
    #[must_use]
    pub fn writes(self, writes: impl Into<Vec<Slot>>) -> Self {
        Self { writes: writes.into(), ..self }
    }

    /// How many gates product `p` is added to.
    pub(crate) fn gates_of(&self, p: usize) -> usize {
        self.products[p].into.as_ref().map_or(self.gates.len(), Vec::len)
    }

    /// The products that are added to a gate.
    pub(crate) fn adds_to(&self, gate: usize) -> impl Iterator<Item = usize> {
        let adds = move |p: &usize| self.products[*p].into.as_ref().is_none_or(|into| into.contains(&gate));
        (0..self.products.len()).filter(adds)
    }

    /// The `at`-th gate of product `p`.
    pub(crate) fn gate_of(&self, p: usize, at: usize) -> usize {
        self.products[p].into.as_ref().map_or(at, |into| into[at])
    }
}

/// What a cell is made of, as data; the equation stands beside it in [`Equations`](crate::Equations).
///
/// ```
/// use rnn_kernels::{Form, Slot, Stage};
///
/// // A cell with two states whose equation reads the second one, and PyTorch's parameters.
/// let form = Form::new("lstm").states(["h", "c"]);
/// let gates = Stage::new(["i", "f", "g", "o"]);
/// let form = form.stage(gates.reads([Slot::Old(1)]).writes([Slot::New(0), Slot::New(1)]));
/// assert_eq!(form.stages[0].products.len(), 2);
/// ```
///
/// `Form::new` has matrix 0, `weight_ih`, and matrix 1, `weight_hh`, each with a bias; `Stage::new` multiplies them by the input
/// and by state 0 before the step, for all of its gates. After [`without_matrices`](Form::without_matrices) they are counted from 0
/// again. The rows of a matrix are those of all gates it is added to, stage after stage:
///
/// ```
/// use rnn_kernels::{Form, Product, Size, Slot, Spec, Stage};
/// # use rnn_kernels::{Cell, Equations, Number, Unit};
///
/// // a = σ(W_a x + U_a h₋₁ + b_a + p ⊙ s₋₁), c = tanh(W_c x + b_c), s = a ⊙ s₋₁ + (1 − a) ⊙ c, then h = tanh(W_h x + V s + b_h)
/// let form = Form::new("slow").states(["h", "s"]).without_matrices();
/// let form = form.matrix("weight_ih", Some("bias_ih")).matrix("weight_hh", None).matrix("weight_sh", None).vector("p");
/// let slow = Stage::new(["a", "c"]).reads([Slot::Old(1)]).vectors([0]).writes([Slot::New(1)]);
/// // `into_gates` counts the gates of its own stage: `a` alone sees the old output.
/// let slow = slow.products([Product::new(0, Slot::X), Product::new(1, Slot::Old(0)).into_gates([0])]);
/// let output = Stage::new(["h"]).products([Product::new(0, Slot::X), Product::new(2, Slot::New(1))]);
/// let form = form.stage(slow).stage(output);
/// # #[derive(Debug)]
/// # struct Slow(Form);
/// # impl Equations for Slow {
/// #     fn form(&self) -> Form {
/// #         self.0.clone()
/// #     }
/// #     fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
/// #         if stage == 0 {
/// #             let ([a, c], [s], [p]) = (u.pre(), u.reads(), u.vectors());
/// #             let [a, c] = u.keep([(a + p * s).sigmoid(), c.tanh()]);
/// #             u.write([a * s + (S::one() - a) * c]);
/// #         } else {
/// #             let [h] = u.pre();
/// #             let h = u.keep([h.tanh()]);
/// #             u.write(h);
/// #         }
/// #     }
/// # }
/// # let cell = Cell::new(&Slow(form))?;
/// // With C = 2 and H = 3: the rows a, c, h of `weight_ih`, with a bias each; those of a in `weight_hh`, of h in `weight_sh`; p.
/// assert_eq!(Spec::<f32>::new(&cell, Size::new(2, 3)).unwrap().params_len(), 9 * 2 + 9 + 3 * 3 + 3 * 3 + 3);
/// # Ok::<(), rnn_kernels::CellError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// The name of the cell.
    pub name: Name,
    /// What a step hands to the next one; the first is the output `y`.
    pub states: Vec<(Name, Width)>,
    /// What a stage leaves for later ones of the same step.
    pub values: Vec<Width>,
    /// What a run gives in beside the input.
    pub masks: Vec<(Name, Width)>,
    /// The matrices of parameters.
    pub matrices: Vec<Matrix>,
    /// The vectors of parameters that are read unit by unit.
    pub vectors: Vec<(Name, Width)>,
    /// What is computed, in order.
    pub stages: Vec<Stage>,
}

impl Form {
    /// PyTorch's parameters (`weight_ih` with `bias_ih`, `weight_hh` with `bias_hh`), a state `h`, and no stage.
    #[must_use]
    pub fn new(name: impl Into<Name>) -> Self {
        Self {
            name: name.into(),
            states: vec![(Name::Borrowed("h"), Width::Hidden)],
            values: vec![],
            masks: vec![],
            matrices: vec![],
            vectors: vec![],
            stages: vec![],
        }
        .matrix("weight_ih", Some("bias_ih"))
        .matrix("weight_hh", Some("bias_hh"))
    }

    /// With these states of width `H`.
    #[must_use]
    pub fn states<const N: usize>(self, names: [&'static str; N]) -> Self {
        Self { states: names.map(|name| (Name::Borrowed(name), Width::Hidden)).into(), ..self }
    }

    /// With values of these widths between its stages.
    #[must_use]
    pub fn values(self, widths: impl Into<Vec<Width>>) -> Self {
        Self { values: widths.into(), ..self }
    }

    /// With these states, each of its width.
    #[must_use]
    pub fn states_of<const N: usize>(self, states: [(&'static str, Width); N]) -> Self {
        Self { states: states.map(|(name, width)| (Name::Borrowed(name), width)).into(), ..self }
    }

    /// With a mask of width `H`.
    #[must_use]
    pub fn mask(mut self, name: impl Into<Name>) -> Self {
        self.masks.push((name.into(), Width::Hidden));
        self
    }

    /// With another matrix.
    #[must_use]
    pub fn matrix(mut self, name: impl Into<Name>, bias: Option<&'static str>) -> Self {
        self.matrices.push(Matrix { name: name.into(), bias: bias.map(Name::Borrowed) });
        self
    }

    /// Without the matrices so far.
    #[must_use]
    pub fn without_matrices(self) -> Self {
        Self { matrices: vec![], ..self }
    }

    /// With another vector of width `H`.
    #[must_use]
    pub fn vector(self, name: impl Into<Name>) -> Self {
        self.vector_of(name, Width::Hidden)
    }

    /// With another vector of this width.
    #[must_use]
    pub fn vector_of(mut self, name: impl Into<Name>, width: Width) -> Self {
        self.vectors.push((name.into(), width));
        self
    }

    /// With another stage.
    #[must_use]
    pub fn stage(mut self, stage: Stage) -> Self {
        self.stages.push(stage);
        self
    }

    /// A slot as people say it: `h before the step`.
    pub(crate) fn slot_name(&self, slot: Slot) -> alloc::string::String {
        use alloc::format;
        let state =
            |k: usize| self.states.get(k).map_or_else(|| format!("state {k}"), |state| state.0.clone().into_owned());
        match slot {
            Slot::X => "x".into(),
            Slot::Old(k) => format!("{} before the step", state(k)),
            Slot::New(k) => format!("{} after the step", state(k)),
            Slot::Value(v) => format!("value {v}"),
            Slot::Mask(m) => format!("mask {m}"),
        }
    }

    /// The width of a slot; `None` for the input.
    pub(crate) fn slot_width(&self, slot: Slot) -> Option<Width> {
        match slot {
            Slot::X => None,
            Slot::Old(k) | Slot::New(k) => Some(self.states[k].1),
            Slot::Value(v) => Some(self.values[v]),
            Slot::Mask(m) => Some(self.masks[m].1),
        }
    }
}
