//! Every planted bug is rejected by at least one law, every unusual right backend is accepted by all.

use rnn_check::planted::{Bug, Correct, Plain, Planted, Way};
use rnn_check::{Checked, Claims, Plan, Report};
use std::collections::BTreeMap;

fn plan() -> Plan {
    Plan::quick().without_shrinking()
}

fn report<T: Checked>(bug: Bug) -> Report
where
    Planted: rnn_check::Backend<T>,
{
    rnn_check::run::<T>(&Planted::new(bug), &Claims::new().batch_invariant(), &plan())
}

/// The laws that reject a bug, in either number type.
fn killers(bug: Bug) -> Vec<String> {
    let (single, double) = (report::<f32>(bug), report::<f64>(bug));
    let mut ids: Vec<String> = single.failures().chain(double.failures()).map(|law| law.id.clone()).collect();
    ids.sort();
    ids.dedup();
    ids
}

#[test]
fn every_planted_bug_is_rejected_and_every_law_rejects_something() {
    let halves: Vec<Vec<(Bug, Vec<String>)>> = std::thread::scope(|scope| {
        let half =
            |start: usize| move || Bug::ALL.iter().skip(start).step_by(2).map(|&bug| (bug, killers(bug))).collect();
        let threads = [scope.spawn(half(0)), scope.spawn(half(1))];
        threads.map(|thread| thread.join().expect("the suite itself never panics")).into()
    });
    let killed: Vec<(Bug, Vec<String>)> = halves.into_iter().flatten().collect();
    let mut laws: BTreeMap<String, usize> = f64::all_laws().iter().map(|law| (law.id.to_string(), 0)).collect();
    for (bug, by) in &killed {
        println!("{:30} {:3} laws: {}", format!("{bug:?}"), by.len(), by.join(" "));
        by.iter().for_each(|id| *laws.get_mut(id).expect("a law of the list") += 1);
    }
    let survivors: Vec<_> = killed.iter().filter(|(_, by)| by.is_empty()).map(|(bug, _)| bug).collect();
    println!("planted {}, killed {}", killed.len(), killed.len() - survivors.len());
    let idle: Vec<_> = laws.iter().filter(|(_, count)| **count == 0).map(|(id, _)| id).collect();
    println!("laws {}, of which idle {idle:?}", laws.len());
    assert!(survivors.is_empty(), "not rejected: {survivors:?}");
    assert_eq!(killed.len(), Bug::ALL.len());
    // This one needs an allocator that counts: tests/allocation.rs sees it fail.
    assert_eq!(idle, ["environment::no_allocation_after_the_first_call"]);
}

#[test]
fn every_correct_variant_is_accepted() {
    for way in Way::ALL {
        rnn_check::run::<f32>(&Correct(way), &way.claims(), &plan()).assert_passes();
        rnn_check::run::<f64>(&Correct(way), &way.claims(), &plan()).assert_passes();
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
