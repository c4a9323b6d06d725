//! What a report says: where and how a law is broken, what was skipped, what was promised too much and too little.

use rnn_check::planted::{Bug, Correct, Plain, Planted, Way};
use rnn_check::{Broken, Checked, Claims, Determinism, ExpectedFailure, Feature, Plan, Real, Report};
use rnn_kernels::{Accum, Backend, BufferLens, GruReset, Known, MatMut, MatRef, Scalar, Spec, UnitBackward};

const GRADIENTS: &str = "oracle::parameter_gradients_accumulate_within_their_bounds";

fn claims() -> Claims {
    Claims::new().batch_invariant()
}

/// Some cases of each law, failures as found.
fn glance() -> Plan {
    let mut plan = Plan::quick().without_shrinking();
    (plan.stride, plan.random) = (12, 2);
    plan
}

fn broken(report: &Report) -> &Broken {
    report.failures().next().and_then(|law| law.broken.as_ref()).unwrap_or_else(|| panic!("nothing broke:\n{report}"))
}

fn planted<T: Checked>(bug: Bug, plan: &Plan) -> Report {
    rnn_check::run::<T>(&Planted::new(bug), &claims(), plan)
}

#[test]
fn a_failure_fits_a_screen_and_says_all_there_is_to_say() {
    let report = planted::<f32>(Bug::ForgetUsesNewCell, &Plan::quick().only(GRADIENTS));
    let text = report.to_string();
    println!("{text}");
    assert!(text.lines().count() <= 14, "{text}");
    for part in [
        "rnn-check FAIL  oracle::parameter_gradients_accumulate_within_their_bounds  backend=Planted(ForgetUsesNewCell)  f32",
        " clause  C8, C11",
        " case    lstm T=1 N=1 C=1 H=1",
        " shrunk  from lstm",
        " worst   d_params.",
        "gate f, unit 0",
        "got ",
        "want ",
        "|err| ",
        "bound ",
        "RATIO ",
        " spread  ",
        " of d_params, in ",
        "hint    errs like the planted bug ForgetUsesNewCell 1.00 (lstm: d_pre_f uses c instead of c_prev)",
        " replay  RNN_CHECK_REPLAY=rnn2-f32-oracle::",
        " run     seed 0x5eed, case ",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn the_spread_names_the_first_bad_step_and_the_rows() {
    let plan = Plan::quick().only("oracle::input_gradients_are_within_their_bounds").without_shrinking();
    let report = planted::<f32>(Bug::RowsSwapped, &plan);
    let pattern = broken(&report).pattern.as_ref().expect("an array is wrong");
    let rows = pattern.rows.as_ref().expect("d_x has rows");
    assert!(rows.bad.len() >= 2 && rows.bad.iter().all(|&row| row < rows.of), "{rows:?}");
    assert!(report.to_string().contains("first bad step t="), "{report}");
    assert_eq!((&pattern.block[..], &pattern.worst.array[..]), ("d_x", "d_x"));
}

/// A law that sees the bug, and the bug.
const SEEN: [(&str, Bug); 12] = [
    (GRADIENTS, Bug::ForgetUsesNewCell),
    (GRADIENTS, Bug::InputForgetSwapped),
    (GRADIENTS, Bug::RecurrentWeightsUseNewState),
    (GRADIENTS, Bug::BatchMean),
    ("oracle::state_gradients_are_within_their_bounds", Bug::CarryUsesInputGate),
    ("oracle::state_gradients_are_within_their_bounds", Bug::InitialGradientZero),
    ("oracle::each_adjoint_step_is_one_oracle_step", Bug::DirectPathForgotten),
    ("oracle::each_step_is_one_oracle_step", Bug::UpdateGateInverted),
    ("oracle::each_step_is_one_oracle_step", Bug::StateInBfloat16),
    ("oracle::outputs_are_slots_of_the_reserve", Bug::FinalStateFromOutput),
    ("matmul::every_product_is_within_gamma", Bug::TailDropped),
    ("head::squared_error_and_its_gradient", Bug::HalfGradient),
];

#[test]
fn the_hint_names_the_planted_bug_first_or_one_that_errs_just_so() {
    for (law, bug) in SEEN {
        let mut plan = Plan::quick().only(law);
        plan.shrink = false;
        for report in [planted::<f32>(bug, &plan), planted::<f64>(bug, &plan)] {
            let hints = &broken(&report).hints;
            let first = hints.first().unwrap_or_else(|| panic!("{bug:?}: no hint\n{report}"));
            // Sums of up to 1024 squares: γ of 1024 is 1.2e-13, and a pattern of another bug is not that near.
            assert!((first.likeness - 1.0).abs() < 1e-9, "{bug:?}: {hints:?}");
            let named = hints.iter().any(|hint| hint.bug == format!("{bug:?}"));
            println!("{bug:?}: {hints:?}");
            assert!(named, "{bug:?}: {hints:?}");
        }
    }
}

#[test]
fn a_likeness_that_unrelated_bugs_reach_is_not_printed() {
    /// Wrong as no planted bug is: every third d_pre has the other sign.
    #[derive(Debug)]
    struct Odd;
    impl Backend<f32> for Odd {
        fn matmul(&self, c: MatMut<'_, f32>, accum: Accum, a: MatRef<'_, f32>, b: MatRef<'_, f32>) {
            Plain.matmul(c, accum, a, b);
        }
        fn unit_backward(&self, mut unit: UnitBackward<'_, f32>) {
            Plain.unit_backward(unit.rb_mut());
            if unit.spec().cell().known() == Some(Known::Lstm) {
                unit.rows().for_each(|n| unit.d_pre(n).iter_mut().step_by(3).for_each(|d| *d = -*d));
            }
        }
    }
    let report = rnn_check::run::<f32>(&Odd, &claims(), &Plan::quick().only(GRADIENTS));
    let hints = &broken(&report).hints;
    assert!(hints.iter().all(|hint| hint.likeness >= 0.5), "{hints:?}");
}

#[test]
fn a_shape_that_is_not_refused_is_reported_with_what_was_given_and_what_is_required() {
    let report = planted::<f32>(Bug::ShapesNotChecked, &Plan::quick().only("a_wrong_shape"));
    assert!(!report.passes());
    /// Takes any workspace.
    #[derive(Debug)]
    struct Lenient;
    impl Backend<f32> for Lenient {
        fn matmul(&self, c: MatMut<'_, f32>, accum: Accum, a: MatRef<'_, f32>, b: MatRef<'_, f32>) {
            Plain.matmul(c, accum, a, b);
        }
        fn backward(&self, run: rnn_kernels::Backward<'_, f32>) {
            let mut own = vec![0.0; run.workspace.len() + 1];
            Plain.backward(rnn_kernels::Backward { workspace: &mut own, ..run });
        }
    }
    let plan = Plan::quick().only("a_wrong_shape").of_cells(&[rnn_check::oracle::Cell::Lstm]);
    let report = rnn_check::run::<f32>(&Lenient, &claims(), &plan);
    let place = &broken(&report).place;
    assert!(place.contains("elements given") && place.contains("required: no panic"), "{place}");
}

#[test]
fn a_bug_in_another_backend_is_likened_to_the_planted_one() {
    /// The bug of `ForgetUsesNewCell` over other roundings.
    #[derive(Debug)]
    struct Lookalike;
    impl Backend<f32> for Lookalike {
        fn matmul(&self, c: MatMut<'_, f32>, accum: Accum, a: MatRef<'_, f32>, b: MatRef<'_, f32>) {
            Correct(Way::Fused).matmul(c, accum, a, b);
        }
        fn unit_backward(&self, unit: UnitBackward<'_, f32>) {
            Planted::new(Bug::ForgetUsesNewCell).unit_backward(unit);
        }
    }
    let report = rnn_check::run::<f32>(&Lookalike, &claims(), &Plan::quick().only(GRADIENTS));
    let hint = broken(&report).hints.first().expect("a hint");
    assert!(hint.bug == "ForgetUsesNewCell" && hint.likeness > 0.99 && hint.likeness < 1.0, "{hint:?}");
}

#[test]
fn where_the_reference_breaks_the_law_too_the_claims_are_blamed_and_no_bug() {
    let exact = claims().tanh_ulp(0.1, 0.1);
    let report = rnn_check::run::<f32>(&Plain, &exact, &glance().only("activations_keep_their_ulp"));
    assert!(!broken(&report).reference_too, "failures as found are not explained");
    let plan = Plan::quick().only("activations_keep_their_ulp");
    let report = rnn_check::run::<f32>(&Plain, &exact, &plan);
    assert!(broken(&report).reference_too && broken(&report).hints.is_empty());
    assert!(report.to_string().contains("do they promise too much?"), "{report}");
    let clamped = planted::<f32>(Bug::TanhClamped, &plan);
    assert!(!broken(&clamped).reference_too, "{clamped}");
}

#[test]
fn a_report_survives_json() {
    let plan = Plan::quick().only("oracle::");
    for report in [planted::<f64>(Bug::ForgetUsesNewCell, &plan), rnn_check::run::<f64>(&Plain, &claims(), &glance())] {
        let text = serde_json::to_string_pretty(&report).expect("plain data");
        assert_eq!(serde_json::from_str::<Report>(&text).expect("its own text"), report);
    }
}

/// The bounds of every law, in every class, with the cases of `full` that are wide.
#[test]
fn the_reference_comes_above_a_five_hundredth_of_every_bound_in_every_class() {
    let mut plan = Plan::quick();
    plan.wide = Plan::full().wide;
    for report in [rnn_check::run::<f32>(&Plain, &claims(), &plan), rnn_check::run::<f64>(&Plain, &claims(), &plan)] {
        report.assert_passes();
        let bounded = report.laws.iter().filter(|law| !law.sizes.is_empty());
        for law in bounded {
            let sizes = law.sizes.iter().map(|(size, t)| format!("{size} {:.4} of {}", t.ratio, t.comparisons));
            println!("{} {:60} {}", report.number, law.id, sizes.collect::<Vec<_>>().join(", "));
        }
        println!("{report}, {:.1} s", report.laws.iter().map(|law| law.seconds).sum::<f64>());
        assert_eq!(report.vacuous(), []);
        let classes: std::collections::BTreeSet<_> = report.laws.iter().flat_map(|law| law.sizes.keys()).collect();
        assert_eq!(classes.len(), 3, "every class occurs");
    }
}

/// The reference, with a mistake in column 190 of the rows from the 16th on, where a product has that many.
#[derive(Debug)]
struct SecondTileWrong;

impl<T: Scalar> Backend<T> for SecondTileWrong {
    fn matmul(&self, mut c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        Plain.matmul(c.rb_mut(), accum, a, b);
        if c.cols() > 190 {
            (16..c.rows()).for_each(|row| c.row_mut(row)[190] = T::ZERO);
        }
    }
}

#[test]
fn a_mistake_in_a_second_tile_is_seen_by_the_wide_cases_of_full_and_not_by_the_listed_ones() {
    let run =
        |plan: Plan| rnn_check::run::<f32>(&SecondTileWrong, &claims(), &plan.without_shrinking().only("oracle::"));
    let mut plan = Plan::quick();
    // Those may be of any size, now and then of this one.
    plan.random = 0;
    let listed = run(plan.clone());
    assert!(listed.passes(), "listed cases have no sizes like these: {listed}");
    plan.wide = Plan::full().wide;
    assert!(!run(plan).passes());
}

/// The reference without the reset-before GRU.
#[derive(Debug)]
struct NoResetBefore;

impl<T: Scalar> Backend<T> for NoResetBefore {
    fn matmul(&self, c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        Plain.matmul(c, accum, a, b);
    }
    fn lens(&self, spec: &Spec<T>, steps: usize, rows: usize) -> BufferLens {
        let before = Some(Known::Gru(GruReset::Before));
        assert!(spec.cell().known() != before, "the reset gate acts after the product");
        Plain.lens(spec, steps, rows)
    }
}

#[test]
fn an_option_that_is_declared_unsupported_is_never_asked_for_and_counted() {
    let without = claims().without(&[Feature::GRU_RESET_BEFORE]);
    assert!(!rnn_check::run::<f32>(&NoResetBefore, &claims(), &glance()).passes());
    let report = rnn_check::run::<f32>(&NoResetBefore, &without, &glance());
    report.assert_passes();
    let skipped = report.skips()["the claims leave out gru reset-before"];
    assert!(
        skipped > 20 && report.to_string().contains(&format!("skipped {skipped}: the claims leave out")),
        "{report}"
    );
    assert!(report.under_claims().keys().all(|promise| !promise.contains("gru")), "{report}");
}

#[test]
fn an_option_that_is_declared_unsupported_and_works_is_an_under_claim() {
    let report = rnn_check::run::<f32>(&Plain, &claims().without(&[Feature::Reverse]), &glance());
    report.assert_passes();
    assert!(report.under_claims().contains_key("reverse time, declared unsupported"), "{report}");
    assert!(report.to_string().contains("under-claim: reverse time"), "{report}");
}

#[test]
fn an_expected_failure_is_counted_with_its_reason_and_fails_once_it_holds() {
    const KNOWN: ExpectedFailure = ExpectedFailure::new(GRADIENTS, "the forget gate is being rewritten");
    let expecting = claims().expecting(&[KNOWN]);
    let plan = Plan::quick().without_shrinking().only(GRADIENTS);
    let report = rnn_check::run::<f32>(&Planted::new(Bug::ForgetUsesNewCell), &expecting, &plan);
    report.assert_passes();
    assert_eq!(report.expected_failures().count(), 1);
    let text = report.to_string();
    assert!(text.contains("expected failure  oracle::") && text.contains(KNOWN.reason), "{text}");
    assert!(text.contains("0 failed, 1 expected failures"), "{text}");

    let report = rnn_check::run::<f32>(&Plain, &expecting, &plan);
    assert!(!report.passes() && report.to_string().contains("it was expected to fail"), "{report}");

    // One number type's failure excuses no other.
    const HALF: [ExpectedFailure; 1] = [KNOWN.only("f64")];
    let half = claims().expecting(&HALF);
    assert!(!rnn_check::run::<f32>(&Planted::new(Bug::ForgetUsesNewCell), &half, &plan).passes());
    assert!(rnn_check::run::<f32>(&Plain, &half, &plan).passes());
}

#[test]
fn an_expected_failure_of_a_law_that_does_not_exist_is_a_failure() {
    const SLIP: &[ExpectedFailure] = &[ExpectedFailure::new("oracle::no_such_law", "a slip")];
    let expecting = claims().expecting(SLIP);
    let report = rnn_check::run::<f32>(&Plain, &expecting, &glance().only(GRADIENTS));
    assert!(!report.passes() && report.to_string().contains("no law has this name"), "{report}");
}

/// The order of summation follows from the number of rows: right, and not batch invariant.
#[derive(Debug)]
struct RowsChooseTheKernel;

impl<T: Real> Backend<T> for RowsChooseTheKernel {
    fn matmul(&self, c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        if c.rows() % 2 == 0 { Plain.matmul(c, accum, a, b) } else { Correct(Way::Reversed).matmul(c, accum, a, b) }
    }
}

#[test]
fn a_backend_that_keeps_the_bits_of_its_rows_is_told_so() {
    let told = |backend: &dyn Backend<f32>| {
        let report = rnn_check::run::<f32>(backend, &Claims::new(), &glance().only("structure::"));
        report.assert_passes();
        report.under_claims().contains_key("batch invariance (C13)")
    };
    assert!(told(&Plain));
    assert!(!told(&RowsChooseTheKernel));
    let claimed = rnn_check::run::<f32>(&Plain, &claims(), &glance().only("structure::"));
    assert!(claimed.under_claims().is_empty(), "what is claimed is no under-claim");
}

#[test]
fn a_backend_that_allocates_nothing_is_told_so() {
    let plan = glance().only("no_allocation").count_allocations(|call| allocation_counter::measure(call).count_total);
    let report = rnn_check::run::<f32>(&Plain, &claims(), &plan);
    assert!(report.under_claims().contains_key("calls without allocation (C12)"), "{report}");
}

#[test]
fn a_backend_that_gives_its_bits_to_concurrent_callers_is_told_so() {
    let modest = claims().determinism(Determinism::SameThreads);
    let report = rnn_check::run::<f32>(&Plain, &modest, &glance().only("several_threads"));
    report.assert_passes();
    assert!(report.under_claims().contains_key("the same bits among concurrent callers (C7)"), "{report}");
    assert!(report.skips().contains_key("not claimed"));
}

#[test]
fn an_activation_claim_more_than_twice_as_wide_as_the_error_is_told_so() {
    let told = |claims: Claims| {
        let plan = glance().only("activations_keep_their_ulp");
        let report = rnn_check::run::<f32>(&Plain, &claims, &plan);
        report.assert_passes();
        report.under_claims().keys().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(told(claims()), [""; 0]);
    assert_eq!(told(claims().sigmoid_ulp(0.9, 4.0)), [""; 0]);
    let wide = told(claims().sigmoid_ulp(1.5, 4.0));
    assert!(
        wide.len() == 1 && wide[0].starts_with("σ within 0.5") && wide[0].ends_with("where 1.5 are claimed"),
        "{wide:?}"
    );
    let wide = told(claims().tanh_ulp(3.0, 4.0));
    assert!(wide.len() == 1 && wide[0].starts_with("tanh within 0.5"), "{wide:?}");
}
