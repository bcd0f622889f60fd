//! What a page may load and where its forms may lead. Content Security Policy Level 3.

use std::fmt::Write;

use http::HeaderValue;
use url::{Host, Url};

use super::web_link::WebLink;

/// A source expression: a scheme or an origin, without any character that could end it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source(String);

impl Source {
    /// The source that lets a form lead to `redirect_uri`; `None` when no policy can name it.
    ///
    /// Chromium holds every redirect that follows a form submission against `form-action`, to the
    /// end of the chain: first the one to the client, then wherever the client sends the browser on,
    /// which may be another origin that nobody registered. If the policy does not name it, the
    /// browser stops without a word. So what is named is the scheme: `https:` for a client on the
    /// web, `http:` while one is developed, the scheme of an app (RFC 8252 §7.1). What stops a form
    /// from going elsewhere is that pages hold no markup of others and run no script of theirs.
    #[must_use]
    pub fn of_redirect_uri(redirect_uri: &str) -> Option<Self> {
        let url = Url::parse(redirect_uri).ok()?;
        match url.scheme() {
            "about" | "blob" | "data" | "file" | "filesystem" | "javascript" | "vbscript" => None,
            // The URL grammar leaves letters, digits, "+", "-" and "." in a scheme.
            scheme => Some(Self(format!("{scheme}:"))),
        }
    }

    /// The source that lets the picture at `link` load.
    #[must_use]
    pub fn of_web_link(link: &WebLink) -> Option<Self> {
        Self::of_origin(&Url::parse(link.as_str()).ok()?)
    }

    /// CSP cannot name an IPv6 address: there the scheme stands for it.
    /// A host may hold `;`, `,`, `'` and `*` by the URL grammar: those are not named.
    fn of_origin(url: &Url) -> Option<Self> {
        let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        match url.host()? {
            Host::Ipv6(_) => Some(Self(format!("{}:", url.scheme()))),
            Host::Domain(name) if name.bytes().all(harmless) => {
                Some(Self(url.origin().ascii_serialization()))
            }
            Host::Domain(_) => None,
            Host::Ipv4(_) => Some(Self(url.origin().ascii_serialization())),
        }
    }
}

/// Whether a page runs a script of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scripts {
    None,
    Own,
}

/// The policy of one page. Everything that is not named here is forbidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentSecurityPolicy {
    scripts: Scripts,
    images: Vec<Source>,
    forms: Vec<Source>,
}

impl ContentSecurityPolicy {
    /// Our own stylesheet and pictures, and forms that lead to us.
    #[must_use]
    pub const fn page() -> Self {
        Self { scripts: Scripts::None, images: Vec::new(), forms: Vec::new() }
    }

    /// The same, and scripts from our own files.
    #[must_use]
    pub fn with_own_scripts(mut self) -> Self {
        self.scripts = Scripts::Own;
        self
    }

    /// The same, and the pictures at `links`.
    #[must_use]
    pub fn with_images<'a>(mut self, links: impl IntoIterator<Item = &'a WebLink>) -> Self {
        for source in links.into_iter().filter_map(Source::of_web_link) {
            if !self.images.contains(&source) {
                self.images.push(source);
            }
        }
        self
    }

    /// The same, and forms whose answer leads to `source`.
    #[must_use]
    pub fn with_form_action(mut self, source: Option<&Source>) -> Self {
        self.forms.extend(source.cloned());
        self
    }

    /// The header's value.
    #[must_use]
    pub fn header_value(&self) -> HeaderValue {
        let mut policy = String::from("default-src 'none'; style-src 'self'; img-src 'self'");
        for source in &self.images {
            // Writing to a String cannot fail.
            let _ = write!(policy, " {}", source.0);
        }
        policy.push_str("; form-action 'self'");
        for source in &self.forms {
            let _ = write!(policy, " {}", source.0);
        }
        match self.scripts {
            Scripts::Own => policy.push_str("; script-src 'self'"),
            Scripts::None => {}
        }
        policy.push_str("; frame-ancestors 'none'; base-uri 'none'");
        // Sources are ASCII without controls, so the first value is the one that is used.
        HeaderValue::try_from(policy)
            .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn source(uri: &str) -> Option<String> {
        Source::of_redirect_uri(uri).map(|source| source.0)
    }

    #[test]
    fn a_redirect_uri_is_named_by_its_scheme() {
        assert_eq!(source("https://a.example:8443/cb?x=1").unwrap(), "https:");
        assert_eq!(source("http://127.0.0.1:5123/cb").unwrap(), "http:");
        assert_eq!(source("com.example.app:/cb").unwrap(), "com.example.app:");
    }

    #[test]
    fn a_picture_is_named_by_its_origin() {
        let source = |link: &str| Source::of_web_link(&WebLink::parse(link).unwrap());
        let origin = |text: &str| Some(Source(text.to_owned()));
        assert_eq!(source("https://a.example/logo.png?x=1"), origin("https://a.example"));
        assert_eq!(source("https://a.example:8443/logo.png"), origin("https://a.example:8443"));
        assert_eq!(source("https://[2001:db8::1]/logo.png"), origin("https:"));
        for host in ["a.example;script-src", "a,b.example", "*.example", "'self'"] {
            let link = WebLink::parse(&format!("https://{host}/logo.png"));
            assert_eq!(link.as_ref().and_then(Source::of_web_link), None, "{host}");
        }
    }

    #[test]
    fn what_could_end_a_directive_is_never_named() {
        for uri in ["javascript:alert(1)", "data:text/html,x", "not a uri", ""] {
            assert_eq!(source(uri), None, "{uri}");
        }
        assert_eq!(source("https://a.example;script-src 'self'/cb"), None);
        assert_eq!(source("com.example.app:/cb;x 'self'").unwrap(), "com.example.app:");
    }

    #[test]
    fn the_policy_of_a_page() {
        let logo = WebLink::parse("https://cdn.example/a.png").unwrap();
        let target = Source::of_redirect_uri("https://a.example/cb");
        let policy = ContentSecurityPolicy::page()
            .with_images([&logo, &logo])
            .with_form_action(target.as_ref());
        assert_eq!(
            policy.header_value(),
            "default-src 'none'; style-src 'self'; img-src 'self' https://cdn.example; \
             form-action 'self' https:; frame-ancestors 'none'; base-uri 'none'"
        );
    }

    proptest! {
        #[test]
        fn no_redirect_uri_adds_a_directive(uri in "(https?|[a-z.]{1,9}):(//)?[ -~]{0,40}") {
            let plain = ContentSecurityPolicy::page().header_value();
            let semicolons = |value: &HeaderValue| value.to_str().unwrap().matches(';').count();
            let source = Source::of_redirect_uri(&uri);
            let value = ContentSecurityPolicy::page().with_form_action(source.as_ref()).header_value();
            prop_assert_eq!(semicolons(&plain), semicolons(&value));
            let words = |value: &HeaderValue| value.to_str().unwrap().split([' ', ',']).count();
            prop_assert_eq!(words(&plain) + usize::from(source.is_some()), words(&value));
        }
    }
}
