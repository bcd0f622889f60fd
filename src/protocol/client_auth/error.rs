//! The ways in which client authentication fails, and what the client hears of them.

use crate::protocol::{
    client::TokenEndpointAuthMethod,
    error::{ErrorCode, OAuthError},
    jose::{ClaimsError, JwtError},
};

/// Why a client was not authenticated: one variant per broken rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClientAuthError {
    /// Two methods in one request. RFC 6749 §2.3.
    #[error("the request uses more than one client authentication method")]
    MoreThanOneMethod,
    /// The header and the body name different clients.
    #[error("client_id differs from the client in the Authorization header")]
    ClientIdMismatch,
    /// One of `client_assertion` and `client_assertion_type` without the other. RFC 7521 §4.2.
    #[error("client_assertion and client_assertion_type belong together")]
    IncompleteAssertion,
    /// Neither a `client_id` nor credentials.
    #[error("the request names no client")]
    NoCredentials,
    /// The `Authorization` header is not Basic credentials. RFC 7617 §2, RFC 6749 §2.3.1.
    #[error("the Authorization header is not Basic with a form-encoded client_id and secret")]
    MalformedAuthorization,
    /// The text cannot be a `client_id`.
    #[error("the client_id is malformed")]
    MalformedClientId,
    /// An assertion of another type. RFC 7521 §4.2.
    #[error("the client_assertion_type is not supported")]
    UnsupportedAssertionType,
    /// No such client.
    #[error("there is no such client")]
    UnknownClient,
    /// The client was disabled.
    #[error("the client is disabled")]
    ClientDisabled,
    /// Another method than the registered one.
    #[error("the client is registered for the method {}", registered.as_str())]
    MethodNotRegistered {
        /// The method that would have passed.
        registered: TokenEndpointAuthMethod,
    },
    /// No live secret is this one.
    #[error("the client secret is wrong")]
    WrongSecret,
    /// The assertion breaks a rule.
    #[error("the client assertion is refused: {0}")]
    Assertion(#[from] AssertionError),
    /// A public client where a confidential one is needed.
    #[error("a public client cannot authenticate")]
    PublicClient,
}

/// Why an assertion was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    /// It is not a sound JWT of this client.
    #[error(transparent)]
    Jwt(#[from] JwtError),
    /// The client has no registered keys, or none that can be used.
    #[error("the client has no registered keys")]
    NoKeys,
    /// `sub` is not the `client_id`. RFC 7523 §3.
    #[error("sub is not the client_id")]
    Subject,
    /// `aud` is neither the issuer nor the token endpoint, or has other values beside it.
    #[error("aud is not exactly one of the issuer and the token endpoint")]
    Audience,
    /// `exp` is more than ten minutes ahead.
    #[error("exp is more than ten minutes ahead")]
    TooLongLived,
    /// `jti` is missing, empty, or longer than 256 bytes.
    #[error("jti must have 1 to 256 bytes")]
    Jti,
    /// It may have been used before the database was restored from a backup.
    #[error("the assertion is from before the restore of a backup")]
    BeforeEpoch,
    /// The `jti` was used before.
    #[error("the assertion was used before")]
    Replayed,
}

impl From<JwtError> for ClientAuthError {
    fn from(error: JwtError) -> Self {
        Self::Assertion(AssertionError::Jwt(error))
    }
}

impl From<ClaimsError> for AssertionError {
    fn from(error: ClaimsError) -> Self {
        Self::Jwt(JwtError::ClaimType(error))
    }
}

impl From<ClientAuthError> for OAuthError {
    /// Contradictory requests are `invalid_request`; every failed proof is the same `invalid_client`,
    /// so that the answer does not tell which clients exist. RFC 6749 §5.2.
    fn from(error: ClientAuthError) -> Self {
        let (code, description) = match error {
            ClientAuthError::MoreThanOneMethod => (
                ErrorCode::InvalidRequest,
                "the request uses more than one client authentication method",
            ),
            ClientAuthError::ClientIdMismatch => (
                ErrorCode::InvalidRequest,
                "client_id differs from the client in the Authorization header",
            ),
            ClientAuthError::IncompleteAssertion => (
                ErrorCode::InvalidRequest,
                "client_assertion and client_assertion_type belong together",
            ),
            ClientAuthError::NoCredentials
            | ClientAuthError::MalformedAuthorization
            | ClientAuthError::MalformedClientId
            | ClientAuthError::UnsupportedAssertionType
            | ClientAuthError::UnknownClient
            | ClientAuthError::ClientDisabled
            | ClientAuthError::MethodNotRegistered { .. }
            | ClientAuthError::WrongSecret
            | ClientAuthError::Assertion(_)
            | ClientAuthError::PublicClient => {
                (ErrorCode::InvalidClient, "client authentication failed")
            }
        };
        Self::new(code, description).with_detail(error.to_string())
    }
}
