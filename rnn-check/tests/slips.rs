//! Every slip of every cell of the list against every law: which laws see it, and how many. `.ci/deep slips`

use rnn_check::oracle::Cell;
use rnn_check::planted::{Slip, Slipped, slips};
use rnn_check::{Claims, Plan};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The laws that reject a slip, on a quarter of the quick cases of its cell.
fn killers(cell: Cell, slip: &Slip) -> Vec<String> {
    let mut plan = Plan::quick().without_shrinking().only_of([cell]);
    (plan.stride, plan.random) = (4 * plan.stride, plan.random / 4);
    let backend = Slipped::new(cell.kernel(), slip);
    let report = rnn_check::run::<f64>(&backend, &Claims::new().batch_invariant(), &plan);
    report.laws.into_iter().filter(|law| law.broken.is_some()).map(|law| law.id).collect()
}

#[test]
#[ignore = "an hour: `.ci/deep slips`"]
fn every_slip_is_rejected_by_some_law() {
    let every = Cell::ALL.iter().chain(Cell::FAMILIES).copied();
    let all: Vec<(Cell, Slip)> =
        every.flat_map(|cell| slips(cell.kernel()).into_iter().map(move |slip| (cell, slip))).collect();
    let all: Vec<_> = all.into_iter().filter(|(_, slip)| slip.equivalent.is_none()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = vec![];
        while let Some((cell, slip)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            found.push((format!("{}: {}", cell.name(), slip.description), killers(*cell, slip)));
        }
        found
    };
    let found: Vec<_> = std::thread::scope(|scope| {
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    let mut of_law: BTreeMap<&str, usize> = BTreeMap::new();
    for law in found.iter().flat_map(|(_, laws)| laws) {
        *of_law.entry(law).or_default() += 1;
    }
    for (law, count) in of_law {
        println!("{count:5} {law}");
    }
    let kinds = |laws: &[String]| {
        laws.iter().filter_map(|law| law.split("::").next()).collect::<std::collections::BTreeSet<_>>().len()
    };
    let weakest: Vec<_> = found.iter().filter(|(_, laws)| kinds(laws) < 2).collect();
    println!(
        "{} slips against every law; {} are seen by one kind of law alone: {weakest:#?}",
        found.len(),
        weakest.len()
    );
    assert!(found.len() > 300 && found.iter().all(|(_, laws)| !laws.is_empty()));
}
