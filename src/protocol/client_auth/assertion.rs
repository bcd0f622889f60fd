//! Client assertions: `private_key_jwt` and `client_secret_jwt`. RFC 7523 §3, OIDC Core §9.
//!
//! The audience is the issuer or the token endpoint, alone: as a string, or as an array of just that
//! value. An array with further values would make the assertion good for another server as well.

use std::{sync::Arc, time::Duration};

use zeroize::Zeroizing;

use super::{AssertionError, AuthPolicy, Authenticated, ClientAuthError};
use crate::{
    protocol::{
        client::Client,
        jose::{
            Alg, Audience, Claims, Expiry, FUTURE_LEEWAY, JwtError, JwtKeys, JwtRules, Typ, verify,
        },
        metadata::path,
    },
    types::{Redeemed, Timestamp, TokenHash, epoch::DatabaseEpoch, token::TokenKind},
};

/// The longest that an assertion may still live, beside the leeway for a fast clock.
const MAX_LIFETIME: Duration = Duration::from_mins(10);
/// The longest `jti`, in bytes.
const MAX_JTI: usize = 256;

/// One use of one assertion: what the store remembers until the assertion has expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssertionUse {
    /// The hash of `client_id` and `jti`.
    pub hash: TokenHash,
    /// The `exp` of the assertion. From then on it is refused anyway.
    pub expires_at: Timestamp,
}

/// An assertion in order, whose `jti` must still be redeemed.
#[derive(Debug)]
pub struct PendingAssertion {
    client: Arc<Client>,
    single_use: AssertionUse,
}

impl PendingAssertion {
    /// What to redeem.
    #[must_use]
    pub const fn single_use(&self) -> &AssertionUse {
        &self.single_use
    }

    /// The client is authenticated, since this was the first use. RFC 7523 §3 item 7.
    ///
    /// # Errors
    /// [`AssertionError::Replayed`] when the receipt is for another assertion.
    pub fn complete(
        self,
        receipt: &Redeemed<AssertionUse>,
    ) -> Result<Authenticated, ClientAuthError> {
        if *receipt.taken() == self.single_use {
            Ok(Authenticated { client: self.client })
        } else {
            Err(AssertionError::Replayed.into())
        }
    }
}

/// `private_key_jwt`: signed with one of the registered keys.
pub(super) fn signed_by_key(
    client: &Arc<Client>,
    assertion: &str,
    policy: &AuthPolicy<'_>,
    now: Timestamp,
) -> Result<PendingAssertion, ClientAuthError> {
    let keys = client.metadata.jwks.as_ref().ok_or(AssertionError::NoKeys)?;
    let keys = JwtKeys::Registered(keys);
    check(client, assertion, (&Alg::ASYMMETRIC, keys), policy, now)
}

/// `client_secret_jwt`: authenticated with one of the live secrets.
pub(super) fn signed_by_secret(
    client: &Arc<Client>,
    assertion: &str,
    secrets: &[Zeroizing<Vec<u8>>],
    policy: &AuthPolicy<'_>,
    now: Timestamp,
) -> Result<PendingAssertion, ClientAuthError> {
    let secrets: Vec<&[u8]> = secrets.iter().map(|secret| secret.as_slice()).collect();
    check(client, assertion, (&Alg::SYMMETRIC, JwtKeys::Shared(&secrets)), policy, now)
}

/// The rules that both methods share. `algs` and keys belong together: they are those of the method.
fn check(
    client: &Arc<Client>,
    assertion: &str,
    (algs, keys): (&[Alg], JwtKeys<'_>),
    policy: &AuthPolicy<'_>,
    now: Timestamp,
) -> Result<PendingAssertion, ClientAuthError> {
    let pinned = client.metadata.token_endpoint_auth_signing_alg;
    let algs: Vec<Alg> =
        algs.iter().copied().filter(|alg| pinned.is_none_or(|pinned| pinned == *alg)).collect();
    let rules = JwtRules {
        algs: &algs,
        typ: Typ::AbsentOr(&["JWT", "client-authentication+jwt"]),
        expiry: Expiry::Ahead,
        issuer: client.id.as_str(),
    };
    let claims = verify(assertion, &rules, keys, now)?.claims;
    let single_use = claims_are_right(client, &claims, policy, now)?;
    Ok(PendingAssertion { client: Arc::clone(client), single_use })
}

/// `sub`, `aud`, `exp` and `jti`. RFC 7523 §3 items 2 to 4 and 7; OIDC Core §9.
fn claims_are_right(
    client: &Client,
    claims: &Claims,
    policy: &AuthPolicy<'_>,
    now: Timestamp,
) -> Result<AssertionUse, AssertionError> {
    let id = client.id.as_str();
    if claims.sub.as_deref().ok_or(JwtError::Missing("sub"))? != id {
        return Err(AssertionError::Subject);
    }
    let audience = claims.aud.as_ref().ok_or(JwtError::Missing("aud"))?;
    let token_endpoint = policy.issuer.at(path::TOKEN);
    let ours = |aud: &str| aud == policy.issuer.as_str() || aud == token_endpoint;
    if !Audience::only(audience).is_some_and(ours) {
        return Err(AssertionError::Audience);
    }
    let expires_at = claims.exp.ok_or(JwtError::Missing("exp"))?;
    if expires_at > now.plus(MAX_LIFETIME).plus(FUTURE_LEEWAY) {
        return Err(AssertionError::TooLongLived);
    }
    let jti = claims.jti.as_deref().ok_or(JwtError::Missing("jti"))?;
    if !(1..=MAX_JTI).contains(&jti.len()) {
        return Err(AssertionError::Jti);
    }
    if may_be_of_an_earlier_epoch(claims.iat, expires_at, policy.epoch) {
        return Err(AssertionError::BeforeEpoch);
    }
    let parts = [id.as_bytes(), jti.as_bytes()];
    Ok(AssertionUse { hash: TokenHash::of_parts(TokenKind::ClientAssertion, &parts), expires_at })
}

/// The uses of assertions between a backup and its restore are not remembered, so an assertion of that
/// time is refused. One without `iat` is of that time when it could have been accepted then.
fn may_be_of_an_earlier_epoch(
    issued_at: Option<Timestamp>,
    expires_at: Timestamp,
    epoch: DatabaseEpoch,
) -> bool {
    let earliest_use = expires_at.minus(MAX_LIFETIME).minus(FUTURE_LEEWAY);
    epoch.is_after(issued_at.unwrap_or(earliest_use))
}
