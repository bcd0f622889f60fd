//! Resource identifiers: how a client names the API that a token is for. RFC 8707 §2.

use serde::{Deserialize, Serialize};
use url::Url;

/// An absolute URI without a fragment, as it was written: it is compared character by character.
/// At most [`ResourceUri::MAX_BYTES`] long.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceUri(String);

/// Why a text names no resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAResource {
    /// RFC 8707 §2: it MUST be an absolute URI (RFC 3986 §4.3).
    #[error("is no absolute URI")]
    NotAbsolute,
    /// RFC 8707 §2: it MUST NOT include a fragment.
    #[error("has a fragment")]
    Fragment,
    /// A user name or a password before the host: it would end up in every token.
    #[error("has a user name")]
    Userinfo,
    /// Longer than [`ResourceUri::MAX_BYTES`].
    #[error("is longer than 255 bytes")]
    TooLong,
}

impl ResourceUri {
    /// The longest identifier, in bytes: it stands in every token for its API.
    pub const MAX_BYTES: usize = 255;

    /// Reads a resource identifier.
    ///
    /// # Errors
    /// [`NotAResource`], one variant for each rule of RFC 8707 §2.
    pub fn parse(text: &str) -> Result<Self, NotAResource> {
        if text.len() > Self::MAX_BYTES {
            return Err(NotAResource::TooLong);
        }
        if text.contains('#') {
            return Err(NotAResource::Fragment);
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(NotAResource::NotAbsolute);
        }
        let url = Url::parse(text).map_err(|_| NotAResource::NotAbsolute)?;
        // `https:notes.example` is an absolute URI in a browser's eyes alone.
        if url.has_host() && !text.contains("://") {
            return Err(NotAResource::NotAbsolute);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotAResource::Userinfo);
        }
        Ok(Self(text.to_owned()))
    }

    /// The identifier as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ResourceUri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ResourceUri {
    type Error = NotAResource;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<ResourceUri> for String {
    fn from(uri: ResourceUri) -> Self {
        uri.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc8707_section_2_an_absolute_uri_is_kept_as_it_was_written() {
        for uri in ["https://notes.example", "https://notes.example/api?v=1", "urn:example:notes"] {
            assert_eq!(ResourceUri::parse(uri).unwrap().as_str(), uri);
        }
    }

    #[test]
    fn rfc8707_section_2_relative_and_fragment_are_refused() {
        for (bad, why) in [
            ("", NotAResource::NotAbsolute),
            ("notes", NotAResource::NotAbsolute),
            ("/api", NotAResource::NotAbsolute),
            ("//notes.example/api", NotAResource::NotAbsolute),
            ("https:notes.example", NotAResource::NotAbsolute),
            ("https://", NotAResource::NotAbsolute),
            ("https://notes example", NotAResource::NotAbsolute),
            ("https://notes.example/\u{e9}", NotAResource::NotAbsolute),
            ("https://notes.example#", NotAResource::Fragment),
            ("https://notes.example/#a", NotAResource::Fragment),
            ("https://a:b@notes.example", NotAResource::Userinfo),
        ] {
            assert_eq!(ResourceUri::parse(bad), Err(why), "{bad}");
        }
        let long = format!("https://notes.example/{}", "x".repeat(255));
        assert_eq!(ResourceUri::parse(&long), Err(NotAResource::TooLong));
    }
}
