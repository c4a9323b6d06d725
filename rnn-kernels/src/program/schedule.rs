//! A graph in order: what is needed for the results, registers used again as soon as they are free.

use super::{Graph, Node, Op, Place, Program, Register};
use crate::equations::Fault;
use alloc::vec;
use alloc::vec::Vec;

/// One step of a program before it has registers.
#[derive(Clone, Copy)]
enum Step {
    Compute(usize),
    Store(usize, Place),
}

impl Program {
    /// A program that stores these nodes at these places.
    pub(crate) fn new(graph: &Graph, results: &[(Place, usize)]) -> Result<Self, Fault> {
        let nodes = graph.nodes();
        let steps = in_order(&nodes, results);
        let mut last_use = vec![0; nodes.len()];
        for (at, step) in steps.iter().enumerate() {
            step.uses(&nodes).for_each(|id| last_use[id] = at);
        }
        let (mut register, mut free) = (vec![0; nodes.len()], Vec::new());
        let mut program = Self::default();
        for (at, &step) in steps.iter().enumerate() {
            // A result may take the register of an operand: lanes are read before they are written.
            free.extend(
                step.uses(&nodes).filter(|&id| last_use[id] == at).map(|id| register[id]).collect::<Unique>().0,
            );
            match step {
                Step::Store(id, to) => program.ops.push(Op::Store { a: of(register[id]), to }),
                Step::Compute(id) => {
                    let to = free.pop().unwrap_or_else(|| {
                        program.registers += 1;
                        program.registers - 1
                    });
                    register[id] = to;
                    program.ops.push(op(nodes[id], of(to), |id| of(register[id])));
                }
            }
        }
        if program.registers > Self::MOST_REGISTERS {
            return Err(Fault::TooLarge { registers: program.registers, most: Self::MOST_REGISTERS });
        }
        Ok(program)
    }
}

/// Registers without repetition: an operand may stand twice in an instruction.
struct Unique(Vec<usize>);

impl FromIterator<usize> for Unique {
    fn from_iter<I: IntoIterator<Item = usize>>(registers: I) -> Self {
        let mut unique = Vec::new();
        registers.into_iter().for_each(|r| {
            if !unique.contains(&r) {
                unique.push(r);
            }
        });
        Self(unique)
    }
}

/// Too large a register is refused when all are known.
fn of(register: usize) -> Register {
    Register::try_from(register).unwrap_or(Register::MAX)
}

impl Step {
    fn uses(self, nodes: &[Node]) -> impl Iterator<Item = usize> {
        let (stored, computed) = match self {
            Step::Store(id, _) => (Some(id), None),
            Step::Compute(id) => (None, Some(nodes[id].operands())),
        };
        stored.into_iter().chain(computed.into_iter().flatten())
    }
}

fn op(node: Node, to: Register, register: impl Fn(usize) -> Register) -> Op {
    match node {
        Node::Constant(bits) => Op::Constant { to, value: f64::from_bits(bits) },
        Node::Load(from) => Op::Load { to, from },
        Node::Unary(f, a) => Op::Unary { f, to, a: register(a) },
        Node::Binary(f, a, b) => Op::Binary { f, to, a: register(a), b: register(b) },
        Node::Cut(..) => unreachable!("cuts are resolved before a program is made"),
    }
}

/// Depth first from each result, so that values live shortly. Pre-activations are loaded before anything is stored, since
/// what is kept takes their places.
fn in_order(nodes: &[Node], results: &[(Place, usize)]) -> Vec<Step> {
    let mut needed = vec![false; nodes.len()];
    results.iter().for_each(|&(_, id)| visit(id, nodes, &mut needed, &mut |_| ()));
    let (mut done, mut steps) = (vec![false; nodes.len()], Vec::new());
    for id in (0..nodes.len()).filter(|&id| needed[id] && matches!(nodes[id], Node::Load(Place::Pre(_)))) {
        visit(id, nodes, &mut done, &mut |id| steps.push(Step::Compute(id)));
    }
    for &(place, id) in results {
        visit(id, nodes, &mut done, &mut |id| steps.push(Step::Compute(id)));
        steps.push(Step::Store(id, place));
    }
    steps
}

fn visit(id: usize, nodes: &[Node], done: &mut [bool], each: &mut impl FnMut(usize)) {
    if !done[id] {
        done[id] = true;
        nodes[id].operands().for_each(|operand| visit(operand, nodes, done, each));
        each(id);
    }
}
