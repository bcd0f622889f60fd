//! Deleting what has expired, a little at a time. Nothing depends on when: a row that has expired
//! counts as absent whether it is still there or not.

use std::time::Duration;

use uuid::Uuid;

use super::{
    Db, StoreError,
    db::run::{execute, fetch_all},
    row::{self, row},
    statements::{Statement, statements},
};
use crate::types::Timestamp;

/// A family was not used for too long, or came to its end, at the time `$3`.
macro_rules! family_is_over {
    () => {
        "(idle_expires_at <= $3 OR absolute_expires_at <= $3)"
    };
}

/// Nothing can hang from a grant any more that was given up to the time `$3`. Its access tokens have no
/// rows: the time accounts for them. With `NOT EXISTS`, PostgreSQL would read both tables as a whole for each
/// batch.
macro_rules! grant_is_over {
    () => {
        "(created_at <= $3
          AND (SELECT 1 FROM authorization_codes c WHERE c.grant_id = grants.id LIMIT 1) IS NULL
          AND (SELECT 1 FROM refresh_families f WHERE f.grant_id = grants.id LIMIT 1) IS NULL)"
    };
}

statements! { "expiry";
    /// Codes outlive their expiry, so that a late replay is still recognised.
    CODES = "DELETE FROM authorization_codes WHERE hash IN (
                 SELECT hash FROM authorization_codes WHERE expires_at <= $1
                 ORDER BY expires_at LIMIT $2)";
    REVOKED_TOKENS = "DELETE FROM revoked_tokens WHERE hash IN (
                          SELECT hash FROM revoked_tokens WHERE expires_at <= $1
                          ORDER BY expires_at LIMIT $2)";
    NEXT_FAMILIES = concat!("SELECT id, CAST(CASE WHEN ", family_is_over!(), " THEN 1 ELSE 0 END AS BIGINT) AS is_over
        FROM refresh_families WHERE id > $1 ORDER BY id LIMIT $2");
    FAMILIES = concat!("DELETE FROM refresh_families WHERE id > $1 AND id <= $2 AND ", family_is_over!());
    NEXT_GRANTS = concat!("SELECT id, CAST(CASE WHEN ", grant_is_over!(), " THEN 1 ELSE 0 END AS BIGINT) AS is_over
        FROM grants WHERE id > $1 ORDER BY id LIMIT $2");
    GRANTS = concat!("DELETE FROM grants WHERE id > $1 AND id <= $2 AND ", grant_is_over!());
    /// One index for each reason: for three at once, SQLite goes through the whole table.
    SESSIONS = "DELETE FROM sessions WHERE id IN (
                    SELECT id FROM sessions WHERE expires_at <= $1
                    UNION ALL SELECT id FROM sessions WHERE idle_expires_at <= $1
                    UNION ALL SELECT id FROM sessions WHERE ended_at <= $1 LIMIT $2)";
    CLIENT_ASSERTIONS = "DELETE FROM client_assertions WHERE hash IN (
                             SELECT hash FROM client_assertions WHERE expires_at <= $1
                             ORDER BY expires_at LIMIT $2)";
    CLIENT_SECRETS = "DELETE FROM client_secrets WHERE id IN (
                          SELECT id FROM client_secrets WHERE expires_at <= $1
                          ORDER BY expires_at LIMIT $2)";
    API_KEYS = "DELETE FROM api_keys WHERE id IN (
                    SELECT id FROM api_keys WHERE expires_at <= $1 OR revoked_at <= $1 LIMIT $2)";
    SIGN_IN_ATTEMPTS = "DELETE FROM sign_in_attempts WHERE key IN (
                            SELECT key FROM sign_in_attempts WHERE updated_at <= $1
                            ORDER BY updated_at LIMIT $2)";
    /// The newest change stays: a node that was away for long sees by its number that others are
    /// missing before it.
    CHANGES = "DELETE FROM change_log WHERE seq IN (
                   SELECT seq FROM change_log
                   WHERE at <= $1 AND seq < (SELECT seq FROM change_head WHERE id = 1)
                   ORDER BY at LIMIT $2)";
    IDEMPOTENCY_KEYS = "DELETE FROM idempotency_keys WHERE hash IN (
                            SELECT hash FROM idempotency_keys WHERE expires_at <= $1
                            ORDER BY expires_at LIMIT $2)";
    BOOTSTRAP_LINKS = "DELETE FROM bootstrap_links WHERE hash IN (
                           SELECT hash FROM bootstrap_links WHERE expires_at <= $1
                           ORDER BY expires_at LIMIT $2)";
}

/// The most rows that one statement deletes, so that no write waits long behind it.
const BATCH: u64 = 500;

/// How long things are kept after they have ended.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Authorization codes after their expiry.
    pub code: Duration,
    /// The longest lifetime that an access token can have: so long a grant and a refresh token
    /// family are kept at least after the last token could have been issued under them.
    pub longest_access_token: Duration,
    /// Revocations of single tokens after these have expired: no clock that is behind by less brings one
    /// back.
    pub revoked_token: Duration,
    /// Uses of client assertions after these have expired, for nodes whose clocks are behind.
    pub client_assertion: Duration,
    /// Sessions after their end or expiry.
    pub session: Duration,
    /// API keys after their revocation or expiry, so that their owners still see them.
    pub api_key: Duration,
    /// Counters of failed sign-ins after the last failure.
    pub sign_in_attempt: Duration,
    /// Changes after every node has long heard of them.
    pub change: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        const DAY: Duration = Duration::from_hours(24);
        Self {
            code: DAY,
            longest_access_token: DAY,
            revoked_token: DAY,
            client_assertion: Duration::from_mins(10),
            session: DAY,
            api_key: 7 * DAY,
            sign_in_attempt: DAY,
            change: Duration::from_hours(1),
        }
    }
}

/// How many rows of each table were deleted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Swept {
    /// By table, in the order of deletion.
    pub rows: Vec<(&'static str, u64)>,
}

impl Swept {
    /// Whether a table may have more to delete.
    #[must_use]
    pub fn again(&self) -> bool {
        self.rows.iter().any(|(_, count)| *count >= BATCH)
    }

    /// How many rows were deleted in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.rows.iter().map(|(_, count)| count).sum()
    }
}

/// Deletes at most 500 expired rows of each table, each table in a transaction of its own.
pub async fn sweep(db: &Db, now: Timestamp, keep: &Retention) -> Result<Swept, StoreError> {
    let tables: [(&'static str, Statement, Timestamp); 10] = [
        ("authorization_codes", CODES, now.minus(keep.code)),
        ("revoked_tokens", REVOKED_TOKENS, now.minus(keep.revoked_token)),
        ("sessions", SESSIONS, now.minus(keep.session)),
        ("client_assertions", CLIENT_ASSERTIONS, now.minus(keep.client_assertion)),
        ("client_secrets", CLIENT_SECRETS, now),
        ("api_keys", API_KEYS, now.minus(keep.api_key)),
        ("sign_in_attempts", SIGN_IN_ATTEMPTS, now.minus(keep.sign_in_attempt)),
        ("change_log", CHANGES, now.minus(keep.change)),
        ("bootstrap_links", BOOTSTRAP_LINKS, now),
        ("idempotency_keys", IDEMPOTENCY_KEYS, now),
    ];
    let mut swept = Swept::default();
    for (table, statement, before) in tables {
        let count = db.write(move |tx| Box::pin(delete(tx, statement, before))).await?;
        swept.rows.push((table, count));
    }
    Ok(swept)
}

/// What is gone through as a whole, since most of it lives for long, and no index tells which does not:
/// every sign-in or every refresh would have to write to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walked {
    /// Refresh token families.
    RefreshFamilies,
    /// Grants. They go when nothing hangs from them any more: walk through the families first.
    Grants,
}

row! {
    struct Passed {
        id: Uuid,
        is_over: i64,
    }
}

/// Deletes what is over among the next 500 rows after `after`, or the first ones, and says after which to go
/// on; `None` at the end.
pub async fn walk(
    db: &Db,
    through: Walked,
    after: Option<Uuid>,
    now: Timestamp,
    keep: &Retention,
) -> Result<Option<Uuid>, StoreError> {
    let after_tokens = now.minus(keep.longest_access_token);
    let (next, delete, before) = match through {
        Walked::RefreshFamilies => (NEXT_FAMILIES, FAMILIES, after_tokens),
        Walked::Grants => (NEXT_GRANTS, GRANTS, after_tokens.min(now.minus(keep.code))),
    };
    let (from, before) = (after.unwrap_or(Uuid::nil()), before.unix());
    let mut reader = db.reader().await?;
    let rows = fetch_all!(Passed, &mut reader.conn(), next, from, row::number(BATCH), before)?;
    drop(reader);
    let Some(last) = rows.last().map(|row| row.id) else { return Ok(None) };
    if rows.iter().any(|row| row.is_over != 0) {
        let delete = db.write_plain(move |tx| {
            Box::pin(async move { Ok::<_, StoreError>(execute!(tx, delete, from, last, before)?) })
        });
        delete.await?;
    }
    Ok(Some(last))
}

async fn delete(
    tx: &mut super::Tx<'_>,
    statement: Statement,
    before: Timestamp,
) -> Result<u64, StoreError> {
    execute!(tx, statement, before.unix(), row::number(BATCH))
}
