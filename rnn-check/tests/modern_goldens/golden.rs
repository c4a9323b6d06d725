//! A golden, and the list of all that it holds: a comparison strikes one array off, and at the end none may be left.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// An array of the reference, row-major.
#[derive(Deserialize)]
pub struct Array {
    pub shape: Vec<usize>,
    pub data: Vec<f64>,
}

type Arrays = BTreeMap<String, Array>;

#[derive(Deserialize)]
struct Cotangents {
    outputs: Arrays,
    final_states: Arrays,
}

#[derive(Deserialize)]
struct Gradients {
    inputs: Arrays,
    parameters: Arrays,
    initial_states: Arrays,
}

/// One file of `tests/data/modern`; its README says what each field is.
#[derive(Deserialize)]
pub struct Golden {
    name: String,
    sizes: BTreeMap<String, usize>,
    inputs: Arrays,
    parameters: Arrays,
    initial_states: Arrays,
    outputs: Arrays,
    final_states: Arrays,
    cotangents: Cotangents,
    gradients: Gradients,
}

impl Golden {
    /// The golden of this name.
    pub fn read(name: &str) -> Self {
        let path = format!("{}/tests/data/modern/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let golden: Self = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(golden.name, name);
        golden
    }

    /// `T N C H`, or other sizes by their names.
    pub fn sizes<const K: usize>(&self, names: [&str; K]) -> [usize; K] {
        names.map(|name| *self.sizes.get(name).unwrap_or_else(|| panic!("{}: no size {name}", self.name)))
    }

    /// Another input.
    pub fn input(&self, name: &str) -> &[f64] {
        &self.of(&self.inputs, name).data
    }

    fn of<'g>(&self, arrays: &'g Arrays, name: &str) -> &'g Array {
        arrays.get(name).unwrap_or_else(|| panic!("{}: no array {name}", self.name))
    }

    /// The input, `[T, N, C]`.
    pub fn x(&self) -> &[f64] {
        &self.of(&self.inputs, "x").data
    }

    /// A parameter of the reference.
    pub fn parameter(&self, name: &str) -> &Array {
        self.of(&self.parameters, name)
    }

    /// Initial states one after another; `None` if the reference began at zero.
    pub fn initial(&self, states: &[&str]) -> Option<Vec<f64>> {
        if self.initial_states.is_empty() {
            return None;
        }
        Some(states.iter().flat_map(|name| self.of(&self.initial_states, name).data.clone()).collect())
    }

    /// The cotangent of an output.
    pub fn d_output(&self, name: &str) -> &[f64] {
        &self.of(&self.cotangents.outputs, name).data
    }

    /// Cotangents of the last states one after another; `None` if the reference gave no last state.
    pub fn d_last(&self, states: &[&str]) -> Option<Vec<f64>> {
        if self.cotangents.final_states.is_empty() {
            return None;
        }
        Some(states.iter().flat_map(|name| self.of(&self.cotangents.final_states, name).data.clone()).collect())
    }
}

/// What kind of array is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Output,
    LastState,
    InputGradient,
    ParameterGradient,
    InitialStateGradient,
}

/// Comparisons with one golden.
pub struct Judge<'g> {
    golden: &'g Golden,
    left: BTreeSet<(Kind, &'g str)>,
    /// The largest `max |a − b| / max |b|` so far.
    worst: f64,
}

/// The largest `max |a − b| / max |b|` of an array that counts as agreement.
const LARGEST: f64 = 1e-10;

impl<'g> Judge<'g> {
    /// Makes all comparisons, and fails if an array was forgotten.
    pub fn all(golden: &'g Golden, compare: impl FnOnce(&mut Self)) {
        let mut judge = Self::new(golden);
        compare(&mut judge);
        assert!(judge.left.is_empty(), "{}: not compared: {:?}", golden.name, judge.left);
        println!("{}: at most {:e} apart", golden.name, judge.worst);
    }

    fn new(golden: &'g Golden) -> Self {
        let mut judge = Self { golden, left: BTreeSet::new(), worst: 0.0 };
        for kind in
            [Kind::Output, Kind::LastState, Kind::InputGradient, Kind::ParameterGradient, Kind::InitialStateGradient]
        {
            judge.left.extend(judge.arrays(kind).keys().map(|name| (kind, name.as_str())));
        }
        // A gradient for every input, parameter and initial state, and there are some.
        let all = golden.outputs.len() + golden.inputs.len() + golden.parameters.len();
        let states = golden.initial_states.len() + golden.final_states.len();
        assert_eq!(judge.left.len(), all + states);
        assert!(!golden.outputs.is_empty() && !golden.inputs.is_empty());
        judge
    }

    fn arrays(&self, kind: Kind) -> &'g Arrays {
        match kind {
            Kind::Output => &self.golden.outputs,
            Kind::LastState => &self.golden.final_states,
            Kind::InputGradient => &self.golden.gradients.inputs,
            Kind::ParameterGradient => &self.golden.gradients.parameters,
            Kind::InitialStateGradient => &self.golden.gradients.initial_states,
        }
    }

    /// Leaves an array out that the cell does not compute.
    pub fn leave_out(&mut self, kind: Kind, name: &'g str) {
        assert!(self.left.remove(&(kind, name)), "{}: {kind:?} {name} is not there", self.golden.name);
    }

    /// Asserts that this is the golden's array.
    pub fn compare(&mut self, kind: Kind, name: &'g str, got: &[f64]) {
        let golden = self.golden;
        let want = &golden.of(self.arrays(kind), name).data;
        assert!(self.left.remove(&(kind, name)), "{}: {kind:?} {name} is compared twice", golden.name);
        assert!(!want.is_empty() && got.len() == want.len(), "{}: {kind:?} {name}", golden.name);
        let largest = want.iter().fold(0.0, |m: f64, b| m.max(b.abs()));
        assert!(largest > 0.0 && largest.is_finite(), "{}: {kind:?} {name} is nothing to compare with", golden.name);
        // A NaN is the largest of all.
        let gaps = got.iter().zip(want).map(|(a, b)| (a - b).abs());
        let gap = gaps.fold(0.0, |m, gap| if gap <= m { m } else { gap }) / largest;
        assert!(gap <= LARGEST, "{}: {kind:?} {name} differs by {gap:e}", golden.name);
        self.worst = self.worst.max(gap);
    }

    /// The same of states that lie one after another.
    pub fn compare_states(&mut self, kind: Kind, names: &[&'g str], got: &[f64]) {
        let mut left = got;
        for &name in names {
            let (state, rest) = left.split_at(self.golden.of(self.arrays(kind), name).data.len());
            self.compare(kind, name, state);
            left = rest;
        }
        assert!(left.is_empty(), "{}: more than {names:?}", self.golden.name);
    }
}
