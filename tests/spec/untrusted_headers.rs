//! Headers and parameters that would choose addresses for us: only a trusted proxy names the client, and
//! nobody names the issuer or the next page. The catalogue's HDR, OPEN and CACHE rows.

use http::{Method, Request, StatusCode, header};

use crate::actors::{Browser, Issuer, RelyingParty, issuer::PASSWORD, relying_party::encode};

const HEADERS: [(&str, &str); 12] = [
    ("x-forwarded-for", "198.51.100.7"),
    ("x-forwarded-proto", "http"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-port", "1"),
    ("x-forwarded-prefix", "/evil"),
    ("forwarded", "for=198.51.100.7;host=evil.example;proto=http"),
    ("x-real-ip", "198.51.100.7"),
    ("x-original-url", "/account"),
    ("x-rewrite-url", "/account"),
    ("x-host", "evil.example"),
    ("true-client-ip", "198.51.100.7"),
    ("host", "evil.example"),
];

/// The address that the account page shows for this session.
async fn address_of(browser: &mut Browser<'_>) -> String {
    browser.sign_in("alice").await.text_of(".rows li p.quiet span")
}

/// From a stranger they change neither addresses nor documents nor whom we take for the client. HDR-04,
/// CACHE-03.
#[tokio::test]
async fn hdr_04_cache_03_a_stranger_names_nothing() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    for path in
        ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"]
    {
        let plain = issuer.send(Request::get(path).body(String::new()).unwrap()).await;
        for (name, value) in HEADERS {
            let request = Request::get(path).header(name, value).body(String::new()).unwrap();
            let reply = issuer.send(request).await;
            assert_eq!((reply.status, &reply.body), (StatusCode::OK, &plain.body), "{path} {name}");
        }
    }
    for (name, value) in HEADERS {
        let mut browser = Browser::new(&issuer);
        browser.headers.insert(name, value.parse().unwrap());
        let reply = browser.send(Method::GET, &app.authorize_url(), None).await;
        assert!(reply.header(header::LOCATION).starts_with("/login?flow="), "{name}");
        let page = browser.open("/login").await.page();
        assert!(!page.reply.text().contains("evil"), "{name}");
        assert_eq!(address_of(&mut browser).await, "192.0.2.1", "{name}");
    }
}

/// A trusted proxy names the client, and the chain is read from its end: what the client wrote before is
/// not believed. HDR-04.
#[tokio::test]
async fn hdr_04_a_trusted_proxy_names_the_client() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    for (chain, client) in [
        ("198.51.100.7", "198.51.100.7"),
        ("6.6.6.6, 198.51.100.7", "198.51.100.7"),
        ("6.6.6.6, 198.51.100.7, 203.0.113.9", "198.51.100.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("<script>", "203.0.113.1"),
        ("198.51.100.7, unknown", "203.0.113.1"),
    ] {
        let mut browser = Browser::new(&issuer);
        browser.peer = "203.0.113.1:443".to_owned();
        browser.headers.insert("x-forwarded-for", chain.parse().unwrap());
        issuer.wait(1).await;
        assert_eq!(address_of(&mut browser).await, client, "{chain}");
    }
}

/// A trusted proxy says who the client is, and nothing else: neither who we are nor how we are reached nor
/// what is asked for. HDR-04, CACHE-03.
#[tokio::test]
async fn hdr_04_not_even_a_trusted_proxy_names_the_issuer() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    for (name, value) in HEADERS {
        let mut browser = Browser::new(&issuer);
        browser.peer = "203.0.113.1:443".to_owned();
        browser.headers.insert(name, value.parse().unwrap());
        for path in ["/.well-known/openid-configuration", "/jwks"] {
            let plain = issuer.fetch(path).await;
            let reply = browser.send(Method::GET, path, None).await;
            assert_eq!((reply.status, reply.body), (plain.status, plain.body), "{path} {name}");
        }
        let url = app.sign_in(&mut browser, "alice").await;
        let answer = crate::actors::relying_party::response_parameters(&url);
        assert_eq!(answer["iss"], Issuer::url(), "{name}");
        let page = browser.open("/account").await.page();
        assert_eq!(page.path(), "/account", "{name}");
        assert!(!page.reply.text().contains("evil"), "{name}");
    }
}

/// The limiter counts who really sends: a stranger does not get a fresh bucket with each header. HDR-04.
#[tokio::test]
async fn hdr_04_a_header_opens_no_fresh_bucket() {
    let issuer = Issuer::start_with(|policy| policy.lockout.network.burst = 5).await;
    for number in 0..6 {
        let mut browser = Browser::new(&issuer);
        let page = browser.open("/login").await.page();
        let value = format!("198.51.100.{number}");
        browser.headers.insert("x-forwarded-for", value.parse().unwrap());
        let page = browser.try_password(&page, &format!("nobody{number}"), "wrong").await.page();
        let expected = if number < 5 { 422 } else { 429 };
        assert_eq!(page.status().as_u16(), expected, "{number}");
    }
}

/// No parameter names the page after a sign-in or a sign-out. OPEN-01; so there is no address of which to
/// ask whether it is local. OPEN-02.
#[tokio::test]
async fn open_01_no_parameter_names_the_next_page() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let places = [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "%2f%2fevil",
        "/%09/evil.example",
        "\\/\\/evil.example",
        "https://evil.example",
    ];
    let names = [
        "return_to",
        "next",
        "continue",
        "redirect",
        "redirect_uri",
        "url",
        "target",
        "locale",
        "lang",
        "back",
        "client_id",
    ];
    for place in places {
        for name in names {
            let query = encode(&[(name.to_owned(), place.to_owned())]);
            let mut browser = Browser::new(&issuer);
            let page = browser.open(&format!("/login?{query}")).await.page();
            let mut form = page.form("#sign-in").fill("username", "nobody").fill("password", "x");
            form.fields.push((name.to_owned(), place.to_owned()));
            form.action = format!("/login?{query}");
            let page = browser.submit(&form).await.page();
            assert_eq!(page.path(), "/login");
            for path in ["/", "/account", "/signed-out", "/consent"] {
                let page = browser.open(&format!("{path}?{query}")).await.page();
                assert!(!page.has("a[href*=evil], form[action*=evil]"), "{path}?{query}");
            }
            issuer.clock.advance(400);
        }
        let mut browser = Browser::new(&issuer);
        let query = encode(&names.map(|name| (name.to_owned(), place.to_owned())));
        let page = browser.open(&format!("/login?{query}")).await.page();
        let mut form = page.form("#sign-in").fill("username", "alice").fill("password", PASSWORD);
        form.action = format!("/login?{query}");
        assert_eq!(browser.submit(&form).await.page().address, "/account");
    }
}

/// Addresses that look like files are no pages, and are kept by nobody. CACHE-02.
#[tokio::test]
async fn cache_02_an_address_that_looks_like_a_file_is_no_page() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    for path in [
        "/account/x.css",
        "/account%0a.js",
        "/account;.css",
        "/account/",
        "/account%2fx.css",
        "/static/../account",
        "/static/x.css",
    ] {
        let reply = browser.send(Method::GET, path, None).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!reply.text().contains("alice"));
        assert_eq!(reply.header(header::CACHE_CONTROL), "no-store", "{path}");
    }
}

/// Nothing of the inside is on the public listener. PATH-03.
#[tokio::test]
async fn path_03_nothing_of_the_inside_is_public() {
    let issuer = Issuer::start().await;
    for path in [
        "/.git/config",
        "/metrics",
        "/debug",
        "/debug/pprof",
        "/swagger",
        "/openapi.json",
        "/.env",
        "/doorward.db",
        "/master.key",
        "/admin",
        "/static/",
        "/static/..%2f..%2fCargo.toml",
    ] {
        let reply = issuer.send(Request::get(path).body(String::new()).unwrap()).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
    }
}
