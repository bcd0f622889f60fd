//! The id under which the logs, the audit events and the answers speak of one request.

use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

use crate::types::random::{self, Random};
use crate::types::time::Timestamp;

/// Carries the id in every answer, and in requests from trusted proxies.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The client's own id of the exchange. FAPI 1.0 Baseline §6.2.1 (11).
pub const X_FAPI_INTERACTION_ID: HeaderName = HeaderName::from_static("x-fapi-interaction-id");

/// Whether the sender of a request may name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// A trusted proxy: its id is kept, so that one id runs through all logs.
    Trusted,
    /// Anybody: the id is ours.
    Untrusted,
}

/// Where ids come from.
///
/// They are no secrets: a server draws random bits once, and counts on from there (RFC 9562 §6.2,
/// method 2), so that a request costs no random bytes.
#[derive(Debug)]
pub struct RequestIds {
    start: [u8; 10],
    count: AtomicU64,
}

impl RequestIds {
    /// Draws the random bits.
    #[must_use]
    pub fn begin(random: &dyn Random) -> Self {
        Self { start: random::bytes(random), count: AtomicU64::new(0) }
    }

    /// The id of a request: the trusted proxy's if it is short and plain, else a new UUIDv7.
    #[must_use]
    pub fn of(&self, headers: &HeaderMap, naming: Naming, now: Timestamp) -> String {
        let given = match naming {
            Naming::Trusted => headers.get(X_REQUEST_ID).and_then(|value| value.to_str().ok()),
            Naming::Untrusted => None,
        };
        given.filter(|id| is_plain(id)).map_or_else(|| self.next(now), str::to_owned)
    }

    /// A new UUIDv7 (RFC 9562 §5.7).
    fn next(&self, now: Timestamp) -> String {
        let millis = u64::try_from(now.unix()).unwrap_or(0).saturating_mul(1_000);
        let [a, b, low @ ..] = self.start;
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let mut bits = [0; 10];
        let (head, tail) = bits.split_at_mut(2);
        head.copy_from_slice(&[a, b]);
        tail.copy_from_slice(&u64::from_be_bytes(low).wrapping_add(count).to_be_bytes());
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &bits);
        id.into_uuid().hyphenated().to_string()
    }
}

/// The interaction id to send back: the one that came, if it is a UUID.
#[must_use]
pub fn interaction_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let value = headers.get(X_FAPI_INTERACTION_ID)?;
    Uuid::try_parse_ascii(value.as_bytes()).ok().map(|_| value.clone())
}

/// Safe in any log: 1 to 64 letters, digits, dots, underscores and hyphens.
fn is_plain(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=64).contains(&id.len()) && id.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Zeros;

    impl Random for Zeros {
        fn fill(&self, out: &mut [u8]) {
            out.fill(0);
        }
    }

    fn id(given: &str, naming: Naming) -> String {
        let headers = HeaderMap::from_iter([(X_REQUEST_ID, given.parse().unwrap())]);
        RequestIds::begin(&Zeros).of(&headers, naming, Timestamp::from_unix(1_000))
    }

    #[test]
    fn no_two_requests_have_one_id() {
        let ids = RequestIds::begin(&Zeros);
        let next = || ids.of(&HeaderMap::new(), Naming::Untrusted, Timestamp::from_unix(1_000));
        assert_eq!(next(), "0000000f-4240-7000-8000-000000000000");
        assert_eq!(next(), "0000000f-4240-7000-8000-000000000001");
    }

    #[test]
    fn only_a_trusted_proxy_names_a_request() {
        let ours = id("mine", Naming::Untrusted);
        assert_eq!(Uuid::parse_str(&ours).unwrap().get_version_num(), 7);
        assert_eq!(id("mine", Naming::Trusted), "mine");
        for bad in ["", "a b", "a\"b", "ä", &"x".repeat(65)] {
            assert_eq!(id(bad, Naming::Trusted), ours, "{bad}");
        }
    }

    #[test]
    fn an_interaction_id_is_a_uuid() {
        let echo = |text: &str| {
            interaction_id(&HeaderMap::from_iter([(X_FAPI_INTERACTION_ID, text.parse().unwrap())]))
        };
        assert!(echo("c770aef3-6784-41f7-8e0e-ff5f97bddb3a").is_some());
        assert!(echo("<script>").is_none());
        assert!(interaction_id(&HeaderMap::new()).is_none());
    }
}
