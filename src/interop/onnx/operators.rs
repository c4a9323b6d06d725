//! Every other operator → [`Op`]: its attributes are taken, and what changed between opsets is evened out.
//!
//! ```text
//! axes       Squeeze, Unsqueeze: an attribute before opset 13, an input since
//! bounds     Slice: attributes before opset 10, inputs since
//! axis       Softmax: 1, over all axes behind it, before opset 13; −1, over one axis, since
//! ```

use super::attributes::Attributes;
use super::proto::{Node, is_own_domain};
use super::tensor::{KNOWN_TYPES, TensorView, kind, type_name};
use crate::error::{Error, Result};
use crate::graph::{Builder, Op, Padding, Tensor, Value};
use rnn_kernels::Backend;

/// The tensor of a `Constant`, if the node is one.
pub(super) fn constant(node: &mut Node<'_>) -> Result<Option<Tensor>> {
    if !is_own_domain(node.domain) || node.op != "Constant" {
        return Ok(None);
    }
    let (place, inputs) = (node.place(), node.inputs.len());
    let mut attributes = Attributes::of(node)?;
    let mut found = Vec::new();
    if let Some(tensor) = attributes.tensor("value")? {
        found.push(TensorView::read(tensor, "of a Constant")?.decode()?);
    }
    if let Some(x) = attributes.float("value_float")? {
        found.push(Tensor::f32(&[], [x])?);
    }
    if let Some(x) = attributes.floats("value_floats")? {
        found.push(Tensor::f32(&[x.len()], x)?);
    }
    if let Some(x) = attributes.int("value_int")? {
        found.push(Tensor::i64(&[], [x])?);
    }
    if let Some(x) = attributes.ints("value_ints")? {
        found.push(Tensor::i64(&[x.len()], x)?);
    }
    attributes.finish()?;
    match <[_; 1]>::try_from(found) {
        Ok([tensor]) if inputs == 0 => Ok(Some(tensor)),
        Ok(_) => Err(Error::model(place, "inputs", "none", inputs)),
        Err(found) => Err(Error::model(place, "attributes", "one value", format!("{} of them", found.len()))),
    }
}

/// The operation of a node, and the inputs that it reads: some inputs of the node become options of the operation, some attributes inputs.
pub(super) fn operation<B: Backend<f32> + ?Sized>(
    node: &mut Node<'_>,
    opset: i64,
    mut inputs: Vec<Option<Value>>,
    builder: &mut Builder<B>,
) -> Result<(Op<B>, Vec<Option<Value>>)> {
    let place = node.place();
    if !is_own_domain(node.domain) || !node.overload.is_empty() {
        return Err(Error::model(place, "operator", "one of ONNX' own domain", format!("`{}`", node.operator())));
    }
    // Inputs that are left out at the end need not be named.
    while inputs.last().is_some_and(Option::is_none) {
        inputs.pop();
    }
    let name = node.op;
    let mut attributes = Attributes::of(node)?;
    let axes = |attributes: &mut Attributes<'_>, inputs: &mut Vec<Option<Value>>| -> Result<Vec<i64>> {
        if opset < 13 {
            return Ok(attributes.ints("axes")?.unwrap_or_default());
        }
        let Some(axes) = (if inputs.len() > 1 { inputs.remove(1) } else { None }) else { return Ok(Vec::new()) };
        let wrong = |found: &str| Error::model(&place, "input `axes`", "constant whole numbers", found);
        let axes = builder.as_constant(axes).ok_or_else(|| wrong("a value that is computed"))?;
        Ok(axes.as_i64().map_err(|_| wrong(&axes.kind().to_string()))?.to_vec())
    };
    let op = match name {
        "Add" => Op::Add,
        "Sub" => Op::Sub,
        "Mul" => Op::Mul,
        "Div" => Op::Div,
        "Sigmoid" => Op::Sigmoid,
        "Tanh" => Op::Tanh,
        "Relu" => Op::Relu,
        "Identity" => Op::Identity,
        "MatMul" => Op::MatMul,
        "Softmax" if opset < 13 => Op::Softmax { axis: attributes.int("axis")?.unwrap_or(1), flatten: true },
        "Softmax" => Op::Softmax { axis: attributes.int("axis")?.unwrap_or(-1), flatten: false },
        "Gemm" => Op::Gemm {
            alpha: attributes.float("alpha")?.unwrap_or(1.0),
            beta: attributes.float("beta")?.unwrap_or(1.0),
            transpose_a: attributes.flag("transA")?,
            transpose_b: attributes.flag("transB")?,
        },
        "Conv" => convolution(&mut attributes)?,
        "Transpose" => {
            let permutation = attributes.ints("perm")?.unwrap_or_default();
            let whole = permutation.iter().map(|&axis| usize::try_from(axis)).collect::<Result<_, _>>();
            let found = || format!("{permutation:?}");
            Op::Transpose { permutation: whole.map_err(|_| attributes.wrong("perm", "axes from 0 on", found()))? }
        }
        "Squeeze" => Op::Squeeze { axes: axes(&mut attributes, &mut inputs)? },
        "Unsqueeze" => {
            let axes = axes(&mut attributes, &mut inputs)?;
            if axes.is_empty() {
                return Err(attributes.wrong("axes", "at least one axis", "none"));
            }
            Op::Unsqueeze { axes }
        }
        "Reshape" => Op::Reshape { allow_zero: opset >= 14 && attributes.flag("allowzero")? },
        "Concat" => {
            let axis = attributes.int("axis")?;
            Op::Concat { axis: axis.ok_or_else(|| attributes.wrong("axis", "an int", "none"))? }
        }
        "Slice" if opset < 10 => {
            if inputs.len() != 1 {
                return Err(Error::model(place, "inputs", "1 before opset 10", inputs.len()));
            }
            for bounds in ["starts", "ends", "axes"] {
                match attributes.ints(bounds)? {
                    Some(numbers) => inputs.push(Some(builder.constant(Tensor::i64(&[numbers.len()], numbers)?)?)),
                    None if bounds == "axes" => {}
                    None => return Err(attributes.wrong(bounds, "ints", "none")),
                }
            }
            Op::Slice
        }
        "Slice" => Op::Slice,
        "Gather" => Op::Gather { axis: attributes.int("axis")?.unwrap_or(0) },
        "Shape" if opset < 15 => Op::Shape { start: 0, end: None },
        "Shape" => Op::Shape { start: attributes.int("start")?.unwrap_or(0), end: attributes.int("end")? },
        "Expand" => Op::Expand,
        "ConstantOfShape" => Op::ConstantOfShape {
            value: match attributes.tensor("value")? {
                None => Tensor::f32(&[1], [0.0])?,
                Some(tensor) => TensorView::read(tensor, "of a ConstantOfShape")?.decode()?,
            },
        },
        "Cast" => {
            let number = attributes.int("to")?.unwrap_or_default();
            let to = kind(number).ok_or_else(|| attributes.wrong("to", KNOWN_TYPES, type_name(number)))?;
            // It says what becomes of numbers beyond the 8-bit types, which are not implemented.
            if attributes.int("saturate")?.is_some_and(|saturate| saturate != 1) {
                return Err(attributes.wrong("saturate", "1", 0));
            }
            Op::Cast { to }
        }
        "OneHot" => Op::OneHot { axis: attributes.int("axis")?.unwrap_or(-1) },
        _ => return Err(Error::model(place, "operator", KNOWN, format!("`{name}`{}", hint(name)))),
    };
    attributes.finish()?;
    Ok((op, inputs))
}

/// What is implemented.
const KNOWN: &str = "one of Add, Cast, Concat, Constant, ConstantOfShape, Conv, Div, Expand, GRU, Gather, Gemm, Identity, LSTM, MatMul, Mul, \
    OneHot, RNN, Relu, Reshape, Shape, Sigmoid, Slice, Softmax, Squeeze, Sub, Tanh, Transpose, Unsqueeze";

/// What a message says of some operators that are not implemented.
fn hint(name: &str) -> &'static str {
    match name {
        "QuantizeLinear" | "DequantizeLinear" | "DynamicQuantizeLinear" | "MatMulInteger" | "ConvInteger" => {
            ", which is of quantised numbers"
        }
        _ if name.starts_with("QLinear") || name.starts_with("DynamicQuantize") => ", which is of quantised numbers",
        "If" | "Loop" | "Scan" => ", which has graphs of its own",
        _ => "",
    }
}

fn convolution<B: ?Sized>(attributes: &mut Attributes<'_>) -> Result<Op<B>> {
    let taps = match attributes.ints("kernel_shape")?.as_deref() {
        None => None,
        Some(&[taps]) => {
            let found = usize::try_from(taps).ok();
            Some(found.ok_or_else(|| attributes.wrong("kernel_shape", "one number from 1 on", taps))?)
        }
        Some(kernel) => return Err(attributes.wrong("kernel_shape", "one dimension", format!("{kernel:?}"))),
    };
    let mut one = |name: &'static str, default: i64| {
        let given = attributes.ints(name)?.unwrap_or_else(|| vec![default]);
        match given[..] {
            [x] if x > 0 => Ok(usize::try_from(x).unwrap_or(usize::MAX)),
            _ => Err(attributes.wrong(name, "one number from 1 on", format!("{given:?}"))),
        }
    };
    let (stride, dilation) = (one("strides", 1)?, one("dilations", 1)?);
    let given = attributes.int("group")?.unwrap_or(1);
    let groups = usize::try_from(given).ok().filter(|&groups| groups > 0);
    let groups = groups.ok_or_else(|| attributes.wrong("group", "at least 1", given))?;
    let pads = attributes.ints("pads")?;
    let padding = match (attributes.text("auto_pad")?.unwrap_or("NOTSET"), pads) {
        ("NOTSET", pads) => {
            let pads = pads.unwrap_or_else(|| vec![0, 0]);
            let whole: Vec<_> = pads.iter().filter_map(|&pad| usize::try_from(pad).ok()).collect();
            match <[usize; 2]>::try_from(whole) {
                Ok(both) if pads.len() == 2 => Padding::Explicit(both),
                _ => return Err(attributes.wrong("pads", "two numbers from 0 on", format!("{pads:?}"))),
            }
        }
        (_, Some(pads)) => return Err(attributes.wrong("pads", "none beside auto_pad", format!("{pads:?}"))),
        ("VALID", None) => Padding::Explicit([0, 0]),
        ("SAME_UPPER", None) => Padding::SameUpper,
        ("SAME_LOWER", None) => Padding::SameLower,
        (other, None) => {
            let expected = "NOTSET, VALID, SAME_UPPER or SAME_LOWER";
            return Err(attributes.wrong("auto_pad", expected, format!("`{other}`")));
        }
    };
    Ok(Op::Conv1d { stride, dilation, padding, groups, taps })
}
