//! Slips in the programs of a stage: one instruction is another one.

use super::words::{Words, binary, unary};
use rnn_kernels::program::{Binary, Op, Place, Program, Register, Unary};
use rnn_kernels::{Cell, Stage};

/// Each slip in words, and the cell that has it.
pub(super) fn slips(cell: &Cell) -> Vec<(String, Cell)> {
    let mut all = vec![];
    for (s, stage) in cell.form().stages.iter().enumerate() {
        let programs = [cell.forward(s), cell.backward(s)];
        for (name, back) in [("forward", false), ("pullback", true)] {
            let words = Words { form: cell.form(), stage, back };
            let of = of_program(programs[usize::from(back)], &words);
            all.extend(of.into_iter().map(|(what, program)| {
                let [forward, backward] = programs.map(Program::clone);
                let wrong = match back {
                    true => cell.with_programs(s, forward, program),
                    false => cell.with_programs(s, program, backward),
                };
                (format!("stage {s}, {name}, {what}"), wrong)
            }));
        }
    }
    all
}

/// Each slip of a program.
fn of_program(program: &Program, words: &Words<'_>) -> Vec<(String, Program)> {
    let ops = program.ops();
    let fresh = Register::try_from(program.registers()).ok();
    let mut all = vec![];
    for (at, (&op, [a, b])) in ops.iter().zip(words.operands(ops)).enumerate() {
        let target = ops[at..].iter().find_map(|op| match op {
            Op::Store { to, .. } => Some(words.stored(*to)),
            _ => None,
        });
        for (what, instead) in instead_of(op, [&a, &b], words, fresh) {
            let changed = [&ops[..at], &instead, &ops[at + 1..]].concat();
            let place = target.as_deref().unwrap_or("nothing");
            all.push((format!("instruction {at}, for {place}: {what}"), Program::from_ops(changed)));
        }
    }
    all
}

/// What may stand in the place of an instruction, each in words; `fresh` is a register that the program does not use.
fn instead_of(op: Op, [a, b]: [&str; 2], words: &Words<'_>, fresh: Option<Register>) -> Vec<(String, Vec<Op>)> {
    match op {
        Op::Constant { to, value } => {
            let other = if value == 0.0 { 0.25 } else { value * (1.0 + 2f64.powi(-10)) };
            vec![(format!("{value} is {other}"), vec![Op::Constant { to, value: other }])]
        }
        Op::Load { to, from } => {
            let next = next(from, words.stage);
            let is = |next: Place| (format!("{a} is {}", words.loaded(next)), vec![Op::Load { to, from: next }]);
            next.into_iter().map(is).collect()
        }
        Op::Unary { f, to, a: operand } => {
            let other = match f {
                Unary::Tanh => Some(Unary::Sigmoid),
                Unary::Sigmoid => Some(Unary::Tanh),
                Unary::Sin => Some(Unary::Cos),
                Unary::Cos => Some(Unary::Sin),
                _ => None,
            };
            let replaced =
                |other| (format!("{} is {}", unary(f, a), unary(other, a)), Op::Unary { f: other, to, a: operand });
            let left_out = (format!("{} is {a}", unary(f, a)), copy(to, operand));
            other.map(replaced).into_iter().chain([left_out]).map(|(what, op)| (what, vec![op])).collect()
        }
        Op::Binary { f, to, a: first, b: second } => {
            let right = binary(f, a, b);
            let is = |wrong: String, op| (format!("{right} is {wrong}"), vec![op]);
            let other = |f| is(binary(f, a, b), Op::Binary { f, to, a: first, b: second });
            let swapped = || is(binary(f, b, a), Op::Binary { f, to, a: second, b: first });
            let operand = |name: &str, r| is(name.into(), copy(to, r));
            let mut all = match f {
                Binary::Add => vec![other(Binary::Sub)],
                Binary::Sub => vec![other(Binary::Add), swapped()],
                Binary::Mul => vec![other(Binary::Add)],
                Binary::Div => vec![other(Binary::Mul), swapped()],
                Binary::Max => vec![operand(a, first), operand(b, second)],
                Binary::Step => vec![swapped()],
            };
            // With one operand twice, swapping is none.
            all.retain(|(_, ops)| ops[0] != op);
            all
        }
        Op::Store { a: stored, to } => {
            let mut all = vec![("it is not stored".into(), vec![])];
            if let Some(fresh) = fresh {
                let negated = [Op::Unary { f: Unary::Neg, to: fresh, a: stored }, Op::Store { a: fresh, to }];
                all.push((format!("{b} is −{a}"), negated.into()));
            }
            all
        }
    }
}

/// `to = a`, which no instruction says as it stands: the larger of `a` and `a`.
fn copy(to: Register, a: Register) -> Op {
    Op::Binary { f: Binary::Max, to, a, b: a }
}

/// The place after this one among those of its kind.
fn next(place: Place, stage: &Stage) -> Option<Place> {
    let [gates, reads, vectors, writes] =
        [stage.gates.len(), stage.reads.len(), stage.vectors.len(), stage.writes.len()];
    let other = match place {
        Place::Pre(j) => Place::Pre((j + 1) % gates),
        Place::Kept(j) => Place::Kept((j + 1) % gates),
        Place::Read(j) => Place::Read((j + 1) % reads),
        Place::Vector(j) => Place::Vector((j + 1) % vectors),
        Place::Write(j) => Place::Write((j + 1) % writes),
        Place::Cotangent(j) => Place::Cotangent((j + 1) % writes),
    };
    (other != place).then_some(other)
}
