//! What the vectors of a stage settle is computed when weights are packed: passes have the bits they have without that.

use crate::case::Case;
use rnn_backend_faer::Faer;
use rnn_backend_faer::simd::Isa;
use rnn_kernels::cells::{Hgrn, Lru, Phase, RgLru};
use rnn_kernels::{Backend, Cell, Direction, Equations, Scalar, Size, Spec};

/// A cell of which something is settled, and its equal of which nothing is.
fn pair(equations: &impl Equations) -> [Cell; 2] {
    let cell = Cell::new(equations).expect("a cell");
    assert!(cell.settled_forward(0).is_some() && cell.settled_backward(0).is_some());
    let plain = cell.with_programs(0, cell.forward(0).clone(), cell.backward(0).clone());
    assert!(plain.settled_forward(0).is_none() && plain.settled_backward(0).is_none());
    [cell, plain]
}

fn same_bits<T: Scalar>(backend: &Faer, [cell, plain]: &[Cell; 2])
where
    Faer: Backend<T>,
{
    for (hidden, lengths) in [(5, None), (21, Some(&[6, 3, 0, 1][..])), (70, None)] {
        let case = |cell| {
            let spec = Spec::<T>::new(cell, Size::new(hidden, hidden)).expect("sizes that fit");
            Case { spec, steps: 6, rows: 4, lengths, direction: Direction::Reverse }
        };
        let (settled, plain) = (case(cell), case(plain));
        let (at, name) = (settled.drawn(), &cell.form().name);
        let forward = settled.forward(backend, &at);
        assert!(forward == plain.forward(backend, &at), "{name} H {hidden} {:?}", backend.isa());
        assert!(settled.infer(backend, &at) == plain.infer(backend, &at), "{name} H {hidden} {:?}", backend.isa());
        let gradient = settled.backward(backend, &at, &forward[2]);
        assert!(gradient == plain.backward(backend, &at, &forward[2]), "{name} H {hidden} {:?}", backend.isa());
    }
}

#[test]
fn what_vectors_settle_changes_no_bit_of_a_pass_on_any_instruction_set() {
    let learned = Hgrn { phase: Phase::Learned };
    for cells in [pair(&Lru::default()), pair(&RgLru::default()), pair(&learned)] {
        for backend in Isa::ALL.into_iter().filter_map(|isa| Faer::sequential().with_isa(isa)) {
            same_bits::<f32>(&backend, &cells);
            same_bits::<f64>(&backend, &cells);
        }
    }
}
