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

use super::{
    super::api::{Answer, BanError, Users},
    registrations::origin,
};

/// The users of the demo's Doorward.
pub(super) struct Accounts(Arc<Context>);

impl Accounts {
    /// Those of the server behind `ctx`.
    pub(super) fn new(ctx: &Arc<Context>) -> Self {
        Self(Arc::clone(ctx))
    }
}

impl Users for Accounts {
    fn ban<'a>(&'a self, user: &'a str, by: &'a str) -> Answer<'a> {
        Box::pin(async move {
            let user = users::find(&self.0, user).await?;
            users::disable(&self.0, user.id, actor(by)?, &origin()).await?;
            Ok(())
        })
    }

    fn lift_ban<'a>(&'a self, user: &'a str, by: &'a str) -> Answer<'a> {
        Box::pin(async move {
            let user = users::find(&self.0, user).await?;
            users::enable(&self.0, user.id, actor(by)?, &origin()).await?;
            Ok(())
        })
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
