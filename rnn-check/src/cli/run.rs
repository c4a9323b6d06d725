//! `rnn-check run`: one backend against the suite.

use super::args::{self, Dtype, Run};
use super::backend::Choice;
use super::error::Error;
use super::{Outcome, file, progress};
use rnn_backend_faer::Faer;
use rnn_backend_naive::MatrixMultiply;
use rnn_check::{Backend, Checked, Plan, Report};

pub fn run(run: &Run) -> Result<Outcome, Error> {
    args::some_law(&run.law)?;
    let mut plan = run.profile.plan();
    plan = run.seed.map_or(plan.clone(), |seed| plan.seed(seed));
    let reports = reports(run.backend, run.dtype, &run.law, &plan);
    for report in &reports {
        println!("{report}");
    }
    if let Some(path) = &run.json {
        file::write_json(path, &reports)?;
    }
    Ok(Outcome::of(reports.iter().all(Report::passes)))
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
