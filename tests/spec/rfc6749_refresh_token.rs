//! Refresh tokens. RFC 6749 §6, RFC 9700 §4.14, OIDC Core §11, §12.

use base64ct::{Base64UrlUnpadded, Encoding};
use doorward::{
    protocol::client::{AccessTokenFormat, ClientMetadata},
    types::audit::Action,
};
use http::StatusCode;
use serde_json::Value;

use crate::actors::{
    Issuer, RelyingParty,
    access::NOTES_API,
    api_key::exchanger,
    issuer::Reply,
    relying_party::{claims, public_app, web_app},
    steps::within,
};

const DAY: i64 = 86_400;

/// A public app that stays signed in, and its first tokens.
async fn public(issuer: &Issuer) -> (RelyingParty<'_>, Value) {
    issuer.user("alice").await;
    let app = RelyingParty::public(issuer).await.asking("openid profile offline_access");
    let tokens = app.tokens("alice").await;
    (app, tokens)
}

/// A confidential app that stays signed in, and its first tokens.
async fn confidential(issuer: &Issuer) -> (RelyingParty<'_>, Value) {
    issuer.user("alice").await;
    let app = RelyingParty::web(issuer).await.asking("openid profile offline_access");
    let tokens = app.tokens("alice").await;
    (app, tokens)
}

fn refresh_token(tokens: &Value) -> String {
    tokens["refresh_token"].as_str().unwrap().to_owned()
}

fn access_token(tokens: &Value) -> &str {
    tokens["access_token"].as_str().unwrap()
}

/// RT-01, RFC 9700 §2.2.2: a public client's refresh token is replaced at every use.
#[tokio::test]
async fn rt_01_a_public_client_gets_a_new_token_at_every_use() {
    let issuer = Issuer::start().await;
    let (app, tokens) = public(&issuer).await;
    let mut seen = vec![refresh_token(&tokens)];
    for _ in 0..5 {
        let tokens = app.refresh(seen.last().unwrap()).await.granted();
        let names: Vec<&String> = tokens.as_object().unwrap().keys().collect();
        let expected =
            ["access_token", "expires_in", "id_token", "refresh_token", "scope", "token_type"];
        assert_eq!(names, expected);
        assert_eq!(app.userinfo(access_token(&tokens)).await.status, 200);
        assert!(!seen.contains(&refresh_token(&tokens)));
        seen.push(refresh_token(&tokens));
    }
}

/// RT-02: a response that was lost is repeated: the same successor, ten times, and one family.
#[tokio::test]
async fn rt_02_a_retry_yields_the_same_successor() {
    let issuer = Issuer::start().await;
    let (app, tokens) = public(&issuer).await;
    let mut witness = issuer.witness().await;
    let first = refresh_token(&tokens);
    let successor = app.refresh(&first).await.granted();
    let mut access = vec![access_token(&successor).to_owned()];
    for _ in 0..10 {
        let again = app.refresh(&first).await.granted();
        assert_eq!(refresh_token(&again), refresh_token(&successor));
        assert!(!access.contains(&access_token(&again).to_owned()));
        access.push(access_token(&again).to_owned());
    }
    assert_eq!(issuer.audited(Action::RefreshReused).await, 0);
    app.refresh(&refresh_token(&successor)).await.granted();
    assert_eq!(witness.rows("refresh_families").await, 1);
    assert_eq!(witness.rows("grants").await, 1);
}

/// RT-18: the connection breaks at any moment of a refresh, which then goes on by itself, and the client tries
/// again with what it has: nobody is signed out.
#[tokio::test]
async fn rt_18_a_broken_connection_logs_nobody_out() {
    let issuer = Issuer::start().await;
    let (app, _) = public(&issuer).await;
    let mut broken = 0;
    for round in 0..36 {
        let token = refresh_token(&app.tokens("alice").await);
        // The server drops a request whose client is gone.
        let answered = within(round % 6, &mut Box::pin(app.refresh(&token))).await;
        broken += usize::from(answered.is_none());
        let again = app.refresh(&token).await.granted();
        if let Some(reply) = answered {
            assert_eq!(reply.granted()["refresh_token"], again["refresh_token"]);
        }
        assert_eq!(app.userinfo(access_token(&again)).await.status, 200);
    }
    assert!((6..36).contains(&broken), "{broken} of 36 connections broke");
    assert_eq!(issuer.audited(Action::RefreshReused).await, 0);
}

/// RT-03, RFC 9700 §4.14.2: the predecessor of a token that was used is a stolen one: the family dies,
/// with every access token under it.
#[tokio::test]
async fn rt_03_reuse_kills_the_family() {
    let issuer = Issuer::start().await;
    let (app, tokens) = public(&issuer).await;
    let second = app.refresh(&refresh_token(&tokens)).await.granted();
    let third = app.refresh(&refresh_token(&second)).await.granted();
    app.refresh(&refresh_token(&tokens)).await.is_invalid_grant();
    dead(&app, &[tokens, second, third]).await;
    assert_eq!(issuer.audited(Action::RefreshReused).await, 1);
}

/// Nothing of a family works any more.
async fn dead(app: &RelyingParty<'_>, generations: &[Value]) {
    for tokens in generations {
        app.refresh(&refresh_token(tokens)).await.is_invalid_grant();
        assert_eq!(app.userinfo(access_token(tokens)).await.status, 401);
    }
}

/// INTR-07: an API that introspects hears of a dead family on every node, one as well that had just
/// looked at its tokens.
#[tokio::test]
async fn intr_07_a_dead_family_is_inactive_on_every_node() {
    let issuer = Issuer::start().await;
    let node = issuer.another_node().await;
    issuer.user("alice").await;
    for format in [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque] {
        let metadata = ClientMetadata {
            access_token_format: format,
            access_token_audience: vec![NOTES_API.to_owned()],
            ..public_app()
        };
        let app = RelyingParty::register(&issuer, &format!("spa-{format:?}"), metadata).await;
        let app = app.asking("openid offline_access");
        let api = RelyingParty::register(&issuer, &format!("api-{format:?}"), exchanger()).await;
        let mut chain = vec![app.tokens("alice").await];
        for _ in 0..2 {
            chain.push(app.refresh(&refresh_token(chain.last().unwrap())).await.granted());
        }
        let told = async |api: &RelyingParty<'_>, active: bool| {
            for tokens in &chain {
                let told = api.introspect(access_token(tokens)).await;
                assert_eq!(told["active"], active, "{format:?}");
            }
        };
        for api in [&api, &api.on(&node)] {
            told(api, true).await;
        }
        app.refresh(&refresh_token(&chain[0])).await.is_invalid_grant();
        told(&api, false).await;
        node.wait(1).await;
        told(&api.on(&node), false).await;
    }
}

/// RT-03: other sign-ins of the same user with the same app are other families.
#[tokio::test]
async fn rt_03_other_families_live_on() {
    let issuer = Issuer::start().await;
    let (app, tokens) = public(&issuer).await;
    let elsewhere = app.tokens("alice").await;
    let second = app.refresh(&refresh_token(&tokens)).await.granted();
    app.refresh(&refresh_token(&second)).await.granted();
    app.refresh(&refresh_token(&tokens)).await.is_invalid_grant();
    app.refresh(&refresh_token(&elsewhere)).await.granted();
}

/// RT-04, RFC 6749 §6: the token is bound to its client. Another client gets nothing, and harms nothing.
#[tokio::test]
async fn rt_04_a_token_of_another_client_is_invalid_grant() {
    let issuer = Issuer::start().await;
    let (app, tokens) = public(&issuer).await;
    let others = [
        RelyingParty::register(&issuer, "other-spa", public_app()).await,
        RelyingParty::register(&issuer, "other-web", web_app()).await,
    ];
    let second = app.refresh(&refresh_token(&tokens)).await.granted();
    for other in &others {
        for stolen in [&tokens, &second] {
            other.refresh(&refresh_token(stolen)).await.is_invalid_grant();
        }
    }
    assert_eq!(app.userinfo(access_token(&second)).await.status, 200);
    app.refresh(&refresh_token(&second)).await.granted();
    assert_eq!(issuer.audited(Action::RefreshReused).await, 0);
}

/// RFC 6749 §6: a confidential client authenticates to refresh.
#[tokio::test]
async fn section_6_a_confidential_client_authenticates() {
    let issuer = Issuer::start().await;
    let (app, tokens) = confidential(&issuer).await;
    let token = refresh_token(&tokens);
    let body = format!("grant_type=refresh_token&client_id=notes&refresh_token={token}");
    issuer.post("/token", &[], &body).await.is_invalid_client();
    let mut stranger = app.clone();
    stranger.registered.secret = Some("wrong".repeat(10));
    stranger.refresh(&token).await.is_invalid_client();
    app.refresh(&token).await.granted();
}

/// RT-05: a token that is two generations old is reuse, however young.
#[tokio::test]
async fn rt_05_a_grand_predecessor_kills_the_family() {
    let issuer = Issuer::start().await;
    let (app, tokens) = public(&issuer).await;
    let second = app.refresh(&refresh_token(&tokens)).await.granted();
    let third = app.refresh(&refresh_token(&second)).await.granted();
    app.refresh(&refresh_token(&tokens)).await.is_invalid_grant();
    dead(&app, &[second, third]).await;
}

/// RT-06: the window for a lost response is 30 seconds.
#[tokio::test]
async fn rt_06_a_retry_comes_within_thirty_seconds() {
    for (after, retried) in [(29, true), (30, true), (31, false)] {
        let issuer = Issuer::start().await;
        let (app, tokens) = public(&issuer).await;
        let second = app.refresh(&refresh_token(&tokens)).await.granted();
        issuer.wait(after).await;
        let reply = app.refresh(&refresh_token(&tokens)).await;
        if retried {
            assert_eq!(refresh_token(&reply.granted()), refresh_token(&second));
        } else {
            reply.is_invalid_grant();
            dead(&app, &[second]).await;
        }
    }
}

/// RT-06: a retry does not prolong the window.
#[tokio::test]
async fn rt_06_retries_do_not_move_the_window() {
    let issuer = Issuer::start().await;
    let (app, tokens) = public(&issuer).await;
    app.refresh(&refresh_token(&tokens)).await.granted();
    issuer.wait(20).await;
    app.refresh(&refresh_token(&tokens)).await.granted();
    issuer.wait(20).await;
    app.refresh(&refresh_token(&tokens)).await.is_invalid_grant();
}

/// A server that forgives nothing: a window of zero seconds.
#[tokio::test]
async fn a_window_of_zero_forgives_nothing() {
    let strict = |policy: &mut doorward::service::policy::ServicePolicy| {
        policy.rotating.retry_window = std::time::Duration::ZERO;
    };
    let issuer = Issuer::start_with(strict).await;
    let (app, tokens) = public(&issuer).await;
    let second = app.refresh(&refresh_token(&tokens)).await.granted();
    app.refresh(&refresh_token(&tokens)).await.is_invalid_grant();
    dead(&app, &[second]).await;
}

/// RT-07: the order is the generation, not the clock: a hundred rotations within one second.
#[tokio::test]
async fn rt_07_the_order_is_the_generation() {
    for old in [0, 50, 98] {
        let issuer = Issuer::start().await;
        let (app, tokens) = public(&issuer).await;
        let mut generations = vec![refresh_token(&tokens)];
        for _ in 0..100 {
            let next = app.refresh(generations.last().unwrap()).await.granted();
            generations.push(refresh_token(&next));
        }
        app.refresh(&generations[old]).await.is_invalid_grant();
        app.refresh(generations.last().unwrap()).await.is_invalid_grant();
    }
}

/// RT-08, RFC 6749 §6: scope can be narrowed, for this access token alone, and never widened.
#[tokio::test]
async fn rt_08_scope_is_narrowed_and_never_widened() {
    let issuer = Issuer::start().await;
    for (app, tokens) in [public(&issuer).await, {
        let app = RelyingParty::web(&issuer).await.asking("openid profile offline_access");
        let tokens = app.tokens("alice").await;
        (app, tokens)
    }] {
        let narrowed = async |token: &str, scope: &str| -> Reply {
            let fields =
                [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
            app.token(&fields).await
        };
        let mut token = refresh_token(&tokens);
        for beyond in ["openid email", "profile email", "openid profile roles", "PROFILE", "a\"b"] {
            narrowed(&token, beyond).await.refused(StatusCode::BAD_REQUEST, "invalid_scope");
        }
        let narrow = narrowed(&token, "profile").await.granted();
        assert_eq!(narrow["scope"], "profile");
        assert!(narrow.get("id_token").is_none());
        assert_eq!(app.userinfo(access_token(&narrow)).await.status, 403);
        token = refresh_token(&narrow);
        let openid = narrowed(&token, "openid").await.granted();
        assert_eq!(openid["scope"], "openid");
        let whole = app.refresh(&refresh_token(&openid)).await.granted();
        assert_eq!(whole["scope"], "offline_access openid profile");
    }
}

/// RT-09: seven days without use end a public client's family, and thirty days end it in any case.
#[tokio::test]
async fn rt_09_public_families_end_idle_and_in_any_case() {
    let issuer = Issuer::start().await;
    let (app, tokens) = public(&issuer).await;
    let mut token = refresh_token(&tokens);
    for _ in 0..4 {
        issuer.wait(7 * DAY - 1).await;
        token = refresh_token(&app.refresh(&token).await.granted());
    }
    issuer.wait(2 * DAY + 3).await;
    token = refresh_token(&app.refresh(&token).await.granted());
    issuer.wait(1).await;
    app.refresh(&token).await.is_invalid_grant();

    let idle = refresh_token(&app.tokens("alice").await);
    issuer.wait(7 * DAY).await;
    app.refresh(&idle).await.is_invalid_grant();
}

/// RT-09: thirty days without use, and a year, for clients that authenticate.
#[tokio::test]
async fn rt_09_confidential_families_end_idle_and_in_any_case() {
    let issuer = Issuer::start().await;
    let (app, tokens) = confidential(&issuer).await;
    let token = refresh_token(&tokens);
    for _ in 0..12 {
        issuer.wait(30 * DAY - 1).await;
        app.refresh(&token).await.granted();
    }
    issuer.wait(5 * DAY + 11).await;
    app.refresh(&token).await.granted();
    issuer.wait(1).await;
    app.refresh(&token).await.is_invalid_grant();

    let idle = refresh_token(&app.tokens("alice").await);
    issuer.wait(30 * DAY).await;
    app.refresh(&idle).await.is_invalid_grant();
}

/// RT-12: the eleventh retry is refused and noted; the family lives, and its successor works.
#[tokio::test]
async fn rt_12_retries_are_bounded() {
    let issuer = Issuer::start().await;
    let (app, tokens) = public(&issuer).await;
    let second = app.refresh(&refresh_token(&tokens)).await.granted();
    for _ in 0..10 {
        app.refresh(&refresh_token(&tokens)).await.granted();
    }
    app.refresh(&refresh_token(&tokens)).await.is_invalid_grant();
    assert_eq!(issuer.audited(Action::RefreshRetriesSpent).await, 1);
    assert_eq!(issuer.audited(Action::RefreshReused).await, 0);
    assert_eq!(app.userinfo(access_token(&second)).await.status, 200);
    app.refresh(&refresh_token(&second)).await.granted();
}

/// RT-13: who knows a family but not its secret can neither use nor kill it.
#[tokio::test]
async fn rt_13_a_forged_token_kills_nothing() {
    let issuer = Issuer::start().await;
    let (app, tokens) = public(&issuer).await;
    let second = app.refresh(&refresh_token(&tokens)).await.granted();
    let third = app.refresh(&refresh_token(&second)).await.granted();
    let genuine = refresh_token(&tokens);
    let bytes = Base64UrlUnpadded::decode_vec(genuine.strip_prefix("dwr_").unwrap()).unwrap();
    let mut forged = Vec::new();
    for position in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[position] ^= 1;
        forged.push(format!("dwr_{}", Base64UrlUnpadded::encode_string(&altered)));
    }
    forged.extend([
        format!("{genuine}A"),
        format!("{genuine}="),
        format!("dwr_{genuine}"),
        genuine.to_lowercase(),
        genuine.replacen("dwr_", "", 1),
        genuine[..genuine.len() - 1].to_owned(),
        "dwr_".to_owned(),
        "x".repeat(10_000),
    ]);
    let mut witness = issuer.witness().await;
    let before = witness.state().await;
    for token in &forged {
        app.refresh(token).await.is_invalid_grant();
    }
    assert_eq!(witness.state().await, before, "nothing was written for them");
    assert_eq!(issuer.audited(Action::RefreshReused).await, 0);
    assert_eq!(issuer.audited(Action::RefreshFromFuture).await, 0);
    app.refresh(&refresh_token(&third)).await.granted();
}

/// RT-16, OIDC Core §11: without `offline_access` there is no refresh token.
#[tokio::test]
async fn rt_16_without_offline_access_there_is_no_refresh_token() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid profile");
    assert!(app.tokens("alice").await.get("refresh_token").is_none());
}

/// RFC 9700 §2.2.2 and security.md: a client that authenticates keeps its refresh token.
#[tokio::test]
async fn rfc9700_section_2_2_2_a_confidential_client_keeps_its_token() {
    let issuer = Issuer::start().await;
    let (app, tokens) = confidential(&issuer).await;
    for after in [0, 31, 600, DAY] {
        issuer.wait(after).await;
        let again = app.refresh(&refresh_token(&tokens)).await.granted();
        assert_eq!(refresh_token(&again), refresh_token(&tokens));
        assert_eq!(app.userinfo(access_token(&again)).await.status, 200);
    }
}

/// OIDC Core §12.2: the ID token of a refresh has the same `iss`, `sub`, `aud`, `azp`, `auth_time`, no
/// nonce that was not there, and a new `iat`.
#[tokio::test]
async fn core_section_12_2_the_id_token_repeats_the_authentication() {
    let issuer = Issuer::start().await;
    for rotating in [true, false] {
        let (app, tokens) =
            if rotating { public(&issuer).await } else { return_to(&issuer, "alice").await };
        let before = claims(tokens["id_token"].as_str().unwrap());
        issuer.wait(1_000).await;
        let again = app.refresh(&refresh_token(&tokens)).await.granted();
        let after = claims(again["id_token"].as_str().unwrap());
        for same in ["iss", "sub", "aud", "azp", "auth_time", "acr", "amr", "sid"] {
            assert_eq!(after[same], before[same], "{same}");
        }
        let iat = |claims: &Value| claims["iat"].as_i64().unwrap();
        assert_eq!(iat(&after), iat(&before) + 1_000);
        assert!(after["nonce"].is_null() || after["nonce"] == before["nonce"]);
        assert!(after["exp"].as_i64().unwrap() > iat(&after));
    }
}

async fn return_to<'a>(issuer: &'a Issuer, username: &str) -> (RelyingParty<'a>, Value) {
    let app = RelyingParty::web(issuer).await.asking("openid profile offline_access");
    let tokens = app.tokens(username).await;
    (app, tokens)
}

/// RFC 6749 §6: `refresh_token` is required.
#[tokio::test]
async fn section_6_a_missing_token_is_invalid_request() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    app.token(&[("grant_type", "refresh_token")]).await.is_invalid_request();
    app.token(&[("grant_type", "refresh_token"), ("refresh_token", "")]).await.is_invalid_request();
}

/// A refresh after the sweep of old rows is what it was before.
#[tokio::test]
async fn the_sweep_ends_no_family_that_lives() {
    let issuer = Issuer::start().await;
    let (app, tokens) = confidential(&issuer).await;
    for _ in 0..3 {
        issuer.wait(29 * DAY).await;
        doorward::service::jobs::sweep(&issuer.ctx).await.unwrap();
        doorward::service::jobs::walk(&issuer.ctx).await.unwrap();
        app.refresh(&refresh_token(&tokens)).await.granted();
    }
    issuer.wait(31 * DAY).await;
    doorward::service::jobs::walk(&issuer.ctx).await.unwrap();
    app.refresh(&refresh_token(&tokens)).await.is_invalid_grant();
}
