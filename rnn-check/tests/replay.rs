//! A failure is run again from its token: by the function, and by `conformance!` through the environment.

use rnn_check::planted::{Bug, Plain, Planted};
use rnn_check::{Checked, Claims, Plan, Report, Token};
use std::process::Command;

fn claims() -> Claims {
    Claims::new().batch_invariant()
}

fn run<T: Checked>(bug: Bug, law: &str) -> Report {
    rnn_check::run::<T>(&Planted::new(bug), &claims(), &Plan::quick().only(law))
}

fn token(report: &Report) -> Token {
    let broken = report.failures().next().and_then(|law| law.broken.as_ref()).expect("a bug breaks the law");
    broken.token.clone().expect("a case is to blame")
}

#[test]
fn a_token_reruns_the_shrunk_case_and_finds_the_same() {
    for (bug, law) in [
        (Bug::ForgetUsesNewCell, "parameter_gradients_accumulate_within"),
        (Bug::ReverseFromTheEnd, "each_step_is_one_oracle_step"),
        (Bug::ReluSwallowsNan, "nan_reaches_all_it_must"),
        (Bug::TanhClamped, "activations_keep_their_ulp"),
        (Bug::SquareNotTransposed, "integers_multiply_exactly"),
        (Bug::ScratchRead, "scratch_contents_do_not_matter"),
    ] {
        let report = run::<f64>(bug, law);
        // As a person would: from the text.
        let token: Token = token(&report).to_string().parse().expect("a printed token");
        let again = rnn_check::replay::<f64>(&Planted::new(bug), &claims(), &token);
        let [first, second] = [&report, &again].map(|report| report.laws[0].broken.as_ref().expect("broken"));
        assert_eq!((&first.place, &first.numbers, &first.case), (&second.place, &second.numbers, &second.case));
        assert_eq!((first.token.as_ref(), second.tried), (Some(&token), 0));
        let right = rnn_check::replay::<f64>(&Plain, &claims(), &token);
        right.assert_passes();
        assert_eq!(right.counts()[..2], [1, 1], "{right}");
    }
}

#[test]
fn a_token_of_another_number_type_or_of_no_law_is_a_failure() {
    let token = token(&run::<f32>(Bug::ForgetUsesNewCell, "parameter_gradients_accumulate_within"));
    let report = rnn_check::replay::<f64>(&Plain, &claims(), &token);
    assert!(!report.passes() && report.to_string().contains("the token is of f32, this run of f64"), "{report}");
    let unknown = Token { law: "oracle::no_such_law".into(), ..token };
    let report = rnn_check::replay::<f32>(&Plain, &claims(), &unknown);
    assert!(!report.passes() && report.to_string().contains("no law has this name"), "{report}");
}

/// The profile of the environment with a fiftieth of its cases, so that all tests of the macro are quick.
fn few() -> Plan {
    let mut plan = Plan::from_env();
    (plan.stride, plan.random, plan.wide) = (50 * plan.stride, plan.random / 40, plan.wide / 14);
    plan
}

rnn_check::conformance! {
    plain { backend: Plain, claims: claims(), plan: few(), threads: [Plain] }
}

/// The tests of this program whose name contains `filter`, in an environment: whether they pass, and what they print.
fn again(filter: &str, variable: &str, value: &str) -> (bool, String) {
    let program = std::env::current_exe().expect("a running program");
    let mut command = Command::new(program);
    command.args([filter, "--nocapture"]).env_remove("RNN_CHECK_REPLAY").env_remove("RNN_CHECK_PROFILE");
    let output = command.env(variable, value).output().expect("it starts again");
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    (output.status.success(), text)
}

#[test]
fn the_environment_names_the_one_case_that_conformance_runs() {
    let token = token(&run::<f32>(Bug::ForgetUsesNewCell, "parameter_gradients_accumulate_within"));
    let (passes, text) = again("plain::", "RNN_CHECK_REPLAY", &token.to_string());
    assert!(passes, "{text}");
    assert_eq!(text.matches("Plain f32: 1 laws, 1 cases").count(), 1, "{text}");
    assert_eq!(text.matches(" laws, ").count(), 1, "no other case is run: {text}");
    // The f64 form of the law and all other laws, the one about threads in both types.
    let others = f32::all_laws().len() + f64::all_laws().len() - 1 + 2;
    assert_eq!(text.matches("RNN_CHECK_REPLAY asks for oracle::").count(), others, "{text}");
}

#[test]
fn a_token_that_reads_wrong_or_names_no_law_fails_every_test() {
    let test = "plain::f32::replace_never_reads_c";
    let (passes, text) = again(test, "RNN_CHECK_REPLAY", "rnn2-f32-oracle::x");
    assert!(!passes && text.contains("a replay token has 7 parts"), "{text}");
    let token = token(&run::<f32>(Bug::ForgetUsesNewCell, "parameter_gradients_accumulate_within"));
    let unknown = Token { law: "oracle::no_such_law".into(), ..token };
    let (passes, text) = again(test, "RNN_CHECK_REPLAY", &unknown.to_string());
    assert!(!passes && text.contains("no law is called oracle::no_such_law"), "{text}");
}

#[test]
fn the_environment_names_the_profile_and_a_misspelt_one_fails() {
    let test = "plain::f32::an_empty_sum_is_zero_or_nothing";
    let cases = |profile| {
        let (passes, text) = again(test, "RNN_CHECK_PROFILE", profile);
        assert!(passes, "{text}");
        let cases = text.split(" laws, ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
        cases.unwrap_or_else(|| panic!("no count of cases in {text}"))
    };
    let [quick, full] = [cases("quick"), cases("full")];
    assert!(0 < quick && quick < full, "{quick} {full}");
    let (passes, text) = again(test, "RNN_CHECK_PROFILE", "ful");
    assert!(!passes && text.contains("expected quick, full or exhaustive"), "{text}");
}
