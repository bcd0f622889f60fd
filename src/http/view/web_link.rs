//! Addresses of other people's pages and pictures, safe to put into `href` and `src`.

use url::{Host, Url};

/// An absolute `http` or `https` URL: no `javascript:`, no `data:`, no user name in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebLink(Url);

impl WebLink {
    /// Reads a URL that a client registered, such as `logo_uri`; `None` when it is no web address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let plain = url.username().is_empty() && url.password().is_none();
        (matches!(url.scheme(), "https" | "http") && url.has_host() && plain).then_some(Self(url))
    }

    /// The URL as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host that a person should look at: international names in their ASCII form, so that
    /// look-alikes show themselves.
    #[must_use]
    pub fn host(&self) -> String {
        self.0.host().map(|host: Host<&str>| host.to_string()).unwrap_or_default()
    }
}

impl std::fmt::Display for WebLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_links() {
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "//host/path",
            "/path",
            "com.example.app:/cb",
            "https://trusted.example@evil.example/",
            "",
        ] {
            assert_eq!(WebLink::parse(bad), None, "{bad}");
        }
        assert_eq!(WebLink::parse("https://a.example/x").unwrap().host(), "a.example");
    }

    #[test]
    fn a_look_alike_host_is_shown_in_ascii() {
        let link = WebLink::parse("https://\u{430}pple.example/").unwrap();
        assert!(link.host().starts_with("xn--"), "{}", link.host());
    }
}
