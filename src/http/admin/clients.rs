//! Clients. A secret is in the answer that made it, and in no other.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema},
};

use super::{
    answer::{Answer, segment},
    call::Call,
    problem::Problem,
    refusal,
};
use crate::{
    protocol::client::{self, ClientMetadata},
    service::{
        access_model,
        client_registry::{self, ClientError, NewSecret, Registered},
        editor,
    },
    types::{ClientId, version::Versioned},
};

/// A client.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Client {
    /// The `client_id`.
    #[serde(rename = "client_id")]
    id: String,
    /// `enabled` or `disabled`.
    status: &'static str,
    /// The roles that the client holds when it acts for itself.
    roles: Vec<String>,
    /// What it registered.
    metadata: Metadata,
    /// When it was registered, in seconds since 1970.
    created_at: i64,
    /// When it was written last, in seconds since 1970.
    updated_at: i64,
}

impl From<&client::Client> for Client {
    fn from(client: &client::Client) -> Self {
        Self {
            id: client.id.to_string(),
            status: client.status.as_str(),
            roles: client.roles.iter().cloned().collect(),
            metadata: Metadata(client.metadata.clone()),
            created_at: client.created_at.unix(),
            updated_at: client.updated_at.unix(),
        }
    }
}

/// A client, and the secret that was made for it just now.
#[derive(Serialize, ToSchema)]
pub(super) struct RegisteredClient {
    /// The client.
    client: Client,
    /// Its new secret, if one was made. It is told once.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

impl From<&Registered> for RegisteredClient {
    fn from(made: &Registered) -> Self {
        let client_secret = made.secret.as_ref().map(|secret| secret.expose().clone());
        Self { client: Client::from(&made.client), client_secret }
    }
}

/// A client to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewClient {
    /// The `client_id`; without one, one is made.
    client_id: Option<String>,
    /// What it registers.
    metadata: Metadata,
}

/// How to rotate a secret.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretRotation {
    /// How long the secret of before works on, in seconds: at most 30 days; a day when it is not said.
    #[schema(minimum = 0, maximum = 2_592_000)]
    overlap: Option<u64>,
}

/// What a client registers, under the names of RFC 7591 §2 and OpenID Connect Registration §2.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(super) struct Metadata(ClientMetadata);

/// Reading refuses names that no metadata have: a typing error would be a client other than was meant.
impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let members = serde_json::Map::<String, Value>::deserialize(deserializer)?;
        let known = members_of_default();
        if let Some(unknown) = members.keys().find(|name| !known.contains_key(*name)) {
            return Err(D::Error::custom(format!("unknown field `{unknown}`")));
        }
        serde_json::from_value(Value::Object(members)).map(Self).map_err(D::Error::custom)
    }
}

fn members_of_default() -> serde_json::Map<String, Value> {
    match serde_json::to_value(ClientMetadata::default()) {
        Ok(Value::Object(members)) => members,
        Ok(_) | Err(_) => serde_json::Map::new(),
    }
}

impl PartialSchema for Metadata {
    /// As the defaults say: their names and their types.
    fn schema() -> RefOr<Schema> {
        use utoipa::openapi::{ArrayBuilder, Type, schema::AdditionalProperties};
        let of = |kind: Type| ObjectBuilder::new().schema_type(kind);
        let mut object = ObjectBuilder::new()
            .additional_properties(Some(AdditionalProperties::FreeForm(false)))
            .description(Some("Client metadata, RFC 7591 §2; what is absent has its default."));
        for (name, value) in members_of_default() {
            object = match value {
                Value::Bool(_) => object.property(name, of(Type::Boolean)),
                Value::Array(_) => {
                    object.property(name, ArrayBuilder::new().items(of(Type::String)))
                }
                Value::String(_) => object.property(name, of(Type::String)),
                Value::Null | Value::Number(_) | Value::Object(_) => {
                    let kind = kind_without_default(&name);
                    object.property(name, kind)
                }
            };
        }
        object.into()
    }
}

/// Members that have no default are `null` where they are absent.
fn kind_without_default(name: &str) -> ObjectBuilder {
    use utoipa::openapi::{Type, schema::SchemaType};
    let (kind, least) = match name {
        "jwks" => (Type::Object, None),
        "default_max_age" | "access_token_lifetime" => (Type::Integer, Some(0)),
        _ => (Type::String, None),
    };
    ObjectBuilder::new().schema_type(SchemaType::from_iter([kind, Type::Null])).minimum(least)
}

impl ToSchema for Metadata {
    fn name() -> std::borrow::Cow<'static, str> {
        "ClientMetadata".into()
    }
}

fn failed(call: &Call) -> impl Fn(ClientError) -> Problem {
    let origin = call.origin.clone();
    move |error| refusal::client(&error, &origin)
}

/// The client that the address names, with a tag that is not newer than what is shown.
async fn named(call: &Call) -> Result<(client::Client, Answer), Problem> {
    let id = ClientId::parse(call.name()).map_err(|_| Problem::not_found())?;
    let service = |error| refusal::service(&error, &call.origin);
    let row = Versioned::Client(id.clone());
    let version = editor::version(call.ctx(), &row).await.map_err(service)?;
    let client = of_id(call, &id).await?;
    let answer = Answer::ok(&Client::from(&client)).of_version(version);
    Ok((client, answer))
}

/// The client of that id.
pub(super) async fn of_id(call: &Call, id: &ClientId) -> Result<client::Client, Problem> {
    client_registry::find(call.ctx(), id).await.map_err(failed(call))
}

/// Refuses a client that has, or can get, a right that the caller has not.
pub(super) fn refuse_beyond(call: &Call, client: &client::Client) -> Result<(), Problem> {
    Call::refuse_beyond(call.caller.beyond(access_model::client_subject(client)))?;
    refuse_beyond_metadata(call, &client.metadata)
}

/// Refuses metadata by which a client could get a right that the caller has not.
fn refuse_beyond_metadata(call: &Call, metadata: &ClientMetadata) -> Result<(), Problem> {
    Call::refuse_beyond(call.caller.beyond_scope(&metadata.scope))?;
    Call::refuse_beyond(call.caller.beyond_audiences(&metadata.audiences))
}

/// The client that the address names, when the caller has every right that it has or can get.
async fn within_rights(call: &Call) -> Result<client::Client, Problem> {
    let (client, _) = named(call).await?;
    refuse_beyond(call, &client)?;
    Ok(client)
}

pub(super) async fn list(call: Call) -> Result<Answer, Problem> {
    let asked = call.page()?;
    let found = if let Some(id) = call.query.get("client_id") {
        let id = ClientId::parse(id)
            .map_err(|error| Problem::parameter("client_id", error.to_string()))?;
        match client_registry::find(call.ctx(), &id).await {
            Err(ClientError::NotFound) => Vec::new(),
            found => vec![found.map_err(failed(&call))?],
        }
    } else {
        let refused = |_| Problem::parameter("cursor", "it is none of this list");
        let after = asked.after.as_deref().map(ClientId::parse).transpose().map_err(refused)?;
        let list = client_registry::list(call.ctx(), after.as_ref(), asked.limit).await;
        list.map_err(failed(&call))?
    };
    let key = |client: &client::Client| client.id.to_string();
    Ok(Answer::ok(&call.page_of(&asked, &found, key, |client| Client::from(client))))
}

pub(super) async fn one(call: Call) -> Result<Answer, Problem> {
    named(&call).await.map(|(_, answer)| answer)
}

pub(super) async fn create(call: Call) -> Result<Answer, Problem> {
    let body: NewClient = call.read()?;
    let id = body.client_id.as_deref().map(ClientId::parse).transpose();
    let id = id.map_err(|error| Problem::field("/client_id", error.to_string()))?;
    let metadata = body.metadata.0;
    refuse_beyond_metadata(&call, &metadata)?;
    let secret = NewSecret::Generated;
    let made =
        client_registry::create(call.ctx(), id, metadata, secret, call.actor(), &call.origin);
    let made = made.await.map_err(failed(&call))?;
    let location = format!("/admin/api/v1/clients/{}", segment(made.client.id.as_str()));
    Ok(Answer::created(location, &RegisteredClient::from(&made)))
}

pub(super) async fn update(call: Call) -> Result<Answer, Problem> {
    let metadata = call.read::<Metadata>()?.0;
    let client = within_rights(&call).await?;
    refuse_beyond_metadata(&call, &metadata)?;
    let secret = NewSecret::Generated;
    let (ctx, editor) = (call.ctx(), call.editor());
    let made = client_registry::update(ctx, &client.id, metadata, secret, editor, &call.origin);
    let made = made.await.map_err(failed(&call))?;
    Ok(Answer::ok(&RegisteredClient::from(&made)))
}

pub(super) async fn delete(call: Call) -> Result<Answer, Problem> {
    let client = within_rights(&call).await?;
    let deleted = client_registry::delete(call.ctx(), &client.id, call.editor(), &call.origin);
    deleted.await.map_err(failed(&call))?;
    Ok(Answer::done())
}

/// The longest overlap of two secrets, in seconds.
const LONGEST_OVERLAP: u64 = 30 * 24 * 60 * 60;

pub(super) async fn rotate_secret(call: Call) -> Result<Answer, Problem> {
    let body: SecretRotation = call.read()?;
    let overlap = body.overlap.map_or(client_registry::DEFAULT_OVERLAP, Duration::from_secs);
    if overlap > Duration::from_secs(LONGEST_OVERLAP) {
        return Err(Problem::field("/overlap", "it is at most 2592000 seconds"));
    }
    let client = within_rights(&call).await?;
    let (ctx, actor, secret) = (call.ctx(), call.actor(), NewSecret::Generated);
    let made =
        client_registry::rotate_secret(ctx, &client.id, secret, overlap, actor, &call.origin);
    let made = made.await.map_err(failed(&call))?;
    Ok(Answer::ok(&RegisteredClient::from(&made)))
}

pub(super) async fn disable(call: Call) -> Result<Answer, Problem> {
    let client = within_rights(&call).await?;
    let switched = client_registry::disable(call.ctx(), &client.id, call.actor(), &call.origin);
    switched.await.map_err(failed(&call))?;
    Ok(Answer::done())
}

pub(super) async fn enable(call: Call) -> Result<Answer, Problem> {
    let client = within_rights(&call).await?;
    let switched = client_registry::enable(call.ctx(), &client.id, call.actor(), &call.origin);
    switched.await.map_err(failed(&call))?;
    Ok(Answer::done())
}
