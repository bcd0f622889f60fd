//! One's own API keys on the account pages: made, shown once, rotated, revoked.

use doorward::{
    identity::{api_key::Owner, user::User},
    protocol::client::{ClientMetadata, GrantType},
    service::{api_keys, policy::ServicePolicy},
    types::{ApiKeyId, Scope, api_key, audit::Action},
};
use http::{Method, StatusCode, header};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    access::{NOTES_API, ROBOT},
    browser::{Form, Page},
    issuer::PASSWORD,
    relying_party::encode,
};

const KEYS: &str = "/account/api-keys";
const NEW: &str = "/account/api-keys/new";
const ROTATE: &str = "a.rotate";
const REVOKE: &str = "a.revoke";
const READ: &str = "permission:notes:read";
const WRITE: &str = "permission:notes:write";

/// A server with alice, who may read and write notes.
async fn house() -> (Issuer, User) {
    house_where(|_| ()).await
}

async fn house_where(adjust: impl FnOnce(&mut ServicePolicy)) -> (Issuer, User) {
    let issuer = Issuer::start_with(adjust).await;
    let alice = issuer.user("alice").await;
    issuer.give(&alice, ROBOT).await;
    (issuer, alice)
}

async fn signed_in<'a>(issuer: &'a Issuer, username: &str) -> Browser<'a> {
    let mut browser = Browser::new(issuer);
    browser.sign_in(username).await;
    browser
}

async fn form(browser: &mut Browser<'_>) -> Form {
    browser.open(NEW).await.page().form("#make")
}

/// A key called `name` that reads notes, and its text.
async fn make(browser: &mut Browser<'_>, name: &str) -> String {
    let form = form(browser).await.fill("name", name).tick(READ);
    text(&browser.submit(&form).await.page())
}

fn text(page: &Page) -> String {
    assert_eq!(page.status(), StatusCode::OK, "{}", page.text());
    let text = page.text_of("#api-key");
    assert!(api_key::is_well_formed(&text), "{text}");
    text
}

/// Without the marks around what stands in for a variable.
fn plain(text: &str) -> String {
    text.replace(['\u{2068}', '\u{2069}'], "")
}

fn key_of(page: &Page, link: &str) -> ApiKeyId {
    page.href(link).split_once("?key=").unwrap().1.parse().unwrap()
}

/// The link of a list, followed.
async fn follow(browser: &mut Browser<'_>, link: &str) -> Page {
    let keys = browser.open(KEYS).await.page();
    browser.open(&keys.href(link)).await.page()
}

/// The API, which asks about keys.
async fn api(issuer: &Issuer) -> RelyingParty<'_> {
    let metadata = ClientMetadata {
        grant_types: [GrantType::ClientCredentials].into(),
        audiences: vec![NOTES_API.to_owned()],
        scope: Scope::default(),
        ..ClientMetadata::default()
    };
    RelyingParty::register(issuer, "notes-api", metadata).await
}

async fn is_active(api: &RelyingParty<'_>, text: &str) -> bool {
    api.introspect(text).await["active"] == true
}

/// A key is made by its owner, works, is shown in the list without its secret, and is revoked.
#[tokio::test]
async fn a_key_is_made_used_and_revoked() {
    let (issuer, _) = house().await;
    let api = api(&issuer).await;
    let mut browser = signed_in(&issuer, "alice").await;
    let account = browser.open("/account").await.page();
    let empty = browser.open(&account.href("#to-api-keys")).await.page();
    assert!(empty.has(".empty") && !empty.has(REVOKE), "{}", empty.text());
    let page = browser.open(&empty.href("#new-api-key")).await.page();
    assert!(page.text().contains("May notes:read") && !page.text().contains("notes:delete"));
    let filled = page.form("#make").fill("name", "  Backup at home ").fill("days", "30");
    let made = browser.submit(&filled.tick(READ).tick("permission:roles")).await.page();
    let key = text(&made);
    assert_eq!(made.reply.header(header::CACHE_CONTROL), "no-store");
    assert!(made.has("script[src^='/static/copy.']"), "a button copies it");
    let answer = api.introspect(&key).await;
    assert_eq!(answer["scope"], "notes:read roles");
    assert_eq!(answer["exp"].as_i64().unwrap() - answer["iat"].as_i64().unwrap(), 30 * 86_400);
    let keys = browser.open(&made.href("#done")).await.page();
    assert!(keys.text().contains("Backup at home") && keys.text().contains("May notes:read"));
    assert!(keys.text().contains("See your roles") && keys.text().contains(&key[..19]));
    assert!(!keys.reply.text().contains(&key[36..]), "the secret is nowhere");
    let question = browser.open(&keys.href(REVOKE)).await.page();
    assert!(is_active(&api, &key).await, "a question ends nothing");
    let done = browser.press(&question, "#revoke").await.page();
    assert_eq!(done.address, "/account/api-keys?done=revoked");
    assert!(done.has("[role=status]") && !done.has(REVOKE) && done.text().contains("Revoked"));
    assert!(!is_active(&api, &key).await);
    let again = browser.press(&question, "#revoke").await.page();
    assert_eq!(again.path(), KEYS, "dead is dead");
    assert_eq!(issuer.audited(Action::ApiKeyCreated).await, 1);
    assert_eq!(issuer.audited(Action::ApiKeyRevoked).await, 1);
}

/// A form makes one key, however often it is sent; and no key is shown twice.
#[tokio::test]
async fn a_key_is_shown_once_and_a_reload_makes_no_second_one() {
    let (issuer, alice) = house().await;
    let mut browser = signed_in(&issuer, "alice").await;
    let form = form(&mut browser).await.fill("name", "Backup").tick(READ);
    let key = text(&browser.submit(&form).await.page());
    for _ in 0..2 {
        let again = browser.submit(&form).await.page();
        assert_eq!(again.address, "/account/api-keys?done=before");
        assert!(again.has("[role=status]") && !again.reply.text().contains(&key));
    }
    // Whatever is typed into it the second time.
    let other = form.fill("name", "Another").tick(WRITE);
    assert_eq!(browser.submit(&other).await.page().path(), KEYS);
    let keys = api_keys::list(&issuer.ctx, &Owner::User(alice.id), None, 9).await.unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(issuer.audited(Action::ApiKeyCreated).await, 1);
}

/// Two presses at the same moment make one key.
#[tokio::test]
async fn a_double_click_makes_one_key() {
    let (issuer, _) = house().await;
    let mut browser = signed_in(&issuer, "alice").await;
    let form = form(&mut browser).await.fill("name", "Backup").tick(READ);
    let mut twin = Browser::new(&issuer);
    twin.cookies.clone_from(&browser.cookies);
    let (first, second) = tokio::join!(browser.submit(&form), twin.submit(&form));
    let pages = [first.page(), second.page()];
    assert_eq!(pages.iter().filter(|page| page.has("#api-key")).count(), 1);
    assert_eq!(issuer.audited(Action::ApiKeyCreated).await, 1);
}

/// SESS-10: who signed in long ago makes and rotates nothing before signing in again, and loses
/// nothing that was typed.
#[tokio::test]
async fn sess_10_an_old_sign_in_makes_no_key() {
    let (issuer, _) = house().await;
    let mut browser = signed_in(&issuer, "alice").await;
    make(&mut browser, "Backup").await;
    let open = form(&mut browser).await.fill("name", "Report").fill("days", "7").tick(WRITE);
    let keys = browser.open(KEYS).await.page();
    let rotate = browser.open(&keys.href(ROTATE)).await.page();
    issuer.wait(600).await;
    let before = browser.cookies.clone();
    for place in [
        browser.open(NEW).await,
        browser.open(&keys.href(ROTATE)).await,
        browser.press(&rotate, "#rotate").await,
    ] {
        assert_eq!(place.page().path(), "/login");
    }
    let login = browser.submit(&open).await.page();
    assert_eq!(login.path(), "/login");
    assert!(login.text().contains("confirm that it is you"), "{}", login.text());
    assert_eq!(login.form("#sign-in").value("username"), "alice");
    let wrong = browser.try_password(&login, "alice", "a wrong password").await.page();
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let back = browser.try_password(&wrong, "alice", PASSWORD).await.page();
    assert_eq!(back.path(), NEW);
    let filled = back.form("#make");
    assert_eq!((filled.value("name"), filled.value("days")), ("Report", "7"));
    assert_eq!(filled.value(WRITE), "yes");
    text(&browser.submit(&filled).await.page());
    // The cookie that was copied before stays what it was: dead.
    let mut thief = Browser::new(&issuer);
    thief.cookies = before;
    assert_eq!(thief.open(NEW).await.page().path(), "/login");
    // To revoke, being signed in is enough.
    issuer.wait(600).await;
    let question = follow(&mut browser, REVOKE).await;
    assert_eq!(browser.press(&question, "#revoke").await.page().path(), KEYS);
    assert_eq!(issuer.audited(Action::ApiKeyCreated).await, 2);
    assert_eq!(issuer.audited(Action::ApiKeyRotated).await, 0);
}

/// After the sign-in the way leads back to the key that was to be rotated.
#[tokio::test]
async fn sess_10_a_rotation_goes_on_after_the_sign_in() {
    let (issuer, _) = house().await;
    let mut browser = signed_in(&issuer, "alice").await;
    make(&mut browser, "Backup").await;
    let address = browser.open(KEYS).await.page().href(ROTATE);
    issuer.wait(600).await;
    let login = browser.open(&address).await.page();
    assert_eq!(login.path(), "/login");
    let back = browser.try_password(&login, "alice", PASSWORD).await.page();
    assert_eq!(back.address, address);
    text(&browser.press(&back, "#rotate").await.page());
    // A stranger's link, or one that was altered, leads to the account page alone.
    for next in ["", "a stranger", "//evil.example", "/account/elsewhere", "AAAA"] {
        let address = format!("/login?{}", encode(&[("next".to_owned(), next.to_owned())]));
        assert_eq!(browser.open(&address).await.page().path(), "/account", "{next}");
    }
    let mut mallory = Browser::new(&issuer);
    let foreign = mallory.open(NEW).await.page();
    assert_eq!(foreign.path(), "/login", "without a session as well");
    assert_eq!(browser.open(&foreign.address).await.page().path(), "/account");
}

/// A key is rotated once, and the old one lives on as long as was chosen.
#[tokio::test]
async fn a_key_is_rotated_with_an_overlap() {
    let (issuer, _) = house().await;
    let api = api(&issuer).await;
    let mut browser = signed_in(&issuer, "alice").await;
    let old = make(&mut browser, "Backup").await;
    let question = follow(&mut browser, ROTATE).await;
    let form = question.form("#rotate");
    assert_eq!(form.value("overlap"), "24");
    for bad in ["169", "-1", "x", "99999999999999999999", ""] {
        let page = browser.submit(&form.clone().fill("overlap", bad)).await.page();
        assert_eq!(page.status(), StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        assert!(page.has("#error[role=alert]") && !page.has("#api-key"), "{bad}");
    }
    let made = browser.submit(&form.clone().fill("overlap", "1")).await.page();
    let successor = text(&made);
    assert!(made.text_of("#former").contains("in one hour"), "{}", made.text());
    let again = browser.submit(&form).await.page();
    assert_eq!(again.address, "/account/api-keys?done=before", "a reload");
    let keys = browser.open(KEYS).await.page();
    assert!(keys.text().contains("Replaced"));
    assert_eq!(browser.open(&question.address).await.page().status(), StatusCode::NOT_FOUND);
    assert!(is_active(&api, &old).await && is_active(&api, &successor).await);
    issuer.wait(3_600).await;
    assert!(!is_active(&api, &old).await && is_active(&api, &successor).await);
    browser = signed_in(&issuer, "alice").await;
    let question = follow(&mut browser, ROTATE).await;
    let form = question.form("#rotate").fill("overlap", "0");
    let made = browser.submit(&form).await.page();
    assert!(made.text_of("#former").contains("has stopped working"), "{}", made.text());
    assert!(!is_active(&api, &successor).await);
    assert_eq!(issuer.audited(Action::ApiKeyRotated).await, 2);
}

/// What is wrong is said beside its field, what was typed is kept, and nothing is made.
#[tokio::test]
async fn what_is_wrong_is_said_beside_its_field() {
    let (issuer, _) = house().await;
    let mut browser = signed_in(&issuer, "alice").await;
    let good = form(&mut browser).await.fill("name", "Backup").fill("days", "30").tick(READ);
    let long = "x".repeat(101);
    let many: Vec<String> = (0..17).map(|number| format!("10.0.{number}.0/24")).collect();
    let cases: [(Form, &str); 16] = [
        (good.clone().fill("name", ""), "#name-error"),
        (good.clone().fill("name", "   "), "#name-error"),
        (good.clone().fill("name", &long), "#name-error"),
        (good.clone().fill("name", "a\nb"), "#name-error"),
        (good.clone().without("name"), "#name-error"),
        (good.clone().without(READ), "#permissions-error"),
        (good.clone().without(READ).tick("permission:roles"), "#permissions-error"),
        (good.clone().tick("permission:notes:delete"), "#permissions-error"),
        (good.clone().tick("permission:no such"), "#permissions-error"),
        (good.clone().tick("permission:\u{7f}"), "#permissions-error"),
        (good.clone().fill("days", "366"), "#days-error"),
        (good.clone().fill("days", "0"), "#days-error"),
        (good.clone().fill("addresses", "192.0.2.300"), "#addresses-error"),
        (good.clone().fill("addresses", "10.0.0.0/33"), "#addresses-error"),
        (good.clone().fill("addresses", "localhost"), "#addresses-error"),
        (good.clone().fill("addresses", &many.join(" ")), "#addresses-error"),
    ];
    for (form, error) in cases {
        let page = browser.submit(&form).await.page();
        assert_eq!(page.status(), StatusCode::UNPROCESSABLE_ENTITY, "{error} {form:?}");
        assert!(page.has(error) && page.has("#error[role=alert]"), "{error} {}", page.text());
        let name = form.fields.iter().find(|(field, _)| field == "name");
        let kept = page.form("#make");
        assert_eq!(
            kept.value("name"),
            name.map_or("", |(_, value)| value.as_str()).trim_matches('\n')
        );
        let ticked = |form: &Form| form.fields.iter().any(|(field, _)| field == READ);
        assert_eq!(ticked(&kept), ticked(&form), "{error}");
    }
    let bad = good.clone().fill("addresses", "nowhere");
    let kept = browser.submit(&bad).await.page().form("#make");
    assert_eq!(kept.value("addresses"), "nowhere");
    for days in ["-1", "x", "1e9", "99999999999999999999"] {
        let page = browser.submit(&good.clone().fill("days", days)).await.page();
        assert!(page.has("#days-error"), "{days}");
    }
    assert_eq!(issuer.audited(Action::ApiKeyCreated).await, 0);
    text(&browser.submit(&good).await.page());
}

/// A key can be bound to addresses, and the list says so.
#[tokio::test]
async fn a_key_is_bound_to_addresses() {
    let (issuer, _) = house().await;
    let api = api(&issuer).await;
    let mut browser = signed_in(&issuer, "alice").await;
    let filled = form(&mut browser).await.fill("name", "Backup").tick(READ);
    let bound = filled.fill("addresses", " 192.0.2.7/24, 2001:db8::7 ");
    let key = text(&browser.submit(&bound).await.page());
    let keys = plain(&browser.open(KEYS).await.page().text());
    assert!(keys.contains("Usable from 192.0.2.0/24, 2001:db8::7/128 alone"), "{keys}");
    for (address, active) in [("192.0.2.9", true), ("198.51.100.1", false)] {
        let asked = [("token", key.as_str()), ("client_address", address)];
        let answer = api.call("/introspect", &asked).await.json();
        assert_eq!(answer["active"], active, "{address}");
    }
    assert!(!is_active(&api, &key).await, "from nobody knows where");
}

/// The ids of forms are drawn by the server, for one browser.
#[tokio::test]
async fn a_form_that_nobody_was_shown_makes_nothing() {
    let (issuer, _) = house().await;
    let mut browser = signed_in(&issuer, "alice").await;
    let mut elsewhere = signed_in(&issuer, "alice").await;
    let foreign = form(&mut elsewhere).await.value("form").to_owned();
    let form = form(&mut browser).await.fill("name", "Backup").tick(READ);
    let uuid = "0197f3a2-b4c1-7000-8000-000000000000";
    for bad in ["", "x", uuid, foreign.as_str(), &"A".repeat(600)] {
        let page = browser.submit(&form.clone().fill("form", bad)).await.page();
        assert_eq!(page.status(), StatusCode::BAD_REQUEST, "{bad}");
    }
    assert_eq!(browser.submit(&form.clone().without("form")).await.page().status(), 400);
    assert_eq!(issuer.audited(Action::ApiKeyCreated).await, 0);
}

/// APIK-04, CSRF: the keys of another are not there, whatever is asked of them.
#[tokio::test]
async fn nobody_touches_the_keys_of_another() {
    let (issuer, _) = house().await;
    let mallory = issuer.user("mallory").await;
    issuer.give(&mallory, ROBOT).await;
    let mut alice = signed_in(&issuer, "alice").await;
    make(&mut alice, "Backup of alice").await;
    let hers = key_of(&alice.open(KEYS).await.page(), ROTATE).to_string();
    let mut browser = signed_in(&issuer, "mallory").await;
    make(&mut browser, "Own").await;
    assert!(!browser.open(KEYS).await.page().text().contains("alice"));
    let rotate = follow(&mut browser, ROTATE).await.form("#rotate");
    let revoke = follow(&mut browser, REVOKE).await.form("#revoke");
    let nobody = "00000000-0000-0000-0000-000000000000";
    for id in [hers.as_str(), "", "x", nobody, "' OR 1=1 --", "../1"] {
        for path in ["rotate", "revoke"] {
            let address = format!("{KEYS}/{path}?{}", encode(&[("key".to_owned(), id.to_owned())]));
            let page = browser.open(&address).await.page();
            assert_eq!(page.status(), StatusCode::NOT_FOUND, "{address}");
        }
        for form in [&rotate, &revoke] {
            let page = browser.submit(&form.clone().fill("key", id)).await.page();
            assert_eq!(page.status(), StatusCode::NOT_FOUND, "{id} {}", form.action);
        }
    }
    assert!(alice.open(KEYS).await.page().has(REVOKE), "it lives");
    assert_eq!(issuer.audited(Action::ApiKeyRevoked).await, 0);
    assert_eq!(issuer.audited(Action::ApiKeyRotated).await, 0);
}

/// Who is not signed in is asked to, and no form of a session that ended does anything.
#[tokio::test]
async fn a_session_that_ended_changes_nothing() {
    let (issuer, _) = house().await;
    let mut browser = signed_in(&issuer, "alice").await;
    make(&mut browser, "Backup").await;
    let new = form(&mut browser).await.fill("name", "Late").tick(READ);
    let rotate = follow(&mut browser, ROTATE).await.form("#rotate");
    let revoke = follow(&mut browser, REVOKE).await.form("#revoke");
    browser.cookies.remove("__Host-doorward-session");
    for path in [KEYS, NEW, &format!("{KEYS}/revoke?key=x")] {
        assert_eq!(browser.open(path).await.page().path(), "/login", "{path}");
    }
    for form in [&new, &rotate, &revoke] {
        let page = browser.submit(form).await.page();
        assert_eq!(page.status(), StatusCode::FORBIDDEN, "{}", form.action);
    }
    assert_eq!(issuer.audited(Action::ApiKeyCreated).await, 1);
    assert_eq!(issuer.audited(Action::ApiKeyRotated).await, 0);
    assert_eq!(issuer.audited(Action::ApiKeyRevoked).await, 0);
}

/// A question is asked by GET, a change is made by POST, and nothing in between does either.
#[tokio::test]
async fn get_changes_nothing_and_other_methods_are_refused() {
    let (issuer, _) = house().await;
    let mut browser = signed_in(&issuer, "alice").await;
    make(&mut browser, "Backup").await;
    for form in [
        follow(&mut browser, ROTATE).await.form("#rotate"),
        follow(&mut browser, REVOKE).await.form("#revoke"),
        form(&mut browser).await.fill("name", "By GET").tick(READ),
    ] {
        let address = format!("{}?{}", form.action, encode(&form.fields));
        let page = browser.open(&address).await.page();
        assert!(page.status() == StatusCode::OK && !page.has("#api-key"), "{}", form.action);
        for method in [Method::PUT, Method::DELETE, Method::PATCH] {
            let reply = browser.send(method.clone(), &form.action, Some(String::new())).await;
            assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {}", form.action);
        }
    }
    assert_eq!(browser.send(Method::POST, KEYS, None).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(browser.open(KEYS).await.page().has(ROTATE), "it lives");
    assert_eq!(issuer.audited(Action::ApiKeyCreated).await, 1);
}

/// The most keys that there may be is said in words, and one that is revoked makes room.
#[tokio::test]
async fn the_limit_is_said() {
    let (issuer, _) = house_where(|policy| policy.api_keys.most = 2).await;
    let mut browser = signed_in(&issuer, "alice").await;
    make(&mut browser, "First").await;
    let late = form(&mut browser).await.fill("name", "Third").tick(READ);
    make(&mut browser, "Second").await;
    let full = browser.open(KEYS).await.page();
    assert!(plain(&full.text_of("#full")).contains("2 keys") && !full.has("#new-api-key"));
    let page = browser.submit(&late).await.page();
    assert_eq!(page.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(plain(&page.text_of("#error")).contains("2 keys"), "{}", page.text());
    assert_eq!(page.form("#make").value("name"), "Third");
    let question = follow(&mut browser, REVOKE).await;
    browser.press(&question, "#revoke").await.page();
    text(&browser.submit(&late).await.page());
}

/// What the owner may do no more is shown as lost, and a key of nothing is not rotated.
#[tokio::test]
async fn what_was_taken_from_the_owner_is_shown_as_lost() {
    let (issuer, alice) = house().await;
    let mut browser = signed_in(&issuer, "alice").await;
    make(&mut browser, "Backup").await;
    let open = form(&mut browser).await.fill("name", "Late").tick(READ);
    let question = follow(&mut browser, ROTATE).await;
    issuer.take(&alice, ROBOT).await;
    assert!(browser.open(KEYS).await.page().has("li.lost"));
    let refused = browser.press(&question, "#rotate").await.page();
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text_of("#error").contains("no longer hold"), "{}", refused.text());
    let refused = browser.submit(&open).await.page();
    assert!(refused.has(".empty") && !refused.has("#make"), "nothing is offered");
    assert_eq!(issuer.audited(Action::ApiKeyCreated).await, 1);
}

/// Names are text: of the owner, of APIs, of permissions.
#[tokio::test]
async fn xss_04_names_are_text() {
    let (issuer, alice) = house().await;
    let hostile = "<img src=x onerror=alert(1)>\"'&";
    issuer.api("https://files.example", &["files:read"]).await;
    issuer.role_of("https://files.example", "filer", &["files:read"]).await;
    issuer.give(&alice, "filer").await;
    let mut browser = signed_in(&issuer, "alice").await;
    let filled = form(&mut browser).await.fill("name", hostile).tick(READ);
    let again = browser.submit(&filled.clone().without(READ)).await.page();
    assert_eq!(again.form("#make").value("name"), hostile);
    let made = browser.submit(&filled).await.page();
    let pages = [
        again,
        made,
        browser.open(KEYS).await.page(),
        follow(&mut browser, ROTATE).await,
        follow(&mut browser, REVOKE).await,
    ];
    for page in pages {
        assert!(!page.has("img[src=x]"), "{}", page.address);
    }
}
