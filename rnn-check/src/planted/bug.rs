//! The list of planted bugs.

macro_rules! bugs {
    ($($(#[doc = $doc:literal])+ $name:ident,)*) => {
        /// One mistake in an otherwise right backend.
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
        }
    };
}

bugs! {
    /// product: `Replace` multiplies what was there by 0
    ReplaceTimesZero,
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
    ScaledByTenThousandth,
    /// product: f64 accumulated in f32
    NarrowAccumulator,
    /// lstm: the incoming d_c is overwritten by what comes through h
    CellCotangentOverwritten,
    /// lstm: tanh′ is taken of c instead of tanh c
    SlopeOfCell,
    /// lstm: d_pre_f uses c instead of c_prev
    ForgetUsesNewCell,
    /// lstm: the slope of g is that of σ
    CandidateSlopeOfSigmoid,
    /// lstm: d_pre_o lacks 1 − o
    OutputSlopeIncomplete,
    /// lstm: d_c_prev uses i instead of f
    CarryUsesInputGate,
    /// lstm: the gradients of i and f are swapped
    InputForgetSwapped,
    /// lstm: d_h of two rows is swapped
    RowsSwapped,
    /// lstm: d_pre too large by 1e-6
    ScaledByMillionth,
    /// lstm: 1 is added to the forget gate's pre-activation
    ForgetBiasTwice,
    /// lstm: gates in the order i o f g
    GateOrder,
    /// lstm: h is rounded to bfloat16
    StateInBfloat16,
    /// lstm: subnormal c is flushed to 0
    SubnormalsFlushed,
    /// σ as e^x / (1 + e^x): NaN for large x
    SigmoidOverflows,
    /// tanh is 1 from 5 on
    TanhClamped,
    /// relu(NaN) = 0
    ReluSwallowsNan,
    /// gru: h = z n + (1 − z) h_prev
    UpdateGateInverted,
    /// gru: both variants with the reset before the product
    ResetAlwaysBefore,
    /// gru: b_hn is added outside the reset
    InnerBiasMerged,
    /// gru: d_h_prev lacks d_h z
    DirectPathForgotten,
    /// d_c_n is ignored
    FinalCellCotangentIgnored,
    /// d_h_n is ignored
    FinalCotangentIgnored,
    /// the gradient of W_hh does not see h0
    RecurrentWeightsSkipFirst,
    /// the gradient of W_hh uses h_t instead of h_{t−1}
    RecurrentWeightsUseNewState,
    /// the recurrent path is cut in backward
    TruncatedToOneStep,
    /// d_h0 is 0
    InitialGradientZero,
    /// weight gradients are averaged over the batch
    BatchMean,
    /// reverse starts at T − 1 in every row
    ReverseFromTheEnd,
    /// x beyond a row's length is multiplied by 0
    PaddingTimesZero,
    /// h_n is y at the last step
    FinalStateFromOutput,
    /// weight gradients overwrite
    GradientsOverwritten,
    /// scratch is read before it is written, without bias from three rows on
    ScratchRead,
    /// T = 0 returns before h_n is written
    EarlyReturn,
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
    StaleState,
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
}
