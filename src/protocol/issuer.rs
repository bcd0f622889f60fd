//! The issuer identifier: who this server is. RFC 8414 §2, OIDC Discovery §3, RFC 9207 §2.

use serde::Serialize;
use url::{Host, Url};

/// The `iss` of everything that Doorward signs or answers, character by character: an https URL (or
/// http on this machine alone) without query, fragment, user and trailing slash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Issuer(String);

/// The text cannot be an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssuerError {
    /// It is no absolute URL with a host.
    #[error("the issuer is not a URL")]
    NotAUrl,
    /// It is not https, nor http on localhost.
    #[error("the issuer must be https, or http on localhost")]
    NotHttps,
    /// It has a query, a fragment or a user.
    #[error("the issuer must have neither query, fragment nor user")]
    Decorated,
    /// It is not written as a browser would write it: letter case, default port, trailing slash.
    #[error("the issuer must be in its plain form: lower case, no default port, no trailing slash")]
    NotCanonical,
}

impl Issuer {
    /// Reads an issuer identifier.
    ///
    /// # Errors
    /// [`IssuerError`], one variant for each rule that the text can break.
    pub fn parse(text: &str) -> Result<Self, IssuerError> {
        let url = Url::parse(text).map_err(|_| IssuerError::NotAUrl)?;
        let host = url.host().ok_or(IssuerError::NotAUrl)?;
        if url.scheme() != "https" && !(url.scheme() == "http" && is_this_machine(&host)) {
            return Err(IssuerError::NotHttps);
        }
        let user = !url.username().is_empty() || url.password().is_some();
        if user || url.query().is_some() || url.fragment().is_some() {
            return Err(IssuerError::Decorated);
        }
        if text.ends_with('/') || url.as_str().trim_end_matches('/') != text {
            return Err(IssuerError::NotCanonical);
        }
        Ok(Self(text.to_owned()))
    }

    /// The identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of `path` (which starts with `/`) under the issuer.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl std::fmt::Display for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `host` is the machine itself, where http is as good as https.
fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_are_https_or_this_machine() {
        let good = [
            "https://id.example.com",
            "https://example.com:8443/tenant",
            "http://localhost:8000",
            "http://127.0.0.1:8000",
            "http://[::1]:8000",
        ];
        for text in good {
            assert_eq!(Issuer::parse(text).unwrap().as_str(), text);
        }
        for text in ["http://id.example.com", "ftp://localhost", "http://localhost.evil.tld"] {
            assert_eq!(Issuer::parse(text), Err(IssuerError::NotHttps), "{text}");
        }
    }

    /// OIDC Discovery §3: a URL with no query or fragment component.
    #[test]
    fn issuers_are_plain() {
        for text in ["https://a.b?x", "https://a.b#x", "https://u@a.b", "https://a.b?"] {
            assert_eq!(Issuer::parse(text), Err(IssuerError::Decorated), "{text}");
        }
        for text in
            ["https://A.b", "https://a.b/", "https://a.b:443", "https://a.b/x/", " https://a.b"]
        {
            assert_eq!(Issuer::parse(text), Err(IssuerError::NotCanonical), "{text}");
        }
        for text in ["", "a.b", "urn:x", "mailto:a@b"] {
            assert_eq!(Issuer::parse(text), Err(IssuerError::NotAUrl), "{text}");
        }
    }

    #[test]
    fn endpoints_are_under_the_issuer() {
        let issuer = Issuer::parse("https://example.com/tenant").unwrap();
        assert_eq!(issuer.at("/token"), "https://example.com/tenant/token");
    }
}
