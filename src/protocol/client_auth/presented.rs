//! What a request carries to prove which client sent it. RFC 6749 §2.3.1, RFC 7521 §4.2.

use base64ct::{Base64, Encoding};
use percent_encoding::percent_decode_str;

use super::ClientAuthError;
use crate::{
    protocol::jose::unverified_subject,
    types::{ClientId, Secret},
};

/// The assertion type of JWTs. RFC 7523 §2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The longest Basic credentials that are decoded, in characters.
const MAX_BASIC: usize = 4096;

/// The form parameters that may carry credentials, each at most once. An empty one counts as absent
/// (RFC 6749 §3.2).
#[derive(Debug, Clone, Copy, Default)]
pub struct AuthParameters<'a> {
    /// `client_id`.
    pub client_id: Option<&'a str>,
    /// `client_secret`.
    pub client_secret: Option<&'a str>,
    /// `client_assertion_type`.
    pub client_assertion_type: Option<&'a str>,
    /// `client_assertion`.
    pub client_assertion: Option<&'a str>,
}

/// The client that a request names, and the one proof that it brings.
#[derive(Debug, Clone)]
pub struct PresentedCredentials {
    client_id: ClientId,
    credentials: Credentials,
}

/// The proof, by the way it came.
#[derive(Debug, Clone)]
pub(super) enum Credentials {
    None,
    Basic(Secret<String>),
    Post(Secret<String>),
    Assertion(Secret<String>),
}

impl PresentedCredentials {
    /// At most one method in a request. RFC 6749 §2.3.
    ///
    /// `authorization` is the value of the `Authorization` header, of which there is at most one.
    ///
    /// # Errors
    /// [`ClientAuthError`] when methods are mixed, incomplete or unreadable, or no client is named.
    pub fn read(
        authorization: Option<&str>,
        parameters: &AuthParameters<'_>,
    ) -> Result<Self, ClientAuthError> {
        let given =
            |value: Option<&'_ str>| value.filter(|text| !text.is_empty()).map(str::to_owned);
        let body_id = given(parameters.client_id);
        let secret = given(parameters.client_secret);
        let assertion =
            match (given(parameters.client_assertion_type), given(parameters.client_assertion)) {
                (None, None) => None,
                (Some(kind), Some(assertion)) => Some((kind, assertion)),
                (Some(_), None) | (None, Some(_)) => {
                    return Err(ClientAuthError::IncompleteAssertion);
                }
            };
        match (authorization, secret, assertion) {
            (Some(header), None, None) => Self::basic(header, body_id.as_deref()),
            (None, Some(secret), None) => {
                Self::of(body_id.as_deref(), Credentials::Post(Secret::new(secret)))
            }
            (None, None, Some((kind, assertion))) => Self::assertion(&kind, assertion, body_id),
            (None, None, None) => Self::of(body_id.as_deref(), Credentials::None),
            (Some(_), Some(_), _) | (Some(_), None, Some(_)) | (None, Some(_), Some(_)) => {
                Err(ClientAuthError::MoreThanOneMethod)
            }
        }
    }

    /// The client to load.
    #[must_use]
    pub const fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// The proof.
    pub(super) const fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    fn of(client_id: Option<&str>, credentials: Credentials) -> Result<Self, ClientAuthError> {
        let text = client_id.ok_or(ClientAuthError::NoCredentials)?;
        let client_id = ClientId::parse(text).map_err(|_| ClientAuthError::MalformedClientId)?;
        Ok(Self { client_id, credentials })
    }

    /// `Basic`, then Base64 of id and secret, each form-urlencoded before. RFC 6749 §2.3.1.
    fn basic(header: &str, body_id: Option<&str>) -> Result<Self, ClientAuthError> {
        let malformed = ClientAuthError::MalformedAuthorization;
        let (scheme, encoded) = header.split_once(' ').ok_or(malformed)?;
        let encoded = encoded.trim_matches(' ');
        if !scheme.eq_ignore_ascii_case("Basic") || encoded.len() > MAX_BASIC {
            return Err(malformed);
        }
        let bytes = Base64::decode_vec(encoded).map_err(|_| malformed)?;
        let pair = Secret::new(String::from_utf8(bytes).map_err(|_| malformed)?);
        let (id, secret) = pair.expose().split_once(':').ok_or(malformed)?;
        let id = form_decoded(id).ok_or(malformed)?;
        let secret = form_decoded(secret).ok_or(malformed)?;
        if body_id.is_some_and(|other| other != id) {
            return Err(ClientAuthError::ClientIdMismatch);
        }
        Self::of(Some(&id), Credentials::Basic(Secret::new(secret)))
    }

    /// A JWT; without a `client_id` its own `sub` says whose keys to check it with. RFC 7523 §2.2.
    fn assertion(
        kind: &str,
        assertion: String,
        body_id: Option<String>,
    ) -> Result<Self, ClientAuthError> {
        if kind != JWT_BEARER {
            return Err(ClientAuthError::UnsupportedAssertionType);
        }
        let subject = match body_id {
            Some(id) => Some(id),
            None => unverified_subject(&assertion)?,
        };
        Self::of(subject.as_deref(), Credentials::Assertion(Secret::new(assertion)))
    }
}

/// One value of `application/x-www-form-urlencoded`; `None` when it is not UTF-8.
fn form_decoded(text: &str) -> Option<String> {
    let spaced = Secret::new(text.replace('+', " "));
    percent_decode_str(spaced.expose()).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}
