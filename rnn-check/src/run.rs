//! `run(&backend, &claims, &plan) -> Report`: every law on the covering list and on random cases.

use crate::case::{Case, CaseTree, Cases, covering};
use crate::claims::Claims;
use crate::drive::message;
use crate::law::{Checked, Context, Evidence, Law, Scope, Stop, Verdict, fail};
use crate::plan::Plan;
use crate::report::{Broken, LawReport, Report};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use rnn_kernels::Backend;
use std::cell::Cell as Count;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How often an inconclusive case is drawn again before it counts as broken.
const REDRAWS: u64 = 4;

/// Checks every law that the plan asks for.
pub fn run<T: Checked>(backend: &dyn Backend<T>, claims: &Claims, plan: &Plan) -> Report {
    let precision = T::precision(claims);
    let ctx = Context { backend, claims, count: plan.count, precision: &precision };
    let wanted = T::all_laws().into_iter().filter(|law| law.id.contains(&plan.only));
    let laws = wanted.map(|law| check(&ctx, &law, plan)).collect();
    Report { backend: format!("{backend:?}"), number: T::NAME.into(), seed: plan.seed, laws }
}

/// The verdict on one case; a panic is a failure with its message.
fn judge<T: Checked>(ctx: &Context<'_, T>, law: &Law<T>, case: &Case) -> Verdict {
    catch_unwind(AssertUnwindSafe(|| (law.check)(ctx, case)))
        .unwrap_or_else(|panic| Err(fail(format!("it panicked: {}", message(&*panic)))))
}

fn check<T: Checked>(ctx: &Context<'_, T>, law: &Law<T>, plan: &Plan) -> LawReport {
    let mut report = LawReport {
        id: law.id.into(),
        clause: law.clause.into(),
        cases: 0,
        comparisons: 0,
        ratio: None,
        skipped: 0,
        skip_reason: None,
        inconclusive: 0,
        broken: None,
    };
    let (stride, random) = match law.scope {
        Scope::Cases => (plan.stride, plan.random),
        Scope::FewCases => (4 * plan.stride, plan.random / 8),
        Scope::Once => (usize::MAX, 0),
    };
    let seed = plan.seed.to_le_bytes().repeat(4);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let config = Config { failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let listed = covering().iter().step_by(stride).map(|&case| CaseTree::new(case));
    let listed: Vec<_> = if law.scope == Scope::Once { vec![CaseTree::new(Case::plain())] } else { listed.collect() };
    let mut trees = listed.into_iter();
    for _ in 0..trees.len() + random as usize {
        let Some(tree) = trees.next().or_else(|| Cases.new_tree(&mut runner).ok()) else { break };
        if let Some(broken) = one(ctx, law, plan, &mut runner, tree, &mut report) {
            report.broken = Some(broken);
            break;
        }
    }
    // More than one in twenty undecided, and the law has not been checked.
    if report.broken.is_none() && report.inconclusive > 1 + report.cases / 20 {
        let place = format!("{} of {} cases could not decide", report.inconclusive, report.cases);
        report.broken = Some(broken(&Case::plain(), &Case::plain(), 0, place, String::new(), None));
    }
    report
}

fn broken(found: &Case, case: &Case, tried: usize, place: String, numbers: String, ratio: Option<f64>) -> Broken {
    Broken { found: found.to_string(), case: case.to_string(), tried, place, numbers, ratio }
}

/// One case: counted, and shrunk by proptest if it fails.
fn one<T: Checked>(
    ctx: &Context<'_, T>,
    law: &Law<T>,
    plan: &Plan,
    runner: &mut TestRunner,
    tree: CaseTree,
    report: &mut LawReport,
) -> Option<Broken> {
    let mut case = tree.current();
    for attempt in 0..=REDRAWS {
        let failure = match judge(ctx, law, &case) {
            Ok(Evidence { comparisons, ratio }) => {
                report.cases += 1;
                report.comparisons += comparisons;
                report.ratio = match (report.ratio, ratio) {
                    (Some(a), Some(b)) => Some(a.max(b)),
                    (a, b) => a.or(b),
                };
                return None;
            }
            Err(Stop::Skip(reason)) => {
                report.skipped += 1;
                report.skip_reason = Some(reason.into());
                return None;
            }
            Err(Stop::Inconclusive(reason)) if attempt == REDRAWS => fail(format!("still undecided: {reason}")),
            Err(Stop::Inconclusive(_)) => {
                report.inconclusive += 1;
                case.seed += 1_000_003;
                continue;
            }
            Err(stop) => stop,
        };
        let found = case;
        let tried = Count::new(0);
        let shrunk = if plan.shrink {
            let fails = |case: Case| {
                tried.set(tried.get() + 1);
                match judge(ctx, law, &case) {
                    Err(Stop::Fail(_)) => Err(TestCaseError::fail("broken")),
                    _ => Ok(()),
                }
            };
            match runner.run_one(CaseTree::new(found), fails) {
                Err(TestError::Fail(_, plainest)) => plainest,
                _ => found,
            }
        } else {
            found
        };
        let last = match judge(ctx, law, &shrunk) {
            Err(Stop::Fail(failure)) => Stop::Fail(failure),
            _ => failure,
        };
        let Stop::Fail(failure) = last else { return None };
        let failure = *failure;
        return Some(broken(&found, &shrunk, tried.get(), failure.place, failure.numbers, failure.ratio));
    }
    None
}
