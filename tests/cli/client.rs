//! `doorward client …`.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::doorward::Doorward;

const CALLBACK: &str = "http://localhost:3000/callback";

fn create(doorward: &Doorward, arguments: &[&str]) -> Value {
    let arguments: Vec<&str> = ["client", "create"].iter().chain(arguments).copied().collect();
    doorward.json(&arguments)
}

#[test]
fn create_and_show_have_one_shape() {
    let doorward = Doorward::new();
    let created =
        create(&doorward, &["--id", "notes", "--name", "Notes", "--redirect-uri", CALLBACK]);
    assert_json_snapshot!("client_created", created, {
        ".client_secret" => "[secret]", ".client_id_issued_at" => "[time]",
        ".updated_at" => "[time]", ".secrets[].id" => "[id]", ".secrets[].created_at" => "[time]",
    });
    let secret = created["client_secret"].as_str().unwrap();
    assert!(secret.starts_with("dwk_"), "{secret}");
    // The secret is told once.
    let shown = doorward.json(&["client", "show", "notes"]);
    let mut expected = created.clone();
    expected.as_object_mut().unwrap().remove("client_secret");
    expected.as_object_mut().unwrap().remove("client_secret_expires_at");
    assert_eq!(shown, expected);
    assert_eq!(doorward.json(&["client", "list"]), json!([shown]));
    assert_eq!(doorward.audited(), ["client.created"]);
}

#[test]
fn people_get_words_and_the_next_step() {
    let doorward = Doorward::new();
    let list = doorward.run(&["client", "list"]).success();
    assert!(list.stdout.contains("There are no clients"), "{}", list.stdout);
    let arguments = ["client", "create", "--id", "notes", "--redirect-uri", CALLBACK];
    let created = doorward.run(&arguments).success().stdout;
    for text in ["Registered notes.", "shown this once", "/.well-known/openid-configuration"] {
        assert!(created.contains(text), "{text}: {created}");
    }
    let list = doorward.run(&["client", "list"]).success().stdout;
    assert!(list.contains("authorization_code, refresh_token"), "{list}");
}

#[test]
fn the_type_decides_what_follows() {
    let doorward = Doorward::new();
    let method = |client: &Value| client["token_endpoint_auth_method"].as_str().unwrap().to_owned();
    let spa = create(&doorward, &["--type", "spa", "--redirect-uri", CALLBACK]);
    assert_eq!((method(&spa).as_str(), spa.get("client_secret")), ("none", None));
    let native =
        create(&doorward, &["--type", "native", "--redirect-uri", "com.example.app:/callback"]);
    assert_eq!(native["application_type"], json!("native"));
    let machine = create(&doorward, &["--type", "machine", "--scope", "notes:read"]);
    assert_eq!(machine["grant_types"], json!(["client_credentials"]));
    assert_eq!(machine["scope"], json!("notes:read"));
    let api = create(&doorward, &["--type", "api", "--audience", "https://api.example.com"]);
    assert_eq!((&api["grant_types"], method(&api).as_str()), (&json!([]), "client_secret_basic"));
    let legacy = create(&doorward, &["--type", "legacy", "--scope", "notes:read"]);
    assert_eq!(legacy["grant_types"], json!(["refresh_token", "password"]));
    doorward.run(&["client", "create"]).usage(&["--redirect-uri", "hint: "]);
    doorward.run(&["client", "create", "--type", "api"]).usage(&["--audience"]);
    doorward.run(&["client", "create", "--type", "machin"]).usage(&["'machine'"]);
}

/// Who marks a client for what the server does not do is told so.
#[test]
fn a_client_for_passwords_is_told_of_the_switch() {
    let doorward = Doorward::new();
    let made = doorward.run(&["client", "create", "--type", "legacy"]).success().stdout;
    assert!(made.contains("set legacy.password_grant = true"), "{made}");
    let on = [("DOORWARD_LEGACY_PASSWORD_GRANT", "true")];
    let made = doorward.run_in(&on, &["client", "create", "--type", "legacy"], "").success().stdout;
    assert!(!made.contains("legacy.password_grant"), "{made}");
}

#[test]
fn registration_rules_name_the_flag() {
    let doorward = Doorward::new();
    let refused = |flags: &[&str], texts: &[&str]| {
        let arguments: Vec<&str> = ["client", "create"].iter().chain(flags).copied().collect();
        doorward.run(&arguments).usage(texts);
    };
    let http = "http://app.example.com/cb";
    refused(&["--redirect-uri", http], &[http, "must be https", "the flag is --redirect-uri"]);
    refused(&["--redirect-uri", "https://*.example.com"], &["wildcard"]);
    refused(
        &["--type", "spa", "--redirect-uri", CALLBACK, "--no-pkce"],
        &["public client", "the flag is --no-pkce"],
    );
    refused(
        &["--redirect-uri", CALLBACK, "--auth-method", "private_key_jwt"],
        &["public keys", "the flag is --jwks-file"],
    );
    refused(
        &["--redirect-uri", CALLBACK, "--auth-method", "client_secret"],
        &["client_secret_basic"],
    );
    refused(&["--redirect-uri", CALLBACK, "--id", "ключ"], &["printable ASCII"]);
    refused(&["--redirect-uri", CALLBACK, "--scope", "a\"b"], &["scope"]);
    assert_eq!(doorward.json(&["client", "list"]), json!([]));
}

/// The id of a deleted client is never given to another one.
#[test]
fn ids_are_unique_for_ever() {
    let doorward = Doorward::new();
    let arguments = ["client", "create", "--id", "notes", "--redirect-uri", CALLBACK];
    doorward.run(&arguments).success();
    doorward.run(&arguments).failed(&["client_id is taken"]);
    doorward.run(&["client", "delete", "notes"]).success();
    doorward.run(&arguments).failed(&["client_id is taken"]);
    doorward.run(&["client", "show", "notes"]).failed(&["no client `notes`"]);
    assert_eq!(doorward.audited(), ["client.created", "client.deleted"]);
}

#[test]
fn a_secret_can_be_brought_along() {
    let doorward = Doorward::new();
    let flags = ["client", "create", "--id", "notes", "--redirect-uri", CALLBACK, "--secret-stdin"];
    let own = "0123456789abcdef0123456789abcdef";
    doorward.run_with(&flags, "too short\n").usage(&["32 to 255 printable ASCII"]);
    assert_eq!(doorward.json_with(&flags, own)["client_secret"], json!(own));
    let spa = ["client", "create", "--type", "spa", "--redirect-uri", CALLBACK, "--secret-stdin"];
    doorward.run_with(&spa, own).usage(&["`none` has no secret"]);
}

#[test]
fn at_most_two_secrets_live() {
    let doorward = Doorward::new();
    create(&doorward, &["--id", "notes", "--redirect-uri", CALLBACK]);
    let rotate = ["client", "rotate-secret", "notes"];
    let first = doorward.json(&rotate);
    let live = |client: &Value| client["secrets"].as_array().unwrap().len();
    assert_eq!(live(&first), 2);
    let second = doorward.json(&rotate);
    assert_eq!(live(&second), 2);
    assert_ne!(first["client_secret"], second["client_secret"]);
    let secrets = second["secrets"].as_array().unwrap();
    assert_eq!(secrets.iter().filter(|secret| secret["expires_at"].is_null()).count(), 1);
    let at_once = doorward.json(&["client", "rotate-secret", "notes", "--overlap", "0s"]);
    assert_eq!(live(&at_once), 1);
    create(&doorward, &["--id", "spa", "--type", "spa", "--redirect-uri", CALLBACK]);
    doorward.run(&["client", "rotate-secret", "spa"]).usage(&["has no secret"]);
    doorward
        .run(&["client", "rotate-secret", "notes", "--overlap", "soon"])
        .usage(&["a span like"]);
}

#[test]
fn update_changes_what_is_named() {
    let doorward = Doorward::new();
    create(&doorward, &["--id", "notes", "--name", "Notes", "--redirect-uri", CALLBACK]);
    let other = "https://notes.example.com/cb";
    let updated =
        doorward.json(&["client", "update", "notes", "--redirect-uri", other, "--no-pkce"]);
    assert_eq!(updated["redirect_uris"], json!([other]));
    assert_eq!(
        (&updated["require_pkce"], &updated["client_name"]),
        (&json!(false), &json!("Notes"))
    );
    assert!(updated.get("client_secret").is_none());
    let cleared = doorward.json(&["client", "update", "notes", "--clear", "name", "--pkce"]);
    assert_eq!((&cleared["require_pkce"], &cleared["client_name"]), (&json!(true), &json!(null)));
    doorward.run(&["client", "update", "notes"]).usage(&["nothing would change"]);
    doorward
        .run(&["client", "update", "notes", "--clear", "redirect-uri"])
        .usage(&["redirect_uris"]);
    doorward
        .run(&["client", "update", "notes", "--clear", "redirect-urls"])
        .usage(&["redirect-uri"]);
    doorward.run(&["client", "update", "note"]).failed(&["did you mean `notes`?"]);
    let events = doorward.json(&["audit", "list", "--action", "client.updated"]);
    let change = json!({
        "fields": ["redirect_uris", "require_pkce"],
        "before": {"redirect_uris": ["http://localhost:3000/callback"], "require_pkce": true},
        "after": {"redirect_uris": ["https://notes.example.com/cb"], "require_pkce": false},
    });
    assert_eq!(events[0]["detail"], change);
}

/// A method whose check needs the secret itself gets a new one; a method without one ends them all.
#[test]
fn a_new_method_brings_its_secret() {
    let doorward = Doorward::new();
    create(&doorward, &["--id", "notes", "--redirect-uri", CALLBACK]);
    let to = |method: &str| doorward.json(&["client", "update", "notes", "--auth-method", method]);
    assert!(to("client_secret_post").get("client_secret").is_none());
    let jwt = to("client_secret_jwt");
    assert!(jwt["client_secret"].is_string());
    assert_eq!(jwt["secrets"].as_array().unwrap().len(), 1);
    let public = to("none");
    assert_eq!(public["secrets"], json!([]));
    assert!(to("client_secret_basic")["client_secret"].is_string());
}

#[test]
fn keys_come_from_a_file() {
    let doorward = Doorward::new();
    let good = json!({ "keys": [{
        "kty": "EC", "crv": "P-256", "kid": "1", "use": "sig", "alg": "ES256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    }] });
    std::fs::write(doorward.folder().join("keys.json"), good.to_string()).unwrap();
    let flags = ["--redirect-uri", CALLBACK, "--auth-method", "private_key_jwt", "--jwks-file"];
    let with = |file| flags.iter().copied().chain([file]).collect::<Vec<_>>();
    let created = create(&doorward, &with("keys.json"));
    assert_eq!(created["jwks"]["keys"][0]["kid"], json!("1"));
    assert!(created.get("client_secret").is_none());
    std::fs::write(doorward.folder().join("bad.json"), "{}").unwrap();
    let bad: Vec<&str> = ["client", "create"].into_iter().chain(with("bad.json")).collect();
    doorward.run(&bad).usage(&["bad.json", "JWK set"]);
    let missing: Vec<&str> = ["client", "create"].into_iter().chain(with("none.json")).collect();
    doorward.run(&missing).failed(&["none.json"]);
}

#[test]
fn disable_and_enable() {
    let doorward = Doorward::new();
    create(&doorward, &["--id", "notes", "--redirect-uri", CALLBACK]);
    let disabled = doorward.json(&["client", "disable", "notes"]);
    let expected = json!({ "client_id": "notes", "status": "disabled", "ended": { "grants": 0 } });
    assert_eq!(disabled, expected);
    assert_eq!(doorward.json(&["client", "show", "notes"])["status"], json!("disabled"));
    doorward.run(&["client", "enable", "notes"]).success();
    doorward.run(&["client", "enable", "notes"]).success();
    assert_eq!(doorward.audited(), ["client.created", "client.disabled", "client.enabled"]);
}
