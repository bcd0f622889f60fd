//! Names and passwords that are spelt in many ways: one user, whoever spells. The catalogue's UNI rows from
//! the outside; the rules themselves are tested where they are.

use doorward::types::Secret;
use serde_json::json;

use crate::actors::{Browser, Issuer, admin::Admin, issuer::origin};
use doorward::{
    service::users::{self, NewUser},
    types::audit::Actor,
};

/// Whether somebody is signed in with this name and this password.
async fn opens(issuer: &Issuer, username: &str, password: &str) -> bool {
    let mut browser = Browser::new(issuer);
    let login = browser.open("/login").await.page();
    drop(browser.try_password(&login, username, password).await);
    // Whoever guesses in this file has all the time there is.
    issuer.clock.advance(400);
    browser.cookies.contains_key("__Host-doorward-session")
}

async fn make(issuer: &Issuer, username: &str, password: &str) -> bool {
    let new = NewUser {
        username: username.to_owned(),
        password: Some(Secret::new(password.to_owned())),
        ..NewUser::default()
    };
    users::create(&issuer.ctx, new, Actor::Operator, &origin()).await.is_ok()
}

/// UNI-01: nobody gets a name that is or looks like that of another, by the admin API or by a change.
#[tokio::test]
async fn uni_01_nobody_is_registered_beside_another() {
    let issuer = Issuer::start().await;
    let root = Admin::root(&issuer).await;
    assert_eq!(root.ask("POST /users", json!({"username": "admin"})).await.status, 201);
    let mallory = root.ask("POST /users", json!({"username": "mallory"})).await.json();
    let mallory = format!("/users/{}", mallory["id"].as_str().unwrap());
    let before = root.get("/users").await["items"].as_array().unwrap().len();
    for name in [
        "admin",
        "ADMIN",
        "Admin",
        "\u{ff41}\u{ff44}\u{ff4d}\u{ff49}\u{ff4e}",
        "\u{430}dmin",
        "adm\u{456}n",
        "admin\u{200b}",
        "ad\u{ad}min",
        "admin\u{feff}",
        "\u{202e}nimda",
        "adm\u{131}n",
        "admin\u{e0061}",
    ] {
        let reply = root.ask("POST /users", json!({ "username": name })).await;
        assert!([400, 409].contains(&reply.status.as_u16()), "{name:?}: {}", reply.text());
        let reply = root.change(&format!("PATCH {mallory}"), json!({ "username": name })).await;
        assert!([400, 409].contains(&reply.status.as_u16()), "{name:?}: {}", reply.text());
    }
    assert_eq!(root.get("/users").await["items"].as_array().unwrap().len(), before);
}

/// UNI-02: composed, decomposed, wide and in capitals a name is one user's; a password is the same
/// composed and decomposed, and another one in everything else.
#[tokio::test]
async fn uni_02_every_form_of_a_name_signs_the_same_user_in() {
    let issuer = Issuer::start().await;
    assert!(make(&issuer, "zo\u{eb}", "p\u{e4}ss of the \u{fb01}fth h\u{e9}ron").await);
    let right = "p\u{e4}ss of the \u{fb01}fth h\u{e9}ron";
    for name in ["zo\u{eb}", "zoe\u{308}", "ZO\u{cb}", "\u{ff5a}\u{ff4f}\u{eb}", " zo\u{eb} "] {
        for password in [right, "pa\u{308}ss of the \u{fb01}fth he\u{301}ron"] {
            assert!(opens(&issuer, name, password).await, "{name:?} {password:?}");
        }
    }
    for wrong in [
        "p\u{e4}ss of the fifth h\u{e9}ron",
        "P\u{c4}SS OF THE \u{fb01}FTH H\u{c9}RON",
        "pass of the \u{fb01}fth heron",
        "p\u{e4}ss of the \u{fb01}fth h\u{e9}ron ",
    ] {
        assert!(!opens(&issuer, "zo\u{eb}", wrong).await, "{wrong:?}");
    }
    for other in ["zoe", "zo\u{451}", "zo\u{eb}\u{301}"] {
        assert!(!opens(&issuer, other, right).await, "{other:?}");
    }
}

/// UNI-04: whoever was registered by a name with letters that change in case signs in by that name, and
/// nobody else gets it.
#[tokio::test]
async fn uni_04_special_letters_have_one_answer_at_every_door() {
    let issuer = Issuer::start().await;
    let password = "correct horse battery staple";
    let mut made = 0;
    for name in [
        "\u{130}stanbul",
        "\u{131}\u{15f}\u{131}k",
        "stra\u{df}e",
        "\u{3a3}\u{3af}\u{3c3}\u{3c5}\u{3c6}\u{3bf}\u{3c2}",
        "\u{1c5}ungla",
        "\u{212a}elvin",
        "e\u{301}t\u{e9}",
    ] {
        if make(&issuer, name, password).await {
            made += 1;
            assert!(opens(&issuer, name, password).await, "{name:?}");
            assert!(!make(&issuer, name, password).await, "{name:?} twice");
            let user = users::find(&issuer.ctx, name).await.unwrap();
            assert!(opens(&issuer, &user.username, password).await, "{name:?}: {}", user.username);
        }
    }
    assert!(made >= 4, "{made} of these are names");
}
