//! `h = a ⊙ h₋₁ + √(1 − a²) ⊙ (u ⊙ x)`, `a = e^{−8 r ⊙ ln(1 + e^λ)}`: De et al. 2024 (Griffin, Hawk).

use crate::equations::{Equations, Unit};
use crate::form::{Form, Product, Slot, Stage};
use crate::number::Number;

/// A real-gated linear recurrent unit, rows `r u`, vector `a_param [H]` (`λ`); `C = H`, the input is read unit by unit.
///
/// ```text
/// r = σ(W_r x + b_r)     u = σ(W_u x + b_u)     s = 8 r ⊙ ln(1 + e^λ)     a = e^−s     1 − a² = 2 tanh(s) / (1 + tanh(s))
/// ```
/// Linear in the state: `∂h/∂h₋₁ = diag(a)` with `0 < a < 1`. The slope of the root grows without bound as `s → 0`; the published
/// code cuts it at 1000. Here it is the derivative itself down to `1 − a² = 10⁻³⁰`, where the root ends: a gate that is shut to the
/// last bit has a gradient of 0. The published code begins documents anew by an `a` of 0; here a sequence ends and another starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct RgLru {
    /// The width of a head: `weight_ih` is then block-diagonal, `[2H, head]`, and `head` divides `H`. `None`: all units are one head.
    pub head: Option<usize>,
}

/// Where the root of `1 − a²` ends.
const SMALLEST: f64 = 1e-30;

impl Equations for RgLru {
    fn form(&self) -> Form {
        let form = Form::new("rg_lru").without_matrices().matrix("weight_ih", Some("bias_ih")).vector("a_param");
        let gates = Stage::new(["r", "u"]).products([match self.head {
            None => Product::new(0, Slot::X),
            Some(head) => Product::heads(0, Slot::X, head),
        }]);
        form.stage(gates.reads([Slot::X, Slot::Old(0)]).vectors([0]))
    }

    #[inline(always)]
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([r, gate], [x, h], [lambda]) = (u.pre(), u.reads(), u.vectors());
        let [r, gate] = u.keep([r.sigmoid(), gate.sigmoid()]);
        let s = S::constant(8.0) * r * -(-lambda).ln_sigmoid();
        let t = s.tanh();
        let one_minus_a2 = (t + t) / (S::one() + t);
        let root = one_minus_a2.max(S::constant(SMALLEST)).sqrt();
        u.write([(-s).exp() * h + root * (gate * x)]);
    }
}
