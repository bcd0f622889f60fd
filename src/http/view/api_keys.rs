//! The pages of one's API keys: the list, the one page that shows a key, and the two questions before a
//! key is replaced or revoked.

use askama::Template;

use super::Page;
use super::consent::scope_in_words;
use super::content_security_policy::ContentSecurityPolicy;
use super::display_text::DisplayText;
use super::messages::Messages;
use super::moment;
use crate::{
    identity::api_key::State,
    types::{Secret, Timestamp},
};

/// What the user has just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiKeysNotice {
    /// A key was revoked.
    Revoked,
    /// A form was sent once more: its key was made before, and was shown.
    ShownBefore,
}

/// A key in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// Its id, for the addresses of the pages that change it.
    pub id: String,
    /// How its text begins, by which people know it.
    pub start: String,
    /// What the owner calls it.
    pub name: DisplayText,
    /// What it names.
    pub permissions: Vec<ApiKeyPermission>,
    /// From where it may be used; from anywhere when it is empty.
    pub addresses: Vec<DisplayText>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was used last.
    pub last_used_at: Option<Timestamp>,
    /// When it dies, or died.
    pub expires_at: Timestamp,
    /// What became of it.
    pub state: State,
}

/// A permission that a key names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyPermission {
    /// Its name, such as `notes:read`.
    pub name: DisplayText,
    /// The words of its API.
    pub words: Option<DisplayText>,
    /// Whether the owner still holds it.
    pub is_held: bool,
}

impl ApiKeyPermission {
    fn title(&self, t: Messages) -> String {
        self.words.as_ref().map_or_else(|| scope_in_words(t, &self.name).0, ToString::to_string)
    }
}

/// The keys of whoever is signed in. Its links lead to the pages that make, replace and revoke one.
#[derive(Debug, Clone, Template)]
#[template(path = "api_keys.html")]
pub struct ApiKeysPage {
    /// The catalogue.
    pub t: Messages,
    /// The anti-forgery token.
    pub csrf: String,
    /// The keys that count, newest first.
    pub keys: Vec<ApiKeyRow>,
    /// Some that do not any more, newest first.
    pub past: Vec<ApiKeyRow>,
    /// The most keys that there may be, when there are that many.
    pub full_at: Option<u32>,
    /// What was just done.
    pub notice: Option<ApiKeysNotice>,
    /// The current moment, for "5 minutes ago".
    pub now: Timestamp,
}

impl Page for ApiKeysPage {
    fn messages(&self) -> Messages {
        self.t
    }
}

impl ApiKeysPage {
    fn notice_text(&self) -> Option<String> {
        self.notice.map(|notice| match notice {
            ApiKeysNotice::Revoked => self.t.text("api-key-notice-revoked"),
            ApiKeysNotice::ShownBefore => self.t.text("api-key-notice-shown-before"),
        })
    }

    fn full_text(&self) -> Option<String> {
        self.full_at.map(|most| self.t.count("api-key-too-many", u64::from(most)))
    }

    fn created(&self, key: &ApiKeyRow) -> String {
        self.t.with("api-key-created", "when", moment::in_words(self.t, key.created_at, self.now))
    }

    fn last_used(&self, key: &ApiKeyRow) -> String {
        key.last_used_at.map_or_else(
            || self.t.text("api-key-never-used"),
            |at| self.t.with("api-key-last-used", "when", moment::in_words(self.t, at, self.now)),
        )
    }

    fn ends(&self, key: &ApiKeyRow) -> String {
        let when = moment::to_come_in_words(self.t, key.expires_at, self.now);
        match key.state {
            State::Live => self.t.with("api-key-expires", "when", when),
            State::Rotated => self.t.with("api-key-works-until", "when", when),
            State::Revoked => self.t.text("api-key-revoked"),
            State::Expired => {
                let when = moment::in_words(self.t, key.expires_at, self.now);
                self.t.with("api-key-expired", "when", when)
            }
        }
    }

    fn bound_to(&self, key: &ApiKeyRow) -> Option<String> {
        let addresses: Vec<&str> = key.addresses.iter().map(DisplayText::as_str).collect();
        let all = DisplayText::new(&addresses.join(", "));
        (!addresses.is_empty()).then(|| self.t.with("api-key-bound-to", "addresses", all))
    }

    fn badge(&self, key: &ApiKeyRow) -> Option<String> {
        match key.state {
            State::Live => None,
            State::Rotated => Some(self.t.text("api-key-badge-replaced")),
            State::Revoked => Some(self.t.text("api-key-badge-revoked")),
            State::Expired => Some(self.t.text("api-key-badge-expired")),
        }
    }
}

/// Shows a new key: the only page that ever holds its text.
#[derive(Debug, Template)]
#[template(path = "api_key_made.html")]
pub struct ApiKeyMade {
    /// The catalogue.
    pub t: Messages,
    /// What the owner calls it.
    pub name: DisplayText,
    /// Its text.
    pub text: Secret<String>,
    /// When it dies.
    pub expires_at: Timestamp,
    /// When the key dies whose place it took.
    pub former_until: Option<Timestamp>,
    /// The current moment, for "in 90 days".
    pub now: Timestamp,
}

impl Page for ApiKeyMade {
    fn messages(&self) -> Messages {
        self.t
    }

    fn policy(&self) -> ContentSecurityPolicy {
        ContentSecurityPolicy::page().with_own_scripts()
    }
}

impl ApiKeyMade {
    fn expires(&self) -> String {
        let when = moment::to_come_in_words(self.t, self.expires_at, self.now);
        self.t.with("api-key-expires", "when", when)
    }

    /// What becomes of the key whose place it took.
    fn former(&self) -> Option<String> {
        self.former_until.map(|until| {
            if until <= self.now {
                return self.t.text("api-key-former-ended");
            }
            let when = moment::to_come_in_words(self.t, until, self.now);
            self.t.with("api-key-former-until", "when", when)
        })
    }
}

/// Why a key does not get a successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotateProblem {
    /// The owner holds nothing of what it allowed.
    NothingHeld,
    /// There are too many keys.
    TooMany {
        /// The most that there may be.
        most: u64,
    },
    /// The old key cannot live on as long as was asked.
    Overlap,
}

/// Asks how long a key lives on beside the one that takes its place. The form posts `csrf`, `key` and
/// `overlap` (hours) to `/account/api-keys/rotate`.
#[derive(Debug, Clone, Template)]
#[template(path = "api_key_rotate.html")]
pub struct RotateApiKey {
    /// The catalogue.
    pub t: Messages,
    /// The anti-forgery token.
    pub csrf: String,
    /// The id of the key.
    pub id: String,
    /// How its text begins.
    pub start: String,
    /// What the owner calls it.
    pub name: DisplayText,
    /// How long the old key can live on, in hours, in the order to show them.
    pub overlaps: Vec<u64>,
    /// The one that is chosen.
    pub chosen: u64,
    /// What went wrong before.
    pub problem: Option<RotateProblem>,
}

impl Page for RotateApiKey {
    fn messages(&self) -> Messages {
        self.t
    }
}

impl RotateApiKey {
    fn overlap_in_words(&self, hours: u64) -> String {
        match hours {
            0 => self.t.text("api-key-overlap-none"),
            hours if hours % 24 == 0 => self.t.count("span-days", hours / 24),
            hours => self.t.count("span-hours", hours),
        }
    }

    fn problem_text(&self) -> Option<String> {
        self.problem.map(|problem| match problem {
            RotateProblem::NothingHeld => self.t.text("api-key-nothing-held"),
            RotateProblem::TooMany { most } => self.t.count("api-key-too-many", most),
            RotateProblem::Overlap => self.t.text("api-key-overlap-refused"),
        })
    }
}

/// Asks whether a key shall end. The form posts `csrf` and `key` to `/account/api-keys/revoke`.
#[derive(Debug, Clone, Template)]
#[template(path = "api_key_revoke.html")]
pub struct RevokeApiKey {
    /// The catalogue.
    pub t: Messages,
    /// The anti-forgery token.
    pub csrf: String,
    /// The id of the key.
    pub id: String,
    /// How its text begins.
    pub start: String,
    /// What the owner calls it.
    pub name: DisplayText,
    /// When it was used last.
    pub last_used_at: Option<Timestamp>,
    /// The current moment, for "5 minutes ago".
    pub now: Timestamp,
}

impl Page for RevokeApiKey {
    fn messages(&self) -> Messages {
        self.t
    }
}

impl RevokeApiKey {
    fn last_used(&self) -> String {
        self.last_used_at.map_or_else(
            || self.t.text("api-key-never-used"),
            |at| self.t.with("api-key-last-used", "when", moment::in_words(self.t, at, self.now)),
        )
    }
}
