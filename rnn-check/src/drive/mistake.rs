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
    /// `h0` has a row too many.
    H0,
    /// `y` is a column too wide.
    Y,
    /// `h_n` has a row too many.
    Hn,
    /// The reserve is for a step more.
    Reserve,
    /// There is a length for a row too many.
    Lengths,
    /// `x` is a column too wide.
    X,
    /// The parameters are those of one more hidden unit.
    Params,
    /// The workspace is an element short (where any is needed).
    Workspace,
    /// `d_y` has a step too many.
    Dy,
    /// `d_h_n` has a row too many.
    DHn,
    /// `d_params` are those of one more hidden unit.
    DParams,
    /// `d_x` is a column too wide.
    Dx,
    /// `d_h0` has a row too many.
    DH0,
    /// The trace has a slot too few.
    Trace,
    /// The state of inference has a row too many.
    State,
}

impl Mistake {
    /// Every mistake, where it is made, and a word its message must contain.
    pub const ALL: [(Self, Pass, &'static str); 19] = [
        (Self::H0, Pass::Forward, "h0"),
        (Self::Y, Pass::Forward, "y"),
        (Self::Hn, Pass::Forward, "h_n"),
        (Self::Reserve, Pass::Forward, "reserve"),
        (Self::Lengths, Pass::Forward, "lengths"),
        (Self::X, Pass::Forward, "x"),
        (Self::Params, Pass::Forward, "params"),
        (Self::Dy, Pass::Backward, "d_y"),
        (Self::DHn, Pass::Backward, "d_h_n"),
        (Self::DParams, Pass::Backward, "params"),
        (Self::Dx, Pass::Backward, "d_x"),
        (Self::DH0, Pass::Backward, "d_h0"),
        (Self::Trace, Pass::Backward, "d_h_trace"),
        (Self::Reserve, Pass::Backward, "reserve"),
        (Self::Workspace, Pass::Backward, "workspace"),
        (Self::Lengths, Pass::Backward, "lengths"),
        (Self::State, Pass::Infer, "h"),
        (Self::Workspace, Pass::Infer, "workspace"),
        (Self::X, Pass::Infer, "x"),
    ];
}
