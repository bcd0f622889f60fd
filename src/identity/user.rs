//! Users and their standard claims. OIDC Core §5.1.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::types::{Status, Timestamp, UserId};

/// Somebody who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id, and its `sub` everywhere; never given to anyone else.
    pub id: UserId,
    /// The name to sign in with, in its canonical form; `preferred_username`.
    pub username: String,
    /// The e-mail address, in its canonical form; it can be signed in with as well.
    pub email: Option<String>,
    /// Whether somebody proved that the address is theirs.
    pub email_verified: bool,
    /// The argon2id hash in PHC form; `None` when the user has no password.
    pub password_hash: Option<String>,
    /// When the password was set.
    pub password_changed_at: Option<Timestamp>,
    /// Whether the user may sign in and be spoken for.
    pub status: Status,
    /// The names of the roles that the user was given. Groups and contained roles add to them.
    pub roles: BTreeSet<String>,
    /// The names of the groups that the user is in.
    pub groups: BTreeSet<String>,
    /// The claims that describe the user.
    pub profile: Profile,
    /// When the user was made.
    pub created_at: Timestamp,
    /// When anything here changed last; the claim `updated_at`.
    pub updated_at: Timestamp,
}

/// The standard claims that are neither the name, the e-mail address nor the id (OIDC Core §5.1).
/// What is not known is absent, never empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// The full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// First names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Surnames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Middle names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    /// The casual name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// The profile page, a URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// A picture of the person, a URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// The web site, a URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// `female`, `male` or another word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// `YYYY-MM-DD`, `0000-MM-DD` or `YYYY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
    /// A name of the time zone database, such as `Europe/Paris`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    /// A BCP 47 tag, such as `en-US`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The phone number, in the form of E.164 where possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Whether somebody proved that the number is theirs; told only with the number.
    pub phone_number_verified: bool,
    /// The postal address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

/// A postal address (OIDC Core §5.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// The whole address, for a label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    /// Street, number, flat; several lines are allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
    /// City.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// State, province, prefecture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}
