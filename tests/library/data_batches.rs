//! Padded batches are the rows themselves: a network sees what it would see row by row.

use crate::common::{naive, values};
use allocation_counter::measure;
use recurrent::data::{Input, Label, Padded, TargetKind};
use recurrent::network::{Config, RecurrentSpec};
use recurrent::rng::Rng;
use recurrent::{Batch, Error, IGNORE, Loss, Sequences, Targets, Workspace};

const KINDS: [TargetKind; 7] = [
    TargetKind::Nothing,
    TargetKind::NextStep,
    TargetKind::ClassPerStep,
    TargetKind::ValuesPerStep(3),
    TargetKind::ClassPerRow,
    TargetKind::ValuesPerRow(3),
    TargetKind::Labels,
];

/// Of which half as many as steps can always be read.
const LABELS: [u32; 3] = [2, 1, 1];

/// Rows of these lengths with targets of a kind; features are 2 wide, and symbols, classes and `O` are 3.
fn data(kind: TargetKind, is_symbols: bool, lengths: &[usize]) -> Sequences<f64> {
    let mut data = match is_symbols {
        true => Sequences::symbols(kind),
        false => Sequences::features(2, kind),
    }
    .unwrap();
    let mut rng = Rng::seed(8);
    for (seed, &steps) in (0..).zip(lengths) {
        let mut classes = |count| (0..count).map(|_| u32::try_from(rng.below(3)).unwrap()).collect::<Vec<_>>();
        let (x, classes, symbols) = (values(seed, 2 * steps), classes(steps), classes(steps));
        let y = values(100 + seed, 3 * steps.max(1));
        let input = if is_symbols { Input::Symbols(&symbols) } else { Input::Features(&x) };
        let label = match kind {
            TargetKind::Nothing | TargetKind::NextStep => Label::Nothing,
            TargetKind::ClassPerStep => Label::Classes(&classes),
            TargetKind::ValuesPerStep(_) => Label::Values(&y[..3 * steps]),
            TargetKind::ClassPerRow => Label::Class(classes[0]),
            TargetKind::ValuesPerRow(_) => Label::Values(&y[..3]),
            TargetKind::Labels => Label::Labels(&LABELS[..steps / 2]),
        };
        data.push_labelled(input, label).unwrap();
    }
    data
}

/// A network for such rows.
fn config(kind: TargetKind, is_symbols: bool) -> Config {
    let config = if is_symbols { Config::one_hot(3) } else { Config::features(2) };
    let config = config.recurrent(RecurrentSpec::lstm(4));
    let config = match kind {
        TargetKind::ClassPerRow | TargetKind::ValuesPerRow(_) => config.last_step(),
        _ => config,
    };
    match kind {
        TargetKind::ClassPerStep | TargetKind::ClassPerRow => config.softmax(3),
        TargetKind::NextStep if is_symbols => config.softmax(3),
        TargetKind::NextStep => config.linear(2),
        TargetKind::Labels => config.ctc(3),
        _ => config.linear(3),
    }
}

#[test]
fn a_small_batch_of_symbols_is_laid_out_in_time_order() {
    let mut data = Sequences::<f64>::symbols(TargetKind::NextStep).unwrap();
    for row in [&[1, 2, 3, 4][..], &[5, 6], &[7]] {
        data.push(Input::Symbols(row)).unwrap();
    }
    let mut padded = Padded::new();
    padded.load(&data, &[1, 0, 2]).unwrap();
    assert_eq!((padded.steps(), padded.rows(), padded.lengths()), (3, 3, &[1, 3, 0][..]));
    let Ok(Targets::Classes(classes)) = padded.targets() else { panic!("classes") };
    assert_eq!(classes, [6, 2, IGNORE, IGNORE, 3, IGNORE, IGNORE, 4, IGNORE]);
    let mut each = Sequences::<f64>::features(1, TargetKind::NextStep).unwrap();
    each.push(Input::Features(&[1.0, 2.0])).unwrap();
    each.push(Input::Features(&[3.0, 4.0, 5.0])).unwrap();
    padded.load(&each, &[0, 1]).unwrap();
    let Ok(Targets::Values(values)) = padded.targets() else { panic!("values") };
    assert_eq!(values, [2.0, 4.0, 0.0, 5.0]);
}

#[test]
fn the_loss_of_a_batch_is_the_sum_of_the_losses_of_its_rows() {
    let lengths = [4, 1, 6, 3, 6, 2];
    for (kind, is_symbols) in KINDS.into_iter().skip(1).flat_map(|kind| [(kind, false), (kind, true)]) {
        let (data, network) = (data(kind, is_symbols, &lengths), naive(&config(kind, is_symbols), 1));
        let (mut padded, mut workspace) = (Padded::new(), Workspace::new());
        let mut loss = |rows: &[usize]| {
            padded.load(&data, rows).unwrap();
            let (batch, targets) = (padded.batch().unwrap(), padded.targets().unwrap());
            let mut state = network.state(rows.len()).unwrap();
            network.evaluate(&mut workspace, &batch, targets, &mut state).unwrap()
        };
        for rows in [&[0, 1, 2, 3, 4, 5][..], &[3, 1], &[4, 2], &[1, 1, 5]] {
            let mut sum = Loss::default();
            rows.iter().for_each(|&row| sum += loss(&[row]));
            let together = loss(rows);
            let expected: usize = rows.iter().map(|&row| data.lengths()[row]).sum();
            let per_row = matches!(kind, TargetKind::ClassPerRow | TargetKind::ValuesPerRow(_) | TargetKind::Labels);
            assert_eq!(together.count, if per_row { rows.len() } else { expected }, "{kind:?} {is_symbols} {rows:?}");
            assert_eq!(together.count, sum.count);
            // The same losses, each to the bit, in another order: a rounding for each of fewer than 40 additions.
            let bound = 40.0 * f64::EPSILON * sum.total;
            assert!((together.total - sum.total).abs() <= bound, "{kind:?} {is_symbols} {rows:?}");
        }
    }
}

#[test]
fn targets_are_those_of_the_row_and_step() {
    // Not by a network: symbols, features and targets by their place.
    let lengths = [4, 1, 6, 3];
    for kind in KINDS {
        let data = data(kind, false, &lengths);
        let mut padded = Padded::new();
        let rows = [2, 0, 3];
        padded.load(&data, &rows).unwrap();
        match kind {
            TargetKind::Nothing => assert!(matches!(padded.targets(), Err(Error::Kind { .. }))),
            _ => assert!(padded.targets().is_ok()),
        }
        for (k, &row) in rows.iter().enumerate() {
            let (Some((Input::Features(x), label)), n) = (data.row(row), rows.len()) else { panic!("features") };
            for t in 0..data.lengths()[row] {
                let at = t * n + k;
                match (label, padded.targets()) {
                    (Label::Nothing, Ok(Targets::Values(y))) => assert_eq!(y[at * 2..][..2], x[(t + 1) * 2..][..2]),
                    (Label::Nothing, Err(_)) => {}
                    (Label::Class(class), Ok(Targets::Classes(y))) => assert_eq!((y.len(), y[k]), (n, class)),
                    (Label::Classes(classes), Ok(Targets::Classes(y))) => assert_eq!(y[at], classes[t]),
                    (Label::Labels(labels), Ok(Targets::Labels { labels: all, counts })) => {
                        let from: usize = counts[..k].iter().sum();
                        assert_eq!((counts.len(), &all[from..from + counts[k]]), (n, labels));
                    }
                    (Label::Values(values), Ok(Targets::Values(y))) if values.len() == 3 && y.len() == 3 * n => {
                        assert_eq!(y[k * 3..][..3], *values);
                    }
                    (Label::Values(values), Ok(Targets::Values(y))) => {
                        assert_eq!(y[at * 3..][..3], values[t * 3..][..3])
                    }
                    other => panic!("{kind:?}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn loading_a_batch_that_is_no_larger_allocates_nothing() {
    for (kind, is_symbols) in KINDS.into_iter().flat_map(|kind| [(kind, false), (kind, true)]) {
        let data = data(kind, is_symbols, &[4, 1, 6, 3, 6, 2]);
        let mut padded = Padded::new();
        padded.load(&data, &[0, 2, 4, 5]).unwrap();
        let later = measure(|| {
            for rows in [&[2, 0, 5, 4][..], &[1], &[], &[3, 3, 3, 2]] {
                padded.load(&data, rows).unwrap();
                assert!(padded.batch().is_ok() && padded.rows() == rows.len());
            }
        });
        assert_eq!(later.count_total, 0, "{kind:?} {is_symbols}: {later:?}");
    }
}

#[test]
fn a_batch_comes_after_its_rows_and_a_row_that_is_not_there_leaves_the_batch_before() {
    let mut padded = Padded::<f64>::new();
    assert_eq!(padded.batch().unwrap_err().to_string(), "batch: expected rows that were loaded, found none");
    assert!(matches!(padded.targets(), Err(Error::Order { call: "targets", .. })));
    let data = data(TargetKind::NextStep, true, &[3, 5]);
    padded.load(&data, &[0]).unwrap();
    assert_eq!(padded.load(&data, &[1, 2]).unwrap_err().to_string(), "batch, rows[1]: expected below 2, found 2");
    assert_eq!((padded.steps(), padded.rows()), (2, 1));
}

#[test]
fn symbols_with_rows_first_give_what_symbols_in_time_order_give() {
    let network = naive(&Config::embedding(5, 2).recurrent(RecurrentSpec::lstm(3)).softmax(5), 2);
    let (steps, rows) = (4, 3);
    let index: Vec<u32> = (0..12).map(|k| k * 7 % 5).collect();
    let turned = recurrent::data::time_major(&index, [rows, steps, 1]).unwrap();
    let lengths = [4, 2, 3];
    let first = Batch::symbols_batch_first(&index, [rows, steps]).unwrap().with_lengths(&lengths).unwrap();
    let time = Batch::symbols(&turned, [steps, rows]).unwrap().with_lengths(&lengths).unwrap();
    let mut workspace = Workspace::new();
    for (from, to) in [(0, 4), (1, 3), (2, 4), (4, 4)] {
        let mut output = |batch: &Batch<'_, f64>| {
            let mut state = network.state(rows).unwrap();
            let y = network.forward(&mut workspace, &batch.window(from, to).unwrap(), &mut state).unwrap();
            let y: Vec<f64> =
                (from..to).flat_map(|t| (0..rows).flat_map(move |n| y.at(t - from).row(n).to_vec())).collect();
            (y, state)
        };
        assert_eq!(output(&first), output(&time));
    }
    assert!(matches!(Batch::<f64>::symbols_batch_first(&index, [3, 5]), Err(Error::Len { .. })));
    let empty = Batch::<f64>::symbols_batch_first(&[], [0, 9]).unwrap();
    assert_eq!(empty.window(5, 9).unwrap().steps(), 4);
    // A symbol that is none is named by its step and row.
    let wrong = [0, 0, 9, 0];
    let batch = Batch::symbols_batch_first(&wrong, [2, 2]).unwrap();
    let error = network.forward(&mut workspace, &batch, &mut network.state(2).unwrap()).unwrap_err().to_string();
    assert_eq!(error, "symbols[0, 1]: expected below 5, found 9");
}
