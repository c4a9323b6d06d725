//! Every planted bug is rejected by at least one law, every unusual right backend is accepted by all.

use rnn_check::law::DEFENCE_IN_DEPTH;
use rnn_check::planted::{Bug, Correct, Plain, Planted, REGISTRY, Way};
use rnn_check::{Checked, Claims, Plan, Report};
use std::collections::BTreeSet;

fn plan() -> Plan {
    Plan::quick().without_shrinking()
}

/// Every seventh case of the list: most bugs need no more.
fn sparse() -> Plan {
    let mut plan = plan();
    (plan.stride, plan.random) = (7, 3);
    plan
}

fn report<T: Checked>(bug: Bug, plan: &Plan) -> Report
where
    Planted: rnn_check::Backend<T>,
{
    rnn_check::run::<T>(&Planted::new(bug), &Claims::new().batch_invariant(), plan)
}

/// Whether this law rejects the bug: on few cases, or else on the whole list, in f64 or in f32.
fn rejects(law: &str, bug: Bug) -> bool {
    let broken = |report: Report| report.laws.iter().any(|law| law.broken.is_some());
    [sparse(), plan()].into_iter().any(|plan| {
        let plan = plan.only(law);
        broken(report::<f64>(bug, &plan)) || broken(report::<f32>(bug, &plan))
    })
}

/// The first law that rejects a bug: on few cases, or else on the whole list.
fn first_killer(bug: Bug) -> Option<&'static str> {
    let broken = |report: Report| report.laws.iter().any(|law| law.broken.is_some());
    let mut ids: Vec<&'static str> = f64::all_laws().iter().map(|law| law.id).collect();
    ids.sort_by_key(|id| id.contains("a_hundred_thousand_steps")); // the slow one last
    [sparse(), plan()].into_iter().find_map(|plan| {
        let single = |id: &&str| broken(report::<f32>(bug, &plan.clone().only(id)));
        let double = |id: &&str| broken(report::<f64>(bug, &plan.clone().only(id)));
        ids.iter().copied().find(|id| double(id)).or_else(|| ids.iter().copied().find(|id| single(id)))
    })
}

/// The same of every item, on two threads.
fn on_both_cores<I: Copy + Sync, O: Send>(items: &[I], of: impl Fn(I) -> O + Sync) -> Vec<O> {
    let (of, mut out) = (&of, vec![]);
    std::thread::scope(|scope| {
        let half = |start: usize| scope.spawn(move || items.iter().skip(start).step_by(2).map(|&i| of(i)).collect());
        let threads: [_; 2] = [half(0), half(1)];
        for thread in threads {
            let part: Vec<O> = thread.join().expect("the suite itself never panics");
            out.extend(part);
        }
    });
    out
}

/// The whole matrix, bug by law, is `rnn-check matrix`.
#[test]
fn every_planted_bug_is_rejected() {
    let found = on_both_cores(Bug::ALL, |bug| (bug, first_killer(bug)));
    for (bug, law) in &found {
        println!("{:30} {}", format!("{bug:?}"), law.unwrap_or("SURVIVES"));
    }
    let survivors: Vec<_> = found.iter().filter(|(_, law)| law.is_none()).map(|(bug, _)| bug).collect();
    println!("planted {}, killed {}", found.len(), found.len() - survivors.len());
    assert!(survivors.is_empty(), "not rejected: {survivors:?}");
    assert_eq!(found.len(), Bug::ALL.len());
}

#[test]
fn every_published_defect_of_the_registry_is_rejected_by_the_laws_it_names() {
    let pairs: Vec<(usize, &str, Bug)> = REGISTRY
        .iter()
        .flat_map(|row| row.laws.iter().flat_map(move |&law| row.bugs.iter().map(move |&bug| (row.number, law, bug))))
        .collect();
    let rejected = on_both_cores(&pairs, |(number, law, bug)| (number, law, bug, rejects(law, bug)));
    for row in REGISTRY {
        let of_row: Vec<_> = rejected.iter().filter(|(number, ..)| *number == row.number).collect();
        for bug in row.bugs {
            let dead = of_row.iter().any(|(.., planted, rejects)| planted == bug && *rejects);
            assert!(dead, "row {}: none of {:?} rejects {bug:?}", row.number, row.laws);
        }
        for law in row.laws {
            let kills = of_row.iter().any(|(_, named, _, rejects)| named == law && *rejects);
            assert!(kills, "row {}: {law} rejects none of {:?}", row.number, row.bugs);
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
fn every_correct_variant_is_accepted() {
    for way in Way::ALL {
        rnn_check::run::<f32>(&Correct(way), &way.claims(), &sparse().seed(1)).assert_passes();
        rnn_check::run::<f64>(&Correct(way), &way.claims(), &sparse().seed(2)).assert_passes();
    }
    println!("correct {}, accepted {}", Way::ALL.len(), Way::ALL.len());
}

#[test]
fn the_reference_passes_and_its_bounds_are_not_vacuous() {
    let claims = Claims::new().batch_invariant();
    let reports = [rnn_check::run::<f32>(&Plain, &claims, &plan()), rnn_check::run::<f64>(&Plain, &claims, &plan())];
    for report in reports {
        println!("{report}");
        report.assert_passes();
        for law in report.laws.iter().filter(|law| law.id.starts_with("oracle::") || law.id.starts_with("head::")) {
            assert!(law.ratio.is_none_or(|ratio| ratio > 1.0 / 500.0), "{}: {:?}", law.id, law.ratio);
        }
    }
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
