//! A serde deserializer for JSON values that the browser has parsed.
//!
//! Fields and variants are named to serde by their position in its own list and not by their text. The code that derived
//! types contain to compare texts is then never used, and is no part of the program. Types with `alias` or a skipped
//! field would have other positions; the wire types have neither.

use js_sys::{Array, Object, Reflect};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor, value::U64Deserializer,
};
use wasm_bindgen::{JsCast, JsValue};

use super::unreadable::UnreadableJson;

/// Integers up to 2^53 are exact in JavaScript.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// A value to read. Most types ask for one shape, and only that shape is tried. The shape of the value itself is
/// inspected only for types that accept several shapes.
pub struct Reader(pub JsValue);

impl Reader {
    fn whole(&self) -> Result<i64, UnreadableJson> {
        let number = self.0.as_f64().ok_or(UnreadableJson)?;
        #[allow(clippy::cast_possible_truncation, reason = "exact: see the limit")]
        if number.trunc() == number && number.abs() <= MAX_EXACT {
            Ok(number as i64)
        } else {
            Err(UnreadableJson)
        }
    }

    fn text(&self) -> Result<String, UnreadableJson> {
        self.0.as_string().ok_or(UnreadableJson)
    }

    fn items(self) -> Result<Items, UnreadableJson> {
        self.0.dyn_into().map(|items| Items { items, at: 0 }).map_err(|_| UnreadableJson)
    }
}

macro_rules! read_as {
    ($visit:ident, $read:expr, $($of:ident)+) => {$(
        fn $of<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UnreadableJson> {
            visitor.$visit($read(self)?)
        }
    )+};
}

impl<'de> Deserializer<'de> for Reader {
    type Error = UnreadableJson;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UnreadableJson> {
        let value = self.0;
        if value.is_null() || value.is_undefined() {
            return visitor.visit_unit();
        }
        if let Some(truth) = value.as_bool() {
            return visitor.visit_bool(truth);
        }
        if let Some(number) = value.as_f64() {
            return visitor.visit_f64(number);
        }
        if let Some(text) = value.as_string() {
            return visitor.visit_string(text);
        }
        match value.dyn_into::<Array>() {
            Ok(items) => visitor.visit_seq(Items { items, at: 0 }),
            Err(value) => {
                let entries = Object::entries(value.unchecked_ref());
                visitor.visit_map(Entries { entries, at: 0, value: JsValue::UNDEFINED })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UnreadableJson> {
        if self.0.is_null() || self.0.is_undefined() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, UnreadableJson> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, UnreadableJson> {
        if !self.0.is_object() || Array::is_array(&self.0) {
            return Err(UnreadableJson);
        }
        // Only the known fields are read. Additional fields of a newer server are ignored.
        visitor.visit_map(Fields { object: self.0, fields, at: 0, value: JsValue::UNDEFINED })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, UnreadableJson> {
        visitor.visit_enum(Word(position(variants, &self.text()?).ok_or(UnreadableJson)?))
    }

    read_as!(visit_bool, |it: Self| it.0.as_bool().ok_or(UnreadableJson), deserialize_bool);
    read_as!(visit_f64, |it: Self| it.0.as_f64().ok_or(UnreadableJson), deserialize_f32 deserialize_f64);
    read_as!(
        visit_i64, |it: Self| it.whole(),
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    );
    read_as!(visit_string, |it: Self| it.text(), deserialize_str deserialize_string);
    read_as!(visit_seq, Self::items, deserialize_seq);

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, UnreadableJson> {
        visitor.visit_seq(self.items()?)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, UnreadableJson> {
        visitor.visit_seq(self.items()?)
    }

    serde::forward_to_deserialize_any! {
        char bytes byte_buf unit unit_struct map identifier ignored_any
    }
}

/// The number by which serde knows a word of this list.
fn position(words: &[&str], word: &str) -> Option<u64> {
    (0..).zip(words).find_map(|(at, known)| (*known == word).then_some(at))
}

struct Items {
    items: Array,
    at: u32,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = UnreadableJson;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, UnreadableJson> {
        if self.at >= self.items.length() {
            return Ok(None);
        }
        self.at += 1;
        seed.deserialize(Reader(self.items.get(self.at - 1))).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        usize::try_from(self.items.length() - self.at).ok()
    }
}

struct Entries {
    entries: Array,
    at: u32,
    value: JsValue,
}

impl<'de> MapAccess<'de> for Entries {
    type Error = UnreadableJson;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, UnreadableJson> {
        if self.at >= self.entries.length() {
            return Ok(None);
        }
        let entry: Array = self.entries.get(self.at).unchecked_into();
        self.at += 1;
        self.value = entry.get(1);
        seed.deserialize(Reader(entry.get(0))).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, UnreadableJson> {
        seed.deserialize(Reader(std::mem::take(&mut self.value)))
    }
}

struct Fields {
    object: JsValue,
    fields: &'static [&'static str],
    at: u64,
    value: JsValue,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = UnreadableJson;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, UnreadableJson> {
        while let Some((field, rest)) = self.fields.split_first() {
            self.fields = rest;
            let field_at: U64Deserializer<UnreadableJson> = self.at.into_deserializer();
            self.at += 1;
            let value = Reflect::get(&self.object, &(*field).into()).map_err(|_| UnreadableJson)?;
            if !value.is_undefined() {
                self.value = value;
                return seed.deserialize(field_at).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, UnreadableJson> {
        seed.deserialize(Reader(std::mem::take(&mut self.value)))
    }
}

/// The variant of an enum by its position. Enums on the wire carry no further data.
struct Word(u64);

impl<'de> EnumAccess<'de> for Word {
    type Error = UnreadableJson;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), UnreadableJson> {
        let at: U64Deserializer<UnreadableJson> = self.0.into_deserializer();
        Ok((seed.deserialize(at)?, self))
    }
}

impl<'de> VariantAccess<'de> for Word {
    type Error = UnreadableJson;

    fn unit_variant(self) -> Result<(), UnreadableJson> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        _: T,
    ) -> Result<T::Value, UnreadableJson> {
        Err(UnreadableJson)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, UnreadableJson> {
        Err(UnreadableJson)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, UnreadableJson> {
        Err(UnreadableJson)
    }
}
