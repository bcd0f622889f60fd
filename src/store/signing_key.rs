//! Signing keys, sealed with a key that is not in the database.

use super::{
    Conn, StoreError, Tx,
    db::run::{execute, fetch_all},
    row::{self, row},
    statements::statements,
};
use crate::{
    protocol::jose::{
        Alg, Kid, SigningAlg,
        key_ring::{KeyRecord, KeyState, StoredKey},
    },
    types::{Timestamp, change::Change},
};

statements! { "signing_key";
    INSERT = "INSERT INTO signing_keys (kid, alg, state, public_jwk, sealed_private, created_at,
                  activated_at, retired_at, removed_at, revoked_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    LIST = "SELECT kid, alg, state, public_jwk, sealed_private, created_at, activated_at, retired_at,
                removed_at, revoked_at
            FROM signing_keys ORDER BY created_at, kid";
    ADVANCE = "UPDATE signing_keys SET state = $3, activated_at = $4, retired_at = $5,
                   removed_at = $6, revoked_at = $7
               WHERE kid = $1 AND state = $2";
    /// Nobody needs the private half of a key that will never sign again.
    WIPE = "UPDATE signing_keys SET sealed_private = $2 WHERE kid = $1";
}

/// Adds a key.
///
/// # Errors
/// [`StoreError::Conflict`] with [`super::Unique::SigningKey`] when it is to be active or to stand by,
/// and another one of its algorithm does.
pub async fn insert(tx: &mut Tx<'_>, key: &StoredKey) -> Result<(), StoreError> {
    let record = &key.record;
    execute!(
        tx,
        INSERT,
        record.kid.as_str(),
        record.alg.name(),
        record.state.as_str(),
        row::json("signing_keys.public_jwk", &record.public)?,
        key.sealed_private.as_slice(),
        record.created_at.unix(),
        row::seconds(record.activated_at),
        row::seconds(record.retired_at),
        row::seconds(record.removed_at),
        row::seconds(record.revoked_at),
    )?;
    tx.note_change(Change::SigningKeys, record.created_at);
    Ok(())
}

/// All keys, the oldest first.
pub async fn list(conn: &mut Conn<'_>) -> Result<Vec<StoredKey>, StoreError> {
    let rows = fetch_all!(KeyRow, conn, LIST)?;
    rows.into_iter().map(StoredKey::try_from).collect()
}

/// Writes the state that `record` has come to, if the key still is in the state `from`; `false` when
/// it is not. A key that is removed or revoked loses its private half.
///
/// # Errors
/// [`StoreError::Conflict`] with [`super::Unique::SigningKey`] when it is to be active and
/// another one of its algorithm is: retire that one first, in the same transaction.
pub async fn advance(
    tx: &mut Tx<'_>,
    record: &KeyRecord,
    from: KeyState,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let moved = execute!(
        tx,
        ADVANCE,
        record.kid.as_str(),
        from.as_str(),
        record.state.as_str(),
        row::seconds(record.activated_at),
        row::seconds(record.retired_at),
        row::seconds(record.removed_at),
        row::seconds(record.revoked_at),
    )? > 0;
    if !moved {
        return Ok(false);
    }
    match record.state {
        KeyState::Removed | KeyState::Revoked => {
            execute!(tx, WIPE, record.kid.as_str(), &[][..] as &[u8])?;
        }
        KeyState::Pending | KeyState::Active | KeyState::Retiring => {}
    }
    tx.note_change(Change::SigningKeys, now);
    Ok(true)
}

row! {
    struct KeyRow {
        kid: String,
        alg: String,
        state: String,
        public_jwk: String,
        sealed_private: Vec<u8>,
        created_at: i64,
        activated_at: Option<i64>,
        retired_at: Option<i64>,
        removed_at: Option<i64>,
        revoked_at: Option<i64>,
    }
}

impl TryFrom<KeyRow> for StoredKey {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self, Self::Error> {
        let alg = Alg::parse(&row.alg).and_then(SigningAlg::try_from);
        let record = KeyRecord {
            kid: Kid::parse(&row.kid).map_err(|_| row::corrupt("signing_keys.kid"))?,
            alg: alg.map_err(|_| row::corrupt("signing_keys.alg"))?,
            state: KeyState::parse(&row.state).ok_or_else(|| row::corrupt("signing_keys.state"))?,
            public: row::document("signing_keys.public_jwk", &row.public_jwk)?,
            created_at: Timestamp::from_unix(row.created_at),
            activated_at: row::time(row.activated_at),
            retired_at: row::time(row.retired_at),
            removed_at: row::time(row.removed_at),
            revoked_at: row::time(row.revoked_at),
        };
        Ok(Self { record, sealed_private: row.sealed_private })
    }
}
