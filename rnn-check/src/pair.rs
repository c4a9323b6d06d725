//! C7 for several forms of one backend: the same bits, whatever the number of threads.

use crate::case::{Case, Token, covering};
use crate::claims::{Claims, Determinism};
use crate::law::{ANY_THREADS, same_results};
use crate::oracle::Dims;
use crate::plan::Plan;
use crate::real::Real;
use crate::report::{Broken, LawReport, Probe, Report};
use crate::run::Checked;
use rnn_kernels::Backend;
use std::time::Instant;

/// Each case as it is and at a size at which work is shared out; of a plan that replays, its case alone.
fn cases(plan: &Plan) -> Vec<Case> {
    if let Some(token) = &plan.replay {
        return vec![token.case];
    }
    let both = |case: &Case| {
        let Dims { steps, batch, input, hidden } = case.dims;
        let large = Dims { steps, batch: 8 * batch + 1, input, hidden: 4 * hidden };
        [*case, Case { dims: large, ..*case }]
    };
    covering().iter().step_by(plan.stride).flat_map(both).collect()
}

/// Checks that two backends give equal bits in every result, weight gradients included: `sequential()` and `parallel(n)`.
///
/// Each case of the covering list is run as it is and at a size at which work is shared out. Returns how many runs were
/// compared.
///
/// # Errors
/// The first difference, with its case.
pub fn same_bits<T: Real>(a: &dyn Backend<T>, b: &dyn Backend<T>, plan: &Plan) -> Result<usize, String> {
    let cases = cases(plan);
    for case in &cases {
        same_results(a, b, &case.problem())
            .map_err(|difference| format!("{a:?} and {b:?} differ\n case {case}\n {difference}"))?;
    }
    Ok(cases.len())
}

/// C7: every form of a backend gives the bits of the first, weight gradients included. The forms are one backend with
/// different numbers of threads.
///
/// A backend that claims [`Determinism::SameThreads`] is not held to it, and told if it keeps it all the same. What the
/// claims leave out is skipped and counted.
///
/// # Panics
/// If there are fewer than two forms.
pub fn same_bits_for_any_threads<T: Checked>(forms: &[&dyn Backend<T>], claims: &Claims, plan: &Plan) -> Report {
    let [first, others @ ..] = forms else { panic!("no form of the backend is given") };
    assert!(!others.is_empty(), "one form of the backend is given, and nothing to compare it with");
    let start = Instant::now();
    let mut law = LawReport { id: ANY_THREADS.into(), clause: "C7: one thread or many".into(), ..LawReport::default() };
    let claimed = claims.determinism == Determinism::AnyThreads;
    let mut probe = Probe { promise: "the same bits for any number of threads (C7)".into(), cases: 0, kept: true };
    for case in cases(plan) {
        let problem = case.problem::<T>();
        let unsupported = claims.unsupported.iter().find(|feature| feature.is_needed_by(&problem));
        let reason = match unsupported {
            Some(feature) => Some(format!("the claims leave out {feature}")),
            None if claimed => None,
            None => Some("not claimed".into()),
        };
        if let Some(reason) = reason {
            law.skipped += 1;
            *law.skips.entry(reason).or_default() += 1;
            if unsupported.is_some() || !probe.kept {
                continue;
            }
        }
        let difference = others.iter().find_map(|form| {
            let difference = same_results(*first, *form, &problem).err()?;
            Some(format!("{first:?} and {form:?} differ: {difference}"))
        });
        if !claimed {
            probe.cases += 1;
            probe.kept &= difference.is_none();
            continue;
        }
        if let Some(difference) = difference {
            let token = Token { law: ANY_THREADS.into(), number: T::NAME.into(), case };
            let case = case.to_string();
            law.broken = Some(Broken { found: case.clone(), case, token: Some(token), ..Broken::in_words(difference) });
            break;
        }
        law.cases += 1;
        law.comparisons += others.len();
    }
    law.probes.extend((probe.cases > 0).then_some(probe));
    if let Some(expected) = claims.expects(ANY_THREADS, T::NAME) {
        law.expect(expected.reason);
    }
    law.seconds = start.elapsed().as_secs_f64();
    Report { backend: format!("{first:?}"), number: T::NAME.into(), seed: plan.seed, laws: vec![law] }
}

/// What the test of `threads: […]` in [`conformance!`](crate::conformance) does.
#[doc(hidden)]
pub fn conform_threads<T: Checked>(forms: &[&dyn Backend<T>], claims: &Claims, plan: Plan) {
    if let Some(plan) = crate::replay::plan_for::<T>(plan, ANY_THREADS) {
        let report = same_bits_for_any_threads(forms, claims, &plan);
        report.assert_passes();
        println!("{report}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::{Correct, Plain, Way};

    #[test]
    fn a_backend_has_its_own_bits_and_another_order_of_summation_others() {
        assert!(same_bits::<f32>(&Plain, &Plain, &Plan::quick()).is_ok_and(|compared| compared > 50));
        let difference = same_bits::<f32>(&Plain, &Correct(Way::Reversed), &Plan::quick());
        assert!(difference.is_err_and(|text| text.contains("differ in their bits") && text.contains("case")));
    }

    #[test]
    fn bits_that_depend_on_the_form_are_refuted_and_replayed() {
        let forms: [&dyn Backend<f32>; 3] = [&Plain, &Plain, &Correct(Way::Reversed)];
        let report = same_bits_for_any_threads(&forms, &Claims::new(), &Plan::quick());
        assert!(!report.passes() && report.to_string().contains("Reversed"), "{report}");
        let token = report.laws[0].broken.as_ref().and_then(|broken| broken.token.clone()).expect("a case to blame");
        let again = same_bits_for_any_threads(&forms, &Claims::new(), &Plan::full().replaying(token));
        assert!(!again.passes());
        assert!(same_bits_for_any_threads(&forms[..2], &Claims::new(), &Plan::quick()).passes());
    }

    #[test]
    fn bits_that_are_not_claimed_are_skipped_and_told_of_where_they_are_kept() {
        let claims = Claims::new().determinism(Determinism::SameThreads);
        let forms: [&dyn Backend<f32>; 2] = [&Plain, &Correct(Way::Reversed)];
        let report = same_bits_for_any_threads(&forms, &claims, &Plan::quick());
        assert!(report.passes() && report.under_claims().is_empty(), "{report}");
        let report = same_bits_for_any_threads::<f32>(&[&Plain, &Plain], &claims, &Plan::quick());
        assert_eq!(report.under_claims().len(), 1, "{report}");
    }
}
