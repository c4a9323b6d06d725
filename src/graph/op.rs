//! What a node of a graph can compute: the operations with their options, inputs and outputs.

use super::recurrent::Recurrent;
use super::tensor::{Kind, Tensor};
use crate::backend::DefaultBackend;
use crate::error::{Error, Result};
use rnn_kernels::Activation;
use std::fmt;
use std::ops::RangeInclusive;

/// An operation. It means what the ONNX operator of the same name means; its node has the operator's inputs, in ONNX' order.
#[derive(Debug)]
#[non_exhaustive]
pub enum Op<B: ?Sized = DefaultBackend> {
    /// `y = a + b`, broadcast. This and the next three take two inputs of one kind, which may not be truth values. Whole numbers wrap.
    Add,
    /// `y = a − b`.
    Sub,
    /// `y = a · b`, element by element.
    Mul,
    /// `y = a / b`; of whole numbers rounded towards zero, and an error where `b` has a 0.
    Div,
    /// `y = σ(x)`.
    Sigmoid,
    /// `y = tanh x`.
    Tanh,
    /// `y = max(0, x)`.
    Relu,
    /// `y = x`.
    Identity,
    /// `y = e^x / Σ e^x` along an axis.
    Softmax {
        /// The axis; below 0 it is counted from the end, as every axis here.
        axis: i64,
        /// Whether the sum goes over this axis and all behind it, as before opset 13.
        flatten: bool,
    },
    /// `Y = A B`, also of stacks of matrices, which are broadcast as in numpy.
    MatMul,
    /// `Y = α A′ B′ + β C`, matrices, with `C` broadcast or left out.
    Gemm {
        /// `α`.
        alpha: f32,
        /// `β`.
        beta: f32,
        /// Whether `A′ = Aᵀ`.
        transpose_a: bool,
        /// Whether `B′ = Bᵀ`.
        transpose_b: bool,
    },
    /// `y[n, m, l] = b[m] + Σ w[m, c, k] x[n, c, l · stride + k · dilation − padding]`: `x [N, C, L]`, `w [M, C / groups, K]`, `b [M]` or
    /// none.
    Conv1d {
        /// Steps from one output to the next.
        stride: usize,
        /// Steps from one weight to the next.
        dilation: usize,
        /// Zeros at both ends.
        padding: Padding,
        /// Into how many parts the channels are divided, each of which is convolved by itself.
        groups: usize,
        /// `K`, if weights with another `K` are to be an error.
        taps: Option<usize>,
    },
    /// `y[i] = x[permuted i]`.
    Transpose {
        /// Which axis of `x` becomes axis 0, 1, …; if empty, the order of all axes is reversed.
        permutation: Vec<usize>,
    },
    /// The same elements without axes of length 1.
    Squeeze {
        /// Which axes; if empty, all of length 1.
        axes: Vec<i64>,
    },
    /// The same elements with new axes of length 1.
    Unsqueeze {
        /// Where they are in the output.
        axes: Vec<i64>,
    },
    /// The same elements in the shape of the second input, where one length may be −1: whatever is left.
    Reshape {
        /// Whether a length of 0 means 0; otherwise it means the length that the axis has.
        allow_zero: bool,
    },
    /// All inputs, one after another along an axis.
    Concat {
        /// The axis.
        axis: i64,
    },
    /// `y = x[start : end : step]` along some axes: inputs `x`, `starts`, `ends`, optional `axes`, optional `steps`.
    Slice,
    /// `y[…, i, …] = x[…, index[i], …]` along an axis: inputs `x`, `index`.
    Gather {
        /// The axis.
        axis: i64,
    },
    /// The shape of `x`, from one axis up to another.
    Shape {
        /// The first axis.
        start: i64,
        /// The axis after the last one; if there is none, the shape to its end.
        end: Option<i64>,
    },
    /// `x` repeated along axes of length 1: inputs `x`, the shape.
    Expand,
    /// One value in the shape of the input.
    ConstantOfShape {
        /// The value, one element.
        value: Tensor,
    },
    /// The same numbers as another kind.
    Cast {
        /// The kind.
        to: Kind,
    },
    /// `on` where the place along a new axis is the index, `off` elsewhere: inputs `index`, the length of the axis, `[off, on]`.
    OneHot {
        /// Where the new axis is in the output.
        axis: i64,
    },
    /// A recurrent layer: inputs `x`, optional lengths, optional initial `h`, optional initial `c`; outputs `Y`, `Y_h`, and `Y_c` if
    /// the cell has a `c`.
    Recurrent(Box<Recurrent<B>>),
}

/// Zeros at both ends of what a convolution reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Padding {
    /// This many before and this many after.
    Explicit([usize; 2]),
    /// So many that there are `L / stride` outputs, rounded up. If their number is odd, there is one more after than before.
    SameUpper,
    /// As many as for `SameUpper`. If their number is odd, there is one more before than after.
    SameLower,
}

impl<B: ?Sized> Op<B> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Op::Add => "Add",
            Op::Sub => "Sub",
            Op::Mul => "Mul",
            Op::Div => "Div",
            Op::Sigmoid => "Sigmoid",
            Op::Tanh => "Tanh",
            Op::Relu => "Relu",
            Op::Identity => "Identity",
            Op::Softmax { .. } => "Softmax",
            Op::MatMul => "MatMul",
            Op::Gemm { .. } => "Gemm",
            Op::Conv1d { .. } => "Conv",
            Op::Transpose { .. } => "Transpose",
            Op::Squeeze { .. } => "Squeeze",
            Op::Unsqueeze { .. } => "Unsqueeze",
            Op::Reshape { .. } => "Reshape",
            Op::Concat { .. } => "Concat",
            Op::Slice => "Slice",
            Op::Gather { .. } => "Gather",
            Op::Shape { .. } => "Shape",
            Op::Expand => "Expand",
            Op::ConstantOfShape { .. } => "ConstantOfShape",
            Op::Cast { .. } => "Cast",
            Op::OneHot { .. } => "OneHot",
            Op::Recurrent(layer) => layer.name(),
        }
    }

    /// The function that the operation applies to each number, if it is such an operation.
    pub(super) fn activation(&self) -> Option<Activation> {
        match self {
            Op::Sigmoid => Some(Activation::Sigmoid),
            Op::Tanh => Some(Activation::Tanh),
            Op::Relu => Some(Activation::Relu),
            _ => None,
        }
    }

    /// How many inputs it takes.
    fn inputs(&self) -> RangeInclusive<usize> {
        match self {
            Op::Add | Op::Sub | Op::Mul | Op::Div | Op::MatMul => 2..=2,
            Op::Reshape { .. } | Op::Gather { .. } | Op::Expand => 2..=2,
            Op::Gemm { .. } | Op::Conv1d { .. } => 2..=3,
            Op::Concat { .. } => 1..=usize::MAX,
            Op::Slice => 3..=5,
            Op::OneHot { .. } => 3..=3,
            Op::Recurrent(_) => 1..=4,
            _ => 1..=1,
        }
    }

    /// Whether input `k` may be left out.
    fn may_lack(&self, k: usize) -> bool {
        match self {
            Op::Gemm { .. } | Op::Conv1d { .. } => k == 2,
            Op::Slice => k >= 3,
            Op::Recurrent(_) => k >= 1,
            _ => false,
        }
    }

    /// How many outputs it has.
    pub(super) fn outputs(&self) -> usize {
        match self {
            Op::Recurrent(layer) => layer.outputs(),
            _ => 1,
        }
    }

    /// `Ok` if there are as many inputs as it takes, and none is missing that it needs.
    pub(super) fn check_inputs<V>(&self, inputs: &[Option<V>]) -> Result<()> {
        let range = self.inputs();
        if !range.contains(&inputs.len()) {
            let expected = match (*range.start(), *range.end()) {
                (least, usize::MAX) => format!("at least {least}"),
                (least, most) if least == most => least.to_string(),
                (least, most) => format!("{least} to {most}"),
            };
            return Err(Error::range("number of inputs", expected, inputs.len()));
        }
        match inputs.iter().enumerate().position(|(k, x)| x.is_none() && !self.may_lack(k)) {
            Some(k) => Err(Error::kind(format!("input {k}"), "a value", "none")),
            None => Ok(()),
        }
    }
}

/// The name.
impl<B: ?Sized> fmt::Display for Op<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
