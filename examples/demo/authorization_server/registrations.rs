//! What the demo's Doorward knows from the start: the API with its permissions, what the roles permit,
//! the users, and Notes. An operator makes the same with `doorward api`, `role`, `user` and `client`.

use std::{collections::BTreeSet, sync::Arc};

use anyhow::Context as _;
use doorward::{
    identity::user::Profile,
    protocol::client::{ClientMetadata, GrantType},
    service::{
        Context,
        apis::{self, NewApi},
        client_registry::{self, NewSecret},
        roles::{self, RoleUpdate},
        users::{self, NewUser},
    },
    types::{ClientId, Scope, Secret, audit::Actor, origin::Origin},
};

use super::super::api::PERMISSIONS;

/// Somebody who can sign in to the demo.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DemoUser {
    /// The name to sign in with.
    pub(crate) username: &'static str,
    /// The password to sign in with: strong enough for Doorward's own rule, easy to type.
    pub(crate) password: &'static str,
    /// The one role that the user holds.
    pub(crate) role: &'static str,
    name: &'static str,
}

/// One user for each role.
pub(crate) const USERS: [DemoUser; 3] = [
    DemoUser {
        username: "alice",
        password: "alice-walks-her-dog-at-7",
        role: "user",
        name: "Alice Marlow",
    },
    DemoUser {
        username: "mod",
        password: "mod-reads-every-note-twice",
        role: "moderator",
        name: "Morgan Odell",
    },
    DemoUser {
        username: "admin",
        password: "admin-waters-12-tall-ferns",
        role: "admin",
        name: "Ada Minton",
    },
];

/// What each role permits at the API, and the role that it contains.
const ROLES: [(&str, &[&str], Option<&str>); 3] = [
    ("user", &["notes:read", "notes:write", "notes:data"], None),
    ("moderator", &["notes:delete"], Some("user")),
    ("admin", &["notes:admin_access"], Some("moderator")),
];

/// What Notes is registered for. Not for `notes:data`: figures are for those who hold an API key.
const NOTES_SCOPE: &str = "openid profile email roles offline_access \
                           notes:read notes:write notes:delete notes:admin_access";

/// What a client needs to know of its registration.
pub(crate) struct Registered {
    /// Its `client_id`.
    pub(crate) client_id: String,
    /// Its `client_secret`.
    pub(crate) client_secret: Secret<String>,
}

/// Makes [`USERS`].
pub(super) async fn make_users(ctx: &Arc<Context>) -> anyhow::Result<()> {
    for user in USERS {
        let new = NewUser {
            username: user.username.to_owned(),
            email: Some(format!("{}@example.com", user.username)),
            email_verified: true,
            password: Some(Secret::new(user.password.to_owned())),
            roles: vec![user.role.to_owned()],
            profile: Profile { name: Some(user.name.to_owned()), ..Profile::default() },
        };
        users::create(ctx, new, Actor::Operator, &origin()).await.context(user.username)?;
    }
    Ok(())
}

/// Makes the API whose audience is `api`, and gives its permissions to the three roles that every
/// Doorward begins with.
pub(super) async fn make_api(ctx: &Arc<Context>, api: &str) -> anyhow::Result<()> {
    let words = |(name, words): (&str, &str)| (name.to_owned(), words.to_owned());
    let new = NewApi {
        audience: api.to_owned(),
        name: "Notes API".to_owned(),
        permissions: PERMISSIONS.into_iter().map(words).collect(),
    };
    apis::create(ctx, new, Actor::Operator, &origin()).await?;
    for (role, permissions, contains) in ROLES {
        let update = RoleUpdate {
            add_permissions: permissions.iter().map(|&name| name.to_owned()).collect(),
            add_contains: contains.into_iter().map(str::to_owned).collect(),
            ..RoleUpdate::default()
        };
        roles::update(ctx, role, update, Actor::Operator, &origin()).await.context(role)?;
    }
    Ok(())
}

/// Registers Notes, which lives at `notes`: a web app with a secret, the code flow and refresh tokens.
pub(super) async fn register_notes(ctx: &Arc<Context>, notes: &str) -> anyhow::Result<Registered> {
    let metadata = ClientMetadata {
        client_name: Some("Notes".to_owned()),
        redirect_uris: vec![format!("{notes}/callback")],
        post_logout_redirect_uris: vec![format!("{notes}/signed-out")],
        grant_types: BTreeSet::from([GrantType::AuthorizationCode, GrantType::RefreshToken]),
        scope: Scope::parse(NOTES_SCOPE)?,
        ..ClientMetadata::default()
    };
    register(ctx, "notes", metadata).await
}

/// Registers the client that the API at `api` asks about tokens with.
pub(super) async fn register_api_client(
    ctx: &Arc<Context>,
    api: &str,
) -> anyhow::Result<Registered> {
    let metadata = ClientMetadata {
        client_name: Some("Notes API".to_owned()),
        grant_types: BTreeSet::new(),
        audiences: vec![api.to_owned()],
        ..ClientMetadata::default()
    };
    register(ctx, "notes-api", metadata).await
}

async fn register(
    ctx: &Arc<Context>,
    id: &str,
    metadata: ClientMetadata,
) -> anyhow::Result<Registered> {
    let id = ClientId::parse(id)?;
    let secret = NewSecret::Generated;
    let registered =
        client_registry::create(ctx, Some(id), metadata, secret, Actor::Operator, &origin())
            .await?;
    let client_secret = registered.secret.context("the client has a secret")?;
    Ok(Registered { client_id: registered.client.id.to_string(), client_secret })
}

/// Where the audit log says that it came from.
pub(super) fn origin() -> Origin {
    Origin::command_line("demo".to_owned())
}
