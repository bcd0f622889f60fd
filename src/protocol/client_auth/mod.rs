//! Client authentication: exactly one method, and the registered one. RFC 6749 §2.3, OIDC Core §9.
//!
//! [`PresentedCredentials`] reads what a request carries and names the client to load.
//! [`authenticate`] compares it with what that client registered. An [`Authenticated`] can be made
//! nowhere else, so that whoever holds one knows that the client proved itself, or that it is a
//! public client and could not.
//!
//! A 401 always carries `WWW-Authenticate: Basic` (RFC 6749 §5.2, RFC 9110 §15.5.2).

mod assertion;
mod error;
mod presented;

use std::sync::Arc;

pub use assertion::{AssertionUse, PendingAssertion};
pub use error::{AssertionError, ClientAuthError};
pub use presented::{AuthParameters, PresentedCredentials};

use presented::Credentials;
use zeroize::Zeroizing;

use crate::{
    protocol::{
        client::{Client, ClientSecret, TokenEndpointAuthMethod},
        issuer::Issuer,
    },
    types::{ClientId, Status, Timestamp, TokenHash, epoch::DatabaseEpoch, token::TokenKind},
};

/// What this server calls itself in assertions, and since when it knows their `jti`.
#[derive(Debug, Clone, Copy)]
pub struct AuthPolicy<'a> {
    /// The issuer: its identifier or its token endpoint is the audience of an assertion.
    pub issuer: &'a Issuer,
    /// Assertions from before it may have been used already.
    pub epoch: DatabaseEpoch,
}

/// A client that proved who it is, or a public one that need not.
#[derive(Debug, Clone)]
pub struct Authenticated {
    client: Arc<Client>,
}

/// How far a client has come.
#[derive(Debug)]
pub enum Proof {
    /// All is proven.
    Complete(Authenticated),
    /// The assertion is right, if this is its first use: redeem it, then complete it.
    Assertion(PendingAssertion),
}

impl Authenticated {
    /// The client.
    #[must_use]
    pub const fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// Its `client_id`.
    #[must_use]
    pub fn id(&self) -> &ClientId {
        &self.client.id
    }

    /// How it proved itself: always the method that it registered.
    #[must_use]
    pub fn method(&self) -> TokenEndpointAuthMethod {
        self.client.metadata.token_endpoint_auth_method
    }

    /// A public client proved nothing, so it may not introspect. RFC 7662 §2.1.
    ///
    /// # Errors
    /// [`ClientAuthError::PublicClient`] when the client's method is `none`.
    pub fn require_confidential(&self) -> Result<(), ClientAuthError> {
        match self.method() {
            TokenEndpointAuthMethod::None => Err(ClientAuthError::PublicClient),
            TokenEndpointAuthMethod::ClientSecretBasic
            | TokenEndpointAuthMethod::ClientSecretPost
            | TokenEndpointAuthMethod::PrivateKeyJwt
            | TokenEndpointAuthMethod::ClientSecretJwt => Ok(()),
        }
    }
}

/// The presented method must be the registered one, and its proof must hold. RFC 6749 §2.3.
///
/// `client` is the one that [`PresentedCredentials::client_id`] names. `hmac_secrets` are the
/// unsealed values of its [`live_secrets`], and needed for `client_secret_jwt` only.
///
/// # Errors
/// [`ClientAuthError`]; all that concern the proof look alike to the client.
pub fn authenticate(
    client: &Arc<Client>,
    presented: &PresentedCredentials,
    hmac_secrets: &[Zeroizing<Vec<u8>>],
    policy: &AuthPolicy<'_>,
    now: Timestamp,
) -> Result<Proof, ClientAuthError> {
    if client.id != *presented.client_id() {
        return Err(ClientAuthError::UnknownClient);
    }
    match client.status {
        Status::Enabled => {}
        Status::Disabled => return Err(ClientAuthError::ClientDisabled),
    }
    let registered = client.metadata.token_endpoint_auth_method;
    let complete = || Ok(Proof::Complete(Authenticated { client: Arc::clone(client) }));
    match (registered, presented.credentials()) {
        (TokenEndpointAuthMethod::None, Credentials::None) => complete(),
        (TokenEndpointAuthMethod::ClientSecretBasic, Credentials::Basic(secret))
        | (TokenEndpointAuthMethod::ClientSecretPost, Credentials::Post(secret)) => {
            secret_matches(client, secret.expose(), now)?;
            complete()
        }
        (TokenEndpointAuthMethod::PrivateKeyJwt, Credentials::Assertion(assertion)) => {
            assertion::signed_by_key(client, assertion.expose(), policy, now).map(Proof::Assertion)
        }
        (TokenEndpointAuthMethod::ClientSecretJwt, Credentials::Assertion(assertion)) => {
            assertion::signed_by_secret(client, assertion.expose(), hmac_secrets, policy, now)
                .map(Proof::Assertion)
        }
        (
            TokenEndpointAuthMethod::None
            | TokenEndpointAuthMethod::ClientSecretBasic
            | TokenEndpointAuthMethod::ClientSecretPost
            | TokenEndpointAuthMethod::PrivateKeyJwt
            | TokenEndpointAuthMethod::ClientSecretJwt,
            Credentials::None
            | Credentials::Basic(_)
            | Credentials::Post(_)
            | Credentials::Assertion(_),
        ) => Err(ClientAuthError::MethodNotRegistered { registered }),
    }
}

/// The secrets of `client` that count at `now`: two while one replaces the other.
pub fn live_secrets(client: &Client, now: Timestamp) -> impl Iterator<Item = &ClientSecret> {
    client.secrets.iter().filter(move |secret| secret.expires_at.is_none_or(|end| now < end))
}

/// The secret hashes to one of the live ones. Every one is compared, each in constant time.
fn secret_matches(client: &Client, secret: &str, now: Timestamp) -> Result<(), ClientAuthError> {
    let presented = TokenHash::of(TokenKind::ClientSecret, secret);
    let matches = live_secrets(client, now).fold(false, |found, secret| {
        let (one, other) = (secret.hash.as_bytes(), presented.as_bytes());
        aws_lc_rs::constant_time::verify_slices_are_equal(one, other).is_ok() | found
    });
    if matches { Ok(()) } else { Err(ClientAuthError::WrongSecret) }
}

#[cfg(test)]
mod tests;
