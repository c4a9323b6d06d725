//! Runs every planted bug and every correct variant through the suite, on two threads.

use super::{FalseAlarm, KillMatrix, Row};
use crate::claims::Claims;
use crate::law::Scope;
use crate::parallel::on_two_threads;
use crate::plan::Plan;
use crate::planted::{Bug, Correct, Plain, Planted, Way};
use crate::report::Report;
use crate::run::{Checked, run};
use std::collections::BTreeMap;

/// What is run through the suite.
#[derive(Clone, Copy, Debug)]
enum Subject {
    Reference,
    Correct(Way),
    Planted(Bug),
}

/// Laws that take longer than all others together: asked only of the reference, and about bugs that no other rejects.
pub(crate) const SLOW: [&str; 2] =
    ["endurance::a_hundred_thousand_steps_end_where_they_must", "beyond::passes_of_more_than_one_block"];

/// The laws about sizes above those of all cases.
const BEYOND: &str = "beyond::";

/// One in how many of the plan's cases a bug sees, until a law rejects it that looks at cases, or at sizes beyond them.
const SHARES: [usize; 3] = [8, 2, 1];

fn report<T: Checked>(subject: Subject, plan: &Plan) -> Report {
    let claims = Claims::new().batch_invariant();
    match subject {
        Subject::Reference => run::<T>(&Plain, &claims, plan),
        Subject::Correct(way) => run::<T>(&Correct(way), &way.claims(), plan),
        Subject::Planted(bug) => run::<T>(&Planted::new(bug), &claims, plan),
    }
}

/// All laws on a share of the cases, in both number types; those that are slow if it is all of them.
fn both(subject: Subject, plan: &Plan, share: usize) -> Vec<Report> {
    let plan = thinned(plan, share);
    if share == 1 {
        return vec![report::<f32>(subject, &plan), report::<f64>(subject, &plan)];
    }
    let each = |ids: Vec<&'static str>| ids.into_iter().filter(|id| !SLOW.contains(id));
    let of_f32 = each(ids::<f32>(&plan)).map(|id| report::<f32>(subject, &plan.clone().only(id)));
    let of_f64 = each(ids::<f64>(&plan)).map(|id| report::<f64>(subject, &plan.clone().only(id)));
    of_f32.chain(of_f64).collect()
}

/// The laws of a number type that the plan asks for.
fn ids<T: Checked>(plan: &Plan) -> Vec<&'static str> {
    T::all_laws().iter().map(|law| law.id).filter(|id| id.contains(&plan.only)).collect()
}

/// Those of the laws that reject the bug.
fn killers<'l, T: Checked>(bug: Bug, plan: &Plan, laws: &[&'l str]) -> Vec<&'l str> {
    // Broken, not merely without anything to compare on so few cases.
    let kills = |id: &&&str| {
        let report = report::<T>(Subject::Planted(bug), &plan.clone().only(id));
        report.laws.iter().any(|law| law.broken.is_some())
    };
    laws.iter().filter(kills).copied().collect()
}

/// One case in `share`.
fn thinned(plan: &Plan, share: usize) -> Plan {
    let random = plan.random / u32::try_from(share).unwrap_or(u32::MAX);
    Plan { stride: share * plan.stride, random, families: plan.families / share, ..plan.clone() }
}

/// A bug against every law, on as few cases as show that some law rejects it.
fn row(bug: Bug, plan: &Plan) -> Row {
    let owned = |ids: Vec<&str>| ids.into_iter().map(String::from).collect();
    let on = |share: usize| {
        let plan = thinned(plan, share).of_cells(bug.cells());
        let wanted = |ids: Vec<&'static str>| ids.into_iter().filter(|id| share == 1 || !SLOW.contains(id)).collect();
        let laws: [Vec<&str>; 2] = [wanted(ids::<f32>(&plan)), wanted(ids::<f64>(&plan))];
        let (f32, f64) = (killers::<f32>(bug, &plan, &laws[0]), killers::<f64>(bug, &plan, &laws[1]));
        Row { bug: format!("{bug:?}"), description: bug.description().trim().into(), f32: owned(f32), f64: owned(f64) }
    };
    // More cases can bring no further law to a bug that shows at sizes which no case has.
    let settles = |law: &crate::law::Law<f64>| law.scope != Scope::Once || law.id.starts_with(BEYOND);
    let settling: Vec<&str> = f64::all_laws().iter().filter(|law| settles(law)).map(|law| law.id).collect();
    let mut row = on(SHARES[0]);
    for share in &SHARES[1..] {
        if row.killers().any(|law| settling.contains(&law)) {
            break;
        }
        row = on(*share);
    }
    row
}

/// The lines of these bugs in the table of [`KillMatrix::markdown`]: a part of [`kill_matrix`], without correct variants.
#[must_use]
pub fn kill_lines(plan: &Plan, bugs: &[Bug]) -> Vec<String> {
    let plan = plan.clone().without_shrinking();
    on_two_threads(bugs, |&bug| row(bug, &plan).line())
}

/// What became of one subject.
enum Outcome {
    Killed(Row),
    Run(String, Vec<Report>),
}

/// Every planted bug and every correct variant against the laws the plan asks for, without shrinking.
///
/// A bug sees an eighth of the plan's cases of its cell; if no law that looks at cases, or at sizes beyond them, rejects it
/// there, half of them; then all. So a bug that a law rejects may on more cases be rejected by yet other laws. Correct variants
/// see an eighth of the cases, as most bugs do, the reference all.
#[must_use]
pub fn kill_matrix(plan: &Plan) -> KillMatrix {
    let plan = plan.clone().without_shrinking();
    let correct = std::iter::once(Subject::Reference).chain(Way::ALL.map(Subject::Correct));
    let subjects: Vec<Subject> = correct.chain(Bug::ALL.iter().copied().map(Subject::Planted)).collect();
    let outcomes = on_two_threads(&subjects, |&subject| match subject {
        Subject::Planted(bug) => Outcome::Killed(row(bug, &plan)),
        // On every list: a law that the reference breaks would seem to reject every bug.
        Subject::Reference => {
            let reports = SHARES.iter().flat_map(|&share| both(subject, &plan, share));
            Outcome::Run("the reference".into(), reports.collect())
        }
        Subject::Correct(way) => Outcome::Run(format!("{way:?}"), both(subject, &plan, SHARES[0])),
    });

    let (mut bugs, mut rejected) = (vec![], vec![]);
    let mut ratios: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
    for outcome in outcomes {
        let (variant, reports) = match outcome {
            Outcome::Killed(row) => {
                bugs.push(row);
                continue;
            }
            Outcome::Run(variant, reports) => (variant, reports),
        };
        for report in reports {
            let broken = report.laws.iter().filter(|law| law.broken.is_some());
            let laws: Vec<String> = broken.map(|law| law.id.clone()).collect();
            if !laws.is_empty() {
                rejected.push(FalseAlarm { variant: variant.clone(), number: report.number.clone(), laws });
            }
            for (law, ratio) in report.laws.iter().filter_map(|law| Some((law, law.ratio?))) {
                let largest = ratios.entry(law.id.clone()).or_default().entry(report.number.clone()).or_insert(0.0);
                *largest = largest.max(ratio);
            }
        }
    }
    // f64 has every law, f32 has not. The reference is one more correct backend, not counted among the unusual ones.
    let laws = ids::<f64>(&plan).into_iter().map(String::from).collect();
    KillMatrix::of(laws, bugs, Way::ALL.len(), rejected, ratios)
}
