//! Every planted bug is rejected by at least one law, every unusual correct backend is accepted by all.

use rnn_check::law::DEFENCE_IN_DEPTH;
use rnn_check::matrix::{kill_lines, kill_matrix, registry_markdown};
use rnn_check::oracle::Cell;
use rnn_check::planted::{Bug, Correct, Plain, Planted, REGISTRY, Slipped, Way, slips};
use rnn_check::{Checked, Claims, Plan, Report, document};
use std::collections::BTreeSet;

fn plan() -> Plan {
    let mut plan = Plan::quick().without_shrinking();
    // The bugs are planted in the cells of the list.
    plan.families = 0;
    plan
}

/// Whether this law rejects the bug, on all cases of the cells the bug is in, in f64 or in f32.
fn rejects(law: &str, bug: Bug) -> bool {
    let mut plan = Plan::full().without_shrinking().only(law).of_cells(bug.cells());
    (plan.wide, plan.random) = (0, 8);
    let claims = Claims::new().batch_invariant();
    let broken = |report: Report| report.laws.iter().any(|law| law.broken.is_some());
    broken(rnn_check::run::<f64>(&Planted::new(bug), &claims, &plan))
        || broken(rnn_check::run::<f32>(&Planted::new(bug), &claims, &plan))
}

fn verification() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../VERIFICATION.md");
    std::fs::read_to_string(path).expect("the document is there")
}

/// The laws that the committed kill matrix names for a bug.
fn documented(text: &str, bug: Bug) -> Vec<String> {
    let start = format!("| {bug:?}: ");
    let row = text.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("{bug:?} is in no row"));
    let killers = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
    killers.split('`').skip(1).step_by(2).map(String::from).collect()
}

#[test]
fn every_bug_is_rejected_by_a_law_that_the_committed_matrix_names() {
    let text = verification();
    let killer = |bug: Bug| documented(&text, bug).into_iter().find(|law| rejects(law, bug));
    let killed: Vec<_> = Bug::ALL.iter().map(|&bug| (bug, killer(bug))).collect();
    let survivors: Vec<_> = killed.iter().filter(|(_, law)| law.is_none()).map(|(bug, _)| bug).collect();
    println!("planted {}, killed {}", killed.len(), killed.len() - survivors.len());
    assert!(survivors.is_empty(), "not rejected: {survivors:?}");
    assert_eq!(killed.len(), Bug::ALL.len());
}

/// Laws that between them see every result of a pass.
const SLIP_LAWS: [&str; 2] =
    ["oracle::short_runs_follow_the_oracle_all_the_way", "oracle::each_step_is_one_oracle_step"];

#[test]
fn every_slip_of_every_cell_is_rejected() {
    let claims = Claims::new().batch_invariant();
    let (mut made, mut survivors) = (0, vec![]);
    for &cell in Cell::ALL.iter().chain(Cell::FAMILIES) {
        let kernel = cell.kernel();
        let mistakes: Vec<_> = slips(kernel).into_iter().filter(|slip| slip.equivalent.is_none()).collect();
        for slip in &mistakes {
            let backend = Slipped::new(kernel, slip);
            let rejected = SLIP_LAWS.iter().any(|law| {
                let mut plan = Plan::full().without_shrinking().only(law).only_of([cell]);
                (plan.wide, plan.random) = (0, 8);
                rnn_check::run::<f64>(&backend, &claims, &plan).laws.iter().any(|law| law.broken.is_some())
            });
            if !rejected {
                survivors.push(slip.description.clone());
            }
        }
        println!("{}: {} slips", cell.name(), mistakes.len());
        made += mistakes.len();
    }
    println!("slips {made}, rejected {}", made - survivors.len());
    assert!(made > 2400 && survivors.is_empty(), "{made} slips, not rejected: {survivors:#?}");
}

#[test]
fn every_published_defect_of_the_registry_is_rejected_by_the_laws_it_names() {
    for row in REGISTRY {
        let pairs = row.laws.iter().flat_map(|&law| row.bugs.iter().map(move |&bug| (law, bug)));
        let rejected: Vec<_> = pairs.filter(|&(law, bug)| rejects(law, bug)).collect();
        for bug in row.bugs {
            let dead = rejected.iter().any(|(_, of)| of == bug);
            assert!(dead, "row {}: none of {:?} rejects {bug:?}", row.number, row.laws);
        }
        for law in row.laws {
            let kills = rejected.iter().any(|(by, _)| by == law);
            assert!(kills, "row {}: {law} rejects none of {:?}", row.number, row.bugs);
        }
    }
}

/// Whether all laws accept every variant in one number type.
fn accepted<T: Checked>(seed: u64) {
    let mut plan = plan().seed(seed);
    (plan.stride, plan.random) = (19, 2);
    for way in Way::ALL {
        rnn_check::run::<T>(&Correct(way), &way.claims(), &plan).assert_passes();
    }
    println!("correct {}, accepted {} in {}", Way::ALL.len(), Way::ALL.len(), T::NAME);
}

#[test]
fn every_correct_variant_is_accepted_in_f32() {
    accepted::<f32>(1);
}

#[test]
fn every_correct_variant_is_accepted_in_f64() {
    accepted::<f64>(2);
}

/// Every eighth bug against every law, from the one on that the environment names: most of a minute, so only where it is asked for.
#[test]
#[ignore = "a minute: `cargo test --test planted an_eighth -- --ignored`"]
fn the_lines_of_an_eighth_of_the_bugs_are_what_the_suite_sees() {
    let first = std::env::var("RNN_CHECK_EIGHTH").map_or(0, |number| number.parse().expect("a number"));
    let bugs: Vec<Bug> = Bug::ALL.iter().copied().skip(first % 8).step_by(8).collect();
    let text = verification();
    let committed: BTreeSet<&str> = text.lines().collect();
    let missing: Vec<String> =
        kill_lines(&plan(), &bugs).into_iter().filter(|line| !committed.contains(&line[..])).collect();
    println!("{} bugs from number {first} on", bugs.len());
    assert!(bugs.len() > 12 && missing.is_empty(), "not in VERIFICATION.md: {missing:#?}");
}

/// Every bug against every law: minutes, so only where it is asked for.
#[test]
#[ignore = "minutes: `cargo test --test planted committed -- --ignored`"]
fn the_committed_tables_are_what_the_suite_sees() {
    let matrix = kill_matrix(&plan());
    println!("{matrix}");
    assert!(matrix.passes(), "survivors {:?}, idle {:?}", matrix.survivors, matrix.idle);
    let text = verification();
    for (section, body) in [("kill-matrix", matrix.markdown()), ("registry", registry_markdown())] {
        if let Some(difference) = document::difference(&text, section, &body).expect("it has the section") {
            panic!("VERIFICATION.md is out of date; `rnn-check matrix --markdown` writes it anew\n{difference}");
        }
    }
}

#[test]
fn laws_listed_as_defence_in_depth_exist() {
    let laws: BTreeSet<&str> = f64::all_laws().iter().map(|law| law.id).collect();
    assert!(DEFENCE_IN_DEPTH.iter().all(|(law, reason)| laws.contains(law) && !reason.is_empty()));
}

#[test]
fn every_row_of_the_registry_names_laws_that_exist_and_a_bug_or_the_feature_it_waits_for() {
    let laws: BTreeSet<&str> = f64::all_laws().iter().map(|law| law.id).collect();
    assert_eq!(REGISTRY.iter().map(|row| row.number).collect::<Vec<_>>(), (1..=36).collect::<Vec<_>>());
    for row in REGISTRY {
        assert!(row.source.contains('#') && !row.defect.is_empty(), "row {}", row.number);
        assert!(row.laws.iter().all(|law| laws.contains(law)), "row {}: {:?}", row.number, row.laws);
        assert_ne!(row.bugs.is_empty(), row.waits_for.is_none(), "row {} has a bug or waits, not both", row.number);
        assert_eq!(row.laws.is_empty(), row.waits_for.is_some(), "row {}", row.number);
    }
    let waiting = REGISTRY.iter().filter(|row| row.waits_for.is_some()).count();
    println!("{} published defects, {waiting} of which wait for a feature", REGISTRY.len());
}

#[test]
fn the_numbers_of_the_list_of_46_are_given_once() {
    let ids: Vec<&str> = Bug::ALL.iter().filter_map(|bug| bug.id()).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len());
    let missing: Vec<String> = (1..=46).map(|n| format!("M{n:02}")).filter(|id| !ids.contains(&&id[..])).collect();
    // Dropout; peepholes; an input is a shared borrow, which safe code cannot write through; clipping.
    assert_eq!(missing, ["M33", "M34", "M41", "M42", "M43"]);
}

#[test]
fn an_over_claim_is_refuted() {
    let exact = Claims::new().batch_invariant().tanh_ulp(0.1, 0.1);
    let report = rnn_check::run::<f32>(&Plain, &exact, &plan().only("activations_keep_their_ulp"));
    assert!(!report.passes());
}

#[test]
fn an_empty_run_is_a_failure() {
    let report = rnn_check::run::<f32>(&Plain, &Claims::new(), &plan().only("no such law"));
    assert!(!report.passes() && report.to_string().contains("nothing was run"));
}

#[test]
fn a_failure_names_law_case_block_gate_unit_error_and_bound() {
    let plan = Plan::quick().only("parameter_gradients_accumulate_within");
    let report = rnn_check::run::<f32>(&Planted::new(Bug::ForgetUsesNewCell), &Claims::new(), &plan);
    let text = report.to_string();
    println!("{text}");
    for part in ["rnn-check FAIL  oracle::", "lstm T=", "shrunk  from", "gate f", "bound", "RATIO", "seed"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let broken = report.laws[0].broken.as_ref().expect("broken");
    assert!(broken.case.contains("T=1 N=1 C=1 H=1"), "{}", broken.case);
}
