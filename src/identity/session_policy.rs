//! The life of a browser session, and how strongly it was authenticated.
//! OWASP ASVS 7.3, NIST SP 800-63B-4 §5, OpenID Connect Core §2 (`acr`, `amr`), RFC 8176.
//!
//! Every authentication gets a new cookie, whatever the browser carried before: sign-in,
//! re-authentication, step-up and a change of user alike. The old cookie is dead when the new one
//! is set, so that a cookie that someone planted or saw opens nothing. The session behind it goes on
//! when the user stays the same, and so does what apps were given in it.

use std::time::Duration;

use super::session::BrowserSession;
use crate::types::{Authentication, Timestamp};

/// The figures of browser sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionPolicy {
    /// A session ends after this time without use.
    pub idle: Duration,
    /// A session ends this long after its authentication, used or not.
    pub absolute: Duration,
    /// The most sessions of one user, the new one among them; the oldest give way (SESS-09).
    pub most_per_user: u32,
    /// How old a sign-in may be for what outlives its session, such as an API key: whoever found a
    /// cookie or an open browser does not get further than the session (SESS-10).
    pub fresh: Duration,
}

impl Default for SessionPolicy {
    /// Idle 1 day, absolute 30 days, 50 sessions: more than the browsers of anyone, few enough to list.
    /// Fresh for 10 minutes: enough to fill in a form, too short for most thefts.
    fn default() -> Self {
        Self {
            idle: Duration::from_hours(24),
            absolute: Duration::from_hours(30 * 24),
            most_per_user: 50,
            fresh: Duration::from_mins(10),
        }
    }
}

/// Whether a session still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It does.
    Alive,
    /// It was ended: by its user, an operator, a new password or a newer session.
    Ended,
    /// It was not used for too long.
    Idle,
    /// It is too old.
    TooOld,
}

/// Whether `session` still holds: it was not ended, and neither expiry has come. ASVS 7.3.1, 7.3.2.
#[must_use]
pub fn life(session: &BrowserSession, now: Timestamp) -> Life {
    if session.ended_at.is_some() {
        Life::Ended
    } else if now >= session.expires_at {
        Life::TooOld
    } else if now >= session.idle_expires_at {
        Life::Idle
    } else {
        Life::Alive
    }
}

impl SessionPolicy {
    /// The end in any case of a session that begins now.
    #[must_use]
    pub fn expires_at(&self, now: Timestamp) -> Timestamp {
        now.plus(self.absolute)
    }

    /// The end without further use, for a session that is used now and ends at `expires_at` in any case.
    #[must_use]
    pub fn idle_expires_at(&self, expires_at: Timestamp, now: Timestamp) -> Timestamp {
        now.plus(self.idle).min(expires_at)
    }

    /// Whether `session` was authenticated just now, so that it may make what outlives it.
    /// ASVS 7.5.1, SESS-10.
    #[must_use]
    pub fn is_fresh(&self, session: &BrowserSession, now: Timestamp) -> bool {
        now.since(session.authentication.auth_time) < self.fresh
    }

    /// Whether this use is worth a write: a minute has passed since the one on record, or half the idle
    /// time when that is less. So a session can end that much early, and never late.
    #[must_use]
    pub fn use_is_worth_recording(&self, last_used_at: Timestamp, now: Timestamp) -> bool {
        now.since(last_used_at) >= Duration::from_mins(1).min(self.idle / 2)
    }
}

/// The record of an authentication by a password, now.
#[must_use]
pub fn by_password(now: Timestamp) -> Authentication {
    Authentication {
        auth_time: now,
        acr: Acr::Password.as_str().to_owned(),
        amr: vec![AuthenticationMethod::Password.amr().to_owned()],
    }
}

/// A way in which a user proved who they are. RFC 8176 §2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuthenticationMethod {
    /// A password.
    Password,
}

impl AuthenticationMethod {
    /// The value in `amr`. RFC 8176 §2.
    #[must_use]
    pub const fn amr(self) -> &'static str {
        match self {
            Self::Password => "pwd",
        }
    }

    /// The method that an `amr` value of the database names.
    #[must_use]
    pub fn from_amr(value: &str) -> Option<Self> {
        match value {
            "pwd" => Some(Self::Password),
            _ => None,
        }
    }
}

/// How strong an authentication was: the value of `acr`. Stronger ones are greater.
///
/// No registered value says "a password": the numbers of ISO/IEC 29115 promise an identity check that
/// Doorward does not make, and `0` forbids any use of money (Core §2). So the values are URNs of ours,
/// listed as `acr_values_supported`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Acr {
    /// A password alone: `urn:doorward:acr:pwd`.
    Password,
}

impl Acr {
    /// Every value, weakest first: `acr_values_supported`.
    pub const ALL: &'static [Self] = &[Self::Password];

    /// The text of the claim.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "urn:doorward:acr:pwd",
        }
    }

    /// The value that `text` names; `None` for one that is not ours, which is never an error in
    /// `acr_values` (Core §3.1.2.1).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|acr| acr.as_str() == text)
    }

    /// What `methods` amount to; `None` for no method at all.
    #[must_use]
    pub fn of(methods: &[AuthenticationMethod]) -> Option<Self> {
        methods
            .iter()
            .map(|method| match method {
                AuthenticationMethod::Password => Self::Password,
            })
            .max()
    }

    /// The requested value to put into `acr`: the first that this authentication meets, and its own
    /// otherwise. Core §3.1.2.1 (`acr_values`, in order of preference).
    #[must_use]
    pub fn answer(self, requested: &[&str]) -> Self {
        requested
            .iter()
            .filter_map(|text| Self::parse(text))
            .find(|wanted| *wanted <= self)
            .unwrap_or(self)
    }

    /// Whether this authentication meets an essential request for one of `requested`. Core §5.5.1.1.
    /// A request without values is met by any; one of unknown values alone by none.
    #[must_use]
    pub fn meets_one_of(self, requested: &[&str]) -> bool {
        requested.is_empty()
            || requested.iter().filter_map(|text| Self::parse(text)).any(|wanted| wanted <= self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::SessionId;
    use crate::types::{TokenHash, UserId};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds)
    }

    const POLICY: SessionPolicy = SessionPolicy {
        idle: Duration::from_secs(100),
        absolute: Duration::from_secs(1_000),
        most_per_user: 5,
        fresh: Duration::from_mins(1),
    };

    fn session(number: u8, created_at: i64) -> BrowserSession {
        let expires_at = POLICY.expires_at(at(created_at));
        BrowserSession {
            id: SessionId::new(at(created_at), [number; 10]),
            token_hash: TokenHash::from_bytes([number; 32]),
            user_id: UserId::new(at(1), [1; 10]),
            authentication: by_password(at(created_at)),
            created_at: at(created_at),
            last_seen_at: at(created_at),
            idle_expires_at: POLICY.idle_expires_at(expires_at, at(created_at)),
            expires_at,
            ended_at: None,
            address: None,
            user_agent: None,
        }
    }

    #[test]
    fn a_session_ends_at_the_nearer_expiry() {
        let mut used = session(1, 0);
        assert_eq!(life(&used, at(99)), Life::Alive);
        assert_eq!(life(&used, at(100)), Life::Idle);
        used.idle_expires_at = POLICY.idle_expires_at(used.expires_at, at(950));
        assert_eq!(used.idle_expires_at, at(1_000));
        assert_eq!(life(&used, at(999)), Life::Alive);
        assert_eq!(life(&used, at(1_000)), Life::TooOld);
        used.ended_at = Some(at(10));
        assert_eq!(life(&used, at(11)), Life::Ended);
    }

    #[test]
    fn uses_are_recorded_seldom_but_in_time() {
        let day = SessionPolicy::default();
        assert!(!day.use_is_worth_recording(at(0), at(59)));
        assert!(day.use_is_worth_recording(at(0), at(60)));
        assert!(!day.use_is_worth_recording(at(60), at(0)));
        // A short idle time is not outlived by the step between two records.
        assert!(POLICY.use_is_worth_recording(at(0), at(50)));
    }

    /// SESS-09: with at most five, the sixth ends the oldest.
    #[test]
    fn a_password_is_pwd() {
        let methods = [AuthenticationMethod::Password];
        assert_eq!(methods[0].amr(), "pwd");
        assert_eq!(AuthenticationMethod::from_amr("pwd"), Some(AuthenticationMethod::Password));
        assert_eq!(AuthenticationMethod::from_amr("otp"), None);
        assert_eq!(Acr::of(&methods), Some(Acr::Password));
        assert_eq!(Acr::of(&[]), None);
        let record = by_password(at(7));
        assert_eq!(record.auth_time, at(7));
        assert_eq!(
            (record.acr.as_str(), record.amr),
            ("urn:doorward:acr:pwd", vec!["pwd".to_owned()])
        );
    }

    #[test]
    fn unknown_acr_values_are_no_error_and_meet_nothing() {
        assert_eq!(Acr::Password.answer(&["urn:mace:incommon:iap:silver"]), Acr::Password);
        assert_eq!(Acr::Password.answer(&["x", "urn:doorward:acr:pwd"]), Acr::Password);
        assert!(Acr::Password.meets_one_of(&["x", "urn:doorward:acr:pwd"]));
        assert!(Acr::Password.meets_one_of(&[]));
        assert!(!Acr::Password.meets_one_of(&["x"]));
    }
}
