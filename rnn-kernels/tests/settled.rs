//! What the vectors of a stage alone settle is taken out of its programs, and nothing else; both parts together have the bits of
//! the whole.

use rnn_kernels::cells::{Feedthrough, Hgrn, IndRnn, Lru, LstmPeephole, MinGru, MinLstm, Phase, RgLru};
use rnn_kernels::program::{Place, Program, Settled};
use rnn_kernels::{Cell, Equations};
use std::collections::BTreeMap;

fn cell(equations: &impl Equations) -> Cell {
    Cell::new(equations).expect("a cell")
}

/// How many numbers forward and backward of a stage find settled.
fn counts(cell: &Cell, stage: usize) -> [usize; 2] {
    [cell.settled_forward(stage), cell.settled_backward(stage)].map(|settled| settled.map_or(0, Settled::count))
}

#[test]
fn functions_of_vectors_alone_are_settled() {
    // ln(1 + e^λ), and its derivative σ(λ) as well.
    assert_eq!(counts(&cell(&RgLru::default()), 0)[0], 1);
    // cos θ and sin θ.
    assert_eq!(counts(&cell(&Hgrn { phase: Phase::Learned }), 0), [2, 2]);
    // ρ cos φ, ρ sin φ and e^γ, however many functions they are made of.
    assert_eq!(counts(&cell(&Lru::default()), 0)[0], 3);
}

#[test]
fn what_reads_anything_else_is_not_settled_and_what_is_no_function_is_not_worth_it() {
    // y = … + D x.
    assert_eq!(counts(&cell(&Lru::default()), 1), [0, 0]);
    // 1 − γ.
    assert_eq!(counts(&cell(&Hgrn { phase: Phase::None }), 0), [0, 0]);
    for cell in [cell(&MinGru::default()), cell(&MinLstm::default()), cell(&LstmPeephole), cell(&IndRnn::default())] {
        assert_eq!(counts(&cell, 0), [0, 0], "{}", cell.form().name);
    }
}

/// A number for each place, the same whenever it is asked for.
fn at(place: Place) -> f64 {
    let (kind, j) = match place {
        Place::Pre(j) => (1, j),
        Place::Kept(j) => (2, j),
        Place::Read(j) => (3, j),
        Place::Vector(j) => (4, j),
        Place::Write(j) => (5, j),
        Place::Cotangent(j) => (6, j),
    };
    (f64::from(kind) * 12.9898 + j as f64 * 78.233).sin() * 0.9
}

/// What a program stores, in order.
fn stored(program: &Program, load: impl Fn(Place) -> f64) -> Vec<(Place, u64)> {
    let mut all = vec![];
    let step = |a: f64, b: f64| f64::from(u8::from(a > b));
    program.run(load, |place, v: f64| all.push((place, v.to_bits())), step);
    all
}

#[test]
fn both_parts_together_have_the_bits_of_the_whole() {
    let cells = [
        cell(&RgLru::default()),
        cell(&Hgrn { phase: Phase::Learned }),
        cell(&Lru::default()),
        cell(&Lru { feedthrough: Feedthrough::None }),
    ];
    let mut seen = 0;
    for cell in &cells {
        for (s, stage) in cell.form().stages.iter().enumerate() {
            let parts = [(cell.forward(s), cell.settled_forward(s)), (cell.backward(s), cell.settled_backward(s))];
            for (whole, settled) in parts {
                let Some(settled) = settled else { continue };
                let made: BTreeMap<usize, f64> = stored(settled.once(), at)
                    .into_iter()
                    .map(|(place, bits)| match place {
                        Place::Write(i) => (i, f64::from_bits(bits)),
                        _ => panic!("{}: {place:?} is no place for what is settled", cell.form().name),
                    })
                    .collect();
                assert!((0..settled.count()).eq(made.keys().copied()), "{}", cell.form().name);
                let found = stored(settled.each(), |place| match place {
                    Place::Vector(j) if j >= stage.vectors.len() => made[&(j - stage.vectors.len())],
                    _ => at(place),
                });
                assert_eq!(found, stored(whole, at), "{} stage {s}", cell.form().name);
                assert!(settled.each().ops().len() < whole.ops().len(), "{} stage {s}", cell.form().name);
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 8, "forward and backward of a stage of each cell");
}

#[test]
fn a_cell_with_other_programs_has_nothing_settled() {
    let own = cell(&Lru::default());
    let other = own.with_programs(0, own.forward(0).clone(), own.backward(0).clone());
    assert_eq!(counts(&other, 0), [0, 0]);
}
