//! From what an operator typed to a user that can be stored.

use std::{collections::BTreeSet, sync::Arc};

use super::UserError;
use crate::{
    identity::{
        EmailAddress, Username,
        password::{NewPassword, PasswordHash},
        user::{Profile, User},
    },
    service::{
        Context, ServiceError,
        access_model::{self, AccessModel},
    },
    types::{Secret, Status, UserId},
};

/// A user as it was asked for.
#[derive(Debug, Clone, Default)]
pub struct NewUser {
    /// The name to sign in with, as typed.
    pub username: String,
    /// The e-mail address, as typed.
    pub email: Option<String>,
    /// Whether the address is known to be the user's.
    pub email_verified: bool,
    /// The password; without one the user cannot sign in until one is set.
    pub password: Option<Secret<String>>,
    /// The names of the roles to hold.
    pub roles: Vec<String>,
    /// The claims.
    pub profile: Profile,
}

/// A user that keeps every rule, with the password hashed; only the database can refuse it now.
pub(in crate::service) struct PreparedUser {
    pub(in crate::service) user: User,
    pub(in crate::service) skeleton: String,
}

/// Applies every rule that needs no database, and hashes the password.
pub(in crate::service) async fn prepare(
    ctx: &Arc<Context>,
    new: NewUser,
) -> Result<PreparedUser, UserError> {
    let username = Username::parse(&new.username)?;
    let email = new.email.as_deref().map(EmailAddress::parse).transpose()?;
    if new.email_verified && email.is_none() {
        return Err(UserError::NoEmailToVerify);
    }
    let now = ctx.now();
    let mut user = User {
        id: UserId::new(now, ctx.random()),
        username: username.as_str().to_owned(),
        email: email.map(|email| email.canonical()),
        email_verified: new.email_verified,
        password_hash: None,
        password_changed_at: None,
        status: Status::Enabled,
        roles: roles(&*access_model::current(ctx).await?, new.roles)?,
        groups: BTreeSet::new(),
        profile: new.profile,
        created_at: now,
        updated_at: now,
    };
    if let Some(password) = new.password {
        let hash = hash_password(ctx, password, &user).await?;
        user.password_hash = Some(hash.as_str().to_owned());
        user.password_changed_at = Some(now);
    }
    Ok(PreparedUser { user, skeleton: username.skeleton() })
}

/// The roles of those names; every one must exist.
pub(super) fn roles(
    model: &AccessModel,
    names: Vec<String>,
) -> Result<BTreeSet<String>, UserError> {
    match names.iter().find(|name| model.roles.find(name).is_none()) {
        Some(unknown) => Err(UserError::UnknownRole {
            name: unknown.clone(),
            known: model.roles.iter().map(|role| role.name.to_string()).collect(),
        }),
        None => Ok(names.into_iter().collect()),
    }
}

/// Judges a new password of `user` and hashes it. Judging takes tens of milliseconds, so it happens
/// on a thread where waiting is allowed.
pub(super) async fn hash_password(
    ctx: &Context,
    password: Secret<String>,
    user: &User,
) -> Result<PasswordHash, UserError> {
    let personal = personal_words(user);
    let judged = tokio::task::spawn_blocking(move || {
        let personal: Vec<&str> = personal.iter().map(String::as_str).collect();
        NewPassword::parse(password, &personal)
    });
    let password = judged
        .await
        .map_err(|error| ServiceError::Internal(error.to_string()))?
        .map_err(UserError::Weak)?;
    Ok(ctx.passwords.hash(password, ctx.random()).await?)
}

/// What an attacker who knows the user tries first.
fn personal_words(user: &User) -> Vec<String> {
    let profile = &user.profile;
    let local_part = user.email.as_deref().and_then(|email| email.split_once('@'));
    [
        Some(user.username.as_str()),
        user.email.as_deref(),
        local_part.map(|(local_part, _)| local_part),
        profile.name.as_deref(),
        profile.given_name.as_deref(),
        profile.family_name.as_deref(),
        profile.middle_name.as_deref(),
        profile.nickname.as_deref(),
        profile.birthdate.as_deref(),
        profile.phone_number.as_deref(),
    ]
    .into_iter()
    .flatten()
    .map(str::to_owned)
    .collect()
}
