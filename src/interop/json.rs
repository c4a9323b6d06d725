//! Numbers in JSON, each written where it belongs as it is read: a tree of values would take many times the file.

use super::Element;
use crate::memory::reserve;
use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// The numbers of nested arrays of this shape, row-major, or what is wrong with them.
pub(super) fn tensor<T: Element>(text: &RawValue, shape: &[usize]) -> Result<Vec<T>, String> {
    let len = shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    // Each number takes a digit and a separator at least.
    let fits = |len: &usize| *len <= text.get().len();
    let len = len.filter(fits).ok_or_else(|| format!("{} bytes for an array {shape:?}", text.get().len()))?;
    let mut numbers = Vec::new();
    reserve("an array of numbers", &mut numbers, len).map_err(|error| error.to_string())?;
    each(text, shape, &mut |number| numbers.push(number))?;
    Ok(numbers)
}

/// Gives every number of nested arrays of this shape to `take`, row-major, or says what is wrong with them.
pub(super) fn each<T: Element>(text: &RawValue, shape: &[usize], take: &mut dyn FnMut(T)) -> Result<(), String> {
    let mut json = serde_json::Deserializer::from_str(text.get());
    Nested { shape, take }.deserialize(&mut json).map_err(|error| error.to_string())
}

/// Arrays in arrays, as deep as the shape is long.
struct Nested<'a, T> {
    shape: &'a [usize],
    take: &'a mut dyn FnMut(T),
}

impl<'de, T: Element> DeserializeSeed<'de> for Nested<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        if self.shape.is_empty() {
            let number = serde::Deserialize::deserialize(json)?;
            (self.take)(T::from_f64(number));
            return Ok(());
        }
        json.deserialize_seq(self)
    }
}

impl<'de, T: Element> Visitor<'de> for Nested<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array {:?} of numbers", self.shape)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let mut found = 0;
        while let Some(()) = {
            let (shape, take) = (&self.shape[1..], &mut *self.take);
            // One more than there may be is not read, whatever it is.
            if found == self.shape[0] {
                return match elements.next_element::<serde::de::IgnoredAny>()? {
                    None => Ok(()),
                    Some(_) => Err(A::Error::custom(format!("expected {found} elements, found more"))),
                };
            }
            elements.next_element_seed(Nested { shape, take })?
        } {
            found += 1;
        }
        Err(A::Error::custom(format!("expected {} elements, found {found}", self.shape[0])))
    }
}

/// A list that ends before it is longer than any description of a model.
#[derive(Debug)]
pub(super) struct Few<T>(pub Vec<T>);

/// As many layers as a network may have.
const MOST: usize = crate::network::Config::MOST_LAYERS;

impl<'de, T: serde::Deserialize<'de>> serde::Deserialize<'de> for Few<T> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct List<T>(std::marker::PhantomData<T>);
        impl<'de, T: serde::Deserialize<'de>> Visitor<'de> for List<T> {
            type Value = Few<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of at most {MOST}")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Few<T>, A::Error> {
                let mut list = Vec::new();
                while let Some(element) = elements.next_element()? {
                    if list.len() == MOST {
                        return Err(A::Error::invalid_length(MOST + 1, &self));
                    }
                    list.push(element);
                }
                Ok(Few(list))
            }
        }
        json.deserialize_seq(List(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::{Few, tensor};
    use serde_json::value::RawValue;

    fn read(text: &str, shape: &[usize]) -> Result<Vec<f64>, String> {
        tensor(serde_json::from_str::<&RawValue>(text).unwrap(), shape)
    }

    #[test]
    fn nested_arrays_are_read_row_by_row() {
        assert_eq!(read("[[1, 2.5, -3e-1], [4, 5, 6]]", &[2, 3]).unwrap(), [1.0, 2.5, -0.3, 4.0, 5.0, 6.0]);
        assert!(read("[]", &[0]).unwrap().is_empty());
        assert_eq!(read("7", &[]).unwrap(), [7.0]);
    }

    #[test]
    fn another_shape_is_an_error() {
        for (text, shape) in [
            ("[1, 2]", &[3][..]),
            ("[1, 2, 3]", &[2]),
            ("[1, [2]]", &[2]),
            ("[[1], 2]", &[2, 1]),
            ("1", &[1]),
            ("[null]", &[1]),
            ("[\"1\"]", &[1]),
            ("[1]", &[usize::MAX, 2]),
            ("[1]", &[1 << 60]),
        ] {
            assert!(read(text, shape).is_err(), "{text} as {shape:?}");
        }
    }

    #[test]
    fn a_list_has_an_end() {
        assert!(serde_json::from_str::<Few<u8>>(&format!("[{}1]", "1,".repeat(1023))).is_ok());
        assert!(serde_json::from_str::<Few<u8>>(&format!("[{}1]", "1,".repeat(1024))).is_err());
    }
}
