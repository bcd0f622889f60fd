//! Who may do what, as one node knows it: every API, role and group, read once and remembered until one
//! of them changes anywhere.

use std::{collections::BTreeSet, sync::Arc};

use super::{Context, ServiceError};
use crate::{
    identity::{
        role::{Roles, Subject, decide},
        user::User,
    },
    protocol::{
        api::Apis,
        claims,
        client::Client,
        grant::granted_scope::{self, GrantedScope},
    },
    store::{self, Conn, StoreError},
    types::{ApiId, ResourceUri, Scope},
};

/// All APIs, roles and groups at one moment.
#[derive(Debug, Default)]
pub struct AccessModel {
    /// The APIs and their permissions.
    pub apis: Apis,
    /// The roles, and the groups that hold some.
    pub roles: Roles,
}

/// What tokens tell of a user beside the profile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// The names of roles.
    pub roles: Vec<String>,
    /// The names of groups.
    pub groups: Vec<String>,
}

/// A permission in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words<'a> {
    /// The name of the API.
    pub api: &'a str,
    /// What the permission allows there.
    pub description: &'a str,
}

/// Who a user is to the decision.
#[must_use]
pub const fn user_subject(user: &User) -> Subject<'_> {
    Subject { roles: &user.roles, groups: &user.groups }
}

/// Who a client is to the decision, when it acts for itself: in no group.
#[must_use]
pub const fn client_subject(client: &Client) -> Subject<'_> {
    const NO_GROUPS: &BTreeSet<String> = &BTreeSet::new();
    Subject { roles: &client.roles, groups: NO_GROUPS }
}

impl AccessModel {
    /// What of `scope` the subject can be granted: scopes of OpenID Connect, and permissions of
    /// enabled APIs that a role permits.
    #[must_use]
    pub fn held(&self, subject: Subject<'_>, scope: &Scope) -> Scope {
        scope.filter(|token| {
            claims::is_standard_scope(token)
                || (self.apis.of_permission(token).is_some()
                    && decide(subject, token, &self.roles).is_granted())
        })
    }

    /// What `client` is granted of `asked` on behalf of `subject`, at these resources.
    #[must_use]
    pub fn grant(
        &self,
        client: &Client,
        subject: Subject<'_>,
        asked: &Scope,
        resources: &[ResourceUri],
    ) -> GrantedScope {
        let holds = |token: &str| decide(subject, token, &self.roles).is_granted();
        granted_scope::grant(asked, &client.metadata.scope, resources, &self.apis, holds)
    }

    /// What may be told about `user` where these APIs listen.
    #[must_use]
    pub fn told(&self, user: &User, apis: &[ApiId]) -> Told {
        let known: BTreeSet<&str> = self.roles.groups().collect();
        let groups = user.groups.iter().filter(|name| known.contains(name.as_str())).cloned();
        Told { roles: self.roles.told(user_subject(user), apis), groups: groups.collect() }
    }

    /// The roles and the groups of `user` where these APIs listen, each if `scope` asks for them and there
    /// are any.
    #[must_use]
    pub fn told_in_scope(
        &self,
        user: Option<&User>,
        scope: &Scope,
        apis: impl FnOnce() -> Vec<ApiId>,
    ) -> (Option<Vec<String>>, Option<Vec<String>>) {
        let (asks_roles, asks_groups) = (scope.contains("roles"), scope.contains("groups"));
        let Some(user) = user.filter(|_| asks_roles || asks_groups) else { return (None, None) };
        let told = self.told(user, &apis());
        let of = |asked: bool, list: Vec<String>| (asked && !list.is_empty()).then_some(list);
        (of(asks_roles, told.roles), of(asks_groups, told.groups))
    }

    /// What may be told about `user` to a client that was granted `scope`: nothing of the APIs that
    /// the scope does not concern.
    #[must_use]
    pub fn told_to_client(&self, user: &User, scope: &Scope) -> Told {
        let apis: Vec<ApiId> = self.apis.of_scope(scope).into_iter().map(|api| api.id).collect();
        self.told(user, &apis)
    }

    /// What a scope token allows in the words of whoever made its API; `None` when it is no permission
    /// of an enabled one.
    #[must_use]
    pub fn words(&self, token: &str) -> Option<Words<'_>> {
        let api = self.apis.of_permission(token)?;
        Some(Words { api: &api.name, description: self.apis.description(token)? })
    }

    /// The roles that include `permission`, by name.
    #[must_use]
    pub fn roles_with(&self, permission: &str) -> Vec<String> {
        self.roles.with_permission(permission).map(|role| role.name.to_string()).collect()
    }
}

/// The model, from memory where memory can be believed.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database has to be asked and does not answer: nobody is
/// granted anything by default.
pub async fn current(ctx: &Context) -> Result<Arc<AccessModel>, ServiceError> {
    let read = async { read(&mut ctx.db.reader().await?.conn()).await.map(Some) };
    let model = ctx.caches.recall_or(&ctx.caches.access, &(), ctx.clock.uptime(), read).await?;
    Ok(model.unwrap_or_default())
}

/// The model as the database holds it.
pub(super) async fn read(conn: &mut Conn<'_>) -> Result<AccessModel, StoreError> {
    let apis = store::api::all(conn).await?;
    let roles = store::role::all(conn).await?;
    let groups = store::group::all(conn).await?;
    Ok(AccessModel { apis: Apis::new(apis), roles: Roles::new(&roles, &groups) })
}
