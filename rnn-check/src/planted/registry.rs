//! Published defects of well-known frameworks, each with the law that catches its class and a planted bug that shows it does.
//!
//! The threads were read for the project's study of how such kernels fail; a row says in our own words what went wrong there.
//! Where the feature at fault does not exist here yet, the row names what it waits for.

use super::Bug;

/// One published defect.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its place in the list.
    pub number: usize,
    /// What went wrong.
    pub defect: &'static str,
    /// Where it was reported or repaired: `project#number`.
    pub source: &'static str,
    /// The laws, `group::name`, that catch its class.
    pub laws: &'static [&'static str],
    /// Planted bugs of its class: each is rejected by one of the laws, and each law rejects one of them.
    pub bugs: &'static [Bug],
    /// The feature without which it cannot occur, if that does not exist yet.
    pub waits_for: Option<&'static str>,
}

macro_rules! registry {
    ($($number:literal $defect:literal, $source:literal: [$($law:literal),*] $([$($bug:ident),*])? $(waits for $feature:literal)?;)*) => {
        /// All of them.
        pub const REGISTRY: &[Row] = &[$(Row {
            number: $number,
            defect: $defect,
            source: $source,
            laws: &[$($law),*],
            bugs: &[$($(Bug::$bug),*)?],
            waits_for: registry!(@ $($feature)?),
        }),*];
    };
    (@) => { None };
    (@ $feature:literal) => { Some($feature) };
}

registry! {
    1 "backward multiplied the steps' Jacobians in forward order", "axon#646, axon#644":
        ["oracle::each_adjoint_step_is_one_oracle_step", "gradient::finite_differences_of_the_forward_pass_agree"]
        [JacobiansInForwardOrder];
    2 "bidirectional stacks: a cotangent was overwritten before the other direction had read it", "mxnet#17898, mxnet#18203":
        ["layer::both_directions_share_their_buffers", "truncated::truncated_windows_follow_a_cut_tape"]
        [InputGradientReplaced];
    3 "an accelerated kernel's gradient was wrong in training only", "mxnet#17086":
        ["structure::reserves_are_interchangeable", "oracle::parameter_gradients_accumulate_within_their_bounds"]
        [ForgetUsesNewCell, RecurrentWeightsUseNewState];
    4 "several layers were wrong where inputs and units differ in number", "mxnet#17479":
        ["layer::two_layers_are_their_composition", "oracle::short_runs_follow_the_oracle_all_the_way"]
        [StateOfTheLayerBelow];
    5 "the gradients of a rewritten layer had never been checked", "mxnet#19033":
        ["oracle::parameter_gradients_accumulate_within_their_bounds", "gradient::finite_differences_of_the_forward_pass_agree"]
        [OutputSlopeIncomplete, CandidateSlopeOfSigmoid];
    6 "every step of a GRU started from the first state", "burn#2701, burn#2704":
        ["linear::a_linear_network_is_powers_of_its_matrix", "oracle::each_step_is_one_oracle_step"]
        [UpdatedStateIgnored];
    7 "reset gate before the product taken for reset after it", "pytorch#8153, keras-onnx#33, rten#188":
        ["variant::the_reset_gate_acts_where_the_spec_says", "golden::pytorch_agrees"]
        [ResetAlwaysBefore];
    8 "all weights 0 and yet an output other than 0", "tensorflow#8311":
        ["exact::zero_weights_have_closed_forms", "linear::zero_weights_have_closed_gradients"]
        [ForgetBiasTwice];
    9 "scratch was not cleared without bias, seen from three rows on", "onnxruntime#3893":
        ["environment::scratch_contents_do_not_matter", "structure::a_split_batch_is_the_whole_batch"]
        [ScratchRead];
    10 "transposes missing for batch-first input, initial states of the wrong layer; tests had zero states", "pytorch#95137":
        ["oracle::outputs_are_slots_of_the_reserve", "structure::reserves_are_interchangeable"]
        [OutputTransposed, InitialStateIgnored];
    11 "the backward pass of a stack left out its dropout", "pytorch#190056":
        [] waits for "dropout";
    12 "a bidirectional layer was wrong, its output transposed", "pytorch#94754, pytorch#90421, pytorch#80306":
        ["layer::both_directions_share_their_buffers", "golden::pytorch_agrees"]
        [ReverseUsesForwardWeights];
    13 "backward failed if only the final states had a cotangent", "pytorch#96416":
        ["gradient::an_absent_cotangent_is_zero", "oracle::state_gradients_are_within_their_bounds"]
        [OnlyOutputsCount];
    14 "gradients differed from run to run", "pytorch#18110, pytorch#35661":
        ["environment::the_same_inputs_give_the_same_bits", "gradient::backward_may_run_twice_on_one_reserve"]
        [OrderByCall];
    15 "masked layers gave random results under concurrency", "tensorflow#60192":
        ["environment::several_threads_at_once_give_the_same_bits"]
        [OrderByThread];
    16 "a row of padding alone was refused", "tensorflow#33148":
        ["structure::empty_rows_and_sequences_pass_their_state_through"]
        [EmptyRowsRefused, EarlyReturn];
    17 "NaN gradients of ragged bidirectional layers", "jax#15183":
        ["structure::padding_never_matters", "structure::a_longer_batch_changes_nothing"]
        [PaddingTimesZero];
    18 "NaN beyond a row's length reached gradients as 0 times NaN", "tensorflow#6209, returnn#576":
        ["structure::padding_never_matters", "structure::a_longer_batch_changes_nothing"]
        [PaddingTimesZero];
    19 "the reverse direction saw where the padding lay", "keras#4192":
        ["structure::reversed_time_is_the_other_direction", "structure::a_longer_batch_changes_nothing"]
        [ReverseFromTheEnd];
    20 "lengths meant different things in a reverse and in a bidirectional layer", "onnx-tensorflow#342":
        ["layer::both_directions_share_their_buffers", "golden::pytorch_agrees"]
        [ReverseUsesForwardWeights];
    21 "a bidirectional layer with initial states was wrong", "onnx-tensorflow#409":
        ["oracle::outputs_are_slots_of_the_reserve", "layer::both_directions_share_their_buffers"]
        [InitialStateIgnored];
    22 "nobody knew in which order the reverse direction gives its outputs", "onnxruntime#4187, keras#1001, onnx#626":
        ["structure::reversed_time_is_the_other_direction", "golden::pytorch_agrees"]
        [ReverseFromTheEnd];
    23 "recurrent dropout was ignored for a typing error", "keras#19395, keras#19397":
        [] waits for "dropout";
    24 "dropout after the last layer, masks drawn anew or shared by accident", "OpenNMT-py#29, tensorflow#38922, tensorflow#40215":
        [] waits for "dropout";
    25 "peephole weights were broadcast wrongly in backward", "tensorflow#34171":
        ["oracle::parameter_gradients_accumulate_within_their_bounds", "duality::backward_is_the_transpose_of_the_tangent_map"]
        [PeepholesBroadcast];
    26 "two gradients from one forward pass differed", "tensorflow#26331":
        ["gradient::backward_may_run_twice_on_one_reserve", "endurance::buffers_may_be_shared_and_longer_than_needed"]
        [StaleState];
    27 "BPTT went back a single step; gradients of initial states were lost", "Flux.jl#1209, Flux.jl#1222, Flux.jl#2185, Flux.jl#2215":
        ["oracle::each_adjoint_step_is_one_oracle_step", "truncated::truncated_windows_follow_a_cut_tape"]
        [TruncatedToOneStep];
    28 "gates used the bias, or got the gradient, of another gate", "numpy-ml#42, learn_dl#53":
        ["gate::one_open_gate_moves_its_own_row_and_column", "oracle::each_step_is_one_oracle_step"]
        [ForgetUsesOutputBias, InputForgetSwapped];
    29 "the wrong setting decided whether gradients were clipped", "kaldi#2694":
        ["clip::each_clipped_adjoint_step_is_one_oracle_step"]
        [ClipForgotten, ClippedAtTheEnd];
    30 "truncated BPTT with masks: wrong shapes, state not cleared", "deeplearning4j#1139, deeplearning4j#4619":
        ["truncated::truncated_windows_follow_a_cut_tape", "structure::windows_chain_to_the_whole"]
        [WindowOffByOne, WindowStartIgnored];
    31 "rows sorted by length were never sorted back", "pytorch#15225, vsepp#36":
        ["structure::permuted_rows_give_permuted_results", "oracle::outputs_are_slots_of_the_reserve"]
        [RowsSortedByLength];
    32 "the final state of the reverse direction was read at the wrong step, with the forward weights", "pvse#13, R-Net#13":
        ["layer::both_directions_share_their_buffers", "oracle::outputs_are_slots_of_the_reserve"]
        [ReverseUsesForwardWeights, FinalStateFromOutput];
    33 "outputs of a GRU had the wrong shape", "candle#2542":
        ["oracle::outputs_are_slots_of_the_reserve", "environment::a_wrong_shape_is_named_before_any_write"]
        [OutputTransposed, ShapesNotChecked];
    34 "a forward pass changed an argument it was only lent", "pytorch#1721":
        ["matmul::nothing_outside_the_view_is_written", "environment::nothing_is_written_where_it_must_not_be"]
        [WritesBesideRows];
    35 "gates in another order than the file they were read from", "onnxscript#2674":
        ["variant::gates_are_in_pytorch_order", "golden::pytorch_agrees"]
        [GateOrder];
    36 "layers without bias crashed", "pytorch#34800":
        ["oracle::each_step_is_one_oracle_step", "variant::biases_are_what_their_names_say"]
        [BiasExpected];
}
