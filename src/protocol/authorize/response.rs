//! The authorization response, right or wrong. RFC 6749 §4.1.2, RFC 9207 §2, Multiple Response Types
//! §2.1, Form Post Response Mode §2.

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{RedirectTarget, response_mode::ResponseMode};
use crate::{
    protocol::{error::OAuthError, issuer::Issuer},
    types::Secret,
};

/// Where and how a request is answered. Only a matched redirect URI can be in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseTarget {
    /// The address.
    pub target: RedirectTarget,
    /// How the parameters travel.
    pub response_mode: ResponseMode,
    /// What the client wants back.
    pub state: Option<String>,
}

/// A finished response. `Debug` shows neither codes nor states.
#[derive(Clone, PartialEq, Eq)]
pub enum Delivery {
    /// Send the browser here, with 303: the registered URI and the parameters.
    Redirect(String),
    /// Let the browser post a form.
    FormPost {
        /// Where to: the registered URI.
        action: String,
        /// The hidden fields, not yet escaped for HTML.
        fields: Vec<(&'static str, String)>,
    },
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Redirect(_) => f.write_str("Redirect([redacted])"),
            Self::FormPost { action, fields: _ } => write!(f, "FormPost({action}, [redacted])"),
        }
    }
}

/// Everything but the unreserved characters of RFC 3986 §2.3 is encoded, a space as `%20`: that reads
/// the same as a form (RFC 6749 appendix B) and as a URI component.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl ResponseTarget {
    /// The response to a request that was granted: `code`, `state`, `iss`. RFC 6749 §4.1.2.
    #[must_use]
    pub fn success(&self, code: &Secret<String>, issuer: &Issuer) -> Delivery {
        self.deliver(vec![("code", code.expose().clone())], issuer)
    }

    /// The response to a request that was not: `error`, `error_description`, `state`, `iss`.
    /// RFC 6749 §4.1.2.1. Hint and detail of the error stay here.
    #[must_use]
    pub fn error(&self, error: &OAuthError, issuer: &Issuer) -> Delivery {
        let code = error.code.as_str().to_owned();
        let description = error.description.to_owned();
        self.deliver(vec![("error", code), ("error_description", description)], issuer)
    }

    fn deliver(&self, mut fields: Vec<(&'static str, String)>, issuer: &Issuer) -> Delivery {
        if let Some(state) = &self.state {
            fields.push(("state", state.clone()));
        }
        fields.push(("iss", issuer.as_str().to_owned()));
        let uri = self.target.as_str();
        match self.response_mode {
            ResponseMode::Query => Delivery::Redirect(with_query(uri, &fields)),
            ResponseMode::Fragment => Delivery::Redirect(format!("{uri}#{}", encode(&fields))),
            ResponseMode::FormPost => Delivery::FormPost { action: uri.to_owned(), fields },
        }
    }
}

/// The URI with `fields` behind the query that it may already have. RFC 6749 §3.1.2.
pub(in crate::protocol) fn with_query(uri: &str, fields: &[(&'static str, String)]) -> String {
    let separator = match uri.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{uri}{separator}{}", encode(fields))
}

fn encode(fields: &[(&'static str, String)]) -> String {
    let mut out = String::new();
    for (name, value) in fields {
        let separator = if out.is_empty() { "" } else { "&" };
        let value = utf8_percent_encode(value, ENCODED);
        // Writing to a string cannot fail.
        let _ = write!(out, "{separator}{name}={value}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{authorize::testing::web_client, error::ErrorCode, params::Params};

    fn target(uri: &str, response_mode: ResponseMode, state: Option<&str>) -> ResponseTarget {
        let target = RedirectTarget::matching(&web_client(&[uri]), uri).unwrap();
        ResponseTarget { target, response_mode, state: state.map(str::to_owned) }
    }

    fn issuer() -> Issuer {
        Issuer::parse("https://id.example.com").unwrap()
    }

    fn url(delivery: Delivery) -> String {
        let Delivery::Redirect(url) = delivery else { panic!("{delivery:?}") };
        url
    }

    #[test]
    fn rfc6749_section_4_1_2_success_is_code_state_iss_and_nothing_else() {
        let code = Secret::new("dwc_x".to_owned());
        let to = target("https://a.example/cb", ResponseMode::Query, Some("s 1"));
        assert_eq!(
            url(to.success(&code, &issuer())),
            "https://a.example/cb?code=dwc_x&state=s%201&iss=https%3A%2F%2Fid.example.com"
        );
        let to = target("https://a.example/cb", ResponseMode::Query, None);
        assert!(!url(to.success(&code, &issuer())).contains("state"), "absent in, absent out");
    }

    #[test]
    fn rfc6749_section_3_1_2_the_query_of_the_registered_uri_is_kept() {
        let code = Secret::new("c".to_owned());
        for (uri, expected) in [
            ("https://a.example/cb?x=1", "https://a.example/cb?x=1&code=c&"),
            ("https://a.example/cb?x=1&", "https://a.example/cb?x=1&code=c&"),
            ("https://a.example/cb?", "https://a.example/cb?code=c&"),
        ] {
            let sent = url(target(uri, ResponseMode::Query, None).success(&code, &issuer()));
            assert!(sent.starts_with(expected), "{sent}");
        }
    }

    #[test]
    fn rfc6749_section_4_1_2_1_errors_keep_hint_and_detail_here() {
        let error = OAuthError::new(ErrorCode::InvalidScope, "scope is missing")
            .with_hint("secret hint")
            .with_detail("secret detail");
        let to = target("https://a.example/cb", ResponseMode::Fragment, Some("x"));
        assert_eq!(
            url(to.error(&error, &issuer())),
            "https://a.example/cb#error=invalid_scope&error_description=scope%20is%20missing\
             &state=x&iss=https%3A%2F%2Fid.example.com"
        );
    }

    #[test]
    fn form_post_section_2_every_parameter_is_a_field() {
        let to = target("https://a.example/cb?x=1", ResponseMode::FormPost, Some("\"><script>"));
        let Delivery::FormPost { action, fields } = to.success(&Secret::new("c".into()), &issuer())
        else {
            panic!("a form was asked for")
        };
        assert_eq!(action, "https://a.example/cb?x=1");
        assert_eq!(
            fields,
            [
                ("code", "c".to_owned()),
                ("state", "\"><script>".to_owned()),
                ("iss", "https://id.example.com".to_owned())
            ]
        );
    }

    /// AUTHZ-10: the state comes back byte for byte, in one header line.
    #[test]
    fn authz_10_the_state_is_echoed_byte_for_byte() {
        let state = "\"'<>\r\nSet-Cookie: a=b\r\n\u{1f980}\0+%41&=#".repeat(40);
        let to = target("https://a.example/cb", ResponseMode::Query, Some(&state));
        let sent = url(to.success(&Secret::new("c".into()), &issuer()));
        assert!(sent.is_ascii() && !sent.bytes().any(|b| b.is_ascii_control()));
        let query = sent.split_once('?').unwrap().1;
        assert_eq!(Params::parse(query.as_bytes()).unwrap().get("state"), Some(state.as_str()));
    }

    #[test]
    fn debug_shows_no_code() {
        let to = target("https://a.example/cb", ResponseMode::Query, None);
        let shown = format!("{:?}", to.success(&Secret::new("dwc_secret".into()), &issuer()));
        assert!(!shown.contains("dwc_secret"));
    }
}
