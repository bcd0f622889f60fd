//! Every route of the admin API: what is asked, with which permission, and who answers.

use super::{
    api_keys, apis, assignments, audit, clients, grants, groups, keys,
    serve::handler,
    sessions, settings,
    shape::{Page, Shape},
    users,
};
use super::{call::Handler, roles};

/// A method of HTTP, as far as the admin API uses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Looks.
    Get,
    /// Makes something, or does something to it.
    Post,
    /// Puts something in the place of what was there.
    Put,
    /// Changes parts.
    Patch,
    /// Takes away.
    Delete,
}

/// Whether a change must name the version that it was made in the light of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It need not: there are no versions, or the change is the same whatever came before.
    None,
    /// `If-Match` must be there. RFC 6585 §3.
    IfMatch,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The method.
    pub verb: Verb,
    /// The path, with the names of its parts in braces.
    pub path: &'static str,
    /// What the token must allow.
    pub permission: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// Whether `If-Match` must be there.
    pub condition: Condition,
    /// The parameters of the query, beside those of pages.
    pub filters: &'static [&'static str],
    /// The status of success.
    pub status: u16,
    pub(super) takes: Option<Shape>,
    pub(super) gives: Option<Shape>,
    pub(super) paged: bool,
    pub(super) handler: Handler,
}

/// Every route. Whatever is here is served, guarded and described; nothing else is.
pub const ROUTES: &[Route] = &[
    list("/admin/api/v1/users", "doorward:users:read", "Lists the users", handler!(users::list))
        .filters(&["username", "email"])
        .gives(Shape::of::<Page<users::User>>()),
    post("/admin/api/v1/users", "doorward:users:write", "Makes a user", handler!(users::create))
        .takes(Shape::of::<users::NewUser>())
        .creates(Shape::of::<users::User>()),
    get("/admin/api/v1/users/{id}", "doorward:users:read", "One user", handler!(users::one))
        .gives(Shape::of::<users::User>()),
    patch(
        "/admin/api/v1/users/{id}",
        "doorward:users:write",
        "Changes a user",
        handler!(users::update),
    )
    .takes(Shape::of::<users::UserPatch>())
    .gives(Shape::of::<users::User>()),
    delete(
        "/admin/api/v1/users/{id}",
        "doorward:users:write",
        "Deletes a user with every session, consent and token",
        handler!(users::delete),
    ),
    post(
        "/admin/api/v1/users/{id}/password",
        "doorward:users:write",
        "Sets a password, and ends every session and grant of the user",
        handler!(users::set_password),
    )
    .takes(Shape::of::<users::NewPassword>())
    .gives(Shape::of::<users::Ended>()),
    post(
        "/admin/api/v1/users/{id}/disable",
        "doorward:users:write",
        "Disables a user, and ends every session and grant of the user",
        handler!(users::disable),
    )
    .gives(Shape::of::<users::Ended>()),
    post(
        "/admin/api/v1/users/{id}/enable",
        "doorward:users:write",
        "Enables a user again",
        handler!(users::enable),
    ),
    put(
        "/admin/api/v1/users/{id}/roles/{role}",
        "doorward:roles:write",
        "Gives a user a role",
        handler!(assignments::give_user),
    ),
    remove(
        "/admin/api/v1/users/{id}/roles/{role}",
        "doorward:roles:write",
        "Takes a role from a user",
        handler!(assignments::take_from_user),
    ),
    list(
        "/admin/api/v1/users/{id}/api-keys",
        "doorward:api-keys:read",
        "Lists the API keys of a user, oldest first",
        handler!(api_keys::list_of_user),
    )
    .gives(Shape::of::<Page<api_keys::ApiKey>>()),
    post(
        "/admin/api/v1/users/{id}/api-keys",
        "doorward:api-keys:write",
        "Makes an API key for a user; its text is in this answer and never told again",
        handler!(api_keys::create_for_user),
    )
    .takes(Shape::of::<api_keys::NewApiKey>())
    .creates(Shape::of::<api_keys::CreatedApiKey>()),
    list(
        "/admin/api/v1/clients",
        "doorward:clients:read",
        "Lists the clients",
        handler!(clients::list),
    )
    .filters(&["client_id"])
    .gives(Shape::of::<Page<clients::Client>>()),
    post(
        "/admin/api/v1/clients",
        "doorward:clients:write",
        "Registers a client; its secret is in this answer and never told again",
        handler!(clients::create),
    )
    .takes(Shape::of::<clients::NewClient>())
    .creates(Shape::of::<clients::RegisteredClient>()),
    get(
        "/admin/api/v1/clients/{client_id}",
        "doorward:clients:read",
        "One client",
        handler!(clients::one),
    )
    .gives(Shape::of::<clients::Client>()),
    replace(
        "/admin/api/v1/clients/{client_id}",
        "doorward:clients:write",
        "Replaces what a client registered",
        handler!(clients::update),
    )
    .takes(Shape::of::<clients::Metadata>())
    .gives(Shape::of::<clients::RegisteredClient>()),
    delete(
        "/admin/api/v1/clients/{client_id}",
        "doorward:clients:write",
        "Deletes a client with every consent and token; its id is never given to another",
        handler!(clients::delete),
    ),
    post(
        "/admin/api/v1/clients/{client_id}/secret",
        "doorward:clients:write",
        "Gives a client a new secret; the one before works on for a while",
        handler!(clients::rotate_secret),
    )
    .takes(Shape::of::<clients::SecretRotation>())
    .gives(Shape::of::<clients::RegisteredClient>()),
    post(
        "/admin/api/v1/clients/{client_id}/disable",
        "doorward:clients:write",
        "Disables a client, and ends every grant to it",
        handler!(clients::disable),
    ),
    post(
        "/admin/api/v1/clients/{client_id}/enable",
        "doorward:clients:write",
        "Enables a client again",
        handler!(clients::enable),
    ),
    put(
        "/admin/api/v1/clients/{client_id}/roles/{role}",
        "doorward:roles:write",
        "Gives a service client a role",
        handler!(assignments::give_client),
    ),
    remove(
        "/admin/api/v1/clients/{client_id}/roles/{role}",
        "doorward:roles:write",
        "Takes a role from a service client",
        handler!(assignments::take_from_client),
    ),
    list(
        "/admin/api/v1/clients/{client_id}/api-keys",
        "doorward:api-keys:read",
        "Lists the API keys of a service client, oldest first",
        handler!(api_keys::list_of_client),
    )
    .gives(Shape::of::<Page<api_keys::ApiKey>>()),
    post(
        "/admin/api/v1/clients/{client_id}/api-keys",
        "doorward:api-keys:write",
        "Makes an API key for a service client; its text is in this answer and never told again",
        handler!(api_keys::create_for_client),
    )
    .takes(Shape::of::<api_keys::NewApiKey>())
    .creates(Shape::of::<api_keys::CreatedApiKey>()),
    get(
        "/admin/api/v1/api-keys/{id}",
        "doorward:api-keys:read",
        "One API key, without its text",
        handler!(api_keys::one),
    )
    .gives(Shape::of::<api_keys::ApiKey>()),
    remove(
        "/admin/api/v1/api-keys/{id}",
        "doorward:api-keys:write",
        "Revokes an API key: it counts no more, at once",
        handler!(api_keys::revoke),
    ),
    post(
        "/admin/api/v1/api-keys/{id}/rotate",
        "doorward:api-keys:write",
        "Puts a new API key in the place of one, which lives on for a while; the text of the new one is \
         in this answer and never told again",
        handler!(api_keys::rotate),
    )
    .takes(Shape::of::<api_keys::ApiKeyRotation>())
    .creates(Shape::of::<api_keys::CreatedApiKey>()),
    list("/admin/api/v1/apis", "doorward:apis:read", "Lists the APIs", handler!(apis::list))
        .filters(&["audience"])
        .gives(Shape::of::<Page<apis::Api>>()),
    post("/admin/api/v1/apis", "doorward:apis:write", "Makes an API", handler!(apis::create))
        .takes(Shape::of::<apis::NewApi>())
        .creates(Shape::of::<apis::Api>()),
    get("/admin/api/v1/apis/{id}", "doorward:apis:read", "One API", handler!(apis::one))
        .gives(Shape::of::<apis::Api>()),
    patch(
        "/admin/api/v1/apis/{id}",
        "doorward:apis:write",
        "Changes an API; a permission that goes is gone from every role",
        handler!(apis::update),
    )
    .takes(Shape::of::<apis::ApiPatch>())
    .gives(Shape::of::<apis::Api>()),
    delete(
        "/admin/api/v1/apis/{id}",
        "doorward:apis:write",
        "Deletes an API with its permissions and its roles",
        handler!(apis::delete),
    ),
    list("/admin/api/v1/roles", "doorward:roles:read", "Lists the roles", handler!(roles::list))
        .filters(&["name"])
        .gives(Shape::of::<Page<roles::Role>>()),
    post("/admin/api/v1/roles", "doorward:roles:write", "Makes a role", handler!(roles::create))
        .takes(Shape::of::<roles::NewRole>())
        .creates(Shape::of::<roles::Role>()),
    get("/admin/api/v1/roles/{name}", "doorward:roles:read", "One role", handler!(roles::one))
        .gives(Shape::of::<roles::Role>()),
    patch(
        "/admin/api/v1/roles/{name}",
        "doorward:roles:write",
        "Changes what a role permits",
        handler!(roles::update),
    )
    .takes(Shape::of::<roles::RolePatch>())
    .gives(Shape::of::<roles::Role>()),
    delete(
        "/admin/api/v1/roles/{name}",
        "doorward:roles:write",
        "Deletes a role, and takes it from everybody",
        handler!(roles::delete),
    ),
    list(
        "/admin/api/v1/roles/{name}/holders",
        "doorward:roles:read",
        "Lists who holds a role: users, groups, their members, clients",
        handler!(roles::holders),
    )
    .gives(Shape::of::<Page<roles::RoleHolder>>()),
    list(
        "/admin/api/v1/groups",
        "doorward:groups:read",
        "Lists the groups",
        handler!(groups::list),
    )
    .filters(&["name"])
    .gives(Shape::of::<Page<groups::Group>>()),
    post(
        "/admin/api/v1/groups",
        "doorward:groups:write",
        "Makes a group",
        handler!(groups::create),
    )
    .takes(Shape::of::<groups::NewGroup>())
    .creates(Shape::of::<groups::Group>()),
    get("/admin/api/v1/groups/{name}", "doorward:groups:read", "One group", handler!(groups::one))
        .gives(Shape::of::<groups::Group>()),
    patch(
        "/admin/api/v1/groups/{name}",
        "doorward:groups:write",
        "Gives a group another description",
        handler!(groups::update),
    )
    .takes(Shape::of::<groups::GroupPatch>())
    .gives(Shape::of::<groups::Group>()),
    delete(
        "/admin/api/v1/groups/{name}",
        "doorward:groups:write",
        "Deletes a group; its members stay, and hold its roles no more",
        handler!(groups::delete),
    ),
    list(
        "/admin/api/v1/groups/{name}/members",
        "doorward:groups:read",
        "Lists the members of a group",
        handler!(groups::members),
    )
    .gives(Shape::of::<Page<groups::Member>>()),
    put(
        "/admin/api/v1/groups/{name}/members/{id}",
        "doorward:groups:write",
        "Takes a user into a group",
        handler!(groups::join),
    ),
    remove(
        "/admin/api/v1/groups/{name}/members/{id}",
        "doorward:groups:write",
        "Takes a user out of a group",
        handler!(groups::leave),
    ),
    put(
        "/admin/api/v1/groups/{name}/roles/{role}",
        "doorward:roles:write",
        "Gives every member of a group a role",
        handler!(assignments::give_group),
    ),
    remove(
        "/admin/api/v1/groups/{name}/roles/{role}",
        "doorward:roles:write",
        "Takes a role from a group",
        handler!(assignments::take_from_group),
    ),
    list(
        "/admin/api/v1/sessions",
        "doorward:sessions:read",
        "Lists the browser sessions that live",
        handler!(sessions::list),
    )
    .filters(&["user"])
    .gives(Shape::of::<Page<sessions::Session>>()),
    remove(
        "/admin/api/v1/sessions/{id}",
        "doorward:sessions:write",
        "Ends a browser session, with what hangs from it alone",
        handler!(sessions::end),
    ),
    list(
        "/admin/api/v1/grants",
        "doorward:grants:read",
        "Lists the grants that were not revoked",
        handler!(grants::list),
    )
    .filters(&["user"])
    .gives(Shape::of::<Page<grants::Grant>>()),
    remove(
        "/admin/api/v1/grants/{id}",
        "doorward:grants:write",
        "Revokes a grant with every token under it",
        handler!(grants::revoke),
    ),
    get(
        "/admin/api/v1/signing-keys",
        "doorward:keys:read",
        "Lists the signing keys, oldest first",
        handler!(keys::list),
    )
    .gives(Shape::of::<keys::Keys>()),
    post(
        "/admin/api/v1/signing-keys/rotate",
        "doorward:keys:write",
        "Lets the key that stands by take over",
        handler!(keys::rotate),
    )
    .takes(Shape::of::<keys::RotationOrder>())
    .gives(Shape::of::<keys::RotationResult>()),
    post(
        "/admin/api/v1/signing-keys/{kid}/revoke",
        "doorward:keys:write",
        "Revokes a key: what it signed counts no more, at once",
        handler!(keys::revoke),
    ),
    list(
        "/admin/api/v1/audit-events",
        "doorward:audit:read",
        "Lists the events of the audit log, oldest first",
        handler!(audit::list),
    )
    .filters(&["actor", "object", "action", "from", "until"])
    .gives(Shape::of::<Page<audit::Event>>()),
    get(
        "/admin/api/v1/audit-chain",
        "doorward:audit:read",
        "Checks that no event is missing and that each is as it was written",
        handler!(audit::verify),
    )
    .gives(Shape::of::<audit::Chain>()),
    get(
        "/admin/api/v1/settings",
        "doorward:settings:read",
        "The settings that are not at their defaults, without secrets",
        handler!(settings::show),
    )
    .gives(Shape::of::<settings::Settings>()),
];

const fn row(
    verb: Verb,
    path: &'static str,
    permission: &'static str,
    summary: &'static str,
    handler: Handler,
) -> Route {
    Route {
        verb,
        path,
        permission,
        summary,
        condition: Condition::None,
        filters: &[],
        status: 204,
        takes: None,
        gives: None,
        paged: false,
        handler,
    }
}

macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident = $verb:ident { $($field:ident: $value:expr),* };)*) => {$(
        $(#[$doc])*
        const fn $name(
            path: &'static str,
            permission: &'static str,
            summary: &'static str,
            handler: Handler,
        ) -> Route {
            Route { $($field: $value,)* ..row(Verb::$verb, path, permission, summary, handler) }
        }
    )*};
}

verbs! {
    get = Get {};
    /// A list in pages.
    list = Get { paged: true };
    post = Post {};
    /// Gives, or lets in: the same however often it is asked.
    put = Put {};
    /// Puts a whole in the place of another.
    replace = Put { condition: Condition::IfMatch };
    patch = Patch { condition: Condition::IfMatch };
    delete = Delete { condition: Condition::IfMatch };
    /// Takes, or ends: the same however often it is asked.
    remove = Delete {};
}

impl Route {
    const fn filters(self, filters: &'static [&'static str]) -> Self {
        Self { filters, ..self }
    }

    const fn takes(self, shape: Shape) -> Self {
        Self { takes: Some(shape), ..self }
    }

    const fn gives(self, shape: Shape) -> Self {
        Self { gives: Some(shape), status: 200, ..self }
    }

    const fn creates(self, shape: Shape) -> Self {
        Self { gives: Some(shape), status: 201, ..self }
    }
}
