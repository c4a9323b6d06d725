//! Rows of a data set: what may be pushed, what comes out, and how it is cut into parts.

use recurrent::data::{CsvOptions, Input, Label, TargetKind, Windows, read_csv, time_major, windows};
use recurrent::network::Readout;
use recurrent::rng::Rng;
use recurrent::{Error, IGNORE, Sequences};

fn symbols(kind: TargetKind) -> Sequences<f64> {
    Sequences::symbols(kind).unwrap()
}

fn features(kind: TargetKind) -> Sequences<f64> {
    Sequences::features(2, kind).unwrap()
}

#[test]
fn rows_and_targets_come_out_as_they_were_pushed() {
    let mut data = features(TargetKind::ValuesPerStep(1));
    let rows = [(vec![1.0, 2.0, 3.0, 4.0], vec![0.5, 0.25]), (vec![], vec![]), (vec![5.0, 6.0], vec![0.75])];
    for (x, y) in &rows {
        data.push_labelled(Input::Features(x), Label::Values(y)).unwrap();
    }
    let expected: Vec<_> = rows.iter().map(|(x, y)| (Input::Features(&x[..]), Label::Values(&y[..]))).collect();
    assert_eq!(data.iter().collect::<Vec<_>>(), expected);
    assert_eq!((data.len(), data.lengths(), data.total_steps()), (3, &[2, 0, 1][..], 3));
    assert_eq!((data.length(0), data.length(3), data.row(3)), (Some(2), None, None));
    assert_eq!(data.flat_features(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
}

#[test]
fn a_row_that_predicts_its_next_step_has_one_input_less() {
    let mut data = symbols(TargetKind::NextStep);
    for row in [&[1, 2, 3][..], &[4], &[]] {
        data.push(Input::Symbols(row)).unwrap();
    }
    assert_eq!(data.lengths(), [2, 0, 0]);
    assert_eq!(data.row(0), Some((Input::Symbols(&[1, 2, 3]), Label::Nothing)));
}

#[test]
fn what_does_not_fit_is_refused_by_name_and_changes_nothing() {
    let x = Input::Features(&[1.0, 2.0]);
    let kinds: [(TargetKind, Input<'_, f64>, Label<'_, f64>, &str); 16] = [
        (TargetKind::Nothing, Input::Symbols(&[1]), Label::Nothing, "row 1: expected features, found symbols"),
        (
            TargetKind::Nothing,
            Input::Features(&[1.0, 2.0, 3.0]),
            Label::Nothing,
            "row 1, features [L, 2]: expected 4 elements, found 3",
        ),
        (
            TargetKind::Nothing,
            x,
            Label::Class(1),
            "row 1, targets: expected none: these sequences have no targets, found one class",
        ),
        (
            TargetKind::NextStep,
            x,
            Label::Values(&[1.0]),
            "row 1, targets: expected none: the targets are the row's own next steps, found values",
        ),
        (TargetKind::ClassPerStep, x, Label::Nothing, "row 1, targets: expected a class for each step, found none"),
        (
            TargetKind::ClassPerStep,
            x,
            Label::Class(1),
            "row 1, targets: expected a class for each step, found one class",
        ),
        (TargetKind::ClassPerStep, x, Label::Classes(&[1, 2]), "row 1, targets: expected 1 elements, found 2"),
        (TargetKind::ValuesPerStep(3), x, Label::Values(&[1.0]), "row 1, targets: expected 3 elements, found 1"),
        (
            TargetKind::ValuesPerStep(3),
            x,
            Label::Class(0),
            "row 1, targets: expected 3 values for each step, found one class",
        ),
        (TargetKind::ClassPerRow, x, Label::Classes(&[1]), "row 1, targets: expected one class, found classes"),
        (TargetKind::ValuesPerRow(2), x, Label::Values(&[1.0]), "row 1, targets: expected 2 elements, found 1"),
        (
            TargetKind::ClassPerRow,
            Input::Features(&[]),
            Label::Class(1),
            "row 1, steps: expected at least 1, to predict from, found 0",
        ),
        (TargetKind::Labels, x, Label::Classes(&[1]), "row 1, targets: expected labels, found classes"),
        (TargetKind::Labels, x, Label::Labels(&[0]), "row 1, labels[0]: expected a class in 1..4294967295, found 0"),
        (
            TargetKind::Labels,
            x,
            Label::Labels(&[2, IGNORE]),
            "row 1, labels[1]: expected a class in 1..4294967295, found 4294967295",
        ),
        (
            TargetKind::Labels,
            Input::Features(&[1.0, 2.0, 3.0, 4.0]),
            Label::Labels(&[2, 2]),
            "row 1, steps: expected at least 3, for 2 labels and a blank between equal ones, found 2",
        ),
    ];
    for (kind, input, label, expected) in kinds {
        let mut data = features(kind);
        let good = match kind {
            TargetKind::Nothing | TargetKind::NextStep => Label::Nothing,
            TargetKind::ClassPerStep => Label::Classes(&[IGNORE]),
            TargetKind::ValuesPerStep(_) => Label::Values(&[1.0, 2.0, 3.0]),
            TargetKind::ClassPerRow => Label::Class(3),
            TargetKind::ValuesPerRow(_) => Label::Values(&[1.0, 2.0]),
            TargetKind::Labels => Label::Labels(&[1]),
        };
        data.push_labelled(x, good).unwrap();
        let before = data.clone();
        assert_eq!(data.push_labelled(input, label).unwrap_err().to_string(), expected);
        assert_eq!(data, before);
    }
    let error = symbols(TargetKind::NextStep).push(Input::Symbols(&[0, IGNORE])).unwrap_err().to_string();
    assert_eq!(error, "row 0, symbols[1]: expected below 4294967295, found 4294967295");
    let error = symbols(TargetKind::Nothing).push(Input::Features(&[])).unwrap_err().to_string();
    assert_eq!(error, "row 0: expected symbols, found features");
    assert!(matches!(Sequences::<f32>::features(0, TargetKind::Nothing), Err(Error::Range { .. })));
    assert!(matches!(Sequences::<f32>::symbols(TargetKind::ValuesPerRow(0)), Err(Error::Range { .. })));
}

#[test]
fn a_subset_has_the_rows_that_were_named_in_that_order() {
    let mut data = symbols(TargetKind::ClassPerRow);
    for n in 0..4 {
        data.push_labelled(Input::Symbols(&vec![n; n as usize + 1]), Label::Class(10 + n)).unwrap();
    }
    let subset = data.subset(&[3, 0, 0]).unwrap();
    let rows: Vec<_> = subset.iter().collect();
    assert_eq!(rows, [3, 0, 0].map(|n| data.row(n).unwrap()));
    let error = data.subset(&[0, 4]).unwrap_err().to_string();
    assert_eq!(error, "subset, rows[1]: expected below 4, found 4");
}

#[test]
fn a_split_has_every_row_once_and_the_same_generator_gives_the_same_parts() {
    for n in [0, 1, 2, 9, 10, 37] {
        let mut data = symbols(TargetKind::NextStep);
        (0..n).for_each(|row| data.push(Input::Symbols(&[row, row])).unwrap());
        let parts = data.split(&[0.7, 0.2, 0.1], &mut Rng::seed(5)).unwrap();
        assert_eq!(parts, data.split(&[0.7, 0.2, 0.1], &mut Rng::seed(5)).unwrap());
        let first = |row: (Input<'_, f64>, Label<'_, f64>)| match row.0 {
            Input::Symbols(x) => x[0],
            Input::Features(_) => unreachable!(),
        };
        let mut rows: Vec<u32> = parts.iter().flat_map(|part| part.iter().map(first)).collect();
        let drawn = rows.clone();
        rows.sort_unstable();
        assert_eq!(rows, (0..n).collect::<Vec<_>>());
        assert!(n < 9 || drawn != rows, "{n} rows were not shuffled");
        let in_order = data.split_in_order(&[0.7, 0.2, 0.1]).unwrap();
        assert_eq!(in_order.iter().flat_map(|part| part.iter().map(first)).collect::<Vec<_>>(), rows);
        assert_eq!(in_order.map(|part| part.len()), parts.map(|part| part.len()));
    }
}

#[test]
fn windows_of_a_series_end_where_their_targets_do() {
    let mut rng = Rng::seed(9);
    for _ in 0..200 {
        let [width, length, horizon, stride] = [3, 6, 4, 5].map(|most| 1 + rng.below(most));
        let steps = length + horizon + rng.below(12);
        let series: Vec<f64> = (0..u32::try_from(steps * width).unwrap()).map(f64::from).collect();
        for readout in [Readout::EveryStep, Readout::LastStep] {
            let data = windows(&series, width, Windows { length, horizon, stride, readout }).unwrap();
            assert_eq!(data.len(), (steps - length - horizon) / stride + 1);
            for (k, row) in data.iter().enumerate() {
                let at = |from: usize, steps: usize| &series[from * width..(from + steps) * width];
                let targets = match readout {
                    Readout::EveryStep => at(k * stride + horizon, length),
                    _ => at(k * stride + length - 1 + horizon, 1),
                };
                assert_eq!(row, (Input::Features(at(k * stride, length)), Label::Values(targets)));
            }
        }
    }
    let cut = Windows { length: 3, horizon: 1, stride: 1, readout: Readout::LastStep };
    let message = |series: &[f64], cut| windows(series, 2, cut).unwrap_err().to_string();
    assert_eq!(
        message(&[0.0; 6], cut),
        "series, steps: expected at least 3 + 1 steps, for a row and its target, found 3"
    );
    assert_eq!(message(&[0.0; 9], cut), "series [M, C]: expected 8 elements, found 9");
    assert_eq!(message(&[0.0; 8], Windows { stride: 0, ..cut }), "windows, stride: expected at least 1, found 0");
    assert_eq!(message(&[0.0; 8], Windows { horizon: usize::MAX, ..cut }).split(':').next(), Some("series, steps"));
}

#[test]
fn an_array_with_rows_first_is_turned_into_time_order() {
    let x: Vec<u32> = (0..2 * 3 * 4).collect();
    let y = time_major(&x, [2, 3, 4]).unwrap();
    for (t, n, k) in (0..3).flat_map(|t| (0..2).flat_map(move |n| (0..4).map(move |k| (t, n, k)))) {
        assert_eq!(y[(t * 2 + n) * 4 + k], x[(n * 3 + t) * 4 + k]);
    }
    assert!(time_major::<u32>(&[], [0, usize::MAX, 1]).unwrap().is_empty());
    assert!(matches!(time_major(&x, [2, 3, 3]), Err(Error::Len { expected: 18, found: 24, .. })));
    assert!(matches!(time_major(&x, [usize::MAX, 2, 2]), Err(Error::Overflow { .. })));
}

#[test]
fn a_file_of_numbers_becomes_sequences() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("steps.csv");
    std::fs::write(&path, "person,x,y,gait\r\nann,1,2,0\r\nann,3,4,1\r\nbob,5,6,2\r\n").unwrap();
    let options = CsvOptions::new().key("person");
    let table = read_csv(&path, &options).unwrap();
    let data = table.sequences::<f32>(&["x", "y"], TargetKind::ClassPerRow, &["gait"]).unwrap();
    let rows: Vec<_> = data.iter().collect();
    let ann = (Input::Features(&[1.0, 2.0, 3.0, 4.0][..]), Label::Class(1));
    assert_eq!(rows, [ann, (Input::Features(&[5.0, 6.0]), Label::Class(2))]);
    let data = table.sequences::<f32>(&["x"], TargetKind::ValuesPerStep(2), &["y", "gait"]).unwrap();
    let rows: Vec<_> = data.iter().collect();
    let ann = (Input::Features(&[1.0, 3.0][..]), Label::Values(&[2.0, 0.0, 4.0, 1.0][..]));
    assert_eq!(rows, [ann, (Input::Features(&[5.0]), Label::Values(&[6.0, 2.0]))]);
    let error = read_csv(&path, &options.clone().max_bytes(10)).unwrap_err();
    assert!(matches!(&error, Error::Format { .. }), "{error}");
    assert!(error.to_string().ends_with("steps.csv: expected at most 10 bytes, found 50 bytes"), "{error}");
    let error = read_csv(&path, &CsvOptions::new()).unwrap_err().to_string();
    let expected = "steps.csv, line 2, column 1 (`person`): expected a finite number, found \"ann\"";
    assert!(error.ends_with(expected), "{error}");
    assert!(matches!(read_csv(folder.path().join("missing"), &options), Err(Error::Io { doing: "reading", .. })));
    assert!(matches!(read_csv(folder.path(), &options), Err(Error::Format { .. })));
}
