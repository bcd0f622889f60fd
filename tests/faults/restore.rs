//! A backup under load, its restore, and what counts then. RACE-08, CRASH-05.

use std::sync::Arc;

use crate::{
    process::{
        credentials::Client,
        http::{Answer, Connection},
        server::Server,
        sign_in::{self, Browser, Wish},
    },
    site::Site,
};

fn path(site: &Site, name: &str) -> String {
    site.folder.path().join(name).display().to_string()
}

async fn refresh(site: &Site, conn: &mut Connection, app: &Client, token: &str) -> Answer {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
    conn.send(&sign_in::token_request(&site.target, app, &fields).unwrap()).await.unwrap()
}

async fn code(site: &Site, browser: &mut Browser, conn: &mut Connection, app: &Client) -> String {
    let wish = Wish { client: app, scope: sign_in::PLAIN };
    browser.authorize(conn, &site.target, wish).await.unwrap()
}

fn is_invalid_grant(answer: &Answer) -> bool {
    answer.status == 400 && String::from_utf8_lossy(&answer.body).contains("\"invalid_grant\"")
}

/// RACE-08: a code that was redeemed and a refresh token that was rotated after the backup are not
/// brought back by its restore, although the rows say that both are fresh.
#[tokio::test]
async fn race_08_a_restored_backup_revives_nothing() {
    let site = Site::build();
    site.installation.create_user().unwrap();
    let app = site.installation.create_client("spa", &["--access-token-format", "jwt"]).unwrap();
    let web = site.installation.create_client("web", &[]).unwrap();
    let server = site.start().await;
    let mut conn = site.connect().await;
    let mut browser = Browser::default();
    let redeem = |code: &str| sign_in::redemption(&site.target, &app, code).unwrap();

    let first = code(&site, &mut browser, &mut conn, &app).await;
    let first = sign_in::tokens(&conn.send(&redeem(&first)).await.unwrap()).unwrap();
    let own = code(&site, &mut browser, &mut conn, &web).await;
    let own = sign_in::redemption(&site.target, &web, &own).unwrap();
    let own = sign_in::tokens(&conn.send(&own).await.unwrap()).unwrap();
    let machine = site.granted(&mut conn).await;
    let fresh_code = code(&site, &mut browser, &mut conn, &app).await;
    site.installation.run(&["backup", "--to", &path(&site, "copy.db")], "").unwrap();

    // What the backup does not know: the code is redeemed, the token rotated twice.
    conn.send(&redeem(&fresh_code)).await.unwrap();
    let old = first.refresh_token.unwrap();
    let newer = sign_in::tokens(&refresh(&site, &mut conn, &app, &old).await).unwrap();
    let newer = newer.refresh_token.unwrap();
    let newest = sign_in::tokens(&refresh(&site, &mut conn, &app, &newer).await).unwrap();

    // A server at work is not replaced under its feet.
    let restore = ["restore", "--from", &path(&site, "copy.db")];
    let refused = site.installation.run(&restore, "").unwrap_err().to_string();
    assert!(refused.contains("stop it first"), "{refused}");
    assert!(site.is_active(&mut conn, &machine).await);
    server.kill().unwrap();
    site.installation.run(&restore, "").unwrap();

    let _server = site.start().await;
    let mut conn = site.connect().await;
    assert!(is_invalid_grant(&conn.send(&redeem(&fresh_code)).await.unwrap()));
    for token in [&old, &newer, &newest.refresh_token.unwrap()] {
        let answer = refresh(&site, &mut conn, &app, token).await;
        assert!(is_invalid_grant(&answer), "{answer:?}");
    }
    assert!(!site.is_active(&mut conn, &machine).await);
    // A client that authenticates goes on, and everybody can sign in again.
    let answer = refresh(&site, &mut conn, &web, &own.refresh_token.unwrap()).await;
    sign_in::tokens(&answer).unwrap();
    let again = code(&site, &mut Browser::default(), &mut conn, &app).await;
    sign_in::tokens(&conn.send(&redeem(&again)).await.unwrap()).unwrap();
    let events = site.installation.run(&["audit", "list", "--limit", "1000"], "").unwrap();
    let of = |action: &str| {
        events.as_array().unwrap().iter().filter(|event| event["action"] == action).count()
    };
    assert_eq!(of("server.epoch_begun"), 1);
    assert_eq!(of("refresh_token.from_future"), 2);
}

/// A backup that is made while the server writes is that of one moment.
#[tokio::test]
async fn a_backup_under_load_is_whole() {
    let site = Arc::new(Site::build());
    let server = site.start().await;
    let (busy, mut connection) = (Arc::clone(&site), site.connect().await);
    let load = tokio::spawn(async move {
        loop {
            assert_eq!(busy.write(&mut connection).await.status, 200);
        }
    });
    for number in 0..3 {
        let (installation, to) = (site.installation.clone(), path(&site, &format!("{number}.db")));
        let backup = move || installation.run(&["backup", "--to", &to], "").map(drop);
        tokio::task::spawn_blocking(backup).await.unwrap().unwrap();
    }
    assert!(!load.is_finished(), "writers go on");
    load.abort();
    drop(server);
    for number in 0..3 {
        let from = path(&site, &format!("{number}.db"));
        site.installation.run(&["restore", "--from", &from], "").unwrap();
        site.installation.run(&["audit", "verify"], "").unwrap();
    }
}

/// CRASH-05: whoever kills a backup or a restore, at whatever moment: there is a whole database under the
/// old name, the backup is whole or not there, and the next try succeeds.
#[tokio::test]
async fn crash_05_a_killed_backup_or_restore_leaves_a_whole_database() {
    let site = Site::build();
    let copy = path(&site, "copy.db");
    site.installation.run(&["backup", "--to", &copy], "").unwrap();
    let restore = ["restore", "--from", copy.as_str(), "--yes"];
    for round in 0..40_u64 {
        let to = path(&site, &format!("{round}.db"));
        let backup = ["backup", "--to", to.as_str()];
        let arguments = if round % 2 == 0 { &backup[..] } else { &restore[..] };
        let victim = Server::spawn(site.installation.command(arguments)).unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(round * 6)).await;
        victim.kill().unwrap();
        site.installation.run(&["audit", "verify"], "").unwrap();
        let clients = site.installation.run(&["client", "list"], "").unwrap();
        assert_eq!(clients.as_array().unwrap().len(), 1, "round {round}");
        if std::fs::exists(&to).unwrap() {
            site.installation.run(&["restore", "--from", &to], "").unwrap();
        }
    }
    site.installation.run(&restore, "").unwrap();
    let server = site.start().await;
    site.granted(&mut site.connect().await).await;
    drop(server);
}
