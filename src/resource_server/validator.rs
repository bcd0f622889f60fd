//! The check of a token: a JWT offline (RFC 9068 §4), anything else by introspection (RFC 7662).

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use http::request::Parts;
use moka::sync::Cache;

use super::{
    builder::Builder,
    challenge::{Refusal, Rejection},
    client_address,
    introspection::{Expected, Introspection, Question, alive},
    issuer::{Away, KnownIssuer, Published},
    presented::Credential,
    token::{AccessToken, TokenError},
};
use crate::{
    protocol::jose::{Alg, Expiry, JwtError, JwtKeys, JwtRules, Typ, verify},
    types::{Secret, api_key::is_well_formed, digest::sha256, time::Clock},
};

/// One API: knows its issuer and its audience, and checks what is presented to it.
///
/// It is made once, is cheap to clone, and goes into the state of the router; the extractors find it
/// there. An API whose state holds more implements `FromRef` for it.
#[derive(Debug, Clone)]
pub struct Validator(Arc<Inner>);

/// What an API is made of.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) issuer: Arc<KnownIssuer>,
    pub(super) audience: String,
    pub(super) realm: Arc<str>,
    pub(super) name: Option<String>,
    pub(super) permissions: Vec<String>,
    pub(super) algs: Vec<Alg>,
    pub(super) leeway: Duration,
    pub(super) revocation: Revocation,
    pub(super) introspection: Option<Introspection>,
    /// Verified JWTs by their hash.
    pub(super) verified: Option<Cache<[u8; 32], Verified>>,
    /// Where the metadata of this API is, once a router serves it.
    pub(super) served_at: OnceLock<Arc<str>>,
    pub(super) clock: Arc<dyn Clock>,
}

/// When a revoked JWT stops working.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Revocation {
    /// When it would have ended.
    AtExpiry,
    /// As soon as the issuer is asked.
    AtOnce,
}

/// A JWT that was verified.
#[derive(Debug, Clone)]
pub(super) struct Verified {
    token: AccessToken,
    /// With which edition of the keys: after the next reading it is verified again.
    edition: u64,
}

/// What a request was found to present, kept for the next extractor of the same API.
#[derive(Debug, Clone)]
struct Checked {
    by: Validator,
    token: AccessToken,
}

impl Validator {
    /// An API that takes tokens of `issuer` for `audience`: both exactly as they stand in the tokens.
    #[must_use]
    pub fn for_api(issuer: &str, audience: &str) -> Builder {
        Builder::new(issuer, audience)
    }

    pub(super) fn of(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.0
    }

    /// The issuer identifier.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.0.issuer.url.as_str()
    }

    /// The audience of its tokens: the resource identifier of RFC 8707.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.0.audience
    }

    /// Checks what a request presents. The extractors and layers call it; so may a middleware of one's
    /// own. A second call for the same request costs nothing.
    ///
    /// # Errors
    /// A [`Rejection`], ready to be sent.
    pub async fn authenticate(&self, parts: &mut Parts) -> Result<AccessToken, Rejection> {
        let checked = parts.extensions.get::<Checked>();
        if let Some(checked) = checked.filter(|checked| Arc::ptr_eq(&checked.by.0, &self.0)) {
            return Ok(checked.token.clone());
        }
        let outcome = match Credential::of_request(parts) {
            Ok(credential) => self.decide(&credential, client_address::of_request(parts)).await,
            Err(refusal) => Err(refusal),
        };
        let token = outcome.map_err(|refusal| self.rejection(refusal))?;
        parts.extensions.insert(Checked { by: self.clone(), token: token.clone() });
        Ok(token)
    }

    /// Checks a token, wherever it came from: a JWT, an opaque token or an API key. An API key that is
    /// bound to addresses is refused: see [`check_from`](Self::check_from).
    ///
    /// # Errors
    /// [`Refusal::InvalidToken`], or [`Refusal::Unavailable`] when that cannot be known.
    pub async fn check(&self, token: &str) -> Result<AccessToken, Refusal> {
        self.decide(&Credential::of(Secret::new(token.to_owned())), None).await
    }

    /// Checks a token that was presented by a caller at `address`.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub async fn check_from(&self, token: &str, address: IpAddr) -> Result<AccessToken, Refusal> {
        self.decide(&Credential::of(Secret::new(token.to_owned())), Some(address)).await
    }

    /// The answer of this API to a refusal.
    #[must_use]
    pub fn rejection(&self, refusal: Refusal) -> Rejection {
        let Inner { realm, served_at, .. } = self.inner();
        Rejection { refusal, realm: Arc::clone(realm), resource_metadata: served_at.get().cloned() }
    }

    async fn decide(
        &self,
        credential: &Credential,
        address: Option<IpAddr>,
    ) -> Result<AccessToken, Refusal> {
        let outcome = match credential {
            Credential::Jwt(token) => self.of_jwt(token.expose()).await,
            Credential::Opaque(token) => {
                let address = address.filter(|_| is_well_formed(token.expose()));
                self.of_issuer(Question { token: token.expose(), address }).await
            }
        };
        if let Err(Refusal::InvalidToken(error)) = &outcome {
            tracing::debug!(%error, "an access token was refused");
        }
        outcome
    }

    /// A JWT is checked offline, and then asked about when revocation is to count at once.
    async fn of_jwt(&self, token: &str) -> Result<AccessToken, Refusal> {
        let offline = self.offline(token).await?;
        match self.inner().revocation {
            Revocation::AtExpiry => Ok(offline),
            Revocation::AtOnce => self.of_issuer(Question { token, address: None }).await,
        }
    }

    async fn offline(&self, token: &str) -> Result<AccessToken, Refusal> {
        let Inner { issuer, verified, leeway, clock, .. } = self.inner();
        let published = issuer.published().await?;
        let hash = verified.as_ref().map(|_| sha256(token.as_bytes()));
        let known = verified.as_ref().zip(hash).and_then(|(cache, hash)| cache.get(&hash));
        if let Some(known) = known.filter(|known| known.edition == published.edition) {
            let over = TokenError::Jwt(JwtError::Expired).into();
            return if alive(&known.token, *leeway, clock.now()) {
                Ok(known.token)
            } else {
                Err(over)
            };
        }
        let (facts, edition) = match self.verify(token, &published) {
            Err(TokenError::Jwt(JwtError::UnknownKey)) => {
                let newer = issuer.published_after(&published).await?;
                let newer = newer.ok_or(TokenError::Jwt(JwtError::UnknownKey))?;
                (self.verify(token, &newer)?, newer.edition)
            }
            outcome => (outcome?, published.edition),
        };
        if let Some((cache, hash)) = verified.as_ref().zip(hash) {
            cache.insert(hash, Verified { token: facts.clone(), edition });
        }
        Ok(facts)
    }

    /// RFC 9068 §4: `typ`, `alg`, signature, `iss`, `aud`, `exp`; and `nbf` and `iat` as far as they lie
    /// ahead.
    fn verify(&self, token: &str, published: &Published) -> Result<AccessToken, TokenError> {
        let rules = JwtRules {
            algs: &self.inner().algs,
            typ: Typ::Exactly("at+jwt"),
            expiry: Expiry::Leeway(self.inner().leeway),
            issuer: self.issuer(),
        };
        let now = self.inner().clock.now();
        let claims = verify(token, &rules, JwtKeys::Issuer(&published.keys), now)?.claims;
        AccessToken::of_jwt(claims, self.audience())
    }

    /// Asks the issuer, or remembers what it said a moment ago.
    async fn of_issuer(&self, question: Question<'_>) -> Result<AccessToken, Refusal> {
        let Inner { issuer, introspection, leeway, clock, .. } = self.inner();
        let introspection = introspection.as_ref().ok_or(TokenError::NotAJwt)?;
        let (issuer_url, audience) = (self.issuer(), self.audience());
        let expected = Expected { issuer: issuer_url, audience, leeway: *leeway };
        if let Some(token) = introspection.remembered(question, expected, &**clock) {
            return Ok(token);
        }
        let published = issuer.published().await?;
        let Some(endpoint) = &published.introspection_endpoint else {
            tracing::error!(issuer = issuer_url, "the issuer has no introspection endpoint");
            return Err(TokenError::NotAJwt.into());
        };
        introspection.ask(question, endpoint, &issuer.fetch, expected, &**clock).await
    }
}

impl From<Away> for Refusal {
    fn from(away: Away) -> Self {
        Self::Unavailable(away.retry_after)
    }
}
