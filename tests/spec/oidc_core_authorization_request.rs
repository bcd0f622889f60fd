//! OpenID Connect Core 1.0 §3.1.2.1 and RFC 6749 §3.1, §4.1.1: what a request may and must say.

use http::{Method, Request, StatusCode};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    browser::{Form, Page, Place},
    relying_party::{CALLBACK, claims, encode, web_app},
    visits::{granted, refused},
};

/// The request as a form, as an app's own site would send it.
fn as_a_form(app: &RelyingParty<'_>) -> Form {
    Form { action: "/authorize".to_owned(), fields: app.parameters() }
}

/// An authorization server MUST support GET at the authorization endpoint, and OpenID Connect asks for
/// POST as well; both behave alike. The form comes from the app's site. RFC 6749 §3.1, Core §3.1.2.1.
#[tokio::test]
async fn section_3_1_2_1_authz_16_a_form_does_what_a_query_does() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    browser.headers.insert("origin", "https://app.example".parse().unwrap());
    browser.headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
    let page = browser.submit(&as_a_form(&app)).await.page();
    assert_eq!(page.path(), "/login");
    browser.headers.clear();
    let place = browser.try_password(&page, "alice", crate::actors::issuer::PASSWORD).await;
    let code = granted(&browser.go_on(place, "alice").await);
    assert_eq!(app.redeem(&code).await.status, StatusCode::OK);
}

/// A form that says it is something else is not read. CSRF-03.
#[tokio::test]
async fn csrf_03_a_body_that_is_no_form_is_refused() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    for media_type in ["text/plain", "multipart/form-data; boundary=x", "application/json"] {
        let request = Request::post("/authorize")
            .header("content-type", media_type)
            .body(encode(&app.parameters()))
            .unwrap();
        assert_eq!(issuer.send(request).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let bare = Request::post("/authorize").body(encode(&app.parameters())).unwrap();
    assert_eq!(issuer.send(bare).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

/// Parameters come from one hand: a query and a body are never merged. AUTHZ-16.
#[tokio::test]
async fn authz_16_parameters_split_over_query_and_body_are_refused() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    for query in ["state=x", "prompt=none", "unknown=1"] {
        let mut form = as_a_form(&app);
        form.action = format!("/authorize?{query}");
        let page = browser.submit(&form).await.page();
        assert_eq!(
            (page.status(), page.error_code()),
            (StatusCode::BAD_REQUEST, "invalid_request".to_owned())
        );
    }
}

/// Parameters have no order, and neither have the values of scope. RFC 6749 §3.3.
#[tokio::test]
async fn section_3_3_the_order_of_parameters_and_scopes_does_not_matter() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("email openid profile email");
    let mut parameters = app.parameters();
    parameters.reverse();
    let mut browser = Browser::new(&issuer);
    let place = browser.open(&format!("/authorize?{}", encode(&parameters))).await;
    let code = granted(&browser.go_on(place, "alice").await);
    let tokens = app.redeem(&code).await.json();
    let mut scope: Vec<&str> =
        tokens["scope"].as_str().unwrap_or("openid email profile").split(' ').collect();
    scope.sort_unstable();
    assert_eq!(scope, ["email", "openid", "profile"]);
}

/// Without `openid` the request is plain OAuth: there is no ID token. Core §3.1.2.1.
#[tokio::test]
async fn section_3_1_2_1_without_openid_there_is_no_id_token() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("profile").with("nonce", "");
    let tokens = app.tokens("alice").await;
    assert!(tokens.get("id_token").is_none(), "{tokens}");
    assert!(tokens["access_token"].is_string());
}

/// Scope values that nobody knows SHOULD be ignored; what was left out is said in `scope`. Core §3.1.2.1,
/// RFC 6749 §3.3.
#[tokio::test]
async fn section_3_1_2_1_unknown_scopes_are_left_out() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.asking("openid tlhIngan urn:x:y admin");
    let tokens = app.tokens("alice").await;
    assert_eq!(tokens["scope"], "openid");
    for nothing in ["tlhIngan", "a\"b"] {
        let app = app.clone().asking(nothing);
        let url = Browser::new(&issuer).open(&app.authorize_url()).await.away();
        assert_eq!(refused(&url), "invalid_scope", "{nothing}");
    }
    let app = app.with("scope", "");
    assert_eq!(
        refused(&Browser::new(&issuer).open(&app.authorize_url()).await.away()),
        "invalid_scope"
    );
}

/// Unknown parameters MUST be ignored. RFC 6749 §3.1.
#[tokio::test]
async fn section_3_1_authz_05_unknown_parameters_are_ignored() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let mut app = RelyingParty::web(&issuer).await;
    for number in 0..20 {
        app = app.with(&format!("unknown_{number}"), "<script>");
    }
    for name in ["_method", "return_to", "action", "flow", "csrf"] {
        app = app.with(name, "x");
    }
    granted(&app.sign_in(&mut Browser::new(&issuer), "alice").await);
}

/// A parameter MUST NOT be there more than once; a repeated one leads to a page, since the browser could
/// be sent to neither. RFC 6749 §3.1, §4.1.2.1.
#[tokio::test]
async fn section_3_1_a_repeated_parameter_is_refused() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    for (name, value) in app.parameters() {
        for other in [value.as_str(), "other"] {
            let twice = encode(&[(name.clone(), other.to_owned())]);
            let address = format!("{}&{twice}", app.authorize_url());
            let page = Browser::new(&issuer).open(&address).await.page();
            assert_eq!(page.error_code(), "invalid_request", "{name}");
        }
    }
}

/// Parameters without a value are as good as absent. RFC 6749 §3.1.
#[tokio::test]
async fn section_3_1_a_parameter_without_a_value_is_absent() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let empty =
        "&prompt=&max_age=&display=&claims=&request=&request_uri=&response_mode=&acr_values";
    let mut browser = Browser::new(&issuer);
    let place = browser.open(&format!("{}{empty}", app.authorize_url())).await;
    granted(&browser.go_on(place, "alice").await);
}

/// A missing or unknown client is told to the user, never by a redirect. RFC 6749 §3.1.2.4, §4.1.2.1.
#[tokio::test]
async fn section_4_1_2_1_open_03_an_unknown_client_gets_a_page() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    for client_id in ["", "nobody", "notes ", "NOTES", "notes\u{0}", "' OR 1=1 --", "../notes", "é"]
    {
        for prompt in ["", "none"] {
            let request = app.clone().with("client_id", client_id).with("prompt", prompt);
            let page = Browser::new(&issuer).open(&request.authorize_url()).await.page();
            assert_eq!(page.status(), StatusCode::BAD_REQUEST, "{client_id}");
            assert!(!page.error_code().is_empty());
            assert!(!page.reply.headers.contains_key("set-cookie"));
        }
    }
}

/// A disabled client can start nothing. RFC 6749 §4.1.2.1.
#[tokio::test]
async fn section_4_1_2_1_a_disabled_client_gets_a_page() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    let (actor, origin) =
        (doorward::types::audit::Actor::Operator, crate::actors::issuer::origin());
    let id = &app.registered.client.id;
    doorward::service::client_registry::disable(&issuer.ctx, id, actor, &origin).await.unwrap();
    let page = Browser::new(&issuer).open(&app.authorize_url()).await.page();
    assert_eq!(page.status(), StatusCode::BAD_REQUEST);
}

/// A client that was not registered for codes does not get one. RFC 6749 §4.1.2.1.
#[tokio::test]
async fn section_4_1_2_1_a_client_without_the_grant_is_unauthorized() {
    let issuer = Issuer::start().await;
    let metadata = doorward::protocol::client::ClientMetadata {
        grant_types: [doorward::protocol::client::GrantType::ClientCredentials].into(),
        ..web_app()
    };
    let app = RelyingParty::register(&issuer, "machine", metadata).await;
    let place = Browser::new(&issuer).open(&app.authorize_url()).await;
    assert_eq!(refused(&place.away()), "unauthorized_client");
}

/// A missing `response_type` is `invalid_request`, and what is not registered is
/// `unsupported_response_type`; nothing of it in a fragment. RFC 6749 §3.1.1, §4.1.2.1, AUTHZ-02, AUTHZ-03.
#[tokio::test]
async fn section_4_1_2_1_authz_02_03_code_is_the_only_response_type() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    let table = [
        ("", "invalid_request"),
        ("token", "unsupported_response_type"),
        ("id_token", "unsupported_response_type"),
        ("id_token token", "unsupported_response_type"),
        ("code id_token", "unsupported_response_type"),
        ("id_token code", "unsupported_response_type"),
        ("code token", "unsupported_response_type"),
        ("none", "unsupported_response_type"),
        ("CODE", "unsupported_response_type"),
        ("code\tcode", "unsupported_response_type"),
    ];
    for (response_type, error) in table {
        let app = app.clone().with("response_type", response_type);
        let url = Browser::new(&issuer).open(&app.authorize_url()).await.away();
        assert!(url.starts_with(&format!("{CALLBACK}?")), "{url}");
        assert!(!url.contains('#'), "{url}");
        assert_eq!(refused(&url), error, "{response_type}");
    }
}

/// `state` comes back byte for byte, whatever it holds, in one header line; without it there is none.
/// RFC 6749 §4.1.2, AUTHZ-10, HDR-01.
#[tokio::test]
async fn section_4_1_2_authz_10_state_is_echoed_byte_for_byte() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    app.sign_in(&mut browser, "alice").await;
    let nasty = "\"'<>&\r\nSet-Cookie: x=1\r\n\r\n😀\0%00%0d%0a#?=+ ;\\\u{202e}";
    let long = nasty.repeat(2048 / nasty.len() + 1);
    for state in ["x", &"s".repeat(128), nasty, &long, "a b+c", "%2B"] {
        for (prompt, answer) in [("none", "code"), ("none login", "error")] {
            let app = app.clone().with("state", state).with("prompt", prompt);
            let url = browser.open(&app.authorize_url()).await.away();
            let parameters = crate::actors::relying_party::response_parameters(&url);
            assert_eq!(parameters.get("state").map(String::as_str), Some(state));
            assert!(parameters.contains_key(answer), "{url}");
        }
    }
    let app = app.with("state", "").with("prompt", "none");
    let url = browser.open(&app.authorize_url()).await.away();
    assert!(!url.contains("state"), "{url}");
}

/// What a request says travels through every page and back, whatever it is made of; a request that the
/// pages could not carry is refused at once, to the client, and leads nobody to a page that cannot be
/// shown. AUTHZ-10.
#[tokio::test]
async fn section_4_1_2_authz_10_the_state_comes_through_every_page_or_is_refused_at_once() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await.with("prompt", "select_account consent");
    let nasty = "\"'<>&\r\n\0%00%0d%0a#?=+ ;\\\u{1}\u{202e}😀";
    let of = |piece: &str, bytes: usize| piece.repeat(bytes / piece.len());
    let claims = format!(r#"{{"userinfo":{{"x":{{"value":"{}"}}}}}}"#, "y".repeat(4_000));
    let nonce = of("\"", 1_024);
    for (state, (name, value), carried) in [
        (of(nasty, 2_048), ("claims", ""), true),
        (of("s", 4_096), ("claims", ""), true),
        (of("\"", 4_096), ("claims", ""), true),
        (of("😀", 4_096), ("claims", ""), true),
        (of("\u{1}", 1_024), ("claims", ""), true),
        (of("s", 4_096), ("claims", claims.as_str()), true),
        (of("\u{1}", 4_096), ("claims", ""), false),
        (of("\"", 4_096), ("nonce", nonce.as_str()), false),
    ] {
        let app = app.clone().with("state", &state).with(name, value);
        let mut browser = Browser::new(&issuer);
        let place = browser.open(&app.authorize_url()).await;
        let url = browser.go_on(place, "alice").await;
        let answer = crate::actors::relying_party::response_parameters(&url);
        assert_eq!(answer.get("state"), Some(&state));
        assert_eq!(answer.contains_key("code"), carried, "{state:.20} {name}");
        let refused = (!carried).then_some("invalid_request");
        assert_eq!(answer.get("error").map(String::as_str), refused);
    }
}

/// More than we carry is refused, and not cut. RFC 6749 §4.1.2.
#[tokio::test]
async fn section_4_1_2_a_state_beyond_4096_bytes_is_refused() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await.with("state", &"s".repeat(4097));
    let url = Browser::new(&issuer).open(&app.authorize_url()).await.away();
    let parameters = crate::actors::relying_party::response_parameters(&url);
    assert_eq!(parameters["error"], "invalid_request");
    assert!(!parameters.contains_key("state"));
}

/// `nonce` is in the ID token as it was sent, or the request is refused; never cut. Without it there is
/// none. Core §2, §3.1.2.1.
#[tokio::test]
async fn section_2_nonce_comes_back_byte_for_byte() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    for nonce in ["n", &"n".repeat(64), &"é\"<\u{1F600}".repeat(40), &"n".repeat(1024)] {
        let app = app.clone().with("nonce", nonce);
        let tokens = app.tokens("alice").await;
        assert_eq!(claims(tokens["id_token"].as_str().unwrap())["nonce"], *nonce);
    }
    let tokens = app.clone().with("nonce", "").tokens("alice").await;
    assert!(claims(tokens["id_token"].as_str().unwrap()).get("nonce").is_none());
    let app = app.with("nonce", &"n".repeat(1025));
    let url = Browser::new(&issuer).open(&app.authorize_url()).await.away();
    assert_eq!(refused(&url), "invalid_request");
}

/// `display`, `ui_locales`, `claims_locales`, `acr_values` and `login_hint` are wishes: what is unknown
/// MUST NOT be an error. Core §3.1.2.1, §15.1.
#[tokio::test]
async fn section_15_1_wishes_are_never_an_error() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    app.sign_in(&mut browser, "alice").await;
    let table = [
        ("display", ["page", "popup", "touch", "wap", "hologram"]),
        ("ui_locales", ["fr", "de-AT de", "xx-klingon", "*", "<script>"]),
        ("claims_locales", ["fr", "tlh", "a b c", "-", "\""]),
        ("acr_values", ["urn:doorward:acr:pwd", "0", "phr phrh", "urn:mace:x", "\r\n"]),
        ("login_hint", ["alice", "nobody", "nobody@example.com", "\"><script>", "\u{202e}"]),
    ];
    for (name, values) in table {
        for value in values {
            let app = app.clone().with(name, value);
            let silent = app.clone().with("prompt", "none");
            granted(&browser.open(&silent.authorize_url()).await.away());
            let page = Browser::new(&issuer).open(&app.authorize_url()).await.page();
            assert_eq!((page.status(), page.path()), (StatusCode::OK, "/login"), "{name} {value}");
        }
    }
}

/// The pages are in the language that the app asks for, or in the browser's. Core §3.1.2.1.
#[tokio::test]
async fn section_3_1_2_1_ui_locales_choose_the_language() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    browser.headers.insert("accept-language", "fr;q=0.9, en;q=0.5".parse().unwrap());
    for (wish, lang) in
        [("", "fr"), ("de", "de"), ("tlh de en", "de"), ("tlh", "fr"), ("de-AT", "de")]
    {
        let page = browser.open(&app.clone().with("ui_locales", wish).authorize_url()).await.page();
        assert!(page.has(&format!("html[lang={lang}]")), "{wish}: {}", page.reply.text());
    }
}

/// A hint fills the form in, and is text: it opens no element, and tells nobody whether there is such a
/// user. Core §3.1.2.1, AUTHZ-18.
#[tokio::test]
async fn section_3_1_2_1_authz_18_login_hint_is_text_and_tells_nothing() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let hostile = "\"><script>alert(1)</script>";
    let shown = |hint: &str| {
        let app = app.clone().with("login_hint", hint);
        let issuer = &issuer;
        async move { Browser::new(issuer).open(&app.authorize_url()).await.page() }
    };
    let page = shown(hostile).await;
    assert_eq!(page.form("#sign-in").value("username"), hostile);
    assert!(!page.has("script"), "{}", page.reply.text());
    let (known, unknown) = (shown("alice").await, shown("nobod").await);
    assert_eq!(known.scrubbed().replace("alice", "nobod"), unknown.scrubbed());
}

/// A request object is honoured or refused, never silently ignored. Core §3.1.2.6, §6.
#[tokio::test]
async fn section_3_1_2_6_request_objects_are_refused_by_name() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    let table = [
        ("request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported"),
        ("request", "x", "request_not_supported"),
        ("request_uri", "https://app.example/request.jwt", "request_uri_not_supported"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:x", "request_uri_not_supported"),
    ];
    for (name, value, error) in table {
        let url = Browser::new(&issuer).open(&app.clone().with(name, value).authorize_url()).await;
        assert_eq!(refused(&url.away()), error);
    }
}

/// What cannot be decoded is refused on every page, and nothing is done. AUTHZ-15.
#[tokio::test]
async fn authz_15_broken_addresses_are_refused_everywhere() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    app.sign_in(&mut browser, "alice").await;
    for broken in ["%", "%zz", "%ff", "%00", "%c0%af", "%ed%a0%80", "%f8%80%80%80%80"] {
        for path in
            ["/authorize", "/login", "/consent", "/select-account", "/account", "/logout", "/setup"]
        {
            for name in ["flow", "x"] {
                let page = browser.open(&format!("{path}?{name}={broken}")).await.page();
                assert_eq!(page.status(), StatusCode::BAD_REQUEST, "{path}?{name}={broken}");
            }
        }
        let address = format!("{}&x={broken}", app.authorize_url());
        assert_eq!(browser.open(&address).await.page().error_code(), "invalid_request");
    }
    for path in [
        "/%",
        "/%zz",
        "/%ff",
        "/login%00",
        "/log%69n",
        "//evil.example/login",
        "/login/",
        "/./login",
        "/Login",
    ] {
        let reply = browser.send(Method::GET, path, None).await;
        assert!(reply.status.is_client_error(), "{path}: {}", reply.status);
    }
}

/// A request in absolute form is the same request; its host chooses nothing. AUTHZ-15, HDR-04.
#[tokio::test]
async fn authz_15_the_host_of_the_request_chooses_nothing() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    let address = format!("https://evil.example{}", app.authorize_url());
    let request = Request::get(address).header("host", "evil.example").body(String::new()).unwrap();
    let reply = issuer.send(request).await;
    let location = reply.header(http::header::LOCATION);
    assert!(location.starts_with("/login?flow="), "{location}");
}

/// A form is refused like a query: on the same page, or with the same answer to the app. RFC 6749 §3.1, Core
/// §3.1.2.1.
#[tokio::test]
async fn section_3_1_2_1_a_form_is_refused_like_a_query() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    for (name, value) in [
        ("client_id", "nobody"),
        ("client_id", ""),
        ("redirect_uri", "https://app.example/cb/"),
        ("redirect_uri", ""),
        ("response_type", "token"),
        ("response_mode", "jwt"),
        ("scope", "tlhIngan"),
        ("code_challenge", ""),
        ("prompt", "none"),
        ("prompt", "none login"),
        ("max_age", "x"),
        ("claims", "{"),
        ("request", "x"),
        ("request_uri", "urn:x"),
        ("resource", "https://elsewhere.example"),
        ("state", "\r\n&=%+ é\0"),
    ] {
        let app = app.clone().with("prompt", "none").with(name, value);
        let by_query = Browser::new(&issuer).open(&app.authorize_url()).await;
        let mut elsewhere = Browser::new(&issuer);
        elsewhere.headers.insert("origin", "https://app.example".parse().unwrap());
        let by_form = elsewhere.submit(&as_a_form(&app)).await;
        match (by_query, by_form) {
            (Place::Away(query), Place::Away(form)) => assert_eq!(query, form, "{name}={value}"),
            (Place::Page(query), Place::Page(form)) => {
                let of = |page: &Page| (page.status(), page.error_code());
                assert_eq!(of(&query), of(&form), "{name}={value}");
            }
            (query, form) => panic!("{name}={value}: {query:?} and {form:?}"),
        }
    }
}
