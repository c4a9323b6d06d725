//! Which planted bug errs alike: a guess at the cause, made from the pattern of errors on a case that failed.

use crate::case::Case;
use crate::judge::judge;
use crate::law::{Context, Failure, Law, Stop};
use crate::planted::{Bug, Plain, Planted};
use crate::real::Real;
use crate::report::Hint;
use rnn_kernels::Backend;

/// How many bugs a report names.
const BEST: usize = 2;
/// The least likeness worth a word. The errors of unrelated mistakes in one array share the signs and sizes of what they
/// multiply, and so a cosine of 0.1 … 0.4; a bug that explains a failure comes out near 1.
const LIKE: f64 = 0.5;

fn failure_of<T: Real>(
    ctx: &Context<'_, T>,
    law: &Law<T>,
    case: &Case,
    backend: &dyn Backend<T>,
) -> Option<Box<Failure>> {
    match judge(&Context { backend, ..*ctx }, law, case) {
        Err(Stop::Fail(failure)) => Some(failure),
        _ => None,
    }
}

/// Whether the reference breaks the law on this case too: then no bug explains it.
pub(crate) fn reference_breaks<T: Real>(ctx: &Context<'_, T>, law: &Law<T>, case: &Case) -> bool {
    failure_of(ctx, law, case, &Plain).is_some()
}

/// The planted bugs that break the same law on the same case in the same array, by the cosine of their errors with these. One number
/// that is off, without the errors around it, is like that of many a bug: it has no hints.
pub(crate) fn hints<T: Real>(ctx: &Context<'_, T>, law: &Law<T>, case: &Case, failure: &Failure) -> Vec<Hint> {
    if failure.ratio.is_some() && failure.pattern.is_none() {
        return vec![];
    }
    let like = |bug: &Bug| {
        let other = failure_of(ctx, law, case, &Planted::new(*bug))?;
        let likeness = match (&failure.pattern, &other.pattern) {
            (Some(pattern), Some(other)) => pattern.cosine(other)?,
            (None, None) => f64::from(u8::from(failure.place == other.place)),
            _ => return None,
        };
        let description = bug.description().trim().to_string();
        (likeness >= LIKE).then(|| Hint { bug: format!("{bug:?}"), description, likeness })
    };
    let mut hints: Vec<Hint> = Bug::ALL.iter().filter_map(like).collect();
    hints.sort_by(|a, b| b.likeness.total_cmp(&a.likeness));
    hints.truncate(BEST);
    hints
}
