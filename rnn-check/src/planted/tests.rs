//! Bugs are where their descriptions say, and nowhere else; what is correct in unusual ways is correct.

use super::trial::{Trial, differ};
use super::{Bug, Correct, Plain, Planted, Way};
use crate::oracle;
use rnn_kernels::{Bias, Held, Size};

/// Batches of sequences, whole and ragged, with holes, windows, a limit between steps, one-hot input, each bias, saturated and subnormal numbers, NaN, and sizes beyond blocks.
fn trials() -> Vec<Trial> {
    let size = Size::new(3, 4);
    let ragged = |lengths: &[usize], start| Some((lengths.to_vec(), start));
    let window = ragged(&[7, 2, 4, 0], 2);
    let base = Trial::new(size, 5, 4);
    let skipped = (0..5 * 4).map(|k| k % 3 == 1).collect();
    vec![
        Trial::new(Size::new(4, 4), 5, 3),
        Trial { ragged: ragged(&[5, 2, 0, 3], 0), ..base.clone() },
        Trial { ragged: window.clone(), counts: [false, true], ..base.clone() },
        Trial { size: size.with_bias(Bias::Input), ragged: window, one_hot: true, ..base.clone() },
        Trial { size: size.with_bias(Bias::None), ..base.clone() },
        Trial::new(size, 0, 3),
        Trial { scale: 1000.0, ..base.clone() },
        Trial { skipped: Some((skipped, Held::Repeat)), ..base.clone() },
        Trial { clip: Some(0.01), ..base.clone() },
        Trial { nan: true, counts: [false; 2], ..base.clone() },
        Trial { scale: 0.0, initial: Some(1e-310), ..base },
        Trial::new(Size::new(1, 260), 1, 1),
        Trial::new(Size::new(2, 2), 1, 130),
    ]
}

/// Bugs that show in no trial: in products of other shapes, on another thread, after 65536 steps.
const ELSEWHERE: [Bug; 5] =
    [Bug::EmptySumLeft, Bug::ShapesNotChecked, Bug::ColumnsBeyondBlock, Bug::OrderByThread, Bug::StepsInSixteenBits];

/// Bugs that refuse what they must not, or read an index that is none.
const PANICS: [Bug; 5] =
    [Bug::BiasExpected, Bug::EmptyRowsRefused, Bug::LongerBuffersRefused, Bug::NextRowsIndex, Bug::OneHotForgetsStart];

/// Whether a bug is one of passes, not of heads, losses, recurrences by themselves or joins.
fn is_of_passes(bug: Bug) -> bool {
    let heads = [
        "softmax",
        "losses",
        "Bernoulli",
        "squared error",
        "affine",
        "embedding",
        "dense",
        "join",
        "an ignored target",
        "recurrence",
        "ctc",
    ];
    !heads.iter().any(|head| bug.description().trim().starts_with(head))
}

#[test]
fn every_bug_of_passes_shows_in_cells_that_its_description_names_and_in_no_other() {
    let mut shown: Vec<Vec<oracle::Cell>> = vec![vec![]; Bug::ALL.len()];
    for (cell, trial) in oracle::Cell::ALL.into_iter().flat_map(|cell| trials().into_iter().map(move |t| (cell, t))) {
        let kernel = cell.kernel();
        let right = trial.run(kernel, &Plain).expect("the reference passes through every trial");
        for (&bug, shown) in Bug::ALL.iter().zip(&mut shown) {
            let shows = || match trial.run(kernel, &Planted::new(bug)) {
                Ok(wrong) => differ(&right, &wrong, 0.0),
                Err(panic) => PANICS.contains(&bug) || panic!("{bug:?} {}: {panic}", kernel.form().name),
            };
            if shown.last() != Some(&cell) && shows() {
                shown.push(cell);
            }
        }
    }
    for (bug, shown) in Bug::ALL.iter().zip(shown) {
        assert!(shown.iter().all(|cell| bug.cells().contains(cell)), "{bug:?} shows in {shown:?}");
        assert_eq!(!shown.is_empty(), is_of_passes(*bug) && !ELSEWHERE.contains(bug), "{bug:?} shows in {shown:?}");
    }
}

#[test]
fn every_correct_variant_is_close_to_the_reference_and_another_one_where_it_says_so() {
    for way in Way::ALL {
        let mut another = false;
        for (cell, trial) in oracle::Cell::ALL.into_iter().flat_map(|cell| trials().into_iter().map(move |t| (cell, t)))
        {
            let cell = cell.kernel();
            let both = (trial.run(cell, &Plain), trial.run(cell, &Correct(way)));
            let (Ok(plain), Ok(correct)) = both else { panic!("{way:?} {}: {both:?}", cell.form().name) };
            another |= differ(&plain, &correct, 0.0);
            assert!(!differ(&plain, &correct, 1e-11), "{way:?} {} {trial:?}", cell.form().name);
        }
        // Packed weights are the same numbers, the same sums step by step have the same bits, and f64 is as wide as f64.
        let same = matches!(way, Way::Packed | Way::StepByStep | Way::WideAccumulator);
        assert_eq!(another, !same, "{way:?}");
    }
}
