//! What ends a grant ends it on every path: each grant type × each change of user or client.
//!
//! The table is a `match` without a wildcard: a new grant type does not compile before it has a row
//! for every change. TOK-09, RT-10, CODE-07, CODE-09.

use doorward::{
    identity::api_key::Owner,
    protocol::client::{AccessTokenFormat, ClientMetadata, GrantType},
    service::{account, browser_session, client_registry, users, users::UserUpdate},
    types::{Scope, Secret, UserId, audit::Actor},
};
use serde_json::json;

use crate::actors::{
    Browser, Issuer, RelyingParty,
    access::{NOTES_API, ROBOT},
    api_key::exchanger,
    issuer::{PASSWORD, Reply, origin},
    relying_party::{claims, web_app},
};

/// What happens between the grant and its use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Nothing,
    UserDisabled,
    UserDisabledAndEnabled,
    UserDeleted,
    PasswordChanged,
    SessionEnded,
    ConsentWithdrawn,
    RoleTaken,
    ClientDisabled,
    ClientDisabledAndEnabled,
    ClientDeleted,
    GrantTypeTaken,
}

impl Change {
    const ALL: [Self; 12] = [
        Self::Nothing,
        Self::UserDisabled,
        Self::UserDisabledAndEnabled,
        Self::UserDeleted,
        Self::PasswordChanged,
        Self::SessionEnded,
        Self::ConsentWithdrawn,
        Self::RoleTaken,
        Self::ClientDisabled,
        Self::ClientDisabledAndEnabled,
        Self::ClientDeleted,
        Self::GrantTypeTaken,
    ];
}

/// What the token endpoint answers then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Tokens,
    TokensWithoutRole,
    InvalidGrant,
    InvalidRequest,
    InvalidClient,
    UnauthorizedClient,
    UnsupportedGrantType,
}

/// The table: what holds for the client is the same for every grant, the rest is a column for each.
const fn expected(grant: GrantType, change: Change) -> Answer {
    match (grant, change) {
        (
            GrantType::AuthorizationCode
            | GrantType::RefreshToken
            | GrantType::ClientCredentials
            | GrantType::TokenExchange
            | GrantType::Password,
            Change::ClientDisabled | Change::ClientDeleted,
        ) => Answer::InvalidClient,
        (GrantType::Password, Change::GrantTypeTaken) => Answer::UnsupportedGrantType,
        (
            GrantType::AuthorizationCode
            | GrantType::RefreshToken
            | GrantType::ClientCredentials
            | GrantType::TokenExchange,
            Change::GrantTypeTaken,
        ) => Answer::UnauthorizedClient,
        (GrantType::AuthorizationCode, change) => of_a_grant(change, Answer::InvalidGrant),
        // `offline_access` is what outlives the session (OIDC Core §11).
        (GrantType::RefreshToken, change) => of_a_grant(change, Answer::Tokens),
        // No user has to do with it.
        (GrantType::ClientCredentials, _) => Answer::Tokens,
        (GrantType::TokenExchange, change) => of_an_api_key(change),
        (GrantType::Password, change) => of_a_password(change),
    }
}

/// A code and a refresh token hang from a grant, and that from nearly everything.
const fn of_a_grant(change: Change, session_ended: Answer) -> Answer {
    match change {
        Change::Nothing => Answer::Tokens,
        Change::SessionEnded => session_ended,
        Change::RoleTaken => Answer::TokensWithoutRole,
        Change::UserDisabled
        | Change::UserDisabledAndEnabled
        | Change::UserDeleted
        | Change::PasswordChanged
        | Change::ConsentWithdrawn
        | Change::ClientDisabled
        | Change::ClientDisabledAndEnabled
        | Change::ClientDeleted
        | Change::GrantTypeTaken => Answer::InvalidGrant,
    }
}

/// An API key hangs from its owner alone: from no password, no session and no consent. One of which no
/// role is left opens nothing. RFC 8693 §2.2.2.
const fn of_an_api_key(change: Change) -> Answer {
    match change {
        Change::Nothing
        | Change::UserDisabledAndEnabled
        | Change::PasswordChanged
        | Change::SessionEnded
        | Change::ConsentWithdrawn
        | Change::ClientDisabledAndEnabled => Answer::Tokens,
        Change::UserDisabled
        | Change::UserDeleted
        | Change::RoleTaken
        | Change::ClientDisabled
        | Change::ClientDeleted
        | Change::GrantTypeTaken => Answer::InvalidRequest,
    }
}

/// The password is proven anew each time: what was given before does not matter.
const fn of_a_password(change: Change) -> Answer {
    match change {
        Change::Nothing
        | Change::UserDisabledAndEnabled
        | Change::SessionEnded
        | Change::ConsentWithdrawn
        | Change::ClientDisabledAndEnabled => Answer::Tokens,
        Change::RoleTaken => Answer::TokensWithoutRole,
        Change::UserDisabled
        | Change::UserDeleted
        | Change::PasswordChanged
        | Change::ClientDisabled
        | Change::ClientDeleted
        | Change::GrantTypeTaken => Answer::InvalidGrant,
    }
}

/// An app that may do everything.
fn metadata(format: AccessTokenFormat) -> ClientMetadata {
    ClientMetadata {
        grant_types: GrantType::ALL.iter().copied().collect(),
        scope: Scope::parse("openid roles offline_access notes:read").unwrap(),
        access_token_format: format,
        audiences: vec![NOTES_API.to_owned()],
        ..web_app()
    }
}

fn without(grant: GrantType) -> ClientMetadata {
    let mut metadata = metadata(AccessTokenFormat::Jwt);
    metadata.grant_types.remove(&grant);
    if grant == GrantType::AuthorizationCode {
        metadata.grant_types.remove(&GrantType::RefreshToken);
    }
    metadata
}

async fn make(
    issuer: &Issuer,
    app: &RelyingParty<'_>,
    user: UserId,
    grant: GrantType,
    change: Change,
) {
    let (ctx, client, actor, origin) =
        (&issuer.ctx, &app.registered.client.id, Actor::Operator, origin());
    match change {
        Change::Nothing => {}
        Change::UserDisabled => drop(users::disable(ctx, user, actor, &origin).await.unwrap()),
        Change::UserDisabledAndEnabled => {
            users::disable(ctx, user, actor.clone(), &origin).await.unwrap();
            users::enable(ctx, user, actor, &origin).await.unwrap();
        }
        Change::UserDeleted => users::delete(ctx, user, actor, &origin).await.unwrap(),
        Change::PasswordChanged => {
            let password = Secret::new("another horse battery staple".to_owned());
            users::set_password(ctx, user, password, actor, &origin).await.unwrap();
        }
        Change::SessionEnded => {
            let sessions = account::overview(ctx, user).await.unwrap().sessions;
            for session in sessions {
                assert!(browser_session::end(ctx, user, session.id, &origin).await.unwrap());
            }
        }
        Change::ConsentWithdrawn => {
            account::revoke_app(ctx, user, client.clone(), &origin).await.unwrap();
        }
        Change::RoleTaken => {
            let update = UserUpdate { roles: Some(vec![]), ..UserUpdate::default() };
            users::update(ctx, user, update, actor, &origin).await.unwrap();
        }
        Change::ClientDisabled => {
            client_registry::disable(ctx, client, actor, &origin).await.unwrap();
        }
        Change::ClientDisabledAndEnabled => {
            client_registry::disable(ctx, client, actor.clone(), &origin).await.unwrap();
            client_registry::enable(ctx, client, actor, &origin).await.unwrap();
        }
        Change::ClientDeleted => {
            client_registry::delete(ctx, client, actor, &origin).await.unwrap();
        }
        Change::GrantTypeTaken => issuer.change_client(client.as_str(), without(grant)).await,
    }
}

fn hold(reply: &Reply, answer: Answer) {
    match answer {
        Answer::Tokens => drop(reply.granted()),
        Answer::TokensWithoutRole => {
            let tokens = reply.granted();
            let tokens = ["access_token", "id_token"].map(|name| tokens[name].as_str());
            for token in tokens.into_iter().flatten() {
                let claims = claims(token);
                assert!(claims.get("roles").is_none(), "{claims}");
            }
        }
        Answer::InvalidGrant => reply.is_invalid_grant(),
        Answer::InvalidRequest => {
            reply.refused(http::StatusCode::BAD_REQUEST, "invalid_request");
        }
        Answer::InvalidClient => reply.is_invalid_client(),
        Answer::UnauthorizedClient => {
            reply.refused(http::StatusCode::BAD_REQUEST, "unauthorized_client");
        }
        Answer::UnsupportedGrantType => {
            reply.refused(http::StatusCode::BAD_REQUEST, "unsupported_grant_type");
        }
    }
}

/// One cell of the table: get so far as the grant, make the change, use the grant.
async fn cell(grant: GrantType, change: Change, at: Where) {
    let issuer = Issuer::start_with_password_grant().await;
    let user = issuer.user("alice").await;
    let metadata = metadata(AccessTokenFormat::Jwt);
    let app = RelyingParty::register(&issuer, "notes", metadata).await;
    let app = app.asking("openid roles offline_access");
    let node = issuer.another_node().await;
    let mut browser = Browser::new(&issuer);
    let held = match grant {
        GrantType::AuthorizationCode => app.code(&mut browser, "alice").await,
        GrantType::RefreshToken => {
            let code = app.code(&mut browser, "alice").await;
            app.redeem(&code).await.granted()["refresh_token"].as_str().unwrap().to_owned()
        }
        GrantType::ClientCredentials | GrantType::Password => String::new(),
        GrantType::TokenExchange => {
            issuer.give(&user, ROBOT).await;
            issuer.api_key(&Owner::User(user.id), "notes:read").await
        }
    };
    make(&issuer, &app, user.id, grant, change).await;
    let user = match at {
        Where::SameNode => app,
        Where::OtherNode => {
            // Within a second every node has heard of it.
            node.wait(1).await;
            app.on(&node)
        }
    };
    let reply = match grant {
        GrantType::AuthorizationCode => user.redeem(&held).await,
        GrantType::RefreshToken => user.refresh(&held).await,
        GrantType::ClientCredentials => user.token(&[("grant_type", "client_credentials")]).await,
        GrantType::TokenExchange => user.exchange(&held, &[]).await,
        GrantType::Password => {
            user.token(&[
                ("grant_type", "password"),
                ("username", "alice"),
                ("password", PASSWORD),
                ("scope", "openid roles offline_access"),
            ])
            .await
        }
    };
    eprintln!("{grant:?} × {change:?}: {}", reply.status);
    hold(&reply, expected(grant, change));
}

#[derive(Clone, Copy)]
enum Where {
    SameNode,
    OtherNode,
}

/// TOK-09: every grant type × every change, on the node that made the change.
#[tokio::test]
async fn tok_09_every_grant_asks_the_same_questions() {
    for grant in GrantType::ALL {
        for change in Change::ALL {
            cell(*grant, change, Where::SameNode).await;
        }
    }
}

/// TOK-09: the same on another node, a second later.
#[tokio::test]
async fn tok_09_every_grant_asks_the_same_questions_on_every_node() {
    for grant in GrantType::ALL {
        for change in Change::ALL {
            cell(*grant, change, Where::OtherNode).await;
        }
    }
}

/// Whether an access token that was issued before the change still counts after it.
const fn survives(change: Change) -> bool {
    match change {
        // The last of them, since the grant is one that outlives its session.
        Change::Nothing | Change::RoleTaken | Change::GrantTypeTaken | Change::SessionEnded => true,
        Change::UserDisabled
        | Change::UserDisabledAndEnabled
        | Change::UserDeleted
        | Change::PasswordChanged
        | Change::ConsentWithdrawn
        | Change::ClientDisabled
        | Change::ClientDisabledAndEnabled
        | Change::ClientDeleted => false,
    }
}

/// INTR-07, UINF-05: an access token that lives already dies with what it hangs from, in both forms,
/// on every node.
#[tokio::test]
async fn intr_07_what_ends_a_grant_ends_its_access_tokens() {
    for format in [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque] {
        for change in Change::ALL {
            let issuer = Issuer::start().await;
            let user = issuer.user("alice").await;
            let app = RelyingParty::register(&issuer, "notes", metadata(format)).await;
            let app = app.asking("openid offline_access");
            let node = issuer.another_node().await;
            let tokens = app.tokens("alice").await;
            let access = tokens["access_token"].as_str().unwrap();
            let there = app.on(&node);
            for app in [&app, &there] {
                assert_eq!(app.userinfo(access).await.status, 200);
            }
            make(&issuer, &app, user.id, GrantType::RefreshToken, change).await;
            let status = if survives(change) { 200 } else { 401 };
            assert_eq!(app.userinfo(access).await.status, status, "{change:?} {format:?}");
            node.wait(1).await;
            assert_eq!(there.userinfo(access).await.status, status, "{change:?} {format:?}");
        }
    }
}

/// INTR-07: introspection says so as well, to the API that asks, on every node, one as well that had
/// just looked at the token. A role that is gone is gone from the answer.
#[tokio::test]
async fn intr_07_the_api_that_introspects_hears_of_it_on_every_node() {
    for format in [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque] {
        for change in Change::ALL {
            let issuer = Issuer::start().await;
            let user = issuer.user("alice").await;
            issuer.give(&user, ROBOT).await;
            let app = RelyingParty::register(&issuer, "notes", metadata(format)).await;
            let app = app.asking("openid offline_access notes:read");
            let api = RelyingParty::register(&issuer, "api", exchanger()).await;
            let node = issuer.another_node().await;
            let tokens = app.tokens("alice").await;
            let access = tokens["access_token"].as_str().unwrap();
            let there = api.on(&node);
            for api in [&api, &there] {
                let told = api.introspect(access).await;
                assert!(told["scope"].as_str().unwrap().contains("notes:read"), "{told}");
            }
            make(&issuer, &app, user.id, GrantType::RefreshToken, change).await;
            node.wait(1).await;
            for api in [&api, &there] {
                let told = api.introspect(access).await;
                let permits =
                    told["scope"].as_str().is_some_and(|scope| scope.contains("notes:read"));
                let lives = survives(change) && change != Change::RoleTaken;
                assert_eq!(permits, lives, "{change:?} {format:?}: {told}");
                if !survives(change) {
                    assert_eq!(told, json!({ "active": false }), "{change:?} {format:?}");
                }
            }
        }
    }
}

/// A grant without `offline_access` ends with its browser session, and its access tokens with it.
#[tokio::test]
async fn online_grants_end_with_their_session() {
    let issuer = Issuer::start().await;
    let user = issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let tokens = app.tokens("alice").await;
    make(&issuer, &app, user.id, GrantType::AuthorizationCode, Change::SessionEnded).await;
    assert_eq!(app.userinfo(tokens["access_token"].as_str().unwrap()).await.status, 401);
}

/// UINF-05: a new user of the same name is another one: the old token stays dead, and the `sub` is new.
#[tokio::test]
async fn uinf_05_a_sub_is_never_given_away_again() {
    let issuer = Issuer::start().await;
    let old = issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let tokens = app.tokens("alice").await;
    users::delete(&issuer.ctx, old.id, Actor::Operator, &origin()).await.unwrap();
    let new = issuer.user("alice").await;
    assert_ne!(old.id, new.id);
    assert_eq!(app.userinfo(tokens["access_token"].as_str().unwrap()).await.status, 401);
    let tokens = app.tokens("alice").await;
    assert_eq!(claims(tokens["id_token"].as_str().unwrap())["sub"], new.id.to_string());
}
