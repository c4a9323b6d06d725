//! `c = f c₋₁ + i tanh(z)`, `n = f n₋₁ + i`, `h = σ(o) c / n` with exponential gates: Beck et al. 2024.

use crate::equations::{Equations, Unit};
use crate::form::{Form, Product, Slot, Stage};
use crate::number::Number;

/// An sLSTM, rows `i f z o`, states `h c n m`; in heads, of whose units each sees its own head alone.
///
/// ```text
/// m = max(ln σ(f) + m₋₁, i)     i′ = exp(i − m)     f′ = exp(ln σ(f) + m₋₁ − m)
/// c = f′ c₋₁ + i′ tanh(z)       n = f′ n₋₁ + i′     h = σ(o) c / n
/// ```
/// `m` keeps both gates at most 1: `c` and `n` are known up to `e^−m`, and `h` does not depend on it. Gradients are exact also of
/// final `c`, `n` and `m`, where an implementation that stops the gradient at `m` is not.
///
/// The published code sets `m = i` in the first step, where `n₋₁ = 0`. An equation has no comparison: give `m` a first state far
/// below 0, such as −10⁴, for the same; with `m₋₁ = 0`, `h` is the same as long as `i − ln σ(f)` is no number whose exponential is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct Slstm {
    /// How many units a head has: `weight_hh` is then block-diagonal, `[4H, head]`, and `head` divides `H`. `None`: all are one head.
    pub head: Option<usize>,
}

const H: usize = 0;
const C: usize = 1;
const N: usize = 2;
const M: usize = 3;

impl Equations for Slstm {
    fn form(&self) -> Form {
        let gates = Stage::new(["i", "f", "z", "o"]).reads([Slot::Old(C), Slot::Old(N), Slot::Old(M)]);
        let gates = gates.writes([Slot::New(H), Slot::New(C), Slot::New(N), Slot::New(M)]);
        let recurrent = match self.head {
            None => Product::new(1, Slot::Old(H)),
            Some(head) => Product::heads(1, Slot::Old(H), head),
        };
        let gates = gates.products([Product::new(0, Slot::X), recurrent]);
        Form::new("slstm").states(["h", "c", "n", "m"]).stage(gates)
    }

    #[inline(always)]
    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([i, f, z, o], [c, n, m]) = (u.pre(), u.reads());
        let (z, o) = (u.keep_at(2, z.tanh()), u.keep_at(3, o.sigmoid()));
        let kept = f.ln_sigmoid() + m;
        let m = u.write_at(M, kept.max(i));
        let (i, f) = ((i - m).exp(), (kept - m).exp());
        let c = u.write_at(C, f * c + i * z);
        let n = u.write_at(N, f * n + i);
        u.write_at(H, o * (c / n));
    }
}
