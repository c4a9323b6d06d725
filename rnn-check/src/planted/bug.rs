//! The list of planted bugs.

use crate::oracle::{Cell, Reset};

macro_rules! bugs {
    ($($(#[doc = $doc:literal])+ $name:ident $(= $id:literal)?,)*) => {
        /// One mistake in an otherwise correct backend.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Bug { $($(#[doc = $doc])+ $name,)* }

        impl Bug {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// What is wrong, in words.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+)),* }
            }

            /// The cells it can show in: those its description begins with, or all.
            #[must_use]
            pub fn cells(self) -> &'static [Cell] {
                let subject = self.description().trim().split(':').next().unwrap_or_default();
                match subject {
                    "elman" => &Cell::ELMAN,
                    "lstm" => &[Cell::Lstm],
                    "gru" => &Cell::GRU,
                    "peepholes" => &Cell::PEEPHOLE,
                    "gru, reset before" => &[Cell::Gru(Reset::Before)],
                    _ => &Cell::ALL,
                }
            }

            /// The number it has in the list of 46 that the suite was designed with; the others came later.
            #[must_use]
            pub fn id(self) -> Option<&'static str> {
                match self { $(Self::$name => [$($id,)? ""].first().copied().filter(|id| !id.is_empty())),* }
            }
        }
    };
}

bugs! {
    /// product: `Replace` multiplies what was there by 0
    ReplaceTimesZero = "M29",
    /// product: the tail of K beyond a multiple of 4 is dropped
    TailDropped,
    /// product: a square B is not transposed
    SquareNotTransposed,
    /// product: the order of summation changes from call to call
    OrderByCall,
    /// product: an element beside each row is written
    WritesBesideRows,
    /// product: K = 0 leaves C under `Replace`
    EmptySumLeft,
    /// product: wrong shapes are cut to what fits
    ShapesNotChecked,
    /// product: operands are rounded to eight bits
    EightBits,
    /// product: too large by 1e-4
    ScaledByTenThousandth = "M18",
    /// product: f64 accumulated in f32
    NarrowAccumulator,
    /// lstm: the incoming d_c is overwritten by what comes through h
    CellCotangentOverwritten = "M03",
    /// lstm: tanh′ is taken of c instead of tanh c
    SlopeOfCell = "M04",
    /// lstm: d_pre_f uses c instead of c_prev
    ForgetUsesNewCell = "M05",
    /// lstm: the slope of g is that of σ
    CandidateSlopeOfSigmoid = "M06",
    /// lstm: d_pre_o lacks 1 − o
    OutputSlopeIncomplete = "M07",
    /// lstm: d_c_prev uses i instead of f
    CarryUsesInputGate = "M08",
    /// lstm: the gradients of i and f are swapped
    InputForgetSwapped = "M09",
    /// lstm: d_h of two rows is swapped
    RowsSwapped = "M15",
    /// lstm: d_pre too large by 1e-6
    ScaledByMillionth = "M19",
    /// lstm: 1 is added to the forget gate's pre-activation
    ForgetBiasTwice = "M44",
    /// lstm: gates in the order i o f g
    GateOrder = "M22",
    /// lstm: h is rounded to bfloat16
    StateInBfloat16 = "M37",
    /// lstm: subnormal c is flushed to 0
    SubnormalsFlushed = "M38",
    /// σ as e^x / (1 + e^x): NaN for large x
    SigmoidOverflows = "M35",
    /// tanh is 1 from 5 on
    TanhClamped = "M36",
    /// relu(NaN) = 0
    ReluSwallowsNan = "M46",
    /// gru: h = z n + (1 − z) h_prev
    UpdateGateInverted,
    /// gru: both variants with the reset before the product
    ResetAlwaysBefore = "M20",
    /// gru: b_hn is added outside the reset
    InnerBiasMerged = "M21",
    /// gru: d_h_prev lacks d_h z
    DirectPathForgotten,
    /// d_c_n is ignored
    FinalCellCotangentIgnored = "M01",
    /// d_h_n is ignored
    FinalCotangentIgnored = "M02",
    /// the gradient of W_hh does not see h0
    RecurrentWeightsSkipFirst = "M11",
    /// the gradient of W_hh uses h_t instead of h_{t−1}
    RecurrentWeightsUseNewState = "M12",
    /// the recurrent path is cut in backward
    TruncatedToOneStep = "M14",
    /// d_h0 is 0
    InitialGradientZero = "M16",
    /// weight gradients are averaged over the batch
    BatchMean = "M17",
    /// reverse starts at T − 1 in every row
    ReverseFromTheEnd = "M23",
    /// x beyond a row's length is multiplied by 0
    PaddingTimesZero = "M24",
    /// h_n is y at the last step
    FinalStateFromOutput = "M25",
    /// weight gradients overwrite
    GradientsOverwritten = "M28",
    /// scratch is read before it is written, without bias from three rows on
    ScratchRead = "M30",
    /// T = 0 returns before h_n is written
    EarlyReturn = "M45",
    /// the start of a window is ignored
    WindowStartIgnored,
    /// h0 is ignored
    InitialStateIgnored,
    /// y repeats the state beyond a row's length
    OutputNotCleared,
    /// `d_x` is overwritten under `Add`
    InputGradientReplaced,
    /// b_hh gets no gradient
    RecurrentBiasForgotten,
    /// one-hot input reads the index of the next row
    NextRowsIndex,
    /// inference ignores lengths
    InferenceIgnoresLengths,
    /// backward uses the h of the last forward pass, whichever that was
    StaleState = "M39",
    /// softmax without the largest logit subtracted
    SoftmaxOverflows,
    /// an ignored target counts as class 0
    IgnoredTargetCounts,
    /// softmax: `scale` is left out of the gradient
    ScaleForgotten,
    /// Bernoulli: ln(1 + e^a) as written
    SoftplusOverflows,
    /// squared error: the gradient lacks its 2
    HalfGradient,
    /// embedding: a repeated index overwrites
    RepeatedIndexOverwrites,
    /// affine: the bias gradient is that of the last row
    AffineBiasLastRow,
    /// dense activations: the slope of tanh is that of σ
    DenseSlope,
    /// product: the order of summation depends on the calling thread
    OrderByThread = "M32",
    /// lstm: units beyond the last multiple of 8 are not computed, from 9 units on
    LanesLeft = "M31",
    /// elman: the slope of relu is 1 where the unit is off
    ReluLeaks,
    /// elman: the slope of relu at NaN is 0
    ReluSlopeSwallowsNan,
    /// gru: d_pre_z has the wrong sign
    UpdateGradientSign,
    /// gru, reset before: d_pre_r is 0
    ResetGradientForgotten,
    /// the gradient of b_hh does not see the first step
    RecurrentBiasSkipsFirst = "M10",
    /// the blocks of W_hh are not transposed in backward
    RecurrentNotTransposedBack = "M13",
    /// reverse uses the weights of the last forward direction of their size
    ReverseUsesForwardWeights = "M26",
    /// a layer of as many inputs as the one before had units starts from that one's h0
    StateOfTheLayerBelow = "M27",
    /// a window that does not begin at 0 begins one step later
    WindowOffByOne = "M40",
    /// d_h0 of a row shorter than T is 0
    FinishedCotangentLost,
    /// d_x beyond a row's length repeats the last step of the row before
    PaddingGradientLeft,
    /// elman: backward reads the states in forward order
    JacobiansInForwardOrder,
    /// forward: every step starts from h0
    UpdatedStateIgnored,
    /// lstm: the forget gate has the output gate's b_ih
    ForgetUsesOutputBias,
    /// y is written as [N, T, H] into a buffer of [T, N, H]
    OutputTransposed,
    /// no bias is a panic
    BiasExpected,
    /// a row of length 0 is a panic
    EmptyRowsRefused,
    /// without d_y the other cotangents are ignored
    OnlyOutputsCount,
    /// h_n comes in the order of falling lengths
    RowsSortedByLength,
    /// the trace of d_h lacks d_y
    TraceWithoutOutput,
    /// a workspace longer than needed is a panic
    LongerBuffersRefused,
    /// gates beyond a row's length are left as computed
    GatesNotCleared,
    /// inference starts from zero
    InferenceForgetsState,
    /// lstm: inference leaves c as it was
    InferenceKeepsOldCell,
    /// steps are counted in sixteen bits
    StepsInSixteenBits,
    /// packing: rows beyond the last multiple of 8 are not packed
    PackedTailLeft,
    /// packing: weights of a shape that was packed just before are not packed again
    PackedWeightsKept,
    /// packing: what was in the buffer is multiplied by 0 and added
    PackReadsBuffer,
    /// packing: weights packed for training are read as packed for inference
    TrainReadAsInfer,
    /// packing: the length is one short
    PackedTooShort,
    /// packing: weights are read from the end of a longer buffer
    PackedFromTheEnd,
    /// softmax: the largest logit is sought from 0 up
    SoftmaxMaxFromZero,
    /// softmax: classes beyond the last multiple of 8 are not in the sum, from 9 classes on
    SoftmaxTail,
    /// softmax: the gradient of an ignored row is not written
    IgnoredGradientLeft,
    /// softmax: the loss is added to what was there
    LossAccumulates,
    /// losses: a row whose loss is no number counts as 0
    NonFiniteRowsSkipped,
    /// Bernoulli: rows that do not count are counted
    DeadRowsCount,
    /// Bernoulli: targets are rounded to 0 or 1
    TargetsRounded,
    /// affine: the bias is left out
    AffineBiasLeftOut,
    /// affine: `d_x` is overwritten under `Add`
    AffineInputReplaced,
    /// affine: the gradient of W overwrites
    AffineWeightsOverwritten,
    /// embedding: y is not written where the index is ignored
    EmbeddingIgnoredLeft,
    /// softmax: a target beyond the classes counts as the last
    TargetsNotChecked,
    /// join: the second piece is not done
    JoinForgetsOne,
    /// join: the first piece is done again after the second
    JoinRepeatsOne,
    /// product: K beyond 64 is ignored
    DepthBeyondBlock,
    /// product: rows beyond 96 are 0 under `Replace`
    RowsBeyondBlock,
    /// product: columns beyond 512 are 0 under `Replace`
    ColumnsBeyondBlock,
    /// softmax: the second 128 classes are not in the sum
    SoftmaxSecondBlock,
    /// Bernoulli: the loss does not see the second 128 columns
    BernoulliSecondBlock,
    /// squared error: the gradient of rows beyond 256 is 0
    SquaredErrorRowsBeyondBlock,
    /// dense activations: columns beyond 128 stay as they are
    ActivationBeyondBlock,
    /// embedding: the gradient does not see indices beyond the first 256
    EmbeddingBeyondBlock,
    /// lstm: units beyond 256 are not computed
    UnitsBeyondBlock,
    /// gru: rows beyond 128 take the z of the row 128 before
    PassRowsBeyondBlock,
    /// weight gradients count the steps of a row from the start of the sequence, not of the window
    PartsForgetStart,
    /// reverse: the start of a window is ignored, forward it is not
    ReverseForgetsStart,
    /// inference ignores the start of a window
    InferenceForgetsStart,
    /// one-hot: the gradient reads indices of rows that ended before the window
    OneHotForgetsStart,
    /// d_h0 of a row that ended before the window is 0
    CotangentBeforeWindowLost,
    /// without b_hh one-hot input leaves out b_ih in windows that do not begin at 0
    OneHotBiasLost,
    /// lstm: units whose cotangents are all 0 are left out of backward
    ZeroCotangentSkipped,
    /// gru: a row whose cotangents are all 0 is left out of backward
    IdleRowSkipped,
    /// peepholes: every unit has the gradient of the first one's weight
    PeepholesBroadcast,
    /// recurrence: the initial state is ignored
    RecurrenceStateForgotten,
    /// recurrence: reverse runs as forward
    RecurrenceAlwaysForward,
    /// recurrence: an initial state of the wrong length counts as none
    RecurrenceShapesNotChecked,
    /// recurrence: a chunk of 64 steps hands on its state from 0
    RecurrenceChunkStateLost,
    /// recurrence: the product of the coefficients of a chunk is used although it overflows
    RecurrenceProductOverflows,
    /// recurrence: a state that is not finite counts as 0
    RecurrenceNanIsZero,
    /// recurrence: multiply-adds are fused where there are several rows
    RecurrenceRowsTogether,
    /// recurrence: d_last is ignored
    RecurrenceLastCotangentIgnored,
    /// recurrence: d_a uses h_t instead of h_{t−1}
    RecurrenceNewState,
    /// recurrence: d_initial lacks its coefficient
    RecurrenceInitialUnscaled,
    /// recurrence: a cotangent comes back by the coefficient of the step before
    RecurrenceOwnCoefficient,
    /// a step that a row skips is computed
    HolesComputed,
    /// inference computes the steps that rows skip
    InferenceIgnoresHoles,
    /// y is 0 in holes that repeat the state
    RepeatedOutputLost,
    /// d_y of holes that repeat the state is ignored
    RepeatedCotangentLost,
    /// the limit of state cotangents is ignored
    ClipForgotten,
    /// state cotangents are clipped once, before the first step
    ClippedAtTheEnd,
    /// ctc: equal labels that follow each other are read as one
    CtcRepeatsMerged,
    /// ctc: a class that is e⁶⁰ times less likely than another is impossible
    CtcUnlikelyIsNever,
    /// ctc: steps that are not a row's count
    CtcDeadStepsCount,
    /// ctc: `scale` is left out of the gradient
    CtcScaleForgotten,
    /// ctc: labels are less likely in the first step than they are
    CtcFirstStepLessLikely,
    /// ctc: a label beyond the classes counts as the last
    CtcLabelsNotChecked,
}
