//! Wrong shapes, passed on purpose.

/// Which pass a mistake is made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Forward.
    Forward,
    /// Backward.
    Backward,
    /// Inference.
    Infer,
}

/// One wrong argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// The initial states have an element too many.
    Initial,
    /// `y` is a column too wide.
    Y,
    /// The last states have an element too many.
    Last,
    /// The reserve is for a step more.
    Reserve,
    /// There is a length for a row too many.
    Lengths,
    /// A mark is missing for the last row of the last step.
    Skipped,
    /// The limit of state cotangents is below 0.
    Clip,
    /// `x` is a column too wide.
    X,
    /// The parameters are those of one more hidden unit.
    Params,
    /// The workspace is an element short (where any is needed).
    Workspace,
    /// `d_y` has a step too many.
    Dy,
    /// The cotangents of the last states have an element too many.
    DLast,
    /// `d_params` are those of one more hidden unit.
    DParams,
    /// `d_x` is a column too wide.
    Dx,
    /// The cotangents of the initial states have an element too many.
    DInitial,
    /// The trace has a slot too few.
    Trace,
    /// The states of inference have an element too many.
    States,
}

impl Mistake {
    /// Every mistake, where it is made, and a word its message must contain.
    pub const ALL: [(Self, Pass, &'static str); 23] = [
        (Self::Initial, Pass::Forward, "initial"),
        (Self::Y, Pass::Forward, "y"),
        (Self::Last, Pass::Forward, "last"),
        (Self::Reserve, Pass::Forward, "reserve"),
        (Self::Lengths, Pass::Forward, "lengths"),
        (Self::Skipped, Pass::Forward, "skipped"),
        (Self::X, Pass::Forward, "x"),
        (Self::Params, Pass::Forward, "params"),
        (Self::Dy, Pass::Backward, "d_y"),
        (Self::DLast, Pass::Backward, "d_last"),
        (Self::DParams, Pass::Backward, "params"),
        (Self::Dx, Pass::Backward, "d_x"),
        (Self::DInitial, Pass::Backward, "d_initial"),
        (Self::Trace, Pass::Backward, "d_trace"),
        (Self::Reserve, Pass::Backward, "reserve"),
        (Self::Workspace, Pass::Backward, "workspace"),
        (Self::Lengths, Pass::Backward, "lengths"),
        (Self::Skipped, Pass::Backward, "skipped"),
        (Self::Clip, Pass::Backward, "clip"),
        (Self::States, Pass::Infer, "states"),
        (Self::Workspace, Pass::Infer, "workspace"),
        (Self::X, Pass::Infer, "x"),
        (Self::Skipped, Pass::Infer, "skipped"),
    ];
}
