//! Why an API key is not made, found or changed.

use std::time::Duration;

use crate::{service::ServiceError, store::StoreError, types::ApiKeyId};

/// Why an API key is not made, found or changed.
#[derive(Debug, thiserror::Error)]
pub enum ApiKeyError {
    /// A name that is empty, too long, or has characters that are not seen.
    #[error("the name has 1 to 100 characters, without control characters")]
    Name,
    /// The longest life of a key.
    #[error("a key lives for a second at least and for {} at most", span(*.0))]
    Lifetime(Duration),
    /// The longest time that a key lives on beside its successor.
    #[error("a key that was rotated lives on for {} at most", span(*.0))]
    Overlap(Duration),
    /// The owner may not do this, or no API knows it.
    #[error("the owner of the key does not hold the permission `{0}`")]
    NotHeld(String),
    /// A key that opens nothing.
    #[error("a key needs a permission that its owner holds")]
    NoPermission,
    /// The owner has as many keys as there may be.
    #[error("there are {0} keys already: revoke one first")]
    TooMany(i64),
    /// The form of this key was sent before: a key is made once, and shown once.
    #[error("this key was made before")]
    Made,
    /// There is no such user or client, or it is disabled.
    #[error("the owner of the key does not exist, or is disabled")]
    NoOwner,
    /// RFC 6749 §4.4: only a client of that grant acts for itself.
    #[error("the client does not act for itself: it is not registered for client_credentials")]
    NotAServiceClient,
    /// There is no key of that id, or it is somebody else's.
    #[error("there is no API key `{0}`")]
    NoKey(ApiKeyId),
    /// The key is revoked, has expired, or has a successor already.
    #[error("the API key `{0}` is dead, or was rotated before")]
    Dead(ApiKeyId),
    /// A failure of the service.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// `span` in its longest unit that leaves no rest.
fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [(24 * 60 * 60, "days"), (60 * 60, "hours"), (60, "minutes")];
    let whole = units.iter().find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit));
    whole.map_or_else(
        || format!("{seconds} seconds"),
        |(unit, name)| format!("{} {name}", seconds / unit),
    )
}

/// A failure of the database is one of the service.
impl From<StoreError> for ApiKeyError {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}
