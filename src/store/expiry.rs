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
use crate::types::{FamilyId, Timestamp};

statements! { "expiry";
    /// Codes outlive their expiry, so that a late replay is still recognised.
    CODES = "DELETE FROM authorization_codes WHERE hash IN (
                 SELECT hash FROM authorization_codes WHERE expires_at <= $1
                 ORDER BY expires_at LIMIT $2)";
    REVOKED_TOKENS = "DELETE FROM revoked_tokens WHERE hash IN (
                          SELECT hash FROM revoked_tokens WHERE expires_at <= $1
                          ORDER BY expires_at LIMIT $2)";
    REFRESH_FAMILIES = "DELETE FROM refresh_families WHERE id IN (
                            SELECT id FROM refresh_families WHERE absolute_expires_at <= $1
                            ORDER BY absolute_expires_at LIMIT $2)";
    NEXT_FAMILIES = "SELECT id, idle_expires_at FROM refresh_families
                     WHERE id > $1 ORDER BY id LIMIT $2";
    IDLE_FAMILIES = "DELETE FROM refresh_families
                     WHERE id > $1 AND id <= $2 AND idle_expires_at <= $3";
    /// A grant goes when nothing can hang from it any more. Its access tokens have no rows: the cut-off
    /// time accounts for them.
    GRANTS = "DELETE FROM grants WHERE id IN (
                  SELECT g.id FROM grants g WHERE g.created_at <= $1
                      AND NOT EXISTS (SELECT 1 FROM authorization_codes c WHERE c.grant_id = g.id)
                      AND NOT EXISTS (SELECT 1 FROM refresh_families f WHERE f.grant_id = g.id)
                  LIMIT $2)";
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
    /// family are kept after the last token could have been issued under them.
    pub longest_access_token: Duration,
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
    let after_tokens = now.minus(keep.longest_access_token);
    let after_codes = now.minus(keep.code);
    // What hangs from a grant goes before it.
    let tables: [(&'static str, Statement, Timestamp); 12] = [
        ("authorization_codes", CODES, after_codes),
        ("revoked_tokens", REVOKED_TOKENS, now),
        ("refresh_families", REFRESH_FAMILIES, after_tokens),
        ("grants", GRANTS, after_tokens.min(after_codes)),
        ("sessions", SESSIONS, now.minus(keep.session)),
        ("client_assertions", CLIENT_ASSERTIONS, now),
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

row! {
    struct FamilyAge {
        id: Uuid,
        idle_expires_at: i64,
    }
}

/// Deletes what was idle for too long among the next 500 refresh token families after `after`, or the first
/// ones, and says after which to go on; `None` at the end.
///
/// All of them are gone through, since no index tells which are idle: every refresh would have to write
/// to it.
pub async fn sweep_idle(
    db: &Db,
    after: Option<FamilyId>,
    now: Timestamp,
    keep: &Retention,
) -> Result<Option<FamilyId>, StoreError> {
    let before = now.minus(keep.longest_access_token);
    let from = after.map_or(Uuid::nil(), FamilyId::uuid);
    let mut reader = db.reader().await?;
    let families =
        fetch_all!(FamilyAge, &mut reader.conn(), NEXT_FAMILIES, from, row::number(BATCH))?;
    drop(reader);
    let Some(last) = families.last().map(|family| family.id) else { return Ok(None) };
    if families.iter().any(|family| family.idle_expires_at <= before.unix()) {
        let delete = db.write_plain(move |tx| {
            Box::pin(async move {
                Ok::<_, StoreError>(execute!(tx, IDLE_FAMILIES, from, last, before.unix())?)
            })
        });
        delete.await?;
    }
    Ok(Some(FamilyId::from_uuid(last)))
}

async fn delete(
    tx: &mut super::Tx<'_>,
    statement: Statement,
    before: Timestamp,
) -> Result<u64, StoreError> {
    execute!(tx, statement, before.unix(), row::number(BATCH))
}
