//! Identifiers. Rows are named by UUIDs of version 7 (RFC 9562 §5.7), so that they sort by age.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::time::Timestamp;

macro_rules! row_id {
    ($(#[$doc:meta] $name:ident;)*) => {$(
        #[$doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id: the time of `now` and 80 random bits (6 of them give way to the version).
            #[must_use]
            pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
                let millis = u64::try_from(now.unix()).unwrap_or(0).saturating_mul(1000);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }

            /// The id that `uuid` spells, whatever its version.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID to bind to SQL.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

row_id! {
    /// A user. Its text is the `sub` of the user's tokens; it is never given to anyone else.
    UserId;
    /// A browser session. Its text is the `sid` of the session's tokens; it opens nothing.
    SessionId;
    /// A grant: one authorization by one user to one client.
    GrantId;
    /// A refresh token family.
    FamilyId;
    /// A client secret, so that one of two live ones can be named.
    ClientSecretId;
    /// An event of the audit log.
    AuditEventId;
    /// An API (resource server).
    ApiId;
    /// An API key. Its text is part of the key's, and no secret.
    ApiKeyId;
    /// A role.
    RoleId;
    /// A group of users.
    GroupId;
}

/// A client's `client_id` (RFC 6749 §2.2): 1 to 255 printable ASCII characters (appendix A.1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(std::sync::Arc<str>);

/// The text is no `client_id`: empty, longer than 255, or with other than printable ASCII characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a client_id has 1 to 255 printable ASCII characters")]
pub struct NotAClientId;

impl ClientId {
    /// Reads a `client_id`.
    ///
    /// # Errors
    /// [`NotAClientId`] when the text cannot be one.
    pub fn parse(text: &str) -> Result<Self, NotAClientId> {
        let fits =
            (1..=255).contains(&text.len()) && text.bytes().all(|b| (0x20..=0x7e).contains(&b));
        if fits { Ok(Self(text.into())) } else { Err(NotAClientId) }
    }

    /// The text of the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ClientId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ClientId {
    type Error = NotAClientId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.0.as_ref().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_age() {
        let early = UserId::new(Timestamp::from_unix(1_000), [0xff; 10]);
        let late = UserId::new(Timestamp::from_unix(1_001), [0; 10]);
        assert!(early < late);
        assert_eq!(early.uuid().get_version_num(), 7);
        assert_eq!(early.to_string().parse::<UserId>().unwrap(), early);
    }

    #[test]
    fn client_id_is_printable_ascii() {
        assert_eq!(ClientId::parse("notes").unwrap().as_str(), "notes");
        for bad in ["", "a\nb", "ключ", "a\0", &"x".repeat(256)] {
            assert_eq!(ClientId::parse(bad), Err(NotAClientId), "{bad:?}");
        }
    }
}
