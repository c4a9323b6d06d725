//! Every cell that the tests of this folder know: one list, to which a cell of one's own is added as any other.

use recurrent::Cells;
use recurrent::kernels::{Activation, Cell, Equations, Form, GruReset, Number, Slot, Stage, Unit};
use recurrent::network::CellSpec;
use rnn_check::oracle;
use serde::Deserialize;
use std::fmt;

/// A cell, and who else says what it computes.
pub struct Listed {
    pub name: &'static str,
    pub spec: fn() -> CellSpec,
    pub witness: Witness,
}

/// An independent statement of a cell.
#[derive(Clone, Copy, Debug)]
pub enum Witness {
    /// The equations of rnn-check.
    Oracle(oracle::Cell),
    /// Those of [`Momentum`], written down a second time in `covering::momentum`.
    Momentum,
}

impl fmt::Debug for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

const fn elman(name: &'static str, spec: fn() -> CellSpec, activation: oracle::Activation) -> Listed {
    Listed { name, spec, witness: Witness::Oracle(oracle::Cell::Elman(activation)) }
}

pub const CELLS: &[Listed] = &[
    elman("elman tanh", || CellSpec::elman(Activation::Tanh), oracle::Activation::Tanh),
    elman("elman relu", || CellSpec::elman(Activation::Relu), oracle::Activation::Relu),
    elman("elman sigmoid", || CellSpec::elman(Activation::Sigmoid), oracle::Activation::Sigmoid),
    elman("elman identity", || CellSpec::elman(Activation::Identity), oracle::Activation::Identity),
    Listed { name: "lstm", spec: CellSpec::lstm, witness: Witness::Oracle(oracle::Cell::Lstm) },
    Listed {
        name: "gru reset-after",
        spec: || CellSpec::gru(GruReset::After),
        witness: Witness::Oracle(oracle::Cell::Gru(oracle::Reset::After)),
    },
    Listed {
        name: "gru reset-before",
        spec: || CellSpec::gru(GruReset::Before),
        witness: Witness::Oracle(oracle::Cell::Gru(oracle::Reset::Before)),
    },
    Listed {
        name: "momentum",
        spec: || CellSpec::new("momentum").with("decay", MOMENTUM.decay),
        witness: Witness::Momentum,
    },
];

/// The registry that has them all.
pub fn registry() -> Cells {
    Cells::new().with("momentum", |options| Ok(Cell::new(&options.read::<Momentum>()?)?))
}

/// `m = decay · m₋₁ + tanh(…)`, `h = (1 − z) ⊙ h₋₁ + z ⊙ m`: no library has this cell, nor the name of its second state.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Momentum {
    pub decay: f64,
}

/// As the list has it.
pub const MOMENTUM: Momentum = Momentum { decay: 0.25 };

impl Equations for Momentum {
    fn form(&self) -> Form {
        let gates = Stage::new(["z", "n"]).reads([Slot::Old(0), Slot::Old(1)]).writes([Slot::New(0), Slot::New(1)]);
        Form::new("momentum").states(["h", "m"]).stage(gates)
    }

    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([z, n], [h, m]) = (u.pre(), u.reads());
        let [z, n] = u.keep([z.sigmoid(), n.tanh()]);
        let m = u.write_at(1, S::constant(self.decay) * m + n);
        u.write_at(0, (S::one() - z) * h + z * m);
    }
}
