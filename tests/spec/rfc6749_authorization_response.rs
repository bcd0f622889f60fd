//! RFC 6749 §4.1.2, §4.1.2.1, RFC 9207 §2, OAuth 2.0 Multiple Response Types §2.1: the answer.

use std::collections::{BTreeMap, BTreeSet};

use doorward::{
    protocol::client::{ClientMetadata, GrantType},
    types::{Scope, audit::Action},
};
use http::{Method, StatusCode, header};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    browser::Place,
    issuer::{ISSUER, PASSWORD},
    relying_party::{CALLBACK, response_parameters, web_app},
};

fn names(answer: &BTreeMap<String, String>) -> Vec<&str> {
    answer.keys().map(String::as_str).collect()
}

/// A success says `code`, `state` and `iss`, and nothing else. RFC 6749 §4.1.2, RFC 9207 §2.
#[tokio::test]
async fn section_4_1_2_a_success_says_code_state_and_iss() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let url = app.sign_in(&mut browser, "alice").await;
    assert!(url.starts_with(&format!("{CALLBACK}?")) && !url.contains('#'), "{url}");
    assert_eq!(names(&response_parameters(&url)), ["code", "iss", "state"]);
    let url = browser.open(&app.with("state", "").authorize_url()).await.away();
    assert_eq!(names(&response_parameters(&url)), ["code", "iss"]);
}

/// A refusal says `error`, `error_description`, `state` and `iss`; its words are US-ASCII without quotes,
/// controls and backslashes. RFC 6749 §4.1.2.1.
#[tokio::test]
async fn section_4_1_2_1_a_refusal_says_error_state_and_iss() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    for (name, value) in
        [("response_type", ""), ("prompt", "none"), ("scope", "x"), ("max_age", "\"\r\n\\é")]
    {
        let app = app.clone().with(name, value);
        let url = Browser::new(&issuer).open(&app.authorize_url()).await.away();
        let answer = response_parameters(&url);
        assert_eq!(names(&answer), ["error", "error_description", "iss", "state"]);
        let allowed = |b: u8| matches!(b, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(answer["error_description"].bytes().all(allowed), "{url}");
        assert!(url.is_ascii());
    }
}

/// The issuer of every answer is that of discovery, byte for byte, and discovery says that it comes.
/// RFC 9207 §2, §2.4, §3, MIX-01.
#[tokio::test]
async fn rfc9207_section_2_mix_01_iss_is_the_issuer_of_discovery() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let discovery =
        browser.send(Method::GET, "/.well-known/openid-configuration", None).await.json();
    assert_eq!(discovery["authorization_response_iss_parameter_supported"], true);
    app.sign_in(&mut browser, "alice").await;
    for (name, value) in [
        ("state", "x"),
        ("prompt", "none login"),
        ("response_type", "token"),
        ("response_mode", "fragment"),
        ("response_mode", "jwt"),
        ("request", "x"),
    ] {
        let url = browser.open(&app.clone().with(name, value).authorize_url()).await.away();
        assert_eq!(response_parameters(&url)["iss"], discovery["issuer"], "{url}");
        assert_eq!(response_parameters(&url)["iss"], ISSUER, "{url}");
    }
}

/// A code has at least 128 random bits, and no two are alike. §10.10.
#[tokio::test]
async fn section_10_10_codes_cannot_be_guessed() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    app.sign_in(&mut browser, "alice").await;
    let mut codes = BTreeSet::new();
    for _ in 0..50 {
        let url = browser.open(&app.authorize_url()).await.away();
        let code = response_parameters(&url)["code"].clone();
        let (prefix, random) = code.split_at(4);
        assert_eq!((prefix, random.len()), ("dwc_", 43));
        assert!(random.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        assert!(codes.insert(code));
    }
    assert_eq!(codes.len(), 50);
}

/// `response_mode=fragment` is honoured for success and error; the query stays empty. MRT §2.1.
#[tokio::test]
async fn multiple_response_types_section_2_1_fragment_is_honoured() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.with("response_mode", "fragment");
    let mut browser = Browser::new(&issuer);
    let url = app.sign_in(&mut browser, "alice").await;
    assert!(url.starts_with(&format!("{CALLBACK}#code=")) && !url.contains('?'), "{url}");
    let url = browser.open(&app.with("prompt", "none login").authorize_url()).await.away();
    assert!(url.starts_with(&format!("{CALLBACK}#error=invalid_request")), "{url}");
}

/// A mode that nobody knows is `invalid_request`, in the query, with `state`. MRT §2.1.
#[tokio::test]
async fn multiple_response_types_section_2_1_an_unknown_mode_is_told_in_the_query() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    for mode in ["jwt", "query.jwt", "QUERY", "web_message", "\"><script>"] {
        let app = app.clone().with("response_mode", mode);
        let url = Browser::new(&issuer).open(&app.authorize_url()).await.away();
        let answer = response_parameters(&url);
        assert_eq!(
            (answer["error"].as_str(), answer["state"].as_str()),
            ("invalid_request", "the state")
        );
        assert!(url.starts_with(&format!("{CALLBACK}?")), "{url}");
    }
}

/// The browser is sent on with 303, so that no password is posted again; what it carries is kept by
/// nobody and sent to nobody as a referrer. RFC 9700 §4.2.4, §4.12, AUTHZ-12, CODE-15.
#[tokio::test]
async fn rfc9700_section_4_12_authz_12_code_15_the_redirect_is_a_303() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let login = browser.open(&app.authorize_url()).await.page();
    let form = login.form("#sign-in").fill("username", "alice").fill("password", PASSWORD);
    let body = crate::actors::relying_party::encode(&form.fields);
    let reply = browser.send(Method::POST, "/login", Some(body)).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    let consent = browser.open(reply.header(header::LOCATION)).await.page();
    let form = consent.form("#allow");
    let body = crate::actors::relying_party::encode(&form.fields);
    let reply = browser.send(Method::POST, "/consent", Some(body)).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    assert!(reply.header(header::LOCATION).starts_with(CALLBACK));
    assert_eq!(reply.header(header::REFERRER_POLICY), "no-referrer");
    assert_eq!(reply.header(header::CACHE_CONTROL), "no-store");
    assert!(reply.body.is_empty());
}

/// What an answer says, in whichever way it travels: in the query, in the fragment, in a form.
fn answer_in(mode: &str, place: Place) -> BTreeMap<String, String> {
    match (mode, place) {
        ("query", Place::Away(url)) => {
            assert!(url.starts_with(&format!("{CALLBACK}?")) && !url.contains('#'), "{url}");
            response_parameters(&url)
        }
        ("fragment", Place::Away(url)) => {
            assert!(url.starts_with(&format!("{CALLBACK}#")) && !url.contains('?'), "{url}");
            response_parameters(&url)
        }
        ("form_post", Place::Page(page)) => {
            assert_eq!(page.status(), StatusCode::OK);
            let form = page.form("#continue");
            assert_eq!(form.action, CALLBACK);
            form.fields.into_iter().collect()
        }
        (mode, place) => panic!("{mode}: {place:?}"),
    }
}

/// Whatever a request is refused for, at once or on a page, the answer travels as the request asked for, with
/// `state` and `iss`. RFC 6749 §4.1.2.1, MRT §2.1, §5, Form Post Response Mode §2.
#[tokio::test]
async fn section_4_1_2_1_every_refusal_travels_in_the_mode_of_the_request() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    for mode in ["query", "fragment", "form_post"] {
        let app = app.clone().with("response_mode", mode);
        let mut browser = Browser::new(&issuer);
        let scope = browser.open(&app.clone().with("scope", "x").authorize_url()).await;
        let silent = browser.open(&app.clone().with("prompt", "none").authorize_url()).await;
        let login = browser.open(&app.authorize_url()).await.page();
        let at_login = browser.press(&login, "#cancel").await;
        browser.sign_in("alice").await;
        let consent = browser.open(&app.authorize_url()).await.page();
        let at_consent = browser.press(&consent, "#cancel").await;
        let select = app.clone().with("prompt", "select_account");
        let select = browser.open(&select.authorize_url()).await.page();
        let at_select = browser.press(&select, "#cancel").await;
        for (place, error) in [
            (scope, "invalid_scope"),
            (silent, "login_required"),
            (at_login, "access_denied"),
            (at_consent, "access_denied"),
            (at_select, "access_denied"),
        ] {
            let answer = answer_in(mode, place);
            assert_eq!(names(&answer), ["error", "error_description", "iss", "state"], "{mode}");
            assert_eq!((answer["error"].as_str(), answer["iss"].as_str()), (error, ISSUER));
            assert_eq!(answer["state"], "the state");
        }
    }
}

/// What a registration lost while the user was on our pages is told to the client, whose address is still
/// registered; nobody is signed in for it. RFC 6749 §4.1.2.1.
#[tokio::test]
async fn section_4_1_2_1_what_the_registration_lost_meanwhile_is_told_to_the_client() {
    let without_codes =
        ClientMetadata { grant_types: [GrantType::ClientCredentials].into(), ..web_app() };
    let without_scope = ClientMetadata { scope: Scope::parse("profile").unwrap(), ..web_app() };
    for (lost, error) in [(without_codes, "unauthorized_client"), (without_scope, "invalid_scope")]
    {
        for mode in ["query", "form_post"] {
            let issuer = Issuer::start().await;
            issuer.user("alice").await;
            let app = RelyingParty::web(&issuer).await.with("response_mode", mode);
            let mut stranger = Browser::new(&issuer);
            let login = stranger.open(&app.authorize_url()).await.page();
            let mut browser = Browser::new(&issuer);
            browser.sign_in("alice").await;
            let consent = browser.open(&app.authorize_url()).await.page();
            issuer.change_client(app.id(), lost.clone()).await;
            for place in [
                stranger.open(&login.address).await,
                stranger.try_password(&login, "alice", PASSWORD).await,
                browser.open(&consent.address).await,
                browser.press(&consent, "#allow").await,
            ] {
                let answer = answer_in(mode, place);
                assert_eq!(names(&answer), ["error", "error_description", "iss", "state"]);
                assert_eq!((answer["error"].as_str(), answer["iss"].as_str()), (error, ISSUER));
                assert_eq!(answer["state"], "the state");
            }
            assert!(!stranger.cookies.contains_key("__Host-doorward-session"));
            assert_eq!(issuer.audited(Action::ConsentGranted).await, 0);
        }
    }
}
