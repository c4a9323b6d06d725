//! Promises that a backend does not make, tried on it all the same: what it keeps anyway it could claim.

use crate::case::Case;
use crate::claims::{Claims, Determinism};
use crate::judge::judge;
use crate::law::{Context, Law, Stop, Verdict};
use crate::real::Real;
use crate::report::Probe;

/// The laws that hold a backend to C13.
pub(crate) const INVARIANCE: &[&str] = &[
    "structure::windows_chain_to_the_whole",
    "structure::permuted_rows_give_permuted_results",
    "structure::a_split_batch_is_the_whole_batch",
    "structure::a_longer_batch_changes_nothing",
    "structure::a_ragged_row_is_its_own_short_run",
    "structure::layouts_do_not_matter",
    "structure::inference_is_the_forward_pass",
    "duality::gradients_of_a_suffix_are_its_own",
    "layer::both_directions_share_their_buffers",
    "layer::a_step_at_a_time_is_the_sequence",
];
/// The law of C7 among concurrent callers.
pub(crate) const CONCURRENCY: &str = "environment::several_threads_at_once_give_the_same_bits";
/// The law of C12.
pub(crate) const ALLOCATION: &str = "environment::no_allocation_after_the_first_call";
/// The law that measures activations.
pub(crate) const ACTIVATIONS: &str = "numeric::activations_keep_their_ulp";

/// How many times as wide as the error a claim may be before it is called too modest.
const MODEST: f64 = 2.0;

/// The promises one law tries.
pub(crate) struct Promises {
    /// The claims with one promise more, and what came of it.
    stronger: Vec<(Claims, Probe)>,
    /// What came of options declared unsupported.
    lifted: Vec<Probe>,
    /// The accuracies of activations.
    measured: Vec<Probe>,
}

impl Promises {
    pub(crate) fn new<T>(claims: &Claims, law: &Law<T>) -> Self {
        let open = [
            (
                !claims.batch_invariant && INVARIANCE.contains(&law.id),
                claims.batch_invariant(),
                "batch invariance (C13)",
            ),
            (
                !claims.allocation_free && law.id == ALLOCATION,
                claims.allocation_free(),
                "calls without allocation (C12)",
            ),
            (
                claims.determinism < Determinism::AnyThreads && law.id == CONCURRENCY,
                claims.determinism(Determinism::AnyThreads),
                "the same bits among concurrent callers (C7)",
            ),
        ];
        let open = open.into_iter().filter(|(open, ..)| *open);
        Self {
            stronger: open.map(|(_, claims, name)| (claims, probe(name))).collect(),
            lifted: vec![],
            measured: vec![],
        }
    }

    /// Tries them on a case that was decided, or was skipped for want of a promise.
    pub(crate) fn try_on<T: Real>(&mut self, ctx: &Context<'_, T>, law: &Law<T>, case: &Case, verdict: &Verdict) {
        if matches!(verdict, Err(Stop::Fail(_) | Stop::Inconclusive(_))) {
            return;
        }
        if let Err(Stop::Unsupported(feature)) = verdict {
            let name = format!("{feature}, declared unsupported");
            let at = self.lifted.iter().position(|probe| probe.promise == name);
            let at = at.unwrap_or_else(|| {
                self.lifted.push(probe(&name));
                self.lifted.len() - 1
            });
            attempt(ctx, law, case, &ctx.claims.without(&[]), &mut self.lifted[at]);
            return;
        }
        for (claims, probe) in &mut self.stronger {
            attempt(ctx, law, case, claims, probe);
        }
        if law.id == ACTIVATIONS && verdict.is_ok() {
            self.measured = measure(ctx, law, case);
        }
    }

    pub(crate) fn into_probes(self) -> Vec<Probe> {
        let stronger = self.stronger.into_iter().map(|(_, probe)| probe);
        stronger.chain(self.lifted).chain(self.measured).filter(|probe| probe.cases > 0).collect()
    }
}

fn probe(promise: &str) -> Probe {
    Probe { promise: promise.into(), cases: 0, kept: true }
}

/// The verdict under other claims.
fn under<T: Real>(ctx: &Context<'_, T>, law: &Law<T>, case: &Case, claims: &Claims) -> Verdict {
    let precision = claims.precision::<T>();
    judge(&Context { claims, precision: &precision, ..*ctx }, law, case)
}

/// One case more for a promise, unless one has refuted it. A case that says nothing does not count.
fn attempt<T: Real>(ctx: &Context<'_, T>, law: &Law<T>, case: &Case, claims: &Claims, probe: &mut Probe) {
    if !probe.kept {
        return;
    }
    match under(ctx, law, case, claims) {
        Ok(evidence) if evidence.comparisons > 0 => probe.cases += 1,
        Err(Stop::Fail(_)) => {
            probe.cases += 1;
            probe.kept = false;
        }
        _ => {}
    }
}

/// The error of each activation: the law's ratio when the other's claim is so wide that it has none.
fn measure<T: Real>(ctx: &Context<'_, T>, law: &Law<T>, case: &Case) -> Vec<Probe> {
    let claims = *ctx.claims;
    let wide = f64::INFINITY;
    let both = [
        ("σ", ctx.precision.sigmoid_ulp, claims.tanh_ulp(wide, wide)),
        ("tanh", ctx.precision.tanh_ulp, claims.sigmoid_ulp(wide, wide)),
    ];
    let probes = both.into_iter().filter_map(|(name, claim, alone)| {
        let ratio = under(ctx, law, case, &alone).ok()?.ratio?;
        let promise = format!("{name} within {:.3} ulp as measured, where {claim} are claimed", ratio * claim);
        Some(Probe { promise, cases: 1, kept: ratio * MODEST < 1.0 })
    });
    probes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::all_ids;
    use crate::plan::Plan;
    use crate::planted::{Correct, Plain, Way};
    use crate::real::Real;
    use rnn_kernels::{Accum, Backend, MatMut, MatRef};
    use std::collections::BTreeSet;

    /// Right, but the order of summation follows from the number of rows.
    #[derive(Debug)]
    struct RowsChooseTheKernel;

    impl<T: Real> Backend<T> for RowsChooseTheKernel {
        fn matmul(&self, c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
            match c.rows() % 3 {
                0 => Plain.matmul(c, accum, a, b),
                1 => Correct(Way::Reversed).matmul(c, accum, a, b),
                _ => Correct(Way::Pairwise).matmul(c, accum, a, b),
            }
        }
    }

    #[test]
    fn every_law_that_refutes_batch_invariance_is_named_here() {
        let claims = Claims::new().batch_invariant();
        let plan = Plan::quick().without_shrinking();
        let report = crate::run::run::<f32>(&RowsChooseTheKernel, &claims, &plan);
        let refuting: BTreeSet<_> = report.failures().map(|law| &law.id[..]).collect();
        let named: BTreeSet<_> = INVARIANCE.iter().copied().collect();
        // The others change where a row is, not how many there are.
        assert!(refuting.len() >= 7 && refuting.is_subset(&named), "{refuting:?}");
        crate::run::run::<f32>(&RowsChooseTheKernel, &Claims::new(), &plan).assert_passes();
    }

    #[test]
    fn the_laws_named_here_exist() {
        for law in [CONCURRENCY, ALLOCATION, ACTIVATIONS].iter().chain(INVARIANCE) {
            assert!(all_ids().any(|id| id == *law), "{law}");
        }
    }
}
