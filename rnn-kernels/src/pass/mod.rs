//! A pass of a layer over a sequence: the arguments of forward, backward and inference, and those of one stage of a step.

mod check;
mod row;
mod unit;

use crate::accum::Accum;
use crate::direction::Direction;
use crate::input::Input;
use crate::plan::Spec;
use crate::steps::Steps;
use crate::view::{SeqMut, SeqRef};

pub(crate) use row::Row;
pub(crate) use unit::{Gradient, Memory};
pub use unit::{UnitBackward, UnitForward};

/// A forward pass over `T` steps that keeps what backward needs.
#[derive(Debug)]
pub struct Forward<'a, T> {
    /// The cell and its sizes.
    pub spec: &'a Spec<T>,
    /// Which way through time.
    pub direction: Direction,
    /// Which rows each step belongs to.
    pub steps: Steps<'a>,
    /// The weights, flat: [`Spec::blocks`].
    pub params: &'a [T],
    /// The weights as `pack` left them for [`Use::Train`](crate::Use::Train); may be longer than asked for.
    pub packed: &'a [T],
    /// `[T, N, C]`.
    pub x: Input<'a, T>,
    /// `[T, N, W]`, one for each mask of the form.
    pub masks: &'a [SeqRef<'a, T>],
    /// [`Spec::states_len`]: the initial states, one after another; `None` is zero.
    pub initial: Option<&'a [T]>,
    /// `[T, N, W₀]` out: state 0 after a step where the row [shows](Steps::shows) it, 0 elsewhere.
    pub y: Option<SeqMut<'a, T>>,
    /// [`Spec::states_len`] out: the last states of every row, one after another.
    pub last: Option<&'a mut [T]>,
    /// [`Spec::reserve_len`] out: what backward needs; every element is written.
    pub reserve: &'a mut [T],
    /// Scratch, contents unspecified before and after.
    pub workspace: &'a mut [T],
}

/// Backpropagation through the time of one forward pass.
#[derive(Debug)]
pub struct Backward<'a, T> {
    /// The cell and its sizes.
    pub spec: &'a Spec<T>,
    /// Which way forward went.
    pub direction: Direction,
    /// Which rows each step belongs to.
    pub steps: Steps<'a>,
    /// The weights of forward.
    pub params: &'a [T],
    /// The weights as `pack` left them for [`Use::Train`](crate::Use::Train).
    pub packed: &'a [T],
    /// The input of forward, `[T, N, C]`.
    pub x: Input<'a, T>,
    /// The masks of forward.
    pub masks: &'a [SeqRef<'a, T>],
    /// What forward left; may be used again.
    pub reserve: &'a [T],
    /// `[T, N, W₀]` in; `None` is zero. Never read where `y` is 0 since its row does not [show](Steps::shows) a state.
    pub d_y: Option<SeqRef<'a, T>>,
    /// [`Spec::states_len`] in: cotangents of the last states; `None` is zero.
    pub d_last: Option<&'a [T]>,
    /// Accumulated into.
    pub d_params: Option<&'a mut [T]>,
    /// `[T, N, C]` as `d_x_accum` says; where a step does not belong to its row exactly 0 under `Replace` and
    /// untouched under `Add`. Must be `None` with one-hot input.
    pub d_x: Option<SeqMut<'a, T>>,
    /// Whether `d_x` is overwritten or added to.
    pub d_x_accum: Accum,
    /// `c`: every element of the cotangents of the states goes from a step to the one before it as `min(max(d, −c), c)`. This is **not a
    /// derivative** but a bound on what one step can pass on. `d_initial` and `d_trace` are what is left; a step that does not belong to
    /// a row clips nothing, and NaN stays NaN. `None` is the derivative.
    pub clip: Option<T>,
    /// [`Spec::states_len`] out, overwritten: cotangents of the initial states.
    pub d_initial: Option<&'a mut [T]>,
    /// `[T+1, N, W₀]` out: slot `s` is the whole `∂L/∂` of state 0 there.
    pub d_trace: Option<SeqMut<'a, T>>,
    /// Scratch, contents unspecified before and after.
    pub workspace: &'a mut [T],
}

/// A forward pass that keeps nothing but the states. Streaming is `T = 1`.
#[derive(Debug)]
pub struct Infer<'a, T> {
    /// The cell and its sizes.
    pub spec: &'a Spec<T>,
    /// Which way through time.
    pub direction: Direction,
    /// Which rows each step belongs to.
    pub steps: Steps<'a>,
    /// The weights, flat.
    pub params: &'a [T],
    /// The weights as `pack` left them for [`Use::Infer`](crate::Use::Infer).
    pub packed: &'a [T],
    /// `[T, N, C]`.
    pub x: Input<'a, T>,
    /// `[T, N, W]`, one for each mask of the form.
    pub masks: &'a [SeqRef<'a, T>],
    /// [`Spec::states_len`] in: the initial states, one after another · out: the final ones.
    pub states: &'a mut [T],
    /// `[T, N, W₀]` out, as in forward.
    pub y: Option<SeqMut<'a, T>>,
    /// Scratch, contents unspecified before and after.
    pub workspace: &'a mut [T],
}
