//! `Y = W · columns(x) + b`: a convolution in one dimension as a product.

use super::super::op::Padding;
use super::super::room::Room;
use super::super::tensor::{Kind, Tensor};
use crate::error::{Error, Result, checked_product};
use rnn_kernels::{Accum, Backend, MatMut, MatRef};

#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub stride: usize,
    pub dilation: usize,
    pub padding: Padding,
    pub groups: usize,
    pub taps: Option<usize>,
}

pub(super) fn conv1d<B: Backend<f32> + ?Sized>(
    backend: &B,
    options: Options,
    [x, w]: [&Tensor; 2],
    b: Option<&Tensor>,
    y: &mut Tensor,
    columns: &mut Tensor,
    room: &mut Room,
) -> Result<()> {
    let (&[n, channels, len], &[units, part, taps]) = (x.shape(), w.shape()) else {
        let found = format!("{:?} and {:?}", x.shape(), w.shape());
        return Err(Error::range("input and weights of a convolution", "[N, C, L] and [M, C / groups, K]", found));
    };
    let Options { stride, dilation, groups, .. } = options;
    if stride == 0 || dilation == 0 || groups == 0 || taps == 0 {
        return Err(Error::range("stride, dilation, groups and taps", "at least 1", 0));
    }
    if let Some(expected) = options.taps.filter(|&expected| expected != taps) {
        return Err(Error::range("taps of a convolution", expected.to_string(), taps));
    }
    if part.checked_mul(groups) != Some(channels) || !units.is_multiple_of(groups) {
        let expected = format!("channels {channels} and units {units} in {groups} equal parts");
        return Err(Error::range("weights of a convolution", expected, format!("{:?}", w.shape())));
    }
    if let Some(b) = b.filter(|b| b.shape() != [units]) {
        return Err(Error::shape("biases of a convolution", &[units], b.shape()));
    }
    let last_tap = checked_product("reach of a convolution", &[taps - 1, dilation])?;
    let overflow = || Error::Overflow { what: "padding of a convolution".into(), factors: vec![len, last_tap] };
    let reach = last_tap.checked_add(1).ok_or_else(overflow)?;
    let (before, out) = match options.padding {
        Padding::Explicit([before, behind]) => {
            let padded = before.checked_add(behind).and_then(|both| both.checked_add(len)).ok_or_else(overflow)?;
            (before, padded.checked_sub(reach).map_or(0, |rest| rest / stride + 1))
        }
        same => {
            let out = len.div_ceil(stride);
            let needed = out.saturating_sub(1).checked_mul(stride).and_then(|last| last.checked_add(reach));
            let both = needed.ok_or_else(overflow)?.saturating_sub(len);
            (if same == Padding::SameUpper { both / 2 } else { both.div_ceil(2) }, out)
        }
    };
    let (x, w) = (x.as_f32()?, w.as_f32()?);
    y.reset(Kind::F32, &[n, units, out], room)?;
    let depth = checked_product("columns of a convolution", &[part, taps])?;
    columns.reset(Kind::F32, &[depth, out], room)?;
    let (y, columns, per_group) = (y.as_f32_mut()?, columns.as_f32_mut()?, units / groups);
    if y.is_empty() {
        return Ok(());
    }
    for (at, y) in y.chunks_exact_mut(per_group * out).enumerate() {
        let (row, group) = (at / groups, at % groups);
        let x = &x[(row * channels + group * part) * len..];
        for (k, column) in columns.chunks_exact_mut(out).enumerate() {
            let (channel, shift) = (&x[k / taps * len..][..len], k % taps * dilation);
            for (l, value) in column.iter_mut().enumerate() {
                // Of the padded input, place l · stride + shift.
                let place = (l * stride + shift).checked_sub(before);
                *value = place.and_then(|place| channel.get(place)).copied().unwrap_or(0.0);
            }
        }
        let w = &w[group * per_group * depth..][..per_group * depth];
        let (w, columns) = (MatRef::new(w, per_group, depth), MatRef::new(columns, depth, out));
        backend.matmul(MatMut::new(y, per_group, out), Accum::Replace, w, columns);
        if let Some(b) = b {
            let b = &b.as_f32()?[group * per_group..];
            y.chunks_exact_mut(out).zip(b).for_each(|(y, &b)| y.iter_mut().for_each(|y| *y += b));
        }
    }
    Ok(())
}
