//! Clocks that are far ahead, far behind, or set back. The catalogue's CLK rows.

use std::time::Duration;

use doorward::{
    protocol::client::{AccessTokenFormat, ClientMetadata},
    service::{jobs, start},
};
use http::{Method, StatusCode};
use serde_json::Value;

use crate::actors::{
    Browser, Issuer, RelyingParty,
    clock::START,
    relying_party::{claims, machine},
};

const DAY: i64 = 86_400;

/// A whole sign-in, and everything that comes after it.
async fn everything_works(issuer: &Issuer, app: &RelyingParty<'_>) {
    let now = issuer.ctx.now().unix();
    let mut browser = Browser::new(issuer);
    let code = app.code(&mut browser, "alice").await;
    let tokens = app.redeem(&code).await.granted();
    let text = |tokens: &Value, name: &str| tokens[name].as_str().unwrap().to_owned();
    let id_token = claims(&text(&tokens, "id_token"));
    let (begin, end) = (id_token["iat"].as_i64().unwrap(), id_token["exp"].as_i64().unwrap());
    assert!(begin == now && end > now, "{id_token}");
    let access = text(&tokens, "access_token");
    let userinfo = app.userinfo(&access).await;
    assert_eq!(userinfo.status, StatusCode::OK, "{now}: {userinfo:?}");
    assert_eq!(app.introspect(&access).await["exp"].as_i64().map(|exp| exp > now), Some(true));
    let refreshed = app.refresh(&text(&tokens, "refresh_token")).await.granted();
    assert_eq!(app.revoke(&text(&refreshed, "access_token")).await.status, StatusCode::OK);
    let account = browser.send(Method::GET, "/account", None).await;
    assert_eq!(account.status, StatusCode::OK);
    let login = Browser::new(issuer).open("/login").await.page();
    Browser::new(issuer).try_password(&login, "alice", "wrong").await;
    jobs::sweep(&issuer.ctx).await.unwrap();
}

/// The last second of the last year with four digits: tokens that expire later are refused. JOSE-11.
const LAST: i64 = 253_402_300_799;

/// CLK-04: beyond 32 bits, and on the last days that can be written.
#[tokio::test]
async fn clk_04_no_moment_overflows() {
    for moment in [i64::from(i32::MAX), i64::from(u32::MAX), LAST - DAY, 10] {
        let issuer = Issuer::start().await;
        issuer.user("alice").await;
        let app = RelyingParty::web(&issuer).await.asking("openid offline_access");
        issuer.clock.advance(moment - START - 1);
        for _ in 0..2 {
            let node = issuer.another_node().await;
            everything_works(&node, &app.on(&node)).await;
            issuer.clock.advance(2);
        }
    }
}

/// CLK-04: at moments that a JWT cannot tell, before 1970 and after 9999, nothing counts, and nothing breaks:
/// the oracle sees to the statuses.
#[tokio::test]
async fn clk_04_beyond_all_moments_nothing_counts() {
    for moment in [-DAY, LAST, LAST + 1_000 * DAY] {
        let issuer = Issuer::start().await;
        issuer.user("alice").await;
        let app = RelyingParty::web(&issuer).await.asking("openid offline_access");
        issuer.clock.advance(moment - START);
        let node = issuer.another_node().await;
        let app = app.on(&node);
        let tokens = app.tokens("alice").await;
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(app.userinfo(access).await.status, StatusCode::UNAUTHORIZED, "{moment}");
        assert_eq!(app.introspect(access).await["active"], false, "{moment}");
    }
}

/// CLK-05: what comes after what is a matter of generations. A node that starts with a clock of the day
/// before says so, knows what was rotated, and a token that was superseded still ends its family.
#[tokio::test]
async fn clk_05_a_clock_that_was_set_back_revives_nothing() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::public(&issuer).await.asking("openid offline_access");
    let mut browser = Browser::new(&issuer);
    let code = app.code(&mut browser, "alice").await;
    let tokens = app.redeem(&code).await.granted();
    let text = |tokens: &Value| tokens["refresh_token"].as_str().unwrap().to_owned();
    let mut chain = vec![text(&tokens)];
    for _ in 0..3 {
        issuer.wait(60).await;
        chain.push(text(&app.refresh(chain.last().unwrap()).await.granted()));
    }
    let batch = RelyingParty::register(&issuer, "batch", machine()).await;
    assert_eq!(start::clock_is_behind(&issuer.ctx).await.unwrap(), None);
    issuer.clock.advance(-DAY);
    let node = issuer.another_node().await;
    let day = Duration::from_hours(24);
    assert_eq!(start::clock_is_behind(&node.ctx).await.unwrap(), Some(day));
    let (app, batch) = (app.on(&node), batch.on(&node));
    batch.token(&[("grant_type", "client_credentials")]).await.granted();
    let newest = text(&app.refresh(&chain[3]).await.granted());
    assert_eq!(text(&app.refresh(&chain[3]).await.granted()), newest, "a retry");
    app.refresh(&chain[1]).await.is_invalid_grant();
    app.refresh(&newest).await.is_invalid_grant();
    app.redeem(&code).await.is_invalid_grant();
}

/// CLK-05: a token that was revoked stays so under a clock that is behind, long after its row could have gone by
/// a clock that is not.
#[tokio::test]
async fn clk_05_a_revoked_token_stays_so_under_a_clock_that_is_behind() {
    for format in [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque] {
        let issuer = Issuer::start().await;
        let metadata = ClientMetadata { access_token_format: format, ..machine() };
        let batch = RelyingParty::register(&issuer, "batch", metadata).await;
        let mut tokens = Vec::new();
        for _ in 0..2 {
            let answer = batch.token(&[("grant_type", "client_credentials")]).await.granted();
            tokens.push(answer["access_token"].as_str().unwrap().to_owned());
        }
        assert_eq!(batch.revoke(&tokens[0]).await.status, StatusCode::OK);
        let lifetime = i64::try_from(issuer.ctx.protocol.lifetimes.access_token.as_secs()).unwrap();
        issuer.clock.advance(lifetime + 30);
        assert_eq!(batch.introspect(&tokens[1]).await["active"], false);
        jobs::sweep(&issuer.ctx).await.unwrap();
        issuer.clock.advance(-60);
        let node = issuer.another_node().await;
        let batch = batch.on(&node);
        assert_eq!(batch.introspect(&tokens[1]).await["active"], true, "the clock is behind");
        assert_eq!(batch.introspect(&tokens[0]).await["active"], false, "{format:?}");
    }
}
