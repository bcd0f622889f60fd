//! `doorward session …` and `grant …`: who is signed in, and what they allowed.

use rusqlite::{Connection, params};
use serde_json::json;
use uuid::Uuid;

use crate::doorward::Doorward;

const SESSION: &str = "01900000-0000-7000-8000-000000000001";
const GRANT: &str = "01900000-0000-7000-8000-000000000002";
const NEVER: i64 = 99_999_999_999;

fn bytes(id: &str) -> Vec<u8> {
    Uuid::parse_str(id).unwrap().as_bytes().to_vec()
}

/// Where alice is signed in, and has allowed an app something: the rows of a sign-in, which takes a
/// browser otherwise.
fn with_a_sign_in() -> Doorward {
    let doorward = Doorward::with_alice();
    let app = ["client", "create", "--id", "app", "--redirect-uri", "https://app.example/cb"];
    doorward.run(&app).success();
    let alice = doorward.json(&["user", "show", "alice"])["id"].as_str().unwrap().to_owned();
    let db = Connection::open(doorward.data_file("doorward.db")).unwrap();
    db.execute(
        "INSERT INTO sessions (id, token_hash, user_id, auth_time, acr, amr, created_at,
             last_seen_at, idle_expires_at, expires_at, address)
         VALUES (?1, zeroblob(32), ?2, 1, '1', '[\"pwd\"]', 1, 2, ?3, ?3, '192.0.2.1')",
        params![bytes(SESSION), bytes(&alice), NEVER],
    )
    .unwrap();
    db.execute(
        "INSERT INTO grants (id, user_id, client_id, session_id, scope, auth_time, acr, amr, access,
             created_at)
         VALUES (?1, ?2, 'app', ?3, 'openid', 1, '1', '[\"pwd\"]', 'offline', 1)",
        params![bytes(GRANT), bytes(&alice), bytes(SESSION)],
    )
    .unwrap();
    doorward
}

#[test]
fn a_session_is_listed_and_ended() {
    let doorward = with_a_sign_in();
    for list in [&["session", "list"][..], &["session", "list", "--user", "alice"]] {
        let all = doorward.json(list);
        assert_eq!((&all[0]["id"], &all[0]["address"]), (&json!(SESSION), &json!("192.0.2.1")));
        let text = doorward.run(list).success().stdout;
        assert!(text.contains(SESSION) && text.contains("192.0.2.1"), "{text}");
    }
    doorward.run(&["session", "list", "--user", "alise"]).failed(&["did you mean `alice`?"]);
    doorward.run(&["session", "end", "none", "--yes"]).usage(&["no id of a session"]);
    let end = ["session", "end", SESSION, "--yes"];
    assert_eq!(doorward.json(&end), json!({ "id": SESSION }));
    doorward.run(&end).failed(&["there is no session"]);
    assert_eq!(doorward.json(&["session", "list"]), json!([]));
    // What outlives its session is there still.
    assert_eq!(doorward.json(&["grant", "list"]).as_array().unwrap().len(), 1);
    assert!(doorward.audited().contains(&"session.ended".to_owned()));
}

#[test]
fn a_grant_is_listed_and_revoked() {
    let doorward = with_a_sign_in();
    let all = doorward.json(&["grant", "list", "--user", "alice"]);
    assert_eq!((&all[0]["id"], &all[0]["client_id"]), (&json!(GRANT), &json!("app")));
    assert_eq!((&all[0]["session"], &all[0]["offline"]), (&json!(SESSION), &json!(true)));
    let text = doorward.run(&["grant", "list"]).success().stdout;
    assert!(text.contains(GRANT) && text.contains("openid"), "{text}");
    doorward.run(&["grant", "revoke", "none", "--yes"]).usage(&["no id of a grant"]);
    let revoke = ["grant", "revoke", GRANT, "--yes"];
    assert_eq!(doorward.json(&revoke), json!({ "id": GRANT }));
    doorward.run(&revoke).failed(&["there is no grant"]);
    assert_eq!(doorward.json(&["grant", "list"]), json!([]));
    assert!(doorward.audited().contains(&"grant.revoked".to_owned()));
}
