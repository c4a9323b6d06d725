//! `run(&backend, &claims, &plan) -> Report`: every law on the covering list, on wide cases and on random ones.

use crate::case::{Case, CaseTree, Cases, Token, covering, families, wide, wide_of};
use crate::claims::Claims;
use crate::hint;
use crate::judge::judge;
use crate::law::{Context, Evidence, Failure, Law, Scope, Stop, all_ids, f64_laws, laws};
use crate::oracle::Cell;
use crate::plan::Plan;
use crate::promise::Promises;
use crate::real::Real;
use crate::report::{Broken, Hint, LawReport, Report};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use rnn_kernels::Backend;
use std::cell::Cell as Count;
use std::time::Instant;

/// How often an inconclusive case is drawn again before it counts as broken.
const REDRAWS: u64 = 4;

/// Checks every law that the plan asks for.
pub fn run<T: Checked>(backend: &dyn Backend<T>, claims: &Claims, plan: &Plan) -> Report {
    T::check(backend, claims, plan)
}

/// Checks a cell of one's own on a backend: every law that is about any cell, on every case of the covering list.
///
/// What it proves is calculus: that the backend computes the cell's equation and the derivative of it, in both directions, over
/// ragged rows, from any state. Whether the equation is the one that was meant, a sign for instance, it cannot know. That is for a
/// test beside this one: `unit` runs on `f64`, over `Unit::new(&pre, &reads, &vectors, &mut kept, &mut writes)`, and its results
/// are to be those of the paper.
///
/// The claims are the backend's. `Claims::new()` promises the accuracy of the provided activations; of `Faer` it is
/// `Claims::new().sigmoid_ulp(1.0, 1.0).tanh_ulp(1.0, 1.0).batch_invariant()`. Laws about gates that are known (where an LSTM is
/// shut) say in the report that they say nothing here; the few laws that bring their own cells test the backend itself.
///
/// [`Plan::quick`] takes seconds if this crate is optimised (`[profile.test.package.rnn-check] opt-level = 2`), and minutes to
/// compile the first time.
///
/// ```
/// use rnn_check::{Claims, Plan, check_cell, planted::Plain};
/// use rnn_kernels::{Cell, Equations, Form, Number, Slot, Stage, Unit};
///
/// /// `h = h₋₁ + tanh(W x + U h₋₁ + b) / 8`: a residual step.
/// #[derive(Debug)]
/// struct Residual;
///
/// impl Equations for Residual {
///     fn form(&self) -> Form {
///         Form::new("residual").stage(Stage::new(["step"]).reads([Slot::Old(0)]))
///     }
///     fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
///         let ([step], [h]) = (u.pre(), u.reads());
///         let [step] = u.keep([step.tanh()]);
///         u.write([h + step * S::constant(0.125)]);
///     }
/// }
///
/// let cell = Cell::new(&Residual)?;
/// let plan = Plan::quick().only("oracle::each_adjoint_step");
/// check_cell::<f64>(&cell, &Plain, &Claims::new(), &plan).assert_passes();
/// # Ok::<(), rnn_kernels::CellError>(())
/// ```
pub fn check_cell<T: Checked>(
    cell: &rnn_kernels::Cell,
    backend: &dyn Backend<T>,
    claims: &Claims,
    plan: &Plan,
) -> Report {
    T::check(backend, claims, &plan.clone().only_of([Cell::from(cell.clone())]))
}

/// A number type with its laws.
pub trait Checked: Real {
    /// Every law of this type, in the order of reports.
    fn all_laws() -> Vec<Law<Self>>;

    /// What [`run`] does: compiled in this crate and once, not with every law again by each program that calls it.
    #[doc(hidden)]
    fn check(backend: &dyn Backend<Self>, claims: &Claims, plan: &Plan) -> Report;
}

impl Checked for f32 {
    fn all_laws() -> Vec<Law<Self>> {
        laws()
    }

    fn check(backend: &dyn Backend<Self>, claims: &Claims, plan: &Plan) -> Report {
        check(backend, claims, plan)
    }
}

impl Checked for f64 {
    fn all_laws() -> Vec<Law<Self>> {
        laws().into_iter().chain(f64_laws()).collect()
    }

    fn check(backend: &dyn Backend<Self>, claims: &Claims, plan: &Plan) -> Report {
        check(backend, claims, plan)
    }
}

fn check<T: Checked>(backend: &dyn Backend<T>, claims: &Claims, plan: &Plan) -> Report {
    let precision = claims.precision::<T>();
    let ctx = Context { backend, claims, count: plan.count, precision: &precision };
    let wanted = wanted(T::all_laws(), T::NAME, plan);
    let mut laws: Vec<LawReport> = wanted.iter().map(|law| Checking::new(&ctx, law, plan).report()).collect();
    laws.extend(misplaced::<T>(claims, plan));
    Report { backend: format!("{backend:?}"), number: T::NAME.into(), seed: plan.seed, laws }
}

fn wanted<T>(laws: Vec<Law<T>>, number: &str, plan: &Plan) -> Vec<Law<T>> {
    if let Some(token) = &plan.replay {
        return laws.into_iter().filter(|law| law.id == token.law && number == token.number).collect();
    }
    let exact = laws.iter().any(|law| law.id == plan.only);
    laws.into_iter().filter(|law| if exact { law.id == plan.only } else { law.id.contains(&plan.only) }).collect()
}

/// What was asked for and does not exist, as laws that are broken: a misspelt name must not pass.
fn misplaced<T: Checked>(claims: &Claims, plan: &Plan) -> Vec<LawReport> {
    let broken = |id: &str, place: String| LawReport {
        id: id.into(),
        broken: Some(Broken::in_words(place)),
        ..LawReport::default()
    };
    let unknown = claims.expected_failures.iter().filter(|expected| all_ids().all(|id| id != expected.law));
    let mut all: Vec<_> =
        unknown.map(|expected| broken(expected.law, "expected to fail, but no law has this name".into())).collect();
    if let Some(token) = &plan.replay {
        if all_ids().all(|id| id != token.law) {
            all.push(broken(&token.law, "to be replayed, but no law has this name".into()));
        } else if token.number != T::NAME {
            all.push(broken(&token.law, format!("the token is of {}, this run of {}", token.number, T::NAME)));
        }
    }
    all
}

/// One law on its cases.
struct Checking<'c, T: Checked> {
    ctx: &'c Context<'c, T>,
    law: &'c Law<T>,
    plan: &'c Plan,
    runner: TestRunner,
    promises: Promises,
    seen: LawReport,
}

impl<'c, T: Checked> Checking<'c, T> {
    fn new(ctx: &'c Context<'c, T>, law: &'c Law<T>, plan: &'c Plan) -> Self {
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &plan.seed.to_le_bytes().repeat(4));
        let config = Config { failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
        Self {
            ctx,
            law,
            plan,
            runner: TestRunner::new_with_rng(config, rng),
            promises: Promises::new(ctx.claims, law),
            seen: LawReport { id: law.id.into(), clause: law.clause.into(), ..LawReport::default() },
        }
    }

    /// The cases that are listed, and how many small and large ones are drawn.
    fn cases(&self) -> (Vec<Case>, [u32; 2]) {
        let plan = self.plan;
        if let Some(token) = &plan.replay {
            return (vec![token.case], [0; 2]);
        }
        let wanted = |case: &Case| plan.has(case.cell);
        let listed = |stride| covering().iter().copied().filter(wanted).step_by(stride);
        let families = |most| families(most).filter(wanted);
        match self.law.scope {
            Scope::Cases => {
                let listed = listed(plan.stride).chain(wide().filter(wanted).take(plan.wide));
                (listed.chain(families(plan.families)).collect(), [plan.random, plan.large])
            }
            Scope::FewCases => {
                let listed = listed(plan.stride.saturating_mul(4));
                (listed.chain(families(plan.families.div_ceil(4))).collect(), [plan.random / 8, plan.large / 8])
            }
            Scope::Once => (vec![Case::plain()], [0; 2]),
        }
    }

    /// The cases of a cell that is not in the list: those of the list with this cell in them, wide ones, and random ones.
    fn cases_of(&mut self, cell: Cell) -> Vec<Case> {
        let plan = self.plan;
        let (stride, random) = match self.law.scope {
            _ if plan.replay.is_some() => return vec![],
            Scope::Cases => (plan.stride, plan.random),
            Scope::FewCases => (plan.stride.saturating_mul(4), plan.random / 8),
            // It brings its own cells.
            Scope::Once => return vec![],
        };
        let covering = covering().iter().step_by(stride).map(|case| Case { cell, ..*case });
        let wide = wide_of(cell).take(plan.wide);
        let cells = [cell];
        let small = Cases { cells: &cells, ..Cases::SMALL };
        let drawn = (0..random).filter_map(|_| small.new_tree(&mut self.runner).ok()).map(|tree| tree.current());
        covering.chain(wide).chain(drawn).collect()
    }

    fn report(mut self) -> LawReport {
        let start = Instant::now();
        let (listed, [small, large]) = self.cases();
        let mut listed = listed.into_iter();
        for k in 0..listed.len() + small as usize + large as usize {
            let range = if k < listed.len() + small as usize { Cases::SMALL } else { Cases::LARGE };
            let tree = listed.next().map(CaseTree::new).or_else(|| range.new_tree(&mut self.runner).ok());
            let Some(tree) = tree else { break };
            if self.law.scope != Scope::Once && !self.plan.has(tree.current().cell) {
                continue;
            }
            if let Some(broken) = self.one(tree.current()) {
                self.seen.broken = Some(broken);
                break;
            }
        }
        let own: Vec<Case> = self.plan.own.iter().flat_map(|&cell| self.cases_of(cell)).collect();
        for case in own {
            if self.seen.broken.is_some() {
                break;
            }
            self.seen.broken = self.one(case);
        }
        self.seen.probes = self.promises.into_probes();
        let mut seen = self.seen;
        // More than one in twenty undecided, and the law has not been checked.
        if seen.broken.is_none() && seen.inconclusive > 1 + seen.cases / 20 {
            let words = format!("{} of {} cases could not decide", seen.inconclusive, seen.cases);
            seen.broken = Some(Broken::in_words(words));
        }
        if let Some(expected) = self.ctx.claims.expects(self.law.id, T::NAME) {
            seen.expect(expected.reason);
        }
        seen.seconds = start.elapsed().as_secs_f64();
        seen
    }

    /// One case: counted, or what is broken.
    fn one(&mut self, mut case: Case) -> Option<Broken> {
        for attempt in 0..=REDRAWS {
            let verdict = judge(self.ctx, self.law, &case);
            self.promises.try_on(self.ctx, self.law, &case, &verdict);
            match verdict {
                Ok(Evidence { comparisons: 0, .. }) => return self.skip(LawReport::NOTHING.into()),
                Ok(evidence) => {
                    self.count(evidence);
                    return None;
                }
                Err(Stop::Skip(reason)) => return self.skip(reason.into()),
                Err(Stop::Unsupported(feature)) => return self.skip(format!("the claims leave out {feature}")),
                Err(Stop::Inconclusive(reason)) if attempt == REDRAWS => {
                    let failure = Failure { place: format!("still undecided: {reason}"), ..Failure::default() };
                    return Some(self.broken(&case, &case, 0, failure));
                }
                Err(Stop::Inconclusive(_)) => {
                    self.seen.inconclusive += 1;
                    case.seed = case.seed.wrapping_add(1_000_003);
                }
                Err(Stop::Fail(failure)) => return Some(self.shrink(&case, *failure)),
            }
        }
        None
    }

    fn count(&mut self, evidence: Evidence) {
        self.seen.cases += 1;
        self.seen.comparisons += evidence.comparisons;
        self.seen.ratio = match (self.seen.ratio, evidence.ratio) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        for (size, new) in evidence.sizes.iter() {
            let tally = self.seen.sizes.entry(size).or_default();
            tally.comparisons += new.comparisons;
            tally.ratio = tally.ratio.max(new.ratio);
        }
    }

    fn skip(&mut self, reason: String) -> Option<Broken> {
        self.seen.skipped += 1;
        *self.seen.skips.entry(reason).or_default() += 1;
        None
    }

    /// The plainest case that still fails, by proptest.
    fn shrink(&mut self, found: &Case, failure: Failure) -> Broken {
        let tried = Count::new(0);
        let fails = |case: Case| {
            tried.set(tried.get() + 1);
            match judge(self.ctx, self.law, &case) {
                Err(Stop::Fail(_)) => Err(TestCaseError::fail("broken")),
                _ => Ok(()),
            }
        };
        let shrunk = if self.plan.shrink { self.runner.run_one(CaseTree::new(*found), fails) } else { Ok(false) };
        // Errors of a larger case tell bugs apart that look alike on one element.
        let (reference_too, hints) = self.guess(found, &failure);
        let (case, failure) = match shrunk {
            Err(TestError::Fail(_, plainest)) => match judge(self.ctx, self.law, &plainest) {
                Err(Stop::Fail(failure)) => (plainest, *failure),
                // It does not fail every time: then what was found is what is known.
                _ => (*found, failure),
            },
            _ => (*found, failure),
        };
        Broken { reference_too, hints, ..self.broken(found, &case, tried.get(), failure) }
    }

    /// Whether the reference breaks the law too, or else the planted bugs that err alike.
    fn guess(&self, case: &Case, failure: &Failure) -> (bool, Vec<Hint>) {
        if !self.plan.hint {
            return (false, vec![]);
        }
        let reference_too = hint::reference_breaks(self.ctx, self.law, case);
        (reference_too, if reference_too { vec![] } else { hint::hints(self.ctx, self.law, case, failure) })
    }

    fn broken(&self, found: &Case, case: &Case, tried: usize, failure: Failure) -> Broken {
        let Failure { place, numbers, ratio, pattern } = failure;
        let token = Token::new(self.law.id, T::NAME, *case);
        Broken {
            found: found.to_string(),
            case: case.to_string(),
            tried,
            token,
            place,
            numbers,
            ratio,
            pattern,
            hints: vec![],
            reference_too: false,
        }
    }
}
