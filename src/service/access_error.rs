//! Why an API, a role or a group is not made, found or changed.

use super::{ServiceError, administration::LastAdministrator, editor::Stale};
use crate::{
    identity::role::NotAName,
    protocol::api::ApiError,
    store::{StoreError, Unique},
    types::{permission::NotAPermission, resource::NotAResource},
};

/// Why an API, a role or a group is not made, found or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The text is no name of a role or a group.
    #[error(transparent)]
    Name(#[from] NotAName),
    /// The text is no permission.
    #[error("`{0}`: {NotAPermission}")]
    Permission(String),
    /// The text is no audience.
    #[error("the audience `{0}` {1}")]
    Audience(String, NotAResource),
    /// The API breaks a rule.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// A description without measure.
    #[error("a description has at most 200 characters, without control characters")]
    Description,
    /// There is no API of that audience.
    #[error("there is no API `{0}`")]
    NoApi(String),
    /// There is no role of that name.
    #[error("there is no role `{0}`")]
    NoRole(String),
    /// There is no group of that name.
    #[error("there is no group `{0}`")]
    NoGroup(String),
    /// No API has a permission of that name.
    #[error("no API has a permission `{0}`")]
    NoPermission(String),
    /// Nobody has that id, username or e-mail address.
    #[error("there is no user `{0}`")]
    NoUser(String),
    /// There is no client of that id.
    #[error("there is no client `{0}`")]
    NoClient(String),
    /// RFC 6749 §4.4: only a client of that grant acts for itself.
    #[error(
        "the client `{0}` does not act for itself: it is not registered for client_credentials"
    )]
    NotAServiceClient(String),
    /// A role of one API has permissions of that API.
    #[error("`{0}` is a permission of another API than the role's")]
    OtherApi(String),
    /// A role that would contain itself in the end.
    #[error("the role `{0}` would contain itself")]
    Cycle(String),
    /// Doorward's own API and roles are what guards it.
    #[error("`{0}` is part of Doorward itself and stays as it is")]
    BuiltIn(String),
    /// Another API has the audience.
    #[error("another API has this audience")]
    AudienceTaken,
    /// Another API has a permission of the name.
    #[error("another API has a permission of one of these names")]
    PermissionTaken,
    /// Another role or group has the name.
    #[error("the name is taken")]
    NameTaken,
    /// The change would leave the server without an administrator. 409.
    #[error(transparent)]
    LastAdministrator(#[from] LastAdministrator),
    /// The change was made in the light of an older version. 412.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// A failure of the service.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// A failure of the database is one of the service.
impl From<StoreError> for AccessError {
    fn from(error: StoreError) -> Self {
        if let StoreError::Conflict(unique) = &error {
            match unique {
                Unique::Audience => return Self::AudienceTaken,
                Unique::Permission => return Self::PermissionTaken,
                Unique::RoleName | Unique::GroupName => return Self::NameTaken,
                Unique::Username
                | Unique::UsernameSkeleton
                | Unique::Email
                | Unique::ClientId
                | Unique::SessionToken
                | Unique::Flow
                | Unique::SigningKey
                | Unique::Other => {}
            }
        }
        Self::Service(error.into())
    }
}

/// A description as it was typed, if it can be one.
pub(super) fn description(text: String) -> Result<String, AccessError> {
    let fits = text.chars().count() <= 200 && !text.chars().any(char::is_control);
    if fits { Ok(text) } else { Err(AccessError::Description) }
}
