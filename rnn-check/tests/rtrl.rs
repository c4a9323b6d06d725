//! `Σ_t d_y_tᵀ P_t` forward in time is what the backward passes of the kernels compute from the other end.

use rnn_check::case::{Case, Layout, Lengths, Problem, Upstream};
use rnn_check::drive::{Backward, Rig};
use rnn_check::number::{Modular, Number};
use rnn_check::oracle::{self, Cell, Cotangents, Dims, Gradient, Run, rtrl};
use rnn_check::planted::Plain;
use rnn_check::{Backend, Real};
use rnn_kernels::program::{Binary, Op, Unary};
use rnn_kernels::{Bias, Direction, Slot, Stage};

/// Both directions, rows of every length and with holes, with initial states and without, each number of biases.
const CASES: [Case; 7] = [
    Case { dims: dims(5, 2, 3, 4), seed: 11, ..Case::plain() },
    Case {
        direction: Direction::Reverse,
        dims: dims(4, 3, 2, 3),
        lengths: Lengths::Ragged,
        state: false,
        layout: Layout::Gaps,
        seed: 12,
        ..Case::plain()
    },
    Case { bias: Bias::Input, dims: dims(5, 3, 4, 2), lengths: Lengths::WithZero, seed: 13, ..Case::plain() },
    Case {
        bias: Bias::None,
        direction: Direction::Reverse,
        dims: dims(4, 3, 3, 5),
        lengths: Lengths::Window,
        seed: 14,
        ..Case::plain()
    },
    Case {
        direction: Direction::Reverse,
        dims: dims(5, 2, 1, 3),
        state: false,
        upstream: Upstream { y: false, h_n: true, c_n: true },
        seed: 15,
        ..Case::plain()
    },
    Case { dims: dims(6, 3, 2, 3), lengths: Lengths::Holes, seed: 16, ..Case::plain() },
    Case {
        direction: Direction::Reverse,
        dims: dims(6, 3, 3, 2),
        lengths: Lengths::Repeats,
        seed: 17,
        ..Case::plain()
    },
];

const fn dims(steps: usize, batch: usize, input: usize, hidden: usize) -> Dims {
    Dims { steps, batch, input, hidden }
}

/// Real-time recurrent learning of a problem.
fn forward_in_time<T: Real + Number>(problem: &Problem<T>) -> Gradient<T> {
    let Dims { steps, batch, hidden, .. } = problem.dims;
    let (states, others) = (batch * hidden, batch * problem.rest());
    let or_zero = |given: &Option<Vec<T>>, len| given.clone().unwrap_or_else(|| vec![T::ZERO; len]);
    let lengths: Vec<usize> = (0..batch).map(|n| problem.end(n)).collect();
    let run = Run {
        cell: problem.cell,
        dims: problem.dims,
        params: &problem.oracle_params(|p| p),
        x: &problem.dense_x(),
        lengths: Some(&lengths),
        holes: problem.holes.as_ref().map(|(skipped, held)| (&skipped[..], *held)),
        direction: match problem.direction {
            Direction::Forward => oracle::Direction::Forward,
            Direction::Reverse => oracle::Direction::Reverse,
        },
        h0: &or_zero(&problem.h0, states),
        c0: &or_zero(&problem.c0, others),
        masks: &problem.masks,
    };
    let up = Cotangents {
        d_y: &or_zero(&problem.d_y, steps * states),
        d_h_n: &or_zero(&problem.d_h_n, states),
        d_c_n: &or_zero(&problem.d_c_n, others),
    };
    rtrl(run, up)
}

/// Backpropagation through time of the kernels.
fn backward_in_time<T: Real>(problem: &Problem<T>) -> Backward<T>
where
    Plain: Backend<T>,
{
    let rig = Rig::new(&Plain);
    let forward = rig.forward(problem);
    rig.backward(problem, &forward.reserve)
}

/// Both gradients, block by block.
fn blocks<'a, T: Real>(
    problem: &Problem<T>,
    bptt: &'a Backward<T>,
    rtrl: &'a Gradient<T>,
) -> Vec<(String, &'a [T], &'a [T])> {
    let arrays = [
        ("d_x", &bptt.d_x, &rtrl.x),
        ("d_h0", &bptt.d_h0, &rtrl.h0),
        ("d_c0", &bptt.d_c0, &rtrl.c0),
        ("d_params", &bptt.d_params, &rtrl.params),
    ];
    for (name, bptt, rtrl) in arrays {
        assert_eq!(bptt.len(), rtrl.len(), "{} {name}", problem.cell.name());
    }
    let spec = problem.spec();
    let params = spec.blocks().iter().map(|block| {
        let at = block.range.clone();
        (format!("d_{}", block.name), &bptt.d_params[at.clone()], &rtrl.params[at])
    });
    let given = arrays.into_iter().take(3).filter(|(_, bptt, _)| !bptt.is_empty());
    params.chain(given.map(|(name, bptt, rtrl)| (name.to_string(), &bptt[..], &rtrl[..]))).collect()
}

/// What was compared.
#[derive(Debug, Default, PartialEq, Eq)]
struct Compared {
    cells: usize,
    blocks: usize,
    numbers: usize,
}

impl Compared {
    /// All there is: the blocks of parameters, `x`, `h0`, and `c0` where there is one, of every case of these cells.
    fn all(cells: &[Cell]) -> Self {
        let mut all = Self { cells: cells.len(), ..Self::default() };
        for problem in cells.iter().flat_map(|&cell| CASES.map(|case| Case { cell, ..case }.problem::<f64>())) {
            let Dims { steps, batch, input, hidden } = problem.dims;
            let others = problem.cell.kernel().form().states.len() - 1;
            all.blocks += problem.spec().blocks().len() + 2 + usize::from(others > 0);
            all.numbers += problem.spec().params_len() + batch * (steps * input + hidden + problem.rest());
        }
        all
    }
}

/// Every cell there is.
fn cells() -> Vec<Cell> {
    Cell::ALL.iter().chain(Cell::FAMILIES).copied().collect()
}

/// Whether the loss depends on a block: on every one but an `h0` that no step reads, as that of a Jordan network.
fn is_read(cell: Cell, block: &str) -> bool {
    let old = Slot::Old(0);
    let reads = |stage: &Stage| stage.reads.contains(&old) || stage.products.iter().any(|product| product.of == old);
    block != "d_h0" || cell.kernel().form().stages.iter().any(reads)
}

/// Whether a block is that of clocks, which are flat around whole numbers and begin anew whatever they were.
fn is_clocks(cell: Cell, block: &str) -> bool {
    block == "d_c0" && cell.kernel().form().name == "clockwork"
}

/// Every block of every case by both, to `agree`.
fn compare<T: Real + Number>(cells: &[Cell], mut agree: impl FnMut(Cell, String, &[T], &[T])) -> Compared
where
    Plain: Backend<T>,
{
    let mut compared = Compared::default();
    for &cell in cells {
        for case in CASES.map(|case| Case { cell, ..case }) {
            let problem = case.problem::<T>();
            let (bptt, rtrl) = (backward_in_time(&problem), forward_in_time(&problem));
            for (block, bptt, rtrl) in blocks(&problem, &bptt, &rtrl) {
                let nonzero = rtrl.iter().any(|&d| d != T::ZERO);
                let may_be_zero = !is_read(cell, &block) || is_clocks(cell, &block);
                assert!(nonzero || may_be_zero, "{case}: {block} is 0, which compares nothing");
                agree(cell, format!("{case}: {block}"), bptt, rtrl);
                compared.numbers += rtrl.len();
                compared.blocks += 1;
            }
        }
        compared.cells += 1;
    }
    compared
}

/// Both are the same sum of products, of order one and in f64, in two orders: at most a few thousand roundings of 2⁻⁵³, nearly all
/// of terms far below the largest element.
const TOLERANCE: f64 = 1e-12;

#[test]
fn rtrl_and_bptt_give_the_same_gradients_of_every_cell() {
    let cells = cells();
    let mut worst = vec![0.0f64; cells.len()];
    let compared = compare::<f64>(&cells, |cell, place, bptt, rtrl| {
        let largest = rtrl.iter().fold(0.0f64, |m, d| m.max(d.abs()));
        assert!(largest.is_finite(), "{place} overflows");
        for (i, (bptt, rtrl)) in bptt.iter().zip(rtrl).enumerate() {
            let error = (bptt - rtrl).abs();
            assert!(
                error <= TOLERANCE * largest,
                "{place}[{i}] is {bptt:e} by BPTT and {rtrl:e} by RTRL, {error:e} apart; the largest is {largest:e}"
            );
            let worst = &mut worst[cells.iter().position(|&c| c == cell).expect("one of them")];
            *worst = worst.max(if error > 0.0 { error / largest } else { 0.0 });
        }
    });
    cells.iter().zip(worst).for_each(|(cell, worst)| println!("{:<44} {worst:.1e}", cell.name()));
    println!("{compared:?}");
    assert_eq!(compared, Compared::all(&cells));
    // Of the first eight 53 each time with both biases, five times, 45 with one and 37 with none.
    assert_eq!(Compared::all(&Cell::ALL).blocks, 347);
}

/// Whether the equations are quotients of polynomials modulo a prime, where σ and tanh are: no kink, root, exponential, logarithm.
fn is_rational(cell: Cell) -> bool {
    let cell = cell.kernel();
    let mut ops = (0..cell.form().stages.len()).flat_map(|stage| cell.forward(stage).ops());
    ops.all(|op| match op {
        Op::Unary { f, .. } => matches!(f, Unary::Neg | Unary::Tanh | Unary::Sigmoid),
        Op::Binary { f, .. } => *f != Binary::Max,
        _ => true,
    })
}

#[test]
fn rtrl_and_bptt_are_equal_modulo_a_prime() {
    let cells: Vec<Cell> = cells().into_iter().filter(|&cell| is_rational(cell)).collect();
    let compared = compare::<Modular>(&cells, |_, place, bptt, rtrl| {
        let apart = bptt.iter().zip(rtrl).position(|(bptt, rtrl)| bptt != rtrl);
        assert!(apart.is_none(), "{place}[{}] differs", apart.unwrap_or(0));
    });
    println!("{compared:?}");
    assert_eq!(compared, Compared::all(&cells));
    assert!(compared.cells >= 7, "all of the first eight but relu");
}
