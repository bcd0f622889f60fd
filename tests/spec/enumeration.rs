//! Nobody learns from the sign-in whether there is such a user. OWASP ASVS 6.3.8, the catalogue's ENUM
//! rows. Times are measured by the benchmarks; here hashes are counted.

use doorward::{
    service::users::{self, NewUser},
    types::audit::Actor,
};
use http::{Method, StatusCode};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    browser::Page,
    issuer::{PASSWORD, origin},
    relying_party::encode,
};

/// Names of every kind of user, all of the same length.
const NAMES: [&str; 4] = ["exists", "absent", "locked", "nopass"];

async fn issuer() -> Issuer {
    let issuer = Issuer::start().await;
    issuer.user("exists").await;
    let locked = issuer.user("locked").await;
    users::disable(&issuer.ctx, locked.id, Actor::Operator, &origin()).await.unwrap();
    issuer.new_user(NewUser { username: "nopass".to_owned(), ..NewUser::default() }).await;
    issuer
}

/// A wrong password of a fresh browser, in a request of `app`: the answer, and how many hashes it cost.
async fn wrong(
    issuer: &Issuer,
    app: &RelyingParty<'_>,
    username: &str,
    password: &str,
) -> (Page, u64) {
    let mut browser = Browser::new(issuer);
    let login = browser.open(&app.authorize_url()).await.page();
    let form = login.form("#sign-in").fill("username", username).fill("password", password);
    let before = issuer.ctx.passwords.hashes_computed();
    let reply = browser.send(Method::POST, &form.action, Some(encode(&form.fields))).await;
    let hashes = issuer.ctx.passwords.hashes_computed() - before;
    (Page { address: "/login".to_owned(), reply }, hashes)
}

/// The answer without what differs between any two of them.
fn essence(page: &Page, username: &str) -> (u16, Vec<(String, String)>, String) {
    let headers = page
        .reply
        .headers
        .iter()
        // The sealed flow has a random length; the body without it is compared below.
        .filter(|(name, _)| !["x-request-id", "content-length"].contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    (page.status().as_u16(), headers, page.scrubbed().replace(username, "NAME"))
}

/// Existing, unknown, disabled and passwordless users: one status, one body, one set of headers and
/// cookies, one hash. ENUM-01, ENUM-08.
#[tokio::test]
async fn enum_01_08_every_failure_looks_alike_and_costs_one_hash() {
    let issuer = issuer().await;
    let app = RelyingParty::web(&issuer).await;
    let (page, hashes) = wrong(&issuer, &app, "exists", "wrong").await;
    assert_eq!((page.status(), hashes), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    let expected = essence(&page, "exists");
    for name in NAMES {
        let (page, hashes) = wrong(&issuer, &app, name, "wrong").await;
        assert_eq!(essence(&page, name), expected, "{name}");
        assert_eq!(hashes, 1, "{name}");
    }
    // The right password of a disabled user is a wrong one.
    let (page, hashes) = wrong(&issuer, &app, "locked", PASSWORD).await;
    assert_eq!((essence(&page, "locked"), hashes), (expected, 1));
}

/// What can be nobody's name fails in the same way. ENUM-01, UNI-06.
#[tokio::test]
async fn enum_01_what_is_no_name_fails_alike() {
    let issuer = issuer().await;
    let app = RelyingParty::web(&issuer).await;
    let (page, _) = wrong(&issuer, &app, "absent", "wrong").await;
    let expected = essence(&page, "absent");
    for name in ["a b", "x@", "@", "\u{202e}abc", "'--", "%", "_", "nobody@example.com"] {
        let (page, hashes) = wrong(&issuer, &app, name, "wrong").await;
        assert_eq!((page.status().as_u16(), hashes), (expected.0, 1), "{name}");
        assert_eq!(
            page.text_of("#error"),
            "That username and password do not match. Check both and try again."
        );
    }
    for name in ["", " "] {
        let (page, _) = wrong(&issuer, &app, name, "wrong").await;
        assert_eq!(page.status().as_u16(), expected.0);
    }
}

/// The limiter treats all of them alike: the same wait after the same number of tries. ENUM-07.
#[tokio::test]
async fn enum_07_the_limiter_treats_all_names_alike() {
    let issuer = issuer().await;
    let app = RelyingParty::web(&issuer).await;
    let mut told = Vec::new();
    for name in NAMES {
        let mut answers = Vec::new();
        for _ in 0..20 {
            let (page, hashes) = wrong(&issuer, &app, name, "wrong").await;
            answers.push((essence(&page, name), hashes));
        }
        assert_eq!(answers[4].0.0, 422, "{name}");
        assert_eq!(answers[5].0.0, 429, "{name}");
        assert_eq!(answers[5].1, 0, "{name}: a refused try is not hashed");
        told.push(answers);
    }
    for answers in &told[1..] {
        assert_eq!(answers, &told[0]);
    }
}

/// prompt=none says nothing about users: the answer is of the session. ENUM-06.
#[tokio::test]
async fn enum_06_hints_are_no_side_door() {
    let issuer = issuer().await;
    let app = RelyingParty::web(&issuer).await.with("prompt", "none");
    let mut told = Vec::new();
    for name in NAMES {
        let app = app.clone().with("login_hint", name);
        told.push(Browser::new(&issuer).open(&app.authorize_url()).await.away());
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
}
