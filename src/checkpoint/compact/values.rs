//! The values that serde asks for, one kind after the other.

use super::{Broken, Compact, Result};
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

/// The next `left` values of a sequence, or pairs of a map.
struct Values<'a, 'de> {
    from: &'a mut Compact<'de>,
    left: usize,
}

impl<'de> Compact<'de> {
    /// A sequence or map of `len`. Elements without bytes, of which any number would fit, are taken for as many bytes.
    fn values<V>(&mut self, len: usize, read: impl FnOnce(Values<'_, 'de>) -> Result<V>) -> Result<V> {
        if len > self.rest.len() {
            return Err(Broken(format!("a sequence of {len} where {} bytes are left", self.rest.len())));
        }
        self.nested(|from| read(Values { from, left: len }))
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $read:ident),*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            visitor.$visit(self.$read()?)
        })*
    };
}

impl<'de> Deserializer<'de> for &mut Compact<'de> {
    type Error = Broken;

    integers!(
        deserialize_u16 visit_u16 unsigned, deserialize_u32 visit_u32 unsigned, deserialize_u64 visit_u64 unsigned,
        deserialize_u128 visit_u128 unsigned, deserialize_i16 visit_i16 signed, deserialize_i32 visit_i32 signed,
        deserialize_i64 visit_i64 signed, deserialize_i128 visit_i128 signed,
        deserialize_str visit_borrowed_str text, deserialize_string visit_borrowed_str text
    );

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value> {
        Err(Broken("a value of a type that only the value could tell".into()))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_any(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_any(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.array::<1>()? {
            [byte @ 0..=1] => visitor.visit_bool(byte == 1),
            [byte] => Err(Broken(format!("{byte} for a truth value"))),
        }
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_u8(u8::from_le_bytes(self.array()?))
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_i8(i8::from_le_bytes(self.array()?))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_f32(f32::from_le_bytes(self.array()?))
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_f64(f64::from_le_bytes(self.array()?))
    }

    /// As many bytes as UTF-8 gives it.
    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let len = match self.rest.first() {
            Some(0xf0..) => 4,
            Some(0xe0..) => 3,
            Some(0x80..) => 2,
            _ => 1,
        };
        let text = std::str::from_utf8(self.take(len)?).map_err(de::Error::custom)?;
        text.chars().next().map_or_else(|| Err(Broken("no character".into())), |c| visitor.visit_char(c))
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let len = self.length()?;
        visitor.visit_borrowed_bytes(self.take(len)?)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.array::<1>()? {
            [0] => visitor.visit_none(),
            [1] => self.nested(|from| visitor.visit_some(from)),
            [byte] => Err(Broken(format!("{byte} for what is there or not"))),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        self.nested(|from| visitor.visit_newtype_struct(from))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let len = self.length()?;
        self.values(len, |values| visitor.visit_seq(values))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        self.nested(|from| visitor.visit_seq(Values { from, left: len }))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, len: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let len = self.length()?;
        self.values(len, |values| visitor.visit_map(values))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_tuple(fields.len(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.nested(|from| visitor.visit_enum(from))
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

impl Values<'_, '_> {
    /// For how many elements memory is worth taking before they are read. An element of one byte in the file may take many in
    /// memory, so only the bytes of the file stand for it: beyond that a sequence grows as its elements come.
    fn likely(&self) -> usize {
        self.left.min(self.from.rest.len() / 64)
    }
}

impl<'de> SeqAccess<'de> for Values<'_, 'de> {
    type Error = Broken;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(&mut *self.from).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.likely())
    }
}

impl<'de> MapAccess<'de> for Values<'_, 'de> {
    type Error = Broken;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        seed.deserialize(&mut *self.from)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.likely())
    }
}

impl<'de> EnumAccess<'de> for &mut Compact<'de> {
    type Error = Broken;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self)> {
        let variant: u32 = self.unsigned()?;
        Ok((seed.deserialize(IntoDeserializer::<Broken>::into_deserializer(variant))?, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Compact<'de> {
    type Error = Broken;

    fn unit_variant(self) -> Result<()> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value> {
        self.deserialize_tuple(fields.len(), visitor)
    }
}
