//! `h = λ ⊙ h₋₁ + e^γ ⊙ (B x)`, `y = Re(C h) + D ⊙ x`, `λ = e^(−e^ν + i e^θ)`, `h` complex: Orvieto et al. 2023.

use crate::equations::{Equations, Unit};
use crate::form::{Form, Name, Product, Slot, Stage, Width};
use crate::number::Number;
use alloc::vec;

/// How the input reaches the output beside the state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Feedthrough {
    /// `D ⊙ x` with a vector `D [P]`; `C = P`, the input is read unit by unit.
    #[default]
    Diagonal,
    /// Not at all; any `C`.
    None,
}

/// A linear recurrent unit: `H` complex numbers that turn and shrink, of which `P` real outputs are made.
///
/// ```text
/// ρ = e^(−e^ν)     φ = e^θ     a = ρ ⊙ cos φ     b = ρ ⊙ sin φ
/// re = a ⊙ re₋₁ − b ⊙ im₋₁ + e^γ ⊙ (B_re x)     im = b ⊙ re₋₁ + a ⊙ im₋₁ + e^γ ⊙ (B_im x)
/// y = C_re re − C_im im + D ⊙ x
/// ```
/// States `y [P]`, which no step reads, `h_re [H]`, `h_im [H]`; matrices `B_re B_im [H, C]`, `C_re C_im [P, H]` without biases, vectors
/// `nu_log theta_log gamma_log [H]` (`ν θ γ`), `D [P]`: the names of the reference implementation. Linear in the state, and `|λ| < 1`
/// whatever `ν` is. `γ` starts at `ln √(1 − |λ|²)`, where an input of variance 1 leaves a state of about that, and is a parameter
/// of its own afterwards. No conjugate pairs: the real part is not doubled. The normalisation, the gate and the skip connection of
/// the paper's layer act after the recurrence and are not part of the cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct Lru {
    /// How the input reaches the output beside the state.
    pub feedthrough: Feedthrough,
}

impl Equations for Lru {
    fn form(&self) -> Form {
        let mut form = Form::new("lru").states(["y", "h_re", "h_im"]).without_matrices();
        form.states[0].1 = Width::Output;
        let form = form.matrix("B_re", None).matrix("B_im", None).matrix("C_re", None).matrix("C_im", None);
        let mut form = form.vector("nu_log").vector("theta_log").vector("gamma_log");
        let of_input = [Product::new(0, Slot::X).into_gates([0]), Product::new(1, Slot::X).into_gates([1])];
        let state = Stage::new(["b_re", "b_im"]).products(of_input).reads([Slot::Old(1), Slot::Old(2)]);
        let state = state.vectors([0, 1, 2]).writes([Slot::New(1), Slot::New(2)]);
        let of_state = [Product::new(2, Slot::New(1)).into_gates([0]), Product::new(3, Slot::New(2)).into_gates([1])];
        let mut output = Stage::new(["c_re", "c_im"]).width(Width::Output).products(of_state);
        if self.feedthrough == Feedthrough::Diagonal {
            form.vectors.push((Name::Borrowed("D"), Width::Output));
            (output.reads, output.vectors) = (vec![Slot::X], vec![3]);
        }
        form.stage(state).stage(output)
    }

    #[inline(always)]
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        if stage == 0 {
            let ([b_re, b_im], [re, im], [nu, theta, gamma]) = (u.pre(), u.reads(), u.vectors());
            let (modulus, phase, gain) = ((-nu.exp()).exp(), theta.exp(), gamma.exp());
            let (a, b) = (modulus * phase.cos(), modulus * phase.sin());
            u.write([a * re - b * im + gain * b_re, b * re + a * im + gain * b_im]);
            return;
        }
        let [c_re, c_im] = u.pre();
        let real = c_re - c_im;
        match self.feedthrough {
            Feedthrough::Diagonal => {
                let ([x], [d]) = (u.reads(), u.vectors());
                u.write([real + d * x]);
            }
            Feedthrough::None => {
                u.write([real]);
            }
        }
    }
}
