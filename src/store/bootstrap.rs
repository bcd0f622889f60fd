//! The one-time link that makes the first administrator.

use super::{
    Conn, StoreError, Tx,
    db::run::{execute, fetch_optional},
    row::{self, Hash},
    statements::statements,
};
use crate::types::{Redeemed, Timestamp, TokenHash};

statements! { "bootstrap";
    INSERT = "INSERT INTO bootstrap_links (hash, created_at, expires_at) VALUES ($1, $2, $3)";
    FIND_LIVE = "SELECT hash FROM bootstrap_links
                 WHERE hash = $1 AND consumed_at IS NULL AND expires_at > $2";
    WITHDRAW_ALL = "UPDATE bootstrap_links SET expires_at = $1
                    WHERE consumed_at IS NULL AND expires_at > $1";
    /// The one winner of any race: no two statements find `consumed_at` empty.
    REDEEM = "UPDATE bootstrap_links SET consumed_at = $2
              WHERE hash = $1 AND consumed_at IS NULL AND expires_at > $2 RETURNING hash";
}

/// Adds a link.
pub async fn insert(
    tx: &mut Tx<'_>,
    hash: &TokenHash,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(tx, INSERT, row::bytes(hash), now.unix(), expires_at.unix())?;
    Ok(())
}

/// Ends every link that could still be used.
pub async fn withdraw_all(tx: &mut Tx<'_>, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, WITHDRAW_ALL, now.unix())?;
    Ok(())
}

/// Whether the link could be used at `now`.
pub async fn is_live(
    conn: &mut Conn<'_>,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(fetch_optional!(Hash, conn, FIND_LIVE, row::bytes(hash), now.unix())?.is_some())
}

/// Uses the link up; `None` when it was used before, has expired or is unknown.
pub async fn redeem(
    tx: &mut Tx<'_>,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<Option<Redeemed<TokenHash>>, StoreError> {
    fetch_optional!(Hash, tx, REDEEM, row::bytes(hash), now.unix())?
        .map(|row| row::hash("bootstrap_links.hash", row.hash).map(Redeemed::by_store))
        .transpose()
}
