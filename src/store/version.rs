//! Versions of rows: read with the row, and taken before a change by whoever has seen the newest.

use super::{
    Conn, StoreError, Tx,
    db::run::{execute, fetch_optional},
    row::Number,
    statements::statements,
};
use crate::types::version::{Version, Versioned};

statements! { "version";
    USER = "SELECT version AS number FROM users WHERE id = $1";
    CLIENT = "SELECT version AS number FROM clients WHERE id = $1";
    API = "SELECT version AS number FROM apis WHERE id = $1";
    ROLE = "SELECT version AS number FROM roles WHERE id = $1";
    GROUP = "SELECT version AS number FROM groups WHERE id = $1";
    CLAIM_USER = "UPDATE users SET version = version + 1 WHERE id = $1 AND version = $2";
    CLAIM_CLIENT = "UPDATE clients SET version = version + 1 WHERE id = $1 AND version = $2";
    CLAIM_API = "UPDATE apis SET version = version + 1 WHERE id = $1 AND version = $2";
    CLAIM_ROLE = "UPDATE roles SET version = version + 1 WHERE id = $1 AND version = $2";
    CLAIM_GROUP = "UPDATE groups SET version = version + 1 WHERE id = $1 AND version = $2";
    STEP_USER = "UPDATE users SET version = version + 1 WHERE id = $1";
    STEP_CLIENT = "UPDATE clients SET version = version + 1 WHERE id = $1";
    STEP_API = "UPDATE apis SET version = version + 1 WHERE id = $1";
    STEP_ROLE = "UPDATE roles SET version = version + 1 WHERE id = $1";
    STEP_GROUP = "UPDATE groups SET version = version + 1 WHERE id = $1";
}

/// The version of a row; `None` when it is not there. Read it before the row: when a write falls between
/// the two, the version is too old for the row and refuses a change, never the other way round.
pub async fn find(conn: &mut Conn<'_>, of: &Versioned) -> Result<Option<Version>, StoreError> {
    let found = match of {
        Versioned::User(id) => fetch_optional!(Number, conn, USER, id.uuid())?,
        Versioned::Client(id) => fetch_optional!(Number, conn, CLIENT, id.as_str())?,
        Versioned::Api(id) => fetch_optional!(Number, conn, API, id.uuid())?,
        Versioned::Role(id) => fetch_optional!(Number, conn, ROLE, id.uuid())?,
        Versioned::Group(id) => fetch_optional!(Number, conn, GROUP, id.uuid())?,
    };
    Ok(found.map(|row| Version::new(row.number)))
}

/// Takes the version that was seen, if it still is the newest: of two that have seen the same one, one
/// is told `false`, and nobody else writes the row until the commit.
pub async fn claim(tx: &mut Tx<'_>, of: &Versioned, seen: Version) -> Result<bool, StoreError> {
    let seen = seen.number();
    let claimed = match of {
        Versioned::User(id) => execute!(tx, CLAIM_USER, id.uuid(), seen)?,
        Versioned::Client(id) => execute!(tx, CLAIM_CLIENT, id.as_str(), seen)?,
        Versioned::Api(id) => execute!(tx, CLAIM_API, id.uuid(), seen)?,
        Versioned::Role(id) => execute!(tx, CLAIM_ROLE, id.uuid(), seen)?,
        Versioned::Group(id) => execute!(tx, CLAIM_GROUP, id.uuid(), seen)?,
    };
    Ok(claimed > 0)
}

/// A new version of a row whose parts stand in other tables.
pub(super) async fn step(tx: &mut Tx<'_>, of: &Versioned) -> Result<(), StoreError> {
    match of {
        Versioned::User(id) => execute!(tx, STEP_USER, id.uuid())?,
        Versioned::Client(id) => execute!(tx, STEP_CLIENT, id.as_str())?,
        Versioned::Api(id) => execute!(tx, STEP_API, id.uuid())?,
        Versioned::Role(id) => execute!(tx, STEP_ROLE, id.uuid())?,
        Versioned::Group(id) => execute!(tx, STEP_GROUP, id.uuid())?,
    };
    Ok(())
}
