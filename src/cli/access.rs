//! What `doorward api`, `role` and `group` have in common: their failures, with a way to mend each.

use std::sync::Arc;

use super::{failure::Failure, nearest::nearest, session::Session};
use crate::{
    service::{access_error::AccessError, access_model},
    types::Permission,
};

/// The failure with a way to mend it: the nearest name of what there is.
pub(super) async fn explain(session: &Session<'_>, error: AccessError) -> anyhow::Error {
    let model = access_model::current(&session.ctx).await.unwrap_or_else(|_| Arc::default());
    let near = |name: &str, known: Vec<&str>| nearest(name, known);
    let failed = || Failure::failed(&error);
    match &error {
        AccessError::NoApi(name) => {
            let known = model.apis.iter().map(|api| api.audience.as_str()).collect();
            failed().did_you_mean(near(name, known)).into()
        }
        AccessError::NoRole(name) => {
            let known = model.roles.iter().map(|role| role.name.as_str()).collect();
            failed().did_you_mean(near(name, known)).into()
        }
        AccessError::NoGroup(name) => {
            failed().did_you_mean(near(name, model.roles.groups().collect())).into()
        }
        AccessError::NoPermission(name) => {
            let all = model.apis.iter().flat_map(|api| api.permissions.keys());
            failed().did_you_mean(near(name, all.map(Permission::as_str).collect())).into()
        }
        AccessError::Name(_)
        | AccessError::Permission(_)
        | AccessError::Audience(..)
        | AccessError::Api(_)
        | AccessError::Description
        | AccessError::Cycle(_)
        | AccessError::OtherApi(_) => Failure::usage(&error).into(),
        AccessError::NoUser(_)
        | AccessError::NoClient(_)
        | AccessError::NotAServiceClient(_)
        | AccessError::BuiltIn(_)
        | AccessError::AudienceTaken
        | AccessError::PermissionTaken
        | AccessError::NameTaken
        | AccessError::Stale(_)
        | AccessError::LastAdministrator(_) => failed().into(),
        AccessError::Service(_) => error.into(),
    }
}
