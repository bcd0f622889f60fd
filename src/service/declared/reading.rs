//! What there is, in the shape of what is declared.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use super::{
    DeclaredError, Secrets,
    marks::{self, Marks},
    state::{Desired, Existing, Fields, Kind},
};
use crate::{
    identity::user::User,
    protocol::client::{Client, ClientMetadata},
    service::{
        Context, ServiceError, apis,
        client_registry::{self, ClientError},
        groups, roles,
        users::{self, UserError},
    },
    types::{ApiId, ClientId, Status, TokenHash, token::TokenKind},
};

/// The field that stands for a client's secret, and what it says: never the secret.
pub(super) const SECRET: &str = "secret";
/// The secret is the one that the declaration refers to.
pub const SECRET_AS_DECLARED: &str = "as declared";
/// It is another one.
pub const SECRET_OTHER: &str = "another one";

/// All APIs, roles and groups; of users and clients those that are declared or were made under the
/// name of the owner.
pub(super) async fn read(
    ctx: &Arc<Context>,
    desired: &Desired,
    secrets: &Secrets,
) -> Result<Vec<Existing>, DeclaredError> {
    let marks = marks::read(ctx, &desired.owner).await?;
    let mut all = Vec::new();
    let audiences = read_apis(ctx, &marks, &mut all).await?;
    read_roles(ctx, &marks, &audiences, &mut all).await?;
    read_groups(ctx, &marks, &mut all).await?;
    for name in wanted(Kind::User, desired, &marks) {
        match users::find(ctx, &name).await {
            Ok(user) => all.push(of_user(&user, &marks)),
            Err(UserError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    for name in wanted(Kind::Client, desired, &marks) {
        let id = ClientId::parse(&name).map_err(ServiceError::internal)?;
        match client_registry::find(ctx, &id).await {
            Ok(client) => all.push(of_client(&client, &marks, secrets)?),
            Err(ClientError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // A user can be asked for by name and by mark.
    all.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
    all.dedup_by(|a, b| (a.kind, &a.id) == (b.kind, &b.id));
    Ok(all)
}

/// The declared names of a kind, and the marked ids.
fn wanted(kind: Kind, desired: &Desired, marks: &Marks) -> Vec<String> {
    let declared = desired.objects.iter().filter(|object| object.kind == kind);
    let marked = marks.iter().filter(|(of, _)| of == kind.as_str()).map(|(_, id)| id.clone());
    declared.map(|object| object.name.clone()).chain(marked).collect()
}

fn existing(
    kind: Kind,
    name: &str,
    id: String,
    fixed: bool,
    marks: &Marks,
    fields: Value,
) -> Existing {
    let fields: Fields = match fields {
        Value::Object(fields) => fields.into_iter().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Fields::new()
        }
    };
    let managed = marks.contains(&(kind.as_str().to_owned(), id.clone()));
    Existing { kind, name: name.to_owned(), id, fields, fixed, managed }
}

async fn read_apis(
    ctx: &Context,
    marks: &Marks,
    all: &mut Vec<Existing>,
) -> Result<BTreeMap<ApiId, String>, DeclaredError> {
    let mut audiences = BTreeMap::new();
    let mut after: Option<String> = None;
    loop {
        let page = apis::list(ctx, after.as_deref(), apis::MAX_PAGE).await?;
        let Some(last) = page.last() else { return Ok(audiences) };
        after = Some(last.audience.to_string());
        for api in page {
            let fields = json!({
                "name": api.name,
                "enabled": api.status == Status::Enabled,
                "permissions": api.permissions,
            });
            let name = api.audience.to_string();
            all.push(existing(Kind::Api, &name, api.id.to_string(), api.built_in, marks, fields));
            audiences.insert(api.id, name);
        }
    }
}

async fn read_roles(
    ctx: &Context,
    marks: &Marks,
    audiences: &BTreeMap<ApiId, String>,
    all: &mut Vec<Existing>,
) -> Result<(), DeclaredError> {
    let mut after: Option<String> = None;
    loop {
        let page = roles::list(ctx, after.as_deref(), roles::MAX_PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.name.to_string());
        for role in page {
            let fields = json!({
                "description": role.description,
                "api": role.api.and_then(|id| audiences.get(&id)),
                "permissions": role.permissions,
                "contains": role.contains,
            });
            let fixed = role.built_in && role.api.is_some();
            let (name, id) = (role.name.as_str(), role.id.to_string());
            all.push(existing(Kind::Role, name, id, fixed, marks, fields));
        }
    }
}

async fn read_groups(
    ctx: &Context,
    marks: &Marks,
    all: &mut Vec<Existing>,
) -> Result<(), DeclaredError> {
    let mut after: Option<String> = None;
    loop {
        let page = groups::list(ctx, after.as_deref(), groups::MAX_PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.name.to_string());
        for group in page {
            let fields = json!({ "description": group.description, "roles": group.roles });
            let (name, id) = (group.name.as_str(), group.id.to_string());
            all.push(existing(Kind::Group, name, id, false, marks, fields));
        }
    }
}

fn of_user(user: &User, marks: &Marks) -> Existing {
    let fields = json!({
        "email": user.email,
        "email_verified": user.email_verified,
        "enabled": user.status == Status::Enabled,
        "roles": user.roles,
        "groups": user.groups,
        "claims": user.profile,
    });
    existing(Kind::User, &user.username, user.id.to_string(), false, marks, fields)
}

fn of_client(client: &Client, marks: &Marks, secrets: &Secrets) -> Result<Existing, DeclaredError> {
    let mut fields = metadata_fields(&client.metadata)?;
    fields.insert("enabled".to_owned(), (client.status == Status::Enabled).into());
    fields.insert("roles".to_owned(), json!(client.roles));
    let id = client.id.as_str();
    if let Some(secret) = secrets.get(&(Kind::Client, id.to_owned())) {
        let hash = TokenHash::of(TokenKind::ClientSecret, secret.expose());
        let same = |kept: &crate::protocol::client::ClientSecret| {
            kept.expires_at.is_none() && kept.hash == hash
        };
        let is_kept = client.secrets.iter().any(same);
        let word = if is_kept { SECRET_AS_DECLARED } else { SECRET_OTHER };
        fields.insert(SECRET.to_owned(), word.into());
    }
    let fields = Value::Object(fields.into_iter().collect());
    Ok(existing(Kind::Client, id, id.to_owned(), false, marks, fields))
}

/// The metadata of a client as fields, under the names of RFC 7591.
pub fn metadata_fields(metadata: &ClientMetadata) -> Result<Fields, ServiceError> {
    match serde_json::to_value(metadata) {
        Ok(Value::Object(fields)) => Ok(fields.into_iter().collect()),
        Ok(_) => Err(ServiceError::Internal("metadata is no object".to_owned())),
        Err(error) => Err(ServiceError::internal(error)),
    }
}
