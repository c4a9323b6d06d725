//! A program on the units of a row, some lanes at a time.

use super::{Binary, Op, Place, Program, Unary};
use crate::scalar::Scalar;
use core::ops::Range;

/// Where the operands of the units of one row lie.
pub trait Operands<T> {
    /// How many units there are.
    fn width(&self) -> usize;
    /// The operands at `place` of these units.
    fn load(&self, place: Place, units: Range<usize>) -> &[T];
    /// Where results go: overwritten, or added to if that says so.
    fn store(&mut self, place: Place, units: Range<usize>) -> Option<(crate::Accum, &mut [T])>;
}

/// Who runs programs: by [`evaluate`] on lanes of its own, or in another way.
pub trait Runner<T> {
    /// Runs a program on all units of a row; nothing is allocated. A register that nothing was put into is 0.
    fn run(&self, program: &Program, row: &mut impl Operands<T>);
}

/// How functions are computed on lanes.
pub trait Lanes<T> {
    /// `to = f(a)` for each lane.
    fn unary(&self, f: Unary, to: &mut [T], a: &[T]);
    /// `to = f(a, b)` for each lane.
    fn binary(&self, f: Binary, to: &mut [T], a: &[T], b: &[T]);
}

/// One lane after the other, as [`Scalar`] says.
#[derive(Clone, Copy, Debug)]
pub struct Reference;

/// 1 where `a > b`, else 0; NaN if either is.
pub(super) fn step<T: Scalar>(a: T, b: T) -> T {
    if a > b {
        T::ONE
    } else if a.is_nan() || b.is_nan() {
        a + b
    } else {
        T::ZERO
    }
}

impl<T: Scalar> Lanes<T> for Reference {
    #[inline(always)]
    fn unary(&self, f: Unary, to: &mut [T], a: &[T]) {
        to.iter_mut().zip(a).for_each(|(to, &a)| *to = f.of(a));
    }
    #[inline(always)]
    fn binary(&self, f: Binary, to: &mut [T], a: &[T], b: &[T]) {
        to.iter_mut().zip(a).zip(b).for_each(|((to, &a), &b)| *to = f.of(a, b, step));
    }
}

impl<T: Scalar> Runner<T> for Reference {
    fn run(&self, program: &Program, row: &mut impl Operands<T>) {
        evaluate(self, program, row);
    }
}

/// Runs a program on all units of a row, on lanes; nothing is allocated.
pub fn evaluate<T: Scalar, L: Lanes<T>>(lanes: &L, program: &Program, row: &mut impl Operands<T>) {
    // The registers take 1024 numbers of the stack, few and long or many and short.
    match program.registers() {
        0..=16 => run::<T, L, 16, 64>(lanes, program, row),
        17..=64 => run::<T, L, 64, 16>(lanes, program, row),
        _ => run::<T, L, 256, 4>(lanes, program, row),
    }
}

fn run<T: Scalar, L: Lanes<T>, const REGISTERS: usize, const LANES: usize>(
    lanes: &L,
    program: &Program,
    row: &mut impl Operands<T>,
) {
    let mut r = [[T::ZERO; LANES]; REGISTERS];
    let width = row.width();
    for from in (0..width).step_by(LANES) {
        let units = from..width.min(from + LANES);
        let count = units.len();
        for op in program.ops() {
            match *op {
                Op::Constant { to, value } => r[usize::from(to)] = [T::from_f64(value); LANES],
                Op::Load { to, from } => r[usize::from(to)][..count].copy_from_slice(row.load(from, units.clone())),
                Op::Unary { f, to, a } => {
                    let a = r[usize::from(a)];
                    lanes.unary(f, &mut r[usize::from(to)][..count], &a);
                }
                Op::Binary { f, to, a, b } => {
                    let (a, b) = (r[usize::from(a)], r[usize::from(b)]);
                    lanes.binary(f, &mut r[usize::from(to)][..count], &a, &b);
                }
                Op::Store { a, to } => {
                    let a = &r[usize::from(a)][..count];
                    match row.store(to, units.clone()) {
                        Some((crate::Accum::Replace, place)) => place.copy_from_slice(a),
                        Some((crate::Accum::Add, place)) => place.iter_mut().zip(a).for_each(|(sum, &a)| *sum += a),
                        None => {}
                    }
                }
            }
        }
    }
}
