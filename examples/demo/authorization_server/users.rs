//! Banning a user. It goes through the verb that `doorward user disable` calls as well: the server
//! runs in this process.

use std::sync::Arc;

use doorward::{
    service::{
        Context,
        users::{self, UserError},
    },
    types::{UserId, audit::Actor},
};
use thiserror::Error;

use super::registrations::origin;

/// The users of the demo's Doorward.
#[derive(Clone)]
pub(crate) struct Users(Arc<Context>);

/// Why somebody is not banned.
#[derive(Debug, Error)]
pub(crate) enum BanError {
    /// Nobody has the name.
    #[error("there is no such user")]
    NoSuchUser,
    /// Then nobody could administer the server any more.
    #[error("the last administrator cannot be banned")]
    LastAdministrator,
    /// The server cannot do it now.
    #[error("it did not work")]
    Failed,
}

impl Users {
    /// Those of the server behind `ctx`.
    pub(super) fn new(ctx: &Arc<Context>) -> Self {
        Self(Arc::clone(ctx))
    }

    /// Disables `user` (a username or a subject) in the name of `by` (a subject). Every session, grant
    /// and token of theirs is dead when this returns.
    pub(crate) async fn ban(&self, user: &str, by: &str) -> Result<(), BanError> {
        let user = users::find(&self.0, user).await?;
        users::disable(&self.0, user.id, actor(by)?, &origin()).await?;
        Ok(())
    }

    /// Lets `user` sign in again.
    pub(crate) async fn lift_ban(&self, user: &str, by: &str) -> Result<(), BanError> {
        let user = users::find(&self.0, user).await?;
        users::enable(&self.0, user.id, actor(by)?, &origin()).await?;
        Ok(())
    }
}

/// Whom the audit log names.
fn actor(subject: &str) -> Result<Actor, BanError> {
    subject.parse::<UserId>().map(Actor::User).map_err(|_| BanError::Failed)
}

impl From<UserError> for BanError {
    fn from(error: UserError) -> Self {
        match error {
            UserError::NotFound => Self::NoSuchUser,
            UserError::LastAdministrator(_) => Self::LastAdministrator,
            UserError::Username(_)
            | UserError::Email(_)
            | UserError::UsernameTaken
            | UserError::UsernameConfusable
            | UserError::EmailTaken
            | UserError::NoEmailToVerify
            | UserError::Weak(_)
            | UserError::UnknownRole { .. }
            | UserError::Stale(_)
            | UserError::Service(_) => Self::Failed,
        }
    }
}
