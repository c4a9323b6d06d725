//! Slips in the form of a cell: numbers flow from or to another place. Widths stay, so that everything lies where it did.

use super::words::{factor, slot};
use rnn_kernels::{Cell, Factor, Form, Slot, Stage};

/// Each slip in words, and the cell that has it.
pub(super) fn slips(cell: &Cell) -> Vec<(String, Cell)> {
    let form = cell.form();
    let mut all = vec![];
    for (s, stage) in form.stages.iter().enumerate() {
        let changed = [products(form, stage), reads(form, stage), vectors(form, stage), writes(form, stage)].concat();
        for (what, stage) in changed {
            let mut wrong = form.clone();
            wrong.stages[s] = stage;
            // What would be no form is no slip: nobody could write it.
            let wrong = cell.with_form(wrong).ok();
            all.extend(wrong.map(|wrong| (format!("stage {s}, form: {what}"), wrong)));
        }
    }
    all
}

/// All slots of a cell but the input, whose width no form says.
fn slots(form: &Form) -> Vec<Slot> {
    let states = 0..form.states.len();
    let values = (0..form.values.len()).map(Slot::Value);
    let masks = (0..form.masks.len()).map(Slot::Mask);
    states.clone().map(Slot::Old).chain(states.map(Slot::New)).chain(values).chain(masks).collect()
}

/// Other slots of the same width.
fn others(form: &Form, of: Slot) -> Vec<Slot> {
    let width = |slot| match slot {
        Slot::X => None,
        Slot::Old(k) | Slot::New(k) => Some(form.states[k].1),
        Slot::Value(v) => Some(form.values[v]),
        Slot::Mask(m) => Some(form.masks[m].1),
    };
    slots(form).into_iter().filter(|&other| other != of && width(of).is_some() && width(other) == width(of)).collect()
}

/// A product into other gates, or of another slot.
fn products(form: &Form, stage: &Stage) -> Vec<(String, Stage)> {
    let mut all = vec![];
    for (p, product) in stage.products.iter().enumerate() {
        let name = format!("{} · {}", factor(form, product.factor), slot(form, product.of));
        let gates: Vec<usize> = product.into.clone().unwrap_or_else(|| (0..stage.gates.len()).collect());
        let gate = |g: usize| &stage.gates[g];
        let mut change = |what: String, of: Slot, into: Option<Vec<usize>>| {
            let mut stage = stage.clone();
            (stage.products[p].of, stage.products[p].into) = (of, into);
            all.push((format!("{name}{what}"), stage));
        };
        for at in 1..gates.len() {
            let mut into = gates.clone();
            into.swap(at - 1, at);
            let what = format!(": {} and {} are swapped", gate(gates[at - 1]), gate(gates[at]));
            change(what, product.of, Some(into));
        }
        for (at, &right) in gates.iter().enumerate() {
            for wrong in (0..stage.gates.len()).filter(|wrong| !gates.contains(wrong)) {
                let mut into = gates.clone();
                into[at] = wrong;
                change(format!(" goes into {} instead of {}", gate(wrong), gate(right)), product.of, Some(into));
            }
        }
        for of in others(form, product.of) {
            change(format!(" is of {}", slot(form, of)), of, product.into.clone());
        }
        let wrong = match product.factor {
            Factor::Sum { inner } => Some(Factor::Mean { inner }),
            Factor::Mean { inner } => Some(Factor::Sum { inner }),
            Factor::Part { at, of } if of > 1 => Some(Factor::Part { at: (at + 1) % of, of }),
            _ => None,
        };
        if let Some(wrong) = wrong {
            let mut stage = stage.clone();
            stage.products[p].factor = wrong;
            all.push((format!("{name} is {}", factor(form, wrong)), stage));
        }
    }
    all
}

/// Another slot to read, or two of them swapped.
fn reads(form: &Form, stage: &Stage) -> Vec<(String, Stage)> {
    let others = |of: Slot| others(form, of);
    changed(&stage.reads, others, |of| format!("read {}", slot(form, of)), |reads| stage.clone().reads(reads))
}

/// Another vector to read, or two of them swapped.
fn vectors(form: &Form, stage: &Stage) -> Vec<(String, Stage)> {
    let width = |v: usize| form.vectors[v].1;
    let others = |of: usize| (0..form.vectors.len()).filter(|&v| v != of && width(v) == width(of)).collect();
    let name = |v: usize| format!("vector {}", form.vectors[v].0);
    changed(&stage.vectors, others, name, |vectors| stage.clone().vectors(vectors))
}

/// Two writes swapped.
fn writes(form: &Form, stage: &Stage) -> Vec<(String, Stage)> {
    let name = |of: Slot| format!("write {}", slot(form, of));
    changed(&stage.writes, |_| vec![], name, |writes| stage.clone().writes(writes))
}

/// A list with one entry replaced by one that is not in it, or with neighbours swapped.
fn changed<E: Copy + PartialEq>(
    list: &[E],
    others: impl Fn(E) -> Vec<E>,
    name: impl Fn(E) -> String,
    stage: impl Fn(Vec<E>) -> Stage,
) -> Vec<(String, Stage)> {
    let mut all = vec![];
    for at in 1..list.len() {
        let mut wrong = list.to_vec();
        wrong.swap(at - 1, at);
        all.push((format!("{} and {} are swapped", name(list[at - 1]), name(list[at])), stage(wrong)));
    }
    for (at, &right) in list.iter().enumerate() {
        for other in others(right).into_iter().filter(|other| !list.contains(other)) {
            let mut wrong = list.to_vec();
            wrong[at] = other;
            all.push((format!("{} is {}", name(right), name(other)), stage(wrong)));
        }
    }
    all
}
