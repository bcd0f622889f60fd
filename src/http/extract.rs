//! From bytes to what services take.

use axum::body::Bytes;
use http::{HeaderMap, header};

use super::{App, cookies::Name};
use crate::{
    protocol::{
        error::{ErrorCode, OAuthError},
        params::Params,
    },
    service::{ServiceError, authorize::Visitor, browser_session, vault::ShownTo},
    types::{TokenHash, token::TokenKind},
};

/// The parameters of a form body. RFC 6749 §3.2.
///
/// # Errors
/// `invalid_request` for another media type and for what [`Params::parse`] refuses.
pub(crate) fn form(headers: &HeaderMap, body: &Bytes) -> Result<Params, OAuthError> {
    if !is_form(headers) {
        return Err(OAuthError::new(
            ErrorCode::InvalidRequest,
            "the body must be application/x-www-form-urlencoded",
        ));
    }
    Ok(Params::parse(body)?)
}

/// Whether the body says that it is a form; parameters of the media type do not matter.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media_type.is_some_and(|media_type| {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

/// The `Authorization` header, of which there is at most one. RFC 6749 §2.3, RFC 6750 §2.
///
/// # Errors
/// `invalid_request` when there are several, or one that is no text.
pub(crate) fn authorization(headers: &HeaderMap) -> Result<Option<&str>, OAuthError> {
    let refused =
        || OAuthError::new(ErrorCode::InvalidRequest, "the Authorization header is malformed");
    let mut values = headers.get_all(header::AUTHORIZATION).into_iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(refused());
    }
    value.to_str().map(Some).map_err(|_| refused())
}

/// Who looks at a page: the browser, its session, and the cookie that must be set if it is new.
#[derive(Debug)]
pub(crate) struct Visit {
    /// What services ask for.
    pub(crate) visitor: Visitor,
    /// The browser cookie to set: only for a browser that brought none.
    pub(crate) new_browser: Option<String>,
}

impl Visit {
    /// Reads the cookies. A browser without the one that pages are bound to gets a new one; nothing is
    /// stored for it.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when there is a session to look up and no database to ask.
    pub(crate) async fn read(app: &App, headers: &HeaderMap) -> Result<Self, ServiceError> {
        let cookie = app.cookies.read(headers, Name::Browser);
        let known = cookie.and_then(|text| TokenKind::Browser.recognise(&text));
        let (browser, new_browser) = known.map_or_else(
            || {
                let text = TokenKind::Browser.mint(app.ctx.random());
                let hash = TokenHash::of(TokenKind::Browser, text.expose());
                (hash, Some(text.expose().clone()))
            },
            |hash| (hash, None),
        );
        let session = app.cookies.read(headers, Name::Session);
        let current = browser_session::current(&app.ctx, session.as_deref()).await?;
        let device = app.cookies.read(headers, Name::Device);
        Ok(Self { visitor: Visitor { browser, current, device }, new_browser })
    }

    /// The anti-forgery value of the forms of `purpose`.
    pub(crate) fn csrf(&self, app: &App, purpose: Purpose) -> String {
        app.ctx.vault.anti_forgery(&self.visitor.browser, self.shown_to(purpose))
    }

    fn shown_to(&self, purpose: Purpose) -> ShownTo<'_> {
        match (purpose, &self.visitor.current) {
            (_, None) => ShownTo::Nobody,
            (Purpose::Step, Some(current)) => ShownTo::User(current.user.id),
            (Purpose::Account, Some(current)) => ShownTo::Session(&current.session.token_hash),
        }
    }

    /// Whether a form was sent by a page that this browser was shown: the value is its own, and the
    /// browser does not say that another site sent it.
    pub(crate) fn is_own_form(
        &self,
        app: &App,
        headers: &HeaderMap,
        form: &Params,
        purpose: Purpose,
    ) -> bool {
        let value = form.get("csrf").unwrap_or_default();
        let holds = |to| app.ctx.vault.is_anti_forgery(&self.visitor.browser, to, value);
        let own = match purpose {
            Purpose::Step => holds(self.shown_to(purpose)) || holds(ShownTo::Nobody),
            Purpose::Account => holds(self.shown_to(purpose)),
        };
        own && is_same_origin(headers, app.ctx.protocol.issuer.as_str())
    }
}

/// What a form is for, which says how long it may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A step of a request in progress. People have several tabs: the form outlives a sign-in in
    /// another one, unless it was shown to another user than the one who is signed in now.
    Step,
    /// A change to what the user has. The form ends with the session.
    Account,
}

/// What the browser says of where a request comes from. An old browser that says nothing passes here,
/// and is held by the anti-forgery value.
fn is_same_origin(headers: &HeaderMap, issuer: &str) -> bool {
    let says = |name: &str| headers.get(name).map(http::HeaderValue::as_bytes);
    let site = says("sec-fetch-site").is_none_or(|site| site == b"same-origin");
    // The issuer has no path, so that it is an origin.
    let origin = says("origin").is_none_or(|origin| origin == issuer.as_bytes());
    site && origin
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(headers: &[(&'static str, &str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        is_same_origin(&headers, "https://id.example")
    }

    #[test]
    fn csrf_04_what_the_browser_says_of_the_origin_is_believed() {
        assert!(from(&[]));
        assert!(from(&[("origin", "https://id.example"), ("sec-fetch-site", "same-origin")]));
        for foreign in ["null", "https://evil.example", "https://x.id.example", "http://id.example"]
        {
            assert!(!from(&[("origin", foreign)]), "{foreign}");
        }
        for site in ["cross-site", "same-site", "none"] {
            assert!(!from(&[("sec-fetch-site", site)]), "{site}");
        }
    }

    #[test]
    fn a_form_says_that_it_is_one() {
        let of =
            |value: &str| HeaderMap::from_iter([(header::CONTENT_TYPE, value.parse().unwrap())]);
        assert!(is_form(&of("application/x-www-form-urlencoded")));
        assert!(is_form(&of("Application/X-WWW-Form-Urlencoded; charset=UTF-8")));
        for other in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
            assert!(!is_form(&of(other)), "{other}");
        }
        assert!(!is_form(&HeaderMap::new()));
    }
}
