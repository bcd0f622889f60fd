//! Roles: what is granted, what is told, and who may not be lost. RFC 6749 §3.3, RFC 9068 §2.2.3.1, and
//! the attack catalogue's ADM-05, ADM-12, CODE-07 and TOK-14.

use doorward::{
    identity::{api_key::Owner, user::User},
    protocol::client::{AccessTokenFormat, ClientMetadata, GrantType},
    service::{
        access_error::AccessError,
        apis::{self, ApiUpdate},
        groups::{self, Membership},
        roles::{self, HolderName, NewRole, RoleUpdate},
        users::{self, UserError, UserUpdate},
    },
    types::{
        Scope, Status, UserId,
        audit::{Action, Actor},
    },
};
use http::StatusCode;
use serde_json::{Value, json};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    access::{NOTES_API, ROBOT},
    issuer::{PASSWORD, origin},
    relying_party::{claims, machine, response_parameters, web_app},
};

const ASKED: &str = "openid roles groups offline_access notes:read notes:write notes:delete";

fn metadata() -> ClientMetadata {
    ClientMetadata { scope: Scope::parse(ASKED).unwrap(), ..web_app() }
}

async fn app(issuer: &Issuer) -> RelyingParty<'_> {
    RelyingParty::register(issuer, "notes", metadata()).await.asking(ASKED)
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name} in {tokens}"))
}

fn admin(name: &str) -> users::NewUser {
    users::NewUser {
        username: name.to_owned(),
        roles: vec!["admin".to_owned()],
        ..users::NewUser::default()
    }
}

/// RFC 6749 §3.3: asked ∩ allowed to the client ∩ held, and `scope` says what that is.
#[tokio::test]
async fn section_3_3_the_scope_is_what_was_asked_allowed_and_held() {
    let issuer = Issuer::start().await;
    let alice = issuer.user("alice").await;
    issuer.give(&alice, ROBOT).await;
    let app = app(&issuer).await;
    let tokens = app.clone().asking("openid notes:read notes:delete").tokens("alice").await;
    assert_eq!(tokens["scope"], "notes:read openid", "notes:delete is not held");
    let narrow = ClientMetadata { scope: Scope::parse("openid notes:read").unwrap(), ..metadata() };
    issuer.change_client("notes", narrow).await;
    let tokens = app.asking("openid notes:read notes:write").tokens("alice").await;
    assert_eq!(tokens["scope"], "notes:read openid", "notes:write is not allowed");
}

/// A user without any role gets what needs none, and no permission of anything.
#[tokio::test]
async fn no_role_means_no_permission() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let tokens = app(&issuer).await.tokens("alice").await;
    assert_eq!(tokens["scope"], "groups offline_access openid roles");
}

/// CODE-07: a role that is taken away while the code waits is gone from the token.
#[tokio::test]
async fn code_07_a_role_taken_away_is_gone_from_the_token() {
    let issuer = Issuer::start().await;
    let alice = issuer.user("alice").await;
    issuer.give(&alice, ROBOT).await;
    let app = app(&issuer).await.asking("openid roles notes:read");
    let code = app.code(&mut Browser::new(&issuer), "alice").await;
    issuer.take(&alice, ROBOT).await;
    let tokens = app.redeem(&code).await.granted();
    assert_eq!(tokens["scope"], "openid roles");
    assert_eq!(claims(text(&tokens, "access_token"))["roles"], json!(["user"]));
    // Nothing else was asked for: the code is worth nothing any more.
    issuer.give(&alice, ROBOT).await;
    let bare = app.asking("notes:read");
    let code = bare.code(&mut Browser::new(&issuer), "alice").await;
    issuer.take(&alice, ROBOT).await;
    bare.redeem(&code).await.is_invalid_grant();
}

/// Evaluated again at each refresh, on every node: less at once, and never more than was allowed.
#[tokio::test]
async fn a_refresh_asks_again_what_the_user_may() {
    let issuer = Issuer::start().await;
    let alice = issuer.user("alice").await;
    issuer.give(&alice, ROBOT).await;
    let app = app(&issuer).await;
    let tokens = app.tokens("alice").await;
    let refresh_token = text(&tokens, "refresh_token").to_owned();
    assert!(text(&tokens, "scope").contains("notes:write"));
    issuer.take(&alice, ROBOT).await;
    let tokens = app.refresh(&refresh_token).await.granted();
    assert_eq!(tokens["scope"], "groups offline_access openid roles");
    // A role that is given later does not widen what the user allowed.
    issuer.role("eraser", &["notes:read", "notes:delete"]).await;
    issuer.give(&alice, "eraser").await;
    let tokens = app.refresh(&refresh_token).await.granted();
    assert_eq!(tokens["scope"], "groups notes:read offline_access openid roles");
}

/// ADM-12: what was taken away is gone a second later, on every node, for every token of the past.
#[tokio::test]
async fn adm_12_a_permission_that_is_gone_is_gone_on_every_node() {
    let issuer = Issuer::start().await;
    let other = issuer.another_node().await;
    let alice = issuer.user("alice").await;
    issuer.give(&alice, ROBOT).await;
    for format in [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque] {
        let id = format!("app-{format:?}");
        let metadata = ClientMetadata { access_token_format: format, ..metadata() };
        let app = RelyingParty::register(&issuer, &id, metadata).await.asking("openid notes:write");
        let tokens = app.tokens("alice").await;
        let token = text(&tokens, "access_token");
        let there = app.on(&other);
        assert_eq!(there.introspect(token).await["scope"], "notes:write openid");
        let change = RoleUpdate {
            remove_permissions: vec!["notes:write".to_owned()],
            ..RoleUpdate::default()
        };
        roles::update(&issuer.ctx, ROBOT, change, Actor::Operator, &origin()).await.unwrap();
        assert_eq!(app.introspect(token).await["scope"], "openid");
        other.wait(1).await;
        assert_eq!(there.introspect(token).await["scope"], "openid");
        let change =
            RoleUpdate { add_permissions: vec!["notes:write".to_owned()], ..RoleUpdate::default() };
        roles::update(&issuer.ctx, ROBOT, change, Actor::Operator, &origin()).await.unwrap();
        other.wait(1).await;
    }
}

/// A disabled API is no API: its permissions are granted to nobody.
#[tokio::test]
async fn a_disabled_api_is_no_audience() {
    let issuer = Issuer::start().await;
    let robot = RelyingParty::register(&issuer, "robot", machine()).await;
    let grant = [("grant_type", "client_credentials")];
    robot.token(&grant).await.granted();
    let off = ApiUpdate { status: Some(Status::Disabled), ..ApiUpdate::default() };
    apis::update(&issuer.ctx, NOTES_API, off, Actor::Operator, &origin()).await.unwrap();
    robot.token(&grant).await.refused(StatusCode::BAD_REQUEST, "invalid_scope");
}

/// TOK-09: whatever was granted before, by whatever grant: of an API that was disabled meanwhile nothing is
/// in the next token, in the answer about an old one, or in a key; enabled again, it is as before.
#[tokio::test]
async fn tok_09_no_grant_gives_anything_of_a_disabled_api() {
    let issuer = Issuer::start_with_password_grant().await;
    let alice = issuer.user("alice").await;
    issuer.give(&alice, ROBOT).await;
    let metadata = ClientMetadata {
        grant_types: GrantType::ALL.iter().copied().collect(),
        audiences: vec![NOTES_API.to_owned()],
        ..metadata()
    };
    let app = RelyingParty::register(&issuer, "all", metadata).await;
    let app = app.asking("openid profile offline_access notes:read");
    let key = issuer.api_key(&Owner::User(alice.id), "notes:read").await;
    let mut browser = Browser::new(&issuer);
    let old = app.redeem(&app.code(&mut browser, "alice").await).await.granted();
    let refresh = text(&old, "refresh_token");
    let password = [
        ("grant_type", "password"),
        ("username", "alice"),
        ("password", PASSWORD),
        ("scope", "roles notes:read"),
    ];
    for status in [Status::Disabled, Status::Enabled] {
        let is_on = status == Status::Enabled;
        let before = app.code(&mut browser, "alice").await;
        let change = ApiUpdate { status: Some(status), ..ApiUpdate::default() };
        apis::update(&issuer.ctx, NOTES_API, change, Actor::Operator, &origin()).await.unwrap();
        // What was allowed while there was no such API is not of it.
        let code = if is_on { app.code(&mut browser, "alice").await } else { before };
        for reply in
            [app.redeem(&code).await, app.refresh(refresh).await, app.token(&password).await]
        {
            let tokens = reply.granted();
            let access = claims(text(&tokens, "access_token"));
            assert_eq!(text(&tokens, "scope").contains("notes:read"), is_on, "{tokens}");
            assert_eq!(access["aud"].to_string().contains(NOTES_API), is_on, "{access}");
        }
        let machine = app.token(&[("grant_type", "client_credentials")]).await;
        assert_eq!(machine.status == StatusCode::OK, is_on, "{}", machine.text());
        let exchanged = app.exchange(&key, &[]).await;
        assert_eq!(exchanged.status == StatusCode::OK, is_on, "{}", exchanged.text());
        assert_eq!(app.introspect(&key).await["active"], is_on);
        let told = app.introspect(text(&old, "access_token")).await;
        assert_eq!(told["scope"].as_str().unwrap().contains("notes:read"), is_on, "{told}");
    }
}

/// A machine has what its own roles give it, and nothing without.
#[tokio::test]
async fn a_machine_has_what_its_roles_give() {
    let issuer = Issuer::start().await;
    let scope = Scope::parse("notes:read notes:delete").unwrap();
    let robot =
        RelyingParty::register(&issuer, "robot", ClientMetadata { scope, ..machine() }).await;
    let grant = [("grant_type", "client_credentials")];
    assert_eq!(robot.token(&grant).await.granted()["scope"], "notes:read");
    let asked = [grant[0], ("scope", "notes:delete")];
    robot.token(&asked).await.refused(StatusCode::BAD_REQUEST, "invalid_scope");
    let from = HolderName::Client("robot".to_owned());
    roles::revoke(&issuer.ctx, ROBOT, &from, Actor::Operator, &origin()).await.unwrap();
    robot.token(&grant).await.refused(StatusCode::BAD_REQUEST, "invalid_scope");
    RelyingParty::web(&issuer).await;
    let app = HolderName::Client("notes".to_owned());
    let refused = roles::grant(&issuer.ctx, ROBOT, &app, Actor::Operator, &origin()).await;
    assert!(matches!(refused, Err(AccessError::NotAServiceClient(_))));
}

/// An essential scope without a role: a page that says so in words, and `access_denied` for the app.
#[tokio::test]
async fn section_4_1_2_1_an_essential_scope_without_a_role_is_access_denied() {
    let issuer = Issuer::start().await;
    let alice = issuer.user("alice").await;
    issuer.role("eraser", &["notes:delete"]).await;
    let essential = Scope::parse("notes:delete").unwrap();
    let metadata = ClientMetadata { essential_scope: essential, ..metadata() };
    let app = RelyingParty::register(&issuer, "notes", metadata).await;
    let app = app.asking("openid notes:delete");
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    let page = browser.open(&app.authorize_url()).await.page();
    assert_eq!((page.path(), page.status()), ("/role-missing", StatusCode::OK));
    for words in ["May notes:delete", "notes:delete", "eraser", "alice"] {
        assert!(page.text().contains(words), "{words} is not on the page");
    }
    let url = browser.press(&page, "#back").await.away();
    let answer = response_parameters(&url);
    assert_eq!(answer["error"], "access_denied");
    assert_eq!(answer["state"], "the state");
    // Nobody may be shown a page: the answer comes at once.
    let silent = app.clone().with("prompt", "none");
    let url = browser.open(&silent.authorize_url()).await.away();
    assert_eq!(response_parameters(&url)["error"], "access_denied");
    // An app that does not ask for it is not kept from anything.
    let url = app.clone().asking("openid").sign_in(&mut browser, "alice").await;
    assert!(response_parameters(&url).contains_key("code"));
    issuer.give(&alice, "eraser").await;
    let code = app.code(&mut browser, "alice").await;
    issuer.take(&alice, "eraser").await;
    app.redeem(&code).await.is_invalid_grant();
}

/// RFC 9068 §2.2.3.1: `roles` and `groups` in every place that speaks of the user, as scopes ask.
#[tokio::test]
async fn rfc9068_section_2_2_3_1_roles_and_groups_are_told_as_scopes_ask() {
    let issuer = Issuer::start().await;
    let alice = issuer.user("alice").await;
    issuer.group("staff", "moderator", &alice).await;
    let app = app(&issuer).await;
    let tokens = app.clone().asking("openid roles groups").tokens("alice").await;
    let (roles, groups) = (json!(["moderator", "user"]), json!(["staff"]));
    let token = text(&tokens, "access_token");
    let userinfo = app.userinfo(token).await.json();
    let introspected = app.introspect(token).await;
    for told in [claims(token), claims(text(&tokens, "id_token")), userinfo, introspected] {
        assert_eq!((&told["roles"], &told["groups"]), (&roles, &groups), "{told}");
    }
    let tokens = app.clone().asking("openid").tokens("alice").await;
    for told in [claims(text(&tokens, "access_token")), claims(text(&tokens, "id_token"))] {
        assert!(told.get("roles").is_none() && told.get("groups").is_none(), "{told}");
    }
}

/// A token for one API tells nothing of another one's roles.
#[tokio::test]
async fn no_api_hears_of_another_one_s_roles() {
    let issuer = Issuer::start().await;
    issuer.api("https://mail.example", &["mail:send"]).await;
    issuer.role_of(NOTES_API, "author", &["notes:read"]).await;
    issuer.role_of("https://mail.example", "sender", &["mail:send"]).await;
    let alice = issuer.user("alice").await;
    for role in ["author", "sender"] {
        issuer.give(&alice, role).await;
    }
    let scope = Scope::parse("openid roles notes:read mail:send").unwrap();
    let app = RelyingParty::register(&issuer, "both", ClientMetadata { scope, ..web_app() }).await;
    let told = |tokens: &Value| claims(text(tokens, "access_token"))["roles"].clone();
    let notes = app.clone().asking("openid roles notes:read").tokens("alice").await;
    assert_eq!(told(&notes), json!(["author", "user"]));
    assert_eq!(claims(text(&notes, "id_token"))["roles"], json!(["author", "user"]));
    let mail = app.clone().asking("roles mail:send").tokens("alice").await;
    assert_eq!(told(&mail), json!(["sender", "user"]));
    let neither = app.clone().asking("openid roles").tokens("alice").await;
    assert_eq!(told(&neither), json!(["user"]));
    // An API that introspects a token for two hears its own half.
    let both = app.clone().asking("openid roles notes:read mail:send").tokens("alice").await;
    let audiences = vec!["https://mail.example".to_owned()];
    let api = ClientMetadata {
        grant_types: [GrantType::ClientCredentials].into(),
        audiences,
        scope: Scope::default(),
        ..ClientMetadata::default()
    };
    let api = RelyingParty::register(&issuer, "mail-api", api).await;
    let heard = api.introspect(text(&both, "access_token")).await;
    assert_eq!(heard["roles"], json!(["sender", "user"]));
    assert_eq!(text(&heard, "scope"), "mail:send openid roles");
    // The app hears of all that it has.
    let own = app.introspect(text(&both, "access_token")).await;
    assert_eq!(text(&own, "scope"), "mail:send notes:read openid roles");
}

/// TOK-14: a token beyond the budget is refused in plain words, and never a server error; one that
/// comes near is noted.
#[tokio::test]
async fn tok_14_a_token_beyond_the_budget_is_refused_in_words() {
    let issuer = Issuer::start().await;
    let alice = issuer.user("alice").await;
    let app = app(&issuer).await.asking("openid roles");
    let mut given = 0;
    let mut fits = true;
    while fits {
        assert!(given < 200, "the budget is never reached");
        for number in given..given + 20 {
            let name = format!("a-role-with-quite-a-long-name-{number:04}");
            issuer.role(&name, &[]).await;
            issuer.give(&alice, &name).await;
        }
        given += 20;
        let code = app.code(&mut Browser::new(&issuer), "alice").await;
        let reply = app.redeem(&code).await;
        fits = reply.status == StatusCode::OK;
        if !fits {
            reply.is_invalid_request();
        }
    }
    assert!(issuer.audited(Action::TokenTooLarge).await >= 1);
    assert!(issuer.audited(Action::TokenLarge).await >= 1);
    // Whoever asks for less gets it.
    app.asking("openid").tokens("alice").await;
}

/// ADM-05: the last administrator can be neither disabled, deleted, demoted nor stripped by any detour.
#[tokio::test]
async fn adm_05_the_last_administrator_stays() {
    let issuer = Issuer::start().await;
    let (ctx, actor) = (&issuer.ctx, Actor::Operator);
    let root = issuer.new_user(admin("root")).await;
    let from = HolderName::User("root".to_owned());
    let demote = UserUpdate { roles: Some(vec!["user".to_owned()]), ..UserUpdate::default() };
    let strip = RoleUpdate {
        remove_contains: vec!["doorward-administrator".to_owned()],
        ..RoleUpdate::default()
    };
    for refused in [
        users::disable(ctx, root.id, actor.clone(), &origin()).await.map(drop),
        users::delete(ctx, root.id, actor.clone(), &origin()).await,
        users::update(ctx, root.id, demote, actor.clone(), &origin()).await.map(drop),
    ] {
        assert!(matches!(refused, Err(UserError::LastAdministrator(_))), "{refused:?}");
    }
    for refused in [
        roles::revoke(ctx, "admin", &from, actor.clone(), &origin()).await.map(drop),
        roles::update(ctx, "admin", strip, actor.clone(), &origin()).await.map(drop),
    ] {
        assert!(matches!(refused, Err(AccessError::LastAdministrator(_))), "{refused:?}");
    }
    let built_in = roles::delete(ctx, "admin", actor.clone(), &origin()).await;
    assert!(matches!(built_in, Err(AccessError::BuiltIn(_))));
    assert_eq!(users::find(ctx, "root").await.unwrap(), root, "nothing was changed");
    // A disabled user is no second administrator, and one through a group is.
    let second = issuer.new_user(admin("second")).await;
    users::disable(ctx, second.id, actor.clone(), &origin()).await.unwrap();
    let refused = users::delete(ctx, root.id, actor.clone(), &origin()).await;
    assert!(matches!(refused, Err(UserError::LastAdministrator(_))));
    let third = issuer.user("third").await;
    issuer.group("operators", "admin", &third).await;
    users::delete(ctx, root.id, actor.clone(), &origin()).await.unwrap();
    let (leave, here) = (Membership::Leave, origin());
    let left = groups::set_member(ctx, "operators", "third", leave, actor.clone(), &here).await;
    assert!(matches!(left, Err(AccessError::LastAdministrator(_))));
    let gone = groups::delete(ctx, "operators", actor, &origin()).await;
    assert!(matches!(gone, Err(AccessError::LastAdministrator(_))));
}

/// ADM-05: administrators who demote each other at one moment, on two nodes: one stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn adm_05_administrators_who_demote_each_other_leave_one() {
    let issuer = Issuer::start().await;
    let other = issuer.another_node().await;
    let mut names = Vec::new();
    for number in 0..8 {
        let user: User = issuer.new_user(admin(&format!("admin{number}"))).await;
        names.push(user.id);
    }
    let race = |node: &Issuer, id: UserId, number: usize| {
        let ctx = std::sync::Arc::clone(&node.ctx);
        tokio::spawn(async move {
            if number.is_multiple_of(2) {
                users::disable(&ctx, id, Actor::Operator, &origin()).await.is_ok()
            } else {
                let from = HolderName::User(id.to_string());
                roles::revoke(&ctx, "admin", &from, Actor::Operator, &origin()).await.is_ok()
            }
        })
    };
    let nodes = [&issuer, &other];
    let tasks: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(number, id)| race(nodes[number / 2 % 2], *id, number))
        .collect();
    let mut done = 0;
    for task in tasks {
        done += usize::from(task.await.unwrap());
    }
    assert_eq!(done, names.len() - 1);
}

/// Doorward's own API is there from the first start, and a second start changes nothing.
#[tokio::test]
async fn doorward_is_guarded_by_its_own_roles() {
    let issuer = Issuer::start().await;
    let api = apis::find(&issuer.ctx, "https://id.example/admin/api").await.unwrap();
    assert!(api.built_in && api.permissions.contains_key("doorward:users:write"));
    let all = roles::find(&issuer.ctx, "doorward-administrator").await.unwrap();
    let reads = roles::find(&issuer.ctx, "doorward-auditor").await.unwrap();
    assert_eq!(all.permissions.len(), api.permissions.len());
    assert!(reads.permissions.iter().all(|name| name.as_str().ends_with(":read")));
    let again = issuer.another_node().await;
    let same = roles::find(&again.ctx, "doorward-administrator").await.unwrap();
    assert_eq!(same, all);
    let off = ApiUpdate { status: Some(Status::Disabled), ..ApiUpdate::default() };
    let audience = api.audience.as_str();
    let refused = apis::update(&issuer.ctx, audience, off, Actor::Operator, &origin()).await;
    assert!(matches!(refused, Err(AccessError::BuiltIn(_))));
    let refused = apis::delete(&issuer.ctx, audience, Actor::Operator, &origin()).await;
    assert!(matches!(refused, Err(AccessError::BuiltIn(_))));
}

/// What cannot be a role is refused, each with its reason.
#[tokio::test]
async fn a_role_keeps_its_rules() {
    let issuer = Issuer::start().await;
    issuer.api("https://mail.example", &["mail:send"]).await;
    issuer.role("inner", &["notes:read"]).await;
    let of = |name: &str, permissions: &[&str], contains: &[&str]| NewRole {
        name: name.to_owned(),
        api: Some(NOTES_API.to_owned()),
        permissions: permissions.iter().map(|&name| name.to_owned()).collect(),
        contains: contains.iter().map(|&name| name.to_owned()).collect(),
        ..NewRole::default()
    };
    let make = async |new| roles::create(&issuer.ctx, new, Actor::Operator, &origin()).await;
    assert!(matches!(make(of("Bad name", &[], &[])).await, Err(AccessError::Name(_))));
    assert!(matches!(make(of("inner", &[], &[])).await, Err(AccessError::NameTaken)));
    assert!(matches!(make(of("a", &["mail:send"], &[])).await, Err(AccessError::OtherApi(_))));
    assert!(matches!(make(of("a", &["x:y"], &[])).await, Err(AccessError::NoPermission(_))));
    assert!(matches!(make(of("a", &[], &["nobody"])).await, Err(AccessError::NoRole(_))));
    assert!(matches!(make(of("a", &[], &["a"])).await, Err(AccessError::Cycle(_))));
    make(of("outer", &["notes:read"], &["inner"])).await.unwrap();
    let circle = RoleUpdate { add_contains: vec!["outer".to_owned()], ..RoleUpdate::default() };
    let refused = roles::update(&issuer.ctx, "inner", circle, Actor::Operator, &origin()).await;
    assert!(matches!(refused, Err(AccessError::Cycle(_))));
}
