//! One failing case again, from its token.

use crate::case::{REPLAY, Token};
use crate::claims::Claims;
use crate::law::all_ids;
use crate::plan::Plan;
use crate::report::Report;
use crate::run::Checked;
use rnn_kernels::Backend;
use std::env;

/// Checks the law of a token on its case and no other, without shrinking. A token of another number type is a failure.
pub fn replay<T: Checked>(backend: &dyn Backend<T>, claims: &Claims, token: &Token) -> Report {
    crate::run::run(backend, claims, &Plan::full().replaying(token.clone()))
}

/// The case that the environment asks for.
///
/// # Panics
/// If what it says is no token, or is of a law or number type that does not exist: no test would run it, and all would pass.
fn asked() -> Option<Token> {
    let text = env::var_os(REPLAY)?;
    let token: Token = text.to_string_lossy().parse().unwrap_or_else(|error| panic!("{REPLAY}: {error}"));
    assert!(all_ids().any(|id| id == token.law), "{REPLAY}: no law is called {}", token.law);
    assert!(["f32", "f64"].contains(&&token.number[..]), "{REPLAY}: there is no {} here", token.number);
    Some(token)
}

/// The plan for one law of one number type: of a plan, or the one case the environment asks for. `None` if it asks for another.
pub(crate) fn plan_for<T: Checked>(plan: Plan, law: &str) -> Option<Plan> {
    match asked() {
        None => Some(plan.only(law)),
        Some(token) if token.law == law && token.number == T::NAME => Some(plan.replaying(token)),
        Some(token) => {
            println!("skipped {law} {}: {REPLAY} asks for {} {}", T::NAME, token.law, token.number);
            None
        }
    }
}

/// What each test of [`conformance!`](crate::conformance) does.
#[doc(hidden)]
pub fn conform<T: Checked>(backend: &dyn Backend<T>, claims: &Claims, plan: Plan, law: &str) {
    if let Some(plan) = plan_for::<T>(plan, law) {
        let report = crate::run::run::<T>(backend, claims, &plan);
        report.assert_passes();
        println!("{report}");
    }
}
