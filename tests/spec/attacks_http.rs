//! Limits, caches, cross-origin requests and injection at the endpoints of programs: the attack
//! catalogue's groups 20 and 22 as far as they are decided in process.

use http::{Method, Request, StatusCode, header};

use crate::actors::{
    Issuer, RelyingParty,
    issuer::Reply,
    relying_party::{basic, machine, public_app},
    request::form,
};

/// Every endpoint that takes a form.
const POSTS: [&str; 16] = [
    "/token",
    "/introspect",
    "/revoke",
    "/userinfo",
    "/authorize",
    "/logout",
    "/login",
    "/consent",
    "/select-account",
    "/role-missing",
    "/account/sessions/end",
    "/account/apps/revoke",
    "/account/api-keys/new",
    "/account/api-keys/rotate",
    "/account/api-keys/revoke",
    "/setup",
];

/// How a body's length is told.
#[derive(Debug, Clone, Copy)]
enum Length {
    Declared,
    Chunked,
}

async fn post(issuer: &Issuer, path: &str, length: Length, body: String) -> Reply {
    let mut request =
        Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if matches!(length, Length::Declared) {
        request = request.header(header::CONTENT_LENGTH, body.len());
    }
    issuer.send(request.body(body).unwrap()).await
}

/// BODY-01: 16 KiB, and not a byte more, at every endpoint, whether the length is told or not.
#[tokio::test]
async fn body_01_bodies_are_bounded() {
    let issuer = Issuer::start().await;
    for path in POSTS {
        for length in [Length::Declared, Length::Chunked] {
            let body = |bytes: usize| format!("x={}", "a".repeat(bytes - 2));
            let fits = post(&issuer, path, length, body(16 * 1024)).await;
            assert_ne!(fits.status, StatusCode::PAYLOAD_TOO_LARGE, "{path} {length:?}");
            let too_large = post(&issuer, path, length, body(16 * 1024 + 1)).await;
            assert_eq!(too_large.status, StatusCode::PAYLOAD_TOO_LARGE, "{path} {length:?}");
            assert_eq!(too_large.error(), "invalid_request");
        }
    }
}

/// BODY-02: nothing that strangers compressed is expanded.
#[tokio::test]
async fn body_02_a_compressed_body_is_refused() {
    let issuer = Issuer::start().await;
    for path in POSTS {
        for coding in ["gzip", "br", "deflate", "zstd", "gzip, gzip", "x"] {
            let reply = issuer.post(path, &[("content-encoding", coding)], "\x1f\u{8b}").await;
            assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path} {coding}");
        }
    }
}

/// BODY-04: too many fields, broken percent signs, bytes that are no text, another media type.
#[tokio::test]
async fn body_04_malformed_forms_are_refused() {
    let issuer = Issuer::start().await;
    let many = (0..100).map(|number| format!("p{number}=1")).collect::<Vec<_>>().join("&");
    for path in ["/token", "/introspect", "/revoke"] {
        for body in ["a=%", "a=%zz", "a=%ff", "%", "a=%00", "a=%c0%80", many.as_str(), "a=1&a=2"] {
            issuer.post(path, &[], body).await.is_invalid_request();
        }
    }
    let parts = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n".repeat(100);
    for path in POSTS {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
            .body(parts.clone())
            .unwrap();
        assert!(issuer.send(request).await.status.is_client_error(), "{path}");
    }
}

/// BODY-04 for every form: a broken percent sign, a byte of zero, more fields than any form has, and a
/// field twice.
#[tokio::test]
async fn body_04_no_page_reads_a_malformed_form() {
    let issuer = Issuer::start().await;
    let many = (0..1_000).map(|number| format!("p{number}=1")).collect::<Vec<_>>().join("&");
    for path in POSTS {
        for body in ["a=%", "a=%zz", "a=%f", "%=1", "csrf=%00", many.as_str(), "csrf=1&csrf=2"] {
            let reply = issuer.post(path, &[], body).await;
            assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{path} {body:.20}");
        }
    }
}

/// UNI-07: bytes that are no UTF-8, in every field of every form and query.
#[tokio::test]
async fn uni_07_bytes_that_are_no_text_are_refused() {
    let issuer = Issuer::start().await;
    let fields = [
        "action",
        "assertion",
        "claims",
        "client_assertion",
        "client_id",
        "client_secret",
        "code",
        "flow",
        "grant_type",
        "id_token_hint",
        "login_hint",
        "nonce",
        "password",
        "redirect_uri",
        "refresh_token",
        "resource",
        "response_type",
        "scope",
        "session",
        "state",
        "token",
        "ui_locales",
        "username",
    ];
    for field in fields {
        for bytes in ["%ff", "a%c3%28", "%ed%a0%80", "%f4%90%80%80", "%c0%af"] {
            let pair = format!("{field}={bytes}");
            for path in POSTS {
                let reply = issuer.post(path, &[], &pair).await;
                assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{path} {pair}");
            }
            for path in ["/authorize", "/logout", "/login", "/consent", "/select-account"] {
                let reply = issuer.fetch(&format!("{path}?{pair}")).await;
                assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{path}?{pair}");
            }
        }
    }
}

/// DOS-08: thousands of values in one parameter are read once, and refused.
#[tokio::test]
async fn dos_08_thousands_of_scopes_are_refused() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let distinct = (0..3_000).map(|number| format!("{number:x}")).collect::<Vec<_>>().join(" ");
    for scope in [&"a ".repeat(7_000), &distinct, &"a".repeat(15_000)] {
        let fields = [("grant_type", "client_credentials"), ("scope", scope)];
        app.token(&fields).await.refused(StatusCode::BAD_REQUEST, "invalid_scope");
    }
}

/// CACHE-01: what a shared cache may keep is the same for everybody, and brings no cookie.
#[tokio::test]
async fn cache_01_what_is_public_is_the_same_for_everybody() {
    let issuer = Issuer::start().await;
    let stylesheet = doorward::http::assets::Asset::Stylesheet.url();
    for path in [
        "/jwks",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        stylesheet,
    ] {
        let plain = issuer.fetch(path).await;
        assert!(plain.header(header::CACHE_CONTROL).starts_with("public"), "{path}");
        for (name, value) in [
            ("cookie", "__Host-doorward-session=x"),
            ("accept-language", "de"),
            ("accept", "text/html"),
            ("origin", "https://evil.example"),
            ("user-agent", "curl/8"),
            ("authorization", "Bearer x"),
        ] {
            let mut other = issuer.fetch_with(path, name, value).await;
            assert!(!other.headers.contains_key(header::SET_COOKIE), "{path} {name}");
            let id = plain.headers["x-request-id"].clone();
            other.headers.insert("x-request-id", id);
            assert_eq!(
                (&other.headers, &other.body),
                (&plain.headers, &plain.body),
                "{path} {name}"
            );
        }
    }
}

/// BODY-05: addresses are bounded.
#[tokio::test]
async fn body_05_addresses_are_bounded() {
    let issuer = Issuer::start().await;
    for path in ["/authorize", "/logout", "/userinfo", "/jwks", "/nowhere"] {
        let reply = issuer.fetch(&format!("{path}?x={}", "a".repeat(17 * 1024))).await;
        assert_eq!(reply.status, StatusCode::URI_TOO_LONG, "{path}");
    }
}

/// CORS-01: discovery and the keys may be read from everywhere, without credentials.
#[tokio::test]
async fn cors_01_public_documents_may_be_read_from_everywhere() {
    let issuer = Issuer::start().await;
    for path in
        ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"]
    {
        for origin in ["https://app.example", "null", "https://evil.example"] {
            let reply = issuer.fetch_with(path, "origin", origin).await;
            assert_eq!(reply.status, 200);
            assert_eq!(reply.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
            assert!(!reply.headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
        }
    }
}

/// Core §5.3: apps in the browser call the token endpoint, UserInfo and revocation, and read errors as
/// well; the origin is never reflected.
#[tokio::test]
async fn cors_apps_in_the_browser_read_answers_and_errors() {
    let issuer = Issuer::start().await;
    RelyingParty::register(&issuer, "spa", public_app()).await;
    for path in ["/token", "/userinfo", "/revoke"] {
        let headers = [("origin", "https://spa.example")];
        let reply = issuer.post(path, &headers, "client_id=spa").await;
        assert_eq!(reply.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*", "{path}");
        assert!(!reply.headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS), "{path}");
    }
}

/// CORS-04: a preflight grants the methods and headers that the endpoints take; never credentials, and
/// never a private network.
#[tokio::test]
async fn cors_04_a_preflight_grants_what_is_needed() {
    let issuer = Issuer::start().await;
    let preflight = async |path: &str, method: &str, headers: &str| {
        let request = Request::builder()
            .method(Method::OPTIONS)
            .uri(path)
            .header(header::ORIGIN, "https://evil.example")
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, method)
            .header(header::ACCESS_CONTROL_REQUEST_HEADERS, headers)
            .header("access-control-request-private-network", "true");
        issuer.send(request.body(String::new()).unwrap()).await
    };
    for path in ["/token", "/userinfo", "/revoke"] {
        for (method, headers) in [("POST", "authorization"), ("DELETE", "x-evil, cookie")] {
            let reply = preflight(path, method, headers).await;
            assert_eq!(reply.status, StatusCode::NO_CONTENT);
            assert_eq!(reply.header(header::ACCESS_CONTROL_ALLOW_METHODS), "GET, POST");
            let allowed = reply.header(header::ACCESS_CONTROL_ALLOW_HEADERS).to_lowercase();
            assert_eq!(allowed, "authorization, content-type, x-requested-with");
            assert!(!reply.headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
            assert!(!reply.headers.contains_key("access-control-allow-private-network"));
        }
    }
    for path in ["/introspect", "/authorize", "/login", "/consent", "/account", "/logout", "/setup"]
    {
        let reply = preflight(path, "POST", "content-type").await;
        assert!(!reply.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), "{path}");
    }
}

/// CACHE-02: no page answers at an address that looks like a file.
#[tokio::test]
async fn cache_02_a_page_is_not_a_file() {
    let issuer = Issuer::start().await;
    for path in [
        "/account/x.css",
        "/account%2fx.css",
        "/account.css",
        "/account%0a.js",
        "/account;.css",
        "/userinfo/x.js",
        "/userinfo;.css",
        "/token/x.css",
        "//account",
        "/./account",
        "/static/../account",
        "/static/%2e%2e/account",
        "/jwks/",
        "/JWKS",
    ] {
        let reply = issuer.fetch(path).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
    }
}

/// CACHE-03, HDR-04: no header of a stranger gets into discovery or the keys.
#[tokio::test]
async fn cache_03_headers_do_not_poison_discovery() {
    let issuer = Issuer::start().await;
    for path in
        ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"]
    {
        let plain = issuer.fetch(path).await;
        for (name, value) in [
            ("host", "evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-prefix", "/evil"),
            ("forwarded", "host=evil.example;proto=http"),
            ("x-original-url", "/evil"),
            ("x-rewrite-url", "/evil"),
            ("x-http-method-override", "POST"),
            ("accept-language", "de"),
            ("accept", "text/html"),
        ] {
            let reply = issuer.fetch_with(path, name, value).await;
            assert_eq!((reply.status, &reply.body), (plain.status, &plain.body), "{name}");
            assert_eq!(reply.header(header::ETAG), plain.header(header::ETAG), "{name}");
        }
    }
}

/// HDR-06, PATH-03: nothing of the inside is on the public listener, and odd headers change nothing.
#[tokio::test]
async fn path_03_nothing_of_the_inside_is_public() {
    let issuer = Issuer::start().await;
    for path in [
        "/.git/config",
        "/.env",
        "/metrics",
        "/debug/pprof",
        "/swagger.json",
        "/openapi.json",
        "/server-status",
        "/doorward.db",
        "/doorward-data/master.key",
        "/static/",
        "/static/../Cargo.toml",
        "/static/%2e%2e%2fCargo.toml",
    ] {
        assert_eq!(issuer.fetch(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let whole = issuer.fetch("/jwks").await;
    let part = issuer.fetch_with("/jwks", "range", "bytes=0-1").await;
    assert_eq!((part.status, part.body), (StatusCode::OK, whole.body));
}

/// SQLI-01: what reads like SQL is a text like any other, in every field that reaches the database.
#[tokio::test]
async fn sqli_01_sql_is_text() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let secret = app.registered.secret.as_deref().unwrap();
    let right = basic("batch", secret);
    for payload in [
        "'",
        "\"",
        "' OR '1'='1",
        "' OR 1=1--",
        "'; DROP TABLE clients;--",
        "') UNION SELECT 1,2,3--",
        "\\'; SELECT pg_sleep(5);--",
        "%",
        "_",
        "batch'/*",
        "1;ATTACH DATABASE 'x' AS y",
        "$1",
        "?1",
        ":id",
    ] {
        let basic = basic(payload, payload);
        let grant = form(&[("grant_type", "client_credentials")]);
        issuer.post("/token", &[("authorization", &basic)], &grant).await.is_invalid_client();
        for (name, field) in [
            ("authorization_code", "code"),
            ("refresh_token", "refresh_token"),
            ("client_credentials", "scope"),
        ] {
            let body = form(&[("grant_type", name), (field, payload)]);
            let reply = issuer.post("/token", &[("authorization", &right)], &body).await;
            assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{name} {payload}");
        }
        let body = form(&[("token", payload), ("token_type_hint", payload)]);
        let reply = issuer.post("/introspect", &[("authorization", &right)], &body).await;
        assert_eq!(reply.granted()["active"], false);
        assert_eq!(issuer.post("/revoke", &[("authorization", &right)], &body).await.status, 200);
    }
    app.token(&[("grant_type", "client_credentials")]).await.granted();
}

/// TOK-11: answers with secrets are not kept, not compressed, and JSON, good and bad alike.
#[tokio::test]
async fn tok_11_answers_with_secrets_are_not_kept_nor_compressed() {
    let issuer = Issuer::start().await;
    let app = RelyingParty::register(&issuer, "batch", machine()).await;
    let requests = [
        app.request("/token", &[("grant_type", "client_credentials")]),
        app.request("/token", &[("grant_type", "nonsense")]),
        app.request("/token", &[]),
        app.request("/introspect", &[("token", "x")]),
        Request::post("/token").body(String::new()).unwrap(),
    ];
    for mut request in requests {
        request.headers_mut().insert(header::ACCEPT_ENCODING, "gzip, br, zstd".parse().unwrap());
        request.headers_mut().insert(header::ACCEPT, "text/html".parse().unwrap());
        let reply = issuer.send(request).await;
        assert_eq!(reply.header(header::CACHE_CONTROL), "no-store");
        assert_eq!(reply.header(header::PRAGMA), "no-cache");
        assert_eq!(reply.header(header::CONTENT_TYPE), "application/json");
        assert!(!reply.headers.contains_key(header::CONTENT_ENCODING));
    }
}

/// SMUG-04: a header that is sent as a trailer, or a method that is asked for in a header, is ignored.
#[tokio::test]
async fn a_request_cannot_choose_another_method() {
    let issuer = Issuer::start().await;
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let reply = issuer.fetch_with("/token?_method=POST", name, "POST").await;
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{name}");
    }
}

/// FAPI resource conventions, checklist A9: an interaction id comes back as it was sent, if it is one.
#[tokio::test]
async fn an_interaction_id_comes_back() {
    let issuer = Issuer::start().await;
    let id = "0f8fad5b-d9cb-469f-a165-70867728950e";
    let reply = issuer.fetch_with("/userinfo", "x-fapi-interaction-id", id).await;
    assert_eq!(reply.headers["x-fapi-interaction-id"], id);
}
