//! Entities to store, and what they hang from.

use std::collections::BTreeSet;

use doorward::{
    identity::{
        session::BrowserSession,
        user::{Profile, User},
    },
    protocol::{
        client::{Client, ClientMetadata, ClientSecret},
        client_auth::AssertionUse,
        grant::{
            Access, Grant, authorization_code::AuthorizationCode, refresh_token::RefreshFamily,
        },
    },
    store::{self, Db},
    types::{
        Authentication, ClientId, FamilyId, GrantId, ResourceUri, Scope, SessionId, Status,
        Timestamp, TokenHash, UserId, id::ClientSecretId,
    },
};

/// When every test begins.
pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(NOW.unix() + seconds)
}

pub(crate) fn hash(number: u8) -> TokenHash {
    TokenHash::from_bytes([number; 32])
}

/// The use of one and the same assertion, which expires at that moment.
pub(crate) fn assertion(expires_at: Timestamp) -> AssertionUse {
    AssertionUse { hash: hash(1), expires_at }
}

pub(crate) fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

pub(crate) fn authentication() -> Authentication {
    Authentication { auth_time: NOW, acr: "1".to_owned(), amr: vec!["pwd".to_owned()] }
}

pub(crate) fn user(number: u8) -> User {
    User {
        id: UserId::new(NOW, [number; 10]),
        username: format!("user{number:03}"),
        email: Some(format!("user{number}@example.com")),
        email_verified: true,
        password_hash: Some("$argon2id$1".to_owned()),
        password_changed_at: Some(NOW),
        status: Status::Enabled,
        roles: BTreeSet::from(["moderator".to_owned(), "user".to_owned()]),
        groups: BTreeSet::new(),
        profile: Profile { name: Some("Zoë \"Z\" O'Neill".to_owned()), ..Profile::default() },
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(crate) fn client(id: &str) -> Client {
    Client {
        id: ClientId::parse(id).unwrap(),
        status: Status::Enabled,
        created_at: NOW,
        updated_at: NOW,
        metadata: ClientMetadata {
            client_name: Some("Notes".to_owned()),
            redirect_uris: vec!["https://notes.example/cb".to_owned()],
            ..ClientMetadata::default()
        },
        secrets: Vec::new(),
        roles: BTreeSet::new(),
    }
}

pub(crate) fn secret(number: u8) -> ClientSecret {
    ClientSecret {
        id: ClientSecretId::new(at(i64::from(number)), [number; 10]),
        hash: hash(number),
        sealed: Some(vec![number; 60]),
        created_at: at(i64::from(number)),
        expires_at: None,
    }
}

pub(crate) fn session(user: &User, number: u8) -> BrowserSession {
    BrowserSession {
        id: SessionId::new(NOW, [number; 10]),
        token_hash: hash(number),
        user_id: user.id,
        authentication: authentication(),
        created_at: NOW,
        last_seen_at: at(i64::from(number)),
        idle_expires_at: at(1_000),
        expires_at: at(10_000),
        ended_at: None,
        address: Some("192.0.2.1".to_owned()),
        user_agent: None,
    }
}

pub(crate) fn grant(user: &User, client: &Client, number: u8) -> Grant {
    Grant {
        id: GrantId::new(NOW, [number; 10]),
        user_id: user.id,
        client_id: client.id.clone(),
        session_id: SessionId::new(NOW, [1; 10]),
        scope: scope("openid profile"),
        resource: vec![ResourceUri::parse("https://notes.example").unwrap()],
        claims: Some("{\"userinfo\":{\"email\":null}}".to_owned()),
        authentication: authentication(),
        access: Access::Online,
        created_at: NOW,
        revoked: None,
    }
}

pub(crate) fn code(grant: &Grant, number: u8) -> AuthorizationCode {
    AuthorizationCode {
        hash: hash(number),
        flow_id: hash(number.wrapping_add(100)),
        grant_id: grant.id,
        client_id: grant.client_id.clone(),
        redirect_uri: Some("https://notes.example/cb".to_owned()),
        code_challenge: Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned()),
        nonce: None,
        issued_at: NOW,
        expires_at: at(60),
        consumed_at: None,
        failures: 0,
    }
}

pub(crate) fn family(grant: &Grant, number: u8) -> RefreshFamily {
    RefreshFamily {
        id: FamilyId::new(NOW, [number; 10]),
        grant_id: grant.id,
        client_id: grant.client_id.clone(),
        seed: [number; 32],
        generation: 0,
        rotated_at: NOW,
        retries: 0,
        idle_expires_at: at(1_000),
        absolute_expires_at: at(10_000),
        revoked: None,
    }
}

/// A user, a client and a grant between them, stored.
pub(crate) async fn granted(db: &Db) -> (User, Client, Grant) {
    let (user, client) = (user(1), client("notes"));
    let grant = grant(&user, &client, 1);
    commit!(db, [user], |tx| store::user::insert(tx, &user, "user1")).unwrap();
    commit!(db, [client], |tx| store::client::insert(tx, &client)).unwrap();
    commit!(db, [grant], |tx| store::grant::insert(tx, &grant)).unwrap();
    (user, client, grant)
}

/// As [`granted`], in a session that goes on.
pub(crate) async fn granted_in_session(db: &Db) -> (User, Client, Grant) {
    let (user, client, grant) = granted(db).await;
    let session = session(&user, 1);
    commit!(db, [session], |tx| store::session::insert(tx, &session)).unwrap();
    (user, client, grant)
}
