//! Counters of failed sign-ins, shared by all nodes and kept over restarts.

use super::{
    Conn, StoreError, Tx,
    db::run::{execute, fetch_optional},
    row::{self, row},
    statements::statements,
};
use crate::{
    identity::lockout::Attempts,
    types::{Timestamp, TokenHash},
};

statements! { "sign_in_attempt";
    FIND = "SELECT failures, blocked_until, updated_at FROM sign_in_attempts WHERE key = $1";
    INSERT = "INSERT INTO sign_in_attempts (key, failures, blocked_until, updated_at)
              VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO NOTHING";
    UPDATE = "UPDATE sign_in_attempts SET failures = $2, blocked_until = $3, updated_at = $4
              WHERE key = $1 AND failures = $5 AND blocked_until = $6";
    DELETE = "DELETE FROM sign_in_attempts
              WHERE key = $1 AND failures = $2 AND blocked_until = $3";
    CLEAR = "DELETE FROM sign_in_attempts WHERE key = $1";
}

/// What was counted under a key.
pub async fn find(conn: &mut Conn<'_>, key: &TokenHash) -> Result<Option<Attempts>, StoreError> {
    fetch_optional!(AttemptsRow, conn, FIND, row::bytes(key))?.map(Attempts::try_from).transpose()
}

/// Writes `next` in place of `expected`, or deletes the row for `None`, if the failures and the block
/// are still those of `expected`; `false` when somebody else was faster: then read and decide again.
pub async fn compare_and_set(
    tx: &mut Tx<'_>,
    key: &TokenHash,
    expected: Option<&Attempts>,
    next: Option<&Attempts>,
) -> Result<bool, StoreError> {
    let bytes = row::bytes(key);
    let written = match (expected, next) {
        (None, None) => return Ok(true),
        (None, Some(next)) => {
            let (failures, until) = (i64::from(next.failures), next.blocked_until.unix());
            execute!(tx, INSERT, bytes, failures, until, next.updated_at.unix())?
        }
        (Some(expected), Some(next)) => execute!(
            tx,
            UPDATE,
            bytes,
            i64::from(next.failures),
            next.blocked_until.unix(),
            next.updated_at.unix(),
            i64::from(expected.failures),
            expected.blocked_until.unix(),
        )?,
        (Some(expected), None) => {
            let (failures, until) = (i64::from(expected.failures), expected.blocked_until.unix());
            execute!(tx, DELETE, bytes, failures, until)?
        }
    };
    Ok(written > 0)
}

/// Forgets what was counted; whether there was anything.
pub async fn clear(tx: &mut Tx<'_>, key: &TokenHash) -> Result<bool, StoreError> {
    Ok(execute!(tx, CLEAR, row::bytes(key))? > 0)
}

row! {
    struct AttemptsRow {
        failures: i64,
        blocked_until: i64,
        updated_at: i64,
    }
}

impl TryFrom<AttemptsRow> for Attempts {
    type Error = StoreError;

    fn try_from(row: AttemptsRow) -> Result<Self, Self::Error> {
        Ok(Self {
            failures: row::count("sign_in_attempts.failures", row.failures)?,
            blocked_until: Timestamp::from_unix(row.blocked_until),
            updated_at: Timestamp::from_unix(row.updated_at),
        })
    }
}
