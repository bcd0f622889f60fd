//! The process dies between two steps, each time between two others: what it did is there as a whole or
//! not at all, its audit event with it, and the next start goes on from there. CRASH-02, CRASH-05.
//!
//! Each operation is done once, and then a server is started on every state in which the file can have
//! been left behind meanwhile. On PostgreSQL nobody but its own processes writes files; there `tests/faults`
//! breaks the connection at each step.

use std::collections::BTreeMap;

use doorward::{
    protocol::{
        jose::{SigningAlg, key_ring::KeyState},
        token::refresh::PresentedRefreshToken,
    },
    service::{audit_log, jobs, key_rotation, keys, users},
    store::{self, audit_event::ChainCheck},
    types::audit::{Action, Actor},
};
use http::{Method, StatusCode};
use rusqlite::{Connection, types::Value as Cell};
use serde_json::Value;

use super::oidc_core_id_token::verifies;
use crate::actors::{
    Browser, Issuer, RelyingParty,
    issuer::origin,
    relying_party::{machine, public_app},
    tape::Tape,
};

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

/// Whether an operation has happened, as far as anybody can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    No,
    Yes,
}

fn done(yes: bool) -> Done {
    if yes { Done::Yes } else { Done::No }
}

/// Does `operation` and asks at each point whether it has happened: no, until it has. The event of
/// `action` is there if and only if it has.
async fn is_whole<T>(
    issuer: &Issuer,
    action: Option<Action>,
    operation: impl AsyncFnOnce() -> T,
    probe: impl AsyncFn(&Issuer, &T) -> Done,
) -> Option<T> {
    let events = async |node: &Issuer| match action {
        Some(action) => node.audited(action).await,
        None => 0,
    };
    let before = events(issuer).await;
    let (tape, outcome) = Box::pin(Tape::of(issuer, operation)).await?;
    let mut seen = Vec::new();
    for point in tape.points() {
        let node = Box::pin(tape.start_at(issuer, point)).await;
        assert!(matches!(audit_log::verify(&node.ctx).await, Ok(ChainCheck::Intact { .. })));
        let event = done(events(&node).await > before);
        let happened = Box::pin(probe(&node, &outcome)).await;
        assert!(action.is_none() || event == happened, "{action:?}: {happened:?} at {point}");
        seen.push(happened);
    }
    assert!(seen.is_sorted_by_key(|done| *done == Done::Yes), "{action:?}: {seen:?}");
    assert_eq!((seen.first(), seen.last()), (Some(&Done::No), Some(&Done::Yes)), "{action:?}");
    Some(outcome)
}

/// An app whose refresh tokens rotate.
async fn app(issuer: &Issuer) -> RelyingParty<'_> {
    RelyingParty::register(issuer, "spa", public_app()).await.asking("openid offline_access")
}

fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap().to_owned()
}

async fn counts(app: &RelyingParty<'_>, token: &str) -> Done {
    done(app.userinfo(token).await.status == StatusCode::OK)
}

fn ended(counts: Done) -> Done {
    done(counts == Done::No)
}

/// Which token of its family is current; `None` without the family.
async fn generation(node: &Issuer, refresh_token: &str) -> Option<u64> {
    let presented = PresentedRefreshToken::parse(refresh_token).unwrap();
    let mut reader = node.ctx.db.reader().await.unwrap();
    let family = store::refresh_family::find(&mut reader.conn(), presented.family()).await;
    family.unwrap().map(|(family, _)| family.generation)
}

/// CRASH-02: a sign-in has a session and its event, or neither; a consent its code, or nothing.
#[tokio::test]
async fn crash_02_a_sign_in_and_a_consent_are_whole() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = app(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let sign_in = async || {
        browser.sign_in("alice").await;
        browser.cookies.clone()
    };
    let is_signed_in = async |node: &Issuer, cookies: &BTreeMap<String, String>| {
        let mut browser = Browser::new(node);
        browser.cookies.clone_from(cookies);
        done(browser.send(Method::GET, "/account", None).await.status == StatusCode::OK)
    };
    is_whole(&issuer, Some(Action::SignedIn), sign_in, is_signed_in).await;
    let allow = async || app.code(&mut browser, "alice").await;
    let has_code = async |node: &Issuer, code: &String| {
        done(app.on(node).redeem(code).await.status == StatusCode::OK)
    };
    is_whole(&issuer, Some(Action::ConsentGranted), allow, has_code).await;
}

/// CRASH-02: a code is either still redeemable with nothing issued, or spent.
#[tokio::test]
async fn crash_02_a_code_is_redeemable_or_spent() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = app(&issuer).await;
    let code = app.code(&mut Browser::new(&issuer), "alice").await;
    let redeem = async || app.redeem(&code).await.granted();
    let is_spent = async |node: &Issuer, tokens: &Value| {
        let spent = generation(node, &text(tokens, "refresh_token")).await.is_some();
        let again = app.on(node).redeem(&code).await;
        if spent {
            again.is_invalid_grant();
        } else {
            drop(again.granted());
        }
        done(spent)
    };
    let Some(tokens) = is_whole(&issuer, None, redeem, is_spent).await else { return };
    // The second redemption ends what the first has given.
    let replay = async || app.redeem(&code).await.is_invalid_grant();
    is_whole(&issuer, Some(Action::CodeReused), replay, async |node: &Issuer, ()| {
        ended(counts(&app.on(node), &text(&tokens, "access_token")).await)
    })
    .await;
}

/// CRASH-02: a refresh whose answer was lost is tried again and gives the same successor.
#[tokio::test]
async fn crash_02_a_refresh_is_tried_again() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = app(&issuer).await;
    let old = text(&app.tokens("alice").await, "refresh_token");
    let refresh = async || app.refresh(&old).await.granted();
    let has_rotated = async |node: &Issuer, tokens: &Value| {
        let app = app.on(node);
        let rotated = generation(node, &old).await == Some(1);
        let again = app.refresh(&old).await.granted();
        assert_eq!(again["refresh_token"], tokens["refresh_token"]);
        app.refresh(&text(&again, "refresh_token")).await.granted();
        done(rotated)
    };
    is_whole(&issuer, None, refresh, has_rotated).await;
}

/// CRASH-02: what takes something away has taken all of it, or nothing.
#[tokio::test]
async fn crash_02_an_end_is_whole() {
    let issuer = Issuer::start().await;
    let alice = issuer.user("alice").await;
    let app = app(&issuer).await;

    let tokens = app.tokens("alice").await;
    let revoke = async || app.revoke(&text(&tokens, "refresh_token")).await;
    is_whole(&issuer, Some(Action::TokenRevoked), revoke, async |node: &Issuer, _| {
        ended(counts(&app.on(node), &text(&tokens, "access_token")).await)
    })
    .await;

    let mut browser = Browser::new(&issuer);
    let code = app.code(&mut browser, "alice").await;
    let tokens = app.redeem(&code).await.granted();
    // The session and every token go together.
    let is_out = async |node: &Issuer| {
        let app = app.on(node);
        let token = ended(counts(&app, &text(&tokens, "access_token")).await);
        let mut abroad = Browser::new(node);
        abroad.cookies.clone_from(&browser.cookies);
        let account = abroad.send(Method::GET, "/account", None).await;
        assert_eq!(ended(done(account.status == StatusCode::OK)), token);
        let refreshed = app.refresh(&text(&tokens, "refresh_token")).await;
        assert_eq!(ended(done(refreshed.status == StatusCode::OK)), token);
        token
    };
    let disable = async || {
        users::disable(&issuer.ctx, alice.id, Actor::Operator, &origin()).await.unwrap();
    };
    let probe = async |node: &Issuer, (): &()| is_out(node).await;
    is_whole(&issuer, Some(Action::UserDisabled), disable, probe).await;
}

/// One active key of each algorithm and one that stands by; what was signed before is believed.
async fn has_one_key_of_each(node: &Issuer, batch: &RelyingParty<'_>, old: &str) {
    let mut states: BTreeMap<(SigningAlg, KeyState), usize> = BTreeMap::new();
    let records = keys::records(&node.ctx).await.unwrap();
    for key in &records {
        *states.entry((key.alg, key.state)).or_default() += 1;
    }
    for alg in SigningAlg::ALL {
        for state in [KeyState::Active, KeyState::Pending] {
            assert_eq!(states.get(&(alg, state)), Some(&1), "{alg:?} {state:?}");
        }
        assert!(states.get(&(alg, KeyState::Retiring)).is_none_or(|count| *count == 1));
    }
    let ever = states.values().sum::<usize>();
    assert_eq!(node.audited(Action::KeyCreated).await, ever);
    assert!(verifies(node, old, SigningAlg::ES256).await);
    let new = batch.on(node).token(&[("grant_type", "client_credentials")]).await.granted();
    assert!(verifies(node, &text(&new, "access_token"), SigningAlg::ES256).await);
}

/// CRASH-05: a rotation that died is finished by the next start, and nothing is done twice; neither when
/// an operator wished for it, nor when the keys were due.
#[tokio::test]
async fn crash_05_a_rotation_that_died_is_finished() {
    let issuer = Issuer::start().await;
    let batch = RelyingParty::register(&issuer, "batch", machine()).await;
    let tokens = batch.token(&[("grant_type", "client_credentials")]).await.granted();
    let old = text(&tokens, "access_token");
    issuer.wait(31 * MINUTE).await;
    let wish = async || {
        let (actor, origin) = (Actor::Operator, origin());
        key_rotation::rotate_now(&issuer.ctx, SigningAlg::ES256, actor, &origin).await.unwrap();
    };
    let Some((tape, ())) = Tape::of(&issuer, wish).await else { return };
    for point in tape.points() {
        let node = tape.start_at(&issuer, point).await;
        has_one_key_of_each(&node, &batch, &old).await;
        let activated = node.audited(Action::KeyActivated).await;
        assert!(activated <= 1, "{activated} keys took over at {point}");
        assert_eq!(node.audited(Action::KeyRetired).await, activated);
    }
    issuer.wait(91 * DAY).await;
    let due = async || key_rotation::rotate_due(&issuer.ctx, &origin()).await.unwrap();
    let Some((tape, ())) = Tape::of(&issuer, due).await else { return };
    let algorithms = SigningAlg::ALL.len();
    for point in tape.points() {
        let node = tape.start_at(&issuer, point).await;
        let tokens = batch.on(&node).token(&[("grant_type", "client_credentials")]).await.granted();
        has_one_key_of_each(&node, &batch, &text(&tokens, "access_token")).await;
        assert_eq!(node.audited(Action::KeyActivated).await, 1 + algorithms, "at {point}");
        assert_eq!(node.audited(Action::KeyRetired).await, 1 + algorithms, "at {point}");
    }
}

/// Every row of every table.
fn rows(node: &Issuer) -> BTreeMap<String, Vec<String>> {
    let conn = Connection::open(node.folder().unwrap().join("doorward.db")).unwrap();
    let mut tables = conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let tables = tables.query_map([], |row| row.get(0)).unwrap();
    let mut all = BTreeMap::new();
    for table in tables {
        let table: String = table.unwrap();
        let mut query = conn.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = query.column_count();
        let rows = query.query_map([], |row| {
            let cells: Result<Vec<Cell>, _> = (0..columns).map(|column| row.get(column)).collect();
            Ok(format!("{:?}", cells?))
        });
        let mut rows: Vec<String> = rows.unwrap().map(Result::unwrap).collect();
        rows.sort();
        all.insert(table, rows);
    }
    all
}

/// CRASH-05: a sweep that died takes nothing that counts, and the next one ends with the same rows.
#[tokio::test]
async fn crash_05_a_sweep_that_died_is_finished() {
    let issuer = Issuer::start().await;
    if issuer.folder().is_none() {
        return;
    }
    issuer.user("alice").await;
    let app = app(&issuer).await;
    let mut browser = Browser::new(&issuer);
    for _ in 0..3 {
        let code = app.code(&mut browser, "alice").await;
        let tokens = app.redeem(&code).await.granted();
        app.refresh(&text(&tokens, "refresh_token")).await.granted();
        app.revoke(&text(&tokens, "access_token")).await;
    }
    let login = Browser::new(&issuer).open("/login").await.page();
    Browser::new(&issuer).try_password(&login, "nobody", "wrong").await;
    issuer.wait(40 * DAY).await;
    let live = app.tokens("alice").await;
    let before = rows(&issuer);
    let sweep = async |node: &Issuer| {
        jobs::sweep(&node.ctx).await.unwrap();
        jobs::walk(&node.ctx).await.unwrap();
    };
    let Some((tape, ())) = Tape::of(&issuer, async || sweep(&issuer).await).await else { return };
    let after = rows(&issuer);
    let smaller = after.iter().filter(|(table, rows)| rows.len() < before[*table].len()).count();
    assert!(smaller >= 6, "{smaller} tables were swept");
    for point in tape.points() {
        let node = tape.start_at(&issuer, point).await;
        sweep(&node).await;
        assert_eq!(rows(&node), after, "at {point}");
        let app = app.on(&node);
        assert_eq!(counts(&app, &text(&live, "access_token")).await, Done::Yes);
        app.refresh(&text(&live, "refresh_token")).await.granted();
    }
}
