//! What the issuer published: where it answers, and its keys. RFC 8414 §3, OIDC Discovery §4, RFC 7517 §5.
//!
//! | what happens | what is done |
//! |---|---|
//! | the keys are younger than the `max-age` of their answer (1 minute to 1 hour; 15 minutes when it has none) | they are used |
//! | they are older | one request reads them anew; all others use what there is meanwhile |
//! | the issuer is away | the old keys are used for as long as [`stale_keys`](super::Builder::stale_keys) says, and the issuer is asked once a minute |
//! | there are none, or they are too old | nobody passes (503), and the issuer is asked every 5 seconds |
//! | a token names a key that is not there | they are read anew, at most once a minute, and all such tokens wait for that one answer |

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use http::{Request, StatusCode, header};
use serde::Deserialize;
use tokio::sync::{Mutex, OwnedMutexGuard};
use url::Url;

use super::fetch::{Fetch, IssuerUrl, MAX_ANSWER_BYTES, Unreachable};
use crate::{
    protocol::jose::{Alg, JwkSet, VerifyingKeys},
    types::time::Clock,
};

/// At most one reading in this time because a token names an unknown key.
pub const UNKNOWN_KEY_PAUSE: Duration = Duration::from_mins(1);
/// How long the keys are good when their answer does not say.
const DEFAULT_MAX_AGE: Duration = Duration::from_mins(15);
const SHORTEST_MAX_AGE: Duration = Duration::from_mins(1);
const LONGEST_MAX_AGE: Duration = Duration::from_hours(1);
/// The pause after a failure while old keys serve.
const PAUSE_WITH_KEYS: Duration = Duration::from_mins(1);
/// The pause after a failure while nobody passes.
const PAUSE_WITHOUT_KEYS: Duration = Duration::from_secs(5);

/// The issuer as this API knows it.
#[derive(Debug)]
pub(super) struct KnownIssuer {
    pub(super) url: IssuerUrl,
    pub(super) fetch: Arc<dyn Fetch>,
    algs: Vec<Alg>,
    clock: Arc<dyn Clock>,
    stale_for: Duration,
    published: ArcSwapOption<Published>,
    /// Whoever holds this is the one who asks.
    attempts: Arc<Mutex<Attempts>>,
}

/// What was read in one go.
#[derive(Debug)]
pub(super) struct Published {
    /// The keys for tokens.
    pub(super) keys: VerifyingKeys,
    /// Where to ask about a token, if the issuer says so.
    pub(super) introspection_endpoint: Option<Url>,
    /// Which reading this is.
    pub(super) edition: u64,
    read_at: Duration,
    max_age: Duration,
}

/// When the issuer was asked. Moments are uptimes of the clock.
#[derive(Debug, Default)]
struct Attempts {
    failed_at: Option<Duration>,
    unknown_key_at: Option<Duration>,
    editions: u64,
}

/// The issuer cannot be had, and nothing that it said before is good any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Away {
    /// When to try again.
    pub(super) retry_after: Duration,
}

/// The members that an API needs. RFC 8414 §2.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: Option<String>,
    introspection_endpoint: Option<String>,
}

impl KnownIssuer {
    pub(super) fn new(
        url: IssuerUrl,
        algs: Vec<Alg>,
        fetch: Arc<dyn Fetch>,
        clock: Arc<dyn Clock>,
        stale_for: Duration,
    ) -> Self {
        let (published, attempts) = (ArcSwapOption::empty(), Arc::default());
        Self { url, fetch, algs, clock, stale_for, published, attempts }
    }

    /// What the issuer published, read anew when it is due.
    pub(super) async fn published(self: &Arc<Self>) -> Result<Arc<Published>, Away> {
        let now = self.clock.uptime();
        let known = self.published.load_full();
        match known.filter(|known| now < known.read_at + known.max_age + self.stale_for) {
            Some(known) if now < known.read_at + known.max_age => Ok(known),
            // One asks, and the others go on with what there is.
            Some(known) => match Arc::clone(&self.attempts).try_lock_owned() {
                Ok(attempts) => Ok(self.renew(attempts, PAUSE_WITH_KEYS).await.unwrap_or(known)),
                Err(_) => Ok(known),
            },
            None => {
                let attempts = Arc::clone(&self.attempts).lock_owned().await;
                self.renew(attempts, PAUSE_WITHOUT_KEYS).await
            }
        }
    }

    /// What the issuer published after `seen`, which lacks the key of a token; `None` when it would be
    /// asked too often, and did answer the last time.
    pub(super) async fn published_after(
        self: &Arc<Self>,
        seen: &Published,
    ) -> Result<Option<Arc<Published>>, Away> {
        let mut attempts = Arc::clone(&self.attempts).lock_owned().await;
        let known = self.published.load_full();
        if let Some(newer) = known.filter(|known| known.edition != seen.edition) {
            return Ok(Some(newer));
        }
        let now = self.clock.uptime();
        let pause = attempts.unknown_key_at.map(|at| (at + UNKNOWN_KEY_PAUSE).saturating_sub(now));
        match pause.filter(|pause| !pause.is_zero()) {
            // The last answer is still missing: the key may well be a good one.
            Some(pause) if attempts.failed_at.is_some() => Err(Away { retry_after: pause }),
            Some(_) => Ok(None),
            None => {
                attempts.unknown_key_at = Some(now);
                self.read_into(attempts, UNKNOWN_KEY_PAUSE).await.map(Some)
            }
        }
    }

    /// Reads anew, unless another one just did, or the last failure was a moment ago.
    async fn renew(
        self: &Arc<Self>,
        attempts: OwnedMutexGuard<Attempts>,
        pause: Duration,
    ) -> Result<Arc<Published>, Away> {
        let now = self.clock.uptime();
        let known = self.published.load_full();
        if let Some(known) = known.filter(|known| now < known.read_at + known.max_age) {
            return Ok(known);
        }
        let rest = attempts.failed_at.map(|at| (at + pause).saturating_sub(now));
        match rest.filter(|rest| !rest.is_zero()) {
            Some(rest) => Err(Away { retry_after: rest }),
            None => self.read_into(attempts, pause).await,
        }
    }

    /// Reads in a task of its own: a caller who hangs up does not keep the keys from everybody else.
    async fn read_into(
        self: &Arc<Self>,
        mut attempts: OwnedMutexGuard<Attempts>,
        pause: Duration,
    ) -> Result<Arc<Published>, Away> {
        let known = Arc::clone(self);
        let reading = tokio::spawn(async move {
            attempts.failed_at = Some(known.clock.uptime());
            let published = Arc::new(known.read(attempts.editions + 1).await?);
            attempts.failed_at = None;
            attempts.editions = published.edition;
            known.published.store(Some(Arc::clone(&published)));
            Ok(published)
        });
        let outcome = reading.await.unwrap_or_else(|error| Err(Unreachable(error.to_string())));
        outcome.map_err(|error: Unreachable| {
            let issuer = self.url.as_str();
            tracing::warn!(issuer, %error, "the keys of the issuer could not be read");
            Away { retry_after: pause }
        })
    }

    async fn read(&self, edition: u64) -> Result<Published, Unreachable> {
        let metadata = self.metadata().await?;
        // RFC 8414 §3.3: identical, or nothing of it may be used.
        if metadata.issuer != self.url.as_str() {
            return Err(Unreachable("the metadata is of another issuer".to_owned()));
        }
        let address = |address: &str| {
            let fits = self.url.allowed(address);
            fits.ok_or_else(|| Unreachable("the metadata names an address without TLS".to_owned()))
        };
        let introspection_endpoint =
            metadata.introspection_endpoint.as_deref().map(address).transpose()?;
        let (keys, max_age) = match metadata.jwks_uri.as_deref() {
            Some(jwks_uri) => self.keys(&address(jwks_uri)?).await?,
            None => (VerifyingKeys::default(), DEFAULT_MAX_AGE),
        };
        let read_at = self.clock.uptime();
        Ok(Published { keys, introspection_endpoint, edition, read_at, max_age })
    }

    /// The metadata, wherever it is. RFC 8414 §3.1.
    async fn metadata(&self) -> Result<Metadata, Unreachable> {
        let [first, second] = self.url.metadata_urls();
        let answer = match self.document(&first).await? {
            answer if answer.status() == StatusCode::NOT_FOUND => self.document(&second).await?,
            answer => answer,
        };
        let body = ok(&answer)?;
        serde_json::from_slice(body)
            .map_err(|_| Unreachable("the metadata is malformed".to_owned()))
    }

    async fn keys(&self, jwks_uri: &Url) -> Result<(VerifyingKeys, Duration), Unreachable> {
        let answer = self.document(jwks_uri).await?;
        let text = std::str::from_utf8(ok(&answer)?)
            .map_err(|_| Unreachable("the JWK Set is no text".to_owned()))?;
        let set = JwkSet::parse(text).map_err(|error| Unreachable(error.to_string()))?;
        let control = answer.headers().get(header::CACHE_CONTROL);
        let control = control.and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok((VerifyingKeys::of_set(&set, &self.algs), max_age(control)))
    }

    async fn document(&self, url: &Url) -> Result<http::Response<Vec<u8>>, Unreachable> {
        let request = Request::get(url.as_str())
            .header(header::ACCEPT, "application/json")
            .body(String::new())
            .map_err(|error| Unreachable(error.to_string()))?;
        self.fetch.fetch(request).await
    }
}

/// The body of an answer that is a success and short enough.
pub(super) fn ok(answer: &http::Response<Vec<u8>>) -> Result<&[u8], Unreachable> {
    if answer.status() != StatusCode::OK {
        return Err(Unreachable(format!("the answer has the status {}", answer.status().as_u16())));
    }
    if answer.body().len() > MAX_ANSWER_BYTES {
        return Err(Unreachable("the answer is longer than 512 KiB".to_owned()));
    }
    Ok(answer.body())
}

/// How long an answer is good, from its `Cache-Control` (RFC 9111 §5.2.2), within our bounds.
fn max_age(control: &str) -> Duration {
    let directives = control.split(',').map(|directive| directive.trim().to_ascii_lowercase());
    let mut age = DEFAULT_MAX_AGE;
    for directive in directives {
        if directive == "no-store" || directive == "no-cache" {
            return SHORTEST_MAX_AGE;
        }
        if let Some(seconds) = directive.strip_prefix("max-age=").and_then(|s| s.parse().ok()) {
            age = Duration::from_secs(seconds);
        }
    }
    age.clamp(SHORTEST_MAX_AGE, LONGEST_MAX_AGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9111 §5.2.2.1.
    #[test]
    fn the_keys_are_good_for_their_max_age_within_bounds() {
        for (control, seconds) in [
            ("", 900),
            ("public, max-age=600", 600),
            ("Max-Age=600", 600),
            ("max-age=1", 60),
            ("max-age=0", 60),
            ("no-store", 60),
            ("max-age=600, no-cache", 60),
            ("max-age=31536000", 3_600),
            ("max-age=soon", 900),
        ] {
            assert_eq!(max_age(control), Duration::from_secs(seconds), "{control}");
        }
    }
}
