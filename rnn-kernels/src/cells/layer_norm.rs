//! `x̂ = (x − mean x) / √(var x + ε)`: the stages of a layer norm, of several vectors at once.

use crate::equations::Unit;
use crate::form::{Name, Product, Slot, Stage, Width};
use crate::number::Number;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// Three stages that give, of some values, the centred ones and `1 / √(var + ε)`, the biased variance.
///
/// They write values from `first` on: of `n` vectors `n` means, `n` centred vectors with their squares, `n` reciprocal roots.
pub(super) struct LayerNorm {
    /// The vectors, at most two.
    pub of: Vec<Slot>,
    /// Their width.
    pub width: Width,
    /// How many parts of a vector are normalised, each by itself.
    pub parts: Width,
    /// The first value that is free.
    pub first: usize,
}

impl LayerNorm {
    /// How many stages it has.
    pub const STAGES: usize = 3;

    /// The widths of the values it writes.
    pub fn values(&self) -> Vec<Width> {
        let n = self.of.len();
        let mut widths = vec![self.parts; n];
        widths.extend(vec![self.width; 2 * n]);
        widths.extend(vec![self.parts; n]);
        widths
    }

    /// Vector `k`, its mean taken off.
    pub fn centred(&self, k: usize) -> Slot {
        Slot::Value(self.first + self.of.len() + 2 * k)
    }

    /// What it is multiplied by.
    pub fn factor(&self, k: usize) -> Slot {
        Slot::Value(self.first + 3 * self.of.len() + k)
    }

    /// Means, what is left without them, roots.
    pub fn stages(&self) -> [Stage; Self::STAGES] {
        let n = self.of.len();
        let value = |at: usize| Slot::Value(self.first + at);
        let gates =
            |width| Stage { width, gates: NAMES[..n].iter().map(|&a| Name::Borrowed(a)).collect(), ..Stage::new([]) };
        let means = |of: &dyn Fn(usize) -> Slot| -> Vec<Product> {
            (0..n).map(|k| Product::mean(of(k), Width::ONE).into_gates([k])).collect()
        };
        let spread: Vec<_> = (0..n).map(|k| Product::spread(value(k), Width::ONE).into_gates([k])).collect();
        let values = |range: Range<usize>| range.map(value).collect::<Vec<_>>();
        let centred = gates(self.width).products(spread).reads(self.of.clone());
        [
            gates(self.parts).products(means(&|k| self.of[k])).writes(values(0..n)),
            centred.writes(values(n..3 * n)),
            gates(self.parts).products(means(&|k| value(n + 2 * k + 1))).writes(values(3 * n..4 * n)),
        ]
    }
}

/// What its vectors are called.
const NAMES: [&str; 2] = ["a", "b"];

/// The equations of those stages, for `N` vectors.
#[inline(always)]
pub(super) fn unit<const N: usize, S: Number>(stage: usize, epsilon: f64, u: &mut Unit<'_, S>) {
    let pre: [S; N] = u.pre();
    match stage {
        0 => {
            u.write(pre);
        }
        1 => {
            let x: [S; N] = u.reads();
            for k in 0..N {
                let centred = u.write_at(2 * k, x[k] - pre[k]);
                u.write_at(2 * k + 1, centred * centred);
            }
        }
        _ => {
            u.write(pre.map(|variance| S::one() / (variance + S::constant(epsilon)).sqrt()));
        }
    }
}
