//! Units of a single long row, shared out to threads for a whole pass where none sees another: the same bits, whoever computes them.

use crate::case::Case;
use rnn_backend_faer::Faer;
use rnn_kernels::cells::{Candidate, Hgrn, IndRnn, Lru, MinGru, MinLstm, Phase, RgLru};
use rnn_kernels::{Backend, Cell, Direction, Equations, Scalar, Size, Spec};

fn cell(equations: impl Equations) -> Cell {
    Cell::new(&equations).expect("a cell")
}

fn cells() -> [Cell; 8] {
    [
        cell(MinGru::default()),
        cell(MinGru { candidate: Candidate::Identity }),
        cell(MinLstm::default()),
        cell(RgLru::default()),
        cell(Hgrn { phase: Phase::None }),
        cell(Hgrn { phase: Phase::Learned }),
        cell(IndRnn::default()),
        // Its output sees all units of its state.
        cell(Lru::default()),
    ]
}

fn check<T: Scalar>(many: &[Faer], hidden: usize, lengths: Option<&[usize]>)
where
    Faer: Backend<T>,
{
    for cell in &cells() {
        for direction in [Direction::Forward, Direction::Reverse] {
            let spec = Spec::<T>::new(cell, Size::new(hidden, hidden)).expect("sizes that fit");
            let case = Case { spec, steps: 70, rows: 1, lengths, direction };
            let (at, one, name) = (case.drawn(), Faer::sequential(), &cell.form().name);
            let forward = case.forward(&one, &at);
            let (gradient, inferred) = (case.backward(&one, &at, &forward[2]), case.infer(&one, &at));
            for many in many {
                let threads = many.threads();
                assert!(case.forward(many, &at) == forward, "{name} H {hidden}, {threads} threads, forward");
                assert!(case.infer(many, &at) == inferred, "{name} H {hidden}, {threads} threads, inference");
                let found = case.backward(many, &at, &forward[2]);
                assert!(found == gradient, "{name} H {hidden}, {threads} threads, backward");
            }
        }
    }
}

#[test]
fn a_single_long_row_has_the_same_bits_on_any_number_of_threads() {
    let many = [2, 3].map(Faer::parallel);
    // Shares for two threads; for three, and a rest; too few units to share.
    for hidden in [256, 405, 40] {
        check::<f32>(&many, hidden, None);
        check::<f64>(&many, hidden, None);
    }
    check::<f32>(&many, 256, Some(&[51]));
}
