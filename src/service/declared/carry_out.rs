//! One step of a plan, by the verbs of an operator.

use std::sync::Arc;

use serde_json::Value;

use super::{
    DeclaredError, Secrets,
    marks::{self, Mark},
    reading::{SECRET, metadata_fields},
    state::{Change, Fields, Kind, Step},
};
use crate::{
    identity::user::Profile,
    protocol::client::{ClientMetadata, TokenEndpointAuthMethod},
    service::{
        Context, ServiceError,
        apis::{self, ApiUpdate, NewApi},
        client_registry::{self, NewSecret},
        groups::{self, Membership},
        roles::{self, HolderName, NewRole, RoleUpdate},
        users::{self, NewUser, UserUpdate},
    },
    types::{ClientId, Secret, Status, UserId, audit::Actor, origin::Origin},
};

/// Who carries a step out, and with what.
struct Hand<'a> {
    ctx: &'a Arc<Context>,
    owner: &'a str,
    secret: Option<Secret<String>>,
    actor: &'a Actor,
    origin: &'a Origin,
}

/// Carries the step out and remembers under the name of the owner what was made. An object whose step
/// fails midway is left as far as it came: the next plan has what is missing.
///
/// # Errors
/// What the verbs of the object answer.
pub async fn carry_out(
    ctx: &Arc<Context>,
    owner: &str,
    step: &Step,
    secrets: &Secrets,
    actor: &Actor,
    origin: &Origin,
) -> Result<(), DeclaredError> {
    let secret = secrets.get(&(step.kind, step.name.clone()));
    let secret = secret.map(|secret| Secret::new(secret.expose().clone()));
    let hand = Hand { ctx, owner, secret, actor, origin };
    match (step.change, step.kind) {
        (Change::Delete, _) => hand.delete(step).await,
        (change, Kind::Api) => hand.api(change, step).await,
        (change, Kind::Role) => hand.role(change, step).await,
        (change, Kind::Group) => hand.group(change, step).await,
        (change, Kind::User) => hand.user(change, step).await,
        (change, Kind::Client) => hand.client(change, step).await,
    }
}

fn text(step: &Step, field: &str) -> Option<String> {
    step.becomes(field).and_then(Value::as_str).map(str::to_owned)
}

fn flag(step: &Step, field: &str) -> Option<bool> {
    step.becomes(field).and_then(Value::as_bool)
}

fn parsed<T: serde::de::DeserializeOwned>(
    step: &Step,
    field: &str,
) -> Result<Option<T>, ServiceError> {
    let value = step.becomes(field).cloned();
    value.map(serde_json::from_value).transpose().map_err(ServiceError::internal)
}

/// What the client registers once the step is done. `before` is what it has registered.
pub(super) fn metadata(
    before: Option<&Fields>,
    step: &Step,
) -> Result<ClientMetadata, ServiceError> {
    let mut fields = match before {
        Some(fields) => fields.clone(),
        None => metadata_fields(&ClientMetadata::default())?,
    };
    fields.extend(step.fields.iter().map(|change| (change.field.clone(), change.new.clone())));
    let value = Value::Object(fields.into_iter().collect());
    serde_json::from_value(value).map_err(ServiceError::internal)
}

impl Hand<'_> {
    fn by(&self) -> Actor {
        self.actor.clone()
    }

    async fn mark(&self, step: &Step, id: &str, mark: Mark) -> Result<(), DeclaredError> {
        Ok(marks::write(self.ctx, self.owner, step.kind, id, mark).await?)
    }

    async fn delete(&self, step: &Step) -> Result<(), DeclaredError> {
        let Hand { ctx, origin, .. } = *self;
        let id = step.id.as_deref().unwrap_or_default();
        match step.kind {
            Kind::Api => apis::delete(ctx, &step.name, self.by(), origin).await?,
            Kind::Role => roles::delete(ctx, &step.name, self.by(), origin).await?,
            Kind::Group => groups::delete(ctx, &step.name, self.by(), origin).await?,
            Kind::User => users::delete(ctx, user_id(id)?, self.by(), origin).await?,
            Kind::Client => {
                client_registry::delete(ctx, &client_id(id)?, self.by(), origin).await?;
            }
        }
        self.mark(step, id, Mark::Clear).await
    }

    async fn api(&self, change: Change, step: &Step) -> Result<(), DeclaredError> {
        let Hand { ctx, origin, .. } = *self;
        let permissions: std::collections::BTreeMap<String, String> =
            parsed(step, "permissions")?.unwrap_or_default();
        let mut update =
            ApiUpdate { status: flag(step, "enabled").map(status), ..ApiUpdate::default() };
        if change == Change::Create {
            let name = text(step, "name").unwrap_or_default();
            let permissions = permissions.into_iter().collect();
            let new = NewApi { audience: step.name.clone(), name, permissions };
            let api = apis::create(ctx, new, self.by(), origin).await?;
            self.mark(step, &api.id.to_string(), Mark::Set).await?;
            if update.status != Some(Status::Disabled) {
                return Ok(());
            }
        } else {
            update.name = text(step, "name");
            update.set_permissions = permissions.into_iter().collect();
            update.remove_permissions = step.difference("permissions").1;
        }
        apis::update(ctx, &step.name, update, self.by(), origin).await?;
        Ok(())
    }

    async fn role(&self, change: Change, step: &Step) -> Result<(), DeclaredError> {
        let Hand { ctx, origin, .. } = *self;
        let description = text(step, "description");
        let (add_permissions, remove_permissions) = step.difference("permissions");
        let (add_contains, remove_contains) = step.difference("contains");
        if change == Change::Create {
            let new = NewRole {
                name: step.name.clone(),
                description: description.unwrap_or_default(),
                api: text(step, "api"),
                permissions: add_permissions,
                contains: add_contains,
            };
            let role = roles::create(ctx, new, self.by(), origin).await?;
            return self.mark(step, &role.id.to_string(), Mark::Set).await;
        }
        let update = RoleUpdate {
            description,
            add_permissions,
            remove_permissions,
            add_contains,
            remove_contains,
        };
        roles::update(ctx, &step.name, update, self.by(), origin).await?;
        Ok(())
    }

    async fn group(&self, change: Change, step: &Step) -> Result<(), DeclaredError> {
        let Hand { ctx, origin, .. } = *self;
        let description = text(step, "description");
        if change == Change::Create {
            let words = description.unwrap_or_default();
            let group = groups::create(ctx, &step.name, words, self.by(), origin).await?;
            self.mark(step, &group.id.to_string(), Mark::Set).await?;
        } else if let Some(words) = description {
            groups::update(ctx, &step.name, words, self.by(), origin).await?;
        }
        self.roles(step, &HolderName::Group(step.name.clone())).await
    }

    /// Gives and takes the roles of a group or of a client.
    async fn roles(&self, step: &Step, holder: &HolderName) -> Result<(), DeclaredError> {
        let (given, taken) = step.difference("roles");
        for role in given {
            roles::grant(self.ctx, &role, holder, self.by(), self.origin).await?;
        }
        for role in taken {
            roles::revoke(self.ctx, &role, holder, self.by(), self.origin).await?;
        }
        Ok(())
    }

    async fn user(&self, change: Change, step: &Step) -> Result<(), DeclaredError> {
        let Hand { ctx, origin, .. } = *self;
        let profile: Option<Profile> = parsed(step, "claims")?;
        let roles: Option<Vec<String>> = parsed(step, "roles")?;
        let id = if change == Change::Create {
            let password = self.secret.as_ref();
            let new = NewUser {
                username: step.name.clone(),
                email: text(step, "email"),
                email_verified: flag(step, "email_verified").unwrap_or_default(),
                password: password.map(|password| Secret::new(password.expose().clone())),
                roles: roles.unwrap_or_default(),
                profile: profile.unwrap_or_default(),
            };
            let user = users::create(ctx, new, self.by(), origin).await?;
            self.mark(step, &user.id.to_string(), Mark::Set).await?;
            user.id
        } else {
            let id = user_id(step.id.as_deref().unwrap_or_default())?;
            let update = UserUpdate {
                username: None,
                email: step.becomes("email").map(|email| email.as_str().map(str::to_owned)),
                email_verified: flag(step, "email_verified"),
                roles,
                profile,
            };
            if !update.is_empty() {
                users::update(ctx, id, update, self.by(), origin).await?;
            }
            id
        };
        self.groups_of(step, id).await?;
        match flag(step, "enabled") {
            Some(false) => users::disable(ctx, id, self.by(), origin).await.map(drop)?,
            Some(true) if change == Change::Update => {
                users::enable(ctx, id, self.by(), origin).await.map(drop)?;
            }
            Some(true) | None => {}
        }
        Ok(())
    }

    async fn groups_of(&self, step: &Step, id: UserId) -> Result<(), DeclaredError> {
        let (joined, left) = step.difference("groups");
        let changes = [(joined, Membership::Join), (left, Membership::Leave)];
        for (names, membership) in changes {
            for name in names {
                let user = id.to_string();
                groups::set_member(self.ctx, &name, &user, membership, self.by(), self.origin)
                    .await?;
            }
        }
        Ok(())
    }

    async fn client(&self, change: Change, step: &Step) -> Result<(), DeclaredError> {
        let Hand { ctx, origin, .. } = *self;
        let id = client_id(&step.name)?;
        if change == Change::Create {
            let (metadata, secret) = (metadata(None, step)?, self.own_secret());
            let made =
                client_registry::create(ctx, Some(id.clone()), metadata, secret, self.by(), origin);
            made.await?;
            self.mark(step, id.as_str(), Mark::Set).await?;
        } else {
            self.update_client(&id, step).await?;
        }
        self.roles(step, &HolderName::Client(step.name.clone())).await?;
        match flag(step, "enabled") {
            Some(false) => client_registry::disable(ctx, &id, self.by(), origin).await.map(drop)?,
            Some(true) if change == Change::Update => {
                client_registry::enable(ctx, &id, self.by(), origin).await.map(drop)?;
            }
            Some(true) | None => {}
        }
        Ok(())
    }

    /// Metadata first, in one change with the secret where the way to authenticate changes.
    async fn update_client(&self, id: &ClientId, step: &Step) -> Result<(), DeclaredError> {
        let Hand { ctx, origin, .. } = *self;
        let apart = ["enabled", "roles", SECRET];
        let mut new_secret = step.becomes(SECRET).is_some();
        if step.fields.iter().any(|change| !apart.contains(&change.field.as_str())) {
            let before = client_registry::find(ctx, id).await?.metadata;
            let metadata = metadata(Some(&metadata_fields(&before)?), step)?;
            let method = metadata.token_endpoint_auth_method;
            let other = method != before.token_endpoint_auth_method;
            // A JWT needs the secret itself, which was not kept under another method.
            let needed = new_secret || method == TokenEndpointAuthMethod::ClientSecretJwt;
            let secret = if other && needed { self.own_secret() } else { NewSecret::Generated };
            client_registry::update(ctx, id, metadata, secret, self.by(), origin).await?;
            new_secret &= !other;
        }
        if new_secret {
            let overlap = client_registry::DEFAULT_OVERLAP;
            let secret = self.own_secret();
            client_registry::rotate_secret(ctx, id, secret, overlap, self.by(), origin).await?;
        }
        Ok(())
    }

    /// The secret that the declaration refers to; none is ever made here, for nobody would read it.
    fn own_secret(&self) -> NewSecret {
        self.secret.as_ref().map_or(NewSecret::Generated, |secret| {
            NewSecret::Own(Secret::new(secret.expose().clone()))
        })
    }
}

const fn status(enabled: bool) -> Status {
    if enabled { Status::Enabled } else { Status::Disabled }
}

fn user_id(text: &str) -> Result<UserId, ServiceError> {
    text.parse().map_err(ServiceError::internal)
}

fn client_id(text: &str) -> Result<ClientId, ServiceError> {
    ClientId::parse(text).map_err(ServiceError::internal)
}
