//! What people and apps send is text on every page. OWASP ASVS 1.2, 3.2; the catalogue's XSS rows.

use doorward::{
    identity::{api_key::Owner, user::Profile},
    protocol::client::ClientMetadata,
    service::users::NewUser,
    types::Secret,
};
use http::{Method, header};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    access::ROBOT,
    api_key::new_key,
    browser::{Page, Place},
    issuer::{PASSWORD, Registered, Reply},
    relying_party::{encode, web_app},
};

/// HTML, attributes, script strings, addresses, templates, and tricks with encodings.
const PAYLOADS: [&str; 14] = [
    "<script>alert(1)</script>",
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "\" autofocus onfocus=alert(1) x=\"",
    "' onmouseover='alert(1)",
    "</title><svg onload=alert(1)>",
    "</form><form action=https://evil.example><input name=password>",
    "javascript:alert(1)",
    "\u{2028}</script><script>alert(1)//",
    "&lt;script&gt;alert(1)&lt;/script&gt;&quot;",
    "{{7*7}}${7*7}#{7*7}<%= 7*7 %>{% x %}",
    "--><iframe src=//evil.example></iframe><!--",
    "<base href=//evil.example><link rel=stylesheet href=//evil.example/x.css>",
    "\u{fe64}script\u{fe65}＜script＞",
];

/// The page has no element, attribute or address that was not ours.
fn clean(page: &Page, what: &str) {
    let media_type = page.reply.headers.get(header::CONTENT_TYPE).map(|v| v.to_str().unwrap());
    if media_type != Some("text/html; charset=utf-8") {
        assert_ne!(media_type.map(|kind| kind.starts_with("text/html")), Some(true), "{what}");
        return;
    }
    for foreign in [
        "script:not([src^='/static/'])",
        "iframe, object, embed, base, svg, math, template, style",
        "[onerror], [onload], [onfocus], [onmouseover], [onclick], [style], [srcdoc], [formaction]",
        "[href^='javascript:'], [src^='javascript:'], [action^='javascript:']",
        "form[action*='evil'], a[href*='evil'], img[src='x']",
        "link:not([href^='/static/'])",
        "form form, form ~ form:not(.rows form)[action^='https://evil']",
    ] {
        assert!(!page.has(foreign), "{what}: {foreign}\n{}", page.reply.text());
    }
}

fn page(address: &str, reply: Reply) -> Page {
    Page { address: address.to_owned(), reply }
}

/// Every parameter of every address. XSS-01, XSS-03.
#[tokio::test]
async fn xss_01_03_queries_are_text() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    let routes = [
        ("/login", &["flow", "next", "username", "error"][..]),
        ("/consent", &["flow"]),
        ("/select-account", &["flow"]),
        ("/account", &["done", "error"]),
        ("/account/api-keys", &["done"]),
        ("/account/api-keys/new", &["next", "name"]),
        ("/account/api-keys/rotate", &["key"]),
        ("/account/api-keys/revoke", &["key"]),
        ("/signed-out", &["client_id", "back"]),
        ("/setup", &["token", "username", "email"]),
        (
            "/logout",
            &[
                "id_token_hint",
                "client_id",
                "post_logout_redirect_uri",
                "state",
                "ui_locales",
                "logout_hint",
            ],
        ),
        ("/authorize", &["error", "error_description"]),
    ];
    for payload in PAYLOADS {
        for (path, names) in routes {
            for name in names {
                let address =
                    format!("{path}?{}", encode(&[((*name).to_owned(), payload.to_owned())]));
                let reply = browser.send(Method::GET, &address, None).await;
                clean(&page(&address, reply), &address);
            }
        }
    }
}

/// Every parameter of an authorization request, for whoever is or is not signed in, in both ways of
/// answering. XSS-01, XSS-02.
#[tokio::test]
async fn xss_01_02_authorization_requests_are_text() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    browser.sign_in("alice").await;
    for payload in PAYLOADS {
        for name in [
            "response_type",
            "client_id",
            "redirect_uri",
            "scope",
            "state",
            "nonce",
            "code_challenge",
            "code_challenge_method",
            "response_mode",
            "display",
            "prompt",
            "max_age",
            "ui_locales",
            "claims_locales",
            "id_token_hint",
            "login_hint",
            "acr_values",
            "claims",
            "request",
            "request_uri",
        ] {
            for mode in ["query", "form_post"] {
                let app = app.clone().with("response_mode", mode).with(name, payload);
                for visitor in [&mut Browser::new(&issuer), &mut browser] {
                    if let Place::Page(page) = visitor.open(&app.authorize_url()).await {
                        clean(&page, &format!("{name}={payload}"));
                    }
                }
            }
        }
    }
}

/// Every field of every form, and the path itself. XSS-01.
#[tokio::test]
async fn xss_01_forms_and_paths_are_text() {
    let issuer = Issuer::start_with(|policy| policy.lockout.network.burst = 10_000).await;
    let link = doorward::service::setup::link(&issuer.ctx).await.unwrap().unwrap();
    let mut browser = Browser::new(&issuer);
    let setup = browser.open(&format!("/setup?token={}", link.expose())).await.page();
    let login = browser.open("/login").await.page();
    for payload in PAYLOADS {
        for (name, form) in [
            ("username", setup.form("#create")),
            ("email", setup.form("#create")),
            ("token", setup.form("#create")),
            ("username", login.form("#sign-in")),
            ("password", login.form("#sign-in")),
            ("action", login.form("#sign-in")),
            ("flow", login.form("#sign-in")),
            ("csrf", login.form("#sign-in")),
        ] {
            let form = form.fill(name, payload);
            let answer = browser.submit(&form).await.page();
            clean(&answer, &format!("{} {name}={payload}", form.action));
            if name == "username" && answer.has("#username") {
                let button = if form.action == "/setup" { "#create" } else { "#sign-in" };
                assert_eq!(answer.form(button).value("username"), payload);
            }
        }
        let path =
            percent_encoding::utf8_percent_encode(payload, percent_encoding::NON_ALPHANUMERIC);
        for address in [format!("/{path}"), format!("/static/{path}"), format!("/login/{path}")] {
            let reply = browser.send(Method::GET, &address, None).await;
            clean(&page(&address, reply), &address);
        }
        if let Ok(value) = http::HeaderValue::from_str(payload) {
            browser.headers.insert("accept-language", value.clone());
            browser.headers.insert("user-agent", value.clone());
            browser.headers.insert("x-request-id", value);
            let reply = browser.send(Method::GET, "/nothing", None).await;
            clean(&page("/nothing", reply), payload);
            browser.headers.clear();
        }
    }
}

/// What apps registered is text on every page that shows it; their links open no window of ours, and have
/// no scheme but https. XSS-06.
#[tokio::test]
async fn xss_06_what_clients_registered_is_text() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    for (number, payload) in PAYLOADS.into_iter().enumerate() {
        let metadata = ClientMetadata {
            client_name: Some(payload.to_owned()),
            client_uri: Some("https://app.example/home".to_owned()),
            policy_uri: Some("https://app.example/policy".to_owned()),
            ..web_app()
        };
        let id = doorward::types::ClientId::parse(&format!("app{number}")).unwrap();
        let new = doorward::service::client_registry::NewSecret::Generated;
        let (actor, origin) =
            (doorward::types::audit::Actor::Operator, crate::actors::issuer::origin());
        let made = doorward::service::client_registry::create(
            &issuer.ctx,
            Some(id),
            metadata.clone(),
            new,
            actor,
            &origin,
        )
        .await;
        let Ok(made) = made else {
            assert!(payload.contains('\u{2028}'), "{payload} is refused");
            continue;
        };
        let secret = made.secret.map(|secret| secret.expose().clone());
        let app = RelyingParty::known(&issuer, Registered { client: made.client, secret });
        let mut browser = Browser::new(&issuer);
        let login = browser.open(&app.authorize_url()).await.page();
        clean(&login, payload);
        assert!(
            login.text().contains(payload.trim()) || payload.contains('\u{fe64}'),
            "{}",
            login.text()
        );
        let consent = browser.try_password(&login, "alice", PASSWORD).await.page();
        clean(&consent, payload);
        for link in ["a[href='https://app.example/home']", "a[href='https://app.example/policy']"] {
            assert!(consent.has(&format!("{link}[rel='noopener noreferrer']")), "{link}");
        }
        browser.press(&consent, "#allow").await.away();
        for address in [
            "/account".to_owned(),
            format!("/logout?client_id={}", app.id()),
            format!("/signed-out?client_id={}", app.id()),
        ] {
            clean(&browser.open(&address).await.page(), payload);
        }
    }
}

/// The pages and pictures of an app are https addresses, and nothing else is registered. XSS-06.
#[tokio::test]
async fn xss_06_links_of_clients_are_https() {
    let issuer = Issuer::start().await;
    let hostile = "https://evil.invalid/%22%3E?a='&b=<";
    for scheme in [
        "javascript:alert(1)",
        "data:text/html,x",
        "http://app.example/",
        "//app.example/",
        hostile,
    ] {
        for field in 0..4 {
            let mut metadata = web_app();
            let places = [
                &mut metadata.client_uri,
                &mut metadata.logo_uri,
                &mut metadata.policy_uri,
                &mut metadata.tos_uri,
            ];
            *places.into_iter().nth(field).unwrap() = Some(scheme.to_owned());
            let new = doorward::service::client_registry::NewSecret::Generated;
            let (actor, origin) =
                (doorward::types::audit::Actor::Operator, crate::actors::issuer::origin());
            let made = doorward::service::client_registry::create(
                &issuer.ctx,
                None,
                metadata,
                new,
                actor,
                &origin,
            )
            .await;
            assert!(made.is_err() || scheme == hostile, "{scheme}");
        }
    }
}

/// What a user's browser and profile say is text on the account page. XSS-05.
#[tokio::test]
async fn xss_05_what_users_and_browsers_say_is_text() {
    let issuer = Issuer::start().await;
    for (number, payload) in PAYLOADS.into_iter().enumerate() {
        let username = format!("user{number}");
        let profile: Profile =
            serde_json::from_value(serde_json::json!({"name": payload})).unwrap();
        let password = Some(Secret::new(PASSWORD.to_owned()));
        issuer
            .new_user(NewUser {
                username: username.clone(),
                password,
                profile,
                ..NewUser::default()
            })
            .await;
        let mut browser = Browser::new(&issuer);
        if let Ok(value) = http::HeaderValue::from_bytes(payload.as_bytes()) {
            browser.headers.insert("user-agent", value);
        }
        let account = browser.sign_in(&username).await;
        clean(&account, payload);
        let app = RelyingParty::register(&issuer, &username, web_app()).await;
        clean(
            &browser
                .open(&app.clone().with("prompt", "select_account").authorize_url())
                .await
                .page(),
            payload,
        );
        clean(&browser.open(&app.authorize_url()).await.page(), payload);
    }
}

/// Every page names what it may load; nothing in it allows inline scripts or other sites. XSS-09. There
/// is no script in it, so no JSON either. XSS-08.
#[tokio::test]
async fn xss_09_every_page_has_a_strict_policy() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let mut pages = vec![
        browser.open(&app.authorize_url()).await.page(),
        browser.open("/nothing").await.page(),
    ];
    pages.push(browser.sign_in("alice").await);
    pages.push(browser.open(&app.authorize_url()).await.page());
    pages.push(browser.open("/logout").await.page());
    pages.push(browser.open("/signed-out").await.page());
    for page in pages {
        assert!(!page.reply.text().contains("<script"), "{}", page.address);
        let policy = page.reply.header(header::CONTENT_SECURITY_POLICY);
        for part in [
            "default-src 'none'",
            "style-src 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{}: {policy}", page.address);
        }
        for part in ["unsafe", "*", "data:", "http:"] {
            assert!(!policy.contains(part), "{}: {policy}", page.address);
        }
        assert!(!policy.contains("script-src"), "{} needs no script: {policy}", page.address);
    }
}

/// The languages of templates, of messages and of formats are text as well: nothing is evaluated. XSS-07.
#[tokio::test]
async fn xss_07_templates_are_not_evaluated() {
    let issuer = Issuer::start().await;
    let name = "{{7*7}} ${7*7} { $client } {client} %s %1$n";
    let metadata = ClientMetadata { client_name: Some(name.to_owned()), ..web_app() };
    let app = RelyingParty::register(&issuer, "notes", metadata).await;
    let page = Browser::new(&issuer).open(&app.authorize_url()).await.page();
    assert!(page.text().contains(name), "{}", page.text());
}

/// Every field of every form that is shown to somebody who is signed in. XSS-01.
#[tokio::test]
async fn xss_01_forms_of_who_is_signed_in_are_text() {
    let issuer = Issuer::start().await;
    let alice = issuer.user("alice").await;
    issuer.give(&alice, ROBOT).await;
    issuer.make_key(&Owner::User(alice.id), new_key("notes:read")).await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    app.sign_in(&mut browser, "alice").await;
    let keys = browser.open("/account/api-keys").await.page();
    let forms = [
        ("/account".to_owned(), "form[action='/account/sessions/end'] button[name=session]"),
        ("/account".to_owned(), "form[action='/account/apps/revoke'] button"),
        ("/account/api-keys/new".to_owned(), "#make"),
        (keys.href("a.rotate"), "#rotate"),
        (keys.href("a.revoke"), "#revoke"),
        ("/logout".to_owned(), "#sign-out"),
        (app.clone().with("prompt", "login").authorize_url(), "#sign-in"),
        (app.clone().with("prompt", "consent").authorize_url(), "#allow"),
        (app.with("prompt", "select_account").authorize_url(), "button[name=account]"),
    ];
    for (address, button) in forms {
        let form = browser.open(&address).await.page().form(button);
        for (name, _) in form.fields.clone() {
            for payload in PAYLOADS {
                let what = format!("{} {name}={payload}", form.action);
                let form = form.clone().fill(&name, payload);
                let reply =
                    browser.send(Method::POST, &form.action, Some(encode(&form.fields))).await;
                let onward = reply.headers.get(header::LOCATION).map(|to| to.to_str().unwrap());
                assert!(
                    onward.is_none_or(|to| to.starts_with('/') && !to.starts_with("//")),
                    "{what}"
                );
                clean(&page(&form.action, reply), &what);
            }
        }
    }
    assert_eq!(browser.open("/account").await.page().path(), "/account", "still signed in");
}
