//! JSON objects in which a repeated name is an error, not a choice between two values.

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

/// A JSON object whose member names are unique, as RFC 7515 §4 wants of headers and RFC 7519 §4 of
/// claims. Two readers that picked different ones of two values would disagree about the token.
#[derive(Debug)]
pub(super) struct UniqueObject(pub(super) Map<String, Value>);

/// What is wrong with the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotAnObject {
    /// It is no JSON object.
    Malformed,
    /// A member name occurs twice.
    Duplicate,
}

/// Marks the error of a repeated name on its way through serde.
const DUPLICATE: &str = "duplicate member name";

impl UniqueObject {
    /// Reads `bytes` as one JSON object and nothing after it.
    pub(super) fn parse(bytes: &[u8]) -> Result<Map<String, Value>, NotAnObject> {
        serde_json::from_slice::<Self>(bytes).map(|object| object.0).map_err(|error| {
            if error.to_string().starts_with(DUPLICATE) {
                NotAnObject::Duplicate
            } else {
                NotAnObject::Malformed
            }
        })
    }
}

impl<'de> serde::Deserialize<'de> for UniqueObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = UniqueObject;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = access.next_entry::<String, Value>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom(DUPLICATE));
            }
        }
        Ok(UniqueObject(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_name_is_an_error_even_when_escaped() {
        for text in [r#"{"alg":1,"alg":1}"#, r#"{"alg":1,"\u0061lg":2}"#] {
            assert_eq!(UniqueObject::parse(text.as_bytes()), Err(NotAnObject::Duplicate));
        }
    }

    #[test]
    fn only_one_object_is_read() {
        let deep = format!("{}1{}", "{\"a\":".repeat(200), "}".repeat(200));
        for text in ["", "[]", "null", "{} {}", "{\"a\":1,}", "{\"a\":NaN}", deep.as_str()] {
            assert_eq!(UniqueObject::parse(text.as_bytes()), Err(NotAnObject::Malformed), "{text}");
        }
        assert_eq!(UniqueObject::parse(b" {} "), Ok(Map::new()));
    }
}
