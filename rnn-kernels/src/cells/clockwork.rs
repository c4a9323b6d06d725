//! `h_i = φ(W_i x + Σ_j U_ij h_j,₋₁ + b_i)` over the modules `j` with `T_j ≥ T_i`, where `t mod T_i = 0`: Koutník et al. 2014.

use super::Nonlinearity;
use crate::equations::{Equations, Unit};
use crate::form::{Form, Matrix, Name, Product, Slot, Stage, Width};
use crate::number::Number;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

/// A clockwork network: modules of `H / g` units each, of which module `i` is computed in every `T_i`-th step and keeps its state in
/// between; a module sees itself and those that are as slow or slower.
///
/// The units of `h` are those of module 1, then those of module 2, …; `g` divides `H`. Parameters: `weight_ih [H, C]`, `bias_ih`, and for each
/// module `j` a matrix of its own, `weight_hh_j [rows, H / g]`, whose rows are the units of all modules that see it: of sorted
/// periods a block triangle of which no zero is stored.
///
/// The clock runs in the states: `clock_i` of every module with `T_i > 1`, one number, counts `t mod T_i` from its first value on. The first
/// step from 0 is `t = 0`, which computes all modules; a sequence that goes on finds its clocks in its states. Around whole numbers a
/// module rests or does not, whatever the clock is exactly, so that no gradient of `h` reaches a clock.
///
/// `∂h_i/∂h_i,₋₁ = 1` while a module rests, so that a gradient passes `T_i` steps by one product; that is what it is for. Rests save no
/// time here: every unit is computed in every step. A period of 0 is refused.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct Clockwork {
    /// `T_1, …, T_g`, in any order.
    pub periods: Vec<usize>,
    /// `φ`.
    pub activation: Nonlinearity,
}

impl Default for Clockwork {
    fn default() -> Self {
        Self { periods: vec![1, 2, 4, 8], activation: Nonlinearity::Tanh }
    }
}

/// 1 from 1 on, 0 up to 0, flat around both.
#[inline(always)]
fn step<S: Number>(x: S) -> S {
    Nonlinearity::HardSigmoid { slope: 2.0, offset: -0.5 }.of(x)
}

/// Which of the cell's stages it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Clocks go on, and say which modules are computed.
    Clocks,
    /// The old state is cut into modules.
    Cut,
    /// New states of the modules.
    Modules,
    /// The new state is joined.
    Join,
}

impl Clockwork {
    /// The modules that rest at times, and their periods.
    fn clocked(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.periods.iter().copied().enumerate().filter(|&(_, period)| period != 1)
    }

    fn parts(&self) -> impl Iterator<Item = Part> {
        let clocks = self.clocked().next().map(|_| Part::Clocks);
        clocks.into_iter().chain([Part::Cut, Part::Modules, Part::Join])
    }

    // Values: of each clock whether its module is computed, then the old modules, then the new ones.
    fn fires(k: usize) -> Slot {
        Slot::Value(k)
    }

    fn old(&self, module: usize) -> Slot {
        Slot::Value(self.clocked().count() + module)
    }

    fn written(&self, module: usize) -> Slot {
        Slot::Value(self.clocked().count() + self.periods.len() + module)
    }

    fn clocks(&self) -> Stage {
        let count = self.clocked().count();
        // Of a period of 0 there is no clock, which is an error of the form.
        let state = |(k, (_, period)): (usize, (usize, usize))| if period == 0 { usize::MAX } else { k + 1 };
        let clocks: Vec<_> = self.clocked().enumerate().map(state).collect();
        let stage = Stage::new([]).width(Width::ONE).products([]);
        let stage = stage.reads(clocks.iter().map(|&state| Slot::Old(state)).collect::<Vec<_>>());
        stage
            .writes(clocks.iter().map(|&state| Slot::New(state)).chain((0..count).map(Self::fires)).collect::<Vec<_>>())
    }

    /// Gates are those of all modules, then what their clocks say.
    fn modules(&self, width: Width) -> Stage {
        let (count, all) = (self.periods.len(), 0..self.periods.len());
        let mut stage = Stage { gates: all.clone().map(|i| named("h", i)).collect(), ..Stage::new([]) };
        let mut products = vec![Product::new(0, Slot::X).into_gates(all.clone().collect::<Vec<_>>())];
        for (j, &slower) in self.periods.iter().enumerate() {
            let seeing: Vec<_> = all.clone().filter(|&i| self.periods[i] <= slower).collect();
            products.push(Product::new(1 + j, self.old(j)).into_gates(seeing));
        }
        for (k, (i, _)) in self.clocked().enumerate() {
            stage.gates.push(named("clock", i));
            products.push(Product::spread(Self::fires(k), Width::ONE).into_gates([count + k]));
        }
        let reads: Vec<_> = self.clocked().map(|(i, _)| self.old(i)).collect();
        stage.width(width).products(products).reads(reads).writes(all.map(|i| self.written(i)).collect::<Vec<_>>())
    }
}

/// `what_i`, modules counted from 1.
fn named(what: &str, module: usize) -> Name {
    Name::Owned(format!("{what}_{}", module + 1))
}

impl Equations for Clockwork {
    fn form(&self) -> Form {
        let (count, clocks) = (self.periods.len(), self.clocked().count());
        let width = Width::over(count);
        let mut form = Form::new("clockwork").without_matrices().matrix("weight_ih", Some("bias_ih"));
        form.states.extend(self.clocked().map(|(i, _)| (named("clock", i), Width::ONE)));
        form.values = [vec![Width::ONE; clocks], vec![width; 2 * count]].concat();
        form.matrices.extend((0..count).map(|j| Matrix { name: named("weight_hh", j), bias: None }));
        let stages = self.parts().map(|part| match part {
            Part::Clocks => self.clocks(),
            Part::Cut => {
                let gates = (0..count).map(|i| named("h", i)).collect();
                let cut = Stage { gates, ..Stage::new([]) }.width(width);
                let cut = cut.products([Product::spread(Slot::Old(0), Width::ONE)]);
                cut.writes((0..count).map(|i| self.old(i)).collect::<Vec<_>>())
            }
            Part::Modules => self.modules(width),
            Part::Join => {
                let joined = (0..count).map(|i| Product::part(self.written(i), i, count));
                Stage::new(["h"]).products(joined.collect::<Vec<_>>())
            }
        });
        form.stages = stages.collect();
        form
    }

    #[inline(always)]
    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        let Some(part) = self.parts().nth(stage) else { return };
        match part {
            Part::Clocks => {
                let clocks = u.all_reads();
                for ((k, &clock), (_, period)) in clocks.iter().enumerate().zip(self.clocked()) {
                    #[allow(clippy::cast_precision_loss)] // a period is far below 2^53
                    let last = step(clock - S::constant(period as f64 - 2.0));
                    let next = clock + S::one();
                    u.write_at(k, next - last * next);
                    u.write_at(clocks.len() + k, S::one() - step(clock));
                }
            }
            Part::Cut => {
                for (i, &h) in u.all_pre().iter().enumerate() {
                    let h = u.keep_at(i, h);
                    u.write_at(i, h);
                }
            }
            Part::Modules => {
                let (pre, old) = (u.all_pre(), u.all_reads());
                let (pre, fires) = pre.split_at(self.periods.len().min(pre.len()));
                let mut clocked = old.iter().zip(fires);
                for ((i, &pre), &period) in pre.iter().enumerate().zip(&self.periods) {
                    let new = self.activation.kept(u, i, pre);
                    let rests = if period == 1 { None } else { clocked.next() };
                    u.write_at(
                        i,
                        match rests {
                            None => new,
                            Some((&old, &fires)) => fires * new + (S::one() - fires) * old,
                        },
                    );
                }
            }
            Part::Join => {
                let h: [S; 1] = u.pre();
                let h = u.keep(h);
                u.write(h);
            }
        }
    }
}
