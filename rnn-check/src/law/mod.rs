//! Laws: plain functions from a backend and a case to a verdict, each with the clause of the contract it checks.

mod alike;
mod beyond;
pub mod block;
mod clip;
mod ctc;
mod duality;
mod endurance;
mod environment;
mod exact;
mod failure;
mod foreign;
mod gate;
mod golden;
mod gradient;
mod head;
mod layer;
mod linear;
mod matmul;
mod numeric;
mod oracle;
mod poison;
mod precisions;
mod recurrence;
mod structure;
mod symmetry;
mod table;
mod truncated;
mod variant;

use crate::bound::{Bounded, Precision, Sizes, compare, deviations};
use crate::case::{Case, Problem};
use crate::claims::{Claims, Feature};
use crate::drive::{CountAllocations, Rig};
use crate::number::Number;
use crate::real::Real;
use block::Block;
pub use failure::{Failure, Pattern, Profile};
pub(crate) use failure::{ensure, fail};
pub use precisions::single_follows_double;
use rnn_kernels::Backend;
pub(crate) use table::{ANY_THREADS, all_ids, f64_laws};
pub use table::{DEFENCE_IN_DEPTH, laws};

/// What a law is given: a backend and what it claims.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a, T> {
    /// The backend.
    pub backend: &'a dyn Backend<T>,
    /// What it claims.
    pub claims: &'a Claims,
    /// How to count heap allocations, if the program can.
    pub count: Option<CountAllocations>,
    /// The format, with the claimed accuracy of activations.
    pub precision: &'a Precision,
}

impl<'a, T: Real> Context<'a, T> {
    /// The backend, called as the suite calls it.
    #[must_use]
    pub fn rig(&self) -> Rig<'a, T> {
        Rig { unsupported: self.claims.unsupported, ..Rig::new(self.backend) }
    }
}

/// What a law saw when it held.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Elements compared.
    pub comparisons: usize,
    /// The largest error/bound; `None` where everything was compared bit for bit.
    pub ratio: Option<f64>,
    /// The same by the length of sums, of what was compared with the oracle.
    pub sizes: Sizes,
}

impl Evidence {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let ratio = match (self.ratio, other.ratio) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        Self { comparisons: self.comparisons + other.comparisons, ratio, sizes: self.sizes.and(other.sizes) }
    }

    /// `count` facts that hold without a number.
    #[must_use]
    pub fn facts(count: usize) -> Self {
        Self { comparisons: count, ..Self::default() }
    }

    /// `count` comparisons whose largest error is `ratio` of its bound, a bound that no sum is behind.
    #[must_use]
    pub fn measured(count: usize, ratio: f64) -> Self {
        Self { comparisons: count, ratio: Some(ratio), ..Self::default() }
    }
}

/// Why a law did not hold, or could not tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// The law says nothing about this case.
    Skip(&'static str),
    /// The case needs an option that the claims leave out.
    Unsupported(Feature),
    /// The case cannot decide: it is drawn again, counted, and never passes.
    Inconclusive(String),
    /// The law is broken.
    Fail(Box<Failure>),
}

/// What a law says about one case.
pub type Verdict = Result<Evidence, Stop>;

/// `|got − want| ≤ bound`, element by element.
pub(crate) fn within<T: Real, S: Number>(
    precision: &Precision,
    block: &Block<'_>,
    got: &[T],
    want: &[Bounded<'_, S>],
) -> Verdict {
    if want.is_empty() && got.is_empty() {
        return Ok(Evidence::default());
    }
    if got.len() != want.len() {
        return Err(fail(format!("{}: {} elements instead of {}", block.name, got.len(), want.len())));
    }
    let got: Vec<f64> = got.iter().map(|v| v.to_f64()).collect();
    let all = compare(precision, &got, want);
    // A bound of 0 asks for equality: it has no ratio to report.
    let bounded = want.iter().any(|w| w.error > 0.0);
    if all.passes() {
        return Ok(Evidence { comparisons: all.checked, ratio: bounded.then(|| all.ratio()), sizes: all.sizes });
    }
    let worst = all.worst.map_or(0, |worst| worst.index);
    let (errors, rejected) = deviations(precision, &got, want);
    Err(Stop::Fail(Box::new(Failure {
        place: block.describe(worst),
        numbers: all.to_string(),
        ratio: Some(all.ratio()),
        pattern: Some(Pattern::new(block, &errors, &rejected, worst)),
    })))
}

/// Equal bits, element by element; all zeros are equal, and all NaN.
pub(crate) fn same<T: Real>(block: &Block<'_>, got: &[T], want: &[T]) -> Verdict {
    if got.len() != want.len() {
        return Err(fail(format!("{}: {} elements instead of {}", block.name, got.len(), want.len())));
    }
    let different = || got.iter().zip(want).enumerate().filter(|(_, (g, w))| !g.same(**w));
    let Some((index, (g, w))) = different().next() else { return Ok(Evidence::facts(got.len())) };
    let rejected: Vec<usize> = different().map(|(index, _)| index).collect();
    let difference = |(g, w): (&T, &T)| if g.same(*w) { 0.0 } else { g.to_f64() - w.to_f64() };
    let errors: Vec<f64> = got.iter().zip(want).map(difference).collect();
    Err(Stop::Fail(Box::new(Failure {
        place: block.describe(index),
        numbers: format!("{}/{} differ in their bits · got {g:?} want {w:?}", rejected.len(), got.len()),
        ratio: None,
        pattern: Some(Pattern::new(block, &errors, &rejected, index)),
    })))
}

/// All of these, or the first that stops.
pub(crate) fn all(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    verdicts.into_iter().try_fold(Evidence::default(), |sum, next| next.map(|next| sum.and(next)))
}

/// Skips a case in which no step belongs to any row: every state comes through, and no equation is looked at.
pub(crate) fn something_is_live<T: Real>(problem: &Problem<T>) -> Result<(), Stop> {
    let live = (0..problem.dims.batch).any(|n| problem.live_steps(n) > 0);
    if live { Ok(()) } else { Err(Stop::Skip("no step belongs to any row")) }
}

/// Both backends' results of one problem, compared bit for bit; the first difference in words.
pub(crate) fn same_results<T: Real>(
    a: &dyn Backend<T>,
    b: &dyn Backend<T>,
    problem: &Problem<T>,
) -> Result<(), String> {
    let run = |backend| {
        let rig = Rig::new(backend);
        let forward = rig.forward(problem);
        let (infer, reserve) = (rig.infer(problem), forward.reserve.buffer.clone());
        let backward = rig.backward(problem, &forward.reserve);
        (alike::Results::of(forward, backward), infer, reserve)
    };
    let ((a, a_infer, a_reserve), (b, b_infer, b_reserve)) = (run(a), run(b));
    let hidden = problem.dims.hidden;
    let verdict = all([
        alike::same_bits(problem, &a, &b),
        same(&Block::sequence("y of inference", problem, hidden), &a_infer.y, &b_infer.y),
        same(&Block::matrix("h of inference", hidden), &a_infer.h, &b_infer.h),
        same(&Block::matrix("the reserve", hidden), &a_reserve, &b_reserve),
    ]);
    match verdict {
        Err(Stop::Fail(failure)) => Err(failure.to_string()),
        _ => Ok(()),
    }
}

/// Whether a law depends on the case at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// It is checked on the covering list and on random cases.
    Cases,
    /// The same, on every fourth case of the list: each case takes as long as many of another law.
    FewCases,
    /// It brings its own data and is checked once.
    Once,
}

/// A property every backend obeys.
#[derive(Clone, Copy, Debug)]
pub struct Law<T: 'static> {
    /// `group::name`; the name is the sentence.
    pub id: &'static str,
    /// The clause of the contract, in one line.
    pub clause: &'static str,
    /// What it is checked on.
    pub scope: Scope,
    /// The property.
    pub check: fn(&Context<'_, T>, &Case) -> Verdict,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::Plain;

    #[test]
    fn equal_bits_means_equal_but_for_the_sign_of_zero_and_the_kind_of_nan() {
        let block = Block::matrix("m", 2);
        let nan = f32::NAN;
        assert_eq!(same(&block, &[0.0, nan], &[-0.0, -nan]), Ok(Evidence::facts(2)));
        for (got, want) in
            [([1.0, 2.0], [1.0, f32::from_bits(0x4000_0001)]), ([1.0, nan], [1.0, 2.0]), ([1.0, 2.0], [1.0, nan])]
        {
            let Err(Stop::Fail(failure)) = same(&block, &got, &want) else { panic!("{got:?} passed for {want:?}") };
            assert_eq!(failure.place, "m[row 0, column 1]");
        }
        assert!(same(&block, &[1.0f32], &[]).is_err());
    }

    #[test]
    fn a_bound_is_kept_or_broken_element_by_element() {
        let precision = Claims::new().precision::<f32>();
        let block = Block::matrix("m", 1);
        let want = [Bounded::new(1.0f64, 0.25, &precision)];
        let within = |got: f32| within(&precision, &block, &[got], &want);
        assert_eq!(within(1.125), Ok(Evidence::measured(1, 0.5)));
        assert!(within(1.5).is_err() && within(f32::NAN).is_err());
        assert!(super::within(&precision, &block, &[1.0f32, 1.0], &want).is_err());
    }

    #[test]
    fn every_law_has_a_name_of_its_own() {
        let mut ids: Vec<_> = all_ids().collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }

    #[test]
    fn a_context_calls_its_backend_with_garbage_in_every_output() {
        let (claims, precision) = (Claims::new(), Claims::new().precision::<f32>());
        let ctx = Context::<f32> { backend: &Plain, claims: &claims, count: None, precision: &precision };
        assert!(ctx.rig().garbage.is_nan());
    }
}
