//! Signing keys, sealed with a key that is not in the database.

use super::{
    Conn, StoreError, Tx,
    db::run::{execute, fetch_all},
    statements::statements,
};
use crate::types::{Timestamp, change::Change};

statements! { "signing_key";
    INSERT = "INSERT INTO signing_keys (kid, alg, state, public_jwk, sealed_private, created_at,
                  changed_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7)";
    LIST = "SELECT kid, alg, state, public_jwk, sealed_private, created_at, changed_at
            FROM signing_keys ORDER BY created_at, kid";
    SET_STATE = "UPDATE signing_keys SET state = $3, changed_at = $4
                 WHERE kid = $1 AND state = $2";
    DELETE = "DELETE FROM signing_keys WHERE kid = $1";
}

/// A signing key, as the database holds it.
#[derive(Clone)]
pub struct SigningKeyRow {
    /// The key id.
    pub kid: String,
    /// The algorithm, by its JOSE name.
    pub alg: String,
    /// `pending`, `active`, `retiring`, `removed` or `revoked`; one key of an algorithm is active.
    pub state: String,
    /// The public key as a JWK.
    pub public_jwk: String,
    /// The private key, sealed.
    pub sealed_private: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its state changed last.
    pub changed_at: Timestamp,
}

impl std::fmt::Debug for SigningKeyRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKeyRow")
            .field("kid", &self.kid)
            .field("alg", &self.alg)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Adds a key.
///
/// # Errors
/// [`StoreError::Conflict`] with [`super::Unique::ActiveSigningKey`] when it is to be active and
/// another one of its algorithm is.
pub async fn insert(tx: &mut Tx<'_>, key: &SigningKeyRow) -> Result<(), StoreError> {
    execute!(
        tx,
        INSERT,
        key.kid.as_str(),
        key.alg.as_str(),
        key.state.as_str(),
        key.public_jwk.as_str(),
        key.sealed_private.as_slice(),
        key.created_at.unix(),
        key.changed_at.unix(),
    )?;
    tx.note_change(Change::SigningKeys, key.created_at);
    Ok(())
}

/// All keys, the oldest first.
pub async fn list(conn: &mut Conn<'_>) -> Result<Vec<SigningKeyRow>, StoreError> {
    let rows = fetch_all!(KeyRow, conn, LIST)?;
    Ok(rows.into_iter().map(SigningKeyRow::from).collect())
}

/// Moves a key from one state to another; `false` when it is not in the first one.
///
/// # Errors
/// [`StoreError::Conflict`] with [`super::Unique::ActiveSigningKey`] when it is to be active and
/// another one of its algorithm is: retire that one first, in the same transaction.
pub async fn set_state(
    tx: &mut Tx<'_>,
    kid: &str,
    from: &str,
    to: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let moved = execute!(tx, SET_STATE, kid, from, to, now.unix())? > 0;
    if moved {
        tx.note_change(Change::SigningKeys, now);
    }
    Ok(moved)
}

/// Deletes a key with its sealed private part; whether it was there.
pub async fn delete(tx: &mut Tx<'_>, kid: &str, now: Timestamp) -> Result<bool, StoreError> {
    let deleted = execute!(tx, DELETE, kid)? > 0;
    if deleted {
        tx.note_change(Change::SigningKeys, now);
    }
    Ok(deleted)
}

#[derive(sqlx::FromRow)]
struct KeyRow {
    kid: String,
    alg: String,
    state: String,
    public_jwk: String,
    sealed_private: Vec<u8>,
    created_at: i64,
    changed_at: i64,
}

impl From<KeyRow> for SigningKeyRow {
    fn from(row: KeyRow) -> Self {
        Self {
            kid: row.kid,
            alg: row.alg,
            state: row.state,
            public_jwk: row.public_jwk,
            sealed_private: row.sealed_private,
            created_at: Timestamp::from_unix(row.created_at),
            changed_at: Timestamp::from_unix(row.changed_at),
        }
    }
}
