//! `y = a ∘ b`, broadcast, and `y = φ(x)`.

use super::super::op::Op;
use super::super::room::Room;
use super::super::tensor::{Data, Kind, Tensor};
use super::super::walk::{broadcast, repeated, zip};
use crate::error::{Error, Result};
use rnn_kernels::{Backend, MatMut};

pub(super) fn binary<B: ?Sized>(op: &Op<B>, a: &Tensor, b: &Tensor, y: &mut Tensor, room: &mut Room) -> Result<()> {
    let (shape, rank) = broadcast("operands", a.shape(), b.shape())?;
    let shape = &shape[..rank];
    if a.kind() == Kind::Bool {
        return Err(Error::kind("operands", "numbers", a.kind().to_string()));
    }
    y.reset(a.kind(), shape, room)?;
    let strides = [a, b].map(|x| repeated(x.shape(), rank));
    macro_rules! whole {
        ($a:expr, $b:expr, $y:expr) => {{
            let (a, b) = (($a, &strides[0]), ($b, &strides[1]));
            match op {
                Op::Add => zip($y, shape, a, b, |a, b| a.wrapping_add(b)),
                Op::Sub => zip($y, shape, a, b, |a, b| a.wrapping_sub(b)),
                Op::Mul => zip($y, shape, a, b, |a, b| a.wrapping_mul(b)),
                _ if b.0.contains(&0) => return Err(Error::range("divisor", "no 0", 0)),
                _ => zip($y, shape, a, b, |a, b| a.wrapping_div(b)),
            }
        }};
    }
    match (a.data(), b.data(), &mut y.data) {
        (Data::F32(a), Data::F32(b), Data::F32(y)) => {
            let (a, b) = ((&a[..], &strides[0]), (&b[..], &strides[1]));
            match op {
                Op::Add => zip(y, shape, a, b, |a, b| a + b),
                Op::Sub => zip(y, shape, a, b, |a, b| a - b),
                Op::Mul => zip(y, shape, a, b, |a, b| a * b),
                _ => zip(y, shape, a, b, |a, b| a / b),
            }
        }
        (Data::I64(a), Data::I64(b), Data::I64(y)) => whole!(&a[..], &b[..], y),
        (Data::I32(a), Data::I32(b), Data::I32(y)) => whole!(&a[..], &b[..], y),
        (a, b, _) => return Err(Error::kind("operands", format!("two of {}", a.kind()), b.kind().to_string())),
    }
    Ok(())
}

pub(super) fn unary<B: Backend<f32> + ?Sized>(
    op: &Op<B>,
    backend: &B,
    x: &Tensor,
    y: &mut Tensor,
    room: &mut Room,
) -> Result<()> {
    x.as_f32()?;
    y.copy_as(x, x.shape(), room)?;
    let (y, activation) = (y.as_f32_mut()?, op.activation());
    if let Some(activation) = activation {
        let len = y.len();
        backend.activation_forward(activation, MatMut::new(y, 1, len));
    }
    Ok(())
}
