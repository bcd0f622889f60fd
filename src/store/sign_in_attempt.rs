//! Counters of failed sign-ins, shared by all nodes and kept over restarts.

use super::{
    Conn, StoreError, Tx,
    db::run::{execute, fetch_optional},
    row,
    statements::statements,
};
use crate::types::{Timestamp, TokenHash};

statements! { "sign_in_attempt";
    FIND = "SELECT failures, blocked_until, updated_at FROM sign_in_attempts WHERE key = $1";
    INSERT = "INSERT INTO sign_in_attempts (key, failures, blocked_until, updated_at)
              VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO NOTHING";
    UPDATE = "UPDATE sign_in_attempts SET failures = $2, blocked_until = $3, updated_at = $4
              WHERE key = $1 AND failures = $5 AND blocked_until IS NOT DISTINCT FROM $6";
    CLEAR = "DELETE FROM sign_in_attempts WHERE key = $1";
}

/// The failed sign-ins under one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInAttempts {
    /// How many in a row.
    pub failures: u32,
    /// Until when the next one must wait.
    pub blocked_until: Option<Timestamp>,
    /// When the last one was.
    pub updated_at: Timestamp,
}

/// What was counted under a key.
pub async fn find(
    conn: &mut Conn<'_>,
    key: &TokenHash,
) -> Result<Option<SignInAttempts>, StoreError> {
    fetch_optional!(AttemptsRow, conn, FIND, row::bytes(key))?
        .map(SignInAttempts::try_from)
        .transpose()
}

/// Writes `next` if the failures and the block are still those of `expected`; `false` when somebody
/// else was faster: then read again and decide again.
pub async fn compare_and_set(
    tx: &mut Tx<'_>,
    key: &TokenHash,
    expected: Option<&SignInAttempts>,
    next: &SignInAttempts,
) -> Result<bool, StoreError> {
    let (bytes, failures) = (row::bytes(key), i64::from(next.failures));
    let (blocked_until, updated_at) = (row::seconds(next.blocked_until), next.updated_at.unix());
    let written = match expected {
        None => execute!(tx, INSERT, bytes, failures, blocked_until, updated_at)?,
        Some(expected) => execute!(
            tx,
            UPDATE,
            bytes,
            failures,
            blocked_until,
            updated_at,
            i64::from(expected.failures),
            row::seconds(expected.blocked_until),
        )?,
    };
    Ok(written > 0)
}

/// Forgets what was counted; whether there was anything.
pub async fn clear(tx: &mut Tx<'_>, key: &TokenHash) -> Result<bool, StoreError> {
    Ok(execute!(tx, CLEAR, row::bytes(key))? > 0)
}

#[derive(sqlx::FromRow)]
struct AttemptsRow {
    failures: i64,
    blocked_until: Option<i64>,
    updated_at: i64,
}

impl TryFrom<AttemptsRow> for SignInAttempts {
    type Error = StoreError;

    fn try_from(row: AttemptsRow) -> Result<Self, Self::Error> {
        Ok(Self {
            failures: row::count("sign_in_attempts.failures", row.failures)?,
            blocked_until: row::time(row.blocked_until),
            updated_at: Timestamp::from_unix(row.updated_at),
        })
    }
}
