//! The operations, one file each or a family: shapes first, then room, then numbers.

mod cast;
mod concat;
mod conv;
mod elementwise;
mod expand;
mod gather;
mod one_hot;
mod product;
mod shape;
mod slice;
mod softmax;
mod transpose;

pub(super) use shape::shape_of;

use super::build::Place;
use super::op::Op;
use super::recurrent::Passes;
use super::room::Room;
use super::tensor::Tensor;
use crate::error::{Error, Result};
use crate::finite::NonFinite;
use rnn_kernels::Backend;

/// What a node reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inputs<'a> {
    pub places: &'a [Option<Place>],
    pub constants: &'a [Tensor],
    pub given: &'a [&'a Tensor],
    pub computed: &'a [Tensor],
}

impl<'a> Inputs<'a> {
    /// Input `k`, if the node has it.
    pub fn get(&self, k: usize) -> Option<&'a Tensor> {
        Some(match (*self.places.get(k)?)? {
            Place::Input(k) => self.given[k],
            Place::Constant(k) => &self.constants[k],
            Place::Computed(k) => &self.computed[k],
        })
    }

    /// Input `k`, which was seen to be there when the node was made.
    pub fn at(&self, k: usize) -> Result<&'a Tensor> {
        self.get(k).ok_or_else(|| Error::kind(format!("input {k}"), "a value", "none"))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &'a Tensor> {
        (0..self.places.len()).filter_map(|k| self.get(k))
    }
}

/// The buffers of a node.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Of a convolution.
    pub columns: Tensor,
    /// Of a recurrent layer.
    pub passes: Passes,
    non_finite: NonFinite,
}

impl Scratch {
    pub fn on_non_finite(&mut self, choice: NonFinite) {
        self.non_finite = choice;
    }
}

/// Computes one node. All of `written` is overwritten, whatever it was.
pub(super) fn run<B: Backend<f32> + ?Sized>(
    op: &Op<B>,
    backend: &B,
    read: &Inputs<'_>,
    written: &mut [Tensor],
    scratch: &mut Scratch,
    room: &mut Room,
) -> Result<()> {
    if let Op::Recurrent(layer) = op {
        return layer.run(read, written, &mut scratch.passes, scratch.non_finite, room);
    }
    let (x, y) = (read.at(0)?, &mut written[0]);
    match op {
        Op::Add | Op::Sub | Op::Mul | Op::Div => elementwise::binary(op, x, read.at(1)?, y, room),
        Op::Sigmoid | Op::Tanh | Op::Relu => elementwise::unary(op, backend, x, y, room),
        Op::Identity => y.copy_as(x, x.shape(), room),
        Op::Softmax { axis, flatten } => softmax::softmax(x, *axis, *flatten, y, room),
        Op::MatMul => product::matmul(backend, x, read.at(1)?, y, room),
        Op::Gemm { alpha, beta, transpose_a, transpose_b } => {
            let scales = [*alpha, *beta];
            product::gemm(backend, scales, [*transpose_a, *transpose_b], [x, read.at(1)?], read.get(2), y, room)
        }
        Op::Conv1d { stride, dilation, padding, groups, taps } => {
            let (stride, dilation, padding, groups, taps) = (*stride, *dilation, *padding, *groups, *taps);
            let options = conv::Options { stride, dilation, padding, groups, taps };
            conv::conv1d(backend, options, [x, read.at(1)?], read.get(2), y, &mut scratch.columns, room)
        }
        Op::Transpose { permutation } => transpose::transpose(x, permutation, y, room),
        Op::Squeeze { axes } => shape::squeeze(x, axes, y, room),
        Op::Unsqueeze { axes } => shape::unsqueeze(x, axes, y, room),
        Op::Reshape { allow_zero } => shape::reshape(x, read.at(1)?, *allow_zero, y, room),
        Op::Concat { axis } => concat::concat(read, *axis, y, room),
        Op::Slice => slice::slice(read, y, room),
        Op::Gather { axis } => gather::gather(x, read.at(1)?, *axis, y, room),
        Op::Shape { .. } => shape_of(op, x.shape(), y, room),
        Op::Expand => expand::expand(x, read.at(1)?, y, room),
        Op::ConstantOfShape { value } => expand::filled(x, value, y, room),
        Op::Cast { to } => cast::cast(x, *to, y, room),
        Op::OneHot { axis } => one_hot::one_hot(read, *axis, y, room),
        Op::Recurrent(_) => unreachable!("a recurrent layer runs above"),
    }
}

/// The same body for both buffers of elements, whatever they are.
macro_rules! alike {
    ($from:expr, $to:expr, |$x:ident, $y:ident| $body:expr) => {
        match ($from.data(), &mut $to.data) {
            (Data::F32($x), Data::F32($y)) => $body,
            (Data::I64($x), Data::I64($y)) => $body,
            (Data::I32($x), Data::I32($y)) => $body,
            (Data::Bool($x), Data::Bool($y)) => $body,
            (from, to) => {
                return Err(Error::kind("tensor", to.kind().to_string(), from.kind().to_string()));
            }
        }
    };
}
use alike;
