//! The authorization code at the token endpoint. RFC 6749 §4.1.2, §4.1.3, §10.5.

use doorward::{
    identity::api_key::Owner, protocol::client::ClientMetadata, service::setup,
    types::audit::Action,
};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    access::ROBOT,
    issuer::Reply,
    relying_party::{CALLBACK, VERIFIER, public_app, web_app},
    request::form,
    visits::refused,
};

const OTHER_CALLBACK: &str = "https://app.example/other";

async fn redeem_at(app: &RelyingParty<'_>, code: &str, redirect_uri: Option<&str>) -> Reply {
    let mut fields =
        vec![("grant_type", "authorization_code"), ("code", code), ("code_verifier", VERIFIER)];
    fields.extend(redirect_uri.map(|uri| ("redirect_uri", uri)));
    app.token(&fields).await
}

/// CODE-01: a code is redeemed once, for an answer that nobody keeps.
#[tokio::test]
async fn code_01_a_code_is_redeemed() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    for app in [RelyingParty::web(&issuer).await, RelyingParty::public(&issuer).await] {
        let code = app.code(&mut Browser::new(&issuer), "alice").await;
        app.redeem(&code).await.granted();
    }
}

/// RFC 6749 §4.1.2: the client MUST NOT use the code more than once; if it does, the server MUST deny
/// the request and SHOULD revoke all tokens issued from it. CODE-02.
#[tokio::test]
async fn code_02_a_second_redemption_ends_every_token_of_the_first() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid offline_access");
    let code = app.code(&mut Browser::new(&issuer), "alice").await;
    let tokens = app.redeem(&code).await.granted();
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(app.userinfo(access).await.status, 200);

    app.redeem(&code).await.is_invalid_grant();
    assert_eq!(app.userinfo(access).await.status, 401);
    assert_eq!(app.introspect(access).await["active"], false);
    app.refresh(tokens["refresh_token"].as_str().unwrap()).await.is_invalid_grant();
    assert_eq!(issuer.audited(Action::CodeReused).await, 1);

    app.redeem(&code).await.is_invalid_grant();
    assert_eq!(issuer.audited(Action::CodeReused).await, 1, "a revoked grant is revoked once");
}

/// CODE-02: what was refreshed since hangs from the code as well, of a client whose token rotates and of
/// one that keeps it. Another sign-in of the same user has nothing to do with it.
#[tokio::test]
async fn code_02_a_second_redemption_ends_what_was_refreshed_since() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    for app in [RelyingParty::web(&issuer).await, RelyingParty::public(&issuer).await] {
        let app = app.asking("openid offline_access");
        let elsewhere = app.tokens("alice").await;
        let code = app.code(&mut Browser::new(&issuer), "alice").await;
        let mut chain = vec![app.redeem(&code).await.granted()];
        for _ in 0..2 {
            let newest = chain.last().unwrap()["refresh_token"].as_str().unwrap().to_owned();
            chain.push(app.refresh(&newest).await.granted());
        }
        app.redeem(&code).await.is_invalid_grant();
        for tokens in &chain {
            assert_eq!(app.userinfo(tokens["access_token"].as_str().unwrap()).await.status, 401);
            app.refresh(tokens["refresh_token"].as_str().unwrap()).await.is_invalid_grant();
        }
        assert_eq!(app.userinfo(elsewhere["access_token"].as_str().unwrap()).await.status, 200);
        app.refresh(elsewhere["refresh_token"].as_str().unwrap()).await.granted();
    }
}

/// CODE-02, RFC 9700 §4.2.4: a replay that would not have been redeemed anyway revokes nothing, or
/// whoever saw a code could end a session.
#[tokio::test]
async fn code_02_a_flawed_replay_revokes_nothing() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let other = RelyingParty::register(&issuer, "other", web_app()).await;
    let code = app.code(&mut Browser::new(&issuer), "alice").await;
    let tokens = app.redeem(&code).await.granted();

    let wrong_verifier = "x".repeat(43);
    let replay = |verifier: &str| {
        vec![
            ("grant_type".to_owned(), "authorization_code".to_owned()),
            ("code".to_owned(), code.clone()),
            ("redirect_uri".to_owned(), CALLBACK.to_owned()),
            ("code_verifier".to_owned(), verifier.to_owned()),
        ]
    };
    for verifier in [wrong_verifier.as_str(), ""] {
        let fields = replay(verifier);
        let fields: Vec<_> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        app.token(&fields).await.is_invalid_grant();
    }
    redeem_at(&app, &code, Some(OTHER_CALLBACK)).await.is_invalid_grant();
    redeem_at(&app, &code, None).await.is_invalid_grant();
    other.redeem(&code).await.is_invalid_grant();
    let mut stranger = app.clone();
    stranger.registered.secret = Some("wrong".repeat(10));
    stranger.redeem(&code).await.is_invalid_client();

    assert_eq!(app.userinfo(tokens["access_token"].as_str().unwrap()).await.status, 200);
    assert_eq!(issuer.audited(Action::CodeReused).await, 0);
}

/// CODE-14: a code that was redeemed long ago is refused, before and after its row was deleted.
#[tokio::test]
async fn code_14_a_replay_after_the_sweep_is_refused() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let code = app.code(&mut Browser::new(&issuer), "alice").await;
    app.redeem(&code).await.granted();
    for hours in [1, 24, 24 * 30] {
        issuer.wait(hours * 3_600).await;
        doorward::service::jobs::sweep(&issuer.ctx).await.unwrap();
        app.redeem(&code).await.is_invalid_grant();
    }
}

/// CODE-03, RFC 6749 §4.1.3: redirect_uri MUST be that of the authorization request: not another one
/// of the client's, not a part of it, and not absent.
#[tokio::test]
async fn code_03_redirect_uri_is_the_one_of_the_request() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let mut metadata = web_app();
    metadata.redirect_uris.push(OTHER_CALLBACK.to_owned());
    let app = RelyingParty::register(&issuer, "notes", metadata).await;
    let code = app.code(&mut Browser::new(&issuer), "alice").await;
    for wrong in [
        None,
        Some(""),
        Some(OTHER_CALLBACK),
        Some("https://app.example/c"),
        Some("https://app.example/cb/"),
        Some("https://app.example/cb?"),
        Some("https://APP.example/cb"),
        Some("https://app.example:443/cb"),
        Some("https://evil.example/cb"),
    ] {
        redeem_at(&app, &code, wrong).await.is_invalid_grant();
    }
    redeem_at(&app, &code, Some(CALLBACK)).await.granted();
}

/// CODE-04, RFC 6749 §4.1.3: the code was issued to the authenticated client. Another one, confidential
/// or public, gets nothing, and cannot spoil it for the rightful one.
#[tokio::test]
async fn code_04_a_code_of_another_client_is_invalid_grant() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let apps = [
        RelyingParty::register(&issuer, "web-a", web_app()).await,
        RelyingParty::register(&issuer, "web-b", web_app()).await,
        RelyingParty::register(&issuer, "spa-a", public_app()).await,
        RelyingParty::register(&issuer, "spa-b", public_app()).await,
    ];
    for owner in &apps {
        let code = owner.code(&mut Browser::new(&issuer), "alice").await;
        let (head, last) = code.split_at(code.len() - 1);
        let altered = format!("{head}{}", if last == "A" { "E" } else { "A" });
        for other in apps.iter().filter(|app| app.id() != owner.id()) {
            other.redeem(&code).await.is_invalid_grant();
            other.redeem(&altered).await.is_invalid_grant();
        }
        owner.redeem(&code).await.granted();
    }
}

/// CODE-05, RFC 6749 §4.1.2: codes are short-lived: one minute, to the second.
#[tokio::test]
async fn code_05_a_code_lives_for_a_minute() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    for (age, lives) in [(59, true), (60, false), (61, false), (100_000, false)] {
        let code = app.code(&mut browser, "alice").await;
        issuer.wait(age).await;
        let reply = app.redeem(&code).await;
        if lives { drop(reply.granted()) } else { reply.is_invalid_grant() }
    }
}

/// CODE-06: only the very text of a code is the code.
#[tokio::test]
async fn code_06_an_altered_code_is_invalid_grant() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let code = app.code(&mut Browser::new(&issuer), "alice").await;
    let mut altered = vec![
        format!("{code}A"),
        format!("{code}="),
        format!(" {code}"),
        format!("{code} "),
        format!("{code}\n"),
        code.to_uppercase(),
        code.to_lowercase(),
        code.replacen("dwc_", "dwr_", 1),
        code.replacen("dwc_", "", 1),
        code.repeat(2),
        "x".repeat(10_000),
    ];
    altered.extend((1..code.len()).map(|cut| code[..code.len() - cut].to_owned()));
    for position in 0..code.len() {
        for bit in 0..7 {
            let mut bytes = code.clone().into_bytes();
            bytes[position] ^= 1 << bit;
            altered.extend(String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')));
        }
    }
    for text in altered.iter().filter(|text| **text != code) {
        app.redeem(text).await.is_invalid_grant();
    }
    app.redeem(&code).await.granted();
}

/// CODE-11: each kind of credential opens its own door alone.
#[tokio::test]
async fn code_11_other_credentials_are_no_codes_and_a_code_is_nothing_else() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let opaque = ClientMetadata {
        access_token_format: doorward::protocol::client::AccessTokenFormat::Opaque,
        ..web_app()
    };
    let app = RelyingParty::register(&issuer, "notes", opaque).await;
    let app = app.asking("openid offline_access");
    let mut browser = Browser::new(&issuer);
    let code = app.code(&mut browser, "alice").await;
    let tokens = app.redeem(&code).await.granted();
    let mut others: Vec<String> = ["access_token", "refresh_token", "id_token"]
        .iter()
        .map(|name| tokens[name].as_str().unwrap().to_owned())
        .collect();
    others.extend(browser.cookies.values().cloned());
    others.push(app.registered.secret.clone().unwrap());
    for other in &others {
        app.redeem(other).await.is_invalid_grant();
    }
    let code = app.code(&mut browser, "alice").await;
    app.refresh(&code).await.is_invalid_grant();
    assert_eq!(app.userinfo(&code).await.status, 401);
    assert_eq!(app.introspect(&code).await["active"], false);
    assert_eq!(app.revoke(&code).await.status, 200);
    app.redeem(&code).await.granted();
}

/// CODE-11: nor is what pages, links and API keys carry a code or a refresh token, or a code any of those.
#[tokio::test]
async fn code_11_flows_links_and_keys_are_no_codes_and_a_code_is_none_of_them() {
    let issuer = Issuer::start().await;
    let link = setup::link(&issuer.ctx).await.unwrap().unwrap();
    let alice = issuer.user("alice").await;
    issuer.give(&alice, ROBOT).await;
    let key = issuer.api_key(&Owner::User(alice.id), "notes:read").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let login = browser.open(&app.authorize_url()).await.page().form("#sign-in");
    for other in [link.expose().as_str(), &key, login.value("flow"), login.value("csrf")] {
        app.redeem(other).await.is_invalid_grant();
        app.refresh(other).await.is_invalid_grant();
    }
    let code = app.code(&mut browser, "alice").await;
    for path in ["/login", "/consent", "/select-account", "/role-missing"] {
        let page = browser.open(&format!("{path}?flow={code}")).await.page();
        assert_eq!(page.status(), 400, "{path}");
    }
    let setup = browser.open(&format!("/setup?token={code}")).await.page();
    assert_eq!(setup.status(), 404);
    for cookie in ["session", "browser", "device"] {
        let mut thief = Browser::new(&issuer);
        thief.cookies.insert(format!("__Host-doorward-{cookie}"), code.clone());
        assert_eq!(thief.open("/account").await.page().path(), "/login", "{cookie}");
    }
    let hinting = app.clone().with("prompt", "none").with("id_token_hint", &code);
    assert_eq!(refused(&browser.open(&hinting.authorize_url()).await.away()), "login_required");
    let body = form(&[("token", "x"), ("client_id", app.id()), ("client_secret", &code)]);
    issuer.post("/introspect", &[], &body).await.is_invalid_client();
    let mut guesser = Browser::new(&issuer);
    let page = guesser.open("/login").await.page();
    assert_eq!(guesser.try_password(&page, "alice", &code).await.page().status(), 422);
    app.redeem(&code).await.granted();
}

/// CODE-13, CAUTH-08: the database holds no code, no token and no secret that could be presented.
#[tokio::test]
async fn code_13_the_database_holds_only_hashes() {
    let issuer = Issuer::start().await;
    let Some(folder) = issuer.folder() else { return };
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid offline_access");
    let mut browser = Browser::new(&issuer);
    let unspent = app.code(&mut browser, "alice").await;
    let spent = app.code(&mut browser, "alice").await;
    let tokens = app.redeem(&spent).await.granted();
    let mut secrets = vec![unspent, spent, app.registered.secret.clone().unwrap()];
    secrets.push(tokens["refresh_token"].as_str().unwrap().to_owned());
    secrets.push(tokens["access_token"].as_str().unwrap().to_owned());
    secrets.extend(browser.cookies.values().cloned());
    secrets.push(crate::actors::issuer::PASSWORD.to_owned());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} holds {secret}", path.display());
        }
    }
}

/// RFC 6749 §4.1.3: `code` is required.
#[tokio::test]
async fn section_4_1_3_a_missing_code_is_invalid_request() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    app.token(&[("grant_type", "authorization_code")]).await.is_invalid_request();
    app.token(&[("grant_type", "authorization_code"), ("code", "")]).await.is_invalid_request();
}

/// A code that one node issued is redeemed by another, once in all.
#[tokio::test]
async fn nodes_share_codes() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let code = app.code(&mut Browser::new(&issuer), "alice").await;
    let node = issuer.another_node().await;
    let there = app.on(&node);
    let tokens = there.redeem(&code).await.granted();
    app.redeem(&code).await.is_invalid_grant();
    issuer.wait(0).await;
    node.wait(1).await;
    assert_eq!(there.userinfo(tokens["access_token"].as_str().unwrap()).await.status, 401);
}

/// RFC 6749 §4.1.3, §3.1.2.3: `redirect_uri` is required if the authorization request had it. Where that left
/// the only registered address out, the token request may leave it out too, and names no other one.
#[tokio::test]
async fn section_4_1_3_a_redirect_uri_that_was_left_out_may_be_left_out_again() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    for app in [RelyingParty::web(&issuer).await, RelyingParty::public(&issuer).await] {
        let app = app.asking("profile").with("redirect_uri", "");
        let mut browser = Browser::new(&issuer);
        for right in [None, Some(""), Some(CALLBACK)] {
            let code = app.code(&mut browser, "alice").await;
            for wrong in [OTHER_CALLBACK, "https://app.example/cb/", "https://evil.example/cb"] {
                redeem_at(&app, &code, Some(wrong)).await.is_invalid_grant();
            }
            redeem_at(&app, &code, right).await.granted();
            redeem_at(&app, &code, right).await.is_invalid_grant();
        }
    }
}
