//! How a client is shown.

use serde_json::{Map, Value, json};

use crate::{
    cli::{
        moment,
        output::{fields, visible},
    },
    protocol::{
        client::{Client, GrantType},
        policy::Policy,
    },
    types::{Secret, Timestamp},
};

/// The stable shape of a client in JSON: the client information response of RFC 7591 §3.2.1, and
/// beside it the status and the secrets that live. Moments are seconds since 1970.
pub(super) fn value(client: &Client, secret: Option<&Secret<String>>) -> anyhow::Result<Value> {
    let mut members = Map::new();
    members.insert("client_id".to_owned(), client.id.as_str().into());
    if let Some(secret) = secret {
        members.insert("client_secret".to_owned(), secret.expose().as_str().into());
        members.insert("client_secret_expires_at".to_owned(), 0.into());
    }
    members.insert("client_id_issued_at".to_owned(), client.created_at.unix().into());
    members.insert("updated_at".to_owned(), client.updated_at.unix().into());
    members.insert("status".to_owned(), client.status.as_str().into());
    let secrets = client.secrets.iter().map(|kept| {
        json!({
            "id": kept.id.to_string(),
            "created_at": kept.created_at.unix(),
            "expires_at": kept.expires_at.map(Timestamp::unix),
        })
    });
    members.insert("secrets".to_owned(), secrets.collect());
    if let Value::Object(metadata) = serde_json::to_value(&client.metadata)? {
        members.extend(metadata);
    }
    Ok(Value::Object(members))
}

/// A client in a table of them.
pub(super) fn row(client: &Client) -> [String; 5] {
    [
        client.id.to_string(),
        client.metadata.client_name.clone().unwrap_or_default(),
        client.metadata.token_endpoint_auth_method.as_str().to_owned(),
        grants(client, ", "),
        client.status.as_str().to_owned(),
    ]
}

fn grants(client: &Client, separator: &str) -> String {
    let grants = client.metadata.grant_types.iter().copied().map(GrantType::as_str);
    grants.collect::<Vec<_>>().join(separator)
}

/// A client for people; a new secret is shown this once.
pub(super) fn describe(client: &Client, secret: Option<&Secret<String>>) -> String {
    let metadata = &client.metadata;
    let mut pairs = vec![("client_id", client.id.to_string())];
    if let Some(secret) = secret {
        let once = "(shown this once; keep it now)";
        pairs.push(("client_secret", format!("{}\n{once}", secret.expose())));
    }
    // The members in the words of the specifications; what is not registered shows nothing.
    let members = match serde_json::to_value(metadata) {
        Ok(Value::Object(members)) => members,
        Ok(_) | Err(_) => Map::new(),
    };
    pairs.extend(members.iter().map(|(name, value)| (name.as_str(), plain(value))));
    pairs.push(("jwks", keys(client)));
    pairs.push(("status", client.status.as_str().to_owned()));
    pairs.push(("secrets", secrets(client)));
    pairs.push(("registered", moment::text(client.created_at)));
    pairs.push(("updated", moment::text(client.updated_at)));
    fields(&pairs)
}

/// A value of JSON as a line, or as lines; nothing for what is absent.
fn plain(value: &Value) -> String {
    match value {
        Value::Null | Value::Object(_) => String::new(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => visible(text),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join("\n"),
    }
}

fn keys(client: &Client) -> String {
    client.metadata.jwks.as_ref().map_or_else(String::new, |set| match set.keys().len() {
        1 => "1 public key".to_owned(),
        count => format!("{count} public keys"),
    })
}

fn secrets(client: &Client) -> String {
    let line = |kept: &crate::protocol::client::ClientSecret| {
        let end =
            kept.expires_at.map_or_else(String::new, |at| format!(", until {}", moment::text(at)));
        format!("{} since {}{end}", kept.id, moment::text(kept.created_at))
    };
    client.secrets.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What to do with a new client.
pub(super) fn next_steps(client: &Client, policy: &Policy) -> String {
    let issuer = &policy.issuer;
    let mut pairs = vec![("issuer", issuer.to_string())];
    pairs.push(("discovery", format!("{issuer}/.well-known/openid-configuration")));
    let direct = [GrantType::ClientCredentials, GrantType::TokenExchange, GrantType::Password];
    if direct.into_iter().any(|grant| client.may_use(grant)) {
        pairs.push(("token endpoint", format!("{issuer}/token")));
    }
    if !client.metadata.audiences.is_empty() {
        pairs.push(("introspection", format!("{issuer}/introspect")));
    }
    let mut text =
        format!("Next: give these to the client's OpenID Connect library.\n\n{}", fields(&pairs));
    if client.may_use(GrantType::Password) && !policy.password_grant {
        text.push_str("\n\nThe password grant is switched off: set legacy.password_grant = true.");
    }
    text
}
