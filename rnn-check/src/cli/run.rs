//! `rnn-check run`: one backend against the suite, or all of them.

use super::args::{self, Dtype, Run};
use super::backend::Choice;
use super::error::Error;
use super::{Outcome, file, progress};
use rnn_backend_faer::Faer;
use rnn_backend_naive::MatrixMultiply;
use rnn_check::{Backend, Checked, Plan, Report};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

pub fn run(run: &Run) -> Result<Outcome, Error> {
    args::some_law(&run.law)?;
    file::writable(&[("--json", run.json.as_ref())], ("", None))?;
    let mut plan = run.profile.plan();
    plan = run.seed.map_or(plan.clone(), |seed| plan.seed(seed));
    let start = Instant::now();
    let choices = run.backend.map_or(Choice::ALL.to_vec(), |backend| vec![backend]);
    let mut all = vec![];
    for choice in choices {
        for report in reports(choice, run.dtype, &run.law, &plan) {
            println!("{report}");
            all.push(report);
        }
    }
    if run.all {
        println!("{}", sums(&all, start.elapsed()));
    }
    if let Some(path) = &run.json {
        file::write_json(path, &all)?;
    }
    Ok(Outcome::of(all.iter().all(Report::passes)))
}

/// All reports in one line.
fn sums(reports: &[Report], elapsed: Duration) -> String {
    let counts = reports.iter().map(Report::counts);
    let [cases, comparisons] =
        counts.fold([0; 2], |[cases, comparisons], [_, c, compared]| [cases + c, comparisons + compared]);
    let laws: BTreeSet<&str> = reports.iter().flat_map(|report| &report.laws).map(|law| law.id.as_str()).collect();
    format!(
        "{} backends and number types: {} laws, {cases} cases, {comparisons} comparisons, {} failed, largest ratio {:.3}, {:.1} s",
        reports.len(),
        laws.len(),
        reports.iter().flat_map(Report::failures).count(),
        reports.iter().map(Report::ratio).fold(0.0, f64::max),
        elapsed.as_secs_f64(),
    )
}

/// One report for each number type.
pub fn reports(backend: Choice, dtype: Dtype, part: &str, plan: &Plan) -> Vec<Report> {
    let mut reports = vec![];
    if dtype != Dtype::F64 {
        reports.extend(report::<f32>(backend, part, plan));
    }
    if dtype != Dtype::F32 {
        reports.extend(report::<f64>(backend, part, plan));
    }
    reports
}

/// Law by law, so that a bar can follow; `None` if this number type has no such law.
fn report<T>(choice: Choice, part: &str, plan: &Plan) -> Option<Report>
where
    T: Checked,
    MatrixMultiply: Backend<T>,
    Faer: Backend<T>,
{
    let (backend, claims) = (choice.open::<T>(), choice.claims());
    let ids: Vec<&str> = T::all_laws().iter().map(|law| law.id).filter(|id| id.contains(part)).collect();
    let bar = progress::bar(ids.len());
    let mut whole: Option<Report> = None;
    for id in ids {
        bar.set_message(format!("{choice} {} {id}", T::NAME));
        let mut report = progress::quietly(|| rnn_check::run::<T>(&*backend, &claims, &plan.clone().only(id)));
        // The name of one law may contain that of another.
        report.laws.retain(|law| law.id == id);
        match &mut whole {
            Some(whole) => whole.laws.extend(report.laws),
            None => whole = Some(report),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    whole
}
