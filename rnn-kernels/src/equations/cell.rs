//! Form, program and pullback of every stage: a cell as plain data, the same type for every cell.

use super::{CellError, Elman, Equations, Fault, Gru, GruReset, Lstm};
use crate::activation::Activation;
use crate::form::Form;
use crate::program::{Node, Place, Program, Settled, pullback, trace};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

/// A recurrent cell, traced: its form, and for each stage a program and its pullback.
///
/// Making one allocates; a clone shares what it has.
#[derive(Clone, Debug)]
pub struct Cell {
    traced: Arc<Traced>,
}

#[derive(Debug)]
struct Traced {
    form: Form,
    stages: Vec<Stage>,
    statement: String,
    known: Option<Known>,
}

#[derive(Clone, Debug)]
struct Stage {
    forward: Program,
    backward: Program,
    settled_forward: Option<Settled>,
    settled_backward: Option<Settled>,
    keeps_what_it_writes: bool,
}

/// A cell of this crate, for which a backend may have kernels of its own.
///
/// Only the constructors of this crate set it, so that no other equation is ever taken for one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Known {
    /// [`Elman`].
    Elman(Activation),
    /// [`Lstm`].
    Lstm,
    /// [`Gru`].
    Gru(GruReset),
}

impl Cell {
    /// Traces the equations once and derives their pullback.
    ///
    /// # Errors
    /// If the form is not one, if the equation does not fit it, or if what is kept does not suffice for backward; the
    /// error names the gate.
    pub fn new<E: Equations>(equations: &E) -> Result<Self, CellError> {
        Self::traced(equations, None)
    }

    /// [`Elman`].
    #[must_use]
    pub fn elman(activation: Activation) -> Self {
        Self::own(&Elman { activation }, Known::Elman(activation))
    }

    /// [`Lstm`].
    #[must_use]
    pub fn lstm() -> Self {
        Self::own(&Lstm, Known::Lstm)
    }

    /// [`Gru`].
    #[must_use]
    pub fn gru(reset: GruReset) -> Self {
        Self::own(&Gru { reset }, Known::Gru(reset))
    }

    fn own<E: Equations>(equations: &E, known: Known) -> Self {
        Self::traced(equations, Some(known)).expect("the cells of this crate are cells")
    }

    fn traced<E: Equations>(equations: &E, known: Option<Known>) -> Result<Self, CellError> {
        let form = equations.form();
        form.check()?;
        let stage = |s| Stage::new(equations, &form, s).map_err(|fault| form.error(Some(s), fault));
        let stages = (0..form.stages.len()).map(stage).collect::<Result<_, _>>()?;
        let statement = super::statement::statement(equations, &form);
        Ok(Self { traced: Arc::new(Traced { form, stages, statement, known }) })
    }

    /// The same programs in another form; a cell of nobody's, whatever this one is.
    ///
    /// For checks, which change a cell in order to see that the change is found: whether the programs mean what the form
    /// says is not looked at.
    ///
    /// # Errors
    /// If it is no form, or if it has not as many stages, gates, reads, vectors and writes as the programs were made for.
    pub fn with_form(&self, form: Form) -> Result<Self, CellError> {
        form.check()?;
        let arity = |what, given, taken| if given == taken { Ok(()) } else { Err(Fault::Arity { what, given, taken }) };
        let own = &self.form().stages;
        arity("stages", form.stages.len(), own.len()).map_err(|fault| form.error(None, fault))?;
        for (s, (stage, own)) in form.stages.iter().zip(own).enumerate() {
            arity("pre-activations", stage.gates.len(), own.gates.len())
                .and(arity("reads", stage.reads.len(), own.reads.len()))
                .and(arity("vectors", stage.vectors.len(), own.vectors.len()))
                .and(arity("places to write", stage.writes.len(), own.writes.len()))
                .map_err(|fault| form.error(Some(s), fault))?;
        }
        let statement = format!("{}in another form: {form:?}\n", self.statement());
        Ok(Self { traced: Arc::new(Traced { form, stages: self.traced.stages.clone(), statement, known: None }) })
    }

    /// The same form with other programs for a stage; a cell of nobody's, whatever this one is.
    ///
    /// For checks, like [`with_form`](Self::with_form): that the programs belong together, and use no place that the stage
    /// lacks, is up to the caller.
    ///
    /// # Panics
    /// If there is no such stage.
    #[must_use]
    pub fn with_programs(&self, stage: usize, forward: Program, backward: Program) -> Self {
        let mut stages = self.traced.stages.clone();
        let statement = format!("{}stage {stage} by {forward:?} and {backward:?}\n", self.statement());
        let keeps_what_it_writes = stages[stage].keeps_what_it_writes;
        let (settled_forward, settled_backward) = (None, None);
        stages[stage] = Stage { forward, backward, settled_forward, settled_backward, keeps_what_it_writes };
        Self { traced: Arc::new(Traced { form: self.form().clone(), stages, statement, known: None }) }
    }

    /// Where numbers flow.
    #[must_use]
    pub fn form(&self) -> &Form {
        &self.traced.form
    }

    /// Whether two cells are clones of one. Others may compute the same: [`statement`](Self::statement) tells.
    #[inline]
    #[must_use]
    pub fn is_clone_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.traced, &other.traced)
    }

    /// Which cell of this crate it is, if it is one.
    #[must_use]
    pub fn known(&self) -> Option<Known> {
        self.traced.known
    }

    /// What it computes, as text: the form, and each operation of each stage, before anything is made simpler.
    ///
    /// Two cells with one text are one cell. A digest of it tells whether a file was written with this equation. The names
    /// of the cell and of its gates are not in it.
    ///
    /// ```
    /// let text = rnn_kernels::Cell::elman(rnn_kernels::Activation::Tanh).statement().to_owned();
    /// assert!(text.ends_with("  0 = pre 0\n  1 = tanh 0\n  keep 0 = 1\n  write 0 = 1\n"));
    /// ```
    #[must_use]
    pub fn statement(&self) -> &str {
        &self.traced.statement
    }

    /// The equation of a stage: pre-activations, reads and vectors in; kept values and writes out.
    #[must_use]
    pub fn forward(&self, stage: usize) -> &Program {
        &self.traced.stages[stage].forward
    }

    /// The pullback of a stage: kept values, reads, vectors, writes and their cotangents in; cotangents of the operands out.
    #[must_use]
    pub fn backward(&self, stage: usize) -> &Program {
        &self.traced.stages[stage].backward
    }

    /// [`forward`](Self::forward) in two, if the vectors of the stage alone settle some of it.
    #[must_use]
    pub fn settled_forward(&self, stage: usize) -> Option<&Settled> {
        self.traced.stages[stage].settled_forward.as_ref()
    }

    /// [`backward`](Self::backward) in two, if the vectors of the stage alone settle some of it.
    #[must_use]
    pub fn settled_backward(&self, stage: usize) -> Option<&Settled> {
        self.traced.stages[stage].settled_backward.as_ref()
    }

    /// Whether a stage has one gate and writes, first of all, what it keeps in its place: one place of memory then holds both.
    #[must_use]
    pub fn keeps_what_it_writes(&self, stage: usize) -> bool {
        self.traced.stages[stage].keeps_what_it_writes
    }
}

impl Stage {
    fn new<E: Equations>(equations: &E, form: &Form, s: usize) -> Result<Self, Fault> {
        let traced = trace(equations, form, s)?;
        let keeps_what_it_writes = traced.kept.len() == 1 && traced.writes.first() == traced.kept.first();
        let mut results = vec![];
        for (j, &kept) in traced.kept.iter().enumerate().filter(|_| !keeps_what_it_writes) {
            if traced.graph.at(kept) != Node::Load(Place::Pre(j)) {
                results.push((Place::Pre(j), kept));
            }
        }
        results.extend(traced.writes.iter().enumerate().map(|(j, &written)| (Place::Write(j), written)));
        let forward = Program::new(&traced.graph, &results)?;
        let (graph, cotangents) = pullback(&form.stages[s], &traced)?;
        let (backward, vectors) = (Program::new(&graph, &cotangents)?, form.stages[s].vectors.len());
        Ok(Self {
            forward,
            backward,
            settled_forward: Settled::new(&traced.graph, &results, vectors),
            settled_backward: Settled::new(&graph, &cotangents, vectors),
            keeps_what_it_writes,
        })
    }
}
