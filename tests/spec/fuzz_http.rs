//! Requests that were honest once, mutated and sent to every route, with living and with dead codes,
//! tokens, cookies and sealed values. Attack catalogue, FUZZ-01.
//!
//! `DOORWARD_FUZZ_TIMES=1000 cargo test --test spec fuzz_01` sends a thousand times as many.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use doorward::{
    http::{assets::Asset, route},
    protocol::client::{AccessTokenFormat, ClientMetadata},
};
use http::header;
use proptest::prelude::*;

use crate::actors::{
    Browser, Issuer, RelyingParty,
    access::ROBOT,
    browser::Page,
    dice,
    draft::{Draft, Mutation, mutation},
    issuer::{ISSUER, PASSWORD, Reply},
    relying_party::{CALLBACK, SIGNED_OUT, VERIFIER, machine, public_app},
};

/// Requests of one throw of the dice; what they need is made anew for each throw.
const REQUESTS: usize = 100;

/// The apps that ask.
struct Apps<'a> {
    web: RelyingParty<'a>,
    spa: RelyingParty<'a>,
    machine: RelyingParty<'a>,
}

impl<'a> Apps<'a> {
    async fn register(issuer: &'a Issuer) -> Self {
        let spa = ClientMetadata { access_token_format: AccessTokenFormat::Jwt, ..public_app() };
        Self {
            web: RelyingParty::web(issuer).await.asking("openid offline_access"),
            spa: RelyingParty::register(issuer, "spa", spa).await.asking("openid offline_access"),
            machine: RelyingParty::register(issuer, "batch", machine()).await,
        }
    }
}

/// What there is to be asked, and what there is to ask with.
#[derive(Default)]
struct World {
    drafts: Vec<Draft>,
    secrets: Vec<String>,
}

impl World {
    async fn make(issuer: &Issuer, apps: &Apps<'_>, username: &str) -> Self {
        let user = issuer.user(username).await;
        issuer.give(&user, ROBOT).await;
        let mut world = Self::default();
        let mut browser = Browser::new(issuer);
        for app in [&apps.web, &apps.spa] {
            world.tokens(app, &mut browser, username).await;
        }
        world.pages(&apps.web, &mut browser, username).await;
        world.api_keys(&mut browser).await;
        world.machines(&apps.machine).await;
        world.signed_out(issuer, username).await;
        world.secrets.extend(browser.cookies.values().cloned());
        world.documents(&browser);
        world
    }

    /// A code that was redeemed, one that was not; refresh tokens of both ages; access tokens alive
    /// and revoked.
    async fn tokens(&mut self, app: &RelyingParty<'_>, browser: &mut Browser<'_>, username: &str) {
        let spent = app.code(browser, username).await;
        let first = app.redeem(&spent).await.granted();
        let text =
            |tokens: &serde_json::Value, name: &str| tokens[name].as_str().unwrap().to_owned();
        let refresh = text(&first, "refresh_token");
        let second = app.refresh(&refresh).await.granted();
        let dead = text(&first, "access_token");
        assert_eq!(app.revoke(&dead).await.status, 200);
        let code = app.code(browser, username).await;
        for code in [&code, &spent] {
            let fields = [
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ];
            self.drafts.push(Draft::of(app.request(route::TOKEN, &fields)));
        }
        let (current, access) = (text(&second, "refresh_token"), text(&second, "access_token"));
        for refresh in [&current, &refresh] {
            let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
            self.drafts.push(Draft::of(app.request(route::TOKEN, &fields)));
            self.drafts.push(Draft::of(app.request(route::REVOKE, &[("token", refresh)])));
        }
        for access in [&access, &dead] {
            self.drafts.push(Draft::of(app.request(route::REVOKE, &[("token", access)])));
            self.drafts.push(Draft::of(app.request(route::INTROSPECT, &[("token", access)])));
            let bearer = http::Request::get(route::USERINFO);
            let bearer = bearer.header(header::AUTHORIZATION, format!("Bearer {access}"));
            self.drafts.push(Draft::of(bearer.body(String::new()).unwrap()));
        }
        let hint = text(&first, "id_token");
        let query = crate::actors::request::form(&[
            ("id_token_hint", &hint),
            ("post_logout_redirect_uri", SIGNED_OUT),
            ("state", "out"),
        ]);
        let logout = Draft::get(&format!("{}?{query}", route::LOGOUT));
        self.drafts.extend([logout.clone(), logout.of_browser(browser)]);
        self.secrets.extend([spent, code, refresh, current, access, dead, hint]);
    }

    /// Requests in progress on every page, and the forms of the account page.
    async fn pages(&mut self, app: &RelyingParty<'_>, browser: &mut Browser<'_>, username: &str) {
        for (prompt, button) in [
            ("login", "#sign-in"),
            ("consent", "#allow"),
            ("select_account", "button[name=account]"),
        ] {
            let url = app.clone().with("prompt", prompt).authorize_url();
            self.drafts.push(Draft::get(&url).of_browser(browser));
            let page = browser.open(&url).await.page();
            self.drafts.push(Draft::get(&page.address).of_browser(browser));
            self.form(browser, &page, button, username);
        }
        self.drafts.push(Draft::get(&app.authorize_url()).of_browser(browser));
        let account = browser.open(route::ACCOUNT).await.page();
        for path in [route::END_SESSION, route::REVOKE_APP] {
            self.form(browser, &account, &format!("form[action='{path}'] button"), username);
        }
        for path in [route::ACCOUNT, route::HOME, route::LOGIN, route::LOGOUT] {
            self.drafts.push(Draft::get(path).of_browser(browser));
        }
    }

    fn form(&mut self, browser: &Browser<'_>, page: &Page, button: &str, username: &str) {
        if !page.has(button) {
            return;
        }
        let mut form = page.form(button);
        if button == "#sign-in" {
            form = form.fill("username", username).fill("password", PASSWORD);
        }
        let hidden = form.fields.iter().filter(|(name, _)| name == "flow" || name == "csrf");
        self.secrets.extend(hidden.map(|(_, value)| value.clone()));
        self.drafts.push(Draft::submit(browser, &form));
        // The same sealed request at the doors of other pages.
        for path in [route::ROLE_MISSING, route::SETUP] {
            path.clone_into(&mut form.action);
            self.drafts.push(Draft::submit(browser, &form));
        }
    }

    /// The pages of API keys: the form of one that is made, of one that is not, and the two questions.
    async fn api_keys(&mut self, browser: &mut Browser<'_>) {
        for name in ["Made", "Not made"] {
            let page = browser.open(route::NEW_API_KEY).await.page();
            let form = page.form("#make").fill("name", name).tick("permission:notes:read");
            self.secrets.push(form.value("form").to_owned());
            self.drafts.push(Draft::submit(browser, &form));
            if name == "Made" {
                let made = browser.submit(&form).await.page();
                self.secrets.push(made.text_of("#api-key"));
            }
        }
        let keys = browser.open(route::API_KEYS).await.page();
        for (link, button) in [("a.rotate", "#rotate"), ("a.revoke", "#revoke")] {
            let page = browser.open(&keys.href(link)).await.page();
            self.drafts.push(Draft::get(&page.address).of_browser(browser));
            self.drafts.push(Draft::submit(browser, &page.form(button)));
        }
        for path in [route::API_KEYS, route::NEW_API_KEY] {
            self.drafts.push(Draft::get(path).of_browser(browser));
        }
    }

    async fn machines(&mut self, app: &RelyingParty<'_>) {
        let fields = [("grant_type", "client_credentials"), ("scope", "notes:read")];
        self.drafts.push(Draft::of(app.request(route::TOKEN, &fields)));
        let token = app.token(&fields).await.granted()["access_token"].as_str().unwrap().to_owned();
        self.drafts.push(Draft::of(app.request(route::INTROSPECT, &[("token", &token)])));
        self.secrets.push(token);
    }

    /// A session that is over, and the pages that it had open.
    async fn signed_out(&mut self, issuer: &Issuer, username: &str) {
        let mut browser = Browser::new(issuer);
        let account = browser.sign_in(username).await;
        let stale = Draft::get(route::ACCOUNT).of_browser(&browser);
        let button = format!("form[action='{}'] button", route::END_SESSION);
        self.form(&browser, &account, &button, username);
        self.secrets.extend(browser.cookies.values().cloned());
        let page = browser.open(route::LOGOUT).await.page();
        browser.press(&page, "#sign-out").await;
        self.drafts.push(stale);
    }

    /// What needs nothing.
    fn documents(&mut self, browser: &Browser<'_>) {
        let stylesheet = Asset::Stylesheet.url();
        for path in [
            route::OPENID_CONFIGURATION,
            route::OAUTH_AUTHORIZATION_SERVER,
            route::JWKS,
            route::SIGNED_OUT,
            route::SETUP,
            route::SELECT_ACCOUNT,
            route::CONSENT,
            route::ROLE_MISSING,
            stylesheet,
            "/static/",
            "/nowhere",
        ] {
            self.drafts.extend([Draft::get(path), Draft::get(path).of_browser(browser)]);
        }
    }
}

/// Beside what holds for every answer: nobody is sent to strangers, and no page repeats markup.
fn holds(line: &str, reply: &Reply) {
    // An app gets its own `state` back, whatever is in it: where a redirect leads is held below.
    for (name, value) in reply.headers.iter().filter(|(name, _)| *name != header::LOCATION) {
        let value = String::from_utf8_lossy(value.as_bytes());
        assert!(!value.contains("evil.test"), "{line}: {name}: {value}");
    }
    if let Some(location) = reply.headers.get(header::LOCATION) {
        let location = location.to_str().unwrap();
        let ours = location.starts_with('/') && !location.starts_with("//");
        let known = [ISSUER, CALLBACK, SIGNED_OUT];
        let theirs = known.iter().any(|known| {
            let rest = location.strip_prefix(known);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
        });
        assert!(ours || theirs, "{line}: sent to {location}");
    }
    assert!(!reply.text().contains("<q9"), "{line}: {}", reply.text());
}

/// FUZZ-01: never a 5xx but 503, never a panic, and every oracle of the shared client holds.
#[test]
fn fuzz_01_no_request_is_a_fault_of_the_server() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let issuer = runtime.block_on(Issuer::start());
    let apps = runtime.block_on(Apps::register(&issuer));
    let (users, peers) = (AtomicU32::new(0), AtomicU32::new(0));
    let seen = Mutex::new(BTreeSet::new());
    let send = async |steps: Vec<(usize, Vec<Mutation>)>| {
        let user = format!("user{}", users.fetch_add(1, Ordering::Relaxed));
        let world = World::make(&issuer, &apps, &user).await;
        for (number, mutations) in steps {
            let mut draft = world.drafts[number % world.drafts.len()].clone();
            for mutation in &mutations {
                draft.mutate(mutation, &world.secrets);
            }
            let Some(request) = draft.request() else { continue };
            let line = format!("{} {}", request.method(), request.uri());
            let [_, a, b, c] = peers.fetch_add(1, Ordering::Relaxed).to_be_bytes();
            let reply = issuer.send_from(&format!("10.{a}.{b}.{c}:40000"), request).await;
            holds(&line, &reply);
            seen.lock().unwrap().insert(reply.status.as_u16());
        }
        // Everything of this throw is old for the next one.
        issuer.wait(3_600).await;
    };
    let step = (any::<usize>(), prop::collection::vec(mutation(), 0..4));
    let steps = prop::collection::vec(step, REQUESTS);
    dice::throw(30, &steps, |steps| runtime.block_on(send(steps)));
    let seen = seen.into_inner().unwrap();
    for status in [200, 303, 400, 401, 404, 405, 413, 415] {
        assert!(seen.contains(&status), "the requests never get as far as {status}: {seen:?}");
    }
}
