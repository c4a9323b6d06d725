//! Every law in one table: its group, the sentence that is its name, what it is checked on, the clause of the contract.

use super::{Law, Scope};
use super::{
    beyond, clip, ctc, duality, endurance, environment, exact, foreign, gate, golden, gradient, head, layer, linear,
    matmul, numeric, oracle, poison, recurrence, structure, symmetry, truncated, variant,
};
use crate::activation::Format;

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
                [clip, each_clipped_adjoint_step_is_one_oracle_step, Cases, "C8: state cotangents brought into ±c between steps"]
                [clip, a_limit_that_nothing_reaches_changes_no_bit, Cases, "a limit of ∞ is none, bit for bit"]
                [duality, backward_is_the_transpose_of_the_tangent_map, Cases, "⟨u, Jv⟩ = ⟨Jᵀu, v⟩ in eight random directions"]
                [duality, both_biases_get_one_gradient, Cases, "d_b_ih = d_b_hh bit for bit, but for b_hn behind the reset"]
                [duality, the_inner_bias_sees_the_reset_gate, Cases, "d_b_hn = r ⊙ d_b_in"]
                [duality, gradients_of_a_suffix_are_its_own, Cases, "C13 for the bits: steps from t on, from the state at t"]
                [truncated, truncated_windows_follow_a_cut_tape, Cases, "truncated BPTT (k1, k2): the tape cut at window edges"]
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
                [layer, both_directions_share_their_buffers, Cases, "a bidirectional layer is two layers in one [T, N, 2H]"]
                [layer, both_directions_may_run_at_once, FewCases, "C7: two passes as the pieces of a join"]
                [layer, two_layers_are_their_composition, Cases, "C8: two oracles, one on top of the other"]
                [layer, a_step_at_a_time_is_the_sequence, Cases, "C13 for the bits: streaming and windows of one step"]
                [symmetry, renamed_units_and_features_are_the_same_network, Cases, "bit for bit where sums are exact"]
                [symmetry, turned_signs_turn_every_state, Cases, "tanh is odd: the same bits with the other sign"]
                [exact, integer_networks_are_exact_forward_and_backward, Cases, "C8: identity and relu on integers, bit for bit"]
                [exact, saturated_gates_are_switches, Cases, "σ(±1000) = 1, 0; tanh(±1000) = ±1: c and d_c0 bit for bit"]
                [exact, zero_weights_have_closed_forms, Cases, "h0/2ᵗ, c0/2ᵗ, tanh(c)/2"]
                [linear, a_linear_network_is_powers_of_its_matrix, Cases, "h_T = W^T h_0, d_h_0 = (Wᵀ)^T d_h_T, bit for bit"]
                [linear, other_units_give_the_same_bits, Cases, "powers of two per unit and feature, forward and backward"]
                [linear, forty_binades_either_way_are_exact, Cases, "weights from 2⁻⁸⁰ to 2⁸⁰ in the exact lane"]
                [linear, halving_reaches_the_smallest_subnormal, Cases, "subnormal states and cotangents, bit for bit"]
                [linear, zero_weights_have_closed_gradients, Cases, "d_h_n/2ᵗ, d_c_n/2ᵗ; d_x = 0"]
                [gate, one_open_gate_moves_its_own_row_and_column, Cases, "one-hot x, h0 and cotangent: one entry of each block"]
                [variant, the_reset_gate_acts_where_the_spec_says, Cases, "both GRUs agree where algebra says, and only there"]
                [variant, biases_are_what_their_names_say, Cases, "none = zeros, one = a zero second, two add up but for b_hn"]
                [variant, gates_are_in_pytorch_order, Once, "i f g o and r z n"]
                [foreign, other_libraries_orders_are_permutations, Once, "ONNX, Keras, cuDNN: gates, matrices, one bias or two"]
                [numeric, activations_keep_their_ulp, Once, "C8: stratified over every exponent"]
                [numeric, special_values_of_activations, Once, "C9: 0, ±∞, NaN, range; relu(NaN) is NaN"]
                [numeric, the_slope_at_nan_is_nan, Once, "C9: from the image of a NaN; the identity has slope 1 everywhere"]
                [numeric, a_nan_slope_times_a_zero_cotangent_is_nan, Once, "C9: no kernel leaves out what has a cotangent of 0"]
                [numeric, nan_reaches_all_it_must_and_nothing_else, Cases, "C9, C13"]
                [environment, the_same_inputs_give_the_same_bits, Cases, "C7: run after run"]
                [environment, scratch_contents_do_not_matter, Cases, "C6"]
                [environment, nothing_is_written_where_it_must_not_be, Cases, "C3, C5"]
                [endurance, buffers_may_be_shared_and_longer_than_needed, Cases, "C6: interleaved shapes on one workspace"]
                [endurance, the_floating_point_environment_is_left_alone, FewCases, "rounding and subnormals before and after"]
                [endurance, a_hundred_thousand_steps_end_where_they_must, Once, "no recursion, no narrow counters"]
                [environment, several_threads_at_once_give_the_same_bits, FewCases, "C7: concurrent callers"]
                [environment, a_wrong_shape_is_named_before_any_write, FewCases, "C1"]
                [environment, no_allocation_after_the_first_call, FewCases, "C12, a claim"]
                [head, affine_layers_and_their_gradients, Cases, "C8, C11"]
                [head, embeddings_and_their_gradients, Cases, "rows bit for bit; gradients accumulate, repeated indices too"]
                [head, dense_activations_and_their_gradients, Cases, "C8"]
                [head, softmax_cross_entropy_and_its_gradient, Cases, "C8: huge logits, ignored targets"]
                [head, bernoulli_cross_entropy_and_its_gradient, Cases, "C8: huge logits, rows that do not count"]
                [head, squared_error_and_its_gradient, Cases, "C8"]
                [ctc, unaligned_labels_cost_the_sum_over_all_paths, Cases, "C3, C8: loss and gradient, huge logits, steps that are not a row's"]
                [beyond, products_of_more_than_one_block_are_exact, Once, "C8: M, K and N of 129, 300, 1000"]
                [beyond, layers_of_more_than_one_block, Once, "C8: rows, columns in and out of 129, 300, 1000"]
                [beyond, losses_of_more_than_one_block, Once, "C8: rows and classes of 129, 300, 1000"]
                [beyond, passes_of_more_than_one_block, Once, "C8: steps, rows, inputs and units of 129 and 300"]
                [poison, a_nan_stays_in_its_row_and_is_seen_there, Cases, "C9, heads and losses"]
                [poison, a_wrong_head_is_named_before_any_write, Once, "C1, heads and losses"]
                [recurrence, a_recurrence_follows_the_oracle_all_the_way, Cases, "C3, C5, C7, C8, C12: h_t = a_t h_{t−1} + b_t in any grouping"]
                [recurrence, its_gradients_are_within_their_bounds, Cases, "C3, C5, C7, C8, C12: d_a, d_b, d_initial"]
                [recurrence, its_pullback_is_the_transpose_of_its_tangent, Cases, "⟨u, Jv⟩ = ⟨Jᵀu, v⟩ in four random directions"]
                [recurrence, a_recurrence_may_be_cut_anywhere, Cases, "C8: two windows and what they hand over"]
                [recurrence, rows_and_layouts_of_a_recurrence_do_not_matter, Cases, "C13 for the bits"]
                [recurrence, what_is_no_number_stays_in_its_unit, Cases, "C9; products that overflow do not reach a state of 0"]
                [recurrence, a_wrong_recurrence_is_named_before_any_write, Once, "C1"]
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
        pub fn laws<T: Format>() -> Vec<Law<T>> {
            vec![$(Law {
                id: concat!(stringify!($group), "::", stringify!($name)),
                clause: $clause,
                scope: Scope::$scope,
                check: $group::$name::<T>,
            }),*]
        }

        /// The laws of f64 alone.
        pub(crate) fn f64_laws() -> Vec<Law<f64>> {
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

/// The law of C7 that compares several forms of one backend, and is therefore not in the table: what number of threads they
/// use must not show.
pub(crate) const ANY_THREADS: &str = "environment::any_number_of_threads_gives_the_same_bits";

/// The ids of all laws, of every number type.
pub(crate) fn all_ids() -> impl Iterator<Item = &'static str> {
    laws::<f64>().into_iter().chain(f64_laws()).map(|law| law.id).chain([ANY_THREADS])
}

/// Laws whose own statement no planted bug breaks, each with the reason. A bug that panics may fail them all the same.
pub const DEFENCE_IN_DEPTH: &[(&str, &str)] = &[
    (
        "environment::no_allocation_after_the_first_call",
        "needs a program whose allocator counts: tests/allocation.rs sees it fail",
    ),
    (
        "endurance::the_floating_point_environment_is_left_alone",
        "safe code cannot change the environment, so no bug of it can be planted: a test of its own sees it fail",
    ),
];
