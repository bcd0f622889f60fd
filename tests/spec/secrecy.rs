//! The log at its most talkative has no secret in it. The catalogue's LOG rows.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use doorward::types::audit::Action;
use tracing::subscriber::DefaultGuard;

use crate::actors::{
    Browser, Issuer, RelyingParty,
    issuer::PASSWORD,
    relying_party::{VERIFIER, public_app},
};

/// Collects what is logged on this thread, where the whole server of a test runs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Listens to everything, at every level, from every crate.
    fn listen(&self) -> DefaultGuard {
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// A whole life of an app: sign-in with a mistake, consent, code, tokens, refresh, introspection, UserInfo,
/// errors, revocation, sign-out. None of its secrets is logged. LOG-01.
#[tokio::test]
async fn log_01_no_secret_is_logged() {
    let log = Log::default();
    let guard = log.listen();
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let mut canaries = vec![PASSWORD.to_owned(), VERIFIER.to_owned(), "hunter2-canary".to_owned()];
    canaries.extend(["state-canary", "nonce-canary"].map(str::to_owned));
    let public = RelyingParty::register(&issuer, "spa", public_app()).await;
    for app in [RelyingParty::web(&issuer).await, public] {
        let app = app.asking("openid offline_access");
        let app = app.with("state", "state-canary").with("nonce", "nonce-canary");
        canaries.extend(app.registered.secret.clone());
        let mut browser = Browser::new(&issuer);
        let login = browser.open(&app.authorize_url()).await.page();
        let form = login.form("#sign-in");
        canaries.push(form.value("flow").to_owned());
        canaries.push(form.value("csrf").to_owned());
        let page = browser.try_password(&login, "alice", "hunter2-canary").await.page();
        let place = browser.try_password(&page, "alice", PASSWORD).await;
        let url = browser.go_on(place, "alice").await;
        let code = crate::actors::relying_party::response_parameters(&url)["code"].clone();
        canaries.extend(browser.cookies.values().cloned());
        let tokens = app.redeem(&code).await.json();
        let again = app.refresh(tokens["refresh_token"].as_str().unwrap()).await.json();
        for tokens in [&tokens, &again] {
            for name in ["access_token", "refresh_token", "id_token"] {
                canaries.extend(tokens[name].as_str().map(str::to_owned));
            }
        }
        let access_token = tokens["access_token"].as_str().unwrap();
        app.userinfo(access_token).await;
        if app.registered.secret.is_some() {
            app.introspect(access_token).await;
        }
        app.redeem(&code).await;
        app.refresh("hunter2-canary").await;
        app.userinfo("hunter2-canary").await;
        app.revoke(access_token).await;
        canaries.push(code);
        let hint = tokens["id_token"].as_str().unwrap();
        browser.open(&format!("/logout?id_token_hint={hint}&state=state-canary")).await.page();
        browser.open("/login?flow=hunter2-canary").await.page();
        browser.open("/setup?token=hunter2-canary").await.page();
        browser.open("/authorize?client_id=hunter2-canary&request=hunter2-canary").await.page();
    }
    let setup = Issuer::start().await;
    let link = doorward::service::setup::link(&setup.ctx).await.unwrap().unwrap();
    Browser::new(&setup).open(&format!("/setup?token={}", link.expose())).await.page();
    canaries.push(link.expose().clone());
    drop(guard);
    let text = log.text();
    assert!(
        text.contains("\"route\":\"/token\"") && text.contains("\"route\":\"/login\""),
        "it listened"
    );
    for canary in canaries {
        assert!(canary.len() > 9, "{canary}");
        assert!(!text.contains(&canary), "{canary} is in the log");
    }
}

/// People type passwords into the name field: neither the log nor the audit log nor a counter has the name
/// of a failed sign-in. LOG-02.
#[tokio::test]
async fn log_02_the_name_of_a_failed_sign_in_is_written_nowhere() {
    let log = Log::default();
    let guard = log.listen();
    let issuer = Issuer::start().await;
    let typed = "my-secret-password-canary";
    for _ in 0..7 {
        let mut browser = Browser::new(&issuer);
        let login = browser.open("/login").await.page();
        browser.try_password(&login, typed, "wrong").await.page();
    }
    drop(guard);
    assert!(!log.text().contains(typed));
    assert_eq!(issuer.audited(Action::SignInBlocked).await, 1);
    let filter = doorward::store::audit_event::AuditFilter::default();
    let mut reader = issuer.ctx.db.reader().await.unwrap();
    let events =
        doorward::store::audit_event::list(&mut reader.conn(), &filter, 0, 100).await.unwrap();
    assert!(!format!("{events:?}").contains(typed));
}

/// Whatever a request says, one event is one line, and cannot be mistaken for another. LOG-03.
#[tokio::test]
async fn log_03_one_event_is_one_record() {
    let log = Log::default();
    let guard = log.listen();
    let issuer = Issuer::start().await;
    let app = RelyingParty::web(&issuer).await;
    for hostile in [
        "a\r\n{\"level\":\"ERROR\",\"forged\":1}",
        "\u{1b}[31mred",
        "\",\"forged\":\"1",
        "\u{202e}gnp.exe",
    ] {
        for name in ["client_id", "redirect_uri", "scope", "login_hint", "claims", "prompt"] {
            let app = app.clone().with(name, hostile);
            Browser::new(&issuer).open(&app.authorize_url()).await;
        }
        let mut browser = Browser::new(&issuer);
        for header in ["user-agent", "x-request-id", "x-forwarded-for", "referer"] {
            if let Ok(value) =
                http::HeaderValue::from_str(&hostile.replace(['\r', '\n', '\u{1b}'], " "))
            {
                browser.headers.insert(header, value);
            }
        }
        let login = browser.open("/login").await.page();
        browser.try_password(&login, hostile, hostile).await.page();
    }
    drop(guard);
    let text = log.text();
    assert!(text.lines().count() > 20);
    for line in text.lines() {
        let record: serde_json::Value = serde_json::from_str(line).expect("a record a line");
        assert!(record.get("forged").is_none(), "{line}");
        assert!(!line.contains('\u{1b}') && !line.contains('\u{202e}'), "{line}");
    }
}
