//! A user's attributes under the names of the standard claims. OIDC Core §5.1.

use serde_json::{Map, Value, json};

use super::access_model::Told;
use crate::{identity::user::User, protocol::claims::UserClaims};

/// What is known about `user`, and what may be told of roles and groups; which of it is told, and where, is the business of
/// [`claims`](crate::protocol::claims).
#[must_use]
pub fn facts(user: &User, told: Told) -> UserClaims {
    let mut facts = match serde_json::to_value(&user.profile) {
        Ok(Value::Object(members)) => members,
        // A profile is an object of plain values: nothing else can come of it.
        Ok(_) | Err(_) => Map::new(),
    };
    facts.insert("preferred_username".to_owned(), json!(user.username));
    facts.insert("email".to_owned(), json!(user.email));
    facts.insert("email_verified".to_owned(), json!(user.email_verified));
    facts.insert("roles".to_owned(), told.roles.into());
    facts.insert("groups".to_owned(), told.groups.into());
    facts.insert("updated_at".to_owned(), json!(user.updated_at));
    UserClaims::new(facts)
}
