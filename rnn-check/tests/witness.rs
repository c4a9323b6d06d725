//! Cells that the oracle interprets, against the equations of their sources and values of other libraries.

use rnn_check::case::{Case, Fill, Stream, X, covering};
use rnn_check::drive::Rig;
use rnn_check::oracle::{Cell, Dims, Direction, Params, Run, sequence, step};
use rnn_check::planted::Plain;
use rnn_check::{Claims, Plan, check_cell};
use rnn_kernels::Bias;
use serde::Deserialize;

/// The largest difference between the two, both in f64.
fn apart(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()))
}

#[test]
fn a_step_of_an_interpreted_cell_is_the_equation_of_its_source() {
    let mut witnessed = 0;
    for &cell in Cell::ALL.iter().chain(Cell::FAMILIES) {
        let Cell::Own(own) = cell else { continue };
        let witness = own.witness().expect("every cell of the list has one");
        for (seed, biases) in (0..50).zip([0, 1, 2].into_iter().cycle()) {
            let dims = Dims { steps: 1, batch: 1, input: if cell.reads_input() { 4 } else { 3 }, hidden: 4 };
            let mut stream = Stream::new(seed, 1);
            let mut draw = |len: usize| (0..len).map(|_| 2.0 * stream.signed()).collect::<Vec<f64>>();
            let flat = draw(Params::<f64>::len(cell, dims, biases));
            let (x, h, mut c) = (draw(dims.input), draw(dims.hidden), draw(cell.rest(dims.hidden)));
            // A third state may be a sum of positive weights, which an equation divides by.
            c.iter_mut().skip(dims.hidden).for_each(|state| *state = state.abs());
            let masks = draw(cell.masks(dims.hidden));
            let params = Params::from_flat(cell, dims, biases, &flat);
            let got = step(cell, dims, &params, &x, &h, &c, &masks);
            let [want_h, want_c] = witness(dims, &flat, &x, &h, &c, &masks);
            // Sums of up to eleven products of numbers below 4, and functions of slope below 1; a divisor makes all of a row larger.
            let scale = |want: &[f64]| want.iter().fold(1.0, |most: f64, v| most.max(v.abs()));
            let near = |got: &[f64], want: &[f64]| apart(got, want) < 1e-13 * scale(want);
            assert!(near(&got.h, &want_h) && near(&got.c, &want_c), "{cell:?} seed {seed}");
        }
        witnessed += 1;
    }
    assert_eq!(witnessed, 1 + Cell::FAMILIES.len());
}

/// What another library computed.
#[derive(Deserialize)]
struct Golden {
    steps: usize,
    rows: usize,
    input: usize,
    hidden: usize,
    params: Vec<f64>,
    x: Vec<f64>,
    h0: Vec<f64>,
    c0: Vec<f64>,
    y: Vec<f64>,
    h_n: Vec<f64>,
    c_n: Vec<f64>,
}

#[test]
fn onnx_computes_the_lstm_with_peepholes_alike() {
    let golden = include_str!("../goldens/onnx/lstm_peephole.json");
    let Golden { steps, rows, input, hidden, params, x, h0, c0, y, h_n, c_n } =
        serde_json::from_str(golden).expect("its own format");
    let cell = Cell::Own(&rnn_check::oracle::witness::LSTM_PEEPHOLE);
    let dims = Dims { steps, batch: rows, input, hidden };
    let case = Case { cell, dims, bias: Bias::Both, fill: Fill::Uniform, ..Case::plain() };
    let mut problem = case.problem::<f64>();
    (problem.params, problem.x) = (params.clone(), X::Dense(x.clone()));
    (problem.h0, problem.c0) = (Some(h0.clone()), Some(c0.clone()));
    let ours = Rig::new(&Plain).forward(&problem);
    let oracle = sequence(Run {
        cell,
        dims,
        params: &Params::from_flat(cell, dims, 2, &params),
        x: &x,
        lengths: None,
        holes: None,
        direction: Direction::Forward,
        h0: &h0,
        c0: &c0,
        masks: &[],
    });
    for (got, want) in
        [(&ours.y, &y), (&ours.h_n, &h_n), (&ours.c_n, &c_n), (&oracle.y, &y), (&oracle.h_n, &h_n), (&oracle.c_n, &c_n)]
    {
        // Five steps of a dozen roundings each, of numbers of order one.
        assert!(apart(got, want) < 1e-14, "{}", apart(got, want));
    }
}

#[test]
fn every_cell_has_cases_and_a_cell_that_joins_the_list_is_checked_by_it() {
    for cell in Cell::ALL {
        let cases = covering().iter().filter(|case| case.cell == cell).count();
        assert!(cases >= 11, "{cell:?} has {cases} cases");
    }
}

#[test]
fn a_cell_of_ones_own_is_checked_alone() {
    let cell = rnn_kernels::Cell::new(&rnn_kernels::cells::LstmPeephole).expect("a cell");
    let plan = Plan::quick().only("oracle::");
    let report = check_cell::<f64>(&cell, &Plain, &Claims::new(), &plan);
    report.assert_passes();
    let cases = covering().len().div_ceil(plan.stride) + plan.random as usize;
    assert!(report.laws.iter().all(|law| law.cases + law.skipped == cases), "{report}");
}
