//! `results = program(operands)` on the units of a row: every operation on vectors, in the order of the program.
//!
//! A register is a block of lanes that stays in the first cache, and an operation goes through all its lanes before the next one
//! begins: what it costs to look at an instruction is shared by as many units as fit. Lanes beyond the last unit are computed and stored
//! nowhere, so that no bit depends on where a unit lies.

use pulp::WithSimd;
use rnn_kernels::program::{Binary, Lanes, Op, Operands, Program, Reference, Unary};
use rnn_kernels::{Accum, Scalar};

use super::isa::Simd;
use super::math::{Cos, Exp, Function, Ln, Ln1p, Sigmoid, Sin, Sqrt, Tanh};
use crate::number::Number;

/// Lanes are computed by so many: two vectors of 256 bits of f32, and as many registers have room beside each other.
const LINE: usize = 16;

/// Runs a program on all units of a row.
pub(crate) fn run<T: Number>(simd: Simd, program: &Program, row: &mut dyn Operands<T>) {
    let (registers, width) = (program.registers().max(1), row.width().next_multiple_of(LINE));
    // Registers begin as zeros, and to write those takes as long as an operation for each.
    if registers * width <= 512 {
        simd.run(Run { program, row, registers: &mut [<T as Scalar>::ZERO; 512], lanes: width });
    } else if registers <= 1024 / LINE {
        let lanes = (1024 / registers / LINE * LINE).min(width);
        simd.run(Run { program, row, registers: &mut [<T as Scalar>::ZERO; 1024], lanes });
    } else {
        let registers = &mut [<T as Scalar>::ZERO; Program::MOST_REGISTERS * LINE];
        simd.run(Run { program, row, registers, lanes: LINE });
    }
}

struct Run<'r, T> {
    program: &'r Program,
    row: &'r mut dyn Operands<T>,
    registers: &'r mut [T],
    lanes: usize,
}

impl<T: Number> WithSimd for Run<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        // As many bytes at once for either number type.
        if const { size_of::<T>() == 4 } { self.in_blocks::<16>() } else { self.in_blocks::<8>() }
    }
}

impl<T: Number> Run<'_, T> {
    #[inline(always)]
    fn in_blocks<const L: usize>(self) {
        let Run { program, row, registers, lanes } = self;
        let (r, _) = registers.as_chunks_mut::<L>();
        let (width, each) = (row.width(), lanes / L);
        let mut from = 0;
        while from < width {
            let units = from..width.min(from + lanes);
            let (count, blocks) = (units.len(), units.len().div_ceil(L));
            for op in program.ops() {
                match *op {
                    Op::Constant { to, value } => {
                        r[usize::from(to) * each..][..blocks].fill([T::from_f64(value); L]);
                    }
                    Op::Load { to, from } => {
                        let to = &mut r[usize::from(to) * each..][..blocks];
                        copy::<T, L>(&mut to.as_flattened_mut()[..count], row.load(from, units.clone()));
                    }
                    Op::Unary { f, to, a } => unary(f, r, [to, a].map(|r| usize::from(r) * each), blocks),
                    Op::Binary { f, to, a, b } => binary(f, r, [to, a, b].map(|r| usize::from(r) * each), blocks),
                    Op::Store { a, to } => {
                        let a = &r[usize::from(a) * each..][..blocks].as_flattened()[..count];
                        match row.store(to, units.clone()) {
                            Some((Accum::Replace, place)) => copy::<T, L>(place, a),
                            Some((Accum::Add, place)) => add::<T, L>(place, a),
                            None => {}
                        }
                    }
                }
            }
            from += lanes;
        }
    }
}

/// `to = f(a)`, `to` and `a` being the first blocks of registers.
#[inline(always)]
fn unary<T: Number, const L: usize>(f: Unary, r: &mut [[T; L]], at: [usize; 2], blocks: usize) {
    match f {
        Unary::Neg => each(r, at, blocks, Negated),
        Unary::Abs => each(r, at, blocks, Absolute),
        Unary::Exp => each(r, at, blocks, Of(Exp)),
        Unary::Ln => each(r, at, blocks, Of(Ln)),
        Unary::Ln1p => each(r, at, blocks, Of(Ln1p)),
        Unary::Sin => each(r, at, blocks, Of(Sin)),
        Unary::Cos => each(r, at, blocks, Of(Cos)),
        Unary::Sqrt => each(r, at, blocks, Of(Sqrt)),
        Unary::Tanh => each(r, at, blocks, Of(Tanh)),
        Unary::Sigmoid => each(r, at, blocks, Of(Sigmoid)),
    }
}

/// A function of one number. Must be `#[inline(always)]`.
trait OfLane<T> {
    fn of(&self, a: T) -> T;
}

struct Negated;
struct Absolute;
struct Of<F>(F);

impl<T: Number> OfLane<T> for Negated {
    #[inline(always)]
    fn of(&self, a: T) -> T {
        -a
    }
}

impl<T: Number> OfLane<T> for Absolute {
    #[inline(always)]
    fn of(&self, a: T) -> T {
        Scalar::abs(a)
    }
}

impl<T: Number, F: Function> OfLane<T> for Of<F> {
    #[inline(always)]
    fn of(&self, a: T) -> T {
        F::of(a)
    }
}

#[inline(always)]
fn each<T: Number, F: OfLane<T>, const L: usize>(r: &mut [[T; L]], [to, a]: [usize; 2], blocks: usize, f: F) {
    for i in 0..blocks {
        let (a, mut result) = (r[a + i], [<T as Scalar>::ZERO; L]);
        for l in 0..L {
            result[l] = f.of(a[l]);
        }
        r[to + i] = result;
    }
}

/// `to = f(a, b)`, all three being the first blocks of registers.
#[inline(always)]
fn binary<T: Number, const L: usize>(f: Binary, r: &mut [[T; L]], at: [usize; 3], blocks: usize) {
    // An arm for each, so that what is done is known within the loop.
    match f {
        Binary::Add => pairs(Binary::Add, r, at, blocks),
        Binary::Sub => pairs(Binary::Sub, r, at, blocks),
        Binary::Mul => pairs(Binary::Mul, r, at, blocks),
        Binary::Div => pairs(Binary::Div, r, at, blocks),
        Binary::Max => pairs(Binary::Max, r, at, blocks),
        Binary::Step => pairs(Binary::Step, r, at, blocks),
    }
}

#[inline(always)]
fn pairs<T: Number, const L: usize>(f: Binary, r: &mut [[T; L]], [to, a, b]: [usize; 3], blocks: usize) {
    for i in 0..blocks {
        let (a, b, mut result) = (r[a + i], r[b + i], [<T as Scalar>::ZERO; L]);
        Reference.binary(f, &mut result, &a, &b);
        r[to + i] = result;
    }
}

/// `to = from`.
#[inline(always)]
fn copy<T: Copy, const L: usize>(to: &mut [T], from: &[T]) {
    let ((to, rest), (from, last)) = (to.as_chunks_mut::<L>(), from.as_chunks::<L>());
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    rest.copy_from_slice(last);
}

/// `to += from`.
#[inline(always)]
fn add<T: Number, const L: usize>(to: &mut [T], from: &[T]) {
    let ((to, rest), (from, last)) = (to.as_chunks_mut::<L>(), from.as_chunks::<L>());
    for (to, from) in to.iter_mut().zip(from) {
        for l in 0..L {
            to[l] += from[l];
        }
    }
    rest.iter_mut().zip(last).for_each(|(to, &from)| *to += from);
}
