//! The issuer identifier. OpenID Connect Discovery 1.0 §3, RFC 8414 §2.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use url::{Host, Url};

/// The public URL of this server, exactly as it stands in `iss`. It is compared by clients as a
/// string, so there is one spelling: lower case, no default port, no slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    text: Arc<str>,
    transport: Transport,
}

/// How browsers reach the issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Over TLS: cookies are `Secure` and have the `__Host-` prefix.
    Https,
    /// In plain text on this machine, for development.
    LocalHttp,
}

/// Why a text is no issuer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnIssuer {
    /// It is no URL with a host.
    #[error("a URL, like https://id.example.com")]
    NotAUrl,
    /// Plain http to another machine, or another scheme. OpenID Connect Core 1.0 §2 (`iss`).
    #[error("an https URL; http is for localhost, 127.0.0.1 and [::1] only")]
    Insecure,
    /// It carries a query, a fragment, or a user name.
    #[error("a URL without query, fragment, user name and password")]
    Decorated,
    /// It has a path, and Doorward answers at the root of its host.
    #[error("a URL without path and without a slash at the end, like https://id.example.com")]
    Path,
    /// It is spelled in another way than browsers spell it.
    #[error("the same URL in its plain spelling: {0}")]
    Spelling(String),
}

impl Issuer {
    /// Reads an issuer.
    ///
    /// # Errors
    /// [`NotAnIssuer`] names the rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, NotAnIssuer> {
        let url = Url::parse(text).map_err(|_| NotAnIssuer::NotAUrl)?;
        let host = url.host().ok_or(NotAnIssuer::NotAUrl)?;
        let transport = match url.scheme() {
            "https" => Transport::Https,
            "http" if is_this_machine(&host) => Transport::LocalHttp,
            _ => return Err(NotAnIssuer::Insecure),
        };
        let decorated = url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.password().is_some();
        if decorated {
            return Err(NotAnIssuer::Decorated);
        }
        if url.path() != "/" || text.ends_with('/') {
            return Err(NotAnIssuer::Path);
        }
        let plain = url.as_str().trim_end_matches('/');
        if plain != text {
            return Err(NotAnIssuer::Spelling(plain.to_owned()));
        }
        Ok(Self { text: text.into(), transport })
    }

    /// The text, as it goes into `iss`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address of `path`, which starts with a slash, on this server.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }

    /// How browsers reach it.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.transport
    }
}

impl std::fmt::Display for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Issuer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Only the names that never leave the machine.
pub(crate) fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => *address == std::net::Ipv4Addr::LOCALHOST,
        Host::Ipv6(address) => *address == std::net::Ipv6Addr::LOCALHOST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_and_http_on_this_machine() {
        for good in
            ["https://id.example.com", "https://id.example.com:8443", "https://[2001:db8::1]"]
        {
            assert_eq!(Issuer::parse(good).unwrap().transport(), Transport::Https, "{good}");
        }
        for good in ["http://localhost:8000", "http://127.0.0.1", "http://[::1]:8000"] {
            assert_eq!(Issuer::parse(good).unwrap().transport(), Transport::LocalHttp, "{good}");
        }
        for bad in [
            "http://id.example.com",
            "http://localhost.example.com",
            "http://127.0.0.2",
            "ftp://localhost",
        ] {
            assert_eq!(Issuer::parse(bad), Err(NotAnIssuer::Insecure), "{bad}");
        }
    }

    #[test]
    fn nothing_after_the_host() {
        for bad in [
            "https://a.example?x=1",
            "https://a.example?",
            "https://a.example#",
            "https://u@a.example",
        ] {
            assert_eq!(Issuer::parse(bad), Err(NotAnIssuer::Decorated), "{bad}");
        }
        for bad in ["https://a.example/", "https://a.example/id", "https://a.example/id/"] {
            assert_eq!(Issuer::parse(bad), Err(NotAnIssuer::Path), "{bad}");
        }
        for bad in ["", "id.example.com", "https://"] {
            assert_eq!(Issuer::parse(bad), Err(NotAnIssuer::NotAUrl), "{bad}");
        }
    }

    #[test]
    fn one_spelling() {
        for bad in [
            "https://A.example",
            "HTTPS://a.example",
            "https://a.example:443",
            "https:\\\\a.example",
            " https://a.example",
        ] {
            assert_eq!(
                Issuer::parse(bad),
                Err(NotAnIssuer::Spelling("https://a.example".to_owned())),
                "{bad}"
            );
        }
    }
}
