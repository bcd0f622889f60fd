//! What pages show of clients and users.

use crate::{
    http::view::{Account, Asked, Client, Display, DisplayText, PermissionWords, Source, WebLink},
    identity::user::User,
    protocol::{
        authorize::{AuthorizationRequest, hints},
        client::{self, ClientMetadata},
    },
    service::access_model::{AccessModel, Words},
    types::Scope,
};

/// A client, as people see it.
pub(crate) fn client(client: &client::Client) -> Client {
    metadata(&client.metadata, client.display_name())
}

/// What a client registered, as people see it.
pub(crate) fn metadata(metadata: &ClientMetadata, name: &str) -> Client {
    let link = |uri: &Option<String>| uri.as_deref().and_then(WebLink::parse);
    Client {
        name: DisplayText::new(name),
        logo_uri: link(&metadata.logo_uri),
        client_uri: link(&metadata.client_uri),
        policy_uri: link(&metadata.policy_uri),
        tos_uri: link(&metadata.tos_uri),
    }
}

/// A user, as people see it.
pub(crate) fn account(user: &User) -> Account {
    Account {
        id: user.id.to_string(),
        username: DisplayText::new(&user.username),
        name: user.profile.name.as_deref().map(DisplayText::new),
        email: user.email.as_deref().map(DisplayText::new),
    }
}

/// How the client wants its pages shown.
pub(crate) const fn display(request: &AuthorizationRequest) -> Display {
    match request.display {
        hints::Display::Page => Display::Page,
        hints::Display::Popup => Display::Popup,
        hints::Display::Touch => Display::Touch,
        hints::Display::Wap => Display::Wap,
    }
}

/// Where the forms of a request's pages may lead in the end.
pub(crate) fn form_action(request: &AuthorizationRequest) -> Option<Source> {
    Source::of_redirect_uri(request.redirect_uri.as_str())
}

/// Scope tokens and single claims, in the order in which people read them: who they are comes first.
pub(crate) fn asked(scope: &Scope, claims: &[String], model: &AccessModel) -> Vec<Asked> {
    const ORDER: [&str; 8] =
        ["openid", "profile", "email", "address", "phone", "roles", "groups", "offline_access"];
    let known = ORDER.into_iter().filter(|token| scope.contains(token));
    let others = scope.iter().filter(|token| !ORDER.contains(token));
    let words = |token: &str| model.words(token).map(PermissionWords::from);
    let scopes = known
        .chain(others)
        .map(|token| Asked { token: DisplayText::new(token), permission: words(token) });
    // A claim is no permission, whatever it is called.
    let claims =
        claims.iter().map(|name| Asked { token: DisplayText::new(name), permission: None });
    scopes.chain(claims).collect()
}

impl From<Words<'_>> for PermissionWords {
    fn from(words: Words<'_>) -> Self {
        Self { api: DisplayText::new(words.api), words: DisplayText::new(words.description) }
    }
}
