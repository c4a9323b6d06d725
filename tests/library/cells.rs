//! Every cell that the tests of this folder know: one list, to which a cell of one's own is added as any other.

use recurrent::Cells;
use recurrent::kernels::{Cell, Equations, Form, Known, Number, Slot, Stage, Unit};
use recurrent::network::CellSpec;
use rnn_check::oracle::{self, Own};
use serde::Deserialize;
use std::fmt;
use std::sync::LazyLock;

/// A cell as a configuration has it, and as the oracle of rnn-check computes it.
pub struct Listed {
    pub name: &'static str,
    pub spec: CellSpec,
    pub cell: oracle::Cell,
}

impl fmt::Debug for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// How many there are: every cell of the suite, and one that no library has.
pub const COUNT: usize = oracle::Cell::ALL.len() + 1;

/// The list.
pub fn cells() -> &'static [Listed; COUNT] {
    static OWN: Own = Own::new("momentum", || Cell::new(&MOMENTUM).unwrap(), None);
    static LIST: LazyLock<[Listed; COUNT]> = LazyLock::new(|| {
        std::array::from_fn(|k| {
            let cell = oracle::Cell::ALL.get(k).copied().unwrap_or(oracle::Cell::Own(&OWN));
            Listed { name: cell.name(), spec: spec(cell), cell }
        })
    });
    &LIST
}

fn spec(cell: oracle::Cell) -> CellSpec {
    match (cell.kernel().known(), cell.name()) {
        (Some(Known::Elman(activation)), _) => CellSpec::elman(activation),
        (Some(Known::Gru(reset)), _) => CellSpec::gru(reset),
        (None, "momentum") => CellSpec::new("momentum").with("decay", MOMENTUM.decay),
        // A cell without options goes by the name of its form.
        _ => CellSpec::new(cell.kernel().form().name.clone()),
    }
}

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
