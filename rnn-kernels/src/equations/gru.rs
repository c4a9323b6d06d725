//! `r, z = σ(…)`, `n = tanh(…)`, `h = (1 − z) ⊙ n + z ⊙ h₋₁`: Cho et al. 2014, both places of the reset gate.

use super::{Equations, Unit};
use crate::form::{Form, Product, Slot, Stage, Width};
use crate::number::Number;
use alloc::vec;

/// Where the reset gate acts. The two are different cells with the same parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum GruReset {
    /// `n = tanh(W_n x + b_in + r ⊙ (U_n h_prev + b_hn))`: PyTorch, cuDNN, Keras' `reset_after`, ONNX' `linear_before_reset`.
    #[default]
    After,
    /// `n = tanh(W_n x + b_in + U_n (r ⊙ h_prev) + b_hn)`: Cho et al. 2014.
    Before,
}

/// A gated recurrent unit, rows `r z n`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gru {
    /// Where the reset gate acts.
    pub reset: GruReset,
}

impl Equations for Gru {
    fn form(&self) -> Form {
        let (x, h) = (Product::new(0, Slot::X), Product::new(1, Slot::Old(0)));
        match self.reset {
            // W_hn h + b_hn is a pre-activation of its own: r scales it.
            GruReset::After => {
                let products = [x.into_gates([0, 1, 2]), h.into_gates([0, 1, 3])];
                let gates = Stage::new(["r", "z", "n", "aux"]).products(products);
                Form::new("gru").stage(gates.reads([Slot::Old(0)]))
            }
            // The candidate's product reads r ⊙ h, which the first stage leaves.
            GruReset::Before => {
                let reset = Stage::new(["r"]).reads([Slot::Old(0)]).writes([Slot::Value(0)]);
                let scaled = Product::new(1, Slot::Value(0)).into_gates([1]);
                let gates = Stage::new(["z", "n"]).products([x, h.into_gates([0]), scaled]).reads([Slot::Old(0)]);
                Form::new("gru").values(vec![Width::Hidden]).stage(reset).stage(gates)
            }
        }
    }

    #[inline(always)]
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        match (self.reset, stage) {
            (GruReset::After, _) => {
                let ([r, z, n, aux], [h]) = (u.pre(), u.reads());
                let (r, z) = (u.keep_at(0, r.sigmoid()), u.keep_at(1, z.sigmoid()));
                let n = u.keep_at(2, (n + r * aux).tanh());
                u.write([(S::one() - z) * n + z * h]);
            }
            (GruReset::Before, 0) => {
                let ([r], [h]) = (u.pre(), u.reads());
                let [r] = u.keep([r.sigmoid()]);
                u.write([r * h]);
            }
            (GruReset::Before, _) => {
                let ([z, n], [h]) = (u.pre(), u.reads());
                let [z, n] = u.keep([z.sigmoid(), n.tanh()]);
                u.write([(S::one() - z) * n + z * h]);
            }
        }
    }
}
