//! API keys: a credential of a user or of a service client for calling APIs, without a sign-in.
//!
//! A key never allows more than its owner may do at the time of use: what is granted is what the key
//! names, less what the owner does not hold (any more).

use std::time::Duration;

use super::AddressList;
use crate::types::{ClientId, Scope, Timestamp, TokenHash, UserId, id::ApiKeyId};

/// Whom a key speaks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A user.
    User(UserId),
    /// A client that acts for itself.
    Client(ClientId),
}

/// An API key. Its text is shown once and kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id, which is part of the text and no secret.
    pub id: ApiKeyId,
    /// Whom it speaks for.
    pub owner: Owner,
    /// The hash of the whole text.
    pub hash: TokenHash,
    /// What the owner calls it.
    pub name: String,
    /// The permissions that it names; and `roles` and `groups`, when APIs shall hear of them.
    pub permissions: Scope,
    /// From where it may be used.
    pub addresses: AddressList,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it dies.
    pub expires_at: Timestamp,
    /// When it was used last, to within seconds.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The key that took its place.
    pub successor: Option<ApiKeyId>,
}

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It counts.
    Live,
    /// It counts still, and has a successor.
    Rotated,
    /// Its time is over.
    Expired,
    /// Somebody revoked it.
    Revoked,
}

impl State {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Rotated => "rotated",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl ApiKey {
    /// The longest name, in characters.
    pub const MAX_NAME: usize = 100;

    /// Whether it counts at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    /// What became of it by `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> State {
        match (self.revoked_at, self.is_live(now), self.successor) {
            (Some(_), _, _) => State::Revoked,
            (None, false, _) => State::Expired,
            (None, true, Some(_)) => State::Rotated,
            (None, true, None) => State::Live,
        }
    }

    /// How long it was made to live.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.expires_at.since(self.created_at)
    }

    /// Whether `text` can be the name of a key: seen, and not too long.
    #[must_use]
    pub fn is_name(text: &str) -> bool {
        let length = text.chars().count();
        (1..=Self::MAX_NAME).contains(&length)
            && text.trim() == text
            && !text.chars().any(char::is_control)
    }
}

/// The figures of API keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiKeyPolicy {
    /// How long a key lives when nobody says how long.
    pub default_lifetime: Duration,
    /// The longest that a key can live.
    pub max_lifetime: Duration,
    /// The longest that a key lives on beside its successor.
    pub max_overlap: Duration,
    /// The most keys that an owner makes. While keys are rotated there may be twice as many.
    pub most: u32,
    /// The longest that a token lives which a key was exchanged for (RFC 8693).
    pub token_lifetime: Duration,
}

impl Default for ApiKeyPolicy {
    fn default() -> Self {
        const DAY: Duration = Duration::from_hours(24);
        Self {
            default_lifetime: 90 * DAY,
            max_lifetime: 365 * DAY,
            max_overlap: 7 * DAY,
            most: 20,
            token_lifetime: Duration::from_mins(5),
        }
    }
}

impl ApiKeyPolicy {
    /// The lifetime of a new key; `None` when what was asked is nothing, or more than is allowed.
    #[must_use]
    pub fn lifetime(&self, asked: Option<Duration>) -> Option<Duration> {
        let lifetime = asked.unwrap_or(self.default_lifetime.min(self.max_lifetime));
        (!lifetime.is_zero() && lifetime <= self.max_lifetime).then_some(lifetime)
    }

    /// How long a key lives on beside its successor when nobody says how long, as far as the policy allows.
    #[must_use]
    pub fn usual_overlap(&self) -> Duration {
        Duration::from_hours(24).min(self.max_overlap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_bounded() {
        const DAY: Duration = Duration::from_hours(24);
        let policy = ApiKeyPolicy::default();
        assert_eq!(policy.lifetime(None), Some(90 * DAY));
        assert_eq!(policy.lifetime(Some(365 * DAY)), Some(365 * DAY));
        assert_eq!(policy.lifetime(Some(Duration::ZERO)), None);
        assert_eq!(policy.lifetime(Some(365 * DAY + Duration::from_secs(1))), None);
        let strict = ApiKeyPolicy { max_lifetime: DAY, ..policy };
        assert_eq!(strict.lifetime(None), Some(DAY));
    }

    #[test]
    fn a_name_can_be_seen() {
        assert!(ApiKey::is_name("Nightly backup"));
        for bad in ["", " ", " a", "a ", "a\nb", "a\u{7f}", &"x".repeat(101)] {
            assert!(!ApiKey::is_name(bad), "{bad:?}");
        }
    }
}
