//! Slips are mistakes: each changes a result, descriptions tell them apart, and other cells are computed as they are.

use super::super::plain::Plain;
use super::super::trial::differ;
use super::{Slipped, slips, trials};
use rnn_kernels::{Activation, Cell, Equations, Form, GruReset, Number, Slot, Stage, Unit};
use std::collections::BTreeSet;

/// A cell with peepholes, a mask, a bound on `h` and two stages.
#[derive(Debug)]
struct Peephole;

impl Equations for Peephole {
    fn form(&self) -> Form {
        let gates = Stage::new(["i", "f", "g"]).reads([Slot::Old(1), Slot::Mask(0)]).vectors([0, 1]);
        let output = Stage::new(["o"]).reads([Slot::New(1)]);
        let form = Form::new("peephole").states(["h", "c"]).mask("dropped").vector("peep_i").vector("peep_f");
        form.stage(gates.writes([Slot::New(1)])).stage(output)
    }

    fn unit<S: Number>(&self, stage: usize, u: &mut Unit<'_, S>) {
        if stage == 1 {
            let ([o], [c]) = (u.pre(), u.reads());
            let [o] = u.keep([o.sigmoid()]);
            u.write([(o * c.tanh()).max(S::constant(-0.125))]);
            return;
        }
        let ([i, f, g], [c, dropped], [peep_i, peep_f]) = (u.pre(), u.reads(), u.vectors());
        let [i, f, g] = u.keep([(i + peep_i * c).sigmoid(), (f + peep_f * c).sigmoid(), g.tanh()]);
        u.write([f * c + i * g * dropped]);
    }
}

fn peephole() -> Cell {
    Cell::new(&Peephole).expect("a cell")
}

fn built_in() -> Vec<Cell> {
    let elman = [Activation::Tanh, Activation::Relu, Activation::Sigmoid, Activation::Identity].map(Cell::elman);
    let gated = [Cell::lstm(), Cell::gru(GruReset::After), Cell::gru(GruReset::Before)];
    elman.into_iter().chain(gated).collect()
}

#[test]
fn every_slip_changes_a_result_and_the_one_that_does_not_is_known() {
    let mut equivalent = vec![];
    for cell in built_in().into_iter().chain([peephole()]) {
        let all = slips(&cell);
        let descriptions: BTreeSet<&str> = all.iter().map(|slip| &slip.description[..]).collect();
        assert_eq!(descriptions.len(), all.len(), "two slips of {:?} have one description", cell.known());
        println!("{:?} {}: {} slips", cell.known(), cell.form().name, all.len());
        for slip in &all {
            let changes = trials(cell.form()).iter().any(|trial| {
                let both = (trial.run(&cell, &Plain), trial.run(&cell, &Slipped::new(&cell, slip)));
                let (Ok(right), Ok(wrong)) = both else { panic!("{}: {:?}", slip.description, both.1) };
                differ(&right, &wrong, 0.0)
            });
            assert_eq!(changes, slip.equivalent.is_none(), "{}", slip.description);
            if slip.equivalent.is_some() {
                equivalent.push((cell.known(), slip.description.clone()));
            }
        }
    }
    // Its pre-activation lies where h is stored, and is h.
    let identity = Cell::elman(Activation::Identity).known();
    assert_eq!(equivalent, [(identity, "elman, stage 0, forward, instruction 1, for h: it is not stored".into())]);
}

#[test]
fn a_cell_of_the_user_has_slips_in_its_vectors_masks_and_bounds() {
    let all = slips(&peephole());
    for part in [
        "stage 0, form: vector peep_i and vector peep_f are swapped",
        "stage 0, form: read c_prev and read dropped are swapped",
        "stage 0, form: read dropped is read h_prev",
        "stage 1, form: weight_hh · h_prev is of c",
        "stage 1, form: read c is read c_prev",
        "for h: max (σ pre_o · tanh c), -0.125 is (σ pre_o · tanh c)",
        "for d_peep_f: it is not stored",
    ] {
        assert!(all.iter().any(|slip| slip.description.ends_with(part)), "no slip is “{part}”");
    }
}

#[test]
fn a_slip_of_one_cell_is_none_of_another() {
    let lstm = Cell::lstm();
    let slip = &slips(&lstm)[0];
    for cell in built_in().into_iter().chain([peephole()]) {
        for trial in trials(cell.form()) {
            let (right, slipped) = (trial.run(&cell, &Plain), trial.run(&cell, &Slipped::new(&lstm, slip)));
            let (Ok(right), Ok(slipped)) = (right, slipped) else { panic!("{} does not run", cell.form().name) };
            assert_eq!(differ(&right, &slipped, 0.0), cell.known() == lstm.known(), "{}", cell.form().name);
        }
    }
}
