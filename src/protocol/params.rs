//! Request parameters: `application/x-www-form-urlencoded`, once each. RFC 6749 §3.1, §3.2, appendix B.

use percent_encoding::percent_decode;
use zeroize::Zeroizing;

use super::error::{ErrorCode, OAuthError};

/// The parameters of one request, from its query or its body. Unknown ones are kept and ignored.
///
/// Values can be secrets: `Debug` shows the names alone, and the values are zeroized when dropped.
#[derive(Clone, Default)]
pub struct Params(Vec<(String, Zeroizing<String>)>);

/// The bytes are no request parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// A `%` without two hexadecimal digits behind it.
    #[error("a percent sign is not followed by two hexadecimal digits")]
    BrokenPercent,
    /// The decoded bytes are not UTF-8.
    #[error("a parameter is not valid UTF-8")]
    NotUtf8,
    /// A NUL character, which no parameter but `state` may hold.
    #[error("a parameter contains a NUL character")]
    Nul,
    /// More than [`Params::MAX_FIELDS`] fields.
    #[error("there are too many parameters")]
    TooMany,
    /// More than [`Params::MAX_BYTES`] in all, or a value above [`Params::MAX_VALUE_BYTES`].
    #[error("a parameter is too long")]
    TooLong,
    /// The same name twice. RFC 6749 §3.1: parameters MUST NOT be included more than once.
    #[error("a parameter was sent more than once")]
    Repeated,
}

impl From<ParamsError> for OAuthError {
    fn from(error: ParamsError) -> Self {
        let description = match error {
            ParamsError::BrokenPercent => "a parameter has a broken percent encoding",
            ParamsError::NotUtf8 => "a parameter is not valid UTF-8",
            ParamsError::Nul => "a parameter contains a NUL character",
            ParamsError::TooMany => "there are too many parameters",
            ParamsError::TooLong => "a parameter is too long",
            ParamsError::Repeated => "a parameter was sent more than once",
        };
        Self::new(ErrorCode::InvalidRequest, description)
    }
}

/// The parameters whose specification lets them repeat (RFC 8707 §2, RFC 8693 §2.1). A server that
/// does not know them ignores them, however many there are.
const REPEATABLE: [&str; 2] = ["resource", "audience"];

impl Params {
    /// The most fields that are read, unknown ones included.
    pub const MAX_FIELDS: usize = 64;
    /// The most bytes that are read, still encoded.
    pub const MAX_BYTES: usize = 64 * 1024;
    /// The longest value, in bytes, decoded.
    pub const MAX_VALUE_BYTES: usize = 16 * 1024;

    /// Reads the query (without its `?`) or the body of a request.
    ///
    /// # Errors
    /// [`ParamsError`], one variant for each way the bytes can be wrong.
    pub fn parse(encoded: &[u8]) -> Result<Self, ParamsError> {
        if encoded.len() > Self::MAX_BYTES {
            return Err(ParamsError::TooLong);
        }
        let mut params = Vec::new();
        let fields = encoded.split(|&b| b == b'&').filter(|field| !field.is_empty());
        for (position, field) in fields.enumerate() {
            if position == Self::MAX_FIELDS {
                return Err(ParamsError::TooMany);
            }
            let (name, value) = read_field(field)?;
            let repeats = params.iter().any(|(known, _)| *known == name);
            if repeats && !REPEATABLE.contains(&name.as_str()) {
                return Err(ParamsError::Repeated);
            }
            params.push((name, value));
        }
        Ok(Self(params))
    }

    /// The value of `name`; a parameter without a value counts as not sent (RFC 6749 §3.1).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// Every value of a parameter that may repeat, in the order in which they were sent.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.0.iter().filter(move |(known, _)| known == name);
        named.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Every parameter that has a value, in the order in which they were sent.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        pairs.filter(|(_, value)| !value.is_empty())
    }

    /// The names that were sent, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

impl std::fmt::Debug for Params {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

fn read_field(field: &[u8]) -> Result<(String, Zeroizing<String>), ParamsError> {
    let mut halves = field.splitn(2, |&b| b == b'=');
    let name = decode(halves.next().unwrap_or_default())?;
    let value = Zeroizing::new(decode(halves.next().unwrap_or_default())?);
    if value.len() > Params::MAX_VALUE_BYTES {
        return Err(ParamsError::TooLong);
    }
    // `state` is echoed as it came, whatever it holds, and never kept.
    if name.contains('\0') || (name != "state" && value.contains('\0')) {
        return Err(ParamsError::Nul);
    }
    Ok((name, value))
}

fn decode(encoded: &[u8]) -> Result<String, ParamsError> {
    let mut parts = encoded.split(|&b| b == b'%');
    let before = parts.next().unwrap_or_default();
    for part in parts {
        let digits = part.get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        if !digits {
            return Err(ParamsError::BrokenPercent);
        }
    }
    let spaced: Vec<u8> = encoded.iter().map(|&b| if b == b'+' { b' ' } else { b }).collect();
    let decoded = if before.len() == encoded.len() {
        spaced
    } else {
        let spaced = Zeroizing::new(spaced);
        percent_decode(&spaced).collect()
    };
    String::from_utf8(decoded).map_err(|_| ParamsError::NotUtf8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn broken(encoded: &str) -> ParamsError {
        Params::parse(encoded.as_bytes()).unwrap_err()
    }

    /// RFC 6749 §3.1: parameters sent without a value MUST be treated as if they were omitted.
    #[test]
    fn section_3_1_a_parameter_without_a_value_is_absent() {
        let params = Params::parse(b"a=&b&c=x&&=y").unwrap();
        assert_eq!((params.get("a"), params.get("b"), params.get("c")), (None, None, Some("x")));
    }

    /// RFC 6749 §3.1: request parameters MUST NOT be included more than once.
    #[test]
    fn section_3_1_a_repeated_parameter_is_refused() {
        for twice in ["a=1&a=1", "a=1&b=2&%61=3", "a=&a=1", "unknown=1&unknown=2"] {
            assert_eq!(broken(twice), ParamsError::Repeated, "{twice}");
        }
        let error = OAuthError::from(broken("secret=1&secret=2"));
        assert_eq!(error.code, ErrorCode::InvalidRequest);
        assert_eq!(error.description, "a parameter was sent more than once");
        assert!(Params::parse(b"resource=https%3A%2F%2Fa&resource=https%3A%2F%2Fb").is_ok());
    }

    #[test]
    fn appendix_b_values_are_decoded_once() {
        let params = Params::parse(b"scope=openid+a%2Bb&x=%2541&y=%C3%A9&z=a=b").unwrap();
        assert_eq!(params.get("scope"), Some("openid a+b"));
        assert_eq!(params.get("x"), Some("%41"));
        assert_eq!(params.get("y"), Some("é"));
        assert_eq!(params.get("z"), Some("a=b"));
    }

    /// AUTHZ-15: broken encodings are refused, never guessed at.
    #[test]
    fn broken_encodings_are_refused() {
        for bad in ["a=%", "a=%z", "a=%zz", "a=%4", "%=a", "a=%%41", "a=%+1", "a=%-1"] {
            assert_eq!(broken(bad), ParamsError::BrokenPercent, "{bad}");
        }
        for bad in ["a=%ff", "a=%c0%80", "a=%ed%a0%80", "%fe=a"] {
            assert_eq!(broken(bad), ParamsError::NotUtf8, "{bad}");
        }
        for bad in ["a=%00", "a%00=1", "a=x%00y"] {
            assert_eq!(broken(bad), ParamsError::Nul, "{bad}");
        }
    }

    /// AUTHZ-10: the state is the client's own business.
    #[test]
    fn the_state_may_hold_anything() {
        let params = Params::parse(b"state=%00%0d%0a%22").unwrap();
        assert_eq!(params.get("state"), Some("\0\r\n\""));
    }

    #[test]
    fn sizes_are_bounded() {
        let many = |n: usize| (0..n).map(|i| format!("p{i}=1")).collect::<Vec<_>>().join("&");
        assert!(Params::parse(many(64).as_bytes()).is_ok());
        assert_eq!(broken(&many(65)), ParamsError::TooMany);
        let long = |n: usize| format!("a={}", "x".repeat(n));
        assert!(Params::parse(long(Params::MAX_VALUE_BYTES).as_bytes()).is_ok());
        assert_eq!(broken(&long(Params::MAX_VALUE_BYTES + 1)), ParamsError::TooLong);
        assert_eq!(broken(&"x".repeat(Params::MAX_BYTES + 1)), ParamsError::TooLong);
    }

    #[test]
    fn debug_shows_no_value() {
        let params = Params::parse(b"client_secret=hunter2&code=c").unwrap();
        assert_eq!(format!("{params:?}"), r#"["client_secret", "code"]"#);
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Params::parse(&bytes);
        }

        #[test]
        fn what_was_encoded_comes_back(value in "[^\0]{1,60}") {
            let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            let params = Params::parse(format!("a={encoded}").as_bytes()).unwrap();
            prop_assert_eq!(params.get("a"), Some(value.as_str()));
        }
    }
}
