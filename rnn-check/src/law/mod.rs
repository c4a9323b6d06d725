//! Laws: plain functions from a backend and a case to a verdict, each with the clause of the contract it checks.

mod alike;
pub mod block;
mod environment;
mod exact;
pub mod expect;
mod golden;
mod gradient;
mod head;
mod matmul;
mod numeric;
mod oracle;
mod structure;
mod variant;

use crate::bound::{Bounded, Precision, compare};
use crate::case::{Case, Problem};
use crate::claims::Claims;
use crate::drive::{CountAllocations, Rig};
use crate::number::Number;
use crate::real::Real;
use block::Block;
use rnn_kernels::Backend;
use std::fmt;

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
        Rig::new(self.backend)
    }
}

/// What a law saw when it held.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Elements compared.
    pub comparisons: usize,
    /// The largest error/bound; `None` where everything was compared bit for bit.
    pub ratio: Option<f64>,
}

impl Evidence {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let ratio = match (self.ratio, other.ratio) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        Self { comparisons: self.comparisons + other.comparisons, ratio }
    }

    /// `count` facts that hold without a number.
    #[must_use]
    pub fn facts(count: usize) -> Self {
        Self { comparisons: count, ratio: None }
    }
}

/// Why a law did not hold, or could not tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// The law says nothing about this case.
    Skip(&'static str),
    /// The case cannot decide: it is drawn again, counted, and never passes.
    Inconclusive(String),
    /// The law is broken.
    Fail(Box<Failure>),
}

/// What a law says about one case.
pub type Verdict = Result<Evidence, Stop>;

/// The place where a law is broken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Failure {
    /// Block, gate, unit, time and row of the worst element, or what happened.
    pub place: String,
    /// The numbers, where there are any.
    pub numbers: String,
    /// Error over bound, where there is one.
    pub ratio: Option<f64>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.place)?;
        if !self.numbers.is_empty() {
            write!(f, "\n         {}", self.numbers)?;
        }
        Ok(())
    }
}

/// A failure that needs words only.
pub(crate) fn fail(place: impl Into<String>) -> Stop {
    Stop::Fail(Box::new(Failure { place: place.into(), ..Failure::default() }))
}

/// `Ok` if the fact holds.
pub(crate) fn ensure(fact: bool, otherwise: impl FnOnce() -> String) -> Verdict {
    if fact { Ok(Evidence::facts(1)) } else { Err(fail(otherwise())) }
}

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
        return Ok(Evidence { comparisons: all.checked, ratio: bounded.then(|| all.ratio()) });
    }
    let place = all.worst.map_or_else(|| block.name.to_string(), |worst| block.describe(worst.index));
    Err(Stop::Fail(Box::new(Failure { place, numbers: all.to_string(), ratio: Some(all.ratio()) })))
}

/// Equal bits, element by element; all zeros are equal, and all NaN.
pub(crate) fn same<T: Real>(block: &Block<'_>, got: &[T], want: &[T]) -> Verdict {
    if got.len() != want.len() {
        return Err(fail(format!("{}: {} elements instead of {}", block.name, got.len(), want.len())));
    }
    let different = || got.iter().zip(want).enumerate().filter(|(_, (g, w))| !g.same(**w));
    match different().next() {
        None => Ok(Evidence::facts(got.len())),
        Some((index, (g, w))) => Err(Stop::Fail(Box::new(Failure {
            place: block.describe(index),
            numbers: format!("{}/{} differ in their bits · got {g:?} want {w:?}", different().count(), got.len()),
            ratio: None,
        }))),
    }
}

/// All of these, or the first that stops.
pub(crate) fn all(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    verdicts.into_iter().try_fold(Evidence::default(), |sum, next| next.map(|next| sum.and(next)))
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
    /// The same, on every fourth case of the list: each case is thousands of runs.
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

/// Every law, in the order of reports; `$both` is called with those of both number types, `$f64` with the rest.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_law {
    ($callback:ident! { $($given:tt)* }) => {
        $crate::$callback! { $($given)*
            both [
                [matmul, every_product_is_within_gamma, Cases, "C8: |C − AB| ≤ γ_K |A||B|, any transposes and strides"]
                [matmul, replace_never_reads_c, Cases, "C2"]
                [matmul, an_empty_sum_is_zero_or_nothing, Cases, "C4: K = 0 zero-fills or leaves; empty M·N is a no-op"]
                [matmul, nothing_outside_the_view_is_written, Cases, "C3, C5"]
                [matmul, integers_multiply_exactly, Cases, "C8: no rounding where none is needed"]
                [oracle, each_step_is_one_oracle_step, Cases, "C8: one oracle step from the backend's own previous state"]
                [oracle, outputs_are_slots_of_the_reserve, Cases, "y, h_n, c_n, initial states and finished rows, bit for bit"]
                [oracle, each_adjoint_step_is_one_oracle_step, Cases, "C8: one adjoint step from the backend's own ∂L/∂h"]
                [oracle, input_gradients_are_within_their_bounds, Cases, "C8, C11: d_x, replaced or added"]
                [oracle, state_gradients_are_within_their_bounds, Cases, "C8, C11: d_h0, d_c0"]
                [oracle, parameter_gradients_accumulate_within_their_bounds, Cases, "C8, C11: d_params += Σ d_pre vᵀ"]
                [oracle, short_runs_follow_the_oracle_all_the_way, Cases, "C8: the whole trajectory, forward and backward"]
                [gradient, an_absent_cotangent_is_zero, Cases, "None upstream means zero, bit for bit"]
                [gradient, scaling_the_cotangents_by_four_scales_the_gradients, Cases, "linearity in the cotangent, bit for bit"]
                [gradient, backward_may_run_twice_on_one_reserve, Cases, "C11"]
                [gradient, a_cotangent_reaches_only_its_row_and_its_past, Cases, "causality: exact zeros elsewhere"]
                [gradient, d_x_replaced_never_reads_what_was_there, Cases, "C11"]
                [gradient, parameter_gradients_never_overwrite, Cases, "C11: what the buffers held comes through"]
                [structure, windows_chain_to_the_whole, Cases, "truncated BPTT with full cotangents is BPTT"]
                [structure, reversed_time_is_the_other_direction, Cases, "reverse runs from each row's own last step"]
                [structure, permuted_rows_give_permuted_results, Cases, "C13 for the bits"]
                [structure, a_split_batch_is_the_whole_batch, Cases, "C13 for the bits; weight gradients add up"]
                [structure, padding_never_matters, Cases, "x and d_y beyond a row's length are never read"]
                [structure, a_longer_batch_changes_nothing, Cases, "T beyond every row's length"]
                [structure, a_ragged_row_is_its_own_short_run, Cases, "C13 for the bits"]
                [structure, layouts_do_not_matter, Cases, "any strides with unit column stride"]
                [structure, inference_is_the_forward_pass, Cases, "infer keeps nothing but the state"]
                [structure, one_hot_input_is_its_dense_form, Cases, "a lookup is a product with a one-hot row"]
                [structure, empty_rows_and_sequences_pass_their_state_through, Cases, "T = 0, N = 0, length 0"]
                [structure, reserves_are_interchangeable, Cases, "C10"]
                [exact, integer_networks_are_exact_forward_and_backward, Cases, "C8: identity and relu on integers, bit for bit"]
                [exact, saturated_gates_are_switches, Cases, "σ(±1000) = 1, 0; tanh(±1000) = ±1: c and d_c0 bit for bit"]
                [exact, zero_weights_have_closed_forms, Cases, "h0/2ᵗ, c0/2ᵗ, tanh(c)/2"]
                [variant, the_reset_gate_acts_where_the_spec_says, Cases, "both GRUs agree where algebra says, and only there"]
                [variant, biases_are_what_their_names_say, Cases, "none = zeros, one = a zero second, two add up but for b_hn"]
                [variant, gates_are_in_pytorch_order, Once, "i f g o and r z n"]
                [numeric, activations_keep_their_ulp, Once, "C8: stratified over every exponent"]
                [numeric, special_values_of_activations, Once, "C9: 0, ±∞, NaN, range; relu(NaN) is NaN"]
                [numeric, nan_reaches_all_it_must_and_nothing_else, Cases, "C9, C13"]
                [environment, the_same_inputs_give_the_same_bits, Cases, "C7: run after run"]
                [environment, scratch_contents_do_not_matter, Cases, "C6"]
                [environment, nothing_is_written_where_it_must_not_be, Cases, "C3, C5"]
                [environment, several_threads_at_once_give_the_same_bits, FewCases, "C7: concurrent callers"]
                [environment, a_wrong_shape_is_named_before_any_write, FewCases, "C1"]
                [environment, no_allocation_after_the_first_call, FewCases, "C12, a claim"]
                [head, affine_layers_and_their_gradients, Cases, "C8, C11"]
                [head, embeddings_and_their_gradients, Cases, "rows bit for bit; gradients accumulate, repeated indices too"]
                [head, dense_activations_and_their_gradients, Cases, "C8"]
                [head, softmax_cross_entropy_and_its_gradient, Cases, "C8: huge logits, ignored targets"]
                [head, bernoulli_cross_entropy_and_its_gradient, Cases, "C8: huge logits, rows that do not count"]
                [head, squared_error_and_its_gradient, Cases, "C8"]
            ]
            f64 [
                [gradient, finite_differences_of_the_forward_pass_agree, Cases, "G1: every input and parameter"]
                [golden, pytorch_agrees, Once, "PyTorch's values and gradients to 1e-12"]
                [golden, fifty_steps_of_sgd_follow_pytorch, Once, "the loss curve to 1e-10"]
            ]
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __law_table {
    (both [$([$group:ident, $name:ident, $scope:ident, $clause:literal])*]
     f64 [$([$group2:ident, $name2:ident, $scope2:ident, $clause2:literal])*]) => {
        /// The laws of both number types.
        #[must_use]
        pub fn laws<T: Real>() -> Vec<Law<T>> {
            vec![$(Law {
                id: concat!(stringify!($group), "::", stringify!($name)),
                clause: $clause,
                scope: Scope::$scope,
                check: $group::$name::<T>,
            }),*]
        }

        fn f64_laws() -> Vec<Law<f64>> {
            vec![$(Law {
                id: concat!(stringify!($group2), "::", stringify!($name2)),
                clause: $clause2,
                scope: Scope::$scope2,
                check: $group2::$name2,
            }),*]
        }
    };
}
for_each_law!(__law_table! {});

/// A number type with its laws.
pub trait Checked: Real {
    /// Every law of this type, in the order of reports.
    fn all_laws() -> Vec<Law<Self>>;
}

impl Checked for f32 {
    fn all_laws() -> Vec<Law<Self>> {
        laws()
    }
}

impl Checked for f64 {
    fn all_laws() -> Vec<Law<Self>> {
        laws().into_iter().chain(f64_laws()).collect()
    }
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
        let precision = f32::precision(&Claims::new());
        let block = Block::matrix("m", 1);
        let want = [Bounded::new(1.0f64, 0.25, &precision)];
        let within = |got: f32| within(&precision, &block, &[got], &want);
        assert_eq!(within(1.125), Ok(Evidence { comparisons: 1, ratio: Some(0.5) }));
        assert!(within(1.5).is_err() && within(f32::NAN).is_err());
        assert!(super::within(&precision, &block, &[1.0f32, 1.0], &want).is_err());
    }

    #[test]
    fn every_law_has_a_name_of_its_own() {
        let mut ids: Vec<_> = f64::all_laws().iter().map(|law| law.id).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }

    #[test]
    fn a_context_calls_its_backend_with_garbage_in_every_output() {
        let (claims, precision) = (Claims::new(), f32::precision(&Claims::new()));
        let ctx = Context::<f32> { backend: &Plain, claims: &claims, count: None, precision: &precision };
        assert!(ctx.rig().garbage.is_nan());
    }
}
