//! Requests that must not be carried out twice: hashes of what was asked, and what was answered.

use super::{
    StoreError, Tx,
    db::run::{execute, fetch_optional},
    row::{self, row},
    statements::statements,
};
use crate::types::{Timestamp, TokenHash};

statements! { "idempotency_key";
    /// One of any number of equal requests gets the row; a row that has expired is as good as none.
    TAKE = "INSERT INTO idempotency_keys AS k (hash, request_hash, status, location, expires_at)
            VALUES ($1, $2, NULL, NULL, $4)
            ON CONFLICT (hash) DO UPDATE SET request_hash = $2, status = NULL, location = NULL,
                expires_at = $4
            WHERE k.expires_at <= $3
            RETURNING hash, request_hash, status, location";
    FIND = "SELECT hash, request_hash, status, location FROM idempotency_keys WHERE hash = $1";
    ANSWER = "UPDATE idempotency_keys SET status = $2, location = $3, expires_at = $4
              WHERE hash = $1 AND status IS NULL";
    GIVE_BACK = "DELETE FROM idempotency_keys WHERE hash = $1 AND status IS NULL";
}

/// What is known of a request under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Nobody had the key: it is the caller's from now on.
    Now,
    /// The key was used before.
    Before {
        /// The hash of the request that it was used for.
        request: TokenHash,
        /// The status and the `Location` of the answer; `None` while there is none yet.
        answer: Option<(u16, Option<String>)>,
    },
}

/// Takes a key until `expires_at`, if nobody has it at `now`.
pub async fn take(
    tx: &mut Tx<'_>,
    key: &TokenHash,
    request: &TokenHash,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<Taken, StoreError> {
    let (hash, asked) = (row::bytes(key), row::bytes(request));
    if fetch_optional!(KeyRow, tx, TAKE, hash, asked, now.unix(), expires_at.unix())?.is_some() {
        return Ok(Taken::Now);
    }
    // It was given back between the two statements: whoever asks again gets it.
    let Some(row) = fetch_optional!(KeyRow, tx, FIND, hash)? else {
        return Ok(Taken::Before { request: *request, answer: None });
    };
    let column = "idempotency_keys.status";
    let status = row.status.map(|status| u16::try_from(status).map_err(|_| row::corrupt(column)));
    Ok(Taken::Before {
        request: row::hash("idempotency_keys.request_hash", row.request_hash)?,
        answer: status.transpose()?.map(|status| (status, row.location)),
    })
}

/// Notes what was answered, until `expires_at`.
pub async fn answer(
    tx: &mut Tx<'_>,
    key: &TokenHash,
    status: u16,
    location: Option<&str>,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    execute!(tx, ANSWER, row::bytes(key), i64::from(status), location, expires_at.unix())?;
    Ok(())
}

/// Gives a key back that was taken for nothing.
pub async fn give_back(tx: &mut Tx<'_>, key: &TokenHash) -> Result<(), StoreError> {
    execute!(tx, GIVE_BACK, row::bytes(key))?;
    Ok(())
}

row! {
    struct KeyRow {
        #[expect(dead_code, reason = "it is what was asked for")]
        hash: Vec<u8>,
        request_hash: Vec<u8>,
        status: Option<i64>,
        location: Option<String>,
    }
}
