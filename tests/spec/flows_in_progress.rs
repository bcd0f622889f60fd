//! An authorization request in progress lives in the browser: sealed, bound to it, and checked again at
//! the end. Tabs do not disturb each other, and nobody goes on with somebody else's request.

use doorward::types::audit::Action;
use http::{Method, StatusCode};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    browser::Place,
    issuer::PASSWORD,
    relying_party::{CALLBACK, claims, encode, response_parameters},
    visits::{granted, refused},
};

/// Two tabs of one browser, both on the sign-in page: both finish, in whatever order, and each code is for
/// its own request. AUTHZ-19.
#[tokio::test]
async fn authz_19_two_tabs_finish_each_its_own_request() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let one = RelyingParty::web(&issuer).await.with("nonce", "one");
    let two = RelyingParty::public(&issuer).await.with("nonce", "two");
    let mut browser = Browser::new(&issuer);
    let first = browser.open(&one.authorize_url()).await.page();
    let second = browser.open(&two.authorize_url()).await.page();
    let place = browser.try_password(&second, "alice", PASSWORD).await;
    let second = granted(&browser.go_on(place, "alice").await);
    let place = browser.try_password(&first, "alice", PASSWORD).await;
    let first = granted(&browser.go_on(place, "alice").await);
    for (app, code, nonce) in [(&one, first, "one"), (&two, second, "two")] {
        let reply = app.redeem(&code).await;
        assert_eq!(reply.status, StatusCode::OK, "{nonce}: {}", reply.text());
        let tokens = reply.json();
        assert_eq!(claims(tokens["id_token"].as_str().unwrap())["nonce"], nonce);
    }
}

/// Twenty tabs that were opened before anybody signed in all finish.
#[tokio::test]
async fn authz_19_twenty_tabs_all_finish() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let mut tabs = Vec::new();
    for _ in 0..20 {
        tabs.push(browser.open(&app.authorize_url()).await.page());
    }
    let mut codes = Vec::new();
    for tab in tabs {
        let place = browser.try_password(&tab, "alice", PASSWORD).await;
        codes.push(granted(&browser.go_on(place, "alice").await));
    }
    for code in codes {
        assert_eq!(app.redeem(&code).await.status, StatusCode::OK);
    }
}

/// Re-authentication for one app does not take away what the others were given by the same user.
#[tokio::test]
async fn a_new_sign_in_of_the_same_user_ends_no_tokens() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let code = granted(&app.sign_in(&mut browser, "alice").await);
    let tokens = app.redeem(&code).await.json();
    let again = app.clone().with("prompt", "login");
    let login = browser.open(&again.authorize_url()).await.page();
    granted(&browser.try_password(&login, "alice", PASSWORD).await.away());
    issuer.wait(0).await;
    let reply = app.userinfo(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
}

/// What an attacker would like the request to say instead.
fn others() -> [(String, String); 8] {
    [
        ("response_type", "token"),
        ("client_id", "spa"),
        ("scope", "openid email"),
        ("redirect_uri", "https://evil.example/"),
        ("response_mode", "fragment"),
        ("state", "other"),
        ("prompt", "none"),
        ("nonce", "other"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
}

/// What a form or an address says beside the flow is not read: the request is the one that was sealed.
/// AUTHZ-08.
#[tokio::test]
async fn authz_08_fields_beside_the_flow_change_nothing() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    RelyingParty::public(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let login = browser.open(&app.authorize_url()).await.page();
    let others = others();
    let mut form = login.form("#sign-in").fill("username", "alice").fill("password", PASSWORD);
    form.fields.extend(others.clone());
    form.action = format!("/login?{}", encode(&others));
    let consent = browser.submit(&form).await.page();
    assert_eq!(consent.path(), "/consent");
    let mut form = consent.form("#allow");
    form.fields.extend(others.clone());
    form.action = format!("/consent?{}", encode(&others));
    let url = browser.submit(&form).await.away();
    assert!(url.starts_with(&format!("{CALLBACK}?code=")), "{url}");
    let tokens = app.redeem(&granted(&url)).await.json();
    assert_eq!(claims(tokens["id_token"].as_str().unwrap())["nonce"], "the nonce");
    assert_eq!(tokens["scope"].as_str().unwrap_or("openid"), "openid");
}

/// The same for every address on the way, for the choice of an account, for "another account" and for
/// "cancel". AUTHZ-08.
#[tokio::test]
async fn authz_08_addresses_and_choices_change_nothing() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    RelyingParty::public(&issuer).await;
    let asking = app.clone().with("prompt", "select_account consent");
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    for way in [
        &["button[name=account]", "#allow"][..],
        &["button[name=account]", "#cancel"],
        &["#cancel"],
        &["#another-account", "#sign-in", "#allow"],
    ] {
        let mut place = browser.open(&asking.authorize_url()).await;
        for button in way {
            place = pressed_beside(&mut browser, &place.page().address, button).await;
        }
        let url = place.away();
        assert!(url.starts_with(&format!("{CALLBACK}?")), "{way:?}: {url}");
        if way.ends_with(&["#cancel"]) {
            assert_eq!(refused(&url), "access_denied");
        } else {
            let tokens = app.redeem(&granted(&url)).await.granted();
            assert_eq!(claims(tokens["id_token"].as_str().unwrap())["nonce"], "the nonce");
            assert_eq!(tokens["scope"], "openid");
        }
    }
}

/// Presses a button of the page at `address`, when address and form say more than the server wrote.
async fn pressed_beside(browser: &mut Browser<'_>, address: &str, button: &str) -> Place {
    let beside = encode(&others());
    let page = browser.open(&format!("{address}&{beside}")).await.page();
    let mut form = page.form(button);
    if button == "#sign-in" {
        form = form.fill("username", "alice").fill("password", PASSWORD);
    }
    form.fields.extend(others());
    form.action = format!("{}?{beside}", form.action);
    browser.submit(&form).await
}

/// A flow is of the browser that began it: in another one it is no page and no code. SESS-03, CODE-10.
#[tokio::test]
async fn sess_03_code_10_a_flow_of_another_browser_is_refused() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    issuer.user("mallory").await;
    let app = RelyingParty::web(&issuer).await;
    let mut victim = Browser::new(&issuer);
    victim.sign_in("alice").await;
    let mut attacker = Browser::new(&issuer);
    attacker.sign_in("mallory").await;
    for (from, to) in [(&mut attacker, &mut victim)] {
        let consent = from.open(&app.authorize_url()).await.page();
        let form = consent.form("#allow");
        let flow = form.value("flow").to_owned();
        for path in ["/login", "/consent", "/select-account"] {
            let page = to.open(&format!("{path}?flow={flow}")).await.page();
            assert_eq!(page.status(), StatusCode::BAD_REQUEST, "{path}");
        }
        let page = to.submit(&form).await.page();
        assert_eq!(page.status(), StatusCode::FORBIDDEN);
        let own = to.open(&app.authorize_url()).await.page().form("#allow");
        let page = to.submit(&own.fill("flow", &flow)).await.page();
        assert_eq!(page.status(), StatusCode::BAD_REQUEST);
    }
    assert_eq!(issuer.audited(Action::ConsentGranted).await, 0);
}

/// A flow that was altered in one place opens nothing.
#[tokio::test]
async fn sess_12_an_altered_flow_is_refused() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let login = browser.open(&app.authorize_url()).await.page();
    let flow = login.form("#sign-in").value("flow").to_owned();
    let mut bad = vec![String::from("A"), flow[..flow.len() - 4].to_owned(), format!("{flow}AAAA")];
    for position in (0..flow.len()).step_by(17) {
        let mut altered = flow.clone().into_bytes();
        altered[position] = if altered[position] == b'A' { b'B' } else { b'A' };
        bad.push(String::from_utf8(altered).unwrap());
    }
    for flow in bad {
        let page = browser.open(&format!("/login?flow={flow}")).await.page();
        assert_eq!(page.status(), StatusCode::BAD_REQUEST);
    }
}

/// A sign-in has an hour; after that the page says so, and nothing comes of it.
#[tokio::test]
async fn a_flow_that_is_too_old_is_refused() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let login = browser.open(&app.authorize_url()).await.page();
    issuer.wait(3601).await;
    let page = browser.try_password(&login, "alice", PASSWORD).await.page();
    assert_eq!(page.status(), StatusCode::BAD_REQUEST);
    assert!(!browser.cookies.contains_key("__Host-doorward-session"));
}

/// A restart in the middle of a sign-in loses nothing, and neither does another node.
#[tokio::test]
async fn a_flow_goes_on_at_another_node() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let login = browser.open(&app.authorize_url()).await.page();
    let other = issuer.another_node().await;
    let mut elsewhere = Browser::new(&other);
    elsewhere.cookies = browser.cookies.clone();
    let place = elsewhere.try_password(&login, "alice", PASSWORD).await;
    let code = granted(&elsewhere.go_on(place, "alice").await);
    assert_eq!(app.redeem(&code).await.status, StatusCode::OK);
}

/// The consent page of one user is not answered by another who signed in meanwhile. SESS-04.
#[tokio::test]
async fn sess_04_a_page_shown_to_one_user_is_not_answered_by_another() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    issuer.user("bob").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    let consent = browser.open(&app.authorize_url()).await.page();
    let login = browser.open(&app.with("prompt", "login").authorize_url()).await.page();
    let bobs = browser.try_password(&login, "bob", PASSWORD).await.page();
    assert_eq!(bobs.path(), "/consent");
    let page = browser.press(&consent, "#allow").await.page();
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    assert_eq!(issuer.audited(Action::ConsentGranted).await, 0);
    granted(&browser.press(&bobs, "#allow").await.away());
}

/// A page without a session, asked for by its address, shows the first step and no later one. AUTHZ-14.
#[tokio::test]
async fn authz_14_a_later_page_cannot_be_opened_first() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let login = browser.open(&app.authorize_url()).await.page();
    let form = login.form("#sign-in");
    let (flow, csrf) = (form.value("flow"), form.value("csrf"));
    assert_eq!(browser.open(&format!("/consent?flow={flow}")).await.page().path(), "/login");
    for (path, fields) in [
        ("/consent", vec![("action", "allow")]),
        ("/select-account", vec![("account", "x")]),
        ("/login", vec![("action", "sign-in")]),
        ("/login", vec![]),
    ] {
        let mut fields: Vec<(String, String)> =
            fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        fields.push(("flow".to_owned(), flow.to_owned()));
        fields.push(("csrf".to_owned(), csrf.to_owned()));
        let reply = browser.send(Method::POST, path, Some(encode(&fields))).await;
        let onward = reply.headers.get("location").map_or("/login", |l| l.to_str().unwrap());
        assert!(onward.starts_with("/login"), "{path}: {} {onward}", reply.status);
        assert!(!browser.cookies.contains_key("__Host-doorward-session"));
    }
}

/// `state` and `nonce` come back as they were sent, or the app is told that its request is too long: never
/// does the user stand before an address or a form that is refused. RFC 6749 §4.1.2, Core §3.1.2.1.
#[tokio::test]
async fn section_4_1_2_what_pages_cannot_carry_is_told_to_the_app() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let wish = format!("{{\"userinfo\":{{\"{}\":null}}}}", "c".repeat(4_000));
    let many = format!("{} ", "x".repeat(127)).repeat(16);
    let long = |state: &str| app.clone().with("state", state);
    let wide = long(&"s".repeat(4_096)).with("nonce", &"n".repeat(1_024)).with("claims", &wish);
    for (app, fits) in [
        (long(&"s".repeat(4_096)), true),
        (long(&"\"".repeat(4_096)), true),
        (long(&"\u{1F600}".repeat(1_024)), true),
        // A control character takes six in JSON.
        (long(&"\u{1}".repeat(1_000)), true),
        (long(&"\u{1}".repeat(4_096)), false),
        (wide.clone(), true),
        (wide.with("acr_values", &many).with("ui_locales", &many), false),
    ] {
        let mut browser = Browser::new(&issuer);
        let url = app.sign_in(&mut browser, "alice").await;
        let answer = response_parameters(&url);
        let parameters: std::collections::BTreeMap<_, _> = app.parameters().into_iter().collect();
        assert_eq!(answer["state"], parameters["state"]);
        let error = answer.get("error").map(String::as_str);
        assert_eq!(error, (!fits).then_some("invalid_request"), "{}", url.len());
        if let Some(code) = answer.get("code") {
            let tokens = app.redeem(code).await.granted();
            let id_token = claims(tokens["id_token"].as_str().unwrap());
            assert_eq!(id_token["nonce"], parameters["nonce"].as_str());
        }
        // Without a page there is nothing to carry.
        let silent = app.with("prompt", "none");
        let answer = response_parameters(&browser.open(&silent.authorize_url()).await.away());
        assert_eq!(answer["state"], parameters["state"]);
        assert_ne!(answer.get("error").map(String::as_str), Some("invalid_request"));
    }
}

/// The same for a request to sign out, which has nowhere to go back to: it is a page. RP-Initiated Logout §2.
#[tokio::test]
async fn rp_initiated_logout_section_2_what_pages_cannot_carry_is_a_page() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    for (bytes, fits) in [(3_000, true), (4_096, true), (9_000, false)] {
        let parameters = [("state", "s".repeat(bytes.min(4_096))), ("x", "x".repeat(bytes))];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value));
        let page = browser.open(&format!("/logout?{}", encode(&parameters))).await.page();
        if fits {
            let stay = browser.press(&page, "#stay").await.page();
            assert_eq!((stay.status(), stay.path()), (StatusCode::OK, "/account"));
        } else {
            assert_eq!(page.error_code(), "invalid_request");
        }
    }
}

/// CODE-10: whoever knows a flow that stands open in another browser, signed in or not, gets no page and
/// no code from any step, and keeps its owner from nothing.
#[tokio::test]
async fn code_10_a_stranger_who_knows_a_flow_gets_nothing_of_it() {
    let issuer = Issuer::start().await;
    let alice = issuer.user("alice").await.id.to_string();
    issuer.user("mallory").await;
    let app = RelyingParty::web(&issuer).await;
    let mut victim = Browser::new(&issuer);
    victim.sign_in("alice").await;
    let form = victim.open(&app.authorize_url()).await.page().form("#allow");
    let flow = form.value("flow").to_owned();
    let mut mallory = Browser::new(&issuer);
    mallory.sign_in("mallory").await;
    for mut stranger in [mallory, Browser::new(&issuer)] {
        let own = app.clone().with("prompt", "login").authorize_url();
        let csrf = stranger.open(&own).await.page().form("#sign-in").value("csrf").to_owned();
        for path in ["/login", "/consent", "/select-account", "/role-missing"] {
            let page = stranger.open(&format!("{path}?flow={flow}")).await.page();
            assert_eq!(page.status(), StatusCode::BAD_REQUEST, "{path}");
            for more in [
                &[("action", "allow")][..],
                &[("action", "cancel")],
                &[("account", &alice)],
                &[("username", "mallory"), ("password", PASSWORD)],
            ] {
                let known = [("flow", flow.as_str()), ("csrf", csrf.as_str())];
                let fields: Vec<(String, String)> =
                    known.iter().chain(more).map(|(n, v)| ((*n).into(), (*v).into())).collect();
                let reply = stranger.send(Method::POST, path, Some(encode(&fields))).await;
                assert!(reply.status.is_client_error(), "{path} {more:?}: {}", reply.status);
                assert!(!reply.headers.contains_key("location"), "{path} {more:?}");
            }
        }
    }
    assert_eq!(issuer.audited(Action::ConsentGranted).await, 0);
    assert_eq!(issuer.audited(Action::ConsentDenied).await, 0);
    granted(&victim.submit(&form).await.away());
}

/// AUTHZ-14: a form without its fields is no step, on whatever page: neither empty nor with the
/// anti-forgery value alone nor with the flow beside it.
#[tokio::test]
async fn authz_14_a_form_without_its_fields_is_no_step() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    let cookies = browser.cookies.clone();
    for (prompt, path, button) in [
        ("login", "/login", "#sign-in"),
        ("select_account", "/select-account", "button[name=account]"),
        ("consent", "/consent", "#allow"),
    ] {
        let page = browser.open(&app.clone().with("prompt", prompt).authorize_url()).await.page();
        assert_eq!(page.path(), path);
        let form = page.form(button);
        let field = |name: &str| (name.to_owned(), form.value(name).to_owned());
        for fields in [vec![], vec![field("csrf")], vec![field("csrf"), field("flow")]] {
            let reply = browser.send(Method::POST, path, Some(encode(&fields))).await;
            let onward = reply.headers.get("location").map(|to| to.to_str().unwrap());
            match onward {
                None => {
                    assert!([400, 403, 422].contains(&reply.status.as_u16()), "{path} {fields:?}");
                }
                Some(to) => assert!(to.starts_with(&format!("{path}?flow=")), "{path}: {to}"),
            }
            assert_eq!(browser.cookies, cookies, "{path} {fields:?}");
        }
    }
    assert_eq!(issuer.audited(Action::ConsentGranted).await, 0);
    assert_eq!(issuer.audited(Action::ConsentDenied).await, 0);
}
