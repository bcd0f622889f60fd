//! Users.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{answer::Answer, body::Member, call::Call, problem::Problem, refusal, shape::Page};
use crate::{
    identity::{
        role::Subject,
        user::{self, Profile},
    },
    service::{
        access_model, editor,
        users::{self, UserError, UserUpdate, claims},
    },
    types::{Secret, Timestamp, UserId, version::Versioned},
};

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct User {
    /// The id, which is the `sub` of the user's tokens.
    id: String,
    /// The name to sign in with.
    username: String,
    /// The e-mail address.
    email: Option<String>,
    /// Whether somebody proved that the address is the user's.
    email_verified: bool,
    /// Whether the user has a password.
    has_password: bool,
    /// When the password was set, in seconds since 1970.
    password_changed_at: Option<i64>,
    /// `enabled` or `disabled`.
    status: &'static str,
    /// The roles that the user was given.
    roles: Vec<String>,
    /// The groups that the user is in.
    groups: Vec<String>,
    /// The standard claims, by name; those of the address as `address.country` and so on.
    claims: BTreeMap<String, String>,
    /// When the user was made, in seconds since 1970.
    created_at: i64,
    /// When the user was written last, in seconds since 1970.
    updated_at: i64,
}

impl From<&user::User> for User {
    fn from(user: &user::User) -> Self {
        Self {
            id: user.id.to_string(),
            username: user.username.clone(),
            email: user.email.clone(),
            email_verified: user.email_verified,
            has_password: user.password_hash.is_some(),
            password_changed_at: user.password_changed_at.map(Timestamp::unix),
            status: user.status.as_str(),
            roles: user.roles.iter().cloned().collect(),
            groups: user.groups.iter().cloned().collect(),
            claims: told(&user.profile),
            created_at: user.created_at.unix(),
            updated_at: user.updated_at.unix(),
        }
    }
}

/// A user to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUser {
    /// The name to sign in with.
    #[schema(min_length = 1, max_length = 64, example = "alice")]
    username: String,
    /// The e-mail address.
    #[schema(format = "email", example = "alice@example.com")]
    email: Option<String>,
    /// Whether the address is known to be the user's.
    #[serde(default)]
    email_verified: bool,
    /// The password; without one the user cannot sign in until one is set.
    #[schema(write_only, example = "tulip-harbour-ninety")]
    password: Option<String>,
    /// The roles to hold.
    #[serde(default)]
    #[schema(example = json!(["user"]))]
    roles: Vec<String>,
    /// The standard claims, by name.
    #[serde(default)]
    #[schema(example = json!({"given_name": "Alice"}))]
    claims: BTreeMap<String, String>,
}

/// What to change about a user; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserPatch {
    /// Another name to sign in with.
    #[schema(min_length = 1, max_length = 64)]
    username: Option<String>,
    /// Another e-mail address, or `null` for none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    email: Member<String>,
    /// Whether the address is known to be the user's.
    email_verified: Option<bool>,
    /// Claims to set, by name; an empty text takes a claim away.
    #[schema(example = json!({"given_name": "Alice"}))]
    claims: Option<BTreeMap<String, String>>,
}

/// A password to be set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    /// The password.
    #[schema(write_only, example = "tulip-harbour-ninety")]
    password: String,
}

/// What ended together with a change.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ended {
    /// Browser sessions.
    sessions: usize,
    /// Grants, with every token under them.
    grants: usize,
}

impl From<users::Ended> for Ended {
    fn from(ended: users::Ended) -> Self {
        Self { sessions: ended.sessions, grants: ended.grants }
    }
}

/// The claims of a profile in the spelling of [`claims::CLAIMS`].
fn told(profile: &Profile) -> BTreeMap<String, String> {
    let value = serde_json::to_value(profile).unwrap_or_default();
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(true) => Some("true".to_owned()),
        Value::Bool(false)
        | Value::Null
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_) => None,
    };
    let read = |name: &&str| {
        let pointer = format!("/{}", name.replace('.', "/"));
        Some(((*name).to_owned(), value.pointer(&pointer).and_then(text)?))
    };
    claims::CLAIMS.iter().filter_map(read).collect()
}

fn tell(profile: &mut Profile, told: &BTreeMap<String, String>) -> Result<(), Problem> {
    for (name, value) in told {
        let pointer = format!("/claims/{}", name.replace('~', "~0").replace('/', "~1"));
        claims::set(profile, name, value)
            .map_err(|error| Problem::field(&pointer, error.to_string()))?;
    }
    Ok(())
}

fn failed(call: &Call) -> impl Fn(UserError) -> Problem {
    let origin = call.origin.clone();
    move |error| refusal::user(&error, &origin)
}

/// The user whom the address names, with a tag that is not newer than what is shown.
async fn named(call: &Call) -> Result<(user::User, Answer), Problem> {
    let id: UserId = call.id()?;
    let service = |error| refusal::service(&error, &call.origin);
    let version = editor::version(call.ctx(), &Versioned::User(id)).await.map_err(service)?;
    let user = of_id(call, id).await?;
    let answer = Answer::ok(&User::from(&user)).of_version(version);
    Ok((user, answer))
}

/// The user of that id.
pub(super) async fn of_id(call: &Call, id: UserId) -> Result<user::User, Problem> {
    let user = users::find(call.ctx(), &id.to_string()).await.map_err(failed(call))?;
    // A username can have the form of an id that nobody has.
    if user.id == id { Ok(user) } else { Err(Problem::not_found()) }
}

/// Refuses a user who has a right that the caller has not.
pub(super) fn refuse_beyond(call: &Call, user: &user::User) -> Result<(), Problem> {
    Call::refuse_beyond(call.caller.beyond(access_model::user_subject(user)))
}

/// The user whom the address names, when the caller has every right that the user has: whoever could
/// change more powerful users could become one.
async fn within_rights(call: &Call) -> Result<user::User, Problem> {
    let (user, _) = named(call).await?;
    refuse_beyond(call, &user)?;
    Ok(user)
}

pub(super) async fn list(call: Call) -> Result<Answer, Problem> {
    let asked = call.page()?;
    let wanted = [call.query.get("username"), call.query.get("email")];
    let found = match wanted {
        [None, None] => {
            let list = users::list(call.ctx(), asked.after.as_deref(), asked.limit).await;
            list.map_err(failed(&call))?
        }
        [username, email] => {
            let name = username.or(email).unwrap_or_default();
            let found = match users::find(call.ctx(), name).await {
                Err(UserError::NotFound) => None,
                found => Some(found.map_err(failed(&call))?),
            };
            let fits = |user: &user::User| {
                username.is_none_or(|name| user.username == name)
                    && email.is_none_or(|email| user.email.as_deref() == Some(email))
            };
            found.into_iter().filter(fits).collect()
        }
    };
    let page: Page<User> =
        call.page_of(&asked, &found, |user| user.username.clone(), |user| User::from(user));
    Ok(Answer::ok(&page))
}

pub(super) async fn one(call: Call) -> Result<Answer, Problem> {
    named(&call).await.map(|(_, answer)| answer)
}

pub(super) async fn create(call: Call) -> Result<Answer, Problem> {
    let body: NewUser = call.read()?;
    let roles = body.roles.iter().cloned().collect();
    let groups = std::collections::BTreeSet::new();
    Call::refuse_beyond(call.caller.beyond(Subject { roles: &roles, groups: &groups }))?;
    let mut profile = Profile::default();
    tell(&mut profile, &body.claims)?;
    let new = users::NewUser {
        username: body.username,
        email: body.email,
        email_verified: body.email_verified,
        password: body.password.map(Secret::new),
        roles: body.roles,
        profile,
    };
    let made = users::create(call.ctx(), new, call.actor(), &call.origin).await;
    let made = made.map_err(failed(&call))?;
    Ok(Answer::created(format!("/admin/api/v1/users/{}", made.id), &User::from(&made)))
}

pub(super) async fn update(call: Call) -> Result<Answer, Problem> {
    let body: UserPatch = call.read()?;
    let user = within_rights(&call).await?;
    let profile = match &body.claims {
        None => None,
        Some(told) => {
            let mut profile = user.profile.clone();
            tell(&mut profile, told)?;
            Some(profile)
        }
    };
    let update = UserUpdate {
        username: body.username,
        email: match body.email {
            Member::Absent => None,
            Member::Null => Some(None),
            Member::Value(email) => Some(Some(email)),
        },
        email_verified: body.email_verified,
        roles: None,
        profile,
    };
    let updated = users::update(call.ctx(), user.id, update, call.editor(), &call.origin).await;
    updated.map_err(failed(&call))?;
    one(call).await
}

pub(super) async fn delete(call: Call) -> Result<Answer, Problem> {
    let user = within_rights(&call).await?;
    let deleted = users::delete(call.ctx(), user.id, call.editor(), &call.origin).await;
    deleted.map_err(failed(&call))?;
    Ok(Answer::done())
}

pub(super) async fn set_password(call: Call) -> Result<Answer, Problem> {
    let body: NewPassword = call.read()?;
    let user = within_rights(&call).await?;
    let password = Secret::new(body.password);
    let ended = users::set_password(call.ctx(), user.id, password, call.actor(), &call.origin);
    let ended = ended.await.map_err(failed(&call))?;
    Ok(Answer::ok(&Ended::from(ended)))
}

pub(super) async fn disable(call: Call) -> Result<Answer, Problem> {
    let user = within_rights(&call).await?;
    let switched = users::disable(call.ctx(), user.id, call.actor(), &call.origin).await;
    let ended = match switched.map_err(failed(&call))? {
        users::Switched::Now(ended) => ended,
        users::Switched::Already => users::Ended::default(),
    };
    Ok(Answer::ok(&Ended::from(ended)))
}

pub(super) async fn enable(call: Call) -> Result<Answer, Problem> {
    let user = within_rights(&call).await?;
    let switched = users::enable(call.ctx(), user.id, call.actor(), &call.origin).await;
    switched.map_err(failed(&call))?;
    Ok(Answer::done())
}
