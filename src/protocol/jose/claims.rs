//! Registered claims, each of its one type. RFC 7519 §4.1.
//!
//! A claim of the wrong type is an error, never an absent claim (CVE-2026-25537 in others' code).

use serde_json::{Map, Value};

use crate::types::Timestamp;

/// The last moment that a NumericDate may name: the end of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;

/// The claim is there, but not of its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the claim {0} is not of its type")]
pub struct ClaimsError(pub &'static str);

/// The `aud` claim: one string, or a list of strings, and which of the two it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// A single string.
    One(String),
    /// An array of strings, which may be empty.
    Many(Vec<String>),
}

impl Audience {
    /// Every value.
    #[must_use]
    pub const fn values(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values.as_slice(),
        }
    }

    /// The value, when there is exactly one.
    #[must_use]
    pub fn only(&self) -> Option<&str> {
        match self.values() {
            [value] => Some(value),
            _ => None,
        }
    }
}

/// The claims of a verified token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Who made the token (`iss`).
    pub iss: Option<String>,
    /// Whom it speaks of (`sub`).
    pub sub: Option<String>,
    /// Whom it is for (`aud`).
    pub aud: Option<Audience>,
    /// When it ends (`exp`).
    pub exp: Option<Timestamp>,
    /// When it begins (`nbf`).
    pub nbf: Option<Timestamp>,
    /// When it was made (`iat`).
    pub iat: Option<Timestamp>,
    /// Its own name (`jti`).
    pub jti: Option<String>,
    /// All others.
    pub other: Map<String, Value>,
}

impl Claims {
    /// Sorts `members` into the registered claims and the others.
    ///
    /// # Errors
    /// [`ClaimsError`] when a registered claim is not of its type.
    pub fn from_members(mut members: Map<String, Value>) -> Result<Self, ClaimsError> {
        Ok(Self {
            iss: string(&mut members, "iss")?,
            sub: string(&mut members, "sub")?,
            aud: audience(&mut members)?,
            exp: numeric_date(&mut members, "exp")?,
            nbf: numeric_date(&mut members, "nbf")?,
            iat: numeric_date(&mut members, "iat")?,
            jti: string(&mut members, "jti")?,
            other: members,
        })
    }

    /// The private claim `name` as a string.
    ///
    /// # Errors
    /// [`ClaimsError`] when it is there and no string.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, ClaimsError> {
        match self.other.get(name) {
            None => Ok(None),
            Some(value) => value.as_str().map(Some).ok_or(ClaimsError(name)),
        }
    }

    /// The private claim `name` as a list of strings; `None` when it is not there.
    ///
    /// # Errors
    /// [`ClaimsError`] when it is there and anything else.
    pub fn texts(&self, name: &'static str) -> Result<Option<Vec<String>>, ClaimsError> {
        let Some(value) = self.other.get(name) else { return Ok(None) };
        let values = value.as_array().ok_or(ClaimsError(name))?;
        let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
        texts.collect::<Option<_>>().map(Some).ok_or(ClaimsError(name))
    }

    /// The private claim `name` as a NumericDate.
    ///
    /// # Errors
    /// [`ClaimsError`] when it is there and no integer from 0 to the end of the year 9999.
    pub fn moment(&self, name: &'static str) -> Result<Option<Timestamp>, ClaimsError> {
        self.other
            .get(name)
            .map(|value| as_numeric_date(value).ok_or(ClaimsError(name)))
            .transpose()
    }
}

fn string(
    members: &mut Map<String, Value>,
    name: &'static str,
) -> Result<Option<String>, ClaimsError> {
    match members.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ClaimsError(name)),
    }
}

fn audience(members: &mut Map<String, Value>) -> Result<Option<Audience>, ClaimsError> {
    match members.remove("aud") {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(Audience::One(text))),
        Some(Value::Array(values)) => values
            .into_iter()
            .map(|value| match value {
                Value::String(text) => Ok(text),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::Array(_)
                | Value::Object(_) => Err(ClaimsError("aud")),
            })
            .collect::<Result<_, _>>()
            .map(|values| Some(Audience::Many(values))),
        Some(_) => Err(ClaimsError("aud")),
    }
}

fn numeric_date(
    members: &mut Map<String, Value>,
    name: &'static str,
) -> Result<Option<Timestamp>, ClaimsError> {
    let value = members.remove(name);
    value.map(|value| as_numeric_date(&value).ok_or(ClaimsError(name))).transpose()
}

/// An integer from the epoch to the end of the year 9999. RFC 7519 §2 would allow fractions; no
/// library sends them, and a reader that rounds is one more thing to disagree about.
fn as_numeric_date(value: &Value) -> Option<Timestamp> {
    let seconds = value.as_i64().filter(|seconds| (0..=LAST_SECOND).contains(seconds))?;
    Some(Timestamp::from_unix(seconds))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(name: &str, value: Value) -> Result<Claims, ClaimsError> {
        Claims::from_members(Map::from_iter([(name.to_owned(), value)]))
    }

    /// JOSE-09 and JOSE-11: times that are no integers, or out of range.
    #[test]
    fn times_are_integers_in_range() {
        let bad = [
            json!("1700000000"),
            json!([1_700_000_000]),
            json!(null),
            json!(1_700_000_000.5),
            json!(1.7e9),
            json!(1e308),
            json!(-1),
            json!(i64::MIN),
            json!(i64::MAX),
            json!(u64::MAX),
            json!(LAST_SECOND + 1),
            json!(true),
            json!({}),
        ];
        for name in ["exp", "nbf", "iat"] {
            for value in &bad {
                assert!(read(name, value.clone()).is_err(), "{name} {value}");
            }
            assert!(read(name, json!(0)).is_ok());
            assert!(read(name, json!(LAST_SECOND)).is_ok());
        }
        assert_eq!(read("exp", json!(5)).unwrap().exp, Some(Timestamp::from_unix(5)));
    }

    #[test]
    fn names_are_strings() {
        for name in ["iss", "sub", "jti"] {
            for value in [json!(1), json!(null), json!(["a"]), json!({}), json!(false)] {
                assert!(read(name, value.clone()).is_err(), "{name} {value}");
            }
        }
    }

    #[test]
    fn an_audience_is_a_string_or_a_list_of_strings() {
        for value in
            [json!(1), json!(null), json!({}), json!(["a", 1]), json!([null]), json!([["a"]])]
        {
            assert_eq!(read("aud", value.clone()), Err(ClaimsError("aud")), "{value}");
        }
        assert_eq!(read("aud", json!("a")).unwrap().aud.unwrap().only(), Some("a"));
        assert_eq!(read("aud", json!(["a"])).unwrap().aud.unwrap().only(), Some("a"));
        assert_eq!(read("aud", json!(["a", "b"])).unwrap().aud.unwrap().only(), None);
        assert_eq!(read("aud", json!([])).unwrap().aud.unwrap().only(), None);
    }
}
