//! What a request presents: one bearer token, or one API key. RFC 6750 §2.
//!
//! A token comes in the `Authorization` header alone. The form is not read (RFC 6750 §2.2 leaves that
//! to each API), and in the query a token would be logged (RFC 9700 §4.3.2): it is refused there.

use http::{HeaderMap, header, request::Parts};

use super::{challenge::Refusal, token::TokenError};
use crate::{
    protocol::userinfo::{BearerError, bearer_token_among},
    types::{Secret, api_key as key},
};

/// The header for API keys.
pub const API_KEY_HEADER: &str = "x-api-key";

/// What is to be checked.
#[derive(Debug)]
pub(super) enum Credential {
    /// A compact JWS: three segments.
    Jwt(Secret<String>),
    /// Anything else, API keys among it: only the issuer knows what it means.
    Opaque(Secret<String>),
}

impl Credential {
    /// Tells by its form what a token is. Neither kind can pass for the other: a JWT is checked as a
    /// JWT, and nothing else has its form.
    pub(super) fn of(token: Secret<String>) -> Self {
        if token.expose().matches('.').count() == 2 {
            Self::Jwt(token)
        } else {
            Self::Opaque(token)
        }
    }

    /// The one credential of a request.
    ///
    /// # Errors
    /// A [`Refusal`] when there is none, several, one in the query, or one of a wrong form.
    pub(super) fn of_request(parts: &Parts) -> Result<Self, Refusal> {
        let bearer = bearer_token_among(
            &values(&parts.headers, header::AUTHORIZATION.as_str()),
            None,
            in_query(parts.uri.query().unwrap_or_default()).as_deref(),
        );
        match (bearer, values(&parts.headers, API_KEY_HEADER).as_slice()) {
            (Ok(token), []) if token.expose().starts_with(key::PREFIX) => api_key(token.expose()),
            (Ok(token), []) => Ok(Self::of(token)),
            (Err(BearerError::Missing), []) => Err(Refusal::Unauthenticated),
            (Err(BearerError::Missing), [key]) => api_key(key),
            (Err(error), []) => Err(Refusal::InvalidRequest(error)),
            (_, [_, ..]) => Err(Refusal::InvalidRequest(BearerError::Several)),
        }
    }
}

/// What stands in `X-API-Key` is an API key, and not another kind of token; and it has no typo, so that
/// the issuer is not asked in vain.
fn api_key(text: &str) -> Result<Credential, Refusal> {
    if key::is_well_formed(text) {
        Ok(Credential::Opaque(Secret::new(text.to_owned())))
    } else {
        Err(Refusal::InvalidToken(TokenError::NotAnApiKey))
    }
}

/// Every value of a header; one that is no text counts as an empty one.
fn values<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers.get_all(name).into_iter().map(|value| value.to_str().unwrap_or_default()).collect()
}

/// The `access_token` of a query, whose other parameters are the API's own.
fn in_query(query: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "access_token").map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dw_00000000000000000000000000000001_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_7d9cf531";

    fn presented(uri: &str, headers: &[(&str, &str)]) -> Result<(bool, String), Refusal> {
        let mut request = http::Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        Credential::of_request(&parts).map(|credential| match credential {
            Credential::Jwt(token) => (true, token.expose().clone()),
            Credential::Opaque(token) => (false, token.expose().clone()),
        })
    }

    #[test]
    fn rfc6750_section_2_1_one_token_in_the_header() {
        let jwt = presented("/", &[("authorization", "Bearer a.b.c")]).unwrap();
        assert_eq!(jwt, (true, "a.b.c".to_owned()));
        let opaque = presented("/?tag=a&tag=b", &[("authorization", "bearer dwa_x")]).unwrap();
        assert_eq!(opaque, (false, "dwa_x".to_owned()));
        let key = presented("/", &[("x-api-key", KEY)]).unwrap();
        assert_eq!(key, (false, KEY.to_owned()));
        assert_eq!(key, presented("/", &[("authorization", &format!("Bearer {KEY}"))]).unwrap());
    }

    /// RFC 6750 §2, §3.1; APIK-01: two keys.
    #[test]
    fn rfc6750_section_2_several_credentials_are_invalid_request() {
        let several = Refusal::InvalidRequest(BearerError::Several);
        for headers in [
            &[("authorization", "Bearer a"), ("authorization", "Bearer a")][..],
            &[("authorization", "Bearer a"), ("x-api-key", KEY)],
            &[("authorization", "Bearer"), ("x-api-key", KEY)],
            &[("x-api-key", KEY), ("x-api-key", KEY)],
        ] {
            assert_eq!(presented("/", headers).unwrap_err(), several, "{headers:?}");
        }
        let both = presented("/?access_token=a", &[("authorization", "Bearer a")]);
        assert_eq!(both.unwrap_err(), several);
        let key = presented("/?access_token=a", &[("x-api-key", KEY)]);
        assert_eq!(key.unwrap_err(), several);
    }

    /// RFC 9700 §4.3.2; APIK-01: a key in the URL.
    #[test]
    fn rfc6750_section_2_3_never_in_the_query() {
        for uri in ["/?access_token=a", "/?b=1&access%5Ftoken=a", "/?access_token=dw_k_s_c"] {
            let refusal = presented(uri, &[]).unwrap_err();
            assert_eq!(refusal, Refusal::InvalidRequest(BearerError::InQuery), "{uri}");
        }
    }

    /// APIK-01: a key in a cookie is none; nor is another scheme a token.
    #[test]
    fn rfc6750_section_3_1_nothing_is_presented() {
        for headers in
            [&[][..], &[("authorization", "Basic YTpi")], &[("cookie", "x-api-key=dw_k_s_c")]]
        {
            assert_eq!(presented("/", headers).unwrap_err(), Refusal::Unauthenticated);
        }
    }

    /// APIK-06: class confusion.
    #[test]
    fn the_api_key_header_takes_api_keys_alone() {
        let (other, capitals) = (format!("Bearer {KEY}"), KEY.to_uppercase());
        for bad in ["", "a.b.c", "dwa_x", &capitals, "dw_k s", &other, "dw_k_s_c\u{e9}"] {
            let refusal = presented("/", &[("x-api-key", bad)]).unwrap_err();
            assert_eq!(refusal, Refusal::InvalidToken(TokenError::NotAnApiKey), "{bad}");
        }
    }

    /// A typo is refused by either header, and nobody is asked.
    #[test]
    fn a_typo_is_no_api_key() {
        let typo = KEY.replace("aaa_", "aab_");
        for header in [("x-api-key", typo.clone()), ("authorization", format!("Bearer {typo}"))] {
            let refusal = presented("/", &[(header.0, &header.1)]).unwrap_err();
            assert_eq!(refusal, Refusal::InvalidToken(TokenError::NotAnApiKey), "{header:?}");
        }
    }
}
