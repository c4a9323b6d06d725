//! `results = program(operands)` on the units of a row: every operation on vectors, in the order of the program.
//!
//! A register is a block of lanes that stays in the first cache, and an operation goes through all its lanes before the next one
//! begins: what it costs to look at an instruction is shared by as many units as fit. Lanes beyond the last unit are computed and stored
//! nowhere, so that no bit depends on where a unit lies.

use pulp::WithSimd;
use rnn_kernels::program::{Binary, Lanes, Op, Operands, Program, Reference, Unary};
use rnn_kernels::{Accum, Scalar};

use super::accuracy::Accuracy;
use super::fast;
use super::isa::Simd;
use super::math::{Cos, Exp, Function, Ln, Ln1p, Sigmoid, Sin, Sqrt, Tanh};
use crate::number::Number;

/// Lanes are computed by so many: two vectors of 256 bits of f32, and as many registers have room beside each other.
const LINE: usize = 16;

/// Runs a program on all units of a row.
pub(crate) fn run<T: Number>(simd: Simd, program: &Program, row: &mut dyn Operands<T>) {
    let (registers, width) = (program.registers().max(1), row.width().next_multiple_of(LINE));
    let accuracy = simd.accuracy();
    // Registers begin as zeros, and to write those takes as long as an operation for each.
    if registers * width <= 512 {
        simd.run(Run { program, row, accuracy, registers: &mut [<T as Scalar>::ZERO; 512], lanes: width });
    } else if registers <= 1024 / LINE {
        let lanes = (1024 / registers / LINE * LINE).min(width);
        simd.run(Run { program, row, accuracy, registers: &mut [<T as Scalar>::ZERO; 1024], lanes });
    } else {
        let registers = &mut [<T as Scalar>::ZERO; Program::MOST_REGISTERS * LINE];
        simd.run(Run { program, row, accuracy, registers, lanes: LINE });
    }
}

struct Run<'r, T> {
    program: &'r Program,
    row: &'r mut dyn Operands<T>,
    accuracy: Accuracy,
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
        let Run { program, row, accuracy, registers, lanes } = self;
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
                    Op::Unary { f, to, a } => unary((f, accuracy), r, [to, a].map(|r| usize::from(r) * each), blocks),
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
fn unary<T: Number, const L: usize>(f: (Unary, Accuracy), r: &mut [[T; L]], at: [usize; 2], blocks: usize) {
    match f {
        (Unary::Neg, _) => each(r, at, blocks, Negated),
        (Unary::Abs, _) => each(r, at, blocks, Absolute),
        (Unary::Exp, _) => each(r, at, blocks, Of(Exp)),
        (Unary::Ln, _) => each(r, at, blocks, Of(Ln)),
        (Unary::Ln1p, _) => each(r, at, blocks, Of(Ln1p)),
        (Unary::Sin, _) => each(r, at, blocks, Of(Sin)),
        (Unary::Cos, _) => each(r, at, blocks, Of(Cos)),
        (Unary::Sqrt, _) => each(r, at, blocks, Of(Sqrt)),
        (Unary::Tanh, Accuracy::Ulp1) => each(r, at, blocks, Of(Tanh)),
        (Unary::Tanh, Accuracy::Fast) => each(r, at, blocks, Of(fast::Tanh)),
        (Unary::Sigmoid, Accuracy::Ulp1) => each(r, at, blocks, Of(Sigmoid)),
        (Unary::Sigmoid, Accuracy::Fast) => each(r, at, blocks, Of(fast::Sigmoid)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::math::{cos, exp, ln, ln_1p, sigmoid, sin, sqrt, tanh};
    use core::ops::Range;
    use rnn_kernels::program::{Place, evaluate};

    /// One element after another.
    struct Elements;

    impl<T: Number> Lanes<T> for Elements {
        fn unary(&self, f: Unary, to: &mut [T], a: &[T]) {
            let f = match f {
                Unary::Neg => |a: T| -a,
                Unary::Abs => Scalar::abs,
                Unary::Exp => exp,
                Unary::Ln => ln,
                Unary::Ln1p => ln_1p,
                Unary::Sin => sin,
                Unary::Cos => cos,
                Unary::Sqrt => sqrt,
                Unary::Tanh => tanh,
                Unary::Sigmoid => sigmoid,
            };
            to.iter_mut().zip(a).for_each(|(to, &a)| *to = f(a));
        }
        fn binary(&self, f: Binary, to: &mut [T], a: &[T], b: &[T]) {
            Reference.binary(f, to, a, b);
        }
    }

    /// Two operands; results that overwrite, and one that is added.
    struct Row<T> {
        reads: [Vec<T>; 2],
        writes: Vec<Vec<T>>,
    }

    impl<T: Number> Operands<T> for Row<T> {
        fn width(&self) -> usize {
            self.reads[0].len()
        }
        fn load(&self, place: Place, units: Range<usize>) -> &[T] {
            let Place::Read(j) = place else { unreachable!("reads alone are loaded") };
            &self.reads[j][units]
        }
        fn store(&mut self, place: Place, units: Range<usize>) -> Option<(Accum, &mut [T])> {
            match place {
                Place::Write(j) => Some((Accum::Replace, &mut self.writes[j][units])),
                Place::Vector(j) => Some((Accum::Add, &mut self.writes[j][units])),
                _ => None,
            }
        }
    }

    /// Every function of `r₀`, `r₁` and 0.75, through registers that lie `apart` from each other.
    fn program(apart: u8) -> Program {
        let [a, b, c, d] = [0, 1, 2, 3].map(|r| r * apart);
        let load = |to, j| Op::Load { to, from: Place::Read(j) };
        let mut ops = vec![load(a, 0), load(b, 1), Op::Constant { to: c, value: 0.75 }];
        let unary = [
            Unary::Neg,
            Unary::Abs,
            Unary::Exp,
            Unary::Ln,
            Unary::Ln1p,
            Unary::Sin,
            Unary::Cos,
            Unary::Sqrt,
            Unary::Tanh,
            Unary::Sigmoid,
        ];
        for (j, f) in unary.into_iter().enumerate() {
            ops.extend([Op::Unary { f, to: d, a }, Op::Store { a: d, to: Place::Write(j) }]);
        }
        let binary = [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div, Binary::Max, Binary::Step];
        for (j, f) in binary.into_iter().enumerate() {
            ops.extend([Op::Binary { f, to: d, a, b }, Op::Binary { f, to: d, a: d, b: c }]);
            ops.push(Op::Store { a: d, to: Place::Write(10 + j) });
        }
        // A result in the place of its operand, one that is added, one that goes nowhere, a register that nothing was put into.
        ops.extend([Op::Unary { f: Unary::Tanh, to: a, a }, Op::Store { a, to: Place::Vector(16) }]);
        ops.extend([Op::Store { a, to: Place::Cotangent(0) }, Op::Store { a: 4 * apart, to: Place::Write(17) }]);
        Program::from_ops(ops)
    }

    fn check<T: Number>(simd: Simd, program: &Program, width: usize) {
        let read = |rate: f64| (0..width).map(|j| T::from_f64(1.0 + 0.9 * (rate * (j as f64 + 1.0)).sin())).collect();
        let row = || Row { reads: [read(0.7), read(1.3)], writes: vec![vec![T::from_f64(0.5); width]; 18] };
        let (mut found, mut wanted) = (row(), row());
        run(simd, program, &mut found);
        evaluate(&Elements, program, &mut wanted);
        for (j, (found, wanted)) in found.writes.iter().zip(&wanted.writes).enumerate() {
            for (unit, (f, w)) in found.iter().zip(wanted).enumerate() {
                assert!(
                    f.to_f64() == w.to_f64(),
                    "{:?}, write {j}, unit {unit} of {width}: {f:?}, not {w:?}",
                    simd.isa()
                );
            }
        }
    }

    #[test]
    fn a_program_has_the_bits_of_its_functions_on_every_instruction_set_wherever_a_unit_lies() {
        for simd in Simd::each() {
            // 5, 41 and 201 registers.
            for apart in [1, 10, 50] {
                let program = program(apart);
                for width in (0..40).chain([64, 96, 127, 128, 129, 513]) {
                    check::<f32>(simd, &program, width);
                    check::<f64>(simd, &program, width);
                }
            }
        }
    }
}
