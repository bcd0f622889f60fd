//! How an API is set up: which issuer, which audience, and what may be remembered for how long.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use url::Url;

use super::{
    Validator,
    clock::SystemClock,
    fetch::{Fetch, HttpFetch, IssuerUrl},
    introspection::Introspection,
    issuer::KnownIssuer,
    validator::{Inner, Revocation},
};
use crate::{
    protocol::jose::Alg,
    types::{Scope, Secret, time::Clock},
};

/// The longest leeway that can be set.
pub const LONGEST_LEEWAY: Duration = Duration::from_mins(1);
/// The longest time that an answer of introspection can be remembered.
pub const LONGEST_INTROSPECTION_CACHE: Duration = Duration::from_mins(1);

/// Why an API cannot be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// RFC 8414 §2.
    #[error("the issuer must be an https URL without query and fragment; http is for localhost")]
    Issuer,
    /// RFC 8707 §2.
    #[error("the audience must be an absolute URI without fragment, query, quotes and spaces")]
    Audience,
    /// Shared secrets cannot be published as keys, and an empty list would let nothing pass.
    #[error("the algorithms must be one or more, none of them with a shared secret")]
    Algorithms,
    /// See [`LONGEST_LEEWAY`].
    #[error("the leeway is one minute at most")]
    Leeway,
    /// See [`LONGEST_INTROSPECTION_CACHE`].
    #[error("an answer of introspection is remembered for one minute at most")]
    IntrospectionCache,
    /// Every token is to be asked about, and nobody to ask with.
    #[error("to ask about every token, set up introspection")]
    Introspection,
    /// RFC 9728 §1.2, §3.
    #[error("metadata is served for an audience that is an https URL; http is for localhost")]
    NotServable,
    /// A permission is one token of a scope. RFC 6749 §3.3.
    #[error("a permission is one word without spaces and quotes")]
    Permission,
    /// The machine has no certificates to trust.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// The settings of an API, from [`Validator::for_api`] to [`Builder::build`].
#[derive(Debug)]
pub struct Builder {
    issuer: String,
    audience: String,
    name: Option<String>,
    permissions: Vec<String>,
    algs: Vec<Alg>,
    leeway: Duration,
    stale_keys: Duration,
    verified_tokens: u64,
    client: Option<(String, Secret<String>)>,
    introspection_cache: (Duration, u64),
    revocation: Revocation,
    fetch: Option<Arc<dyn Fetch>>,
    clock: Option<Arc<dyn Clock>>,
}

impl Builder {
    pub(super) fn new(issuer: &str, audience: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            name: None,
            permissions: Vec::new(),
            algs: Alg::ASYMMETRIC.to_vec(),
            leeway: Duration::ZERO,
            stale_keys: Duration::from_hours(24),
            verified_tokens: 4_096,
            client: None,
            introspection_cache: (Duration::from_secs(5), 4_096),
            revocation: Revocation::AtExpiry,
            fetch: None,
            clock: None,
        }
    }

    /// The name of the API for people (`resource_name`, RFC 9728 §2).
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }

    /// The permissions that the API knows (`scopes_supported`, RFC 9728 §2). For its metadata alone:
    /// what a route needs is said at the route.
    #[must_use]
    pub fn permissions<'a>(self, permissions: impl IntoIterator<Item = &'a str>) -> Self {
        Self { permissions: permissions.into_iter().map(str::to_owned).collect(), ..self }
    }

    /// The algorithms that the issuer signs access tokens with; any that has a key pair, by default.
    #[must_use]
    pub fn algorithms(self, algs: &[Alg]) -> Self {
        Self { algs: algs.to_vec(), ..self }
    }

    /// How long after `exp` a token still counts, for clocks that differ: none by default,
    /// [`LONGEST_LEEWAY`] at most. `nbf` and `iat` may always lie a minute ahead.
    #[must_use]
    pub fn leeway(self, leeway: Duration) -> Self {
        Self { leeway, ..self }
    }

    /// How long keys are used past their `max-age` when the issuer is away: 24 hours by default. A key
    /// that the issuer took back meanwhile works on for as long as this.
    #[must_use]
    pub fn stale_keys(self, time: Duration) -> Self {
        Self { stale_keys: time, ..self }
    }

    /// How many JWTs are remembered as verified, until they end or the keys are read anew: 4,096 by
    /// default; none with 0.
    #[must_use]
    pub fn verified_tokens(self, entries: u64) -> Self {
        Self { verified_tokens: entries, ..self }
    }

    /// The client that this API is to the issuer: for API keys and opaque tokens, which are refused
    /// without it. It authenticates with its secret (`client_secret_basic`).
    #[must_use]
    pub fn introspection(self, client_id: &str, client_secret: Secret<String>) -> Self {
        Self { client: Some((client_id.to_owned(), client_secret)), ..self }
    }

    /// How long, and how many, positive answers of introspection are remembered: 5 seconds and 4,096 by
    /// default, [`LONGEST_INTROSPECTION_CACHE`] at most. A revoked token works on for as long as this;
    /// with zero none is remembered.
    #[must_use]
    pub fn introspection_cache(self, time: Duration, entries: u64) -> Self {
        Self { introspection_cache: (time, entries), ..self }
    }

    /// Asks the issuer about JWTs as well, so that a revoked one is dead at once (or after what
    /// [`introspection_cache`](Self::introspection_cache) says) instead of at its end.
    #[must_use]
    pub fn strict(self) -> Self {
        Self { revocation: Revocation::AtOnce, ..self }
    }

    /// Another way to the issuer than [`HttpFetch`]: an HTTP client with settings of one's own, or a
    /// router in a test.
    #[must_use]
    pub fn fetch(self, fetch: impl Fetch) -> Self {
        Self { fetch: Some(Arc::new(fetch)), ..self }
    }

    /// Another clock than that of the machine.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock: Some(clock), ..self }
    }

    /// The API. Nothing is fetched yet: an issuer that is away does not keep an API from starting.
    ///
    /// # Errors
    /// [`ConfigError`] names the setting that cannot be.
    pub fn build(self) -> Result<Validator, ConfigError> {
        let url = IssuerUrl::parse(&self.issuer)?;
        check_audience(&self.audience)?;
        if self.algs.is_empty() || self.algs.iter().any(|alg| alg.is_symmetric()) {
            return Err(ConfigError::Algorithms);
        }
        if self.leeway > LONGEST_LEEWAY {
            return Err(ConfigError::Leeway);
        }
        let one_word = |name: &String| Scope::parse(name).is_ok_and(|s| s.contains(name));
        if !self.permissions.iter().all(one_word) {
            return Err(ConfigError::Permission);
        }
        let introspection = introspection(self.client, self.introspection_cache, self.revocation)?;
        let fetch = match self.fetch {
            Some(fetch) => fetch,
            None => Arc::new(HttpFetch::new(&url)?),
        };
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock::start()));
        let (algs, stale) = (self.algs.clone(), self.stale_keys);
        let issuer = KnownIssuer::new(url, algs, fetch, Arc::clone(&clock), stale);
        Ok(Validator::of(Inner {
            issuer: Arc::new(issuer),
            realm: self.audience.as_str().into(),
            audience: self.audience,
            name: self.name,
            permissions: self.permissions,
            algs: self.algs,
            leeway: self.leeway,
            revocation: self.revocation,
            introspection,
            verified: (self.verified_tokens > 0).then(|| Cache::new(self.verified_tokens)),
            served_at: std::sync::OnceLock::new(),
            clock,
        }))
    }
}

/// The audience stands in challenges, too: it has no quotes and no control characters.
fn check_audience(audience: &str) -> Result<(), ConfigError> {
    let url = Url::parse(audience).map_err(|_| ConfigError::Audience)?;
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    let bare = url.fragment().is_none() && url.query().is_none();
    if bare && audience.bytes().all(plain) { Ok(()) } else { Err(ConfigError::Audience) }
}

fn introspection(
    client: Option<(String, Secret<String>)>,
    (time, entries): (Duration, u64),
    revocation: Revocation,
) -> Result<Option<Introspection>, ConfigError> {
    if time > LONGEST_INTROSPECTION_CACHE {
        return Err(ConfigError::IntrospectionCache);
    }
    match (client, revocation) {
        (Some((id, secret)), _) => Ok(Some(Introspection::new(id, secret, time, entries))),
        (None, Revocation::AtOnce) => Err(ConfigError::Introspection),
        (None, Revocation::AtExpiry) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api() -> Builder {
        Builder::new("https://id.example", "https://notes.example/api")
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (builder, error) in [
            (Builder::new("http://id.example", "https://notes.example"), ConfigError::Issuer),
            (Builder::new("https://id.example", "notes"), ConfigError::Audience),
            (Builder::new("https://id.example", "https://notes.example#a"), ConfigError::Audience),
            (Builder::new("https://id.example", "https://notes.example/\""), ConfigError::Audience),
            (api().algorithms(&[]), ConfigError::Algorithms),
            (api().algorithms(&[Alg::ES256, Alg::HS256]), ConfigError::Algorithms),
            (api().leeway(Duration::from_secs(61)), ConfigError::Leeway),
            (api().permissions(["a b"]), ConfigError::Permission),
            (api().permissions([""]), ConfigError::Permission),
            (api().strict(), ConfigError::Introspection),
            (
                api().introspection_cache(Duration::from_secs(61), 1),
                ConfigError::IntrospectionCache,
            ),
        ] {
            assert_eq!(builder.build().unwrap_err(), error);
        }
    }

    #[test]
    fn no_secret_is_shown() {
        let builder = api().introspection("notes-api", Secret::new("hunter2".to_owned()));
        assert!(!format!("{builder:?}").contains("hunter2"));
    }
}
