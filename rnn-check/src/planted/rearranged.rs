//! Units in unusual ways: the equations of an LSTM and of a GRU in other arrangements, activations that use all of their claim.

use super::unit::{give, update_gate};
use super::way::Way;
use crate::real::Real;
use rnn_kernels::program::{Binary, Lanes, Operands, Program, Reference, Runner, Unary, evaluate};
use rnn_kernels::reference::program::forward_with;
use rnn_kernels::{Known, UnitBackward, UnitForward, reference};

/// One ulp up or down, as the bits say; values that must be exact (0, 1/2, ±1) stay.
fn noisy<T: Real>(v: T) -> T {
    let exact = [0.0, 0.5, 1.0].contains(&v.abs().to_f64()) || v.is_nan();
    match (exact, v.bits().count_ones() % 2) {
        (true, _) => v,
        (_, 0) => v.above(),
        _ => v.below(),
    }
}

impl Way {
    /// A smooth activation, as far off as the claims of this way allow.
    pub(super) fn smooth<T: Real>(self, y: T) -> T {
        if self == Way::NoisyActivations { noisy(y) } else { y }
    }

    /// `(1 − z) n + z h`.
    fn blend<T: Real>(self, z: T, n: T, h: T) -> T {
        match self {
            Way::Interpolated => n + z * (h - n),
            Way::FusedCells => z.fma(h - n, n),
            _ => (T::ONE - z) * n + z * h,
        }
    }

    /// `d (1 − z)`.
    fn share<T: Real>(self, d: T, z: T) -> T {
        match self {
            Way::Interpolated => d - d * z,
            Way::FusedCells => (-d).fma(z, d),
            _ => d * (T::ONE - z),
        }
    }

    /// `d (h − n)`.
    fn across<T: Real>(self, d: T, h: T, n: T) -> T {
        match self {
            Way::Distributed => d * h - d * n,
            Way::FusedCells => d.fma(h, -(d * n)),
            _ => d * (h - n),
        }
    }

    /// `d σ′` of `s = σ(·)`.
    fn through_sigmoid<T: Real>(self, d: T, s: T) -> T {
        match self {
            Way::Distributed => d * (s - s * s),
            Way::Interpolated => d * s * (T::ONE - s),
            Way::FusedCells => d * (-s).fma(s, s),
            _ => d * (s * (T::ONE - s)),
        }
    }

    /// `d tanh′` of `t = tanh(·)`.
    fn through_tanh<T: Real>(self, d: T, t: T) -> T {
        match self {
            Way::Distributed => d - d * (t * t),
            Way::Interpolated => d * (T::ONE - t * t),
            Way::FusedCells => d * (-t).fma(t, T::ONE),
            _ => d * ((T::ONE - t) * (T::ONE + t)),
        }
    }

    /// Whether the equations are arranged differently.
    fn rearranges(self) -> bool {
        matches!(self, Way::Interpolated | Way::Distributed | Way::FusedCells)
    }

    fn lstm_pullback<T: Real>(self, mut unit: UnitBackward<'_, T>) {
        let width = unit.width();
        for n in unit.rows() {
            for j in 0..width {
                let [i, f, g, o] = [0, 1, 2, 3].map(|k| unit.kept(n)[k * width + j]);
                let (c_prev, t) = (unit.read(0, n)[j], unit.written(1, n)[j].tanh());
                let (d_h, d_c) = (unit.d_written(0, n)[j], unit.d_written(1, n)[j]);
                let d_c = d_c + self.through_tanh(d_h * o, t);
                let d_pre = [
                    self.through_sigmoid(d_c * g, i),
                    self.through_sigmoid(d_c * c_prev, f),
                    self.through_tanh(d_c * i, g),
                    self.through_sigmoid(d_h * t, o),
                ];
                d_pre.into_iter().enumerate().for_each(|(k, d)| unit.d_pre(n)[k * width + j] = d);
                give(unit.d_read(0, n).map(|(accum, d)| (accum, &mut d[j..=j])), &[d_c * f]);
            }
        }
    }

    /// The stage that blends; with the reset after the product it has all gates, `r z n aux`, else `z n`.
    fn gru_pullback<T: Real>(self, z_gate: usize, mut unit: UnitBackward<'_, T>) {
        let width = unit.width();
        for row in unit.rows() {
            for j in 0..width {
                let kept = |gate: usize| unit.kept(row)[gate * width + j];
                let (z, n) = (kept(z_gate), kept(z_gate + 1));
                let (h_prev, d_h) = (unit.read(0, row)[j], unit.d_written(0, row)[j]);
                let d_z = self.through_sigmoid(self.across(d_h, h_prev, n), z);
                let d_n = self.through_tanh(self.share(d_h, z), n);
                let reset = (z_gate == 1).then(|| (kept(0), kept(3)));
                let d_pre = unit.d_pre(row);
                (d_pre[z_gate * width + j], d_pre[(z_gate + 1) * width + j]) = (d_z, d_n);
                if let Some((r, aux)) = reset {
                    (d_pre[j], d_pre[3 * width + j]) = (self.through_sigmoid(d_n * aux, r), d_n * r);
                }
                give(unit.d_read(0, row).map(|(accum, d)| (accum, &mut d[j..=j])), &[d_h * z]);
            }
        }
    }

    /// A stage of any cell, arranged this way if it is one of an LSTM or a GRU.
    pub(super) fn forward<T: Real>(self, mut unit: UnitForward<'_, T>) {
        let (known, program, width) = (unit.spec().cell().known(), unit.program(), unit.width());
        forward_with(&Functions(self), program, &mut unit);
        let z_gate = match known {
            Some(Known::Gru(reset)) => update_gate(reset, unit.stage()),
            _ => None,
        };
        for (row, j) in unit.rows().flat_map(|row| (0..width).map(move |j| (row, j))) {
            if let (Some(Known::Lstm), Way::FusedCells) = (known, self) {
                let c_prev = unit.read(0, row)[j];
                let [i, f, g, o] = [0, 1, 2, 3].map(|k| unit.pre(row)[k * width + j]);
                let c = f.fma(c_prev, i * g);
                unit.write(1, row)[j] = c;
                unit.write(0, row)[j] = o * c.tanh();
            }
            if let (Some(gate), true) = (z_gate, self.rearranges()) {
                let (h_prev, kept) = (unit.read(0, row)[j], unit.pre(row));
                let (z, n) = (kept[gate * width + j], kept[(gate + 1) * width + j]);
                unit.write(0, row)[j] = self.blend(z, n, h_prev);
            }
        }
    }

    /// The pullback of it.
    pub(super) fn backward<T: Real>(self, unit: UnitBackward<'_, T>) {
        match unit.spec().cell().known() {
            Some(Known::Lstm) if self.rearranges() => self.lstm_pullback(unit),
            Some(Known::Gru(reset)) if self.rearranges() => match update_gate(reset, unit.stage()) {
                Some(gate) => self.gru_pullback(gate, unit),
                None => reference::program::backward(unit),
            },
            _ => reference::program::backward(unit),
        }
    }
}

/// The functions of equations.
struct Functions(Way);

impl<T: Real> Lanes<T> for Functions {
    fn unary(&self, f: Unary, to: &mut [T], a: &[T]) {
        Reference.unary(f, to, a);
        if matches!(f, Unary::Tanh | Unary::Sigmoid) {
            to.iter_mut().for_each(|y| *y = self.0.smooth(*y));
        }
    }
    fn binary(&self, f: Binary, to: &mut [T], a: &[T], b: &[T]) {
        Reference.binary(f, to, a, b);
    }
}

impl<T: Real> Runner<T> for Functions {
    fn run(&self, program: &Program, row: &mut impl Operands<T>) {
        evaluate(self, program, row);
    }
}
