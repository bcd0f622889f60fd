//! Bodies: JSON of exactly the members that a route takes, and where a fault in one is. RFC 6901.

use http::header;
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    call::Call,
    problem::{Kind, Problem},
};

impl Call {
    /// The body of the request.
    ///
    /// # Errors
    /// 415 for another media type; 400 with a JSON pointer for what cannot be read, and for members
    /// that nobody knows.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let media_type =
            self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(Problem::of(Kind::MediaType));
        }
        if has_zero(&self.body) {
            return Err(Problem::field("", "no text has the character U+0000"));
        }
        let mut reader = serde_json::Deserializer::from_slice(&self.body);
        let read = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let pointer = pointer(error.path());
            Problem::field(&pointer, error.into_inner().to_string())
        })?;
        reader.end().map_err(|error| Problem::field("", error.to_string()))?;
        Ok(read)
    }
}

/// Whether a string of this JSON has the character U+0000, which PostgreSQL does not store. JSON can only
/// say it by its escape. RFC 8259 §7.
fn has_zero(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(escape) = rest.iter().position(|byte| *byte == b'\\') {
        let sequence = rest.get(escape + 1..).unwrap_or_default();
        if sequence.starts_with(b"u0000") {
            return true;
        }
        // Whatever is escaped here begins no escape of its own.
        rest = sequence.get(1..).unwrap_or_default();
    }
    false
}

/// The path as a JSON pointer. RFC 6901 §3.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

/// A member of a patch: absent, `null` and a value are three different wishes.
#[derive(Debug, Default)]
pub(super) enum Member<T> {
    /// It stays as it is.
    #[default]
    Absent,
    /// It goes.
    Null,
    /// It becomes this.
    Value(T),
}

/// Read where the member is there; `#[serde(default)]` says what it is where it is not.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Member<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

#[cfg(test)]
mod tests {
    use super::has_zero;

    #[test]
    fn a_zero_is_found_in_its_one_spelling() {
        for json in [r#"{"a":"\u0000"}"#, r#"{"a":"x\\\u0000"}"#, r#"["\n\u0000"]"#] {
            assert!(has_zero(json.as_bytes()), "{json}");
        }
        for json in [r#"{"a":"\\u0000"}"#, r#"{"a":"\u0001"}"#, "{}", "", "\\", r#"{"a":"u0000"}"#]
        {
            assert!(!has_zero(json.as_bytes()), "{json}");
        }
    }
}
