//! `TensorProto ↔ Tensor`: numbers of a file, raw or typed.

use super::wire::{Bytes, Writer};
use crate::error::{Error, Result, checked_product};
use crate::graph::{Data, Kind, MOST_AXES, Tensor};
use crate::memory::reserve;

/// The element types by their numbers.
const TYPES: [&str; 27] = [
    "UNDEFINED",
    "FLOAT",
    "UINT8",
    "INT8",
    "UINT16",
    "INT16",
    "INT32",
    "INT64",
    "STRING",
    "BOOL",
    "FLOAT16",
    "DOUBLE",
    "UINT32",
    "UINT64",
    "COMPLEX64",
    "COMPLEX128",
    "BFLOAT16",
    "FLOAT8E4M3FN",
    "FLOAT8E4M3FNUZ",
    "FLOAT8E5M2",
    "FLOAT8E5M2FNUZ",
    "UINT4",
    "INT4",
    "FLOAT4E2M1",
    "FLOAT8E8M0",
    "UINT2",
    "INT2",
];

/// The name of an element type.
pub(super) fn type_name(number: i64) -> String {
    let name = usize::try_from(number).ok().and_then(|number| TYPES.get(number));
    name.map_or_else(|| format!("type {number}"), ToString::to_string)
}

/// The kind of an element type, if it is implemented.
pub(super) fn kind(number: i64) -> Option<Kind> {
    match number {
        1 => Some(Kind::F32),
        6 => Some(Kind::I32),
        7 => Some(Kind::I64),
        9 => Some(Kind::Bool),
        _ => None,
    }
}

/// The number of a kind.
pub(super) fn number(kind: Kind) -> i64 {
    match kind {
        Kind::F32 => 1,
        Kind::I32 => 6,
        Kind::I64 => 7,
        Kind::Bool => 9,
    }
}

/// The element types that are implemented.
pub(super) const KNOWN_TYPES: &str = "FLOAT, INT32, INT64 or BOOL";

/// A tensor of a file before its numbers are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct TensorView<'a> {
    bytes: Bytes<'a>,
    pub name: &'a str,
    shape: [usize; MOST_AXES],
    rank: usize,
    pub kind: Kind,
}

impl<'a> TensorView<'a> {
    /// Shape and type; `called` is what messages call it if it has no name.
    pub fn read(bytes: Bytes<'a>, called: &str) -> Result<Self> {
        let (mut name, mut elements, mut location) = (None, None, None);
        let (mut shape, mut rank, mut external, mut segment) = ([0; MOST_AXES], 0, false, false);
        let (mut negative, mut deep) = (None, false);
        for field in bytes.fields("TensorProto") {
            let field = field?;
            match field.number {
                1 => {
                    for len in field.ints()? {
                        let len = len?;
                        if rank == MOST_AXES {
                            deep = true;
                            break;
                        }
                        shape[rank] = usize::try_from(len).unwrap_or_else(|_| {
                            negative = Some(len);
                            0
                        });
                        rank += 1;
                    }
                }
                2 => field.once(&mut elements, field.int()?)?,
                3 => segment = true,
                8 => field.once(&mut name, field.text()?)?,
                13 => external = true,
                14 => field.once(&mut location, field.int()?)?,
                4 | 5 | 6 | 7 | 9 | 10 | 11 | 12 | 16 => {}
                _ => return Err(field.unknown()),
            }
        }
        let name = name.unwrap_or_default();
        let at = || format!("tensor `{}`", if name.is_empty() { called } else { name });
        if external || location.unwrap_or_default() != 0 {
            return Err(Error::model(at(), "data", "numbers in the file", "external data"));
        }
        if segment {
            return Err(Error::model(at(), "data", "a whole tensor", "a segment of one"));
        }
        if deep {
            return Err(Error::model(at(), "shape", format!("at most {MOST_AXES} axes"), "more"));
        }
        if let Some(negative) = negative {
            return Err(Error::model(at(), "shape", "lengths from 0 on", negative));
        }
        let elements = elements.unwrap_or_default();
        let kind = kind(elements).ok_or_else(|| Error::model(at(), "type", KNOWN_TYPES, type_name(elements)))?;
        Ok(Self { bytes, name, shape, rank, kind })
    }

    pub fn shape(&self) -> &[usize] {
        &self.shape[..self.rank]
    }

    fn place(&self) -> String {
        format!("tensor `{}`", self.name)
    }

    /// Its numbers, in memory of exactly their size.
    pub fn decode(&self) -> Result<Tensor> {
        let len = checked_product(&self.place(), self.shape())?;
        let data = match self.kind {
            Kind::F32 => Data::F32(self.numbers(len, 4, |bytes: [u8; 4]| f32::from_le_bytes(bytes))?),
            Kind::I32 => Data::I32(self.numbers(len, 5, |bytes: [u8; 4]| i32::from_le_bytes(bytes))?),
            Kind::I64 => Data::I64(self.numbers(len, 7, |bytes: [u8; 8]| i64::from_le_bytes(bytes))?),
            Kind::Bool => Data::Bool(self.numbers(len, 5, |[byte]: [u8; 1]| byte != 0)?),
        };
        Tensor::new(self.shape(), data)
    }

    /// Numbers that are raw or in the field of their type. They are counted before memory is asked for.
    fn numbers<T: Typed, const N: usize>(&self, len: usize, typed: u32, raw: impl Fn([u8; N]) -> T) -> Result<Vec<T>> {
        let wrong = |found: String| Error::model(self.place(), "data", format!("{len} numbers"), found);
        let (mut found, mut run) = (0_usize, None);
        for field in self.bytes.fields("TensorProto") {
            let field = field?;
            match field.number {
                9 => field.once(&mut run, field.bytes()?.bytes)?,
                number if number == typed => found += T::count(&field)?,
                4 | 5 | 6 | 7 | 10 | 11 => {
                    return Err(Error::model(self.place(), "data", format!("{} numbers", self.kind), "others"));
                }
                _ => {}
            }
        }
        let mut numbers = Vec::new();
        match run {
            // Some writers leave an empty run beside numbers that are typed.
            Some(run) if found == 0 || !run.is_empty() => {
                if found > 0 {
                    return Err(wrong("raw and typed ones".into()));
                }
                if run.len() != len.saturating_mul(N) {
                    return Err(wrong(format!("{} bytes", run.len())));
                }
                reserve("tensor", &mut numbers, len)?;
                numbers.extend(run.as_chunks::<N>().0.iter().map(|&bytes| raw(bytes)));
            }
            _ => {
                if found != len {
                    return Err(wrong(found.to_string()));
                }
                reserve("tensor", &mut numbers, len)?;
                for field in self.bytes.fields("TensorProto") {
                    let field = field?;
                    if field.number == typed {
                        T::append(&field, &mut numbers)?;
                    }
                }
            }
        }
        Ok(numbers)
    }
}

/// Numbers in the field of their type.
trait Typed: Sized {
    fn count(field: &super::wire::Field<'_>) -> Result<usize>;
    fn append(field: &super::wire::Field<'_>, to: &mut Vec<Self>) -> Result<()>;
}

impl Typed for f32 {
    fn count(field: &super::wire::Field<'_>) -> Result<usize> {
        Ok(field.floats()?.count())
    }

    fn append(field: &super::wire::Field<'_>, to: &mut Vec<Self>) -> Result<()> {
        to.extend(field.floats()?);
        Ok(())
    }
}

macro_rules! whole {
    ($t:ty, $of:expr) => {
        impl Typed for $t {
            fn count(field: &super::wire::Field<'_>) -> Result<usize> {
                field.ints()?.try_fold(0, |count, number| number.map(|_| count + 1))
            }

            fn append(field: &super::wire::Field<'_>, to: &mut Vec<Self>) -> Result<()> {
                for number in field.ints()? {
                    let (number, of): (i64, fn(i64) -> Option<$t>) = (number?, $of);
                    let wrong = || Error::model("tensor", "data", "numbers of its type", number);
                    to.push(of(number).ok_or_else(wrong)?);
                }
                Ok(())
            }
        }
    };
}

whole!(i64, Some);
whole!(i32, |number| i32::try_from(number).ok());
whole!(bool, |number| match number {
    0 => Some(false),
    1 => Some(true),
    _ => None,
});

/// A tensor from the bytes of a `TensorProto`. ONNX keeps the inputs and outputs of its tests in files of this kind.
///
/// # Errors
/// [`Error::Format`] if the bytes are no `TensorProto`. [`Error::Model`] if its numbers are external or of a type that is not implemented,
/// are more or fewer than its shape has, or it has too many axes. [`Error::Overflow`] or [`Error::Memory`] if it does not fit.
pub fn read_tensor(bytes: &[u8]) -> Result<Tensor> {
    TensorView::read(Bytes { bytes, at: 0 }, "of a file")?.decode()
}

/// The bytes of a `TensorProto` of this name, with its numbers raw.
///
/// # Errors
/// [`Error::Memory`] if they do not fit.
pub fn write_tensor(name: &str, tensor: &Tensor) -> Result<Vec<u8>> {
    let mut writer = Writer::default();
    reserve("tensor", &mut writer.0, encoded_room(tensor))?;
    encode(&mut writer, name, tensor);
    Ok(writer.0)
}

/// Bytes that are enough for a tensor with a short name.
fn encoded_room(tensor: &Tensor) -> usize {
    tensor.len().saturating_mul(tensor.kind().bytes()).saturating_add(256)
}

/// The fields of a `TensorProto`.
pub(super) fn encode(writer: &mut Writer, name: &str, tensor: &Tensor) {
    for &len in tensor.shape() {
        writer.int(1, i64::try_from(len).unwrap_or(i64::MAX));
    }
    writer.int(2, number(tensor.kind()));
    writer.bytes(8, name);
    writer.head(9, tensor.len() * tensor.kind().bytes());
    let bytes = &mut writer.0;
    match tensor.data() {
        Data::F32(x) => x.iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes())),
        Data::I64(x) => x.iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes())),
        Data::I32(x) => x.iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes())),
        Data::Bool(x) => x.iter().for_each(|&x| bytes.push(u8::from(x))),
    }
}

#[cfg(test)]
mod tests {
    use super::{read_tensor, write_tensor};
    use crate::graph::Tensor;
    use crate::interop::onnx::wire::Writer;

    #[test]
    fn tensors_of_every_kind_come_back() {
        let tensors = [
            Tensor::f32(&[2, 1], [0.5, -1e-40]).unwrap(),
            Tensor::i64(&[3], [i64::MIN, 0, 7]).unwrap(),
            Tensor::i32(&[], [-5]).unwrap(),
            Tensor::bool(&[2], [true, false]).unwrap(),
            Tensor::f32(&[0, 4], []).unwrap(),
        ];
        for tensor in tensors {
            assert_eq!(read_tensor(&write_tensor("x", &tensor).unwrap()).unwrap(), tensor);
        }
    }

    #[test]
    fn numbers_in_fields_of_their_type_are_read_packed_or_one_by_one() {
        let mut floats = Writer::default();
        floats.int(1, 3);
        floats.int(2, 1);
        floats.bytes(4, [1.0_f32, 2.0].map(f32::to_le_bytes).concat());
        floats.float(4, 3.0);
        assert_eq!(read_tensor(&floats.0).unwrap(), Tensor::f32(&[3], [1.0, 2.0, 3.0]).unwrap());
        let mut truths = Writer::default();
        truths.int(1, 2);
        truths.int(2, 9);
        truths.bytes(5, [1, 0]);
        assert_eq!(read_tensor(&truths.0).unwrap(), Tensor::bool(&[2], [true, false]).unwrap());
        truths.int(5, 2);
        assert!(read_tensor(&truths.0).unwrap_err().to_string().contains("expected 2 numbers, found 3"));
    }

    #[test]
    fn a_shape_that_is_not_that_of_the_numbers_costs_no_memory() {
        let mut huge = Writer::default();
        for _ in 0..2 {
            huge.int(1, 1 << 30);
        }
        huge.int(2, 1);
        huge.bytes(9, [0; 8]);
        let error = read_tensor(&huge.0).unwrap_err().to_string();
        assert_eq!(error, "tensor ``, data: expected 1152921504606846976 numbers, found 8 bytes");
    }
}
