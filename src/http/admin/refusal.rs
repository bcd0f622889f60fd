//! From the errors of the services to problems.

use super::problem::{Kind, Problem};
use crate::{
    service::{
        ServiceError, access_error::AccessError, api_keys::ApiKeyError,
        client_registry::ClientError, users::UserError,
    },
    types::origin::Origin,
};

/// A failure of a service.
pub(super) fn service(error: &ServiceError, origin: &Origin) -> Problem {
    match error {
        ServiceError::Refused(refusal) => Problem::of(Kind::Invalid).because(refusal.description),
        ServiceError::Busy(wait) => Problem::of(Kind::Unavailable).after(wait.as_secs()),
        ServiceError::Wait(wait) => Problem::of(Kind::TooMany).after(wait.as_secs()),
        ServiceError::Unavailable(cause) => {
            tracing::error!(request_id = origin.request_id, error = %cause, "unavailable");
            Problem::of(Kind::Unavailable).after(1)
        }
        ServiceError::Internal(cause) => {
            tracing::error!(request_id = origin.request_id, error = %cause, "internal error");
            Problem::of(Kind::Internal)
        }
    }
}

/// Why a user is not made, found or changed.
pub(super) fn user(error: &UserError, origin: &Origin) -> Problem {
    let detail = error.to_string();
    match error {
        UserError::Username(_) => Problem::field("/username", detail),
        UserError::Email(_) => Problem::field("/email", detail),
        UserError::NoEmailToVerify => Problem::field("/email_verified", detail),
        UserError::Weak(_) => Problem::field("/password", detail),
        UserError::UnknownRole { .. } => Problem::field("/roles", detail),
        UserError::UsernameTaken | UserError::UsernameConfusable | UserError::EmailTaken => {
            Problem::of(Kind::Conflict).because(detail)
        }
        UserError::LastAdministrator(_) => Problem::of(Kind::LastAdministrator).because(detail),
        UserError::Stale(_) => Problem::of(Kind::Stale),
        UserError::NotFound => Problem::not_found(),
        UserError::Service(error) => service(error, origin),
    }
}

/// Why a client is not registered, found or changed.
pub(super) fn client(error: &ClientError, origin: &Origin) -> Problem {
    let detail = error.to_string();
    match error {
        ClientError::Metadata(_) => Problem::field("", detail),
        ClientError::IdTaken | ClientError::NoSecret(_) => {
            Problem::of(Kind::Conflict).because(detail)
        }
        ClientError::IdLikeSub => Problem::field("/client_id", detail),
        ClientError::BadSecret => Problem::field("/client_secret", detail),
        ClientError::Stale(_) => Problem::of(Kind::Stale),
        ClientError::NotFound => Problem::not_found(),
        ClientError::Service(error) => service(error, origin),
    }
}

/// Why an API key is not made, found or changed.
pub(super) fn api_key(error: &ApiKeyError, origin: &Origin) -> Problem {
    let detail = error.to_string();
    match error {
        ApiKeyError::Name => Problem::field("/name", detail),
        ApiKeyError::Lifetime(_) => Problem::field("/lifetime", detail),
        ApiKeyError::Overlap(_) => Problem::field("/overlap", detail),
        ApiKeyError::NotHeld(_) | ApiKeyError::NoPermission => {
            Problem::field("/permissions", detail)
        }
        ApiKeyError::TooMany(_)
        | ApiKeyError::Made
        | ApiKeyError::NoOwner
        | ApiKeyError::NotAServiceClient
        | ApiKeyError::Dead(_) => Problem::of(Kind::Conflict).because(detail),
        ApiKeyError::NoKey(_) => Problem::not_found(),
        ApiKeyError::Service(error) => service(error, origin),
    }
}

/// Whether what an address names is there, as far as an error tells.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject {
    /// An API.
    Api,
    /// A role.
    Role,
    /// A group.
    Group,
    /// A role and who gets it.
    Assignment,
    /// Nothing: whatever is missing is named in the body.
    Nothing,
}

/// Why an API, a role or a group is not made, found or changed. What the address itself names and is
/// not there is 404; what the body names is 400.
pub(super) fn access(error: &AccessError, subject: Subject, origin: &Origin) -> Problem {
    let detail = error.to_string();
    let missing = |named: bool, pointer: &str| {
        if named { Problem::not_found() } else { Problem::field(pointer, error.to_string()) }
    };
    match error {
        AccessError::Name(_) => Problem::field("/name", detail),
        AccessError::Permission(_) | AccessError::NoPermission(_) | AccessError::OtherApi(_) => {
            Problem::field("/permissions", detail)
        }
        AccessError::Audience(_, _) => Problem::field("/audience", detail),
        AccessError::Api(_) => Problem::field("", detail),
        AccessError::Description => Problem::field("/description", detail),
        AccessError::NoApi(_) => missing(matches!(subject, Subject::Api), "/api"),
        AccessError::NoRole(_) => {
            missing(matches!(subject, Subject::Role | Subject::Assignment), "/contains")
        }
        AccessError::NoGroup(_) | AccessError::NoUser(_) | AccessError::NoClient(_) => {
            Problem::not_found()
        }
        AccessError::Cycle(_) => Problem::field("/contains", detail),
        AccessError::NotAServiceClient(_)
        | AccessError::AudienceTaken
        | AccessError::PermissionTaken
        | AccessError::NameTaken => Problem::of(Kind::Conflict).because(detail),
        AccessError::BuiltIn(_) => Problem::of(Kind::BuiltIn).because(detail),
        AccessError::LastAdministrator(_) => Problem::of(Kind::LastAdministrator).because(detail),
        AccessError::Stale(_) => Problem::of(Kind::Stale),
        AccessError::Service(error) => service(error, origin),
    }
}
