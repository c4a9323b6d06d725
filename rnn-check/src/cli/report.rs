//! `rnn-check report`: one page that needs nothing else.

use super::args::{self, Dtype, Report};
use super::backend::Choice;
use super::error::Error;
use super::matrix::Seen;
use super::{Outcome, file, html, run};

pub fn run(args: &Report) -> Result<Outcome, Error> {
    args::some_law(&args.law)?;
    file::writable(&[("--html", Some(&args.html))], ("", None))?;
    let seen = Seen::compute(&args.law);
    let plan = args.profile.plan();
    let runs: Vec<_> =
        Choice::ALL.iter().map(|&choice| (choice, run::reports(choice, Dtype::Both, &args.law, &plan))).collect();
    let page = html::page(&seen, &runs)?;
    file::write(&args.html, &page)?;
    let holds = seen.matrix.passes() && runs.iter().flat_map(|(_, reports)| reports).all(rnn_check::Report::passes);
    println!("{}: {}", args.html.display(), if holds { "everything holds" } else { "something is broken" });
    Ok(Outcome::of(holds))
}
