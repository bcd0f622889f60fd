//! API keys of users and of service clients. The text of a key is in the answer that made it, and in no
//! other.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::Answer,
    call::Call,
    clients,
    problem::{Kind, Problem},
    refusal, users,
};
use crate::{
    identity::{
        AddressList,
        api_key::{self, Owner},
    },
    service::api_keys::{self, ApiKeyError, Created},
    types::{ApiKeyId, ClientId, Scope, Timestamp, UserId},
};

/// An API key, without its text.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ApiKey {
    /// Its id, which is the first part of its text after `dw_`.
    id: String,
    /// What its owner calls it.
    name: String,
    /// The id of the user whom it speaks for; `null` when it is a client's.
    user: Option<String>,
    /// The client that it speaks for; `null` when it is a user's.
    client_id: Option<String>,
    /// What it names; it allows what its owner still holds of it.
    permissions: Vec<String>,
    /// The networks that it may be used from; from anywhere when there is none.
    addresses: Vec<String>,
    /// `live`, `rotated` (it has a successor, and lives on for a while), `expired` or `revoked`.
    status: &'static str,
    /// When it was made, in seconds since 1970.
    created_at: i64,
    /// When it dies, in seconds since 1970.
    expires_at: i64,
    /// When it was used last, in seconds since 1970.
    last_used_at: Option<i64>,
    /// When it was revoked, in seconds since 1970.
    revoked_at: Option<i64>,
    /// The id of the key that took its place.
    successor: Option<String>,
}

impl ApiKey {
    fn of(key: &api_key::ApiKey, now: Timestamp) -> Self {
        let (user, client_id) = match &key.owner {
            Owner::User(id) => (Some(id.to_string()), None),
            Owner::Client(id) => (None, Some(id.to_string())),
        };
        Self {
            id: key.id.to_string(),
            name: key.name.clone(),
            user,
            client_id,
            permissions: key.permissions.iter().map(str::to_owned).collect(),
            addresses: key.addresses.iter().map(ToString::to_string).collect(),
            status: key.state(now).as_str(),
            created_at: key.created_at.unix(),
            expires_at: key.expires_at.unix(),
            last_used_at: key.last_used_at.map(Timestamp::unix),
            revoked_at: key.revoked_at.map(Timestamp::unix),
            successor: key.successor.map(|id| id.to_string()),
        }
    }
}

/// An API key that was made just now.
#[derive(Serialize, ToSchema)]
pub(super) struct CreatedApiKey {
    /// What is kept of it.
    api_key: ApiKey,
    /// Its text. It is told once.
    key: String,
}

/// An API key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewApiKey {
    /// What its owner calls it.
    #[schema(min_length = 1, max_length = 100, example = "Nightly backup")]
    name: String,
    /// Permissions that the owner holds; and `roles` and `groups`, when APIs shall hear of a user's.
    #[schema(min_items = 1, example = json!(["notes:read"]))]
    permissions: Vec<String>,
    /// How long it lives, in seconds; `api_keys.default_lifetime` when it is not said.
    #[schema(minimum = 1)]
    lifetime: Option<u64>,
    /// The addresses and networks that it may be used from; from anywhere when there is none.
    #[serde(default)]
    #[schema(max_items = 16, example = json!(["192.0.2.1", "fd00::/8"]))]
    addresses: Vec<String>,
}

/// How to rotate an API key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKeyRotation {
    /// How long the key of before lives on, in seconds; a day when it is not said, unless the policy is
    /// shorter.
    #[schema(minimum = 0)]
    overlap: Option<u64>,
}

fn failed(call: &Call) -> impl Fn(ApiKeyError) -> Problem {
    let origin = call.origin.clone();
    move |error| refusal::api_key(&error, &origin)
}

/// The user whom the address names.
async fn user(call: &Call) -> Result<Owner, Problem> {
    let id: UserId = call.id()?;
    users::of_id(call, id).await.map(|user| Owner::User(user.id))
}

/// The client that the address names.
async fn client(call: &Call) -> Result<Owner, Problem> {
    let id = ClientId::parse(call.name()).map_err(|_| Problem::not_found())?;
    clients::of_id(call, &id).await.map(|client| Owner::Client(client.id))
}

/// A key speaks for its owner: whoever gets the text of one must have every right that the owner has. And
/// a key makes no keys, or else one that was stolen could live for ever (APIK-04).
async fn within_rights(call: &Call, owner: &Owner) -> Result<(), Problem> {
    if !call.caller.may_make_api_keys() {
        let sentence = "an API key makes no API keys: sign in, or use the client's own credentials";
        return Err(Problem::of(Kind::BeyondRights).because(sentence));
    }
    match owner {
        Owner::User(id) => users::refuse_beyond(call, &users::of_id(call, *id).await?),
        Owner::Client(id) => clients::refuse_beyond(call, &clients::of_id(call, id).await?),
    }
}

async fn list(call: &Call, owner: Owner) -> Result<Answer, Problem> {
    let asked = call.page()?;
    let refused = |_| Problem::parameter("cursor", "it is none of this list");
    let after = asked.after.as_deref().map(str::parse::<ApiKeyId>).transpose().map_err(refused)?;
    let found = api_keys::list(call.ctx(), &owner, after, asked.limit).await;
    let found = found.map_err(failed(call))?;
    let (key, now) = (|key: &api_key::ApiKey| key.id.to_string(), call.ctx().now());
    Ok(Answer::ok(&call.page_of(&asked, &found, key, |key| ApiKey::of(key, now))))
}

pub(super) async fn list_of_user(call: Call) -> Result<Answer, Problem> {
    let owner = user(&call).await?;
    list(&call, owner).await
}

pub(super) async fn list_of_client(call: Call) -> Result<Answer, Problem> {
    let owner = client(&call).await?;
    list(&call, owner).await
}

/// Each member of the list is one token of a scope.
fn permissions(names: &[String]) -> Result<Scope, Problem> {
    let one = |(position, name): (usize, &String)| {
        let pointer = format!("/permissions/{position}");
        let read = Scope::parse(name).ok().filter(|scope| scope.contains(name));
        read.ok_or_else(|| Problem::field(&pointer, "it is the name of one permission"))
    };
    let none = Ok(Scope::default());
    names.iter().enumerate().map(one).fold(none, |all, one| Ok(all?.union(&one?)))
}

/// Each member of the list is one address or network.
fn addresses(entries: &[String]) -> Result<AddressList, Problem> {
    for (position, entry) in entries.iter().enumerate() {
        let pointer = format!("/addresses/{position}");
        let read = AddressList::parse(entry);
        let read = read.map_err(|error| Problem::field(&pointer, error.to_string()))?;
        if read.iter().count() != 1 {
            return Err(Problem::field(&pointer, "it is one address, or one network"));
        }
    }
    let all = AddressList::parse(&entries.join(" "));
    all.map_err(|error| Problem::field("/addresses", error.to_string()))
}

async fn create(call: &Call, owner: Owner) -> Result<Answer, Problem> {
    let body: NewApiKey = call.read()?;
    let permissions = permissions(&body.permissions)?;
    let addresses = addresses(&body.addresses)?;
    within_rights(call, &owner).await?;
    // Once more: the owner can be given something in this very moment.
    Call::refuse_beyond(call.caller.beyond_scope(&permissions))?;
    let lifetime = body.lifetime.map(Duration::from_secs);
    let new = api_keys::NewApiKey { name: body.name, permissions, lifetime, addresses };
    let created = api_keys::create(call.ctx(), owner, new, call.actor(), &call.origin).await;
    Ok(told_once(call, &created.map_err(failed(call))?))
}

/// The one answer with the text.
fn told_once(call: &Call, created: &Created) -> Answer {
    let Created { key, text } = created;
    let told =
        CreatedApiKey { api_key: ApiKey::of(key, call.ctx().now()), key: text.expose().clone() };
    Answer::created(format!("/admin/api/v1/api-keys/{}", key.id), &told)
}

pub(super) async fn create_for_user(call: Call) -> Result<Answer, Problem> {
    let owner = user(&call).await?;
    create(&call, owner).await
}

pub(super) async fn create_for_client(call: Call) -> Result<Answer, Problem> {
    let owner = client(&call).await?;
    create(&call, owner).await
}

pub(super) async fn one(call: Call) -> Result<Answer, Problem> {
    let id: ApiKeyId = call.id()?;
    let key = api_keys::find(call.ctx(), id, None).await.map_err(failed(&call))?;
    Ok(Answer::ok(&ApiKey::of(&key, call.ctx().now())))
}

pub(super) async fn rotate(call: Call) -> Result<Answer, Problem> {
    let id: ApiKeyId = call.id()?;
    let body: ApiKeyRotation = call.read()?;
    let key = api_keys::find(call.ctx(), id, None).await.map_err(failed(&call))?;
    within_rights(&call, &key.owner).await?;
    let usual = call.ctx().policy.api_keys.usual_overlap();
    let overlap = body.overlap.map_or(usual, Duration::from_secs);
    let (ctx, actor) = (call.ctx(), call.actor());
    let created = api_keys::rotate(ctx, id, None, overlap, actor, &call.origin).await;
    Ok(told_once(&call, &created.map_err(failed(&call))?))
}

/// Whoever finds a key where it should not be can end it, whosever it is: as with sessions and grants.
pub(super) async fn revoke(call: Call) -> Result<Answer, Problem> {
    let id: ApiKeyId = call.id()?;
    let revoked = api_keys::revoke(call.ctx(), id, None, call.actor(), &call.origin).await;
    revoked.map_err(failed(&call))?;
    Ok(Answer::done())
}
