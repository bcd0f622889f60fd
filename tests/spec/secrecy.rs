//! The log at its most talkative has no secret in it. The catalogue's LOG rows.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use doorward::types::audit::Action;
use tracing::subscriber::DefaultGuard;

use crate::actors::{
    Browser, Issuer, RelyingParty,
    log::{EVERYTHING, counted, has_heard, keep_secret},
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
            .with_env_filter(EVERYTHING)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// The oracle of LOG-01 hears what is logged and sees what is counted: else it would find nothing for ever.
#[tokio::test]
async fn log_01_the_oracle_listens() {
    let issuer = Issuer::start().await;
    let reply = issuer.fetch("/jwks").await;
    assert!(has_heard(reply.header("x-request-id")));
    assert!(!has_heard("nobody-has-logged-this"));
    assert!(counted().contains("doorward_http_requests_total"));
}

/// What nobody sends by right, where nobody should send it, is not logged either. LOG-01; what is sent by
/// right is held against the log by the oracle of every test.
#[tokio::test]
async fn log_01_a_secret_in_the_wrong_place_is_not_logged() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let typed = "hunter2-in-the-wrong-place";
    keep_secret(typed);
    let mut browser = Browser::new(&issuer);
    for name in ["client_id", "request", "scope", "prompt", "max_age", "claims", "hunter2"] {
        browser.open(&app.clone().with(name, typed).authorize_url()).await;
    }
    for address in [
        "/login?flow=hunter2-in-the-wrong-place",
        "/consent?flow=hunter2-in-the-wrong-place",
        "/setup?token=hunter2-in-the-wrong-place",
        "/logout?id_token_hint=hunter2-in-the-wrong-place&logout_hint=hunter2-in-the-wrong-place",
        "/hunter2-in-the-wrong-place?hunter2-in-the-wrong-place",
    ] {
        browser.open(address).await;
    }
    app.redeem(typed).await.is_invalid_grant();
    app.refresh(typed).await.is_invalid_grant();
    app.token(&[("grant_type", typed)])
        .await
        .refused(400.try_into().unwrap(), "unsupported_grant_type");
    app.userinfo(typed).await;
    app.revoke(typed).await;
    app.introspect(typed).await;
}

/// The link that makes the first administrator is a secret, though no test has seen it. LOG-01.
#[tokio::test]
async fn log_01_the_set_up_link_is_not_logged() {
    let issuer = Issuer::start().await;
    let link = doorward::service::setup::link(&issuer.ctx).await.unwrap().unwrap();
    let page = Browser::new(&issuer).open(&format!("/setup?token={}", link.expose())).await.page();
    assert_eq!(page.status(), 200);
}

/// People type passwords into the name field: the oracle holds the log and the counters, and the audit log
/// does not have the name of a failed sign-in either. LOG-02.
#[tokio::test]
async fn log_02_the_name_of_a_failed_sign_in_is_written_nowhere() {
    let issuer = Issuer::start().await;
    let typed = "my-secret-password-canary";
    keep_secret(typed);
    for _ in 0..7 {
        let mut browser = Browser::new(&issuer);
        let login = browser.open("/login").await.page();
        browser.try_password(&login, typed, "wrong").await.page();
    }
    assert_eq!(issuer.audited(Action::SignInBlocked).await, 1);
    let filter = doorward::store::audit_event::AuditFilter::default();
    let mut reader = issuer.ctx.db.reader().await.unwrap();
    let events =
        doorward::store::audit_event::list(&mut reader.conn(), &filter, 0, 100).await.unwrap();
    assert!(!format!("{events:?}").contains(typed));
}

/// What strangers say becomes no label of a metric: there are as many series afterwards. LOG-08.
#[tokio::test]
async fn log_08_what_strangers_say_is_no_label() {
    let issuer = Issuer::start().await;
    for number in 0..40 {
        let word = format!("labelcanary{number}");
        let mut browser = Browser::new(&issuer);
        let login = browser.open("/login").await.page();
        browser.headers.insert("user-agent", word.parse().unwrap());
        browser.try_password(&login, &word, &word).await;
        issuer.fetch(&format!("/{word}")).await;
        issuer.fetch(&format!("/authorize?client_id={word}&{word}={word}")).await;
        issuer.call(http::Method::from_bytes(word.as_bytes()).unwrap(), "/token").await;
        let form = format!("grant_type={word}&client_id={word}&client_secret={word}");
        issuer.post("/token", &[], &form).await;
        issuer.post("/introspect", &[], &form).await;
    }
    let counted = crate::actors::log::counted();
    assert!(counted.contains("doorward_"), "{counted}");
    let told = counted.to_ascii_lowercase();
    assert!(!told.contains("labelcanary"), "{counted}");
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
