//! Runs every planted bug and every correct variant through the suite, on two threads.

use super::{FalseAlarm, KillMatrix, Row};
use crate::claims::Claims;
use crate::law::Checked;
use crate::parallel::on_two_threads;
use crate::plan::Plan;
use crate::planted::{Bug, Correct, Plain, Planted, Way};
use crate::report::Report;
use crate::run::run;
use std::collections::BTreeMap;

/// What is run through the suite.
#[derive(Clone, Copy, Debug)]
enum Subject {
    Reference,
    Correct(Way),
    Planted(Bug),
}

/// Laws that take longer than all others together: asked only about bugs that no two others reject.
pub(crate) const SLOW: [&str; 1] = ["endurance::a_hundred_thousand_steps_end_where_they_must"];

/// How many laws must reject a bug on the short list before the long one is spared.
const ENOUGH: usize = 2;

fn report<T: Checked>(subject: Subject, plan: &Plan) -> Report {
    let claims = Claims::new().batch_invariant();
    match subject {
        Subject::Reference => run::<T>(&Plain, &claims, plan),
        Subject::Correct(way) => run::<T>(&Correct(way), &way.claims(), plan),
        Subject::Planted(bug) => run::<T>(&Planted::new(bug), &claims, plan),
    }
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

fn short(plan: &Plan) -> Plan {
    Plan { stride: 5 * plan.stride, random: plan.random / 4, ..plan.clone() }
}

/// A bug against every law: on a fifth of the cases, and on all of them if fewer than [`ENOUGH`] laws reject it there.
fn row(bug: Bug, plan: &Plan) -> Row {
    let laws = (ids::<f32>(plan), ids::<f64>(plan));
    let quick = |laws: &[&'static str]| laws.iter().filter(|id| !SLOW.contains(id)).copied().collect::<Vec<_>>();
    let short = short(plan);
    let row = |plan: &Plan, single: &[&str], double: &[&str]| {
        let owned = |ids: Vec<&str>| ids.into_iter().map(String::from).collect();
        let (f32, f64) = (killers::<f32>(bug, plan, single), killers::<f64>(bug, plan, double));
        Row { bug: format!("{bug:?}"), description: bug.description().trim().into(), f32: owned(f32), f64: owned(f64) }
    };
    let first = row(&short, &quick(&laws.0), &quick(&laws.1));
    if first.killers().count() >= ENOUGH { first } else { row(plan, &laws.0, &laws.1) }
}

/// What became of one subject.
enum Outcome {
    Killed(Row),
    Run(String, Vec<Report>),
}

/// Every planted bug and every correct variant against the laws the plan asks for, without shrinking.
///
/// The correct variants see all cases of the plan. A bug sees a fifth of them, and all if fewer than two laws reject it
/// there: so a sole killer is one on all cases, and a bug that many laws reject may be rejected by yet more.
#[must_use]
pub fn kill_matrix(plan: &Plan) -> KillMatrix {
    let plan = plan.clone().without_shrinking();
    let correct = std::iter::once(Subject::Reference).chain(Way::ALL.map(Subject::Correct));
    let subjects: Vec<Subject> = correct.chain(Bug::ALL.iter().copied().map(Subject::Planted)).collect();
    let both = |subject, plan: &Plan| [report::<f32>(subject, plan), report::<f64>(subject, plan)];
    let outcomes = on_two_threads(&subjects, |&subject| match subject {
        Subject::Planted(bug) => Outcome::Killed(row(bug, &plan)),
        // On the short list too: a law that the reference breaks there would seem to reject every bug.
        Subject::Reference => {
            let short = both(subject, &short(&plan)).into_iter();
            Outcome::Run("the reference".into(), short.chain(both(subject, &plan)).collect())
        }
        Subject::Correct(way) => Outcome::Run(format!("{way:?}"), both(subject, &plan).into()),
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
    // f64 has every law, f32 has not. The reference is one more right backend, not counted among the unusual ones.
    let laws = ids::<f64>(&plan).into_iter().map(String::from).collect();
    KillMatrix::of(laws, bugs, Way::ALL.len(), rejected, ratios)
}
